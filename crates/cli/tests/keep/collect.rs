//! `backsight collect dnstap` with a real resolver, with senders that stop in the middle, and with kills.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::dnstap;

use crate::home::{Done, Home};

/// How long a program may take to start, or to notice something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that is ended when this is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    fn start(program: &str, arguments: &[&str], folder: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}: run `cargo xtask test`")))
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts collecting on the socket `tap`, and waits until senders can connect.
pub(crate) fn collect(home: &Home, more: &[&str]) -> Running {
    let mut command = home.command(&[&["collect", "dnstap", "--unix", "tap"], more].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.starts_with("collecting dnstap on tap")), "it does not listen");
    Running(child)
}

/// Ends collecting with a signal, and returns its report.
pub(crate) fn report(mut collecting: Running) -> Done {
    collecting.signal(rustix::process::Signal::INT);
    let mut stdout = String::new();
    collecting.0.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let code = collecting.0.wait().unwrap().code().unwrap();
    Done { code, stdout, stderr: String::new() }
}

#[expect(clippy::disallowed_methods, reason = "a real program is waited for, with a bound")]
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const ZONE: &str = "$ORIGIN example.test.
$TTL 300
@ IN SOA ns hostmaster 1 2 3 4 5
@ IN NS ns
ns IN A 127.0.0.1
www IN A 185.194.93.14
www IN A 185.194.93.15
alias IN CNAME www
mail IN MX 10 mx
txt IN TXT \"a text\" \"and more\"
six IN AAAA 2a00:1450:4001::1
";

/// BIND with the zone, and its port.
fn zone(home: &Home) -> (Running, u16) {
    let (server, folder) = (free(), home.path(""));
    let at = folder.display();
    home.file("test.zone", ZONE);
    home.file(
        "named.conf",
        format!(
            "options {{ directory \"{at}\"; listen-on port {server} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
             pid-file \"{at}/named.pid\"; session-keyfile \"{at}/session.key\"; recursion no; dnssec-validation no; }};\n\
             controls {{ }};\nzone \"example.test\" {{ type primary; file \"{at}/test.zone\"; }};\n"
        ),
    );
    (Running::start("named", &["-g", "-c", "named.conf"], &folder), server)
}

fn free() -> u16 {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server with the zone, and unbound, which asks it and sends dnstap to the socket `tap`.
fn unbound(home: &Home) -> (Running, Running, u16) {
    let (named, server) = zone(home);
    let (resolver, folder) = (free(), home.path(""));
    let at = folder.display();
    home.file(
        "unbound.conf",
        format!(
            "server:\n interface: 127.0.0.1@{resolver}\n do-not-query-localhost: no\n module-config: \"iterator\"\n \
             local-zone: \"test.\" nodefault\n use-syslog: no\n logfile: \"{at}/unbound.log\"\n pidfile: \"{at}/unbound.pid\"\n \
             username: \"\"\n chroot: \"\"\n directory: \"{at}\"\nremote-control:\n control-enable: no\n\
             stub-zone:\n name: \"example.test\"\n stub-addr: 127.0.0.1@{server}\n\
             dnstap:\n dnstap-enable: yes\n dnstap-socket-path: \"{at}/tap\"\n dnstap-log-resolver-query-messages: yes\n \
             dnstap-log-resolver-response-messages: yes\n dnstap-log-client-query-messages: yes\n \
             dnstap-log-client-response-messages: yes\n"
        ),
    );
    let unbound = Running::start("unbound", &["-d", "-c", "unbound.conf"], &folder);
    until("the resolver answers", || dig(resolver, "www.", "A").contains("185.194.93.14"));
    (named, unbound, resolver)
}

/// A server with the zone, and BIND as a resolver, which asks it and sends dnstap to the socket `tap`.
fn bind(home: &Home) -> (Running, Running, u16) {
    let (named, server) = zone(home);
    let (resolver, folder) = (free(), home.path(""));
    let at = folder.display();
    home.file(
        "resolver.conf",
        format!(
            "options {{ directory \"{at}\"; listen-on port {resolver} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
             pid-file \"{at}/resolver.pid\"; session-keyfile \"{at}/resolver.key\"; recursion yes; dnssec-validation no;\n\
             dnstap {{ all; }}; dnstap-output unix \"{at}/tap\"; }};\ncontrols {{ }};\n\
             zone \"example.test\" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {server}; }}; }};\n"
        ),
    );
    let bind = Running::start("named", &["-g", "-c", "resolver.conf"], &folder);
    until("the resolver answers", || dig(resolver, "www.", "A").contains("185.194.93.14"));
    (named, bind, resolver)
}

fn dig(port: u16, name: &str, rrtype: &str) -> String {
    let (port, name) = (port.to_string(), format!("{name}example.test"));
    let asked = Command::new("dig")
        .args(["+short", "+tries=1", "+time=2", "@127.0.0.1", "-p", &port, &name, rrtype])
        .output()
        .unwrap();
    String::from_utf8(asked.stdout).unwrap()
}

/// A server that has the database open, so that other commands see what arrives.
fn serve(home: &Home) -> Running {
    let mut command = home.command(&["serve", "--listen", "127.0.0.1:0"]);
    let mut serving = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    BufReader::new(serving.stderr.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    Running(serving)
}

/// The records of the zone, sorted, each of which is checked.
fn rows(home: &Home, check: &dyn Fn(&Value)) -> Vec<String> {
    let rows = home.json(&["lookup", "*.example.test", "--by-source"]);
    let row = |row: &Value| {
        check(row);
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        let rdata = row["rdata"].as_array().map_or(&row["rdata"], |all| &all[0]);
        format!("{} {} {}", text("rrname"), text("rrtype"), rdata.as_str().unwrap())
    };
    let mut found: Vec<String> = rows["records"].as_array().unwrap().iter().map(row).collect();
    found.sort();
    found
}

#[test]
fn a_real_resolver_feeds_the_database_record_by_record() {
    let home = Home::new();
    let _serving = serve(&home);
    let collecting = collect(&home, &["--sensor", "vienna-1", "--format", "json"]);
    let (_named, _unbound, port) = unbound(&home);
    let asked =
        [("", "SOA"), ("alias.", "A"), ("mail.", "MX"), ("txt.", "TXT"), ("six.", "AAAA"), ("none.", "A")];
    for (name, rrtype) in asked {
        dig(port, name, rrtype);
    }
    // The resolver sends what it has once a second.
    for name in ["alias", "mail", "txt", "six"] {
        let name = format!("{name}.example.test");
        until(&name, || home.json(&["lookup", &name, "--summary"])["rows"] == 1);
    }
    let done = report(collecting);
    assert_eq!(done.code, 0, "{}", done.stdout);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(report["left_out"], serde_json::json!([]));
    let check = |row: &Value| {
        assert_eq!((&row["sensor_id"], &row["bailiwick"]), (&"vienna-1".into(), &"example.test".into()));
    };
    let expected = [
        "alias.example.test CNAME www.example.test",
        "example.test NS ns.example.test",
        "example.test SOA ns.example.test hostmaster.example.test 1 2 3 4 5",
        "mail.example.test MX 10 mx.example.test",
        "ns.example.test A 127.0.0.1",
        "six.example.test AAAA 2a00:1450:4001::1",
        "txt.example.test TXT \"a text\" \"and more\"",
        "www.example.test A 185.194.93.14",
        "www.example.test A 185.194.93.15",
    ];
    assert_eq!(rows(&home, &check), expected);
}

#[test]
fn bind_feeds_the_database_too() {
    let home = Home::new();
    let _serving = serve(&home);
    let collecting = collect(&home, &[]);
    let (_named, _bind, port) = bind(&home);
    for (name, rrtype) in [("alias.", "A"), ("mail.", "MX"), ("six.", "AAAA"), ("none.", "A")] {
        dig(port, name, rrtype);
    }
    for name in ["alias", "mail", "six"] {
        let name = format!("{name}.example.test");
        until(&name, || home.json(&["lookup", &name, "--summary"])["rows"] == 1);
    }
    assert_eq!(report(collecting).code, 0);
    let expected = [
        "alias.example.test CNAME www.example.test",
        "mail.example.test MX 10 mx.example.test",
        "six.example.test AAAA 2a00:1450:4001::1",
        "www.example.test A 185.194.93.14",
        "www.example.test A 185.194.93.15",
    ];
    assert_eq!(rows(&home, &|row| assert_eq!(row["bailiwick"], "example.test", "{row}")), expected);
}

#[test]
fn senders_that_stall_lie_or_leave_do_not_stop_the_others() {
    let home = Home::new();
    let collecting = collect(&home, &["--format", "json"]);
    let connect = || UnixStream::connect(home.path("tap")).unwrap();
    let now = u32::try_from(cof::time::Clock::system().seconds()).unwrap();
    // One that says nothing, one that stalls inside a frame, one that speaks something else, one that lies about a length.
    let silent = connect();
    let mut stalled = connect();
    stalled.write_all(&[dnstap::start(), vec![0, 0, 1, 0, 7]].concat()).unwrap();
    let mut other = connect();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(other.read(&mut [0]).unwrap_or(0), 0, "it is sent away");
    let mut liar = connect();
    liar.write_all(&[dnstap::start(), vec![0xff; 4], vec![7; 1_000]].concat()).unwrap();
    // It is done with when the connection is closed; until then, a signal would end it before its lie is read.
    liar.shutdown(Shutdown::Write).unwrap();
    assert_eq!(liar.read(&mut [0]).unwrap_or(0), 0, "it is done");
    // One with a handshake, which gets its answers.
    let mut good = connect();
    good.write_all(&dnstap::ready()).unwrap();
    let mut accept = [0; 42];
    good.read_exact(&mut accept).unwrap();
    assert_eq!((accept[..4].to_vec(), accept[11]), (vec![0; 4], 1));
    let frames = dnstap::response("good.example", [185, 194, 93, 1], now);
    good.write_all(&[dnstap::start(), frames, dnstap::stop()].concat()).unwrap();
    let mut finish = [0; 12];
    good.read_exact(&mut finish).unwrap();
    assert_eq!(finish, [0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 5]);
    drop((silent, stalled));
    let done = report(collecting);
    assert_eq!(done.code, 3, "{}", done.stdout);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&report["records"], &report["messages"]), (&1.into(), &1.into()));
    assert_eq!(home.json(&["lookup", "good.example", "--summary"])["rows"], 1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what counts is when something was sent to a real program")]
fn a_kill_loses_at_most_the_last_second() {
    let home = Home::new();
    let mut collecting = collect(&home, &[]);
    let mut sender = UnixStream::connect(home.path("tap")).unwrap();
    sender.write_all(&dnstap::start()).unwrap();
    let now = u32::try_from(cof::time::Clock::system().seconds()).unwrap();
    // As fast as it goes, for five seconds. What was written 2.5 s before the kill was received 1 s before it, also on a machine that
    // is busy with other things.
    let (began, mut sent) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_secs(5) {
        let first = sent.len() * 100;
        let frames: Vec<u8> = (first..first + 100)
            .flat_map(|at| dnstap::response(&format!("n{at}.example"), [185, 194, 93, 1], now))
            .collect();
        sender.write_all(&frames).unwrap();
        sent.push(began.elapsed());
    }
    collecting.0.kill().unwrap();
    collecting.0.wait().unwrap();
    let end = began.elapsed();
    let safe =
        sent.iter().filter(|at| end.saturating_sub(**at) >= Duration::from_millis(2_500)).count() * 100;
    assert!(safe >= 100, "{} batches of 100 were sent", sent.len());
    let found = home.json(&["lookup", "*.example", "--summary"]);
    assert_eq!(found["rows"], found["count"], "nothing is counted twice");
    for at in [0, safe / 2, safe - 1] {
        assert_eq!(
            home.json(&["lookup", &format!("n{at}.example"), "--summary"])["rows"],
            1,
            "{at} of {safe}"
        );
    }
    assert!(found["rows"].as_u64().unwrap() >= safe as u64, "{} of {safe}", found["rows"]);
    // The socket that the dead process left is replaced, and its records are kept.
    let again = collect(&home, &[]);
    assert!(report(again).stdout.contains("observations"));
}

#[test]
fn a_socket_in_use_is_refused_and_so_is_a_port() {
    let home = Home::new();
    let collecting = collect(&home, &[]);
    let other = Home::new();
    let socket = home.path("tap").display().to_string();
    let refused = other.run(&["collect", "dnstap", "--unix", &socket]);
    refused.says(1, &["another process is listening on this socket"]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    other.run(&["collect", "dnstap", "--tcp", &address]).says(1, &[&address, "hint"]);
    drop(collecting);
}

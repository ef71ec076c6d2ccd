//! The sections `[[collect]]`: collectors of a server.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::net::{UnixListener, UnixStream};

use testkit::dnstap;

use crate::collect::until;
use crate::home::Home;
use crate::noise::Server;

fn now() -> u32 {
    u32::try_from(cof::time::Clock::system().seconds()).unwrap()
}

fn rows(home: &Home, name: &str) -> u64 {
    home.json(&["lookup", name, "--summary"])["rows"].as_u64().unwrap()
}

/// A line of passivedns.
fn line(name: &str) -> String {
    format!("{}.000000||203.0.113.7||203.0.113.53||IN||{name}.||A||185.194.93.1||300||1\n", now())
}

/// A connection to the socket, once it is there. No other one is made that the server could count as a sender.
fn connected(home: &Home) -> UnixStream {
    let mut sender = None;
    until("the socket is there", || {
        sender = UnixStream::connect(home.path("tap")).ok();
        sender.is_some()
    });
    sender.unwrap()
}

#[test]
fn a_server_collects_from_resolvers_and_logs_at_the_same_time() {
    let home = Home::new();
    // A socket that another process uses stops neither the server nor the other collectors.
    let other = UnixListener::bind(home.path("used")).unwrap();
    home.file("dns.log", line("first.log.example"));
    let server = Server::start(
        &home,
        "[[collect]]\nname = \"tap\"\ndnstap_unix = \"tap\"\nsensor = \"vienna-1\"\n\
         [[collect]]\nname = \"office\"\nfile = \"dns.log\"\n\
         [[collect]]\nname = \"used\"\ndnstap_unix = \"used\"\n",
    );
    let mut sender = connected(&home);
    sender.write_all(&dnstap::start()).unwrap();
    for at in 0..300 {
        sender.write_all(&dnstap::response(&format!("n{at}.tap.example"), [185, 194, 93, 1], now())).unwrap();
        let mut log = OpenOptions::new().append(true).open(home.path("dns.log")).unwrap();
        log.write_all(line(&format!("n{at}.log.example")).as_bytes()).unwrap();
    }
    let mut log = OpenOptions::new().append(true).open(home.path("dns.log")).unwrap();
    log.write_all(b"no||line\n").unwrap();
    until("both are stored while they run", || {
        rows(&home, "*.tap.example") == 300 && rows(&home, "*.log.example") == 301
    });
    let metrics = || server.request("GET /metrics HTTP/1.1", "");
    for expected in [
        "backsight_collector_received_total{collector=\"tap\"} 300",
        "backsight_collector_received_total{collector=\"office\"} 302",
        "backsight_collector_records_total{collector=\"tap\"} 300",
        "backsight_collector_records_total{collector=\"office\"} 301",
        "backsight_collector_rejected_total{collector=\"office\",reason=\"bad_line\"} 1",
        "backsight_collector_senders{collector=\"tap\"} 1",
        "backsight_collector_up{collector=\"tap\"} 1",
        "backsight_collector_up{collector=\"used\"} 0",
    ] {
        until(expected, || metrics().lines().any(|line| line == expected));
    }
    // It is tried again.
    drop(other);
    until("the third collector works", || {
        metrics().lines().any(|line| line == "backsight_collector_up{collector=\"used\"} 1")
    });
    // A collector of another process cannot use the same socket.
    let socket = home.path("tap").display().to_string();
    Home::new().run(&["collect", "dnstap", "--unix", &socket]).says(1, &["another process is listening"]);
}

#[test]
fn a_server_stores_what_its_collectors_hold_when_it_ends() {
    let home = Home::new();
    let mut server = Server::start(&home, "[[collect]]\nname = \"tap\"\ndnstap_unix = \"tap\"\n");
    let mut sender = connected(&home);
    let frames: Vec<u8> = (0..500)
        .flat_map(|at| dnstap::response(&format!("n{at}.tap.example"), [185, 194, 93, 1], now()))
        .collect();
    sender.write_all(&[dnstap::start(), frames].concat()).unwrap();
    // The kernel has them, and the server is told to end at once.
    until("the sender is served", || {
        server
            .request("GET /metrics HTTP/1.1", "")
            .contains("backsight_collector_senders{collector=\"tap\"} 1")
    });
    let id = i32::try_from(server.0.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    assert!(server.0.wait().unwrap().success());
    assert!(!home.path("tap").exists(), "the socket is removed");
    let stored = rows(&home, "*.tap.example");
    assert_eq!(stored, 500, "what was sent before the signal");
}

#[test]
fn wrong_sections_are_refused_and_right_ones_are_shown() {
    let home = Home::new();
    home.file("bad.toml", "[[collect]]\nname = \"tap\"\ndnstap_unix = \"tap\"\nsensors = \"x\"\n");
    let refused = home.run(&["--config", "bad.toml", "serve"]);
    refused.says(2, &["collect[0].sensors (bad.toml:4): unknown field `sensors`"]);
    home.file("good.toml", "[[collect]]\nname = \"tap\"\ndnstap_tcp = \"127.0.0.1:6000\"\n");
    let shown = home.run(&["--config", "good.toml", "config"]);
    assert!(
        shown.stdout.ends_with(
            "\n[[collect]]\ndnstap_tcp = \"127.0.0.1:6000\"  # good.toml\nname = \"tap\"  # good.toml\n"
        ),
        "{}",
        shown.stdout
    );
}

#[test]
fn a_server_can_be_a_sensor_of_another_one() {
    let central = Home::new();
    let created = ["token", "create", "--name", "vienna-1", "--write", "--sensor", "vienna-1"];
    let token = central.run(&created).ok();
    let serving = Server::start(&central, "");
    let home = Home::new();
    home.file("token", &token);
    let configuration = format!(
        "[[collect]]\nname = \"tap\"\ndnstap_unix = \"tap\"\nto = \"http://{0}\"\ntoken_file = \"token\"\n\
         [[collect]]\nname = \"office\"\nfile = \"dns.log\"\nto = \"http://{0}\"\ntoken_file = \"token\"\n\
         [[collect]]\nname = \"here\"\nfile = \"dns.log.here\"\n",
        serving.1
    );
    home.file("serve.toml", &configuration);
    let refused = home.run(&["--config", "serve.toml", "serve"]);
    refused.says(2, &["collector tap: token: others can read or change it", "chmod 600 token"]);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(home.path("token"), private).unwrap();
    home.file("dns.log", line("a.log.example"));
    home.file("dns.log.here", line("b.log.example"));
    let server = Server::start(&home, &configuration);
    let mut sender = connected(&home);
    let frames = (0..300)
        .flat_map(|at| dnstap::response(&format!("n{at}.tap.example"), [185, 194, 93, 1], now()))
        .collect::<Vec<u8>>();
    sender.write_all(&[dnstap::start(), frames].concat()).unwrap();
    until("all arrives", || rows(&central, "*.tap.example") == 300 && rows(&central, "a.log.example") == 1);
    until("one of them is stored here", || rows(&home, "*.log.example") == 1);
    assert_eq!((rows(&home, "*.tap.example"), rows(&central, "b.log.example")), (0, 0));
    let metrics = || server.request("GET /metrics HTTP/1.1", "");
    for expected in [
        "backsight_collector_sent_total{collector=\"tap\"} 300",
        "backsight_collector_sent_total{collector=\"office\"} 1",
        "backsight_collector_waiting{collector=\"tap\"} 0",
        "backsight_collector_undelivered_total{collector=\"tap\",reason=\"spool_full\"} 0",
    ] {
        until(expected, || metrics().lines().any(|line| line == expected));
    }
    assert!(!metrics().contains("sent_total{collector=\"here\"}"));
    // The other server goes away.
    drop(serving);
    sender.write_all(&dnstap::response("last.tap.example", [185, 194, 93, 1], now())).unwrap();
    let waits = "backsight_collector_waiting{collector=\"tap\"} 1";
    until("it waits", || metrics().lines().any(|line| line == waits));
}

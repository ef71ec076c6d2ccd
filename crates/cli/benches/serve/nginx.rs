//! The rate of lookups compared with nginx: the same generator (wrk) sends the same queries to both servers, and nginx answers
//! each with a fixed body of the same size as ours.
//!
//! Both programs come from Debian's packages (nginx-light, wrk); without them, the comparison is skipped with a message. nginx
//! runs in the foreground with two workers, once without and once with an access log. Our server writes no access log, which is
//! its default. The rounds alternate between the servers, so that other programs on the machine slow down all of them.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::figure::{Figure, Goal};

use super::say;

/// The number of rounds; the medians of their ratios are printed.
const ROUNDS: usize = 5;
/// The smallest acceptable ratio to nginx without an access log.
const WANTED: f64 = 0.55;
/// How long nginx may take to start.
const START: Duration = Duration::from_secs(10);

/// Prints the rates, and their ratios to nginx's rate.
pub(crate) fn compare(ours: SocketAddr, requests: &[String], body: usize, connections: usize) {
    if let Some(missing) = ["nginx", "wrk"].into_iter().find(|program| !exists(program)) {
        println!("no comparison with nginx: {missing} is missing (apt-get install nginx-light wrk)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("ask.lua");
    std::fs::write(&script, lua(requests)).unwrap();
    let (quiet, logging) = (Nginx::start(body, false), Nginx::start(body, true));
    let servers = [ours, quiet.address, logging.address];
    let rates: Vec<[f64; 3]> =
        (0..ROUNDS).map(|_| servers.map(|server| rate(server, &script, connections))).collect();
    let of = |server: usize| median(rates.iter().map(|round| round[server]));
    let ratio = |server: usize| median(rates.iter().map(|round| round[0] / round[server]));
    println!("by name and nginx, {body} bytes each, queried by wrk on one thread");
    say(&Figure::new("wrk, queries by name", of(0), "queries per second"));
    say(&Figure::new("wrk, nginx with a fixed body", of(1), "queries per second"));
    say(&Figure::new("wrk, nginx with an access log", of(2), "queries per second"));
    say(&Figure::new("wrk, queries by name", ratio(1), "of nginx").wanted(Goal::AtLeast(WANTED)));
    say(&Figure::new("wrk, queries by name", ratio(2), "of nginx with an access log"));
}

fn exists(program: &str) -> bool {
    let asked = Command::new(program).arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok()
}

/// A script for wrk that sends these requests in order.
fn lua(requests: &[String]) -> String {
    let mut text = "local requests, at = {\n".to_owned();
    for request in requests {
        let _ = writeln!(text, "\"{}\",", request.replace("\r\n", "\\r\\n"));
    }
    text += "}, 0\nrequest = function() at = at % #requests + 1; return requests[at] end\n";
    text
}

/// Answers per second.
fn rate(server: SocketAddr, script: &Path, connections: usize) -> f64 {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{connections}"), "-d3s", "-s"]).arg(script).arg(format!("http://{server}/"));
    let told = wrk.output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(!told.contains("Non-2xx") && !told.contains("Socket errors"), "{told}");
    let line = told.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.unwrap_or_else(|| panic!("wrk told no rate: {told}")).trim().parse().unwrap()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// nginx, which is ended when this is dropped.
struct Nginx {
    child: Child,
    address: SocketAddr,
    /// The folder with its configuration and logs.
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(body: usize, logs: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A port that is free now, because nginx does not report a port that it chooses.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let configuration = folder.path().join("nginx.conf");
        std::fs::write(&configuration, configure(folder.path(), address, body, logs)).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&configuration).arg("-p").arg(folder.path());
        command.arg("-e").arg(folder.path().join("error.log")).stderr(Stdio::null());
        let nginx = Self { child: command.spawn().unwrap(), address, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < START, "nginx does not listen on {address}");
            std::thread::sleep(Duration::from_millis(10));
        }
        nginx
    }
}

fn configure(folder: &Path, address: SocketAddr, body: usize, logs: bool) -> String {
    let at = folder.display();
    let log = if logs { format!("{at}/access.log") } else { "off".to_owned() };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {at}/{name};"));
    format!(
        "worker_processes 2;\ndaemon off;\npid {at}/nginx.pid;\nevents {{ worker_connections 1024; }}\n\
         http {{\naccess_log {log};\nkeepalive_requests 1000000000;\n{}\n\
         server {{\nlisten {address};\nlocation / {{ default_type application/x-ndjson; return 200 '{}'; }}\n}}\n}}\n",
        temporary.join("\n"),
        "x".repeat(body)
    )
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // On SIGTERM the master process ends its workers; if it were killed, they would stay.
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        );
        let _ = self.child.wait();
    }
}

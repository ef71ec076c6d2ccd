//! The cost of a query with a stored answer: `query`, from start to exit, with few and with many stored runs.
//!
//! Run by `cargo xtask bench keep`, after the workbench's own benchmark. The program and the server are the real ones; nothing
//! is sent while it is measured. `BACKSIGHT_BENCH_RUNS=500` stores fewer runs for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use testkit::figure::{Figure, Goal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_backsight");
const OPERATION: &str = "circl-passive-dns";
const VALUE: &str = "www.threatq.com";
/// The number of stored runs in the end.
const RUNS: usize = 10_000;
/// How often each command is measured.
const ROUNDS: usize = 200;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runs = std::env::var("BACKSIGHT_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(RUNS);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let served = Served::start(folder);
    install(folder, served.address);
    assert!(query(folder, &[VALUE]).contains("\"cached\":false"));
    drop(served);
    report(folder, "one stored run");
    keep_many(folder, runs);
    report(folder, &format!("{runs} stored runs"));
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", folder).env("BACKSIGHT_DATA_DIR", folder.join("kept"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The output of a command that must succeed.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn query(folder: &Path, arguments: &[&str]) -> String {
    run(folder, &[&["query", "--format", "json"], arguments].concat())
}

fn install(folder: &Path, server: SocketAddr) {
    run(folder, &["integration", "install", OPERATION]);
    let (host, port) = (format!("host={}", server.ip()), format!("port={}", server.port()));
    run(folder, &["integration", "configure", OPERATION, &host, &port, "use_http=on"]);
    run(folder, &["integration", "enable", OPERATION]);
}

/// Makes this many runs, on different names. There is no answer, and this is stored too.
fn keep_many(folder: &Path, runs: usize) {
    let names: Vec<String> = (1..runs).map(|number| format!("h{number}.example")).collect();
    let file = folder.join("names.txt");
    std::fs::write(&file, names.join("\n")).unwrap();
    let file = file.display().to_string();
    // Nothing is sent offline: the exit code says that nothing was found.
    let output = command(folder, &["query", "--offline", "--format", "cof", "-f", &file]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    // Runs are numbered from 1.
    let all = run(folder, &["run", "list", "--limit", "20000", "--format", "json"]);
    assert!(all.matches("\"run\":").count() >= runs);
}

/// Measures the query with a stored answer many times, and prints its figures.
fn report(folder: &Path, stored: &str) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let answer = query(folder, &[VALUE]);
            let time = began.elapsed();
            assert!(answer.contains("\"cached\":true"));
            time
        })
        .collect();
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).unwrap().as_secs_f64() * 1e3;
    let what = format!("a query with a stored answer, {stored}, start to exit");
    println!("{}", Figure::new(&*what, at(50), "ms").wanted(Goal::AtMost(30.0)));
    println!("{}", Figure::new(format!("{what}, p99"), at(99), "ms"));
}

/// The program's own server, which is ended when this is dropped.
struct Served {
    child: Child,
    address: SocketAddr,
}

impl Served {
    fn start(folder: &Path) -> Self {
        let mut serving = command(folder, &["serve", "--anonymous", "--sample", "--listen", "127.0.0.1:0"]);
        let mut child = serving.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| line.split("http://").nth(1)?.split('/').next()?.parse().ok());
        Self { child, address: address.expect("the server says where it listens") }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

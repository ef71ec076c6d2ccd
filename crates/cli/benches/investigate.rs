//! The cost of an investigation of 10,000 values: reading the report, and querying a local server about all of them as a job.
//!
//! Run by `cargo xtask bench pages`. The program and the server are the real ones on loopback, on the same cores; every answer is
//! new to the data folder, and everything is stored. `BACKSIGHT_BENCH_VALUES=1000` makes it smaller for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time and waits for processes")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::cast_precision_loss, reason = "rates are rounded")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use testkit::figure::{Figure, Goal};

#[path = "ask/local.rs"]
mod local;

use local::{Served, program, values};

/// Records that the local server holds.
const HELD: usize = 200_000;
/// Values of the report; no investigation has more members.
const VALUES: usize = 10_000;
const ROUNDS: usize = 3;
/// The values a second that a job is to query, with everything stored.
const RATE: f64 = 2_500.0;
const NAME: &str = "Campaign 7";

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let most =
        std::env::var("BACKSIGHT_BENCH_VALUES").ok().and_then(|most| most.parse().ok()).unwrap_or(VALUES);
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.ndjson");
    std::fs::write(&records, testkit::sample::ndjson(HELD, 7)).unwrap();
    let server = Served::start(&records);
    let report = folder.path().join("report.txt");
    std::fs::write(&report, values(&records, most).join("\n")).unwrap();
    let rounds: Vec<[Duration; 2]> = (0..ROUNDS).map(|_| investigate(&server, &report)).collect();
    let middle = |at: usize| {
        let mut times: Vec<Duration> = rounds.iter().filter_map(|round| round.get(at).copied()).collect();
        times.sort();
        *times.get(ROUNDS / 2).unwrap()
    };
    println!("an investigation of {most} values");
    let create = middle(0).as_secs_f64() * 1e3;
    println!("{}", Figure::new("investigation create, a report, start to exit", create, "ms"));
    let rate = most as f64 / middle(1).as_secs_f64();
    let rate = Figure::new("investigation run, all its values, start to exit", rate, "values per second");
    println!("{}", rate.wanted(Goal::AtLeast(RATE)));
}

/// The times of creating an investigation in a new data folder, and of its job.
fn investigate(server: &Served, report: &Path) -> [Duration; 2] {
    let home = tempfile::tempdir().unwrap();
    let port = format!("port={}", server.address.port());
    let settings = ["host=127.0.0.1", &port, "use_http=on", "requests_per_second=0"];
    let operation = ["circl-passive-dns"];
    run(home.path(), "integration", &[&["install"], &operation[..]].concat());
    run(home.path(), "integration", &[&["configure"], &operation[..], &settings].concat());
    run(home.path(), "integration", &[&["enable"], &operation[..]].concat());
    let create = ["create", NAME, "--all", "-f", report.to_str().unwrap()];
    [run(home.path(), "investigation", &create), run(home.path(), "investigation", &["run", NAME])]
}

/// The time from start to exit of a command, which must succeed.
fn run(home: &Path, command: &str, arguments: &[&str]) -> Duration {
    let began = Instant::now();
    let output = program(home).arg(command).args(arguments).stdin(Stdio::null()).output().unwrap();
    let time = began.elapsed();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    time
}

//! The durable engine compared with SQLite and with the minimum cost on the same machine.
//!
//! Run by `cargo xtask bench store`. Every line is measured in a separate process, because memory is measured too; the
//! processes run one after the other on one machine, so that their ratios are meaningful. `BACKSIGHT_BENCH_MILLIONS=1` leaves
//! out the larger sizes. The records are generated (`generator`), and the same in every run.
//!
//! `floor` is the minimum cost of storing both orders: fold, sort, front-code, compress and write once, with all data in memory
//! and nothing durable before the end.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run must say so and end"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are rounded to be read"
)]

mod floor;
mod generator;
mod lookups;
mod measure;
mod phases;
mod sqlite;

use std::collections::HashMap;
use std::process::Command;

use testkit::figure::{Figure, Goal};

/// The same allocator as in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The output of a phase: names and numbers.
type Figures = HashMap<String, f64>;

const MILLION: u64 = 1_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--phase") {
        return phases::run(&arguments[at + 1], arguments[at + 2].parse().unwrap());
    }
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if arguments.iter().any(|argument| argument == "--bench") {
        table(most());
    }
}

fn most() -> u64 {
    std::env::var("BACKSIGHT_BENCH_MILLIONS").ok().and_then(|most| most.parse().ok()).unwrap_or(20)
}

fn table(most: u64) {
    let sizes: Vec<u64> = [1, 5].into_iter().filter(|size| *size <= most).collect();
    println!("batches of 10,000 observations, each durable when it is acknowledged");
    for size in &sizes {
        ingest(*size);
    }
    for size in &sizes {
        cof(*size);
    }
    if most >= 20 {
        large(20);
    }
    for size in &sizes {
        asked(*size);
    }
}

fn ingest(millions: u64) {
    let runs = phase("ingest", millions);
    let floors = phase("floor", millions);
    let sqlite = phase("sqlite", millions);
    let (ours, two, one, theirs) = (runs["rate"], floors["two"], floors["one"], sqlite["rate"]);
    let say = |what: &str, value, unit: &str, goal| {
        say(&format!("{what} {millions} million"), value, unit, goal);
    };
    let rate = "observations per second";
    say("import,", ours, rate, None);
    say("lower bound on two cores,", two, rate, None);
    say("lower bound on one core,", one, rate, None);
    say("SQLite, same durability,", theirs, rate, None);
    say("import,", ours / two, "of the lower bound on two cores", Some(Goal::AtLeast(0.5)));
    let times = if millions < 5 { 10.0 } else { 25.0 };
    say("import,", ours / theirs, "times SQLite", Some(Goal::AtLeast(times)));
    let octets = runs["octets"] / runs["tuples"];
    say("size after compaction,", octets, "bytes per tuple", Some(Goal::AtMost(50.0)));
    say("compaction,", runs["compacted"], "tuples per second", None);
    say("verification,", runs["verified"], "tuples per second", None);
}

fn cof(millions: u64) {
    let cof = phase("cof", millions);
    let what = format!("COF text to durable store, {millions} million");
    say(&what, cof["rate"], "records per second", Some(Goal::AtLeast(800_000.0)));
}

fn large(millions: u64) {
    // A measurement of one second is easily disturbed, so this is the median of three.
    let mut small: Vec<f64> = (0..3).map(|_| phase("stream", 1)["cpu"]).collect();
    small.sort_by(f64::total_cmp);
    let (small, large) = (small[1], phase("stream", millions));
    let what = format!("processor time per observation, {millions} million");
    say("processor time per observation, 1 million", small, "µs", None);
    say(&what, large["cpu"], "µs", None);
    say(&what, large["cpu"] / small, "times that of 1 million", Some(Goal::AtMost(1.6)));
    let what = format!("memory during an import, {millions} million");
    say(&what, large["resident"], "MiB resident", Some(Goal::AtMost(400.0)));
    say("opening after a clean stop", large["clean"], "ms", Some(Goal::AtMost(100.0)));
    say("opening after a kill", large["killed"], "ms", Some(Goal::AtMost(2_000.0)));
}

/// Lookups in process, after compaction, with a cache of 256 MiB unless stated otherwise.
fn asked(millions: u64) {
    let asked = phase("lookups", millions);
    for (key, what, p50, p99) in [
        ("name", "lookup by name", Some(10.0), Some(60.0)),
        ("address", "lookup by address", Some(10.0), Some(60.0)),
        ("name uncached", "lookup by name without a cache", Some(45.0), Some(130.0)),
        ("address uncached", "lookup by address without a cache", Some(45.0), Some(130.0)),
        ("miss", "lookup of a name without records", Some(2.0), None),
        ("network", "lookup of a network", None, None),
        ("suffix", "lookup below a domain", None, None),
        ("name ingesting", "lookup by name during an import", None, Some(500.0)),
        ("address ingesting", "lookup by address during an import", None, Some(500.0)),
    ] {
        let what = format!("{what}, {millions} million");
        say(&what, asked[&format!("{key} p50")], "µs", p50.map(Goal::AtMost));
        say(&format!("{what}, p99"), asked[&format!("{key} p99")], "µs", p99.map(Goal::AtMost));
    }
    for (key, what) in [("rows name", "rows of a name"), ("rows address", "rows of an address")] {
        say(&format!("{what}, {millions} million"), asked[key], "rows", None);
    }
}

fn say(what: &str, value: f64, unit: &str, goal: Option<Goal>) {
    println!("{}", Figure { goal, ..Figure::new(what, value, unit) });
}

fn phase(name: &str, millions: u64) -> Figures {
    let program = std::env::current_exe().unwrap();
    let output =
        Command::new(program).args(["--phase", name, &(millions * MILLION).to_string()]).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let figures = text.lines().filter_map(|line| line.split_once('='));
    figures.map(|(name, figure)| (name.into(), figure.parse().unwrap())).collect()
}

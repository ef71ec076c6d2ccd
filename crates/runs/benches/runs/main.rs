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
    println!("batches of 10,000 observations, each durable when it is acknowledged\n");
    println!(
        "{:>12}{:>14}{:>12}{:>12}{:>12}{:>10}{:>10}",
        "", "observations", "Runs", "floor ×2", "floor ×1", "SQLite", ""
    );
    println!("{:>12}{:>14}{:>12}{:>12}{:>12}{:>10}{:>10}", "", "", "per s", "per s", "per s", "per s", "");
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
    println!(
        "{:>12}{:>14}{:>12.0}{:>12.0}{:>12.0}{:>10.0}",
        "ingest",
        format!("{millions} M"),
        ours,
        two,
        one,
        theirs
    );
    println!(
        "    of the floor on two cores {:.2}, on one {:.2} (wanted 0.50); of SQLite {:.1}x (wanted {})",
        ours / two,
        ours / one,
        ours / theirs,
        if millions < 5 { "10" } else { "25" }
    );
    println!(
        "    {:.1} octets a tuple of {} after compaction (wanted 50); compaction {:.0} tuples/s, verify {:.0} tuples/s",
        runs["octets"] / runs["tuples"],
        runs["tuples"],
        runs["compacted"],
        runs["verified"]
    );
}

fn cof(millions: u64) {
    let cof = phase("cof", millions);
    println!("    COF text to store, {millions} M records: {:.0} records/s (wanted 800,000)", cof["rate"]);
}

fn large(millions: u64) {
    // A measurement of one second is easily disturbed, so this is the median of three.
    let mut small: Vec<f64> = (0..3).map(|_| phase("stream", 1)["cpu"]).collect();
    small.sort_by(f64::total_cmp);
    let (small, large) = (small[1], phase("stream", millions));
    println!(
        "    CPU an observation: {:.2} µs at 1 M, {:.2} µs at {millions} M: {:.2}x (wanted 1.6x at most)",
        small,
        large["cpu"],
        large["cpu"] / small
    );
    println!("    resident while ingesting {millions} M: {:.0} MiB (wanted 400)", large["resident"]);
    println!(
        "    open after a clean stop {:.0} ms (wanted 100), after a kill {:.0} ms (wanted 2,000)",
        large["clean"], large["killed"]
    );
}

fn asked(millions: u64) {
    let asked = phase("lookups", millions);
    println!("\nlookups in process, {millions} M observations, compacted, cache of 256 MiB: µs p50 / p99");
    for (what, wanted) in [
        ("name", "10 / 60"),
        ("address", "10 / 60"),
        ("name uncached", "45 / 130"),
        ("address uncached", "45 / 130"),
        ("miss", "2 / -"),
        ("network", ""),
        ("suffix", ""),
        ("name ingesting", "- / 500"),
        ("address ingesting", "- / 500"),
    ] {
        let [p50, p99] = ["p50", "p99"].map(|part| asked[&format!("{what} {part}")]);
        println!(
            "    {what:<20}{p50:>10.1} / {p99:<10.1}{:>20}",
            if wanted.is_empty() { String::new() } else { format!("(wanted {wanted})") }
        );
    }
    println!("    rows of a name {:.1}, of an address {:.1}", asked["rows name"], asked["rows address"]);
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

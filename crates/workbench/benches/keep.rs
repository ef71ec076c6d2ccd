//! The cost of stored data: a library of a million indicators with five attributes each, and the daily work with it.
//!
//! Run by `cargo xtask bench keep`. The library is filled in large transactions, then closed and opened again. Each figure is
//! the median and the 99th percentile of many rounds on one machine, next to its target. `BACKSIGHT_BENCH_HELD=50000` makes a
//! smaller library for a quick look.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded to be read")]

use std::path::Path;
use std::time::{Duration, Instant};

use cof::RrType;
use cof::time::Clock;
use operation::{Finding, Indicator};
use testkit::figure::{Figure, Goal};
use workbench::Workbench;
use workbench::library::{Filter, Order, Search, Status};

/// Indicators in the library.
const HELD: u64 = 1_000_000;
/// Attributes of each.
const ATTRIBUTES: usize = 5;
/// Findings that are imported.
const IMPORTED: u64 = 100_000;
/// Rounds of operations that take milliseconds.
const ROUNDS: u64 = 1_000;
/// Rounds of operations that read more.
const FEW: u64 = 50;
const SOURCE: &str = "CIRCL Passive DNS";

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let held = std::env::var("BACKSIGHT_BENCH_HELD").ok().and_then(|held| held.parse().ok()).unwrap_or(HELD);
    fill(folder.path(), held);
    let mut workbench = open(folder.path());
    println!("{held} indicators with {ATTRIBUTES} attributes each");
    reads(&workbench, held);
    writes(&mut workbench);
    import(&mut workbench);
}

fn open(folder: &Path) -> Workbench {
    Workbench::open(folder, Clock::system(), "bench").unwrap()
}

/// A different name for each number, spread over 20,000 domains below 20 suffixes.
fn name(number: u64) -> Indicator {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    Indicator::parse(&format!("h{number:x}.d{}.s{}.example", mixed % 20_000, mixed % 20)).unwrap()
}

/// Names in nine of ten, addresses in the others.
fn indicator(number: u64) -> Indicator {
    if number.is_multiple_of(10) {
        let bits = u32::try_from(number.wrapping_mul(2_654_435_761) & 0xffff_ffff).unwrap();
        return Indicator::from_address(std::net::Ipv4Addr::from_bits(bits).into());
    }
    name(number)
}

/// Fills the library as in normal use, but a thousand indicators at a time: with an audit trail, and with attributes that a run
/// of each indicator added.
fn fill(folder: &Path, held: u64) {
    let began = Instant::now();
    let mut workbench = open(folder);
    for first in (0..held).step_by(1_000) {
        let some: Vec<Indicator> = (first..held.min(first + 1_000)).map(indicator).collect();
        let status = if (first / 1_000).is_multiple_of(100) { Status::Review } else { Status::Active };
        workbench.add_indicators(&some, status).unwrap();
        for (number, indicator) in (first..).zip(&some) {
            let run = i64::try_from(number + 1).unwrap();
            workbench.add_findings(run, SOURCE, indicator, &attributes(number)).unwrap();
        }
    }
    drop(workbench);
    let size = std::fs::metadata(folder.join("workbench.sqlite")).unwrap().len();
    println!("{}", Figure::new("filling the library", began.elapsed().as_secs_f64(), "s"));
    println!("{}", Figure::new("the library's file", size as f64 / 1e6, "MB"));
}

fn attributes(number: u64) -> Vec<Finding> {
    let attribute = |at: usize| Finding::Attribute {
        name: ["Resource Type", "Resource Data"].get(at % 2).unwrap().to_string(),
        value: format!("value {at} of {number:x}"),
        records: vec![],
        caution: None,
    };
    (0..ATTRIBUTES).map(attribute).collect()
}

fn reads(workbench: &Workbench, held: u64) {
    let any = |round: u64| round.wrapping_mul(7_919_777) % held;
    report("exact lookup", Some(5.0), ROUNDS, |round| {
        assert!(workbench.lookup(&indicator(any(round))).unwrap().is_some());
    });
    report("exact lookup of what is not there", Some(5.0), ROUNDS, |round| {
        assert!(workbench.lookup(&name(held + round)).unwrap().is_none());
    });
    report("show, with attributes and history", Some(5.0), ROUNDS, |round| {
        assert!(workbench.details(&indicator(any(round))).unwrap().unwrap().attributes.len() >= ATTRIBUTES);
    });
    let page = Filter { limit: 50, ..Filter::default() };
    list(workbench, "list page, first, by update", Some(5.0), ROUNDS, &page);
    let deep = |filter: Filter| {
        let first = Filter { limit: usize::try_from(held / 2).unwrap(), ..filter.clone() };
        Filter { after: workbench.indicators(&first).unwrap().next, ..filter }
    };
    list(workbench, "list page, after half of them, by update", Some(5.0), ROUNDS, &deep(page.clone()));
    let by_value = Filter { order: Some(Order::Value), ..page.clone() };
    list(workbench, "list page, after half of them, by value", Some(5.0), ROUNDS, &deep(by_value));
    let review = Filter { status: Some(Status::Review), ..page.clone() };
    list(workbench, "list page of a status", Some(5.0), ROUNDS, &review);
    let rare = Filter { status: Some(Status::Whitelisted), ..page.clone() };
    list(workbench, "list page of a status that nothing has", Some(5.0), ROUNDS, &rare);
    for (order, what) in [
        (Order::LastSeen, "list page by when it was last seen"),
        (Order::Relationships, "list page by relationships"),
        (Order::Added, "list page by when it was added"),
    ] {
        list(workbench, what, Some(5.0), ROUNDS, &Filter { order: Some(order), ..page.clone() });
    }
    report("count all, and those of a status", Some(5.0), ROUNDS, |_| {
        assert!(workbench.count_indicators(&review).unwrap().matching.is_some());
    });
    let source = Filter { source: Some("bench".to_owned()), ..page.clone() };
    list(workbench, "list page of a source that said most", Some(5.0), ROUNDS, &source);
    report("count up to 10,000 of a source that said most", Some(50.0), FEW, |_| {
        std::hint::black_box(workbench.count_indicators(&source).unwrap());
    });
    let search = |text: &str| Filter { search: Some(text.parse::<Search>().unwrap()), ..page.clone() };
    list(workbench, "suffix search, 50 found in 45,000", Some(50.0), ROUNDS, &search("*.s3.example"));
    list(workbench, "suffix search, about 45 found, all", Some(50.0), ROUNDS, &search("*.d123.s3.example"));
    let newest = Filter { order: Some(Order::Updated), ..search("*.s3.example") };
    list(workbench, "suffix search, the newest of 45,000", Some(50.0), FEW, &newest);
    list(workbench, "network search", Some(50.0), ROUNDS, &search("10.0.0.0/8"));
    list(workbench, "text search that looks at each", None, FEW, &search("d123.s3"));
}

fn list(workbench: &Workbench, what: &str, most: Option<f64>, rounds: u64, filter: &Filter) {
    report(what, most, rounds, |_| {
        std::hint::black_box(workbench.indicators(filter).unwrap());
    });
}

fn writes(workbench: &mut Workbench) {
    report("add of one", Some(2.0), ROUNDS, |round| {
        workbench.add_indicators(&[name((1 << 40) + round)], Status::Active).unwrap();
    });
    report("add of one that is known", Some(2.0), ROUNDS, |round| {
        workbench.add_indicators(&[indicator(round * 977)], Status::Active).unwrap();
    });
    report("set the status of one", Some(2.0), ROUNDS, |round| {
        workbench.set_status(&indicator(round * 31), Status::Expired).unwrap();
    });
}

/// One large import and its undoing. Half of the hosts are new, half of them known.
fn import(workbench: &mut Workbench) {
    let asked = name(1 << 50);
    let findings: Vec<Finding> = (0..IMPORTED).map(finding).collect();
    let run = 1 << 40;
    let rate = |began: Instant| IMPORTED as f64 / began.elapsed().as_secs_f64();
    let began = Instant::now();
    let proposed = workbench.propose(SOURCE, &asked, &findings).unwrap();
    say_rate("dry run of 100,000 findings", rate(began), None);
    let began = Instant::now();
    let added = workbench.add_findings(run, SOURCE, &asked, &findings).unwrap();
    say_rate("import of 100,000 findings", rate(began), Some(Goal::AtLeast(20_000.0)));
    assert_eq!(added, proposed);
    let began = Instant::now();
    workbench.add_findings(run, SOURCE, &asked, &findings).unwrap();
    say_rate("import of the same findings again", rate(began), None);
    let began = Instant::now();
    let undone = workbench.undo(run).unwrap();
    say_rate("undoing the import", rate(began), None);
    assert!(undone.claims >= IMPORTED);
}

/// Of ten findings: one attribute, five hosts, four relationships between them; one in fifty is to the queried indicator.
fn finding(number: u64) -> Finding {
    let host = |at: u64| if at.is_multiple_of(2) { name((1 << 45) + at) } else { indicator(at) };
    match number % 10 {
        0 => Finding::Attribute {
            name: "Resource Data".to_owned(),
            value: format!("value {number}"),
            records: vec![],
            caution: None,
        },
        1..=5 => Finding::Indicator { indicator: host(number), records: vec![], caution: None },
        _ => Finding::Relationship {
            from: if number.is_multiple_of(50) { name(1 << 50) } else { host(number - 5) },
            to: host(number - 4),
            rrtype: RrType::CNAME,
            attributes: vec![
                ("First Seen".to_owned(), "2017-06-09 08:07:17".to_owned()),
                ("Last Seen".to_owned(), "2017-07-13 12:15:11".to_owned()),
                ("Count".to_owned(), number.to_string()),
            ],
            records: vec![],
            caution: None,
        },
    }
}

fn say_rate(what: &str, rate: f64, goal: Option<Goal>) {
    println!("{}", Figure { goal, ..Figure::new(what, rate, "findings per second") });
}

/// Measures something many times and prints its figures; `most` is how many milliseconds the median may take.
fn report(what: &str, most: Option<f64>, rounds: u64, mut work: impl FnMut(u64)) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|round| {
            let began = Instant::now();
            work(round);
            began.elapsed()
        })
        .collect();
    times.sort();
    let at = |share: usize| times.get(times.len() * share / 100).unwrap().as_secs_f64() * 1e3;
    println!("{}", Figure { goal: most.map(Goal::AtMost), ..Figure::new(what, at(50), "ms") });
    println!("{}", Figure::new(format!("{what}, p99"), at(99), "ms"));
}

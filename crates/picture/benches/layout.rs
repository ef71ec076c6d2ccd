//! How long it takes to lay out 50,000 records as a timeline and as a graph, of one answer and of 200 members.
//!
//! Run by `cargo xtask bench pages`. Each figure is the median of several layouts with their HTML.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run must say so and end"
)]

use std::time::Instant;

use cof::{Name, Rdata, Record, RrType};
use operation::Indicator;
use picture::graph::{Graph, GraphView};
use picture::links::Links;
use picture::timeline::members::{Followed, Labels, MembersTimeline, Strand};
use picture::timeline::{Timeline, TimelineView};
use testkit::figure::{Figure, Goal};

const RECORDS: u64 = 50_000;
const MEMBERS: u64 = 200;
const ROUNDS: usize = 15;
/// The most milliseconds of a layout.
const MOST: f64 = 100.0;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let links = Links::new("/runs/1", &[], "/run?value=");
    let asked = Indicator::parse("203.0.113.80").unwrap();
    let records: Vec<Record> =
        (0..RECORDS).map(|n| one(&format!("h{n:x}.d{}.s{}.example", n % 20_000, n % 20), n)).collect();
    report("timeline of 50,000 records", || {
        Timeline::new(&TimelineView::default(), &asked, &records, None).part(&links).to_string()
    });
    report("graph of 50,000 records", || {
        Graph::new(&GraphView::default(), &asked, &records, None).part(&links).to_string()
    });
    members(&links);
}

/// The same number of records, of members that have an address together.
fn members(links: &Links) {
    let names: Vec<Indicator> =
        (0..MEMBERS).map(|n| Indicator::parse(&format!("m{n}.example")).unwrap()).collect();
    let labels: Vec<String> = names.iter().map(ToString::to_string).collect();
    let each = RECORDS / MEMBERS;
    let records: Vec<Vec<Record>> = labels
        .iter()
        .zip(0..)
        .map(|(label, m)| (0..each).map(|n| one(label, m * each + n)).collect())
        .collect();
    let strand = |((indicator, label), records)| {
        let records: &Vec<Record> = records;
        let label: &String = label;
        Strand {
            label,
            indicator: Some(indicator),
            follow: None,
            labels: Labels::Data,
            records: records.iter().collect(),
        }
    };
    let is_in = |_: &Strand<'_>, record: &Record| record.rdata_text() == "198.51.100.7";
    report("timeline of 200 members with 50,000 records", || {
        let strands: Vec<Strand<'_>> = names.iter().zip(&labels).zip(&records).map(strand).collect();
        let followed = Followed { label: "198.51.100.7", is_in: &is_in };
        MembersTimeline::new(&TimelineView::default(), &strands, Some(followed), None).part(links).to_string()
    });
    report("graph of 200 members with 50,000 records", || {
        let members: Vec<_> =
            names.iter().zip(&records).map(|(name, records)| (name, records.iter().collect())).collect();
        Graph::of_members(&GraphView::default(), &members, &|_| false, None).part(links).to_string()
    });
}

fn one(name: &str, number: u64) -> Record {
    let (rrtype, data) = match number % 5 {
        0 => (RrType::A, "203.0.113.80".to_owned()),
        1 => (RrType::NS, format!("ns{}.dns{}.example", number % 4, number % 300)),
        _ => (RrType::A, format!("198.51.{}.{}", number % 100, number % 250)),
    };
    let mut record = Record::new(Name::parse(name).unwrap(), rrtype, Rdata::parse(rrtype, &data));
    let first = 1_451_865_600 + number.wrapping_mul(2_654_435_761) % 300_000_000;
    (record.time_first, record.time_last) = (Some(first), Some(first + number % 40_000_000));
    record.count = Some(number % 997 + 1);
    record
}

fn report(what: &str, lay_out: impl Fn() -> String) {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let html = lay_out();
            assert!(html.len() > 1_000, "{what} is empty");
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{}", Figure::new(what, times[ROUNDS / 2], "ms").wanted(Goal::AtMost(MOST)));
}

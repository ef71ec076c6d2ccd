//! The cost of comparing the members of an investigation: `investigation::shared`.
//!
//! Run by `cargo xtask bench pages`. The records are made up: addresses that rotate, a few name servers, mail servers, CNAME
//! targets and tokens for all, and records of other names in the answers, so that many resources are shared. Each figure is the
//! median of several rounds.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run must say so and end")]

use std::time::Instant;

use cof::{Name, Rdata, Record, RrType};
use operation::Indicator;
use testkit::figure::{Figure, Goal};
use workbench::investigation::shared::{Member, Options, Resource, candidates, compare};

const DAY: u64 = 86_400;
/// 2020-01-01.
const START: u64 = 18_262 * DAY;
const ROUNDS: usize = 15;

fn main() {
    // `cargo test --benches` also runs this program, without asking for a measurement.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    measure(30, 100, 20.0);
    measure(30, 3_000, 50.0);
    measure(1_000, 100, 300.0);
}

/// Measures this many members with this many records each.
fn measure(members: usize, records: usize, most: f64) {
    let answers: Vec<(Indicator, Vec<Record>)> = (0..members).map(|number| answer(number, records)).collect();
    let members: Vec<Member<'_>> =
        answers.iter().map(|(indicator, records)| Member { indicator, records }).collect();
    let shared = compare(&members, &Options { most: usize::MAX, ..Options::default() });
    let count = members.len();
    println!("{count} members, {records} records each: {} shared resources", shared.list.len());
    let time = median(|| drop(compare(&members, &Options::default())));
    let name = format!("shared resources of {count} members, {records} records each");
    println!("{}", Figure::new(name, time, "ms").wanted(Goal::AtMost(most)));
    let followed: Vec<Resource> = shared.list.into_iter().take(10).map(|shared| shared.resource).collect();
    let time = median(|| drop(candidates(&members, &followed)));
    println!(
        "{}",
        Figure::new(format!("following ten of them, {count} members, {records} records each"), time, "ms")
    );
}

/// The median time of a call, in milliseconds.
fn median(mut call: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = std::iter::repeat_with(|| {
        let began = Instant::now();
        call();
        began.elapsed().as_secs_f64() * 1e3
    })
    .take(ROUNDS)
    .collect();
    times.sort_by(f64::total_cmp);
    *times.get(ROUNDS / 2).unwrap()
}

fn answer(member: usize, records: usize) -> (Indicator, Vec<Record>) {
    let name = format!("m{member}.campaign{}.example", member % 40);
    let records = (0..records).map(|number| record(&name, member, number)).collect();
    (Indicator::parse(&name).unwrap(), records)
}

/// One record of a member, or of another name in its answer.
fn record(member_name: &str, member: usize, number: usize) -> Record {
    let mixed = (member * 3_001 + number).wrapping_mul(2_654_435_761) >> 8;
    let other = format!("n{}.d{}.example", mixed % 50_000, mixed % 5_000);
    let name = if number.is_multiple_of(5) { other.as_str() } else { member_name };
    let (rrtype, data) = match number % 20 {
        0..12 => (RrType::A, format!("5.{}.{}.{}", mixed % 4, mixed % 64, mixed % 251)),
        12..14 => (RrType::AAAA, format!("2a00:{:x}::{:x}", mixed % 512, mixed % 4_096)),
        14 => (RrType::CNAME, format!("edge{}.cdn{}.example", mixed % 2_000, mixed % 20)),
        15 | 16 => (RrType::NS, format!("ns{}.host{}.example", mixed % 4, mixed % 200)),
        17 => (RrType::MX, format!("10 mx.mail{}.example", mixed % 300)),
        18 => (RrType::TXT, format!("site-verification=code{}", mixed % 3_000)),
        _ => (
            RrType::SOA,
            format!("ns1.host{0}.example admin.host{0}.example {1} 2 3 4 5", mixed % 200, number),
        ),
    };
    let mut record = Record::new(Name::parse(name).unwrap(), rrtype, Rdata::parse(rrtype, &data));
    let first = START + (mixed as u64 % 2_000) * DAY;
    (record.time_first, record.time_last) = (Some(first), Some(first + (mixed as u64 % 90) * DAY));
    record
}

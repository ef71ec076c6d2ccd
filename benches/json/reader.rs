//! [`Reader`] beside general JSON parsers, all making the same [`Record`]s of the same million; then [`Writer`].
//!
//! The contenders take turns, so that a slow spell of the machine hits them all; the median round counts, and
//! a ratio is the median of those within a round. The general parsers are given what the reader must find out:
//! that every record is whole, strict, and alone on its line. They read into a borrowed struct, which then
//! becomes a [`Record`] by the same parsers of names, types and data, with the last origin shared as the reader
//! shares it.
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cof::{Dialect, Name, Rdata, Reader, Record, RrType, Writer};
use testkit::figure::{Figure, Goal};

/// The name of our reader among the contenders.
const READER: &str = "the reader";
const RECORDS: usize = 1_000_000;
const ROUNDS: usize = 5;
const SEED: u64 = 1;
const PIECE: usize = 64 * 1024;

fn main() {
    // Under `cargo test --all-targets` it only shows that it works.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (records, rounds) = if measured { (RECORDS, ROUNDS) } else { (1_000, 1) };
    let input = testkit::sample::ndjson(records, SEED);
    println!("{records} records, {} octets, {rounds} rounds\n", input.len());
    let contenders: [(&str, Contender); 4] =
        [(READER, read), ("serde_json", read_serde_json), ("sonic-rs", read_sonic), ("simd-json", read_simd)];
    let times = race(&contenders, &input, rounds, records);
    report(&contenders.map(|(name, _)| name), &times, input.len(), records);
    report_writer(&input, rounds, records);
}

/// Makes records of the input and says how many; the input is its own to scribble in.
type Contender = fn(&mut [u8]) -> usize;

/// The times of each contender in each round.
fn race(contenders: &[(&str, Contender)], input: &[u8], rounds: usize, records: usize) -> Vec<Vec<Duration>> {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..rounds {
        for ((name, contender), times) in contenders.iter().zip(&mut times) {
            let mut copy = input.to_vec();
            let (time, found) = timed(|| contender(&mut copy));
            assert_eq!(found, records, "{name} must read every record");
            times.push(time);
        }
    }
    times
}

fn report(names: &[&str], times: &[Vec<Duration>], octets: usize, records: usize) {
    let Some(ours) = times.first() else { return };
    for (name, times) in names.iter().zip(times.iter()) {
        let seconds = median(times.iter().map(Duration::as_secs_f64));
        let ratio = median(times.iter().zip(ours).map(|(theirs, ours)| theirs.div_duration_f64(*ours)));
        let (speed, rate) = (per_second(octets, seconds) / 1e6, per_second(records, seconds));
        println!("{}", Figure::new(*name, speed, "MB per second"));
        println!("{}", Figure::new(*name, rate, "records per second"));
        if *name != READER {
            let ratio = Figure::new(READER, ratio, format!("times {name}"));
            println!("{}", ratio.wanted(Goal::AtLeast(1.0)));
        }
    }
}

fn report_writer(input: &[u8], rounds: usize, records: usize) {
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(input);
    let parsed: Vec<Record> = std::iter::from_fn(|| reader.next()).filter_map(Result::ok).collect();
    assert_eq!(parsed.len(), records);
    let mut octets = 0;
    let times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let (time, written) = timed(|| write(&parsed));
            octets = written;
            time
        })
        .collect();
    let seconds = median(times.iter().map(Duration::as_secs_f64));
    let (speed, rate) = (per_second(octets, seconds) / 1e6, per_second(records, seconds));
    println!("{}", Figure::new("the writer", speed, "MB per second"));
    println!("{}", Figure::new("the writer", rate, "records per second"));
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn per_second(number: usize, seconds: f64) -> f64 {
    number as f64 / seconds
}

fn read(input: &mut [u8]) -> usize {
    let mut reader = Reader::new(1_790_000_000);
    let mut found = 0;
    for piece in input.chunks(PIECE) {
        reader.feed(piece);
        while let Some(item) = reader.next() {
            found += usize::from(black_box(item).is_ok());
        }
    }
    reader.close();
    while let Some(item) = reader.next() {
        found += usize::from(black_box(item).is_ok());
    }
    found
}

/// A record as the general parsers read it.
#[derive(serde::Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    rrname: Cow<'a, str>,
    #[serde(borrow)]
    rrtype: Cow<'a, str>,
    #[serde(borrow)]
    rdata: Cow<'a, str>,
    time_first: Option<u64>,
    time_last: Option<u64>,
    count: Option<u64>,
    #[serde(borrow)]
    origin: Option<Cow<'a, str>>,
}

impl Line<'_> {
    fn into_record(self, shared: &mut Option<Arc<str>>) -> Option<Record> {
        let rrtype = RrType::parse(&self.rrtype).ok()?;
        let rdata = Rdata::parse(rrtype, &self.rdata);
        let mut record = Record::new(Name::parse(&self.rrname).ok()?, rrtype, rdata);
        record.time_first = self.time_first;
        record.time_last = self.time_last;
        record.count = self.count;
        if let Some(origin) = self.origin {
            if shared.as_deref() != Some(&*origin) {
                *shared = Some(origin.into());
            }
            record.origin.clone_from(shared);
        }
        Some(record)
    }
}

fn read_serde_json(input: &mut [u8]) -> usize {
    let mut shared = None;
    lines(input)
        .filter_map(|line| serde_json::from_slice::<Line<'_>>(line).ok()?.into_record(&mut shared))
        .map(black_box)
        .count()
}

fn read_sonic(input: &mut [u8]) -> usize {
    let mut shared = None;
    lines(input)
        .filter_map(|line| sonic_rs::from_slice::<Line<'_>>(line).ok()?.into_record(&mut shared))
        .map(black_box)
        .count()
}

fn read_simd(input: &mut [u8]) -> usize {
    let mut shared = None;
    let mut buffers = simd_json::Buffers::default();
    lines(input)
        .filter_map(|line| {
            let line: Line<'_> = simd_json::serde::from_slice_with_buffers(line, &mut buffers).ok()?;
            line.into_record(&mut shared)
        })
        .map(black_box)
        .count()
}

/// The lines that are not empty.
fn lines(input: &mut [u8]) -> impl Iterator<Item = &mut [u8]> {
    let mut rest = input;
    std::iter::from_fn(move || {
        let all = std::mem::take(&mut rest);
        let end = memchr::memchr(b'\n', all).unwrap_or(all.len());
        let (line, after) = all.split_at_mut_checked(end)?;
        rest = after.split_first_mut().map_or(&mut [], |(_, after)| after);
        (!line.is_empty()).then_some(line)
    })
}

fn write(records: &[Record]) -> usize {
    let mut writer = Writer::new(Dialect::Draft);
    let mut text = String::with_capacity(2 * PIECE);
    let mut octets = 0;
    for record in records {
        writer.write(record, &mut text);
        if text.len() > PIECE {
            octets += black_box(&text).len();
            text.clear();
        }
    }
    octets + text.len()
}

//! Promise of [`Reader`] and [`Writer`]: no bytes make them panic; the same bytes give the same
//! records, damages and end however they are cut into pieces; what is held of the input stays below
//! the limit; every damage points at the bytes it speaks of; and what was read is read back the
//! same after it was written, with no note but those on what the record itself says.
//!
//! The input is the body of an answer. It is read twice over: with the default limits, and with
//! limits so small that an input of this size runs into them.
#![no_main]

use cof::{Damage, Dialect, End, Limits, NoteKind, Reader, Record, Writer};
use libfuzzer_sys::fuzz_target;

const SMALL: Limits = Limits { record_bytes: 512, depth: 6, elements: 3 };

/// The greatest damaged stretch that is kept whole.
const RAW_SHOWN: u64 = 256;

fuzz_target!(|input: &[u8]| {
    for limits in [Limits::default(), SMALL] {
        let whole = read(&[input], limits);
        assert_eq!(whole, read(&uneven(input), limits), "in uneven pieces");
        assert_eq!(whole, read(&input.chunks(1).collect::<Vec<_>>(), limits), "in single bytes");
        let (items, _) = whole;
        items.iter().filter_map(|(item, _)| item.as_ref().err()).for_each(|damage| points_at(damage, input));
        let records: Vec<&Record> = items.iter().filter_map(|(item, _)| item.as_ref().ok()).collect();
        [Dialect::Circl, Dialect::Draft].into_iter().for_each(|dialect| reads_back(&records, dialect));
    }
});

/// What was pulled, each item with its offset.
type Items = Vec<(Result<Record, Damage>, u64)>;

fn read(pieces: &[&[u8]], limits: Limits) -> (Items, End) {
    let mut reader = Reader::with_limits(1_790_000_000, limits);
    let mut items = Vec::new();
    let mut fed = 0;
    for piece in pieces {
        reader.feed(piece);
        fed += piece.len() as u64;
        pull(&mut reader, &mut items);
        let held = fed - reader.consumed();
        assert!(held <= limits.record_bytes as u64, "{held} bytes held after {fed}");
    }
    reader.close();
    pull(&mut reader, &mut items);
    assert_eq!(reader.consumed(), fed, "the closed input must be used up");
    (items, reader.end())
}

fn pull(reader: &mut Reader, items: &mut Items) {
    while let Some(item) = reader.next() {
        items.push((item, reader.offset()));
    }
}

/// Pieces of 1 to 16 bytes, by the bytes themselves, so that every input has its own cuts.
fn uneven(mut input: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while let Some(first) = input.first() {
        let (piece, rest) = input.split_at(input.len().min(1 + usize::from(first % 16)));
        pieces.push(piece);
        input = rest;
    }
    pieces
}

fn points_at(damage: &Damage, input: &[u8]) {
    let start = usize::try_from(damage.offset).expect("inside the input");
    let shown = usize::try_from(damage.len.min(RAW_SHOWN)).expect("at most 256");
    assert!(damage.offset + damage.len <= input.len() as u64, "beyond the input: {damage:?}");
    assert_eq!(input.get(start..start + shown), Some(&*damage.raw), "{damage:?}");
}

fn reads_back(records: &[&Record], dialect: Dialect) {
    let written = write(records, dialect);
    assert!(written.bytes().all(|octet| octet == b'\n' || (b' '..=b'~').contains(&octet)), "{written:?}");
    let (items, end) = read(&[written.as_bytes()], Limits { elements: 1, ..Limits::default() });
    assert_eq!(end, End::default(), "{written}");
    let again: Vec<Record> =
        items.into_iter().map(|(item, _)| item.expect("no damage in what we wrote")).collect();
    assert_eq!(again.len(), records.len(), "{written}");
    for (record, again) in records.iter().zip(&again) {
        same(record, again);
    }
    assert_eq!(written, write(&again.iter().collect::<Vec<_>>(), dialect), "written again");
}

fn write(records: &[&Record], dialect: Dialect) -> String {
    let mut text = String::new();
    let mut writer = Writer::new(dialect);
    records.iter().for_each(|record| writer.write(record, &mut text));
    text
}

/// The tuple is the same. Times and counts may have been filled in or capped by the writer, which
/// writing it again must not change any more.
fn same(record: &Record, again: &Record) {
    assert_eq!((&record.rrname, record.rrtype), (&again.rrname, again.rrtype));
    assert_eq!((&record.rdata, &record.bailiwick), (&again.rdata, &again.bailiwick));
    assert!(again.extras.is_empty(), "{again:?}");
    assert!(again.notes.iter().all(|note| is_on_the_record(note.kind)), "{again:?}");
}

/// Notes on what a record says, which stay true of it; all others are on how it was written.
fn is_on_the_record(kind: NoteKind) -> bool {
    matches!(kind, NoteKind::Implausible | NoteKind::KeptAsText | NoteKind::Reversed | NoteKind::UnknownType)
}

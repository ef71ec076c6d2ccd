//! What the tests of all formats share: reading an input in pieces of several sizes, and messages made field by field.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use cof::{Observation, SourceKind};

use crate::batches::Order;
use crate::fuzzing;
use crate::packing::{Bounds, Packing};
use crate::tally::{Dropped, Reason, Tally};
use crate::window::{Room, SPAN, Window};

/// What an input came to.
#[derive(Debug)]
pub(crate) struct Found {
    /// `rrname rrtype rdata time_first count bailiwick`, sorted.
    pub(crate) rows: Vec<String>,
    pub(crate) tally: Tally,
}

impl Found {
    /// What was dropped, and how often.
    pub(crate) fn dropped(&self) -> Vec<(Dropped, u64)> {
        self.tally.dropped.iter().map(|(why, place)| (*why, place.count)).collect()
    }

    /// What was rejected, and how often.
    pub(crate) fn rejected(&self) -> Vec<(Reason, u64)> {
        self.tally.left_out.iter().map(|(why, place)| (*why, place.count)).collect()
    }
}

/// A window without rules.
pub(crate) fn window() -> Window {
    Window::new(SPAN, Room::FILE, SourceKind::Observation, Arc::default())
}

/// An order for sightings.
pub(crate) fn order() -> Order {
    Order::new(SourceKind::Observation, 1_800_000_000)
}

/// Reads an input at once and in small pieces, which must come to the same.
pub(crate) fn read(input: &[u8], order: &Order) -> Found {
    let whole = read_in_pieces(input, order, usize::MAX);
    for size in [1, 7, 4_096] {
        if input.len() < size * 20_000 {
            let pieces = read_in_pieces(input, order, size);
            assert_eq!(pieces.rows, whole.rows, "in pieces of {size} bytes");
            assert_eq!(
                format!("{:?}", pieces.tally),
                format!("{:?}", whole.tally),
                "in pieces of {size} bytes"
            );
        }
    }
    whole
}

fn read_in_pieces(input: &[u8], order: &Order, size: usize) -> Found {
    let (observations, tally) = fuzzing::read(input, order, size);
    let row = |row: Observation| {
        let zone = row.bailiwick.map_or("-".to_owned(), |zone| zone.to_string());
        let (data, count) = (row.rdata.to_text(row.rrtype), row.count.unwrap_or_default());
        format!("{} {} {data} {} {count} {zone}", row.rrname, row.rrtype, row.time_first)
    };
    let mut rows: Vec<String> = observations.into_iter().map(row).collect();
    rows.sort();
    Found { rows, tally }
}

/// A file of the sample data, decompressed; `None` where there is none.
pub(crate) fn shared(path: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.exists() {
        return None;
    }
    let packed = std::fs::read(folder.join(path)).unwrap();
    let packing = Packing::of(&packed);
    let mut bytes = Vec::new();
    packing.unpack(Cursor::new(packed), Bounds::FILE).unwrap().read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

/// A name in wire format.
pub(crate) fn wire(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(u8::try_from(label.len()).unwrap());
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// A query for an A record.
pub(crate) fn query(name: &str) -> Vec<u8> {
    [&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0][..], &wire(name), &[0, 1, 0, 1]].concat()
}

/// A response to that query with these answers: owner, type, data.
pub(crate) fn response(name: &str, answers: &[(&str, u16, &[u8])]) -> Vec<u8> {
    sections(name, [answers, &[], &[]])
}

/// A response with these answers, authorities and additional records.
pub(crate) fn sections(name: &str, sections: [&[(&str, u16, &[u8])]; 3]) -> Vec<u8> {
    let mut message = query(name);
    message[2..4].copy_from_slice(&[0x81, 0x80]);
    for (at, records) in sections.iter().enumerate() {
        message[7 + 2 * at] = u8::try_from(records.len()).unwrap();
        for (owner, rrtype, rdata) in *records {
            message.extend(wire(owner));
            message.extend(rrtype.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(rdata.len()).unwrap().to_be_bytes());
            message.extend(*rdata);
        }
    }
    message
}

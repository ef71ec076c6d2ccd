//! A reader that detects which side of its records is the owner: [`OrientedReader`].
//!
//! Files and bodies may contain records of CIRCL's second interface, which swaps rrname and rdata. A record that proves its
//! orientation is turned individually. Records that prove nothing (NS, CNAME, TXT, …) are turned only if every record among the
//! first [`PROBED`] that proves its orientation is swapped. After those, a record that contradicts the decision is damage of
//! the kind [`DamageKind::Contradiction`].
//!
//! Input is held back until the first record proves the usual orientation, so a usual input is delayed by one record. An input
//! that proves nothing is held back for [`PROBED`] records or [`HELD`] bytes. The decision depends only on the content, not on
//! how it is split, so an input that is read again gets the same decision.

use cof::{Damage, DamageKind, End, Orientation, Reader, Record};

/// The orientation is decided after this many records and damaged stretches.
pub(crate) const PROBED: u64 = 10_000;
/// The most bytes that are held back.
pub(crate) const HELD: usize = 16 << 20;
/// The most bytes that are held back if they contain no record.
const HELD_WITHOUT_RECORD: usize = 1 << 20;

/// Reads records, each turned so that its owner is in rrname.
pub struct OrientedReader {
    now: u64,
    state: State,
    /// Records and damaged stretches so far: of the probe, then of the reader.
    items: u64,
    /// Which orientations the first [`PROBED`] records proved.
    draft: bool,
    swapped: bool,
}

enum State {
    Undecided { probe: Reader, held: Vec<u8>, records: u64, closed: bool },
    Decided { reader: Reader, by_proof: bool },
}

impl OrientedReader {
    /// A reader for an input of this orientation; `now`, in seconds since the epoch, determines which times are plausible.
    pub fn new(now: u64, orientation: Orientation) -> Self {
        let state = match orientation {
            Orientation::Auto => State::Undecided {
                probe: Reader::new(now).by_proof(),
                held: Vec::new(),
                records: 0,
                closed: false,
            },
            given => {
                let reader = Reader::new(now).turned(given == Orientation::Swapped);
                State::Decided { reader, by_proof: false }
            }
        };
        Self { now, state, items: 0, draft: false, swapped: false }
    }

    /// Takes the next piece of input. Pull all records before the next piece.
    pub fn feed(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Undecided { probe, held, .. } => {
                held.extend_from_slice(bytes);
                probe.feed(bytes);
            }
            State::Decided { reader, .. } => reader.feed(bytes),
        }
    }

    /// Declares the end of the input.
    pub fn close(&mut self) {
        match &mut self.state {
            State::Undecided { probe, closed, .. } => {
                *closed = true;
                probe.close();
            }
            State::Decided { reader, .. } => reader.close(),
        }
    }

    /// The offset of the value of the last record or damage, in bytes.
    pub fn offset(&self) -> u64 {
        match &self.state {
            State::Undecided { .. } => 0,
            State::Decided { reader, .. } => reader.offset(),
        }
    }

    /// How many bytes of the input were read; 0 while the orientation is undecided.
    pub fn consumed(&self) -> u64 {
        match &self.state {
            State::Undecided { .. } => 0,
            State::Decided { reader, .. } => reader.consumed(),
        }
    }

    /// How the input ended; complete once the reader is closed and [`Self::next`] returns `None`.
    pub fn end(&self) -> End {
        match &self.state {
            State::Undecided { probe, .. } => probe.end(),
            State::Decided { reader, .. } => reader.end(),
        }
    }

    /// The next record or damage; `None` if more input is needed, or if the closed input has been read completely.
    #[expect(clippy::should_implement_trait, reason = "None is not the end: it asks for more input")]
    pub fn next(&mut self) -> Option<Result<Record, Damage>> {
        if matches!(self.state, State::Undecided { .. }) {
            self.probe()?;
        }
        let State::Decided { reader, by_proof } = &mut self.state else { return None };
        let item = reader.next()?;
        if !*by_proof {
            return Some(item);
        }
        self.items += 1;
        let proven = item.as_ref().ok().and_then(Orientation::proven_by);
        if self.items <= PROBED {
            self.draft |= proven == Some(Orientation::Draft);
            self.swapped |= proven == Some(Orientation::Swapped);
            return Some(item);
        }
        let contradicts = match proven {
            Some(Orientation::Draft) => !self.draft && self.swapped,
            Some(Orientation::Swapped) => !self.swapped,
            Some(Orientation::Auto) | None => false,
        };
        if !contradicts {
            return Some(item);
        }
        let (offset, end) = (reader.offset(), reader.consumed());
        let (len, kind) = (end.saturating_sub(offset), DamageKind::Contradiction);
        Some(Err(Damage { offset, len, raw: Box::default(), kind }))
    }

    /// Reads until the orientation is decided; `None` if it is not decided yet.
    fn probe(&mut self) -> Option<()> {
        let State::Undecided { probe, held, records, closed } = &mut self.state else { return Some(()) };
        loop {
            let enough = self.items >= PROBED
                || held.len() >= HELD
                || (*records == 0 && held.len() >= HELD_WITHOUT_RECORD);
            if self.draft || enough {
                break;
            }
            match probe.next() {
                Some(item) => {
                    self.items += 1;
                    *records += u64::from(item.is_ok());
                    let proven = item.ok().as_ref().and_then(Orientation::proven_by);
                    self.draft |= proven == Some(Orientation::Draft);
                    self.swapped |= proven == Some(Orientation::Swapped);
                }
                None if *closed => break,
                None => return None,
            }
        }
        let mut reader = Reader::new(self.now).by_proof().turned(self.swapped && !self.draft);
        reader.feed(held);
        if *closed {
            reader.close();
        }
        self.items = 0;
        self.state = State::Decided { reader, by_proof: true };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rrname: &str, rrtype: &str, rdata: &str) -> String {
        format!(
            "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000001,\"time_last\":1500000002}}\n"
        )
    }

    /// Owners, data and kinds of damage of an input that is fed in pieces of this size.
    fn read(input: &str, size: usize, given: Orientation) -> (Vec<String>, Vec<DamageKind>) {
        let mut reader = OrientedReader::new(1_700_000_000, given);
        let (mut records, mut damages) = (Vec::new(), Vec::new());
        let mut drain = |reader: &mut OrientedReader| {
            while let Some(item) = reader.next() {
                match item {
                    Ok(record) => {
                        records.push(format!("{} {} {}", record.rrname, record.rrtype, record.rdata_text()));
                    }
                    Err(damage) => damages.push(damage.kind),
                }
            }
        };
        for piece in input.as_bytes().chunks(size) {
            reader.feed(piece);
            drain(&mut reader);
        }
        reader.close();
        drain(&mut reader);
        assert_eq!(reader.consumed(), input.len() as u64);
        (records, damages)
    }

    #[test]
    fn a_swapped_record_with_several_owners_is_one_record_for_each() {
        let several = r#"{"rrname":"185.194.93.5","rrtype":"A","rdata":["s1.example","s2.example"],"time_first":1500000001,"time_last":1500000002}"#;
        let wanted = ["s1.example A 185.194.93.5", "s2.example A 185.194.93.5"];
        assert_eq!(read(several, 7, Orientation::Auto), (wanted.map(str::to_owned).to_vec(), vec![]));
        assert_eq!(read(several, 7, Orientation::Swapped), (wanted.map(str::to_owned).to_vec(), vec![]));
        // After a record that proves the swap, and next to one that is not swapped.
        let before = line("185.194.93.14", "A", "zone.example");
        assert_eq!(read(&(before.clone() + several), 50, Orientation::Auto).0[1..], wanted);
        let draft = r#"{"rrname":"d.example","rrtype":"A","rdata":["185.194.93.6","185.194.93.7"],"time_first":1500000001,"time_last":1500000002}"#;
        let (records, damages) = read(&(before + draft), 50, Orientation::Auto);
        assert_eq!(records[1..], ["d.example A 185.194.93.6", "d.example A 185.194.93.7"]);
        assert_eq!(damages, []);
    }

    const NS: (&str, &str, &str) = ("ns1.dns.example", "NS", "zone.example");
    const SWAPPED: (&str, &str, &str) = ("185.194.93.14", "A", "zone.example");
    const DRAFT: (&str, &str, &str) = ("zone.example", "A", "185.194.93.14");

    fn lines(records: &[(&str, &str, &str)]) -> String {
        records.iter().map(|(rrname, rrtype, rdata)| line(rrname, rrtype, rdata)).collect()
    }

    #[test]
    fn unprovable_records_are_turned_where_every_provable_one_is_swapped() {
        let mx = ("10 mail.zone.example", "MX", "zone.example");
        let soa = ("ns1.dns.example h.dns.example 1 2 3 4 5", "SOA", "zone.example");
        let input = lines(&[NS, SWAPPED, mx, soa]);
        let expected = [
            "zone.example NS ns1.dns.example",
            "zone.example A 185.194.93.14",
            "zone.example MX 10 mail.zone.example",
            "zone.example SOA ns1.dns.example h.dns.example 1 2 3 4 5",
        ];
        for size in [1, 7, input.len()] {
            let (records, damages) = read(&input, size, Orientation::Auto);
            assert_eq!(records.iter().map(|text| text.replace(". ", " ")).collect::<Vec<_>>(), expected);
            assert!(damages.is_empty());
        }
    }

    #[test]
    fn in_a_mixed_input_provable_records_are_turned_alone() {
        let input = lines(&[NS, SWAPPED, DRAFT, SWAPPED]);
        for size in [1, 7, input.len()] {
            let (records, damages) = read(&input, size, Orientation::Auto);
            let a = "zone.example A 185.194.93.14";
            assert_eq!(records, ["ns1.dns.example NS zone.example", a, a, a]);
            assert!(damages.is_empty());
        }
    }

    #[test]
    fn a_later_contradiction_is_left_out_and_counted() {
        let many = usize::try_from(PROBED).unwrap();
        for (first, contrary) in [(SWAPPED, DRAFT), (DRAFT, SWAPPED), (NS, SWAPPED)] {
            let input = lines(&[first]).repeat(many) + &lines(&[contrary, NS]);
            let (records, damages) = read(&input, 65_536, Orientation::Auto);
            assert_eq!(records.len(), many + 1, "{first:?}");
            assert_eq!(damages, [DamageKind::Contradiction], "{first:?}");
        }
        let input = lines(&[NS]).repeat(many) + &lines(&[DRAFT]);
        assert_eq!(read(&input, 65_536, Orientation::Auto).1, []);
    }

    #[test]
    fn what_is_said_of_an_input_is_not_doubted() {
        let draft = read(&lines(&[NS, SWAPPED]), 64, Orientation::Draft).0;
        assert_eq!(draft, ["ns1.dns.example NS zone.example", "185.194.93.14 A zone.example"]);
        let swapped = read(&lines(&[NS, DRAFT]), 64, Orientation::Swapped).0;
        assert_eq!(swapped, ["zone.example NS ns1.dns.example", "185.194.93.14 A zone.example"]);
    }
}

//! Reassembles IP datagrams from their fragments: [`Fragments`].
//!
//! A datagram is whole when its bytes from 0 to the end of the last fragment are there, in whatever order they came. It is given up
//! when fragments overlap without being equal (RFC 5722: only an attack makes such ones), when it is longer than 65,535 bytes, after
//! [`PATIENCE`], and when there are too many others. An equal fragment, and a late copy of one that was used, is ignored.
//!
//! Errors: [`Gathered::Lost`] is one datagram that cannot be reassembled.

use std::mem;
use std::net::IpAddr;

use super::ip::Datagram;
use super::recent::{Bounds, Held, Recent};

/// How long fragments are waited for, in nanoseconds (30 s, as Linux does).
const PATIENCE: u64 = 30_000_000_000;
/// How long copies of used fragments are recognised, in nanoseconds. After that, the id may be used again.
const ECHO: u64 = 1_000_000_000;
/// The longest datagram, in bytes.
const LONGEST: usize = 65_535;
/// The most fragments of a datagram. The smallest that links carry makes 1,366, and real ones less than 50.
const MOST_PARTS: usize = 256;
/// About what a fragment takes beside its bytes.
const OVERHEAD: usize = 64;
const BOUNDS: Bounds = Bounds { span: PATIENCE, entries: 4_096, bytes: 8 << 20 };

/// What became of a fragment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gathered {
    /// Others are missing, or it is a copy.
    Waiting,
    /// It was the last one missing: the payload of the datagram.
    Whole(Vec<u8>),
    /// The datagram was given up.
    Lost,
    /// The datagram is not wanted.
    Unwanted,
}

/// Datagrams of which parts are known.
pub(super) struct Fragments {
    table: Recent<Key, Entry>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    id: u32,
}

struct Entry {
    /// When the first fragment came, or when it was over.
    since: u64,
    state: State,
}

enum State {
    Open(Parts),
    /// It was used, given up, or is not wanted.
    Over,
}

#[derive(Default)]
struct Parts {
    /// Beginnings and bytes.
    sorted: Vec<(usize, Box<[u8]>)>,
    /// Where the last one ends, if it came.
    end: Option<usize>,
    /// Bytes in all parts.
    bytes: usize,
}

/// What the fragments so far make.
enum Outcome {
    Open,
    Whole(Vec<u8>),
    Impossible,
}

impl Fragments {
    pub(super) fn new() -> Self {
        Self { table: Recent::new(BOUNDS) }
    }

    /// Adds a fragment. `is_wanted` decides by the payload of the first one; `on_lost` is called for each datagram that is given up
    /// because of its age or because of all others.
    pub(super) fn gather(
        &mut self,
        datagram: &Datagram<'_>,
        now: u64,
        is_wanted: impl Fn(&[u8]) -> bool,
        mut on_lost: impl FnMut(),
    ) -> Gathered {
        self.table.turn(now, |_, entry| entry.report(&mut on_lost));
        let Some(fragment) = datagram.fragment else { return Gathered::Waiting };
        let Datagram { source, destination, protocol, payload, .. } = *datagram;
        let key = Key { source, destination, protocol, id: fragment.id };
        let mut entry = self.table.take(&key).filter(|entry| {
            let is_current = entry.is_current(now);
            if !is_current {
                entry.report(&mut on_lost);
            }
            is_current
        });
        let entry = entry.get_or_insert_with(|| Entry { since: now, state: State::Open(Parts::default()) });
        let gathered = match &mut entry.state {
            State::Over => Gathered::Waiting,
            State::Open(_) if fragment.offset == 0 && !is_wanted(payload) => Gathered::Unwanted,
            State::Open(parts) => match parts.add(fragment.offset, fragment.has_more, payload) {
                Outcome::Open => Gathered::Waiting,
                Outcome::Whole(bytes) => Gathered::Whole(bytes),
                Outcome::Impossible => Gathered::Lost,
            },
        };
        let state = mem::replace(&mut entry.state, State::Over);
        let entry = match gathered {
            Gathered::Waiting => Entry { since: entry.since, state },
            _ => Entry { since: now, state: State::Over },
        };
        self.table.put(key, entry);
        gathered
    }

    /// Gives up everything.
    pub(super) fn end(&mut self, mut on_lost: impl FnMut()) {
        self.table.clear(|_, entry| entry.report(&mut on_lost));
    }
}

impl Entry {
    fn is_current(&self, now: u64) -> bool {
        let patience = if matches!(self.state, State::Over) { ECHO } else { PATIENCE };
        now.abs_diff(self.since) <= patience
    }

    fn report(&self, on_lost: &mut impl FnMut()) {
        if matches!(self.state, State::Open(_)) {
            on_lost();
        }
    }
}

impl Held for Entry {
    fn bytes(&self) -> usize {
        match &self.state {
            State::Open(parts) => parts.bytes + parts.sorted.len() * OVERHEAD,
            State::Over => 0,
        }
    }
}

impl Parts {
    fn add(&mut self, offset: usize, has_more: bool, payload: &[u8]) -> Outcome {
        let end = offset + payload.len();
        let is_aligned = !has_more || payload.len().is_multiple_of(8);
        if payload.is_empty() || end > LONGEST || !is_aligned {
            return Outcome::Impossible;
        }
        let at = self.sorted.partition_point(|(begin, _)| *begin < offset);
        let next = self.sorted.get(at);
        if next.is_some_and(|(begin, bytes)| *begin == offset && **bytes == *payload) {
            return Outcome::Open;
        }
        let before = at.checked_sub(1).and_then(|at| self.sorted.get(at));
        let overlaps = before.is_some_and(|(begin, bytes)| begin + bytes.len() > offset)
            || next.is_some_and(|(begin, _)| *begin < end);
        let ends = if has_more { self.end } else { Some(end) };
        let is_beyond = self.end.is_some_and(|known| known < end || !has_more)
            || ends.is_some_and(|ends| self.last() > ends);
        if overlaps || is_beyond || self.sorted.len() >= MOST_PARTS {
            return Outcome::Impossible;
        }
        self.end = ends;
        self.bytes += payload.len();
        self.sorted.insert(at, (offset, payload.into()));
        if self.end != Some(self.bytes) {
            return Outcome::Open;
        }
        // They do not overlap and reach as far as they are long, so there is no gap.
        Outcome::Whole(self.sorted.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect())
    }

    /// Where the last part ends.
    fn last(&self) -> usize {
        self.sorted.last().map_or(0, |(begin, bytes)| begin + bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ip::UDP;
    use super::super::testing::part;
    use super::*;

    /// Gathers fragments of one datagram: what became of the last one, and how many datagrams were lost on the way.
    fn gather(fragments: &mut Fragments, parts: &[(usize, bool, &[u8])]) -> Vec<Gathered> {
        let add = |(offset, has_more, bytes): &(usize, bool, &[u8])| {
            let packet = part(7, (*offset, *has_more), UDP, bytes);
            fragments.gather(&Datagram::of(&packet).unwrap(), 0, |_| true, || {})
        };
        parts.iter().map(add).collect()
    }

    fn outcome(parts: &[(usize, bool, &[u8])]) -> Gathered {
        gather(&mut Fragments::new(), parts).pop().unwrap()
    }

    const HEAD: (usize, bool, &[u8]) = (0, true, b"abcdefgh");
    const BODY: (usize, bool, &[u8]) = (8, true, b"ijklmnop");
    const TAIL: (usize, bool, &[u8]) = (16, false, b"qr");

    #[test]
    fn fragments_come_in_any_order_and_copies_are_ignored() {
        let whole = b"abcdefghijklmnopqr".to_vec();
        for order in [[HEAD, BODY, TAIL], [TAIL, BODY, HEAD], [BODY, TAIL, HEAD]] {
            assert_eq!(outcome(&order), Gathered::Whole(whole.clone()));
        }
        let mut fragments = Fragments::new();
        let gathered = gather(&mut fragments, &[HEAD, HEAD, BODY, TAIL, TAIL, HEAD]);
        assert_eq!(gathered[3], Gathered::Whole(whole));
        assert!(gathered[4..].iter().all(|gathered| *gathered == Gathered::Waiting));
        fragments.end(|| panic!("copies are no loss"));
    }

    #[test]
    fn what_overlaps_or_contradicts_itself_is_given_up_once() {
        let impossible: &[&[(usize, bool, &[u8])]] = &[
            &[HEAD, (0, true, b"ABCDEFGH")],
            &[HEAD, (0, true, b"abcdefghijklmnop")],
            &[BODY, (0, true, b"abcdefghABCDEFGH")],
            &[BODY, (8, false, b"i")],
            &[TAIL, (24, true, b"abcdefgh")],
            &[TAIL, (16, false, b"q")],
            &[(0, true, b"seven b")],
            &[(65_528, false, b"abcdefgh")],
            &[(8, true, b"")],
        ];
        for parts in impossible {
            let mut fragments = Fragments::new();
            let gathered = gather(&mut fragments, parts);
            assert_eq!(gathered.last(), Some(&Gathered::Lost), "{parts:?}");
            assert_eq!(gather(&mut fragments, &[TAIL]), [Gathered::Waiting]);
            fragments.end(|| panic!("it was counted"));
        }
    }

    #[test]
    fn what_stays_incomplete_is_lost() {
        let mut fragments = Fragments::new();
        gather(&mut fragments, &[HEAD, TAIL]);
        let (packet, mut lost) = (part(7, (8, true), UDP, b"ijklmnop"), 0);
        let late = Datagram::of(&packet).unwrap();
        let gathered = fragments.gather(&late, PATIENCE + 1, |_| true, || lost += 1);
        assert_eq!((gathered, lost), (Gathered::Waiting, 1), "the others were too old");
        fragments.end(|| lost += 1);
        assert_eq!(lost, 2);
    }

    #[test]
    fn memory_is_bounded_and_what_is_not_wanted_takes_none() {
        let (mut fragments, mut lost, bytes) = (Fragments::new(), 0, [7; 1_400]);
        for id in 0..40_000_u16 {
            let packet = part(id, (0, true), UDP, &bytes);
            let datagram = Datagram::of(&packet).unwrap();
            let wanted = fragments.gather(&datagram, u64::from(id), |_| id % 2 == 0, || lost += 1);
            assert_eq!(wanted == Gathered::Unwanted, id % 2 == 1);
            assert!(fragments.table.len() <= 2 * BOUNDS.entries + 1);
        }
        fragments.end(|| lost += 1);
        assert_eq!(lost, 20_000);
    }

    proptest! {
        #[test]
        fn any_cut_in_any_order_gives_the_same(
            bytes in prop::collection::vec(any::<u8>(), 9..2_000),
            cuts in prop::collection::btree_set(1_usize..250, 1..20),
            seed in any::<u64>(),
        ) {
            let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut * 8).filter(|cut| *cut < bytes.len()).collect();
            ends.push(bytes.len());
            let mut begin = 0;
            let mut parts: Vec<(usize, bool, &[u8])> = Vec::new();
            for end in ends {
                parts.push((begin, end < bytes.len(), &bytes[begin..end]));
                begin = end;
            }
            if parts.len() > 1 {
                let by = usize::try_from(seed % parts.len() as u64).unwrap();
                parts.rotate_left(by);
                if seed % 3 == 0 { parts.reverse(); }
                let again = parts[by];
                parts.insert(0, again);
                let gathered = gather(&mut Fragments::new(), &parts);
                let wholes: Vec<_> = gathered.into_iter().filter(|gathered| *gathered != Gathered::Waiting).collect();
                prop_assert_eq!(wholes, [Gathered::Whole(bytes.clone())]);
            }
        }
    }
}

//! Which question a response answers, and whether it was seen already: [`Exchange`] and [`Doubles`].
//!
//! A query is remembered for [`PATIENCE`] of capture time by its addresses, ports, id and protocol; of its question, only a hash is
//! kept. A response whose query was not seen is accepted, because captures begin in the middle, and often have one direction alone.
//!
//! Both tables are bounded, and forget the oldest first.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use super::ip::Flow;
use super::recent::{Bounds, Held, Recent};

/// How long a query is remembered, in nanoseconds (10 s).
const PATIENCE: u64 = 10_000_000_000;
/// How far copies of a packet are apart at most, in nanoseconds (100 µs).
const APART: u64 = 100_000;
const QUERIES: Bounds = Bounds { span: PATIENCE, entries: 65_536, bytes: usize::MAX };
const DOUBLES: Bounds = Bounds { span: 1_000_000_000, entries: 65_536, bytes: usize::MAX };

/// Queries that were seen.
pub(super) struct Exchange {
    hasher: RandomState,
    queries: Recent<Key, Asked>,
}

/// A query, as its response has it.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    flow: Flow,
    id: [u8; 2],
    is_tcp: bool,
}

struct Asked {
    seen: u64,
    /// `None` if two questions were asked with the same id.
    question: Option<u64>,
}

impl Held for Asked {}

impl Exchange {
    pub(super) fn new() -> Self {
        Self { hasher: RandomState::new(), queries: Recent::new(QUERIES) }
    }

    /// Remembers the question of a query.
    pub(super) fn ask(&mut self, flow: Flow, is_tcp: bool, query: &[u8], now: u64) {
        self.queries.turn(now, |_, _| {});
        let (Some(id), Some(asked)) = (query.first_chunk(), self.question(query)) else { return };
        let key = Key { flow: flow.reversed(), id: *id, is_tcp };
        let earlier = self.queries.take(&key).filter(|earlier| now.abs_diff(earlier.seen) <= PATIENCE);
        let question =
            earlier.map_or(Some(asked), |earlier| earlier.question.filter(|known| *known == asked));
        self.queries.put(key, Asked { seen: now, question });
    }

    /// Whether a response is one to another question than was asked.
    pub(super) fn contradicts(&self, flow: Flow, is_tcp: bool, response: &[u8], now: u64) -> bool {
        let Some(id) = response.first_chunk() else { return false };
        let asked = self.queries.get(&Key { flow, id: *id, is_tcp });
        let Some(Asked { seen, question: Some(asked) }) = asked else { return false };
        now.abs_diff(*seen) <= PATIENCE && self.question(response).is_some_and(|question| question != *asked)
    }

    /// The hash of the only question, without regard to case; `None` if it cannot be read.
    fn question(&self, message: &[u8]) -> Option<u64> {
        let (header, mut rest) = message.split_first_chunk::<12>()?;
        if header.get(4..6) != Some(&[0, 1]) {
            return None;
        }
        let mut hasher = self.hasher.build_hasher();
        let mut octets = 0;
        loop {
            let (length, after) = rest.split_first()?;
            // The first name of a message has nothing to point to.
            let (label, after) = after.split_at_checked(usize::from(*length)).filter(|_| *length < 64)?;
            hasher.write_u8(*length);
            for octet in label {
                hasher.write_u8(octet.to_ascii_lowercase());
            }
            octets += 1 + label.len();
            rest = after;
            if label.is_empty() {
                break;
            }
            if octets > 254 {
                return None;
            }
        }
        hasher.write(rest.first_chunk::<4>()?);
        Some(hasher.finish())
    }
}

/// Responses that were seen a moment ago.
pub(super) struct Doubles {
    hasher: RandomState,
    seen: Recent<u64, Moment>,
}

/// A time, in nanoseconds since the epoch.
struct Moment(u64);

impl Held for Moment {}

impl Doubles {
    pub(super) fn new() -> Self {
        Self { hasher: RandomState::new(), seen: Recent::new(DOUBLES) }
    }

    /// Whether the same response was seen at most 100 µs ago.
    pub(super) fn has(&mut self, flow: Flow, response: &[u8], now: u64) -> bool {
        self.seen.turn(now, |_, _| {});
        let key = self.hasher.hash_one((flow, response));
        let earlier = self.seen.take(&key);
        self.seen.put(key, Moment(now));
        earlier.is_some_and(|Moment(earlier)| now.abs_diff(earlier) <= APART)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::super::testing::{CLIENT, SERVER};
    use super::*;
    use crate::format::testing::{query, response};

    fn flow() -> Flow {
        let (source, destination) = (IpAddr::from(SERVER), IpAddr::from(CLIENT));
        Flow { source, destination, source_port: 53, destination_port: 9 }
    }

    #[test]
    fn a_response_must_have_the_question_of_its_query() {
        let mut exchange = Exchange::new();
        exchange.ask(flow().reversed(), false, &query("WWW.example"), 0);
        let contradicts = |name, is_tcp, now| exchange.contradicts(flow(), is_tcp, &response(name, &[]), now);
        assert!(!contradicts("www.EXAMPLE", false, 0));
        assert!(contradicts("ww.example", false, 0));
        assert!(contradicts("ww.example", false, PATIENCE));
        assert!(!contradicts("ww.example", false, PATIENCE + 1), "the query is forgotten");
        assert!(!contradicts("ww.example", true, 0), "over TCP nothing was asked");
        let mut other = response("ww.example", &[]);
        other[1] = 8;
        assert!(!exchange.contradicts(flow(), false, &other, 0), "another id");
        assert!(!exchange.contradicts(flow().reversed(), false, &response("ww.example", &[]), 0));
        let mut aaaa = response("www.example", &[]);
        let at = aaaa.len() - 3;
        aaaa[at] = 28;
        assert!(exchange.contradicts(flow(), false, &aaaa, 0), "another type");
    }

    #[test]
    fn two_questions_with_one_id_accept_both_answers() {
        let mut exchange = Exchange::new();
        exchange.ask(flow().reversed(), false, &query("a.example"), 0);
        exchange.ask(flow().reversed(), false, &query("a.example"), 5);
        assert!(exchange.contradicts(flow(), false, &response("b.example", &[]), 5));
        exchange.ask(flow().reversed(), false, &query("b.example"), 6);
        for name in ["a.example", "b.example"] {
            assert!(!exchange.contradicts(flow(), false, &response(name, &[]), 6));
        }
    }

    #[test]
    fn questions_that_cannot_be_read_are_not_compared() {
        let mut exchange = Exchange::new();
        let whole = query("a.example");
        for end in 0..whole.len() {
            exchange.ask(flow().reversed(), false, &whole[..end], 0);
        }
        assert_eq!(exchange.queries.len(), 0);
        exchange.ask(flow().reversed(), false, &whole, 0);
        let mut pointer = response("b.example", &[]);
        pointer[12] = 0xc0;
        assert!(!exchange.contradicts(flow(), false, &pointer, 0));
        let long = response(&"x.".repeat(200), &[]);
        assert!(!exchange.contradicts(flow(), false, &long, 0));
    }

    #[test]
    fn doubles_are_the_same_message_within_a_moment() {
        let mut doubles = Doubles::new();
        let (a, b) = (response("a.example", &[]), response("b.example", &[]));
        assert!(!doubles.has(flow(), &a, 0));
        assert!(!doubles.has(flow(), &b, 0));
        assert!(doubles.has(flow(), &a, APART));
        assert!(!doubles.has(flow(), &a, 2 * APART + 1));
        assert!(!doubles.has(flow().reversed(), &a, 2 * APART + 1));
    }

    #[test]
    fn both_tables_are_bounded() {
        let (mut exchange, mut doubles) = (Exchange::new(), Doubles::new());
        for at in 0..300_000_u32 {
            let [_, _, high, low] = at.to_be_bytes();
            let asked = Flow { destination_port: u16::from_be_bytes([high, low]), ..flow() };
            let mut query = query("a.example");
            query[0] = at.to_be_bytes()[1];
            exchange.ask(asked.reversed(), false, &query, 0);
            doubles.has(asked, &query, 0);
        }
        assert!(exchange.queries.len() <= 2 * QUERIES.entries && doubles.seen.len() <= 2 * DOUBLES.entries);
    }
}

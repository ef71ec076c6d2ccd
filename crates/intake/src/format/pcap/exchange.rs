//! Which question a response answers: [`Exchange`].
//!
//! A query is remembered for [`PATIENCE`] of capture time by its addresses, ports, id and protocol; of its question, only a hash is
//! kept. A response whose query is not known is accepted, because captures begin in the middle, and often have one direction alone.
//!
//! There is a fixed number of places, each for one query. A new query takes the place of an older one, so memory is bounded, and
//! nothing is allocated for a packet. The hashes have no secret, so the same capture always gives the same result; whoever makes
//! two queries take one place only makes one of them forgotten.

use std::hash::{DefaultHasher, Hasher as _};
use std::net::IpAddr;

use super::ip::Flow;

/// How long a query is remembered, in nanoseconds (10 s).
const PATIENCE: u64 = 10_000_000_000;
/// Queries that are remembered at most.
const QUERIES: usize = 1 << 17;
/// The longest question: a name, type and class, in bytes.
const QUESTION: usize = 255 + 4;

/// Queries that were seen.
pub(super) struct Exchange(Vec<Asked>);

/// A query, as its response has it.
#[derive(Clone, Copy, Default)]
struct Asked {
    key: u64,
    /// In nanoseconds since the epoch.
    seen: u64,
    /// `None` if two questions were asked with the same id.
    question: Option<u64>,
}

impl Exchange {
    pub(super) fn new() -> Self {
        Self(vec![Asked::default(); QUERIES])
    }

    /// Remembers the question of a query.
    pub(super) fn ask(&mut self, flow: Flow, is_tcp: bool, query: &[u8], now: u64) {
        let Some(question) = question(query) else { return };
        let key = key(flow.reversed(), is_tcp, query);
        let Some(place) = self.0.get_mut(place(key)) else { return };
        let is_same_query = place.key == key && now.abs_diff(place.seen) <= PATIENCE;
        let is_other_question = is_same_query && place.question != Some(question);
        *place = Asked { key, seen: now, question: Some(question).filter(|_| !is_other_question) };
    }

    /// Whether a response is one to another question than was asked.
    pub(super) fn contradicts(&self, flow: Flow, is_tcp: bool, response: &[u8], now: u64) -> bool {
        let key = key(flow, is_tcp, response);
        let asked = self.0.get(place(key)).filter(|asked| asked.key == key);
        let Some(Asked { seen, question: Some(asked), .. }) = asked else { return false };
        now.abs_diff(*seen) <= PATIENCE && question(response).is_some_and(|question| question != *asked)
    }
}

/// A hash of who sent a response to whom, and of its id.
fn key(flow: Flow, is_tcp: bool, message: &[u8]) -> u64 {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    };
    let mut hasher = DefaultHasher::new();
    hasher.write(&octets(flow.source));
    hasher.write(&octets(flow.destination));
    let ports = (u32::from(flow.source_port) << 16) | u32::from(flow.destination_port);
    let id = message.first_chunk().copied().map_or(0, u16::from_be_bytes);
    hasher.write_u64((u64::from(ports) << 32) | (u64::from(id) << 16) | u64::from(is_tcp));
    hasher.finish()
}

fn place(key: u64) -> usize {
    usize::try_from(key % QUERIES as u64).unwrap_or_default()
}

/// The hash of the only question, without regard to case; `None` if it cannot be read.
fn question(message: &[u8]) -> Option<u64> {
    let (header, rest) = message.split_first_chunk::<12>()?;
    if header.get(4..6) != Some(&[0, 1]) {
        return None;
    }
    let mut length = 0;
    loop {
        let label = usize::from(*rest.get(length)?);
        // The first name of a message has nothing to point to.
        if label >= 64 {
            return None;
        }
        length += 1 + label;
        if label == 0 {
            break;
        }
    }
    let mut lower = [0; QUESTION];
    let lower = lower.get_mut(..length + 4)?;
    lower.copy_from_slice(rest.get(..length + 4)?);
    // The lengths of labels are below the capital letters.
    lower.get_mut(..length)?.make_ascii_lowercase();
    let mut hasher = DefaultHasher::new();
    hasher.write(lower);
    Some(hasher.finish())
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
        assert!(exchange.0.iter().all(|asked| asked.key == 0));
        exchange.ask(flow().reversed(), false, &whole, 0);
        let mut pointer = response("b.example", &[]);
        pointer[12] = 0xc0;
        assert!(!exchange.contradicts(flow(), false, &pointer, 0));
        let long = response(&"x.".repeat(200), &[]);
        assert!(!exchange.contradicts(flow(), false, &long, 0));
    }

    #[test]
    fn a_forgotten_query_accepts_every_response() {
        let mut exchange = Exchange::new();
        exchange.ask(flow().reversed(), false, &query("a.example"), 0);
        let other = response("b.example", &[]);
        assert!(exchange.contradicts(flow(), false, &other, 0));
        let taken = place(key(flow(), false, &other));
        let same_place =
            (0..=u16::MAX).flat_map(|port| (1..20).map(move |id| (port, id))).find(|(port, id)| {
                let flow = Flow { destination_port: *port, ..flow() };
                place(key(flow, false, &[*id, 0])) == taken
            });
        let (destination_port, id) = same_place.unwrap();
        let mut another = query("a.example");
        another[..2].copy_from_slice(&[id, 0]);
        exchange.ask(Flow { destination_port, ..flow() }.reversed(), false, &another, 0);
        assert!(!exchange.contradicts(flow(), false, &other, 0));
        assert_eq!(exchange.0.len(), QUERIES);
    }
}

//! DNS responses in wire format (RFC 1035), and the records that they prove: [`Responses`].
//!
//! What counts: a response (QR) to a standard query with one question of class IN, not truncated, with the code NOERROR. Of its
//! answer section, the records on the chain that begins at the question and follows CNAME and DNAME records. Where the zone of the
//! answering server is known (bailiwick), also the NS and SOA records of the authority section and the addresses of these name
//! servers; and nothing outside that zone. Everything else is dropped and counted.
//!
//! The `domain` library parses messages and names; it follows compression pointers only backwards. Names inside the data of the
//! types that RFC 3597 (section 4) lists are decompressed here. A message has at most 64 KiB, so it has less than 6,000 records; a
//! chain has at most [`LINKS`] names.
//!
//! Errors: a message that cannot be read is rejected as a whole ([`Reason::Message`]).

use std::ops::Range;

use cof::RrType;
use domain::base::iana::{Class, Opcode, Rcode, Rtype};
use domain::base::message::RecordSection;
use domain::base::name::ParsedName;
use domain::base::rdata::{ParseRecordData, RecordData};
use domain::base::wire::ParseError;
use domain::base::{Message, Question};
use domain::dep::octseq::{Octets, Parser};

use crate::out::Out;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};

/// Names on the chain from the question to the last alias.
const LINKS: usize = 16;

/// Name servers of a message whose addresses are taken.
const SERVERS: usize = 64;

/// What is known about a response beside its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// When it was seen, in seconds since the epoch.
    pub(crate) time: u64,
    /// The zone of the answering server, in wire format and lower case.
    pub(crate) bailiwick: Option<&'a [u8]>,
    /// The query that it answers, if that was seen.
    pub(crate) query: Option<&'a [u8]>,
}

/// Reads responses. It keeps its memory from one to the next.
#[derive(Default)]
pub(crate) struct Responses {
    /// Names and data of the message at hand, decompressed; names in lower case.
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Names on the chain.
    chain: Vec<Range<usize>>,
    /// Owners of DNAME records on the chain.
    branches: Vec<Range<usize>>,
}

struct Record {
    section: Section,
    rrtype: u16,
    is_in: bool,
    owner: Range<usize>,
    rdata: Range<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Answer,
    Authority,
    Additional,
}

/// Why nothing was taken of a message.
enum Refused {
    Dropped(Dropped),
    Malformed,
}

impl From<ParseError> for Refused {
    fn from(_: ParseError) -> Self {
        Self::Malformed
    }
}

impl Responses {
    /// Hands over the records that a message proves.
    pub(crate) fn read(&mut self, message: &[u8], about: &About<'_>, out: &mut Out<'_>) {
        match self.collect(message, about) {
            Ok(()) => self.hand_over(about, out),
            Err(Refused::Dropped(why)) => out.drop(why),
            Err(Refused::Malformed) => out.reject(Reason::Message),
        }
    }

    /// Collects the records of the sections that count.
    fn collect(&mut self, octets: &[u8], about: &About<'_>) -> Result<(), Refused> {
        self.bytes.clear();
        self.records.clear();
        self.chain.clear();
        self.branches.clear();
        let message = Message::from_slice(octets).map_err(|_| Refused::Malformed)?;
        check_kind(message).map_err(Refused::Dropped)?;
        // Damage is told as such, whatever the code of the response is.
        let question = message.sole_question()?;
        check_outcome(message).map_err(Refused::Dropped)?;
        if question.qclass() != Class::IN {
            return Err(Refused::Dropped(Dropped::Class));
        }
        if is_meta(question.qtype().to_int(), &[]) && question.qtype() != Rtype::ANY {
            return Err(Refused::Dropped(Dropped::MetaType));
        }
        if about.query.is_some_and(|query| !asks(query, &question)) {
            return Err(Refused::Dropped(Dropped::OtherQuestion));
        }
        let asked = self.push_name(question.qname());
        self.chain.push(asked);
        let answer = message.answer()?;
        self.section(answer, Section::Answer)?;
        if about.bailiwick.is_some() {
            let authority = answer.next_section()?.ok_or(Refused::Malformed)?;
            self.section(authority, Section::Authority)?;
            let additional = authority.next_section()?.ok_or(Refused::Malformed)?;
            self.section(additional, Section::Additional)?;
        }
        Ok(())
    }

    fn section(&mut self, records: RecordSection<'_, [u8]>, section: Section) -> Result<(), Refused> {
        for record in records {
            let record = record?;
            let rrtype = record.rtype().to_int();
            let owner = self.push_name(&record.owner());
            let Some(data) = record.to_record::<Unread<'_>>()? else { return Err(Refused::Malformed) };
            let start = self.bytes.len();
            self.push_data(rrtype, data.into_data().0)?;
            let rdata = start..self.bytes.len();
            self.records.push(Record { section, rrtype, is_in: record.class() == Class::IN, owner, rdata });
        }
        Ok(())
    }

    /// Appends a name in lower case.
    fn push_name<O: Octets + ?Sized>(&mut self, name: &ParsedName<&O>) -> Range<usize> {
        let start = self.bytes.len();
        for label in name {
            let label = label.as_slice();
            // A label has at most 63 octets.
            self.bytes.push(u8::try_from(label.len()).unwrap_or_default());
            self.bytes.extend(label.iter().map(u8::to_ascii_lowercase));
        }
        start..self.bytes.len()
    }

    /// Appends data without compression.
    fn push_data(&mut self, rrtype: u16, mut data: Parser<'_, [u8]>) -> Result<(), ParseError> {
        let (before, names) = names_in(rrtype);
        match before {
            Before::Octets(count) => self.push_octets(&mut data, count)?,
            Before::Naptr => {
                self.push_octets(&mut data, 4)?;
                for _ in 0..3 {
                    let length = usize::from(*data.peek(1)?.first().unwrap_or(&0));
                    self.push_octets(&mut data, 1 + length)?;
                }
            }
        }
        for _ in 0..names {
            let name = ParsedName::parse(&mut data)?;
            self.push_name(&name);
        }
        let rest = data.remaining();
        self.push_octets(&mut data, rest)
    }

    fn push_octets(&mut self, data: &mut Parser<'_, [u8]>, count: usize) -> Result<(), ParseError> {
        self.bytes.extend_from_slice(data.peek(count)?);
        Ok(data.advance(count)?)
    }

    fn hand_over(&mut self, about: &About<'_>, out: &mut Out<'_>) {
        self.follow_chain();
        let mut taken = false;
        for record in &self.records {
            let owner = self.part(&record.owner);
            let rdata = self.part(&record.rdata);
            match self.verdict(record, about) {
                Verdict::Taken => {
                    taken = true;
                    out.sight(&Sighting {
                        owner: Part::Wire(owner),
                        rrtype: RrType::Code(record.rrtype),
                        rdata: Part::Wire(rdata),
                        bailiwick: about.bailiwick,
                        seen: Seen::once(about.time),
                    });
                }
                Verdict::Dropped(why) => out.drop(why),
                Verdict::Ignored => {}
            }
        }
        if taken {
            out.message();
        } else {
            out.drop(Dropped::Empty);
        }
    }

    /// Finds the names that the question leads to, in any order of the records.
    fn follow_chain(&mut self) {
        let alias = |record: &&Record| {
            record.section == Section::Answer && record.is_in && matches!(record.rrtype, CNAME | DNAME)
        };
        let aliases: Vec<&Record> = self.records.iter().filter(alias).collect();
        if aliases.is_empty() {
            return;
        }
        let mut at = 0;
        while let Some(name) = self.chain.get(at).cloned() {
            at += 1;
            for alias in &aliases {
                let leads = if alias.rrtype == CNAME {
                    self.bytes.get(alias.owner.clone()) == self.bytes.get(name.clone())
                } else {
                    is_below(self.bytes.get(name.clone()), self.bytes.get(alias.owner.clone()))
                };
                if !leads {
                    continue;
                }
                let next = if alias.rrtype == CNAME {
                    alias.rdata.clone()
                } else {
                    self.branches.push(alias.owner.clone());
                    let prefix = name.start..name.end - alias.owner.len();
                    let start = self.bytes.len();
                    self.bytes.extend_from_within(prefix);
                    self.bytes.extend_from_within(alias.rdata.clone());
                    start..self.bytes.len()
                };
                let known = self
                    .chain
                    .iter()
                    .any(|known| self.bytes.get(known.clone()) == self.bytes.get(next.clone()));
                if !known && self.chain.len() < LINKS {
                    self.chain.push(next);
                }
            }
        }
    }

    fn verdict(&self, record: &Record, about: &About<'_>) -> Verdict {
        if is_meta(record.rrtype, self.part(&record.rdata)) {
            return if record.rrtype == OPT { Verdict::Ignored } else { Verdict::Dropped(Dropped::MetaType) };
        }
        if !record.is_in {
            return Verdict::Dropped(Dropped::Class);
        }
        let owner = self.part(&record.owner);
        if about.bailiwick.is_some_and(|zone| !is_within(owner, zone)) {
            return Verdict::Dropped(Dropped::OutOfBailiwick);
        }
        let is_any = |names: &[Range<usize>]| names.iter().any(|name| self.part(name) == owner);
        match record.section {
            Section::Answer if is_any(&self.chain) => Verdict::Taken,
            Section::Answer if matches!(record.rrtype, DNAME | RRSIG) && is_any(&self.branches) => {
                Verdict::Taken
            }
            Section::Answer => Verdict::Dropped(Dropped::OffChain),
            Section::Authority if matches!(record.rrtype, NS | SOA) => Verdict::Taken,
            Section::Additional if matches!(record.rrtype, A | AAAA) && self.is_glue(owner) => Verdict::Taken,
            Section::Authority | Section::Additional => Verdict::Ignored,
        }
    }

    /// Whether this is a name server that the message names.
    fn is_glue(&self, owner: &[u8]) -> bool {
        let servers = self.records.iter().filter(|record| record.rrtype == NS);
        servers.take(SERVERS).any(|server| self.part(&server.rdata) == owner)
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }
}

enum Verdict {
    Taken,
    Dropped(Dropped),
    /// It is no data, and nobody misses it.
    Ignored,
}

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const SIG: u16 = 24;
const AAAA: u16 = 28;
const DNAME: u16 = 39;
const OPT: u16 = 41;
const RRSIG: u16 = 46;

/// Data whose parser was not read yet.
struct Unread<'a>(Parser<'a, [u8]>);

impl RecordData for Unread<'_> {
    fn rtype(&self) -> Rtype {
        Rtype::ANY
    }
}

impl<'a> ParseRecordData<'a, [u8]> for Unread<'a> {
    fn parse_rdata(_: Rtype, parser: &mut Parser<'a, [u8]>) -> Result<Option<Self>, ParseError> {
        let unread = Self(*parser);
        parser.advance(parser.remaining())?;
        Ok(Some(unread))
    }
}

fn check_kind(message: &Message<[u8]>) -> Result<(), Dropped> {
    let header = message.header();
    if !header.qr() {
        Err(Dropped::Query)
    } else if header.opcode() != Opcode::QUERY {
        Err(Dropped::Opcode)
    } else if message.header_counts().qdcount() != 1 {
        Err(Dropped::Questions)
    } else {
        Ok(())
    }
}

fn check_outcome(message: &Message<[u8]>) -> Result<(), Dropped> {
    let header = message.header();
    if header.tc() {
        Err(Dropped::TruncatedResponse)
    } else if header.rcode() != Rcode::NOERROR {
        Err(Dropped::Rcode)
    } else {
        Ok(())
    }
}

/// Whether a query has this question. Letters may differ in case, because resolvers vary it as a protection.
fn asks<O: Octets + ?Sized>(query: &[u8], question: &Question<ParsedName<&O>>) -> bool {
    let Ok(query) = Message::from_slice(query) else { return false };
    query.sole_question().is_ok_and(|asked| {
        asked.qtype() == question.qtype()
            && asked.qclass() == question.qclass()
            && asked.qname().iter().eq(question.qname().iter())
    })
}

/// Whether a type is used between servers only and is no data of a zone (RFC 6895 section 3.1), or a signature of a message.
fn is_meta(rrtype: u16, rdata: &[u8]) -> bool {
    matches!(rrtype, 0 | OPT | 128..=255) || (rrtype == SIG && rdata.starts_with(&[0, 0]))
}

/// What stands before the names in data.
enum Before {
    Octets(usize),
    /// Four octets and three character strings.
    Naptr,
}

/// Where the data of a type has names that may be compressed, and how many: the types of RFC 1035 and those that RFC 3597,
/// section 4, lists. Signers of RRSIG records must not compress, and some do.
fn names_in(rrtype: u16) -> (Before, usize) {
    match rrtype {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR, NXT, DNAME.
        2..=5 | 7..=9 | 12 | 30 | 39 => (Before::Octets(0), 1),
        // SOA, MINFO, RP.
        6 | 14 | 17 => (Before::Octets(0), 2),
        // MX, AFSDB, RT, KX.
        15 | 18 | 21 | 36 => (Before::Octets(2), 1),
        // PX.
        26 => (Before::Octets(2), 2),
        // SRV.
        33 => (Before::Octets(6), 1),
        // SIG, RRSIG.
        SIG | RRSIG => (Before::Octets(18), 1),
        35 => (Before::Naptr, 1),
        _ => (Before::Octets(0), 0),
    }
}

/// Whether a name in wire format and lower case is `zone` or stands below it.
fn is_within(name: &[u8], zone: &[u8]) -> bool {
    name == zone || is_below(Some(name), Some(zone))
}

fn is_below(name: Option<&[u8]>, zone: Option<&[u8]>) -> bool {
    let (Some(name), Some(zone)) = (name, zone) else { return false };
    let mut rest = name;
    while rest.len() > zone.len() {
        let label = rest.first().map_or(0, |length| usize::from(*length));
        let Some(after) = rest.get(1 + label..) else { return false };
        rest = after;
        if rest == zone {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::testing::{self, query, response, sections, wire};
    use crate::tally::Tally;

    const AT: u64 = 1_700_000_000;
    const V4: &[u8] = &[185, 194, 93, 1];

    fn about() -> About<'static> {
        About { time: AT, bailiwick: None, query: None }
    }

    /// Records as text, and what was dropped and rejected.
    fn read(message: &[u8], about: &About<'_>) -> (Vec<String>, Vec<Dropped>, Vec<Reason>) {
        let (mut window, mut tally) = (testing::window(), Tally::default());
        let mut out = Out {
            window: &mut window,
            tally: &mut tally,
            plausible: cof::time::Window::ANY,
            received: None,
            passes_over: false,
            offset: 0,
            rejected: Vec::new(),
        };
        Responses::default().read(message, about, &mut out);
        let rejected = out.rejected;
        let mut rows: Vec<String> = window
            .take()
            .iter()
            .map(|row| format!("{} {} {}", row.rrname, row.rrtype, row.rdata.to_text(row.rrtype)))
            .collect();
        rows.sort();
        let dropped =
            tally.dropped.iter().flat_map(|(why, place)| vec![*why; usize::try_from(place.count).unwrap()]);
        (rows, dropped.collect(), rejected)
    }

    #[test]
    fn a_chain_is_followed_in_any_order_and_what_is_beside_it_is_dropped() {
        let (cdn, edge) = (wire("cdn.example"), wire("EDGE.example"));
        let mut answers: Vec<(&str, u16, &[u8])> = vec![
            ("www.example", CNAME, &cdn),
            ("cdn.EXAMPLE", CNAME, &edge),
            ("edge.example", A, V4),
            ("other.example", A, V4),
        ];
        let expected = [
            "cdn.example CNAME edge.example",
            "edge.example A 185.194.93.1",
            "www.example CNAME cdn.example",
        ];
        for _ in 0..2 {
            let (rows, dropped, _) = read(&response("WWW.example", &answers), &about());
            assert_eq!(rows, expected);
            assert_eq!(dropped, [Dropped::OffChain]);
            answers.reverse();
        }
    }

    #[test]
    fn a_dname_leads_to_the_name_that_it_makes() {
        let (target, made) = (wire("new.example"), wire("www.new.example"));
        let signature = [&[0, 39, 8, 2][..], &[0; 14], &wire("old.example"), &[7; 8]].concat();
        let answers: &[(&str, u16, &[u8])] = &[
            ("old.example", DNAME, &target),
            ("old.example", RRSIG, &signature),
            ("old.example", A, V4),
            ("www.old.example", CNAME, &made),
            ("www.new.example", A, V4),
        ];
        let (rows, dropped, _) = read(&response("www.old.example", answers), &about());
        assert_eq!(rows.len(), 4, "{rows:?}");
        assert_eq!(dropped, [Dropped::OffChain]);
    }

    #[test]
    fn a_long_chain_ends_and_a_circle_does_too() {
        let names: Vec<String> = (0..40).map(|at| format!("n{at}.example")).collect();
        let wires: Vec<Vec<u8>> = names.iter().skip(1).map(|name| wire(name)).collect();
        let answers: Vec<(&str, u16, &[u8])> =
            names.iter().zip(&wires).map(|(name, next)| (name.as_str(), CNAME, next.as_slice())).collect();
        let (rows, _, _) = read(&response("n0.example", &answers), &about());
        assert_eq!(rows.len(), LINKS);
        let circle: &[(&str, u16, &[u8])] = &[("a", CNAME, &[1, b'b', 0]), ("b", CNAME, &[1, b'a', 0])];
        assert_eq!(read(&response("a", circle), &about()).0, ["a CNAME b", "b CNAME a"]);
    }

    #[test]
    fn other_sections_count_only_in_a_known_zone() {
        let (server, outside) = (wire("ns.example"), wire("ns.other"));
        let authority: &[(&str, u16, &[u8])] =
            &[("sub.example", NS, &server), ("sub.example", NS, &outside), ("other", NS, &outside)];
        let additional: &[(&str, u16, &[u8])] =
            &[("ns.example", A, V4), ("ns.other", A, V4), ("www.example", A, V4), ("", OPT, b"")];
        let message = sections("www.sub.example", [&[], authority, additional]);
        let (rows, dropped, _) = read(&message, &about());
        assert_eq!((rows, dropped), (vec![], vec![Dropped::Empty]));
        let zone = wire("example");
        let (rows, dropped, _) = read(&message, &About { bailiwick: Some(&zone), ..about() });
        let expected = ["ns.example A 185.194.93.1", "sub.example NS ns.example", "sub.example NS ns.other"];
        assert_eq!(rows, expected);
        assert_eq!(dropped, [Dropped::OutOfBailiwick; 2]);
    }

    #[test]
    fn what_is_no_answer_is_dropped_by_reason() {
        let good = response("a.example", &[("a.example", A, V4)]);
        assert_eq!(read(&good, &about()).0.len(), 1);
        let with = |at: usize, byte: u8| {
            let mut message = good.clone();
            message[at] = byte;
            message
        };
        let class = good.len() - 14 + 3;
        for (message, why) in [
            (query("a.example"), Dropped::Query),
            (with(2, 0xa1), Dropped::Opcode),
            (with(2, 0x83), Dropped::TruncatedResponse),
            (with(3, 0x83), Dropped::Rcode),
            (with(5, 2), Dropped::Questions),
            (with(5, 0), Dropped::Questions),
            (with(7, 0), Dropped::Empty),
        ] {
            assert_eq!(read(&message, &about()), (vec![], vec![why], vec![]), "{why:?}");
        }
        assert_eq!(good[class], 1);
        assert_eq!(read(&with(class, 3), &about()).1, [Dropped::Empty, Dropped::Class]);
    }

    #[test]
    fn data_is_decompressed() {
        // The exchange is a pointer to the question's name.
        let mut message = response("mx.example", &[("mx.example", 15, &[0, 10, 0xc0, 12])]);
        assert_eq!(read(&message, &about()).0, ["mx.example MX 10 mx.example"]);
        // A pointer to itself, and one forwards.
        let at = message.len() - 1;
        for target in [u8::try_from(at - 1).unwrap(), 255] {
            message[at] = target;
            assert_eq!(read(&message, &about()), (vec![], vec![], vec![Reason::Message]));
        }
    }

    #[test]
    fn messages_that_are_cut_off_anywhere_never_panic() {
        let name = wire("www.example");
        let naptr = [&[0, 1, 0, 2, 1, b'u', 0, 3, b'a', b'b', b'c'][..], &name].concat();
        let answers: &[(&str, u16, &[u8])] =
            &[("www.example", A, V4), ("www.example", 35, &naptr), ("www.example", 2, &[0xc0, 12])];
        let message = response("www.example", answers);
        assert_eq!(read(&message, &about()).0.len(), 3);
        for end in 0..message.len() {
            let (rows, _, rejected) = read(&message[..end], &about());
            assert_eq!((rows, rejected), (vec![], vec![Reason::Message]), "at {end}");
        }
    }
}

//! Zeek's `dns.log`, with columns (TSV) or in JSON (docs.zeek.org).
//!
//! ```text
//! #separator \x09
//! #fields  ts  uid  id.orig_h  …  query  qclass  qtype  rcode  TC  answers  TTLs
//! 1521911720.865716  CqKs…  …  www.example  1  1  0  F  cdn.example,185.194.93.1  60.000000,60.000000
//!
//! {"ts":1521911720.865716,"uid":"CqKs…","query":"www.example","qtype":1,"rcode":0,"answers":["cdn.example","185.194.93.1"]}
//! ```
//!
//! Which columns there are varies, so they are found by `#fields`, which may come again in the middle of a file ([`Columns`]).
//! In JSON, `ts` may also be a date, and what is unset is absent.
//!
//! Answers have neither owner nor type. For A and AAAA questions both can be told: a name is the target of a CNAME record of the
//! name before it, and an address is that of the last name. Answers such as `RRSIG 5 example` begin with a type and a blank, and are
//! skipped. If a name follows an address, the order says nothing, and the entry is dropped. TXT and SPF answers have the lengths of
//! their strings and are taken if nothing else is there. A CNAME question has one CNAME record as its answer; a PTR question with
//! one answer outside `arpa` has a PTR record. Everything else could as well be an alias on the way (NS), or is printed in part
//! (MX, SRV, SOA, …), and is dropped ([`Dropped::PartialData`]).
//!
//! In a mirrored capture each message is there twice. If asked for, entries that repeat the key (uid, `trans_id`, query, qtype) of
//! an earlier one within 100 µs are dropped ([`Doubles`]).
//!
//! Errors: a line that cannot be read is rejected. Other logs of Zeek are dropped as no DNS data.

mod columns;
mod object;
mod texts;

use std::net::IpAddr;

use cof::RrType;
use smallvec::SmallVec;

use super::doubles::Doubles;
use super::lines::Entry;
use super::moment::Moment;
use super::spelling::Spelling;
use crate::out::Out;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};
use columns::Columns;

/// Names on the chain from the question to the last alias.
const LINKS: usize = 16;

/// Reads entries.
pub(crate) struct Zeek {
    columns: Columns,
    doubles: Option<Doubles>,
    records: Records,
}

/// What an entry says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Response<'a> {
    at: Option<Moment>,
    uid: &'a [u8],
    id: Option<u64>,
    port: Option<u64>,
    query: Option<&'a [u8]>,
    class: Option<u64>,
    rrtype: Option<u16>,
    opcode: Option<u64>,
    rcode: Option<u64>,
    is_truncated: bool,
    answers: SmallVec<[&'a [u8]; 8]>,
    /// How many TTLs there are.
    ttls: Option<usize>,
}

/// Hands over the records of entries. It keeps its memory from one to the next.
#[derive(Default)]
struct Records {
    owner: Spelling,
    target: Spelling,
    /// Data in wire format.
    wire: Vec<u8>,
}

impl Zeek {
    pub(crate) fn new(folds_doubles: bool) -> Self {
        Self {
            columns: Columns::default(),
            doubles: folds_doubles.then(Doubles::default),
            records: Records::default(),
        }
    }
}

impl Entry for Zeek {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        if line.starts_with(b"#") {
            return self.columns.header(line);
        }
        let (doubles, records) = (self.doubles.as_mut(), &mut self.records);
        let take = |response: &Response<'_>, out: &mut Out<'_>| take(response, doubles, records, out);
        let outcome = if line.trim_ascii_start().starts_with(b"{") {
            object::read(line, out.plausible, |response| take(response, out))
        } else {
            self.columns.read(line).map(|response| take(&response, out))
        };
        match outcome {
            Ok(()) => {}
            Err(Refused::NotDns) => out.drop(Dropped::NotDns),
            Err(Refused::PartialData) => out.drop(Dropped::PartialData),
            Err(Refused::Malformed) => out.reject(Reason::Line),
        }
    }

    fn read_unended(&mut self, line: &[u8], out: &mut Out<'_>) {
        if !line.starts_with(b"{") && self.columns.ends_with_data() {
            return out.reject(Reason::Line);
        }
        self.read(line, out);
    }
}

/// Why a line is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    NotDns,
    PartialData,
    Malformed,
}

fn take(response: &Response<'_>, doubles: Option<&mut Doubles>, records: &mut Records, out: &mut Out<'_>) {
    let Some(at) = response.at else { return out.reject(Reason::WithoutTime) };
    if doubles.is_some_and(|doubles| {
        doubles.has((response.uid, response.id, response.query, response.rrtype), at.as_micros())
    }) {
        return out.drop(Dropped::Doubled);
    }
    let outcome = response.check().and_then(|question| records.hand_over(response, question, at, out));
    match outcome {
        Ok(()) => out.message(),
        Err(why) => out.drop(why),
    }
}

impl<'a> Response<'a> {
    /// The question, if the response is one whose records count.
    fn check(&self) -> Result<(&'a [u8], u16), Dropped> {
        if self.port.is_some_and(|port| super::LOCAL_PORTS.contains(&port)) {
            return Err(Dropped::LocalName);
        }
        if self.opcode.is_some_and(|opcode| opcode != 0) {
            return Err(Dropped::Opcode);
        }
        match self.rcode {
            None => return Err(Dropped::Query),
            Some(0) => {}
            Some(_) => return Err(Dropped::Rcode),
        }
        let (Some(query), Some(rrtype)) = (self.query, self.rrtype) else { return Err(Dropped::Questions) };
        if self.class.is_some_and(|class| class != 1) {
            return Err(Dropped::Class);
        }
        if self.is_truncated {
            return Err(Dropped::TruncatedResponse);
        }
        if matches!(rrtype, 0 | 41 | 128..=255) {
            return Err(Dropped::MetaType);
        }
        if self.answers.is_empty() {
            return Err(Dropped::Empty);
        }
        if self.ttls.is_some_and(|ttls| ttls != self.answers.len()) {
            return Err(Dropped::PartialData);
        }
        Ok((query, rrtype))
    }
}

impl Records {
    fn hand_over(
        &mut self,
        response: &Response<'_>,
        (query, rrtype): (&[u8], u16),
        at: Moment,
        out: &mut Out<'_>,
    ) -> Result<(), Dropped> {
        let seen = Seen::once(at.seconds);
        let answers = response.answers.as_slice();
        match RrType::Code(rrtype) {
            RrType::A | RrType::AAAA => self.walk(query, rrtype, answers, seen, out),
            rrtype @ (RrType::TXT | RrType::SPF) => self.texts(query, rrtype, answers, seen, out),
            rrtype @ (RrType::CNAME | RrType::PTR) => self.lone_name(query, rrtype, answers, seen, out),
            _ => Err(Dropped::PartialData),
        }
    }

    /// Takes the one name that answers a question for a name.
    fn lone_name(
        &mut self,
        query: &[u8],
        rrtype: RrType,
        answers: &[&[u8]],
        seen: Seen,
        out: &mut Out<'_>,
    ) -> Result<(), Dropped> {
        let is_alias = |answer: &&[u8]| is_in_arpa(answer) || answer.starts_with(b"RRSIG 5 ");
        if rrtype == RrType::PTR && answers.iter().any(is_alias) {
            return Err(Dropped::PartialData);
        }
        let mut names = answers.iter().filter(|answer| !is_pseudo(answer));
        let (Some(name), None) = (names.next(), names.next()) else { return Err(Dropped::PartialData) };
        self.name(query, rrtype, name, seen, out);
        Ok(())
    }

    /// Follows the chain from the question over names to addresses.
    fn walk(
        &mut self,
        query: &[u8],
        asked: u16,
        answers: &[&[u8]],
        seen: Seen,
        out: &mut Out<'_>,
    ) -> Result<(), Dropped> {
        let answers =
            || answers.iter().filter(|answer| !is_pseudo(answer)).map(|answer| (*answer, address(answer)));
        if answers().next().is_none() {
            return Err(Dropped::Empty);
        }
        let in_order = answers().map(|(_, address)| address.is_some()).is_sorted();
        let links = answers().filter(|(_, address)| address.is_none()).count();
        if !in_order || links > LINKS {
            return Err(Dropped::OffChain);
        }
        let mut owner = query;
        for (answer, address) in answers() {
            match address {
                None => {
                    self.name(owner, RrType::CNAME, answer, seen, out);
                    owner = answer;
                }
                // Zeek prints an IPv4-mapped address of an AAAA record like that of an A record.
                Some(IpAddr::V4(_)) if RrType::Code(asked) == RrType::AAAA => out.drop(Dropped::PartialData),
                Some(IpAddr::V4(address)) => {
                    self.data(owner, RrType::A, Part::Wire(&address.octets()), seen, out);
                }
                Some(IpAddr::V6(address)) => {
                    self.data(owner, RrType::AAAA, Part::Wire(&address.octets()), seen, out);
                }
            }
        }
        Ok(())
    }

    fn texts(
        &mut self,
        query: &[u8],
        rrtype: RrType,
        answers: &[&[u8]],
        seen: Seen,
        out: &mut Out<'_>,
    ) -> Result<(), Dropped> {
        let word: &[u8] = if rrtype == RrType::TXT { b"TXT " } else { b"SPF " };
        let mut answers = answers.iter().filter(|answer| !is_pseudo(answer) || answer.starts_with(word));
        if !answers.clone().all(|answer| texts::is_whole(answer)) {
            return Err(Dropped::PartialData);
        }
        let mut wire = std::mem::take(&mut self.wire);
        answers.by_ref().for_each(|answer| {
            wire.clear();
            texts::push_wire(answer, &mut wire);
            self.data(query, rrtype, Part::Wire(&wire), seen, out);
        });
        self.wire = wire;
        Ok(())
    }

    fn name(&mut self, owner: &[u8], rrtype: RrType, target: &[u8], seen: Seen, out: &mut Out<'_>) {
        let Some(owner) = self.owner.of_zeek(owner) else { return out.reject(Reason::Owner) };
        let Some(target) = self.target.of_zeek(target) else { return out.reject(Reason::Data) };
        let (owner, rdata) = (Part::Text(owner), Part::Text(target));
        out.sight(&Sighting { owner, rrtype, rdata, bailiwick: None, seen });
    }

    fn data(&mut self, owner: &[u8], rrtype: RrType, rdata: Part<'_>, seen: Seen, out: &mut Out<'_>) {
        let Some(owner) = self.owner.of_zeek(owner) else { return out.reject(Reason::Owner) };
        out.sight(&Sighting { owner: Part::Text(owner), rrtype, rdata, bailiwick: None, seen });
    }
}

/// Whether an answer is a description of a record of a type whose data Zeek does not print: `RRSIG 5 example`, `SSHFP: 1f2e`.
fn is_pseudo(answer: &[u8]) -> bool {
    let word = answer.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
    match answer.get(word..) {
        Some([b' ' | b':', ..]) => answer.first().is_some_and(u8::is_ascii_uppercase),
        _ => matches!(answer, b"" | b"-" | b"NSEC3" | b"NSEC3PARAM"),
    }
}

fn address(answer: &[u8]) -> Option<IpAddr> {
    // Names seldom begin with a digit, and those that have only digits and dots are no host names.
    let is_candidate = answer.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
    if is_candidate { std::str::from_utf8(answer).ok()?.parse().ok() } else { None }
}

/// Whether a name is in the tree of addresses. A PTR question's answer there is an alias (RFC 2317).
fn is_in_arpa(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    name.len() >= 5 && name.get(name.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case(b".arpa"))
}

#[cfg(test)]
mod tests;

//! Suricata's EVE log: the events of type `dns`, in versions 1, 2 and 3 (docs.suricata.io).
//!
//! ```text
//! {"timestamp":"2016-05-24T23:27:02.333141+0000","event_type":"dns","src_ip":…,"dest_ip":…,"dns":{…}}
//!
//! version 1   {"type":"answer","rcode":"NOERROR","rrname":"www.example","rrtype":"A","ttl":60,"rdata":"185.194.93.1"}
//! version 2   {"version":2,"type":"answer","flags":"8180","qr":true,"rrname":"www.example","rrtype":"A","rcode":"NOERROR",
//!              "answers":[{"rrname":"www.example","rrtype":"A","ttl":60,"rdata":"185.194.93.1"}],"grouped":{"A":["185.194.93.1"]}}
//! version 3   {"version":3,"type":"response","flags":"8180","qr":true,"opcode":0,"rcode":"NOERROR",
//!              "queries":[{"rrname":"www.example","rrtype":"A"}],"answers":[…],"authorities":[…],"additionals":[…]}
//! ```
//!
//! Versions 2 and 3 have one event per response, version 1 one per record. Version 1 does not tell answers from authorities, so its NS
//! and SOA records are dropped. Other sections than answers are ignored, because the zone of the server is not known. `grouped`
//! repeats the answers without owners. Where it is all that there is, the data of the type that was asked for belongs to the
//! question, unless there are aliases. Structured data (`soa`, `srv`, `sshfp`) is put together; MX records lack their preference.
//! Each string of a TXT record is an answer of its own, so where one is as long as a string can be, the texts are dropped as partial.
//! The class is not logged; names that servers are asked about themselves by are those of CHAOS.
//!
//! Which address is the client's depends on version and transport, so addresses are not read, and ports only to tell local protocols.
//!
//! Errors: a line that is no such event is rejected, as is an event of version 4 or later. Other events are dropped.

mod fields;

use super::answers::{Answers, Data, Escapes, MOST_STRING, Printer, Row, Section, type_of};
use super::json::{self, Text};
use super::lines::Entry;
use super::moment::Moment;
use super::spelling::Spelling;
use crate::out::Out;
use crate::sightings::Seen;
use crate::tally::{Dropped, Reason};
use fields::{Answer, Dns, Event, Group, Outline, Soa};

/// The latest version that is read.
const NEWEST: u64 = 3;
const NS: u16 = 2;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const MX: u16 = 15;
const TXT: u16 = 16;

/// Reads events.
#[derive(Default)]
pub(crate) struct Eve {
    printer: Printer,
}

impl Entry for Eve {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(event) = json::object::<Event<'_>>(line) else { return refuse(line, out) };
        let Some(dns) = event.dns.as_ref().filter(|_| event.is_dns()) else {
            return out.drop(Dropped::NotDns);
        };
        if dns.version.is_some_and(|version| version > NEWEST) {
            return out.reject(Reason::Version);
        }
        if event.is_local() {
            return out.drop(Dropped::LocalName);
        }
        let answers = match dns.check().and_then(|()| dns.answers()) {
            Ok(answers) => answers,
            Err(why) => return out.drop(why),
        };
        let time = event.timestamp.as_ref().and_then(|text| Moment::of_date(text.as_str()));
        let Some(time) = time.map(|at| at.seconds).or(out.received) else {
            return out.reject(Reason::WithoutTime);
        };
        self.printer.hand_over(&answers, Seen::once(time), out);
    }
}

/// Says why an event cannot be read: other events and later versions may have anything in the fields that are known here.
fn refuse(line: &[u8], out: &mut Out<'_>) {
    match json::object::<Outline<'_>>(line) {
        Some(outline) if outline.kind.as_ref().is_some_and(|kind| kind.as_str() != "dns") => {
            out.drop(Dropped::NotDns);
        }
        Some(Outline { dns: Some(dns), .. }) if dns.version.is_some_and(|version| version > NEWEST) => {
            out.reject(Reason::Version);
        }
        _ => out.reject(Reason::Line),
    }
}

impl Event<'_> {
    fn is_dns(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.as_str() == "dns")
    }

    /// Whether the ports are those of a local protocol.
    fn is_local(&self) -> bool {
        let ports = [self.src_port, self.dest_port];
        let is_any = |known: &[u64]| ports.iter().flatten().any(|port| known.contains(port));
        is_any(&super::LOCAL_PORTS) && !is_any(&[53])
    }
}

impl Dns<'_> {
    /// Whether this is a response whose records count.
    fn check(&self) -> Result<(), Dropped> {
        let flags = self.flags.as_ref().and_then(|flags| u16::from_str_radix(flags.as_str(), 16).ok());
        let has = |bit: u16| flags.is_some_and(|flags| flags & bit != 0);
        let is_answer = |kind: &Text<'_>| matches!(kind.as_str(), "answer" | "response");
        if self.kind.as_ref().is_some_and(|kind| !is_answer(kind)) || self.qr == Some(false) {
            return Err(Dropped::Query);
        }
        if (self.kind.is_none() && self.qr.is_none()) || flags.is_some_and(|flags| flags & 0x8000 == 0) {
            return Err(Dropped::Query);
        }
        if self.opcode.unwrap_or_default() != 0 || has(0x7800) {
            return Err(Dropped::Opcode);
        }
        if self.tc == Some(true) || has(0x0200) {
            return Err(Dropped::TruncatedResponse);
        }
        match self.rcode.as_ref().map(Text::as_str) {
            Some("NOERROR") => Ok(()),
            _ => Err(Dropped::Rcode),
        }
    }

    fn answers(&self) -> Result<Answers<'_>, Dropped> {
        let (question, rrtype) = self.question()?;
        let rrtype = rrtype.and_then(type_of);
        if matches!(rrtype, Some(0 | 41 | 128..=254)) {
            return Err(Dropped::MetaType);
        }
        if rrtype == Some(TXT) && is_of_chaos(question) {
            return Err(Dropped::Class);
        }
        let rows = match (&self.answers, &self.grouped) {
            _ if self.version.is_none_or(|version| version < 2) => self.of_version_1(question, rrtype)?,
            (Some(answers), _) => {
                let has_long_texts = answers.iter().any(Answer::is_long_text);
                answers.iter().filter_map(|answer| answer.row(has_long_texts)).collect()
            }
            (None, Some(groups)) => grouped(question, rrtype, groups)?,
            (None, None) => return Err(Dropped::Empty),
        };
        Ok(Answers { question, zone: None, escapes: Escapes::Hex, rows })
    }

    /// The name and type that were asked for.
    fn question(&self) -> Result<(&str, Option<&str>), Dropped> {
        let (rrname, rrtype) = match &self.queries {
            None => (&self.rrname, &self.rrtype),
            Some(queries) => match queries.as_slice() {
                [query] => (&query.rrname, &query.rrtype),
                _ => return Err(Dropped::Questions),
            },
        };
        let rrname = rrname.as_ref().ok_or(Dropped::Questions)?;
        Ok((rrname.as_str(), rrtype.as_ref().map(Text::as_str)))
    }

    /// The one record of an event of version 1.
    fn of_version_1<'a>(&'a self, owner: &'a str, rrtype: Option<u16>) -> Result<Rows<'a>, Dropped> {
        if matches!(rrtype, Some(NS | SOA)) {
            return Err(Dropped::OffChain);
        }
        let rdata = self.rdata.as_ref().map(Text::as_str);
        let data = match (rrtype, rdata, &self.sshfp) {
            (Some(rrtype), Some(rdata), _) => printed(rrtype, rdata),
            (_, _, Some(sshfp)) => Data::Built(sshfp.text()),
            (None, None, None) => return Err(Dropped::Empty),
            _ => Data::Partial,
        };
        Ok(std::iter::once(Row { section: Section::Answer, owner, rrtype, is_in: true, data }).collect())
    }
}

type Rows<'a> = smallvec::SmallVec<[Row<'a>; 4]>;

impl Answer<'_> {
    fn row(&self, has_long_texts: bool) -> Option<Row<'_>> {
        let rrtype = self.rrtype.as_ref().and_then(|word| type_of(word.as_str()));
        let data = match (rrtype, &self.rdata) {
            (Some(TXT), _) if has_long_texts => Data::Partial,
            (Some(rrtype), Some(rdata)) => printed(rrtype, rdata.as_str()),
            _ => self.built().map_or(Data::Partial, Data::Built),
        };
        let owner = self.rrname.as_ref()?.as_str();
        Some(Row { section: Section::Answer, owner, rrtype, is_in: true, data })
    }

    /// Data that is logged field by field.
    fn built(&self) -> Option<String> {
        if let Some(soa) = &self.soa {
            return soa.text();
        }
        if let Some(srv) = &self.srv {
            let mut target = Spelling::default();
            let target = target.of_log(srv.name.as_ref()?.as_str(), Escapes::Hex)?;
            return Some(format!("{} {} {} {target}", srv.priority?, srv.weight?, srv.port?));
        }
        self.sshfp.as_ref().map(|sshfp| sshfp.text())
    }

    fn is_long_text(&self) -> bool {
        self.rrtype.as_ref().is_some_and(|word| word.as_str() == "TXT")
            && self.rdata.as_ref().is_some_and(|rdata| rdata.as_str().len() >= MOST_STRING)
    }
}

impl Soa<'_> {
    fn text(&self) -> Option<String> {
        let (mut mname, mut rname) = (Spelling::default(), Spelling::default());
        let mname = mname.of_log(self.mname.as_ref()?.as_str(), Escapes::Hex)?;
        let rname = rname.of_log(self.rname.as_ref()?.as_str(), Escapes::Hex)?;
        let [serial, refresh, retry, expire, minimum] =
            [self.serial?, self.refresh?, self.retry?, self.expire?, self.minimum?];
        Some(format!("{mname} {rname} {serial} {refresh} {retry} {expire} {minimum}"))
    }
}

/// The data of the type that was asked for, which is that of the question if there are no aliases.
fn grouped<'a>(
    question: &'a str,
    rrtype: Option<u16>,
    groups: &'a [(Text<'_>, Group<'_>)],
) -> Result<Rows<'a>, Dropped> {
    let group_of = |code| groups.iter().find(|(word, _)| type_of(word.as_str()) == Some(code));
    let Some(code) = rrtype else { return Err(Dropped::Questions) };
    if code != CNAME && group_of(CNAME).is_some() {
        return Err(Dropped::PartialData);
    }
    let Some((_, Group(texts))) = group_of(code) else { return Err(Dropped::Empty) };
    let has_long_texts = code == TXT && texts.iter().flatten().any(|text| text.as_str().len() >= MOST_STRING);
    let row = |text: &'a Option<Text<'_>>| {
        let data = match text {
            Some(text) if !has_long_texts => printed(code, text.as_str()),
            _ => Data::Partial,
        };
        Row { section: Section::Answer, owner: question, rrtype, is_in: true, data }
    };
    Ok(texts.iter().map(row).collect())
}

/// Data of a type that Suricata prints in full.
fn printed(rrtype: u16, rdata: &str) -> Data<'_> {
    let has_preference = || rdata.split_once(' ').is_some_and(|(number, _)| number.parse::<u16>().is_ok());
    match rrtype {
        // A, NS, CNAME, PTR, TXT, AAAA, DNAME.
        1 | 2 | 5 | 12 | 16 | 28 | 39 => Data::Printed(rdata),
        MX if has_preference() => Data::Printed(rdata),
        _ => Data::Partial,
    }
}

/// Whether a server is asked about itself by this name, in the class CHAOS (RFC 4892).
fn is_of_chaos(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("bind") || last.eq_ignore_ascii_case("server")
}

#[cfg(test)]
mod tests;

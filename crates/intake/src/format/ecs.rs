//! DNS events of Packetbeat and the Elastic Common Schema (elastic.co).
//!
//! ```text
//! {"@timestamp":"2018-03-24T17:15:20.865Z","type":"dns","dns":{"op_code":"QUERY","response_code":"NOERROR",
//!  "flags":{"truncated_response":false},"question":{"name":"www.example","type":"A","class":"IN"},
//!  "answers":[{"name":"www.example","class":"IN","type":"A","data":"185.194.93.1","ttl":"60"}]}}
//! ```
//!
//! From version 7 on there is `"event":{"dataset":"dns"}` instead of `type`, and `dns.type` says `query` or `answer`. The keys of
//! `event`, `dns` and `dns.question` may be joined by dots (`"dns.question.name"`). Each answer has its real owner. Names and texts are in
//! presentation format, without the quotes. MX, SRV and SOA records have their other fields beside `data`.
//!
//! Clients (`client`, `source`, `client_ip`) are not read.
//!
//! Errors: a line that is no object is rejected; events of other protocols are dropped.

use serde::Deserialize;

use super::answers::{Answers, Data, Escapes, MOST_STRING, Printer, Row, Section, type_of};
use super::json::{self, List, Number, Text, Texts};
use super::lines::Entry;
use super::moment::Moment;
use crate::out::Out;
use crate::sightings::Seen;
use crate::tally::{Dropped, Reason};

/// Reads events.
#[derive(Default)]
pub(crate) struct Ecs {
    printer: Printer,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, rename = "@timestamp")]
    timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    dns: Option<Dns<'a>>,
    destination: Option<Destination>,
    #[serde(rename = "destination.port")]
    port: Option<u64>,
    #[serde(borrow, rename = "dns.type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, rename = "dns.op_code")]
    opcode: Option<Text<'a>>,
    #[serde(borrow, rename = "dns.response_code")]
    rcode: Option<Text<'a>>,
    #[serde(rename = "dns.flags.truncated_response")]
    is_truncated: Option<bool>,
    #[serde(borrow, rename = "dns.header_flags")]
    header_flags: Option<Texts<'a>>,
    #[serde(borrow, rename = "dns.question.name")]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "dns.question.type")]
    rrtype: Option<Text<'a>>,
    #[serde(borrow, rename = "dns.question.class")]
    class: Option<Text<'a>>,
    #[serde(borrow, rename = "dns.answers")]
    answers: Option<List<Answer<'a>>>,
}

#[derive(Deserialize)]
struct Destination {
    port: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Dns<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow, rename = "op_code")]
    opcode: Option<Text<'a>>,
    #[serde(borrow, rename = "response_code")]
    rcode: Option<Text<'a>>,
    #[serde(default)]
    flags: Flags,
    #[serde(borrow)]
    header_flags: Option<Texts<'a>>,
    #[serde(borrow, default)]
    question: Question<'a>,
    #[serde(borrow)]
    answers: Option<List<Answer<'a>>>,
}

#[derive(Default, Deserialize)]
struct Flags {
    #[serde(default)]
    truncated_response: bool,
}

#[derive(Default, Deserialize)]
struct Question<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    rrtype: Option<Text<'a>>,
    #[serde(borrow)]
    class: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    rrtype: Option<Text<'a>>,
    #[serde(borrow)]
    class: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    preference: Option<Number<'a>>,
    #[serde(borrow)]
    priority: Option<Number<'a>>,
    #[serde(borrow)]
    weight: Option<Number<'a>>,
    #[serde(borrow)]
    port: Option<Number<'a>>,
    #[serde(borrow)]
    rname: Option<Text<'a>>,
    #[serde(borrow)]
    serial: Option<Number<'a>>,
    #[serde(borrow)]
    refresh: Option<Number<'a>>,
    #[serde(borrow)]
    retry: Option<Number<'a>>,
    #[serde(borrow)]
    expire: Option<Number<'a>>,
    #[serde(borrow)]
    minimum: Option<Number<'a>>,
}

impl Entry for Ecs {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(event) = json::object::<Event<'_>>(line) else { return out.reject(Reason::Line) };
        let time =
            event.timestamp.as_ref().and_then(|text| Moment::of_date(text.as_str())).map(|at| at.seconds);
        let port = event.port.or(event.destination.as_ref().and_then(|destination| destination.port));
        let Some(dns) = event.into_dns() else { return out.drop(Dropped::NotDns) };
        if port.is_some_and(|port| super::LOCAL_PORTS.contains(&port)) {
            return out.drop(Dropped::LocalName);
        }
        let answers = match dns.check() {
            Ok(question) => dns.answers(question),
            Err(why) => return out.drop(why),
        };
        let Some(time) = time.or(out.received) else { return out.reject(Reason::WithoutTime) };
        self.printer.hand_over(&answers, Seen::once(time), out);
    }
}

impl<'a> Event<'a> {
    /// The fields of DNS, with joined keys or without; `None` if there are none.
    fn into_dns(self) -> Option<Dns<'a>> {
        if self.dns.is_some() {
            return self.dns;
        }
        let has_any =
            self.name.is_some() || self.answers.is_some() || self.rcode.is_some() || self.kind.is_some();
        has_any.then_some(Dns {
            kind: self.kind,
            opcode: self.opcode,
            rcode: self.rcode,
            flags: Flags { truncated_response: self.is_truncated.unwrap_or_default() },
            header_flags: self.header_flags,
            question: Question { name: self.name, rrtype: self.rrtype, class: self.class },
            answers: self.answers,
        })
    }
}

impl Dns<'_> {
    /// The question, if this is a response whose records count.
    fn check(&self) -> Result<&str, Dropped> {
        let text = |field| Option::<&Text<'_>>::map(field, Text::as_str);
        let is_truncated =
            self.header_flags.iter().flat_map(|flags| &flags.0).any(|flag| flag.as_str() == "TC");
        if text(self.kind.as_ref()) == Some("query") {
            return Err(Dropped::Query);
        }
        if text(self.opcode.as_ref()).is_some_and(|code| !matches!(code, "QUERY" | "Query" | "0")) {
            return Err(Dropped::Opcode);
        }
        if self.flags.truncated_response || is_truncated {
            return Err(Dropped::TruncatedResponse);
        }
        match text(self.rcode.as_ref()) {
            Some(rcode) if rcode.eq_ignore_ascii_case("NOERROR") => {}
            Some(_) => return Err(Dropped::Rcode),
            None => return Err(Dropped::Query),
        }
        let question = &self.question;
        let name = text(question.name.as_ref()).ok_or(Dropped::Questions)?;
        if text(question.class.as_ref()).is_some_and(|class| class != "IN") {
            return Err(Dropped::Class);
        }
        let rrtype = text(question.rrtype.as_ref()).and_then(type_of);
        if matches!(rrtype, Some(0 | 41 | 128..=254)) { Err(Dropped::MetaType) } else { Ok(name) }
    }

    fn answers<'a>(&'a self, question: &'a str) -> Answers<'a> {
        let rows = self.answers.iter().flat_map(|answers| &answers.0).filter_map(Answer::row);
        Answers { question, zone: None, escapes: Escapes::Presentation, rows: rows.collect() }
    }
}

impl Answer<'_> {
    fn row(&self) -> Option<Row<'_>> {
        let rrtype = self.rrtype.as_ref().and_then(|word| type_of(word.as_str()));
        Some(Row {
            section: Section::Answer,
            owner: self.name.as_ref()?.as_str(),
            rrtype,
            is_in: self.class.as_ref().is_none_or(|class| class.as_str() == "IN"),
            data: self.data(rrtype).unwrap_or(Data::Partial),
        })
    }

    fn data(&self, rrtype: Option<u16>) -> Option<Data<'_>> {
        let data = self.data.as_ref()?.as_str();
        let number = |field| Option::<&Number<'_>>::and_then(field, Number::whole);
        match rrtype? {
            // A, NS, CNAME, PTR, AAAA, DNAME.
            1 | 2 | 5 | 12 | 28 | 39 => Some(Data::Printed(data)),
            // SOA.
            6 => {
                let rname = self.rname.as_ref()?.as_str();
                let times = [&self.serial, &self.refresh, &self.retry, &self.expire, &self.minimum];
                let times: Option<Vec<String>> =
                    times.iter().map(|time| Some(number(time.as_ref())?.to_string())).collect();
                Some(Data::Built(format!("{data} {rname} {}", times?.join(" "))))
            }
            // MX.
            15 => Some(Data::Built(format!("{} {data}", number(self.preference.as_ref())?))),
            // TXT. Strings are joined by a blank, which cannot be told from a blank in a string; only long data has several.
            16 if data.len() < MOST_STRING => Some(Data::Built(format!("\"{data}\""))),
            // SRV.
            33 => {
                let [priority, weight, port] = [&self.priority, &self.weight, &self.port];
                let [priority, weight, port] =
                    [number(priority.as_ref())?, number(weight.as_ref())?, number(port.as_ref())?];
                Some(Data::Built(format!("{priority} {weight} {port} {data}")))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

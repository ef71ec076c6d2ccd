//! The JSON of DNS-collector (github.com/dmachard/DNS-collector), nested or flat; what it receives from `PowerDNS` comes this way, too.
//!
//! ```text
//! {"network":{…},"dns":{"qname":"www.example","qtype":"A","qclass":"IN","rcode":"NOERROR","opcode":0,"flags":{"qr":true,"tc":false},
//!  "resource-records":{"an":[{"name":"www.example","rdatatype":"A","class":"IN","ttl":60,"rdata":"185.194.93.1"}],"ns":[],"ar":[]},
//!  "malformed-packet":false},
//!  "dnstap":{"operation":"RESOLVER_RESPONSE","query-zone":"example","timestamp-rfc3339ns":"2024-06-05T18:49:49.1Z","policy-action":"-"}}
//!
//! {"dns.qname":"www.example","dns.resource-records.an.0.name":"www.example","dns.resource-records.ns":"-","dnstap.operation":…}
//! ```
//!
//! `-` means that there is no value. Operations have the names of dnstap's message types, so one side of the resolver is collected, as
//! from dnstap itself. A missing operation tells no side, and the response is taken. Messages from `PowerDNS` lack flags and class,
//! and their names and data are in presentation format. `query-zone` is the bailiwick; an empty one is not told from an error.
//! `policy-action` is `NXDOMAIN` where there is no policy, so it counts only together with another field of the policy.
//!
//! Of TXT records there is only the first string, so one that fills it is dropped as partial. Types without a printer have `-` as
//! data. Client addresses are in `network`, which is not read.
//!
//! Errors: a line that is no such object is rejected, as is a message that DNS-collector could not read itself.

mod fields;

use super::Side;
use super::answers::{Answers, Data, Escapes, Printer, Row, Section, type_of};
use super::json::{self, Text};
use super::lines::Entry;
use super::moment::Moment;
use crate::out::Out;
use crate::sightings::Seen;
use crate::tally::{Dropped, Reason};
use fields::{Message, Record};

/// Reads entries.
pub(crate) struct Collector {
    side: Side,
    printer: Printer,
}

impl Collector {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, printer: Printer::default() }
    }
}

impl Entry for Collector {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(message) = json::object::<Message<'_>>(line) else {
            return out.reject(Reason::Line);
        };
        if message.is_foreign() {
            return out.drop(Dropped::NotDns);
        }
        if message.is_malformed {
            return out.reject(Reason::Message);
        }
        if let Err(why) = message.check(self.side) {
            return out.drop(why);
        }
        let time = value(message.time.as_ref()).and_then(Moment::of_date).map(|at| at.seconds);
        let Some(time) = time.or(out.received) else { return out.reject(Reason::WithoutTime) };
        self.printer.hand_over(&message.answers(), Seen::once(time), out);
    }
}

impl Message<'_> {
    fn is_foreign(&self) -> bool {
        value(self.operation.as_ref()).is_none()
            && value(self.rcode.as_ref()).is_none()
            && value(self.qname.as_ref()).is_none()
    }

    /// Whether this is a response whose records count.
    fn check(&self, side: Side) -> Result<(), Dropped> {
        self.check_operation(side)?;
        if self.is_rewritten() {
            return Err(Dropped::Rewritten);
        }
        if self.opcode.unwrap_or_default() != 0 {
            return Err(Dropped::Opcode);
        }
        if self.is_truncated {
            return Err(Dropped::TruncatedResponse);
        }
        if value(self.rcode.as_ref()) != Some("NOERROR") {
            return Err(Dropped::Rcode);
        }
        let questions = self.questions.unwrap_or_default();
        let (Some(_), Some(qtype)) = (self.question(), value(self.qtype.as_ref())) else {
            return Err(Dropped::Questions);
        };
        if questions > 1 {
            return Err(Dropped::Questions);
        }
        if value(self.qclass.as_ref()).is_some_and(|class| class != "IN") {
            return Err(Dropped::Class);
        }
        if matches!(type_of(qtype), Some(0 | 41 | 128..=254)) {
            return Err(Dropped::MetaType);
        }
        Ok(())
    }

    /// Whether this is a response on the side that is collected.
    fn check_operation(&self, side: Side) -> Result<(), Dropped> {
        let kind = match value(self.operation.as_ref()) {
            None if self.is_response => return Ok(()),
            None => return Err(Dropped::Query),
            Some("AUTH_RESPONSE") => 2,
            Some("RESOLVER_RESPONSE") => 4,
            Some("CLIENT_RESPONSE") => 6,
            Some("FORWARDER_RESPONSE") => 8,
            Some(operation) if operation.ends_with("_QUERY") => return Err(Dropped::Query),
            Some(_) => return Err(Dropped::OtherSide),
        };
        if !side.has(kind) {
            return Err(Dropped::OtherSide);
        }
        if self.is_response || self.is_of_powerdns { Ok(()) } else { Err(Dropped::Query) }
    }

    fn is_rewritten(&self) -> bool {
        let policy = &self.policy;
        let has_policy = [&policy.rule, &policy.kind, &policy.value]
            .into_iter()
            .any(|part| value(part.as_ref()).is_some());
        let by_policy = match value(policy.action.as_ref()) {
            None | Some("PASS") => false,
            Some("NXDOMAIN") => has_policy,
            Some(_) => true,
        };
        by_policy || value(self.powerdns_policy.as_ref()).is_some_and(|kind| kind != "NoAction")
    }

    /// The name that was asked for; the root is empty in some versions.
    fn question(&self) -> Option<&str> {
        self.qname.as_ref().map(Text::as_str).filter(|name| *name != "-")
    }

    fn answers(&self) -> Answers<'_> {
        let rows = [
            (Section::Answer, &self.answers),
            (Section::Authority, &self.authorities),
            (Section::Additional, &self.additionals),
        ];
        let rows = rows
            .into_iter()
            .flat_map(|(section, records)| records.iter().filter_map(move |record| record.row(section)));
        Answers {
            question: self.question().unwrap_or_default(),
            zone: value(self.zone.as_ref()),
            escapes: if self.is_of_powerdns { Escapes::Presentation } else { Escapes::None },
            rows: rows.collect(),
        }
    }
}

impl Record<'_> {
    fn row(&self, section: Section) -> Option<Row<'_>> {
        let data = self.rdata.as_ref().map_or("-", Text::as_str);
        Some(Row {
            section,
            owner: self.name.as_ref()?.as_str(),
            rrtype: value(self.rdatatype.as_ref()).and_then(type_of),
            is_in: value(self.class.as_ref()).is_none_or(|class| class == "IN"),
            data: if data == "-" { Data::Partial } else { Data::Printed(data) },
        })
    }
}

/// The value of a field, if it has one.
fn value<'a>(field: Option<&'a Text<'_>>) -> Option<&'a str> {
    field.map(Text::as_str).filter(|text| !matches!(*text, "" | "-"))
}

#[cfg(test)]
mod tests;

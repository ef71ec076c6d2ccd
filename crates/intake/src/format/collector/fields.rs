//! The fields of DNS-collector's JSON, nested and flat: [`Message`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use smallvec::SmallVec;

use crate::format::json::{Flag, List, Text};

/// The most records of a section: no message has more.
const MOST_RECORDS: usize = 8_192;

/// What an entry says about a message.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the message or its log")]
pub(super) struct Message<'a> {
    pub(super) operation: Option<Text<'a>>,
    pub(super) time: Option<Text<'a>>,
    pub(super) zone: Option<Text<'a>>,
    pub(super) policy: Policy<'a>,
    pub(super) is_of_powerdns: bool,
    /// The kind of the policy that `PowerDNS` applied.
    pub(super) powerdns_policy: Option<Text<'a>>,
    pub(super) qname: Option<Text<'a>>,
    pub(super) qtype: Option<Text<'a>>,
    pub(super) qclass: Option<Text<'a>>,
    pub(super) rcode: Option<Text<'a>>,
    pub(super) opcode: Option<u64>,
    pub(super) questions: Option<u64>,
    pub(super) is_response: bool,
    pub(super) is_truncated: bool,
    pub(super) is_malformed: bool,
    pub(super) answers: Records<'a>,
    pub(super) authorities: Records<'a>,
    pub(super) additionals: Records<'a>,
}

/// A policy that was applied.
#[derive(Debug, Default)]
pub(super) struct Policy<'a> {
    pub(super) action: Option<Text<'a>>,
    pub(super) kind: Option<Text<'a>>,
    pub(super) rule: Option<Text<'a>>,
    pub(super) value: Option<Text<'a>>,
}

/// A record.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rdatatype: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) class: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rdata: Option<Text<'a>>,
}

type Records<'a> = SmallVec<[Record<'a>; 4]>;

#[derive(Deserialize)]
struct Dns<'a> {
    #[serde(borrow)]
    qname: Option<Text<'a>>,
    #[serde(borrow)]
    qtype: Option<Text<'a>>,
    #[serde(borrow)]
    qclass: Option<Text<'a>>,
    #[serde(borrow)]
    rcode: Option<Text<'a>>,
    opcode: Option<u64>,
    qdcount: Option<u64>,
    #[serde(default)]
    flags: Flags,
    #[serde(borrow, default, rename = "resource-records")]
    records: Sections<'a>,
    #[serde(default, rename = "malformed-packet")]
    is_malformed: Flag,
}

#[derive(Default, Deserialize)]
struct Flags {
    #[serde(default)]
    qr: Flag,
    #[serde(default)]
    tc: Flag,
}

#[derive(Default, Deserialize)]
struct Sections<'a> {
    #[serde(borrow)]
    an: Option<List<Record<'a>>>,
    #[serde(borrow)]
    ns: Option<List<Record<'a>>>,
    #[serde(borrow)]
    ar: Option<List<Record<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Dnstap<'a> {
    #[serde(borrow)]
    operation: Option<Text<'a>>,
    #[serde(borrow, rename = "timestamp-rfc3339ns")]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    query_zone: Option<Text<'a>>,
    #[serde(borrow)]
    policy_action: Option<Text<'a>>,
    #[serde(borrow)]
    policy_type: Option<Text<'a>>,
    #[serde(borrow)]
    policy_rule: Option<Text<'a>>,
    #[serde(borrow)]
    policy_value: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct PowerDns<'a> {
    #[serde(borrow, rename = "applied-policy-kind")]
    policy: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Message<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Fields<'a> {
            type Value = Message<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message of DNS-collector")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut message = Message::default();
                while let Some(key) = map.next_key::<Text<'a>>()? {
                    message.set(key.as_str(), &mut map)?;
                }
                Ok(message)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

impl<'a> Message<'a> {
    fn set<'de: 'a, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "dns" => self.set_dns(map.next_value()?),
            "dnstap" => self.set_dnstap(map.next_value()?),
            "powerdns" => {
                let powerdns: Option<PowerDns<'a>> = map.next_value()?;
                self.is_of_powerdns |= powerdns.is_some();
                self.powerdns_policy = powerdns.and_then(|powerdns| powerdns.policy);
            }
            "dns.qname" => self.qname = map.next_value()?,
            "dns.qtype" => self.qtype = map.next_value()?,
            "dns.qclass" => self.qclass = map.next_value()?,
            "dns.rcode" => self.rcode = map.next_value()?,
            "dns.opcode" => self.opcode = map.next_value()?,
            "dns.qdcount" => self.questions = map.next_value()?,
            "dns.flags.qr" => self.is_response = map.next_value::<Flag>()?.0,
            "dns.flags.tc" => self.is_truncated = map.next_value::<Flag>()?.0,
            "dns.malformed-packet" => self.is_malformed = map.next_value::<Flag>()?.0,
            "dnstap.operation" => self.operation = map.next_value()?,
            "dnstap.timestamp-rfc3339ns" => self.time = map.next_value()?,
            "dnstap.query-zone" => self.zone = map.next_value()?,
            "dnstap.policy-action" => self.policy.action = map.next_value()?,
            "dnstap.policy-type" => self.policy.kind = map.next_value()?,
            "dnstap.policy-rule" => self.policy.rule = map.next_value()?,
            "dnstap.policy-value" => self.policy.value = map.next_value()?,
            "powerdns.applied-policy-kind" => {
                self.is_of_powerdns = true;
                self.powerdns_policy = map.next_value()?;
            }
            _ => return self.set_record(key, map),
        }
        Ok(())
    }

    /// `dns.resource-records.SECTION.INDEX.FIELD`.
    fn set_record<'de: 'a, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let path = key.strip_prefix("dns.resource-records.").and_then(|path| {
            let (section, path) = path.split_once('.')?;
            let (index, field) = path.split_once('.')?;
            Some((section, index.parse::<usize>().ok()?, field))
        });
        let Some((section, index, field)) = path else { return map.next_value::<IgnoredAny>().map(drop) };
        if index >= MOST_RECORDS {
            return Err(A::Error::custom("too many records"));
        }
        let records = match section {
            "an" => &mut self.answers,
            "ns" => &mut self.authorities,
            "ar" => &mut self.additionals,
            _ => return map.next_value::<IgnoredAny>().map(drop),
        };
        if records.len() <= index {
            records.resize_with(index + 1, Record::default);
        }
        let Some(record) = records.get_mut(index) else { return Ok(()) };
        match field {
            "name" => record.name = map.next_value()?,
            "rdatatype" => record.rdatatype = map.next_value()?,
            "class" => record.class = map.next_value()?,
            "rdata" => record.rdata = map.next_value()?,
            _ => return map.next_value::<IgnoredAny>().map(drop),
        }
        Ok(())
    }

    fn set_dns(&mut self, dns: Dns<'a>) {
        let records = |list: Option<List<Record<'a>>>| list.unwrap_or_default().0;
        self.qname = dns.qname;
        self.qtype = dns.qtype;
        self.qclass = dns.qclass;
        self.rcode = dns.rcode;
        self.opcode = dns.opcode;
        self.questions = dns.qdcount;
        self.is_response = dns.flags.qr.0;
        self.is_truncated = dns.flags.tc.0;
        self.is_malformed = dns.is_malformed.0;
        self.answers = records(dns.records.an);
        self.authorities = records(dns.records.ns);
        self.additionals = records(dns.records.ar);
    }

    fn set_dnstap(&mut self, dnstap: Dnstap<'a>) {
        self.operation = dnstap.operation;
        self.time = dnstap.time;
        self.zone = dnstap.query_zone;
        self.policy = Policy {
            action: dnstap.policy_action,
            kind: dnstap.policy_type,
            rule: dnstap.policy_rule,
            value: dnstap.policy_value,
        };
    }
}

//! The fields of EVE's events: [`Event`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::format::json::Text;

/// What is read of an event.
#[derive(Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) timestamp: Option<Text<'a>>,
    pub(super) kind: Option<Text<'a>>,
    pub(super) src_port: Option<u64>,
    pub(super) dest_port: Option<u64>,
    /// In a place of its own, because it is large to move.
    pub(super) dns: Option<Box<Dns<'a>>>,
}

/// What tells whether the rest of an event can be read.
#[derive(Deserialize)]
pub(super) struct Outline<'a> {
    #[serde(borrow, rename = "event_type")]
    pub(super) kind: Option<Text<'a>>,
    pub(super) dns: Option<Version>,
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) version: Option<u64>,
}

/// What an event says about a message.
#[derive(Debug, Default)]
pub(super) struct Dns<'a> {
    pub(super) version: Option<u64>,
    pub(super) kind: Option<Text<'a>>,
    pub(super) flags: Option<Text<'a>>,
    pub(super) qr: Option<bool>,
    pub(super) tc: Option<bool>,
    pub(super) opcode: Option<u64>,
    pub(super) rcode: Option<Text<'a>>,
    pub(super) rrname: Option<Text<'a>>,
    pub(super) rrtype: Option<Text<'a>>,
    pub(super) queries: Option<Vec<Query<'a>>>,
    pub(super) answers: Option<Vec<Answer<'a>>>,
    /// The answers by type, read only if they do not come one by one before.
    pub(super) grouped: Option<Vec<(Text<'a>, Group<'a>)>>,
    /// The one record of version 1.
    pub(super) rdata: Option<Text<'a>>,
    pub(super) sshfp: Option<Sshfp<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Query<'a> {
    #[serde(borrow)]
    pub(super) rrname: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rrtype: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    pub(super) rrname: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rrtype: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rdata: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) soa: Option<Box<Soa<'a>>>,
    #[serde(borrow)]
    pub(super) srv: Option<Box<Srv<'a>>>,
    #[serde(borrow)]
    pub(super) sshfp: Option<Box<Sshfp<'a>>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Soa<'a> {
    #[serde(borrow)]
    pub(super) mname: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) rname: Option<Text<'a>>,
    pub(super) serial: Option<u32>,
    pub(super) refresh: Option<u32>,
    pub(super) retry: Option<u32>,
    pub(super) expire: Option<u32>,
    pub(super) minimum: Option<u32>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Srv<'a> {
    pub(super) priority: Option<u16>,
    pub(super) weight: Option<u16>,
    pub(super) port: Option<u16>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sshfp<'a> {
    algo: u8,
    #[serde(rename = "type")]
    kind: u8,
    /// Two hexadecimal digits per octet, joined by colons.
    #[serde(borrow)]
    fingerprint: Text<'a>,
}

impl Sshfp<'_> {
    /// In presentation format.
    pub(super) fn text(&self) -> String {
        format!("{} {} {}", self.algo, self.kind, self.fingerprint.as_str().replace(':', ""))
    }
}

/// The data of one type; `None` for what is not a text.
#[derive(Debug, Default)]
pub(super) struct Group<'a>(pub(super) Vec<Option<Text<'a>>>);

/// A text, or anything else.
#[derive(Deserialize)]
#[serde(untagged)]
enum Item<'a> {
    Text(#[serde(borrow)] Text<'a>),
    Other(IgnoredAny),
}

impl<'de: 'a, 'a> Deserialize<'de> for Group<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = Vec::<Item<'a>>::deserialize(deserializer)?;
        let texts = items.into_iter().map(|item| match item {
            Item::Text(text) => Some(text),
            Item::Other(IgnoredAny) => None,
        });
        Ok(Self(texts.collect()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Fields<'a> {
            type Value = Event<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut event = Event::default();
                while let Some(key) = map.next_key::<Text<'a>>()? {
                    match key.as_str() {
                        "timestamp" => event.timestamp = map.next_value()?,
                        "event_type" => event.kind = map.next_value()?,
                        "src_port" => event.src_port = map.next_value()?,
                        "dest_port" => event.dest_port = map.next_value()?,
                        // Other events have other fields of this name.
                        "dns" if event.kind.as_ref().is_none_or(|kind| kind.as_str() == "dns") => {
                            map.next_value_seed(Place(event.dns.insert(Box::default())))?;
                        }
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(event)
            }
        }
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// Reads what is logged of a message into its place, because it is large to move.
struct Place<'x, 'a>(&'x mut Dns<'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for Place<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for Place<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what is logged of a DNS message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'a>>()? {
            self.0.set(key.as_str(), &mut map)?;
        }
        Ok(())
    }
}

impl<'a> Dns<'a> {
    fn set<'de: 'a, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        // A later version may mean something else by the same key.
        let is_known = self.version.is_none_or(|version| version <= super::NEWEST);
        match key {
            "version" => self.version = map.next_value()?,
            "type" if is_known => self.kind = map.next_value()?,
            "flags" if is_known => self.flags = map.next_value()?,
            "qr" if is_known => self.qr = map.next_value()?,
            "tc" if is_known => self.tc = map.next_value()?,
            "opcode" if is_known => self.opcode = map.next_value()?,
            "rcode" if is_known => self.rcode = map.next_value()?,
            "rrname" if is_known => self.rrname = map.next_value()?,
            "rrtype" if is_known => self.rrtype = map.next_value()?,
            "queries" if is_known => self.queries = map.next_value()?,
            "answers" if is_known => self.answers = map.next_value()?,
            "grouped" if is_known && self.answers.is_none() => {
                self.grouped = Some(map.next_value::<Groups<'a>>()?.0);
            }
            "rdata" if is_known => self.rdata = map.next_value()?,
            "sshfp" if is_known => self.sshfp = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

struct Groups<'a>(Vec<(Text<'a>, Group<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Groups<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Types<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for Types<'a> {
            type Value = Groups<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("answers by type")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut groups = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    groups.push(entry);
                }
                Ok(Groups(groups))
            }
        }
        deserializer.deserialize_map(Types(PhantomData))
    }
}

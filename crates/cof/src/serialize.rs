//! The serialisation of the types that have their own rules (feature `serde`).
//!
//! It is meant for communication between processes of one version in a compact binary format, not for JSON or files: names and
//! data are bytes, and structures are tuples. The bytes come from another process, so they are read by the same constructors as
//! any others: a [`Name`] by [`Name::from_wire`], a [`Word`] by [`RrType::parse`], and an [`Rdata`], together with its type, by
//! [`Rdata::from_wire`] or [`Rdata::parse`]. What these refuse is an error of the deserializer. Types whose values are all
//! valid derive their form where they are defined.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::Extra;
use crate::rrtype::Word;
use crate::{Name, Observation, Rdata, Record, RrType, RrTypeError};

/// Bytes, which are borrowed while reading if the format allows it, as for text.
#[derive(Deserialize)]
struct Bytes<'a>(#[serde(borrow)] Cow<'a, [u8]>);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_wire())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_wire(&Bytes::deserialize(deserializer)?.0).map_err(D::Error::custom)
    }
}

impl Serialize for Word {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A word with a number becomes the type of that number.
        match RrType::parse(&Cow::<str>::deserialize(deserializer)?) {
            Ok(RrType::Word(word)) => Ok(word),
            Ok(RrType::Code(_)) | Err(RrTypeError) => Err(D::Error::custom(RrTypeError)),
        }
    }
}

/// Data in its stored form; its type precedes it.
#[derive(Serialize, Deserialize)]
enum Data<'a> {
    #[serde(borrow)]
    Text(Cow<'a, str>),
    #[serde(borrow)]
    Wire(Bytes<'a>),
}

impl<'a> Data<'a> {
    fn of(rdata: &'a Rdata) -> Self {
        let text = || Self::Text(rdata.as_text().unwrap_or_default().into());
        rdata.as_wire().map_or_else(text, |wire| Self::Wire(Bytes(wire.into())))
    }

    fn checked<E: serde::de::Error>(self, rrtype: RrType) -> Result<Rdata, E> {
        match self {
            // The database may contain text of an earlier version that can be parsed now.
            Self::Text(text) => Ok(Rdata::parse(rrtype, &text)),
            Self::Wire(Bytes(wire)) => Rdata::from_wire(rrtype, &wire).map_err(E::custom),
        }
    }
}

impl Serialize for Observation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rrname, rrtype, rdata, bailiwick, time_first, time_last, count, source } = self;
        (rrname, rrtype, Data::of(rdata), bailiwick, time_first, time_last, count, source)
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Observation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (rrname, rrtype, rdata, bailiwick, time_first, time_last, count, source) =
            Deserialize::deserialize(deserializer)?;
        let rdata = Data::checked(rdata, rrtype)?;
        Ok(Self { rrname, rrtype, rdata, bailiwick, time_first, time_last, count, source })
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { rrname, rrtype, rdata, count, bailiwick, sensor_id, origin, notes, extras, .. } = self;
        let Self { time_first, time_last, zone_time_first, zone_time_last, .. } = self;
        let times = [time_first, time_last, zone_time_first, zone_time_last];
        let extras: &[Extra] = extras;
        (rrname, rrtype, Data::of(rdata), times, count, bailiwick, sensor_id, origin, notes, extras)
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (rrname, rrtype, rdata, times, count, bailiwick, sensor_id, origin, notes, extras) =
            Deserialize::deserialize(deserializer)?;
        let rdata = Data::checked(rdata, rrtype)?;
        let [time_first, time_last, zone_time_first, zone_time_last] = times;
        let extras = Vec::<Extra>::into_iter(extras).collect();
        Ok(Self {
            rrname,
            rrtype,
            rdata,
            time_first,
            time_last,
            zone_time_first,
            zone_time_last,
            count,
            bailiwick,
            sensor_id,
            origin,
            notes,
            extras,
        })
    }
}

//! Objects of the template `passive-dns`, version 5: [`PassiveDns`].
//!
//! Records become objects with everything that is known about them. A relationship of the library becomes an object with its
//! type and both sides; of an MX record, for example, the preference is then missing.

use std::collections::BTreeSet;

use operation::Indicator;
use serde::Serialize;

use super::attribute::{self, Attribute, INHERITED};
use crate::{Handover, Link, Row, ids, stamp};

/// The UUID and version of the template.
const TEMPLATE: (&str, &str) = ("b77b7b1c-66ab-4a41-8da4-83810f6d2d6c", "5");

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct PassiveDns {
    pub(super) uuid: String,
    name: &'static str,
    #[serde(rename = "meta-category")]
    meta_category: &'static str,
    template_uuid: &'static str,
    template_version: &'static str,
    distribution: &'static str,
    sharing_group_id: &'static str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen: Option<String>,
    #[serde(rename = "ObjectReference")]
    references: Vec<Reference>,
    #[serde(rename = "Attribute")]
    attributes: Vec<Attribute>,
    /// The record on one line.
    #[serde(skip)]
    pub(super) line: String,
    /// Whether it is a relationship of the library.
    #[serde(skip)]
    pub(super) is_link: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Reference {
    uuid: String,
    object_uuid: String,
    referenced_uuid: String,
    relationship_type: &'static str,
}

/// A relation of the template: its name, its type, and whether instances correlate its values.
#[derive(Clone, Copy, Debug)]
struct Field(&'static str, &'static str, bool);

const RRNAME: Field = Field("rrname", "text", true);
const RRTYPE: Field = Field("rrtype", "text", false);
const RDATA: Field = Field("rdata", "text", true);
const COUNT: Field = Field("count", "counter", false);
const ORIGIN: Field = Field("origin", "text", false);
const SENSOR: Field = Field("sensor_id", "text", false);
const TEXT: Field = Field("text", "text", false);
const BAILIWICK: Field = Field("bailiwick", "domain", false);
const FIRST: Field = Field("time_first", "datetime", false);
const LAST: Field = Field("time_last", "datetime", false);
const ZONE_FIRST: Field = Field("zone_time_first", "datetime", false);
const ZONE_LAST: Field = Field("zone_time_last", "datetime", false);

/// What an object is made from: the tuple and its origin, its values, from when until when it was seen, and since when it is known.
struct Draft<'a> {
    parts: [String; 4],
    values: Vec<(Field, String)>,
    seen: (Option<u64>, Option<u64>),
    known_at: u64,
    about: BTreeSet<&'a Indicator>,
    is_link: bool,
}

/// The objects of all records and relationships.
pub(super) fn all(handover: &Handover, event: &str) -> Vec<PassiveDns> {
    let attributes: BTreeSet<&Indicator> = handover.values.iter().map(|value| &value.indicator).collect();
    let make = |draft: Draft<'_>| object(draft, event, &attributes);
    let of_rows = handover.rows.iter().map(of_row);
    of_rows.chain(handover.links.iter().map(of_link)).map(make).collect()
}

fn of_row(row: &Row) -> Draft<'_> {
    let record = &row.record;
    let [rrname, rrtype, rdata, origin] = row.parts();
    let (sightings, zone) = (record.sightings(), record.zone_times());
    let text = |text: Option<String>| text.unwrap_or_default();
    let time = |time: Option<u64>| text(time.and_then(stamp::misp));
    let values = vec![
        (RRNAME, rrname),
        (RRTYPE, rrtype),
        (RDATA, rdata),
        (FIRST, time(sightings.0)),
        (LAST, time(sightings.1)),
        (ZONE_FIRST, time(zone.0)),
        (ZONE_LAST, time(zone.1)),
        (COUNT, text(record.count.map(|count| count.to_string()))),
        (ORIGIN, origin),
        (SENSOR, text(record.sensor_id.as_deref().map(str::to_owned))),
        (BAILIWICK, text(record.bailiwick.as_ref().map(ToString::to_string))),
        (TEXT, row.line()),
    ];
    Draft {
        parts: row.parts(),
        values,
        seen: record.seen(),
        known_at: row.changed_at,
        about: row.asked.iter().collect(),
        is_link: false,
    }
}

fn of_link(link: &Link) -> Draft<'_> {
    let Link { from, to, rrtype, first, last, changed_at } = link;
    let sides = [from.to_string(), rrtype.to_string(), to.to_string()];
    let whole = sides.join(" ");
    let [rrname, rrtype, rdata] = sides;
    let time = |time: &Option<u64>| time.and_then(stamp::misp).unwrap_or_default();
    let values = vec![
        (RRNAME, rrname.clone()),
        (RRTYPE, rrtype.clone()),
        (RDATA, rdata.clone()),
        (FIRST, time(first)),
        (LAST, time(last)),
        (TEXT, whole),
    ];
    Draft {
        parts: [rrname, rrtype, rdata, "library".to_owned()],
        values,
        seen: (*first, *last),
        known_at: *changed_at,
        about: [from, to].into(),
        is_link: true,
    }
}

fn object(draft: Draft<'_>, event: &str, attributes: &BTreeSet<&Indicator>) -> PassiveDns {
    let Draft { parts, values, seen: (first, last), known_at, about, is_link } = draft;
    let [rrname, rrtype, rdata, origin] = &parts;
    let uuid = ids::of("misp-object", &[event, rrname, rrtype, rdata, origin]).to_string();
    let values = values.into_iter().filter(|(_, value)| !value.is_empty());
    let about = about.into_iter().filter(|indicator| attributes.contains(indicator));
    PassiveDns {
        line: [rrname.as_str(), rrtype, rdata].join(" "),
        is_link,
        name: "passive-dns",
        meta_category: "network",
        template_uuid: TEMPLATE.0,
        template_version: TEMPLATE.1,
        distribution: INHERITED,
        sharing_group_id: "0",
        timestamp: known_at.to_string(),
        first_seen: first.and_then(stamp::misp),
        last_seen: last.and_then(stamp::misp),
        references: about.map(|indicator| reference(&uuid, attribute::uuid_of(event, indicator))).collect(),
        attributes: values.map(|(field, value)| attribute_of(field, value, &uuid, known_at)).collect(),
        uuid,
    }
}

fn reference(object: &str, referenced: String) -> Reference {
    Reference {
        uuid: ids::of("misp-reference", &[object, &referenced]).to_string(),
        object_uuid: object.to_owned(),
        referenced_uuid: referenced,
        relationship_type: "associated-to",
    }
}

fn attribute_of(field: Field, value: String, object: &str, known_at: u64) -> Attribute {
    let Field(relation, kind, correlates) = field;
    Attribute {
        uuid: uuid_of(object, relation, &value),
        object_relation: Some(relation),
        kind,
        category: category(relation),
        value,
        comment: String::new(),
        to_ids: false,
        disable_correlation: !correlates,
        distribution: INHERITED,
        timestamp: known_at.to_string(),
    }
}

/// The UUID of the attribute of an object with this relation and value.
pub(super) fn uuid_of(object: &str, relation: &str, value: &str) -> String {
    ids::of("misp-object-attribute", &[object, relation, value]).to_string()
}

/// The category, as pymisp chooses it from the template; a domain cannot be in "Other".
fn category(relation: &str) -> &'static str {
    if matches!(relation, "rrname" | "rrtype" | "bailiwick") { "Network activity" } else { "Other" }
}

//! The objects of a bundle: [`Object`], with the members that any type of ours has.

use std::collections::BTreeMap;

use operation::{Host, Indicator, Tlp};
use serde::Serialize;

use super::marking;
use crate::{Source, ids, stamp};

/// The extension in which version 2.0 of the Traffic Light Protocol is defined.
const TLP: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// When the definitions of the levels were created; all of them at once.
const TLP_CREATED: &str = "2022-10-01T00:00:00.000Z";
/// When the producer was created; any time before the first export.
const PRODUCER_CREATED: &str = "2026-01-01T00:00:00.000Z";

/// An object. Members that its type does not have are not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Object {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) spec_version: &'static str,
    /// Its id.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_by_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<String>,
    #[serde(rename = "object_marking_refs", skip_serializing_if = "Vec::is_empty")]
    pub(super) markings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identity_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<&'static str>,
    #[serde(rename = "abstract", skip_serializing_if = "Option::is_none")]
    pub(super) heading: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) relationship_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_ref: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) first_observed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_observed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number_observed: Option<u64>,
    #[serde(rename = "object_refs", skip_serializing_if = "Vec::is_empty")]
    pub(super) about: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) external_references: Vec<Reference>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) extensions: BTreeMap<&'static str, Level>,
}

/// Something outside of the bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Reference {
    pub(super) source_name: String,
    pub(super) description: String,
}

/// The extension that defines a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Level {
    extension_type: &'static str,
    tlp_2_0: String,
}

impl Object {
    /// An observable; its id depends on its value alone.
    pub(super) fn observable(kind: &'static str, value: &str) -> Self {
        Self { value: Some(value.to_owned()), ..Self::of(kind, ids::observable(kind, value)) }
    }

    /// The observable of an indicator.
    pub(super) fn of_indicator(indicator: &Indicator) -> Self {
        let kind = match indicator.host() {
            Host::Name(_) => "domain-name",
            Host::Address(address) if address.is_ipv4() => "ipv4-addr",
            Host::Address(_) => "ipv6-addr",
        };
        Self::observable(kind, &indicator.to_string())
    }

    /// Any other object of ours, with its times in seconds since the epoch.
    pub(super) fn ours(kind: &'static str, parts: &[&str], (created, modified): (u64, u64)) -> Self {
        Self {
            created_by_ref: Some(Self::producer_id()),
            created: stamp::stix(created),
            modified: stamp::stix(modified.max(created)),
            ..Self::of(kind, ids::object(kind, parts))
        }
    }

    /// The program that makes bundles.
    pub(super) fn producer() -> Self {
        let created = Some(PRODUCER_CREATED.to_owned());
        Self {
            created: created.clone(),
            modified: created,
            name: Some("Backsight".to_owned()),
            description: Some("A passive-DNS workbench".to_owned()),
            identity_class: Some("system"),
            ..Self::of("identity", Self::producer_id())
        }
    }

    /// The definition of a level.
    pub(super) fn level(tlp: Tlp) -> Self {
        let level = Level { extension_type: "property-extension", tlp_2_0: tlp.word().to_ascii_lowercase() };
        Self {
            created: Some(TLP_CREATED.to_owned()),
            name: Some(tlp.to_string()),
            extensions: [(TLP, level)].into(),
            ..Self::of("marking-definition", marking(tlp).to_owned())
        }
    }

    /// The same with this marking, or without one.
    #[must_use]
    pub(super) fn marked(mut self, tlp: Option<Tlp>) -> Self {
        self.markings = tlp.map(marking).into_iter().collect();
        self
    }

    fn of(kind: &'static str, id: String) -> Self {
        Self { kind, spec_version: "2.1", id, ..Self::default() }
    }

    fn producer_id() -> String {
        ids::object("identity", &["Backsight"])
    }
}

impl Reference {
    /// A text that values were read from.
    pub(super) fn of_source(source: &Source) -> Self {
        let dated = source.dated_at.and_then(stamp::day);
        let title = if source.title.is_empty() { "a report without a title" } else { &source.title };
        let description = match dated {
            Some(day) => format!("{title}, of {day}"),
            None => title.to_owned(),
        };
        Self { source_name: "report".to_owned(), description }
    }
}

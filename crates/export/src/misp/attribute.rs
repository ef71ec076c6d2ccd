//! Attributes of events and objects: [`Attribute`].

use operation::{Host, Indicator};
use serde::Serialize;

use crate::{Handover, Source, Value, ids, stamp};

/// An attribute; those of objects have a relation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Attribute {
    pub(super) uuid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_relation: Option<&'static str>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) category: &'static str,
    pub(super) value: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) comment: String,
    pub(super) to_ids: bool,
    pub(super) disable_correlation: bool,
    pub(super) distribution: &'static str,
    pub(super) timestamp: String,
}

/// "As the event": the value of `distribution` for what belongs to one.
pub(super) const INHERITED: &str = "5";

/// The attributes of an event: its indicators, what people wrote about it, and where its values come from.
pub(super) fn of_event(handover: &Handover, event: &str) -> Vec<Attribute> {
    let changed_at = handover.changed_at;
    let values = handover.values.iter().map(|value| of_value(value, event));
    let summary = Some(&handover.summary).filter(|summary| !summary.is_empty());
    let summary = summary.map(|summary| text(event, "comment", "Internal reference", summary, changed_at));
    let sources = handover.sources.iter().map(|source| {
        let words = words_of(source);
        text(event, "text", "External analysis", &words, changed_at)
    });
    let mut attributes: Vec<Attribute> = values.chain(summary).chain(sources).collect();
    // An instance takes every UUID once.
    let mut met = std::collections::HashSet::new();
    attributes.retain(|attribute| met.insert(attribute.uuid.clone()));
    attributes
}

/// The UUID of the attribute of an indicator, which objects refer to.
pub(super) fn uuid_of(event: &str, indicator: &Indicator) -> String {
    ids::of("misp-attribute", &[event, kind_of(indicator), &indicator.to_string()]).to_string()
}

fn of_value(value: &Value, event: &str) -> Attribute {
    let Value { indicator, facts, changed_at, .. } = value;
    let facts: Vec<String> = facts.iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    Attribute {
        uuid: uuid_of(event, indicator),
        object_relation: None,
        kind: kind_of(indicator),
        category: "Network activity",
        value: indicator.to_string(),
        comment: facts.join("; "),
        to_ids: false,
        disable_correlation: false,
        distribution: INHERITED,
        timestamp: changed_at.to_string(),
    }
}

/// The type: MISP tells registered domains and hosts apart.
fn kind_of(indicator: &Indicator) -> &'static str {
    match indicator.host() {
        Host::Address(_) => "ip-dst",
        Host::Name(name) if name.registered_domain() == Some(name.as_ref()) => "domain",
        Host::Name(_) => "hostname",
    }
}

fn text(event: &str, kind: &'static str, category: &'static str, value: &str, changed_at: u64) -> Attribute {
    Attribute {
        uuid: ids::of("misp-attribute", &[event, kind, value]).to_string(),
        object_relation: None,
        kind,
        category,
        value: value.to_owned(),
        comment: String::new(),
        to_ids: false,
        disable_correlation: true,
        distribution: INHERITED,
        timestamp: changed_at.to_string(),
    }
}

fn words_of(source: &Source) -> String {
    let title = if source.title.is_empty() { "a report without a title" } else { &source.title };
    match source.dated_at.and_then(stamp::day) {
        Some(day) => format!("Read from {title}, of {day}"),
        None => format!("Read from {title}"),
    }
}

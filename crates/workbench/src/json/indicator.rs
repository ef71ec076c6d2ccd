//! Indicators: listed, shown, added, changed.

use operation::{Indicator, Tlp};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AttributeValue, at, named};
use crate::audit;
use crate::library::{self, Adding, Counts, Details, Entry, Page, Relationship, Standing};

/// A text that was not added, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RefusedText)]
pub struct Refused {
    /// What is wrong with it.
    pub reason: String,
    /// What was given.
    pub text: String,
}

/// What adding indicators changed, or would change.
#[derive(Serialize, ToSchema)]
pub struct AddedIndicators {
    /// The indicators that were given.
    indicators: Vec<AddedIndicator>,
    /// What looked like an indicator and is none.
    refused: Vec<Refused>,
    /// How much other text was skipped, such as dates.
    skipped: usize,
}

/// An indicator that was added, or was known.
#[derive(Serialize, ToSchema)]
pub struct AddedIndicator {
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// `new`, `known` or `restored`.
    outcome: &'static str,
    /// Its status.
    status: &'static str,
    /// Who may see it, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// The indicator.
    value: String,
}

/// A page of indicators.
#[derive(Serialize, ToSchema)]
pub struct IndicatorPage {
    /// The number of indicators in the library, whether or not they match; of removed ones if those are listed.
    all: u64,
    /// The indicators, in the order that was asked for.
    indicators: Vec<IndicatorEntry>,
    /// The value of `after` for the next page; null at the end.
    #[schema(required)]
    next: Option<String>,
    /// The number of indicators on all pages; null if there are more than 10,000 that would have to be counted one by one.
    #[schema(required)]
    total: Option<u64>,
}

/// An indicator of the library.
#[derive(Serialize, ToSchema)]
pub struct IndicatorEntry {
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
    /// The latest time at which one of its relationships was seen; null if none says so.
    #[schema(required, format = DateTime)]
    last_seen: Option<String>,
    /// The number of its relationships.
    relationship_count: u64,
    /// When it was removed; null if it was not.
    #[schema(required, format = DateTime)]
    removed_at: Option<String>,
    /// Who reported it.
    sources: Vec<String>,
    /// Its status.
    status: &'static str,
    /// Its tags, sorted.
    tags: Vec<String>,
    /// Who may see it, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The indicator.
    value: String,
}

/// An indicator with everything that is known about it; of each list, the first 1000 are shown.
#[derive(Serialize, ToSchema)]
pub struct IndicatorDetails {
    /// The number of all attributes.
    attribute_count: u64,
    /// Its attributes.
    attributes: Vec<IndicatorAttribute>,
    /// A warning about the indicator. Left out if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<String>,
    /// Who says that it exists.
    claims: Vec<Claim>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
    /// What was done to it, newest first.
    history: Vec<IndicatorEvent>,
    /// The latest time at which one of its relationships was seen; null if none says so.
    #[schema(required, format = DateTime)]
    last_seen: Option<String>,
    /// Notes about it.
    notes: Vec<IndicatorNote>,
    /// The number of all relationships.
    relationship_count: u64,
    /// Its relationships with other indicators.
    relationships: Vec<IndicatorRelationship>,
    /// When it was removed; null if it was not.
    #[schema(required, format = DateTime)]
    removed_at: Option<String>,
    /// Who reported it.
    sources: Vec<String>,
    /// Its status.
    status: &'static str,
    /// Its tags, sorted.
    tags: Vec<String>,
    /// Who may see it, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The readable form of an internationalised name. Left out if the value is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    unicode: Option<String>,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The indicator.
    value: String,
}

/// Who says that a row of the library is true.
#[derive(Serialize, ToSchema)]
pub struct Claim {
    /// When it was said.
    #[schema(format = DateTime)]
    added_at: String,
    /// The run that said so; null if a user added it.
    #[schema(required)]
    run: Option<i64>,
    /// The provider or user.
    source: String,
}

/// An attribute of an indicator.
#[derive(Serialize, ToSchema)]
pub struct IndicatorAttribute {
    /// Who says so.
    claims: Vec<Claim>,
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// A relationship between the indicator and another.
#[derive(Serialize, ToSchema)]
pub struct IndicatorRelationship {
    /// Attributes of the relationship.
    attributes: Vec<AttributeValue>,
    /// Who says so.
    claims: Vec<Claim>,
    /// `out` if the indicator is the owner of the record, `in` if it is the data.
    direction: &'static str,
    /// The other indicator.
    other: RelatedIndicator,
    /// The type of the record.
    rrtype: String,
}

/// The other side of a relationship.
#[derive(Serialize, ToSchema)]
pub struct RelatedIndicator {
    /// Its status.
    status: &'static str,
    /// Its type.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// A note about an indicator.
#[derive(Serialize, ToSchema)]
pub struct IndicatorNote {
    /// Who wrote it.
    actor: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The note.
    text: String,
}

/// Something that was done to an indicator.
#[derive(Serialize, ToSchema)]
pub struct IndicatorEvent {
    /// What was done, such as `indicator.status`.
    action: String,
    /// Who did it.
    actor: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Its content depends on the action.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
}

/// An indicator whose status, marking or tags were set.
#[derive(Serialize, ToSchema)]
pub struct IndicatorStatusSet {
    /// The status before.
    before: &'static str,
    /// The status now.
    status: &'static str,
    /// Its tags now, sorted.
    tags: Vec<String>,
    /// Its tags before.
    tags_before: Vec<String>,
    /// Who may see it now, by the Traffic Light Protocol: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`; null if nobody said.
    #[schema(required)]
    tlp: Option<&'static str>,
    /// Who might see it before; null if nobody said.
    #[schema(required)]
    tlp_before: Option<&'static str>,
    /// Its type.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// An indicator with a new note.
#[derive(Serialize, ToSchema)]
pub struct IndicatorNoted {
    /// The note.
    note: String,
    /// The type of the indicator.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// An indicator that was removed or restored.
#[derive(Serialize, ToSchema)]
pub struct IndicatorPresence {
    /// Whether this changed anything.
    changed: bool,
    /// Whether it is removed now.
    removed: bool,
    /// Its type.
    r#type: &'static str,
    /// The indicator.
    value: String,
}

/// What adding changed; `skipped` is the number of table cells without an indicator.
pub fn added(added: &[Adding], refused: &[Refused], skipped: usize) -> AddedIndicators {
    let indicators = added.iter().map(|adding| {
        let (value, kind) = named(&adding.indicator);
        AddedIndicator {
            caution: caution(&adding.indicator),
            outcome: adding.outcome.word(),
            status: adding.status.name(),
            tlp: adding.tlp.map(Tlp::word),
            r#type: kind,
            unicode: unicode(&adding.indicator),
            value,
        }
    });
    AddedIndicators { indicators: indicators.collect(), refused: refused.to_vec(), skipped }
}

/// A page of a listing, with the counts of its filter.
pub fn page(page: &Page, counts: Counts) -> IndicatorPage {
    IndicatorPage {
        all: counts.all,
        indicators: page.entries.iter().map(entry).collect(),
        next: page.next.as_ref().map(ToString::to_string),
        total: counts.matching,
    }
}

/// Everything about one indicator.
pub fn details(details: &Details) -> IndicatorDetails {
    let IndicatorEntry {
        caution,
        created_at,
        last_seen,
        relationship_count: _,
        removed_at,
        sources,
        status,
        tags,
        tlp,
        r#type,
        unicode,
        updated_at,
        value,
    } = entry(&details.entry);
    IndicatorDetails {
        attribute_count: details.attribute_count,
        attributes: details.attributes.iter().map(attribute).collect(),
        caution,
        claims: claims(&details.claims),
        created_at,
        history: details.history.iter().map(event).collect(),
        last_seen,
        notes: details.notes.iter().map(note).collect(),
        relationship_count: details.relationship_count,
        relationships: details.relationships.iter().map(relationship).collect(),
        removed_at,
        sources,
        status,
        tags,
        tlp,
        r#type,
        unicode,
        updated_at,
        value,
    }
}

/// A status, a marking or tags that were set.
pub fn set(indicator: &Indicator, (before, after): (Standing, Standing)) -> IndicatorStatusSet {
    let (value, kind) = named(indicator);
    IndicatorStatusSet {
        before: before.status.name(),
        status: after.status.name(),
        tags: after.tags,
        tags_before: before.tags,
        tlp: after.tlp.map(Tlp::word),
        tlp_before: before.tlp.map(Tlp::word),
        r#type: kind,
        value,
    }
}

/// A note that was written.
pub fn noted(indicator: &Indicator, text: &str) -> IndicatorNoted {
    let (value, kind) = named(indicator);
    IndicatorNoted { note: text.trim().to_owned(), r#type: kind, value }
}

/// An indicator that was removed or restored; `changed` is false if it already was.
pub fn presence(indicator: &Indicator, removed: bool, changed: bool) -> IndicatorPresence {
    let (value, kind) = named(indicator);
    IndicatorPresence { changed, removed, r#type: kind, value }
}

fn caution(indicator: &Indicator) -> Option<String> {
    indicator.caution().map(|caution| caution.to_string())
}

fn unicode(indicator: &Indicator) -> Option<String> {
    indicator.unicode()
}

fn entry(entry: &Entry) -> IndicatorEntry {
    let (value, kind) = named(&entry.indicator);
    IndicatorEntry {
        caution: caution(&entry.indicator),
        created_at: at(entry.created_at),
        last_seen: entry.last_seen.map(at),
        relationship_count: entry.related,
        removed_at: entry.removed_at.map(at),
        sources: entry.sources.clone(),
        status: entry.status.name(),
        tags: entry.tags.clone(),
        tlp: entry.tlp.map(Tlp::word),
        r#type: kind,
        unicode: unicode(&entry.indicator),
        updated_at: at(entry.updated_at),
        value,
    }
}

fn attribute(attribute: &library::Attribute) -> IndicatorAttribute {
    IndicatorAttribute {
        claims: claims(&attribute.claims),
        name: attribute.name.clone(),
        value: attribute.value.clone(),
    }
}

fn note(note: &library::Note) -> IndicatorNote {
    IndicatorNote { actor: note.actor.clone(), at: at(note.at), text: note.text.clone() }
}

fn event(event: &audit::Entry) -> IndicatorEvent {
    IndicatorEvent {
        action: event.action.clone(),
        actor: event.actor.clone(),
        at: at(event.at),
        detail: event.detail.clone(),
    }
}

fn relationship(one: &Relationship) -> IndicatorRelationship {
    let attributes = one.attributes.iter().map(|(name, value)| AttributeValue::new(name, value));
    let (value, kind) = named(&one.other);
    IndicatorRelationship {
        attributes: attributes.collect(),
        claims: claims(&one.claims),
        direction: if one.outgoing { "out" } else { "in" },
        other: RelatedIndicator { status: one.status.name(), r#type: kind, value },
        rrtype: one.kind.clone(),
    }
}

fn claims(claims: &[library::Claim]) -> Vec<Claim> {
    let claim = |claim: &library::Claim| Claim {
        added_at: at(claim.added_at),
        run: claim.run,
        source: claim.source.clone(),
    };
    claims.iter().map(claim).collect()
}

//! Indicators: listed, shown, added, changed.

use operation::Indicator;
use serde_json::{Value, json};

use super::at;
use crate::library::{Adding, Claim, Details, Entry, Page, Relationship, Status};

/// A text that was not added, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What adding came to; so many cells beside values were skipped.
pub fn added(added: &[Adding], refused: &[Refused], skipped: usize) -> Value {
    let indicators = added.iter().map(|adding| {
        let (kind, status) = (adding.indicator.kind().name(), adding.status.name());
        let value = adding.indicator.to_string();
        let value = json!({"value": value, "type": kind, "status": status, "outcome": adding.outcome.word()});
        remarked(value, &adding.indicator)
    });
    let refused = refused.iter().map(|one| json!({"text": one.text, "reason": one.reason}));
    let (indicators, refused) = (indicators.collect::<Vec<_>>(), refused.collect::<Vec<_>>());
    json!({"indicators": indicators, "refused": refused, "skipped": skipped})
}

/// A page of a listing.
pub fn page(page: &Page) -> Value {
    json!({
        "indicators": page.entries.iter().map(entry).collect::<Vec<_>>(),
        "next": page.next.as_ref().map(ToString::to_string),
        "total": page.total,
    })
}

/// All about one.
pub fn details(details: &Details) -> Value {
    let mut value = entry(&details.entry);
    let attributes = details.attributes.iter().map(|attribute| {
        json!({"name": attribute.name, "value": attribute.value, "claims": claims(&attribute.claims)})
    });
    let notes =
        details.notes.iter().map(|note| json!({"at": at(note.at), "actor": note.actor, "text": note.text}));
    let history = details.history.iter().map(|event| {
        json!({"at": at(event.at), "actor": event.actor, "action": event.action, "detail": event.detail})
    });
    let more = [
        ("claims", claims(&details.claims)),
        ("attributes", attributes.collect()),
        ("attribute_count", details.attribute_count.into()),
        ("relationships", details.relationships.iter().map(relationship).collect()),
        ("relationship_count", details.relationship_count.into()),
        ("notes", notes.collect()),
        ("history", history.collect()),
    ];
    if let Value::Object(fields) = &mut value {
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

/// A status that was given.
pub fn status(indicator: &Indicator, before: Status, after: Status) -> Value {
    let (value, kind) = (indicator.to_string(), indicator.kind().name());
    json!({"value": value, "type": kind, "status": after.name(), "before": before.name()})
}

/// A note that was written.
pub fn noted(indicator: &Indicator, text: &str) -> Value {
    json!({"value": indicator.to_string(), "type": indicator.kind().name(), "note": text.trim()})
}

/// Removed or restored; `changed` where it was not so already.
pub fn presence(indicator: &Indicator, removed: bool, changed: bool) -> Value {
    let (value, kind) = (indicator.to_string(), indicator.kind().name());
    json!({"value": value, "type": kind, "removed": removed, "changed": changed})
}

/// Adds what not every indicator has: `unicode`, the form that people read, and `caution`, why it deserves a second look.
fn remarked(mut value: Value, indicator: &Indicator) -> Value {
    if let Value::Object(fields) = &mut value {
        let unicode = indicator.unicode().map(|unicode| ("unicode".to_owned(), unicode.into()));
        let caution = indicator.caution().map(|caution| ("caution".to_owned(), caution.to_string().into()));
        fields.extend(unicode.into_iter().chain(caution));
    }
    value
}

fn entry(entry: &Entry) -> Value {
    let value = json!({
        "value": entry.indicator.to_string(),
        "type": entry.indicator.kind().name(),
        "status": entry.status.name(),
        "sources": entry.sources,
        "created_at": at(entry.created_at),
        "updated_at": at(entry.updated_at),
        "removed_at": entry.removed_at.map(at),
    });
    remarked(value, &entry.indicator)
}

fn relationship(one: &Relationship) -> Value {
    let attributes = one.attributes.iter().map(|(name, value)| json!({"name": name, "value": value}));
    let other = &one.other;
    json!({
        "direction": if one.outgoing { "out" } else { "in" },
        "rrtype": one.kind,
        "other": {"value": other.to_string(), "type": other.kind().name(), "status": one.status.name()},
        "attributes": attributes.collect::<Vec<_>>(),
        "claims": claims(&one.claims),
    })
}

fn claims(claims: &[Claim]) -> Value {
    let claim =
        |claim: &Claim| json!({"source": claim.source, "run": claim.run, "added_at": at(claim.added_at)});
    claims.iter().map(claim).collect()
}

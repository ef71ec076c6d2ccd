//! Indicators and what is attached to them, as clients of ThreatQ expect them.
//!
//! Members that our library has nothing for are null. Dates are UTC without a zone.

use operation::Tlp;
use serde_json::{Map, Value, json};
use workbench::library::{Attribute, Claim, Entry};
use workbench::{Error, Workbench};

use crate::kinds::{CLASS, id_of_kind, id_of_status, id_of_tlp};

/// What to show besides the indicator itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct With {
    pub(crate) attributes: bool,
    pub(crate) sources: bool,
    pub(crate) tags: bool,
}

impl With {
    /// From words such as `attributes` or `sources.name`. Type, status and score are always shown, and other words have no effect.
    pub(crate) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut with = Self::default();
        for word in words {
            match word.split('.').next().unwrap_or_default() {
                "attributes" => with.attributes = true,
                "sources" => with.sources = true,
                "tags" => with.tags = true,
                _ => {}
            }
        }
        with
    }
}

/// `2017-06-09 08:07:17`
pub(crate) fn date(seconds: i64) -> String {
    cof::time::readable(u64::try_from(seconds).unwrap_or_default())
}

/// An indicator without what is attached to it.
pub(crate) fn base(entry: &Entry) -> Value {
    let (kind, status) = (entry.indicator.kind(), entry.status);
    json!({
        "id": entry.id,
        "value": entry.indicator.to_string(),
        "type_id": id_of_kind(kind),
        "type": { "id": id_of_kind(kind), "name": kind.name(), "class": CLASS },
        "status_id": id_of_status(status),
        "status": { "id": id_of_status(status), "name": status.name() },
        "class": CLASS,
        "description": null, "score": null,
        "tlp": entry.tlp.map(tlp),
        "created_at": date(entry.created_at),
        "updated_at": date(entry.updated_at),
        "touched_at": date(entry.updated_at),
        "last_detected_at": null, "expires_at": null, "expired_at": null,
        "expires_needs_calc": "N", "expires_calculated_at": null,
    })
}

/// An indicator with what is wanted of it, and at most this many attributes.
pub(crate) fn indicator(
    workbench: &Workbench,
    entry: &Entry,
    with: With,
    most: usize,
) -> Result<Value, Error> {
    let mut shape = base(entry);
    let Some(members) = shape.as_object_mut() else { return Ok(shape) };
    if with.attributes {
        members.insert("attributes".to_owned(), attributes(workbench, entry.id, most)?.into());
    }
    if with.sources {
        members.insert("sources".to_owned(), sources(workbench, entry)?.into());
    }
    if with.tags {
        let tag = |name: &String| json!({ "name": name });
        members.insert("tags".to_owned(), entry.tags.iter().map(tag).collect());
    }
    Ok(shape)
}

/// The first attributes of an indicator.
pub(crate) fn attributes(workbench: &Workbench, id: i64, most: usize) -> Result<Vec<Value>, Error> {
    let attributes = workbench.attributes_of(id, most)?;
    attributes.iter().map(|one| attribute(workbench, id, one)).collect()
}

fn attribute(workbench: &Workbench, indicator: i64, one: &Attribute) -> Result<Value, Error> {
    let numbers = workbench.source_numbers(one.claims.iter().map(|claim| claim.source.as_str()))?;
    let mut sources: Vec<Value> = Vec::new();
    let mut met: Vec<&str> = Vec::new();
    for Claim { source, added_at, .. } in &one.claims {
        if !met.contains(&source.as_str()) {
            met.push(source);
            sources.push(json!({
                "id": numbers.get(source), "name": source, "type": "other_sources", "tlp_id": null,
                "published_at": null, "created_at": date(*added_at),
            }));
        }
    }
    let times = || one.claims.iter().map(|claim| claim.added_at);
    Ok(json!({
        "id": one.id, "attribute_id": one.id, "indicator_id": indicator,
        "name": one.name, "value": one.value, "attribute": { "id": one.id, "name": one.name },
        "sources": sources,
        "created_at": times().min().map(date), "updated_at": times().max().map(date),
    }))
}

/// The sources of an indicator.
pub(crate) fn sources(workbench: &Workbench, entry: &Entry) -> Result<Vec<Value>, Error> {
    let numbers = workbench.source_numbers(entry.sources.iter().map(String::as_str))?;
    let shape = |name: &String| {
        json!({
            "id": numbers.get(name), "source_id": numbers.get(name), "name": name, "type": "other_sources",
            "reference_id": null, "tlp_id": entry.tlp.map(id_of_tlp), "published_at": null,
        })
    };
    Ok(entry.sources.iter().map(shape).collect())
}

/// Only these members of a shape, and always its number.
pub(crate) fn only(shape: Value, fields: &[String]) -> Value {
    let Value::Object(members) = shape else { return shape };
    let wanted =
        |name: &String| name == "id" || fields.iter().any(|field| field.split('.').next() == Some(name));
    Value::Object(members.into_iter().filter(|(name, _)| wanted(name)).collect::<Map<_, _>>())
}

fn tlp(tlp: Tlp) -> Value {
    json!({ "id": id_of_tlp(tlp), "name": tlp.word() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_select_what_is_attached() {
        let with = With::of(["attributes", "sources.name", "type", "score"]);
        assert_eq!(with, With { attributes: true, sources: true, tags: false });
    }

    #[test]
    fn only_wanted_members_stay() {
        let shape = json!({"id": 1, "value": "a.example", "sources": [], "class": "network"});
        let fields = ["value".to_owned(), "sources.name".to_owned()];
        assert_eq!(only(shape, &fields), json!({"id": 1, "value": "a.example", "sources": []}));
    }
}

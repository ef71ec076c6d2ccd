//! An event as an instance sends it: [`Event`], with what is needed for comparing it.
//!
//! Instances write numbers, booleans and texts for the same thing, depending on their version, so [`loose`] reads all of them.

use std::collections::{HashMap, HashSet};

use operation::Tlp;
use serde::{Deserialize, Deserializer};

/// An event of an instance.
#[derive(Debug, Default)]
pub(crate) struct Event {
    pub(crate) uuid: String,
    pub(crate) info: String,
    pub(crate) analysis: String,
    pub(crate) distribution: String,
    /// The number of the organisation that created it.
    pub(crate) orgc_id: String,
    pub(crate) tags: Vec<String>,
    /// By UUID, without those of objects.
    pub(crate) attributes: HashMap<String, Attribute>,
    /// By UUID.
    pub(crate) objects: HashMap<String, Object>,
}

/// An attribute.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Attribute {
    #[serde(default, deserialize_with = "loose")]
    uuid: String,
    #[serde(default, deserialize_with = "loose", rename = "type")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) category: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) value: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) comment: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) object_relation: String,
    #[serde(default, deserialize_with = "flag")]
    pub(crate) deleted: bool,
}

/// An object.
#[derive(Debug, Default)]
pub(crate) struct Object {
    pub(crate) deleted: bool,
    /// By UUID.
    pub(crate) attributes: HashMap<String, Attribute>,
    /// What it refers to, by UUID, deleted references included.
    pub(crate) references: HashSet<String>,
}

/// The answer.
#[derive(Deserialize)]
pub(crate) struct File {
    #[serde(rename = "Event")]
    event: FileEvent,
}

#[derive(Deserialize)]
struct FileEvent {
    #[serde(deserialize_with = "loose")]
    uuid: String,
    #[serde(default, deserialize_with = "loose")]
    info: String,
    #[serde(default, deserialize_with = "loose")]
    analysis: String,
    #[serde(default, deserialize_with = "loose")]
    distribution: String,
    #[serde(default, deserialize_with = "loose")]
    orgc_id: String,
    #[serde(default, rename = "Tag")]
    tags: Vec<FileTag>,
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
    #[serde(default, rename = "Object")]
    objects: Vec<FileObject>,
}

#[derive(Deserialize)]
struct FileTag {
    #[serde(default, deserialize_with = "loose")]
    name: String,
}

#[derive(Deserialize)]
struct FileObject {
    #[serde(default, deserialize_with = "loose")]
    uuid: String,
    #[serde(default, deserialize_with = "flag")]
    deleted: bool,
    #[serde(default, rename = "Attribute")]
    attributes: Vec<Attribute>,
    #[serde(default, rename = "ObjectReference")]
    references: Vec<FileReference>,
}

#[derive(Deserialize)]
struct FileReference {
    #[serde(default, deserialize_with = "loose")]
    referenced_uuid: String,
}

impl Event {
    pub(crate) fn read(File { event }: File) -> Self {
        let FileEvent { uuid, info, analysis, distribution, orgc_id, tags, attributes, objects } = event;
        Self {
            uuid: uuid.to_ascii_lowercase(),
            info,
            analysis,
            distribution,
            orgc_id,
            tags: tags.into_iter().map(|tag| tag.name).collect(),
            attributes: by_uuid(attributes),
            objects: objects
                .into_iter()
                .map(|object| (object.uuid.to_ascii_lowercase(), object.into()))
                .collect(),
        }
    }

    /// The strictest marking in its tags.
    pub(crate) fn tlp(&self) -> Option<Tlp> {
        self.markings().filter_map(marking).max()
    }

    /// Its tags that are markings.
    pub(crate) fn markings(&self) -> impl Iterator<Item = &str> {
        let tags = self.tags.iter().map(String::as_str);
        tags.filter(|tag| tag.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("tlp:")))
    }
}

impl From<FileObject> for Object {
    fn from(file: FileObject) -> Self {
        let references = file.references.into_iter().map(|one| one.referenced_uuid.to_ascii_lowercase());
        Self { deleted: file.deleted, references: references.collect(), attributes: by_uuid(file.attributes) }
    }
}

fn by_uuid(attributes: Vec<Attribute>) -> HashMap<String, Attribute> {
    attributes.into_iter().map(|one| (one.uuid.to_ascii_lowercase(), one)).collect()
}

/// The level that a tag stands for: `tlp:green`.
fn marking(tag: &str) -> Option<Tlp> {
    match tag.get(4..)?.to_ascii_lowercase().as_str() {
        // The word of version 1.
        "white" => Some(Tlp::Clear),
        word => word.parse().ok(),
    }
}

/// A text, a number or a boolean as text; null as an empty one.
pub(crate) fn loose<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        serde_json::Value::Bool(on) => if on { "1" } else { "0" }.to_owned(),
        serde_json::Value::Number(number) => number.to_string(),
        _ => String::new(),
    })
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    loose(deserializer).map(|word| matches!(word.as_str(), "1" | "true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_however_its_values_are_written() {
        let text = r#"{"Event": {"uuid": "AB", "info": "x", "distribution": 0, "orgc_id": "3", "analysis": "2",
            "Tag": [{"name": "tlp:white"}, {"name": "TLP:AMBER"}, {"name": "other"}, {}],
            "Attribute": [{"uuid": "A1", "type": "domain", "value": "a.example", "comment": null, "deleted": "1"}],
            "Object": [{"uuid": "O1", "deleted": 0, "Attribute": [{"uuid": "OA", "value": 7, "deleted": false}],
            "ObjectReference": [{"referenced_uuid": "A1"}]}], "unknown": []}}"#;
        let event = Event::read(serde_json::from_str(text).unwrap());
        assert_eq!((event.uuid.as_str(), event.distribution.as_str()), ("ab", "0"));
        assert_eq!(event.tlp(), Some(Tlp::Amber));
        assert_eq!(event.markings().count(), 2);
        assert!(event.attributes["a1"].deleted && event.attributes["a1"].comment.is_empty());
        let object = &event.objects["o1"];
        assert!(!object.deleted && object.attributes["oa"].value == "7" && object.references.contains("a1"));
        assert!(serde_json::from_str::<File>("[]").is_err());
    }
}

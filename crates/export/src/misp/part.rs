//! The parts of an event, for those who send them one by one: [`Part`], and the event without them ([`Document::head`]).

use operation::Indicator;
use serde_json::Value;

use super::attribute::Attribute;
use super::object::{PassiveDns, uuid_of};
use super::{Document, Event};

/// An attribute or an object of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its UUID.
    pub uuid: String,
    /// What it stands for.
    pub subject: Subject,
    /// What it is called for people: the value, the text, or the record on one line.
    pub label: String,
    /// The attribute or object in JSON.
    pub body: Value,
}

/// What a part stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An indicator: an attribute of the event.
    Indicator(Indicator),
    /// A record: an object.
    Record,
    /// A relationship of the library: an object.
    Relationship,
    /// A text that people wrote: an attribute of the event.
    Text,
}

impl Subject {
    /// Whether it is an object, and not an attribute of the event.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Record | Self::Relationship)
    }
}

/// Whether an attribute of an object was written by us: its UUID depends on the object, the relation and the value.
pub fn is_ours(object: &str, relation: &str, value: &str, uuid: &str) -> bool {
    uuid_of(object, relation, value) == uuid
}

impl Document {
    /// The UUID of the event.
    pub fn uuid(&self) -> &str {
        &self.event.uuid
    }

    /// The event in JSON, without attributes and objects.
    pub fn head(&self) -> Value {
        let empty = Event { attributes: Vec::new(), objects: Vec::new(), ..self.event.clone() };
        let mut head = json(&empty);
        if let Some(head) = head.as_object_mut() {
            head.remove("Attribute");
            head.remove("Object");
        }
        head
    }

    /// Its attributes, and then its objects.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.event.attributes.iter().map(of_attribute).chain(self.event.objects.iter().map(of_object))
    }
}

fn of_attribute(attribute: &Attribute) -> Part {
    let is_indicator = attribute.category == "Network activity";
    let indicator = Indicator::from_canonical(&attribute.value).ok().filter(|_| is_indicator);
    Part {
        uuid: attribute.uuid.clone(),
        subject: indicator.map_or(Subject::Text, Subject::Indicator),
        label: attribute.value.clone(),
        body: json(attribute),
    }
}

fn of_object(object: &PassiveDns) -> Part {
    Part {
        uuid: object.uuid.clone(),
        subject: if object.is_link { Subject::Relationship } else { Subject::Record },
        label: object.line.clone(),
        body: json(object),
    }
}

/// It consists of texts and booleans, which always can be written.
fn json(part: &impl serde::Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::{Distribution, event, event_in};
    use super::*;
    use crate::sample::matter;
    use crate::{Handover, Terms};

    #[test]
    fn the_parts_and_the_head_together_are_the_event() {
        let handover = Handover::new(matter(), &Terms::default()).unwrap();
        let document = event(&handover, Distribution::Organisation).unwrap();
        let mut head = document.head();
        let parts: Vec<Part> = document.parts().collect();
        let bodies = |objects: bool| -> Value {
            let chosen = parts.iter().filter(|part| part.subject.is_object() == objects);
            chosen.map(|part| part.body.clone()).collect()
        };
        head["Attribute"] = bodies(false);
        head["Object"] = bodies(true);
        let whole: Value = serde_json::from_str(&document.to_json()).unwrap();
        assert_eq!(whole["Event"], head);
        let indicators = parts.iter().filter(|part| matches!(part.subject, Subject::Indicator(_))).count();
        assert_eq!(indicators, handover.values.len());
        let object = parts.iter().find(|part| part.subject == Subject::Record).unwrap();
        let one = &object.body["Attribute"][0];
        let text = |key: &str| one[key].as_str().unwrap();
        assert!(is_ours(&object.uuid, text("object_relation"), text("value"), text("uuid")));
        assert!(!is_ours(&object.uuid, text("object_relation"), "other", text("uuid")));
    }

    #[test]
    fn in_another_event_everything_has_other_uuids() {
        let handover = Handover::new(matter(), &Terms::default()).unwrap();
        let own = event(&handover, Distribution::Organisation).unwrap();
        let named = "3d7ec8a8-3a8d-4a5b-9b5e-4f0f6a3f2c11";
        let other = event_in(&handover, Distribution::Organisation, named).unwrap();
        assert_eq!(other.uuid(), named);
        let uuids = |document: &Document| document.parts().map(|part| part.uuid).collect::<Vec<_>>();
        assert!(uuids(&own).iter().all(|uuid| !uuids(&other).contains(uuid)));
    }
}

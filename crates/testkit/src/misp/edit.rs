//! Adding and editing events, with the rules of an instance for what is newer and what is known.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Instance, Stored, Thing};

/// The fields of an event that a request may set.
const FIELDS: [&str; 6] = ["info", "date", "analysis", "distribution", "threat_level_id", "published"];

impl Instance {
    /// Adds an event; `Err` with its UUID if it exists.
    pub(super) fn add(&mut self, sent: &Value, org: u64) -> Result<String, String> {
        let uuid = text(sent, "uuid").to_ascii_lowercase();
        if uuid.is_empty() || self.events.contains_key(&uuid) {
            return Err(uuid);
        }
        let mut head = Map::new();
        head.insert("id".to_owned(), json!(self.number()));
        let defaults = [("info", ""), ("analysis", "0"), ("distribution", "0"), ("threat_level_id", "4")];
        for (key, value) in defaults {
            head.insert(key.to_owned(), json!(value));
        }
        for key in ["org_id", "orgc_id"] {
            head.insert(key.to_owned(), json!(org.to_string()));
        }
        self.events.insert(uuid.clone(), Stored { head, orgc: org, ..Stored::default() });
        self.edit(&uuid, sent);
        Ok(uuid)
    }

    /// Changes an event: what has a known UUID is updated, the rest is added.
    pub(super) fn edit(&mut self, uuid: &str, sent: &Value) {
        self.now += 1;
        let now = self.now;
        let Some(mut event) = self.events.remove(uuid) else { return };
        for key in FIELDS {
            if let Some(value) = sent.get(key) {
                event.head.insert(key.to_owned(), value.clone());
            }
        }
        event.head.insert("timestamp".to_owned(), json!(now.to_string()));
        for tag in list(sent, "Tag") {
            let name = text(tag, "name").to_owned();
            if is_set(tag.get("deleted")) {
                event.tags.remove(&name);
            } else {
                event.tags.insert(name);
            }
        }
        for attribute in list(sent, "Attribute") {
            self.take(&mut event.attributes, attribute, uuid, "0");
        }
        for object in list(sent, "Object") {
            self.take_object(&mut event, object, uuid);
        }
        self.events.insert(uuid.to_owned(), event);
    }

    fn take_object(&mut self, event: &mut Stored, sent: &Value, of: &str) {
        let uuid = text(sent, "uuid").to_ascii_lowercase();
        if self.known.get(&uuid).is_some_and(|other| other != of) {
            return;
        }
        let now = self.now;
        if !event.objects.contains_key(&uuid) {
            let id = self.number();
            let mut head = fields(sent, &["Attribute", "ObjectReference"]);
            head.insert("id".to_owned(), json!(id));
            head.entry("deleted").or_insert(json!(false));
            self.known.insert(uuid.clone(), of.to_owned());
            event.objects.insert(uuid.clone(), Thing { head, ..Thing::default() });
        } else if event.objects.get(&uuid).is_some_and(|known| is_old(sent, &known.head)) {
            return;
        }
        let Some(thing) = event.objects.get_mut(&uuid) else { return };
        let stamp = sent.get("timestamp").cloned().unwrap_or_else(|| json!(now.to_string()));
        thing.head.insert("timestamp".to_owned(), stamp);
        let id = text(&Value::Object(thing.head.clone()), "id").to_owned();
        for attribute in list(sent, "Attribute") {
            self.take(&mut thing.attributes, attribute, of, &id);
        }
        for reference in list(sent, "ObjectReference") {
            let mut whole = fields(reference, &[]);
            whole.insert("id".to_owned(), json!(self.number()));
            whole.insert("object_id".to_owned(), json!(id));
            thing.references.insert(text(reference, "uuid").to_owned(), whole);
        }
    }

    fn take(
        &mut self,
        into: &mut BTreeMap<String, Map<String, Value>>,
        sent: &Value,
        of: &str,
        object: &str,
    ) {
        let uuid = text(sent, "uuid").to_ascii_lowercase();
        let is_elsewhere = self.known.get(&uuid).is_some_and(|_| !into.contains_key(&uuid));
        if is_elsewhere || self.invalid.contains(text(sent, "value")) {
            return;
        }
        let stamp = json!(self.now.to_string());
        match into.get_mut(&uuid) {
            Some(known) if is_old(sent, known) => {}
            Some(known) => {
                known.extend(fields(sent, &[]));
                if sent.get("timestamp").is_none() {
                    known.insert("timestamp".to_owned(), stamp);
                }
            }
            None => {
                let mut whole = fields(sent, &[]);
                whole.insert("id".to_owned(), json!(self.number()));
                whole.insert("object_id".to_owned(), json!(object));
                whole.entry("timestamp").or_insert(stamp);
                whole.entry("deleted").or_insert(json!(false));
                whole.entry("comment").or_insert(json!(""));
                self.known.insert(uuid.clone(), of.to_owned());
                into.insert(uuid, whole);
            }
        }
    }

    fn number(&mut self) -> String {
        self.next_id += fastrand::u64(1..5);
        self.next_id.to_string()
    }
}

impl Stored {
    /// The event as an answer, with what is deleted softly if `all`.
    pub(super) fn shown(&self, uuid: &str, all: bool) -> Value {
        let is_shown = |head: &Map<String, Value>| all || !is_set(head.get("deleted"));
        let attributes = |list: &BTreeMap<String, Map<String, Value>>| -> Vec<Value> {
            list.values().filter(|one| is_shown(one)).map(|one| Value::Object(one.clone())).collect()
        };
        let objects = self.objects.values().filter(|thing| is_shown(&thing.head)).map(|thing| {
            let mut whole = thing.head.clone();
            whole.insert("Attribute".to_owned(), attributes(&thing.attributes).into());
            let references = thing.references.values().cloned().map(Value::Object).collect::<Vec<_>>();
            whole.insert("ObjectReference".to_owned(), references.into());
            Value::Object(whole)
        });
        let mut event = self.head.clone();
        event.insert("uuid".to_owned(), json!(uuid));
        event.insert("Tag".to_owned(), self.tags.iter().map(|name| json!({"name": name})).collect());
        event.insert("Object".to_owned(), objects.collect());
        event.insert("Attribute".to_owned(), attributes(&self.attributes).into());
        json!({"Event": event})
    }
}

/// Whether what is sent is not newer than what is known.
fn is_old(sent: &Value, known: &Map<String, Value>) -> bool {
    let number = |value: Option<&Value>| -> Option<u64> {
        match value? {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64(),
        }
    };
    let (sent, known) = (number(sent.get("timestamp")), number(known.get("timestamp")));
    sent.is_some() && sent <= known
}

fn fields(sent: &Value, without: &[&str]) -> Map<String, Value> {
    let mut fields = sent.as_object().cloned().unwrap_or_default();
    fields.retain(|key, _| !without.contains(&key.as_str()));
    fields
}

fn list<'a>(sent: &'a Value, key: &str) -> &'a [Value] {
    sent.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(sent: &'a Value, key: &str) -> &'a str {
    sent.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn is_set(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(on)) => *on,
        Some(Value::String(text)) => text == "1" || text == "true",
        Some(Value::Number(number)) => number.as_u64() == Some(1),
        _ => false,
    }
}

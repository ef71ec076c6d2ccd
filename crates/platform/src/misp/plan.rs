//! What is to be done in an event: [`Plan`], from what is handed over and what the instance has. Pure.
//!
//! What somebody deleted on the instance stays deleted, and is refused. Attributes that others added to our objects stay, too: only
//! values that were ours and are no longer right are deleted.

use std::collections::HashSet;

use export::Handover;
use export::misp::{Document, Part, Subject, is_ours};
use serde_json::{Map, Value, json};
use workbench::push::{Outcome, Row, RowKind};

use super::event::{Attribute, Event, Object};

/// Why something is not sent that somebody deleted.
const DELETED: &str = "somebody deleted it on the platform";

/// What is to be done in an event.
#[derive(Debug)]
pub struct Plan {
    uuid: String,
    exists: bool,
    head: Option<Value>,
    /// What is to be sent, in the order of the rows.
    steps: Vec<Step>,
    rows: Vec<Row>,
}

/// An attribute or object that is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The UUID, which is the key of its row.
    pub(crate) key: String,
    /// What is to be done with it.
    pub(crate) outcome: Outcome,
    pub(crate) is_object: bool,
    pub(crate) body: Value,
}

impl Plan {
    pub(crate) fn new(
        handover: &Handover,
        document: &Document,
        there: Option<&Event>,
        is_named: bool,
    ) -> Self {
        let head = if is_named { None } else { head(document, there) };
        let outcome = match (&head, there) {
            (None, _) => Outcome::Unchanged,
            (Some(_), None) => Outcome::Create,
            (Some(_), Some(_)) => Outcome::Update,
        };
        let label = there.filter(|_| is_named).map_or(handover.title.as_str(), |event| event.info.as_str());
        let event = row(document.uuid(), RowKind::Event, &client::printable(label.as_bytes(), 200), outcome);
        let mut plan = Self {
            uuid: document.uuid().to_owned(),
            exists: there.is_some(),
            head,
            steps: Vec::new(),
            rows: vec![event],
        };
        for part in document.parts() {
            plan.add(part, there);
        }
        plan.rows.extend(held(handover));
        plan
    }

    /// The UUID of the event.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// Every row with what is to be done.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn exists(&self) -> bool {
        self.exists
    }

    /// What is to be said about the event as a whole, if anything.
    pub(crate) fn head(&self) -> Option<&Value> {
        self.head.as_ref()
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn add(&mut self, part: Part, there: Option<&Event>) {
        let (outcome, body) = match there {
            None => (Outcome::Create, Some(part.body.clone())),
            Some(event) if part.subject.is_object() => match event.objects.get(&part.uuid) {
                Some(object) => of_object(&part, object),
                None => (Outcome::Create, Some(part.body.clone())),
            },
            Some(event) => match event.attributes.get(&part.uuid) {
                Some(attribute) => of_attribute(&part, attribute),
                None => (Outcome::Create, Some(part.body.clone())),
            },
        };
        let kind = match &part.subject {
            Subject::Indicator(_) => RowKind::Indicator,
            Subject::Record => RowKind::Record,
            Subject::Relationship => RowKind::Relationship,
            Subject::Text => RowKind::Text,
        };
        let is_object = part.subject.is_object();
        let indicator = match part.subject {
            Subject::Indicator(indicator) => Some(indicator),
            _ => None,
        };
        let reason = (outcome == Outcome::Refused).then(|| DELETED.to_owned());
        self.rows.push(Row { indicator, reason, ..row(&part.uuid, kind, &part.label, outcome) });
        if let Some(body) = body {
            self.steps.push(Step { key: part.uuid, outcome, is_object, body });
        }
    }
}

fn row(key: &str, kind: RowKind, label: &str, outcome: Outcome) -> Row {
    Row { key: key.to_owned(), kind, label: label.to_owned(), indicator: None, outcome, reason: None }
}

/// What is held back, with the reasons.
pub(crate) fn held(handover: &Handover) -> impl Iterator<Item = Row> {
    let of_value = handover.held.iter().map(|(indicator, tlp)| {
        let text = indicator.to_string();
        let held = row(&["held ", &text].concat(), RowKind::Indicator, &text, Outcome::Held);
        let reason =
            Some(["it is marked ", tlp.word(), ", which is stricter than what may be sent"].concat());
        Row { indicator: Some(indicator.clone()), reason, ..held }
    });
    let counted = [
        (handover.held_rows, "records and relationships", RowKind::Record),
        (handover.held_texts, "texts", RowKind::Text),
    ];
    let of_rest = counted.into_iter().filter(|(count, ..)| *count > 0).map(|(count, what, kind)| {
        let held =
            row(&["held ", what].concat(), kind, &[&count.to_string(), " ", what].concat(), Outcome::Held);
        let reason = "they contain values that are marked stricter than what may be sent";
        Row { reason: Some(reason.to_owned()), ..held }
    });
    of_value.chain(of_rest)
}

/// What is said about an event as a whole, if it is not there, or says something else.
fn head(document: &Document, there: Option<&Event>) -> Option<Value> {
    let whole = document.head();
    let Some(event) = there else { return Some(whole) };
    let text = |key: &str| whole.get(key).and_then(Value::as_str).unwrap_or_default();
    let wanted = whole.get("Tag").and_then(Value::as_array).cloned().unwrap_or_default();
    let wanted: Vec<&str> = wanted.iter().filter_map(|tag| tag.get("name")?.as_str()).collect();
    let mut tags: Vec<Value> = Vec::new();
    for tag in &wanted {
        if !event.markings().any(|marked| marked.eq_ignore_ascii_case(tag)) {
            tags.push(json!({"name": tag}));
        }
    }
    for marked in event.markings() {
        if !wanted.iter().any(|tag| tag.eq_ignore_ascii_case(marked)) {
            tags.push(json!({"name": marked, "deleted": true}));
        }
    }
    let is_same = tags.is_empty()
        && text("info") == event.info
        && text("analysis") == event.analysis
        && text("distribution") == event.distribution;
    (!is_same).then(|| {
        json!({
            "uuid": document.uuid(), "info": text("info"), "analysis": text("analysis"),
            "distribution": text("distribution"), "Tag": tags,
        })
    })
}

fn of_attribute(part: &Part, there: &Attribute) -> (Outcome, Option<Value>) {
    if there.deleted {
        return (Outcome::Refused, None);
    }
    let text = |key: &str| part.body.get(key).and_then(Value::as_str).unwrap_or_default();
    let is_same = text("comment") == there.comment
        && text("type") == there.kind
        && text("category") == there.category
        && text("value") == there.value;
    if is_same { (Outcome::Unchanged, None) } else { (Outcome::Update, Some(untimed(&part.body))) }
}

fn of_object(part: &Part, there: &Object) -> (Outcome, Option<Value>) {
    if there.deleted {
        return (Outcome::Refused, None);
    }
    let list = |key: &str| part.body.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let wanted = list("Attribute");
    let uuids: HashSet<&str> = wanted.iter().filter_map(|one| one.get("uuid")?.as_str()).collect();
    let stale: Vec<(&String, &Attribute)> = there
        .attributes
        .iter()
        .filter(|(uuid, one)| {
            !one.deleted
                && !uuids.contains(uuid.as_str())
                && is_ours(&part.uuid, &one.object_relation, &one.value, uuid)
        })
        .collect();
    let replaced: HashSet<&str> = stale.iter().map(|(_, one)| one.object_relation.as_str()).collect();
    let mut attributes: Vec<Value> = Vec::new();
    for one in &wanted {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
        match there.attributes.get(text("uuid")) {
            None => attributes.push(one.clone()),
            // It was right before, was replaced by us, and is right again.
            Some(known) if known.deleted && replaced.contains(text("object_relation")) => {
                attributes.push(with(untimed(one), "deleted", json!(false)));
            }
            Some(_) => {}
        }
    }
    let mut gone: Vec<Value> = stale.into_iter().map(|(uuid, one)| deleted(uuid, one)).collect();
    gone.sort_by_key(ToString::to_string);
    attributes.extend(gone);
    let references: Vec<Value> = list("ObjectReference")
        .into_iter()
        .filter(|one| {
            let referenced = one.get("referenced_uuid").and_then(Value::as_str).unwrap_or_default();
            !there.references.contains(referenced)
        })
        .collect();
    if attributes.is_empty() && references.is_empty() {
        return (Outcome::Unchanged, None);
    }
    let body = with(untimed(&part.body), "Attribute", Value::Array(attributes));
    (Outcome::Update, Some(with(body, "ObjectReference", Value::Array(references))))
}

fn deleted(uuid: &str, one: &Attribute) -> Value {
    json!({
        "uuid": uuid, "type": one.kind, "category": one.category, "value": one.value,
        "object_relation": one.object_relation, "deleted": true,
    })
}

/// Without its timestamp: an instance ignores what is not newer than its own.
fn untimed(body: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().and_then(|body| body.remove("timestamp"));
    body
}

fn with(body: Value, key: &str, value: Value) -> Value {
    let mut body = match body {
        Value::Object(body) => body,
        _ => Map::new(),
    };
    body.insert(key.to_owned(), value);
    Value::Object(body)
}

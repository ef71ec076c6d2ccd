//! Reads what clients hand in: an [`Item`] is an indicator with what is attached to it, and the functions read its parts, which are also
//! sent alone.

use std::collections::HashMap;

use operation::{Indicator, Tlp};
use serde_json::Value;
use workbench::library::{Handed, HandedAttribute, RelatedTo, Status, Tag};

use crate::kinds;
use crate::read::{is_absent, needed, number, several, text};
use crate::reply::Fault;

/// The longest description, in characters, as there.
const LONGEST: usize = 65_500;
/// What a description becomes, because our indicators have none.
const DESCRIPTION: &str = "Description";

/// An item that is to be created.
pub(crate) struct Item {
    pub(crate) handed: Handed,
    /// The status that was given.
    status: Option<Status>,
}

impl Item {
    pub(crate) fn read(given: &Value) -> Result<Self, Fault> {
        if !given.is_object() {
            return Err(Fault::bad("an indicator is an object with a value"));
        }
        let indicator = indicator_of(given)?;
        let status = kinds::status(given)?;
        let (sources, tlp) = names(given)?;
        let mut attributes =
            several(given, "attributes")?.iter().map(handed_attribute).collect::<Result<Vec<_>, _>>()?;
        if let Some(text) = text(given, "description")?.filter(|text| !text.trim().is_empty()) {
            if text.chars().count() > LONGEST {
                let why = format!("a description has at most {LONGEST} characters");
                return Err(Fault::field("description", why));
            }
            let (name, value) = (DESCRIPTION.to_owned(), text.to_owned());
            attributes.push(HandedAttribute { name, value, sources: sources.clone() });
        }
        let related = several(given, "indicators")?.iter().map(related_to).collect::<Result<_, _>>()?;
        let (tags, at_first) = (tags(given)?, status.unwrap_or(Status::Indirect));
        let handed = Handed { indicator, status: at_first, tlp, sources, attributes, tags, related };
        Ok(Self { handed, status })
    }
}

/// The statuses of indicators that occur several times: the default if one of them has none, or else the last.
pub(crate) fn settle_statuses(read: &mut [Result<Item, Fault>]) {
    let mut settled: HashMap<Indicator, Option<Status>> = HashMap::new();
    for item in read.iter().flatten() {
        settled
            .entry(item.handed.indicator.clone())
            .and_modify(|status| *status = status.and(item.status))
            .or_insert(item.status);
    }
    for item in read.iter_mut().flatten() {
        let status = settled.get(&item.handed.indicator).copied().flatten();
        item.handed.status = status.unwrap_or(Status::Indirect);
    }
}

/// The indicator of an item, which has to be of the type that it names.
fn indicator_of(given: &Value) -> Result<Indicator, Fault> {
    let kind = kinds::kind(given)?;
    let indicator = Indicator::parse(needed(given, "value")?)
        .map_err(|error| Fault::field("value", format!("value: {error}")))?;
    match kind {
        Some(kind) if kind != indicator.kind() => {
            let why = format!("value: this is of the type {}, not {}", indicator.kind().name(), kind.name());
            Err(Fault::field("value", why))
        }
        _ => Ok(indicator),
    }
}

/// Another indicator, by its number or its value.
pub(crate) fn related_to(given: &Value) -> Result<RelatedTo, Fault> {
    match given.get("id").filter(|id| !id.is_null()) {
        Some(id) => {
            let id = number(id).ok_or_else(|| Fault::field("id", "id is not a number"))?;
            Ok(RelatedTo::Number(id))
        }
        None => indicator_of(given).map(RelatedTo::Value),
    }
}

/// The tags of an item, as texts or as objects with a name.
fn tags(given: &Value) -> Result<Vec<Tag>, Fault> {
    let mut words = Vec::new();
    for tag in several(given, "tags")? {
        words.push(match tag {
            Value::String(word) => word.as_str(),
            tag => needed(tag, "name")?,
        });
    }
    Tag::several(words).map_err(|error| Fault::field("tags", error.to_string()))
}

/// An attribute; a value that is a number or a truth is written as text.
pub(crate) fn handed_attribute(given: &Value) -> Result<HandedAttribute, Fault> {
    let value = match given.get("value") {
        Some(Value::Number(number)) => number.to_string(),
        // As there.
        Some(Value::Bool(truth)) => if *truth { "Yes" } else { "No" }.to_owned(),
        _ => needed(given, "value")?.to_owned(),
    };
    let (sources, _) = names(given)?;
    Ok(HandedAttribute { name: needed(given, "name")?.to_owned(), value, sources })
}

/// The names of the sources of an item, and the strictest of their levels.
pub(crate) fn names(given: &Value) -> Result<(Vec<String>, Option<Tlp>), Fault> {
    let (mut names, mut tlp) = (Vec::new(), None);
    let single = if is_absent(given, "sources") { "source" } else { "sources" };
    for source in several(given, single)? {
        let name = match source {
            Value::String(name) => name.as_str(),
            source => needed(source, "name")?,
        };
        if !names.iter().any(|known| known == name.trim()) {
            names.push(name.trim().to_owned());
        }
        tlp = tlp.max(kinds::tlp(source)?);
    }
    Ok((names, tlp))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(given: &Value) -> Result<Handed, String> {
        Item::read(given).map(|item| item.handed).map_err(|fault| fault.detail().to_owned())
    }

    #[test]
    fn an_item_is_read_in_both_forms() {
        let short = json!({"type": "FQDN", "status": "Indirect", "value": "www.example.com",
            "sources": [{"name": "CIRCL Passive DNS"}], "attributes": [{"name": "Resource Type", "value": "A"}]});
        let long = json!({"type_id": 11, "status_id": 3, "value": "WWW.example.com.", "class": "network",
            "sources": [{"name": "CIRCL Passive DNS", "tlp": {"name": "GREEN"}, "published_at": "2026-09-16 10:00:00"}],
            "attributes": [{"name": "Resource Type", "value": "A", "sources": []}], "tags": ["pdns"],
            "indicators": [{"id": "5"}, {"value": "192.0.2.1", "type": "IP Address"}]});
        let (short, long) = (read(&short).unwrap(), read(&long).unwrap());
        assert_eq!((&short.indicator, short.status), (&long.indicator, Status::Indirect));
        assert_eq!(short.attributes, long.attributes);
        assert_eq!((short.tlp, long.tlp), (None, Some(operation::Tlp::Green)));
        assert_eq!(long.related.len(), 2);
        assert_eq!(long.related.first(), Some(&RelatedTo::Number(5)));
    }

    #[test]
    fn what_is_wrong_with_an_item_is_said() {
        for (item, said) in [
            (json!(5), "an indicator is an object"),
            (json!({}), "value is required"),
            (json!({"value": "no value"}), "value: "),
            (json!({"value": "192.0.2.1", "type": "FQDN"}), "value: this is of the type IP Address"),
            (json!({"value": "a.example", "type": "MD5"}), "there are only the types"),
            (json!({"value": "a.example", "status": "Nowhere"}), "there are only the statuses"),
            (json!({"value": "a.example", "tags": ["a,b"]}), "a tag has no comma"),
            (json!({"value": "a.example", "attributes": [{"name": "x"}]}), "value is required"),
            (json!({"value": "a.example", "indicators": [{"id": "x"}]}), "id is not a number"),
            (json!({"value": "a.example", "sources": vec![json!({"name": "s"}); 2_000]}), "sources: at most"),
        ] {
            let refused = read(&item).unwrap_err();
            assert!(refused.starts_with(said), "{said}: {refused}");
        }
    }

    #[test]
    fn of_repeated_items_the_default_status_wins_or_else_the_last() {
        let of = |given: &[Value]| {
            let mut read: Vec<_> = given.iter().map(Item::read).collect();
            settle_statuses(&mut read);
            read.into_iter().flatten().map(|item| item.handed.status).collect::<Vec<_>>()
        };
        let one = |status: &str| json!({"value": "a.example", "status": status});
        assert_eq!(of(&[one("Review"), one("Active")]), [Status::Active; 2]);
        assert_eq!(of(&[json!({"value": "a.example"}), one("Active")]), [Status::Indirect; 2]);
        assert_eq!(of(&[one("Active"), json!({"value": "a.example"}), one("Active")]), [Status::Indirect; 3]);
    }

    #[test]
    fn sources_are_names_with_the_strictest_level() {
        let given =
            json!({"sources": [{"name": "a", "tlp_id": 3}, {"name": "b", "tlp": {"name": "AMBER"}}, "c"]});
        let (sources, tlp) = names(&given).unwrap();
        assert_eq!(sources, ["a", "b", "c"]);
        assert_eq!(tlp, Some(Tlp::Amber));
        assert_eq!(names(&json!({"source": {"name": "a"}})).unwrap().0, ["a"]);
        assert!(names(&json!({"sources": [{"id": 1}]})).is_err());
        assert_eq!(names(&json!({})).unwrap(), (vec![], None));
    }

    #[test]
    fn values_of_attributes_become_text() {
        let value =
            |value: Value| handed_attribute(&json!({"name": "n", "value": value})).map(|one| one.value);
        assert_eq!(value(json!(5)).unwrap(), "5");
        assert_eq!(value(json!(true)).unwrap(), "Yes");
        assert!(value(json!([])).is_err() && value(Value::Null).is_err() && value(json!(" ")).is_err());
    }

    proptest! {
        #[test]
        fn any_members_are_read_or_refused(
            value in any::<String>(), name in any::<String>(), number in any::<i64>(), list in any::<Vec<String>>(),
        ) {
            for item in [
                json!({"value": value, "type": name, "status": number}),
                json!({"value": "a.example", "tags": list, "sources": [{"name": name, "tlp_id": number}]}),
                json!({"value": "a.example", "attributes": [{"name": name, "value": number}], "indicators": list}),
                json!({"value": "a.example", "description": list, "type_id": value}),
                json!({"value": number, "attributes": name}),
            ] {
                if let Err(refused) = read(&item) {
                    prop_assert!(!refused.is_empty());
                }
            }
        }
    }
}

//! Reads the filters of a search: [`filters`] turns ThreatQ's JSON into a condition on our library.
//!
//! ```text
//! {"+or": [{"+and": [{"type_name": "FQDN"}, {"value": {"+contains": "example"}}]}, {"created_at": {"+gte": "2026-01-01 00:00:00"}}]}
//! ```
//!
//! A filter that our library cannot answer is refused with its name, because leaving it out would answer another question. Conditions
//! are bounded in number and depth.

use operation::{Indicator, IndicatorType, Tlp};
use serde_json::Value;
use workbench::library::{Condition, SortedBy, Stamp, Status};

use crate::read::number;
use crate::reply::Fault;

/// The most conditions of a search, and how deep they may be nested.
const MOST: usize = 500;
const DEEPEST: usize = 8;
/// The longest text that is searched for, in bytes.
const LONGEST: usize = 1_000;

/// The condition of a search; an empty one matches everything.
pub(crate) fn filters(filters: &Value) -> Result<Condition, Fault> {
    let mut left = MOST;
    group(filters, Condition::All, DEEPEST, &mut left)
}

/// The order in a parameter such as `-created_at`, and whether the largest comes first.
pub(crate) fn sort(text: Option<&str>) -> Result<(SortedBy, bool), Fault> {
    let Some(text) = text else { return Ok((SortedBy::Id, false)) };
    let (descending, key) = text.strip_prefix('-').map_or((false, text), |key| (true, key));
    let sorted_by = match key.strip_prefix('+').unwrap_or(key).trim() {
        "id" => SortedBy::Id,
        "created_at" => SortedBy::Created,
        "touched_at" | "updated_at" => SortedBy::Updated,
        "value" => SortedBy::Value,
        _ => {
            let why = "indicators are sorted by id, value, created_at, updated_at or touched_at";
            return Err(Fault::field("sort", why));
        }
    };
    Ok((sorted_by, descending))
}

/// Conditions of a list, or of the members of an object, which all have to be met.
fn group(
    value: &Value,
    combine: fn(Vec<Condition>) -> Condition,
    depth: usize,
    left: &mut usize,
) -> Result<Condition, Fault> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Fault::field("filters", format!("filters are nested deeper than {DEEPEST} levels")));
    };
    let parts = match value {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            let items = items.iter().map(|item| group(item, Condition::All, depth, left));
            items.collect::<Result<_, _>>()?
        }
        Value::Object(members) => {
            let parts = members.iter().map(|(name, value)| one(name, value, depth, left));
            parts.collect::<Result<_, _>>()?
        }
        _ => return Err(Fault::field("filters", "filters are objects and lists of them")),
    };
    Ok(combine(parts))
}

/// One member of a filter: a combination, or a condition on a key.
fn one(name: &str, value: &Value, depth: usize, left: &mut usize) -> Result<Condition, Fault> {
    *left = left
        .checked_sub(1)
        .ok_or_else(|| Fault::field("filters", format!("there are more than {MOST} conditions")))?;
    match name {
        "+and" => group(value, Condition::All, depth, left),
        "+or" => group(value, Condition::Any, depth, left),
        _ if name.starts_with('+') => Err(unknown("operator", name)),
        key => test(key, value, left),
    }
}

/// A condition on a key: a value, a list of which one has to match, or operators which all have to match.
fn test(key: &str, value: &Value, left: &mut usize) -> Result<Condition, Fault> {
    match value {
        Value::Array(values) => {
            *left = left
                .checked_sub(values.len())
                .ok_or_else(|| Fault::field("filters", format!("there are more than {MOST} conditions")))?;
            let tests = values.iter().map(|value| compare(key, "is", value));
            Ok(Condition::Any(tests.collect::<Result<_, _>>()?))
        }
        Value::Object(operators) => {
            *left = left
                .checked_sub(operators.len())
                .ok_or_else(|| Fault::field("filters", format!("there are more than {MOST} conditions")))?;
            let tests = operators.iter().map(|(operator, value)| compare(key, operator, value));
            Ok(Condition::All(tests.collect::<Result<_, _>>()?))
        }
        value => compare(key, "is", value),
    }
}

fn compare(key: &str, operator: &str, value: &Value) -> Result<Condition, Fault> {
    let operator = operator.strip_prefix('+').unwrap_or(operator);
    match (key, operator) {
        ("created_at", "gte" | "lte") => stamp(Stamp::Created, operator, value),
        ("touched_at" | "updated_at", "gte" | "lte") => stamp(Stamp::Updated, operator, value),
        ("mentions" | "value", "contains") | ("mentions", "is") => {
            Ok(Condition::Contains(word(value)?.to_owned()))
        }
        ("value", "is") => Ok(exact(word(value)?)),
        ("id", "is") => number(value).map(Condition::Id).ok_or_else(|| wrong(key)),
        ("type" | "type_name", "is") => named(value, IndicatorType::from_name, Condition::Kind),
        ("type_id", "is") => Ok(numbered(&crate::kinds::kind, "type_id", value, Condition::Kind)),
        ("status" | "status_name", "is") => named(value, Status::from_name, Condition::Status),
        ("status_id", "is") => Ok(numbered(&crate::kinds::status, "status_id", value, Condition::Status)),
        ("source" | "source_name" | "sources.name", "is") => Ok(Condition::Source(word(value)?.to_owned())),
        ("tag" | "tags" | "tags.name", "is") => Ok(Condition::Tag(word(value)?.to_owned())),
        ("tlp" | "tlp_name", "is") => named(value, |name| name.parse::<Tlp>().ok(), Condition::Tlp),
        (
            "created_at" | "id" | "mentions" | "source" | "source_name" | "sources.name" | "status"
            | "status_id" | "status_name" | "tag" | "tags" | "tags.name" | "tlp" | "tlp_name" | "touched_at"
            | "type" | "type_id" | "type_name" | "updated_at" | "value",
            _,
        ) => Err(unknown(&format!("operator on {key}"), operator)),
        _ => Err(unknown("key", key)),
    }
}

/// A name that the library does not know matches nothing, as there.
fn named<T>(
    value: &Value,
    find: impl Fn(&str) -> Option<T>,
    condition: impl Fn(T) -> Condition,
) -> Result<Condition, Fault> {
    Ok(find(word(value)?).map_or(Condition::Any(Vec::new()), condition))
}

fn numbered<T>(
    read: &dyn Fn(&Value) -> Result<Option<T>, Fault>,
    member: &str,
    value: &Value,
    condition: impl Fn(T) -> Condition,
) -> Condition {
    let found = read(&serde_json::json!({ member: value })).ok().flatten();
    found.map_or(Condition::Any(Vec::new()), condition)
}

/// Exactly this value. A text that cannot be an indicator of ours matches nothing.
pub(crate) fn exact(text: &str) -> Condition {
    Indicator::existing(text).map_or(Condition::Any(Vec::new()), Condition::Value)
}

fn stamp(stamp: Stamp, operator: &str, value: &Value) -> Result<Condition, Fault> {
    let seconds = cof::time::parse_date(word(value)?).and_then(|date| i64::try_from(date.seconds).ok());
    let seconds =
        seconds.ok_or_else(|| Fault::field("filters", "a time is written as YYYY-MM-DD HH:MM:SS, in UTC"))?;
    Ok(if operator == "gte" { Condition::Since(stamp, seconds) } else { Condition::Until(stamp, seconds) })
}

fn word(value: &Value) -> Result<&str, Fault> {
    let text = value.as_str().ok_or_else(|| Fault::field("filters", "a filter compares with a text"))?;
    if text.len() > LONGEST {
        return Err(Fault::field("filters", format!("a text is longer than {LONGEST} bytes")));
    }
    Ok(text)
}

fn wrong(key: &str) -> Fault {
    Fault::field("filters", format!("{key} is compared with a number"))
}

/// What this library cannot answer, by its name.
fn unknown(what: &str, name: &str) -> Fault {
    let name: String = name.chars().take(60).collect();
    Fault::field("filters", format!("unknown {what}: {name:?} cannot be answered here"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Condition {
        Condition::Value(Indicator::parse(text).unwrap())
    }

    #[test]
    fn the_filters_of_clients_are_read() {
        let read = |json: Value| filters(&json).map_err(|fault| fault.detail().to_owned());
        let both = Condition::All(vec![Condition::Kind(IndicatorType::Fqdn), value("a.example")]);
        let members = json!({"+or": [{"+and": [{"type_name": "FQDN"}, {"value": "a.example"}]}]});
        let Ok(Condition::All(parts)) = read(members) else { panic!("not read") };
        let [Condition::Any(any)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!(any.len(), 1);
        let flat = json!({"type_name": "FQDN", "value": {"is": "a.example"}});
        assert_eq!(
            read(flat),
            Ok(Condition::All(vec![
                Condition::Kind(IndicatorType::Fqdn),
                Condition::All(vec![value("a.example")])
            ]))
        );
        assert_ne!(Ok(both), read(Value::Null));
        assert_eq!(read(Value::Null), Ok(Condition::All(vec![])));
        assert_eq!(
            read(json!({"created_at": {"+gte": "2026-01-01 00:00:00"}})),
            Ok(Condition::All(vec![Condition::All(vec![Condition::Since(Stamp::Created, 1_767_225_600)])]))
        );
        assert_eq!(
            read(json!({"status_name": ["Active", "Nowhere"]})),
            Ok(Condition::All(vec![Condition::Any(vec![
                Condition::Status(Status::Active),
                Condition::Any(vec![])
            ])]))
        );
        assert_eq!(read(json!({"value": "no value"})), Ok(Condition::All(vec![Condition::Any(vec![])])));
    }

    #[test]
    fn what_cannot_be_answered_is_named() {
        let refused = |json: Value| filters(&json).unwrap_err().detail().to_owned();
        for (filter, named) in [
            (json!({"+not": []}), "unknown operator: \"+not\""),
            (json!({"value": {"+regexp": "x"}}), "unknown operator on value: \"regexp\""),
            (json!({"score": {"+gte": "7"}}), "unknown key: \"score\""),
            (json!({"adversary": "x"}), "unknown key: \"adversary\""),
            (json!({"value": 5}), "a filter compares with a text"),
            (json!({"id": "x"}), "id is compared with a number"),
            (json!({"created_at": {"+gte": "soon"}}), "a time is written as"),
            (json!("x"), "filters are objects"),
        ] {
            let said = refused(filter);
            assert!(said.starts_with(named), "{named}: {said}");
        }
        let deep = (0..20).fold(json!({"value": "a.example"}), |inner, _| json!({ "+and": [inner] }));
        assert!(refused(deep).contains("deeper"));
        let many = json!({"+or": vec![json!({"value": "a.example"}); 600]});
        assert!(refused(many).contains("more than 500"));
        assert!(refused(json!({"value": vec!["a.example"; 600]})).contains("more than 500"));
    }

    #[test]
    fn orders_have_a_direction() {
        assert_eq!(sort(None).unwrap(), (SortedBy::Id, false));
        assert_eq!(sort(Some("-touched_at")).unwrap(), (SortedBy::Updated, true));
        assert!(sort(Some("score")).is_err());
    }

    fn hostile() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("+and".to_owned()),
            Just("+or".to_owned()),
            Just("value".to_owned()),
            Just("id".to_owned()),
            Just("created_at".to_owned()),
            Just("+gte".to_owned()),
            Just("type_id".to_owned()),
            any::<String>(),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("a.example")),
        ];
        leaf.prop_recursive(12, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((key.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_or_refused(json in hostile()) {
            if let Err(fault) = filters(&json) {
                prop_assert!(!fault.detail().is_empty() && fault.detail().len() < 2_000);
            }
        }
    }
}

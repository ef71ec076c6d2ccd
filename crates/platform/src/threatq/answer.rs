//! Reads what a ThreatQ answers; pure. Everything in it is hostile: objects that are not as expected are counted and left out.
//!
//! Errors come in several shapes, also with a status of success: `errors` beside or in `data`, as a text, a list (perhaps nested) or
//! an object of lists; and `error` or `errors` in an item of `data`.

use std::collections::BTreeSet;
use std::time::Duration;

use hyper::StatusCode;
use operation::Tlp;
use serde_json::Value;

use super::body::tlp_of;
use super::error::{Said, ThreatqError};
use super::names::Named;

/// The longest value of an indicator that is read, in bytes: a URL is longer than any name.
const LONGEST_VALUE: usize = 8_192;
/// The longest name of anything, in bytes.
const LONGEST_NAME: usize = 256;
/// The most sources or attributes of an indicator that are read.
const MOST_PARTS: usize = 10_000;
/// How deep errors are nested.
const DEPTH: usize = 6;

/// A token.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What is sent.
    pub(crate) access: String,
    /// How long it is valid.
    pub(crate) lives: Duration,
}

/// An indicator of a ThreatQ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number there.
    pub id: u64,
    /// Its value, as it is written there.
    pub value: String,
    /// Its type.
    pub kind: Reference,
    /// Its status.
    pub status: Reference,
    /// Who reported it; `None` if the answer does not say.
    pub sources: Option<Vec<Source>>,
    /// Its attributes, as names and values.
    pub attributes: BTreeSet<(String, String)>,
}

/// The type or the status of an indicator: its number, its name, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The number.
    pub id: Option<u64>,
    /// The name.
    pub name: Option<String>,
}

/// Who reported an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The name.
    pub name: String,
    /// The number of the level of the Traffic Light Protocol that it was reported with.
    pub tlp_id: Option<u64>,
    /// The name of that level.
    pub tlp: Option<String>,
    /// Whether the answer says anything about the level, even that there is none.
    pub is_told: bool,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// How many there are in all, if it says so.
    pub total: Option<u64>,
    /// The indicators of this part.
    pub found: Vec<Found>,
    /// How many entries of this part are no indicators.
    pub unreadable: u64,
}

impl Found {
    /// The strictest level that it was reported with; `None` if the answer does not tell the levels.
    pub fn tlp(&self) -> Option<Option<Tlp>> {
        let sources = self.sources.as_ref()?;
        let levels = sources.iter().map(|source| tlp_of(source.tlp_id, source.tlp.as_deref()));
        let strictest = levels.max().flatten();
        sources.iter().all(|source| source.is_told).then_some(strictest)
    }

    /// The source of this name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().flatten().find(|source| source.name == name)
    }
}

impl Page {
    /// How many entries it has.
    pub fn len(&self) -> u64 {
        self.found.len() as u64 + self.unreadable
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of an indicator that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its value.
    pub(crate) value: String,
    /// Its number, unless it was refused.
    pub(crate) result: Result<u64, Said>,
    /// Its status, which a rule for harmless values may have set.
    pub(crate) status: Reference,
}

/// The answer with this status and body as JSON, or the failure that it states.
pub(crate) fn read(
    status: StatusCode,
    retry_after: Option<Duration>,
    body: &[u8],
) -> Result<Value, ThreatqError> {
    let parsed = serde_json::from_slice::<Value>(body);
    let said = parsed.as_ref().map(said).unwrap_or_default();
    match status.as_u16() {
        401 => Err(ThreatqError::Unauthorised),
        403 => Err(ThreatqError::Forbidden(said)),
        404 => Err(ThreatqError::Missing(said)),
        413 => Err(ThreatqError::TooLarge),
        429 => Err(ThreatqError::Busy(retry_after)),
        204 => Ok(Value::Null),
        code @ 200..300 if !said.is_empty() => Err(ThreatqError::Refused { status: code, said }),
        200..300 => parsed.map_err(|_| ThreatqError::Unreadable("it is not JSON")),
        code if status.is_redirection() => Err(ThreatqError::Moved(code)),
        code @ 500.. => Err(ThreatqError::Broken(code)),
        code => Err(ThreatqError::Refused { status: code, said }),
    }
}

/// The reasons that an answer as a whole gives.
fn said(answer: &Value) -> Said {
    let mut said = Said::default();
    for place in [answer.get("errors"), answer.get("data").and_then(|data| data.get("errors"))] {
        add_all(place.unwrap_or(&Value::Null), &mut said, DEPTH);
    }
    // OAuth's own form (RFC 6749 section 5.2), which the token's address has.
    for key in ["error_description", "error", "message"] {
        if said.is_empty() && answer.get("data").is_none() {
            add_all(answer.get(key).unwrap_or(&Value::Null), &mut said, DEPTH);
        }
    }
    said
}

fn add_all(value: &Value, said: &mut Said, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::String(text) => said.add(text),
        Value::Number(number) => said.add(&number.to_string()),
        Value::Array(items) => {
            for item in items.iter().take(100) {
                add_all(item, said, depth);
            }
        }
        Value::Object(members) => {
            for (name, reasons) in members.iter().take(100) {
                let mut inner = Said::default();
                add_all(reasons, &mut inner, depth);
                if !inner.is_empty() {
                    said.add(&format!("{name}: {inner}"));
                }
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

/// The token in an answer.
pub(crate) fn token(answer: &Value) -> Result<Token, ThreatqError> {
    // Either alone, or in the usual envelope.
    let place = answer.get("data").filter(|data| data.is_object()).unwrap_or(answer);
    let access = place.get("access_token").and_then(Value::as_str).unwrap_or_default();
    let can_be_sent = |byte: u8| byte.is_ascii_graphic();
    if access.is_empty() || access.len() > 16_384 || !access.bytes().all(can_be_sent) {
        return Err(ThreatqError::Unreadable("there is no access token in it"));
    }
    let lives = place.get("expires_in").and_then(number).unwrap_or(3_600);
    Ok(Token { access: access.to_owned(), lives: Duration::from_secs(lives.min(86_400)) })
}

/// What is in an answer.
pub(crate) fn data(answer: &Value) -> &Value {
    answer.get("data").unwrap_or(&Value::Null)
}

/// The list in an answer.
pub(crate) fn list(answer: &Value) -> Result<&[Value], ThreatqError> {
    match data(answer) {
        Value::Array(items) => Ok(items),
        _ => Err(ThreatqError::Unreadable("there is no list in it")),
    }
}

/// The types or statuses in an answer.
pub(crate) fn named(answer: &Value) -> Result<Vec<Named>, ThreatqError> {
    let one =
        |item: &Value| Some(Named { id: item.get("id").and_then(number)?, name: name(item.get("name")?)? });
    Ok(list(answer)?.iter().filter_map(one).take(10_000).collect())
}

/// The indicators in an answer.
pub(crate) fn page(answer: &Value) -> Result<Page, ThreatqError> {
    let items = list(answer)?;
    let found: Vec<Found> = items.iter().filter_map(found).collect();
    let unreadable = (items.len() - found.len()) as u64;
    Ok(Page { total: answer.get("total").and_then(number), found, unreadable })
}

/// The indicator in an answer about one.
pub(crate) fn one(answer: &Value) -> Result<Found, ThreatqError> {
    let place = match data(answer) {
        Value::Array(items) => items.first().unwrap_or(&Value::Null),
        other => other,
    };
    found(place).ok_or(ThreatqError::Unreadable("there is no indicator in it"))
}

/// What became of the indicators that were sent.
pub(crate) fn written(answer: &Value) -> Result<Vec<Written>, ThreatqError> {
    let one = |item: &Value| {
        let value = text(item.get("value")?, LONGEST_VALUE)?;
        let mut reasons = Said::default();
        for key in ["error", "errors"] {
            add_all(item.get(key).unwrap_or(&Value::Null), &mut reasons, DEPTH);
        }
        let id = item.get("id").and_then(number).filter(|_| reasons.is_empty());
        Some(Written { value, result: id.ok_or(reasons), status: reference(item, "status") })
    };
    Ok(list(answer)?.iter().filter_map(one).collect())
}

fn found(item: &Value) -> Option<Found> {
    Some(Found {
        id: item.get("id").and_then(number)?,
        value: text(item.get("value")?, LONGEST_VALUE)?,
        kind: reference(item, "type"),
        status: reference(item, "status"),
        sources: item.get("sources").map(|_| parts(item, "sources").filter_map(source).collect()),
        attributes: parts(item, "attributes").filter_map(attribute).collect(),
    })
}

fn parts<'a>(item: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    item.get(key).and_then(Value::as_array).into_iter().flatten().take(MOST_PARTS)
}

fn source(item: &Value) -> Option<Source> {
    let tlp = item.get("tlp").map(|tlp| tlp.get("name").unwrap_or(tlp)).and_then(name);
    let of_level = item.get("tlp").and_then(|tlp| tlp.get("id"));
    let tlp_id = item.get("tlp_id").and_then(number).or_else(|| of_level.and_then(number));
    let is_told = item.get("tlp").is_some() || item.get("tlp_id").is_some();
    Some(Source { name: name(item.get("name")?)?, tlp_id, tlp, is_told })
}

fn attribute(item: &Value) -> Option<(String, String)> {
    Some((name(item.get("name")?)?, text(item.get("value")?, 65_536)?))
}

/// `type`, `type_id` and `type_name`, as far as they are there.
fn reference(item: &Value, key: &str) -> Reference {
    let place = item.get(key);
    let of_object = |member: &str| place.and_then(|place| place.get(member));
    let beside = |ending: &str| item.get(format!("{key}_{ending}"));
    let id = of_object("id").or_else(|| beside("id")).and_then(number);
    let named = of_object("name").or_else(|| place.filter(|place| place.is_string()));
    Reference { id, name: named.or_else(|| beside("name")).and_then(name) }
}

/// A number, which some answers send as a text.
pub(crate) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if text.len() <= 20 => text.parse().ok(),
        _ => None,
    }
}

pub(crate) fn name(value: &Value) -> Option<String> {
    text(value, LONGEST_NAME)
}

fn text(value: &Value, most: usize) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty() && text.len() <= most).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(status: u16, body: &str) -> Result<Value, ThreatqError> {
        read(StatusCode::from_u16(status).unwrap(), None, body.as_bytes())
    }

    #[test]
    fn errors_are_found_in_all_their_shapes() {
        for (status, body, text) in [
            (200, r#"{"errors":["First",["part 1","part 2"]]}"#, "First; part 1; part 2"),
            (201, r#"{"data":{"errors":{"name":["is taken","is long"]}}}"#, "name: is taken; is long"),
            (400, r#"{"errors":"no"}"#, "no"),
            (422, r#"{"errors":{"value":{"x":[1]}}}"#, "value: x: 1"),
            (400, r#"{"error":"invalid_grant","error_description":"Bad login"}"#, "Bad login"),
            (400, "<html>", "it gives no reason"),
        ] {
            match of(status, body) {
                Err(ThreatqError::Refused { status: told, said }) => {
                    assert_eq!((told, said.to_string().as_str()), (status, text), "{body}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
        assert_eq!(of(200, r#"{"data":[],"errors":[]}"#).unwrap(), json!({"data": [], "errors": []}));
        assert_eq!(of(204, "").unwrap(), Value::Null);
        assert_eq!(of(200, "<html>").unwrap_err(), ThreatqError::Unreadable("it is not JSON"));
        assert_eq!(of(302, "").unwrap_err(), ThreatqError::Moved(302));
        assert_eq!(of(500, r#"{"errors":["x"]}"#).unwrap_err(), ThreatqError::Broken(500));
    }

    #[test]
    fn an_indicator_is_read_in_each_form() {
        for item in [
            json!({"id": 5, "value": "a.example", "type_id": 7, "status_id": "3"}),
            json!({"id": "5", "value": "a.example", "type": {"id": 7}, "status": {"id": 3}}),
        ] {
            let found = one(&json!({"data": [item]})).unwrap();
            assert_eq!((found.id, found.kind.id, found.status.id), (5, Some(7), Some(3)));
        }
        let answer = json!({"total": 2, "data": [
            {"id": 1, "value": "x", "type": "FQDN", "status_name": "Active", "sources":
                [{"name": "CIRCL", "tlp_id": 2}, {"name": "b", "tlp": {"id": 1, "name": "RED"}}, {"x": 1}],
             "attributes": [{"name": "Resource Type", "value": "A"}, null]},
            {"id": -1, "value": "y"},
        ]});
        let Page { total, found, unreadable } = page(&answer).unwrap();
        assert_eq!((total, found.len(), unreadable), (Some(2), 1, 1));
        assert_eq!(found[0].kind.name.as_deref(), Some("FQDN"));
        let sources = found[0].sources.as_ref().unwrap();
        assert_eq!((sources.len(), sources[1].tlp_id, found[0].tlp()), (2, Some(1), Some(Some(Tlp::Red))));
        let silent = one(&json!({"data": {"id": 1, "value": "x", "sources": [{"name": "CIRCL"}]}})).unwrap();
        assert_eq!(silent.tlp(), None, "a level that is not told is not a missing one");
        let unmarked =
            json!({"data": {"id": 1, "value": "x", "sources": [{"name": "CIRCL", "tlp_id": null}]}});
        assert_eq!(one(&unmarked).unwrap().tlp(), Some(None));
        assert!(found[0].attributes.contains(&("Resource Type".to_owned(), "A".to_owned())));
    }

    #[test]
    fn a_part_of_a_batch_can_be_refused() {
        let answer = json!({"data": [
            {"id": 9, "value": "a.example"},
            {"value": "b.example", "error": ["The type is invalid"]},
            {"id": 3, "value": "c.example", "errors": {"status": ["no"]}},
            {"id": 4}, null,
        ]});
        let written = written(&answer).unwrap();
        assert_eq!(written.len(), 3);
        assert_eq!(written[0].result, Ok(9));
        assert_eq!(written[1].result.as_ref().unwrap_err().to_string(), "The type is invalid");
        assert!(written[2].result.is_err());
    }

    #[test]
    fn a_token_must_be_one_that_can_be_sent() {
        let read = token(&json!({"access_token": "abc", "token_type": "bearer", "expires_in": 60})).unwrap();
        assert_eq!((read.access.as_str(), read.lives), ("abc", Duration::from_mins(1)));
        for wrong in [json!({}), json!({"access_token": "a\r\nb"}), json!({"access_token": ""}), json!([1])] {
            assert!(token(&wrong).is_err(), "{wrong}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        let key = prop_oneof![
            "[a-z]{0,4}",
            proptest::sample::select(vec![
                "data",
                "errors",
                "error",
                "id",
                "value",
                "type",
                "status",
                "sources",
                "attributes",
                "name",
                "tlp",
                "tlp_id",
                "total",
                "access_token",
                "expires_in",
                "type_id",
            ])
            .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(key.clone(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_that_it_sends_panics(value in any_json(), status in 100_u16..600) {
            let body = value.to_string();
            let _ = of(status, &body);
            if let Ok(page) = page(&value) {
                prop_assert_eq!(page.len(), list(&value).unwrap().len() as u64);
            }
            let _ = (token(&value), one(&value), named(&value), written(&value));
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(StatusCode::OK, None, &bytes);
        }
    }

    #[test]
    fn deep_nesting_is_bounded() {
        let deep = format!("{{\"errors\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(of(200, &deep).is_ok(), "what is nested deeper than is read is no reason");
        let deeper = "[".repeat(100_000);
        assert_eq!(of(200, &deeper).unwrap_err(), ThreatqError::Unreadable("it is not JSON"));
    }
}

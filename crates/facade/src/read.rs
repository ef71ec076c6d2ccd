//! Reads what clients send: [`Sent`] is a bounded body of JSON, and the functions read members of it in the forms that clients use.
//!
//! Clients send numbers as numbers or texts, and names as texts or as objects with a name; all of them are accepted. What cannot be
//! read is a [`Fault`] that names the member.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde_json::Value;

use crate::reply::Fault;

/// How deep a body may be nested: far deeper than anything that clients send.
const DEEPEST: usize = 24;
/// The most sources, attributes, tags and related indicators of one item, each.
pub(crate) const MOST_PARTS: usize = 1_000;

/// A body of JSON; `Null` if there is none. Its route limits its size.
pub(crate) struct Sent(pub(crate) Value);

/// The parameters of the address, each by the first of its name.
pub(crate) struct Asked(Vec<(String, String)>);

/// The id in the path.
pub(crate) struct Named(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let read = Path::<String>::from_request_parts(parts, state).await;
        read.map(|Path(id)| Self(id)).map_err(|_| Fault::missing("there is nothing at this address"))
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let body = body(request, state).await?;
        json(&body).map(Self)
    }
}

/// The body of a request.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Fault> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large: send fewer items at once")
        }
        _ => Fault::bad("the body cannot be read"),
    })
}

/// The value of a body.
pub(crate) fn json(body: &[u8]) -> Result<Value, Fault> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::bad(format!("the body is not JSON: line {}", error.line())))?;
    if is_deeper(&value, DEEPEST) {
        return Err(Fault::bad(format!("the body is nested deeper than {DEEPEST} levels")));
    }
    Ok(value)
}

fn is_deeper(value: &Value, than: usize) -> bool {
    let mut level: Vec<&Value> = vec![value];
    for _ in 0..than {
        level = level
            .into_iter()
            .flat_map(|value| -> Box<dyn Iterator<Item = &Value>> {
                match value {
                    Value::Array(items) => Box::new(items.iter()),
                    Value::Object(members) => Box::new(members.values()),
                    _ => Box::new(std::iter::empty()),
                }
            })
            .collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let read = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        read.map(|Query(pairs)| Self(pairs))
            .map_err(|_| Fault::bad("the parameters of the address cannot be read"))
    }
}

impl Asked {
    /// The text of a parameter that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, text)| text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// The names of all parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// A number, at least `least` and at most `most`; beyond that it is the bound.
    pub(crate) fn number(
        &self,
        name: &'static str,
        usual: u64,
        (least, most): (u64, u64),
    ) -> Result<u64, Fault> {
        let Some(text) = self.text(name) else { return Ok(usual) };
        let number: u64 =
            text.parse().map_err(|_| Fault::field(name, format!("{name} is not a whole number")))?;
        Ok(number.clamp(least, most))
    }

    /// How many to show, and how many to skip.
    pub(crate) fn place(&self, usual: u64, most: u64) -> Result<(usize, u64), Fault> {
        let limit = self.number("limit", usual, (1, most))?;
        Ok((usize::try_from(limit).unwrap_or(usize::MAX), self.number("offset", 0, (0, u64::MAX))?))
    }

    /// The words of a list that commas separate.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.text(name).into_iter().flat_map(|text| text.split(',')).map(str::trim).collect()
    }
}

/// Whether a member is missing or null.
pub(crate) fn is_absent(of: &Value, name: &str) -> bool {
    of.get(name).is_none_or(Value::is_null)
}

/// A text.
pub(crate) fn text<'a>(of: &'a Value, name: &'static str) -> Result<Option<&'a str>, Fault> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Fault::field(name, format!("{name} is not a text"))),
    }
}

/// A text that must be there.
pub(crate) fn needed<'a>(of: &'a Value, name: &'static str) -> Result<&'a str, Fault> {
    text(of, name)?
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| Fault::field(name, format!("{name} is required")))
}

/// A number, also as a text of digits.
pub(crate) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The number of an indicator in an address.
pub(crate) fn number_of(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::missing("there is no indicator with this id"))
}

/// A truth, also as a text or a number.
pub(crate) fn switch(of: &Value, name: &'static str) -> Result<bool, Fault> {
    match of.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(Value::String(text)) if ["", "0", "false", "N", "no"].contains(&text.as_str()) => Ok(false),
        Some(Value::String(text)) if ["1", "true", "Y", "yes"].contains(&text.as_str()) => Ok(true),
        Some(Value::Number(number)) if number.as_u64().is_some_and(|number| number < 2) => {
            Ok(number.as_u64() == Some(1))
        }
        Some(_) => Err(Fault::field(name, format!("{name} is neither true nor false"))),
    }
}

/// The elements of a member that is a list, or a single one of them.
pub(crate) fn several<'a>(of: &'a Value, name: &'static str) -> Result<&'a [Value], Fault> {
    let Some(member) = of.get(name) else { return Ok(&[]) };
    let items = items(member);
    if items.len() > MOST_PARTS {
        return Err(Fault::field(name, format!("{name}: at most {MOST_PARTS} at once")));
    }
    Ok(items)
}

/// The elements of a list, or the value itself as the only one; nothing for null.
pub(crate) fn items(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_bounded_in_depth() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(json(nested(DEEPEST - 1).as_bytes()).is_ok());
        assert!(json(nested(DEEPEST).as_bytes()).is_err());
        assert!(json(nested(100_000).as_bytes()).is_err());
        assert_eq!(json(b" \n").unwrap(), Value::Null);
        assert!(json(b"{").is_err());
    }

    #[test]
    fn members_are_read_in_the_forms_that_clients_use() {
        for (value, number_of) in
            [(json!(5), Some(5)), (json!("5"), Some(5)), (json!("x"), None), (json!(1.5), None)]
        {
            assert_eq!(number(&value), number_of, "{value}");
        }
        let of = json!({"a": "text", "b": 1, "c": true, "d": "Y", "e": null, "f": [1, 2]});
        assert_eq!(text(&of, "a").unwrap(), Some("text"));
        assert!(text(&of, "b").is_err() && needed(&of, "e").is_err());
        let is = ["b", "c", "d", "e", "g"].map(|name| switch(&of, name).unwrap());
        assert_eq!(is, [true, true, true, false, false]);
        assert_eq!(["f", "a", "e", "g"].map(|name| several(&of, name).unwrap().len()), [2, 1, 0, 0]);
    }
}

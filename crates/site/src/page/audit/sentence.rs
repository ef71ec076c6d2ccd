//! The details of an audit entry as text: [`sentence`].
//!
//! The detail of an entry is the JSON that programs read. What has no text here yet is printed member by member, so that
//! nothing is hidden from the reader. Refused or unknown names are printed unchanged, because pages escape them.

use operation::shown::counted;
use serde_json::Value;

use super::exchange;

/// The detail of an entry as text; empty if there is nothing to add.
///
/// `label` returns the labels of parameters.
pub(super) fn sentence(action: &str, detail: &Value, label: &dyn Fn(&str) -> String) -> String {
    let said = match action {
        "indicator.add" => added(detail),
        "integration.configure" => Some(configured(detail, label)),
        "integration.downgrade" | "integration.install" | "integration.replace" | "integration.upgrade" => {
            installed(detail)
        }
        "list.import" => listed(detail),
        "records.load" => loaded(detail),
        "run.add" => found(detail),
        "run.undo" => undone(detail),
        "token.create" => Some(allowed(detail)),
        "user.create" => text(detail, "role").map(|role| format!("as {role}")),
        "user.sign-in" => text(detail, "address")
            .zip(text(detail, "by"))
            .map(|(address, way)| format!("from {address}, by {way}")),
        "user.sign-in-refused" => text(detail, "reason")
            .zip(text(detail, "address"))
            .map(|(reason, address)| format!("{reason}, from {address}")),
        _ => exchange::sentence(action, detail).or_else(|| changed(detail)),
    };
    said.unwrap_or_else(|| members(detail))
}

/// `as Active`, and its earlier state.
fn added(detail: &Value) -> Option<String> {
    let status = text(detail, "status")?;
    Some(match text(detail, "outcome")? {
        "new" => format!("as {status}"),
        "known" => format!("already known, as {status}"),
        outcome => format!("{outcome}, as {status}"),
    })
}

/// `host 127.0.0.1, port cleared; user_token set; proxy reset to default`.
fn configured(detail: &Value, label: &dyn Fn(&str) -> String) -> String {
    let values = detail.get("values").and_then(Value::as_object);
    let values = values.into_iter().flatten().map(|(key, value)| {
        // The old and the new value.
        let new = short(value.as_array().and_then(|pair| pair.last()).unwrap_or(value));
        format!("{} {}", label(key), if new.trim().is_empty() { "cleared" } else { &new })
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let keys = |member| {
        let keys = detail.get(member).and_then(Value::as_array).into_iter().flatten();
        let keys = keys.map(|key| label(&short(key))).collect::<Vec<_>>().join(", ");
        Some(keys).filter(|keys| !keys.is_empty())
    };
    let secrets = keys("secrets").map(|keys| format!("{keys} set"));
    let reset = keys("reset").map(|keys| format!("{keys} reset to default"));
    let parts = [Some(values).filter(|values| !values.is_empty()), secrets, reset];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `from 1.0.0 to 1.1.0, kept host, port; lost proxy`.
fn installed(detail: &Value) -> Option<String> {
    let to = text(detail, "to")?;
    let versions = text(detail, "from").map_or_else(|| to.to_owned(), |from| format!("from {from} to {to}"));
    let parts = [
        Some(versions),
        named(detail, "kept").map(|keys| format!("kept {keys}")),
        named(detail, "lost").map(|keys| format!("lost {keys}")),
        named(detail, "missing").map(|keys| format!("still needs {keys}")),
    ];
    Some(parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// `version 3, 108 entries`
fn listed(detail: &Value) -> Option<String> {
    let (version, entries) = (detail.get("version")?.as_u64()?, detail.get("entries")?.as_u64()?);
    let noun = if entries == 1 { "entry" } else { "entries" };
    Some(format!("version {version}, {entries} {noun}"))
}

/// `10 records imported, 2 already known, 1 rejected`, and why loading stopped.
fn loaded(detail: &Value) -> Option<String> {
    let records = |number: u64| format!("{number} record{}", if number == 1 { "" } else { "s" });
    let taken = number(detail, "taken")?;
    let others = [("known", "already known"), ("rejected", "rejected")];
    let others = others.map(|(key, words)| {
        number(detail, key).filter(|number| *number > 0).map(|number| format!(", {number} {words}"))
    });
    let fault = text(detail, "fault").map(|fault| format!("; stopped: {fault}"));
    let more: String = others.into_iter().chain([fault]).flatten().collect();
    Some(format!("{} imported{more}", records(taken)))
}

/// `run 1: 7 indicators, 14 attributes and 8 relationships; 1 already known`.
fn found(detail: &Value) -> Option<String> {
    let run = number(detail, "run")?;
    let count = |key: &str, which: &str| detail.get(key).and_then(|one| number(one, which)).unwrap_or(0);
    let [indicators, attributes, relationships] =
        ["indicators", "attributes", "relationships"].map(|key| count(key, "new"));
    let known: u64 =
        ["indicators", "attributes", "relationships"].map(|key| count(key, "known")).iter().sum();
    let new = sums(indicators, attributes, relationships);
    let known = if known == 0 { String::new() } else { format!("; {known} already known") };
    Some(format!("run {run}: {new}{known}"))
}

/// `run 1: 1 claim, 14 attributes and 8 relationships`.
fn undone(detail: &Value) -> Option<String> {
    let run = number(detail, "run")?;
    let count = |key: &str| number(detail, key).unwrap_or(0);
    let claims = count("claims");
    let claims = if claims == 1 { "1 claim".to_owned() } else { format!("{claims} claims") };
    Some(format!(
        "run {run}: {claims}, {} and {}",
        counted(count("attributes"), "attribute"),
        counted(count("relationships"), "relationship"),
    ))
}

/// `reads and writes, as sensor-1; rate 10, daily 20000`: the permissions and limits of a token.
fn allowed(detail: &Value) -> String {
    let is = |key: &str| detail.get(key).and_then(Value::as_bool).unwrap_or(false);
    let acts = [("reads", is("reads")), ("writes", is("writes"))];
    let acts: Vec<&str> = acts.iter().filter(|(_, may)| *may).map(|(act, _)| *act).collect();
    let sensor = text(detail, "sensor").map(|sensor| format!(", as {sensor}")).unwrap_or_default();
    let limit = |key: &str| {
        detail.get(key).filter(|value| !value.is_null()).map(|value| format!("{key} {}", short(value)))
    };
    let limits = [limit("rate"), limit("daily")].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let limits = if limits.is_empty() { limits } else { format!("; {limits}") };
    format!("{}{sensor}{limits}", acts.join(" and "))
}

/// A changed value: `from Review to Active`.
fn changed(detail: &Value) -> Option<String> {
    let (from, to) = text(detail, "before")
        .zip(text(detail, "after"))
        .or_else(|| text(detail, "from").zip(text(detail, "to")))?;
    Some(format!("from {from} to {to}"))
}

/// The informative members: `session 3`.
fn members(detail: &Value) -> String {
    let Value::Object(members) = detail else { return short(detail) };
    let said = members.iter().filter(|(key, value)| {
        // Numbers of seconds are not readable for people.
        !(key.ends_with("_at")
            || value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty))
    });
    said.map(|(key, value)| format!("{key} {}", short(value))).collect::<Vec<_>>().join(", ")
}

fn sums(indicators: u64, attributes: u64, relationships: u64) -> String {
    format!(
        "{}, {} and {}",
        counted(indicators, "new indicator"),
        counted(attributes, "attribute"),
        counted(relationships, "relationship")
    )
}

pub(super) fn text<'a>(detail: &'a Value, key: &str) -> Option<&'a str> {
    detail.get(key).and_then(Value::as_str)
}

pub(super) fn number(detail: &Value, key: &str) -> Option<u64> {
    detail.get(key).and_then(Value::as_u64)
}

/// A list of names, if the detail has one.
fn named(detail: &Value, key: &str) -> Option<String> {
    let names = detail.get(key)?.as_array()?;
    (!names.is_empty()).then(|| names.iter().map(short).collect::<Vec<_>>().join(", "))
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "on" } else { "off" }.to_owned(),
        Value::Array(list) => list.iter().map(short).collect::<Vec<_>>().join(" "),
        Value::Object(members) => {
            members.iter().map(|(key, value)| format!("{key} {}", short(value))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(action: &str, detail: &Value) -> String {
        sentence(action, detail, &str::to_owned)
    }

    #[test]
    fn what_is_done_most_is_said_in_words() {
        let run = json!({ "run": 1, "source": "CIRCL Passive DNS", "indicators": { "new": 7, "known": 1 },
            "attributes": { "new": 14, "known": 0 }, "relationships": { "new": 1, "known": 0 } });
        let kept =
            json!({ "from": "1.0.0", "to": "1.1.0", "kept": ["host", "port"], "lost": [], "enabled": true });
        let saved = json!({ "values": { "host": [null, "127.0.0.1"], "page_size": ["10", ""] }, "secrets": ["user_token"], "reset": ["port"] });
        for (action, detail, said) in [
            ("run.add", run, "run 1: 7 new indicators, 14 attributes and 1 relationship; 1 already known"),
            ("integration.upgrade", kept, "from 1.0.0 to 1.1.0; kept host, port"),
            (
                "token.create",
                json!({ "reads": false, "writes": true, "sensor": "vienna-1", "rate": 10, "daily": null, "token": "1" }),
                "writes, as vienna-1; rate 10",
            ),
            (
                "integration.configure",
                saved,
                "host 127.0.0.1, page_size cleared; user_token set; port reset to default",
            ),
            (
                "records.load",
                json!({ "kind": "report", "taken": 10, "known": 0, "rejected": 1, "fault": null, "digest": "0" }),
                "10 records imported, 1 rejected",
            ),
            ("indicator.add", json!({ "outcome": "new", "status": "Active" }), "as Active"),
            ("indicator.status", json!({ "before": "Review", "after": "Active" }), "from Review to Active"),
            ("user.sign-in", json!({ "session": 1, "address": "::1", "by": "link" }), "from ::1, by link"),
            ("link.create", json!({ "for": "sign-in", "role": null, "expires_at": 1 }), "for sign-in"),
        ] {
            assert_eq!(plain(action, &detail), said, "{action}");
        }
    }

    #[test]
    fn what_has_no_words_is_printed_all_the_same() {
        assert_eq!(plain("some.thing", &json!({ "a": [1, 2], "b": "x" })), "a 1 2, b x");
        assert_eq!(plain("run.add", &json!({ "other": "shape" })), "other shape");
        assert_eq!(plain("user.enable", &json!({})), "");
        assert_eq!(plain("some.thing", &json!("bare")), "bare");
    }

    #[test]
    fn parameters_are_called_as_their_reader_knows_them() {
        let saved = json!({ "values": { "port": ["1", ""] }, "secrets": ["user_token"] });
        let said = sentence("integration.configure", &saved, &|key| key.to_uppercase());
        assert_eq!(said, "PORT cleared; USER_TOKEN set");
    }
}

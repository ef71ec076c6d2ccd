//! The numbers of types, statuses and levels, and what clients ask for before they begin.
//!
//! The numbers are ours and fixed. They are those of a fresh ThreatQ, but no client should rely on them there or here: names are the
//! same everywhere.

use axum::Json;
use axum::extract::State;
use operation::{IndicatorType, Tlp};
use serde_json::{Value, json};
use workbench::Workbench;
use workbench::library::Status;

use crate::caller::Caller;
use crate::read::{Asked, Named, number};
use crate::reply::{Fault, all, data};
use crate::state::Shared;

/// What ThreatQ calls the class of everything that passive DNS is about.
pub(crate) const CLASS: &str = "network";

/// The number of a type.
pub(crate) const fn id_of_kind(kind: IndicatorType) -> i64 {
    match kind {
        IndicatorType::Fqdn => 11,
        IndicatorType::IpAddress => 15,
        IndicatorType::Ipv6Address => 16,
    }
}

/// The number of a status.
pub(crate) const fn id_of_status(status: Status) -> i64 {
    match status {
        Status::Active => 1,
        Status::Expired => 2,
        Status::Indirect => 3,
        Status::Review => 4,
        Status::Whitelisted => 5,
    }
}

/// The number of a level. Nobody knows the one that ThreatQ has for AMBER+STRICT.
pub(crate) const fn id_of_tlp(tlp: Tlp) -> i64 {
    match tlp {
        Tlp::Red => 1,
        Tlp::Amber => 2,
        Tlp::Green => 3,
        Tlp::Clear => 4,
        Tlp::AmberStrict => 5,
    }
}

/// The type of an item: `type_id`, or `type` as a name or an object; `None` if it is left out.
pub(crate) fn kind(of: &Value) -> Result<Option<IndicatorType>, Fault> {
    let known = |id: i64| IndicatorType::ALL.into_iter().find(|kind| id_of_kind(*kind) == id);
    choose(of, ("type", "type_id"), known, IndicatorType::from_name, || {
        "there are only the types FQDN, IP Address and IPv6 Address here".to_owned()
    })
}

/// The status of an item: `status_id`, or `status` as a name or an object; `None` if it is left out.
pub(crate) fn status(of: &Value) -> Result<Option<Status>, Fault> {
    let known = |id: i64| Status::ALL.into_iter().find(|status| id_of_status(*status) == id);
    choose(of, ("status", "status_id"), known, Status::from_name, || {
        "there are only the statuses Active, Expired, Indirect, Review and Whitelisted here".to_owned()
    })
}

/// The level of a source: `tlp_id`, or `tlp` as a name or an object; `None` if it is left out.
pub(crate) fn tlp(of: &Value) -> Result<Option<Tlp>, Fault> {
    let known = |id: i64| Tlp::ALL.into_iter().find(|tlp| id_of_tlp(*tlp) == id);
    choose(
        of,
        ("tlp", "tlp_id"),
        known,
        |name| name.parse().ok(),
        || "the levels are RED, AMBER, AMBER+STRICT, GREEN and CLEAR".to_owned(),
    )
}

/// Reads a choice by its number or its name.
fn choose<T>(
    of: &Value,
    (name, id): (&'static str, &'static str),
    numbered: impl Fn(i64) -> Option<T>,
    named: impl Fn(&str) -> Option<T>,
    known: impl Fn() -> String,
) -> Result<Option<T>, Fault> {
    let unknown = |field| Fault::field(field, known());
    if let Some(value) = of.get(id).filter(|value| !value.is_null()) {
        return number(value).and_then(&numbered).map(Some).ok_or_else(|| unknown(id));
    }
    let Some(value) = of.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let by_name = |value: &Value| value.as_str().and_then(&named);
    let by_id = |value: &Value| number(value).and_then(&numbered);
    let found = match value {
        Value::Object(members) => {
            let name = members.get("name").and_then(by_name);
            name.or_else(|| members.get("id").and_then(by_id))
        }
        value => by_name(value).or_else(|| by_id(value)),
    };
    found.map(Some).ok_or_else(|| unknown(name))
}

/// The types.
pub(crate) async fn types(_: Caller, asked: Asked) -> Result<Json<Value>, Fault> {
    let (limit, offset) = asked.place(1_000, 1_000)?;
    let wanted = asked.text("name").map(str::to_owned);
    let named =
        |kind: &IndicatorType| wanted.as_deref().is_none_or(|name| kind.name().eq_ignore_ascii_case(name));
    let kinds = IndicatorType::ALL.into_iter().filter(named);
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    Ok(all(kinds.skip(offset).take(limit).map(shape_of_kind).collect()))
}

/// The statuses.
pub(crate) async fn statuses(_: Caller, asked: Asked) -> Json<Value> {
    let wanted = asked.text("name").map(str::to_owned);
    let named =
        |status: &Status| wanted.as_deref().is_none_or(|name| status.name().eq_ignore_ascii_case(name));
    all(Status::ALL.into_iter().filter(named).map(shape_of_status).collect())
}

/// One status.
pub(crate) async fn one_status(_: Caller, Named(id): Named) -> Result<Json<Value>, Fault> {
    let found = Status::ALL.into_iter().find(|status| id_of_status(*status).to_string() == id);
    let found = found.ok_or_else(|| Fault::missing("there is no status with this id"))?;
    Ok(data(&shape_of_status(found)))
}

/// The only kind of object that there is, with its types and statuses.
pub(crate) async fn objects(_: Caller) -> Json<Value> {
    let types: Vec<Value> = IndicatorType::ALL.into_iter().map(shape_of_kind).collect();
    let statuses: Vec<Value> = Status::ALL.into_iter().map(shape_of_status).collect();
    all(vec![json!({
        "id": 1, "name": "indicator", "display_name": "Indicator", "display_name_plural": "Indicators",
        "collection": "indicators", "types": types, "statuses": statuses,
    })])
}

/// Who has the access token.
pub(crate) async fn current(State(facade): State<Shared>, caller: Caller) -> Result<Json<Value>, Fault> {
    let name = caller.name.clone();
    let read = move |workbench: &Workbench| workbench.source_numbers([name.as_str()]);
    let source = facade.desk().read(read).await?.get(&caller.name).copied();
    Ok(data(&json!({
        "id": caller.id, "email": caller.name, "display_name": caller.name,
        "groups": [{ "name": caller.role.name() }],
        "source": { "id": source, "name": caller.name, "type": "users", "reference_id": caller.id },
    })))
}

fn shape_of_kind(kind: IndicatorType) -> Value {
    json!({
        "id": id_of_kind(kind), "name": kind.name(), "class": CLASS, "score": null, "wildcard_matching": "N",
    })
}

fn shape_of_status(status: Status) -> Value {
    let description = match status {
        Status::Active => "A threat",
        Status::Expired => "No longer a threat",
        Status::Indirect => "Related to a threat, but not known to be one",
        Status::Review => "To be reviewed by an analyst",
        Status::Whitelisted => "Harmless",
    };
    json!({
        "id": id_of_status(status), "name": status.name(), "description": description, "user_editable": "N",
        "visible": "Y", "include_in_export": if status == Status::Active { "Y" } else { "N" }, "protected": "Y",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_by_number_or_name_in_every_form() {
        for item in [
            json!({"type": "fqdn"}),
            json!({"type": {"name": "FQDN"}}),
            json!({"type": {"id": 11}}),
            json!({"type_id": "11"}),
            json!({"type_id": 11, "type": "IP Address"}),
        ] {
            assert_eq!(kind(&item).unwrap(), Some(IndicatorType::Fqdn), "{item}");
        }
        assert_eq!(kind(&json!({"type": null})).unwrap(), None);
        assert!(kind(&json!({"type": "URL"})).is_err() && kind(&json!({"type_id": 99})).is_err());
        assert!(status(&json!({"status": ["Active"]})).is_err());
        assert_eq!(status(&json!({"status_id": 3})).unwrap(), Some(Status::Indirect));
        assert_eq!(tlp(&json!({"tlp": {"name": "WHITE"}})).unwrap(), Some(Tlp::Clear));
        assert_eq!(tlp(&json!({"tlp_id": 1})).unwrap(), Some(Tlp::Red));
    }

    #[test]
    fn every_number_leads_back_to_its_name() {
        for known in IndicatorType::ALL {
            assert_eq!(kind(&json!({ "type_id": id_of_kind(known) })).unwrap(), Some(known));
        }
        for known in Status::ALL {
            assert_eq!(status(&json!({ "status_id": id_of_status(known) })).unwrap(), Some(known));
        }
        for known in Tlp::ALL {
            assert_eq!(tlp(&json!({ "tlp_id": id_of_tlp(known) })).unwrap(), Some(known));
        }
    }
}

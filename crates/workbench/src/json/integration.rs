//! Integrations: listed, shown, installed, switched, tested.

use operation::ParameterKind;
use operation::provider::{Checked, ProxyInForce, Standing, Step};
use serde_json::{Value, json};

use super::at;
use crate::integration::{Details, Listing, Loss, ParameterChange, Plan, Setting, State, Summary, What};

/// What is installed.
pub fn listing(listing: &Listing) -> Value {
    let integrations: Vec<Value> = listing.integrations.iter().map(summary).collect();
    json!({ "integrations": integrations, "hidden": listing.hidden })
}

/// Turned on or off; `changed` where it was not so already.
pub fn switched(name: &str, on: bool, changed: bool) -> Value {
    json!({ "name": name, "enabled": on, "changed": changed })
}

/// Uninstalled.
pub fn removed(name: &str) -> Value {
    json!({ "name": name, "removed": true })
}

/// How a test of the connection went.
pub fn checked(name: &str, checked: &Checked) -> Value {
    let step = |(step, standing): &(Step, Standing)| {
        let hint = if let Standing::Failed(error) = standing { Some(error.hint()) } else { None };
        json!({ "step": step.word(), "standing": standing.word(), "detail": standing.detail(), "hint": hint })
    };
    let steps: Vec<Value> = checked.steps.iter().map(step).collect();
    json!({ "name": name, "passed": checked.failure().is_none(), "steps": steps })
}

fn summary(summary: &Summary) -> Value {
    json!({
        "name": summary.name,
        "title": summary.title,
        "version": summary.version,
        "type": summary.kind,
        "enabled": summary.enabled,
        "missing": summary.missing,
        "broken": summary.broken.as_ref().map(ToString::to_string),
        "installed_at": at(summary.installed_at),
        "updated_at": at(summary.updated_at),
    })
}

/// One integration with its parameters.
pub fn details(details: &Details) -> Value {
    let package = details.package.as_ref();
    let actions = package.map_or(&[][..], |package| &package.actions);
    let action = |action: &operation::Action| {
        let types: Vec<&str> = action.types.iter().map(|kind| kind.name()).collect();
        json!({ "name": action.name, "types": types })
    };
    let mut value = summary(&details.summary);
    if let Value::Object(members) = &mut value {
        members.insert("description".into(), json!(package.map(|package| &package.description)));
        members.insert("author".into(), json!(package.map(|package| &package.author)));
        members.insert("actions".into(), actions.iter().map(action).collect());
        members.insert("parameters".into(), details.parameters.iter().map(setting).collect());
        members.insert("proxy".into(), details.proxy.as_ref().map_or(Value::Null, proxy));
        members.insert("warnings".into(), json!(details.warnings));
    }
    value
}

/// The proxy in force, without its login.
fn proxy(proxy: &ProxyInForce) -> Value {
    let (state, address, from, login, why) = match proxy {
        ProxyInForce::Used { address, from, login } => ("used", Some(address), Some(from), *login, None),
        ProxyInForce::Unused(from) => ("unused", None, from.as_ref(), false, None),
        ProxyInForce::Unusable { from, why } => ("unusable", None, Some(from), false, Some(why)),
    };
    json!({ "state": state, "address": address, "from": from.map(|from| from.word()), "login": login, "why": why })
}

fn setting(setting: &Setting) -> Value {
    let (value, wrong) = match &setting.state {
        State::Unset | State::Secret => (None, None),
        State::Elsewhere(why) => (None, Some(why)),
        State::Value(value) => (Some(value), None),
        State::Wrong(value, why) => (Some(value), Some(why)),
    };
    let mut shown = json!({
        "key": setting.key,
        "label": setting.label,
        "help": setting.help,
        "type": setting.kind.name(),
        "required": setting.required,
        "default": setting.default,
        "set": setting.state != State::Unset,
        "value": value,
        "wrong": wrong,
    });
    if let (ParameterKind::Choice(choices), Value::Object(members)) = (&setting.kind, &mut shown) {
        members.insert("choices".into(), json!(choices));
    }
    shown
}

/// What an installation did, or would do.
pub fn plan(plan: &Plan) -> Value {
    json!({
        "name": plan.package.name,
        "version": plan.package.version.to_string(),
        "relation": plan.relation.word(),
        "from": plan.relation.from(),
        "changed": !plan.changes_nothing(),
        "parameters": plan.parameters.iter().map(change).collect::<Vec<_>>(),
        "lost": plan.lost.iter().map(loss).collect::<Vec<_>>(),
        "kept": plan.kept,
        "missing": plan.missing,
        "enabled": plan.enabled && !plan.disables(),
    })
}

fn change(change: &ParameterChange) -> Value {
    let (word, from, to) = match &change.what {
        What::Added { .. } => ("added", None, None),
        What::Choices { from, to } => ("choices", Some(json!(from)), Some(json!(to))),
        What::Default { from, to } => ("default", Some(json!(from)), Some(json!(to))),
        What::Removed => ("removed", None, None),
        What::Required(required) => ("required", Some(json!(!required)), Some(json!(required))),
        What::Retyped { from, to } => ("retyped", Some(json!(from)), Some(json!(to))),
    };
    json!({ "key": change.key, "label": change.label, "change": word, "from": from, "to": to })
}

fn loss(loss: &Loss) -> Value {
    json!({ "key": loss.key, "secret": loss.value.is_none(), "value": loss.value, "why": loss.why.word() })
}

//! The operations that are installed on a ThreatQ: lists them, and executes one on an indicator.
//!
//! An execution has side effects there, so it is sent exactly once. What it returns is not specified: it is passed on as bounded
//! JSON without secrets, because objects of ThreatQ have contained the configuration of plugins.

use serde_json::Value;

use super::answer::{self, name, number};
use super::body;
use super::connection::{Call, Connection};
use super::error::ThreatqError;

/// The most operations that are read in one request, and in all.
const PAGE: u64 = 500;
const MOST: u64 = 5_000;
/// How deep a result is read.
const DEPTH: usize = 64;
/// What is shown instead of a secret.
const HIDDEN: &str = "[hidden]";

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number there.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its title, or its name.
    pub title: String,
    /// Its version.
    pub version: Option<String>,
    /// Whether it is enabled; `None` if the instance does not say.
    pub enabled: Option<bool>,
    /// Its actions.
    pub actions: Vec<Action>,
}

/// An action of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it accepts, as far as the instance says so.
    pub types: Vec<String>,
}

impl Connection {
    /// The operations that are installed there, by title.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn operations(&self) -> Result<Vec<Operation>, ThreatqError> {
        let mut all: Vec<Operation> = Vec::new();
        let mut offset = 0;
        loop {
            let path = format!("/api/plugins?with=action.objectType&limit={PAGE}&offset={offset}");
            let answer = self.call(Call::get(path)).await?;
            let items = answer::list(&answer)?;
            let before = all.len();
            for operation in items.iter().filter_map(operation) {
                if all.iter().all(|known| known.id != operation.id) {
                    all.push(operation);
                }
            }
            offset += items.len() as u64;
            if (items.len() as u64) < PAGE || all.len() == before || offset >= MOST {
                all.sort_by(|one, other| one.title.cmp(&other.title).then(one.id.cmp(&other.id)));
                return Ok(all);
            }
        }
    }

    /// Executes an action on an indicator, exactly once. Returns what the operation returns, without secrets.
    ///
    /// # Errors
    /// [`ThreatqError`]. See [`ThreatqError::may_have_acted`].
    pub async fn execute(&self, operation: u64, indicator: u64, action: &str) -> Result<Value, ThreatqError> {
        self.log_in().await?;
        let body = body::execute(indicator, action);
        let path = format!("/api/plugins/{operation}/execute");
        let mut answer = self.call_once(Call::change(path, &body)).await?;
        let place = answer.get_mut("data").map(Value::take).unwrap_or_default();
        let mut result = match place {
            // A second envelope around the result.
            Value::Object(mut members) if members.len() == 1 && members.contains_key("data") => {
                members.remove("data").unwrap_or_default()
            }
            other => other,
        };
        hide(&mut result, DEPTH);
        // Also where a secret of ours is part of a text.
        let text = self.shown(result.to_string()).await;
        serde_json::from_str(&text).map_err(|_| ThreatqError::Unreadable("its result repeats the login"))
    }
}

fn operation(item: &Value) -> Option<Operation> {
    let own = name(item.get("name")?)?;
    let list = |key: &str| item.get(key).and_then(Value::as_array).into_iter().flatten().take(100);
    let enabled = item.get("enabled");
    let enabled = enabled.and_then(Value::as_bool).or_else(|| enabled.and_then(number).map(|flag| flag > 0));
    Some(Operation {
        id: item.get("id").and_then(number)?,
        title: item.get("friendly_name").and_then(name).unwrap_or_else(|| own.clone()),
        name: own,
        version: item.get("version").and_then(name),
        enabled,
        actions: list("action").chain(list("actions")).filter_map(action).collect(),
    })
}

fn action(item: &Value) -> Option<Action> {
    let types = item.get("object_type").and_then(Value::as_array).into_iter().flatten().take(100);
    let one = |kind: &Value| kind.get("object_type").or_else(|| kind.get("name")).and_then(name);
    Some(Action { name: name(item.get("name")?)?, types: types.filter_map(one).collect() })
}

/// Replaces the values of masked settings, and everything that is nested too deeply.
fn hide(value: &mut Value, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else {
        *value = Value::String("[nested too deeply]".to_owned());
        return;
    };
    match value {
        Value::Array(items) => {
            for item in items {
                hide(item, depth);
            }
        }
        Value::Object(members) => {
            let is_masked = members.get("mask").is_some_and(is_on)
                || members.get("type").and_then(Value::as_str) == Some("password");
            for (name, member) in members {
                if is_masked && name == "value" && !member.is_null() {
                    *member = Value::String(HIDDEN.to_owned());
                }
                hide(member, depth);
            }
        }
        _ => {}
    }
}

fn is_on(flag: &Value) -> bool {
    flag.as_bool().or_else(|| number(flag).map(|number| number > 0)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn masked_settings_are_hidden_at_any_depth() {
        let mut value = json!({"type": {"plugins": [{"config": [
            {"key": "api_key", "type": "password", "mask": true, "value": "hunter2"},
            {"key": "host", "mask": 0, "value": "h.example"},
            {"key": "other", "mask": "1", "value": {"a": "hunter2"}},
        ]}]}});
        hide(&mut value, DEPTH);
        let text = value.to_string();
        assert!(!text.contains("hunter2") && text.contains("h.example"), "{text}");
    }

    #[test]
    fn an_operation_is_read_with_its_actions() {
        let item = json!({"id": "3", "name": "circl", "friendly_name": "CIRCL Passive DNS", "enabled": 1,
            "action": [{"name": "Query CIRCL Passive DNS",
                "object_type": [{"object_type_id": 1, "object_type": "indicator"}]}, 7]});
        let operation = operation(&item).unwrap();
        assert_eq!((operation.id, operation.enabled, operation.actions.len()), (3, Some(true), 1));
        assert_eq!(operation.actions[0].types, ["indicator"]);
        assert!(super::operation(&json!({"id": 3})).is_none());
    }
}

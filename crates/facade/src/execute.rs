//! Runs the action of an operation on an indicator of the library, and waits for its end.
//!
//! The run is that of a page: recorded with its evidence, paced, refused for values that are marked too strictly. The answer has the
//! beginning of what came; the page of the run has all of it. Nothing is added to the library.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use cof::Record;
use operation::{Finding, Indicator};
use serde_json::{Value, json};
use site::{Executed, Execution};
use workbench::library::Entry;
use workbench::user::Permission;

use crate::caller::Caller;
use crate::plugins::{PARAMETERS, Plugin, enabled};
use crate::read::{Named, Sent, needed, number, switch, text};
use crate::reply::{Fault, created, data};
use crate::shape::{base, date};
use crate::state::{Facade, Shared};

/// How long a run is waited for. It continues after that, and the answer has its number.
const PATIENCE: Duration = Duration::from_secs(100);
/// The most records and findings of an answer, each.
const MOST: usize = 1_000;
/// The longest text of a parameter, in bytes.
const LONGEST: usize = 1_000;

/// Executes an action.
pub(crate) async fn execute(
    State(facade): State<Shared>,
    caller: Caller,
    Named(id): Named,
    Sent(body): Sent,
) -> Result<Response, Fault> {
    caller.require(Permission::RunOperations)?;
    let plugin = facade.desk().read(enabled).await?.into_iter().find(|plugin| plugin.is(&id));
    let plugin = plugin.ok_or_else(Plugin::unknown)?;
    check_action(&plugin, needed(&body, "action")?)?;
    let entry = facade.subject(&body).await?;
    let execution = execution(&plugin, entry.indicator.clone(), body.get("parameters"))?;
    let _place = facade.executing()?;
    let executed = facade.site.execute(execution, &caller.name, PATIENCE, MOST).await?;
    Ok(created(data(&json!({ "data": shape(&entry, &executed) }))))
}

impl Facade {
    /// The indicator in the library that `type` and `id` name.
    async fn subject(&self, body: &Value) -> Result<Entry, Fault> {
        let kind = text(body, "type")?.unwrap_or("indicator");
        if !kind.eq_ignore_ascii_case("indicator") && !kind.eq_ignore_ascii_case("indicators") {
            return Err(Fault::field("type", "actions can only be executed on objects of type indicator"));
        }
        let id = body.get("id").and_then(number).ok_or_else(|| Fault::field("id", "id is not a number"))?;
        self.entry(id).await
    }
}

fn check_action(plugin: &Plugin, wanted: &str) -> Result<(), Fault> {
    let names: Vec<&str> = plugin.package.actions().iter().map(|action| action.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(());
    }
    Err(Fault::field("action", format!("this plugin has no such action; it has: {}", names.join(", "))))
}

fn execution(plugin: &Plugin, indicator: Indicator, parameters: Option<&Value>) -> Result<Execution, Fault> {
    let none = json!({});
    let given = match parameters {
        // An empty list is what some languages write for an empty object.
        None | Some(Value::Null) => &none,
        Some(Value::Array(items)) if items.is_empty() => &none,
        Some(given @ Value::Object(_)) => given,
        Some(_) => return Err(Fault::field("parameters", "parameters is not an object")),
    };
    let known = |name: &String| PARAMETERS.iter().any(|(known, ..)| known == name);
    if let Some(other) = given.as_object().and_then(|members| members.keys().find(|name| !known(name))) {
        let all = PARAMETERS.map(|(name, ..)| name).join(", ");
        let other: String = other.chars().take(60).collect();
        return Err(Fault::field("parameters", format!("unknown parameter {other:?}; there are: {all}")));
    }
    let word = |name: &'static str| {
        let word = text(given, name)?.unwrap_or_default();
        if word.len() > LONGEST {
            return Err(Fault::field(name, format!("{name} is longer than {LONGEST} bytes")));
        }
        Ok(word.to_owned())
    };
    Ok(Execution {
        indicator,
        operation: plugin.package.name.clone(),
        rrtype: word("rrtype")?,
        seen_after: word("seen_after")?,
        seen_before: word("seen_before")?,
        by_data: switch(given, "by_data")?,
        fresh: switch(given, "fresh")?,
    })
}

fn shape(entry: &Entry, executed: &Executed) -> Value {
    let run = &executed.run;
    let reason = run.ending.reason.as_ref();
    json!({
        "run": run.id,
        "run_path": format!("/runs/{}", run.id),
        "state": run.ending.state.word(),
        "complete": run.ending.is_complete(),
        "reason": reason.map(|reason| &reason.text),
        "refused": reason.is_some_and(|reason| reason.refused),
        "action": run.action,
        "package": run.package,
        "source": run.source,
        "indicator": base(entry),
        "stored_answer_of_run": run.is_cached().then_some(run.fetched.by),
        "fetched_at": date(run.fetched.at),
        "record_count": run.records,
        "records": executed.records.iter().map(record).collect::<Vec<_>>(),
        "damage_count": run.damages,
        "finding_count": executed.finding_count,
        "findings": executed.findings.iter().map(finding).collect::<Vec<_>>(),
        "warnings": executed.warnings,
    })
}

fn record(record: &Record) -> Value {
    let seen = |time: Option<u64>| time.map(cof::time::readable);
    json!({
        "rrname": record.rrname.to_string(),
        "rrtype": record.rrtype.to_string(),
        "rdata": record.rdata.to_text(record.rrtype),
        "time_first": record.time_first, "time_last": record.time_last,
        "first_seen": seen(record.time_first), "last_seen": seen(record.time_last),
        "count": record.count,
    })
}

fn finding(finding: &Finding) -> Value {
    let side =
        |indicator: &Indicator| json!({ "type": indicator.kind().name(), "value": indicator.to_string() });
    let mut shape = match finding {
        Finding::Attribute { name, value, .. } => json!({ "name": name, "value": value }),
        Finding::Indicator { indicator, .. } => side(indicator),
        Finding::Relationship { from, to, rrtype, .. } => {
            json!({ "from": side(from), "to": side(to), "rrtype": rrtype.to_string() })
        }
    };
    if let Some(members) = shape.as_object_mut() {
        members.insert("kind".to_owned(), finding.kind().into());
        members.insert("selected".to_owned(), finding.is_selected().into());
    }
    shape
}

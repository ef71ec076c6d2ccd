//! `backsight audit`: who changed what, and when.

use std::fmt::Write as _;

use cof::time;
use operation::{Clock, Moment};
use serde_json::Value;
use workbench::audit::{Filter, Page};
use workbench::json;

use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::integration::args::AuditArgs;
use crate::output::{self, table};
use crate::{kept, terminal};

pub(crate) fn run(command: &AuditArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let moment = command.since.as_deref().map(|text| Moment::parse(text, &Clock::system()));
    let since = moment.transpose().map_err(|error| Failure::Usage(format!("--since: {error}")))?;
    let filter = Filter {
        since: since.map(|moment| i64::try_from(moment.start).unwrap_or(i64::MAX)),
        before: command.before,
        limit: usize::try_from(command.limit).ok(),
    };
    let page = kept::open(arguments)?.audit(&filter)?;
    match command.format {
        View::Json => output::print_json(&json::audit::page(&page))?,
        View::Table => output::print(&as_table(&page))?,
    }
    Ok(Exit::Done)
}

fn as_table(page: &Page) -> String {
    if page.entries.is_empty() {
        return "Nothing was done.\n".to_owned();
    }
    let mut table = table::new_table(terminal::width());
    table.set_header(["When (UTC)", "Who", "What", "To what", "Detail"]);
    for entry in &page.entries {
        let cells = [&entry.actor, &entry.action, &entry.subject, &detail(&entry.detail)];
        let cells = cells.map(|text| terminal::printable(text));
        table.add_row([time::readable(kept::seconds(entry.at))].into_iter().chain(cells));
    }
    let mut text = format!("{table}\n{} of {} entries", page.entries.len(), page.total);
    if let Some(next) = page.next {
        let _ = write!(text, "; go on with --before {next}");
    }
    text + "\n"
}

/// The members that say something: `to 1.1.0, kept host port`.
pub(crate) fn detail(detail: &Value) -> String {
    let Value::Object(members) = detail else { return short(detail) };
    let said = members.iter().filter(|(_, value)| {
        !(value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty))
    });
    said.map(|(key, value)| format!("{key} {}", short(value))).collect::<Vec<_>>().join(", ")
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(short).collect::<Vec<_>>().join(" "),
        // A value that was set: the old and the new one.
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match value {
                Value::Array(pair) => format!("{key}={}", pair.last().map(short).unwrap_or_default()),
                other => format!("{key}={}", short(other)),
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

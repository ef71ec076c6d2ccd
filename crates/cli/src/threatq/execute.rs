//! `threatq execute`: an operation of the instance on one of its indicators.

use std::fmt::Write as _;

use cof::time::Clock;
use cof::{Dialect, Record, Writer};
use operation::Indicator;
use platform::threatq::operations::{Action, Operation};
use platform::threatq::records::{Recognised, records_in};
use serde_json::{Value, json};

use super::{Opened, failed, open};
use crate::args::threatq::ExecuteArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::table;
use crate::{output, terminal};

/// How much of a result is printed for reading, in bytes.
const SHOWN: usize = 256 << 10;

pub(super) async fn run(command: &ExecuteArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = Indicator::existing(&command.value)
        .map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(&command.value))))?;
    let opened = open(&command.platform, arguments)?;
    check_marking(&opened, &indicator)?;
    let connection = opened.threatq.connection();
    let operations = connection.operations().await.map_err(failed)?;
    let operation = operation(&operations, &command.operation)?;
    let action = action(operation, command.action.as_deref())?;
    let key = (indicator.kind().name().to_owned(), indicator.to_string());
    let found = connection.find(std::slice::from_ref(&key)).await.map_err(failed)?;
    let Some(found) = found.get(&key) else {
        let failure = Failure::Usage(format!("this ThreatQ does not have {indicator}"));
        return Err(failure.hint("`backsight push threatq` sends it there"));
    };
    let result = connection.execute(operation.id, found.id, &action.name).await;
    let result = result.map_err(|error| {
        let may_have_acted = error.may_have_acted();
        let failure = failed(error);
        if may_have_acted {
            failure.hint("it may have been executed: look at the indicator there before you try again")
        } else {
            failure
        }
    })?;
    let recognised = records_in(&result, Clock::system().seconds());
    match command.format {
        View::Json => print_json(operation, action, &indicator, &result, &recognised)?,
        View::Table => output::print(&as_text(&result, &recognised)?)?,
    }
    Ok(Exit::Done)
}

/// A value that is marked too strictly is not even asked for there.
fn check_marking(opened: &Opened, indicator: &Indicator) -> Result<(), Failure> {
    let held = opened.workbench.held_back(&opened.package, std::slice::from_ref(indicator))?;
    match held.first() {
        None => Ok(()),
        Some(held) => {
            let text = format!(
                "{indicator} is held back: it is marked {}, and {} gets values up to {}",
                held.tlp, held.operation, held.max_tlp
            );
            Err(Failure::Usage(text))
        }
    }
}

fn operation<'a>(operations: &'a [Operation], wanted: &str) -> Result<&'a Operation, Failure> {
    let is_it = |operation: &&Operation| {
        [&operation.title, &operation.name].iter().any(|name| name.eq_ignore_ascii_case(wanted.trim()))
            || wanted.trim().parse() == Ok(operation.id)
    };
    operations.iter().find(is_it).ok_or_else(|| {
        let text = format!("this ThreatQ has no operation {}", terminal::label(wanted));
        Failure::Usage(text).hint("`backsight threatq operations` lists them")
    })
}

fn action<'a>(operation: &'a Operation, wanted: Option<&str>) -> Result<&'a Action, Failure> {
    let actions = &operation.actions;
    let found = match wanted {
        Some(wanted) => actions.iter().find(|action| action.name.eq_ignore_ascii_case(wanted.trim())),
        None => actions.first().filter(|_| actions.len() == 1),
    };
    found.ok_or_else(|| {
        let names: Vec<String> =
            actions.iter().take(50).map(|action| terminal::label(&action.name)).collect();
        let text = format!("{} has these actions: {}", terminal::label(&operation.title), names.join(", "));
        Failure::Usage(text).hint("choose one with --action")
    })
}

fn as_text(result: &Value, recognised: &Recognised) -> Result<String, Failure> {
    let mut text = String::new();
    if recognised.records.is_empty() {
        text.push_str("No passive-DNS records were recognised in the result.\n\n");
    } else {
        let records: Vec<&Record> = recognised.records.iter().collect();
        let title = terminal::plural(records.len() as u64, "record");
        let table = table::records(&records, false, terminal::width());
        let _ = writeln!(text, "{title} (times in UTC)\n{}\n", table.trim_fmt());
    }
    if recognised.damaged > 0 || recognised.is_cut {
        let _ = writeln!(text, "{} not read as records", terminal::plural(recognised.damaged, "part"));
    }
    let pretty =
        serde_json::to_string_pretty(result).map_err(|error| Failure::work("writing JSON", &error))?;
    let mut pretty = pretty.split('\n').map(terminal::printable).collect::<Vec<_>>().join("\n");
    if pretty.len() > SHOWN {
        pretty.truncate(pretty.floor_char_boundary(SHOWN));
        pretty.push_str("\n… cut off here; --format json prints all of it");
    }
    text.push_str(&pretty);
    text.push('\n');
    Ok(text)
}

fn print_json(
    operation: &Operation,
    action: &Action,
    indicator: &Indicator,
    result: &Value,
    recognised: &Recognised,
) -> Result<(), Failure> {
    let mut writer = Writer::new(Dialect::Draft);
    let mut records = Vec::new();
    for record in &recognised.records {
        let mut line = String::new();
        writer.write(record, &mut line);
        let record: Value =
            serde_json::from_str(&line).map_err(|error| Failure::work("writing JSON", &error))?;
        records.push(record);
    }
    output::print_json(&json!({
        "operation": {"id": operation.id, "title": operation.title}, "action": action.name,
        "indicator": {"value": indicator.to_string(), "type": indicator.kind().name()}, "result": result,
        "records": records, "damaged": recognised.damaged, "cut": recognised.is_cut,
    }))
}

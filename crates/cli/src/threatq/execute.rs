//! `threatq execute`: an operation of the instance on one of its indicators.

use std::fmt::Write as _;

use cof::Record;
use operation::Indicator;
use platform::threatq::executing::{Executed, ExecutingError, Wanted};
use platform::threatq::json as shapes;
use platform::threatq::records::Recognised;
use serde_json::Value;
use workbench::Desk;

use super::{Opened, failed, open};
use crate::args::threatq::ExecuteArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::table;
use crate::{kept, output, terminal};

/// How much of a result is printed for reading, in bytes.
const SHOWN: usize = 256 << 10;

pub(super) async fn run(command: &ExecuteArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = Indicator::existing(&command.value)
        .map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(&command.value))))?;
    let Opened { threatq, package, workbench } = open(&command.platform, arguments)?;
    let (desk, actor) = (Desk::of(workbench), kept::actor());
    let wanted = Wanted {
        platform: command.platform.platform.clone(),
        package,
        operation: command.operation.clone(),
        action: command.action.clone(),
        indicator,
    };
    let ready = wanted.found(&desk, &threatq).await.map_err(refused)?;
    let number = ready.begin(&desk, &actor, &threatq).await?;
    let executed = ready.carry_out(&desk, &actor, &threatq, number).await.map_err(refused)?;
    match command.format {
        View::Json => output::print_json(&shapes::executed(&ready, &executed))?,
        View::Table => {
            let Executed { result, recognised } = &executed;
            output::print(&as_text(result, recognised)?)?;
        }
    }
    Ok(Exit::Done)
}

fn refused(error: ExecutingError) -> Failure {
    let may_have_acted = error.may_have_acted();
    let text = error.to_string();
    match error {
        ExecutingError::Absent(_) => Failure::Usage(text).hint("`backsight push threatq` sends it there"),
        ExecutingError::Actions { .. } => Failure::Usage(text).hint("choose one with --action"),
        ExecutingError::Held(_) => Failure::Usage(text),
        ExecutingError::NoOperation(_) => {
            Failure::Usage(text).hint("`backsight threatq operations` lists them")
        }
        ExecutingError::Unnoted(_) => Failure::Work(text),
        ExecutingError::Workbench(error) => error.into(),
        ExecutingError::Threatq(error) if may_have_acted => {
            failed(error).hint("it may have been executed: look at the indicator there before you try again")
        }
        ExecutingError::Threatq(error) => failed(error),
    }
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

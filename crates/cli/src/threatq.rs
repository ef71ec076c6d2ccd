//! `backsight threatq`: takes indicators from a ThreatQ, and executes the operations that are installed there.

mod execute;
mod pull;

use cof::time::Clock;
use operation::Package;
use platform::Recipient;
use platform::threatq::{Threatq, ThreatqError};
use workbench::Workbench;
use workbench::integration::Configured;

use crate::args::threatq::{OperationsArgs, PlatformArgs, ThreatqArgs, ThreatqCommand};
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::table;
use crate::terminal::printable;
use crate::{kept, output, terminal};

/// How many values that are left out are named.
const NAMED: usize = 20;

pub(crate) async fn run(command: &ThreatqArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        ThreatqCommand::Execute(command) => execute::run(command, arguments).await,
        ThreatqCommand::Operations(command) => operations(command, arguments).await,
        ThreatqCommand::Pull(command) => pull::run(command, arguments).await,
    }
}

/// The instance, with its package and the data folder.
struct Opened {
    threatq: Threatq,
    package: Package,
    workbench: Workbench,
}

/// Opens the instance of an enabled integration.
fn open(chosen: &PlatformArgs, arguments: &Arguments) -> Result<Opened, Failure> {
    let name = &chosen.platform;
    let workbench = kept::open(arguments)?;
    let summary = workbench.show(name)?.summary;
    if !summary.enabled {
        let failure = Failure::Usage(format!("{name} is disabled"));
        return Err(failure.hint(&format!("`backsight integration enable {name}`")));
    }
    let Configured { package, settings, .. } = workbench.settings(name)?;
    let recipient = Recipient::new(&package, &settings, workbench.folder(), Clock::system())?;
    let Recipient::Threatq(threatq) = recipient else {
        return Err(Failure::Usage(format!("{name} is not a ThreatQ")));
    };
    for warning in &threatq.way().warnings {
        terminal::complain(&format!("warning: {warning}"));
    }
    Ok(Opened { threatq: *threatq, package, workbench })
}

async fn operations(command: &OperationsArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let opened = open(&command.platform, arguments)?;
    let operations = opened.threatq.connection().operations().await.map_err(failed)?;
    if command.format == View::Json {
        output::print_json(&platform::threatq::json::operations(&operations))?;
        return Ok(Exit::Done);
    }
    if operations.is_empty() {
        output::print("No operations that this login may see.\n")?;
        return Ok(Exit::Done);
    }
    let mut table = table::new_table(terminal::width());
    table.set_header(["Number", "Operation", "Version", "Enabled", "Actions"]);
    for operation in &operations {
        let actions: Vec<String> = operation.actions.iter().map(|action| printable(&action.name)).collect();
        let enabled = operation.enabled.map_or("", |enabled| if enabled { "yes" } else { "no" });
        let version = operation.version.as_deref().map(printable).unwrap_or_default();
        let row = [operation.id.to_string(), printable(&operation.title), version];
        table.add_row(row.into_iter().chain([enabled.to_owned(), actions.join(", ")]));
    }
    output::print(&format!("{}\n", table.trim_fmt()))?;
    Ok(Exit::Done)
}

/// What a failure of the instance means for a command.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn failed(error: ThreatqError) -> Failure {
    let text = error.to_string();
    let failure = if error.is_refusal() { Failure::Refused(text) } else { Failure::Work(text) };
    failure.hint(error.hint())
}

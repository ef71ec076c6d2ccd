//! `backsight integration`: installs, configures, enables and shows integrations.
//!
//! Each task has its own file: [`catalogue`] lists what can be installed, `source` finds the package to install, [`install`] asks before it replaces one, [`configure`]
//! sets values and secrets, [`check`] tests the connection, and `table` formats the output.

mod catalogue;
mod check;
mod configure;
mod install;
mod source;
mod table;

use workbench::integration::{Filter, State};
use workbench::json::integration as json;

use crate::args::integration::{IntegrationArgs, IntegrationCommand, Kind, ListArgs, NameArgs, RemoveArgs};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::terminal::printable;
use crate::{confirm, kept, output, terminal};

pub(crate) fn run(
    command: &IntegrationArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &command.command {
        IntegrationCommand::Catalogue(command) => catalogue::run(command, config, arguments),
        IntegrationCommand::Configure(command) => configure::run(command, arguments),
        IntegrationCommand::Disable(command) => disable(command, arguments),
        IntegrationCommand::Enable(command) => enable(command, arguments),
        IntegrationCommand::Install(command) => install::run(command, config, arguments),
        IntegrationCommand::List(command) => list(command, arguments),
        IntegrationCommand::Remove(command) => remove(command, arguments),
        IntegrationCommand::Show(command) => show(command, arguments),
        IntegrationCommand::Test(command) => {
            crate::runtime()?.block_on(check::run(command, config, arguments))
        }
    }
}

fn list(command: &ListArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let filter = Filter {
        kind: match command.kind {
            Kind::All => None,
            Kind::Operation => Some(operation::Kind::OPERATION.to_owned()),
            Kind::Platform => Some(operation::Kind::PLATFORM.to_owned()),
            Kind::Feed => Some("feed".to_owned()),
        },
        enabled: (command.enabled || command.disabled).then_some(command.enabled),
    };
    let listing = kept::open(arguments)?.list(&filter)?;
    match command.format {
        View::Json => output::print_json(&json::listing(&listing))?,
        View::Table => output::print(&table::listing(&listing))?,
    }
    Ok(Exit::Done)
}

fn show(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let details = kept::open(arguments)?.show(&command.name)?;
    match command.format {
        View::Json => output::print_json(&json::details(&details))?,
        View::Table => output::print(&table::details(&details))?,
    }
    Ok(Exit::Done)
}

fn enable(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let name = &command.name;
    let mut workbench = kept::open(arguments)?;
    let changed = workbench.enable(name)?;
    for warning in workbench.show(name)?.warnings {
        terminal::complain(&format!("warning: {warning}"));
    }
    switched(command, true, changed)
}

fn disable(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let changed = kept::open(arguments)?.disable(&command.name)?;
    switched(command, false, changed)
}

fn switched(command: &NameArgs, on: bool, changed: bool) -> Result<Exit, Failure> {
    let state = if on { "enabled" } else { "disabled" };
    let word = if changed { "is" } else { "is already" };
    match command.format {
        View::Json => {
            output::print_json(&json::switched(&command.name, on, changed))?;
        }
        View::Table => output::print(&format!("{} {word} {state}.\n", printable(&command.name)))?,
    }
    Ok(Exit::Done)
}

fn remove(command: &RemoveArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    let details = workbench.show(&command.name)?;
    let name = printable(&command.name);
    let set = details.parameters.iter().filter(|setting| setting.state != State::Unset);
    let keys: Vec<String> = set.map(|setting| printable(&setting.key)).collect();
    let lost =
        if keys.is_empty() { String::new() } else { format!(" and its values for {}", keys.join(", ")) };
    let said = format!("This removes {name} {}{lost}.", printable(&details.summary.version));
    if !confirm::ask(&said, &format!("Remove {name}?"), command.yes)? {
        terminal::complain("nothing was removed");
        return Ok(Exit::Failed);
    }
    workbench.remove(&command.name)?;
    match command.format {
        View::Json => output::print_json(&json::removed(&command.name))?,
        View::Table => output::print(&format!("{name} was removed.\n"))?,
    }
    Ok(Exit::Done)
}

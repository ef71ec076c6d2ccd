//! `backsight integration configure`: values from the command line, secrets from anywhere else.

use operation::Settings;
use workbench::integration::{Changes, Details};
use workbench::json::integration as json;

use super::table;
use crate::args::integration::ConfigureArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::{kept, output, secret, terminal};

pub(super) fn run(command: &ConfigureArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    let before = workbench.show(&command.name)?;
    let changes = changes(command, &before)?;
    let after = workbench.configure(&command.name, &changes)?;
    for warning in &after.warnings {
        terminal::complain(&format!("warning: {warning}"));
    }
    if let Some(package) = &after.package {
        for key in secret::unasked(package, &command.secret) {
            let variable = Settings::variable(&key);
            terminal::complain(&format!("{variable} is set but was not stored; --secret {key} stores it"));
        }
    }
    match command.format {
        View::Json => output::print_json(&json::details(&after))?,
        View::Table => output::print(&table::details(&after))?,
    }
    Ok(Exit::Done)
}

fn changes(command: &ConfigureArgs, before: &Details) -> Result<Changes, Failure> {
    let nothing = command.values.is_empty() && command.secret.is_empty() && command.reset.is_empty();
    if nothing && command.max_tlp.is_none() {
        let keys: Vec<&str> = before.parameters.iter().map(|setting| setting.key.as_str()).collect();
        let text =
            format!("nothing to set: give KEY=VALUE or --secret KEY; the keys are {}", keys.join(", "));
        return Err(Failure::Usage(terminal::printable(&text)));
    }
    let secrets = match &before.package {
        Some(package) => secret::collect(package, &command.secret)?,
        // The error appears where the value is set, and no secret is asked for.
        None => Vec::new(),
    };
    let values = command.values.iter().map(|pair| split(pair)).collect::<Result<_, _>>()?;
    Ok(Changes { values, secrets, reset: command.reset.clone(), max_tlp: command.max_tlp })
}

fn split(pair: &str) -> Result<(String, String), Failure> {
    // An argument that is not KEY=VALUE may be a secret, so it is not repeated.
    let (key, value) = pair.split_once('=').ok_or_else(|| {
        Failure::Usage("write KEY=VALUE; for a secret use --secret KEY, which prompts for it".to_owned())
    })?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

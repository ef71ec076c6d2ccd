//! `investigation report`: writes the report as one HTML file.
//!
//! The own database counts the names on what the members share. If it cannot be opened, that is said, and they are not counted.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use ::database::Database;
use server::report::{self, Options};
use store::Store;

use super::open;
use crate::args::Arguments;
use crate::args::investigation::ReportFileArgs;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::{database, kept, list, output, terminal};

pub(super) fn write(
    command: &ReportFileArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    workbench.settle_runs()?;
    let mut options = Options { defang: !command.no_defang, ..Options::default() };
    if !command.section.is_empty() {
        options.sections.clone_from(&command.section);
    }
    let database = own_database(config, arguments);
    let store = database.as_ref().map(|database| database as &dyn Store);
    let file = report::file(
        &workbench,
        investigation.id,
        (store, list::rules(config, arguments)?),
        (&kept::actor(), &options),
    )?;
    match &command.output {
        Some(path) if path.as_os_str() != "-" => save(&file.html, path)?,
        _ => output::print(&file.html)?,
    }
    Ok(Exit::Done)
}

/// The own database, if there is one that can be opened.
fn own_database(config: &Config, arguments: &Arguments) -> Option<Database> {
    database::open_existing(arguments, config).unwrap_or_else(|failure| {
        terminal::complain(&format!("names of the own database are not counted: {failure}"));
        None
    })
}

/// Writes a new file; one that exists is left as it is.
fn save(html: &str, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(html.as_bytes()).and_then(|()| file.flush()));
    match written {
        Ok(()) => {
            terminal::say(&format!("the report is in {shown}"));
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::Usage(format!("{shown} exists")).hint("choose another name, or delete it first"))
        }
        Err(error) => Err(Failure::work(&format!("writing {shown}"), &error)),
    }
}

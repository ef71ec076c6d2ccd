//! `backsight list`: imports, shows and removes warning lists, and tells which of them have a value.
//!
//! [`files`] finds and reads the files to import. A file that is no list does not stop the others.

mod files;

use std::fmt::Write as _;

use cof::time::Clock;
use context::lists::{About, ListErrorKind};
use context::weak::{Pivot, Reason, Rules};
use context::{ListError, Lists};
use indicatif::{ProgressBar, ProgressStyle};
use operation::Indicator;
use workbench::Workbench;
use workbench::json::list as json;
use workbench::listing::ListChange;

use crate::args::list::{CheckArgs, ImportArgs, ListArgs, ListCommand, NameArgs, ShowArgs};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::output::{self, table};
use crate::{kept, terminal};

pub(crate) fn run(command: &ListArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        ListCommand::Check(command) => check(command, config, arguments),
        ListCommand::Disable(command) => switch(command, false, arguments),
        ListCommand::Enable(command) => switch(command, true, arguments),
        ListCommand::Import(command) => import(command, arguments),
        ListCommand::Remove(command) => remove(command, arguments),
        ListCommand::Restore(command) => restore(command, arguments),
        ListCommand::Show(command) => show(command, &lists(arguments)?),
    }
}

/// The rules for what says little, with the lists of the data folder.
pub(crate) fn rules(config: &Config, arguments: &Arguments) -> Result<Rules, Failure> {
    let lists = lists(arguments)?.now()?;
    for error in lists.unreadable() {
        terminal::complain(error);
    }
    Ok(Rules { most_names: config.enrich.weak_pivot_names as u64, lists })
}

/// The lists of the data folder, which need not exist.
fn lists(arguments: &Arguments) -> Result<Lists, Failure> {
    Ok(Lists::of(&kept::folder(arguments)?, Clock::system()))
}

/// The lists, and the workbench that records changes of them.
fn open(arguments: &Arguments) -> Result<(Lists, Workbench), Failure> {
    let workbench = kept::open(arguments)?;
    Ok((Lists::of(workbench.folder(), Clock::system()), workbench))
}

fn import(command: &ImportArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let files = files::find(&command.paths)?;
    let (lists, mut workbench) = open(arguments)?;
    let bar = progress(files.len());
    let mut outcomes = Vec::new();
    for file in files {
        let outcome = files::read(&file).and_then(|text| lists.import(&text).map_err(Failure::from));
        let outcome = match outcome {
            Ok(imported) => {
                workbench.note_lists(ListChange::Import, std::slice::from_ref(&imported.about))?;
                Ok((imported.about, imported.replaced))
            }
            Err(Failure::Usage(why)) => Err(why),
            Err(failure) => return Err(failure.within(&file.display().to_string())),
        };
        outcomes.push((file.display().to_string(), outcome));
        bar.inc(1);
    }
    bar.finish_and_clear();
    print_imported(command.format, &outcomes)?;
    Ok(if outcomes.iter().all(|(_, outcome)| outcome.is_ok()) { Exit::Done } else { Exit::Failed })
}

fn print_imported(format: View, outcomes: &[(String, json::Outcome)]) -> Result<(), Failure> {
    for (file, outcome) in outcomes {
        if let Err(why) = outcome {
            terminal::complain(&format!("{file}: {why}"));
        }
    }
    if format == View::Json {
        return output::print_json(&json::imported(outcomes));
    }
    let mut text = String::new();
    for (about, replaced) in outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok()) {
        text.push_str(&imported(about, *replaced));
        text.push('\n');
    }
    output::print(&text)
}

/// `"Parking domains": 108 entries, replaces version 1`
fn imported(about: &About, replaced: Option<u64>) -> String {
    let mut text = format!("\"{}\": {}", terminal::printable(&about.name), counted(about.entries));
    if !about.applies {
        text.push_str("; not about names or addresses, so it never hits");
    }
    if about.unusable > 0 {
        let _ = write!(text, ", {} of them unusable", terminal::thousands(about.unusable));
    }
    match replaced {
        Some(version) if version == about.version => {
            let _ = write!(text, "; version {version} again");
        }
        Some(version) => {
            let _ = write!(text, "; version {} replaces {version}", about.version);
        }
        None => {}
    }
    text
}

/// A number of entries with its noun.
fn counted(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{} entries", terminal::thousands(entries)) }
}

fn show(command: &ShowArgs, lists: &Lists) -> Result<Exit, Failure> {
    let (abouts, damaged) = lists.all()?;
    for error in &damaged {
        terminal::complain(&error.to_string());
    }
    match command.format {
        View::Json => {
            output::print_json(&json::lists(&abouts, damaged.iter().map(ToString::to_string).collect()))?;
        }
        View::Table => output::print(&as_table(&abouts))?,
    }
    Ok(if damaged.is_empty() { Exit::Done } else { Exit::Failed })
}

fn as_table(abouts: &[About]) -> String {
    if abouts.is_empty() {
        return "No lists. Import some with `backsight list import FILE|DIR`.\n".to_owned();
    }
    let mut table = table::new_table(terminal::width());
    table.set_header(["Name", "Type", "Entries", "Version", "Imported (UTC)", "State"]);
    for about in abouts {
        table.add_row([
            terminal::printable(&about.name),
            about.kind.word().to_owned(),
            terminal::thousands(about.entries),
            about.version.to_string(),
            kept::readable(i64::try_from(about.imported_at).unwrap_or(i64::MAX)),
            state(about).to_owned(),
        ]);
    }
    let all: u64 = abouts.iter().map(|about| about.entries).sum();
    format!("{table}\n{}, {}\n", terminal::plural(abouts.len() as u64, "list"), counted(all))
}

fn state(about: &About) -> &'static str {
    match (about.applies, about.is_enabled) {
        (false, _) => "about other things",
        (true, true) => "enabled",
        (true, false) => "disabled",
    }
}

fn switch(command: &NameArgs, enabled: bool, arguments: &Arguments) -> Result<Exit, Failure> {
    let (lists, mut workbench) = open(arguments)?;
    let (name, changed) = (&command.name, lists.set_enabled(&command.name, enabled)?);
    if changed {
        let change = if enabled { ListChange::Enable } else { ListChange::Disable };
        let all = lists.all()?.0.into_iter().filter(|about| about.name == *name).collect::<Vec<_>>();
        workbench.note_lists(change, &all)?;
    }
    let word = if enabled { "enabled" } else { "disabled" };
    let already = if changed { "" } else { " already" };
    print(command, &json::switched(name, enabled, changed), &format!("is{already} {word}"))
}

fn remove(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (lists, mut workbench) = open(arguments)?;
    let removed = lists.remove(&command.name)?;
    workbench.note_lists(ListChange::Remove, &[removed])?;
    let said = format!("is removed; to undo it: backsight list restore {}", terminal::quoted(&command.name));
    print(command, &json::removed(&command.name, true), &said)
}

fn restore(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (lists, mut workbench) = open(arguments)?;
    let restored = lists.restore(&command.name)?;
    workbench.note_lists(ListChange::Restore, &[restored])?;
    print(command, &json::removed(&command.name, false), "is restored")
}

fn print(command: &NameArgs, shape: &impl serde::Serialize, said: &str) -> Result<Exit, Failure> {
    match command.format {
        View::Json => output::print_json(shape)?,
        View::Table => output::print(&format!("\"{}\" {said}.\n", terminal::printable(&command.name)))?,
    }
    Ok(Exit::Done)
}

fn check(command: &CheckArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let rules = rules(config, arguments)?;
    for text in &command.values {
        let indicator = Indicator::existing(text)
            .map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))?;
        let target = indicator.host().as_target();
        let reasons = rules.reasons(&Pivot { target, is_name_server: command.name_server, names: None });
        match command.format {
            View::Json => output::print_json(&json::hits(&indicator, &reasons))?,
            View::Table => output::print(&said(&indicator, &reasons))?,
        }
    }
    Ok(Exit::Done)
}

fn said(indicator: &Indicator, reasons: &[Reason]) -> String {
    if reasons.is_empty() {
        return format!("{indicator}: nothing known against it\n");
    }
    let lines = reasons.iter().map(|reason| terminal::printable(&reason.to_string()));
    format!("{indicator}:\n  {}\n", lines.collect::<Vec<_>>().join("\n  "))
}

/// A progress bar for more than one file.
fn progress(files: usize) -> ProgressBar {
    if files < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} lists, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(files as u64).with_style(style)
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error.kind() {
            ListErrorKind::Disk => Self::Work(error.to_string()),
            ListErrorKind::Full | ListErrorKind::Missing | ListErrorKind::User => {
                Self::Usage(error.to_string())
            }
        }
    }
}

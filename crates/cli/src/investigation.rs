//! `backsight investigation`: creates and changes investigations, and works on their jobs.
//!
//! [`adding`] reads values and reports, [`running`] queries operations, with [`progress`] on standard error, and [`control`] pauses and
//! cancels what another process works on. [`comparing`] ranks what members share, [`found`] adds what their answers propose, and
//! [`report`] writes the report. `table` formats the output. A value that is no member is named, and the others are changed.

mod adding;
mod comparing;
mod control;
mod found;
mod progress;
mod report;
mod running;
mod table;

use operation::Indicator;
use workbench::Workbench;
use workbench::investigation::{Edit, Investigation, Wanted};
use workbench::json::{investigation as json, job};

use crate::args::investigation::{
    EditArgs, InvestigationArgs, InvestigationCommand, ListArgs, MembersArgs, NameArgs, NoteArgs, ShowArgs,
    VerdictArgs,
};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::{kept, output, terminal};

/// How many investigations are looked through for a removed one with a name, at a time.
const PAGE: usize = 1_000;

pub(crate) fn run(
    command: &InvestigationArgs,
    config: &Config,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &command.command {
        InvestigationCommand::Add(command) => adding::add(command, arguments),
        InvestigationCommand::Cancel(command) => control::cancel(command, arguments),
        InvestigationCommand::Create(command) => adding::create(command, arguments),
        InvestigationCommand::Delete(command) => delete(command, arguments),
        InvestigationCommand::Edit(command) => edit(command, arguments),
        InvestigationCommand::Findings(command) => found::run(command, arguments),
        InvestigationCommand::List(command) => list(command, arguments),
        InvestigationCommand::Note(command) => note(command, arguments),
        InvestigationCommand::Pause(command) => control::pause(command, arguments),
        InvestigationCommand::Remove(command) => remove(command, arguments),
        InvestigationCommand::Report(command) => report::write(command, config, arguments),
        InvestigationCommand::Restore(command) => restore(command, arguments),
        InvestigationCommand::Resume(command) => control::resume(command, arguments),
        InvestigationCommand::Run(command) => {
            crate::runtime()?.block_on(running::run(command, config, arguments))
        }
        InvestigationCommand::Shared(command) => comparing::run(command, config, arguments),
        InvestigationCommand::Show(command) => show(command, arguments),
        InvestigationCommand::Verdict(command) => judge(command, arguments),
    }
}

/// The data folder, and its investigation with this name or number.
fn open(name: &str, arguments: &Arguments) -> Result<(Workbench, Investigation), Failure> {
    let Some(workbench) = kept::open_existing(arguments)? else {
        let failure = Failure::Usage(format!("there is no investigation {}", terminal::label(name)));
        return Err(failure.hint("create it with `backsight investigation create NAME`"));
    };
    let investigation = workbench.investigation_named(name)?;
    Ok((workbench, investigation))
}

fn list(command: &ListArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let wanted = Wanted {
        status: command.status,
        text: command.search.clone(),
        removed: command.removed,
        skip: command.skip,
        limit: usize::try_from(command.limit).unwrap_or(usize::MAX),
    };
    let page = kept::open(arguments)?.investigation_page(&wanted)?;
    match command.format {
        View::Json => output::print_json(&json::page(&page.investigations, page.next))?,
        View::Table => output::print(&table::page(&page))?,
    }
    Ok(Exit::Done)
}

fn show(command: &ShowArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (workbench, investigation) = open(&command.name, arguments)?;
    if let Some(report) = command.report {
        let text = workbench.source_text(investigation.id, report)?;
        output::print(&printable_lines(&text))?;
        return Ok(Exit::Done);
    }
    match command.format {
        View::Json => output::print_json(&json::details(&workbench, investigation.id)?)?,
        View::Table => output::print(&table::details(&workbench, &investigation)?)?,
    }
    Ok(Exit::Done)
}

/// A stored text for standard output: escaped on a terminal, because reports come from strangers.
fn printable_lines(text: &str) -> String {
    use std::io::IsTerminal as _;
    if !std::io::stdout().is_terminal() {
        return text.to_owned();
    }
    let lines: Vec<String> = text.split('\n').map(terminal::printable).collect();
    lines.join("\n")
}

fn edit(command: &EditArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let edit = Edit {
        name: command.new_name.clone(),
        status: command.status,
        tlp: command.tlp,
        summary: command.summary.clone(),
    };
    if edit == Edit::default() {
        return Err(Failure::Usage(
            "nothing to change: give --name, --status, --tlp or --summary".to_owned(),
        ));
    }
    let now = workbench.edit_investigation(investigation.id, &edit)?;
    match command.format {
        View::Json => output::print_json(&json::summary(&now))?,
        View::Table => output::print(&table::head(&now))?,
    }
    Ok(Exit::Done)
}

fn note(command: &NoteArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let member = command.member.as_deref().map(one).transpose()?;
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let note = workbench.note_investigation(investigation.id, member.as_ref(), &command.text)?;
    match command.format {
        View::Json => output::print_json(&json::note(&note))?,
        View::Table => {
            let about = member.map_or(investigation.name, |member| member.to_string());
            output::print(&format!("Note added to {about}.\n"))?;
        }
    }
    Ok(Exit::Done)
}

fn remove(command: &MembersArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let members = several(&command.values)?;
    let (mut workbench, Investigation { id, name, .. }) = open(&command.name, arguments)?;
    let others = workbench.not_members(id, &members)?;
    let changed = workbench.remove_members(id, &members)?;
    match command.format {
        View::Json => output::print_json(&json::changed(id, changed, &others))?,
        View::Table => {
            let members = terminal::plural(changed as u64, "member");
            output::print(&format!("{members} removed from {name}; they stay in the threat library.\n"))?;
        }
    }
    Ok(complain(&others, &name))
}

fn judge(command: &VerdictArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let members = several(&command.values)?;
    let (mut workbench, Investigation { id, name, .. }) = open(&command.name, arguments)?;
    let others = workbench.not_members(id, &members)?;
    let changed = workbench.judge_members(id, &members, command.verdict)?;
    match command.format {
        View::Json => output::print_json(&json::changed(id, changed, &others))?,
        View::Table => {
            let same = members.len().saturating_sub(others.len()).saturating_sub(changed);
            let (verdict, changed) = (command.verdict, terminal::plural(changed as u64, "member"));
            let same = if same == 0 { String::new() } else { format!(", {same} already had this verdict") };
            output::print(&format!("{changed} of {name}: verdict changed to {verdict}{same}.\n"))?;
        }
    }
    Ok(complain(&others, &name))
}

/// Names the values that are no members.
fn complain(others: &[Indicator], name: &str) -> Exit {
    for other in others {
        terminal::complain(&format!("{other} is not a member of {name}"));
    }
    if others.is_empty() { Exit::Done } else { Exit::Failed }
}

fn delete(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    workbench.remove_investigation(investigation.id)?;
    let now = workbench.investigation(investigation.id)?;
    match command.format {
        View::Json => output::print_json(&json::presence(&now))?,
        View::Table => {
            let Investigation { id, name, .. } = now;
            output::print(&format!(
                "Deleted {name}; `backsight investigation restore {id}` brings it back.\n"
            ))?;
        }
    }
    Ok(Exit::Done)
}

fn restore(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    let id = removed(&command.name, &workbench)?;
    workbench.restore_investigation(id)?;
    let now = workbench.investigation(id)?;
    match command.format {
        View::Json => output::print_json(&json::presence(&now))?,
        View::Table => output::print(&format!("Restored {}.\n", now.name))?,
    }
    Ok(Exit::Done)
}

/// The number of the investigation that was removed last with this name, or that has this number or name now.
fn removed(name: &str, workbench: &Workbench) -> Result<i64, Failure> {
    let folded = name.trim().to_lowercase();
    let mut wanted = Wanted { text: Some(folded.clone()), removed: true, limit: PAGE, ..Wanted::default() };
    while folded.parse::<i64>().is_err() {
        let page = workbench.investigation_page(&wanted)?;
        let named = |one: &&Investigation| one.name.to_lowercase() == folded;
        match (page.investigations.iter().find(named), page.next) {
            (Some(found), _) => return Ok(found.id),
            (None, Some(next)) => wanted.skip = next,
            (None, None) => break,
        }
    }
    Ok(workbench.investigation_named(name)?.id)
}

fn several(values: &[String]) -> Result<Vec<Indicator>, Failure> {
    values.iter().map(|text| one(text)).collect()
}

fn one(text: &str) -> Result<Indicator, Failure> {
    Indicator::existing(text).map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))
}

/// Prints a job as it is now.
fn print_job(workbench: &Workbench, found: &workbench::job::Job, format: View) -> Result<(), Failure> {
    match format {
        View::Json => output::print_json(&job::of(workbench, found)?),
        View::Table => output::print(&table::job(found, &workbench.progress(found)?)),
    }
}

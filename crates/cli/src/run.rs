//! `backsight run`: shows runs and their answers, and adds their findings to the library.
//!
//! `table` formats the output. Runs whose process is gone are settled before any run is shown.

mod table;

use std::io::{IsTerminal, Read, Write};

use cof::time::Clock;
use operation::{Indicator, Moment};
use workbench::Workbench;
use workbench::integration::Filter;
use workbench::json::run as json;
use workbench::run::{Arrangement, Compared, Kept, Shown, Wanted};

use crate::args::run::{AddArgs, ListArgs, RunArgs, RunCommand, ShowArgs, UndoArgs};
use crate::args::{Arguments, View};
use crate::asked::complain_shown;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::placing::placing;
use crate::{kept, output, terminal};

/// How many bytes of the evidence are printed at a time.
const PIECE: usize = 64 * 1024;

pub(crate) fn run(command: &RunArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    workbench.settle_runs()?;
    match &command.command {
        RunCommand::Add(command) => add(command, &mut workbench),
        RunCommand::List(command) => list(command, &workbench),
        RunCommand::Show(command) if command.raw => raw(command, &workbench),
        RunCommand::Show(command) => show(command, config, &workbench),
        RunCommand::Undo(command) => undo(command, &mut workbench),
    }
}

fn list(command: &ListArgs, workbench: &Workbench) -> Result<Exit, Failure> {
    let indicator = command.indicator.as_deref().map(|text| {
        Indicator::existing(text)
            .map_err(|error| Failure::Usage(terminal::printable(&format!("--indicator {text}: {error}"))))
    });
    let limit = usize::try_from(command.limit).unwrap_or(usize::MAX);
    let clock = Clock::system();
    let moment = |flag: &str, text: &Option<String>| {
        let moment = text.as_deref().map(|text| Moment::parse(text, &clock)).transpose();
        moment.map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    let wanted = Wanted {
        indicator: indicator.transpose()?,
        package: command.operation.clone(),
        batch: command.batch,
        state: command.state,
        actor: command.actor.clone(),
        since: moment("--since", &command.since)?.map(|moment| seconds(moment.start)),
        until: moment("--until", &command.until)?.map(|moment| seconds(moment.end)),
        without_cached: command.without_cached,
        before: command.before,
        limit,
    };
    let page = workbench.runs(&wanted)?;
    if let Some(operation) = command.operation.as_deref().filter(|_| page.runs.is_empty()) {
        check_operation(operation, workbench)?;
    }
    match command.format {
        View::Json => output::print_json(&json::page(&page))?,
        View::Table => output::print(&table::page(&page))?,
    }
    Ok(Exit::Done)
}

/// A name without an operation and without runs is a typing error.
fn check_operation(name: &str, workbench: &Workbench) -> Result<(), Failure> {
    let operations = Filter { kind: Some(operation::Kind::OPERATION.to_owned()), enabled: None };
    let installed = workbench.list(&operations)?.integrations;
    let of_it = Wanted { package: Some(name.to_owned()), limit: 1, ..Wanted::default() };
    let bare = name.split('@').next().unwrap_or(name);
    if installed.iter().any(|one| one.name == bare) || !workbench.runs(&of_it)?.runs.is_empty() {
        return Ok(());
    }
    let known: Vec<&str> = installed.iter().map(|one| one.name.as_str()).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let name = terminal::label(name);
    Err(Failure::Usage(format!("there is no operation {name}, installed or in any run; installed: {known}")))
}

/// The stored run with its findings; the exit code depends on its state, as in the query.
fn show(command: &ShowArgs, config: &Config, workbench: &Workbench) -> Result<Exit, Failure> {
    let shown = shown(workbench, config, command)?;
    match command.format {
        View::Json => output::print_answer(&shown)?,
        View::Table => output::print(&table::run(&shown))?,
    }
    complain_shown(&shown, None);
    Ok(Exit::from(&shown.run.ending))
}

fn shown(workbench: &Workbench, config: &Config, command: &ShowArgs) -> Result<Shown, Failure> {
    let placing = placing(&command.placing, config)?;
    let kept: Kept = workbench.answer(command.id)?;
    let package = workbench.package_of(&kept.run)?;
    let arrangement = Arrangement { sort: command.sort.into(), limit: command.limit };
    let compared = if command.changes || command.since.is_some() {
        Compared::of(&kept, workbench, command.since, arrangement.sort)?
    } else {
        Compared::No
    };
    Ok(Shown { compared, ..Shown::new(kept, &package, arrangement, placing) })
}

/// The exact bytes of the evidence; escaped on a terminal, because a provider is not trusted.
fn raw(command: &ShowArgs, workbench: &Workbench) -> Result<Exit, Failure> {
    let Some(mut evidence) = workbench.evidence(command.id)? else {
        terminal::complain(&format!("run {}: no response was received", command.id));
        return Ok(Exit::Done);
    };
    let mut out = std::io::stdout().lock();
    let shows = out.is_terminal();
    let mut piece = vec![0; PIECE];
    loop {
        let len = evidence.read(&mut piece).map_err(|error| Failure::from(evidence.error(&error)))?;
        let octets = piece.get(..len).unwrap_or_default();
        if len == 0 {
            return Ok(Exit::Done);
        } else if shows {
            let text = String::from_utf8_lossy(octets);
            let lines: Vec<String> = text.split('\n').map(terminal::printable).collect();
            out.write_all(lines.join("\n").as_bytes())?;
        } else {
            out.write_all(octets)?;
        }
    }
}

fn add(command: &AddArgs, workbench: &mut Workbench) -> Result<Exit, Failure> {
    let pick = command.pick.parse()?;
    let run = workbench.run(command.id)?;
    let tally = workbench.add_run(command.id, &pick, command.dry_run)?;
    if !run.ending.is_complete() {
        let state = run.ending.state.word();
        terminal::complain(&format!("warning: the answer of run {} is incomplete ({state})", run.id));
    }
    match command.format {
        View::Json => output::print_json(&json::added(&run, &tally, command.dry_run))?,
        View::Table => output::print(&table::added(&run, &tally, command.dry_run))?,
    }
    Ok(Exit::Done)
}

fn undo(command: &UndoArgs, workbench: &mut Workbench) -> Result<Exit, Failure> {
    // An invalid number is detected before anything is undone.
    let ids = match command.batch {
        Some(batch) => workbench.added_in_batch(batch)?,
        None => command.ids.clone(),
    };
    undo_all(&ids, workbench, command.format == View::Json)?;
    Ok(Exit::Done)
}

/// Undoes what runs added, and prints what was removed.
pub(crate) fn undo_all(ids: &[i64], workbench: &mut Workbench, as_json: bool) -> Result<(), Failure> {
    if ids.is_empty() {
        terminal::say("nothing that these runs added is still in the library");
    }
    let runs = ids.iter().map(|id| workbench.run(*id)).collect::<Result<Vec<_>, _>>()?;
    for run in &runs {
        let undone = workbench.undo(run.id)?;
        if as_json {
            output::print_json(&json::undone(run, &undone))?;
        } else {
            output::print(&table::undone(run, &undone))?;
        }
    }
    Ok(())
}

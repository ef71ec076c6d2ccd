//! Pauses, resumes and cancels the open job of an investigation, whoever works on it.

use workbench::Workbench;
use workbench::investigation::Investigation;
use workbench::job::Job;

use super::{open, print_job};
use crate::args::Arguments;
use crate::args::investigation::NameArgs;
use crate::exit::{Exit, Failure};
use crate::terminal;

pub(super) fn pause(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    turn(command, arguments, Workbench::pause_job)?;
    terminal::say(&going_on(&command.name));
    Ok(Exit::Done)
}

pub(super) fn resume(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    turn(command, arguments, Workbench::resume_job)?;
    let name = terminal::quoted(&command.name);
    terminal::say(&format!(
        "a running server of this data folder takes it over; without one, use `backsight investigation run {name}`"
    ));
    Ok(Exit::Done)
}

pub(super) fn cancel(command: &NameArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    turn(command, arguments, Workbench::cancel_job)?;
    Ok(Exit::Done)
}

/// The newest job of an investigation that can go on.
pub(super) fn open_job(workbench: &Workbench, investigation: &Investigation) -> Result<Option<Job>, Failure> {
    Ok(workbench.jobs(investigation.id)?.into_iter().find(Job::is_open))
}

/// That there is no job that could go on.
pub(super) fn nothing_open(investigation: &Investigation) -> Failure {
    let name = terminal::quoted(&investigation.name);
    Failure::Usage(format!("{} has no job that is running or paused", terminal::label(&investigation.name)))
        .hint(&format!("begin one with `backsight investigation run {name}`"))
}

/// How a paused job goes on.
pub(super) fn going_on(name: &str) -> String {
    format!("`backsight investigation run {} --resume` continues it", terminal::quoted(name))
}

/// Changes the state of the open job, and prints it.
fn turn(
    command: &NameArgs,
    arguments: &Arguments,
    change: fn(&mut Workbench, i64) -> Result<Job, workbench::Error>,
) -> Result<(), Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let job = open_job(&workbench, &investigation)?.ok_or_else(|| nothing_open(&investigation))?;
    let job = change(&mut workbench, job.id)?;
    print_job(&workbench, &job, command.format)
}

//! `investigation run`: queries operations about members as a job that this process works on, or continues the open one.
//!
//! The operations and their settings are those that are stored, because a server may continue the job. What it costs, and what is held
//! back, is said before it begins.

use std::sync::Arc;

use cof::time::Clock;
use operation::{Indicator, Limits, Settings};
use workbench::integration::Configured;
use workbench::investigation::Investigation;
use workbench::job::{Job, Operation, Progress, Request, State, Subjects};
use workbench::run::{Asking, Cost, DataFolder, Held, Runs, Wish};
use workbench::{Desk, Hint, Kind, Workbench, json};

use super::control::{going_on, nothing_open, open_job};
use super::{one, open, progress, table};
use crate::args::investigation::RunArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::query::cost;
use crate::query::setup::{self, Choice};
use crate::{database, hint, kept, output, terminal};

/// The most values that are named when they are held back from an operation.
const NAMED: usize = 10;

/// What is needed to ask any operation.
struct Asker<'a> {
    config: &'a Config,
    folder: DataFolder,
}

pub(super) async fn run(command: &RunArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let asker = Asker { config, folder: database::data_folder(arguments, config, Clock::system())? };
    let found = open_job(&workbench, &investigation)?.filter(|_| !command.dry_run);
    if let Some(job) = found {
        let job = continued(job, command, &mut workbench)?;
        let askings = asker.again(&job.request, &workbench);
        let held = workbench.progress(&job)?.held;
        hold_back(&held);
        let runs = Runs::new(Desk::of(workbench)).await?;
        return work(&runs, &job, askings, command).await;
    }
    if command.resume {
        return Err(nothing_open(&investigation));
    }
    let (request, askings) = asker.new_request(command, &workbench)?;
    let subjects = subjects(command, &workbench, &investigation)?;
    let runs = Runs::new(Desk::of(workbench)).await?;
    let costs = costs(runs.desk(), &askings, &subjects).await?;
    if command.dry_run {
        cost::show(&costs, command.format == View::Json)?;
        for cost in &costs {
            hold_back(&cost.held);
        }
        return Ok(Exit::Done);
    }
    for cost in &costs {
        cost::say(&format!("{}: ", cost.package), cost);
        hold_back(&cost.held);
    }
    let create = move |workbench: &mut Workbench| workbench.create_job(investigation.id, &request, &subjects);
    let job = runs.desk().change(&kept::actor(), create).await?;
    work(&runs, &job, askings.into_iter().map(Ok).collect(), command).await
}

impl Asker<'_> {
    /// The request of a new job, with its operations as they are asked.
    fn new_request(
        &self,
        command: &RunArgs,
        workbench: &Workbench,
    ) -> Result<(Request, Vec<Asking>), Failure> {
        let choice = Choice { wanted: &self.config.query.operation, all: command.all_operations };
        let chosen = setup::chosen(&choice, workbench)?;
        let (rrtypes, window) = setup::wanted(&command.records, &self.folder.clock)?;
        let operations = chosen.iter().map(|one| Operation::of(&one.package)).collect();
        let request = Request { operations, rrtypes, window, fresh: command.fresh };
        let mut askings = Vec::new();
        for configured in chosen {
            let name = configured.package.name.clone();
            askings.push(self.asking(configured, &request).map_err(|failure| failure.within(&name))?);
        }
        Ok((request, askings))
    }

    /// The operations of a job as they are asked now, each or why it cannot be.
    fn again(&self, request: &Request, workbench: &Workbench) -> Vec<Result<Asking, String>> {
        let asking = |operation: &Operation| {
            let name = operation.name();
            let configured = workbench.settings(name).map_err(|error| format!("{name}: {error}"))?;
            if !configured.enabled {
                return Err(format!("{name} is disabled: enable it, then resume the job"));
            }
            self.asking(configured, request).map_err(|failure| format!("{name}: {failure}"))
        };
        request.operations.iter().map(asking).collect()
    }

    fn asking(&self, configured: Configured, request: &Request) -> Result<Asking, Failure> {
        let Configured { package, settings, .. } = configured;
        let settings: Settings = setup::unchanged(&package, settings, "a job can be continued elsewhere");
        let wish = Wish { rrtypes: request.rrtypes.clone(), window: request.window, ..Wish::default() };
        let folder = self.folder.clone();
        let asking = Asking::new(package, &settings, Limits::HELD, wish, folder, &kept::actor())?;
        let freshness = setup::usable(request.fresh, self.config);
        Ok(Asking { most: self.config.query.max_records, freshness, ..asking })
    }
}

/// The open job, if this command means it and it can go on.
fn continued(job: Job, command: &RunArgs, workbench: &mut Workbench) -> Result<Job, Failure> {
    let (id, name) = (job.id, terminal::quoted(&command.name));
    if workbench.is_worked_on(&job) {
        let why = format!("another process works on job {id}: a server, or another command");
        return Err(Failure::Usage(why)
            .hint(&format!("wait for it, or stop it with `backsight investigation pause {name}`")));
    }
    if command.selects() {
        let why = format!("job {id} has not ended, so no other one can begin");
        return Err(Failure::Usage(why)
            .hint(&format!("{}, `backsight investigation cancel {name}` ends it", going_on(&command.name))));
    }
    match job.state {
        State::Paused if command.resume => Ok(workbench.resume_job(id)?),
        State::Paused => {
            let reason = job.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
            Err(Failure::Usage(format!("job {id} is paused{reason}")).hint(&going_on(&command.name)))
        }
        State::Cancelled | State::Ended | State::Running => {
            terminal::say(&format!("continuing job {id}, which was interrupted"));
            Ok(job)
        }
    }
}

/// The members that are asked about; those that are left out are counted.
fn subjects(
    command: &RunArgs,
    workbench: &Workbench,
    investigation: &Investigation,
) -> Result<Arc<[Indicator]>, Failure> {
    let chosen: Vec<Indicator> = command.member.iter().map(|text| one(text)).collect::<Result<_, _>>()?;
    let Subjects { indicators, gone } = workbench.job_subjects(investigation.id, &chosen)?;
    if gone > 0 {
        let members = terminal::plural(gone as u64, "member");
        terminal::complain(&format!(
            "not asked about {members} that somebody removed from the threat library"
        ));
    }
    Ok(indicators.into())
}

async fn costs(desk: &Desk, askings: &[Asking], subjects: &Arc<[Indicator]>) -> Result<Vec<Cost>, Failure> {
    let mut costs = Vec::new();
    for asking in askings {
        costs.push(cost::of(desk, asking, subjects).await?);
    }
    Ok(costs)
}

/// Names what is held back because of its marking, a line for each operation.
fn hold_back(held: &[Held]) {
    let mut held: Vec<&Held> = held.iter().collect();
    held.sort_by(|one, other| one.operation.cmp(&other.operation));
    for these in held.chunk_by(|one, other| one.operation == other.operation) {
        terminal::complain(&held_line(these));
    }
    if !held.is_empty() {
        terminal::say(&format!("  hint: {}", hint::words(&Hint::ChangeMarking)));
    }
}

/// What is held back from one operation.
fn held_line(held: &[&Held]) -> String {
    let Some(first) = held.first() else { return String::new() };
    let name = |one: &&Held| [&*one.indicator.to_string(), " (", one.tlp.word(), ")"].concat();
    let named = held.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    let more = held.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let (values, Held { operation, max_tlp, .. }) = (terminal::plural(held.len() as u64, "value"), first);
    format!(
        "{values} held back from {operation}, which may be asked about values up to {max_tlp}: {named}{more}"
    )
}

async fn work(
    runs: &Runs,
    job: &Job,
    askings: Vec<Result<Asking, String>>,
    command: &RunArgs,
) -> Result<Exit, Failure> {
    let job = progress::follow(runs, job, askings, &command.name).await?;
    let (found, format) = (job.clone(), command.format);
    let read = move |workbench: &Workbench| {
        let progress = workbench.progress(&found)?;
        let worked_on = workbench.is_worked_on(&found);
        Ok((progress, worked_on))
    };
    let (progress, worked_on) = runs.desk().read(read).await?;
    match format {
        View::Json => output::print_json(&json::job::shown(&job, &progress, worked_on))?,
        View::Table => output::print(&table::job(&job, &progress))?,
    }
    if job.state == State::Paused {
        terminal::say(&going_on(&command.name));
    }
    Ok(exit(&job, &progress))
}

/// The exit code of a job: its gravest outcome.
fn exit(job: &Job, progress: &Progress) -> Exit {
    let is_whole = job.state == State::Ended
        && progress.left == 0
        && progress.incomplete == 0
        && progress.held.is_empty();
    match progress {
        Progress { refused: 1.., .. } => Exit::Refused,
        Progress { failed: 1.., .. } => Exit::Failed,
        _ if is_whole => Exit::Done,
        _ => Exit::Incomplete,
    }
}

/// Why the work on a job did not begin or ended early.
pub(super) fn not_worked(job: i64, name: &str, error: workbench::Error) -> Failure {
    match error.kind() {
        Some(Kind::Conflict) => {
            let why = format!("another process has taken job {job} over, such as a running server");
            let name = terminal::quoted(name);
            Failure::Usage(why).hint(&format!("`backsight investigation show {name}` shows how far it is"))
        }
        _ => error.into(),
    }
}

//! `backsight push`: sends what was found to a platform, and shows what was sent.
//!
//! A push is stored, and then carried out by this process ([`progress`]); the settings are those that are stored, because a server may
//! continue it. `table` formats the output.

mod progress;
mod table;

use cof::time::Clock;
use operation::Tlp;
use operation::provider::ConfigError;
use platform::push::PushError;
use platform::{PlatformError, Recipient};
use workbench::integration::Configured;
use workbench::json::push as json;
use workbench::push::{Counts, LibraryPart, New, Outcome, Push, Request, State, What};
use workbench::run::Runs;
use workbench::{Desk, Workbench};

use crate::args::handover::{ChosenArgs, LibraryArgs};
use crate::args::push::{ListArgs, NewArgs, NumberArgs, PushArgs, PushCommand};
use crate::args::{Arguments, View};
use crate::config::{Config, Handover};
use crate::exit::{Exit, Failure};
use crate::query::setup;
use crate::{handover, kept, output, terminal};

/// The most rows of an outcome that are named.
const NAMED: usize = 20;

pub(crate) async fn run(command: &PushArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        None => new(&command.new, config, arguments).await,
        Some(PushCommand::List(command)) => list(command, arguments),
        Some(PushCommand::Show(command)) => turn(command, arguments, |workbench, id| workbench.push(id)),
        Some(PushCommand::Pause(command)) => turn(command, arguments, Workbench::pause_push),
        Some(PushCommand::Cancel(command)) => turn(command, arguments, Workbench::cancel_push),
        Some(PushCommand::Resume(command)) => resume(command, arguments).await,
    }
}

async fn new(command: &NewArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let name = command.platform.as_deref().unwrap_or_default();
    let Some(mut workbench) = kept::open_existing(arguments)? else {
        let failure = Failure::Usage(format!("the platform {} is not installed", terminal::label(name)));
        return Err(failure.hint("run `backsight integration catalogue`"));
    };
    workbench.settle_runs()?;
    handover::check(&command.chosen)?;
    let (recipient, max, package) = recipient(name, &workbench)?;
    let request = request(command, &config.handover, &recipient, &workbench)?;
    recipient.check_options(&request).map_err(|error| refused(&error))?;
    for warning in recipient.warnings() {
        terminal::complain(&format!("warning: {warning}"));
    }
    let runs = Runs::new(Desk::of(workbench)).await?;
    if command.dry_run {
        return dry_run(&runs, &recipient, name, &request, max, command.format).await;
    }
    let title = platform::push::title(runs.desk(), &request, max).await.map_err(failed)?;
    let (place, platform) = (recipient.place(), name.to_owned());
    let new = New { platform, package, place, title, request };
    let push = runs.desk().change(&kept::actor(), move |workbench| workbench.create_push(&new)).await?;
    work(&runs, &push, Ok((&recipient, max)), command.format).await
}

async fn dry_run(
    runs: &Runs,
    recipient: &Recipient,
    name: &str,
    request: &Request,
    max: Tlp,
    format: View,
) -> Result<Exit, Failure> {
    let preview = platform::push::preview(runs.desk(), recipient, request, max).await.map_err(failed)?;
    match format {
        View::Json => {
            let (title, target) = (&preview.title, &preview.target);
            output::print_json(&json::preview(name, title, target, &preview.counts, &preview.rows))?;
        }
        View::Table => output::print(&table::preview(&preview))?,
    }
    Ok(Exit::Done)
}

/// A platform with its stored settings, the strictest level that it gets, and its package.
fn recipient(name: &str, workbench: &Workbench) -> Result<(Recipient, Tlp, String), Failure> {
    let Configured { package, settings, enabled } = workbench.settings(name)?;
    if package.platform().is_none() {
        let failure: Failure = ConfigError::Operation(name.to_owned()).into();
        return Err(failure.hint("`backsight integration list --type platform` lists platforms"));
    }
    if !enabled {
        let failure = Failure::Usage(format!("{name} is installed but disabled"));
        return Err(failure.hint(&format!("run `backsight integration enable {name}`")));
    }
    let max = workbench.max_tlp(&package)?;
    let settings = setup::unchanged(&package, settings, "a push can be continued elsewhere");
    let recipient = Recipient::new(&package, &settings, workbench.folder(), Clock::system())?;
    Ok((recipient, max, package.to_string()))
}

fn request(
    command: &NewArgs,
    usual: &Handover,
    recipient: &Recipient,
    workbench: &Workbench,
) -> Result<Request, Failure> {
    let (rrtypes, window) = setup::wanted(&command.chosen.records, &Clock::system())?;
    let (terms, word) = (usual.terms(), |level: Option<Tlp>| level.map(|tlp| tlp.word().to_owned()));
    // The usual distribution is for platforms that have one, and for events of their own.
    let has_distribution = matches!(recipient, Recipient::Misp(_)) && command.event.is_none();
    let distribution = has_distribution.then_some(usual.manner().distribution);
    let distribution = command.chosen.distribution.or(distribution);
    let options = [
        (platform::misp::EVENT_OPTION, command.event.clone()),
        (platform::misp::DISTRIBUTION_OPTION, distribution.map(|one| one.word().to_owned())),
    ];
    let options = options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Ok(Request {
        rrtypes: rrtypes.iter().map(ToString::to_string).collect(),
        seen_after: window.seen_after,
        seen_before: window.seen_before,
        only_added: command.chosen.only_added,
        tlp: word(terms.tlp),
        max_tlp: word(terms.max_tlp),
        options: options.collect(),
        ..Request::of(what(&command.chosen, workbench)?)
    })
}

fn what(chosen: &ChosenArgs, workbench: &Workbench) -> Result<What, Failure> {
    let what = &chosen.what;
    if let Some(id) = what.run {
        return Ok(What::Run(id));
    }
    if let Some(text) = &what.history {
        return Ok(What::History(handover::value(text)?.to_string()));
    }
    if let Some(name) = &what.investigation {
        return Ok(What::Investigation(workbench.investigation_named(name)?.id));
    }
    let LibraryArgs { kind, status, source, tag, marked, search } = &chosen.library;
    Ok(What::Library(LibraryPart {
        r#type: kind.map(|kind| kind.name().to_owned()),
        status: status.map(|status| status.name().to_owned()),
        source: source.clone(),
        tag: tag.clone(),
        marked: marked.map(|marked| marked.word().to_owned()),
        search: search.clone(),
    }))
}

async fn resume(command: &NumberArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    let mut push = workbench.push(command.id)?;
    if workbench.is_sent_by_somebody(&push) {
        let why = format!("another process works on push {}: a server, or another command", push.id);
        return Err(Failure::Usage(why).hint(&format!("stop it with `backsight push pause {}`", push.id)));
    }
    if push.state == State::Paused || !push.state.is_open() {
        push = workbench.resume_push(command.id)?;
    }
    let recipient = recipient(&push.platform, &workbench);
    let runs = Runs::new(Desk::of(workbench)).await?;
    match &recipient {
        Ok((recipient, max, _)) => work(&runs, &push, Ok((recipient, *max)), command.format).await,
        Err(failure) => work(&runs, &push, Err(failure.to_string()), command.format).await,
    }
}

/// Carries a push out, and prints it as it is then.
async fn work(
    runs: &Runs,
    push: &Push,
    recipient: Result<(&Recipient, Tlp), String>,
    format: View,
) -> Result<Exit, Failure> {
    let push = progress::follow(runs, push, recipient).await?;
    let id = push.id;
    let counts = runs.desk().read(move |workbench| workbench.push_counts(id)).await?;
    let printed = push.clone();
    let print = move |workbench: &Workbench| Ok(print(workbench, &printed, format));
    runs.desk().read(print).await??;
    if push.state == State::Paused {
        terminal::say(&format!("`backsight push resume {}` continues it", push.id));
    }
    Ok(exit(&push, &counts))
}

/// Changes the state of a push, if that is wanted, and prints it.
fn turn(
    command: &NumberArgs,
    arguments: &Arguments,
    change: impl Fn(&mut Workbench, i64) -> Result<Push, workbench::Error>,
) -> Result<Exit, Failure> {
    let mut workbench = kept::open(arguments)?;
    let push = change(&mut workbench, command.id)?;
    print(&workbench, &push, command.format)?;
    Ok(Exit::Done)
}

fn print(workbench: &Workbench, push: &Push, format: View) -> Result<(), Failure> {
    let counts = workbench.push_counts(push.id)?;
    match format {
        View::Json => {
            let is_worked_on = workbench.is_sent_by_somebody(push);
            output::print_json(&json::shown(push, &counts, is_worked_on))
        }
        View::Table => {
            let named = |outcome| workbench.push_rows(push.id, Some(outcome), None, NAMED);
            let rows = [named(Outcome::Held)?, named(Outcome::Refused)?].concat();
            output::print(&table::push(push, &counts, &rows))
        }
    }
}

fn list(command: &ListArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let workbench = kept::open(arguments)?;
    let mut pushes = workbench.pushes(command.before, command.limit.saturating_add(1))?;
    let is_more = pushes.len() > command.limit;
    pushes.truncate(command.limit);
    let next = pushes.last().filter(|_| is_more).map(|push| push.id);
    let mut all = Vec::new();
    for push in pushes {
        all.push((workbench.push_counts(push.id)?, workbench.is_sent_by_somebody(&push), push));
    }
    match command.format {
        View::Json => {
            let shown = all.iter().map(|(counts, works, push)| json::shown(push, counts, *works)).collect();
            output::print_json(&json::list(shown, next))?;
        }
        View::Table => output::print(&table::list(&all, next))?,
    }
    Ok(Exit::Done)
}

/// The exit code of a push: its gravest outcome.
fn exit(push: &Push, counts: &Counts) -> Exit {
    match (push.state, counts) {
        (State::Failed, _) | (_, Counts { refused: 1.., .. }) => Exit::Failed,
        (State::Paused, _) if push.reason.is_some() => Exit::Failed,
        (State::Done, Counts { held: 0, .. }) => Exit::Done,
        _ => Exit::Incomplete,
    }
}

fn refused(error: &PlatformError) -> Failure {
    Failure::usage(error).hint(error.hint())
}

fn failed(error: PushError) -> Failure {
    match error {
        PushError::Workbench(error) => error.into(),
        PushError::Platform(error @ (PlatformError::Handover(_) | PlatformError::Option(_))) => {
            refused(&error)
        }
        PushError::Platform(PlatformError::Service(error)) if error.is_refusal() => {
            Failure::Refused(error.to_string()).hint(error.hint())
        }
        PushError::Platform(PlatformError::Threatq(error)) if error.is_refusal() => {
            Failure::Refused(error.to_string()).hint(error.hint())
        }
        PushError::Platform(error) => Failure::Work(error.to_string()).hint(error.hint()),
    }
}

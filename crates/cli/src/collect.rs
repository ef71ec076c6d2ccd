//! `backsight collect`: records from running resolvers and growing logs into the passive-DNS database, until a signal.
//!
//! Each source is an [`intake::collector::Collector`] on a thread of its own. What became of it is reported at the end, as for an import;
//! what happens meanwhile is said on standard error ([`crate::told`]). A collector that cannot go on ends the command. With `--to`, records are
//! sent to another server ([`forwarding`]).

pub(crate) mod forwarding;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ::database::Database;
use cof::SourceKind;
use cof::time::Clock;
use intake::batches::{Order, Take};
use intake::collector::{Collector, Event, Failed, Source, Trouble};
use intake::live::Place;
use intake::{Delivered, Format, Noise, Turns};

use crate::args::collect::{CollectArgs, CollectCommand, DnstapArgs, FileArgs, HowArgs};
use crate::args::{Arguments, View};
use crate::collect::forwarding::Forwarding;
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::{import, output, serve, terminal, told};

/// What a collector stored, and why it stopped if it was not told to.
type Ended = (Delivered, Result<(), Failed>);

pub(crate) fn run(command: &CollectArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let noise = config.intake.noise();
    let (collectors, how) = match &command.command {
        CollectCommand::Dnstap(command) => (vec![dnstap(command, &noise)], &command.how),
        CollectCommand::File(command) => (files(command, &noise), &command.how),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = crate::runtime()?;
    let forwarding = Forwarding::open(&how.forwarding, arguments)?;
    let ended = if let Some(forwarding) = &forwarding {
        stop_when_told(&runtime, &stop)?;
        forwarding.collect(&collectors, &stop)
    } else {
        let database = database::open(arguments, config, Access::Write)?;
        stop_when_told(&runtime, &stop)?;
        store(&collectors, &database, &stop)
    };
    let last = collectors.len().saturating_sub(1);
    collectors.iter().zip(ended).enumerate().try_fold(Exit::Done, |exit, (at, (collector, ended))| {
        // The figures of the spool are those of all collectors.
        let forwarding = forwarding.as_ref().filter(|_| at == last);
        Ok(exit.max(report(collector, ended, forwarding, how.format)?))
    })
}

/// Runs collectors until they are stopped or one fails, and stores what they collect.
fn store(collectors: &[Collector], database: &Database, stop: &AtomicBool) -> Vec<Ended> {
    let turns = Turns::new(database);
    thread::scope(|scope| {
        let run = |collector| collect(collector, database, &turns, stop);
        let running: Vec<_> =
            collectors.iter().map(|collector| scope.spawn(move || run(collector))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })
}

fn dnstap(command: &DnstapArgs, noise: &Arc<Noise>) -> Collector {
    let place = match (command.place.tcp, &command.place.unix) {
        (Some(address), _) => Place::Tcp(address),
        (None, path) => Place::Unix(path.clone().unwrap_or_default(), command.socket_mode),
    };
    collector(Source::Dnstap(place), &command.how, noise)
}

fn files(command: &FileArgs, noise: &Arc<Noise>) -> Vec<Collector> {
    let source = |path: &std::path::PathBuf| Source::File(path.clone(), command.input_format);
    command.paths.iter().map(|path| collector(source(path), &command.how, noise)).collect()
}

fn collector(source: Source, how: &HowArgs, noise: &Arc<Noise>) -> Collector {
    let clock = Clock::system();
    let text = |text: &Option<String>| text.as_deref().map(Arc::<str>::from);
    let mut order = Order {
        origin: text(&how.origin),
        sensor: text(&how.sensor),
        noise: Arc::clone(noise),
        ..Order::new(SourceKind::Observation, clock.seconds())
    };
    how.sensing.apply(&mut order);
    let name = match &source {
        Source::Dnstap(Place::Tcp(address)) => address.to_string(),
        Source::Dnstap(Place::Unix(path, _)) | Source::File(path, _) => path.display().to_string(),
    };
    Collector::new(name, source, order, clock)
}

/// Runs a collector until it is stopped or fails, which stops the others.
fn collect(collector: &Collector, database: &Database, turns: &Turns<'_>, stop: &AtomicBool) -> Ended {
    let tell = |event: Event| told::tell(collector, &event, false);
    let ended = match &collector.source {
        // Streams come as fast as they can, so that one batch is stored while the next one is made.
        Source::Dnstap(_) => {
            let ledger = |input: &str| turns.position(input);
            let run = |take: &mut Take<'_>| collector.run(&ledger, stop, &tell, take);
            let (outcome, mut delivered) = intake::deliver(database, run, &mut |_| {});
            let outcome = match (delivered.failed.take(), outcome) {
                (Some(error), _) => Err(Failed::Store(error)),
                (None, Some(outcome)) => outcome.map_err(Failed::Trouble),
                (None, None) => Err(Failed::Panicked),
            };
            (delivered, outcome)
        }
        Source::File(..) => collector.store(turns, stop, &tell),
    };
    stop.store(true, Ordering::Relaxed);
    ended
}

fn report(
    collector: &Collector,
    (delivered, outcome): Ended,
    forwarding: Option<&Forwarding>,
    view: View,
) -> Result<Exit, Failure> {
    let (figures, name) = (collector.status.figures(), collector.name.as_ref());
    let is_live = matches!(collector.source, Source::Dnstap(_));
    let why = match outcome {
        Ok(()) => None,
        // It never began, so there is nothing to report.
        Err(Failed::Trouble(Trouble::Listen(error))) => {
            let failure = Failure::Work(error.to_string());
            return Err(failure.hint("choose another socket or port, or stop what is using it"));
        }
        Err(Failed::Store(error)) if is_live => {
            Some(format!("{name}: {error}; what was received after that is lost"))
        }
        Err(error) => Some(format!("{name}: {error}")),
    };
    let format = figures.format.unwrap_or(Format::Cof);
    let mut report = import::Tally::of_stream(name, format, figures.tally, delivered.observations);
    if let Some(why) = why {
        report.fail(why);
    }
    if let Some(forwarding) = forwarding {
        report.was_forwarded(forwarding.to(), forwarding.figures());
    }
    match view {
        View::Json => output::print_json(&report.shape())?,
        View::Table => output::print(&report.said())?,
    }
    terminal::complain(report.error().unwrap_or_default());
    Ok(report.exit())
}

/// Sets `stop` when this process is asked to end.
fn stop_when_told(runtime: &tokio::runtime::Runtime, stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let _context = runtime.enter();
    let stopped = serve::stopped().map_err(|error| Failure::work("listening for signals", &error))?;
    let stop = Arc::clone(stop);
    runtime.spawn(async move {
        stopped.await;
        stop.store(true, Ordering::Relaxed);
    });
    Ok(())
}

//! `backsight collect`: records from running resolvers into the passive-DNS database, until a signal.
//!
//! [`intake::live`] makes batches of what senders send, and [`intake::deliver`] delivers them. What became of it is reported at the
//! end, as for an import; connections are reported on standard error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cof::SourceKind;
use cof::time::Clock;
use intake::batches::Order;
use intake::live::{self, Event, Greeting, Listener};
use intake::{Format, Tally};

use crate::args::collect::{CollectArgs, CollectCommand, DnstapArgs};
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::terminal::plural;
use crate::{import, output, serve, terminal};

pub(crate) fn run(command: &CollectArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        CollectCommand::Dnstap(command) => dnstap(command, config, arguments),
    }
}

fn dnstap(command: &DnstapArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let database = database::open(arguments, config, Access::Write)?;
    let (listener, place) = listen(command)?;
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = crate::runtime()?;
    stop_when_told(&runtime, &stop)?;
    let order = order(command, config);
    terminal::say(&format!("collecting dnstap on {place} (Ctrl-C to stop)"));
    let (tally, delivered) =
        intake::deliver(&database, |take| live::collect(&listener, &order, &stop, &tell, take), &mut |_| {});
    drop(listener);
    let tally = tally.unwrap_or_else(Tally::default);
    let mut report = import::Tally::of_stream(&place, tally, delivered.observations);
    if let Some(error) = delivered.failed {
        report.fail(format!("{place}: {error}; what was received after that is lost"));
    }
    match command.format {
        View::Json => output::print_json(&report.shape())?,
        View::Table => output::print(&report.said())?,
    }
    terminal::complain(report.error().unwrap_or_default());
    Ok(report.exit())
}

fn listen(command: &DnstapArgs) -> Result<(Listener, String), Failure> {
    let failed = |error: live::ListenError| {
        Failure::Work(error.to_string()).hint("choose another socket or port, or stop what is using it")
    };
    if let Some(address) = command.place.tcp {
        let listener = Listener::tcp(address).map_err(failed)?;
        let bound = listener.address().unwrap_or(address);
        return Ok((listener, bound.to_string()));
    }
    let path = command.place.unix.as_deref().unwrap_or(std::path::Path::new(""));
    let listener = Listener::unix(path, command.socket_mode).map_err(failed)?;
    Ok((listener, path.display().to_string()))
}

fn order(command: &DnstapArgs, config: &Config) -> Order {
    let clock = Clock::system();
    let text = |text: &Option<String>| text.as_deref().map(Arc::<str>::from);
    let mut order = Order {
        origin: text(&command.origin),
        sensor: text(&command.sensor),
        format: Format::Dnstap,
        noise: config.intake.noise(),
        ..Order::new(SourceKind::Observation, clock.seconds())
    };
    command.sensing.apply(&mut order);
    order.live = Some(clock);
    order
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

fn tell(event: Event) {
    match event {
        Event::Began(senders) => terminal::say(&format!("{} connected", plural(senders as u64, "sender"))),
        Event::Ended(tally, fault) => {
            terminal::say(&format!(
                "a sender is done: {}, {}",
                plural(tally.units, "message"),
                plural(tally.records, "record")
            ));
            if let Some(intake::batches::Fault::Read(error)) = fault {
                terminal::complain(&format!("a connection ended early: {error}"));
            }
        }
        Event::Refused(Greeting::OtherContent) => {
            terminal::complain("a sender offers other content than dnstap, and was refused");
        }
        Event::Refused(Greeting::Silent) => {
            terminal::complain("a sender was silent for 10 s, and was refused");
        }
        Event::Refused(_) => terminal::complain("a sender does not speak Frame Streams, and was refused"),
        Event::Turned => {
            terminal::complain(&format!("a sender was refused: there are {} already", live::MOST_SENDERS));
        }
    }
}

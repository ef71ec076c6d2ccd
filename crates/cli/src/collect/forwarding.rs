//! `--to`: what is collected goes to another server, by way of a spool in the data folder.
//!
//! [`intake::forward`] does the work. Here are the token, the spool's folder, and what people read of it.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use client::{Address, ProxyEnvironment};
use cof::time::Clock;
use intake::Delivered;
use intake::batches::{Take, Unwanted};
use intake::collector::{Collector, Event, Failed};
use intake::forward::{self, Destination, Figures, Spool, SpoolError, Status, Token, USUAL_SPOOL};

use crate::args::Arguments;
use crate::args::forwarding::ForwardingArgs;
use crate::exit::Failure;
use crate::terminal::plural;
use crate::told;
use crate::{kept, terminal};

/// The environment variable for the token.
const TOKEN: &str = "BACKSIGHT_SECRET_TOKEN";
/// The largest token file, in bytes.
const LARGEST: u64 = 4_096;
/// The name of the spool of `backsight collect`.
const USUAL_NAME: &str = "collect";
/// Batches of all collectors that may wait.
const WAITING: usize = 4;

/// A spool and the server that it is sent to.
pub(crate) struct Forwarding {
    spool: Spool,
    destination: Destination,
}

impl Forwarding {
    /// What the arguments ask for; `None` if records are stored here.
    pub(crate) fn open(command: &ForwardingArgs, arguments: &Arguments) -> Result<Option<Self>, Failure> {
        let Some(to) = &command.to else { return Ok(None) };
        let address = Address::for_secrets(to).map_err(|fault| Failure::Usage(format!("--to: {fault}")))?;
        let token = token(command.token_file.as_deref())?;
        let environment = ProxyEnvironment::of_process();
        let destination = Destination::new(address, token, command.ca_file.clone(), &environment)
            .map_err(|error| Failure::Usage(format!("--to: {error}")))?;
        let most = command.spool_mib.map_or(USUAL_SPOOL, |mib| mib << 20);
        let name = command.spool.as_deref().unwrap_or(USUAL_NAME);
        let folder = kept::folder(arguments)?.join("spool");
        let spool =
            Spool::open(&folder, name, most, Arc::<Status>::default()).map_err(|error| match error {
                SpoolError::InUse(_) => {
                    Failure::Work(error.to_string()).hint("choose another one with --spool NAME")
                }
                SpoolError::Name => Failure::Usage(format!("--spool: {error}")),
                SpoolError::System { .. } => Failure::work("opening the spool", &error),
            })?;
        Ok(Some(Self { spool, destination }))
    }

    /// Runs collectors until they are stopped or one fails, and forwards what they collect.
    pub(crate) fn collect(&self, collectors: &[Collector], stop: &AtomicBool) -> Vec<super::Ended> {
        self.say_what_waits();
        let tell = |event| self.tell(event);
        let run = |take: &mut Take<'_>| self.collect_all(collectors, stop, take);
        let ended = forward::forward(&self.spool, &self.destination, &Clock::system(), stop, &tell, run);
        let panicked = || collectors.iter().map(|_| Err(Failed::Panicked)).collect();
        let outcomes: Vec<_> = ended.unwrap_or_else(panicked);
        outcomes.into_iter().map(|outcome| (Delivered::default(), outcome)).collect()
    }

    /// Runs each collector on a thread of its own, and gives all their batches to `take`.
    fn collect_all(
        &self,
        collectors: &[Collector],
        stop: &AtomicBool,
        take: &mut Take<'_>,
    ) -> Vec<Result<(), Failed>> {
        let (batches, received) = sync_channel(WAITING);
        thread::scope(|scope| {
            let run = |collector: &Collector, batches: &SyncSender<_>| {
                let tell = |event: Event| told::tell(collector, &event, false);
                let ledger = |input: &str| Ok(self.spool.position(input));
                let mut take = |batch, records| batches.send((batch, records)).map_err(|_| Unwanted);
                let outcome = collector.run(&ledger, stop, &tell, &mut take);
                stop.store(true, Ordering::Relaxed);
                outcome.map_err(Failed::Trouble)
            };
            let start = |collector| {
                let batches = batches.clone();
                scope.spawn(move || run(collector, &batches))
            };
            let running: Vec<_> = collectors.iter().map(start).collect();
            drop(batches);
            for (batch, records) in received {
                if take(batch, records).is_err() {
                    break;
                }
            }
            running.into_iter().map(|thread| thread.join().unwrap_or(Err(Failed::Panicked))).collect()
        })
    }

    /// Where records are sent.
    pub(crate) fn to(&self) -> String {
        self.destination.address().to_string()
    }

    /// What became of them.
    pub(crate) fn figures(&self) -> Figures {
        self.spool.status().figures()
    }

    fn say_what_waits(&self) {
        let (to, folder, figures) = (self.to(), self.spool.folder().display(), self.figures());
        let waiting = match figures.waiting_batches {
            0 => String::new(),
            _ => format!("; {}", waiting(&figures)),
        };
        terminal::say(&format!("forwarding to {to}, by way of {folder}{waiting}"));
    }

    fn tell(&self, event: forward::Event) {
        let (is_trouble, text) = words(event, &self.to(), self.spool.folder());
        if is_trouble { terminal::complain(&text) } else { terminal::say(&text) }
    }
}

/// Whether it is trouble, and what it is.
fn words(event: forward::Event, to: &str, folder: &Path) -> (bool, String) {
    use forward::Event;
    let folder = folder.display();
    let text = match event {
        Event::Works(figures) => return (false, format!("{to} answers again; {}", waiting(&figures))),
        Event::Writable => return (false, format!("{folder} can be written again")),
        Event::Waits(trouble, figures) => format!("{to}: {trouble}; {}", waiting(&figures)),
        Event::Full => format!("the spool {folder} is full: the oldest batches are dropped"),
        Event::Refused { number, records, why } => format!(
            "{to} refuses batch {number} with {}: {why}; it is kept aside in {folder}",
            plural(records, "record")
        ),
        Event::Rejected { records } => format!(
            "{to} could not use {}; is the clock of this machine right? Later ones are only counted",
            plural(records, "record")
        ),
        Event::Damaged { number, records } => format!(
            "batch {number} with {} was damaged or removed in {folder}, and is dropped",
            plural(records, "record")
        ),
        Event::Unwritable(error) => format!(
            "writing to {folder}: {error}; senders wait until it works, and it is tried again every second"
        ),
        Event::Lost { records } => {
            format!("{} could not be written to {folder}, and are lost", plural(records, "record"))
        }
    };
    (true, text)
}

/// What waits, as a sentence.
fn waiting(figures: &Figures) -> String {
    match figures.waiting_batches {
        0 => "nothing waits".to_owned(),
        _ => format!(
            "waiting: {} in {}",
            plural(figures.waiting_records, "record"),
            plural(figures.waiting_batches, "batch")
        ),
    }
}

/// The token from its file, or from the environment.
fn token(file: Option<&Path>) -> Result<Token, Failure> {
    let (place, text) = match file {
        Some(file) => (file.display().to_string(), Some(read_secret(file)?)),
        None => (TOKEN.to_owned(), terminal::environment(TOKEN)?),
    };
    let text = text.ok_or_else(|| {
        let failure = Failure::Usage("--to needs a token".to_owned());
        failure.hint(&format!("use --token-file, or set {TOKEN}"))
    })?;
    Token::parse(&text).map_err(|fault| {
        Failure::Usage(format!("{place}: {fault}")).hint(
            "create a token with `backsight token create --name NAME --write --sensor NAME` on the server",
        )
    })
}

/// A secret in a file that others cannot read.
fn read_secret(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let failed = |error: std::io::Error| Failure::Usage(format!("--token-file {shown}: {error}"));
    let opened = File::open(file).map_err(failed)?;
    let found = opened.metadata().map_err(failed)?;
    let mode = found.permissions().mode() & 0o7777;
    if found.is_file() && mode & 0o027 != 0 {
        let text = format!("--token-file {shown}: others can read or change it (mode {mode:04o})");
        return Err(
            Failure::Usage(text).hint(&format!("run `chmod 600 {}`", terminal::quoted(&shown.to_string())))
        );
    }
    let mut text = String::new();
    opened.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

//! `backsight import`: imports records in the Common Output Format into the passive-DNS database.
//!
//! [`input`] opens and identifies the input, [`intake::batches`] makes batches of it, [`intake::deliver`] stores them in the
//! database, and [`Tally`] reports the result. An interrupted import reads the input from its start, and skips what is before
//! the position that the database has stored.

mod input;
mod tally;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::database::Database;
use cof::time::Clock;
use cof::{Batch, Orientation, Position, SourceKind};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use intake::batches::{BatchBounds, Order, Take};
use intake::{Format, Noise, Rejects};
use store::{Reached, Store as _, StoreError};

pub(crate) use self::input::Input;
use self::input::Known;
pub(crate) use self::tally::{State, Tally};
use crate::args::database::{ImportArgs, Kind};
use crate::args::sensing::SensingArgs;
use crate::args::{Arguments, View};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::{output, terminal};

/// Advice about files of records.
pub(crate) const ADVICE: &str =
    "give a file in a format that `backsight import --help` lists, plain or compressed with gzip, zstd or xz";

/// How an input is imported.
#[derive(Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct How<'a> {
    /// As what the records count; otherwise, the format decides.
    pub(crate) kind: Option<Kind>,
    /// What the input is written in, if that is not to be detected.
    pub(crate) format: Option<Format>,
    /// How captures and logs are read, if not as usual.
    pub(crate) sensing: Option<&'a SensingArgs>,
    /// What is not kept, if there are rules.
    pub(crate) noise: Option<&'a Arc<Noise>>,
    pub(crate) origin: Option<&'a Arc<str>>,
    pub(crate) sensor: Option<&'a Arc<str>>,
    /// Whether the sensors of the records are kept separate.
    pub(crate) keep_sensors: bool,
    pub(crate) orientation: Orientation,
    pub(crate) strict: bool,
    pub(crate) again: bool,
    /// Whether positions are neither read nor stored.
    pub(crate) once: bool,
}

impl How<'_> {
    /// As what the records count.
    fn kind(self) -> Kind {
        self.kind.unwrap_or_default()
    }

    /// The same for an input in this format.
    fn with(self, format: Format) -> Self {
        let usual = if format.is_of_sensors() { Kind::Observation } else { Kind::Report };
        Self { kind: Some(self.kind.unwrap_or(usual)), ..self }
    }

    /// How a file is identified: observations add up, whatever their compression.
    fn known(self) -> Known {
        match self.kind() {
            Kind::Observation => Known::ByContent,
            Kind::Report => Known::ByBytes,
        }
    }
}

impl Kind {
    fn source(self) -> SourceKind {
        match self {
            Self::Observation => SourceKind::Observation,
            Self::Report => SourceKind::Report,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Report => "report",
        }
    }
}

pub(crate) fn run(command: &ImportArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let files = expand(&command.files)?;
    let rejects = command.rejects.as_deref().map(|path| {
        Rejects::open(path).map_err(|error| Failure::work(&format!("--rejects {}", path.display()), &error))
    });
    let mut rejects = rejects.transpose()?;
    let database = database::open(arguments, config, Access::Write)?;
    let text = |text: &Option<String>| text.as_deref().map(Arc::<str>::from);
    let (origin, sensor) = (text(&command.origin), text(&command.sensor));
    let noise = config.intake.noise();
    let how = How {
        kind: command.kind,
        format: command.input_format,
        sensing: Some(&command.sensing),
        noise: Some(&noise),
        origin: origin.as_ref(),
        sensor: sensor.as_ref(),
        keep_sensors: command.keep_sensors,
        orientation: command.orientation,
        strict: command.strict,
        again: command.again,
        once: false,
    };
    let mut exit = Exit::Done;
    for file in files {
        let tally = one(&database, &file, how, rejects.as_mut());
        exit = exit.max(tally.exit());
        match command.format {
            View::Json => output::print_json(&tally.shape())?,
            View::Table => output::print(&tally.said())?,
        }
        terminal::complain(tally.error().unwrap_or_default());
    }
    Ok(exit)
}

/// The named files, and the files in named folders, by name.
fn expand(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files).map_err(|error| Failure::work(&path.display().to_string(), &error))?;
            if files.len() == before {
                return Err(Failure::Usage(format!("{}: no files in this folder", path.display())));
            }
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Links are not followed: they may lead in a circle, or out of the folder.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Imports one file, or standard input.
fn one(database: &Database, file: &Path, how: How<'_>, rejects: Option<&mut Rejects>) -> Tally {
    let known = |format| how.with(format).known();
    let (name, opened) = if file.as_os_str() == "-" {
        ("standard input".to_owned(), Input::standard(how.format, known))
    } else {
        (file.display().to_string(), Input::open(file, how.format, known))
    };
    match opened {
        Ok(input) => take(database, input, &name, how, rejects),
        Err(error) => Tally::failed(&name, format!("reading {name}: {error}\n  hint: {ADVICE}")),
    }
}

/// Imports an open input.
pub(crate) fn take(
    database: &Database,
    input: Input,
    name: &str,
    how: How<'_>,
    rejects: Option<&mut Rejects>,
) -> Tally {
    let (format, how) = (input.format(), how.with(input.format()));
    if format.is_of_sensors() && how.kind() == Kind::Report {
        return Tally::failed(name, no_report(name, format));
    }
    let pass = match Pass::of(database, &input, how) {
        Ok(Some(pass)) => pass,
        Ok(None) => return Tally::known(name, how.kind()),
        Err(PassError::Ambiguous) => return Tally::failed(name, ambiguous(name)),
        Err(error) => return Tally::failed(name, format!("{name}: {error}")),
    };
    let bar = bar(&input);
    let order = Order { batch: BatchBounds::of(database), ..order(how, &pass, &input) };
    let (mut tally, stored) = flow(database, Reading { name, input, order, rejects }, &bar);
    bar.finish_and_clear();
    tally.is_of(format, how.kind());
    tally.resumed_at = Some(pass.from).filter(|from| *from > 0);
    if let Err(error) = stored.and_then(|()| remember(database, &mut tally, how)) {
        tally.fail(format!("{name}: {error}"));
    }
    tally
}

/// Stores the digest of observations that came through a pipe, and so had no name while they were imported; warns if they were
/// imported before.
fn remember(database: &Database, tally: &mut Tally, how: How<'_>) -> Result<(), StoreError> {
    let Some((digest, offset)) = tally.streamed() else { return Ok(()) };
    if intake::observed(database, digest.into())?.is_some() {
        if !how.again {
            tally.warn_of_known();
        }
        return Ok(());
    }
    let name = intake::name_of(digest.into(), input::said(how));
    let position = Position { digest: Some(digest), whole: true, ..Position::new(name, offset) };
    database.absorb(Batch { position: Some(position), ..Batch::default() }).map(|_| ())
}

/// An input, and how it is read.
struct Reading<'a> {
    name: &'a str,
    input: Input,
    order: Order,
    rejects: Option<&'a mut Rejects>,
}

impl Reading<'_> {
    fn run(mut self, take: &mut Take<'_>) -> Tally {
        let (counts, fault) = intake::batches::read(&mut self.input, &self.order, self.rejects, take);
        Tally::of(self.name, counts, fault)
    }
}

fn order(how: How<'_>, pass: &Pass, input: &Input) -> Order {
    let clock = Clock::system();
    let mut order = Order {
        origin: how.origin.cloned(),
        sensor: how.sensor.cloned(),
        keep_sensors: how.keep_sensors,
        orientation: how.orientation,
        strict: how.strict,
        input: pass.input.clone(),
        // An input without a name is identified by its content afterwards.
        digests: pass.input.is_none() && !how.once && how.kind() == Kind::Observation,
        reached: pass.reached,
        identified: input.identified(),
        format: input.format(),
        noise: how.noise.cloned().unwrap_or_default(),
        ..Order::new(how.kind().source(), clock.seconds())
    };
    if let Some(sensing) = how.sensing {
        sensing.apply(&mut order);
    }
    order.live = input.is_live().then_some(clock);
    order
}

fn no_report(name: &str, format: Format) -> String {
    format!(
        "{name}: this is {format}, whose records are observations by a sensor and not the reports of another database\n  hint: leave out --as, or use --as observation"
    )
}

/// Opens a file of records.
pub(crate) fn open(file: &Path) -> Result<Input, Failure> {
    let failed = |error| Failure::work(&format!("reading {}", file.display()), &error).hint(ADVICE);
    Input::open(file, None, |_| Known::No).map_err(failed)
}

/// An input from bytes in memory.
pub(crate) fn of_octets(octets: &'static [u8]) -> io::Result<Input> {
    Input::of(octets)
}

/// One pass over an input: the name under which its position is stored, and the position where it starts.
struct Pass {
    /// `None` if the input cannot be identified.
    input: Option<Arc<str>>,
    from: u64,
    /// The position that an interrupted import reached.
    reached: Option<Reached>,
}

/// Why a pass cannot start.
#[derive(Debug, thiserror::Error)]
enum PassError {
    /// An older version imported a file with the same beginning and size.
    #[error("an older version may have imported it")]
    Ambiguous,
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn ambiguous(name: &str) -> String {
    format!(
        "{name}: an older version imported a file with the same size and the same first 64 KiB, which may have been this one; if so, importing it would count its records twice\n  hint: use --again to import it anyway"
    )
}

impl Pass {
    /// The first pass that is not complete; it may not have started yet.
    fn of(database: &Database, input: &Input, how: How<'_>) -> Result<Option<Self>, PassError> {
        let Some(identity) = input.identity().filter(|_| !how.once) else {
            return Ok(Some(Self { input: None, from: 0, reached: None }));
        };
        let name = identity.name(database, how)?;
        if !how.again
            && let Some(old) = database.position(&identity.old_name(how))?
            && database.position(&name)?.is_none()
        {
            if identity.is_small() && old.whole {
                return Ok(None);
            }
            // Importing reports twice changes nothing.
            if how.kind() == Kind::Observation {
                return Err(PassError::Ambiguous);
            }
        }
        for number in 1_u32.. {
            let input = if number == 1 { name.clone() } else { format!("{name}#{number}") };
            match database.position(&input)? {
                Some(reached) if reached.whole => {}
                None if number > 1 && !how.again => return Ok(None),
                position => {
                    return Ok(Some(Self {
                        input: Some(input.into()),
                        from: position.as_ref().map_or(0, |reached| reached.offset),
                        reached: position,
                    }));
                }
            }
        }
        Ok(None)
    }
}

/// Imports the whole input into the database.
fn flow(database: &Database, reading: Reading<'_>, bar: &ProgressBar) -> (Tally, Result<(), StoreError>) {
    let (read, name) = (reading.input.progress(), reading.name.to_owned());
    let mut step = |lasting| show(bar, read.load(Ordering::Relaxed), lasting);
    let (tally, delivered) = intake::deliver(database, |take| reading.run(take), &mut step);
    let mut tally =
        tally.unwrap_or_else(|| Tally::failed(&name, "the reader failed; please report it".into()));
    tally.lasting = delivered.observations;
    (tally, delivered.failed.map_or(Ok(()), Err))
}

/// The progress bar on standard error, if it is a terminal.
fn bar(input: &Input) -> ProgressBar {
    let (bar, template) = match input.size() {
        Some(size) => (ProgressBar::new(size), "{bar:24} {percent} % {msg}, {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} {msg}"),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, read: u64, lasting: u64) {
    if bar.is_hidden() {
        return;
    }
    let milliseconds = u64::try_from(bar.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = lasting.saturating_mul(1_000) / milliseconds;
    bar.set_message(format!("{} records, {}/s", HumanCount(lasting), HumanCount(rate)));
    bar.set_position(read);
}

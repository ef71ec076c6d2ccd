//! Files that grow and rotate: [`Following`] reads one to its end, waits for more, and goes on with the file that takes its place.
//!
//! ```text
//! what is left of rotated files, the oldest first ─┐
//! the file itself, until it is rotated or cut ─────┴─> batches with positions ─> the caller
//! ```
//!
//! A file is known by its beginning (`head`) and the path that is followed, whatever its name and compression are now: so what a program
//! that was stopped or killed has not read yet is found under the name that rotation gave it. The position that was reached is stored
//! together with the records, so nothing is lost or counted twice. A file that is complete is marked so, and forgotten [`KEPT`] seconds
//! later.
//!
//! Rotation by renaming, by copying and truncating, and compression of rotated files are recognised; so are files that were truncated or
//! rewritten, whose new content is read from its beginning. If two contents begin alike, the digest of what was read tells them apart,
//! and the later one gets another generation of the name.
//!
//! Errors: [`Trouble`] ends reading. A rotated file that cannot be read is told as an [`Event`] and left alone.

mod head;
mod name;
mod reader;
mod sibling;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use cof::{Batch, Orientation, Position, Source, SourceKind};
use store::{Reached, StoreError};

use crate::batches::{self, Fault, Order, Take};
use crate::foreign::Foreign;
use crate::format::Format;
use crate::pause::{LOOK, pause};
use crate::status::Status;

use self::head::Head;
use self::reader::{Ended, Followed, Stoppable, id_of};
use self::sibling::Sibling;

/// How long a file that was rotated must be quiet until it counts as complete: writers are told late that there is a new file.
pub const GRACE: Duration = Duration::from_secs(2);
/// How long the name of a complete file is kept, in seconds: 90 days.
pub const KEPT: u64 = 90 * 24 * 3600;
/// How often a rotated file is waited for that is still written: 30 seconds.
const WAITS: u32 = 120;
/// The most contents with the same beginning.
const GENERATIONS: u32 = 64;

/// What happens to files.
#[derive(Debug)]
pub enum Event {
    /// The file does not exist, and is waited for.
    Missing,
    /// The file was opened, and what lies before this offset was read before.
    Opened(u64),
    /// A rotated file is read from this offset.
    CatchingUp(PathBuf, u64),
    /// The file was rotated, and is complete.
    Rotated,
    /// The file was truncated after so many bytes were read, and is read from its beginning.
    Truncated(u64),
    /// The file does not begin any more like what was read, and is read from its beginning.
    Rewritten,
    /// There are so many rotated files that are older than what was ever read. They are left alone.
    LeftAlone(usize),
    /// A rotated file cannot be read, and is left alone.
    Unreadable(PathBuf, String),
}

/// Says how far an input has been stored ([`store::Store::position`]).
pub type Ledger<'a> = dyn Fn(&str) -> Result<Option<Reached>, StoreError> + Sync + 'a;

/// Why a file cannot be followed now.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It cannot be read.
    #[error("reading {}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
    /// There is something at the path that cannot be followed.
    #[error("{} {kind}", path.display())]
    NoLog {
        /// The path.
        path: PathBuf,
        /// What is there.
        kind: NoLog,
    },
    /// It has no records in a known format.
    #[error("{}: no records found; it looks like {foreign}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        foreign: Foreign,
    },
    /// The store does not say where reading stopped.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLog {
    /// A named pipe.
    Pipe,
    /// A socket.
    Socket,
    /// A folder.
    Folder,
    /// A device.
    Device,
    /// A compressed file, which cannot grow.
    Compressed,
}

/// How a file is followed.
pub struct Following<'a> {
    /// The file, which need not exist.
    pub path: &'a Path,
    /// What it is written in, if that is not to be detected.
    pub format: Option<Format>,
    /// How it is read; it needs a clock.
    pub order: &'a Order,
    /// What it publishes.
    pub status: &'a Arc<Status>,
    /// Says how far a file was read.
    pub ledger: &'a Ledger<'a>,
    /// Whether to stop.
    pub stop: &'a AtomicBool,
    /// Is told what happens.
    pub tell: &'a dyn Fn(Event),
    /// How long a rotated file must be quiet.
    pub grace: Duration,
}

impl Following<'_> {
    /// Reads until it is stopped, or the caller accepts no more batches.
    ///
    /// # Errors
    /// [`Trouble`]; what was read before was delivered.
    pub fn run(&self, take: &mut Take<'_>) -> Result<(), Trouble> {
        let path = std::path::absolute(self.path).map_err(|error| self.failed(error))?;
        let mut walk = Walk {
            following: self,
            path: path.into(),
            sent: HashMap::new(),
            given_up: HashSet::new(),
            waited: 0,
            cut: None,
            is_missing: false,
            has_mentioned: false,
        };
        while !self.is_stopped() {
            if walk.round(take)? == Go::Stop {
                break;
            }
        }
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn failed(&self, error: io::Error) -> Trouble {
        Trouble::File { path: self.path.to_owned(), error }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

/// How a pass through a file ended.
enum Outcome {
    Finished,
    /// What was read before is not its beginning.
    Differs,
    Failed(io::Error),
    Unwanted,
}

/// Where to begin in a file.
#[derive(Clone)]
struct Start {
    head: Head,
    generation: u32,
    reached: Option<Reached>,
    /// The entry of the last generation is complete, and this one would continue it.
    continues: bool,
}

/// The state of one run.
struct Walk<'a> {
    following: &'a Following<'a>,
    path: Arc<Path>,
    /// The last position of each input that was delivered, which may not be stored yet.
    sent: HashMap<Arc<str>, Reached>,
    /// Rotated files that cannot be read. Numbers of files are used again, so they are not enough.
    given_up: HashSet<(PathBuf, SystemTime)>,
    /// How often a rotated file was waited for that may not be complete.
    waited: u32,
    /// The input that was cut off by a truncation.
    cut: Option<Arc<str>>,
    is_missing: bool,
    has_mentioned: bool,
}

impl Walk<'_> {
    /// Reads one file: the next rotated one that was not read to its end, or the file itself.
    fn round(&mut self, take: &mut Take<'_>) -> Result<Go, Trouble> {
        let current = self.open()?;
        let siblings = sibling::of(&self.path, current.as_ref().and_then(|file| id_of(file).ok()))
            .map_err(|error| self.following.failed(error))?;
        if self.close_cut(&siblings, take) == Go::Stop {
            return Ok(Go::Stop);
        }
        if let Some((sibling, start)) = self.next_due(siblings, current.as_ref())? {
            // A copy or a compressed file that was written a moment ago may be in the making.
            if sibling.age(self.following.order) < self.following.grace && self.waited < WAITS {
                self.waited += 1;
                pause(LOOK);
                return Ok(Go::On);
            }
            self.waited = 0;
            return self.read_sibling(&sibling, &start, take);
        }
        let Some(file) = current else {
            self.wait_for_file();
            return Ok(Go::On);
        };
        self.read_current(&file, take)
    }

    fn wait_for_file(&mut self) {
        if !self.is_missing {
            (self.following.tell)(Event::Missing);
        }
        self.is_missing = true;
        self.following.status.works();
        while !self.path.exists() && !self.following.is_stopped() {
            pause(LOOK);
        }
    }

    /// Opens the file, if it exists and is one.
    fn open(&self) -> Result<Option<File>, Trouble> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Ok(None),
            _ => Err(self.following.failed(error)),
        };
        // Opening a pipe would wait for its writer.
        let kind = match fs::metadata(&self.path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return failed(error),
        };
        let kind = match kind {
            kind if kind.is_file() => {
                return File::open(&self.path).map_or_else(failed, |file| Ok(Some(file)));
            }
            kind if kind.is_fifo() => NoLog::Pipe,
            kind if kind.is_socket() => NoLog::Socket,
            kind if kind.is_dir() => NoLog::Folder,
            _ => NoLog::Device,
        };
        Err(Trouble::NoLog { path: self.following.path.to_owned(), kind })
    }

    /// Marks an input as complete that was truncated and of which there is no copy.
    fn close_cut(&mut self, siblings: &[Sibling], take: &mut Take<'_>) -> Go {
        let Some(input) = self.cut.take() else { return Go::On };
        let is_here =
            |sibling: &Sibling| (1..=GENERATIONS).any(|g| sibling.head.name(&self.path, g) == input);
        if siblings.iter().any(is_here) {
            return Go::On;
        }
        let Some(reached) = self.sent.get(&input).copied() else { return Go::On };
        let order = self.following.order;
        let expires = Some(order.time() + KEPT);
        let position =
            Position { digest: reached.digest, whole: true, expires, ..Position::new(input, reached.offset) };
        let source = Source {
            kind: SourceKind::Observation,
            origin: order.origin.clone(),
            sensor: order.sensor.clone(),
        };
        let batch = Batch { sources: vec![source], observations: Vec::new(), position: Some(position) };
        if self.taking(take)(batch, 0).is_ok() { Go::On } else { Go::Stop }
    }

    /// The oldest rotated file that was not read to its end, or is newer than everything that was read.
    fn next_due(
        &mut self,
        siblings: Vec<Sibling>,
        current: Option<&File>,
    ) -> Result<Option<(Sibling, Start)>, Trouble> {
        let mut newest = None::<SystemTime>;
        if let Some(file) = current
            && let Some(head) = Head::of(&head::read(file).unwrap_or_default(), false)
            && self.start(head)?.reached.is_some()
        {
            newest = file.metadata().and_then(|metadata| metadata.modified()).ok();
        }
        let mut known = Vec::new();
        for sibling in siblings {
            let start = self.start(sibling.head.clone())?;
            if start.reached.is_some() {
                newest = newest.max(Some(sibling.modified));
            }
            known.push((sibling, start));
        }
        let is_due = |(sibling, start): &(Sibling, Start)| match start.reached {
            None => newest.is_some_and(|newest| sibling.modified > newest),
            // A writer that was told late that there is a new file.
            Some(reached) if start.continues => sibling.plain_size.is_some_and(|size| size > reached.offset),
            Some(_) => true,
        };
        let (mut due, rest): (Vec<_>, Vec<_>) = known.into_iter().partition(is_due);
        let older = rest.iter().filter(|(_, start)| start.reached.is_none()).count();
        if older > 0 && !self.has_mentioned {
            (self.following.tell)(Event::LeftAlone(older));
        }
        self.has_mentioned = true;
        due.retain(|(sibling, _)| !self.given_up.contains(&sibling.mark()));
        // A file that is being compressed is there twice; the plain one is complete.
        due.sort_by_key(|(sibling, _)| (sibling.modified, sibling.plain_size.is_none()));
        Ok(due.into_iter().next())
    }

    /// Where to begin in a file with this beginning.
    fn start(&self, head: Head) -> Result<Start, StoreError> {
        let mut start = Start { head, generation: 1, reached: None, continues: false };
        for generation in 1..=GENERATIONS {
            let Some(reached) = self.position(&start.head.name(&self.path, generation))? else { break };
            (start.generation, start.reached) = (generation, Some(reached));
        }
        if let Some(reached) = start.reached.as_mut().filter(|reached| reached.whole) {
            reached.whole = false;
            start.generation += 1;
            start.continues = true;
        }
        Ok(start)
    }

    fn position(&self, name: &Arc<str>) -> Result<Option<Reached>, StoreError> {
        match self.sent.get(name) {
            Some(reached) => Ok(Some(*reached)),
            None => (self.following.ledger)(name),
        }
    }

    fn read_sibling(&mut self, sibling: &Sibling, start: &Start, take: &mut Take<'_>) -> Result<Go, Trouble> {
        let from = start.reached.map_or(0, |reached| reached.offset);
        (self.following.tell)(Event::CatchingUp(sibling.path.clone(), from));
        let outcome = match sibling.open() {
            Ok(input) => {
                let mut input = Stoppable { input, stop: self.following.stop };
                let format = self.following.format.unwrap_or(sibling.format);
                self.pass(&mut input, start, format, take)?
            }
            Err(error) => Outcome::Failed(error),
        };
        let why = match outcome {
            Outcome::Finished => return Ok(Go::On),
            Outcome::Unwanted => return Ok(Go::Stop),
            Outcome::Failed(_) if self.following.is_stopped() => return Ok(Go::Stop),
            // It was renamed or compressed just now, and is found again.
            Outcome::Failed(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Go::On),
            Outcome::Failed(error) => error.to_string(),
            Outcome::Differs => "its beginning is not what was read before".to_owned(),
        };
        (self.following.tell)(Event::Unreadable(sibling.path.clone(), why));
        self.given_up.insert(sibling.mark());
        Ok(Go::On)
    }

    fn read_current(&mut self, file: &File, take: &mut Take<'_>) -> Result<Go, Trouble> {
        let Some((head, format)) = self.wait_for_head(file)? else { return Ok(Go::On) };
        self.is_missing = false;
        let mut start = self.start(head.clone())?;
        let size = file.metadata().map_err(|error| self.following.failed(error))?.len();
        if start.reached.is_some_and(|reached| size < reached.offset) {
            start = self.renewed(&start);
        }
        loop {
            (self.following.tell)(Event::Opened(start.reached.map_or(0, |reached| reached.offset)));
            let copy = file.try_clone().map_err(|error| self.following.failed(error))?;
            let path = Arc::clone(&self.path);
            let mut input =
                Followed::new(copy, &path, head.clone(), self.following.stop, self.following.grace);
            let outcome = self.pass(&mut input, &start, format, take)?;
            match (outcome, input.ended()) {
                (Outcome::Differs, _) if start.generation < GENERATIONS => start = self.renewed(&start),
                (Outcome::Finished, _) => {
                    (self.following.tell)(Event::Rotated);
                    return Ok(Go::On);
                }
                (Outcome::Unwanted, _) | (_, Some(Ended::Stopped)) => return Ok(Go::Stop),
                (Outcome::Failed(_), Some(ended)) => {
                    self.cut = Some(start.head.name(&self.path, start.generation));
                    self.following.status.restart();
                    (self.following.tell)(match ended {
                        Ended::Truncated(at) => Event::Truncated(at),
                        _ => Event::Rewritten,
                    });
                    return Ok(Go::On);
                }
                (Outcome::Failed(error), None) => return Err(self.following.failed(error)),
                (Outcome::Differs, _) => {
                    let why = io::Error::other("too many contents have had the same beginning");
                    return Err(self.following.failed(why));
                }
            }
        }
    }

    /// Waits until the beginning of the file tells it from others. `None` if it was rotated before it had any content.
    fn wait_for_head(&self, file: &File) -> Result<Option<(Head, Format)>, Trouble> {
        let failed = |error| self.following.failed(error);
        let id = id_of(file).map_err(failed)?;
        while !self.following.is_stopped() {
            let is_rotated = reader::is_rotated(&self.path, id);
            let bytes = head::read(file).map_err(failed)?;
            if crate::Packing::of(&bytes) != crate::Packing::Plain {
                let path = self.following.path.to_owned();
                return Err(Trouble::NoLog { path, kind: NoLog::Compressed });
            }
            let format = self.following.format.or_else(|| Format::of(&bytes, is_rotated));
            let both = Head::of(&bytes, is_rotated).zip(format);
            // What is in no known format is read as COF, whose records are in JSON.
            let is_json = matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'['));
            if self.following.format.is_none() && matches!(both, Some((_, Format::Cof))) && !is_json {
                let path = self.following.path.to_owned();
                return Err(Trouble::Foreign { path, foreign: Foreign::of(&bytes) });
            }
            if let Some(both) = both {
                return Ok(Some(both));
            }
            if is_rotated {
                break;
            }
            self.following.status.works();
            pause(LOOK);
        }
        Ok(None)
    }

    /// Content that begins like another, which is read from its beginning.
    fn renewed(&self, start: &Start) -> Start {
        self.following.status.restart();
        (self.following.tell)(Event::Rewritten);
        // A generation that would have continued the last one has no entry yet.
        let generation = if start.continues { start.generation } else { start.generation + 1 };
        Start { generation, reached: None, continues: false, ..start.clone() }
    }

    fn pass(
        &mut self,
        input: &mut dyn Read,
        start: &Start,
        format: Format,
        take: &mut Take<'_>,
    ) -> Result<Outcome, Trouble> {
        let (progress, _) = self.following.status.begin();
        self.following.status.reads(format);
        let usual = self.following.order.clone();
        let order = Order {
            kind: if format.is_of_sensors() { SourceKind::Observation } else { SourceKind::Report },
            // Nothing may be held back until more of a log is known.
            orientation: Some(usual.orientation)
                .filter(|o| *o != Orientation::Auto)
                .unwrap_or(Orientation::Draft),
            input: Some(start.head.name(&self.path, start.generation)),
            reached: start.reached,
            kept: Some(KEPT),
            format,
            progress: Some(progress),
            ..usual
        };
        let (_, fault) = batches::read(input, &order, None, &mut self.taking(take));
        Ok(match fault {
            None => Outcome::Finished,
            Some(Fault::Changed | Fault::Other) => Outcome::Differs,
            Some(Fault::Unwanted) => Outcome::Unwanted,
            Some(Fault::Read(error) | Fault::Rejects(error)) => Outcome::Failed(error),
            Some(Fault::Foreign(foreign)) => {
                return Err(Trouble::Foreign { path: self.following.path.to_owned(), foreign });
            }
            Some(Fault::Expanded | Fault::Strict(_)) => Outcome::Failed(io::ErrorKind::FileTooLarge.into()),
        })
    }

    /// Passes batches on, and remembers how far they reach.
    fn taking<'b>(
        &'b mut self,
        take: &'b mut Take<'_>,
    ) -> impl FnMut(Batch, u64) -> Result<(), batches::Unwanted> {
        |batch, records| {
            let position =
                batch.position.as_ref().map(|position| (Arc::clone(&position.input), Reached::at(position)));
            take(batch, records)?;
            self.sent.extend(position);
            Ok(())
        }
    }
}

impl std::fmt::Display for NoLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Pipe => "is a named pipe, which is read with `backsight import - < PIPE`",
            Self::Socket => "is a socket; listen on another one with `backsight collect dnstap --unix PATH`",
            Self::Folder => "is a folder; name the files in it, or import it with `backsight import`",
            Self::Device => "is a device and cannot be followed",
            Self::Compressed => "is compressed, so it cannot grow; import it with `backsight import`",
        })
    }
}

#[cfg(test)]
mod tests;

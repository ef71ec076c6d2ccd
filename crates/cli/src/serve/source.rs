//! The records that a server serves.
//!
//! Either the database of the data folder, which other commands then use through the server, or the database on a `ClickHouse`
//! server, or records of files, in a separate temporary database, so that they are not mixed with stored records.

use std::path::Path;
use std::sync::Arc;

use ::database::{Database, Door};
use clickhouse::ClickHouse;
use runs::{Options, Runs};
use store::{Question, Store, StoreError, Subject};

use crate::args::{Arguments, ServeArgs};
use crate::config::Config;
use crate::exit::Failure;
use crate::folder::{Purpose, Temporary};
use crate::import::{self, How, State, Tally};
use crate::sample::SAMPLE;
use crate::{database, terminal};
use cof::{Name, Orientation};

/// The action in error messages.
const MAKING: &str = "creating a database for the records";

/// A database that is served.
pub(crate) enum Source {
    /// The database of a data folder.
    Kept { runs: Arc<Runs>, door: Option<Door> },
    /// A database on a server, which others use as well.
    Shared(Arc<ClickHouse>),
    /// The records of files.
    Named { database: Arc<Database>, folder: Option<Temporary> },
}

impl Source {
    /// The source that a command requests.
    pub(crate) fn of(command: &ServeArgs, config: &Config, arguments: &Arguments) -> Result<Self, Failure> {
        if command.sample || !command.cof.is_empty() {
            return Self::named(command, config);
        }
        let (source, place) = if let Some(address) = database::server(config)? {
            let source = Self::Shared(Arc::new(database::open_server(&address)?));
            (source, format!("at {address}"))
        } else {
            let folder = database::folder(arguments)?;
            (Self::kept(&folder, config)?, format!("in {}", folder.display()))
        };
        // Counting all records of a server would take too long.
        let any = Question { limit: 1, ..Question::new(Subject::Suffix(Name::root())) };
        if source.store().lookup(&any).is_ok_and(|page| page.records.is_empty()) {
            let text = format!("the passive-DNS database {place} contains no records yet");
            terminal::complain(&format!(
                "{text}\n  hint: import records with `backsight import FILE`, also while the server runs; or serve others with --cof FILE or --sample"
            ));
        }
        Ok(source)
    }

    /// The database of a folder, with its socket open.
    pub(crate) fn kept(folder: &Path, config: &Config) -> Result<Self, Failure> {
        let runs = match database::open_folder(folder, database::options(config), config)? {
            Database::Local { runs, .. } => Arc::new(runs),
            // A folder has none on a server.
            Database::ClickHouse(_) => return Err(database::failed(folder, &StoreError::Panicked)),
            Database::Remote(remote) => {
                let process = Some(remote.process());
                let hint = "use that server, stop it, or choose another folder with --data-dir";
                return Err(database::failed(folder, &StoreError::Locked { process }).hint(hint));
            }
        };
        // The server continues without the socket; other commands then have to wait for its end.
        let door = Door::open(Arc::clone(&runs), folder).map_err(|error| {
            terminal::complain(&format!(
                "other commands cannot reach the passive-DNS database while this server runs: {error}"
            ));
        });
        Ok(Self::Kept { runs, door: door.ok() })
    }

    fn named(command: &ServeArgs, config: &Config) -> Result<Self, Failure> {
        let folder = Temporary::make(Purpose::Records);
        let folder = folder.map_err(|error| Failure::work(MAKING, &error))?;
        let database = empty(&folder.path().join("pdns"), database::options(config))?;
        let source = Self::Named { database, folder: Some(folder) };
        if command.sample {
            terminal::say(&source.fill_with_sample()?.summary());
        }
        for file in &command.cof {
            source.fill(file, command.orientation)?;
        }
        Ok(source)
    }

    /// The sample, in a folder that the caller manages.
    pub(crate) fn sample(folder: &Path) -> Result<Self, Failure> {
        let source = Self::Named { database: empty(&folder.join("pdns"), Options::default())?, folder: None };
        source.fill_with_sample()?;
        Ok(source)
    }

    fn fill_with_sample(&self) -> Result<Tally, Failure> {
        let input =
            import::of_octets(SAMPLE.as_bytes()).map_err(|error| Failure::work("the sample", &error))?;
        self.take(input, "the sample", Orientation::Draft)
    }

    fn fill(&self, file: &Path, orientation: Orientation) -> Result<(), Failure> {
        let name = file.display().to_string();
        let tally = self.take(import::open(file)?, &name, orientation)?;
        tally.damages().for_each(|damage| terminal::complain(&damage));
        terminal::say(&tally.summary());
        if tally.records() == 0 && tally.left_something_out() {
            return Err(
                Failure::Work(format!("{name} contains no records that can be served")).hint(import::ADVICE)
            );
        }
        Ok(())
    }

    fn take(&self, input: import::Input, name: &str, orientation: Orientation) -> Result<Tally, Failure> {
        let Self::Named { database, .. } = self else { return Ok(Tally::new(name)) };
        let tally =
            import::take(database, input, name, How { once: true, orientation, ..How::default() }, None);
        match tally.state {
            State::Failed => {
                // It has its own hint.
                Err(Failure::Work(tally.error().unwrap_or_default().to_owned()))
            }
            _ => Ok(tally),
        }
    }

    /// The store that answers.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Kept { runs, .. } => Arc::clone(runs) as Arc<dyn Store>,
            Self::Shared(server) => Arc::clone(server) as Arc<dyn Store>,
            Self::Named { database, .. } => Arc::clone(database) as Arc<dyn Store>,
        }
    }

    /// Whether it is a database that continues to exist, in a data folder or on a server.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(self, Self::Kept { .. } | Self::Shared(_))
    }

    /// Answers the requests of commands that have already started, and ends.
    pub(crate) fn close(self) {
        match self {
            Self::Kept { runs, door } => drop((door, runs)),
            Self::Shared(server) => drop(server),
            // If the folder cannot be removed, it stays in the system's folder for temporary files.
            Self::Named { database, folder } => drop((database, folder)),
        }
    }
}

fn empty(folder: &Path, options: Options) -> Result<Arc<Database>, Failure> {
    let database = Database::open(folder, options, &mut |_| false);
    database.map(Arc::new).map_err(|error| Failure::work(MAKING, &error))
}

//! How runs are made: the configured operation, and the request.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cof::RrType;
use cof::time::Clock;
use operation::provider::{ConfigError, OwnDatabase, ProxyEnvironment};
use operation::{
    Budget, Config, Filter, Limits, Package, Provider, ProviderError, Settings, Side, Tcp, Window,
};

use crate::database::{Change, Problem};

/// How runs are made. This is a snapshot that later configuration does not affect.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The installed package.
    pub package: Arc<Package>,
    /// The name of its action, as shown to users.
    pub action: String,
    /// The provider to query.
    pub provider: Arc<Provider>,
    /// The filter for the records of an answer.
    pub filter: Filter,
    /// The most records that are kept.
    pub most: usize,
    /// How old a stored answer may be.
    pub freshness: Freshness,
    /// The user who starts the runs.
    pub actor: String,
    /// The batch of its runs; its copies share it.
    pub batch: Batch,
}

/// The runs of one command or job, identified by the number of the first one that starts.
#[derive(Clone, Debug)]
pub enum Batch {
    /// The runs of a command; clones share them.
    Command(Arc<AtomicI64>),
    /// The runs of a job, given by its number.
    Job(i64),
}

impl Default for Batch {
    fn default() -> Self {
        Self::Command(Arc::default())
    }
}

impl Batch {
    /// The batch of a run that starts: its own number if it is the first. That of a job is stored with it, so that a restart does not
    /// begin another one.
    pub(super) fn of(&self, run: i64, change: &Change<'_>) -> Result<i64, Problem> {
        match self {
            Self::Command(first) => {
                Ok(match first.compare_exchange(0, run, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => run,
                    Err(first) => first,
                })
            }
            Self::Job(job) => {
                let sql = "SELECT batch FROM jobs WHERE id = ?";
                let known = change.transaction.prepare_cached(sql)?.query_row([job], |row| row.get(0))?;
                if let Some(first) = known {
                    return Ok(first);
                }
                let sql = "UPDATE jobs SET batch = ? WHERE id = ?";
                change.transaction.prepare_cached(sql)?.execute((run, job))?;
                Ok(run)
            }
        }
    }
}

/// How old a stored answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// No stored answer is used.
    Fresh,
    /// A stored answer of any age is used, and nothing is ever sent.
    Offline,
    /// A stored answer that is not older than this is used.
    Within(Duration),
}

/// The requested records, in addition to the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Only these types; the configured ones if empty.
    pub rrtypes: Vec<RrType>,
    /// Only this time window, within the configured one.
    pub window: Window,
    /// Which side of the records to search.
    pub side: Side,
}

/// The data folder for which runs are made.
#[derive(Clone, Debug)]
pub struct DataFolder {
    /// Its path, below which the rates of services are stored.
    pub path: PathBuf,
    /// The clock of queries.
    pub clock: Clock,
    /// Its passive-DNS database.
    pub database: OwnDatabase,
}

impl Asking {
    /// An operation with its settings: a service over TCP, with the rate limit that all processes of the data folder share, or the
    /// passive-DNS database of the data folder.
    ///
    /// It keeps up to the largest number of records, and accepts stored answers for one day; both can be changed.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings are not consistent.
    pub fn new(
        package: Package,
        settings: &Settings,
        limits: Limits,
        wish: Wish,
        folder: DataFolder,
        actor: &str,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::new(&package, settings, limits, &folder.clock)?
            .with_environment(&ProxyEnvironment::of_process())?;
        let filter = config.narrow(wish.rrtypes, wish.window, wish.side);
        Ok(Self {
            action: package.actions().first().map(|action| action.name.clone()).unwrap_or_default(),
            package: Arc::new(package),
            provider: Arc::new(folder.provider(config)?),
            filter,
            most: usize::MAX,
            freshness: Freshness::Within(Duration::from_hours(24)),
            actor: actor.to_owned(),
            batch: Batch::default(),
        })
    }

    /// How old a stored answer of this provider may be.
    pub(super) fn usable(&self) -> Freshness {
        match self.freshness {
            Freshness::Within(_) if !self.provider.is_reusable() => Freshness::Fresh,
            freshness => freshness,
        }
    }
}

impl DataFolder {
    fn provider(self, config: Config) -> Result<Provider, ProviderError> {
        let Self { path, clock, database } = self;
        match config {
            Config::Http(config) => {
                let rates = path.join("budget");
                let budget =
                    Budget::new(config.connection.rate, &config.budget_name(), Some(&rates), clock.clone());
                // The jitter only has to differ between processes.
                let seed = u64::try_from(clock.now().as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
                    ^ u64::from(std::process::id());
                Provider::http(*config, Arc::new(Tcp), budget, clock, seed)
            }
            Config::OwnDatabase(config) => Ok(Provider::own_database(config, database, clock)),
        }
    }
}

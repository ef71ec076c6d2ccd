//! How runs are made: the configured operation, and the request.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use cof::RrType;
use cof::time::Clock;
use operation::provider::{ConfigError, ProxyEnvironment};
use operation::{Budget, Config, Filter, Limits, Package, Provider, Settings, Side, Tcp, Window};

/// What runs are made with. A snapshot: what is configured later does not touch it.
#[derive(Clone, Debug)]
pub struct Asking {
    /// The installed package.
    pub package: Arc<Package>,
    /// The name of its action, as shown to users.
    pub action: String,
    /// The provider to query.
    pub provider: Arc<Provider>,
    /// Which records are wanted of an answer.
    pub filter: Filter,
    /// How many of them at most.
    pub most: usize,
    /// How old an answer may be.
    pub freshness: Freshness,
    /// Who asks.
    pub actor: String,
    /// The batch of its runs; its copies share it.
    pub batch: Batch,
}

/// The runs of one command: known by the number of the first one that begins.
#[derive(Clone, Debug, Default)]
pub struct Batch(Arc<AtomicI64>);

impl Batch {
    /// The batch of a run that begins: its own number where it is the first.
    pub(super) fn of(&self, run: i64) -> i64 {
        match self.0.compare_exchange(0, run, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => run,
            Err(first) => first,
        }
    }
}

/// How old an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It must be asked for now.
    Fresh,
    /// Any age: nothing is ever sent.
    Offline,
    /// Not older than this.
    Within(Duration),
}

/// What is wanted of an answer, beside what is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Only these types; as configured where empty.
    pub rrtypes: Vec<RrType>,
    /// Only this window, within the one that is configured.
    pub window: Window,
    /// Which side of the records to search.
    pub side: Side,
}

impl Asking {
    /// An operation with its settings, over TCP, keeping to the budget that all processes of a data folder share.
    ///
    /// It holds as many records as there may be, and takes answers of a day; both can be changed.
    ///
    /// # Errors
    /// [`ConfigError`], when the settings do not go together.
    pub fn new(
        package: Package,
        settings: &Settings,
        limits: Limits,
        wish: Wish,
        folder: &Path,
        clock: Clock,
        actor: &str,
    ) -> Result<Self, ConfigError> {
        let mut config = Config::new(&package, settings, limits, &clock)?
            .with_environment(&ProxyEnvironment::of_process())?;
        config.side = wish.side;
        let filter = Filter::new(&config, wish.rrtypes, wish.window);
        config.rrtypes.clone_from(&filter.rrtypes);
        let budget =
            Budget::new(config.rate, &config.budget_name(), Some(&folder.join("budget")), clock.clone());
        // Jitter wants to differ between processes, nothing more.
        let seed = u64::try_from(clock.now().as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
            ^ u64::from(std::process::id());
        Ok(Self {
            action: package.actions.first().map(|action| action.name.clone()).unwrap_or_default(),
            package: Arc::new(package),
            provider: Arc::new(Provider::new(config, Arc::new(Tcp), budget, clock, seed)?),
            filter,
            most: usize::MAX,
            freshness: Freshness::Within(Duration::from_hours(24)),
            actor: actor.to_owned(),
            batch: Batch::default(),
        })
    }
}

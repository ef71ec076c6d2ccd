//! The passive-DNS database of the data folder as a provider, without HTTP.
//!
//! [`OwnDatabase`] opens the store when it is first needed. An answer is read in slices on threads that may block, and each slice is
//! written in the Common Output Format before it is read by [`Intake`] like the answer of a service: so the evidence is the whole
//! answer, and replaying it gives the same records. Errors are [`ProviderError::Store`].

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use client::{ClientError, Stage};
use cof::time::Clock;
use cof::{Dialect, Writer};
use store::{Cursor, Question, Stats, Store, StoreError, Subject};
use tokio::time::{Instant, timeout_at};

use super::ask::{Outcome, Sink};
use super::config::{ConfigError, Limits, bounded, invalid, whole, window};
use super::error::ProviderError;
use super::intake::{Ended, Intake};
use super::orientation::Orientation;
use crate::parameter::rrtypes;
use crate::{Filter, Host, Indicator, Interface, Package, Settings, Side};

/// The most rows of a slice, which are in memory together with their text.
const ROWS: usize = 1_000;
/// The most tuples that are read for a slice: about 20 ms, after which the answer can be stopped.
const REACH: usize = 20_000;
/// The approximate length of a written record, in bytes.
const RECORD_OCTETS: usize = 160;

/// How a store is opened; blocks.
type Open = dyn Fn() -> Result<Arc<dyn Store>, StoreError> + Send + Sync;

/// The passive-DNS database of the data folder, which is opened when it is first needed. Clones share it.
#[derive(Clone)]
pub struct OwnDatabase(Arc<Lazy>);

struct Lazy {
    open: Box<Open>,
    opened: Mutex<Option<Arc<dyn Store>>>,
}

/// How the database is queried.
#[derive(Clone, Debug)]
pub struct OwnDatabaseConfig {
    /// The types are requested from the database; the time window is applied to its answer.
    pub(super) filter: Filter,
    /// Whether the other records of the names that had an address belong to the answer about it.
    related: bool,
    /// The most records of one answer.
    most: Option<usize>,
    limits: Limits,
}

/// The database, and how it is queried.
#[derive(Debug)]
pub struct OwnDatabaseProvider {
    pub(super) config: OwnDatabaseConfig,
    database: OwnDatabase,
    clock: Clock,
}

/// A slice of an answer.
struct Slice {
    text: String,
    rows: usize,
    next: Option<Cursor>,
}

impl OwnDatabase {
    /// A store that this process has open.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::opened_by(move || Ok(Arc::clone(&store)))
    }

    /// A store that `open` opens, once; after an error it is called again for the next query. It may block.
    pub fn opened_by(open: impl Fn() -> Result<Arc<dyn Store>, StoreError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Lazy { open: Box::new(open), opened: Mutex::default() }))
    }

    /// Works with the store on a thread that may block.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let lazy = Arc::clone(&self.0);
        let working = tokio::task::spawn_blocking(move || work(&*lazy.store()?));
        working.await.unwrap_or(Err(StoreError::Panicked))
    }
}

impl Lazy {
    fn store(&self) -> Result<Arc<dyn Store>, StoreError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = &*opened {
            return Ok(Arc::clone(store));
        }
        let store = (self.open)()?;
        Ok(Arc::clone(opened.insert(store)))
    }
}

impl fmt::Debug for OwnDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnDatabase").finish_non_exhaustive()
    }
}

impl OwnDatabaseConfig {
    pub(super) fn new(
        package: &Package,
        settings: &Settings,
        limits: Limits,
        clock: &Clock,
    ) -> Result<Self, ConfigError> {
        let types = settings.text(package, "rrtype").unwrap_or_default();
        let rrtypes = rrtypes(&types).map_err(|why| invalid("rrtype", &why))?;
        let most = whole(settings.number(package, "page_size")).map(usize::from);
        Ok(Self {
            filter: Filter { rrtypes, window: window(package, settings, clock)?, side: Side::Owner },
            related: settings.switch(package, "related").unwrap_or(true),
            most: most.filter(|most| *most > 0),
            limits: bounded(package, settings, limits),
        })
    }

    /// The query as a line of text, in the form of [`HttpConfig::question`](super::HttpConfig::question).
    pub(super) fn question(&self, indicator: &Indicator) -> String {
        let what = match self.subject(indicator) {
            Subject::NamesOn(_) => "names-on",
            Subject::Name(_) => "owner",
            _ => "data",
        };
        let mut types: Vec<String> = self.filter.rrtypes.iter().map(ToString::to_string).collect();
        types.sort_unstable();
        types.dedup();
        let types = if types.is_empty() { "all".to_owned() } else { types.join(",") };
        format!("{}:/{what}/{indicator} {types} passive", Interface::OWN_DATABASE)
    }

    fn subject(&self, indicator: &Indicator) -> Subject {
        match (indicator.host(), self.filter.side) {
            (Host::Name(name), Side::Owner) => Subject::Name(name.clone()),
            (Host::Name(name), Side::Data) => Subject::RdataName(name.clone()),
            (Host::Address(address), _) if self.related => Subject::NamesOn(*address),
            (Host::Address(address), _) => Subject::Address(*address),
        }
    }
}

impl OwnDatabaseProvider {
    pub(super) fn new(config: OwnDatabaseConfig, database: OwnDatabase, clock: Clock) -> Self {
        Self { config, database, clock }
    }

    /// As [`Provider::ask`](super::Provider::ask).
    pub(super) async fn ask(&self, indicator: &Indicator, sink: &mut dyn Sink) -> Outcome {
        let mut intake = Intake::new(sink, Orientation::Draft, self.clock.seconds());
        intake.by_data = Some(true);
        let read = self.read(indicator, &mut intake).await;
        intake.outcome(read, Stage::Nowhere)
    }

    /// How much is stored.
    pub(super) async fn stats(&self) -> Result<Stats, ProviderError> {
        Ok(self.database.work(|store| store.stats()).await?)
    }

    async fn read(&self, indicator: &Indicator, intake: &mut Intake<'_>) -> Result<(), Ended> {
        let OwnDatabaseConfig { filter, limits, most, .. } = &self.config;
        let total = limits.client.total;
        let deadline = Instant::now() + total;
        let mut question = Question {
            rrtypes: filter.rrtypes.clone(),
            reach: REACH,
            ..Question::new(self.config.subject(indicator))
        };
        let mut left = most.unwrap_or(usize::MAX);
        loop {
            // A row beyond the limit is only read to know whether there is one.
            question.limit = left.clamp(1, ROWS);
            let slice = timeout_at(deadline, self.slice(question.clone())).await;
            let slice = slice.map_err(|_| ProviderError::from(ClientError::TotalTimeout(total)))?;
            let Slice { text, rows, next } = slice.map_err(ProviderError::from)?;
            if rows > left {
                return Err(ProviderError::LimitReached(most.unwrap_or_default() as u64).into());
            }
            intake.begin_page(false);
            intake.take(text.as_bytes())?;
            intake.finish()?;
            intake.end_page()?;
            if let Some(cap) = intake.cap(limits) {
                return Err(cap.into());
            }
            if next.is_none() {
                return Ok(());
            }
            left -= rows;
            question.cursor = next;
        }
    }

    async fn slice(&self, question: Question) -> Result<Slice, StoreError> {
        let look = move |store: &dyn Store| {
            let page = store.lookup(&question)?;
            let mut text = String::with_capacity(page.records.len() * RECORD_OCTETS);
            let mut writer = Writer::new(Dialect::Draft);
            page.records.iter().for_each(|record| writer.write(record, &mut text));
            Ok(Slice { text, rows: page.records.len(), next: page.next })
        };
        self.database.work(look).await
    }
}

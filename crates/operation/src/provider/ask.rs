//! One query to one provider, page after page, into a sink.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use client::{Body, Budget, Client, Deadline, Dial, Stage, Trail};
use cof::time::Clock;
use cof::{Damage, Record};
use hyper::header::HeaderValue;

use super::completeness::Completeness;
use super::config::HttpConfig;
use super::error::ProviderError;
use super::intake::{Ended, Intake};
use super::orientation::Orientation;
use super::own_database::{OwnDatabase, OwnDatabaseConfig, OwnDatabaseProvider};
use super::protocol::speech;
use super::quota::Quota;
use super::response::Page;
use crate::{Indicator, Interface};

/// Bytes read from a body at a time.
const PIECE: usize = 64 * 1024;

/// A configured provider. It can be shared by concurrent queries.
#[derive(Debug)]
pub enum Provider {
    /// A service that is queried over HTTP.
    Http(Box<HttpProvider>),
    /// The passive-DNS database of the data folder.
    OwnDatabase(Box<OwnDatabaseProvider>),
}

/// A service with its connection pool.
pub struct HttpProvider {
    pub(super) config: HttpConfig,
    pub(super) client: Client,
    pub(super) budget: Budget,
    pub(super) clock: Clock,
    random: Mutex<fastrand::Rng>,
    /// What it last said about the quota.
    pub(super) said: Mutex<Option<Quota>>,
}

/// Receives an answer as it arrives.
pub trait Sink: Send {
    /// Receives a record, with its sides in the right order. `Err` ends the answer.
    ///
    /// # Errors
    /// [`Stop`] if no more records are wanted.
    fn record(&mut self, record: Record) -> Result<(), Stop>;

    /// Receives a part that is not a record.
    fn damage(&mut self, damage: Damage);

    /// Everything that has arrived so far was passed on. The sink may send it now, because more may take long to arrive.
    fn pause(&mut self) {}

    /// Receives the decoded bytes of the answer before they are parsed: the evidence.
    fn raw(&mut self, _octets: &[u8]) {}
}

/// Why a sink wants no more records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The receiver needs no more records; the answer is as complete as requested.
    Gone,
    /// It holds as many records as allowed.
    Full(usize),
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether everything that was requested arrived.
    pub completeness: Completeness,
    /// Whether what arrived is the whole answer; false if the sink wanted no more.
    pub whole: bool,
    /// The number of requests whose answers were read.
    pub pages: usize,
    /// The number of bytes, after decompression.
    pub bytes: u64,
    /// Whether the service supports queries by data; `None` if it did not answer.
    pub by_data: Option<bool>,
    /// Which side is the owner, by the setting or by the first proof in the answer. If there was none, `Auto`, and the records
    /// are as they were sent.
    pub orientation: Orientation,
    /// How far the last connection of this query got.
    pub reached: Stage,
}

impl Provider {
    /// A service that is connected to by `dial`; `seed` is for the jitter of retries.
    ///
    /// # Errors
    /// [`ClientError::Tls`](client::ClientError::Tls) if the CA file cannot be used.
    pub fn http(
        config: HttpConfig,
        dial: Arc<dyn Dial>,
        budget: Budget,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, ProviderError> {
        Ok(Self::Http(Box::new(HttpProvider::new(config, dial, budget, clock, seed)?)))
    }

    /// The passive-DNS database of the data folder.
    pub fn own_database(config: OwnDatabaseConfig, database: OwnDatabase, clock: Clock) -> Self {
        Self::OwnDatabase(Box::new(OwnDatabaseProvider::new(config, database, clock)))
    }

    /// Queries one indicator and streams the answer into `sink`, to its end or as far as possible.
    pub async fn ask(&self, indicator: &Indicator, sink: &mut dyn Sink) -> Outcome {
        match self {
            Self::Http(service) => service.ask(indicator, sink).await,
            Self::OwnDatabase(database) => database.ask(indicator, sink).await,
        }
    }

    /// Its name: host and port, or `own-database`.
    pub fn name(&self) -> String {
        match self {
            Self::Http(service) => service.config.budget_name(),
            Self::OwnDatabase(_) => Interface::OWN_DATABASE.to_owned(),
        }
    }

    /// The query as a line of text, equal for all queries that must have the same answer: the address, the types that are requested
    /// from the provider, and whether it may send DNS queries.
    pub fn question(&self, indicator: &Indicator) -> String {
        match self {
            Self::Http(service) => service.config.question(indicator),
            Self::OwnDatabase(database) => database.config.question(indicator),
        }
    }

    /// The login in clear text, to tell queries apart; it must never be stored.
    pub fn login(&self) -> Option<&[u8]> {
        match self {
            Self::Http(service) => service.config.login(),
            Self::OwnDatabase(_) => None,
        }
    }

    /// The orientation of its records, as it is configured.
    pub fn orientation(&self) -> Orientation {
        match self {
            Self::Http(service) => service.config.orientation(),
            Self::OwnDatabase(_) => Orientation::Draft,
        }
    }

    /// Whether a stored answer may be used instead of a new query. The own database is at hand, and may have changed since.
    pub fn is_reusable(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Requests per second; 0 for no limit.
    pub fn rate(&self) -> f64 {
        match self {
            Self::Http(service) => service.config.connection.rate,
            Self::OwnDatabase(_) => 0.0,
        }
    }

    /// Warnings for the user before anything is sent.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Http(service) => &service.config.connection.warnings,
            Self::OwnDatabase(_) => &[],
        }
    }
}

impl HttpProvider {
    fn new(
        config: HttpConfig,
        dial: Arc<dyn Dial>,
        budget: Budget,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, ProviderError> {
        let client = config.connection.client(config.limits.client, dial)?;
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Ok(Self { config, client, budget, clock, random, said: Mutex::default() })
    }

    async fn ask(&self, indicator: &Indicator, sink: &mut dyn Sink) -> Outcome {
        let speech = speech(self.config.interface.protocol);
        let intake = Intake::new(sink, self.config.orientation, self.clock.seconds());
        let mut intake = intake.framed(speech.is_framed());
        let trail = Trail::default();
        let read = self.pages(indicator, &mut intake, &trail).await;
        intake.outcome(read, trail.stage())
    }

    async fn pages(
        &self,
        indicator: &Indicator,
        intake: &mut Intake<'_>,
        trail: &Trail,
    ) -> Result<(), Ended> {
        let mut deadline = Deadline::new(&self.config.limits.client);
        let mut cursors = HashSet::new();
        let mut cursor: Option<HeaderValue> = None;
        let mut without_news = 0;
        loop {
            let Page { body, paging } = self.page(indicator, cursor.as_ref(), &mut deadline, trail).await?;
            // A cursor is followed even if pages were not requested: otherwise the rest would silently be lost.
            intake.begin_page(paging.cursor.is_some());
            intake.by_data = Some(paging.by_data);
            if let Some(body) = body {
                self.read(body, intake, deadline).await?;
            }
            let pages = intake.end_page()?;
            if let Some(complaint) = paging.complaint {
                return Err(ProviderError::ServiceCut(self.config.without_logins(complaint)).into());
            }
            let Some(next) = paging.cursor else { return Ok(intake.is_within(self.config.most_records())?) };
            without_news = if intake.has_news() { 0 } else { without_news + 1 };
            if without_news >= 2 || !cursors.insert(next.clone()) {
                return Err(ProviderError::CursorRepeats(pages).into());
            }
            if pages >= self.config.limits.pages {
                return Err(ProviderError::TooManyPages(pages).into());
            }
            cursor = Some(next);
        }
    }

    /// Reads a body until its end or the first fault; everything before that is processed in either case.
    async fn read(&self, mut body: Body, intake: &mut Intake<'_>, deadline: Deadline) -> Result<(), Ended> {
        let mut buffer = vec![0; PIECE];
        let end = loop {
            match body.read(&mut buffer, &self.config.limits.client, deadline).await {
                Ok(0) => break Ok(()),
                Ok(len) => intake.take(buffer.get(..len).unwrap_or_default())?,
                Err(error) => break Err(self.client.broken_off(error).into()),
            }
            if let Some(cap) = intake.cap(&self.config.limits) {
                break Err(cap);
            }
        };
        intake.finish()?;
        Ok(end?)
    }

    /// A number from 0 to 1.
    pub(super) fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

impl fmt::Debug for HttpProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProvider")
            .field("config", &self.config)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

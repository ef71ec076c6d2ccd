//! One question to one provider, page after page, into a sink.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cof::{Damage, Reader, Record, SafEnd};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::body::{Body, Deadline};
use super::budget::Budget;
use super::config::Config;
use super::connector::Connector;
use super::dial::Dial;
use super::error::{ProviderError, printable};
use super::orientation::{Orientation, Probe, proof};
use super::tls;
use crate::{Clock, Completeness, Indicator};

/// How much of a body is read at once, in octets.
const PIECE: usize = 64 * 1024;

/// A configured provider with its pool of connections; share it, it is cheap to ask many questions at once.
pub struct Provider {
    pub(super) config: Config,
    pub(super) client: Client<Connector, Empty<Bytes>>,
    pub(super) budget: Budget,
    pub(super) clock: Clock,
    random: Mutex<fastrand::Rng>,
}

/// Takes an answer as it arrives.
pub trait Sink {
    /// A record, turned the right way. `Err` ends the answer.
    ///
    /// # Errors
    /// [`Stop`], when no more is wanted.
    fn record(&mut self, record: Record) -> Result<(), Stop>;

    /// A stretch that is no record.
    fn damage(&mut self, damage: Damage);

    /// The decoded octets of the answer, before anything is made of them: the evidence.
    fn raw(&mut self, _octets: &[u8]) {}
}

/// Why a sink wants no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody listens any more; the answer is as complete as anybody wanted it.
    Gone,
    /// It holds as many records as it may.
    Full(usize),
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether everything arrived.
    pub completeness: Completeness,
    /// How many requests' answers were read.
    pub pages: usize,
    /// How many octets, decompressed.
    pub bytes: u64,
    /// Whether anything in the answer proved which side is the owner, or the setting says so.
    pub orientation: Orientation,
}

/// What is known of an answer while it arrives.
struct State<'a> {
    sink: &'a mut (dyn Sink + Send),
    probe: Option<Probe>,
    orientation: Orientation,
    reader: Reader,
    records: u64,
    damages: u64,
    contradictions: u64,
    bytes: u64,
    pages: usize,
    /// The first octets of an answer without records, to say what it is instead.
    start: Vec<u8>,
    /// The tuples seen so far, hashed; only in paged answers.
    seen: Option<(RandomState, HashSet<u64>)>,
    fresh: u64,
}

impl Provider {
    /// A provider that is reached by `dial`; `seed` is for the jitter of retries.
    ///
    /// # Errors
    /// [`ProviderError::Tls`], when the CA file cannot be used.
    pub fn new(
        config: Config,
        dial: Arc<dyn Dial>,
        budget: Budget,
        clock: Clock,
        seed: u64,
    ) -> Result<Self, ProviderError> {
        let tls = if config.http {
            None
        } else {
            let tls = tls::client_config(config.ca_pem.as_deref(), config.verify);
            Some(Arc::new(tls.map_err(|fault| ProviderError::Tls { host: config.host.clone(), fault })?))
        };
        let connector = Connector {
            dial,
            tls,
            host: config.host.clone(),
            port: config.port,
            proxy: config.proxy.clone(),
            timeout: config.limits.connect,
        };
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { config, client, budget, clock, random: Mutex::new(fastrand::Rng::with_seed(seed)) })
    }

    /// What it was configured with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Asks about one indicator and streams the answer into `sink`, to the end or as far as it goes.
    pub async fn ask(&self, indicator: &Indicator, sink: &mut (dyn Sink + Send)) -> Outcome {
        let auto = self.config.orientation == Orientation::Auto;
        let mut state = State {
            sink,
            probe: auto.then(Probe::default),
            orientation: self.config.orientation,
            reader: Reader::new(),
            records: 0,
            damages: 0,
            contradictions: 0,
            bytes: 0,
            pages: 0,
            start: Vec::new(),
            seen: self.config.page_size.map(|_| (RandomState::new(), HashSet::new())),
            fresh: 0,
        };
        let reason = match self.pages(indicator, &mut state).await {
            Ok(()) => state.verdict(),
            Err(Ended::Gone) => None,
            Err(Ended::Failed(error)) => Some(error),
        };
        Outcome {
            completeness: Completeness::new(reason, state.records > 0),
            pages: state.pages,
            bytes: state.bytes,
            orientation: state.orientation,
        }
    }

    async fn pages(&self, indicator: &Indicator, state: &mut State<'_>) -> Result<(), Ended> {
        let mut deadline = Deadline::new(self.config.limits.total);
        let mut cursors = HashSet::new();
        let mut cursor: Option<String> = None;
        let mut stale = 0;
        loop {
            let page = self.page(indicator, cursor.as_deref(), &mut deadline).await?;
            state.fresh = 0;
            if let Some(body) = page.body {
                self.read(body, state, deadline).await?;
            }
            state.pages += 1;
            if let Some(complaint) = page.complaint {
                return Err(ProviderError::ServiceCut(complaint).into());
            }
            let Some(next) = page.cursor.filter(|_| self.config.page_size.is_some()) else { return Ok(()) };
            stale = if state.fresh == 0 { stale + 1 } else { 0 };
            if stale >= 2 || !cursors.insert(next.clone()) {
                return Err(ProviderError::CursorRepeats(state.pages).into());
            }
            if state.pages >= self.config.limits.pages {
                return Err(ProviderError::TooManyPages(state.pages).into());
            }
            cursor = Some(next);
        }
    }

    async fn read(&self, mut body: Body, state: &mut State<'_>, deadline: Deadline) -> Result<(), Ended> {
        let limits = &self.config.limits;
        let mut buffer = vec![0; PIECE];
        state.begin_page();
        loop {
            let read = body.read(&mut buffer, limits, deadline).await;
            let len = *read.as_ref().unwrap_or(&0);
            state.bytes += len as u64;
            // What arrived before a failure counts; the failure itself is told after it.
            state.take(buffer.get(..len).unwrap_or_default(), len == 0)?;
            if read? == 0 {
                return state.end_page();
            }
            if state.bytes > limits.bytes {
                return Err(ProviderError::TooLarge(limits.bytes >> 20).into());
            }
            if state.damages > limits.damages {
                return Err(state.verdict().unwrap_or(ProviderError::Damaged(state.damages)).into());
            }
        }
    }

    /// A number from 0 to 1.
    pub(super) fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

impl State<'_> {
    fn begin_page(&mut self) {
        self.reader = Reader::new().turned(self.orientation == Orientation::Swapped);
    }

    /// Takes the next octets of a page.
    fn take(&mut self, octets: &[u8], last: bool) -> Result<(), Ended> {
        self.sink.raw(octets);
        if self.records == 0 && self.start.len() < 200 {
            self.start.extend(octets.iter().take(200));
        }
        match &mut self.probe {
            None => self.reader.feed(octets),
            Some(probe) => {
                let Some((orientation, held)) = probe.feed(octets, last) else { return Ok(()) };
                self.probe = None;
                self.orientation = orientation;
                self.begin_page();
                self.reader.feed(&held);
            }
        }
        if last {
            self.reader.close();
        }
        self.drain()
    }

    fn drain(&mut self) -> Result<(), Ended> {
        while let Some(item) = self.reader.next() {
            match item {
                Ok(record) => self.record(record)?,
                Err(damage) => {
                    self.damages += 1;
                    self.sink.damage(damage);
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, record: Record) -> Result<(), Ended> {
        if proof(&record) == Some(Orientation::Swapped) {
            self.contradictions += 1;
        }
        let new = match &mut self.seen {
            Some((hasher, seen)) => {
                seen.insert(hasher.hash_one((&record.rrname, record.rrtype, &record.rdata)))
            }
            None => true,
        };
        self.fresh += u64::from(new);
        self.records += 1;
        match self.sink.record(record) {
            Ok(()) => Ok(()),
            Err(Stop::Gone) => Err(Ended::Gone),
            Err(Stop::Full(records)) => Err(ProviderError::Records(records).into()),
        }
    }

    /// What the end of a page says.
    fn end_page(&mut self) -> Result<(), Ended> {
        let end = self.reader.end();
        match end.saf {
            Some(SafEnd::Limited(message)) => {
                return Err(ProviderError::ServiceCut(printable(message.as_bytes(), 200)).into());
            }
            Some(SafEnd::Failed(message)) => {
                return Err(ProviderError::ServiceFailed(printable(message.as_bytes(), 200)).into());
            }
            Some(SafEnd::Missing) => return Err(ProviderError::Cut.into()),
            Some(SafEnd::Succeeded) | None => {}
        }
        if end.truncated && self.records > 0 {
            return Err(ProviderError::EndsInside.into());
        }
        Ok(())
    }

    /// What is wrong with an answer that arrived whole.
    fn verdict(&self) -> Option<ProviderError> {
        let start = self.start.trim_ascii();
        if self.records == 0 && self.damages > 0 {
            let words = start.get(..19).unwrap_or_default();
            return Some(if words.eq_ignore_ascii_case(b"rate limit exceeded") {
                ProviderError::RateLimited(None)
            } else {
                ProviderError::NotCof(printable(start, 60))
            });
        }
        if self.contradictions > 0 {
            return Some(ProviderError::Contradiction(self.contradictions));
        }
        (self.damages > 0).then_some(ProviderError::Damaged(self.damages))
    }
}

/// How a question ended early.
enum Ended {
    Failed(ProviderError),
    Gone,
}

impl From<ProviderError> for Ended {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

//! The tokens of a data folder, kept in memory for every request, and updated by [`Tokens::keep`].
//!
//! Every [`LOOK`], new and revoked tokens are read, whichever process changed them; every [`WRITE`], the usage of all tokens is
//! written in one transaction. If the database cannot be read for [`STALE`], no token is accepted any more: a revoked token
//! must not keep working because the disk is broken.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use workbench::token::{self, SharedUsage, Spent, State, Token};
use workbench::{Desk, Error, Workbench};

use super::meter::Meter;

/// How often tokens are read: a revoked one must stop working within a second.
const LOOK: Duration = Duration::from_millis(250);
/// How often usage is written: a kill loses at most this much.
const WRITE: Duration = Duration::from_secs(1);
/// How long known tokens are accepted while the database cannot be read: longer than another process locks it.
const STALE: Duration = Duration::from_secs(30);

/// The current tokens of a data folder.
#[derive(Debug)]
pub struct Tokens {
    desk: Desk,
    /// Concurrent requests per token.
    at_once: usize,
    /// The usage that is shared with other servers on the folder; `None` if the folder cannot be written.
    shared: Option<Arc<SharedUsage>>,
    known: RwLock<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    /// The tokens by their public part.
    entries: Arc<HashMap<String, Arc<Entry>>>,
    mark: (i64, i64),
    looked_at: Instant,
}

/// A token and its current usage.
#[derive(Debug)]
pub struct Entry {
    pub token: Token,
    pub(crate) meter: Meter,
    /// Concurrent requests; the limit is checked when a place is taken.
    pub requests: Arc<Semaphore>,
}

impl Tokens {
    /// Opens the tokens of a data folder, each with this many concurrent requests.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub async fn open(desk: Desk, at_once: usize) -> Result<Arc<Self>, Error> {
        let shared = SharedUsage::open(desk.folder())
            .inspect_err(
                |error| tracing::warn!(%error, "quotas are not shared with other servers on this data folder"),
            )
            .ok()
            .map(Arc::new);
        let sharing = shared.clone();
        let (mark, entries) =
            desk.read(move |workbench| load(workbench, &HashMap::new(), at_once, sharing.as_ref())).await?;
        let known = Known { entries: Arc::new(entries), mark, looked_at: Instant::now() };
        Ok(Arc::new(Self { desk, at_once, shared, known: RwLock::new(known) }))
    }

    /// Whether there is an active token.
    pub fn any(&self) -> bool {
        let now = self.now();
        self.known().entries.values().any(|entry| entry.works(now))
    }

    /// The current time since the epoch.
    pub fn now(&self) -> Duration {
        self.desk.clock().now()
    }

    /// Whether the database was read recently.
    pub fn is_current(&self) -> bool {
        self.known().looked_at.elapsed() < STALE
    }

    /// The entry of this token, if it is active. A wrong token takes as long as a right one.
    pub fn find(&self, text: &str) -> Option<Arc<Entry>> {
        let known = self.known();
        let entry = token::public(text).and_then(|public| known.entries.get(public));
        let right = match entry {
            Some(entry) => entry.token.is(text),
            None => token::is_none(text),
        };
        entry.filter(|entry| right & entry.works(self.now()) & (known.looked_at.elapsed() < STALE)).cloned()
    }

    /// The entry of the active token with this public part. It is no proof that a client has the token.
    pub fn active(&self, public: &str) -> Option<Arc<Entry>> {
        let known = self.known();
        let entry = known.entries.get(public)?;
        (entry.works(self.now()) && known.looked_at.elapsed() < STALE).then(|| Arc::clone(entry))
    }

    /// Updates from the database until stopped; then writes the remaining usage.
    pub async fn keep(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut written_at = Instant::now();
        while !*stop.borrow() {
            tokio::select! {
                _ = looks.tick() => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
            // A failed read is tried again; until then, the known tokens are accepted for a while.
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "tokens cannot be looked up");
            }
            if written_at.elapsed() >= WRITE {
                self.write().await;
                written_at = Instant::now();
            }
        }
        self.write().await;
    }

    async fn look(&self) -> Result<(), Error> {
        let before = self.known();
        let mark = self.desk.read(Workbench::tokens_mark).await?;
        let (mark, entries) = if mark == before.mark {
            (mark, before.entries)
        } else {
            let (known, at_once, shared) = (Arc::clone(&before.entries), self.at_once, self.shared.clone());
            let load = move |workbench: &Workbench| load(workbench, &known, at_once, shared.as_ref());
            let (mark, entries) = self.desk.read(load).await?;
            (mark, Arc::new(entries))
        };
        let known = Known { entries, mark, looked_at: Instant::now() };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    async fn write(&self) {
        let entries = self.known().entries;
        let spent: Vec<(Arc<Entry>, Spent)> = entries
            .values()
            .filter_map(|entry| Some((Arc::clone(entry), entry.meter.unwritten(entry.token.id)?)))
            .collect();
        if spent.is_empty() {
            return;
        }
        let rows: Vec<Spent> = spent.iter().map(|(_, spent)| *spent).collect();
        match self.desk.change("", move |workbench| workbench.spend(&rows)).await {
            Ok(totals) => {
                spent
                    .iter()
                    .zip(totals)
                    .for_each(|((entry, spent), total)| entry.meter.written(*spent, total));
            }
            // It stays unwritten, and is tried again.
            Err(error) => tracing::warn!(%error, "the usage of tokens cannot be stored"),
        }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Entry {
    fn works(&self, now: Duration) -> bool {
        self.token.state(i64::try_from(now.as_secs()).unwrap_or(i64::MAX)) == State::Active
    }
}

/// The change mark of the database, and the tokens by their public part.
type Loaded = ((i64, i64), HashMap<String, Arc<Entry>>);

/// The tokens that were not revoked; known ones keep their counts.
fn load(
    workbench: &Workbench,
    known: &HashMap<String, Arc<Entry>>,
    at_once: usize,
    shared: Option<&Arc<SharedUsage>>,
) -> Result<Loaded, Error> {
    // Read before the tokens, so that a change in between is noticed at the next read.
    let mark = workbench.tokens_mark()?;
    let mut entries = HashMap::new();
    for token in workbench.tokens()?.into_iter().filter(|token| token.revoked_at.is_none()) {
        let entry = if let Some(entry) = known.get(&token.public) {
            Arc::clone(entry)
        } else {
            let usage = workbench.usage(token.id)?;
            let meter = Meter::new(token.wanted.rate, token.wanted.daily, usage).sharing(shared, token.id);
            Arc::new(Entry { meter, requests: Arc::new(Semaphore::new(at_once)), token: token.clone() })
        };
        entries.insert(token.public, entry);
    }
    Ok((mark, entries))
}

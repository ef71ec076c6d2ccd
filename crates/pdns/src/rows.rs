//! The rows of a store for a client: [`Rows`] is the store together with the client, and with the origin that is added to rows.
//!
//! Work on the store that may take long is done on a blocking thread, in a place for which clients wait in turn
//! ([`Rows::blocking`]); [`Unanswered`] states why there is no answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use edge::limits::Limits;
use edge::problem::Problem;
use edge::turns::{Asker, Turns};
use store::{Store, StoreError};

/// The source of rows, and what is added to them.
#[derive(Clone)]
pub struct Rows {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The origin of rows whose sources do not have a common one.
    pub origin: Option<Arc<str>>,
    /// The most rows in one answer.
    pub most: u64,
    /// Places for long lookups. A place is held until the lookup is done, even if its client has gone.
    pub turns: Turns,
    /// The client.
    asker: Asker,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("most", &self.most).finish_non_exhaustive()
    }
}

/// Why a query is not answered.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// There are too many other lookups, and no place was free in time.
    #[error("too many queries are running")]
    Busy,
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Unanswered> for Problem {
    fn from(error: Unanswered) -> Self {
        match error {
            Unanswered::Busy => {
                Self::busy("too many queries are running; try again in a few seconds, or narrow the query")
            }
            Unanswered::Store(error) => error.into(),
        }
    }
}

/// How long a slice of a lookup may wait for a place.
const WAIT: Duration = Duration::from_secs(10);

impl Rows {
    /// The rows of this store, queried by the server itself.
    pub fn new(store: Arc<dyn Store>, limits: &Limits) -> Self {
        let turns = Turns::new(limits.scans);
        Self { store, origin: None, most: limits.rows, turns, asker: Asker::Ourselves }
    }

    /// The same for one client, whose slices wait in their own queue.
    #[must_use]
    pub fn of(&self, asker: Asker) -> Self {
        Self { asker, ..self.clone() }
    }

    /// Sets the limits.
    pub fn bound(&mut self, limits: &Limits) {
        *self = Self { origin: self.origin.take(), ..Self::new(Arc::clone(&self.store), limits) };
    }

    /// Runs work on the store on a blocking thread.
    ///
    /// # Errors
    /// [`Unanswered`], also if no place was free for too long.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Unanswered> {
        let store = Arc::clone(&self.store);
        let place = tokio::time::timeout(WAIT, self.turns.take(self.asker)).await;
        let place = place.map_err(|_| Unanswered::Busy)?;
        // A panic there is a bug; it ends its thread, but not the server.
        let working = tokio::task::spawn_blocking(move || {
            let _place = place;
            work(&*store)
        });
        Ok(working.await.unwrap_or(Err(StoreError::Panicked))?)
    }

    /// Sets the origin of a record that has none.
    pub(crate) fn name_origin(&self, record: &mut cof::Record) {
        record.origin = record.origin.take().or_else(|| self.origin.clone());
    }
}

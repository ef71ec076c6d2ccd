//! Changes of many tasks in one transaction: a commit costs more than what most of them change.
//!
//! Whoever comes first takes what waits by then along. Each change has a savepoint of its own, so that one that fails
//! undoes itself and nothing else; none is told that it is done before all are committed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// The most changes of one transaction: nobody waits for long.
const MOST: usize = 64;

/// A change that waits. It gives what tells its task how it went, once that is known.
type Waiting = Box<dyn FnOnce(&Change<'_>) -> Result<Told, Told> + Send>;
/// Tells a task how its change went; the error is the whole transaction's.
type Told = Box<dyn FnOnce(Option<&Error>) + Send>;

/// Changes that wait for the next transaction.
#[derive(Default)]
pub(super) struct Queue(Mutex<Vec<Waiting>>);

impl Queue {
    /// Adds a change; what comes of it is received when a transaction has taken it along.
    pub(super) fn add<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (tell, told) = oneshot::channel();
        let waiting: Waiting = Box::new(move |transaction| {
            // Nobody listens only where the task has ended; what it changed stays.
            let done = |tell: oneshot::Sender<_>, result: Result<T, Error>| {
                let told: Told = Box::new(move |failed| {
                    let _ = tell.send(failed.map_or(result, |error| Err(error.again())));
                });
                told
            };
            match change(transaction) {
                Ok(value) => Ok(done(tell, Ok(value))),
                Err(problem) => Err(done(tell, Err(transaction.error(problem)))),
            }
        });
        self.lock().push(waiting);
        told
    }

    /// Carries out what waits.
    pub(super) fn carry_out(&self, workbench: &mut Workbench) {
        let mut waiting = self.lock();
        let count = waiting.len().min(MOST);
        let taken: Vec<Waiting> = waiting.drain(..count).collect();
        drop(waiting);
        // Somebody took it along.
        if taken.is_empty() {
            return;
        }
        let mut told = Vec::with_capacity(count);
        let committed = workbench.change(|change| {
            for one in taken {
                change.transaction.execute_batch("SAVEPOINT one")?;
                match one(change) {
                    Ok(done) => told.push(done),
                    Err(failed) => {
                        change.transaction.execute_batch("ROLLBACK TO one")?;
                        told.push(failed);
                    }
                }
                change.transaction.execute_batch("RELEASE one")?;
            }
            Ok(())
        });
        for tell in told {
            tell(committed.as_ref().err());
        }
    }

    /// Lets go of what waits; those who wait are told so.
    pub(super) fn drop_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({} waiting)", self.lock().len())
    }
}

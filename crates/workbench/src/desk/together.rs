//! Combines changes of many tasks into one transaction, because a commit costs more than most of the changes.
//!
//! The first task that runs carries out everything that is waiting. Each change has its own savepoint, so a failed change
//! undoes only itself. No task is told of success before the transaction is committed.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// The most changes in one transaction, so that no task waits for long.
const MOST: usize = 64;

/// A waiting change. It returns the function that tells its task the result once it is known.
type Waiting = Box<dyn FnOnce(&Change<'_>) -> Result<Told, Told> + Send>;
/// Tells a task the result of its change; the error is that of the whole transaction.
type Told = Box<dyn FnOnce(Option<&Error>) + Send>;

/// Changes that wait for the next transaction.
#[derive(Default)]
pub(super) struct Queue(Mutex<Vec<Waiting>>);

impl Queue {
    /// Adds a change; the receiver gets its result after a transaction has included it.
    pub(super) fn add<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (tell, told) = oneshot::channel();
        let waiting: Waiting = Box::new(move |transaction| {
            // If nobody receives the result, the task has ended; its change is kept.
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

    /// Whether no change waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Carries out all waiting changes.
    pub(super) fn carry_out(&self, workbench: &mut Workbench) {
        let mut waiting = self.lock();
        let count = waiting.len().min(MOST);
        let taken: Vec<Waiting> = waiting.drain(..count).collect();
        drop(waiting);
        // Another task has already carried them out.
        if taken.is_empty() {
            return;
        }
        let mut told = Vec::with_capacity(count);
        let committed = workbench.change(|change| {
            for one in taken {
                change.transaction.prepare_cached("SAVEPOINT one")?.execute([])?;
                match one(change) {
                    Ok(done) => told.push(done),
                    Err(failed) => {
                        change.transaction.prepare_cached("ROLLBACK TO one")?.execute([])?;
                        told.push(failed);
                    }
                }
                change.transaction.prepare_cached("RELEASE one")?.execute([])?;
            }
            Ok(())
        });
        for tell in told {
            tell(committed.as_ref().err());
        }
    }

    /// Drops all waiting changes, and tells their tasks.
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

//! A data folder for many tasks at once: [`Desk`] hands out open [`Workbench`]es.
//!
//! Calls of SQLite block, so all work runs on threads that may block. Readers work concurrently on separate connections. Within
//! this process, changes take turns before they reach SQLite, because waiting for its lock means sleeping and trying again.
//! Between processes, SQLite's lock decides.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cof::time::Clock;

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

mod together;

use together::Queue;

/// How many idle connections stay open: more than the cores of a usual machine.
const IDLE: usize = 16;

/// How many passwords are hashed at the same time: each takes 19 MiB and a core for tens of milliseconds, and strangers can
/// cause it.
const HASHING: usize = 4;

/// An open data folder that tasks share; cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Desk(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    clock: Clock,
    idle: Mutex<Vec<Workbench>>,
    turn: tokio::sync::Mutex<()>,
    /// Changes that wait to be made together with others.
    queue: Queue,
    hashing: tokio::sync::Semaphore,
}

impl Desk {
    /// Opens a data folder as [`Workbench::open`] does.
    ///
    /// # Errors
    /// As [`Workbench::open`].
    pub fn open(folder: &Path, clock: Clock) -> Result<Self, Error> {
        // Problems of the folder are found before any task works in it.
        Ok(Self::of(Workbench::open(folder, clock, "")?))
    }

    /// A desk that begins with an open data folder.
    pub fn of(first: Workbench) -> Self {
        Self(Arc::new(Shared {
            folder: first.folder().to_owned(),
            clock: first.clock().clone(),
            idle: Mutex::new(vec![first]),
            turn: tokio::sync::Mutex::new(()),
            queue: Queue::default(),
            hashing: tokio::sync::Semaphore::new(HASHING),
        }))
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// The clock that dates changes.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Reads.
    ///
    /// # Errors
    /// The error that `read` returns; [`Error`] if no connection can be opened.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Workbench) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.work(|workbench| read(workbench)).await
    }

    /// Changes something on behalf of `actor`, when it is this task's turn.
    ///
    /// # Errors
    /// The error that `change` returns; [`Error`] if no connection can be opened.
    pub async fn change<T: Send + 'static>(
        &self,
        actor: &str,
        change: impl FnOnce(&mut Workbench) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (desk, change) = (self.clone(), acting(actor, change));
        // In a separate task, so that the change continues even if its caller is no longer polled.
        let changing = tokio::spawn(async move {
            let _turn = desk.0.turn.lock().await;
            desk.work(change).await
        });
        changing.await.unwrap_or_else(|ended| Err(ended_early(&ended)))
    }

    /// Changes something together with the changes of other tasks, for work that many tasks do at once. Changes are made in the
    /// order of the calls, whether or not their results are awaited. The change itself states its actor.
    pub(crate) fn change_together<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Change<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> + Send + 'static {
        let told = self.0.queue.add(change);
        let desk = self.clone();
        // See above. Every change takes one turn, so no change is left waiting.
        tokio::spawn(async move {
            let _turn = desk.0.turn.lock().await;
            // An earlier turn has carried it out.
            if desk.0.queue.is_empty() {
                return;
            }
            let shared = Arc::clone(&desk.0);
            let carrying = desk.work(move |workbench| {
                shared.queue.carry_out(workbench);
                Ok(())
            });
            if carrying.await.is_err() {
                desk.0.queue.drop_all();
            }
        });
        let dropped = |_| Err(Error::Bug("a change was lost: the database could not be used".to_owned()));
        async move { told.await.unwrap_or_else(dropped) }
    }

    /// Like [`Self::change`], for changes that hash a password ([`Workbench::sign_in`], [`Workbench::accept`],
    /// [`Workbench::set_password`]). Other changes do not wait for it, and at most four run at once. Its transactions are
    /// short, and SQLite's lock decides their order.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub async fn change_with_password<T: Send + 'static>(
        &self,
        actor: &str,
        change: impl FnOnce(&mut Workbench) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.0.hashing.acquire().await;
        let _permit = permit.map_err(|_| Error::Bug("nobody closes the semaphore".to_owned()))?;
        self.work(acting(actor, change)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workbench) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shared = Arc::clone(&self.0);
        let working = tokio::task::spawn_blocking(move || {
            let mut workbench = shared.take()?;
            let result = work(&mut workbench);
            shared.put_back(workbench);
            result
        });
        working.await.unwrap_or_else(|ended| Err(ended_early(&ended)))
    }
}

fn ended_early(ended: &tokio::task::JoinError) -> Error {
    Error::Bug(format!("work on the database ended: {ended}"))
}

/// A change by `actor`.
fn acting<T, F>(actor: &str, change: F) -> impl FnOnce(&mut Workbench) -> T + use<T, F>
where
    F: FnOnce(&mut Workbench) -> T,
{
    let actor = actor.to_owned();
    move |workbench| {
        workbench.act_as(&actor);
        change(workbench)
    }
}

impl Shared {
    fn take(&self) -> Result<Workbench, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| Workbench::open(&self.folder, self.clock.clone(), ""), Ok)
    }

    fn put_back(&self, workbench: Workbench) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(workbench);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Status;

    #[tokio::test(flavor = "multi_thread")]
    async fn many_tasks_read_and_change_at_once_each_as_who_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let tasks = (0..50).map(|n| {
            let desk = desk.clone();
            tokio::spawn(async move {
                let one = operation::Indicator::parse(&format!("192.0.2.{n}")).unwrap();
                let (added, actor) = (vec![one.clone()], format!("actor {}", n % 2));
                desk.change(&actor, move |workbench| workbench.add_indicators(&added, Status::Active))
                    .await
                    .unwrap();
                desk.read(move |workbench| workbench.lookup(&one)).await.unwrap().unwrap()
            })
        });
        for (n, task) in tasks.collect::<Vec<_>>().into_iter().enumerate() {
            assert_eq!(task.await.unwrap().sources, [format!("actor {}", n % 2)]);
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_hashes_a_password_keeps_nobody_from_changing() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let slow = desk.clone();
        let slow = tokio::spawn(async move {
            let hash = move |workbench: &mut Workbench| {
                started.send(()).unwrap();
                may_go_on.recv().unwrap();
                workbench.first_link()
            };
            slow.change_with_password("ann", hash).await
        });
        has_started.await.unwrap();
        let invite = |workbench: &mut Workbench| workbench.invite(crate::user::Role::Reader);
        desk.change("bob", invite).await.unwrap();
        go_on.send(()).unwrap();
        assert!(slow.await.unwrap().unwrap().is_some());
        let trail = desk.read(|workbench| workbench.audit(&crate::audit::Filter::default())).await.unwrap();
        assert_eq!(
            trail.entries.iter().map(|entry| entry.actor.as_str()).collect::<Vec<_>>(),
            ["ann", "bob"]
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn changes_are_made_together_and_one_that_fails_undoes_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let tasks = (0..500).map(|n| {
            let desk = desk.clone();
            let change = move |change: &Change<'_>| {
                change.audit("test.step", &n.to_string(), &serde_json::json!({}))?;
                if n % 5 == 0 { Err(Problem::conflict(format!("no {n}"))) } else { Ok(n) }
            };
            tokio::spawn(async move { desk.change_together(change).await })
        });
        for (n, task) in tasks.collect::<Vec<_>>().into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(value) => assert_eq!((value, n % 5 == 0), (n, false)),
                Err(error) => assert_eq!(error.to_string(), format!("no {n}")),
            }
        }
        let page = desk.read(|workbench| workbench.audit(&crate::audit::Filter::default())).await.unwrap();
        assert_eq!(page.entries.len(), 400);
        assert!(page.entries.iter().all(|entry| !entry.subject.parse::<usize>().unwrap().is_multiple_of(5)));
    }

    #[tokio::test]
    async fn a_change_that_nobody_looks_at_keeps_nobody_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let change = |change: &Change<'_>| change.audit("test.step", "x", &serde_json::json!({}));
        // Started, and then never polled again.
        let mut together = std::pin::pin!(desk.change_together(change));
        let mut alone = std::pin::pin!(desk.change("ann", |_| Ok(())));
        assert!(
            futures_util::poll!(&mut together).is_pending() && futures_util::poll!(&mut alone).is_pending()
        );
        desk.change("ann", |_| Ok(())).await.unwrap();
        desk.change_together(change).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_that_panics_is_an_error_and_the_next_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path(), Clock::system()).unwrap();
        let failed: Result<(), Error> = desk.change("ann", |_| panic!("for the test")).await;
        assert!(matches!(failed, Err(Error::Bug(_))));
        assert!(desk.read(|workbench| workbench.audit(&crate::audit::Filter::default())).await.is_ok());
    }
}

//! The jobs of investigations that this server works on: [`LiveJobs`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use workbench::job::{Job, Live, State};
use workbench::run::Runs;

/// The jobs that this server works on; cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct LiveJobs {
    pub(crate) runs: Runs,
    begun: Arc<Mutex<HashMap<i64, Begun>>>,
}

/// A job that this server works on.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) live: Arc<Live>,
    /// When it began, in seconds since the epoch.
    pub(crate) at: u64,
}

impl LiveJobs {
    /// The runs of this server.
    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    pub(crate) fn new(runs: Runs) -> Self {
        Self { runs, begun: Arc::default() }
    }

    /// A job, if this server works on it.
    pub(crate) fn begun(&self, job: i64) -> Option<Begun> {
        self.lock().get(&job).cloned()
    }

    /// Notes that this server begins to work on a job; `None` if it does so already.
    pub(crate) fn begin(&self, job: i64) -> Option<Arc<Live>> {
        let mut all = self.lock();
        if all.contains_key(&job) {
            return None;
        }
        let begun = self.now();
        let live = Arc::clone(&begun.live);
        all.insert(job, begun);
        Some(live)
    }

    /// Notes that this server begins again with a job, or, if it is not `left`, no longer works on it.
    pub(crate) fn go_on(&self, job: i64, is_left: bool) -> Option<Arc<Live>> {
        let mut all = self.lock();
        if !is_left {
            all.remove(&job);
            return None;
        }
        let begun = self.now();
        let live = Arc::clone(&begun.live);
        all.insert(job, begun);
        Some(live)
    }

    /// Lets the work on a job notice at once that its state was changed.
    pub(crate) fn notice(&self, job: &Job) {
        let Some(begun) = self.begun(job.id) else { return };
        match job.state {
            State::Running => {}
            State::Cancelled => begun.live.cancel(),
            State::Paused | State::Ended => begun.live.stop(),
        }
    }

    fn now(&self) -> Begun {
        Begun { live: Arc::default(), at: self.runs.desk().clock().seconds() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

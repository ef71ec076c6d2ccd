//! What the members of investigations share, as pages and programs show it: [`Comparisons`], which keeps the most recent ones.
//!
//! A comparison is the same as long as the members and their runs are ([`Stamp`]), and the rules for what says little; each request
//! reads only these if it is known. Counts of the own database are those of the moment when it was made, for a while ([`FRESH`]).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use context::weak::Rules;
use edge::problem::Problem;
use store::Store;
use workbench::investigation::shared::{Candidate, Resource, Shared as Common};
use workbench::investigation::{Records, Stamp, behind, compared};
use workbench::{Desk, Error, Workbench};

/// The number of comparisons that are kept, and of their records in total.
const KEPT: usize = 4;
const RECORDS: usize = 400_000;
/// How long counts of the own database are kept, in seconds.
const FRESH: u64 = 300;

/// Compares members; cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Comparisons {
    desk: Desk,
    kept: Arc<Mutex<VecDeque<Arc<Comparison>>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// What the members of an investigation share, with the records that say so.
#[derive(Debug)]
pub(crate) struct Comparison {
    id: i64,
    stamp: Stamp,
    rules: Rules,
    at: u64,
    pub(crate) records: Records,
    pub(crate) shared: Common,
}

impl Comparisons {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk, kept: Arc::default(), turn: Arc::default() }
    }

    /// What the members of an investigation share; `store` counts the names that use it, and the rules tell what says little.
    ///
    /// # Errors
    /// [`Problem`] if there is no such investigation, or the data folder cannot be read.
    pub(crate) async fn of(
        &self,
        store: Option<Arc<dyn Store>>,
        rules: Rules,
        id: i64,
    ) -> Result<Arc<Comparison>, Problem> {
        let stamp = self.desk.read(move |workbench| workbench.records_stamp(id)).await?;
        if let Some(known) = self.known(id, stamp, &rules) {
            return Ok(known);
        }
        let comparisons = self.clone();
        // A separate task, so that the result is kept for other requests even if this one is cancelled.
        let comparing = tokio::spawn(async move {
            let _turn = comparisons.turn.lock().await;
            match comparisons.known(id, stamp, &rules) {
                Some(known) => Ok(known),
                None => comparisons.compare((id, stamp), store, rules).await,
            }
        });
        comparing.await.unwrap_or_else(|_| Err(Problem::internal_page()))
    }

    async fn compare(
        &self,
        (id, stamp): (i64, Stamp),
        store: Option<Arc<dyn Store>>,
        rules: Rules,
    ) -> Result<Arc<Comparison>, Problem> {
        let read = move |workbench: &Workbench| {
            // If the members change meanwhile, the stamp is an old one, and the next request compares again.
            Ok(Arc::new(Comparison { stamp, ..Comparison::read(workbench, id, store.as_deref(), rules)? }))
        };
        let comparison = self.desk.read(read).await?;
        self.keep(&comparison);
        Ok(comparison)
    }

    fn known(&self, id: i64, stamp: Stamp, rules: &Rules) -> Option<Arc<Comparison>> {
        let now = self.desk.clock().seconds();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |one: &&Arc<Comparison>| {
            one.id == id && one.stamp == stamp && one.rules.is_same(rules) && now.abs_diff(one.at) < FRESH
        };
        kept.iter().find(is_same).cloned()
    }

    fn keep(&self, comparison: &Arc<Comparison>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known| known.id != comparison.id);
        kept.push_front(Arc::clone(comparison));
        kept.truncate(KEPT);
        let mut records = 0;
        kept.retain(|known| {
            records += known.records.len();
            records <= RECORDS || Arc::ptr_eq(known, comparison)
        });
    }
}

impl Comparison {
    /// Compares the members of an investigation now; `store` counts the names that use what they share, and the rules tell what says
    /// little. Blocks.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub(crate) fn read(
        workbench: &Workbench,
        id: i64,
        store: Option<&dyn Store>,
        rules: Rules,
    ) -> Result<Self, Error> {
        let (stamp, at) = (workbench.records_stamp(id)?, workbench.clock().seconds());
        let records = workbench.member_records(id)?;
        let shared = compared(&records, store, &rules);
        Ok(Self { id, stamp, rules, at, records, shared })
    }

    /// Who else is behind these resources, in the answers and in the own database. Blocks.
    pub(crate) fn candidates(&self, resources: &[Resource], store: Option<&dyn Store>) -> Vec<Candidate> {
        behind(&self.records, resources, store)
    }
}

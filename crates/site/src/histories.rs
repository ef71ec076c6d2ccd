//! The histories that pages and programs show: [`Histories`], which keeps the most recent ones.
//!
//! A history is the same as long as the runs that it depends on are, so each request reads these, and nothing else if the history
//! is known. One history is read at a time.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cof::Record;
use edge::problem::Problem;
use operation::{Finding, Indicator};
use workbench::history::{APART, Agreement, History, Proposals, Standing};
use workbench::{Desk, Workbench};

use crate::content::{Content, Prepared};
use crate::job::SHOWN;

/// The number of histories that are kept, and of the records of their answers in total.
const KEPT: usize = 8;
const RECORDS: usize = 300_000;

/// Reads histories; cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Histories {
    desk: Desk,
    kept: Arc<Mutex<VecDeque<Arc<HistoryAnswer>>>>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

/// A history with its findings and the prepared content of its pages.
#[derive(Debug)]
pub(crate) struct HistoryAnswer {
    pub(crate) history: History,
    pub(crate) proposals: Proposals,
    /// What it depends on.
    standings: Vec<Standing>,
    agreements: OnceLock<Vec<Agreement>>,
    prepared: Prepared,
}

impl Histories {
    pub(crate) fn new(desk: Desk) -> Self {
        Self { desk, kept: Arc::default(), turn: Arc::default() }
    }

    /// The history of an indicator.
    ///
    /// # Errors
    /// [`Problem`] if the data folder cannot be read.
    pub(crate) async fn of(&self, indicator: &Indicator) -> Result<Arc<HistoryAnswer>, Problem> {
        let about = indicator.clone();
        let standings = self.desk.read(move |workbench| workbench.standings(&about)).await?;
        if let Some(known) = self.known(indicator, &standings) {
            return Ok(known);
        }
        // A separate task, so that the result is kept for other requests even if this one is cancelled.
        let (histories, about) = (self.clone(), indicator.clone());
        let reading = tokio::spawn(async move {
            let _turn = histories.turn.lock().await;
            match histories.known(&about, &standings) {
                Some(known) => Ok(known),
                None => histories.read(about, standings).await,
            }
        });
        reading.await.unwrap_or_else(|_| Err(Problem::internal_page()))
    }

    async fn read(
        &self,
        indicator: Indicator,
        standings: Vec<Standing>,
    ) -> Result<Arc<HistoryAnswer>, Problem> {
        let read = move |workbench: &Workbench| {
            let history = workbench.history(&indicator, SHOWN)?;
            let proposals = workbench.proposals(&history)?;
            let (agreements, prepared) = (OnceLock::new(), Prepared::default());
            let answer = HistoryAnswer { history, proposals, standings, agreements, prepared };
            // Computed here, where nothing waits; otherwise a page would do it while others wait.
            let _ = (answer.figures(), answer.timeline(), answer.agreements());
            Ok(Arc::new(answer))
        };
        let answer = self.desk.read(read).await?;
        self.keep(&answer);
        Ok(answer)
    }

    fn known(&self, indicator: &Indicator, standings: &[Standing]) -> Option<Arc<HistoryAnswer>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|one| one.history.indicator == *indicator && one.standings == standings).cloned()
    }

    fn keep(&self, answer: &Arc<HistoryAnswer>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|known| known.history.indicator != answer.history.indicator);
        kept.push_front(Arc::clone(answer));
        kept.truncate(KEPT);
        let mut records = 0;
        kept.retain(|known| {
            records += known.size();
            records <= RECORDS || Arc::ptr_eq(known, answer)
        });
    }
}

impl HistoryAnswer {
    /// Whether the answers agree about each record.
    pub(crate) fn agreements(&self) -> &[Agreement] {
        let places = 0..self.history.records.len();
        self.agreements.get_or_init(|| places.map(|place| self.history.agreement(place, APART)).collect())
    }

    /// The number of records of all its answers.
    fn size(&self) -> usize {
        self.history.parts.iter().map(workbench::history::Part::len).sum::<usize>()
            + self.history.records.len()
    }
}

impl Content for HistoryAnswer {
    fn asked(&self) -> Option<&Indicator> {
        Some(&self.history.indicator)
    }

    fn records(&self) -> &[Record] {
        &self.history.records
    }

    fn flagged(&self) -> HashSet<usize> {
        let findings = self.proposals.list.iter().map(|proposal| &proposal.finding);
        let flagged = findings.filter(|finding| !finding.is_selected()).filter_map(|finding| match finding {
            Finding::Indicator { records, .. } => Some(records),
            _ => None,
        });
        flagged.flatten().copied().collect()
    }

    fn prepared(&self) -> &Prepared {
        &self.prepared
    }
}

//! Compares a history with the one before it.

use cof::Record;
use operation::Dedup;

use super::History;
use crate::run::{Difference, Run, compare};
use crate::{Error, Workbench};

/// What is new, gone or different since the answers before those of a history.
///
/// Only operations with an earlier complete answer to the same query are compared: the records of a new operation would all be
/// new, and say nothing about what has changed.
#[derive(Clone, Debug)]
pub struct HistoryChanges {
    /// The earlier run of each operation that is compared.
    pub since: Vec<Run>,
    /// The sources of the operations that have no earlier answer.
    pub without: Vec<String>,
    /// Records that no earlier answer has.
    pub new: Vec<Record>,
    /// Records that only earlier answers have; `None` if an answer is not complete.
    pub gone: Option<Vec<Record>>,
    /// Records with different times or counts.
    pub different: Vec<Difference>,
}

impl Workbench {
    /// The changes since the earlier answers to the same queries; `None` if there are none.
    ///
    /// # Errors
    /// [`Error::Evidence`] if an earlier answer is lost.
    pub fn history_changes(&self, history: &History) -> Result<Option<HistoryChanges>, Error> {
        let (mut since, mut without) = (Vec::new(), Vec::new());
        let (mut before, mut now) = (Dedup::default(), Dedup::default());
        let mut is_complete = true;
        for kept in history.parts.iter().filter_map(|part| part.kept.as_ref()) {
            // Two operations may query the same address.
            let is_own = |earlier: &Run| earlier.operation() == kept.run.operation();
            let Some(earlier) = self.comparable(&kept.run)?.into_iter().find(is_own) else {
                without.push(kept.run.source.clone());
                continue;
            };
            add(&mut before, self.records_as_in(&earlier, &kept.run)?);
            add(&mut now, kept.records.clone());
            is_complete &= kept.run.ending.is_complete();
            since.push(earlier);
        }
        if since.is_empty() {
            return Ok(None);
        }
        let (before, now) = (before.into_records(), now.into_records());
        let (new, gone, different) = compare(&before, &now, is_complete);
        Ok(Some(HistoryChanges { since, without, new, gone, different }))
    }
}

fn add(merged: &mut Dedup, records: Vec<Record>) {
    for record in records {
        merged.add(record);
    }
}

//! Removes what a run added, and nothing else.

use std::collections::BTreeSet;

use serde_json::json;

use crate::database::{Change, Problem, derive_figures};
use crate::library::Status;
use crate::{Error, Workbench};

/// The result of undoing a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Claims of the run that were removed.
    pub claims: u64,
    /// Indicators that were removed.
    pub indicators: u64,
    /// Attributes that were removed.
    pub attributes: u64,
    /// Relationships that were removed.
    pub relationships: u64,
    /// Claims of the run that stay, because other sources also have them or a user has edited the indicator since.
    pub kept: u64,
}

/// A kind of claimed rows.
struct Kind {
    /// Selects the rows that a run claims.
    claimed: &'static str,
    /// Removes the run's claims on a row.
    unclaim: &'static str,
    /// Deletes a row that nothing refers to.
    sweep: &'static str,
}

const ATTRIBUTES: Kind = Kind {
    claimed: "SELECT DISTINCT attribute FROM attribute_claims WHERE run = ?",
    unclaim: "DELETE FROM attribute_claims WHERE attribute = ? AND run = ?",
    sweep: "DELETE FROM attributes WHERE id = ?1 \
            AND NOT EXISTS (SELECT 1 FROM attribute_claims WHERE attribute = ?1)",
};
const RELATIONSHIPS: Kind = Kind {
    claimed: "SELECT DISTINCT relationship FROM relationship_claims WHERE run = ?",
    unclaim: "DELETE FROM relationship_claims WHERE relationship = ? AND run = ?",
    sweep: "DELETE FROM relationships WHERE id = ?1 \
            AND NOT EXISTS (SELECT 1 FROM relationship_claims WHERE relationship = ?1)",
};
const INDICATORS: Kind = Kind {
    claimed: "SELECT DISTINCT indicator FROM indicator_claims \
              WHERE source IN (SELECT id FROM sources) AND run = ?",
    unclaim: "DELETE FROM indicator_claims WHERE indicator = ? AND run = ?",
    // A status or a marking that runs do not set, a removal, a tag, a note or an investigation shows that a user worked with it.
    sweep: "DELETE FROM indicators WHERE id = ?1 AND status = ?2 AND removed_at IS NULL AND tlp IS NULL \
            AND NOT EXISTS (SELECT 1 FROM indicator_claims WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM attributes WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM relationships WHERE from_id = ?1) \
            AND NOT EXISTS (SELECT 1 FROM relationships WHERE to_id = ?1) \
            AND NOT EXISTS (SELECT 1 FROM indicator_tags WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM notes WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM members WHERE indicator = ?1)",
};
/// The indicators that have attributes and relationships of a run.
const CARRIERS: [&str; 2] = [
    "SELECT DISTINCT a.indicator FROM attribute_claims c JOIN attributes a ON a.id = c.attribute WHERE c.run = ?",
    "SELECT r.from_id FROM relationship_claims c JOIN relationships r ON r.id = c.relationship WHERE c.run = ?1 \
     UNION SELECT r.to_id FROM relationship_claims c JOIN relationships r ON r.id = c.relationship WHERE c.run = ?1",
];

impl Workbench {
    /// Removes what a run added. What other sources claim stays; undoing twice changes nothing.
    ///
    /// # Errors
    /// [`Error`], with nothing removed.
    pub fn undo(&mut self, run: i64) -> Result<Undone, Error> {
        self.change(|change| {
            let [asked, joined] = CARRIERS.map(|sql| change.rows_of(sql, run));
            let (asked, claimed) = (asked?, change.rows_of(INDICATORS.claimed, run)?);
            let mut undone = Undone::default();
            undone.attributes = change.take_back(&ATTRIBUTES, run, &mut undone)?;
            undone.relationships = change.take_back(&RELATIONSHIPS, run, &mut undone)?;
            for id in &claimed {
                undone.claims += change.execute(INDICATORS.unclaim, (id, run))?;
            }
            // Recorded before rows are deleted, because the names of the queried indicators may be gone afterwards.
            change.write_down(run, &asked, &undone)?;
            // Every indicator that lost something may have no claims left.
            let joined = joined?;
            let touched: BTreeSet<i64> = claimed.iter().chain(&asked).chain(&joined).copied().collect();
            for id in &joined {
                derive_figures(&change.transaction, Some(*id))?;
            }
            let claimed: BTreeSet<i64> = claimed.into_iter().collect();
            for id in touched {
                let gone = change.execute(INDICATORS.sweep, (id, Status::Indirect.code()))?;
                undone.indicators += gone;
                undone.kept += u64::from(gone == 0 && claimed.contains(&id));
            }
            Ok(undone)
        })
    }
}

impl Change<'_> {
    fn rows_of(&self, sql: &str, run: i64) -> Result<Vec<i64>, Problem> {
        let mut statement = self.transaction.prepare_cached(sql)?;
        let rows = statement.query_map([run], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn execute(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<u64, Problem> {
        let changed = self.transaction.prepare_cached(sql)?.execute(parameters)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Removes a run's claims of one kind; returns how many rows were deleted.
    fn take_back(&self, kind: &Kind, run: i64, undone: &mut Undone) -> Result<u64, Problem> {
        let rows = self.rows_of(kind.claimed, run)?;
        let mut gone = 0;
        for row in &rows {
            undone.claims += self.execute(kind.unclaim, (row, run))?;
            gone += self.execute(kind.sweep, [row])?;
        }
        undone.kept += u64::try_from(rows.len()).unwrap_or(u64::MAX).saturating_sub(gone);
        Ok(gone)
    }

    /// Updates the time of the indicators that the run queried, and records the undo.
    fn write_down(&self, run: i64, asked: &[i64], undone: &Undone) -> Result<(), Problem> {
        if undone.claims == 0 {
            return Ok(());
        }
        let detail = json!({
            "run": run,
            "claims": undone.claims,
            "attributes": undone.attributes,
            "relationships": undone.relationships,
        });
        self.execute("UPDATE runs SET undone_at = ? WHERE id = ?", (self.at, run))?;
        self.audit("run.undo", &format!("run {run}"), &detail)?;
        for id in asked {
            self.touch(*id)?;
            let sql = "SELECT value FROM indicators WHERE id = ?";
            let value: String = self.transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
            self.audit("run.undo", &value, &detail)?;
        }
        Ok(())
    }
}

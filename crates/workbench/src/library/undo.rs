//! Taking back what a run added, and nothing else.

use std::collections::BTreeSet;

use serde_json::json;

use crate::database::{Change, Problem};
use crate::library::Status;
use crate::{Error, Workbench};

/// What undoing a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Claims of the run that were taken back.
    pub claims: u64,
    /// Indicators that are gone.
    pub indicators: u64,
    /// Attributes that are gone.
    pub attributes: u64,
    /// Relationships that are gone.
    pub relationships: u64,
    /// Claims of the run that stay, because other sources also have them or a user has edited the indicator since.
    pub kept: u64,
}

/// A kind of thing that is claimed.
struct Kind {
    /// Selects the rows that a run claims.
    claimed: &'static str,
    /// Takes the run's claims on a row back.
    unclaim: &'static str,
    /// Deletes a row that nothing keeps.
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
    // A status that no run gives, a removal and a note are somebody's work.
    sweep: "DELETE FROM indicators WHERE id = ?1 AND status = ?2 AND removed_at IS NULL \
            AND NOT EXISTS (SELECT 1 FROM indicator_claims WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM attributes WHERE indicator = ?1) \
            AND NOT EXISTS (SELECT 1 FROM relationships WHERE from_id = ?1) \
            AND NOT EXISTS (SELECT 1 FROM relationships WHERE to_id = ?1) \
            AND NOT EXISTS (SELECT 1 FROM notes WHERE indicator = ?1)",
};
/// The indicators that attributes and relationships of a run hang on.
const CARRIERS: [&str; 2] = [
    "SELECT DISTINCT a.indicator FROM attribute_claims c JOIN attributes a ON a.id = c.attribute WHERE c.run = ?",
    "SELECT r.from_id FROM relationship_claims c JOIN relationships r ON r.id = c.relationship WHERE c.run = ?1 \
     UNION SELECT r.to_id FROM relationship_claims c JOIN relationships r ON r.id = c.relationship WHERE c.run = ?1",
];

impl Workbench {
    /// Takes back what a run added. What others have added to it stays; undoing twice changes nothing.
    ///
    /// # Errors
    /// [`Error`], with nothing taken back.
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
            // Before anything is swept: then the names of what was asked about are gone.
            change.write_down(run, &asked, &undone)?;
            // Whatever lost something may have nothing left.
            let touched: BTreeSet<i64> = claimed.iter().chain(&asked).chain(&joined?).copied().collect();
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

    /// Takes a run's claims on one kind back; returns how many rows are gone.
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

    /// Dates the indicators that a run was asked about, and writes down that it was undone.
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

//! Adds indicators by hand: one, or many in one transaction.

use std::collections::{BTreeSet, HashSet};

use operation::{Indicator, Tlp};
use serde_json::json;

use crate::database::{Change, Problem, derive_figures};
use crate::indicator_key::{sort_key, type_code};
use crate::library::Status;
use crate::library::entry::{Place, find};
use crate::library::source::NO_RUN;
use crate::{Error, Workbench};

/// The result of adding an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It existed already; its status is unchanged.
    Known,
    /// It is new.
    New,
    /// It had been removed and was restored.
    Restored,
}

/// An added indicator, the result, and its status after that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adding {
    /// The indicator.
    pub indicator: Indicator,
    /// The result.
    pub outcome: Outcome,
    /// Its status now.
    pub status: Status,
    /// Who may see it now: the stricter of what it had and what was given.
    pub tlp: Option<Tlp>,
}

impl Adding {
    /// What adding an indicator does, given its row in the library.
    fn of(place: Option<&Place>, indicator: &Indicator, status: Status, tlp: Option<Tlp>) -> Self {
        let (outcome, status) = match place {
            None => (Outcome::New, status),
            Some(place) if place.removed => (Outcome::Restored, place.status),
            Some(place) => (Outcome::Known, place.status),
        };
        let tlp = place.and_then(|place| place.tlp).max(tlp);
        Self { indicator: indicator.clone(), outcome, status, tlp }
    }
}

impl Outcome {
    /// Its word in outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
            Self::Restored => "restored",
        }
    }
}

impl Workbench {
    /// What [`Self::add_indicators`] would do now, for each indicator; changes nothing. A repeated indicator is known the
    /// second time.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn preview_indicators(
        &self,
        indicators: &[Indicator],
        status: Status,
        tlp: Option<Tlp>,
    ) -> Result<Vec<Adding>, Error> {
        self.read(|database| {
            let mut met = HashSet::new();
            let preview = |indicator| {
                let adding = Adding::of(find(database, indicator)?.as_ref(), indicator, status, tlp);
                let outcome = if met.insert(indicator) { adding.outcome } else { Outcome::Known };
                Ok(Adding { outcome, ..adding })
            };
            indicators.iter().map(preview).collect()
        })
    }

    /// Adds indicators with a claim of the current actor, all or none of them. New ones get the status; existing ones keep
    /// theirs and get another source.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_indicators(&mut self, indicators: &[Indicator], status: Status) -> Result<Vec<Adding>, Error> {
        self.add_marked(indicators, status, None)
    }

    /// Like [`Self::add_indicators`], with a level for each of them. Adding never makes a marking less strict: an indicator that
    /// has a stricter one keeps it.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_marked(
        &mut self,
        indicators: &[Indicator],
        status: Status,
        tlp: Option<Tlp>,
    ) -> Result<Vec<Adding>, Error> {
        self.change(|change| {
            let source = change.source(change.actor)?;
            indicators.iter().map(|indicator| change.add_by_hand(indicator, status, tlp, source)).collect()
        })
    }
}

impl Change<'_> {
    /// Adds an indicator with a claim of a source that is not a run.
    pub(crate) fn add_by_hand(
        &self,
        indicator: &Indicator,
        status: Status,
        tlp: Option<Tlp>,
        source: i64,
    ) -> Result<Adding, Problem> {
        let place = find(&self.transaction, indicator)?;
        let adding = Adding::of(place.as_ref(), indicator, status, tlp);
        let marked = adding.tlp != place.and_then(|place| place.tlp);
        let id = match place {
            None => self.insert_indicator(indicator, status)?,
            Some(place) => place.id,
        };
        if adding.outcome == Outcome::Restored {
            self.bring_back(id)?;
        }
        if marked {
            self.mark(id, adding.tlp)?;
        }
        let claimed = self.claim_indicator(id, source, NO_RUN)?;
        if claimed || marked || adding.outcome != Outcome::Known {
            let mut detail = json!({"outcome": adding.outcome.word(), "status": adding.status.name()});
            if let (true, Some(members)) = (marked, detail.as_object_mut()) {
                members.insert("tlp".to_owned(), adding.tlp.map(Tlp::word).into());
            }
            self.audit("indicator.add", &indicator.to_string(), &detail)?;
        }
        Ok(adding)
    }

    /// Inserts a new row; the indicator must not exist.
    pub(super) fn insert_indicator(&self, indicator: &Indicator, status: Status) -> Result<i64, Problem> {
        let sql = "INSERT INTO indicators (type, value, sort_key, status, created_at, updated_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
        let kind = type_code(indicator.kind());
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((kind, indicator.to_string(), sort_key(indicator), status.code(), self.at))?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Undoes a removal.
    pub(super) fn bring_back(&self, id: i64) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET removed_at = NULL, updated_at = ? WHERE id = ?";
        self.transaction.prepare_cached(sql)?.execute((self.at, id))?;
        self.count_for_others(id)
    }

    /// Adds the relationships with an indicator that was brought back to the figures of those that have them.
    fn count_for_others(&self, id: i64) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET related = related + \
                     (SELECT count(*) FROM relationships WHERE from_id = ?1 AND to_id = indicators.id) + \
                     (SELECT count(*) FROM relationships WHERE from_id = indicators.id AND to_id = ?1), \
                   last_seen = max(last_seen, \
                     coalesce((SELECT max(last_seen_of(c.attributes)) FROM relationships r \
                       JOIN relationship_claims c ON c.relationship = r.id \
                       WHERE r.from_id = ?1 AND r.to_id = indicators.id), 0), \
                     coalesce((SELECT max(last_seen_of(c.attributes)) FROM relationships r \
                       JOIN relationship_claims c ON c.relationship = r.id \
                       WHERE r.from_id = indicators.id AND r.to_id = ?1), 0)) \
                   WHERE id IN (SELECT to_id FROM relationships WHERE from_id = ?1 \
                                UNION SELECT from_id FROM relationships WHERE to_id = ?1)";
        self.transaction.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }

    /// Derives the figures of those that have relationships with indicators that were removed, each once: many may be removed that
    /// have one in common.
    pub(super) fn derive_for_others(&self, removed: &[i64]) -> Result<(), Problem> {
        let sql = "SELECT to_id FROM relationships WHERE from_id = ?1 \
                   UNION SELECT from_id FROM relationships WHERE to_id = ?1";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let mut others: BTreeSet<i64> = BTreeSet::new();
        for id in removed {
            let rows = statement.query_map([id], |row| row.get(0))?;
            others.extend(rows.collect::<Result<Vec<i64>, _>>()?);
        }
        for id in others {
            derive_figures(&self.transaction, Some(id))?;
        }
        Ok(())
    }

    /// Records that something about an indicator changed.
    pub(super) fn touch(&self, id: i64) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET updated_at = ?1 WHERE id = ?2 AND updated_at <> ?1";
        self.transaction.prepare_cached(sql)?.execute((self.at, id))?;
        Ok(())
    }
}

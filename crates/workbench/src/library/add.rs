//! Adding indicators by hand: one, or many in one transaction.

use std::collections::HashSet;

use operation::Indicator;
use serde_json::json;

use crate::database::{Change, Problem};
use crate::indicator_key::{sort_key, type_code};
use crate::library::Status;
use crate::library::entry::{Place, find};
use crate::library::source::NO_RUN;
use crate::{Error, Workbench};

/// What adding an indicator came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there already; its status stays.
    Known,
    /// It is new.
    New,
    /// It had been removed and was restored.
    Restored,
}

/// An indicator that was added, what that came to, and the status that it has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adding {
    /// What it is.
    pub indicator: Indicator,
    /// What it came to.
    pub outcome: Outcome,
    /// What is said about it now.
    pub status: Status,
}

impl Adding {
    /// What adding an indicator does, given its row in the library.
    fn of(place: Option<&Place>, indicator: &Indicator, status: Status) -> Self {
        let (outcome, status) = match place {
            None => (Outcome::New, status),
            Some(place) if place.removed => (Outcome::Restored, place.status),
            Some(place) => (Outcome::Known, place.status),
        };
        Self { indicator: indicator.clone(), outcome, status }
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
    /// What [`Self::add_indicators`] would do now, one by one; changes nothing. What stands twice is known the second time.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be read.
    pub fn preview_indicators(&self, indicators: &[Indicator], status: Status) -> Result<Vec<Adding>, Error> {
        self.read(|database| {
            let mut met = HashSet::new();
            let preview = |indicator| {
                let adding = Adding::of(find(database, indicator)?.as_ref(), indicator, status);
                let outcome = if met.insert(indicator) { adding.outcome } else { Outcome::Known };
                Ok(Adding { outcome, ..adding })
            };
            indicators.iter().map(preview).collect()
        })
    }

    /// Adds indicators on the word of whoever works here, all or none. New ones get the status; those that are there
    /// keep theirs, and another source.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_indicators(&mut self, indicators: &[Indicator], status: Status) -> Result<Vec<Adding>, Error> {
        self.change(|change| {
            let source = change.source(change.actor)?;
            indicators.iter().map(|indicator| change.add_by_hand(indicator, status, source)).collect()
        })
    }
}

impl Change<'_> {
    fn add_by_hand(&self, indicator: &Indicator, status: Status, source: i64) -> Result<Adding, Problem> {
        let place = find(&self.transaction, indicator)?;
        let adding = Adding::of(place.as_ref(), indicator, status);
        let id = match place {
            None => self.insert_indicator(indicator, status)?,
            Some(place) => place.id,
        };
        if adding.outcome == Outcome::Restored {
            self.bring_back(id)?;
        }
        let claimed = self.claim_indicator(id, source, NO_RUN)?;
        if claimed || adding.outcome != Outcome::Known {
            let detail = json!({"outcome": adding.outcome.word(), "status": adding.status.name()});
            self.audit("indicator.add", &indicator.to_string(), &detail)?;
        }
        Ok(adding)
    }

    /// A new row; it must not be there.
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
        Ok(())
    }

    /// Notes that something about an indicator changed.
    pub(super) fn touch(&self, id: i64) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET updated_at = ?1 WHERE id = ?2 AND updated_at <> ?1";
        self.transaction.prepare_cached(sql)?.execute((self.at, id))?;
        Ok(())
    }
}

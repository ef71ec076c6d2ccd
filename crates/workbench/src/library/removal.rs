//! Indicators that were removed together, and undoing that: [`Removal`].
//!
//! A removal is one change, whose entries in the audit trail follow each other. It is identified by the first and the last of them, so
//! nothing more is stored, and undoing it brings back exactly what it removed: not what had been removed before, and not what somebody
//! has removed again since. Users undo their own removals; others restore indicators.
//!
//! Errors: [`Error::Refused`] if there is no such removal of the current actor.

use std::fmt;
use std::str::FromStr;

use operation::Indicator;
use rusqlite::{Connection, OptionalExtension as _};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::library::entry::{find, stored_indicator};
use crate::{Error, Workbench};

/// The action of its entries.
const ACTION: &str = "indicator.remove";
/// The most indicators of a removal that is undone at once: more than can be removed at once.
const MOST: i64 = 100_000;

/// Indicators that were removed together. It is written as `FIRST-LAST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The first of its entries in the audit trail.
    first: i64,
    /// The last one.
    last: i64,
}

/// What removing several indicators did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// How many were present.
    pub count: usize,
    /// How to undo it; `None` if none was.
    pub removal: Option<Removal>,
}

impl Workbench {
    /// How many indicators of a removal by this user can be brought back; `None` if there is no such removal.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn undoable(&self, removal: Removal, actor: &str) -> Result<Option<usize>, Error> {
        self.read(|database| Ok(removal.indicators(database, actor)?.map(|indicators| indicators.len())))
    }

    /// Brings back what a removal of the current actor removed, as it was; returns how many indicators these were.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such removal.
    pub fn undo_removal(&mut self, removal: Removal) -> Result<usize, Error> {
        self.change(|change| {
            let Some(indicators) = removal.indicators(&change.transaction, change.actor)? else {
                return Err(Problem::missing(
                    "there is no such removal of yours: restore indicators in the list of removed ones",
                ));
            };
            for indicator in &indicators {
                change.undo_removal(indicator)?;
            }
            Ok(indicators.len())
        })
    }
}

impl Change<'_> {
    /// What has just been removed, after `count` indicators, each of which wrote an entry.
    pub(super) fn removed(&self, count: usize) -> Result<Removed, Problem> {
        let last: i64 =
            self.transaction.query_row("SELECT coalesce(max(id), 0) FROM audit", [], |row| row.get(0))?;
        let more = i64::try_from(count).unwrap_or(i64::MAX).saturating_sub(1);
        let removal = (count > 0).then(|| Removal { first: last.saturating_sub(more), last });
        Ok(Removed { count, removal })
    }

    fn undo_removal(&self, indicator: &Indicator) -> Result<(), Problem> {
        let Some(place) = find(&self.transaction, indicator)?.filter(|place| place.removed) else {
            return Ok(());
        };
        self.bring_back(place.id)?;
        self.audit("indicator.undo-removal", &indicator.to_string(), &json!({}))
    }
}

impl Removal {
    /// What it removed and is still removed since then; `None` if these entries are no removal by this user.
    fn indicators(self, database: &Connection, actor: &str) -> Result<Option<Vec<Indicator>>, Problem> {
        if self.first > self.last || self.last.saturating_sub(self.first) >= MOST {
            return Ok(None);
        }
        let sql = "SELECT at, actor, action, subject FROM audit WHERE id BETWEEN ? AND ? ORDER BY id";
        let mut statement = database.prepare_cached(sql)?;
        let mut rows = statement.query([self.first, self.last])?;
        let (mut found, mut times) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(0)?;
            let is_ours = row.get_ref(1)?.as_str().is_ok_and(|who| who == actor)
                && row.get_ref(2)?.as_str().is_ok_and(|action| action == ACTION);
            if !is_ours {
                return Ok(None);
            }
            times.push(at);
            let subject: String = row.get(3)?;
            if is_undone_by(database, &subject, self.last, at)? {
                found.push(stored_indicator(&subject)?);
            }
        }
        let is_whole = times.len() as u64 == self.first.abs_diff(self.last).saturating_add(1);
        let is_one_change = times.iter().min() == times.iter().max();
        Ok((is_whole && is_one_change).then_some(found))
    }
}

/// Whether an indicator was removed at that time, and not removed again after this entry.
fn is_undone_by(database: &Connection, value: &str, last: i64, at: i64) -> Result<bool, Problem> {
    let sql = "SELECT 1 FROM indicators WHERE sort_key = ?1 AND removed_at = ?2 AND NOT EXISTS ( \
                 SELECT 1 FROM audit WHERE subject = ?3 AND action = ?4 AND id > ?5)";
    let key = crate::indicator_key::sort_key(&stored_indicator(value)?);
    let row = (key, at, value, ACTION, last);
    Ok(database.prepare_cached(sql)?.query_row(row, |_| Ok(())).optional()?.is_some())
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for Removal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (first, last) = text.split_once('-')?;
            Some(Self { first: first.parse().ok()?, last: last.parse().ok()? })
        };
        read().ok_or_else(|| Error::invalid("this is no removal: open the page again"))
    }
}

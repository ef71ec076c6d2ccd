//! What people do to one indicator by hand: give it a status, write a note, remove and restore it.
//!
//! Nothing of this happens to an indicator that the library does not have: that is refused.

use operation::Indicator;
use serde_json::json;

use crate::database::Problem;
use crate::library::Status;
use crate::library::entry::{find, find_present};
use crate::library::source::NO_RUN;
use crate::{Error, Workbench};

/// The longest note, in characters: a page or two. What is longer is a document.
const LONGEST_NOTE: usize = 10_000;

impl Workbench {
    /// Gives an indicator a status; returns the one it had.
    ///
    /// # Errors
    /// [`Error::Refused`], when it is not in the library.
    pub fn set_status(&mut self, indicator: &Indicator, status: Status) -> Result<Status, Error> {
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            if place.status != status {
                let sql = "UPDATE indicators SET status = ?, updated_at = ? WHERE id = ?";
                change.transaction.prepare_cached(sql)?.execute((status.code(), change.at, place.id))?;
                let detail = json!({"before": place.status.name(), "after": status.name()});
                change.audit("indicator.status", &indicator.to_string(), &detail)?;
            }
            Ok(place.status)
        })
    }

    /// Writes a note on an indicator.
    ///
    /// # Errors
    /// [`Error::Refused`], when it is not in the library, or the note is empty or longer than 10,000 characters.
    pub fn note(&mut self, indicator: &Indicator, text: &str) -> Result<(), Error> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > LONGEST_NOTE {
            return Err(Error::invalid(format!("a note must have 1 to {LONGEST_NOTE} characters")));
        }
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            let sql = "INSERT INTO notes (indicator, at, actor, text) VALUES (?, ?, ?, ?)";
            change.transaction.prepare_cached(sql)?.execute((place.id, change.at, change.actor, text))?;
            change.touch(place.id)?;
            change.audit("indicator.note", &indicator.to_string(), &json!({}))
        })
    }

    /// Removes an indicator from the library; says whether it was there. It can be restored with all it had.
    ///
    /// # Errors
    /// [`Error::Refused`], when the library never had it.
    pub fn remove_indicator(&mut self, indicator: &Indicator) -> Result<bool, Error> {
        self.change(|change| {
            let Some(place) = find(&change.transaction, indicator)? else {
                return Err(Problem::missing(format!("{indicator} is not in the library")));
            };
            if !place.removed {
                let sql = "UPDATE indicators SET removed_at = ?1, updated_at = ?1 WHERE id = ?2";
                change.transaction.prepare_cached(sql)?.execute((change.at, place.id))?;
                change.audit("indicator.remove", &indicator.to_string(), &json!({}))?;
            }
            Ok(!place.removed)
        })
    }

    /// Brings a removed indicator back as it was, on the word of whoever works here; says whether it was removed.
    ///
    /// # Errors
    /// [`Error::Refused`], when the library never had it.
    pub fn restore_indicator(&mut self, indicator: &Indicator) -> Result<bool, Error> {
        self.change(|change| {
            let Some(place) = find(&change.transaction, indicator)? else {
                return Err(Problem::missing(format!("{indicator} was not removed")));
            };
            if place.removed {
                change.bring_back(place.id)?;
                change.claim_indicator(place.id, change.source(change.actor)?, NO_RUN)?;
                change.audit("indicator.restore", &indicator.to_string(), &json!({}))?;
            }
            Ok(place.removed)
        })
    }
}

//! Changes that users make to one indicator: setting its status, writing a note, removing and restoring it.
//!
//! All of them are refused if the indicator is not in the library.

use operation::Indicator;
use serde_json::json;

use crate::database::Problem;
use crate::library::Status;
use crate::library::entry::{find, find_present};
use crate::library::source::NO_RUN;
use crate::{Error, Workbench};

/// The longest note, in characters: a page or two. Longer text is a document.
const LONGEST_NOTE: usize = 10_000;

impl Workbench {
    /// Sets the status of an indicator; returns the previous one.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library.
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

    /// Adds a note to an indicator.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library, or the note is empty or longer than 10,000 characters.
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

    /// Removes an indicator from the library; returns whether it was present. It can be restored with everything it had.
    ///
    /// # Errors
    /// [`Error::Refused`] if it never was in the library.
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

    /// Restores a removed indicator, with a claim of the current actor; returns whether it was removed.
    ///
    /// # Errors
    /// [`Error::Refused`] if it never was in the library.
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

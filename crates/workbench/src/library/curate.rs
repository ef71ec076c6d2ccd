//! Changes that users make to one indicator: setting its status or who may see it, writing a note, removing and restoring it.
//!
//! All of them are refused if the indicator is not in the library.

use operation::{Indicator, Marking, Tlp};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::library::Status;
use crate::library::entry::{Place, find, find_present};
use crate::library::source::NO_RUN;
use crate::{Error, Workbench};

/// The longest note, in characters: a page or two. Longer text is a document.
pub(crate) const LONGEST_NOTE: usize = 10_000;

/// What a user sets of an indicator, and what it had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its status; `None` leaves it.
    pub status: Option<Status>,
    /// Who may see it; `None` leaves it. Only here can a marking become less strict.
    pub tlp: Option<Marking>,
}

/// Status and marking of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// Who may see it; `None` if nobody said.
    pub tlp: Option<Tlp>,
}

impl Workbench {
    /// Sets status and marking of an indicator; returns what it had before, and what it has now.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library.
    pub fn set_indicator(
        &mut self,
        indicator: &Indicator,
        setting: Setting,
    ) -> Result<(Standing, Standing), Error> {
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            let before = Standing { status: place.status, tlp: place.tlp };
            let after = Standing {
                status: setting.status.unwrap_or(before.status),
                tlp: setting.tlp.map_or(before.tlp, |marking| marking.0),
            };
            change.set(indicator, &place, after)?;
            Ok((before, after))
        })
    }

    /// Sets the status of an indicator; returns the previous one.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library.
    pub fn set_status(&mut self, indicator: &Indicator, status: Status) -> Result<Status, Error> {
        let setting = Setting { status: Some(status), tlp: None };
        self.set_indicator(indicator, setting).map(|(before, _)| before.status)
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

impl Change<'_> {
    fn set(&self, indicator: &Indicator, place: &Place, after: Standing) -> Result<(), Problem> {
        let subject = indicator.to_string();
        if place.status != after.status {
            let sql = "UPDATE indicators SET status = ?, updated_at = ? WHERE id = ?";
            self.transaction.prepare_cached(sql)?.execute((after.status.code(), self.at, place.id))?;
            let detail = json!({"before": place.status.name(), "after": after.status.name()});
            self.audit("indicator.status", &subject, &detail)?;
        }
        if place.tlp != after.tlp {
            self.mark(place.id, after.tlp)?;
            let [before, now] = [place.tlp, after.tlp].map(|tlp| Marking(tlp).word());
            self.audit("indicator.tlp", &subject, &json!({"before": before, "after": now}))?;
        }
        Ok(())
    }

    /// Writes who may see an indicator.
    pub(super) fn mark(&self, id: i64, tlp: Option<Tlp>) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET tlp = ?, updated_at = ? WHERE id = ?";
        self.transaction.prepare_cached(sql)?.execute((tlp.map(Tlp::word), self.at, id))?;
        Ok(())
    }
}

//! Changes that users make to indicators: setting status, tags or who may see them, writing a note, removing and restoring them.
//!
//! Several indicators are changed in one transaction, all or none of them, each with its own entry in the audit trail. All changes are
//! refused if an indicator is not in the library.

use operation::{Indicator, Marking, Tlp};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::library::entry::{Place, find, find_present};
use crate::library::source::NO_RUN;
use crate::library::tag::tags_of;
use crate::library::{Removed, Status, Tag};
use crate::{Error, Workbench};

/// The longest note, in characters: a page or two. Longer text is a document.
pub(crate) const LONGEST_NOTE: usize = 10_000;

/// What a user sets of an indicator, and what it had before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// Its status; `None` leaves it.
    pub status: Option<Status>,
    /// Who may see it; `None` leaves it. Only here can a marking become less strict.
    pub tlp: Option<Marking>,
    /// Tags that it gets.
    pub tag: Vec<Tag>,
    /// Tags that it loses, before it gets others.
    pub untag: Vec<Tag>,
}

/// Status, marking and tags of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: Status,
    /// Who may see it; `None` if nobody said.
    pub tlp: Option<Tlp>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
}

impl Workbench {
    /// Sets status, marking and tags of an indicator; returns what it had before, and what it has now.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library, or would have more than [`MOST_TAGS`](super::MOST_TAGS) tags.
    pub fn set_indicator(
        &mut self,
        indicator: &Indicator,
        setting: &Setting,
    ) -> Result<(Standing, Standing), Error> {
        self.change(|change| change.set(indicator, setting))
    }

    /// The same for several indicators, all or none of them; returns how many had something else before.
    ///
    /// # Errors
    /// [`Error::Refused`] as for one of them, with nothing changed.
    pub fn set_indicators(&mut self, indicators: &[Indicator], setting: &Setting) -> Result<usize, Error> {
        self.change(|change| {
            count(indicators, |indicator| {
                change.set(indicator, setting).map(|(before, after)| before != after)
            })
        })
    }

    /// Sets the status of an indicator; returns the previous one.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library.
    pub fn set_status(&mut self, indicator: &Indicator, status: Status) -> Result<Status, Error> {
        let setting = Setting { status: Some(status), ..Setting::default() };
        self.set_indicator(indicator, &setting).map(|(before, _)| before.status)
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
        self.remove_indicators(std::slice::from_ref(indicator)).map(|removed| removed.count > 0)
    }

    /// Removes several indicators, all or none of them; returns how many were present, and how to undo it.
    ///
    /// # Errors
    /// [`Error::Refused`] if one never was in the library.
    pub fn remove_indicators(&mut self, indicators: &[Indicator]) -> Result<Removed, Error> {
        self.change(|change| {
            let mut removed = Vec::new();
            for indicator in indicators {
                removed.extend(change.remove(indicator)?);
            }
            change.derive_for_others(&removed)?;
            change.removed(removed.len())
        })
    }

    /// Restores a removed indicator, with a claim of the current actor; returns whether it was removed.
    ///
    /// # Errors
    /// [`Error::Refused`] if it never was in the library.
    pub fn restore_indicator(&mut self, indicator: &Indicator) -> Result<bool, Error> {
        self.restore_indicators(std::slice::from_ref(indicator)).map(|count| count > 0)
    }

    /// Restores several removed indicators, all or none of them; returns how many were removed.
    ///
    /// # Errors
    /// [`Error::Refused`] if one never was in the library.
    pub fn restore_indicators(&mut self, indicators: &[Indicator]) -> Result<usize, Error> {
        self.change(|change| count(indicators, |indicator| change.restore(indicator)))
    }
}

/// How many indicators a change changed.
fn count(
    indicators: &[Indicator],
    change: impl Fn(&Indicator) -> Result<bool, Problem>,
) -> Result<usize, Problem> {
    indicators.iter().try_fold(0, |count, indicator| Ok(count + usize::from(change(indicator)?)))
}

impl Change<'_> {
    fn set(&self, indicator: &Indicator, setting: &Setting) -> Result<(Standing, Standing), Problem> {
        let place = find_present(&self.transaction, indicator)?;
        let tags = || tags_of(&self.transaction, place.id);
        let before = Standing { status: place.status, tlp: place.tlp, tags: tags()? };
        let (status, tlp) =
            (setting.status.unwrap_or(before.status), setting.tlp.map_or(before.tlp, |marking| marking.0));
        self.write_standing(indicator, &place, status, tlp)?;
        self.set_tags((place.id, &indicator.to_string()), &setting.tag, &setting.untag)?;
        let after = Standing { status, tlp, tags: tags()? };
        Ok((before, after))
    }

    fn write_standing(
        &self,
        indicator: &Indicator,
        place: &Place,
        status: Status,
        tlp: Option<Tlp>,
    ) -> Result<(), Problem> {
        let subject = indicator.to_string();
        if place.status != status {
            let sql = "UPDATE indicators SET status = ?, updated_at = ? WHERE id = ?";
            self.transaction.prepare_cached(sql)?.execute((status.code(), self.at, place.id))?;
            let detail = json!({"before": place.status.name(), "after": status.name()});
            self.audit("indicator.status", &subject, &detail)?;
        }
        if place.tlp != tlp {
            self.mark(place.id, tlp)?;
            let [before, now] = [place.tlp, tlp].map(|tlp| Marking(tlp).word());
            self.audit("indicator.tlp", &subject, &json!({"before": before, "after": now}))?;
        }
        Ok(())
    }

    /// The row of the indicator if it was present. The figures of others are left to the caller.
    fn remove(&self, indicator: &Indicator) -> Result<Option<i64>, Problem> {
        let Some(place) = find(&self.transaction, indicator)? else {
            return Err(Problem::missing(format!("{indicator} is not in the library")));
        };
        if !place.removed {
            let sql = "UPDATE indicators SET removed_at = ?1, updated_at = ?1 WHERE id = ?2";
            self.transaction.prepare_cached(sql)?.execute((self.at, place.id))?;
            self.audit("indicator.remove", &indicator.to_string(), &json!({}))?;
        }
        Ok((!place.removed).then_some(place.id))
    }

    /// Whether the indicator was removed.
    fn restore(&self, indicator: &Indicator) -> Result<bool, Problem> {
        let Some(place) = find(&self.transaction, indicator)? else {
            return Err(Problem::missing(format!("{indicator} was not removed")));
        };
        if place.removed {
            self.bring_back(place.id)?;
            self.claim_indicator(place.id, self.source(self.actor)?, NO_RUN)?;
            self.audit("indicator.restore", &indicator.to_string(), &json!({}))?;
        }
        Ok(place.removed)
    }

    /// Writes who may see an indicator.
    pub(super) fn mark(&self, id: i64, tlp: Option<Tlp>) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET tlp = ?, updated_at = ? WHERE id = ?";
        self.transaction.prepare_cached(sql)?.execute((tlp.map(Tlp::word), self.at, id))?;
        Ok(())
    }
}

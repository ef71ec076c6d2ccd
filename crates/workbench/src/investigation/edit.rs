//! Changes an investigation itself: its name, status, marking and summary; removes and restores it.

use operation::{Marking, Tlp};
use serde_json::json;

use super::{Investigation, Status, checked_name, list};
use crate::database::{self, Problem};
use crate::{Error, Workbench};

/// The longest summary, in characters: it is one paragraph of a report.
const LONGEST_SUMMARY: usize = 10_000;

/// What is set of an investigation; `None` leaves it as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Option<String>,
    /// Its status.
    pub status: Option<Status>,
    /// Its marking.
    pub tlp: Option<Marking>,
    /// What its report says first.
    pub summary: Option<String>,
}

impl Workbench {
    /// Changes an investigation; returns it as it is now.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, it is removed, or a value is invalid.
    pub fn edit_investigation(&mut self, id: i64, edit: &Change) -> Result<Investigation, Error> {
        let name = edit.name.as_deref().map(checked_name).transpose()?;
        let summary = edit.summary.as_deref().map(checked_summary).transpose()?;
        self.change(|change| {
            let before = change.present_investigation(id)?;
            let after = Investigation {
                name: name.clone().unwrap_or_else(|| before.name.clone()),
                status: edit.status.unwrap_or(before.status),
                tlp: edit.tlp.map_or(before.tlp, |marking| marking.0),
                summary: summary.clone().unwrap_or_else(|| before.summary.clone()),
                ..before.clone()
            };
            if after == before {
                return Ok(before);
            }
            change.write_investigation(&before, &after)?;
            list::find(&change.transaction, id)
        })
    }

    /// Removes an investigation; it can be restored with everything that it has. Its members stay in the library.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn remove_investigation(&mut self, id: i64) -> Result<(), Error> {
        self.change(|change| {
            let investigation = list::find(&change.transaction, id)?;
            if investigation.removed_at.is_some() {
                return Ok(());
            }
            let sql = "UPDATE investigations SET removed_at = ?1, updated_at = ?1 WHERE id = ?2";
            change.transaction.prepare_cached(sql)?.execute((change.at, id))?;
            change.audit("investigation.remove", &investigation.name, &json!({}))
        })
    }

    /// Restores a removed investigation.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none, or another one has its name now.
    pub fn restore_investigation(&mut self, id: i64) -> Result<(), Error> {
        self.change(|change| {
            let investigation = list::find(&change.transaction, id)?;
            if investigation.removed_at.is_none() {
                return Ok(());
            }
            change.check_free(id, &investigation.name)?;
            let sql = "UPDATE investigations SET removed_at = NULL, updated_at = ?1 WHERE id = ?2";
            change.transaction.prepare_cached(sql)?.execute((change.at, id))?;
            change.audit("investigation.restore", &investigation.name, &json!({}))
        })
    }
}

fn checked_summary(text: &str) -> Result<String, Error> {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > LONGEST_SUMMARY {
        return Err(Error::invalid(format!("the summary has at most {LONGEST_SUMMARY} characters")));
    }
    Ok(text)
}

impl database::Change<'_> {
    /// The investigation, if it is not removed.
    pub(crate) fn present_investigation(&self, id: i64) -> Result<Investigation, Problem> {
        let investigation = list::find(&self.transaction, id)?;
        if investigation.removed_at.is_some() {
            let why = format!("the investigation {:?} was removed: restore it first", investigation.name);
            return Err(Problem::conflict(why));
        }
        Ok(investigation)
    }

    /// Records that something about an investigation changed.
    pub(super) fn touch_investigation(&self, id: i64) -> Result<(), Problem> {
        let sql = "UPDATE investigations SET updated_at = ?1 WHERE id = ?2 AND updated_at <> ?1";
        self.transaction.prepare_cached(sql)?.execute((self.at, id))?;
        Ok(())
    }

    /// Refuses a name that another present investigation has.
    fn check_free(&self, id: i64, name: &str) -> Result<(), Problem> {
        match list::numbered(&self.transaction, name)? {
            Some(taken) if taken != id => Err(Problem::conflict(format!(
                "investigation {taken} is already called {name:?}: rename it first"
            ))),
            _ => Ok(()),
        }
    }

    fn write_investigation(&self, before: &Investigation, after: &Investigation) -> Result<(), Problem> {
        self.check_free(after.id, &after.name)?;
        let Investigation { id, name, status, tlp, summary, .. } = after;
        let sql = "UPDATE investigations SET name = ?1, folded = ?2, status = ?3, tlp = ?4, summary = ?5, updated_at = ?6 \
                   WHERE id = ?7";
        let tlp = tlp.map(Tlp::word);
        let row = (name, name.to_lowercase(), status.word(), tlp, summary, self.at, id);
        self.transaction.prepare_cached(sql)?.execute(row)?;
        let mut values = serde_json::Map::new();
        let mut changed = |what: &str, from: &str, to: &str| {
            if from != to {
                values.insert(what.to_owned(), json!([from, to]));
            }
        };
        let marking = |tlp: Option<Tlp>| Marking(tlp).word();
        changed("name", &before.name, name);
        changed("status", before.status.word(), status.word());
        changed("tlp", marking(before.tlp), marking(after.tlp));
        // The text itself is not repeated in the audit trail.
        let written = before.summary != *summary;
        self.audit("investigation.edit", name, &json!({ "values": values, "summary": written }))
    }
}

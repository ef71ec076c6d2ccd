//! Notes on an investigation or on one of its members. They are never changed, so two people cannot overwrite each other's.

use operation::Indicator;
use serde_json::json;

use super::list;
use crate::database::Problem;
use crate::library::{LONGEST_NOTE, find, stored_indicator};
use crate::{Error, Workbench};

/// The most notes that are shown, newest first.
const MOST_SHOWN: i64 = 1_000;

/// A note by a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The member that it is about; `None` if it is about the whole investigation.
    pub member: Option<Indicator>,
    /// When it was written, in seconds since the epoch.
    pub at: i64,
    /// Who wrote it.
    pub actor: String,
    /// The text.
    pub text: String,
}

impl Workbench {
    /// The notes on an investigation and on its members, newest first; at most 1,000.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn investigation_notes(&self, id: i64) -> Result<Vec<Note>, Error> {
        self.read(|database| {
            list::find(database, id)?;
            let sql = "SELECT i.value, n.at, n.actor, n.text FROM investigation_notes n \
                       LEFT JOIN indicators i ON i.id = n.indicator WHERE n.investigation = ? ORDER BY n.id DESC LIMIT ?";
            let mut statement = database.prepare_cached(sql)?;
            let mut rows = statement.query((id, MOST_SHOWN))?;
            let mut notes = Vec::new();
            while let Some(row) = rows.next()? {
                let member: Option<String> = row.get(0)?;
                let member = member.map(|value| stored_indicator(&value)).transpose()?;
                notes.push(Note { member, at: row.get(1)?, actor: row.get(2)?, text: row.get(3)? });
            }
            Ok(notes)
        })
    }

    /// Writes a note on an investigation, or on one of its members; returns it as it is stored.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation or member, or the note is empty or too long.
    pub fn note_investigation(
        &mut self,
        id: i64,
        member: Option<&Indicator>,
        text: &str,
    ) -> Result<Note, Error> {
        let text = text.trim().replace("\r\n", "\n");
        if text.is_empty() || text.chars().count() > LONGEST_NOTE {
            return Err(Error::invalid(format!("a note must have 1 to {LONGEST_NOTE} characters")));
        }
        self.change(|change| {
            let name = change.present_investigation(id)?.name;
            let row = member.map(|member| {
                let place = find(&change.transaction, member)?;
                let sql = "SELECT EXISTS (SELECT 1 FROM members WHERE investigation = ? AND indicator = ? \
                           AND removed_at IS NULL)";
                let mut statement = change.transaction.prepare_cached(sql)?;
                match place {
                    Some(place) if statement.query_row((id, place.id), |row| row.get(0))? => Ok(place.id),
                    _ => Err(Problem::missing(format!("{member} is not a member of {name:?}"))),
                }
            });
            let row: Option<i64> = row.transpose()?;
            let sql = "INSERT INTO investigation_notes (investigation, indicator, at, actor, text) VALUES (?, ?, ?, ?, ?)";
            change.transaction.prepare_cached(sql)?.execute((id, row, change.at, change.actor, &text))?;
            change.touch_investigation(id)?;
            let detail = json!({"member": member.map(ToString::to_string)});
            change.audit("investigation.note", &name, &detail)?;
            let (actor, text) = (change.actor.to_owned(), text.clone());
            Ok(Note { member: member.cloned(), at: change.at, actor, text })
        })
    }
}

//! Lists investigations, and finds one by its name or number.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::{Investigation, Status};
use crate::database::Problem;
use crate::library::stored_tlp;
use crate::{Error, Workbench};

const COLUMNS: &str = "v.id, v.name, v.status, v.tlp, v.summary, v.actor, v.created_at, v.updated_at, v.removed_at, \
    (SELECT count(*) FROM members m WHERE m.investigation = v.id AND m.removed_at IS NULL), \
    (SELECT count(*) FROM investigation_notes n WHERE n.investigation = v.id)";

/// Which investigations to list, the most recently changed first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those in this status.
    pub status: Option<Status>,
    /// Only those with this text in their name, ignoring case.
    pub text: Option<String>,
    /// Only removed ones, instead of present ones.
    pub removed: bool,
    /// How many to skip: those of earlier pages.
    pub skip: usize,
    /// At most this many; at least one.
    pub limit: usize,
}

/// A page of investigations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The investigations.
    pub investigations: Vec<Investigation>,
    /// [`Wanted::skip`] of the next page, if there is one.
    pub next: Option<usize>,
}

impl Workbench {
    /// The investigations that match, and whether there are more.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn investigation_page(&self, wanted: &Wanted) -> Result<Page, Error> {
        let limit = wanted.limit.max(1);
        let one_more = Wanted { limit: limit.saturating_add(1), ..wanted.clone() };
        let mut investigations = self.investigations(&one_more)?;
        let next = (investigations.len() > limit).then(|| wanted.skip.saturating_add(limit));
        investigations.truncate(limit);
        Ok(Page { investigations, next })
    }

    /// The investigations that match.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn investigations(&self, wanted: &Wanted) -> Result<Vec<Investigation>, Error> {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.read(|database| {
            let sql = format!(
                "SELECT {COLUMNS} FROM investigations v WHERE (v.removed_at IS NOT NULL) = :removed \
                 AND (:status IS NULL OR v.status = :status) AND (:text IS NULL OR instr(v.folded, :text) > 0) \
                 ORDER BY v.updated_at DESC, v.id DESC LIMIT :limit OFFSET :skip"
            );
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query(named_params! {
                ":removed": wanted.removed,
                ":status": wanted.status.map(Status::word),
                ":text": wanted.text.as_deref().map(str::to_lowercase),
                ":limit": count(wanted.limit.max(1)),
                ":skip": count(wanted.skip),
            })?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(investigation(row)?);
            }
            Ok(found)
        })
    }

    /// The investigation with this number, even if it is removed.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn investigation(&self, id: i64) -> Result<Investigation, Error> {
        self.read(|database| find(database, id))
    }

    /// The investigation with this name, ignoring case, or with this number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none.
    pub fn investigation_named(&self, name: &str) -> Result<Investigation, Error> {
        let name = name.trim();
        self.read(|database| {
            let id = match name.parse() {
                Ok(id) => Some(id),
                Err(_) => numbered(database, name)?,
            };
            id.map_or_else(|| Err(unknown(&format!("{name:?}"))), |id| find(database, id))
        })
    }
}

/// The investigation with this number.
pub(super) fn find(database: &Connection, id: i64) -> Result<Investigation, Problem> {
    let sql = format!("SELECT {COLUMNS} FROM investigations v WHERE v.id = ?");
    let mut statement = database.prepare_cached(&sql)?;
    let found = statement.query_row([id], |row| Ok(investigation(row))).optional()?;
    found.unwrap_or_else(|| Err(unknown(&id.to_string())))
}

/// The number of the present investigation with this name, ignoring case.
pub(super) fn numbered(database: &Connection, name: &str) -> Result<Option<i64>, Problem> {
    let sql = "SELECT id FROM investigations WHERE folded = ? AND removed_at IS NULL";
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_row([name.to_lowercase()], |row| row.get(0)).optional()?)
}

fn unknown(name: &str) -> Problem {
    Problem::missing(format!("there is no investigation {name}"))
}

/// Reads [`COLUMNS`].
fn investigation(row: &Row<'_>) -> Result<Investigation, Problem> {
    let status: String = row.get(2)?;
    let count = |at: usize| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default());
    Ok(Investigation {
        id: row.get(0)?,
        name: row.get(1)?,
        status: status
            .parse()
            .map_err(|_| Problem::Stored(format!("the status {status:?} of an investigation")))?,
        tlp: stored_tlp(row.get(3)?)?,
        summary: row.get(4)?,
        actor: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
        removed_at: row.get(8)?,
        members: count(9)?,
        notes: count(10)?,
    })
}

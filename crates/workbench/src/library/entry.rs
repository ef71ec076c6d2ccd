//! An indicator in the library, and how its row is found.

use operation::{Indicator, Tlp};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::database::Problem;
use crate::indicator_key::sort_key;
use crate::library::Status;
use crate::{Error, Workbench};

/// An indicator in the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number. The number of an indicator that undoing a run deleted may be given to a later one.
    pub id: i64,
    /// The indicator.
    pub indicator: Indicator,
    /// Its status.
    pub status: Status,
    /// When it was added, in seconds since the epoch.
    pub created_at: i64,
    /// When anything about it was last changed.
    pub updated_at: i64,
    /// When it was removed, if it was.
    pub removed_at: Option<i64>,
    /// The names of those who claim it.
    pub sources: Vec<String>,
    /// Who may see it; `None` if nobody said.
    pub tlp: Option<Tlp>,
    /// Its tags, sorted.
    pub tags: Vec<String>,
    /// The latest time at which one of its relationships was seen, in seconds since the epoch.
    pub last_seen: Option<i64>,
    /// How many relationships it has with indicators that are not removed.
    pub related: u64,
}

/// The part of a row that changes need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) id: i64,
    pub(crate) status: Status,
    pub(crate) removed: bool,
    pub(crate) tlp: Option<Tlp>,
}

/// The columns that [`entry`] reads, of a table of indicators named `i`.
pub(super) const COLUMNS: &str = "i.id, i.value, i.status, i.created_at, i.updated_at, i.removed_at, \
    (SELECT json_group_array(name) FROM (SELECT DISTINCT s.name FROM indicator_claims c \
     JOIN sources s ON s.id = c.source WHERE c.indicator = i.id ORDER BY s.id)), i.tlp, \
    (SELECT json_group_array(name) FROM (SELECT t.name FROM indicator_tags g \
     JOIN tags t ON t.id = g.tag WHERE g.indicator = i.id ORDER BY t.folded)), i.last_seen, i.related";

/// Reads [`COLUMNS`]; the first is the row's number.
pub(super) fn entry(row: &Row<'_>) -> Result<(i64, Entry), Problem> {
    let names = |at: usize, what: &str| -> Result<Vec<String>, Problem> {
        let text = row.get_ref(at)?.as_str().map_err(rusqlite::Error::from)?;
        serde_json::from_str(text).map_err(|error| Problem::Stored(format!("{what}: {error}")))
    };
    let related: i64 = row.get(10)?;
    let id = row.get(0)?;
    let entry = Entry {
        id,
        indicator: stored_indicator(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
        status: stored_status(row.get(2)?)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        removed_at: row.get(5)?,
        sources: names(6, "sources")?,
        tlp: stored_tlp(row.get(7)?)?,
        tags: names(8, "tags")?,
        last_seen: Some(row.get(9)?).filter(|seen| *seen > 0),
        related: u64::try_from(related).unwrap_or_default(),
    };
    Ok((id, entry))
}

/// Parses an indicator that this program stored.
pub(crate) fn stored_indicator(value: &str) -> Result<Indicator, Problem> {
    Indicator::from_canonical(value)
        .map_err(|error| Problem::Stored(format!("the indicator {value:?}: {error}")))
}

/// Reads a status that this program stored.
pub(crate) fn stored_status(code: i64) -> Result<Status, Problem> {
    Status::from_code(code).ok_or_else(|| Problem::Stored(format!("the status {code}")))
}

/// Reads a level that this program stored.
pub(crate) fn stored_tlp(word: Option<String>) -> Result<Option<Tlp>, Problem> {
    let read = |word: String| word.parse().map_err(|_| Problem::Stored(format!("the level {word:?}")));
    word.map(read).transpose()
}

/// The row of an indicator, even if it is removed.
pub(crate) fn find(database: &Connection, indicator: &Indicator) -> Result<Option<Place>, Problem> {
    let sql = "SELECT id, status, removed_at IS NOT NULL, tlp FROM indicators WHERE sort_key = ?";
    let mut statement = database.prepare_cached(sql)?;
    let row = statement
        .query_row([sort_key(indicator)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let place = |(id, status, removed, tlp)| {
        Ok(Place { id, status: stored_status(status)?, removed, tlp: stored_tlp(tlp)? })
    };
    row.map(place).transpose()
}

/// The row of an indicator; an error if it is not present.
pub(super) fn find_present(database: &Connection, indicator: &Indicator) -> Result<Place, Problem> {
    match find(database, indicator)? {
        Some(place) if place.removed => {
            Err(Problem::conflict(format!("{indicator} was removed from the library: restore it first")))
        }
        Some(place) => Ok(place),
        None => Err(Problem::missing(format!("{indicator} is not in the library"))),
    }
}

impl Workbench {
    /// The library's entry with this number; `None` if there is none, or it is removed.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn indicator_numbered(&self, id: i64) -> Result<Option<Entry>, Error> {
        self.read(|database| {
            let sql = format!("SELECT {COLUMNS} FROM indicators i WHERE i.id = ? AND i.removed_at IS NULL");
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query([id])?;
            rows.next()?.map(|row| entry(row).map(|(_, entry)| entry)).transpose()
        })
    }

    /// The library's entry of an indicator, even if it is removed.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn lookup(&self, indicator: &Indicator) -> Result<Option<Entry>, Error> {
        self.read(|database| {
            let sql = format!("SELECT {COLUMNS} FROM indicators i WHERE i.sort_key = ?");
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query([sort_key(indicator)])?;
            rows.next()?.map(|row| entry(row).map(|(_, entry)| entry)).transpose()
        })
    }
}

//! Counts indicators: all of them, and those that match a filter.
//!
//! The numbers by type and status are kept by the database. Anything else is counted row by row, up to [`MOST_COUNTED`], so that a page
//! of a large library stays quick.

use rusqlite::{Connection, params};

use super::Filter;
use super::query::{Conditions, bound};
use crate::database::Problem;
use crate::indicator_key::type_code;
use crate::library::Status;
use crate::{Error, Workbench};

/// Up to here, matching indicators are counted one by one.
pub const MOST_COUNTED: u64 = 10_000;

/// How many indicators there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All present ones, or all removed ones if the filter wants those.
    pub all: u64,
    /// Those that match the filter; `None` if they are more than [`MOST_COUNTED`] and would have to be counted one by one.
    pub matching: Option<u64>,
}

impl Workbench {
    /// How many indicators there are, and how many match a filter on all its pages.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn count_indicators(&self, filter: &Filter) -> Result<Counts, Error> {
        self.read(|database| {
            let all = kept(database, &Filter { removed: filter.removed, ..Filter::default() })?;
            let is_kept = filter.tlp.is_none()
                && filter.source.is_none()
                && filter.tag.is_none()
                && filter.search.is_none();
            let matching = if is_kept { Some(kept(database, filter)?) } else { counted(database, filter)? };
            Ok(Counts { all, matching })
        })
    }
}

/// The number of indicators of a type and a status, as it is kept.
fn kept(database: &Connection, filter: &Filter) -> Result<u64, Problem> {
    let sql = "SELECT coalesce(sum(count), 0) FROM library_counts \
               WHERE removed = ?1 AND (?2 IS NULL OR type = ?2) AND (?3 IS NULL OR status = ?3)";
    let (kind, status) = (filter.kind.map(type_code), filter.status.map(Status::code));
    let mut statement = database.prepare_cached(sql)?;
    let count: i64 = statement.query_row(params![filter.removed, kind, status], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The number of matching rows, if it is small.
fn counted(database: &Connection, filter: &Filter) -> Result<Option<u64>, Problem> {
    let Some(conditions) = Conditions::of(database, filter, false)? else { return Ok(Some(0)) };
    let (rows, parameters) = conditions.any(MOST_COUNTED + 1);
    let mut statement = database.prepare_cached(&format!("SELECT count(*) FROM ({rows})"))?;
    let count: i64 = statement.query_row(bound(&parameters).as_slice(), |row| row.get(0))?;
    Ok(u64::try_from(count).ok().filter(|count| *count <= MOST_COUNTED))
}

//! Sources by name, and their claims on indicators.

use rusqlite::{Connection, OptionalExtension};

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// The run number of a claim that was not made by a run.
pub(super) const NO_RUN: i64 = 0;
/// The longest name of a source, in bytes.
const LONGEST_NAME: usize = 256;

/// The number of an existing source.
pub(super) fn find_source(database: &Connection, name: &str) -> Result<Option<i64>, Problem> {
    let mut statement = database.prepare_cached("SELECT id FROM sources WHERE name = ?")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// The most sources that are listed.
const MOST_LISTED: i64 = 500;

impl Workbench {
    /// The names of all sources, sorted; the first 500.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn sources(&self) -> Result<Vec<String>, Error> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT name FROM sources ORDER BY name LIMIT ?")?;
            Ok(statement.query_map([MOST_LISTED], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }
}

impl Change<'_> {
    /// The number of a source, which is inserted if it is new.
    pub(crate) fn source(&self, name: &str) -> Result<i64, Problem> {
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(Problem::invalid("the name of a source must have 1 to 256 bytes"));
        }
        if let Some(id) = find_source(&self.transaction, name)? {
            return Ok(id);
        }
        self.transaction.execute("INSERT INTO sources (name) VALUES (?)", [name])?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Claims an indicator; returns whether the claim is new.
    pub(super) fn claim_indicator(&self, indicator: i64, source: i64, run: i64) -> Result<bool, Problem> {
        let sql =
            "INSERT OR IGNORE INTO indicator_claims (indicator, source, run, added_at) VALUES (?, ?, ?, ?)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        Ok(statement.execute((indicator, source, run, self.at))? > 0)
    }
}

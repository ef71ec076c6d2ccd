//! Checks whether the database still has the content that was written.
//!
//! [`Workbench::quick_check`] checks the structure of the file for a limited time, when a program starts. [`content`] checks
//! structure, references and the seal of each row; [`Workbench::check_trail`] checks the chain of the audit trail and the head
//! file. Damage is reported as text for people, because a program cannot repair it.

use std::time::Duration;

use rusqlite::{Connection, Row};

use super::{Problem, Workbench, figures, head, seal};
use crate::Error;

/// The most faults of one kind that are listed.
pub(crate) const LISTED: usize = 10;

/// How much [`Workbench::quick_check`] checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Everything, without a fault.
    All,
    /// Only a part before the time was over, without a fault.
    Part,
}

/// How much the database contains, and what is wrong with its audit trail and head file.
pub(crate) struct Counted {
    /// Rows with seals.
    pub(crate) rows: u64,
    /// Entries of the audit trail.
    pub(crate) entries: u64,
    /// The faults, as text.
    pub(crate) faults: Vec<String>,
}

impl Workbench {
    /// Checks the structure of the database for at most this time.
    ///
    /// # Errors
    /// [`Error::Damaged`] states the fault.
    pub fn quick_check(&self, most: Duration) -> Result<Checked, Error> {
        let interrupt = self.connection.get_interrupt_handle();
        let (done, waiting) = std::sync::mpsc::channel::<()>();
        let clock = std::thread::spawn(move || {
            if waiting.recv_timeout(most) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let found = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        drop(done);
        let _ = clock.join();
        match found {
            Ok(found) if found == "ok" => Ok(Checked::All),
            Ok(reason) => Err(Error::Damaged { file: self.file(), reason }),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
                Ok(Checked::Part)
            }
            Err(error) => Err(self.sql(&error)),
        }
    }

    /// Compares the chain of the audit trail and the head file with the database.
    pub(crate) fn check_trail(&self, database: &Connection) -> Result<Counted, Problem> {
        let rows = count_rows(database).unwrap_or_default();
        let chain = chain(database);
        let entries = chain.as_ref().map_or(0, |(entries, _)| *entries);
        let mut faults = chain.map_or_else(unreadable, |(_, faults)| faults);
        faults.extend(self.check_head(database)?);
        Ok(Counted { rows, entries, faults })
    }

    fn check_head(&self, database: &Connection) -> Result<Option<String>, Problem> {
        // Read before the database: a commit by another process in between puts the database ahead of the file, never behind
        // it.
        let told = head::read(self.folder())?;
        Ok(match told {
            head::Told::Head(known) => head::lost(database, &known)?.map(|lost| lost.to_string()),
            head::Told::Damaged => Some(format!("{} is damaged", head::FILE)),
            head::Told::Missing => Some(format!("{} is missing", head::FILE)),
        })
    }
}

/// The faults of structure, references, rows, figures and definitions.
pub(crate) fn content(database: &Connection) -> Result<Vec<String>, Problem> {
    let mut faults = Vec::new();
    let found = texts(database, &format!("PRAGMA integrity_check({LISTED})"));
    faults.extend(found.unwrap_or_else(unreadable).into_iter().filter(|line| line != "ok"));
    let dangling = "SELECT DISTINCT 'a row of ' || \"table\" || ' refers to a row of ' || parent || ' that does not exist' \
                    FROM pragma_foreign_key_check";
    faults.extend(texts(database, dangling).unwrap_or_else(unreadable));
    for table in &seal::TABLES {
        faults.extend(broken_seals(database, table).unwrap_or_else(unreadable));
    }
    faults.extend(figures::faults(database).unwrap_or_else(unreadable));
    let kept: Option<i64> = database.query_row("SELECT tables FROM head", [], |row| row.get(0))?;
    if kept != definitions(database).ok() {
        faults.push("the definitions of the tables were changed".to_owned());
    }
    Ok(faults)
}

/// The rows of a table whose seal does not match their content.
fn broken_seals(database: &Connection, table: &seal::Table) -> Result<Vec<String>, Problem> {
    let name = table.name;
    let key: Vec<String> = table.key.iter().map(|column| format!("quote({column})")).collect();
    let sql = format!(
        "SELECT 'the row ' || {} || ' of {name} is not as it was written' FROM {name} \
         WHERE seal IS NOT {} LIMIT {LISTED}",
        key.join(" || ' ' || "),
        table.expected("")
    );
    texts(database, &sql)
}

/// A digest of the definitions of tables, indexes and triggers.
pub(super) fn definitions(database: &Connection) -> Result<i64, Problem> {
    let sql = "SELECT coalesce(sum(row_seal(type, name, tbl_name, sql) >> 16), 0) FROM sqlite_schema \
               WHERE name NOT LIKE 'sqlite_%'";
    Ok(database.query_row(sql, [], |row| row.get(0))?)
}

fn count_rows(database: &Connection) -> Result<u64, Problem> {
    let mut rows = 0;
    for table in &seal::TABLES {
        let count = format!("SELECT count(*) FROM {}", table.name);
        rows += database.query_row(&count, [], |row| row.get::<_, i64>(0))?;
    }
    Ok(u64::try_from(rows).unwrap_or_default())
}

/// Follows the audit trail: returns the number of entries, and where the chain breaks.
fn chain(database: &Connection) -> Result<(u64, Vec<String>), Problem> {
    let sql = "SELECT id, at, actor, action, subject, detail, chain FROM audit ORDER BY id";
    let (mut statement, mut before, mut entries) = (database.prepare(sql)?, head::Link::default(), 0);
    let mut faults = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, expected) = link_of(row, &before)?;
        let kept: Option<head::Link> = row.get(6)?;
        if kept != Some(expected) && faults.len() < LISTED {
            faults.push(format!(
                "the audit trail breaks at entry {id}: this entry or an earlier one was changed"
            ));
        }
        before = kept.unwrap_or(expected);
        entries += 1;
    }
    Ok((entries, faults))
}

/// The number of an entry and its expected hash, from the columns id, at, actor, action, subject, detail.
pub(super) fn link_of(row: &Row<'_>, before: &head::Link) -> Result<(i64, head::Link), Problem> {
    let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
    let (id, at) = (row.get(0)?, row.get(1)?);
    Ok((id, head::link(before, id, at, [text(2)?, text(3)?, text(4)?, text(5)?])))
}

fn texts(database: &Connection, sql: &str) -> Result<Vec<String>, Problem> {
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn unreadable(problem: Problem) -> Vec<String> {
    vec![problem.into_text()]
}

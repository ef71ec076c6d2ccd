//! Everything that the library has about one indicator.

use operation::Indicator;
use rusqlite::Connection;

use crate::audit;
use crate::database::Problem;
use crate::indicator_key::sort_key;
use crate::library::entry::{COLUMNS, entry, stored_indicator, stored_status};
use crate::library::merge::Merging;
use crate::library::{Entry, Status};
use crate::{Error, Workbench};

/// The most attributes, relationships in each direction, notes and events that are shown; the counts include all.
const MOST_SHOWN: i64 = 1_000;

/// An indicator with everything attached to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// The indicator.
    pub entry: Entry,
    /// Who claims it.
    pub claims: Vec<Claim>,
    /// Its attributes, in the order in which they were added.
    pub attributes: Vec<Attribute>,
    /// How many attributes there are.
    pub attribute_count: u64,
    /// Its relationships: those from it, then those to it; without those to removed indicators.
    pub relationships: Vec<Relationship>,
    /// How many relationships there are.
    pub relationship_count: u64,
    /// The notes of users, newest first.
    pub notes: Vec<Note>,
    /// Its history, newest first.
    pub history: Vec<audit::Entry>,
}

/// The statement of a source that a row is true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// A user, or a package.
    pub source: String,
    /// The run that made the claim, if any.
    pub run: Option<i64>,
    /// When it was made.
    pub added_at: i64,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The number of its row.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who claims it, the first claim first.
    pub claims: Vec<Claim>,
}

/// A relationship of an indicator with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relationship {
    /// Whether the indicator is the owner of the record, and the other one its data.
    pub outgoing: bool,
    /// The record type.
    pub kind: String,
    /// The other indicator.
    pub other: Indicator,
    /// The status of the other indicator.
    pub status: Status,
    /// Dates, count and other attributes, merged from all claims: the earliest first seen, the latest last seen, the largest
    /// count. Other attributes, and those that no mapping names, have the value of the newest claim. A missing value never
    /// replaces a known one.
    pub attributes: Vec<(String, String)>,
    /// Who claims it, the first claim first.
    pub claims: Vec<Claim>,
}

/// A note by a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it was written.
    pub at: i64,
    /// Who wrote it.
    pub actor: String,
    /// The text.
    pub text: String,
}

impl Workbench {
    /// Everything that the library has about an indicator, even if it is removed.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn details(&self, indicator: &Indicator) -> Result<Option<Details>, Error> {
        self.read(|database| {
            let sql = format!("SELECT {COLUMNS} FROM indicators i WHERE i.sort_key = ?");
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query([sort_key(indicator)])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let (id, entry) = entry(row)?;
            details(database, id, entry).map(Some)
        })
    }
}

fn details(database: &Connection, id: i64, entry: Entry) -> Result<Details, Problem> {
    let on_indicator = Claims { table: "indicator_claims", row: "indicator" };
    Ok(Details {
        claims: on_indicator.of(database, id)?,
        attributes: attributes(database, id)?,
        attribute_count: count(database, ATTRIBUTES, id)?,
        relationships: relationships(database, id)?,
        relationship_count: count(database, RELATIONSHIPS, id)?,
        notes: notes(database, id)?,
        history: history(database, id, &entry.indicator.to_string())?,
        entry,
    })
}

const ATTRIBUTES: &str = "SELECT count(*) FROM attributes WHERE indicator = ?";
const RELATIONSHIPS: &str = "SELECT \
    (SELECT count(*) FROM relationships r JOIN indicators o ON o.id = r.to_id \
     WHERE r.from_id = ?1 AND o.removed_at IS NULL) + \
    (SELECT count(*) FROM relationships r JOIN indicators o ON o.id = r.from_id \
     WHERE r.to_id = ?1 AND o.removed_at IS NULL)";

fn count(database: &Connection, sql: &str, id: i64) -> Result<u64, Problem> {
    let count: i64 = database.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// How many attributes and relationships the indicator in this row has, also beyond those that are read.
pub(crate) fn counts(database: &Connection, id: i64) -> Result<(u64, u64), Problem> {
    Ok((count(database, ATTRIBUTES, id)?, count(database, RELATIONSHIPS, id)?))
}

/// The tables with claims of a kind.
struct Claims {
    table: &'static str,
    row: &'static str,
}

impl Claims {
    fn of(&self, database: &Connection, id: i64) -> Result<Vec<Claim>, Problem> {
        let Self { table, row } = self;
        let sql = format!(
            "SELECT s.name, c.run, c.added_at FROM {table} c JOIN sources s ON s.id = c.source \
             WHERE c.{row} = ? ORDER BY c.added_at, c.run, s.id LIMIT {MOST_SHOWN}"
        );
        let mut statement = database.prepare_cached(&sql)?;
        let claims = statement.query_map([id], |row| {
            let run: i64 = row.get(1)?;
            Ok(Claim { source: row.get(0)?, run: (run != 0).then_some(run), added_at: row.get(2)? })
        })?;
        Ok(claims.collect::<Result<_, _>>()?)
    }
}

/// The attributes of the indicator in this row.
pub(crate) fn attributes(database: &Connection, id: i64) -> Result<Vec<Attribute>, Problem> {
    first_attributes(database, id, MOST_SHOWN)
}

/// The first attributes of the indicator in this row, at most this many.
pub(super) fn first_attributes(database: &Connection, id: i64, most: i64) -> Result<Vec<Attribute>, Problem> {
    let on_attribute = Claims { table: "attribute_claims", row: "attribute" };
    let sql = "SELECT id, name, value FROM attributes WHERE indicator = ? ORDER BY id LIMIT ?";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query((id, most))?;
    let mut attributes = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let claims = on_attribute.of(database, id)?;
        attributes.push(Attribute { id, name: row.get(1)?, value: row.get(2)?, claims });
    }
    Ok(attributes)
}

/// The relationships of the indicator in this row.
pub(crate) fn relationships(database: &Connection, id: i64) -> Result<Vec<Relationship>, Problem> {
    let mut relationships = Vec::new();
    let mut merged = Merging::default();
    for (outgoing, this, other) in [(true, "from_id", "to_id"), (false, "to_id", "from_id")] {
        let sql = format!(
            "SELECT r.id, r.kind, o.value, o.status FROM relationships r JOIN indicators o ON o.id = r.{other} \
             WHERE r.{this} = ? AND o.removed_at IS NULL ORDER BY r.id LIMIT {MOST_SHOWN}"
        );
        let mut statement = database.prepare_cached(&sql)?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            relationships.push(Relationship {
                outgoing,
                kind: row.get(1)?,
                other: stored_indicator(&row.get::<_, String>(2)?)?,
                status: stored_status(row.get(3)?)?,
                attributes: merged.of(database, number)?,
                claims: Claims { table: "relationship_claims", row: "relationship" }.of(database, number)?,
            });
        }
    }
    Ok(relationships)
}

fn notes(database: &Connection, id: i64) -> Result<Vec<Note>, Problem> {
    let sql = "SELECT at, actor, text FROM notes WHERE indicator = ? ORDER BY id DESC LIMIT ?";
    let mut statement = database.prepare_cached(sql)?;
    let notes = statement.query_map((id, MOST_SHOWN), |row| {
        Ok(Note { at: row.get(0)?, actor: row.get(1)?, text: row.get(2)? })
    })?;
    Ok(notes.collect::<Result<_, _>>()?)
}

/// The history of an indicator, with the entries of the runs that added it: they show when and by whom it was added.
fn history(database: &Connection, id: i64, value: &str) -> Result<Vec<audit::Entry>, Problem> {
    let columns = audit::COLUMNS;
    // Version 2 and older also wrote entries for the IPv4-mapped form.
    let mapped = format!("::ffff:{value}");
    let sql = format!(
        "WITH runs_of AS (SELECT run FROM indicator_claims WHERE indicator = ?4 AND run > 0 ORDER BY run DESC LIMIT ?3) \
         SELECT {columns} FROM audit WHERE subject IN (?1, ?2) OR ( \
           subject IN (SELECT indicator FROM runs WHERE id IN runs_of) AND action = 'run.add' \
           AND json_extract(detail, '$.run') IN runs_of) \
         ORDER BY at DESC, id DESC LIMIT ?3"
    );
    let mut statement = database.prepare_cached(&sql)?;
    let entries = statement.query_map((value, mapped, MOST_SHOWN, id), audit::entry)?;
    Ok(entries.collect::<Result<_, _>>()?)
}

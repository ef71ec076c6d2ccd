//! What another program hands in: indicators with sources, attributes, tags and related indicators.
//!
//! [`Workbench::hand_in`] takes many [`Handed`] in one transaction, each with a result of its own: one that is refused undoes only
//! itself. Handing in the same again changes nothing. What it adds is claimed by the named sources, or by the actor if none is named;
//! the audit trail always names the actor. An existing indicator keeps its status, and its marking never becomes less strict.
//!
//! A source may have any name but that of another user, so that nobody speaks in the name of somebody else.
//!
//! Errors: [`Error::Refused`] for one of them is in its result; all others end the whole call, with nothing changed.

use std::collections::HashMap;

use operation::{Indicator, Tlp};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use crate::database::{Change, Problem, derive_figures};
use crate::library::details::first_attributes;
use crate::library::entry::{COLUMNS, entry, find, find_present};
use crate::library::plan::count_related;
use crate::library::source::{NO_RUN, find_source};
use crate::library::{Attribute, Entry, MOST_RELATIONSHIPS, Outcome, Status, Tag};
use crate::text::printable;
use crate::{Error, Workbench};

/// The kind of relationships that are handed in. It is no record type, because nobody says which records they come from.
pub const RELATED: &str = "related to";
/// How the actor of a token is named: no user can have such a name, because it contains a blank.
const TOKEN: &str = "token ";
/// The longest name of an attribute, in bytes.
const LONGEST_NAME: usize = 256;
/// The longest value of an attribute, in bytes.
const LONGEST_VALUE: usize = 256 * 1024;
/// The most attributes that an indicator can have before more are refused: pages show as many.
const MOST_ATTRIBUTES: i64 = 1_000;
/// The most different sources of a library: people choose them from a list.
const MOST_SOURCES: i64 = 10_000;

/// An indicator that is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The indicator.
    pub indicator: Indicator,
    /// The status that it gets if it is new.
    pub status: Status,
    /// Who may see it; a stricter marking that it has stays.
    pub tlp: Option<Tlp>,
    /// Who claims it; the actor if there is none.
    pub sources: Vec<String>,
    /// Attributes that it gets.
    pub attributes: Vec<HandedAttribute>,
    /// Tags that it gets.
    pub tags: Vec<Tag>,
    /// Indicators that it is related to.
    pub related: Vec<RelatedTo>,
}

/// An attribute that is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedAttribute {
    /// Its name: 1 to 256 bytes.
    pub name: String,
    /// Its value: 1 byte to 256 KiB.
    pub value: String,
    /// Who claims it; the actor if there is none.
    pub sources: Vec<String>,
}

/// Another indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelatedTo {
    /// The one with this number, which must be in the library.
    Number(i64),
    /// This one, which is added with the status Indirect if it is not in the library.
    Value(Indicator),
}

/// What became of an indicator that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedIn {
    /// Its number.
    pub id: i64,
    /// The result.
    pub outcome: Outcome,
    /// The rows of its attributes, in the order in which they were given.
    pub attributes: Vec<i64>,
    /// The rows of its relationships, in the order in which they were given.
    pub related: Vec<i64>,
}

impl Workbench {
    /// Adds what another program hands in; returns what became of each, in order.
    ///
    /// # Errors
    /// [`Error`] of our disk, with nothing added. What is refused is in the results.
    pub fn hand_in(&mut self, handed: &[Handed]) -> Result<Vec<Result<HandedIn, Error>>, Error> {
        self.change(|change| each(change, handed, |one| change.hand_one(one)))
    }

    /// Adds claims of sources on an indicator in the library; returns whether each is new.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library, or the name of a source cannot be used.
    pub fn hand_sources(
        &mut self,
        indicator: &Indicator,
        sources: &[String],
        tlp: Option<Tlp>,
    ) -> Result<Vec<bool>, Error> {
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            let sources = change.handed_sources(sources)?;
            let claim = |source: &i64| change.claim_indicator(place.id, *source, NO_RUN);
            let new = sources.iter().map(claim).collect::<Result<Vec<_>, _>>()?;
            let marked = place.tlp.max(tlp);
            if marked != place.tlp {
                change.mark(place.id, marked)?;
            }
            let count = new.iter().filter(|new| **new).count();
            if count > 0 || marked != place.tlp {
                let detail = json!({"sources": count, "tlp": marked.map(Tlp::word)});
                change.told(place.id, indicator, &detail)?;
            }
            Ok(new)
        })
    }

    /// Adds attributes to an indicator in the library; returns their rows, in order.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not in the library, or an attribute or source cannot be used; nothing is added then.
    pub fn hand_attributes(
        &mut self,
        indicator: &Indicator,
        attributes: &[HandedAttribute],
    ) -> Result<Vec<i64>, Error> {
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            let (rows, new) = change.hand_all_attributes(place.id, attributes)?;
            if new > 0 {
                change.told(place.id, indicator, &json!({"attributes": new}))?;
            }
            Ok(rows)
        })
    }

    /// Relates an indicator in the library to others; returns the row of each relationship, or why there is none.
    ///
    /// # Errors
    /// [`Error::Refused`] if the indicator is not in the library.
    pub fn hand_related(
        &mut self,
        indicator: &Indicator,
        others: &[RelatedTo],
    ) -> Result<Vec<Result<i64, Error>>, Error> {
        self.change(|change| {
            let place = find_present(&change.transaction, indicator)?;
            let source = change.source(change.actor)?;
            let rows = each(change, others, |other| change.relate(place.id, other, source))?;
            let new = rows.iter().flatten().filter(|(_, is_new)| *is_new).count();
            if new > 0 {
                change.told(place.id, indicator, &json!({"relationships": new}))?;
            }
            Ok(rows.into_iter().map(|row| row.map(|(row, _)| row)).collect())
        })
    }

    /// Indicators that the one with this number has relationships with, each once with the row of the oldest relationship, and how
    /// many there are.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn related(&self, id: i64, offset: u64, limit: usize) -> Result<(u64, Vec<(i64, Entry)>), Error> {
        const OTHERS: &str = "FROM (SELECT other, min(id) AS pivot FROM ( \
             SELECT id, to_id AS other FROM relationships WHERE from_id = ?1 UNION ALL \
             SELECT id, from_id FROM relationships WHERE to_id = ?1) GROUP BY other) p \
             JOIN indicators i ON i.id = p.other WHERE i.removed_at IS NULL";
        self.read(|database| {
            let count = format!("SELECT count(*) {OTHERS}");
            let total: i64 = database.prepare_cached(&count)?.query_row([id], |row| row.get(0))?;
            let sql = format!("SELECT {COLUMNS}, p.pivot {OTHERS} ORDER BY p.pivot LIMIT ?2 OFFSET ?3");
            let mut statement = database.prepare_cached(&sql)?;
            let (limit, offset) = (i64::try_from(limit), i64::try_from(offset));
            let mut rows = statement.query((id, limit.unwrap_or(i64::MAX), offset.unwrap_or(i64::MAX)))?;
            let mut related = Vec::new();
            while let Some(row) = rows.next()? {
                related.push((row.get("pivot")?, entry(row)?.1));
            }
            Ok((u64::try_from(total).unwrap_or_default(), related))
        })
    }

    /// The first attributes of the indicator with this number, at most this many.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn attributes_of(&self, id: i64, most: usize) -> Result<Vec<Attribute>, Error> {
        self.read(|database| first_attributes(database, id, i64::try_from(most).unwrap_or(i64::MAX)))
    }

    /// The numbers of sources by their names; names that no source has are left out.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn source_numbers<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<HashMap<String, i64>, Error> {
        self.read(|database| {
            let mut numbers = HashMap::new();
            for name in names {
                if !numbers.contains_key(name)
                    && let Some(id) = find_source(database, name)?
                {
                    numbers.insert(name.to_owned(), id);
                }
            }
            Ok(numbers)
        })
    }
}

/// The result of each, in one transaction; one that is refused undoes itself alone.
fn each<A, T>(
    change: &Change<'_>,
    all: &[A],
    add: impl Fn(&A) -> Result<T, Problem>,
) -> Result<Vec<Result<T, Error>>, Problem> {
    let run = |sql: &str| -> Result<(), Problem> {
        change.transaction.prepare_cached(sql)?.execute([])?;
        Ok(())
    };
    let mut results = Vec::with_capacity(all.len());
    for one in all {
        run("SAVEPOINT handed")?;
        let result = add(one).map_err(|problem| change.error(problem));
        match result {
            Err(error) if !error.is_users() => return Err(error.into()),
            Err(_) => run("ROLLBACK TO handed")?,
            Ok(_) => {}
        }
        run("RELEASE handed")?;
        results.push(result);
    }
    Ok(results)
}

impl Change<'_> {
    fn hand_one(&self, one: &Handed) -> Result<HandedIn, Problem> {
        let sources = self.handed_sources(&one.sources)?;
        let Some((first, others)) = sources.split_first() else {
            return Err(Error::Bug("nobody hands it in".to_owned()).into());
        };
        let adding = self.add_by_hand(&one.indicator, one.status, one.tlp, *first)?;
        let id = row_of(&self.transaction, &one.indicator)?;
        let mut claimed = 0;
        for source in others {
            claimed += usize::from(self.claim_indicator(id, *source, NO_RUN)?);
        }
        let (attributes, new) = self.hand_all_attributes(id, &one.attributes)?;
        self.set_tags((id, &one.indicator.to_string()), &one.tags, &[])?;
        let rows = one.related.iter().map(|other| self.relate(id, other, *first));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let related = rows.iter().filter(|(_, is_new)| *is_new).count();
        if claimed + new + related > 0 {
            let detail = json!({"sources": claimed, "attributes": new, "relationships": related});
            self.told(id, &one.indicator, &detail)?;
        }
        let related = rows.into_iter().map(|(row, _)| row).collect();
        Ok(HandedIn { id, outcome: adding.outcome, attributes, related })
    }

    /// Records that something was handed in about an indicator.
    fn told(&self, id: i64, indicator: &Indicator, detail: &serde_json::Value) -> Result<(), Problem> {
        self.touch(id)?;
        self.audit("indicator.hand-in", &indicator.to_string(), detail)
    }

    /// The numbers of sources, or of the actor's if there is none; each once.
    fn handed_sources(&self, names: &[String]) -> Result<Vec<i64>, Problem> {
        if names.is_empty() {
            return Ok(vec![self.source(self.actor)?]);
        }
        let mut numbers = Vec::with_capacity(names.len());
        for name in names {
            let number = self.handed_source(name.trim())?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        Ok(numbers)
    }

    fn handed_source(&self, name: &str) -> Result<i64, Problem> {
        if printable(name) != name {
            return Err(Problem::invalid("the name of a source can only have printable characters"));
        }
        let folded = name.to_lowercase();
        if folded != self.actor.to_lowercase() {
            let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE folded = ?)";
            let is_user = self.transaction.prepare_cached(sql)?.query_row([&folded], |row| row.get(0))?;
            if is_user || folded.starts_with(TOKEN) {
                let why = format!("{name} is another user or token: name yourself or another source");
                return Err(Problem::invalid(why));
            }
        }
        if find_source(&self.transaction, name)?.is_none() {
            let sql = "SELECT count(*) FROM sources";
            let count: i64 = self.transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
            if count >= MOST_SOURCES {
                let why = format!("there are {count} different sources, which are the most: use one of them");
                return Err(Problem::conflict(why));
            }
        }
        self.source(name)
    }

    /// The rows of attributes, and how many are new or newly claimed.
    fn hand_all_attributes(
        &self,
        indicator: i64,
        attributes: &[HandedAttribute],
    ) -> Result<(Vec<i64>, usize), Problem> {
        let (mut rows, mut new) = (Vec::with_capacity(attributes.len()), 0);
        for attribute in attributes {
            let (row, is_new) = self.hand_attribute(indicator, attribute)?;
            rows.push(row);
            new += usize::from(is_new);
        }
        Ok((rows, new))
    }

    fn hand_attribute(&self, indicator: i64, attribute: &HandedAttribute) -> Result<(i64, bool), Problem> {
        let (name, value) = (attribute.name.trim(), attribute.value.as_str());
        if name.is_empty() || name.len() > LONGEST_NAME {
            let why = format!("the name of an attribute must have 1 to {LONGEST_NAME} bytes");
            return Err(Problem::invalid(why));
        }
        if value.is_empty() || value.len() > LONGEST_VALUE {
            let why = format!("the value of an attribute must have 1 to {LONGEST_VALUE} bytes");
            return Err(Problem::invalid(why));
        }
        let row = self.attribute_row(indicator, name, value)?;
        let sql =
            "INSERT OR IGNORE INTO attribute_claims (attribute, source, run, added_at) VALUES (?, ?, ?, ?)";
        let mut claim = self.transaction.prepare_cached(sql)?;
        let mut claims = 0;
        for source in self.handed_sources(&attribute.sources)? {
            claims += claim.execute((row, source, NO_RUN, self.at))?;
        }
        Ok((row, claims > 0))
    }

    /// The row of an attribute, which is inserted if it is new.
    fn attribute_row(&self, indicator: i64, name: &str, value: &str) -> Result<i64, Problem> {
        let sql = "SELECT id FROM attributes WHERE indicator = ? AND name = ? AND value = ?";
        let mut known = self.transaction.prepare_cached(sql)?;
        if let Some(row) = known.query_row((indicator, name, value), |row| row.get(0)).optional()? {
            return Ok(row);
        }
        let sql = "SELECT count(*) FROM attributes WHERE indicator = ?";
        let count: i64 = self.transaction.prepare_cached(sql)?.query_row([indicator], |row| row.get(0))?;
        if count >= MOST_ATTRIBUTES {
            let why = format!("it has {count} attributes, and {MOST_ATTRIBUTES} are the most");
            return Err(Problem::conflict(why));
        }
        let sql = "INSERT INTO attributes (indicator, name, value, created_at) VALUES (?, ?, ?, ?)";
        Ok(self.transaction.prepare_cached(sql)?.insert((indicator, name, value, self.at))?)
    }

    /// The row of the relationship between two indicators, and whether it or its claim is new.
    fn relate(&self, id: i64, other: &RelatedTo, source: i64) -> Result<(i64, bool), Problem> {
        let other = self.other(other, source)?;
        if other == id {
            return Err(Problem::invalid("an indicator cannot be related to itself"));
        }
        // It has no direction, so the one that was handed in from the other side is the same.
        let sql = "SELECT id FROM relationships WHERE kind = ?3 AND \
                   ((from_id = ?1 AND to_id = ?2) OR (from_id = ?2 AND to_id = ?1)) ORDER BY id LIMIT 1";
        let mut known = self.transaction.prepare_cached(sql)?;
        let known = known.query_row((id, other, RELATED), |row| row.get(0)).optional()?;
        let row = match known {
            Some(row) => row,
            None => self.insert_relationship(id, other, source)?,
        };
        let sql = "INSERT OR IGNORE INTO relationship_claims (relationship, source, run, attributes, added_at) \
                   VALUES (?, ?, ?, '[]', ?)";
        let claimed = self.transaction.prepare_cached(sql)?.execute((row, source, NO_RUN, self.at))? > 0;
        Ok((row, claimed))
    }

    fn insert_relationship(&self, id: i64, other: i64, source: i64) -> Result<i64, Problem> {
        for one in [id, other] {
            if count_related(&self.transaction, one, source)? >= MOST_RELATIONSHIPS {
                let why = format!("this source relates one of them to {MOST_RELATIONSHIPS} others already");
                return Err(Problem::conflict(why));
            }
        }
        let sql = "INSERT INTO relationships (from_id, to_id, kind, created_at) VALUES (?, ?, ?, ?)";
        let row = self.transaction.prepare_cached(sql)?.insert((id, other, RELATED, self.at))?;
        for one in [id, other] {
            derive_figures(&self.transaction, Some(one))?;
        }
        Ok(row)
    }

    /// The number of another indicator, which must be present, or is added.
    fn other(&self, other: &RelatedTo, source: i64) -> Result<i64, Problem> {
        match other {
            RelatedTo::Number(id) => {
                let sql = "SELECT 1 FROM indicators WHERE id = ? AND removed_at IS NULL";
                let found = self.transaction.prepare_cached(sql)?.exists([id])?;
                found
                    .then_some(*id)
                    .ok_or_else(|| Problem::missing(format!("there is no indicator with the id {id}")))
            }
            RelatedTo::Value(indicator) => {
                self.add_by_hand(indicator, Status::Indirect, None, source)?;
                row_of(&self.transaction, indicator)
            }
        }
    }
}

fn row_of(database: &Connection, indicator: &Indicator) -> Result<i64, Problem> {
    let lost = || Error::Bug("an indicator that was added is missing".to_owned()).into();
    find(database, indicator)?.map(|place| place.id).ok_or_else(lost)
}

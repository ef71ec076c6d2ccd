//! What a hand-over to another platform needs to know of the database, besides records and members: markings, what runs added, and
//! what tells this workbench from others.

use std::collections::{BTreeSet, HashSet};

use operation::{Finding, Indicator, Tlp};
use rusqlite::{Connection, OptionalExtension};

use crate::database::Problem;
use crate::indicator_key::sort_key;
use crate::library::{
    Attribute, Relationship, attributes_of, counts_of, find, relationships_of, stored_indicator, stored_tlp,
};
use crate::{Error, Workbench};

/// What the library has about an indicator besides its entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attached {
    /// Its attributes, at most 1,000.
    pub attributes: Vec<Attribute>,
    /// Its relationships with present indicators, at most 1,000 in each direction.
    pub relationships: Vec<Relationship>,
    /// How many attributes there are.
    pub attribute_count: u64,
    /// How many relationships there are.
    pub relationship_count: u64,
}

/// What a run claims in the library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Indicators.
    pub indicators: HashSet<Indicator>,
    /// Relationships: the owner, the host in the data, and the type of the records.
    pub relationships: HashSet<(Indicator, Indicator, String)>,
    /// Attributes of the queried indicator: name and value.
    pub attributes: HashSet<(String, String)>,
}

/// A marked indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedIndicator {
    /// The indicator.
    pub indicator: Indicator,
    /// Its marking.
    pub tlp: Tlp,
    /// When it got this marking, in seconds since the epoch; 0 if that is unknown.
    pub marked_at: i64,
}

impl Workbench {
    /// The markings of indicators, also of those that were removed from the library. Unmarked ones are left out.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn markings(&self, indicators: &BTreeSet<Indicator>) -> Result<Vec<MarkedIndicator>, Error> {
        self.read(|database| {
            // Most libraries have no marking at all.
            let any = "SELECT EXISTS (SELECT 1 FROM indicators WHERE tlp IS NOT NULL)";
            if !database.query_row(any, [], |row| row.get(0))? {
                return Ok(Vec::new());
            }
            let marked = indicators.iter().map(|indicator| marking(database, indicator));
            marked.filter_map(Result::transpose).collect()
        })
    }

    /// What a run has added to the library and not taken back since.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn claimed_by(&self, run: i64) -> Result<Claimed, Error> {
        self.read(|database| {
            Ok(Claimed {
                indicators: indicators(database, run)?,
                relationships: relationships(database, run)?,
                attributes: attributes(database, run)?,
            })
        })
    }

    /// The attributes and relationships of an indicator; nothing if the library does not have it.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn attached_to(&self, indicator: &Indicator) -> Result<Attached, Error> {
        self.read(|database| {
            let Some(place) = find(database, indicator)? else { return Ok(Attached::default()) };
            let (attribute_count, relationship_count) = counts_of(database, place.id)?;
            Ok(Attached {
                attributes: attributes_of(database, place.id)?,
                relationships: relationships_of(database, place.id)?,
                attribute_count,
                relationship_count,
            })
        })
    }

    /// What tells this workbench from all others: when and by whom the first change was made. Empty before the first change.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn founding(&self) -> Result<String, Error> {
        self.read(|database| {
            let sql = "SELECT at, actor, action, subject FROM audit ORDER BY id LIMIT 1";
            let first = database.query_row(sql, [], |row| {
                let (at, texts): (i64, [String; 3]) = (row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]);
                Ok(format!("{at} {}", texts.join(" ")))
            });
            Ok(first.optional()?.unwrap_or_default())
        })
    }
}

impl Claimed {
    /// Whether a finding is among what was added.
    pub fn has(&self, finding: &Finding) -> bool {
        match finding {
            Finding::Attribute { name, value, .. } => {
                self.attributes.contains(&(name.clone(), value.clone()))
            }
            Finding::Indicator { indicator, .. } => self.indicators.contains(indicator),
            Finding::Relationship { from, to, rrtype, .. } => {
                self.relationships.contains(&(from.clone(), to.clone(), rrtype.to_string()))
            }
        }
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.indicators.is_empty() && self.relationships.is_empty() && self.attributes.is_empty()
    }
}

fn marking(database: &Connection, indicator: &Indicator) -> Result<Option<MarkedIndicator>, Problem> {
    let mut statement = database.prepare_cached("SELECT tlp FROM indicators WHERE sort_key = ?")?;
    let word = statement.query_row([sort_key(indicator)], |row| row.get(0)).optional()?;
    let Some(tlp) = stored_tlp(word.flatten())? else { return Ok(None) };
    let marked_at = marked_at(database, indicator)?;
    Ok(Some(MarkedIndicator { indicator: indicator.clone(), tlp, marked_at }))
}

/// When the marking of an indicator was last changed: only the audit trail says it.
fn marked_at(database: &Connection, indicator: &Indicator) -> Result<i64, Problem> {
    let sql = "SELECT coalesce(max(at), 0) FROM audit WHERE subject = ? AND (action = 'indicator.tlp' \
               OR (action = 'indicator.add' AND json_extract(detail, '$.tlp') IS NOT NULL))";
    Ok(database.prepare_cached(sql)?.query_row([indicator.to_string()], |row| row.get(0))?)
}

fn indicators(database: &Connection, run: i64) -> Result<HashSet<Indicator>, Problem> {
    let sql = "SELECT DISTINCT i.value FROM indicator_claims c JOIN indicators i ON i.id = c.indicator \
               WHERE c.source IN (SELECT id FROM sources) AND c.run = ? AND i.removed_at IS NULL";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query([run])?;
    let mut found = HashSet::new();
    while let Some(row) = rows.next()? {
        found.insert(stored_indicator(&row.get::<_, String>(0)?)?);
    }
    Ok(found)
}

fn relationships(
    database: &Connection,
    run: i64,
) -> Result<HashSet<(Indicator, Indicator, String)>, Problem> {
    let sql = "SELECT DISTINCT f.value, t.value, r.kind FROM relationship_claims c \
               JOIN relationships r ON r.id = c.relationship JOIN indicators f ON f.id = r.from_id \
               JOIN indicators t ON t.id = r.to_id \
               WHERE c.run = ? AND f.removed_at IS NULL AND t.removed_at IS NULL";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query([run])?;
    let mut found = HashSet::new();
    while let Some(row) = rows.next()? {
        let (from, to): (String, String) = (row.get(0)?, row.get(1)?);
        found.insert((stored_indicator(&from)?, stored_indicator(&to)?, row.get(2)?));
    }
    Ok(found)
}

fn attributes(database: &Connection, run: i64) -> Result<HashSet<(String, String)>, Problem> {
    let sql = "SELECT DISTINCT a.name, a.value FROM attribute_claims c JOIN attributes a ON a.id = c.attribute \
               WHERE c.run = ?";
    let mut statement = database.prepare_cached(sql)?;
    let found = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cof::RrType;

    use super::*;
    use crate::library::{Setting, Status};

    fn value(text: &str) -> Indicator {
        Indicator::parse(text).unwrap()
    }

    fn findings() -> [Finding; 3] {
        let (records, caution) = (Vec::new(), None);
        [
            Finding::Attribute {
                name: "Resource Type".to_owned(),
                value: "A".to_owned(),
                records: records.clone(),
                caution: None,
            },
            Finding::Indicator { indicator: value("192.0.2.1"), records: records.clone(), caution: None },
            Finding::Relationship {
                from: value("a.example"),
                to: value("192.0.2.1"),
                rrtype: RrType::A,
                attributes: Vec::new(),
                records,
                caution,
            },
        ]
    }

    #[tokio::test]
    async fn what_a_run_added_is_known_until_it_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_000));
        let mut workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
        assert!(workbench.claimed_by(1).unwrap().is_empty());
        workbench.add_findings(1, "CIRCL Passive DNS", &value("a.example"), &findings()).unwrap();
        let claimed = workbench.claimed_by(1).unwrap();
        assert!(findings().iter().all(|finding| claimed.has(finding)), "{claimed:?}");
        assert!(workbench.claimed_by(2).unwrap().is_empty());
        let attached = workbench.attached_to(&value("a.example")).unwrap();
        assert_eq!((attached.attributes.len(), attached.relationships.len()), (1, 1));
        assert_eq!((attached.attribute_count, attached.relationship_count), (1, 1));
        workbench.undo(1).unwrap();
        assert!(workbench.claimed_by(1).unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn markings_are_those_of_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_000));
        let mut workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
        let asked: BTreeSet<Indicator> = ["a.example", "b.example", "c.example"].map(value).into();
        assert_eq!(workbench.founding().unwrap(), "");
        workbench.add_indicators(&[value("a.example"), value("b.example")], Status::Active).unwrap();
        let founding = workbench.founding().unwrap();
        assert!(founding.contains("ann"), "{founding}");
        assert_eq!(workbench.markings(&asked).unwrap(), []);
        let marked = |tlp, marked_at| MarkedIndicator { indicator: value("a.example"), tlp, marked_at };
        workbench.add_marked(&[value("a.example")], Status::Active, Some(Tlp::Amber)).unwrap();
        assert_eq!(workbench.markings(&asked).unwrap(), [marked(Tlp::Amber, 1_000)]);
        tokio::time::advance(Duration::from_secs(10)).await;
        let setting = Setting { tlp: Some(Tlp::Red.into()), ..Setting::default() };
        workbench.set_indicator(&value("a.example"), &setting).unwrap();
        tokio::time::advance(Duration::from_secs(10)).await;
        workbench.note(&value("a.example"), "not about the marking").unwrap();
        workbench.remove_indicator(&value("a.example")).unwrap();
        assert_eq!(workbench.markings(&asked).unwrap(), [marked(Tlp::Red, 1_010)], "even if removed");
        assert_eq!(workbench.founding().unwrap(), founding);
    }
}

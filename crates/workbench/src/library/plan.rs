//! Computes what adding findings would do, only by reading.
//!
//! A dry run counts a [`Plan`]; adding computes the same plan within its transaction and carries it out, so both always agree.

use std::collections::{HashMap, HashSet};
use std::ops::AddAssign;

use cof::RrType;
use operation::{Finding, Indicator};
use rusqlite::{Connection, OptionalExtension};

use crate::database::Problem;
use crate::library::Status;
use crate::library::entry::{Place, find};
use crate::library::source::find_source;
use crate::{Error, Workbench};

/// The most relationships of an indicator that one source may claim: `ThreatQ` silently drops any more.
pub const MOST_RELATIONSHIPS: u64 = 10_000;

/// What becomes of findings, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Indicators, including those that an attribute or relationship needs.
    pub indicators: Count,
    /// Attributes of the queried indicator.
    pub attributes: Count,
    /// Relationships.
    pub relationships: Count,
}

/// What becomes of findings of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Not in the library yet.
    pub new: u64,
    /// Already in the library; this source now claims it too.
    pub known: u64,
    /// Left out, because it would change something that is whitelisted.
    pub whitelisted: u64,
    /// Left out, because it would bring back something that was removed.
    pub removed: u64,
    /// Left out, because the source already claims the most relationships allowed for an indicator.
    pub over_cap: u64,
}

impl Workbench {
    /// What [`Self::add_findings`] would do now; changes nothing.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn propose(&self, source: &str, asked: &Indicator, findings: &[Finding]) -> Result<Tally, Error> {
        self.read(|database| Ok(Plan::new(database, source, asked, findings)?.tally))
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.indicators += other.indicators;
        self.attributes += other.attributes;
        self.relationships += other.relationships;
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
        self.whitelisted += other.whitelisted;
        self.removed += other.removed;
        self.over_cap += other.over_cap;
    }
}

/// The changes to make.
pub(super) struct Plan<'a> {
    database: &'a Connection,
    /// The source's number, if it already has one.
    source: Option<i64>,
    /// Every indicator that is affected.
    pub(super) nodes: Vec<Node<'a>>,
    at: HashMap<&'a Indicator, usize>,
    pub(super) attributes: Vec<Planned<(&'a str, &'a str)>>,
    pub(super) relationships: Vec<Planned<Join<'a>>>,
    pub(super) tally: Tally,
}

/// An indicator that findings are about.
pub(super) struct Node<'a> {
    pub(super) indicator: &'a Indicator,
    pub(super) place: Option<Place>,
    /// Whether it is claimed, and inserted if it does not exist.
    pub(super) claim: bool,
    /// How many relationships the source claims; computed when it is first needed.
    related: Option<u64>,
}

/// Something to claim, with its row if there is one.
pub(super) struct Planned<T> {
    pub(super) row: Option<i64>,
    pub(super) what: T,
}

/// A relationship between two nodes, by their positions.
pub(super) struct Join<'a> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rrtype: RrType,
    pub(super) attributes: &'a [(String, String)],
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        database: &'a Connection,
        source: &str,
        asked: &'a Indicator,
        findings: &'a [Finding],
    ) -> Result<Self, Problem> {
        let mut plan = Self {
            source: find_source(database, source)?,
            database,
            nodes: Vec::new(),
            at: HashMap::new(),
            attributes: Vec::new(),
            relationships: Vec::new(),
            tally: Tally::default(),
        };
        // Indicators first, so that each is counted as itself and not as part of the relationship that needs it.
        for finding in findings {
            if let Finding::Indicator { indicator, .. } = finding {
                plan.indicator(indicator)?;
            }
        }
        plan.add_attributes(asked, findings)?;
        plan.add_relationships(findings)?;
        Ok(plan)
    }

    /// The position of an indicator's node.
    fn node(&mut self, indicator: &'a Indicator) -> Result<usize, Problem> {
        if let Some(at) = self.at.get(indicator) {
            return Ok(*at);
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            indicator,
            place: find(self.database, indicator)?,
            claim: false,
            related: None,
        });
        self.at.insert(indicator, at);
        Ok(at)
    }

    fn indicator(&mut self, indicator: &'a Indicator) -> Result<(), Problem> {
        let at = self.node(indicator)?;
        let Some(node) = self.nodes.get_mut(at) else { return Ok(()) };
        let count = &mut self.tally.indicators;
        if !node.is_barred(count) {
            let known = node.place.is_some() || node.claim;
            node.claim = true;
            *(if known { &mut count.known } else { &mut count.new }) += 1;
        }
        Ok(())
    }

    fn add_attributes(&mut self, asked: &'a Indicator, findings: &'a [Finding]) -> Result<(), Problem> {
        let mut met = HashSet::new();
        for finding in findings {
            let Finding::Attribute { name, value, .. } = finding else { continue };
            let at = self.node(asked)?;
            let Some(node) = self.nodes.get(at) else { continue };
            let count = &mut self.tally.attributes;
            if node.is_barred(count) {
                continue;
            }
            if !met.insert((name, value)) {
                count.known += 1;
                continue;
            }
            let row = match node.place {
                Some(place) => find_attribute(self.database, place.id, name, value)?,
                None => None,
            };
            *(if row.is_some() { &mut count.known } else { &mut count.new }) += 1;
            self.attributes.push(Planned { row, what: (name, value) });
            self.need(at);
        }
        Ok(())
    }

    fn add_relationships(&mut self, findings: &'a [Finding]) -> Result<(), Problem> {
        let mut met = HashSet::new();
        for finding in findings {
            let Finding::Relationship { from, to, rrtype, attributes, .. } = finding else { continue };
            let join = Join { from: self.node(from)?, to: self.node(to)?, rrtype: *rrtype, attributes };
            let barred =
                |at: usize, count: &mut Count| self.nodes.get(at).is_some_and(|node| node.is_barred(count));
            if barred(join.from, &mut self.tally.relationships)
                || barred(join.to, &mut self.tally.relationships)
            {
                continue;
            }
            if !met.insert((join.from, join.to, *rrtype)) {
                self.tally.relationships.known += 1;
                continue;
            }
            self.add_relationship(join)?;
        }
        Ok(())
    }

    fn add_relationship(&mut self, join: Join<'a>) -> Result<(), Problem> {
        let place = |at: usize| self.nodes.get(at).and_then(|node| node.place);
        let row = match (place(join.from), place(join.to)) {
            (Some(from), Some(to)) => find_relationship(self.database, from.id, to.id, join.rrtype)?,
            _ => None,
        };
        let claimed = match (row, self.source) {
            (Some(row), Some(source)) => is_claimed(self.database, row, source)?,
            _ => false,
        };
        if !claimed && !self.has_room(join.from, join.to)? {
            self.tally.relationships.over_cap += 1;
            return Ok(());
        }
        let count = &mut self.tally.relationships;
        *(if row.is_some() { &mut count.known } else { &mut count.new }) += 1;
        self.need(join.from);
        self.need(join.to);
        self.relationships.push(Planned { row, what: join });
        Ok(())
    }

    /// Counts one more relationship between the two, if both may have it.
    fn has_room(&mut self, from: usize, to: usize) -> Result<bool, Problem> {
        let (before, after) = (self.related(from)?, self.related(to)?);
        let room = before.max(after) < MOST_RELATIONSHIPS;
        if room {
            for (at, count) in [(from, before), (to, after)] {
                if let Some(node) = self.nodes.get_mut(at) {
                    node.related = Some(count + 1);
                }
            }
        }
        Ok(room)
    }

    /// How many relationships of an indicator the source claims.
    fn related(&mut self, at: usize) -> Result<u64, Problem> {
        let Some(node) = self.nodes.get_mut(at) else { return Ok(0) };
        let count = match (node.related, node.place, self.source) {
            (Some(count), ..) => count,
            (None, Some(place), Some(source)) => count_related(self.database, place.id, source)?,
            _ => 0,
        };
        node.related = Some(count);
        Ok(count)
    }

    /// An attribute or relationship needs this indicator: if the library does not have it, it is inserted.
    fn need(&mut self, at: usize) {
        if let Some(node) = self.nodes.get_mut(at)
            && node.place.is_none()
            && !node.claim
        {
            node.claim = true;
            self.tally.indicators.new += 1;
        }
    }
}

impl Node<'_> {
    /// Whether runs may not change it; if so, it is counted.
    fn is_barred(&self, count: &mut Count) -> bool {
        let Some(place) = self.place else { return false };
        if place.removed {
            count.removed += 1;
        } else if place.status == Status::Whitelisted {
            count.whitelisted += 1;
        } else {
            return false;
        }
        true
    }
}

fn find_attribute(
    database: &Connection,
    indicator: i64,
    name: &str,
    value: &str,
) -> Result<Option<i64>, Problem> {
    let sql = "SELECT id FROM attributes WHERE indicator = ? AND name = ? AND value = ?";
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_row((indicator, name, value), |row| row.get(0)).optional()?)
}

fn find_relationship(
    database: &Connection,
    from: i64,
    to: i64,
    rrtype: RrType,
) -> Result<Option<i64>, Problem> {
    let sql = "SELECT id FROM relationships WHERE from_id = ? AND to_id = ? AND kind = ?";
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_row((from, to, rrtype.to_string()), |row| row.get(0)).optional()?)
}

fn is_claimed(database: &Connection, relationship: i64, source: i64) -> Result<bool, Problem> {
    let sql = "SELECT EXISTS (SELECT 1 FROM relationship_claims WHERE relationship = ? AND source = ?)";
    Ok(database.prepare_cached(sql)?.query_row((relationship, source), |row| row.get(0))?)
}

pub(super) fn count_related(database: &Connection, indicator: i64, source: i64) -> Result<u64, Problem> {
    let sql = "SELECT count(*) FROM relationships r WHERE (r.from_id = ?1 OR r.to_id = ?1) AND EXISTS \
               (SELECT 1 FROM relationship_claims c WHERE c.relationship = r.id AND c.source = ?2)";
    let count: i64 = database.prepare_cached(sql)?.query_row((indicator, source), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

//! Adds the findings of runs in one transaction.

use std::borrow::Cow;
use std::collections::BTreeMap;

use operation::{Finding, Indicator};
use rusqlite::Connection;
use serde_json::json;

use crate::database::{Change, Problem, last_seen};
use crate::library::plan::{Count, Join, Plan};
use crate::library::{Status, Tally};
use crate::{Error, Workbench};

/// The source and run whose claims are added.
struct Adder<'a> {
    change: &'a Change<'a>,
    source: i64,
    run: i64,
    /// The number of new claims.
    claims: u64,
    /// What the relationships add to the figures of each row: how many are new, and when they were last seen.
    figures: BTreeMap<i64, (i64, i64)>,
}

/// Findings that a run is to claim.
#[derive(Clone, Debug)]
pub(crate) struct Addition<'a> {
    pub(crate) run: i64,
    pub(crate) source: &'a str,
    pub(crate) findings: Cow<'a, [Finding]>,
}

impl Workbench {
    /// Adds findings about `asked`, claimed by a run whose number is above 0. New indicators get [`Status::Indirect`]; adding
    /// the same findings again changes nothing. Returns the same tally as [`Self::propose`].
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_findings(
        &mut self,
        run: i64,
        source: &str,
        asked: &Indicator,
        findings: &[Finding],
    ) -> Result<Tally, Error> {
        let addition = Addition { run, source, findings: Cow::Borrowed(findings) };
        self.change(|change| change.add_together(asked, findings, &[addition]))
    }

    /// What [`Change::add_together`] would do now; changes nothing.
    pub(crate) fn propose_together(
        &self,
        asked: &Indicator,
        all: &[Finding],
        additions: &[Addition<'_>],
    ) -> Result<Tally, Error> {
        self.read(|database| together(database, asked, all, additions))
    }
}

impl Change<'_> {
    /// Adds what several runs claim; `all` are their findings, each once. Returns the same tally as
    /// [`Workbench::propose_together`].
    pub(crate) fn add_together(
        &self,
        asked: &Indicator,
        all: &[Finding],
        additions: &[Addition<'_>],
    ) -> Result<Tally, Problem> {
        if let Some(addition) = additions.iter().find(|addition| addition.run < 1) {
            return Err(Error::Bug(format!("a run with the number {}", addition.run)).into());
        }
        // The plan of a single run, which may have 100,000 findings, is made once.
        if let [addition] = additions {
            return add(self, asked, addition);
        }
        let tally = together(&self.transaction, asked, all, additions)?;
        for addition in additions {
            add(self, asked, addition)?;
        }
        Ok(tally)
    }
}

/// What adding findings of several runs does: each finding is counted once, and what is over the limit of a source for each
/// source.
fn together(
    database: &Connection,
    asked: &Indicator,
    all: &[Finding],
    additions: &[Addition<'_>],
) -> Result<Tally, Problem> {
    let tally =
        |source: &str, findings| Ok::<_, Problem>(Plan::new(database, source, asked, findings)?.tally);
    if let [addition] = additions {
        return tally(addition.source, &addition.findings);
    }
    let mut sum = tally("", all)?;
    for addition in additions {
        sum.relationships.over_cap += tally(addition.source, &addition.findings)?.relationships.over_cap;
    }
    Ok(sum)
}

/// Adds what one run claims; returns what its plan counted.
fn add(change: &Change<'_>, asked: &Indicator, addition: &Addition<'_>) -> Result<Tally, Problem> {
    let Addition { run, source, findings } = addition;
    let plan = Plan::new(&change.transaction, source, asked, findings)?;
    let mut adder =
        Adder { change, source: change.source(source)?, run: *run, claims: 0, figures: BTreeMap::new() };
    let ids = adder.add_indicators(&plan)?;
    let id_of = |at: usize| ids.get(at).copied().flatten().ok_or_else(lost);
    let asked_at = plan.nodes.iter().position(|node| node.indicator == asked);
    if let Some(at) = asked_at.filter(|_| !plan.attributes.is_empty()) {
        adder.add_attributes(&plan, id_of(at)?)?;
    }
    for relationship in &plan.relationships {
        let Join { from, to, .. } = relationship.what;
        adder.add_relationship(relationship.row, (id_of(from)?, id_of(to)?), &relationship.what)?;
    }
    adder.write_figures()?;
    if adder.claims > 0 {
        let asked_row = asked_at.and_then(|at| ids.get(at).copied().flatten());
        adder.finish(asked, asked_row, source, &plan.tally)?;
    }
    Ok(plan.tally)
}

fn lost() -> Problem {
    Error::Bug("a planned indicator was not made".to_owned()).into()
}

impl Adder<'_> {
    /// Inserts and claims indicators; returns the row of each node that has one.
    fn add_indicators(&mut self, plan: &Plan<'_>) -> Result<Vec<Option<i64>>, Problem> {
        let mut ids = Vec::with_capacity(plan.nodes.len());
        for node in &plan.nodes {
            let id = match node.place {
                Some(place) => Some(place.id),
                None if node.claim => Some(self.change.insert_indicator(node.indicator, Status::Indirect)?),
                None => None,
            };
            if let Some(id) = id.filter(|_| node.claim) {
                self.claims += u64::from(self.change.claim_indicator(id, self.source, self.run)?);
            }
            ids.push(id);
        }
        Ok(ids)
    }

    fn add_attributes(&mut self, plan: &Plan<'_>, asked: i64) -> Result<(), Problem> {
        let transaction = &self.change.transaction;
        let mut insert = transaction.prepare_cached(
            "INSERT INTO attributes (indicator, name, value, created_at) VALUES (?, ?, ?, ?)",
        )?;
        let mut claim = transaction.prepare_cached(
            "INSERT OR IGNORE INTO attribute_claims (attribute, source, run, added_at) VALUES (?, ?, ?, ?)",
        )?;
        for attribute in &plan.attributes {
            let (name, value) = attribute.what;
            let row = match attribute.row {
                Some(row) => row,
                None => insert.insert((asked, name, value, self.change.at))?,
            };
            self.claims += u64::from(claim.execute((row, self.source, self.run, self.change.at))? > 0);
        }
        Ok(())
    }

    fn add_relationship(
        &mut self,
        row: Option<i64>,
        (from, to): (i64, i64),
        join: &Join<'_>,
    ) -> Result<(), Problem> {
        let transaction = &self.change.transaction;
        let is_new = row.is_none();
        let row = match row {
            Some(row) => row,
            None => transaction
                .prepare_cached(
                    "INSERT INTO relationships (from_id, to_id, kind, created_at) VALUES (?, ?, ?, ?)",
                )?
                .insert((from, to, join.rrtype.to_string(), self.change.at))?,
        };
        let attributes =
            serde_json::to_string(join.attributes).map_err(|error| Error::Bug(error.to_string()))?;
        let sql = "INSERT OR IGNORE INTO relationship_claims (relationship, source, run, attributes, added_at) \
                   VALUES (?, ?, ?, ?, ?)";
        let mut claim = transaction.prepare_cached(sql)?;
        if claim.execute((row, self.source, self.run, attributes, self.change.at))? > 0 {
            self.claims += 1;
            self.count_relationship((from, to), is_new, join);
        }
        Ok(())
    }

    /// Adds a relationship that was claimed to the figures of both indicators.
    fn count_relationship(&mut self, (from, to): (i64, i64), is_new: bool, join: &Join<'_>) {
        let seen = last_seen(join.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        for id in [from, to] {
            let (new, last) = self.figures.entry(id).or_default();
            (*new, *last) = (*new + i64::from(is_new), seen.max(*last));
        }
    }

    /// Writes what the relationships added to the figures, each row once.
    fn write_figures(&self) -> Result<(), Problem> {
        let sql = "UPDATE indicators SET related = related + ?2, last_seen = max(last_seen, ?3) \
                   WHERE id = ?1 AND (?2 > 0 OR last_seen < ?3)";
        let mut statement = self.change.transaction.prepare_cached(sql)?;
        for (id, (new, last)) in &self.figures {
            statement.execute((id, new, last))?;
        }
        Ok(())
    }

    /// Updates the time of the queried indicator, and writes the audit entry. Of the other indicators, only new ones get a
    /// time.
    fn finish(
        &self,
        asked: &Indicator,
        row: Option<i64>,
        source: &str,
        tally: &Tally,
    ) -> Result<(), Problem> {
        if let Some(row) = row {
            self.change.touch(row)?;
        }
        let sql = "UPDATE runs SET added_at = ?, undone_at = NULL WHERE id = ?";
        self.change.transaction.prepare_cached(sql)?.execute((self.change.at, self.run))?;
        let count = |count: &Count| json!({"new": count.new, "known": count.known});
        let detail = json!({
            "run": self.run,
            "source": source,
            "indicators": count(&tally.indicators),
            "attributes": count(&tally.attributes),
            "relationships": count(&tally.relationships),
        });
        self.change.audit("run.add", &asked.to_string(), &detail)
    }
}

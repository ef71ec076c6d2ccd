//! Reads a [`Matter`] from the workbench: [`run`], [`history`], [`investigation`], [`library`].
//!
//! Markings are looked up for every value that a text of the matter reveals, whether or not the matter is about it. [`levels_in`] does
//! the same for other texts, so that what is printed is marked by the same rule as what is handed over.
//!
//! Errors: [`Error`] of the workbench; [`Error::Refused`] if there is nothing to hand over, or more than a document can have.

mod library;

use std::collections::{BTreeSet, HashMap, HashSet};

use cof::Record;
use operation::{Filter, Indicator, Tlp};
use workbench::history::{History, Part};
use workbench::investigation::{Member, SourceReport, Verdict};
use workbench::run::{Kept, Run, State};
use workbench::{Claimed, Error, Workbench};

pub use library::library;

use crate::levels::candidates;
use crate::{Kind, Levels, MOST_ROWS, Matter, Reported, Source, Value};

/// The longest text that can be a value as a whole, in bytes: a name whose bytes are all escaped.
const LONGEST_VALUE: usize = 1_024;
/// The most records of an answer that are read to choose from.
const MOST_READ: usize = 100_000;

/// Which records are handed over.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only these types and times.
    pub filter: Filter,
    /// Only records with a finding that was added to the library.
    pub only_added: bool,
}

/// The answer of a run.
///
/// # Errors
/// [`Error::Refused`] if there is no such run, it is still running, or its answer is too large.
pub fn run(workbench: &Workbench, id: i64, choice: &Choice) -> Result<Matter, Error> {
    let kept = workbench.answer_within(id, MOST_READ)?;
    check_readable(&kept.run)?;
    let claimed = if choice.only_added { Some(workbench.claimed_by(id)?) } else { None };
    let places = match &claimed {
        Some(claimed) => added(workbench, &kept, claimed)?,
        None => (0..kept.records.len()).collect(),
    };
    let asked = &kept.run.indicator;
    let records = kept.records.iter().enumerate();
    let chosen = records.filter(|(at, record)| places.contains(at) && choice.filter.keeps(record));
    let reported = chosen.map(|(_, record)| reported(asked, &kept.run, record)).collect();
    let found = claimed.into_iter().flat_map(|claimed| claimed.indicators);
    let indicators: BTreeSet<Indicator> = found.chain([asked.clone()]).collect();
    let started_at = seconds(kept.run.started_at);
    let values = indicators.iter().map(|one| value(workbench, one, started_at)).collect::<Result<_, _>>()?;
    let key = format!("run {id} {} {}", kept.run.started_at, workbench.founding()?);
    let title = format!("Passive DNS of {asked} by {}", kept.run.source);
    let matter = Matter { values, reported, ..new(Kind::Run, key, title, started_at) };
    with_levels(workbench, Matter { changed_at: seconds(kept.run.fetched.at), ..matter })
}

/// The answers of all operations on an indicator, each as it is.
///
/// # Errors
/// [`Error::Refused`] if no operation was run on it, or the answers are too large.
pub fn history(workbench: &Workbench, indicator: &Indicator, choice: &Choice) -> Result<Matter, Error> {
    let history = workbench.history(indicator, MOST_READ)?;
    let runs = history.parts.iter().map(|part| seconds(part.latest.started_at));
    let Some(first) = runs.min() else {
        return Err(Error::missing(format!("no operation has been run on {indicator} yet: query it first")));
    };
    let (reported, found) = reported_in(workbench, &history, choice)?;
    let indicators: BTreeSet<Indicator> = found.into_iter().chain([indicator.clone()]).collect();
    let values = indicators.iter().map(|one| value(workbench, one, first)).collect::<Result<_, _>>()?;
    let key = format!("history {indicator} {}", workbench.founding()?);
    let title = format!("Passive DNS of {indicator}");
    with_levels(workbench, Matter { values, reported, ..new(Kind::History, key, title, first) })
}

/// An investigation: its members, and what all operations answered about them.
///
/// # Errors
/// [`Error::Refused`] if there is no such investigation, or its answers are too large.
pub fn investigation(workbench: &Workbench, id: i64, choice: &Choice) -> Result<Matter, Error> {
    let investigation = workbench.investigation(id)?;
    let members = workbench.members(id)?;
    let (mut reported, mut found) = (Vec::new(), BTreeSet::new());
    for member in &members {
        let history = workbench.history(&member.indicator, MOST_READ)?;
        let (more, of_it) = reported_in(workbench, &history, choice)?;
        reported.extend(more);
        found.extend(of_it);
        check_rows(reported.len())?;
    }
    let updated_at = seconds(investigation.updated_at);
    let values = members.iter().map(|member| of_member(workbench, member, updated_at));
    let mut values = values.collect::<Result<Vec<Value>, Error>>()?;
    let known: HashSet<&Indicator> = members.iter().map(|member| &member.indicator).collect();
    for indicator in found.iter().filter(|indicator| !known.contains(indicator)) {
        values.push(value(workbench, indicator, seconds(investigation.created_at))?);
    }
    let reports = workbench.source_reports(id)?;
    let texts = [&investigation.name, &investigation.summary];
    let in_texts = texts.into_iter().filter_map(|text| Tlp::strictest_in(text)).max();
    let tlp = investigation.tlp.max(in_texts).max(of_reports(workbench, id, &reports)?);
    let (created_at, actor) = (investigation.created_at, &investigation.actor);
    let key = format!("investigation {id} {created_at} {actor} {}", workbench.founding()?);
    let matter = new(Kind::Investigation, key, investigation.name, seconds(created_at));
    let matter = Matter {
        summary: investigation.summary,
        tlp,
        marked_at: if tlp.is_some() { updated_at } else { 0 },
        is_closed: investigation.status == workbench::investigation::Status::Closed,
        changed_at: updated_at,
        sources: reports.into_iter().map(of_report).collect(),
        values,
        reported,
        ..matter
    };
    with_levels(workbench, matter)
}

/// What all operations said, and with [`Choice::only_added`] the indicators that were added.
fn reported_in(
    workbench: &Workbench,
    history: &History,
    choice: &Choice,
) -> Result<(Vec<Reported>, BTreeSet<Indicator>), Error> {
    for run in history.parts.iter().filter_map(Part::run) {
        check_readable(run)?;
    }
    let all = (0..history.records.len()).collect();
    let (places, found) =
        if choice.only_added { added_in(workbench, history, &all)? } else { (all, BTreeSet::new()) };
    let mut all_reported = Vec::new();
    for place in places {
        for (record, part) in history.said(place).zip(&history.parts) {
            let (Some(record), Some(run)) = (record, part.run()) else { continue };
            if choice.filter.keeps(record) {
                all_reported.push(reported(&history.indicator, run, record));
            }
        }
    }
    Ok((all_reported, found))
}

/// The positions of records with a finding that a run has added.
fn added(workbench: &Workbench, kept: &Kept, claimed: &Claimed) -> Result<BTreeSet<usize>, Error> {
    if claimed.is_empty() {
        return Ok(BTreeSet::new());
    }
    let all = (0..kept.records.len()).collect();
    let mut findings = workbench.findings_of(kept, &all, true)?.list;
    findings.retain(|finding| claimed.has(finding));
    Ok(findings.iter_mut().flat_map(|finding| std::mem::take(finding.records_mut())).collect())
}

/// The positions in a history of records with a finding that one of its runs has added, and the indicators that were added.
fn added_in(
    workbench: &Workbench,
    history: &History,
    all: &BTreeSet<usize>,
) -> Result<(BTreeSet<usize>, BTreeSet<Indicator>), Error> {
    let claims = history.added().into_iter().map(|run| Ok((run, workbench.claimed_by(run)?)));
    let claims = claims.collect::<Result<HashMap<i64, Claimed>, Error>>()?;
    if claims.is_empty() {
        return Ok((BTreeSet::new(), BTreeSet::new()));
    }
    let mut places = BTreeSet::new();
    for mut proposal in workbench.proposals_of(history, all, true)?.list {
        let runs = history.runs_of(&proposal);
        let mut claimed = runs.iter().filter_map(|run| claims.get(run));
        if claimed.any(|claimed| claimed.has(&proposal.finding)) {
            places.extend(std::mem::take(proposal.finding.records_mut()));
        }
    }
    Ok((places, claims.into_values().flat_map(|claimed| claimed.indicators).collect()))
}

fn check_readable(run: &Run) -> Result<(), Error> {
    if run.ending.state == State::Running {
        return Err(Error::conflict(format!("run {} is still running: wait for its end", run.id)));
    }
    if usize::try_from(run.records).is_ok_and(|records| records <= MOST_READ) {
        return Ok(());
    }
    let (id, records) = (run.id, run.records);
    Err(Error::invalid(format!(
        "run {id} has {records} records, and at most {MOST_READ} can be handed over: query fewer, by record type or time"
    )))
}

fn check_rows(count: usize) -> Result<(), Error> {
    if count <= MOST_ROWS {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "a document has at most {MOST_ROWS} records and relationships, and these are more: choose fewer, by record type or time"
    )))
}

fn reported(asked: &Indicator, run: &Run, record: &Record) -> Reported {
    Reported {
        asked: asked.clone(),
        record: record.clone(),
        provider: run.source.clone(),
        fetched_at: seconds(run.fetched.at),
    }
}

/// An indicator with its status in the library, if it is there.
fn value(workbench: &Workbench, indicator: &Indicator, asked_at: u64) -> Result<Value, Error> {
    let entry = workbench.lookup(indicator)?.filter(|entry| entry.removed_at.is_none());
    let (created_at, changed_at) = entry
        .as_ref()
        .map_or((asked_at, asked_at), |entry| (seconds(entry.created_at), seconds(entry.updated_at)));
    let facts = entry.map(|entry| ("Status".to_owned(), entry.status.name().to_owned()));
    Ok(Value { indicator: indicator.clone(), facts: facts.into_iter().collect(), created_at, changed_at })
}

/// A member; it changes with the investigation and with the library.
fn of_member(workbench: &Workbench, member: &Member, updated_at: u64) -> Result<Value, Error> {
    let entry = workbench.lookup(&member.indicator)?;
    let changed_at = entry.map_or(updated_at, |entry| seconds(entry.updated_at).max(updated_at));
    let status = (!member.is_gone).then(|| ("Status", member.status.name()));
    let verdict = (member.verdict != Verdict::Open).then(|| ("Verdict", member.verdict.word()));
    let facts = [status, verdict].into_iter().flatten();
    Ok(Value {
        indicator: member.indicator.clone(),
        facts: facts.map(|(name, fact)| (name.to_owned(), fact.to_owned())).collect(),
        created_at: seconds(member.added_at),
        changed_at,
    })
}

/// The strictest marking of the source reports, and in their titles and texts. A report that says who may see it says so about its values, too.
fn of_reports(workbench: &Workbench, id: i64, reports: &[SourceReport]) -> Result<Option<Tlp>, Error> {
    let mut strictest = None;
    for report in reports {
        let in_text = Tlp::strictest_in(&workbench.source_text(id, report.id)?);
        strictest = strictest.max(report.tlp).max(in_text).max(Tlp::strictest_in(&report.title));
    }
    Ok(strictest)
}

fn of_report(report: SourceReport) -> Source {
    Source { title: report.title, dated_at: report.dated_at.map(seconds) }
}

fn new(kind: Kind, key: String, title: String, created_at: u64) -> Matter {
    Matter {
        kind,
        key,
        title,
        summary: String::new(),
        tlp: None,
        is_closed: true,
        created_at,
        changed_at: created_at,
        sources: Vec::new(),
        values: Vec::new(),
        reported: Vec::new(),
        links: Vec::new(),
        left_out: 0,
        marked_at: 0,
        levels: Levels::default(),
    }
}

/// The same with the markings of every value that its texts reveal.
fn with_levels(workbench: &Workbench, matter: Matter) -> Result<Matter, Error> {
    let mut revealed: HashSet<String> = HashSet::new();
    let mut reveal = |text: &str| revealed.extend(candidates(text));
    reveal(&matter.title);
    reveal(&matter.summary);
    // Answers repeat them.
    let providers: BTreeSet<&String> = matter.reported.iter().map(|reported| &reported.provider).collect();
    for provider in providers {
        reveal(provider);
    }
    for source in &matter.sources {
        reveal(&source.title);
    }
    for value in &matter.values {
        reveal(&value.indicator.to_string());
        for (_, fact) in &value.facts {
            reveal(fact);
        }
    }
    for Reported { asked, record, .. } in &matter.reported {
        let owner = Indicator::of_owner(record).map(|owner| owner.to_string());
        let bailiwick = record.bailiwick.as_ref().map(ToString::to_string);
        let texts = [asked.to_string(), record.rrname.to_string(), record.rdata_text()];
        let said = [&record.origin, &record.sensor_id].into_iter().flatten().map(ToString::to_string);
        for text in texts.into_iter().chain(owner).chain(bailiwick).chain(said) {
            reveal(&text);
        }
    }
    for link in &matter.links {
        reveal(&link.from.to_string());
        reveal(&link.to.to_string());
    }
    // Those of a single label are no words of a text.
    revealed.extend(matter.values.iter().map(|value| value.indicator.to_string()));
    Ok(Matter { levels: levels_of(workbench, &revealed)?, ..matter })
}

/// The markings of every value that these texts reveal; a text that is a value reveals itself.
///
/// # Errors
/// [`Error`] if the library cannot be read.
pub fn levels_in<T: AsRef<str>>(
    workbench: &Workbench,
    texts: impl IntoIterator<Item = T>,
) -> Result<Levels, Error> {
    let mut revealed: HashSet<String> = HashSet::new();
    for text in texts {
        let text = text.as_ref();
        revealed.extend(candidates(text));
        if text.len() <= LONGEST_VALUE {
            revealed.insert(text.to_owned());
        }
    }
    levels_of(workbench, &revealed)
}

/// The markings of those of the texts that are indicators.
fn levels_of(workbench: &Workbench, revealed: &HashSet<String>) -> Result<Levels, Error> {
    let indicators = revealed.iter().filter_map(|text| Indicator::from_canonical(text).ok()).collect();
    let marked = workbench.markings(&indicators)?.into_iter();
    Ok(marked.map(|one| (one.indicator, one.tlp, seconds(one.marked_at))).collect())
}

/// A stored time.
fn seconds(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}

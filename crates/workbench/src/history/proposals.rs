//! The findings of a history: each once, with the runs that it comes from.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use cof::RrType;
use operation::{Finding, Findings, Indicator};

use super::{History, Part, ShownHistory};
use crate::database::{Change, Problem};
use crate::library::{Addition, Tally};
use crate::run::{Pick, places_of};
use crate::{Error, Workbench};

/// A finding of one or more answers of a history.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The finding; its records are positions in the history. It has a caution if it has one in any answer.
    pub finding: Finding,
    /// The finding in each answer that has it, with the position of the part.
    of: Vec<(usize, Finding)>,
}

/// The findings of a history.
#[derive(Clone, Debug, Default)]
pub struct Proposals {
    /// Attributes, then indicators, then relationships; each in the order of the parts and of their answers.
    pub list: Vec<Proposal>,
    /// Warnings of the mappings.
    pub warnings: Vec<String>,
    /// How many findings have a caution and are not selected.
    pub flagged: usize,
    /// At least how many findings are not in the list, because of the limit per kind of an answer.
    pub beyond: usize,
}

/// Which records of a history findings are wanted of.
#[derive(Clone, Copy, Debug)]
enum Among<'a> {
    All,
    Some(&'a BTreeSet<usize>),
    Picked(&'a BTreeSet<usize>),
}

/// What a finding would be in the library.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Attribute(String, String),
    Indicator(Indicator),
    Relationship(Indicator, Indicator, RrType),
}

impl Workbench {
    /// The findings of a history.
    ///
    /// # Errors
    /// [`Error`] if the package of a run cannot be read.
    pub fn proposals(&self, history: &History) -> Result<Proposals, Error> {
        self.proposals_among(history, Among::All)
    }

    /// The findings of some records of a history, given by their positions. If they were `picked` individually, all their findings
    /// are included; otherwise the limits per kind apply as for the whole answers.
    ///
    /// # Errors
    /// As [`Self::proposals`].
    pub fn proposals_of(
        &self,
        history: &History,
        places: &BTreeSet<usize>,
        picked: bool,
    ) -> Result<Proposals, Error> {
        self.proposals_among(history, if picked { Among::Picked(places) } else { Among::Some(places) })
    }

    fn proposals_among(&self, history: &History, among: Among<'_>) -> Result<Proposals, Error> {
        let (mut proposals, mut at) = (Proposals::default(), HashMap::new());
        for (column, part) in history.parts.iter().enumerate() {
            let Some(kept) = &part.kept else { continue };
            let mapping = self.package_of(&kept.run)?.into_mapping();
            let (asked, records) = (&history.indicator, &kept.records);
            let findings = match among {
                Among::All => mapping.findings(asked, records),
                Among::Some(places) => mapping.findings_among(asked, records, &part.positions(places)),
                Among::Picked(places) => mapping.findings_picked(asked, records, &part.positions(places)),
            };
            proposals.add(column, part, findings, &mut at);
        }
        proposals.list.sort_by_key(|proposal| rank(&proposal.finding));
        proposals.flagged = proposals.list.iter().filter(|one| !one.finding.is_selected()).count();
        Ok(proposals)
    }

    /// The picked findings of a history that is shown: by their numbers there, or those of all records with some values.
    ///
    /// # Errors
    /// [`Error::Refused`] names a number without a finding, or a value that no record contains.
    pub fn picked(&self, shown: &ShownHistory, pick: &Pick) -> Result<Vec<Proposal>, Error> {
        let Pick::Values(values) = pick else {
            return pick.of_any(shown.proposals.list.clone(), |proposal| &proposal.finding);
        };
        let history = &shown.history;
        let places = places_of(&history.records, values).map_err(|absent| {
            let value = &history.indicator;
            Error::missing(format!(
                "no record in the history of {value} contains {absent}: nothing was added"
            ))
        })?;
        Ok(self.proposals_of(history, &places, true)?.list)
    }

    /// Adds findings of a history in one transaction, each claimed by the runs that it comes from.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_proposals(&mut self, history: &History, picked: &[Proposal]) -> Result<Tally, Error> {
        self.change(|change| change.add_proposals(history, picked))
    }

    /// What [`Self::add_proposals`] would do now; changes nothing.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn preview_proposals(&self, history: &History, picked: &[Proposal]) -> Result<Tally, Error> {
        let all: Vec<Finding> = picked.iter().map(|proposal| proposal.finding.clone()).collect();
        self.propose_together(&history.indicator, &all, &history.additions(picked))
    }
}

impl Change<'_> {
    /// Adds findings of a history, each claimed by the runs that it comes from.
    pub(crate) fn add_proposals(&self, history: &History, picked: &[Proposal]) -> Result<Tally, Problem> {
        let all: Vec<Finding> = picked.iter().map(|proposal| proposal.finding.clone()).collect();
        self.add_together(&history.indicator, &all, &history.additions(picked))
    }
}

impl History {
    /// The runs that a finding comes from, in the order of the parts.
    pub fn runs_of(&self, proposal: &Proposal) -> Vec<i64> {
        let parts = proposal.of.iter().filter_map(|(column, _)| self.parts.get(*column));
        parts.filter_map(Part::run).map(|run| run.id).collect()
    }

    /// What each run is to claim.
    fn additions(&self, picked: &[Proposal]) -> Vec<Addition<'_>> {
        let parts = self.parts.iter().enumerate().filter_map(|(column, part)| {
            let run = part.run()?;
            let of_part = picked.iter().flat_map(|one| &one.of).filter(|(of, _)| *of == column);
            let findings: Vec<Finding> = of_part.map(|(_, finding)| finding.clone()).collect();
            Some(Addition { run: run.id, source: &run.source, findings: Cow::Owned(findings) })
        });
        parts.filter(|addition| !addition.findings.is_empty()).collect()
    }
}

impl Proposals {
    /// Takes the findings of a part.
    fn add(&mut self, column: usize, part: &Part, findings: Findings, known: &mut HashMap<Key, usize>) {
        self.beyond = self.beyond.max(findings.beyond);
        for warning in findings.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        for finding in findings.list {
            let mut merged = finding.clone();
            let places = merged.records_mut();
            *places = places.iter().filter_map(|at| part.places.get(*at).copied()).collect();
            let next = self.list.len();
            let at = *known.entry(Key::of(&finding)).or_insert(next);
            match self.list.get_mut(at) {
                Some(proposal) => proposal.merge(merged, (column, finding)),
                None => self.list.push(Proposal { finding: merged, of: vec![(column, finding)] }),
            }
        }
    }
}

impl Proposal {
    fn merge(&mut self, mut other: Finding, of: (usize, Finding)) {
        let records = self.finding.records_mut();
        records.append(other.records_mut());
        records.sort_unstable();
        records.dedup();
        if self.finding.is_selected() && !other.is_selected() {
            self.finding.set_caution(other.caution().cloned());
        }
        self.of.push(of);
    }
}

impl Part {
    /// The positions in its answer of some records of the history.
    fn positions(&self, places: &BTreeSet<usize>) -> BTreeSet<usize> {
        let among = self.places.iter().enumerate().filter(|(_, place)| places.contains(place));
        among.map(|(at, _)| at).collect()
    }
}

impl Key {
    fn of(finding: &Finding) -> Self {
        match finding {
            Finding::Attribute { name, value, .. } => Self::Attribute(name.clone(), value.clone()),
            Finding::Indicator { indicator, .. } => Self::Indicator(indicator.clone()),
            Finding::Relationship { from, to, rrtype, .. } => {
                Self::Relationship(from.clone(), to.clone(), *rrtype)
            }
        }
    }
}

/// The order of kinds.
fn rank(finding: &Finding) -> u8 {
    match finding {
        Finding::Attribute { .. } => 0,
        Finding::Indicator { .. } => 1,
        Finding::Relationship { .. } => 2,
    }
}

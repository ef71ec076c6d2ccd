//! The findings of all members as one: what is proposed, what would become of it, and adding it in one transaction.
//!
//! Each finding is claimed by the runs that it comes from, as if it had been added from the history of its member, so undoing a run
//! takes back what it said and leaves what the others say.

use std::collections::{BTreeMap, HashSet};

use operation::{Caution, Finding, Indicator};

use crate::database::{Change, Problem};
use crate::history::{History, Proposal};
use crate::library::{Entry, Tally};
use crate::{Error, Workbench};

/// The most records of a member's answers that findings are taken from.
const MOST_RECORDS: usize = 100_000;

/// What the answers about all members propose.
#[derive(Debug, Default)]
pub struct MemberFindings {
    /// The members with findings, each with its history.
    members: Vec<(History, Vec<Proposal>)>,
    /// The proposed indicators, those that most members propose first, then by value.
    pub found: Vec<FoundIndicator>,
}

/// An indicator that the answers about members propose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundIndicator {
    /// The indicator.
    pub indicator: Indicator,
    /// The members whose answers propose it, by their places in [`Workbench::members`].
    pub members: Vec<usize>,
    /// Why it is not selected unless somebody does, if so.
    pub caution: Option<Caution>,
    /// Its entry in the library, if it has one.
    pub library: Option<Entry>,
}

/// Which findings are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// All that have no caution.
    All,
    /// Those about these proposed indicators, and the attributes and relationships that lead to them.
    Values(HashSet<Indicator>),
}

impl Workbench {
    /// What the answers about all members of an investigation propose.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation; [`Error`] if the package of a run cannot be read.
    pub fn member_findings(&self, id: i64) -> Result<MemberFindings, Error> {
        let mut findings = MemberFindings::default();
        let mut found: BTreeMap<Indicator, FoundIndicator> = BTreeMap::new();
        for (place, indicator) in self.member_indicators(id)?.into_iter().enumerate() {
            let history = self.history(&indicator, MOST_RECORDS)?;
            let proposals = self.proposals(&history)?.list;
            for proposal in &proposals {
                let Finding::Indicator { indicator, caution, .. } = &proposal.finding else { continue };
                let one = found.entry(indicator.clone()).or_insert_with(|| FoundIndicator {
                    indicator: indicator.clone(),
                    members: Vec::new(),
                    caution: None,
                    library: None,
                });
                one.members.push(place);
                one.caution = one.caution.take().or_else(|| caution.clone());
            }
            if !proposals.is_empty() {
                findings.members.push((history, proposals));
            }
        }
        findings.found = found.into_values().collect();
        for one in &mut findings.found {
            one.library = self.lookup(&one.indicator)?;
        }
        // Stable, so that equal ones stay in the order of their values.
        findings.found.sort_by_key(|one| std::cmp::Reverse(one.members.len()));
        Ok(findings)
    }

    /// What [`Self::add_member_findings`] would return now; changes nothing.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read or locked.
    pub fn preview_member_findings(
        &mut self,
        findings: &MemberFindings,
        choice: &Choice,
    ) -> Result<Tally, Error> {
        // What one member proposes changes what another one adds, so it has to be added to be counted.
        let picked = findings.picked(choice);
        self.rehearse(|change| add(change, &picked))
    }

    /// Adds findings of members in one transaction. What several members propose is new once, and then known.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn add_member_findings(
        &mut self,
        findings: &MemberFindings,
        choice: &Choice,
    ) -> Result<Tally, Error> {
        let picked = findings.picked(choice);
        self.change(|change| add(change, &picked))
    }
}

impl MemberFindings {
    /// Whether nothing is proposed.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The chosen findings of each member.
    fn picked(&self, choice: &Choice) -> Vec<(&History, Vec<Proposal>)> {
        let picked = self.members.iter().map(|(history, proposals)| {
            let asked = &history.indicator;
            let wanted = proposals.iter().filter(|proposal| choice.includes(asked, &proposal.finding));
            (history, wanted.cloned().collect::<Vec<_>>())
        });
        picked.filter(|(_, picked)| !picked.is_empty()).collect()
    }
}

impl Choice {
    fn includes(&self, asked: &Indicator, finding: &Finding) -> bool {
        match (self, finding) {
            (Self::All, finding) => finding.is_selected(),
            (Self::Values(values), Finding::Indicator { indicator, .. }) => values.contains(indicator),
            (Self::Values(values), Finding::Relationship { from, to, .. }) => {
                let is_chosen = |one: &Indicator| one == asked || values.contains(one);
                is_chosen(from) && is_chosen(to)
            }
            (Self::Values(_), Finding::Attribute { .. }) => true,
        }
    }
}

fn add(change: &Change<'_>, picked: &[(&History, Vec<Proposal>)]) -> Result<Tally, Problem> {
    let mut sum = Tally::default();
    for (history, picked) in picked {
        sum += change.add_proposals(history, picked)?;
    }
    Ok(sum)
}

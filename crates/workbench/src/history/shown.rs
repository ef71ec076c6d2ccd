//! A history as it is printed: the chosen records in the requested order and number, with their findings.

use cof::{Dialect, Record, Writer};
use context::Placing;
use operation::Filter;

use super::{Agreement, Differing, History, HistoryChanges, Proposals};
use crate::library::Tally;
use crate::run::{Arrangement, Compared};
use crate::{Error, Workbench};

/// Which records of a history are shown, and how.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Only these types and times.
    pub filter: Filter,
    /// Where addresses are, and only records in these places.
    pub placing: Placing,
    /// Only these disagreements.
    pub differing: Differing,
    /// From how many days on dates are far apart.
    pub apart: u64,
    /// The order and number.
    pub arrangement: Arrangement,
}

/// A history with what is shown of it.
#[derive(Debug)]
pub struct ShownHistory {
    /// The history.
    pub history: History,
    /// The positions of the records to print, in their order.
    pub places: Vec<usize>,
    /// How many records match, including those that the limit leaves out.
    pub matching: usize,
    /// From how many days on dates are far apart.
    pub apart: u64,
    /// The findings of the records that match, in the order of their numbers; their records are positions in `places`.
    pub proposals: Proposals,
    /// Where the addresses of the records are.
    pub placing: Placing,
    /// The changes since the earlier answers.
    pub compared: Compared<HistoryChanges>,
    /// What was added to the library, or would be.
    pub added: Option<Tally>,
}

impl ShownHistory {
    /// Chooses and arranges the records of a history, with the findings of those that match.
    ///
    /// # Errors
    /// [`Error`] if the package of a run cannot be read.
    pub fn new(history: History, choice: &Choice, workbench: &Workbench) -> Result<Self, Error> {
        let places = history.chosen(choice);
        let how = (choice.arrangement.limit, choice.apart, choice.placing.clone());
        Self::of(history, places, how, workbench)
    }

    /// The records at these positions, with their findings: at most `limit`, with dates far apart from `apart` days on.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(
        history: History,
        mut places: Vec<usize>,
        (limit, apart, placing): (Option<usize>, u64, Placing),
        workbench: &Workbench,
    ) -> Result<Self, Error> {
        let proposals = if places.len() == history.records.len() {
            workbench.proposals(&history)?
        } else {
            workbench.proposals_of(&history, &places.iter().copied().collect(), false)?
        };
        let matching = places.len();
        places.truncate(limit.unwrap_or(usize::MAX));
        Ok(Self {
            proposals: proposals.printed(&places, history.records.len()),
            history,
            places,
            matching,
            apart,
            placing,
            compared: Compared::No,
            added: None,
        })
    }

    /// The records in the Common Output Format, one per line.
    pub fn as_cof(&self) -> String {
        let (mut writer, mut text) = (Writer::new(Dialect::Draft), String::new());
        for record in self.places.iter().filter_map(|place| self.history.records.get(*place)) {
            writer.write(record, &mut text);
        }
        text
    }

    /// Whether the answers agree about a printed record, given by its position in the history.
    pub fn agreement(&self, place: usize) -> Agreement {
        self.history.agreement(place, self.apart)
    }
}

impl History {
    /// The positions of the chosen records, in order.
    fn chosen(&self, choice: &Choice) -> Vec<usize> {
        let Choice { filter, placing, differing, arrangement, .. } = choice;
        let matches = |(place, record): &(usize, &Record)| {
            filter.keeps(record) && placing.keeps(record) && self.differs(*place, *differing)
        };
        let mut chosen: Vec<_> = self.records.iter().enumerate().filter(matches).collect();
        chosen.sort_by(|(_, a), (_, b)| arrangement.sort.compare(a, b));
        chosen.into_iter().map(|(place, _)| place).collect()
    }
}

impl Proposals {
    /// The same, with the positions of printed records instead of those in the history.
    fn printed(mut self, places: &[usize], records: usize) -> Self {
        let mut printed = vec![None; records];
        for (at, place) in places.iter().enumerate() {
            if let Some(slot) = printed.get_mut(*place) {
                *slot = Some(at);
            }
        }
        for proposal in &mut self.list {
            let of = proposal.finding.records_mut();
            *of = of.iter().filter_map(|place| printed.get(*place).copied().flatten()).collect();
            of.sort_unstable();
        }
        self
    }
}

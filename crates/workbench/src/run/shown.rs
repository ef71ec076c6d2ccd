//! An answer as it is shown: a run's records in the order and number that is wanted, with what they propose.

use std::cmp::Ordering;

use cof::{Damage, Record};
use operation::{Finding, Findings, Indicator, Package};

use super::{Changes, Kept, Run};
use crate::library::Tally;
use crate::{Error, Workbench};

/// A run with what is shown of it.
#[derive(Debug)]
pub struct Shown {
    /// The run.
    pub run: Run,
    /// The records that are printed, in their order.
    pub records: Vec<Record>,
    /// The first stretches that are no records.
    pub damages: Vec<Damage>,
    /// How many records are not among those to print, for --limit.
    pub left_out: usize,
    /// In the order of their numbers; each names its records by their places in `records`.
    pub findings: Findings,
    /// What changed since the answer before.
    pub compared: Compared,
    /// What was added to the library, or what would be.
    pub added: Option<Tally>,
}

/// What is known of an earlier answer to the same question.
#[derive(Debug)]
pub enum Compared {
    /// No comparison was requested.
    No,
    /// There is no earlier complete answer.
    WithNothing,
    /// What changed since.
    With(Box<Changes>),
}

/// In which order records are shown, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Arrangement {
    /// The order.
    pub sort: Sort,
    /// At most so many; all, if none.
    pub limit: Option<usize>,
}

/// In which order records are shown; those that are equal in it stay as they came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Most seen first.
    Count,
    /// First seen first.
    First,
    /// Last seen first.
    #[default]
    Last,
    /// By owner, type and data.
    Name,
}

impl Compared {
    /// Compares an answer, whole, with that of the run `since`, or else with the one before it; what changed stands in this
    /// order.
    ///
    /// # Errors
    /// Those of [`Workbench::changes`].
    pub fn of(kept: &Kept, workbench: &Workbench, since: Option<i64>, sort: Sort) -> Result<Self, Error> {
        let Some(mut changes) = workbench.changes(kept, since)? else { return Ok(Self::WithNothing) };
        changes.new.sort_by(|a, b| sort.compare(a, b));
        changes.gone.iter_mut().for_each(|gone| gone.sort_by(|a, b| sort.compare(a, b)));
        changes.different.sort_by(|a, b| sort.compare(&a.now, &b.now));
        Ok(Self::With(Box::new(changes)))
    }
}

impl Sort {
    fn compare(self, a: &Record, b: &Record) -> Ordering {
        let first = |record: &Record| record.span().map_or(u64::MAX, |span| span.0);
        let last = |record: &Record| record.span().map(|span| span.1);
        match self {
            Self::Count => b.count.cmp(&a.count),
            Self::First => first(a).cmp(&first(b)),
            Self::Last => last(b).cmp(&last(a)),
            Self::Name => (&a.rrname, a.rrtype, &a.rdata).cmp(&(&b.rrname, b.rrtype, &b.rdata)),
        }
    }
}

impl Shown {
    /// Maps all records of an answer, and arranges those that are printed. Findings are numbered as the answer came, so
    /// that no order of printing changes what a number means.
    pub fn new(kept: Kept, package: &Package, arrangement: Arrangement) -> Self {
        let mut findings = package.mapping.findings(&kept.run.indicator, &kept.records);
        let order = order(&kept.records, arrangement.sort);
        let shown = arrangement.limit.unwrap_or(usize::MAX).min(order.len());
        let mut places = vec![usize::MAX; order.len()];
        for (place, from) in order.iter().take(shown).enumerate() {
            if let Some(slot) = places.get_mut(*from) {
                *slot = place;
            }
        }
        for finding in &mut findings.list {
            let known = |from: &usize| places.get(*from).copied().filter(|place| *place != usize::MAX);
            let records = records_of(finding);
            *records = records.iter().filter_map(known).collect();
            records.sort_unstable();
        }
        let mut records: Vec<Option<Record>> = kept.records.into_iter().map(Some).collect();
        let take = |from: &usize| records.get_mut(*from).and_then(Option::take);
        Self {
            left_out: order.len() - shown,
            records: order.iter().take(shown).filter_map(take).collect(),
            run: kept.run,
            damages: kept.damages,
            findings,
            compared: Compared::No,
            added: None,
        }
    }

    /// The queried indicator.
    pub fn indicator(&self) -> &Indicator {
        &self.run.indicator
    }
}

fn records_of(finding: &mut Finding) -> &mut Vec<usize> {
    match finding {
        Finding::Attribute { records, .. }
        | Finding::Indicator { records, .. }
        | Finding::Relationship { records, .. } => records,
    }
}

/// The places of records in the order that was asked for.
fn order(records: &[Record], sort: Sort) -> Vec<usize> {
    let mut order: Vec<(usize, &Record)> = records.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| sort.compare(a, b));
    order.into_iter().map(|(from, _)| from).collect()
}

//! An answer as it is shown: a run's records in the requested order and number, with their findings.

use std::cmp::Ordering;

use cof::{Damage, Record};
use context::Placing;
use operation::{Findings, Indicator, Package};

use super::{Changes, Kept, Run};
use crate::library::Tally;
use crate::{Error, Workbench};

/// A run with what is shown of it.
#[derive(Debug)]
pub struct Shown {
    /// The run.
    pub run: Run,
    /// The records to print, in their order.
    pub records: Vec<Record>,
    /// The first parts of the answer that are not records.
    pub damages: Vec<Damage>,
    /// How many records `--limit` leaves out.
    pub left_out: usize,
    /// The findings in the order of their numbers; each refers to its records by their positions in `records`.
    pub findings: Findings,
    /// The changes since an earlier answer.
    pub compared: Compared,
    /// Where the addresses of the records are.
    pub placing: Placing,
    /// What was added to the library, or would be.
    pub added: Option<Tally>,
}

/// The comparison with an earlier answer to the same query, or with the earlier answers of a history.
#[derive(Debug)]
pub enum Compared<C = Changes> {
    /// No comparison was requested.
    No,
    /// There is no earlier complete answer.
    WithNothing,
    /// The changes since the earlier answer.
    With(Box<C>),
}

/// The order of the shown records, and their number.
#[derive(Clone, Copy, Debug)]
pub struct Arrangement {
    /// The order.
    pub sort: Sort,
    /// At most this many; all if `None`.
    pub limit: Option<usize>,
}

/// The order of the shown records; records that are equal in it keep the order of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The most often seen first.
    Count,
    /// The earliest seen first.
    First,
    /// The most recently seen first.
    #[default]
    Last,
    /// By owner, type and data.
    Name,
}

impl Compared {
    /// Compares a whole answer with that of the run `since`, or with the previous one; the changes are sorted in this order.
    ///
    /// # Errors
    /// As [`Workbench::changes`].
    pub fn of(kept: &Kept, workbench: &Workbench, since: Option<i64>, sort: Sort) -> Result<Self, Error> {
        let Some(mut changes) = workbench.changes(kept, since)? else { return Ok(Self::WithNothing) };
        changes.new.sort_by(|a, b| sort.compare(a, b));
        changes.gone.iter_mut().for_each(|gone| gone.sort_by(|a, b| sort.compare(a, b)));
        changes.different.sort_by(|a, b| sort.compare(&a.now, &b.now));
        Ok(Self::With(Box::new(changes)))
    }
}

impl Sort {
    /// The order of two records.
    pub(crate) fn compare(self, a: &Record, b: &Record) -> Ordering {
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
    /// Maps all records of an answer, and arranges those to print. Findings are numbered in the order of the answer, so that
    /// their numbers do not depend on the printed order, nor on where addresses are: records in other places are left out.
    pub fn new(kept: Kept, package: &Package, arrangement: Arrangement, placing: Placing) -> Self {
        let findings = package
            .operation()
            .map(|operation| operation.mapping.findings(&kept.run.indicator, &kept.records));
        let mut findings = findings.unwrap_or_default();
        let mut order = order(&kept.records, arrangement.sort);
        order.retain(|from| kept.records.get(*from).is_some_and(|record| placing.keeps(record)));
        let places = kept.records.len();
        let shown = arrangement.limit.unwrap_or(usize::MAX).min(order.len());
        let mut places = vec![usize::MAX; places];
        for (place, from) in order.iter().take(shown).enumerate() {
            if let Some(slot) = places.get_mut(*from) {
                *slot = place;
            }
        }
        for finding in &mut findings.list {
            let known = |from: &usize| places.get(*from).copied().filter(|place| *place != usize::MAX);
            let records = finding.records_mut();
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
            placing,
            added: None,
        }
    }

    /// The queried indicator.
    pub fn indicator(&self) -> &Indicator {
        &self.run.indicator
    }
}

/// The positions of records in the requested order.
fn order(records: &[Record], sort: Sort) -> Vec<usize> {
    let mut order: Vec<(usize, &Record)> = records.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| sort.compare(a, b));
    order.into_iter().map(|(from, _)| from).collect()
}

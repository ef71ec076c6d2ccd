//! What was found for an inquiry: [`Found`], the content of its pages. Nothing here fails.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use cof::Record;
use operation::{Host, Indicator};
use pdns::inquiry::{Inquiry, Row};
use picture::graph::{Graph, GraphView};
use picture::timeline::Strip;

use super::facets::Facets;
use super::reading::End;
use super::uses::{Names, Target};
use crate::content::{Content, Prepared};

/// Rows of the own database, and how far it was read for them.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) inquiry: Arc<Inquiry>,
    pub(crate) progress: Progress,
    asked: Option<Indicator>,
    records: Vec<Record>,
    /// The sources of each record, as positions in `labels`.
    sources: Vec<Box<[u32]>>,
    labels: Vec<Arc<str>>,
    prepared: Prepared,
    facets: OnceLock<Facets>,
    strip: OnceLock<Strip>,
    hub: OnceLock<Option<Indicator>>,
    /// The number of names with each value that was counted.
    counted: Mutex<HashMap<Target, Names>>,
}

/// How far the database was read.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// The number of the reading.
    pub(crate) number: u64,
    /// Why it is not read any further; `None` while it is.
    pub(crate) end: Option<End>,
    /// How many tuples were read.
    pub(crate) read: u64,
    /// How long reading took.
    pub(crate) took: Duration,
}

impl Found {
    pub(super) fn new(
        inquiry: Arc<Inquiry>,
        rows: Vec<Row>,
        labels: Vec<Arc<str>>,
        progress: Progress,
    ) -> Self {
        let (records, sources) = rows.into_iter().map(|row| (row.record, row.sources)).unzip();
        Self {
            asked: inquiry.indicator().map(|(indicator, _)| indicator),
            inquiry,
            progress,
            records,
            sources,
            labels,
            prepared: Prepared::default(),
            facets: OnceLock::new(),
            strip: OnceLock::new(),
            hub: OnceLock::new(),
            counted: Mutex::default(),
        }
    }

    /// Computes what the first view needs, where nothing waits for it.
    pub(super) fn prepare(&self) {
        let _ = (self.figures(), self.facets(), self.strip());
    }

    /// Whether all matching rows were read.
    pub(crate) fn is_complete(&self) -> bool {
        self.progress.end == Some(End::Complete)
    }

    /// The names of the sources of a record.
    pub(crate) fn sources_of(&self, place: usize) -> impl Iterator<Item = &str> {
        let sources = self.sources.get(place).into_iter().flatten();
        sources.filter_map(|at| self.labels.get(usize::try_from(*at).ok()?)).map(|label| &**label)
    }

    pub(crate) fn facets(&self) -> &Facets {
        self.facets.get_or_init(|| Facets::new(&self.records, &self.sources, &self.labels))
    }

    pub(crate) fn strip(&self) -> &Strip {
        self.strip.get_or_init(|| Strip::new(self.records.iter()))
    }

    /// The value around which the graph is drawn: the one that is asked about, or else the one with the most records.
    pub(crate) fn hub(&self) -> Option<&Indicator> {
        let most = || {
            let mut counts: HashMap<Indicator, usize> = HashMap::new();
            for record in &self.records {
                let target = Indicator::of_target(&record.rdata, record.rrtype);
                for side in Indicator::of_owner(record).into_iter().chain(target) {
                    *counts.entry(side).or_default() += 1;
                }
            }
            let rank = |(one, count): &(Indicator, usize)| {
                (*count, matches!(one.host(), Host::Name(_)), std::cmp::Reverse(one.to_string()))
            };
            counts.into_iter().max_by_key(rank).map(|(one, _)| one)
        };
        self.hub.get_or_init(|| self.asked.clone().or_else(most)).as_ref()
    }

    /// The number of names with a value, if it was counted before.
    pub(super) fn counted(&self, target: &Target) -> Option<Names> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).get(target).copied()
    }

    pub(super) fn count(&self, counts: impl IntoIterator<Item = (Target, Names)>) {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).extend(counts);
    }
}

/// The positions of all records, last seen first; equal ones by name.
pub(crate) fn newest_first(found: &Found) -> Vec<usize> {
    let last = |place: &usize| found.records.get(*place).and_then(Record::span).map(|(_, last)| last);
    let mut places: Vec<usize> = (0..found.records.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(last(place)));
    places
}

impl Content for Found {
    fn asked(&self) -> Option<&Indicator> {
        self.asked.as_ref()
    }

    fn records(&self) -> &[Record] {
        &self.records
    }

    fn flagged(&self) -> HashSet<usize> {
        HashSet::new()
    }

    fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// All rows are what was asked for.
    fn judged_by(&self) -> Option<&Indicator> {
        None
    }

    fn graph(&self) -> Option<&Graph> {
        let hub = self.hub()?;
        Some(self.prepared.graph.get_or_init(|| Graph::new(&GraphView::default(), hub, &self.records, None)))
    }
}

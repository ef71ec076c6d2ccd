//! Records as pages show them: [`Content`], of a run, of a history or of the own database, with what is prepared of them.
//!
//! Nothing here fails.

use std::collections::HashSet;
use std::sync::OnceLock;

use cof::{Name, Rdata, Record, RrType};
use operation::{Indicator, Relation};
use picture::fold::Systems;
use picture::graph::{Graph, GraphView};
use picture::timeline::{Timeline, TimelineView};

/// Records about an indicator that pages show.
pub(crate) trait Content: Send + Sync {
    /// The indicator, if they are about one.
    fn asked(&self) -> Option<&Indicator>;

    /// The records.
    fn records(&self) -> &[Record];

    /// The positions of records whose findings are left out unless they are ticked individually.
    fn flagged(&self) -> HashSet<usize>;

    fn prepared(&self) -> &Prepared;

    /// The indicator that decides whether a record is direct or related; all are direct if there is none.
    fn judged_by(&self) -> Option<&Indicator> {
        self.asked()
    }

    /// The relation of each record to the indicator.
    fn relations(&self) -> &[Relation] {
        let of = |record| self.judged_by().map_or(Relation::Direct, |asked| Relation::of(asked, record));
        self.prepared().relations.get_or_init(|| self.records().iter().map(of).collect())
    }

    fn figures(&self) -> Figures {
        *self.prepared().figures.get_or_init(|| {
            let records = self.records();
            let is_address = |record: &&Record| matches!(record.rrtype, RrType::A | RrType::AAAA);
            let addresses: HashSet<&Rdata> =
                records.iter().filter(is_address).map(|record| &record.rdata).collect();
            let names: HashSet<&Name> = records.iter().map(|record| &record.rrname).collect();
            let spans = records.iter().filter_map(Record::span);
            Figures {
                direct: self.relations().iter().filter(|relation| **relation == Relation::Direct).count(),
                names: names.len(),
                addresses: addresses.len(),
                sightings: records.iter().filter_map(|record| record.count).reduce(u64::saturating_add),
                span: spans.reduce(|(first, last), (a, b)| (first.min(a), last.max(b))),
            }
        })
    }

    /// The timeline of all records, without any filters.
    fn timeline(&self) -> &Timeline {
        // Nothing is folded by autonomous system unless the address says so.
        let whole = || self.timeline_of(&TimelineView::default(), self.records(), None);
        self.prepared().timeline.get_or_init(whole)
    }

    /// The timeline of some of the records; autonomous systems are needed if the view folds by them.
    fn timeline_of(&self, view: &TimelineView, records: &[Record], systems: Option<Systems<'_>>) -> Timeline {
        match self.judged_by() {
            Some(asked) => Timeline::new(view, asked, records, systems),
            None => Timeline::of_all(view, records, systems),
        }
    }

    /// The graph around the indicator, if there is one, without the places of addresses.
    fn graph(&self) -> Option<&Graph> {
        let asked = self.asked()?;
        Some(
            self.prepared()
                .graph
                .get_or_init(|| Graph::new(&GraphView::default(), asked, self.records(), None)),
        )
    }
}

/// What pages need of records: computed once, and shown many times.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    relations: OnceLock<Vec<Relation>>,
    figures: OnceLock<Figures>,
    timeline: OnceLock<Timeline>,
    pub(crate) graph: OnceLock<Graph>,
}

/// The figures of records.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) direct: usize,
    pub(crate) names: usize,
    pub(crate) addresses: usize,
    /// `None` if no record has a count.
    pub(crate) sightings: Option<u64>,
    /// The earliest first seen and the latest last seen, in seconds since the epoch.
    pub(crate) span: Option<(u64, u64)>,
}

//! The history of an answer as a picture: an HTML list whose rows contain SVG plots over a common time axis.
//!
//! [`TimelineView`] is what the reader has selected, [`Timeline`] the layout of an answer with this selection, and
//! [`TimelinePart`] its HTML, which the template of a page includes as `{{ timeline }}`. [`Strip`] is the same in a few rows, one a type. [`FacetsPart`] contains the links that
//! show and hide types and relations. Every control is a link: nothing here needs a script, and all geometry is in presentation
//! attributes, so that the strictest content policy is satisfied.
//!
//! Names and data are untrusted text. They are shortened here and escaped by the templates. Nothing fails: an answer of any
//! size and with any dates has a layout of limited size.

mod alive;
pub(crate) mod axis;
mod bar;
mod common;
pub mod date;
mod entry;
mod facets;
mod group;
mod label;
mod lane;
pub mod members;
mod moment;
mod part;
mod rows;
mod strip;
mod view;
pub mod words;
mod zoom;

#[cfg(test)]
mod tests;

use cof::Record;
use operation::{Indicator, Relation};

use crate::fold::Systems;
use alive::{AREA_BINS, Alive, HEAT_BINS};
use axis::{Axis, End, Flag};
pub use bar::class_of;
use bar::{Detail, Drawing};
use entry::Entry;
pub use facets::Facets;
pub use group::order as type_order;
use group::{Group, Groups, SMALL};
use moment::Moment;
pub use part::{FacetsPart, Places, TimelinePart};
pub use strip::{Strip, StripPart};
pub use view::TimelineView;
use zoom::Zoom;

/// The layout of an answer in time.
///
/// It owns what it shows, which is bounded, and does not refer to the records.
#[derive(Clone, Debug)]
pub struct Timeline {
    view: TimelineView,
    facets: Facets,
    /// The numbers of all records, of those without a date, and of those that are hidden by type, relation or date.
    total: usize,
    undated: usize,
    hidden: usize,
    /// The number of records on the axis.
    shown: usize,
    picture: Option<Picture>,
    zooms: Vec<Zoom>,
    moment: Option<Moment>,
}

/// The picture, if there is anything to draw.
#[derive(Clone, Debug)]
struct Picture {
    axis: Axis,
    flag: Option<Flag>,
    area: Area,
    groups: Vec<Group>,
    /// Whether types are drawn as density, because there are too many records for bars.
    dense: bool,
    /// About how many bytes of HTML the rows need.
    cost: usize,
    /// Whether autonomous systems are known.
    knows_systems: bool,
}

/// The records alive, as an area above the axis.
#[derive(Clone, Debug)]
struct Area {
    most: u32,
    all: String,
    direct: String,
}

impl Timeline {
    /// Lays out the part of `records`, the whole answer to a query for `asked`, that `view` shows.
    ///
    /// The position of a record in the slice is the number in its link. Addresses can be folded by autonomous system if the
    /// caller knows them. Costs O(n log n): about 40 ms for 50,000 records.
    pub fn new(
        view: &TimelineView,
        asked: &Indicator,
        records: &[Record],
        systems: Option<Systems<'_>>,
    ) -> Self {
        Self::about(view, Some(asked), records, systems)
    }

    /// The same for records that are not about one value: all of them are direct.
    pub fn of_all(view: &TimelineView, records: &[Record], systems: Option<Systems<'_>>) -> Self {
        Self::about(view, None, records, systems)
    }

    fn about(
        view: &TimelineView,
        asked: Option<&Indicator>,
        records: &[Record],
        systems: Option<Systems<'_>>,
    ) -> Self {
        let relation = |record| asked.map_or(Relation::Direct, |asked| Relation::of(asked, record));
        let relations: Vec<Relation> = records.iter().map(relation).collect();
        let numbered = records.iter().zip(&relations).enumerate();
        let dated: Vec<Entry<'_>> =
            numbered.filter_map(|(at, (record, relation))| Entry::new(at, record, *relation)).collect();
        let mut entries: Vec<Entry<'_>> =
            dated.iter().filter(|entry| view.wants(entry.record.rrtype, entry.relation)).copied().collect();
        let moment = Moment::new(view, asked, &entries);
        if view.only_alive {
            entries.retain(|entry| view.alive(entry.first, entry.last));
        }
        let hidden = dated.len() - entries.len();
        let (picture, shown) = Picture::new(view, asked, entries, systems).unzip();
        Self {
            view: view.clone(),
            facets: Facets::new(
                view,
                records.iter().map(|record| record.rrtype).zip(relations.iter().copied()),
            ),
            total: records.len(),
            undated: records.len() - dated.len(),
            hidden,
            shown: shown.unwrap_or_default(),
            picture,
            zooms: zoom::offers(view, dated.iter()),
            moment,
        }
    }

    /// Whether it needs so much of a page that its table should have fewer rows.
    pub fn is_large(&self) -> bool {
        self.picture.as_ref().is_some_and(|picture| picture.cost > SMALL)
    }

    /// Whether there is nothing to show: no records, or none with a date.
    fn is_empty(&self) -> bool {
        self.total == self.undated
    }

    /// The number of records outside the window.
    fn outside(&self) -> usize {
        self.total - self.undated - self.hidden - self.shown
    }
}

impl Picture {
    /// The picture and the number of records in it; `None` if none is in the window.
    fn new(
        view: &TimelineView,
        asked: Option<&Indicator>,
        mut entries: Vec<Entry<'_>>,
        systems: Option<Systems<'_>>,
    ) -> Option<(Self, usize)> {
        entries.retain(|entry| view.within(entry.first, entry.last));
        let first = entries.iter().map(|entry| entry.first).min()?;
        let last = entries.iter().map(|entry| entry.last).max()?;
        let from = view.from.map_or(End::Data(first), End::Window);
        let mut axis = Axis::new(from, view.to.map_or(End::Data(last), End::Window));
        let flag = view.at.and_then(|at| axis.flag(at));
        let area = Area::new(&axis, &entries);
        let asked = asked.map(Indicator::to_string).unwrap_or_default();
        let drawing = Drawing {
            axis: &axis,
            view,
            asked: &asked,
            detail: Detail::Full,
            bins: HEAT_BINS,
            of_members: false,
        };
        let Groups { all: groups, dense, cost } = Groups::new(&entries, &drawing, systems);
        let knows_systems = systems.is_some();
        Some((Self { axis, flag, area, groups, dense, cost, knows_systems }, entries.len()))
    }
}

impl Area {
    fn new(axis: &Axis, entries: &[Entry<'_>]) -> Self {
        let span = |entry: &Entry<'_>| (entry.first, entry.last);
        let direct = entries.iter().filter(|entry| entry.relation == Relation::Direct);
        let all = Alive::over(axis, AREA_BINS, entries.iter().map(span));
        let direct = Alive::over(axis, AREA_BINS, direct.map(span));
        let most = all.most();
        Self { most, all: all.outline(most), direct: direct.outline(most) }
    }
}

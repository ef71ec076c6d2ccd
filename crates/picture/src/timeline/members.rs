//! One timeline for many members: a lane for each member, or for each resource that they share, on the same axis.
//!
//! A [`Strand`] is a lane before it is laid out, with its records; the caller decides which there are, in which order. One resource
//! can be [`Followed`]: it has its full colour in every lane, and bands behind all lanes are the days on which two or more had it at
//! once. [`MembersTimeline`] is the layout, drawn with the same bars, folds and axis as [`super::Timeline`], and [`MembersPart`] its
//! HTML. Names fold by registered domain if the reader wants that (`bundle`). Nothing here fails: any number of members and records has a layout of limited size, and what has no room is counted.

mod bundle;
mod part;

#[cfg(test)]
mod tests;

use cof::{Record, RrType};
use operation::{Indicator, Relation};

use self::bundle::{Bundle, bundles, has_common_domains};
pub use self::part::MembersPart;
use super::alive::{FEW_BINS, HEAT_BINS};
use super::axis::{Axis, End, Flag, Share};
use super::bar::{Detail, Drawing, class_of};
use super::entry::Entry;
use super::facets::Facets;
use super::group::by_type;
use super::lane::{Act, Fold, Lane, To};
use super::rows::Rows;
use super::view::TimelineView;
use super::zoom::{self, Zoom};
use crate::days::{self, Stretch};
use crate::fold::Systems;

/// A member, or a resource that members share, with the records of its lane.
#[derive(Clone, Debug)]
pub struct Strand<'a> {
    /// The name of the lane; untrusted text.
    pub label: &'a str,
    /// What the name leads to; nothing if it is no indicator, such as a network.
    pub indicator: Option<&'a Indicator>,
    /// The value of the parameter `follow` that follows it, if it can be followed.
    pub follow: Option<&'a str>,
    /// What its bars are labelled with.
    pub labels: Labels,
    /// Its records, in any order.
    pub records: Vec<&'a Record>,
}

/// What the bars of a lane are labelled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// Their data: the lane of a name.
    Data,
    /// Their owners: the lane of an address, a name server, or of anything that members share.
    Owner,
}

/// A resource that is followed through all lanes.
#[derive(Clone, Copy)]
pub struct Followed<'a> {
    /// Its name; untrusted text.
    pub label: &'a str,
    /// Whether a record in a strand says that the strand has it.
    pub is_in: &'a dyn Fn(&Strand<'_>, &Record) -> bool,
}

/// The layout of many members in time. It owns what it shows, which is bounded.
#[derive(Clone, Debug)]
pub struct MembersTimeline {
    view: TimelineView,
    facets: Facets,
    /// The number of all strands, and of those with records in the picture.
    strands: usize,
    drawn: usize,
    /// The number of all records, and of those in the picture; how many of them were alive on the selected day.
    total: usize,
    shown: usize,
    alive: usize,
    followed: Option<Follows>,
    zooms: Vec<Zoom>,
    picture: Option<Picture>,
    /// Whether autonomous systems are known.
    knows_systems: bool,
    /// Whether two or more lanes are names of one registered domain.
    has_common_domains: bool,
}

/// The followed resource.
#[derive(Clone, Debug)]
struct Follows {
    label: String,
    /// In how many lanes it is.
    lanes: usize,
    bands: Vec<Band>,
    days: u64,
}

/// Days on which two or more had the followed resource at once.
#[derive(Clone, Debug)]
struct Band {
    x: Share,
    width: Share,
    /// Its middle, and how many days it has, if there is room for that.
    middle: Share,
    label: Option<String>,
}

#[derive(Clone, Debug)]
struct Picture {
    axis: Axis,
    flag: Option<Flag>,
    lanes: Vec<MemberLane>,
}

/// A lane with what can be done with it.
#[derive(Clone, Debug)]
struct MemberLane {
    lane: Lane,
    /// Whether it begins a strand.
    first: bool,
    follow: Option<String>,
    /// The style class of a density: that of its type, if it has one.
    class: Option<&'static str>,
}

/// The entries of one strand.
struct Drawn<'a> {
    strand: &'a Strand<'a>,
    entries: Vec<Entry<'a>>,
}

/// About how many bytes of HTML fit into a page without a table.
const ROOM: usize = 170 << 10;
/// A picture with more records than this has short titles.
const MANY_TITLES: usize = 100;
/// The room that the text of a band needs, in px.
const BAND_TEXT: u32 = 90;
/// The most bands; only an artificial answer has more.
const MOST_BANDS: usize = 60;

/// How much of each strand is drawn: less of each, the more there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// A lane for where it pointed, and one for each other type.
    Types,
    /// A lane for where it pointed, and a density of all other types.
    Two,
    /// One density.
    One,
}

impl MembersTimeline {
    /// Lays out the part of the records that `view` shows. The relation of records is that to the indicator of their strand.
    ///
    /// Costs O(n log n): about 60 ms for 50,000 records of 200 members.
    pub fn new(
        view: &TimelineView,
        strands: &[Strand<'_>],
        followed: Option<Followed<'_>>,
        systems: Option<Systems<'_>>,
    ) -> Self {
        let mut number = 0;
        let (mut dated, mut kinds) = (Vec::new(), Vec::new());
        for strand in strands {
            let mut entries = Vec::with_capacity(strand.records.len());
            for record in &strand.records {
                let relation = strand.relation(record);
                kinds.push((record.rrtype, relation));
                if let Some(entry) = Entry::new(number, record, relation) {
                    let is_followed = followed.is_some_and(|followed| (followed.is_in)(strand, record));
                    entries.push(Entry {
                        followed: is_followed,
                        by_owner: strand.labels == Labels::Owner,
                        ..entry
                    });
                }
                number += 1;
            }
            dated.push(Drawn { strand, entries });
        }
        let zooms = zoom::offers(view, dated.iter().flat_map(|drawn| &drawn.entries));
        let mut alive = 0;
        for drawn in &mut dated {
            drawn.entries.retain(|entry| view.wants(entry.record.rrtype, entry.relation));
            alive += drawn.entries.iter().filter(|entry| view.alive(entry.first, entry.last)).count();
            drawn.entries.retain(|entry| {
                view.within(entry.first, entry.last)
                    && (!view.only_alive || view.alive(entry.first, entry.last))
            });
        }
        dated.retain(|drawn| !drawn.entries.is_empty());
        let picture = Picture::new(view, &dated, systems);
        Self {
            view: view.clone(),
            facets: Facets::new(view, kinds.into_iter()),
            strands: strands.len(),
            drawn: dated.len(),
            total: number,
            shown: dated.iter().map(|drawn| drawn.entries.len()).sum(),
            alive,
            followed: followed.map(|followed| Follows::new(followed, &dated, picture.as_ref())),
            zooms,
            picture,
            knows_systems: systems.is_some(),
            has_common_domains: has_common_domains(&dated),
        }
    }

    /// The composition of all records, for the filters of a page.
    pub fn facets(&self) -> &Facets {
        &self.facets
    }

    /// The number of all records, and of those in the picture.
    pub fn counts(&self) -> (usize, usize) {
        (self.total, self.shown)
    }

    /// On how many days two or more had the followed resource at once; `None` if nothing is followed.
    pub fn days_at_once(&self) -> Option<u64> {
        self.followed.as_ref().map(|followed| followed.days)
    }
}

impl Strand<'_> {
    fn relation(&self, record: &Record) -> Relation {
        self.indicator.map_or(Relation::Direct, |indicator| Relation::of(indicator, record))
    }

    /// The lane of this strand, or one of its other lanes, with the name of that.
    fn dress(&self, lane: Lane, other: Option<&str>) -> Lane {
        match other {
            None => Lane { to: self.indicator.map_or(To::Nothing, |_| To::Owner), ..lane },
            Some(name) => Lane { name: name.to_owned(), depth: 1, to: To::Nothing, ..lane },
        }
    }
}

impl Picture {
    fn new(view: &TimelineView, dated: &[Drawn<'_>], systems: Option<Systems<'_>>) -> Option<Self> {
        let entries = || dated.iter().flat_map(|drawn| &drawn.entries);
        let first = entries().map(|entry| entry.first).min()?;
        let last = entries().map(|entry| entry.last).max()?;
        let from = view.from.map_or(End::Data(first), End::Window);
        let mut axis = Axis::new(from, view.to.map_or(End::Data(last), End::Window));
        let flag = view.at.and_then(|at| axis.flag(at));
        let detail = if entries().count() > MANY_TITLES { Detail::Short } else { Detail::Full };
        let bundles = bundles(dated, view.by_domain);
        let lanes = [Depth::Types, Depth::Two, Depth::One].into_iter().find_map(|depth| {
            let bins = if depth == Depth::One { FEW_BINS } else { HEAT_BINS };
            let drawing = Drawing { axis: &axis, view, asked: "", detail, bins, of_members: true };
            let mut rows = Rows::new(&drawing, systems, ROOM);
            let lanes = lanes(&bundles, &mut rows, depth)?;
            if view.open.is_empty() {
                return Some(lanes);
            }
            // What is open gets what the rest leaves.
            let mut rows = Rows { opens: true, is_paid: true, ..Rows::new(&drawing, systems, rows.left) };
            Some(self::lanes(&bundles, &mut rows, depth).unwrap_or(lanes))
        });
        Some(Self { lanes: lanes?, flag, axis })
    }
}

/// The lanes of all strands; `None` if they have no room, unless there is no smaller way.
fn lanes<'a>(bundles: &[Bundle<'a>], rows: &mut Rows<'a>, depth: Depth) -> Option<Vec<MemberLane>> {
    let mut lanes: Vec<MemberLane> = Vec::new();
    for (at, bundle) in bundles.iter().enumerate() {
        if let Some(more) = bundle.lanes(rows, depth) {
            lanes.extend(more);
        } else if depth < Depth::One {
            return None;
        } else {
            let others: Vec<&Drawn<'_>> =
                bundles.get(at..)?.iter().flat_map(|bundle| &bundle.drawn).copied().collect();
            lanes.extend(rest(&others, rows, Act::Nothing));
            return Some(lanes);
        }
    }
    Some(lanes)
}

/// One row for the strands that have no row of their own; `None` if there are none.
fn rest(others: &[&Drawn<'_>], rows: &Rows<'_>, act: Act) -> Option<MemberLane> {
    let entries: Vec<&Entry<'_>> = others.iter().flat_map(|drawn| &drawn.entries).collect();
    let name = format!("{} more", super::words::figure(others.len()));
    let lane = Lane::folded(&name, &entries, Fold { caption: String::new(), act }, rows.drawing);
    (!others.is_empty()).then_some(MemberLane { lane, first: true, follow: None, class: None })
}

impl<'a> Drawn<'a> {
    /// The class of a density: that of the type which the lane is named after, or of the first record.
    fn class_of(&self, lane: &Lane) -> Option<&'static str> {
        let named = RrType::parse(&lane.name).ok().filter(|_| lane.depth > 0);
        named.or_else(|| self.entries.first().map(|entry| entry.record.rrtype)).map(class_of)
    }

    /// Adds the rows of a strand; returns whether they had room.
    fn add(&'a self, rows: &mut Rows<'a>, depth: Depth) -> bool {
        let Self { strand, entries } = self;
        let all: Vec<&Entry<'a>> = entries.iter().collect();
        if depth == Depth::One || strand.labels == Labels::Owner {
            return rows.strand(strand.label, &all, |lane| strand.dress(lane, None), depth == Depth::One);
        }
        let (main, others): (Vec<&Entry<'a>>, Vec<&Entry<'a>>) =
            all.into_iter().partition(|entry| leads(entry.record.rrtype));
        // `None` is all other types together.
        let groups: Vec<(Option<RrType>, Vec<&Entry<'a>>)> = match depth {
            Depth::Two if !others.is_empty() => vec![(None, others)],
            _ => by_type(others).into_iter().map(|(rrtype, entries)| (Some(rrtype), entries)).collect(),
        };
        // A strand that only has other types has its name at the first of them.
        let mut named = !main.is_empty();
        if named && !rows.strand(strand.label, &main, |lane| strand.dress(lane, None), false) {
            return false;
        }
        for (rrtype, entries) in groups {
            let name = rrtype.map_or_else(|| "other types".to_owned(), |rrtype| rrtype.to_string());
            let dress = |lane| strand.dress(lane, named.then_some(name.as_str()));
            if !rows.strand(strand.label, &entries, dress, rrtype.is_none()) {
                return false;
            }
            named = true;
        }
        true
    }
}

/// Whether records of this type say where a name led.
fn leads(rrtype: RrType) -> bool {
    matches!(rrtype, RrType::A | RrType::AAAA | RrType::CNAME | RrType::DNAME)
}

impl Follows {
    fn new(followed: Followed<'_>, dated: &[Drawn<'_>], picture: Option<&Picture>) -> Self {
        let spans = |drawn: &Drawn<'_>| -> Vec<(u64, u64)> {
            let followed = drawn.entries.iter().filter(|entry| entry.followed);
            followed.map(|entry| (entry.first, entry.last)).collect()
        };
        let spans: Vec<Vec<(u64, u64)>> = dated.iter().map(spans).filter(|spans| !spans.is_empty()).collect();
        let lanes = spans.len();
        let together = days::at_once(spans);
        Self {
            label: followed.label.to_owned(),
            lanes,
            days: together.iter().map(|stretch| stretch.days()).sum(),
            bands: picture.map(|picture| bands(&together, &picture.axis)).unwrap_or_default(),
        }
    }
}

/// The bands of these stretches, with texts that do not overlap.
fn bands(together: &[Stretch], axis: &Axis) -> Vec<Band> {
    let mut taken = 0;
    let mut bands = Vec::new();
    for stretch in together.iter().take(MOST_BANDS) {
        let (first, last) = stretch.seconds();
        if last < axis.start() || first > axis.end() {
            continue;
        }
        let (x, end) = (axis.at(first), axis.at(last));
        let middle = u32::midpoint(x.0, end.0);
        let half = Share::of_px(BAND_TEXT / 2).0;
        let has_room = middle >= taken + half && middle + half <= Share::END.0 + half / 2;
        if has_room {
            taken = middle + half;
        }
        let label = has_room.then(|| format!("{} d at once", stretch.days()));
        bands.push(Band { x, width: Share((end.0 - x.0).max(1)), middle: Share(middle), label });
    }
    bands
}

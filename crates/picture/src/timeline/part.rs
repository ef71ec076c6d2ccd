//! The timeline's HTML: templates, and the links in them.
//!
//! A part is a template and has escaped its output, so the template of a page includes it unchanged, with `|safe`.

use askama::Template;

use super::bar::Bar;
use super::date::{self, Field};
use super::facets::{Facets, RelationFacet, TypeFacet};
use super::group::Group;
use super::lane::{Act, Lane, To};
use super::view::hide;
use super::words::{self, counted, thousands};
use super::zoom::Zoom;
use super::{Picture, Timeline};
use crate::fold::By;
use crate::links::Links;

/// The panel with the picture; empty if there are no records.
#[derive(Template)]
#[template(path = "timeline.html")]
pub struct TimelinePart<'a> {
    timeline: &'a Timeline,
    links: &'a Links,
    places: Places,
    knows_systems: bool,
}

/// The pages of the table with the rows that the bars link to.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The current page, from 1.
    pub here: usize,
    /// The page of each drawn record, by its number; if it is empty, all rows are on the current page.
    pub pages: Vec<usize>,
}

/// Links that show and hide types and relations: two groups for the filters of a page.
#[derive(Template)]
#[template(path = "facets.html")]
pub struct FacetsPart<'a> {
    facets: &'a Facets,
    links: &'a Links,
}

impl Facets {
    /// The links that show and hide types and relations.
    pub fn part<'a>(&'a self, links: &'a Links) -> FacetsPart<'a> {
        FacetsPart { facets: self, links }
    }
}

impl Timeline {
    /// The panel with the picture.
    pub fn part<'a>(&'a self, links: &'a Links) -> TimelinePart<'a> {
        TimelinePart { timeline: self, links, places: Places::default(), knows_systems: false }
    }

    /// The links that show and hide types and relations.
    pub fn facets_part<'a>(&'a self, links: &'a Links) -> FacetsPart<'a> {
        self.facets.part(links)
    }
}

/// The parameters that the form with the date sets, and those that another selection resets: the page of the table.
const AT: [&str; 3] = ["at", "alive", "page"];
/// The longest address that each of about a hundred bars can have without making the page large, and each of hundreds.
const LONGEST: usize = 200;
const LONGEST_OF_MANY: usize = 40;

impl TimelinePart<'_> {
    /// The same, with bars that link to rows on other pages.
    #[must_use]
    pub fn with_places(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// The same, with folding by autonomous system if they are known: a layout that is used again was made without them, because
    /// only such folds need them.
    #[must_use]
    pub fn with_systems(self, knows_systems: bool) -> Self {
        Self { knows_systems, ..self }
    }

    /// The row of a record on its page, or the table if the address of its page would be too long.
    fn row_href(&self, index: usize) -> String {
        let Places { here, pages } = &self.places;
        match pages.get(index).filter(|page| *page != here) {
            None => format!("#r{index}"),
            Some(page) => {
                let href = self.links.with(&[("page", Some(&page.to_string()))]);
                let are_many = self.timeline.is_large() || self.dense();
                let longest = if are_many { LONGEST_OF_MANY } else { LONGEST };
                if href.len() > longest { "#th".to_owned() } else { format!("{href}#r{index}") }
            }
        }
    }

    /// Where a bar leads.
    #[expect(clippy::unnecessary_wraps, reason = "a template calls it, and bars of members may lead nowhere")]
    fn bar_href(&self, bar: &Bar) -> Option<String> {
        Some(self.row_href(bar.index))
    }

    /// All bars have the class of their group.
    #[expect(clippy::unused_self, reason = "a template calls it, and that of members depends on the bar")]
    fn bar_class(&self, _: &Bar) -> &'static str {
        ""
    }

    fn picture(&self) -> Option<&Picture> {
        self.timeline.picture.as_ref()
    }

    fn dense(&self) -> bool {
        self.picture().is_some_and(|picture| picture.dense)
    }

    /// The most records alive at the same time.
    fn most(&self) -> String {
        thousands(self.picture().map_or(0, |picture| picture.area.most.into()))
    }

    fn zoom_href(&self, zoom: &Zoom) -> String {
        let (from, to) = zoom.window.as_ref().map(|(from, to)| (from.as_str(), to.as_str())).unzip();
        self.links.with(&[("from", from), ("to", to), ("page", None)])
    }

    /// This page without a window; a script adds one.
    fn unzoomed(&self) -> String {
        self.links.with(&[("from", None), ("to", None), ("page", None)])
    }

    /// The window that contains nothing; `None` if it contains something, or other filters hide it.
    fn barren(&self) -> Option<String> {
        let Timeline { view, picture, .. } = self.timeline;
        let from = view.from.map(|from| format!("from {}", date::written_first(from)));
        let to = view.to.map(|to| format!("to {}", date::written_last(to)));
        let window = [from, to].into_iter().flatten().collect::<Vec<_>>().join(" ");
        (picture.is_none() && self.timeline.outside() > 0).then_some(window)
    }

    /// The parameters that the form with the date has to include.
    fn carried(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.others(&AT)
    }

    fn at_day(&self) -> String {
        self.timeline.view.at_day().unwrap_or_default()
    }

    /// The field of the date, with its error.
    fn at(&self) -> Field {
        date::day(self.links.value("at"))
    }

    fn without_line(&self) -> String {
        self.links.with(&AT.map(|name| (name, None)))
    }

    fn only_alive(&self, only: bool) -> String {
        self.links.with(&[("alive", only.then_some("1")), ("page", None)])
    }

    /// Without any filter of the timeline.
    fn unfiltered(&self) -> String {
        let own = ["hide", "rel", "alive", "from", "to", "page"];
        self.links.with(&own.map(|name| (name, None)))
    }

    /// Only this type; for the last group, only types without their own group.
    fn only_type(&self, group: &Group) -> String {
        let others = self.timeline.facets.types.iter().map(|facet| &facet.rrtype);
        let hidden = hide(others.filter(|rrtype| Some(**rrtype) != group.rrtype));
        self.links.with(&[("hide", hidden.as_deref()), ("page", None)])
    }

    fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.picture().into_iter().flat_map(|picture| &picture.groups).flat_map(|group| &group.lanes)
    }

    /// Whether any lane is a fold.
    fn folds(&self) -> bool {
        self.lanes().any(|lane| lane.fold.is_some())
    }

    /// Whether bars touch each other.
    fn has_rows(&self) -> bool {
        self.lanes().any(|lane| lane.bars.iter().any(|bar| bar.tint.is_some()))
    }

    /// Where the name of a lane leads.
    fn name_href(&self, group: &Group, lane: &Lane) -> Option<String> {
        match lane.to {
            To::Data => Some(self.links.pivot_from_data(&lane.name)),
            To::Nothing => None,
            To::OnlyType => Some(self.only_type(group) + "#tlh"),
            To::Owner => Some(self.links.pivot(&lane.name)),
        }
    }

    /// Opens or closes a fold, or shows more of it; `None` for one that cannot be opened.
    fn fold_href(&self, act: &Act) -> Option<String> {
        let open = &self.timeline.view.open;
        let value = match act {
            Act::Nothing => return None,
            Act::Close(key) | Act::Open(key) => open.toggled(*key),
            Act::More(key, rows) => Some(open.with(*key, *rows)),
        };
        Some(self.links.with(&[("open", value.as_deref()), ("page", None)]))
    }

    /// The choices of what is folded by what, with their links; empty if there is no choice.
    fn ways(&self) -> Vec<(&'static str, String, bool)> {
        let Some(picture) = self.picture().filter(|_| self.folds()) else { return Vec::new() };
        let domain = picture.dense.then_some(("Domain", By::Domain));
        let knows_systems = picture.knows_systems || self.knows_systems;
        let system = knows_systems.then_some(("AS", By::System));
        let ways: Vec<_> = [domain, Some(("Network", By::Network)), system].into_iter().flatten().collect();
        if ways.len() < 2 {
            return Vec::new();
        }
        let current = self.timeline.view.by;
        let first = ways.first().map_or(By::Domain, |(_, by)| *by);
        let is_offered = ways.iter().any(|(_, by)| *by == current);
        let way = |(word, by): (&'static str, By)| {
            let value = (by != first).then_some(by.word());
            let href = self.links.with(&[("fold", value), ("open", None), ("page", None)]);
            (word, href, by == if is_offered { current } else { first })
        };
        ways.into_iter().map(way).collect()
    }

    /// What is not in the picture, and why.
    fn left_out(&self) -> Vec<String> {
        let Timeline { undated, hidden, .. } = *self.timeline;
        let outside = self.timeline.outside();
        let say = |count: usize, singular: &str, plural: &str| {
            let words = if count == 1 { singular } else { plural };
            (count > 0).then(|| format!("{} {words}.", counted(count, "record")))
        };
        let undated =
            say(undated, "has no date and is in the table only", "have no dates and are in the table only");
        let hidden = say(hidden, "is hidden by a filter", "are hidden by filters");
        let outside = say(outside, "lies outside this window", "lie outside this window");
        [undated, hidden, outside].into_iter().flatten().collect()
    }

    fn has_filtered(&self) -> bool {
        let Timeline { total, undated, shown, .. } = *self.timeline;
        total - undated > shown
    }
}

impl FacetsPart<'_> {
    fn type_href(&self, facet: &TypeFacet) -> String {
        self.links.with(&[("hide", self.facets.view.toggled(facet.rrtype).as_deref()), ("page", None)])
    }

    fn relation_href(&self, facet: &RelationFacet) -> String {
        self.links.with(&[("rel", facet.relation.map(operation::Relation::word)), ("page", None)])
    }
}

//! The timeline's HTML: templates, and the links in them.
//!
//! A part is a template and has escaped its output, so the template of a page includes it unchanged, with `|safe`.

use askama::Template;
use cof::RrType;

use super::date::{self, Field};
use super::facets::{RelationFacet, TypeFacet};
use super::group::Group;
use super::view::hide;
use super::words::{self, counted, thousands};
use super::zoom::Zoom;
use super::{Picture, Timeline};
use crate::links::Links;

/// The panel with the picture; empty if there are no records.
#[derive(Template)]
#[template(path = "timeline.html")]
pub struct TimelinePart<'a> {
    timeline: &'a Timeline,
    links: &'a Links,
    places: Places,
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
    timeline: &'a Timeline,
    links: &'a Links,
}

impl Timeline {
    /// The panel with the picture.
    pub fn part<'a>(&'a self, links: &'a Links) -> TimelinePart<'a> {
        TimelinePart { timeline: self, links, places: Places::default() }
    }

    /// The links that show and hide types and relations.
    pub fn facets_part<'a>(&'a self, links: &'a Links) -> FacetsPart<'a> {
        FacetsPart { timeline: self, links }
    }
}

/// The parameters that the form with the date sets, and those that another selection resets: the page of the table.
const AT: [&str; 3] = ["at", "alive", "page"];
/// The longest address that each of about a hundred bars can have without making the page large.
const LONGEST: usize = 200;

impl TimelinePart<'_> {
    /// The same, with bars that link to rows on other pages.
    #[must_use]
    pub fn with_places(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// The row of a record on its page, or the table if the address of its page would be too long.
    fn row_href(&self, index: usize) -> String {
        let Places { here, pages } = &self.places;
        match pages.get(index).filter(|page| *page != here) {
            None => format!("#r{index}"),
            Some(page) => {
                let href = self.links.with(&[("page", Some(&page.to_string()))]);
                if href.len() > LONGEST { "#th".to_owned() } else { format!("{href}#r{index}") }
            }
        }
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

    fn more_lanes(&self, rrtype: &RrType) -> String {
        self.links.with(&[("lanes", Some(&self.timeline.view.more_lanes(*rrtype)))])
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
        self.links.with(&[("hide", self.timeline.view.toggled(facet.rrtype).as_deref()), ("page", None)])
    }

    fn relation_href(&self, facet: &RelationFacet) -> String {
        self.links.with(&[("rel", facet.relation.map(operation::Relation::word)), ("page", None)])
    }
}

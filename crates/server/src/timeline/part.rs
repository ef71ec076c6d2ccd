//! The timeline's HTML: templates, and the links in them.
//!
//! A part is a template and has escaped what it prints: a page's template prints it as it is, with `|safe`.

use askama::Template;
use cof::RrType;

use super::facets::{RelationFacet, TypeFacet};
use super::group::Group;
use super::view::hide;
use super::words::{self, counted, thousands};
use super::zoom::Zoom;
use super::{Picture, Timeline};
use crate::links::Links;

/// The panel with the picture; nothing where no record has a date.
#[derive(Template)]
#[template(path = "timeline.html")]
pub(crate) struct TimelinePart<'a> {
    timeline: &'a Timeline,
    links: &'a Links,
}

/// Links that show and hide types and relations: two groups to stand among a page's filters.
#[derive(Template)]
#[template(path = "facets.html")]
pub(crate) struct FacetsPart<'a> {
    timeline: &'a Timeline,
    links: &'a Links,
}

impl Timeline {
    /// The panel with the picture.
    pub(crate) fn part<'a>(&'a self, links: &'a Links) -> TimelinePart<'a> {
        TimelinePart { timeline: self, links }
    }

    /// The links that show and hide types and relations.
    pub(crate) fn facets_part<'a>(&'a self, links: &'a Links) -> FacetsPart<'a> {
        FacetsPart { timeline: self, links }
    }
}

/// What a control of another window or day leaves behind.
const AT: [&str; 2] = ["at", "alive"];

impl TimelinePart<'_> {
    fn picture(&self) -> Option<&Picture> {
        self.timeline.picture.as_ref()
    }

    fn dense(&self) -> bool {
        self.picture().is_some_and(|picture| picture.dense)
    }

    /// The most records alive at once.
    fn most(&self) -> String {
        thousands(self.picture().map_or(0, |picture| picture.area.most.into()))
    }

    fn zoom_href(&self, zoom: &Zoom) -> String {
        let (from, to) = zoom.window.as_ref().map(|(from, to)| (from.as_str(), to.as_str())).unzip();
        self.links.with(&[("from", from), ("to", to)])
    }

    /// The parameters that the form with the date has to carry along.
    fn carried(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.others(&AT)
    }

    fn at_day(&self) -> String {
        self.timeline.view.at_day().unwrap_or_default()
    }

    fn without_line(&self) -> String {
        self.links.with(&AT.map(|name| (name, None)))
    }

    fn only_alive(&self, only: bool) -> String {
        self.links.with(&[("alive", only.then_some("1"))])
    }

    /// Without any filter of the timeline's own.
    fn unfiltered(&self) -> String {
        self.links.with(&[("hide", None), ("rel", None), ("alive", None), ("from", None), ("to", None)])
    }

    /// Only this type; for the last group, only those that have none of their own.
    fn only_type(&self, group: &Group) -> String {
        let others = self.timeline.facets.types.iter().map(|facet| &facet.rrtype);
        let hidden = hide(others.filter(|rrtype| Some(**rrtype) != group.rrtype));
        self.links.with(&[("hide", hidden.as_deref())])
    }

    fn more_lanes(&self, rrtype: &RrType) -> String {
        self.links.with(&[("lanes", Some(&self.timeline.view.more_lanes(*rrtype)))])
    }

    /// What is not in the picture, and why.
    fn left_out(&self) -> Vec<String> {
        let Timeline { total, undated, hidden, shown, .. } = *self.timeline;
        let outside = total - undated - hidden - shown;
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
        self.links.with(&[("hide", self.timeline.view.toggled(facet.rrtype).as_deref())])
    }

    fn relation_href(&self, facet: &RelationFacet) -> String {
        self.links.with(&[("rel", facet.relation.map(operation::Relation::word))])
    }
}

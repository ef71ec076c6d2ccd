//! The HTML of a timeline of many members: its template, and the links in it.

use askama::Template;

use super::{MemberLane, MembersTimeline};
use crate::fold::{By, ROWS};
use crate::links::Links;
use crate::timeline::bar::Bar;
use crate::timeline::date::{self, Field};
use crate::timeline::lane::{Act, Lane, To};
use crate::timeline::words::{self, counted, figure};
use crate::timeline::zoom::Zoom;

/// The panel with the picture.
#[derive(Template)]
#[template(path = "members.html")]
pub struct MembersPart<'a> {
    timeline: &'a MembersTimeline,
    links: &'a Links,
}

impl MembersTimeline {
    /// The panel with the picture. The links keep every parameter of the page that they do not change.
    pub fn part<'a>(&'a self, links: &'a Links) -> MembersPart<'a> {
        MembersPart { timeline: self, links }
    }
}

/// The parameters that the form with the date sets or resets.
const AT: [&str; 3] = ["at", "alive", "page"];
/// The parameters of all filters that can leave nothing to draw.
const OWN: [&str; 11] = ["hide", "rel", "at", "alive", "from", "to", "text", "min", "as", "country", "page"];

impl MembersPart<'_> {
    /// A bar leads to what its label names.
    fn bar_href(&self, bar: &Bar) -> Option<String> {
        let (value, is_data) = bar.value.as_ref()?;
        Some(if *is_data { self.links.pivot_from_data(value) } else { self.links.pivot(value) })
    }

    /// Lanes have bars of several types.
    #[expect(
        clippy::unused_self,
        reason = "a template calls it, and that of one answer does not depend on the bar"
    )]
    fn bar_class(&self, bar: &Bar) -> String {
        format!(" {}", bar.class)
    }

    /// The class of the type of a density.
    #[expect(clippy::unused_self, reason = "a template calls it")]
    fn row_class(&self, one: &MemberLane) -> String {
        one.class.map_or_else(String::new, |class| format!(" {class}"))
    }

    fn name_href(&self, lane: &Lane) -> Option<String> {
        match lane.to {
            To::Data => Some(self.links.pivot_from_data(&lane.name)),
            To::Owner => Some(self.links.pivot(&lane.name)),
            To::Nothing | To::OnlyType => None,
        }
    }

    fn fold_href(&self, act: &Act) -> Option<String> {
        let open = &self.timeline.view.open;
        let value = match act {
            Act::Nothing => return None,
            Act::Close(key) | Act::Open(key) => open.toggled(*key),
            Act::More(key, rows) => Some(open.with(*key, (*rows).max(ROWS))),
        };
        Some(self.links.with(&[("open", value.as_deref())]))
    }

    /// The choices of what lanes and addresses are folded by; empty if there is no choice.
    fn ways(&self) -> Vec<(&'static str, String, bool)> {
        let MembersTimeline { view, picture, knows_systems, has_common_domains, .. } = self.timeline;
        let folds = picture.iter().flat_map(|picture| &picture.lanes).any(|one| one.lane.fold.is_some());
        let (by_system, by_domain) = (view.by == By::System, view.by_domain);
        let is_offered =
            [true, *knows_systems && (folds || by_system || by_domain), *has_common_domains || by_domain];
        let ways = [
            ("Network", None, !by_system && !by_domain),
            ("AS", Some(By::System.word()), by_system),
            ("Registered domain", Some(By::Domain.word()), by_domain),
        ];
        let offered = ways.into_iter().zip(is_offered).filter(|(_, is_offered)| *is_offered);
        let way = |((word, value, current), _): ((_, Option<&str>, _), _)| {
            (word, self.links.with(&[("fold", value), ("open", None)]), current)
        };
        let ways: Vec<_> = offered.map(way).collect();
        if ways.len() > 1 { ways } else { Vec::new() }
    }

    fn follows(&self, id: &str) -> bool {
        self.links.value("follow") == id
    }

    fn follow_href(&self, id: &str) -> String {
        self.links.with(&[("follow", Some(id))])
    }

    fn unfollow_href(&self) -> String {
        self.links.with(&[("follow", None)])
    }

    fn zoom_href(&self, zoom: &Zoom) -> String {
        let (from, to) = zoom.window.as_ref().map(|(from, to)| (from.as_str(), to.as_str())).unzip();
        self.links.with(&[("from", from), ("to", to)])
    }

    /// This page without a window; a script adds one.
    fn unzoomed(&self) -> String {
        self.links.with(&[("from", None), ("to", None)])
    }

    fn unfiltered(&self) -> String {
        self.links.with(&OWN.map(|name| (name, None)))
    }

    fn carried(&self) -> impl Iterator<Item = (&str, &str)> {
        self.links.others(&AT)
    }

    fn at(&self) -> Field {
        date::day(self.links.value("at"))
    }

    fn at_day(&self) -> String {
        self.timeline.view.at_day().unwrap_or_default()
    }

    #[expect(clippy::unused_self, reason = "a template calls it")]
    fn days(&self, days: u64) -> String {
        counted(usize::try_from(days).unwrap_or(usize::MAX), "day")
    }

    /// What is not in the picture, what was true on the day, and what overlaps mean.
    fn sentences(&self) -> Vec<String> {
        let MembersTimeline { total, shown, alive, .. } = *self.timeline;
        let day = self
            .timeline
            .view
            .at_day()
            .map(|day| format!("On {day}, {} of {} records were alive.", figure(alive), figure(total)));
        let hidden = (shown < total && shown > 0).then(|| {
            format!(
                "{} of {} records shown; the others are hidden, outside the window or without dates.",
                figure(shown),
                figure(total)
            )
        });
        let gaps = self.timeline.followed.as_ref().map(|_| {
            "Bands are days within the spans of two or more lanes. A span has gaps: nobody knows what was between two sightings.".to_owned()
        });
        [day, hidden, gaps].into_iter().flatten().collect()
    }
}

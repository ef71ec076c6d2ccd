//! The filters above records: types and relations as links, dates, count and text as a form.

use picture::links::Links;
use picture::timeline::FacetsPart;
use picture::timeline::date::{self, Field};
use picture::timeline::words::figure;

use super::narrowing;

/// The panel with the filters of a page, which `records-filters.html` shows.
pub(in crate::page) struct Filters<'a> {
    /// The links of types and relations; `None` on a page that has its own.
    pub(in crate::page) facets: Option<FacetsPart<'a>>,
    /// The address of the page, for the form, and the parameters that it has to include.
    pub(in crate::page) base: String,
    pub(in crate::page) carried: Vec<(String, String)>,
    pub(in crate::page) window: [Field; 2],
    pub(in crate::page) text: String,
    pub(in crate::page) least: Field,
    /// The fields of AS number and country, if files say where addresses are.
    placed: Option<[Field; 2]>,
    /// How many records match the filters, and how many there are.
    pub(in crate::page) shown: usize,
    pub(in crate::page) total: usize,
    pub(in crate::page) unfiltered: String,
}

/// The parameters of filters.
pub(super) const UNFILTERED: [&str; 13] =
    ["hide", "rel", "from", "to", "at", "alive", "text", "min", "as", "country", "page", "agree", "apart"];
/// The parameters that the form sets or resets.
const OWN: [&str; 8] = ["from", "to", "text", "min", "as", "country", "page", "apart"];

impl<'a> Filters<'a> {
    pub(in crate::page) fn new(
        facets: Option<FacetsPart<'a>>,
        links: &Links,
        (shown, total): (usize, usize),
        is_placed: bool,
    ) -> Self {
        Self {
            facets,
            base: links.path().to_owned(),
            carried: links.others(&OWN).map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            window: date::window(links.value("from"), links.value("to")),
            text: links.value("text").to_owned(),
            least: narrowing::least(links.value("min")),
            placed: is_placed
                .then(|| ["as", "country"].map(|name| narrowing::place(name, links.value(name)))),
            shown,
            total,
            unfiltered: unfiltered(links),
        }
    }

    /// The fields of the time window, with their labels.
    pub(in crate::page) fn dates(&self) -> [(&'static str, &'static str, &Field); 2] {
        let [from, to] = &self.window;
        [("from", "Seen", from), ("to", "to", to)]
    }

    /// The fields of places, with their names, labels and examples.
    pub(in crate::page) fn places(&self) -> Vec<(&'static str, &'static str, &'static str, &Field)> {
        let Some([system, country]) = &self.placed else { return Vec::new() };
        vec![("as", "AS", "64496", system), ("country", "Country", "NL", country)]
    }

    pub(in crate::page) fn shown_text(&self) -> String {
        figure(self.shown)
    }

    pub(in crate::page) fn total_text(&self) -> String {
        figure(self.total)
    }
}

/// This page without filters.
pub(super) fn unfiltered(links: &Links) -> String {
    links.with(&UNFILTERED.map(|name| (name, None)))
}

//! The facets beside the answer: links that narrow the question down, with a line to the largest.

use picture::timeline::words::figure;

use super::{Looked, ask};
use crate::explorer::{Facet, Found, Word};

/// The most values of a facet beside the answer; the summary has more.
const SHOWN: usize = 7;

/// A facet.
pub(super) struct Side {
    pub(super) title: &'static str,
    pub(super) values: Vec<Value>,
    /// How many more values there are.
    pub(super) more: usize,
    /// The address of the summary.
    pub(super) summary: String,
    /// Whether its values are monospaced.
    pub(super) is_mono: bool,
}

/// A value of a facet.
pub(super) struct Value {
    pub(super) text: String,
    pub(super) count: String,
    /// Its share of the largest, in percent.
    pub(super) share: usize,
    pub(super) class: &'static str,
    /// The address of the narrowed question, or of the one without this filter.
    pub(super) address: String,
    /// Whether the question is narrowed down to it.
    pub(super) here: bool,
}

/// The facets of an answer that have values.
pub(super) fn sides(looked: &Looked, found: &Found, view: &str) -> Vec<Side> {
    let facets = found.facets().all.iter().filter(|facet| !facet.values.is_empty());
    facets.map(|facet| Side::of(looked, found, facet, view)).collect()
}

impl Side {
    fn of(looked: &Looked, found: &Found, facet: &Facet, view: &str) -> Self {
        let most = facet.values.first().map_or(1, |tally| tally.rows.max(1));
        let values = facet.values.iter().take(SHOWN).map(|tally| {
            let (address, here) = narrowed(found, facet.word, &tally.value, view);
            Value {
                count: figure(tally.rows),
                share: (tally.rows * 100 / most).max(1),
                class: tally.class,
                text: tally.value.clone(),
                address,
                here,
            }
        });
        Self {
            title: facet.word.title(),
            values: values.collect(),
            more: facet.total.saturating_sub(SHOWN),
            summary: ask("/summary", looked.question()),
            is_mono: matches!(facet.word, Word::Domain | Word::Network),
        }
    }
}

/// The address of the question with a filter, or without it if it has it, and whether it has it.
pub(super) fn narrowed(found: &Found, word: Word, value: &str, view: &str) -> (String, bool) {
    let inquiry = &found.inquiry;
    let filter = word.filter();
    let here = inquiry
        .place(filter)
        .filter(|place| inquiry.parts().get(*place).is_some_and(|part| part.value == value));
    let question = here.map_or_else(|| inquiry.with(filter, value), |place| inquiry.without(place));
    (ask(view, &question), here.is_some())
}

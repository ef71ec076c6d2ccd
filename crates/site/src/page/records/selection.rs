//! The selection of records: previewed, added or cleared.
//!
//! A selection is part of the address, so that it is kept across pages, orders, filters, time windows and the back button:
//!
//! | parameter | meaning |
//! | --- | --- |
//! | `sel=0-4,9` | records, by their positions in the answer |
//! | `all=yes` | all records that match the filters |
//! | `not=3,7` | with `all`: except these |
//!
//! A form also sends which records it showed (`here`, as in `sel`), which of them are ticked (`pick`, one each), and what to do
//! (`do=all`, `do=none`). [`Selection::take`] combines all of this. A finding is selected if one of its records is; a flagged
//! finding only if its record is ticked individually, and not as part of all.

use std::collections::BTreeSet;

use picture::timeline::TimelineView;
use workbench::library::Tally;

use super::narrowing::Narrowing;
use super::row::{Order, Rows};
use crate::basis::FIELD;
use crate::content::Content;
use crate::job::SHOWN;

/// The parameters of the selection.
const OWN: [&str; 7] = ["sel", "all", "not", "here", "pick", "do", FIELD];
/// The selected records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::page) struct Selection {
    /// Whether all records that match the filters are selected.
    pub(in crate::page) all: bool,
    /// Individually ticked records; only without `all`.
    ticked: BTreeSet<usize>,
    /// Records excluded from all.
    out: BTreeSet<usize>,
}

/// What adding a selection would do.
#[derive(Clone, Debug)]
pub(in crate::page) struct Count {
    pub(in crate::page) tally: Tally,
    /// Findings that are left out because they are flagged.
    pub(in crate::page) flagged: usize,
    /// Findings that are left out because of the limit per kind.
    pub(in crate::page) beyond: usize,
}

impl Count {
    /// The mark of this count, so that only what was shown is added.
    pub(in crate::page) fn mark(&self) -> String {
        mark(&self.tally)
    }
}

/// The mark of what adding would do.
pub(in crate::page) fn mark(tally: &Tally) -> String {
    blake3::hash(format!("{tally:?}").as_bytes()).to_hex().chars().take(32).collect()
}

impl Selection {
    /// Takes the selection from the parameters of an address or form; its short form stays in them.
    pub(in crate::page) fn take(parameters: Vec<(String, String)>) -> (Self, Vec<(String, String)>) {
        let selection = Self::of(&parameters);
        let others = parameters.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        let kept = others.chain(selection.parameters()).collect();
        (selection, kept)
    }

    fn of(parameters: &[(String, String)]) -> Self {
        let set = |wanted: &str| {
            let texts = parameters.iter().filter(|(name, _)| name == wanted);
            texts.flat_map(|(_, text)| places(text)).collect::<BTreeSet<usize>>()
        };
        match super::text(parameters, "do") {
            "all" => return Self { all: true, ..Self::default() },
            "none" => return Self::default(),
            _ => {}
        }
        let (here, pick) = (set("here"), set("pick"));
        if super::text(parameters, "all").is_empty() {
            let elsewhere = set("sel").difference(&here).copied().collect::<BTreeSet<usize>>();
            return Self { ticked: elsewhere.union(&pick).copied().collect(), ..Self::default() };
        }
        let out = set("not").difference(&here).copied().collect::<BTreeSet<usize>>();
        Self { all: true, out: out.union(&(&here - &pick)).copied().collect(), ..Self::default() }
    }

    /// The parameters for an address.
    fn parameters(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let all = self.all.then(|| pair("all", "yes".to_owned()));
        let ticked = (!self.ticked.is_empty()).then(|| pair("sel", written(&self.ticked)));
        let out = (!self.out.is_empty()).then(|| pair("not", written(&self.out)));
        [all, ticked, out].into_iter().flatten().collect()
    }

    pub(in crate::page) fn is_empty(&self) -> bool {
        !self.all && self.ticked.is_empty()
    }

    pub(in crate::page) fn has(&self, place: usize) -> bool {
        if self.all { !self.out.contains(&place) } else { self.ticked.contains(&place) }
    }

    /// The number of selected records, if these match the filters.
    pub(in crate::page) fn len(&self, shown: &[usize]) -> usize {
        if self.all { shown.iter().filter(|place| self.has(**place)).count() } else { self.ticked.len() }
    }

    /// The positions of the selected records.
    pub(in crate::page) fn meant(
        &self,
        content: &dyn Content,
        parameters: &[(String, String)],
        narrowing: &Narrowing,
    ) -> BTreeSet<usize> {
        if self.all {
            let view = TimelineView::of(parameters);
            let shown = Rows::new(content, &view, narrowing, Order::of("")).places;
            shown.into_iter().filter(|place| self.has(*place)).collect()
        } else {
            self.ticked.clone()
        }
    }
}

/// Parses `0-2,7` into numbers; invalid parts are skipped.
fn places(text: &str) -> impl Iterator<Item = usize> {
    text.split(',').filter_map(stretch).flatten().take(SHOWN)
}

fn stretch(text: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let place = |text: &str| text.parse().ok().filter(|place| *place < SHOWN);
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(place(first)?..=place(last)?)
}

/// Numbers as `0-2,7`.
pub(in crate::page) fn written(places: &BTreeSet<usize>) -> String {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for place in places {
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == *place => *last = *place,
            _ => stretches.push((*place, *place)),
        }
    }
    let text = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    stretches.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn take(pairs: &[(&str, &str)]) -> (Selection, String) {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (selection, kept) = Selection::take(pairs);
        let kept = kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        (selection, kept)
    }

    #[test]
    fn what_is_ticked_here_is_added_to_what_is_ticked_elsewhere() {
        let (selection, kept) = take(&[
            ("text", "x"),
            ("sel", "0-2,150"),
            ("here", "0-99"),
            ("pick", "1"),
            ("pick", "7"),
            ("do", "count"),
        ]);
        assert_eq!(kept, "text=x&sel=1,7,150");
        assert_eq!([0, 1, 7, 150].map(|place| selection.has(place)), [false, true, true, true]);
        assert_eq!(selection.len(&[1, 2]), 3, "what the filters hide stays selected");
    }

    #[test]
    fn one_is_taken_out_of_all_and_the_others_stay() {
        let (selection, kept) = take(&[
            ("all", "yes"),
            ("not", "120,3"),
            ("here", "0-4"),
            ("pick", "0"),
            ("pick", "3"),
            ("pick", "4"),
        ]);
        assert_eq!(kept, "all=yes&not=1-2,120");
        assert_eq!(selection.len(&(0..150).collect::<Vec<_>>()), 147);
        assert_eq!(
            take(&[("all", "yes"), ("do", "none"), ("pick", "1")]),
            (Selection::default(), String::new())
        );
        assert_eq!(take(&[("sel", "1"), ("do", "all")]).1, "all=yes");
    }

    #[test]
    fn nonsense_selects_nothing_and_costs_little() {
        let (selection, kept) = take(&[("sel", "x,-1,5-,7-3,99999999999999999999,0-99999999"), ("pick", "")]);
        assert!(selection.is_empty() && kept.is_empty());
        assert_eq!(take(&[("sel", &"0-99999,".repeat(1_000))]).0.len(&[]), SHOWN);
    }

    proptest! {
        #[test]
        fn an_address_says_what_was_selected(ticked: BTreeSet<u16>, all: bool) {
            let places = ticked.into_iter().map(usize::from).collect::<BTreeSet<_>>();
            let selection = if all {
                Selection { all, out: places, ..Selection::default() }
            } else {
                Selection { ticked: places, ..Selection::default() }
            };
            prop_assert_eq!(Selection::of(&selection.parameters()), selection);
        }
    }
}

//! Reads free text (a report, an e-mail, a table, a log) into indicators, each with its places: [`Report::read`].
//!
//! [`decode`] turns a file into text. A [`Report`] has one [`Found`] for each different value, in the order of their first places, and
//! one [`LeftOut`] for each kind of text that looks like a value and is none, so that nothing is left out silently. Every value is
//! read by [`Indicator::parse`], as everywhere; the modules below only decide where a value begins and ends, and whether it is meant.
//! What is uncertain has a [`Doubt`], and should not be selected.
//!
//! [`crate::Line`] is for lists, where each line is entered as a value and must be answered for. Here, most of the text is not.
//!
//! Reading takes linear time. Memory is bounded by the length of the text, which is at most [`MOST_BYTES`]. Nothing panics; the only
//! errors are about the whole text ([`ReportError`]).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use crate::{Caution, Indicator};

mod decode;
mod doubt;
mod judge;
mod left;
mod network;
mod pieces;
mod place;
mod scripts;
mod span;
#[cfg(test)]
mod tests;
mod words;

pub use decode::{MOST_BYTES, ReportError, decode};
pub use doubt::Doubt;
pub use left::{Example, Kind, LeftOut, sentence};
pub use network::{MOST_ADDRESSES, Network};
pub use place::{Context, Place};

use judge::{Item, Verdict, judge};
use pieces::{Piece, Pieces};
use place::Cursor;

/// The most values that are kept of a text: as many as an investigation has members.
pub const MOST_VALUES: usize = 10_000;

/// The most places that are kept of a value. More are only counted.
pub const MOST_PLACES: usize = 20;

/// What a text contains.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The different values, in the order of their first places; at most [`MOST_VALUES`].
    pub found: Vec<Found>,
    /// How many different values the text has, including those that are not kept.
    pub total: u64,
    /// What was left out, by kind.
    pub left_out: Vec<LeftOut>,
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it means.
    pub subject: Subject,
    /// As it is written in its first place.
    pub written: String,
    /// Its first places, at least one and at most [`MOST_PLACES`].
    pub places: Vec<Place>,
    /// How many places it has.
    pub count: u64,
    /// Why it should not be selected, if there is a reason in all places.
    pub doubt: Option<Doubt>,
}

/// What a value means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A name or an address.
    Indicator(Indicator),
    /// A network or a range of at most [`MOST_ADDRESSES`] addresses. It stands for each of them.
    Network(Network),
}

impl Report {
    /// Reads a text.
    ///
    /// # Errors
    /// [`ReportError`] if it is too long, empty or not a text.
    pub fn read(text: &str) -> Result<Self, ReportError> {
        decode::check(text)?;
        let mut reading = Reading::of(text);
        for piece in Pieces::of(text) {
            reading.piece(&piece);
        }
        Ok(reading.end())
    }

    /// How many values were found but are not kept.
    pub fn dropped(&self) -> u64 {
        self.total.saturating_sub(self.found.len() as u64)
    }
}

impl Found {
    /// The indicators that it stands for, at least one and at most [`MOST_ADDRESSES`].
    pub fn indicators(&self) -> Vec<Indicator> {
        match &self.subject {
            Subject::Indicator(indicator) => vec![indicator.clone()],
            Subject::Network(network) => network.addresses().collect(),
        }
    }

    /// The caution about it, whether it is selected or not: above all, that a name can be mistaken for another one, in both forms.
    pub fn caution(&self) -> Option<Caution> {
        match &self.subject {
            Subject::Indicator(indicator) => indicator.caution(),
            Subject::Network(_) => None,
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Indicator(indicator) => indicator.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

/// A text that is being read.
struct Reading<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
    report: Report,
    known: HashMap<Subject, usize>,
    /// Hashes of what is only counted: values beyond those that are kept, and what was left out.
    counted: HashSet<u64>,
    hasher: RandomState,
    left_out: BTreeMap<Kind, LeftOut>,
    /// What is before an equals sign. A name there is a label unless a value follows: `window.hit=1`.
    held: Vec<Item>,
}

impl<'a> Reading<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            cursor: Cursor::new(text),
            report: Report::default(),
            known: HashMap::new(),
            counted: HashSet::new(),
            hasher: RandomState::new(),
            left_out: BTreeMap::new(),
            held: Vec::new(),
        }
    }

    fn piece(&mut self, piece: &Piece) {
        let items = judge(self.text, piece);
        if !self.held.is_empty() {
            let is_pair = piece.is_after_equals && items.iter().any(Item::is_value);
            self.release(is_pair);
        }
        if piece.is_before_equals && !piece.is_defanged && piece.authority.is_none() {
            self.held = items;
        } else {
            self.take(items);
        }
    }

    /// Takes what was held, without names unless it is one of a pair of values.
    fn release(&mut self, is_pair: bool) {
        let held = std::mem::take(&mut self.held);
        self.take(held.into_iter().filter(|item| is_pair || !item.is_a_name()));
    }

    fn take(&mut self, items: impl IntoIterator<Item = Item>) {
        for Item { verdict, range } in items {
            match verdict {
                Verdict::Indicator(indicator, doubt) => {
                    self.found(Subject::Indicator(indicator), range, doubt);
                }
                Verdict::Network(network) => {
                    let doubt = Some(Doubt::Network(network.count()));
                    self.found(Subject::Network(network), range, doubt);
                }
                Verdict::Left(kind) => self.left(kind, range),
            }
        }
    }

    fn found(&mut self, subject: Subject, range: Range<usize>, doubt: Option<Doubt>) {
        if let Some(found) = self.known.get(&subject).and_then(|at| self.report.found.get_mut(*at)) {
            found.count += 1;
            if found.places.len() < MOST_PLACES {
                found.places.push(self.cursor.place(range));
            }
            if doubt.is_none() && found.doubt.as_ref().is_some_and(Doubt::is_about_a_place) {
                found.doubt = None;
            }
            return;
        }
        if self.report.found.len() == MOST_VALUES {
            self.report.total += u64::from(self.counted.insert(self.hasher.hash_one(&subject)));
            return;
        }
        self.known.insert(subject.clone(), self.report.found.len());
        let written = self.text.get(range.clone()).unwrap_or_default().to_owned();
        let places = vec![self.cursor.place(range)];
        self.report.found.push(Found { subject, written, places, count: 1, doubt });
        self.report.total += 1;
    }

    fn left(&mut self, kind: Kind, range: Range<usize>) {
        let written = self.text.get(range.clone()).unwrap_or_default();
        if self.counted.insert(self.hasher.hash_one((kind, written))) {
            let left = self.left_out.entry(kind).or_insert_with(|| LeftOut::new(kind));
            left.add(written, || self.cursor.place(range));
        }
    }

    fn end(mut self) -> Report {
        self.release(false);
        self.report.left_out = self.left_out.into_values().collect();
        self.report
    }
}

impl Item {
    fn is_value(&self) -> bool {
        !matches!(self.verdict, Verdict::Left(_))
    }

    fn is_a_name(&self) -> bool {
        match &self.verdict {
            Verdict::Indicator(indicator, _) => indicator.kind() == crate::IndicatorType::Fqdn,
            Verdict::Left(Kind::UnknownTop) => true,
            _ => false,
        }
    }
}

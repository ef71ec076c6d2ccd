//! "At this date": what was true on one day, in a sentence.

use std::collections::HashSet;

use cof::{Record, RrType};
use operation::{Host, Indicator, Relation};

use super::entry::Entry;
use super::view::TimelineView;

/// What was true on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// `YYYY-MM-DD`.
    pub(crate) day: String,
    /// How many records were alive on it.
    pub(crate) alive: usize,
    /// Of how many that are not hidden and have a date.
    pub(crate) of: usize,
    /// The asked value and a verb, before [`Self::names`]; empty when there are none.
    pub(crate) lead: String,
    /// What it pointed to, or what pointed to it; latest seen first, at most [`MOST_NAMES`].
    pub(crate) names: Vec<String>,
    /// How many more of them there are.
    pub(crate) more: usize,
}

/// As many as a sentence can hold.
const MOST_NAMES: usize = 5;

impl Moment {
    /// Looks at the day of the view, if it has one.
    pub(super) fn new(view: &TimelineView, asked: &Indicator, entries: &[Entry<'_>]) -> Option<Self> {
        let day = view.at_day()?;
        let mut alive: Vec<_> = entries.iter().filter(|entry| view.alive(entry.first, entry.last)).collect();
        alive.sort_by_key(|entry| (std::cmp::Reverse(entry.last), entry.index));
        let direct = alive.iter().filter(|entry| entry.relation == Relation::Direct);
        let mut seen = HashSet::new();
        let mut names = direct
            .filter_map(|entry| other_side(asked, entry.record))
            .filter(|name| seen.insert(name.clone()));
        let shown: Vec<String> = names.by_ref().take(MOST_NAMES).collect();
        let more = names.count();
        let lead = match asked.host() {
            _ if shown.is_empty() => String::new(),
            Host::Address(address) => format!("{address} was the address of"),
            Host::Name(name) => format!("{name} pointed to"),
        };
        Some(Self { day, alive: alive.len(), of: entries.len(), lead, names: shown, more })
    }
}

/// The names of an address, the addresses and the alias of a name.
fn other_side(asked: &Indicator, record: &Record) -> Option<String> {
    let addresses = matches!(record.rrtype, RrType::A | RrType::AAAA);
    match asked.host() {
        Host::Address(_) => addresses.then(|| record.rrname.to_string()),
        Host::Name(name) => ((addresses || record.rrtype == RrType::CNAME) && *name == record.rrname)
            .then(|| record.rdata_text()),
    }
}

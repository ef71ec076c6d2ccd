//! "At this date": the records of one day, as a sentence.

use std::collections::HashSet;

use cof::{Record, RrType};
use operation::{Host, Indicator, Relation};

use super::entry::Entry;
use super::view::TimelineView;

/// The records of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// `YYYY-MM-DD`.
    pub(crate) day: String,
    /// The number of records alive on that day.
    pub(crate) alive: usize,
    /// The number of records that are not hidden and have a date.
    pub(crate) of: usize,
    /// The queried value and a verb, before [`Self::names`]; empty if there are none.
    pub(crate) lead: String,
    /// The names or addresses it pointed to, or that pointed to it; most recently seen first, at most [`MOST_NAMES`].
    pub(crate) names: Vec<String>,
    /// The number of further ones.
    pub(crate) more: usize,
}

/// The most that fit into a sentence.
const MOST_NAMES: usize = 5;

impl Moment {
    /// The selected day of the view, if there is one.
    pub(super) fn new(view: &TimelineView, asked: Option<&Indicator>, entries: &[Entry<'_>]) -> Option<Self> {
        let day = view.at_day()?;
        let mut alive: Vec<_> = entries.iter().filter(|entry| view.alive(entry.first, entry.last)).collect();
        alive.sort_by_key(|entry| (std::cmp::Reverse(entry.last), entry.index));
        let direct = alive.iter().filter(|entry| entry.relation == Relation::Direct);
        let mut seen = HashSet::new();
        let mut names = direct
            .filter_map(|entry| other_side(asked?, entry.record))
            .filter(|name| seen.insert(name.clone()));
        let shown: Vec<String> = names.by_ref().take(MOST_NAMES).collect();
        let more = names.count();
        let lead = match asked.map(Indicator::host) {
            None => String::new(),
            _ if shown.is_empty() => String::new(),
            Some(Host::Address(address)) => format!("{address} was the address of"),
            Some(Host::Name(name)) => format!("{name} pointed to"),
        };
        Some(Self { day, alive: alive.len(), of: entries.len(), lead, names: shown, more })
    }
}

/// The names of an address, or the addresses and aliases of a name.
fn other_side(asked: &Indicator, record: &Record) -> Option<String> {
    let addresses = matches!(record.rrtype, RrType::A | RrType::AAAA);
    match asked.host() {
        Host::Address(_) => addresses.then(|| record.rrname.to_string()),
        Host::Name(name) => ((addresses || record.rrtype == RrType::CNAME) && *name == record.rrname)
            .then(|| record.rdata_text()),
    }
}

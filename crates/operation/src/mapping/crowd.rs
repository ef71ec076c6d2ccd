//! Shared hosting: addresses with more names than one owner would have.

use std::collections::{BTreeMap, HashMap, HashSet};

use cof::Record;

use crate::{Host, Indicator, Relation};

/// More names than this on one address make it shared hosting.
const SHARED_HOSTING: usize = 100;

/// The crowded addresses of an answer, and who is on them.
pub(super) struct Crowd {
    /// How many names each has.
    addresses: BTreeMap<Indicator, usize>,
    /// The first crowded address of each name.
    members: HashMap<Indicator, Indicator>,
}

impl Crowd {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut names: HashMap<Indicator, HashSet<&cof::Name>> = HashMap::new();
        for record in records {
            if let Some(address) = address(record) {
                names.entry(address).or_default().insert(&record.rrname);
            }
        }
        let addresses: BTreeMap<Indicator, usize> = names
            .into_iter()
            .map(|(address, names)| (address, names.len()))
            .filter(|(_, names)| *names > SHARED_HOSTING)
            .collect();
        let mut members = HashMap::new();
        for record in records {
            if let (Some(owner), Some(address)) = (Indicator::of_owner(record), address(record))
                && addresses.contains_key(&address)
            {
                members.entry(owner).or_insert(address);
            }
        }
        Self { addresses, members }
    }

    /// Why what comes of a record with these sides is better left out, if it is: a crowded address is one of them,
    /// or the record came along only because of a name on one.
    pub(super) fn caution(&self, sides: [Option<&Indicator>; 2], relation: Relation) -> Option<String> {
        let crowded = |side: &&Indicator| self.addresses.contains_key(side);
        let sides = || sides.into_iter().flatten();
        let along =
            || sides().find_map(|side| self.members.get(side)).filter(|_| relation == Relation::Related);
        let address = sides().find(crowded).or_else(along)?;
        let names = self.addresses.get(address)?;
        Some(format!("shared hosting: {} names on {address}", thousands(*names)))
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        self.addresses.iter().map(|(address, names)| {
            let names = thousands(*names);
            format!("{address} has {names} names: shared hosting; what comes of it is not selected")
        })
    }
}

/// A number with its thousands apart: `50,000`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let apart = |(at, digit): (usize, char)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(apart).collect()
}

fn address(record: &Record) -> Option<Indicator> {
    Indicator::of_target(&record.rdata, record.rrtype).filter(|side| matches!(side.host(), Host::Address(_)))
}

//! What an answer as a whole says against some of its records: shared hosting and fast flux.
//!
//! Shared hosting is an address with more names than one owner would have. Fast flux is a name with many addresses, most of
//! them for a short time: the addresses are hijacked machines or exits of a network, and say little about the name's owner. The
//! name itself is what people look for, so only its addresses are cautioned about.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use cof::{Name, Record, Target};

use crate::caution::{BRIEF_DAYS, thousands};
use crate::{Caution, Host, Indicator, Relation};

/// More names than this on one address make it shared hosting.
const SHARED_HOSTING: usize = 100;
/// More addresses than this on one name can be fast flux. Content networks give a name tens of addresses; those of one answer stay
/// for months, which the share of brief ones tells apart.
const FAST_FLUX: usize = 30;
/// At least one in so many addresses was there briefly: half of them.
const BRIEF_SHARE: usize = 2;
const DAY: u64 = 24 * 60 * 60;

/// The crowded addresses and the fluxing names of an answer, and who is on them.
pub(super) struct Cautions {
    /// How many names each address has.
    crowds: BTreeMap<Indicator, usize>,
    /// The first crowded address of each name.
    members: HashMap<Indicator, Indicator>,
    /// How many addresses each name had, and how many of them briefly.
    fluxes: HashMap<Name, (usize, usize)>,
}

impl Cautions {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut names: HashMap<IpAddr, HashSet<&Name>> = HashMap::new();
        let mut addresses: HashMap<&Name, usize> = HashMap::new();
        for record in records {
            if let Some(address) = address(record) {
                names.entry(address).or_default().insert(&record.rrname);
                *addresses.entry(&record.rrname).or_default() += 1;
            }
        }
        let crowds: BTreeMap<Indicator, usize> = names
            .into_iter()
            .filter(|(_, names)| names.len() > SHARED_HOSTING)
            .map(|(address, names)| (Indicator::from_address(address), names.len()))
            .collect();
        addresses.retain(|_, records| *records > FAST_FLUX);
        Self { members: members(records, &crowds), fluxes: fluxes(records, &addresses), crowds }
    }

    /// Why what comes of a record with these sides is better left out, if it is: a crowded address is one of them,
    /// or the record came along only because of a name on one.
    pub(super) fn crowd(&self, sides: [Option<&Indicator>; 2], relation: Relation) -> Option<Caution> {
        if self.crowds.is_empty() {
            return None;
        }
        let crowded = |side: &&Indicator| self.crowds.contains_key(side);
        let sides = || sides.into_iter().flatten();
        let along =
            || sides().find_map(|side| self.members.get(side)).filter(|_| relation == Relation::Related);
        let address = sides().find(crowded).or_else(along)?;
        let names = *self.crowds.get(address)?;
        Some(Caution::SharedHosting { address: address.clone(), names })
    }

    /// Why the address of a record is better left out, if it is: its name had very many.
    pub(super) fn flux(&self, record: &Record, target: Option<&Indicator>) -> Option<Caution> {
        let is_address = target.is_some_and(|target| matches!(target.host(), Host::Address(_)));
        if self.fluxes.is_empty() || !is_address {
            return None;
        }
        let (addresses, brief) = *self.fluxes.get(&record.rrname)?;
        let name = Indicator::from_name(record.rrname.clone())?;
        Some(Caution::FastFlux { name, addresses, brief })
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let crowds = self.crowds.iter().map(|(address, names)| {
            let names = thousands(*names);
            format!("{address} has {names} names: shared hosting; what comes of it is not selected")
        });
        let mut fluxes: Vec<_> = self.fluxes.iter().collect();
        fluxes.sort();
        crowds.chain(fluxes.into_iter().map(|(name, (addresses, brief))| {
            let (addresses, brief) = (thousands(*addresses), thousands(*brief));
            format!(
                "{name} had {addresses} addresses, {brief} of them for {BRIEF_DAYS} days or less: fast flux; its addresses \
                 are not selected"
            )
        }))
    }
}

fn members(records: &[Record], crowds: &BTreeMap<Indicator, usize>) -> HashMap<Indicator, Indicator> {
    let mut members = HashMap::new();
    if crowds.is_empty() {
        return members;
    }
    for record in records {
        let crowd =
            address(record).map(Indicator::from_address).filter(|address| crowds.contains_key(address));
        if let (Some(address), Some(owner)) = (crowd, Indicator::of_owner(record)) {
            members.entry(owner).or_insert(address);
        }
    }
    members
}

/// When each address of a name was there, as far as is known.
type Spans<'a> = HashMap<&'a Name, HashMap<IpAddr, Option<(u64, u64)>>>;

/// The names, of those with many records, whose addresses were there briefly.
fn fluxes(records: &[Record], many: &HashMap<&Name, usize>) -> HashMap<Name, (usize, usize)> {
    let mut spans = Spans::new();
    if many.is_empty() {
        return HashMap::new();
    }
    for record in records {
        if let Some(address) = address(record)
            && many.contains_key(&record.rrname)
        {
            let span = spans.entry(&record.rrname).or_default().entry(address).or_default();
            *span = span.iter().copied().chain(record.span()).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        }
    }
    let is_brief = |span: &&Option<(u64, u64)>| {
        span.is_some_and(|(first, last)| last.saturating_sub(first) <= BRIEF_DAYS * DAY)
    };
    let count = |(name, spans): (&Name, HashMap<IpAddr, _>)| {
        let brief = spans.values().filter(is_brief).count();
        let is_flux = spans.len() > FAST_FLUX && brief * BRIEF_SHARE >= spans.len();
        is_flux.then(|| (name.clone(), (spans.len(), brief)))
    };
    spans.into_iter().filter_map(count).collect()
}

fn address(record: &Record) -> Option<IpAddr> {
    match record.rdata.target(record.rrtype)? {
        Target::Address(address) => Some(address.to_canonical()),
        Target::Name(_) => None,
    }
}

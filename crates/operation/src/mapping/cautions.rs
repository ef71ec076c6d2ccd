//! Cautions that follow from an answer as a whole: shared hosting and fast flux.
//!
//! Shared hosting is an address with more names than one owner would have. Fast flux is a name with many addresses, most of
//! them for a short time: the addresses are hijacked machines or exits of a network, and say little about the name's owner. The
//! name itself is what people look for, so only its addresses get a caution. Name servers and the targets of CNAME records can
//! flux in the same way. A target without known times counts as brief, because nothing shows that it stayed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use cof::{Name, Record, RrType, Target};

use crate::caution::{BRIEF_DAYS, Flux, thousands};
use crate::{Caution, Indicator, Relation};

/// An address with more names than this is shared hosting.
const SHARED_HOSTING: usize = 100;
/// A name with more targets of one kind than this can be fast flux. Content networks give a name tens of addresses, but these
/// stay for months, which the share of brief ones distinguishes.
const FAST_FLUX: usize = 30;
/// At least one in this many addresses was there briefly: half of them.
const BRIEF_SHARE: usize = 2;
const DAY: u64 = 24 * 60 * 60;

/// The crowded addresses and the fluxing names of an answer, and the names on these addresses.
pub(super) struct Cautions {
    /// The number of names on each address.
    crowds: BTreeMap<Indicator, usize>,
    /// The first crowded address of each name.
    members: HashMap<Indicator, Indicator>,
    /// The number of targets of a kind that each name had, and how many of them were brief.
    fluxes: HashMap<(Name, Flux), (usize, usize)>,
}

impl Cautions {
    pub(super) fn of(records: &[Record]) -> Self {
        let mut names: HashMap<IpAddr, HashSet<&Name>> = HashMap::new();
        let mut targets: HashMap<(&Name, Flux), usize> = HashMap::new();
        for record in records {
            if let Some(address) = address(record) {
                names.entry(address).or_default().insert(&record.rrname);
            }
            if let Some((flux, _)) = fluxing(record) {
                *targets.entry((&record.rrname, flux)).or_default() += 1;
            }
        }
        let crowds: BTreeMap<Indicator, usize> = names
            .into_iter()
            .filter(|(_, names)| names.len() > SHARED_HOSTING)
            .map(|(address, names)| (Indicator::from_address(address), names.len()))
            .collect();
        targets.retain(|_, records| *records > FAST_FLUX);
        Self { members: members(records, &crowds), fluxes: fluxes(records, &targets), crowds }
    }

    /// The caution about a record with these sides, if there is one: one of them is a crowded address, or the record is only
    /// part of the answer because of a name on one.
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

    /// The caution about the target of a record, if its name had very many targets.
    pub(super) fn flux(&self, record: &Record) -> Option<Caution> {
        if self.fluxes.is_empty() {
            return None;
        }
        let (flux, _) = fluxing(record)?;
        let (targets, brief) = *self.fluxes.get(&(record.rrname.clone(), flux))?;
        let name = Indicator::from_name(record.rrname.clone())?;
        Some(Caution::FastFlux { name, flux, targets, brief })
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let crowds = self.crowds.iter().map(|(address, names)| {
            let names = thousands(*names);
            format!("{address} has {names} names: shared hosting; findings from it are not selected")
        });
        let mut fluxes: Vec<_> = self.fluxes.iter().collect();
        fluxes.sort();
        crowds.chain(fluxes.into_iter().map(|((name, flux), (targets, brief))| {
            let (targets, brief, word) = (thousands(*targets), thousands(*brief), flux.word());
            format!(
                "{name} had {targets} {word}, {brief} of them for {BRIEF_DAYS} days or less, as far as is known: fast flux; \
                 they are not selected"
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

/// The times of each target of a name, as far as they are known.
type Spans<'a> = HashMap<(&'a Name, Flux), HashMap<Target<'a>, Option<(u64, u64)>>>;

/// Of the names with many records, those whose targets were brief.
fn fluxes(records: &[Record], many: &HashMap<(&Name, Flux), usize>) -> HashMap<(Name, Flux), (usize, usize)> {
    let mut spans = Spans::new();
    if many.is_empty() {
        return HashMap::new();
    }
    for record in records {
        if let Some((flux, target)) = fluxing(record)
            && many.contains_key(&(&record.rrname, flux))
        {
            let span = spans.entry((&record.rrname, flux)).or_default().entry(target).or_default();
            let known = match record.seen() {
                (Some(first), Some(last)) => Some((first, last)),
                _ => None,
            };
            *span = span.iter().copied().chain(known).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        }
    }
    let is_brief = |span: &&Option<(u64, u64)>| {
        span.is_none_or(|(first, last)| last.saturating_sub(first) <= BRIEF_DAYS * DAY)
    };
    let count = |((name, flux), spans): ((&Name, Flux), HashMap<Target<'_>, _>)| {
        let brief = spans.values().filter(is_brief).count();
        let is_flux = spans.len() > FAST_FLUX && brief * BRIEF_SHARE >= spans.len();
        is_flux.then(|| ((name.clone(), flux), (spans.len(), brief)))
    };
    spans.into_iter().filter_map(count).collect()
}

/// The target of a record that can flux.
fn fluxing(record: &Record) -> Option<(Flux, Target<'_>)> {
    match record.rdata.target(record.rrtype)? {
        Target::Address(address) => Some((Flux::Addresses, Target::Address(address.to_canonical()))),
        name @ Target::Name(_) if matches!(record.rrtype, RrType::NS | RrType::CNAME | RrType::DNAME) => {
            Some((Flux::Names, name))
        }
        Target::Name(_) => None,
    }
}

fn address(record: &Record) -> Option<IpAddr> {
    match record.rdata.target(record.rrtype)? {
        Target::Address(address) => Some(address.to_canonical()),
        Target::Name(_) => None,
    }
}

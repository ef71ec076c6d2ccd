//! Who else is behind a resource: names and addresses in the answers that are no members yet.
//!
//! [`candidates`] reads all records once for any number of resources; its result has at most two entries per record.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use cof::{NameRef, Record, RrType, Target};
use operation::{Host, Indicator};

use super::network::Network;
use super::resource::{Kind, Resource};
use super::span::Span;
use super::token::{self, Token};
use super::{Member, facts};

/// A name or address that is no member yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The indicator.
    pub indicator: Indicator,
    /// From the first to the last sighting behind the resources, as far as times are known.
    pub span: Option<Span>,
    /// The positions of the members whose answers contain it, in order.
    pub members: Vec<usize>,
    /// The positions of the resources that it is behind, in order.
    pub resources: Vec<usize>,
}

/// The names and addresses in the answers behind these resources that are no members: the owners of records that lead to a
/// resource, the addresses in a network, the hosts below a registered domain, and the resources themselves if they are hosts.
/// Those behind the most resources come first, then those that were seen last. Resources differ from each other.
pub fn candidates(members: &[Member<'_>], resources: &[Resource]) -> Vec<Candidate> {
    let wanted = Wanted::of(resources);
    let known: HashSet<&Indicator> = members.iter().map(|member| member.indicator).collect();
    let mut found: HashMap<Indicator, Candidate> = HashMap::new();
    for (position, member) in members.iter().enumerate() {
        for record in member.records {
            for (indicator, resource) in hosts(record, &wanted.hits(record)) {
                if !known.contains(&indicator) {
                    let candidate = found.entry(indicator).or_insert_with_key(Candidate::new);
                    candidate.add(position, resource, record.span().map(Span::of));
                }
            }
        }
    }
    let mut found: Vec<Candidate> = found.into_values().collect();
    found.sort_by(|one, other| one.order().cmp(&other.order()));
    found
}

/// The same candidates from several places, each once and in the order of [`candidates`].
pub fn joined(candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let mut found: HashMap<Indicator, Candidate> = HashMap::new();
    for Candidate { indicator, span, members, resources } in candidates {
        let known = found.entry(indicator).or_insert_with_key(Candidate::new);
        known.members.extend(members);
        known.members.sort_unstable();
        known.members.dedup();
        for resource in resources {
            known.behind(resource, span);
        }
    }
    let mut found: Vec<Candidate> = found.into_values().collect();
    found.sort_by(|one, other| one.order().cmp(&other.order()));
    found
}

impl Candidate {
    fn new(indicator: &Indicator) -> Self {
        Self { indicator: indicator.clone(), span: None, members: Vec::new(), resources: Vec::new() }
    }

    fn add(&mut self, member: usize, resource: usize, times: Option<Span>) {
        if self.members.last() != Some(&member) {
            self.members.push(member);
        }
        self.behind(resource, times);
    }

    fn behind(&mut self, resource: usize, times: Option<Span>) {
        if let Err(place) = self.resources.binary_search(&resource) {
            self.resources.insert(place, resource);
        }
        let spans = self.span.into_iter().chain(times);
        self.span = spans
            .reduce(|one, other| Span { first: one.first.min(other.first), last: one.last.max(other.last) });
    }

    fn order(&self) -> (Reverse<usize>, Reverse<Option<u64>>, &Indicator) {
        (Reverse(self.resources.len()), Reverse(self.span.map(|span| span.last)), &self.indicator)
    }
}

/// Finds the records that are about some resources, whoever owns them; resources differ from each other.
pub struct Finder<'a>(Wanted<'a>);

impl<'a> Finder<'a> {
    /// For these resources.
    pub fn new(resources: &'a [Resource]) -> Self {
        Self(Wanted::of(resources))
    }

    /// The positions of the resources that a record is about, each once and in order.
    pub fn of(&self, record: &Record) -> Vec<usize> {
        let mut found: Vec<usize> = self.0.hits(record).into_iter().map(|hit| hit.resource).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl std::fmt::Debug for Finder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder").finish_non_exhaustive()
    }
}

/// The resources that are looked for, by what records contain.
#[derive(Default)]
struct Wanted<'a> {
    addresses: HashMap<IpAddr, usize>,
    networks: HashMap<Network, usize>,
    hosts: HashMap<(Kind, NameRef<'a>), usize>,
    domains: HashMap<NameRef<'a>, usize>,
    tokens: HashMap<&'a Token, usize>,
}

/// A resource that a record is about.
#[derive(Clone, Copy)]
struct Hit {
    /// Its position.
    resource: usize,
    /// Whether the host in the data is the resource, or is in it.
    has_target: bool,
}

impl<'a> Wanted<'a> {
    fn of(resources: &'a [Resource]) -> Self {
        let mut wanted = Self::default();
        for (position, resource) in resources.iter().enumerate() {
            match resource {
                Resource::Address(address) => wanted.addresses.insert(*address, position),
                Resource::Network(network) => wanted.networks.insert(*network, position),
                Resource::RegisteredDomain(name) => wanted.domains.insert(name.as_ref(), position),
                Resource::Token(token) => wanted.tokens.insert(token, position),
                Resource::CnameTarget(name)
                | Resource::MailServer(name)
                | Resource::NameServer(name)
                | Resource::SoaMailbox(name) => {
                    wanted.hosts.insert((resource.kind(), name.as_ref()), position)
                }
            };
        }
        wanted
    }

    /// The resources that a record is about.
    fn hits(&self, record: &Record) -> Vec<Hit> {
        let mut hits = Vec::new();
        match record.rrtype {
            RrType::A | RrType::AAAA => {
                if let Some(Target::Address(address)) = record.rdata.target(record.rrtype) {
                    self.hit_address(address.to_canonical(), &mut hits);
                }
            }
            RrType::PTR => {
                if let Some(Host::Address(address)) =
                    Indicator::of_owner(record).as_ref().map(Indicator::host)
                {
                    self.hit_address(*address, &mut hits);
                }
            }
            RrType::CNAME | RrType::DNAME => self.hit_target(record, Kind::CnameTarget, &mut hits),
            RrType::MX => self.hit_target(record, Kind::MailServer, &mut hits),
            RrType::NS => self.hit_target(record, Kind::NameServer, &mut hits),
            RrType::SOA => {
                let (primary, mailbox) = facts::authority(record);
                self.hit_host(Kind::NameServer, primary, true, &mut hits);
                self.hit_host(Kind::SoaMailbox, mailbox, false, &mut hits);
            }
            RrType::SPF | RrType::TXT if !self.tokens.is_empty() => {
                for token in token::of_data(&record.rdata) {
                    push(self.tokens.get(&token), false, &mut hits);
                }
            }
            _ => {}
        }
        if !self.domains.is_empty() {
            let domain = record.rrname.registered_domain();
            push(domain.and_then(|domain| self.domains.get(&domain)), false, &mut hits);
        }
        hits
    }

    fn hit_address(&self, address: IpAddr, hits: &mut Vec<Hit>) {
        push(self.addresses.get(&address), true, hits);
        push(self.networks.get(&Network::around(address)), true, hits);
    }

    fn hit_target(&self, record: &Record, kind: Kind, hits: &mut Vec<Hit>) {
        if let Some(Target::Name(name)) = record.rdata.target(record.rrtype) {
            self.hit_host(kind, Some(name), true, hits);
        }
    }

    fn hit_host(&self, kind: Kind, name: Option<NameRef<'_>>, is_target: bool, hits: &mut Vec<Hit>) {
        let Some(name) = name else { return };
        push(self.hosts.get(&(kind, name)), is_target, hits);
        if !self.domains.is_empty() {
            let domain = name.registered_domain();
            push(domain.and_then(|domain| self.domains.get(&domain)), is_target, hits);
        }
    }
}

fn push(resource: Option<&usize>, has_target: bool, hits: &mut Vec<Hit>) {
    hits.extend(resource.map(|resource| Hit { resource: *resource, has_target }));
}

/// The hosts of a record, each with the resource that it is behind.
fn hosts(record: &Record, hits: &[Hit]) -> Vec<(Indicator, usize)> {
    if hits.is_empty() {
        return Vec::new();
    }
    let owner = Indicator::of_owner(record);
    let target = Indicator::of_target(&record.rdata, record.rrtype);
    let mut hosts = Vec::new();
    for hit in hits {
        let target = target.as_ref().filter(|_| hit.has_target);
        hosts.extend(owner.iter().chain(target).map(|host| (host.clone(), hit.resource)));
    }
    hosts
}

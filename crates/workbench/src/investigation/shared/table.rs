//! The names and resources of all records, each once and numbered, so that facts about them are small and are compared as
//! numbers.
//!
//! A [`Table`] hands out an [`Id`] for every name and resource. Memory is bounded by the records: each adds at most a few of
//! both. Numbers follow the order of the records, so they must not decide anything that is shown.

use std::collections::HashMap;
use std::net::IpAddr;

use cof::NameRef;
use operation::{Host, Indicator};

use super::network::Network;
use super::resource::{Kind, Resource};
use super::token::Token;

/// The number of a name, a resource or a member.
pub(super) type Id = u32;
/// No name, resource or member.
pub(super) const NONE: Id = Id::MAX;

/// The kinds of resources that are names, in the order of the numbers in [`NameRow::resources`].
const NAMED: [Kind; 5] =
    [Kind::CnameTarget, Kind::MailServer, Kind::NameServer, Kind::RegisteredDomain, Kind::SoaMailbox];

/// All names and resources.
pub(super) struct Table<'a> {
    ids: HashMap<NameRef<'a>, Id>,
    names: Vec<NameRow<'a>>,
    addresses: HashMap<IpAddr, AddressRow>,
    networks: HashMap<Network, Id>,
    tokens: HashMap<Token, Id>,
    resources: Vec<ResourceRow<'a>>,
}

struct NameRow<'a> {
    name: NameRef<'a>,
    /// The member with this name.
    member: Id,
    /// Its registered domain as a resource, once it was asked for.
    domain: Option<Id>,
    /// The name as a resource of each kind.
    resources: [Id; NAMED.len()],
}

/// An address in the records.
#[derive(Clone, Copy)]
pub(super) struct AddressRow {
    /// The address as a resource.
    pub resource: Id,
    /// Its network as a resource.
    pub network: Id,
    /// The member with this address.
    pub member: Id,
}

/// A resource in the records.
pub(super) struct ResourceRow<'a> {
    key: Key<'a>,
    /// The network of an address, or the registered domain of a host.
    pub within: Id,
    /// A member that has it.
    user: Id,
    /// Whether another member has it as well.
    pub is_shared: bool,
}

enum Key<'a> {
    Address(IpAddr),
    Name(Kind, NameRef<'a>),
    Network(Network),
    Token(Token),
}

impl<'a> Table<'a> {
    /// A table in which the members have their numbers; of equal members, the first counts.
    pub(super) fn new(members: impl Iterator<Item = &'a Indicator>) -> Self {
        let mut table = Self {
            ids: HashMap::new(),
            names: Vec::new(),
            addresses: HashMap::new(),
            networks: HashMap::new(),
            tokens: HashMap::new(),
            resources: Vec::new(),
        };
        for (member, indicator) in (0..NONE).zip(members) {
            table.add_member(member, indicator);
        }
        table
    }

    fn add_member(&mut self, member: Id, indicator: &'a Indicator) {
        let slot = match indicator.host() {
            Host::Name(name) => {
                let id = self.name(name.as_ref());
                self.names.get_mut(at(id)).map(|row| &mut row.member)
            }
            Host::Address(address) => {
                self.address(*address);
                self.addresses.get_mut(address).map(|row| &mut row.member)
            }
        };
        if let Some(slot) = slot.filter(|slot| **slot == NONE) {
            *slot = member;
        }
    }

    /// The number of a name.
    pub(super) fn name(&mut self, name: NameRef<'a>) -> Id {
        let next = id(self.names.len());
        let found = *self.ids.entry(name).or_insert(next);
        if found == next {
            self.names.push(NameRow { name, member: NONE, domain: None, resources: [NONE; NAMED.len()] });
        }
        found
    }

    /// The name with this number.
    pub(super) fn name_of(&self, id: Id) -> Option<NameRef<'a>> {
        self.names.get(at(id)).map(|row| row.name)
    }

    /// The member with this name.
    pub(super) fn member(&self, name: Id) -> Id {
        self.names.get(at(name)).map_or(NONE, |row| row.member)
    }

    /// A name as a resource of one of the kinds that are names.
    pub(super) fn named(&mut self, kind: Kind, name: Id) -> Id {
        let slot = NAMED.iter().position(|named| *named == kind).unwrap_or_default();
        let Some(row) = self.names.get_mut(at(name)) else { return NONE };
        let key = Key::Name(kind, row.name);
        let Some(known) = row.resources.get_mut(slot) else { return NONE };
        if *known != NONE {
            return *known;
        }
        *known = id(self.resources.len());
        let resource = *known;
        self.resources.push(ResourceRow::new(key));
        if kind != Kind::RegisteredDomain {
            let domain = self.domain(name);
            self.put_within(resource, domain);
        }
        resource
    }

    /// The registered domain of a name as a resource. Reverse names have none: their parts are networks.
    pub(super) fn domain(&mut self, name: Id) -> Id {
        let Some(row) = self.names.get(at(name)) else { return NONE };
        if let Some(known) = row.domain {
            return known;
        }
        let is_reverse = row.name.as_wire().ends_with(b"\x04arpa\0");
        let domain = row.name.registered_domain().filter(|_| !is_reverse);
        let domain = match domain {
            Some(domain) => {
                let domain = self.name(domain);
                self.named(Kind::RegisteredDomain, domain)
            }
            None => NONE,
        };
        if let Some(row) = self.names.get_mut(at(name)) {
            row.domain = Some(domain);
        }
        domain
    }

    /// An address and its network as resources.
    pub(super) fn address(&mut self, address: IpAddr) -> AddressRow {
        if let Some(known) = self.addresses.get(&address) {
            return *known;
        }
        let network = Network::around(address);
        let next = id(self.resources.len());
        let network_id = *self.networks.entry(network).or_insert(next);
        if network_id == next {
            self.resources.push(ResourceRow::new(Key::Network(network)));
        }
        let resource = id(self.resources.len());
        self.resources.push(ResourceRow::new(Key::Address(address)));
        self.put_within(resource, network_id);
        let row = AddressRow { resource, network: network_id, member: NONE };
        self.addresses.insert(address, row);
        row
    }

    /// A token as a resource.
    pub(super) fn token(&mut self, token: Token) -> Id {
        if let Some(known) = self.tokens.get(&token) {
            return *known;
        }
        let resource = id(self.resources.len());
        self.resources.push(ResourceRow::new(Key::Token(token.clone())));
        self.tokens.insert(token, resource);
        resource
    }

    /// Notes that a member has a resource.
    pub(super) fn note_user(&mut self, resource: Id, member: Id) {
        if let Some(row) = self.resources.get_mut(at(resource)).filter(|_| member != NONE) {
            row.is_shared |= row.user != NONE && row.user != member;
            row.user = member;
        }
    }

    /// The resource with this number.
    pub(super) fn resource(&self, resource: Id) -> Option<&ResourceRow<'a>> {
        self.resources.get(at(resource))
    }

    /// Whether two members or more have a resource.
    pub(super) fn is_shared(&self, resource: Id) -> bool {
        self.resource(resource).is_some_and(|row| row.is_shared)
    }

    /// The addresses that a member has, each with its network as a resource.
    pub(super) fn used_addresses(&self) -> impl Iterator<Item = (Id, IpAddr)> {
        let used = self.resources.iter().filter(|row| row.user != NONE);
        used.filter_map(|row| match row.key {
            Key::Address(address) => Some((row.within, address)),
            _ => None,
        })
    }

    /// The network or the registered domain of each member, as a resource.
    pub(super) fn homes(&mut self) -> Vec<(Id, Id)> {
        let names: Vec<(Id, Id)> = (0..NONE).zip(&self.names).map(|(name, row)| (name, row.member)).collect();
        let names = names.into_iter().filter(|(_, member)| *member != NONE);
        let mut homes: Vec<(Id, Id)> = names.map(|(name, member)| (self.domain(name), member)).collect();
        let addresses = self.addresses.values().filter(|row| row.member != NONE);
        homes.extend(addresses.map(|row| (row.network, row.member)));
        homes
    }

    fn put_within(&mut self, resource: Id, within: Id) {
        if let Some(row) = self.resources.get_mut(at(resource)) {
            row.within = within;
        }
    }
}

impl<'a> ResourceRow<'a> {
    const fn new(key: Key<'a>) -> Self {
        Self { key, within: NONE, user: NONE, is_shared: false }
    }

    /// The resource itself.
    pub(super) fn to_resource(&self) -> Resource {
        match &self.key {
            Key::Address(address) => Resource::Address(*address),
            Key::Name(kind, name) => named(*kind, *name),
            Key::Network(network) => Resource::Network(*network),
            Key::Token(token) => Resource::Token(token.clone()),
        }
    }

    /// The address, if it is one.
    pub(super) const fn is_address(&self) -> bool {
        matches!(self.key, Key::Address(_))
    }
}

/// A name as a resource of a kind.
fn named(kind: Kind, name: NameRef<'_>) -> Resource {
    let name = name.to_name();
    match kind {
        Kind::MailServer => Resource::MailServer(name),
        Kind::NameServer => Resource::NameServer(name),
        Kind::RegisteredDomain => Resource::RegisteredDomain(name),
        Kind::SoaMailbox => Resource::SoaMailbox(name),
        Kind::Address | Kind::CnameTarget | Kind::Network | Kind::Token => Resource::CnameTarget(name),
    }
}

/// The position with this number.
pub(super) const fn at(id: Id) -> usize {
    id as usize
}

/// The number of a position. Memory ends long before the numbers do.
fn id(position: usize) -> Id {
    Id::try_from(position).unwrap_or(NONE)
}

//! What each record says about who uses which resource.
//!
//! [`Facts::of`] reads all records of all members at once. A record is a fact about its owner, whoever's answer contains it: a
//! record of another name in a member's answer is not a fact about that member ([`operation::Relation::Related`]), but it is
//! one about the member with that name, if there is one. A record that leads to a member ([`operation::Relation::Direct`] by
//! its data) is also a fact about that member. Owners that are no members are kept to count who else uses a resource.

use cof::{NameRef, Record, RrType, Target};

use super::resource::Kind;
use super::span::Span;
use super::table::{Id, NONE, Table};
use super::{How, Member, token};

/// The length of the five numbers of an SOA record, in bytes (RFC 1035 section 3.3.13).
const SOA_NUMBERS: usize = 20;

/// One fact: somebody used a resource, at some time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    /// What was used.
    pub resource: Id,
    /// The member that used it; [`NONE`] if it was another name.
    pub member: Id,
    /// The owner of the record: the other name, or the alias that led the member there.
    pub name: Id,
    /// How the member has it.
    pub how: How,
    /// When, if the record has times.
    pub times: Option<Span>,
}

/// A CNAME record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alias {
    /// The owner.
    pub owner: Id,
    /// The target.
    pub target: Id,
    /// When, if the record has times.
    pub times: Option<Span>,
}

/// All facts, with the names and resources that they are about.
pub(super) struct Facts<'a> {
    /// The names and resources.
    pub table: Table<'a>,
    /// The facts, in the order of the records.
    pub list: Vec<Fact>,
    /// The CNAME records.
    pub aliases: Vec<Alias>,
    /// The owner of the last record: records of one name follow each other.
    last_owner: Option<(NameRef<'a>, Id)>,
}

/// The owner of a record, as a name and as a member.
#[derive(Clone, Copy)]
struct Owner {
    name: Id,
    member: Id,
    domain: Id,
    times: Option<Span>,
}

impl<'a> Facts<'a> {
    /// Reads the records of all members.
    pub(super) fn of(members: &'a [Member<'a>]) -> Self {
        let table = Table::new(members.iter().map(|member| member.indicator));
        let mut facts = Self { table, list: Vec::new(), aliases: Vec::new(), last_owner: None };
        for (resource, member) in facts.table.homes() {
            facts.push(resource, member, NONE, (How::Within, None));
        }
        for record in members.iter().flat_map(|member| member.records) {
            facts.add(record);
        }
        facts
    }

    /// Notes a fact.
    pub(super) fn push(&mut self, resource: Id, member: Id, name: Id, (how, times): (How, Option<Span>)) {
        if resource != NONE {
            self.table.note_user(resource, member);
            self.list.push(Fact { resource, member, name, how, times });
        }
    }

    fn add(&mut self, record: &'a Record) {
        let owner = self.owner(record);
        match record.rrtype {
            RrType::A | RrType::AAAA => self.add_address(owner, record),
            RrType::CNAME => {
                if let Some(target) = self.add_host(owner, Kind::CnameTarget, record) {
                    self.aliases.push(Alias { owner: owner.name, target, times: owner.times });
                }
            }
            RrType::DNAME => {
                self.add_host(owner, Kind::CnameTarget, record);
            }
            RrType::MX => {
                self.add_host(owner, Kind::MailServer, record);
            }
            RrType::NS => {
                self.add_host(owner, Kind::NameServer, record);
            }
            RrType::SOA => self.add_authority(owner, record),
            RrType::SPF | RrType::TXT => {
                for token in token::of_data(&record.rdata) {
                    let resource = self.table.token(token);
                    self.push(resource, owner.member, owner.name, (How::Direct, owner.times));
                }
            }
            _ => {}
        }
    }

    /// The owner of a record, and the fact that it is within its registered domain.
    fn owner(&mut self, record: &'a Record) -> Owner {
        let name = record.rrname.as_ref();
        let (id, is_repeated) = match self.last_owner {
            Some((last, id)) if last == name => (id, true),
            _ => (self.table.name(name), false),
        };
        self.last_owner = Some((name, id));
        let (member, domain) = (self.table.member(id), self.table.domain(id));
        let times = record.span().map(Span::of);
        // Of other names, only the number matters.
        if member != NONE || !is_repeated {
            self.push(domain, member, id, (How::Within, times));
        }
        Owner { name: id, member, domain, times }
    }

    fn add_address(&mut self, owner: Owner, record: &Record) {
        let Some(Target::Address(address)) = record.rdata.target(record.rrtype) else { return };
        let row = self.table.address(address.to_canonical());
        for resource in [row.resource, row.network] {
            self.push(resource, owner.member, owner.name, (How::Direct, owner.times));
        }
        self.add_pointed(owner, row.resource, row.member);
        if owner.member == NONE && row.member != NONE {
            self.push(row.network, row.member, owner.name, (How::Within, owner.times));
        }
    }

    /// The main host in the data, with its registered domain. Returns its name.
    fn add_host(&mut self, owner: Owner, kind: Kind, record: &'a Record) -> Option<Id> {
        let Some(Target::Name(target)) = record.rdata.target(record.rrtype) else { return None };
        Some(self.add_name(owner, kind, target))
    }

    fn add_name(&mut self, owner: Owner, kind: Kind, target: NameRef<'a>) -> Id {
        let target = self.table.name(target);
        let resource = self.table.named(kind, target);
        self.push(resource, owner.member, owner.name, (How::Direct, owner.times));
        let domain = self.table.domain(target);
        if domain != owner.domain {
            self.push(domain, owner.member, owner.name, (How::Direct, owner.times));
        }
        let member = self.table.member(target);
        self.add_pointed(owner, resource, member);
        target
    }

    /// The primary server and the mailbox of an SOA record.
    fn add_authority(&mut self, owner: Owner, record: &'a Record) {
        let (primary, mailbox) = authority(record);
        if let Some(primary) = primary {
            self.add_name(owner, Kind::NameServer, primary);
        }
        if let Some(mailbox) = mailbox {
            self.add_name(owner, Kind::SoaMailbox, mailbox);
        }
    }

    /// What a record says about a member that its data names. If its owner is a member as well, the two are connected by the
    /// resource alone; nothing is said twice.
    fn add_pointed(&mut self, owner: Owner, resource: Id, member: Id) {
        if member != NONE {
            self.push(resource, member, owner.name, (How::Itself, owner.times));
            if owner.member == NONE {
                self.push(owner.domain, member, owner.name, (How::Hosts, owner.times));
            }
        }
    }
}

/// The primary server and the mailbox of an SOA record, without a root.
pub(super) fn authority(record: &Record) -> (Option<NameRef<'_>>, Option<NameRef<'_>>) {
    let name = |target| match target {
        Target::Name(name) => Some(name),
        Target::Address(_) => None,
    };
    let primary = record.rdata.target(record.rrtype).and_then(name);
    let mut names = record.rdata.targets(record.rrtype).filter_map(name);
    let other = names.find(|name| Some(*name) != primary);
    // If both are one name, it is among the targets once; if the mailbox is the root, too.
    let length = record.rdata.as_wire().map_or(0, <[u8]>::len);
    let twice = primary.filter(|primary| length == 2 * primary.as_wire().len() + SOA_NUMBERS);
    (primary, other.or(twice))
}

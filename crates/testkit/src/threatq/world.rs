//! What a scripted ThreatQ has: [`World`]. Its rules are those of the vendor's documentation: a protected status stays, the stricter
//! level of two wins, and an attribute is its name and its value.

use std::collections::{BTreeMap, BTreeSet};

/// An indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its number.
    pub id: u64,
    /// Its value.
    pub value: String,
    /// The name of its type.
    pub kind: String,
    /// The name of its status.
    pub status: String,
    /// Who reported it, with the number of the level.
    pub sources: BTreeMap<String, Option<u64>>,
    /// Its attributes.
    pub attributes: BTreeSet<(String, String)>,
    /// The numbers of the indicators that it is related to.
    pub related: BTreeSet<u64>,
}

/// An operation that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its number.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// The name of its only action.
    pub action: String,
    /// What it returns, as JSON.
    pub result: String,
}

/// The statuses that every instance has, all of them protected.
const STATUSES: [&str; 5] = ["Active", "Expired", "Indirect", "Review", "Whitelisted"];
const TYPES: [&str; 8] =
    ["ASN", "Email Address", "FQDN", "IP Address", "IPv6 Address", "MD5", "String", "URL"];

#[derive(Debug)]
pub(super) struct World {
    pub(super) types: BTreeMap<String, u64>,
    pub(super) statuses: BTreeMap<String, u64>,
    pub(super) objects: BTreeMap<u64, Object>,
    pub(super) operations: Vec<Operation>,
    pub(super) tokens: BTreeSet<String>,
    pub(super) refused: BTreeSet<String>,
    pub(super) tells_totals: bool,
    pub(super) changes: u64,
    pub(super) executions: u64,
    random: fastrand::Rng,
    next: u64,
}

impl World {
    pub(super) fn new() -> Self {
        let mut random = fastrand::Rng::new();
        let mut numbered = |names: &[&str]| {
            let mut ids: Vec<u64> = (1..=60).collect();
            random.shuffle(&mut ids);
            names.iter().map(|name| (*name).to_owned()).zip(ids).collect::<BTreeMap<_, _>>()
        };
        let (types, statuses) = (numbered(&TYPES), numbered(&STATUSES));
        let next = random.u64(1_000..1_000_000);
        Self {
            types,
            statuses,
            objects: BTreeMap::new(),
            operations: Vec::new(),
            tokens: BTreeSet::new(),
            refused: BTreeSet::new(),
            tells_totals: true,
            changes: 0,
            executions: 0,
            random,
            next,
        }
    }

    pub(super) fn token(&mut self) -> String {
        let token: String = std::iter::repeat_with(|| self.random.alphanumeric()).take(40).collect();
        self.tokens.insert(token.clone());
        token
    }

    pub(super) fn put(&mut self, value: &str, kind: &str, status: &str) -> u64 {
        assert!(self.types.contains_key(kind) && self.statuses.contains_key(status), "{kind}, {status}");
        self.insert(value, kind, status)
    }

    pub(super) fn insert(&mut self, value: &str, kind: &str, status: &str) -> u64 {
        let id = self.number();
        let object = Object {
            id,
            value: value.to_owned(),
            kind: kind.to_owned(),
            status: status.to_owned(),
            sources: BTreeMap::new(),
            attributes: BTreeSet::new(),
            related: BTreeSet::new(),
        };
        self.objects.insert(id, object);
        id
    }

    pub(super) fn number(&mut self) -> u64 {
        self.next += self.random.u64(1..10);
        self.next
    }

    pub(super) fn find(&self, value: &str, kind: &str) -> Option<u64> {
        let of_kind = |object: &&Object| object.kind == kind && object.value.eq_ignore_ascii_case(value);
        self.objects.values().find(of_kind).map(|object| object.id)
    }

    /// Reports an indicator; the stricter level wins. Returns whether that changed anything.
    pub(super) fn report(&mut self, id: u64, source: &str, tlp_id: Option<u64>) -> bool {
        let Some(object) = self.objects.get_mut(&id) else { return false };
        let before = object.sources.get(source).copied();
        let level = match (before.flatten(), tlp_id) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        object.sources.insert(source.to_owned(), level);
        before != Some(level)
    }

    /// Relates two indicators in both directions. Returns whether that changed anything.
    pub(super) fn relate(&mut self, one: u64, other: u64) -> bool {
        let mut is_new = false;
        for (from, to) in [(one, other), (other, one)] {
            if let Some(object) = self.objects.get_mut(&from) {
                is_new |= object.related.insert(to);
            }
        }
        is_new
    }

    pub(super) fn crowd(&mut self, id: u64, others: u64) {
        for n in 0..others {
            let other = self.insert(&format!("crowd-{n}.example"), "FQDN", "Active");
            self.relate(id, other);
        }
    }

    pub(super) fn remove_type(&mut self, name: &str) {
        self.types.remove(name);
    }

    pub(super) fn add_status(&mut self, name: &str) {
        let id = 100 + self.number();
        self.statuses.insert(name.to_owned(), id);
    }

    /// Whether a status stays when an indicator is sent with another.
    pub(super) fn is_protected(status: &str) -> bool {
        STATUSES.contains(&status)
    }

    pub(super) fn install(&mut self, title: &str, action: &str, result: &str) -> u64 {
        let id = self.number();
        let (title, action, result) = (title.to_owned(), action.to_owned(), result.to_owned());
        self.operations.push(Operation { id, title, action, result });
        id
    }
}

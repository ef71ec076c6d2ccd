//! Collects findings, each once and with the records that it comes from, and then selects them.
//!
//! First, every record adds what it proposes, as keys with positions; nothing is formatted or left out. Then a limited number
//! of each kind is selected ([`Room`]), those without a caution first, and only these become findings.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use cof::{Name, Record, RrType, Target};

use super::cautions::Cautions;
use super::{Attribute, Mapping, RecordField, Related, Rows};
use crate::caution::thousands;
use crate::indicator::Other;
use crate::{Caution, Finding, Findings, Indicator, Relation};

/// The most findings of a kind in one answer: values of an attribute, indicators, relationships. Nobody reads more, and a
/// single keypress would add all of them.
pub(super) const MOST_PROPOSED: usize = 1_000;

/// How many findings are returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// At most [`MOST_PROPOSED`] of a kind.
    Bounded,
    /// All of them, because a user picked the records individually.
    Picked,
}

/// The findings of one answer so far.
pub(super) struct Gathering<'a> {
    mapping: &'a Mapping,
    asked: &'a Indicator,
    records: &'a [Record],
    cautions: Cautions,
    /// In the order of the mapping's attributes.
    attributes: Vec<Candidates<String>>,
    indicators: Candidates<Indicator>,
    relationships: Candidates<(Indicator, Indicator, RrType)>,
    /// Names that are not those of a host, with their kind.
    no_hosts: BTreeMap<Name, Other>,
}

/// The candidates of a kind, by what they would be in the library.
struct Candidates<K> {
    list: Vec<Candidate>,
    at: HashMap<K, usize>,
}

struct Candidate {
    first: usize,
    more: Vec<usize>,
    caution: Option<Caution>,
    /// Whether a direct record without a caution supports it.
    vouched: bool,
}

/// One record with its hosts, and the cautions about them.
struct Case {
    at: usize,
    relation: Relation,
    owner: Option<Caution>,
    target: Option<Caution>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(mapping: &'a Mapping, asked: &'a Indicator, records: &'a [Record]) -> Self {
        Self {
            mapping,
            asked,
            records,
            cautions: Cautions::of(records),
            attributes: mapping.attributes.iter().map(|_| Candidates::default()).collect(),
            indicators: Candidates::default(),
            relationships: Candidates::default(),
            no_hosts: BTreeMap::new(),
        }
    }

    /// Adds what the record at that position of the answer proposes.
    pub(super) fn add(&mut self, at: usize, record: &Record) {
        let (owner, target) =
            (Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype));
        let relation = Relation::between(self.asked, record, [owner.as_ref(), target.as_ref()]);
        let itself = |side: Option<&Indicator>| side.filter(|side| *side != self.asked).and_then(Caution::of);
        let own = (itself(owner.as_ref()), itself(target.as_ref()));
        for (attribute, candidates) in self.mapping.attributes.iter().zip(&mut self.attributes) {
            if attribute.rows == Rows::All || relation == Relation::Direct {
                let caution = attribute_caution(attribute.field, &own);
                if let Some(value) = attribute.field.of(record) {
                    candidates.note(value, at, caution);
                }
            }
        }
        if let Some(related) = &self.mapping.related {
            self.note_no_hosts(record, [owner.is_none(), target.is_none()]);
            let crowd = self.cautions.crowd([owner.as_ref(), target.as_ref()], relation);
            let is_asked = target.as_ref() == Some(self.asked);
            let flux = if is_asked { None } else { self.cautions.flux(record) };
            let case = Case {
                at,
                relation,
                owner: first(own.0, crowd.clone()),
                target: first(own.1, crowd.or(flux)),
            };
            self.add_related(related, (owner, target), record.rrtype, &case);
        }
    }

    /// Records the sides of a record that are not an indicator because they look like something other than a host.
    fn note_no_hosts(&mut self, record: &Record, [no_owner, no_target]: [bool; 2]) {
        let owner = no_owner.then(|| record.rrname.clone());
        let target = match record.rdata.target(record.rrtype) {
            Some(Target::Name(name)) if no_target => Some(name.to_name()),
            _ => None,
        };
        for name in owner.into_iter().chain(target) {
            if let Some(other) = Indicator::other_kind(&name) {
                self.no_hosts.insert(name, other);
            }
        }
    }

    fn add_related(
        &mut self,
        related: &Related,
        sides: (Option<Indicator>, Option<Indicator>),
        rrtype: RrType,
        case: &Case,
    ) {
        for (side, caution) in [(&sides.0, &case.owner), (&sides.1, &case.target)] {
            if let Some(side) = side.as_ref().filter(|side| *side != self.asked)
                && related.types.contains(&side.kind())
            {
                self.indicators.note_host(side, case, caution.as_ref());
            }
        }
        let asked = self.asked;
        let allowed = |side: &Indicator| side == asked || related.types.contains(&side.kind());
        if let (Some(from), Some(to)) = sides
            && from != to
            && allowed(&from)
            && allowed(&to)
        {
            let caution = [&case.owner, &case.target].into_iter().flatten();
            let caution = caution.clone().find(|one| one.unselects()).or_else(|| caution.clone().next());
            self.relationships.note((from, to, rrtype), case.at, caution.cloned());
        }
    }

    pub(super) fn finish(self, room: Room) -> Findings {
        let warnings = self.cautions.warnings().chain(no_hosts_warning(&self.no_hosts));
        let warnings = warnings.chain(times_warning(self.records)).collect();
        let mut findings = Findings { warnings, ..Findings::default() };
        for (attribute, candidates) in self.mapping.attributes.iter().zip(self.attributes) {
            let chosen = candidates.chosen(room, &format!("values of {}", attribute.name), &mut findings);
            let finding = |(value, candidate): (String, Candidate)| Finding::Attribute {
                name: attribute.name.clone(),
                value,
                records: candidate.records(),
                caution: candidate.caution,
            };
            findings.list.extend(chosen.into_iter().map(finding));
        }
        let chosen = self.indicators.chosen(room, "related indicators", &mut findings);
        let hosts: HashSet<Indicator> = chosen.iter().map(|(indicator, _)| indicator.clone()).collect();
        findings.list.extend(chosen.into_iter().map(|(indicator, candidate)| Finding::Indicator {
            indicator,
            records: candidate.records(),
            caution: candidate.caution,
        }));
        // Both ends are in the library, or are proposed.
        let asked = self.asked;
        let is_there = |side: &Indicator| side == asked || hosts.contains(side);
        let chosen = self.relationships.chosen_of(
            room,
            |(from, to, _)| is_there(from) && is_there(to),
            "relationships",
            &mut findings,
        );
        for ((from, to, rrtype), candidate) in chosen {
            let attributes = relationship_attributes(self.mapping, self.records, &candidate);
            let (records, caution) = (candidate.records(), candidate.caution);
            findings.list.push(Finding::Relationship { from, to, rrtype, attributes, records, caution });
        }
        findings
    }
}

impl<K> Default for Candidates<K> {
    fn default() -> Self {
        Self { list: Vec::new(), at: HashMap::new() }
    }
}

impl<K: Eq + Hash> Candidates<K> {
    /// Adds a record that proposes this; the caution of the first record is kept.
    fn note(&mut self, key: K, at: usize, caution: Option<Caution>) {
        match self.at.entry(key) {
            Entry::Occupied(known) => {
                if let Some(candidate) = self.list.get_mut(*known.get()) {
                    candidate.note(at);
                }
            }
            Entry::Vacant(new) => {
                new.insert(self.list.len());
                self.list.push(Candidate { first: at, more: Vec::new(), caution, vouched: false });
            }
        }
    }

    fn chosen(self, room: Room, what: &str, findings: &mut Findings) -> Vec<(K, Candidate)> {
        self.chosen_of(room, |_| true, what, findings)
    }

    /// The candidates that become findings, in their order: as many as the limit allows, selected ones first. Also returns what
    /// is left out.
    fn chosen_of(
        self,
        room: Room,
        can_be: impl Fn(&K) -> bool,
        what: &str,
        findings: &mut Findings,
    ) -> Vec<(K, Candidate)> {
        let mut keys: Vec<Option<K>> = self.list.iter().map(|_| None).collect();
        for (key, at) in self.at {
            if let Some(slot) = keys.get_mut(at) {
                *slot = Some(key);
            }
        }
        let count = self.list.len();
        let mut all: Vec<(usize, K, Candidate)> = keys
            .into_iter()
            .zip(self.list)
            .enumerate()
            .filter_map(|(at, (key, candidate))| Some((at, key?, candidate)))
            .filter(|(_, key, _)| can_be(key))
            .collect();
        findings.flagged += all.iter().filter(|(_, _, candidate)| !candidate.is_selected()).count();
        if room == Room::Bounded && all.len() > MOST_PROPOSED {
            // The sort is stable, so each half keeps its order.
            all.sort_by_key(|(_, _, candidate)| !candidate.is_selected());
            let left = all.iter().skip(MOST_PROPOSED).filter(|(_, _, one)| one.is_selected()).count();
            findings.beyond += left;
            all.truncate(MOST_PROPOSED);
            all.sort_by_key(|(at, ..)| *at);
        }
        if count > all.len() {
            let (beyond, shown) = (thousands(count - all.len()), thousands(all.len()));
            findings.warnings.push(format!("{beyond} {what} beyond the first {shown} are not proposed"));
        }
        all.into_iter().map(|(_, key, candidate)| (key, candidate)).collect()
    }
}

impl Candidates<Indicator> {
    fn note_host(&mut self, indicator: &Indicator, case: &Case, caution: Option<&Caution>) {
        let at = if let Some(at) = self.at.get(indicator) {
            *at
        } else {
            let at = self.list.len();
            self.at.insert(indicator.clone(), at);
            self.list.push(Candidate { first: case.at, more: Vec::new(), caution: None, vouched: false });
            at
        };
        let Some(candidate) = self.list.get_mut(at) else { return };
        candidate.note(case.at);
        // A direct record without a caution is sufficient to select a host, whatever other records there are.
        let speaks_against = caution.filter(|caution| caution.unselects());
        if speaks_against.is_none() && case.relation == Relation::Direct {
            candidate.vouched = true;
            candidate.caution = caution.cloned();
        } else if !candidate.vouched && candidate.is_selected() {
            candidate.caution = speaks_against.or(caution).cloned().or(candidate.caution.take());
        }
    }
}

impl Candidate {
    fn note(&mut self, at: usize) {
        if *self.more.last().unwrap_or(&self.first) != at {
            self.more.push(at);
        }
    }

    fn is_selected(&self) -> bool {
        self.caution.as_ref().is_none_or(|caution| !caution.unselects())
    }

    fn places(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    fn records(&self) -> Vec<usize> {
        self.places().collect()
    }
}

/// The warning that names which are not hosts are not proposed, with an example.
fn no_hosts_warning(no_hosts: &BTreeMap<Name, Other>) -> Option<String> {
    let (name, other) = no_hosts.first_key_value()?;
    let more = no_hosts.len() - 1;
    Some(match more {
        0 => format!("{name} is {other}, not a host: it is not proposed as an indicator"),
        _ => format!(
            "{name} is {other}, not a host: it is not proposed as an indicator, nor are {} more names of this kind",
            thousands(more)
        ),
    })
}

/// The warning about records with implausible times.
fn times_warning(records: &[Record]) -> Option<String> {
    let count = |is: fn(&Record) -> bool| records.iter().filter(|record| is(record)).count();
    let lost = count(Record::has_lost_times);
    let reversed = count(Record::has_reversed_times);
    let converted = count(|record| record.has_repaired_times() && !record.has_lost_times());
    let said: Vec<String> = [
        (lost, "with an implausible time, treated as unknown"),
        (converted, "with a time converted from another unit"),
        (reversed, "with first seen after last seen, swapped"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| {
        let records = if count == 1 { "record" } else { "records" };
        format!("{} {records} {what}", thousands(count))
    })
    .collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// The caution that prevents the selection, if either does.
fn first(one: Option<Caution>, other: Option<Caution>) -> Option<Caution> {
    match (one, other) {
        (Some(one), Some(other)) if !one.unselects() => Some(other),
        (one, other) => one.or(other),
    }
}

/// The caution about an attribute that contains a side of a record.
fn attribute_caution(
    field: RecordField,
    (owner, target): &(Option<Caution>, Option<Caution>),
) -> Option<Caution> {
    match field {
        RecordField::Rdata => target.clone(),
        RecordField::RrName => owner.clone(),
        RecordField::Record => first(target.clone(), owner.clone()),
        RecordField::Count
        | RecordField::Origin
        | RecordField::RrType
        | RecordField::TimeFirst
        | RecordField::TimeLast => None,
    }
}

/// Records of the same relationship (an MX with two preferences) are merged.
fn relationship_attributes(
    mapping: &Mapping,
    records: &[Record],
    candidate: &Candidate,
) -> Vec<(String, String)> {
    let mut all = candidate.places().filter_map(|at| records.get(at));
    let (Some(related), Some(first)) = (&mapping.related, all.next()) else { return Vec::new() };
    let mut merged = first.clone();
    all.for_each(|record| widen(&mut merged, record));
    let of = |attribute: &Attribute| Some((attribute.name.clone(), attribute.field.of(&merged)?));
    related.attributes.iter().filter_map(of).collect()
}

fn widen(merged: &mut Record, record: &Record) {
    // A value that is unknown in all of them stays unknown.
    let (known, other) = (merged.seen(), record.seen());
    merged.time_first = known.0.into_iter().chain(other.0).min();
    merged.time_last = known.1.max(other.1);
    merged.count = merged.count.max(record.count);
}

//! Findings being gathered: each thing once, so many of a kind, each with the records that it came from.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use cof::{Record, RrType};

use super::crowd::{Crowd, thousands};
use super::{Attribute, Mapping, Related, Rows};
use crate::{Finding, Findings, Indicator, Relation};

/// The most that one answer proposes of a kind: values of an attribute, indicators, relationships.
/// More than this nobody reads, and all of it would be added at one keypress.
pub(super) const MOST_PROPOSED: usize = 1_000;

/// The findings of one answer so far.
pub(super) struct Gathering<'a> {
    mapping: &'a Mapping,
    asked: &'a Indicator,
    crowd: Crowd,
    /// In the order of the mapping's attributes.
    attributes: Vec<Proposals<String>>,
    indicators: Proposals<Indicator>,
    /// Indicators that a direct record without a caution speaks for.
    vouched: HashSet<Indicator>,
    relationships: Proposals<(Indicator, Indicator, RrType)>,
    /// What the records of each relationship say together.
    merged: HashMap<(Indicator, Indicator, RrType), Record>,
}

/// Findings of a kind by what they would be in the library.
struct Proposals<K> {
    list: Vec<Finding>,
    at: HashMap<K, usize>,
    /// What there is no room for.
    beyond: HashSet<K>,
}

/// One record with what it is about.
struct Case<'a> {
    at: usize,
    record: &'a Record,
    relation: Relation,
    caution: Option<String>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(mapping: &'a Mapping, asked: &'a Indicator, crowd: Crowd) -> Self {
        Self {
            mapping,
            asked,
            crowd,
            attributes: mapping.attributes.iter().map(|_| Proposals::default()).collect(),
            indicators: Proposals::default(),
            vouched: HashSet::new(),
            relationships: Proposals::default(),
            merged: HashMap::new(),
        }
    }

    /// Adds what the record at that place of the answer proposes.
    pub(super) fn add(&mut self, at: usize, record: &Record) {
        let relation = Relation::of(self.asked, record);
        for (attribute, proposals) in self.mapping.attributes.iter().zip(&mut self.attributes) {
            if attribute.rows == Rows::All || relation == Relation::Direct {
                add_attribute(proposals, attribute, at, record);
            }
        }
        if let Some(related) = &self.mapping.related {
            let sides = (Indicator::of_owner(record), Indicator::of_target(&record.rdata, record.rrtype));
            let caution = self.crowd.caution([sides.0.as_ref(), sides.1.as_ref()], relation);
            self.add_related(related, sides, &Case { at, record, relation, caution });
        }
    }

    fn add_related(
        &mut self,
        related: &Related,
        sides: (Option<Indicator>, Option<Indicator>),
        case: &Case<'_>,
    ) {
        for side in sides.0.iter().chain(&sides.1) {
            if side != self.asked && related.types.contains(&side.kind()) {
                self.add_indicator(side, case);
            }
        }
        let asked = self.asked;
        let allowed = |side: &Indicator| side == asked || related.types.contains(&side.kind());
        if let (Some(from), Some(to)) = sides
            && from != to
            && allowed(&from)
            && allowed(&to)
        {
            self.add_relationship(related, (from, to, case.record.rrtype), case);
        }
    }

    fn add_indicator(&mut self, indicator: &Indicator, case: &Case<'_>) {
        let new = || Finding::Indicator { indicator: indicator.clone(), records: Vec::new(), caution: None };
        let Some(finding) = self.indicators.entry(indicator, new) else { return };
        note_record(finding, case.at);
        let Finding::Indicator { caution, .. } = finding else { return };
        // A direct record beyond the crowd is reason enough to propose a host in earnest, whatever else there is.
        if case.caution.is_none() && case.relation == Relation::Direct {
            self.vouched.insert(indicator.clone());
            *caution = None;
        } else if !self.vouched.contains(indicator) {
            *caution = caution.take().or_else(|| case.caution.clone());
        }
    }

    fn add_relationship(&mut self, related: &Related, key: (Indicator, Indicator, RrType), case: &Case<'_>) {
        // Both ends are in the library, or proposed.
        if ![&key.0, &key.1].iter().all(|side| *side == self.asked || self.indicators.at.contains_key(side)) {
            self.relationships.beyond.insert(key);
            return;
        }
        let new = || Finding::Relationship {
            from: key.0.clone(),
            to: key.1.clone(),
            rrtype: key.2,
            attributes: Vec::new(),
            records: Vec::new(),
            caution: case.caution.clone(),
        };
        let Some(finding) = self.relationships.entry(&key, new) else { return };
        note_record(finding, case.at);
        let merged = self.merged.entry(key).or_insert_with(|| case.record.clone());
        widen(merged, case.record);
        if let Finding::Relationship { attributes, .. } = finding {
            let of = |attribute: &Attribute| Some((attribute.name.clone(), attribute.field.of(merged)?));
            *attributes = related.attributes.iter().filter_map(of).collect();
        }
    }

    pub(super) fn finish(self) -> Findings {
        let mut warnings: Vec<String> = self.crowd.warnings().collect();
        for (attribute, proposals) in self.mapping.attributes.iter().zip(&self.attributes) {
            warnings.extend(proposals.warning(&format!("values of {}", attribute.name)));
        }
        warnings.extend(self.indicators.warning("related indicators"));
        warnings.extend(self.relationships.warning("relationships"));
        let attributes = self.attributes.into_iter().flat_map(|proposals| proposals.list);
        let list = attributes.chain(self.indicators.list).chain(self.relationships.list).collect();
        Findings { list, warnings }
    }
}

impl<K> Default for Proposals<K> {
    fn default() -> Self {
        Self { list: Vec::new(), at: HashMap::new(), beyond: HashSet::new() }
    }
}

impl<K: Clone + Eq + Hash> Proposals<K> {
    /// The finding of this key, new or not; none where there is no room for another.
    fn entry(&mut self, key: &K, new: impl FnOnce() -> Finding) -> Option<&mut Finding> {
        if let Some(at) = self.at.get(key) {
            return self.list.get_mut(*at);
        }
        if self.list.len() >= MOST_PROPOSED {
            self.beyond.insert(key.clone());
            return None;
        }
        self.at.insert(key.clone(), self.list.len());
        self.list.push(new());
        self.list.last_mut()
    }

    fn warning(&self, what: &str) -> Option<String> {
        let (beyond, first) = (self.beyond.len(), self.list.len());
        let (said, first) = (thousands(beyond), thousands(first));
        (beyond > 0).then(|| format!("{said} {what} beyond the first {first} are not proposed"))
    }
}

fn add_attribute(proposals: &mut Proposals<String>, attribute: &Attribute, at: usize, record: &Record) {
    let Some(value) = attribute.field.of(record) else { return };
    let new =
        || Finding::Attribute { name: attribute.name.clone(), value: value.clone(), records: Vec::new() };
    if let Some(finding) = proposals.entry(&value, new) {
        note_record(finding, at);
    }
}

/// Records that make the same relationship (an MX with two preferences) speak with one voice.
fn widen(merged: &mut Record, record: &Record) {
    let span = merged.span().into_iter().chain(record.span()).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    merged.time_first = span.map(|span| span.0);
    merged.time_last = span.map(|span| span.1);
    merged.count = merged.count.max(record.count);
}

fn note_record(finding: &mut Finding, at: usize) {
    let (Finding::Attribute { records, .. }
    | Finding::Indicator { records, .. }
    | Finding::Relationship { records, .. }) = finding;
    if records.last() != Some(&at) {
        records.push(at);
    }
}

//! Collects the objects of a bundle: [`Gathering`].

use std::collections::{BTreeMap, BTreeSet};

use cof::RrType;
use operation::{Indicator, Tlp};

use super::object::{Object, Reference};
use super::{MOST_OBSERVED, Style};
use crate::ends::{self, Ends, Relation};
use crate::handover::earliest;
use crate::{Handover, Kind, Row, Value, stamp};

/// The objects of a bundle, by their ids.
pub(super) struct Gathering<'a> {
    handover: &'a Handover,
    style: Style,
    objects: BTreeMap<String, Object>,
    relations: BTreeMap<RelationKey, Evidence>,
    left_out: usize,
}

/// Identifies a relationship: its type, the ids of both sides, and the type of the records.
type RelationKey = (&'static str, String, String, RrType);

/// What all records together say about a relationship.
#[derive(Default)]
struct Evidence {
    first: Option<u64>,
    last: Option<u64>,
    /// When it was first and last fetched or claimed.
    known: Option<(u64, u64)>,
    preferences: BTreeSet<u16>,
    is_mailbox: bool,
    tlp: Option<Tlp>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(handover: &'a Handover, style: Style) -> Self {
        Self { handover, style, objects: BTreeMap::new(), relations: BTreeMap::new(), left_out: 0 }
    }

    /// The indicators, with notes of what is known about them.
    pub(super) fn add_values(&mut self) {
        for value in &self.handover.values {
            let id = self.observe(&value.indicator);
            if !value.facts.is_empty() {
                self.add(note_of(value, id, self.handover));
            }
        }
    }

    /// The records: their names and addresses, how these relate, and what was observed.
    pub(super) fn add_rows(&mut self) {
        for row in &self.handover.rows {
            if row.ends.is_empty() {
                self.left_out += 1;
                continue;
            }
            let Ends { owner, target, mailbox } = &row.ends;
            let owner_id = owner.as_ref().map(|owner| self.observe(owner));
            let target_id = target.as_ref().map(|target| self.observe(target));
            let mailbox_id = mailbox.as_ref().map(|mailbox| {
                let level = self.handover.level_of_text(mailbox);
                self.add(Object::observable("email-addr", mailbox).marked(level))
            });
            if let (Some(owner), Some(target)) = (owner, target)
                && let Some(related) = ends::relation(owner, target, row.record.rrtype)
            {
                self.relate(related, row.record.rrtype).take(row);
            }
            if let (Some(owner), Some(mailbox)) = (&owner_id, &mailbox_id) {
                let key = ("related-to", owner.clone(), mailbox.clone(), row.record.rrtype);
                let evidence = self.relations.entry(key).or_default();
                evidence.is_mailbox = true;
                evidence.take(row);
            }
            let refs: BTreeSet<String> = [owner_id, target_id, mailbox_id].into_iter().flatten().collect();
            self.add(sighting(row, refs.into_iter().collect()));
        }
    }

    /// The relationships of the library.
    pub(super) fn add_links(&mut self) {
        for link in &self.handover.links {
            self.observe(&link.from);
            self.observe(&link.to);
            let Some(related) = ends::relation(&link.from, &link.to, link.rrtype) else { continue };
            let level = self.handover.level_of_link(link);
            let evidence = self.relate(related, link.rrtype);
            evidence.merge((link.first, link.last), (link.changed_at, link.changed_at), level);
        }
    }

    /// All objects in their order, and how many records are left out.
    pub(super) fn finish(mut self) -> (Vec<Object>, usize) {
        for (key, evidence) in std::mem::take(&mut self.relations) {
            self.add(relationship(key, &evidence));
        }
        if self.handover.kind == Kind::Investigation && !self.objects.is_empty() {
            let refs = self.objects.keys().cloned().collect();
            self.add(grouping(self.handover, refs));
        }
        let used: BTreeSet<&str> =
            self.objects.values().flat_map(|object| object.markings.iter().copied()).collect();
        let levels =
            Tlp::ALL.into_iter().filter(|tlp| used.contains(super::marking(*tlp))).map(Object::level);
        let first = std::iter::once(Object::producer()).chain(levels);
        let objects: Vec<Object> = first.collect();
        (objects.into_iter().chain(self.objects.into_values()).collect(), self.left_out)
    }

    /// Adds the observable of an indicator; returns its id.
    fn observe(&mut self, indicator: &Indicator) -> String {
        self.add(Object::of_indicator(indicator).marked(self.handover.level_of(indicator)))
    }

    fn add(&mut self, object: Object) -> String {
        let id = object.id.clone();
        self.objects.entry(id.clone()).or_insert(object);
        id
    }

    fn relate(
        &mut self,
        (from, relation, to): (&Indicator, Relation, &Indicator),
        rrtype: RrType,
    ) -> &mut Evidence {
        let kind = match relation {
            Relation::Resolves => "resolves-to",
            Relation::Served if !self.style.related => "resolves-to",
            Relation::Served | Relation::Related => "related-to",
        };
        let id = |indicator| Object::of_indicator(indicator).id;
        self.relations.entry((kind, id(from), id(to), rrtype)).or_default()
    }
}

impl Evidence {
    fn take(&mut self, row: &Row) {
        self.merge(row.record.seen(), (row.fetched_at, row.changed_at), row.tlp);
        self.preferences.extend(ends::preference(&row.record));
    }

    /// `known` is when it became known, and when it was last fetched or marked.
    fn merge(&mut self, (first, last): (Option<u64>, Option<u64>), known: (u64, u64), tlp: Option<Tlp>) {
        self.first = earliest(self.first, first);
        self.last = self.last.max(last);
        let (from, until) = self.known.unwrap_or(known);
        self.known = Some((from.min(known.0), until.max(known.1)));
        self.tlp = self.tlp.max(tlp);
    }

    /// From when until when; the end is later than the start, which the standard demands.
    fn span(&self) -> (Option<u64>, Option<u64>) {
        match (self.first, self.last) {
            (Some(first), Some(last)) => (Some(first), Some(last.max(first.saturating_add(1)))),
            unknown => unknown,
        }
    }

    fn words(&self, rrtype: RrType) -> String {
        let preferences: Vec<String> = self.preferences.iter().map(ToString::to_string).collect();
        if self.is_mailbox {
            format!("{rrtype} record, mailbox")
        } else if preferences.is_empty() {
            format!("{rrtype} record")
        } else {
            format!("{rrtype} record, preference {}", preferences.join(", "))
        }
    }
}

fn relationship((kind, from, to, rrtype): RelationKey, evidence: &Evidence) -> Object {
    let (start, stop) = evidence.span();
    let (known_from, known_until) = evidence.known.unwrap_or_default();
    let times = (evidence.first.unwrap_or(known_from), known_until);
    let ours = Object::ours("relationship", &[kind, &from, &to, &rrtype.to_string()], times);
    Object {
        relationship_type: Some(kind),
        source_ref: Some(from),
        target_ref: Some(to),
        description: Some(evidence.words(rrtype)),
        start_time: start.and_then(stamp::stix),
        stop_time: stop.and_then(stamp::stix),
        ..ours.marked(evidence.tlp)
    }
}

/// What a record says was observed; a note if it does not say when.
fn sighting(row: &Row, refs: Vec<String>) -> Object {
    let parts = row.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let Some((first, last)) = row.record.span() else {
        return Object {
            content: Some(words(row)),
            about: refs,
            ..Object::ours("note", &parts, (row.fetched_at, row.changed_at)).marked(row.tlp)
        };
    };
    let reference = |provider: &String| Reference { source_name: provider.clone(), description: words(row) };
    Object {
        first_observed: stamp::stix(first),
        last_observed: stamp::stix(last),
        number_observed: Some(row.record.count.unwrap_or(1).clamp(1, MOST_OBSERVED)),
        about: refs,
        external_references: row.providers.iter().map(reference).collect(),
        ..Object::ours("observed-data", &parts, (first, row.changed_at)).marked(row.tlp)
    }
}

/// The record, and what observed data has no members for.
fn words(row: &Row) -> String {
    let record = &row.record;
    let count = record.count.map(|count| format!("count {count}"));
    let origin = record.origin.as_ref().map(|origin| format!("origin {origin}"));
    let sensor = record.sensor_id.as_ref().map(|sensor| format!("sensor {sensor}"));
    let bailiwick = record.bailiwick.as_ref().map(|bailiwick| format!("bailiwick {bailiwick}"));
    let is_zone = record.sightings() == (None, None) && record.zone_times() != (None, None);
    let zone = is_zone.then(|| "times of zone files".to_owned());
    let more = [count, origin, sensor, bailiwick, zone].into_iter().flatten();
    std::iter::once(row.line()).chain(more).collect::<Vec<_>>().join("; ")
}

/// What is known about an indicator.
fn note_of(value: &Value, id: String, handover: &Handover) -> Object {
    let facts: Vec<String> = value.facts.iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
    let times = (value.created_at, value.changed_at);
    let note = Object::ours("note", &["facts", &handover.key, &id], times);
    Object {
        heading: Some(value.indicator.to_string()),
        content: Some(facts.join("\n")),
        about: vec![id],
        ..note.marked(handover.level_of_value(value))
    }
}

/// An investigation with all objects of the bundle.
fn grouping(handover: &Handover, refs: Vec<String>) -> Object {
    Object {
        name: Some(handover.title.clone()),
        description: Some(handover.summary.clone()).filter(|summary| !summary.is_empty()),
        context: Some("suspicious-activity"),
        about: refs,
        external_references: handover.sources.iter().map(Reference::of_source).collect(),
        ..Object::ours("grouping", &[&handover.key], (handover.created_at, handover.changed_at))
            .marked(handover.tlp)
    }
}

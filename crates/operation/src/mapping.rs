//! From records to findings, as a package's mapping says.
//!
//! A [`Mapping`] names attributes and, if it proposes hosts at all, the types of related indicators. A relationship
//! joins the two sides of its own record; one to the asked indicator therefore comes from a direct record only.
//! An address with very many names is shared hosting: what comes of it is proposed, flagged and not selected.

use std::collections::{HashMap, HashSet};

use cof::{Record, RrType, time};

use crate::{Finding, Findings, Indicator, IndicatorType, Relation};

/// More names than this on one address make it shared hosting.
const SHARED_HOSTING: usize = 100;
/// The most indicators that one answer proposes, and the most relationships.
const MOST_PROPOSED: usize = 1_000;

/// What a package makes of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Attributes of the asked indicator.
    pub attributes: Vec<Attribute>,
    /// Related indicators and relationships, if any are proposed.
    pub related: Option<Related>,
}

/// An attribute: its name and the field that its values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the library.
    pub name: String,
    /// Where the values come from.
    pub field: RecordField,
    /// Which records count.
    pub rows: Rows,
}

/// Which related indicators are proposed, and what is written on the relationships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Only these types.
    pub types: Vec<IndicatorType>,
    /// Attributes of a relationship.
    pub attributes: Vec<Attribute>,
}

/// A part of a record that can be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordField {
    /// How often it was seen.
    Count,
    /// The database that says so.
    Origin,
    /// The data.
    Rdata,
    /// `rrname rrtype rdata`, which keeps the three together.
    Record,
    /// The owner.
    RrName,
    /// The type.
    RrType,
    /// First seen, UTC.
    TimeFirst,
    /// Last seen, UTC.
    TimeLast,
}

/// Which records count for an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every record.
    All,
    /// Those about the asked indicator itself.
    Direct,
}

impl RecordField {
    const NAMED: [(&'static str, Self); 8] = [
        ("count", Self::Count),
        ("origin", Self::Origin),
        ("rdata", Self::Rdata),
        ("record", Self::Record),
        ("rrname", Self::RrName),
        ("rrtype", Self::RrType),
        ("time_first", Self::TimeFirst),
        ("time_last", Self::TimeLast),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub(crate) fn names() -> String {
        Self::NAMED.map(|(name, _)| name).join(", ")
    }

    /// The field's text, if the record has it.
    fn of(self, record: &Record) -> Option<String> {
        match self {
            Self::Count => record.count.map(|count| count.to_string()),
            Self::Origin => record.origin.as_deref().filter(|origin| !origin.is_empty()).map(str::to_owned),
            Self::Rdata => Some(record.rdata_text()),
            Self::Record => Some(format!("{} {} {}", record.rrname, record.rrtype, record.rdata_text())),
            Self::RrName => Some(record.rrname.to_string()),
            Self::RrType => Some(record.rrtype.to_string()),
            Self::TimeFirst => record.span().map(|(first, _)| time::readable(first)),
            Self::TimeLast => record.span().map(|(_, last)| time::readable(last)),
        }
    }
}

impl Rows {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "all" => Some(Self::All),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }
}

/// Findings being gathered, each kind with the places of what is there already.
#[derive(Default)]
struct Gathering {
    attributes: Vec<Finding>,
    indicators: Vec<Finding>,
    relationships: Vec<Finding>,
    attribute_at: HashMap<(String, String), usize>,
    indicator_at: HashMap<Indicator, usize>,
    relationship_at: HashMap<(Indicator, Indicator, RrType), (usize, Record)>,
    left_out: usize,
}

impl Mapping {
    /// What the records of an answer about `asked` propose.
    pub fn findings(&self, asked: &Indicator, records: &[Record]) -> Findings {
        let mut gathering = Gathering::default();
        let crowded = crowded(records);
        for (at, record) in records.iter().enumerate() {
            let relation = Relation::of(asked, record);
            for attribute in &self.attributes {
                if attribute.rows == Rows::All || relation == Relation::Direct {
                    gathering.attribute(attribute, at, record);
                }
            }
            if let Some(related) = &self.related {
                gathering.related(related, asked, at, record, &crowded);
            }
        }
        gathering.finish(crowded)
    }
}

impl Gathering {
    fn attribute(&mut self, attribute: &Attribute, at: usize, record: &Record) {
        let Some(value) = attribute.field.of(record) else { return };
        let next = self.attributes.len();
        let place = *self.attribute_at.entry((attribute.name.clone(), value.clone())).or_insert(next);
        if place == next {
            self.attributes.push(Finding::Attribute {
                name: attribute.name.clone(),
                value,
                records: Vec::new(),
            });
        }
        note_record(self.attributes.get_mut(place), at);
    }

    fn related(
        &mut self,
        related: &Related,
        asked: &Indicator,
        at: usize,
        record: &Record,
        crowded: &HashMap<Indicator, usize>,
    ) {
        let owner = Indicator::of_owner(record);
        let target = Indicator::of_target(&record.rdata, record.rrtype);
        let caution =
            owner.iter().chain(&target).find_map(|side| crowded.get(side).map(|names| (side, names)));
        let caution = caution.map(|(address, names)| format!("shared hosting: {names} names on {address}"));
        for side in owner.iter().chain(&target) {
            if side != asked && related.types.contains(&side.kind()) {
                self.indicator(side, at, caution.as_ref());
            }
        }
        let allowed = |side: &Indicator| side == asked || related.types.contains(&side.kind());
        if let (Some(from), Some(to)) = (owner, target)
            && from != to
            && allowed(&from)
            && allowed(&to)
        {
            self.relationship(related, (from, to), at, record, caution);
        }
    }

    fn indicator(&mut self, indicator: &Indicator, at: usize, caution: Option<&String>) {
        let next = self.indicators.len();
        if next >= MOST_PROPOSED && !self.indicator_at.contains_key(indicator) {
            self.left_out += 1;
            return;
        }
        let place = *self.indicator_at.entry(indicator.clone()).or_insert(next);
        if place == next {
            let finding = Finding::Indicator {
                indicator: indicator.clone(),
                records: Vec::new(),
                caution: caution.cloned(),
            };
            self.indicators.push(finding);
        }
        // One record beyond the crowd is reason enough to propose a name in earnest.
        if let (Some(Finding::Indicator { caution: known, .. }), None) =
            (self.indicators.get_mut(place), caution)
        {
            *known = None;
        }
        note_record(self.indicators.get_mut(place), at);
    }

    fn relationship(
        &mut self,
        related: &Related,
        (from, to): (Indicator, Indicator),
        at: usize,
        record: &Record,
        caution: Option<String>,
    ) {
        let key = (from.clone(), to.clone(), record.rrtype);
        let next = self.relationships.len();
        if next >= MOST_PROPOSED && !self.relationship_at.contains_key(&key) {
            self.left_out += 1;
            return;
        }
        let (place, merged) = self.relationship_at.entry(key).or_insert_with(|| (next, record.clone()));
        widen(merged, record);
        let attributes = related
            .attributes
            .iter()
            .filter_map(|attribute| Some((attribute.name.clone(), attribute.field.of(merged)?)))
            .collect();
        let place = *place;
        if place == next {
            self.relationships.push(Finding::Relationship {
                from,
                to,
                attributes,
                records: Vec::new(),
                caution,
            });
        } else if let Some(Finding::Relationship { attributes: known, .. }) =
            self.relationships.get_mut(place)
        {
            *known = attributes;
        }
        note_record(self.relationships.get_mut(place), at);
    }

    fn finish(self, crowded: HashMap<Indicator, usize>) -> Findings {
        let mut warnings = Vec::new();
        let mut crowded: Vec<_> = crowded.into_iter().collect();
        crowded.sort();
        for (address, names) in crowded {
            warnings.push(format!(
                "{address} has {names} names: shared hosting; what comes of it is not selected"
            ));
        }
        if self.left_out > 0 {
            warnings.push(format!("{} findings more than {MOST_PROPOSED} are not proposed", self.left_out));
        }
        let list = [self.attributes, self.indicators, self.relationships].concat();
        Findings { list, warnings }
    }
}

/// Addresses with more names than one owner would have, and how many.
fn crowded(records: &[Record]) -> HashMap<Indicator, usize> {
    let mut names: HashMap<Indicator, HashSet<&cof::Name>> = HashMap::new();
    for record in records {
        if let Some(address @ Indicator::Address(_)) = Indicator::of_target(&record.rdata, record.rrtype) {
            names.entry(address).or_default().insert(&record.rrname);
        }
    }
    names
        .into_iter()
        .map(|(address, names)| (address, names.len()))
        .filter(|(_, names)| *names > SHARED_HOSTING)
        .collect()
}

/// Records that make the same relationship (an MX with two preferences) speak with one voice.
fn widen(merged: &mut Record, record: &Record) {
    let span = merged.span().into_iter().chain(record.span()).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    merged.time_first = span.map(|span| span.0);
    merged.time_last = span.map(|span| span.1);
    merged.count = merged.count.max(record.count);
}

fn note_record(finding: Option<&mut Finding>, at: usize) {
    let Some(
        Finding::Attribute { records, .. }
        | Finding::Indicator { records, .. }
        | Finding::Relationship { records, .. },
    ) = finding
    else {
        return;
    };
    if records.last() != Some(&at) {
        records.push(at);
    }
}

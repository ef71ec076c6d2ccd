//! What is handed over of a [`Matter`]: [`Handover`], which every document is made from.
//!
//! Here, and nowhere else, it is decided what is marked too strictly, and how strictly the rest is marked. Records of the same
//! tuple and origin become one [`Row`]: the earliest first seen, the latest last seen, the largest count. Everything is sorted, so
//! the order of the matter does not show.

use std::collections::{BTreeMap, BTreeSet};

use cof::{Name, Rdata, Record, RrType};
use operation::{Indicator, Tlp};

use crate::ends::Ends;
use crate::{Kind, Levels, Link, Marked, Matter, Refusal, Reported, Source, Value};

/// The most rows and relationships of a document: a MISP event of this size is 60 MB, and platforms take minutes for it.
pub const MOST_ROWS: usize = 20_000;
/// The most indicators of a document; an investigation has at most half of it.
pub const MOST_VALUES: usize = 20_000;
/// The most text of all records and facts together, in bytes. Only records with long data reach it before [`MOST_ROWS`].
pub const MOST_TEXT: usize = 16 << 20;

/// On which terms something is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Everything is marked at least with this level.
    pub tlp: Option<Tlp>,
    /// Nothing that is marked stricter is handed over.
    pub max_tlp: Option<Tlp>,
}

/// What is handed over.
#[derive(Clone, Debug)]
pub struct Handover {
    /// Where it comes from.
    pub kind: Kind,
    /// Identifies it for ever.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What people wrote about it; may be empty.
    pub summary: String,
    /// Whether work on it is finished.
    pub is_closed: bool,
    /// When it began to exist, in seconds since the epoch.
    pub created_at: u64,
    /// When anything of it was last changed or fetched.
    pub changed_at: u64,
    /// The texts that its values were read from, sorted.
    pub sources: Vec<Source>,
    /// Its indicators, sorted.
    pub values: Vec<Value>,
    /// Its records, sorted by owner, type, data and origin.
    pub rows: Vec<Row>,
    /// Its relationships, sorted.
    pub links: Vec<Link>,
    /// The strictest marking of anything in it.
    pub tlp: Option<Tlp>,
    /// The indicators that are held back, with their markings, sorted.
    pub held: Vec<(Indicator, Tlp)>,
    /// How many records and relationships are held back because they contain values that are marked too strictly.
    pub held_rows: usize,
    /// How many attributes and other texts are held back for the same reason.
    pub held_texts: usize,
    /// How many attributes and relationships of the library are left out, because an indicator has more than are read.
    pub left_out: u64,
    /// The marking of everything that has none of its own.
    base: Marked,
    levels: Levels,
}

/// The records of one tuple and one origin.
#[derive(Clone, Debug)]
pub struct Row {
    /// All that is known about the tuple from there.
    pub record: Record,
    /// Who observed it: the origin of the record, or else its provider.
    pub origin: String,
    /// The providers that reported it.
    pub providers: BTreeSet<String>,
    /// The indicators that they were asked about.
    pub asked: BTreeSet<Indicator>,
    /// When it was last fetched, in seconds since the epoch.
    pub fetched_at: u64,
    /// When it was last fetched, or its marking was changed.
    pub changed_at: u64,
    /// Its marking.
    pub tlp: Option<Tlp>,
    pub(crate) ends: Ends,
}

type Key = (Name, RrType, Rdata, String);

impl Handover {
    /// Holds back what is marked too strictly, and merges and sorts the rest.
    ///
    /// # Errors
    /// [`Refusal`] if the matter as a whole is marked too strictly, or is too large.
    pub fn new(matter: Matter, terms: &Terms) -> Result<Self, Refusal> {
        check_size(&matter)?;
        let base = Marked { tlp: matter.tlp.max(terms.tlp), changed_at: matter.marked_at };
        let gate = Gate { max: terms.max_tlp };
        gate.check_whole(&matter, base.tlp)?;
        let Matter { kind, key, title, summary, is_closed, created_at, changed_at, .. } = matter;
        let mut handover = Self {
            kind,
            key,
            title,
            summary,
            is_closed,
            created_at,
            changed_at,
            sources: matter.sources,
            values: Vec::new(),
            rows: Vec::new(),
            links: Vec::new(),
            tlp: base.tlp,
            held: Vec::new(),
            held_rows: 0,
            held_texts: 0,
            left_out: matter.left_out,
            base,
            levels: matter.levels,
        };
        handover.take_texts(gate);
        handover.take_values(matter.values, gate);
        handover.take_reported(matter.reported, gate);
        handover.take_links(matter.links, gate);
        Ok(handover)
    }

    /// The marking of an indicator.
    pub fn level_of(&self, indicator: &Indicator) -> Option<Tlp> {
        self.base.and(self.levels.marked(indicator)).tlp
    }

    /// The marking of a value with what is known about it.
    pub(crate) fn level_of_value(&self, value: &Value) -> Option<Tlp> {
        self.marked_value(value).tlp
    }

    fn marked_value(&self, value: &Value) -> Marked {
        let facts = value.facts.iter().map(|(_, fact)| self.levels.marked_in(fact));
        facts.fold(self.base.and(self.levels.marked(&value.indicator)), Marked::and)
    }

    /// The marking of a relationship.
    pub(crate) fn level_of_link(&self, link: &Link) -> Option<Tlp> {
        self.marked_link(link).tlp
    }

    fn marked_link(&self, link: &Link) -> Marked {
        self.base.and(self.levels.marked(&link.from)).and(self.levels.marked(&link.to))
    }

    /// The marking of a text.
    pub(crate) fn level_of_text(&self, text: &str) -> Option<Tlp> {
        self.base.and(self.levels.marked_in(text)).tlp
    }

    fn take_texts(&mut self, gate: Gate) {
        if gate.holds(self.levels.strictest_in(&self.summary)) {
            self.summary.clear();
            self.held_texts += 1;
        }
        let before = self.sources.len();
        let levels = &self.levels;
        self.sources.retain(|source| !gate.holds(levels.strictest_in(&source.title)));
        self.held_texts += before - self.sources.len();
        self.sources.sort_unstable();
        let texts = self.sources.iter().map(|source| &source.title).chain([&self.summary, &self.title]);
        let marked = texts.map(|text| self.levels.marked_in(text)).fold(self.base, Marked::and);
        self.tlp = self.tlp.max(marked.tlp);
        self.changed_at = self.changed_at.max(marked.changed_at);
    }

    fn take_values(&mut self, values: Vec<Value>, gate: Gate) {
        let mut taken: BTreeMap<Indicator, Value> = BTreeMap::new();
        for mut value in values {
            let level = self.level_of(&value.indicator);
            if let Some(tlp) = level.filter(|_| gate.holds(level)) {
                self.held.push((value.indicator, tlp));
                continue;
            }
            let before = value.facts.len();
            value.facts.retain(|(_, fact)| !gate.holds(self.levels.strictest_in(fact)));
            self.held_texts += before - value.facts.len();
            let marked = self.marked_value(&value);
            self.tlp = self.tlp.max(marked.tlp);
            value.changed_at = value.changed_at.max(marked.changed_at);
            self.changed_at = self.changed_at.max(value.changed_at);
            match taken.get_mut(&value.indicator) {
                Some(known) => known.merge(value),
                None => drop(taken.insert(value.indicator.clone(), value)),
            }
        }
        self.held.sort_unstable();
        self.held.dedup();
        self.values = taken.into_values().collect();
    }

    fn take_reported(&mut self, reported: Vec<Reported>, gate: Gate) {
        let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
        for reported in reported {
            let row = Row::of(reported, &self.levels, self.base);
            if gate.holds(row.tlp) {
                self.held_rows += 1;
                continue;
            }
            self.tlp = self.tlp.max(row.tlp);
            self.changed_at = self.changed_at.max(row.changed_at);
            match rows.get_mut(&row.key()) {
                Some(known) => known.merge(row),
                None => drop(rows.insert(row.key(), row)),
            }
        }
        self.rows = rows.into_values().collect();
    }

    fn take_links(&mut self, links: Vec<Link>, gate: Gate) {
        for mut link in links {
            let marked = self.marked_link(&link);
            if gate.holds(marked.tlp) {
                self.held_rows += 1;
                continue;
            }
            self.tlp = self.tlp.max(marked.tlp);
            link.changed_at = link.changed_at.max(marked.changed_at);
            self.changed_at = self.changed_at.max(link.changed_at);
            self.links.push(link);
        }
        self.links.sort_unstable();
        self.links.dedup();
    }
}

fn check_size(matter: &Matter) -> Result<(), Refusal> {
    let rows = matter.reported.len() + matter.links.len();
    for (what, count, most) in
        [("records and relationships", rows, MOST_ROWS), ("indicators", matter.values.len(), MOST_VALUES)]
    {
        if count > most {
            return Err(Refusal::TooMany { what, count, most });
        }
    }
    let of_records = matter.reported.iter().map(|reported| reported.record.rdata_text().len());
    let of_values =
        matter.values.iter().flat_map(|value| &value.facts).map(|(name, fact)| name.len() + fact.len());
    let length: usize = of_records.chain(of_values).sum();
    if length > MOST_TEXT { Err(Refusal::Text { most: MOST_TEXT }) } else { Ok(()) }
}

/// Decides what is marked too strictly.
#[derive(Clone, Copy, Debug)]
struct Gate {
    max: Option<Tlp>,
}

impl Gate {
    fn holds(self, level: Option<Tlp>) -> bool {
        self.max.is_some() && level > self.max
    }

    fn check_whole(self, matter: &Matter, base: Option<Tlp>) -> Result<(), Refusal> {
        let Some(max) = self.max else { return Ok(()) };
        let title = matter.title.clone();
        match base {
            Some(tlp) if tlp > max => Err(Refusal::TooStrict { title, tlp, max }),
            _ if self.holds(matter.levels.strictest_in(&title)) => Err(Refusal::Title { title, max }),
            _ => Ok(()),
        }
    }
}

impl Row {
    fn of(reported: Reported, levels: &Levels, base: Marked) -> Self {
        let Reported { asked, mut record, provider, fetched_at } = reported;
        record.notes.clear();
        let ends = Ends::of(&record);
        let bailiwick = record.bailiwick.as_ref().map(ToString::to_string);
        let said = [&record.origin, &record.sensor_id].map(|said| said.as_deref().map(str::to_owned));
        let texts =
            [Some(record.rrname.to_string()), Some(record.rdata_text()), bailiwick, Some(provider.clone())];
        let texts = texts.into_iter().chain(said).collect::<Vec<_>>();
        let of_texts = texts.iter().flatten().map(|text| levels.marked_in(text));
        let hosts = [Some(&asked), ends.owner.as_ref()].into_iter().flatten();
        let of_hosts = hosts.map(|host| levels.marked(host));
        let Marked { tlp, changed_at } = of_texts.chain(of_hosts).fold(base, Marked::and);
        let changed_at = changed_at.max(fetched_at);
        let origin = record.origin.as_deref().filter(|origin| !origin.is_empty());
        let origin = origin.map_or_else(|| provider.clone(), str::to_owned);
        let (providers, asked) = ([provider].into(), [asked].into());
        Self { record, origin, providers, asked, fetched_at, changed_at, tlp, ends }
    }

    fn key(&self) -> Key {
        let Record { rrname, rrtype, rdata, .. } = &self.record;
        (rrname.clone(), *rrtype, rdata.clone(), self.origin.clone())
    }

    /// Adds another row of the same tuple and origin.
    fn merge(&mut self, other: Self) {
        let (known, record) = (&mut self.record, other.record);
        known.time_first = earliest(known.time_first, record.time_first);
        known.time_last = known.time_last.max(record.time_last);
        known.zone_time_first = earliest(known.zone_time_first, record.zone_time_first);
        known.zone_time_last = known.zone_time_last.max(record.zone_time_last);
        known.count = known.count.max(record.count);
        known.bailiwick = known.bailiwick.take().max(record.bailiwick);
        known.sensor_id = known.sensor_id.take().max(record.sensor_id);
        self.providers.extend(other.providers);
        self.asked.extend(other.asked);
        self.fetched_at = self.fetched_at.max(other.fetched_at);
        self.changed_at = self.changed_at.max(other.changed_at);
        self.tlp = self.tlp.max(other.tlp);
    }

    /// The record on one line: `rrname rrtype rdata`.
    pub fn line(&self) -> String {
        let Record { rrname, rrtype, .. } = &self.record;
        format!("{rrname} {rrtype} {}", self.record.rdata_text())
    }

    /// Identifies the tuple and its origin.
    pub(crate) fn parts(&self) -> [String; 4] {
        let Record { rrname, rrtype, .. } = &self.record;
        [rrname.to_string(), rrtype.to_string(), self.record.rdata_text(), self.origin.clone()]
    }
}

impl Value {
    /// Adds what is known about the same indicator.
    fn merge(&mut self, other: Self) {
        self.facts.extend(other.facts);
        self.facts.sort_unstable();
        self.facts.dedup();
        self.created_at = self.created_at.min(other.created_at);
        self.changed_at = self.changed_at.max(other.changed_at);
    }
}

/// The earlier of two times, of which one may be unknown.
pub(crate) fn earliest(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    a.into_iter().chain(b).min()
}

#[cfg(test)]
mod tests;

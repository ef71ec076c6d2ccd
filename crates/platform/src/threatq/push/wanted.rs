//! What is to be in a ThreatQ after a push: [`Wanted`]; pure.

use std::collections::{BTreeMap, BTreeSet};

use export::{Handover, Mailbox};
use operation::{Indicator, Tlp};

use super::thing::Thing;
use crate::threatq::indicators::Key;

/// The most attributes of an indicator that are pushed.
const MOST_ATTRIBUTES: usize = 500;
/// The longest attribute, in bytes.
const LONGEST_ATTRIBUTE: usize = 10_000;

/// Indicators and their relationships.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    items: BTreeMap<Thing, Item>,
    pairs: BTreeSet<(Thing, Thing)>,
    /// How many attributes have no room.
    pub attributes_left_out: u64,
}

/// An indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub thing: Thing,
    /// Its level.
    pub tlp: Option<Tlp>,
    /// Its attributes, with the names that the integration of ThreatQ gives them.
    pub attributes: BTreeSet<(String, String)>,
}

impl Item {
    /// Its type and value there.
    pub(super) fn key(&self) -> Key {
        (self.thing.kind().to_owned(), self.thing.to_string())
    }
}

impl Wanted {
    /// What is handed over: its indicators, what they are related to, the mailboxes of their zones, and for each indicator that was
    /// asked about the types and data of the records that are directly about it.
    pub fn of(handover: &Handover) -> Self {
        let mut wanted = Self::default();
        for value in &handover.values {
            wanted.add(&value.indicator, handover.level_of(&value.indicator));
        }
        for row in &handover.rows {
            for asked in &row.asked {
                if Indicator::of_owner(&row.record).as_ref() == Some(asked)
                    || Indicator::of_target(&row.record.rdata, row.record.rrtype).as_ref() == Some(asked)
                {
                    let level = handover.level_of(asked).max(row.tlp);
                    wanted.add(asked, level);
                    wanted.add_attribute(asked, "Resource Type", row.record.rrtype.to_string());
                    wanted.add_attribute(asked, "Resource Data", row.record.rdata_text());
                }
            }
        }
        for related in handover.related() {
            for end in [&related.from, &related.to] {
                // Both ends show the relationship, so both are as strict as what says so.
                wanted.add(end, handover.level_of(end).max(related.tlp));
            }
            wanted.relate(related.from, related.to);
        }
        for Mailbox { owner, address, tlp } in handover.mailboxes() {
            let mailbox = Thing::Mailbox(address);
            wanted.add(&owner, handover.level_of(&owner).max(tlp));
            wanted.add(mailbox.clone(), tlp);
            wanted.relate(owner, mailbox);
        }
        wanted
    }

    /// Adds a thing; its level is the strictest that it was added with.
    pub fn add(&mut self, thing: impl Into<Thing>, tlp: Option<Tlp>) {
        let thing = thing.into();
        let new = Item { thing: thing.clone(), tlp: None, attributes: BTreeSet::new() };
        let item = self.items.entry(thing).or_insert(new);
        item.tlp = item.tlp.max(tlp);
    }

    /// Adds a relationship between two things that were added; the direction does not matter there.
    pub fn relate(&mut self, from: impl Into<Thing>, to: impl Into<Thing>) {
        let (from, to) = (from.into(), to.into());
        let is_new = !self.pairs.contains(&(to.clone(), from.clone()));
        if from != to && is_new && self.items.contains_key(&from) && self.items.contains_key(&to) {
            self.pairs.insert((from, to));
        }
    }

    fn add_attribute(&mut self, indicator: &Indicator, name: &str, value: String) {
        let Some(item) = self.items.get_mut(&Thing::from(indicator)) else { return };
        let attribute = (name.to_owned(), value);
        if item.attributes.contains(&attribute) {
            return;
        }
        if item.attributes.len() < MOST_ATTRIBUTES && (1..=LONGEST_ATTRIBUTE).contains(&attribute.1.len()) {
            item.attributes.insert(attribute);
        } else {
            self.attributes_left_out += 1;
        }
    }

    /// The things, sorted.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// One of the things.
    pub(super) fn item(&self, thing: &Thing) -> Option<&Item> {
        self.items.get(thing)
    }

    /// The relationships, sorted.
    pub fn pairs(&self) -> impl Iterator<Item = &(Thing, Thing)> {
        self.pairs.iter()
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.items.len() + self.pairs.len()
    }

    /// Whether there is nothing to push.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relationship_is_wanted_once_in_either_direction() {
        let value = |text: &str| Indicator::parse(text).unwrap();
        let (a, b) = (value("a.example"), value("192.0.2.1"));
        let mut wanted = Wanted::default();
        wanted.add(&a, Some(Tlp::Green));
        wanted.add(&a, None);
        wanted.add(&b, None);
        wanted.relate(a.clone(), b.clone());
        wanted.relate(b.clone(), a.clone());
        wanted.relate(a.clone(), a.clone());
        wanted.relate(a.clone(), value("c.example"));
        assert_eq!((wanted.len(), wanted.pairs().count()), (3, 1));
        assert_eq!(wanted.item(&Thing::from(&a)).unwrap().tlp, Some(Tlp::Green));
        for n in 0..MOST_ATTRIBUTES + 7 {
            wanted.add_attribute(&a, "Resource Data", n.to_string());
            wanted.add_attribute(&a, "Resource Data", n.to_string());
        }
        assert_eq!(wanted.item(&Thing::from(&a)).unwrap().attributes.len(), MOST_ATTRIBUTES);
        assert_eq!(wanted.attributes_left_out, 14);
    }
}

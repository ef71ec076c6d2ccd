//! Which indicators of a [`Handover`] are related, for platforms that know relationships without a type: [`Related`], and the mailboxes
//! of their zones: [`Mailbox`].

use std::collections::BTreeMap;

use operation::{Indicator, Tlp};

use crate::Handover;
use crate::ends::relation;

/// Two indicators that are related.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// The one that leads to the other.
    pub from: Indicator,
    /// The other.
    pub to: Indicator,
    /// The strictest marking of what says so.
    pub tlp: Option<Tlp>,
}

/// The mailbox of a zone, from an SOA record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mailbox {
    /// The name of the zone.
    pub owner: Indicator,
    /// The mailbox, as an e-mail address.
    pub address: String,
    /// The strictest marking of what says so, and of the address.
    pub tlp: Option<Tlp>,
}

impl Handover {
    /// The mailboxes in its records, each once for each zone, sorted.
    pub fn mailboxes(&self) -> Vec<Mailbox> {
        let mut all: BTreeMap<(Indicator, String), Option<Tlp>> = BTreeMap::new();
        for row in &self.rows {
            if let (Some(owner), Some(address)) = (&row.ends.owner, &row.ends.mailbox) {
                let level = row.tlp.max(self.level_of_text(address));
                let known = all.entry((owner.clone(), address.clone())).or_default();
                *known = level.max(*known);
            }
        }
        all.into_iter().map(|((owner, address), tlp)| Mailbox { owner, address, tlp }).collect()
    }

    /// The related indicators of its records and relationships, each pair once, sorted.
    pub fn related(&self) -> Vec<Related> {
        let mut pairs: BTreeMap<(Indicator, Indicator), Related> = BTreeMap::new();
        let of_rows = self.rows.iter().filter_map(|row| {
            let (owner, target) = (row.ends.owner.as_ref()?, row.ends.target.as_ref()?);
            let (from, _, to) = relation(owner, target, row.record.rrtype)?;
            Some((from, to, row.tlp))
        });
        let of_links = self.links.iter().filter_map(|link| {
            let (from, _, to) = relation(&link.from, &link.to, link.rrtype)?;
            Some((from, to, self.level_of_link(link)))
        });
        for (from, to, tlp) in of_rows.chain(of_links) {
            let key = if from < to { (from.clone(), to.clone()) } else { (to.clone(), from.clone()) };
            let related = Related { from: from.clone(), to: to.clone(), tlp };
            let known = pairs.entry(key).or_insert(related);
            known.tlp = known.tlp.max(tlp);
        }
        let mut related: Vec<Related> = pairs.into_values().collect();
        related.sort_unstable();
        related
    }
}

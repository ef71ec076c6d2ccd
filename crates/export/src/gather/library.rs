//! A part of the threat library: its indicators with attributes, and the relationships between them and others.

use std::collections::{BTreeSet, HashMap};

use cof::{RrType, time};
use operation::Indicator;
use workbench::library::{Entry, Filter, Page, Relationship};
use workbench::{Attached, Error, Workbench};

use super::{check_rows, new, seconds, with_levels};
use crate::{Kind, Link, MOST_VALUES, Matter, Value};

/// How many indicators are read at a time.
const AT_ONCE: usize = 500;

/// The indicators that match a filter, without its position and limit. The words say which ones they are: they are part of the
/// name, and other words are another matter.
///
/// # Errors
/// [`Error::Refused`] if there are none, or more than a document can have.
pub fn library(workbench: &Workbench, filter: &Filter, words: &str) -> Result<Matter, Error> {
    let (mut values, mut links, mut left_out) = (Vec::new(), BTreeSet::new(), LeftOut::default());
    let mut filter = Filter { limit: AT_ONCE, after: None, ..filter.clone() };
    loop {
        let Page { entries, next, .. } = workbench.indicators(&filter)?;
        for entry in entries {
            let attached = workbench.attached_to(&entry.indicator)?;
            left_out.look(&entry.indicator, &attached);
            links.extend(attached.relationships.iter().filter_map(|one| link(&entry, one)));
            let attributes = attached.attributes.into_iter().map(|one| (one.name, one.value));
            values.push(value(entry, attributes));
        }
        check_rows(links.len())?;
        if values.len() > MOST_VALUES {
            return Err(Error::invalid(format!(
                "a document has at most {MOST_VALUES} indicators, and these are more: choose fewer"
            )));
        }
        filter.after = next;
        if filter.after.is_none() {
            break;
        }
    }
    let Some(first) = values.iter().map(|value: &Value| value.created_at).min() else {
        return Err(Error::missing("no indicator of the library matches"));
    };
    let title =
        if words.is_empty() { "Threat library".to_owned() } else { format!("Threat library: {words}") };
    let key = format!("library {words} {}", workbench.founding()?);
    let matter = new(Kind::Library, key, title, first);
    let left_out = left_out.count(&links);
    with_levels(workbench, Matter { values, links: links.into_iter().collect(), left_out, ..matter })
}

/// What is not read of indicators that have very much.
#[derive(Default)]
struct LeftOut {
    attributes: u64,
    /// How many relationships such an indicator has. Others may lead to some of them.
    related: HashMap<Indicator, u64>,
}

impl LeftOut {
    fn look(&mut self, indicator: &Indicator, attached: &Attached) {
        let Attached { attributes, relationships, attribute_count, relationship_count } = attached;
        self.attributes += attribute_count.saturating_sub(attributes.len() as u64);
        if *relationship_count > relationships.len() as u64 {
            self.related.insert(indicator.clone(), *relationship_count);
        }
    }

    /// How many attributes and relationships are not among what was read.
    fn count(mut self, links: &BTreeSet<Link>) -> u64 {
        for end in links.iter().flat_map(|link| [&link.from, &link.to]) {
            if let Some(left) = self.related.get_mut(end) {
                *left = left.saturating_sub(1);
            }
        }
        self.attributes + self.related.values().sum::<u64>()
    }
}

fn value(entry: Entry, attributes: impl Iterator<Item = (String, String)>) -> Value {
    let status = ("Status".to_owned(), entry.status.name().to_owned());
    let sources = entry.sources.into_iter().map(|source| ("Source".to_owned(), source));
    Value {
        indicator: entry.indicator,
        facts: std::iter::once(status).chain(sources).chain(attributes).collect(),
        created_at: seconds(entry.created_at),
        changed_at: seconds(entry.updated_at),
    }
}

/// A relationship of an indicator; `None` if its type cannot be read.
fn link(entry: &Entry, relationship: &Relationship) -> Option<Link> {
    let Relationship { outgoing, kind, other, attributes, claims, .. } = relationship;
    let date = |wanted: &str| {
        let found = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.and_then(|(_, date)| time::parse_date(date)).map(|date| date.seconds)
    };
    let (this, other) = (entry.indicator.clone(), other.clone());
    let (from, to) = if *outgoing { (this, other) } else { (other, this) };
    Some(Link {
        from,
        to,
        rrtype: RrType::parse(kind).ok()?,
        first: date("First Seen"),
        last: date("Last Seen"),
        changed_at: claims.iter().map(|claim| seconds(claim.added_at)).max().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;
    use operation::Finding;

    use super::*;

    fn indicator(text: &str) -> Indicator {
        Indicator::parse(text).unwrap()
    }

    #[test]
    fn what_is_left_out_of_an_indicator_with_very_much_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let hub = indicator("185.194.93.7");
        let join = |n: usize| Finding::Relationship {
            from: indicator(&format!("h{n}.example")),
            to: hub.clone(),
            rrtype: RrType::A,
            attributes: vec![],
            records: vec![],
            caution: None,
        };
        let attribute = |n: usize| Finding::Attribute {
            name: "Text".to_owned(),
            value: n.to_string(),
            records: vec![],
            caution: None,
        };
        let findings: Vec<Finding> = (0..1_100).map(join).chain((0..1_030).map(attribute)).collect();
        workbench.add_findings(1, "CIRCL Passive DNS", &hub, &findings).unwrap();
        let of = |filter: &Filter| {
            let matter = library(&workbench, filter, "").unwrap();
            (matter.links.len(), matter.left_out)
        };
        // The other ends lead to all relationships; the attributes are only those of the hub.
        assert_eq!(of(&Filter::default()), (1_100, 30));
        let address = Some(operation::IndicatorType::IpAddress);
        assert_eq!(of(&Filter { kind: address, ..Filter::default() }), (1_000, 130));
        let names = Some(operation::IndicatorType::Fqdn);
        assert_eq!(of(&Filter { kind: names, ..Filter::default() }), (1_100, 0));
    }
}

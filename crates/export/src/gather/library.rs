//! A part of the threat library: its indicators with attributes, and the relationships between them and others.

use std::collections::BTreeSet;

use cof::{RrType, time};
use workbench::library::{Entry, Filter, Page, Relationship};
use workbench::{Error, Workbench};

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
    let (mut values, mut links) = (Vec::new(), BTreeSet::new());
    let mut filter = Filter { limit: AT_ONCE, after: None, ..filter.clone() };
    loop {
        let Page { entries, next, .. } = workbench.indicators(&filter)?;
        for entry in entries {
            let (attributes, relationships) = workbench.attached_to(&entry.indicator)?;
            links.extend(relationships.iter().filter_map(|one| link(&entry, one)));
            let attributes = attributes.into_iter().map(|one| (one.name, one.value));
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
    with_levels(workbench, Matter { values, links: links.into_iter().collect(), ..matter })
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

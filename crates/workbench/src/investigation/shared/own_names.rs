//! The names that use a shared resource in the own database: how many ([`other_names`], for [`Options`](super::Options)), and which
//! ([`own_candidates`]).
//!
//! Errors are those of the store.

use std::collections::{BTreeMap, BTreeSet};

use cof::{Name, RrType};
use operation::Indicator;
use store::{Apart, Fences, Order, Question, Store, StoreError, Subject};

use super::{Candidate, Count, Kind, Resource, Span};

/// The most tuples that are read for a resource: about a tenth of a second, where a crowded one has been recognised long before.
const MOST_READ: usize = 100_000;
/// Tuples read at a time.
const PAGE: usize = 5_000;

/// The names that use a resource and are no members, up to a limit.
struct Users {
    names: BTreeMap<Name, Option<Span>>,
    /// Whether these are all.
    is_whole: bool,
}

/// How many names that are no members use a resource, counted up to a limit. A token is not counted, because data is not sorted by
/// what a text contains; neither is a resource with more records than can be read quickly.
///
/// # Errors
/// Errors of the store.
pub fn other_names(
    store: &dyn Store,
    members: &BTreeSet<Name>,
    resource: &Resource,
    limit: u32,
) -> Result<Count, StoreError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let Some(users) = users(store, members, resource, most)? else { return Ok(Count::NotCounted) };
    let count = u32::try_from(users.names.len()).unwrap_or(u32::MAX);
    Ok(match users.is_whole {
        _ if count > limit => Count::Over(limit),
        true => Count::Exactly(count),
        false => Count::NotCounted,
    })
}

/// The names that are no members and use these resources, with when they did: at most this many for each. None use a token.
///
/// # Errors
/// Errors of the store.
pub fn own_candidates(
    store: &dyn Store,
    members: &BTreeSet<Name>,
    resources: &[Resource],
    most: usize,
) -> Result<Vec<Candidate>, StoreError> {
    let mut own = Vec::new();
    for (position, resource) in resources.iter().enumerate() {
        let users = users(store, members, resource, most)?;
        let names = users.into_iter().flat_map(|users| users.names).take(most);
        own.extend(names.filter_map(|(name, span)| {
            let indicator = Indicator::from_name(name)?;
            Some(Candidate { indicator, span, members: Vec::new(), resources: vec![position] })
        }));
    }
    Ok(own)
}

/// The names that use a resource, up to one more than the limit; `None` for a resource that the store cannot find.
fn users(
    store: &dyn Store,
    members: &BTreeSet<Name>,
    resource: &Resource,
    most: usize,
) -> Result<Option<Users>, StoreError> {
    let Some(subject) = subject(resource) else { return Ok(None) };
    let mut question = Question {
        subject,
        rrtypes: rrtypes(resource.kind()),
        fences: Fences::default(),
        limit: PAGE,
        cursor: None,
        order: Order::Key,
        apart: Apart::Merged,
        reach: PAGE,
    };
    let (mut users, mut read) = (Users { names: BTreeMap::new(), is_whole: true }, 0);
    loop {
        let page = store.lookup(&question)?;
        for record in page.records.iter().filter(|record| !members.contains(&record.rrname)) {
            let span = record.time_first.zip(record.time_last).map(|(first, last)| Span { first, last });
            let known = users.names.entry(record.rrname.clone()).or_default();
            *known = match (*known, span) {
                (Some(a), Some(b)) => Some(Span { first: a.first.min(b.first), last: a.last.max(b.last) }),
                (a, b) => a.or(b),
            };
        }
        read += PAGE;
        match page.next {
            None => return Ok(Some(users)),
            Some(_) if read >= MOST_READ || users.names.len() > most => {
                return Ok(Some(Users { is_whole: false, ..users }));
            }
            next => question.cursor = next,
        }
    }
}

fn subject(resource: &Resource) -> Option<Subject> {
    Some(match resource {
        Resource::Address(address) => Subject::Address(*address),
        Resource::Network(network) => Subject::Network(network.first(), network.prefix()),
        Resource::RegisteredDomain(name) => Subject::Suffix(name.clone()),
        Resource::CnameTarget(name)
        | Resource::MailServer(name)
        | Resource::NameServer(name)
        | Resource::SoaMailbox(name) => Subject::RdataName(name.clone()),
        Resource::Token(_) => return None,
    })
}

/// The types whose records make a name use a resource of this kind; all if empty.
fn rrtypes(kind: Kind) -> Vec<RrType> {
    match kind {
        Kind::Address | Kind::Network => vec![RrType::A, RrType::AAAA],
        Kind::CnameTarget => vec![RrType::CNAME, RrType::DNAME],
        Kind::MailServer => vec![RrType::MX],
        Kind::NameServer => vec![RrType::NS, RrType::SOA],
        Kind::SoaMailbox => vec![RrType::SOA],
        Kind::RegisteredDomain | Kind::Token => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use cof::{Batch, Reader, SourceKind};
    use store::Memory;

    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn store(records: &[(&str, &str, &str)]) -> Memory {
        let mut reader = Reader::new(1_700_000_000).by_proof();
        for (rrname, rrtype, rdata) in records {
            let line = format!(
                "{{\"rrname\":\"{rrname}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",\"time_first\":1500000000,\"time_last\":1600000000}}\n"
            );
            reader.feed(line.as_bytes());
        }
        reader.close();
        let mut batch = Batch::default();
        for record in std::iter::from_fn(|| reader.next()).map(Result::unwrap) {
            assert!(batch.add(&record, SourceKind::Report).is_taken());
        }
        let memory = Memory::new();
        memory.absorb(batch).unwrap();
        memory
    }

    fn sample() -> Memory {
        store(&[
            ("a.example.com", "A", "185.194.93.1"),
            ("b.example.com", "A", "185.194.93.1"),
            ("c.example.net", "A", "185.194.93.2"),
            ("a.example.com", "NS", "ns1.example.org"),
            ("d.example.net", "NS", "ns1.example.org"),
            ("e.example.net", "MX", "10 ns1.example.org"),
        ])
    }

    #[test]
    fn names_that_are_no_members_are_counted_by_the_kind_of_the_resource() {
        let (store, members) = (sample(), BTreeSet::from([name("a.example.com")]));
        for (id, count) in [
            ("addr:185.194.93.1", Count::Exactly(1)),
            ("net:185.194.93.0/24", Count::Exactly(2)),
            ("ns:ns1.example.org", Count::Exactly(1)),
            ("mx:ns1.example.org", Count::Exactly(1)),
            ("domain:example.net", Count::Exactly(3)),
            ("cname:ns1.example.org", Count::Exactly(0)),
            ("txt:ms=ms1234567", Count::NotCounted),
        ] {
            let resource = Resource::parse(id).unwrap();
            assert_eq!(other_names(&store, &members, &resource, 1_000).unwrap(), count, "{id}");
        }
        let network = Resource::parse("net:185.194.93.0/24").unwrap();
        assert_eq!(other_names(&store, &members, &network, 1).unwrap(), Count::Over(1));
    }

    #[test]
    fn names_behind_resources_come_with_their_times_and_places() {
        let (store, members) = (sample(), BTreeSet::from([name("a.example.com")]));
        let resources = ["addr:185.194.93.1", "ns:ns1.example.org"].map(|id| Resource::parse(id).unwrap());
        let own = own_candidates(&store, &members, &resources, 10).unwrap();
        let shown: Vec<_> =
            own.iter().map(|one| (one.indicator.to_string(), one.resources.clone())).collect();
        assert_eq!(shown, [("b.example.com".to_owned(), vec![0]), ("d.example.net".to_owned(), vec![1])]);
        assert_eq!(own[0].span, Some(Span { first: 1_500_000_000, last: 1_600_000_000 }));
        assert_eq!(own_candidates(&store, &members, &resources, 0).unwrap(), []);
    }
}

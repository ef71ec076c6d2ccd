//! Counts what dropping would delete, without changing anything.
//!
//! [`count`] reads every entry (a tuple, bailiwick and source each) that can be affected, by the rules of [`store::Selection`].
//! Entries that are stored in the meantime may or may not be counted.

use cof::{Name, Record, SourceKind};
use store::engine::LastSeen;
use store::{Apart, Question, Selection, Store, StoreError, Subject};

/// How many entries [`Store::drop_where`] would delete.
///
/// # Errors
/// Errors of the engine.
pub(super) fn count(store: &dyn Store, selection: &Selection) -> Result<u64, StoreError> {
    match selection {
        Selection::Suffix(name) => {
            let question = Question { apart: Apart::Source, ..Question::new(Subject::Suffix(name.clone())) };
            Ok(store.summarise(&question)?.rows)
        }
        Selection::Origin(origin) => {
            let mut count = 0;
            each(store, &mut |entry| count += u64::from(entry.origin == *origin))?;
            Ok(count)
        }
        Selection::LastSeenBefore(time) => {
            let (mut count, mut tuple) = (0, Vec::new());
            each(store, &mut |entry| {
                if tuple.first().is_some_and(|first| !is_same(first, &entry)) {
                    count += dropped(&tuple, *time);
                    tuple.clear();
                }
                tuple.push(entry);
            })?;
            Ok(count + dropped(&tuple, *time))
        }
    }
}

/// Every entry; those of one tuple follow each other.
fn each(store: &dyn Store, see: &mut dyn FnMut(Record)) -> Result<(), StoreError> {
    let mut question = Question { apart: Apart::Source, ..Question::new(Subject::Suffix(Name::root())) };
    loop {
        let page = store.lookup(&question)?;
        page.records.into_iter().for_each(&mut *see);
        if page.next.is_none() {
            return Ok(());
        }
        question.cursor = page.next;
    }
}

fn is_same(a: &Record, b: &Record) -> bool {
    (&a.rrname, a.rrtype, &a.rdata) == (&b.rrname, b.rrtype, &b.rdata)
}

/// How many entries of a tuple would be deleted.
fn dropped(tuple: &[Record], time: u64) -> u64 {
    let entry = |entry: &Record| match (entry.time_last, entry.zone_time_last) {
        (Some(last), _) => Some((SourceKind::Report, last)),
        (None, zone) => zone.map(|last| (SourceKind::Zone, last)),
    };
    let mut last_seen = LastSeen::default();
    tuple.iter().filter_map(entry).for_each(|(kind, last)| last_seen.hear(kind, last));
    tuple.iter().filter_map(entry).filter(|(kind, _)| last_seen.is_before(*kind, time)).count() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cof::{Batch, Observation, Rdata, RrType, Source, SourceKind};
    use store::Memory;

    use super::*;

    fn filled() -> Memory {
        let source =
            |kind, origin: Option<&str>| Source { kind, origin: origin.map(Arc::from), sensor: None };
        let sources = vec![
            source(SourceKind::Report, Some("https://a.example/")),
            source(SourceKind::Observation, None),
            source(SourceKind::Zone, Some("https://a.example/")),
        ];
        let of = |(name, source, last): (&str, usize, u64)| Observation {
            rrname: Name::parse(name).unwrap(),
            rrtype: RrType::A,
            rdata: Rdata::parse(RrType::A, "192.0.2.1"),
            bailiwick: None,
            time_first: 1,
            time_last: last,
            count: Some(1),
            source,
        };
        let said = [
            ("a.example", 0, 50),
            ("a.example", 1, 200),
            ("a.example", 2, 300),
            ("b.example", 0, 50),
            ("b.example", 2, 900),
            ("c.b.example", 2, 90),
            ("d.test", 1, 99),
        ];
        let memory = Memory::new();
        let batch = Batch { sources, observations: said.map(of).to_vec(), position: None };
        memory.absorb(batch).unwrap();
        memory
    }

    #[test]
    fn what_is_counted_is_what_is_dropped() {
        let origin = |text: Option<&str>| Selection::Origin(text.map(Arc::from));
        let suffix = |text| Selection::Suffix(Name::parse(text).unwrap());
        for (selection, wanted) in [
            (origin(Some("https://a.example/")), 5),
            (origin(None), 2),
            (origin(Some("")), 0),
            (suffix("b.example"), 3),
            (suffix("."), 7),
            (suffix("other"), 0),
            (Selection::LastSeenBefore(100), 3),
            (Selection::LastSeenBefore(99), 2),
            (Selection::LastSeenBefore(0), 0),
            (Selection::LastSeenBefore(u64::MAX), 7),
        ] {
            let memory = filled();
            assert_eq!(count(&memory, &selection), Ok(wanted), "{selection:?}");
            assert_eq!(memory.drop_where(&selection), Ok(wanted), "{selection:?}");
        }
    }
}

//! The sources of a store, each stored once: entries refer to a source by its number.
//!
//! [`Sources`] only grows, and the meaning of a number never changes: a source is in the journal before the first entry that
//! uses it.

use std::collections::HashMap;
use std::sync::Arc;

use cof::{Source, SourceKind};

use super::varint;

/// The most sources: a word has 31 bits for the number.
const MAX: usize = 1 << 31;

/// The sources of a store, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    list: Vec<Arc<Source>>,
    ids: HashMap<Arc<Source>, u32>,
}

impl Sources {
    /// The source with this number.
    pub(super) fn by_id(&self, id: u32) -> Option<&Source> {
        self.list.get(usize::try_from(id).ok()?).map(|source| &**source)
    }

    /// The number of a source.
    pub(super) fn id(&self, source: &Source) -> Option<u32> {
        self.ids.get(source).copied()
    }

    /// The number of sources.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.list.iter().map(|source| &**source)
    }

    /// The number of a source, which is added if it is new; `None` if there are too many.
    pub(super) fn intern(&mut self, source: &Source) -> Option<u32> {
        if let Some(id) = self.id(source) {
            return Some(id);
        }
        let id = u32::try_from(self.list.len()).ok().filter(|_| self.list.len() < MAX)?;
        let source = Arc::new(source.clone());
        self.list.push(Arc::clone(&source));
        self.ids.insert(source, id);
        Some(id)
    }
}

/// Appends a source: its kind as a letter, then origin and sensor, each as its length plus 1 and its text; 0 means none.
pub(super) fn push(out: &mut Vec<u8>, source: &Source) {
    out.push(letter(source.kind));
    for text in [&source.origin, &source.sensor] {
        match text {
            None => varint::push(out, 0),
            Some(text) => {
                varint::push(out, text.len() as u64 + 1);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

/// Reads what [`push`] wrote.
pub(super) fn take(octets: &mut &[u8]) -> Option<Source> {
    let (kind, rest) = octets.split_first()?;
    *octets = rest;
    let mut text = || -> Option<Option<Arc<str>>> {
        let Some(len) = varint::take_len(octets)?.checked_sub(1) else { return Some(None) };
        let (text, rest) = octets.split_at_checked(len)?;
        *octets = rest;
        Some(Some(std::str::from_utf8(text).ok()?.into()))
    };
    Some(Source { kind: kind_of(*kind)?, origin: text()?, sensor: text()? })
}

fn letter(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Observation => b'o',
        SourceKind::Report => b'r',
        SourceKind::Zone => b'z',
    }
}

fn kind_of(letter: u8) -> Option<SourceKind> {
    match letter {
        b'o' => Some(SourceKind::Observation),
        b'r' => Some(SourceKind::Report),
        b'z' => Some(SourceKind::Zone),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sources_read_back(origin: Option<String>, sensor: Option<String>) {
            let source = Source {
                kind: SourceKind::Zone,
                origin: origin.map(Arc::from),
                sensor: sensor.map(Arc::from),
            };
            let mut octets = Vec::new();
            push(&mut octets, &source);
            prop_assert_eq!(take(&mut &octets[..]), Some(source));
            for end in 0..octets.len() {
                prop_assert_eq!(take(&mut &octets[..end]), None);
            }
        }
    }
}

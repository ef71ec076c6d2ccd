//! The sources of a database: [`Sources`] knows them by [`Id`].
//!
//! An id is made from the source itself, so processes that share a database agree about it without asking each other. A source is
//! stored before its first row, and never deleted.

use std::collections::HashMap;
use std::sync::Arc;

use cof::{Source, SourceKind};
use store::{Limits, StoreError};

use crate::binary::{Block, Column, Reader};
use crate::cluster::Table;
use crate::link::Link;

/// The first byte is the kind, the others are a digest.
pub(crate) type Id = [u8; 16];

/// The first byte of the ids of zones.
pub(crate) const ZONE: u8 = b'z';

/// On a cluster, one shard has all sources.
const SHARD: &[u8] = b"sources";

/// The longest answer: every source with the longest names.
const MOST: usize = Limits::USUAL.sources * (Limits::USUAL.origin + Limits::USUAL.sensor + 32);

/// All sources that are known to this process.
#[derive(Debug, Default)]
pub(crate) struct Sources(HashMap<Id, Source>);

/// The id of a source.
pub(crate) fn id(source: &Source) -> Id {
    let kind = match source.kind {
        SourceKind::Observation => b'o',
        SourceKind::Report => b'r',
        SourceKind::Zone => ZONE,
    };
    let mut hasher = blake3::Hasher::new();
    for text in [&source.origin, &source.sensor] {
        let length = text.as_ref().map_or(u64::MAX, |text| text.len() as u64);
        hasher.update(&length.to_le_bytes());
        hasher.update(text.as_deref().unwrap_or_default().as_bytes());
    }
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    let [first, ..] = &mut id;
    *first = kind;
    id
}

impl Sources {
    /// Reads all sources.
    ///
    /// # Errors
    /// Those of [`Link::select`].
    pub(crate) fn read(link: &Link, table: &Table) -> Result<Self, StoreError> {
        let shard = table.shard_of(SHARD);
        let sql = format!(
            "SELECT DISTINCT id, has_origin, origin, has_sensor, sensor {} 1 FORMAT RowBinary",
            table.from(shard, false)
        );
        let reply = link.select(sql, MOST, &[]).map_err(|error| table.of_shard(shard, error))?;
        let decoded = if reply.is_cut { None } else { decode(&reply.body) };
        decoded.map(Self).ok_or_else(|| link.strange("something else than sources"))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn knows(&self, source: &Source) -> bool {
        self.0.contains_key(&id(source))
    }

    pub(crate) fn get(&self, id: &Id) -> Option<&Source> {
        self.0.get(id)
    }

    /// The ids of the sources with this origin, sorted.
    pub(crate) fn of_origin(&self, origin: Option<&Arc<str>>) -> Vec<Id> {
        let named = self.0.iter().filter(|(_, source)| source.origin.as_ref() == origin);
        let mut ids: Vec<Id> = named.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids
    }
}

/// The sources as a block, in their order; each once.
pub(crate) fn block(sources: &[&Source], table: &Table) -> Block {
    let mut rows: Vec<(Id, &Source)> = sources.iter().map(|source| (id(source), *source)).collect();
    rows.sort_unstable_by_key(|(id, _)| *id);
    rows.dedup_by_key(|(id, _)| *id);
    let [mut ids, mut has_origin, mut origins, mut has_sensor, mut sensors] =
        [(); 5].map(|()| Column::default());
    for (id, source) in &rows {
        ids.fixed(id);
        has_origin.byte(source.origin.is_some().into());
        origins.string(source.origin.as_deref().unwrap_or_default().as_bytes());
        has_sensor.byte(source.sensor.is_some().into());
        sensors.string(source.sensor.as_deref().unwrap_or_default().as_bytes());
    }
    let block = Block::new(rows.len())
        .with("id", "FixedString(16)", ids)
        .with("has_origin", "UInt8", has_origin)
        .with("origin", "String", origins)
        .with("has_sensor", "UInt8", has_sensor)
        .with("sensor", "String", sensors);
    block.on(rows.iter().map(|_| table.shard_of(SHARD)))
}

/// `None` for anything that we did not write.
fn decode(bytes: &[u8]) -> Option<HashMap<Id, Source>> {
    let mut reader = Reader::new(bytes);
    let mut sources = HashMap::new();
    while !reader.is_at_end() {
        let known: Id = reader.fixed()?;
        let mut text = || {
            let has = reader.byte()? == 1;
            let text = reader.text()?;
            Some(has.then(|| Arc::<str>::from(text)))
        };
        let (origin, sensor) = (text()?, text()?);
        let kind = match *known.first()? {
            b'o' => SourceKind::Observation,
            b'r' => SourceKind::Report,
            ZONE => SourceKind::Zone,
            _ => return None,
        };
        let source = Source { kind, origin, sensor };
        if id(&source) != known {
            return None;
        }
        sources.insert(known, source);
    }
    Some(sources)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_source() -> impl Strategy<Value = Source> {
        let kind = prop::sample::select(&[SourceKind::Observation, SourceKind::Report, SourceKind::Zone][..]);
        let text = || prop::option::of("[a-c]{0,3}".prop_map(Arc::<str>::from));
        (kind, text(), text()).prop_map(|(kind, origin, sensor)| Source { kind, origin, sensor })
    }

    /// The rows of a source, as the server would send them.
    fn row(source: &Source) -> Vec<u8> {
        let mut bytes = id(source).to_vec();
        for text in [&source.origin, &source.sensor] {
            bytes.push(text.is_some().into());
            bytes.push(text.as_ref().map_or(0, |text| u8::try_from(text.len()).unwrap()));
            bytes.extend_from_slice(text.as_deref().unwrap_or_default().as_bytes());
        }
        bytes
    }

    proptest! {
        #[test]
        fn only_equal_sources_have_the_same_id(one in any_source(), other in any_source()) {
            prop_assert_eq!(one == other, id(&one) == id(&other));
        }

        #[test]
        fn sources_are_read_back(all in prop::collection::vec(any_source(), 0..6)) {
            let bytes: Vec<u8> = all.iter().flat_map(row).collect();
            let sources = Sources(decode(&bytes).unwrap());
            for source in &all {
                prop_assert!(sources.knows(source));
                prop_assert!(sources.of_origin(source.origin.as_ref()).contains(&id(source)));
            }
            let forged: Vec<u8> = bytes.iter().map(|byte| byte ^ 1).collect();
            prop_assert!(all.is_empty() || decode(&forged).is_none());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&bytes);
        }
    }
}

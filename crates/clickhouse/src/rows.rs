//! A batch as one block of the table `entries`, and the mark in it.
//!
//! The table holds three kinds of rows, told apart by the first byte of the key: [`MARK`], [`OWNER`] and [`RDATA`]. A mark is
//!
//! ```text
//! MARK ‖ 16 bytes of the input's digest ‖ version of its position: u64, big-endian ‖ the position
//! ```
//!
//! or, without a position, 16 random bytes. It makes every block different from all others, so that the server drops a repeated one
//! and no other. Beside a mark whose batch named an origin that was dropped, there is its beginning with a zero byte. On a cluster, a batch is a block for each shard, with the same mark in each. Nothing here fails, except that a batch
//! may be too large.

use std::collections::BTreeMap;

use cof::{Batch, Observation, Position, SourceKind};
use store::engine::{Side, Value, key};
use store::{Reached, StoreError};

use crate::binary::{Block, Column, Reader};
use crate::cluster::{Shard, Table};
use crate::random;
use crate::sources::{self, Id};

/// The first byte of the keys of marks, of tuples by owner, and of tuples by the targets of their data.
pub(crate) const MARK: u8 = 1;
pub(crate) const OWNER: u8 = 2;
pub(crate) const RDATA: u8 = 3;

/// The largest block, in bytes; the server holds it in memory several times.
const LARGEST: usize = 512 << 20;
/// What follows the beginning of a mark in the key that says that its batch was dropped. It comes before all marks.
const DROPPED: u8 = 0;
/// What the marks of two batches for one version of a position have in common: the byte, the input, the version.
pub(crate) const PREFIX: usize = INPUT + 8;
/// What all marks of an input have in common: the byte and its digest.
pub(crate) const INPUT: usize = 1 + 16;
/// The ids of a mark.
const NOBODY: Id = [0; 16];

/// One row of the table.
#[derive(Debug)]
struct Row {
    key: Vec<u8>,
    bailiwick: u8,
    source: Id,
    /// The place of the owner in the key, counted from 1 as SQL does.
    owner_at: u16,
    value: Value,
    kind: SourceKind,
}

/// The first byte of the keys of an order.
pub(crate) fn first_byte(side: Side) -> u8 {
    match side {
        Side::Owner => OWNER,
        Side::Rdata => RDATA,
    }
}

/// The block of a batch with its mark, which is a key; rows are sorted, and equal ones merged.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(crate) fn block(batch: &Batch, mark: &[u8]) -> Result<Block, StoreError> {
    let block = marked(mark, &sorted(batch));
    if block.size() > LARGEST { Err(StoreError::TooLarge) } else { Ok(block) }
}

/// The blocks of a batch for the shards of this table; those without rows are left out.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(crate) fn blocks(batch: &Batch, mark: &[u8], table: &Table) -> Result<Vec<(Shard, Block)>, StoreError> {
    let mut by_shard: BTreeMap<Shard, Vec<Row>> = BTreeMap::new();
    for row in sorted(batch) {
        let shard = table.shard_of(identity(&row.key).ok_or(StoreError::Damaged)?);
        by_shard.entry(shard).or_default().push(row);
    }
    let block = |(shard, rows): (Shard, Vec<Row>)| {
        let block = marked(mark, &rows);
        (shard, block.on((0..=rows.len()).map(|_| shard)))
    };
    let blocks: Vec<_> = by_shard.into_iter().map(block).collect();
    let size: usize = blocks.iter().map(|(_, block)| block.size()).sum();
    if size > LARGEST { Err(StoreError::TooLarge) } else { Ok(blocks) }
}

/// The columns of the blocks of a cluster, as `INSERT` lists them.
pub(crate) fn columns_on_cluster() -> String {
    mark_alone(&[], Some(0)).names()
}

/// A block that consists of a mark.
pub(crate) fn mark_alone(mark: &[u8], shard: Shard) -> Block {
    marked(mark, &[]).on(std::iter::once(shard))
}

/// What the keys of all tuples with this owner, or of all with this target, begin with: they are on one shard.
fn identity(key: &[u8]) -> Option<&[u8]> {
    let bare = key.get(1..)?;
    let length = match *key.first()? {
        OWNER => key::Parts::of_owner_key(bare)?.owner.len(),
        _ => key::target(bare)?.len(),
    };
    key.get(..=length)
}

/// The rows of a batch, sorted, and equal ones merged.
fn sorted(batch: &Batch) -> Vec<Row> {
    let ids: Vec<Id> = batch.sources.iter().map(sources::id).collect();
    let mut rows = Vec::with_capacity(batch.observations.len() * 2);
    for observation in &batch.observations {
        if let (Some(id), Some(source)) = (ids.get(observation.source), batch.sources.get(observation.source))
        {
            push(observation, *id, source.kind, &mut rows);
        }
    }
    rows.sort_by(|a: &Row, b: &Row| a.place().cmp(&b.place()));
    rows.dedup_by(|next, kept| {
        let is_same = next.place() == kept.place();
        if is_same {
            kept.value.merge(next.value, kept.kind);
        }
        is_same
    });
    rows
}

/// The rows of an observation: one by owner, and one for each different target.
fn push(observation: &Observation, source: Id, kind: SourceKind, rows: &mut Vec<Row>) {
    let Observation { rrname, rrtype, rdata, bailiwick, .. } = observation;
    let bailiwick = key::bailiwick_labels(rrname, bailiwick.as_ref());
    let value = Value::of(observation);
    let mut add = |key: Vec<u8>, owner_at| rows.push(Row { key, bailiwick, source, owner_at, value, kind });
    let mut by_owner = vec![OWNER];
    key::push_owner_key(rrname, *rrtype, rdata, &mut by_owner);
    add(by_owner, 2);
    let mut by_rdata: Vec<Vec<u8>> = key::by_rdata(rrname, *rrtype, rdata).collect();
    by_rdata.sort_unstable();
    by_rdata.dedup();
    for bare in by_rdata {
        let owner_at = owner_at(&bare).unwrap_or_default();
        add([&[RDATA][..], &bare].concat(), owner_at);
    }
}

/// The place of the owner in an rdata key that has a byte before it, counted from 1.
fn owner_at(bare: &[u8]) -> Option<u16> {
    let before = key::target(bare)?.len() + key::Parts::of_rdata_key(bare)?.rrtype.len();
    u16::try_from(before + 2).ok()
}

impl Row {
    fn place(&self) -> (&[u8], u8, &Id) {
        (&self.key, self.bailiwick, &self.source)
    }
}

/// What a row has besides its shard.
type Fields<'a> = (&'a [u8], u8, &'a Id, u16, Value, SourceKind);

/// The row of a key without a record.
fn alone(key: &[u8]) -> Fields<'_> {
    (key, key::UNKNOWN_BAILIWICK, &NOBODY, 1, Value { first: 0, last: 0, count: None }, SourceKind::Report)
}

impl Row {
    fn fields(&self) -> Fields<'_> {
        (&self.key, self.bailiwick, &self.source, self.owner_at, self.value, self.kind)
    }
}

fn marked(mark: &[u8], rows: &[Row]) -> Block {
    columns(std::iter::once(alone(mark)).chain(rows.iter().map(Row::fields)))
}

fn columns<'a>(rows: impl Iterator<Item = Fields<'a>>) -> Block {
    let mut number = 0;
    let [mut keys, mut bailiwicks, mut ids, mut owners, mut first, mut last] =
        [(); 6].map(|()| Column::default());
    let [mut high, mut low, mut most, mut known] = [(); 4].map(|()| Column::default());
    for (key, bailiwick, source, owner_at, value, kind) in rows {
        number += 1;
        keys.string(key);
        bailiwicks.byte(bailiwick);
        ids.fixed(source);
        owners.short(owner_at);
        first.extreme(value.first);
        last.extreme(value.last);
        let count = value.count.unwrap_or_default();
        let summed = if kind == SourceKind::Observation { count } else { 0 };
        high.number(summed >> 32);
        low.number(summed & 0xffff_ffff);
        most.extreme(count);
        known.byte(1);
        known.byte(value.count.is_some().into());
    }
    Block::new(number)
        .with("key", "String", keys)
        .with("bailiwick", "UInt8", bailiwicks)
        .with("source", "FixedString(16)", ids)
        .with("owner_at", "UInt16", owners)
        .with("time_first", "AggregateFunction(min, UInt64)", first)
        .with("time_last", "AggregateFunction(max, UInt64)", last)
        .with("count_high", "AggregateFunction(sum, UInt64)", high)
        .with("count_low", "AggregateFunction(sum, UInt64)", low)
        .with("count_most", "AggregateFunction(max, UInt64)", most)
        .with("count_known", "AggregateFunction(max, UInt8)", known)
}

/// The count of a row that was read: the half sums of observations, and the largest count of other kinds.
pub(crate) fn count(kind: SourceKind, high: u64, low: u64, most: u64, is_known: bool) -> Option<u64> {
    let counted = match kind {
        SourceKind::Observation => {
            u64::try_from((u128::from(high) << 32) + u128::from(low)).unwrap_or(u64::MAX)
        }
        SourceKind::Report | SourceKind::Zone => most,
    };
    is_known.then_some(counted)
}

/// What all marks of an input's position with this version begin with.
pub(crate) fn mark_prefix(input: &str, version: u64) -> Vec<u8> {
    let digest = blake3::hash(input.as_bytes());
    let digest = digest.as_bytes().get(..16).unwrap_or_default();
    [&[MARK][..], digest, &version.to_be_bytes()].concat()
}

/// The key which says that the batch of a mark with this beginning was dropped.
pub(crate) fn dropped(prefix: &[u8]) -> Vec<u8> {
    [prefix, &[DROPPED]].concat()
}

/// Whether a key says that a batch was dropped.
pub(crate) fn is_dropped(key: &[u8]) -> bool {
    key.len() == PREFIX + 1 && key.ends_with(&[DROPPED])
}

/// A block of keys without records.
pub(crate) fn keys_alone(keys: &[Vec<u8>]) -> Block {
    columns(keys.iter().map(|key| alone(key)))
}

/// What a mark has in common with those of other batches for the same version; a random one has nothing.
pub(crate) fn prefix(mark: &[u8]) -> &[u8] {
    mark.get(..PREFIX).unwrap_or(mark)
}

/// The name of the query that stores the block with this mark, or with one that begins like this: no two of them are at work at the
/// same time.
pub(crate) fn label(mark: &[u8]) -> String {
    let digest = blake3::hash(prefix(mark)).to_hex();
    ["backsight-", digest.get(..32).unwrap_or_default()].concat()
}

/// The mark of a batch with a position, which names these sources.
pub(crate) fn mark(position: &Position, version: u64, named: &[Id]) -> Vec<u8> {
    let mut mark = mark_prefix(&position.input, version);
    mark.extend_from_slice(&position.offset.to_le_bytes());
    mark.push(position.whole.into());
    mark.push(position.digest.is_some().into());
    mark.extend_from_slice(position.digest.as_ref().map_or(&[], |digest| &digest[..]));
    mark.push(position.expires.is_some().into());
    mark.extend_from_slice(&position.expires.unwrap_or_default().to_le_bytes());
    mark.extend(named.iter().flatten());
    mark
}

/// The mark of a batch without a position.
///
/// # Errors
/// Those of [`random::bytes`].
pub(crate) fn random_mark() -> Result<Vec<u8>, StoreError> {
    Ok([&[MARK][..], &random::bytes::<16>()?].concat())
}

/// The position in a mark, and the sources that it names; `None` for anything that [`mark`] did not write.
pub(crate) fn read_mark(mark: &[u8]) -> Option<(Reached, Vec<Id>)> {
    let mut reader = Reader::new(mark.get(PREFIX..)?);
    let (offset, whole) = (reader.number()?, reader.byte()? == 1);
    let digest = if reader.byte()? == 1 { Some(reader.fixed()?) } else { None };
    let (has_expires, expires) = (reader.byte()? == 1, reader.number()?);
    let mut named = Vec::new();
    while !reader.is_at_end() {
        named.push(reader.fixed()?);
    }
    Some((Reached { offset, digest, whole, expires: has_expires.then_some(expires) }, named))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cof::{Name, Rdata, RrType, Source};
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::Cluster;

    fn observation(rrname: &str, rrtype: &str, rdata: &str, count: u64) -> Observation {
        let rrtype = RrType::parse(rrtype).unwrap();
        Observation {
            rrname: Name::parse(rrname).unwrap(),
            rrtype,
            rdata: Rdata::parse(rrtype, rdata),
            bailiwick: None,
            time_first: 10,
            time_last: 20,
            count: Some(count),
            source: 0,
        }
    }

    fn batch(observations: Vec<Observation>) -> Batch {
        let source = Source { kind: SourceKind::Observation, origin: None, sensor: None };
        Batch { sources: vec![source], observations, position: None }
    }

    #[test]
    fn the_order_of_observations_never_shows() {
        let one = observation("a.example", "A", "192.0.2.1", 1);
        let two = observation("b.example", "NS", "ns.example", 2);
        let bytes = |observations| block(&batch(observations), &[MARK]).unwrap().into_bytes();
        assert_eq!(bytes(vec![one.clone(), two.clone()]), bytes(vec![two.clone(), one.clone()]));
        let three = observation("a.example", "A", "192.0.2.1", 3);
        let four = observation("a.example", "A", "192.0.2.1", 4);
        assert_eq!(bytes(vec![one.clone(), three]), bytes(vec![four]), "equal rows are merged");
        assert_ne!(bytes(vec![one.clone()]), bytes(vec![two]));
        let other = block(&batch(vec![one.clone()]), &[MARK, 1]).unwrap().into_bytes();
        assert_ne!(bytes(vec![one]), other, "the mark tells equal batches apart");
    }

    #[test]
    fn each_shard_gets_its_rows_and_the_mark() {
        let observations: Vec<_> =
            (0..40).map(|number| observation(&format!("n{number}.example"), "A", "192.0.2.1", 1)).collect();
        let table = Table::new("d", "t".to_owned(), Some(Arc::new(Cluster::of(3))));
        let batch = batch(observations);
        let blocks = blocks(&batch, &[MARK, 7], &table).unwrap();
        let shards: Vec<Shard> = blocks.iter().map(|(shard, _)| *shard).collect();
        assert_eq!(shards, [Some(0), Some(1), Some(2)]);
        let rows: usize = blocks.iter().map(|(_, block)| block.rows()).sum();
        assert_eq!(rows, 40 * 2 + 3);
        let mut prefix = vec![RDATA];
        prefix.extend(key::address_prefix([192, 0, 2, 1].into()));
        let of_address = table.shard_of(&prefix);
        let (_, most) = blocks.iter().find(|(shard, _)| *shard == of_address).unwrap();
        assert!(most.rows() > 40, "all rows of the address are on one shard");
    }

    #[test]
    fn batches_for_one_version_have_one_label() {
        let mark =
            |input: &str, version, offset| label(&mark(&Position::new(input, offset), version, &[[1; 16]]));
        assert_eq!(mark("a", 1, 10), mark("a", 1, 20));
        assert_eq!(mark("a", 1, 10), label(&mark_prefix("a", 1)));
        assert_ne!(mark("a", 1, 10), mark("a", 2, 10));
        assert_ne!(mark("a", 1, 10), mark("b", 1, 10));
        assert_ne!(label(&random_mark().unwrap()), label(&random_mark().unwrap()));
    }

    #[test]
    fn a_target_that_is_named_twice_is_one_row() {
        let mut rows = Vec::new();
        let twice = observation("a.example", "RP", "x.example x.example", 1);
        push(&twice, [0; 16], SourceKind::Observation, &mut rows);
        assert_eq!(rows.len(), 2);
    }

    proptest! {
        #[test]
        fn the_owner_is_where_the_row_says(
            rrname in "[a-c]{1,3}(\\.[a-c]{1,2}){0,2}",
            data in prop_oneof![
                Just(("A", "192.0.2.1")), Just(("AAAA", "2001:db8::1")), Just(("SOA", "a.b c. 1 2 3 4 5")),
                Just(("MX", "10 mx.example")), Just(("TXT", "text")),
            ],
        ) {
            let mut rows = Vec::new();
            push(&observation(&rrname, data.0, data.1, 1), [0; 16], SourceKind::Zone, &mut rows);
            let mut owner = Vec::new();
            Name::parse(&rrname).unwrap().push_sort_key(&mut owner);
            for row in rows {
                let at = usize::from(row.owner_at) - 1;
                prop_assert!(row.key[at..].starts_with(&owner), "{:?}", row);
            }
        }

        #[test]
        fn the_identity_of_a_key_is_that_of_a_question(rrname in "[a-c]{1,3}(\\.[a-c]{1,2}){0,2}", number: u32) {
            let mut rows = Vec::new();
            let address = std::net::Ipv4Addr::from(number);
            push(&observation(&rrname, "A", &address.to_string(), 1), [0; 16], SourceKind::Zone, &mut rows);
            let mut owner = vec![OWNER];
            Name::parse(&rrname).unwrap().push_sort_key(&mut owner);
            let target = [&[RDATA][..], &key::address_prefix(address.into())].concat();
            let identities: Vec<_> = rows.iter().map(|row| identity(&row.key).unwrap()).collect();
            prop_assert_eq!(identities, [&*owner, &*target]);
        }

        #[test]
        fn marks_are_read_back(
            input in ".{0,20}", version: u64, offset: u64, whole: bool, digest: Option<[u8; 32]>,
            expires: Option<u64>, named in prop::collection::vec(any::<Id>(), 0..4),
        ) {
            let position = Position { digest, whole, expires, ..Position::new(&*input, offset) };
            let mark = mark(&position, version, &named);
            prop_assert!(mark.starts_with(&mark_prefix(&input, version)));
            prop_assert_eq!(read_mark(&mark), Some((Reached::at(&position), named)));
        }

        #[test]
        fn no_mark_panics(mark in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read_mark(&mark);
        }

        #[test]
        fn counts_saturate_and_come_back(count in any::<u64>(), high: u64, low: u64) {
            let halves = (count >> 32, count & 0xffff_ffff);
            prop_assert_eq!(super::count(SourceKind::Observation, halves.0, halves.1, 0, true), Some(count));
            prop_assert_eq!(super::count(SourceKind::Report, high, low, count, true), Some(count));
            prop_assert_eq!(super::count(SourceKind::Zone, high, low, count, false), None);
            prop_assert_eq!(super::count(SourceKind::Observation, 1 << 40, low, 0, true), Some(u64::MAX));
        }
    }
}

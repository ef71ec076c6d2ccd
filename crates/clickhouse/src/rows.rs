//! A batch as blocks of the table `entries`: [`blocks`] makes them, and [`Stored::read`] is one row of an answer.
//!
//! The table holds marks of batches ([`crate::mark`]), and each record once by owner ([`OWNER`]) and once for each different target of
//! its data ([`RDATA`]), told apart by the first byte of the key. A row has two states, so that a question opens few files:
//!
//! ```text
//!             of observations                    of reports and zones
//! largest     time_last × 2²⁴                    time_last × 2²⁴
//! maxForEach  1 if a count is known, 0 if none   the count + 1, 0 if none is known
//!             u64::MAX − time_first              u64::MAX − time_first
//! summed      the counts                         0, or 1 for a count of u64::MAX, which cannot be larger by 1
//! ```
//!
//! With this order, and because one time is shifted, the bytes that differ from row to row are side by side. Without that, LZ4 needs
//! 5 bytes more for a tuple. The sum of a report stays the same when rows are merged, so it takes next to no space.
//!
//! Times are limited to 2⁴⁰ − 1, which is in the year 36,812. Sums have 128 bits.
//!
//! On one server a batch is one block, on a cluster it is one for each shard. Nothing here fails, except that a batch may be too large.

use std::collections::BTreeMap;

use cof::{Batch, Observation, Source, SourceKind};
use store::StoreError;
use store::engine::{Side, Value, key};

use crate::binary::{Block, Column, Reader};
use crate::cluster::{Shard, Table};
use crate::sources::{self, Id};

/// The first byte of the keys of tuples by owner.
pub(crate) const OWNER: u8 = 2;
/// The first byte of the keys of tuples by the targets of their data.
pub(crate) const RDATA: u8 = 3;
/// The columns of a row in a query, as [`Stored::read`] reads them.
pub(crate) const COLUMNS: &str =
    "key, bailiwick, source, finalizeAggregation(largest), finalizeAggregation(summed)";

/// By how many bits the time last seen is shifted, and the largest time.
const SHIFT: u32 = 24;
const LATEST: u64 = u64::MAX >> SHIFT;
/// The largest block, in bytes; the server holds it in memory several times.
const LARGEST: usize = 512 << 20;
/// The source of a row that is no record.
const NOBODY: Id = [0; 16];

/// The first byte of the keys of an order.
pub(crate) fn first_byte(side: Side) -> u8 {
    match side {
        Side::Owner => OWNER,
        Side::Rdata => RDATA,
    }
}

/// The blocks of a batch for the shards of this table, without marks. Rows are sorted, and equal ones merged.
///
/// # Errors
/// [`StoreError::TooLarge`].
pub(crate) fn blocks(batch: &Batch, table: &Table) -> Result<Vec<(Shard, Block)>, StoreError> {
    let rows = Unsorted::of(batch);
    let sorted = rows.sorted();
    if sorted.is_empty() {
        return Ok(Vec::new());
    }
    let by_shard =
        if table.cluster().is_some() { rows.divided(sorted, table)? } else { [(None, sorted)].into() };
    let of_shard = |(shard, sorted): (Shard, Vec<Row>)| (shard, rows.block(&sorted, shard));
    let blocks: Vec<_> = by_shard.into_iter().map(of_shard).collect();
    let size: usize = blocks.iter().map(|(_, block)| block.size()).sum();
    if size > LARGEST { Err(StoreError::TooLarge) } else { Ok(blocks) }
}

/// The condition that a row, merged over all with its key, was last seen before a time.
pub(crate) fn last_seen_before(time: u64) -> String {
    if time > LATEST {
        return "1".to_owned();
    }
    format!("maxForEachMerge(largest)[1] < {}", time << SHIFT)
}

/// A block of keys without records.
pub(crate) fn keys_alone<'a>(keys: impl IntoIterator<Item = &'a [u8]>, shard: Shard) -> Block {
    block(keys.into_iter().map(Fields::alone), shard)
}

/// The columns of a block for this shard, as `INSERT` lists them.
pub(crate) fn columns(shard: Shard) -> String {
    keys_alone([&[][..]], shard).names()
}

/// The rows of a batch, in no order.
struct Unsorted {
    sources: Vec<(Id, SourceKind)>,
    /// One after the other.
    keys: Vec<u8>,
    rows: Vec<Row>,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Where its key begins and ends.
    key: (usize, usize),
    bailiwick: u8,
    /// The number of the source in the batch.
    source: usize,
    /// The place of the owner in the key, counted from 1 as SQL does.
    owner_at: u16,
    value: Value,
}

impl Unsorted {
    fn of(batch: &Batch) -> Self {
        let sources = batch.sources.iter().map(|source| (sources::id(source), source.kind)).collect();
        let number = batch.observations.len() * 2;
        let (keys, rows) = (Vec::with_capacity(number * 48), Vec::with_capacity(number));
        let mut all = Self { sources, keys, rows };
        for observation in &batch.observations {
            all.push(observation);
        }
        all
    }

    /// Adds the rows of an observation: one by owner, and one for each different target.
    fn push(&mut self, observation: &Observation) {
        let Observation { rrname, rrtype, rdata, bailiwick, source, .. } = observation;
        let bailiwick = key::bailiwick_labels(rrname, bailiwick.as_ref());
        let value = Value::of(observation);
        let mut row = Row { key: (0, 0), bailiwick, source: *source, owner_at: 2, value };
        row.key = self.key(OWNER, |key| key::push_owner_key(rrname, *rrtype, rdata, key));
        self.rows.push(row);
        let first = self.rows.len();
        for target in rdata.targets(*rrtype) {
            row.key = self.key(RDATA, |key| key::push_rdata_key(rrname, *rrtype, rdata, target, key));
            let bare = self.bytes(&row).get(1..).unwrap_or_default();
            row.owner_at = owner_at(bare).unwrap_or_default();
            let before = self.rows.get(first..).unwrap_or_default();
            if before.iter().all(|other| self.bytes(other) != self.bytes(&row)) {
                self.rows.push(row);
            }
        }
    }

    /// Adds a key.
    fn key(&mut self, byte: u8, push: impl FnOnce(&mut Vec<u8>)) -> (usize, usize) {
        let start = self.keys.len();
        self.keys.push(byte);
        push(&mut self.keys);
        (start, self.keys.len())
    }

    fn bytes(&self, row: &Row) -> &[u8] {
        self.keys.get(row.key.0..row.key.1).unwrap_or_default()
    }

    fn source(&self, row: &Row) -> (Id, SourceKind) {
        self.sources.get(row.source).copied().unwrap_or((NOBODY, SourceKind::Report))
    }

    fn place(&self, row: &Row) -> (&[u8], u8, Id) {
        (self.bytes(row), row.bailiwick, self.source(row).0)
    }

    /// The rows in order, and equal ones merged.
    fn sorted(&self) -> Vec<Row> {
        // Most keys differ in their first bytes, which are compared without following a reference.
        let mut order: Vec<(u128, &Row)> = self.rows.iter().map(|row| (head(self.bytes(row)), row)).collect();
        order.sort_unstable_by(|(head, row), (other, than)| {
            head.cmp(other).then_with(|| self.place(row).cmp(&self.place(than)))
        });
        let mut sorted: Vec<Row> = Vec::with_capacity(order.len());
        for (_, row) in order {
            match sorted.last_mut() {
                Some(last) if self.place(last) == self.place(row) => {
                    last.value.merge(row.value, self.source(row).1);
                }
                _ => sorted.push(*row),
            }
        }
        sorted
    }

    /// The rows of each shard that has some.
    fn divided(&self, sorted: Vec<Row>, table: &Table) -> Result<BTreeMap<Shard, Vec<Row>>, StoreError> {
        let mut by_shard: BTreeMap<Shard, Vec<Row>> = BTreeMap::new();
        for row in sorted {
            let shard = table.shard_of(identity(self.bytes(&row)).ok_or(StoreError::Damaged)?);
            by_shard.entry(shard).or_default().push(row);
        }
        Ok(by_shard)
    }

    fn block(&self, rows: &[Row], shard: Shard) -> Block {
        let fields = rows.iter().map(|row| {
            let (source, kind) = self.source(row);
            let Row { bailiwick, owner_at, value, .. } = *row;
            Fields { key: self.bytes(row), bailiwick, source, owner_at, value, kind }
        });
        block(fields, shard)
    }
}

/// The first bytes of a key, which compare as the keys do unless they are equal.
fn head(key: &[u8]) -> u128 {
    let mut head = [0; 16];
    let length = key.len().min(head.len());
    if let (Some(head), Some(key)) = (head.get_mut(..length), key.get(..length)) {
        head.copy_from_slice(key);
    }
    u128::from_be_bytes(head)
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

/// The place of the owner in an rdata key that has a byte before it, counted from 1.
fn owner_at(bare: &[u8]) -> Option<u16> {
    let before = key::target(bare)?.len() + key::Parts::of_rdata_key(bare)?.rrtype.len();
    u16::try_from(before + 2).ok()
}

/// What a row has besides its shard.
struct Fields<'a> {
    key: &'a [u8],
    bailiwick: u8,
    source: Id,
    owner_at: u16,
    value: Value,
    kind: SourceKind,
}

impl<'a> Fields<'a> {
    /// The row of a key without a record.
    fn alone(key: &'a [u8]) -> Self {
        let value = Value { first: 0, last: 0, count: None };
        let (bailiwick, kind) = (key::UNKNOWN_BAILIWICK, SourceKind::Report);
        Self { key, bailiwick, source: NOBODY, owner_at: 1, value, kind }
    }
}

fn block<'a>(rows: impl Iterator<Item = Fields<'a>>, shard: Shard) -> Block {
    let mut number = 0;
    let [mut keys, mut bailiwicks, mut ids, mut owners, mut largest, mut summed] =
        [(); 6].map(|()| Column::default());
    for Fields { key, bailiwick, source, owner_at, value: Value { first, last, count }, kind } in rows {
        number += 1;
        keys.string(key);
        bailiwicks.byte(bailiwick);
        ids.fixed(&source);
        owners.short(owner_at);
        let (most, sum) = match (count, kind) {
            (None, _) => (0, 0),
            (Some(count), SourceKind::Observation) => (1, count),
            (Some(count), SourceKind::Report | SourceKind::Zone) => {
                (count.saturating_add(1), (count == u64::MAX).into())
            }
        };
        largest.largest([last.min(LATEST) << SHIFT, most, u64::MAX - first.min(LATEST)]);
        summed.wide(sum.into());
    }
    Block::new(number)
        .with("key", "String", keys)
        .with("bailiwick", "UInt8", bailiwicks)
        .with("source", "FixedString(16)", ids)
        .with("owner_at", "UInt16", owners)
        .with("largest", "AggregateFunction(maxForEach, Array(UInt64))", largest)
        .with("summed", "AggregateFunction(sum, Decimal(38, 0))", summed)
        .on((0..number).map(|_| shard))
}

/// One row of an answer.
#[derive(Debug)]
pub(crate) struct Stored<'b> {
    pub(crate) key: &'b [u8],
    pub(crate) bailiwick: u8,
    pub(crate) id: Id,
    first: u64,
    last: u64,
    most: u64,
    summed: u128,
}

impl<'b> Stored<'b> {
    /// Reads one row of [`COLUMNS`] in the format `RowBinary`; `None` if there is none.
    pub(crate) fn read(reader: &mut Reader<'b>) -> Option<Self> {
        let (key, bailiwick, id) = (reader.string()?, reader.byte()?, reader.fixed()?);
        if reader.length()? != 3 {
            return None;
        }
        let (last, most, first) = (reader.number()? >> SHIFT, reader.number()?, u64::MAX - reader.number()?);
        let summed = u128::from_le_bytes(reader.fixed()?);
        Some(Self { key, bailiwick, id, first, last, most, summed })
    }

    /// The times and the count, for a source of this kind.
    pub(crate) fn value(&self, source: &Source) -> Value {
        let count = match source.kind {
            SourceKind::Observation => {
                (self.most > 0).then(|| u64::try_from(self.summed).unwrap_or(u64::MAX))
            }
            SourceKind::Report | SourceKind::Zone if self.summed > 0 => Some(u64::MAX),
            SourceKind::Report | SourceKind::Zone => self.most.checked_sub(1),
        };
        Value { first: self.first, last: self.last, count }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cof::{Name, Rdata, RrType};
    use proptest::prelude::*;

    use super::*;
    use crate::cluster::Cluster;
    use crate::mark::MARK;

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

    fn alone() -> Table {
        Table::new("d", "t".to_owned(), None)
    }

    #[test]
    fn the_order_of_observations_never_shows() {
        let one = observation("a.example", "A", "192.0.2.1", 1);
        let two = observation("b.example", "NS", "ns.example", 2);
        let bytes = |observations| {
            let blocks = blocks(&batch(observations), &alone()).unwrap();
            blocks.into_iter().map(|(_, block)| block.into_bytes()).collect::<Vec<_>>()
        };
        assert_eq!(bytes(vec![one.clone(), two.clone()]), bytes(vec![two.clone(), one.clone()]));
        let three = observation("a.example", "A", "192.0.2.1", 3);
        let four = observation("a.example", "A", "192.0.2.1", 4);
        assert_eq!(bytes(vec![one.clone(), three]), bytes(vec![four]), "equal rows are merged");
        assert_ne!(bytes(vec![one]), bytes(vec![two]));
    }

    #[test]
    fn a_batch_without_observations_has_no_block() {
        let many = Table::new("d", "t".to_owned(), Some(Arc::new(Cluster::of(3))));
        for table in [alone(), many] {
            assert!(blocks(&batch(Vec::new()), &table).unwrap().is_empty());
        }
    }

    #[test]
    fn each_shard_gets_its_rows() {
        let observations: Vec<_> =
            (0..40).map(|number| observation(&format!("n{number}.example"), "A", "192.0.2.1", 1)).collect();
        let table = Table::new("d", "t".to_owned(), Some(Arc::new(Cluster::of(3))));
        let blocks = blocks(&batch(observations), &table).unwrap();
        let shards: Vec<Shard> = blocks.iter().map(|(shard, _)| *shard).collect();
        assert_eq!(shards, [Some(0), Some(1), Some(2)]);
        let rows: usize = blocks.iter().map(|(_, block)| block.rows()).sum();
        assert_eq!(rows, 40 * 2);
        let mut prefix = vec![RDATA];
        prefix.extend(key::address_prefix([192, 0, 2, 1].into()));
        let of_address = table.shard_of(&prefix);
        let (_, most) = blocks.iter().find(|(shard, _)| *shard == of_address).unwrap();
        assert!(most.rows() >= 40, "all rows of the address are on one shard");
    }

    #[test]
    fn a_target_that_is_named_twice_is_one_row() {
        let batch = batch(vec![observation("a.example", "RP", "x.example x.example", 1)]);
        assert_eq!(Unsorted::of(&batch).rows.len(), 2);
    }

    /// A row as a server sends it, from its block.
    fn answered(value: Value, kind: SourceKind) -> Vec<u8> {
        let fields = Fields { key: b"k", bailiwick: 1, source: [7; 16], owner_at: 2, value, kind };
        let mut bytes = b"\x01k\x01".to_vec();
        bytes.extend([7; 16]);
        let block = block(std::iter::once(fields), None).into_bytes();
        let (_, largest) = split(&block, b"Array(UInt64))");
        bytes.push(3);
        for number in 0..3 {
            bytes.extend(&largest[8 + number * 9 + 1..8 + number * 9 + 9]);
        }
        bytes.extend(split(&block, b"Decimal(38, 0))").1);
        bytes
    }

    fn split<'b>(bytes: &'b [u8], at: &[u8]) -> (&'b [u8], &'b [u8]) {
        let place = bytes.windows(at.len()).position(|window| window == at).unwrap();
        (&bytes[..place], &bytes[place + at.len()..])
    }

    #[test]
    fn a_key_alone_has_the_columns_of_a_record() {
        let keys: [&[u8]; 2] = [&[MARK, 1], &[MARK, 2]];
        let block = keys_alone(keys, None);
        assert_eq!(block.rows(), 2);
        assert_eq!(block.names(), "key, bailiwick, source, owner_at, largest, summed");
        assert_eq!(columns(Some(0)), "key, bailiwick, source, owner_at, largest, summed, shard");
    }

    proptest! {
        #[test]
        fn a_row_reads_back_as_it_was_written(
            first in 0..=LATEST, last in 0..=LATEST, at in 0..3_usize,
            count in prop_oneof![any::<Option<u64>>(), Just(Some(u64::MAX)), Just(Some(u64::MAX - 1)), Just(Some(0))],
        ) {
            let kind = [SourceKind::Observation, SourceKind::Report, SourceKind::Zone][at];
            let value = Value { first, last, count };
            let bytes = answered(value, kind);
            let mut reader = Reader::new(&bytes);
            let row = Stored::read(&mut reader).unwrap();
            prop_assert!(reader.is_at_end());
            let source = Source { kind, origin: None, sensor: None };
            prop_assert_eq!(row.value(&source), value);
            prop_assert_eq!((row.key, row.bailiwick, row.id), (&b"k"[..], 1, [7; 16]));
        }

        #[test]
        fn a_sum_that_is_too_large_is_the_largest_count(more in 1_u64..) {
            let value = Value { first: 10, last: u64::MAX, count: Some(0) };
            let mut bytes = answered(value, SourceKind::Observation);
            let at = bytes.len() - 16;
            bytes[at..].copy_from_slice(&(u128::from(u64::MAX) + u128::from(more)).to_le_bytes());
            let source = Source { kind: SourceKind::Observation, origin: None, sensor: None };
            let row = Stored::read(&mut Reader::new(&bytes)).unwrap();
            prop_assert_eq!(row.value(&source), Value { last: LATEST, count: Some(u64::MAX), ..value });
        }

        #[test]
        fn heads_compare_as_keys_do(one in prop::collection::vec(0_u8..3, 0..20), two in prop::collection::vec(0_u8..3, 0..20)) {
            let order = head(&one).cmp(&head(&two)).then_with(|| one.cmp(&two));
            prop_assert_eq!(order, one.cmp(&two));
        }

        #[test]
        fn the_owner_is_where_the_row_says(
            rrname in "[a-c]{1,3}(\\.[a-c]{1,2}){0,2}",
            data in prop_oneof![
                Just(("A", "192.0.2.1")), Just(("AAAA", "2001:db8::1")), Just(("SOA", "a.b c. 1 2 3 4 5")),
                Just(("MX", "10 mx.example")), Just(("TXT", "text")),
            ],
        ) {
            let batch = batch(vec![observation(&rrname, data.0, data.1, 1)]);
            let rows = Unsorted::of(&batch);
            let mut owner = Vec::new();
            Name::parse(&rrname).unwrap().push_sort_key(&mut owner);
            for row in &rows.rows {
                let at = usize::from(row.owner_at) - 1;
                prop_assert!(rows.bytes(row)[at..].starts_with(&owner), "{:?}", row);
            }
        }

        #[test]
        fn the_identity_of_a_key_is_that_of_a_question(rrname in "[a-c]{1,3}(\\.[a-c]{1,2}){0,2}", number: u32) {
            let address = std::net::Ipv4Addr::from(number);
            let batch = batch(vec![observation(&rrname, "A", &address.to_string(), 1)]);
            let rows = Unsorted::of(&batch);
            let mut owner = vec![OWNER];
            Name::parse(&rrname).unwrap().push_sort_key(&mut owner);
            let target = [&[RDATA][..], &key::address_prefix(address.into())].concat();
            let identities: Vec<_> = rows.rows.iter().map(|row| identity(rows.bytes(row)).unwrap()).collect();
            prop_assert_eq!(identities, [&*owner, &*target]);
        }
    }
}

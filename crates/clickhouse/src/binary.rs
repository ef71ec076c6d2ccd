//! ClickHouse's binary formats: [`Block`] writes `Native`, [`Reader`] reads `RowBinary`.
//!
//! A block in `Native` begins with its number of rows, so one that was cut on the way is never taken for a shorter one. Numbers are
//! little-endian, lengths are LEB128. [`Reader`] returns `None` for bytes that end early.

/// The bytes of a column.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column(Vec<u8>);

/// Columns of one block.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    rows: usize,
    columns: Vec<(&'static str, &'static str, Column)>,
}

impl Column {
    pub(crate) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn short(&mut self, number: u16) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(crate) fn fixed(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn string(&mut self, bytes: &[u8]) {
        push_length(bytes.len(), &mut self.0);
        self.0.extend_from_slice(bytes);
    }

    #[cfg(test)]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The state of `sum` of one decimal number with 38 digits.
    pub(crate) fn wide(&mut self, number: u128) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// The state of `maxForEach` of one array.
    pub(crate) fn largest(&mut self, numbers: impl AsRef<[u64]>) {
        let numbers = numbers.as_ref();
        self.number(numbers.len() as u64);
        for number in numbers {
            self.byte(1);
            self.number(*number);
        }
    }
}

impl Block {
    /// A block without columns.
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// Adds a column with its name and type, which has as many values as the block has rows.
    pub(crate) fn with(mut self, name: &'static str, kind: &'static str, column: Column) -> Self {
        self.columns.push((name, kind, column));
        self
    }

    /// Adds the column `shard`, which only tables on a cluster have.
    pub(crate) fn on(self, shards: impl Iterator<Item = Option<u16>>) -> Self {
        let mut column = Column::default();
        for shard in shards.flatten() {
            column.short(shard);
        }
        if column.0.is_empty() { self } else { self.with("shard", "UInt16", column) }
    }

    /// The names of the columns, as `INSERT` lists them.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _, _)| *name).collect();
        names.join(", ")
    }

    /// The number of its rows.
    #[cfg(test)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The number of its bytes, about.
    pub(crate) fn size(&self) -> usize {
        self.columns.iter().map(|(_, _, column)| column.0.len()).sum()
    }

    /// The block in the format `Native`.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        Self { rows: 0, columns: Vec::new() }.bytes_before(&self)
    }

    /// The rows of this block and then those of another one with the same columns, in the format `Native`.
    pub(crate) fn bytes_before(&self, rest: &Self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.size() + rest.size() + 1_024);
        push_length(rest.columns.len(), &mut bytes);
        push_length(self.rows + rest.rows, &mut bytes);
        let mut first = self.columns.iter();
        for (name, kind, column) in &rest.columns {
            for text in [name, kind] {
                push_length(text.len(), &mut bytes);
                bytes.extend_from_slice(text.as_bytes());
            }
            bytes.extend_from_slice(first.next().map_or(&[], |(_, _, column)| &column.0));
            bytes.extend_from_slice(&column.0);
        }
        bytes
    }
}

fn push_length(length: usize, bytes: &mut Vec<u8>) {
    let mut rest = length;
    while rest >= 0x80 {
        bytes.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap_or_default());
}

/// Reads values one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.fixed()?))
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        self.take(length)
    }

    /// A text; `None` also for one that is not UTF-8.
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// A length, or the number of values that follow.
    pub(crate) fn length(&mut self) -> Option<usize> {
        let mut length = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(length).ok();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_block_names_its_columns() {
        let (mut one, mut two) = (Column::default(), Column::default());
        one.string(b"ab");
        two.largest([258]);
        let kind = "AggregateFunction(maxForEach, Array(UInt64))";
        let block = Block::new(1).with("a", "String", one).with("b", kind, two);
        assert_eq!(block.names(), "a, b");
        let bytes = block.into_bytes();
        assert_eq!(bytes[..15], *b"\x02\x01\x01a\x06String\x02ab\x01");
        assert_eq!(bytes[bytes.len() - 17..], [1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_block_before_another_is_one_block() {
        let block = |texts: &[&[u8]]| {
            let mut column = Column::default();
            for text in texts {
                column.string(text);
            }
            Block::new(texts.len()).with("a", "String", column).on(texts.iter().map(|_| Some(258)))
        };
        let whole = block(&[b"one", b"two", b"three"]).into_bytes();
        assert_eq!(block(&[b"one"]).bytes_before(&block(&[b"two", b"three"])), whole);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            text in prop::collection::vec(any::<u8>(), 0..400), number: u64, fixed: [u8; 16],
        ) {
            let mut column = Column::default();
            column.string(&text);
            column.number(number);
            column.fixed(&fixed);
            let mut reader = Reader::new(&column.0);
            prop_assert_eq!(reader.string(), Some(&*text));
            prop_assert_eq!(reader.number(), Some(number));
            prop_assert_eq!(reader.fixed(), Some(fixed));
            prop_assert!(reader.is_at_end());
            for end in 0..column.0.len() {
                let mut cut = Reader::new(&column.0[..end]);
                let read = cut.string().and_then(|_| cut.number()).and_then(|_| cut.fixed::<16>());
                prop_assert_eq!(read, None);
            }
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while reader.string().is_some() && reader.number().is_some() {}
        }
    }
}

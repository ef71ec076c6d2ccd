//! The positions of inputs: [`Inputs`] reads and writes the table `inputs`.
//!
//! Every change of an input is a new row with a higher version; the highest counts. An input that was forgotten keeps a row that says
//! so, because its next position must not have a version that was used before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cof::Digest;
use store::{Held, MAX_WHOLES, Reached, StoreError};

use crate::binary::{Block, Column, Reader};
use crate::cluster::Table;
use crate::link::Link;
use crate::literal;
use crate::sources::Id;

/// How many inputs are forgotten with one insert.
const AT_ONCE: usize = 10_000;
/// How many ids of sources one query searches for.
const IDS: usize = 500;
/// For how long what expires next is remembered, in seconds: other processes may add inputs.
const LOOK_AGAIN: u64 = 3_600;
/// The longest answer with names of inputs, in bytes.
const MOST: usize = 64 << 20;

/// An input as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Input {
    /// 0 for one that was never stored.
    pub(crate) version: u64,
    /// `None` for one that was never stored, or was forgotten.
    pub(crate) reached: Option<Reached>,
    /// The sources that it named, sorted, each once.
    pub(crate) named: Vec<Id>,
}

/// The inputs of a database.
#[derive(Debug)]
pub(crate) struct Inputs {
    table: Table,
    takes_tokens: bool,
    /// Nothing expires before this time, as far as this process knows.
    due: AtomicU64,
}

impl Inputs {
    pub(crate) fn new(table: Table, takes_tokens: bool) -> Self {
        Self { table, takes_tokens, due: AtomicU64::new(0) }
    }

    /// The stored state of an input.
    ///
    /// # Errors
    /// Those of [`Link::ask`].
    pub(crate) fn get(&self, link: &Link, input: &str) -> Result<Input, StoreError> {
        let shard = self.table.shard_of(input.as_bytes());
        let sql = format!(
            "SELECT version, gone, offset, digest, whole, has_expires, expires, named {} input = {} FORMAT RowBinary",
            self.table.from(shard, true),
            literal::text(input.as_bytes())
        );
        let reply = link.select(sql, MOST, &[]).map_err(|error| self.table.of_shard(shard, error))?;
        if reply.body.is_empty() {
            return Ok(Input::default());
        }
        decode(&reply.body).ok_or_else(|| link.strange("something else than a position"))
    }

    /// Stores the next state of an input.
    ///
    /// # Errors
    /// Those of [`Link::insert`].
    pub(crate) fn put(&self, link: &Link, name: &str, input: &Input) -> Result<(), StoreError> {
        if let Some(expires) = input.reached.and_then(|reached| reached.expires) {
            self.due.fetch_min(expires, Ordering::Relaxed);
        }
        self.put_all(link, &[(name, input)])
    }

    fn put_all(&self, link: &Link, inputs: &[(&str, &Input)]) -> Result<(), StoreError> {
        let block = block(inputs).on(inputs.iter().map(|(name, _)| self.table.shard_of(name.as_bytes())));
        let token = self.takes_tokens.then(|| {
            let mut hasher = blake3::Hasher::new();
            for (name, input) in inputs {
                let reached = input.reached.map_or(u64::MAX, |reached| reached.offset);
                hasher.update(&input.version.to_le_bytes());
                hasher.update(&reached.to_le_bytes());
                hasher.update(&(name.len() as u64).to_le_bytes());
                hasher.update(name.as_bytes());
            }
            hasher.finalize().to_hex().to_string()
        });
        link.insert(&self.table.whole(), block, token)
    }

    /// The names of the whole inputs with this digest that do not expire, sorted.
    ///
    /// # Errors
    /// Those of [`Link::select`].
    pub(crate) fn wholes(&self, link: &Link, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        let sql = format!(
            "SELECT input {} gone = 0 AND whole = 1 AND has_expires = 0 AND digest = {} ORDER BY input LIMIT {MAX_WHOLES} FORMAT RowBinary",
            self.table.from(None, true),
            literal::text(digest)
        );
        names(link, sql)
    }

    /// Forgets what expires at this time or earlier, and returns how many there were.
    ///
    /// # Errors
    /// Those of [`Link::select`] and [`Link::insert`].
    pub(crate) fn forget_expired(&self, link: &Link, now: u64) -> Result<u64, StoreError> {
        if now < self.due.load(Ordering::Relaxed) {
            return Ok(0);
        }
        let soon = now.saturating_add(LOOK_AGAIN);
        self.due.store(soon, Ordering::Relaxed);
        let forgotten = self
            .forget_where(link, &format!("has_expires = 1 AND expires <= {now}"))
            .inspect_err(|_| self.due.store(0, Ordering::Relaxed))?;
        let answer = link.ask(format!(
            "SELECT count(), min(expires) {} gone = 0 AND has_expires = 1 FORMAT RowBinary",
            self.table.from(None, true)
        ))?;
        let mut answer = Reader::new(&answer);
        if let (Some(1..), Some(next)) = (answer.number(), answer.number()) {
            self.due.fetch_min(next, Ordering::Relaxed);
        }
        Ok(forgotten)
    }

    /// Forgets the inputs that named one of these sources.
    ///
    /// # Errors
    /// As [`Self::forget_expired`].
    pub(crate) fn forget_that_named(&self, link: &Link, ids: &[Id]) -> Result<(), StoreError> {
        for ids in ids.chunks(IDS) {
            let literals: Vec<String> = ids.iter().map(|id| literal::text(id)).collect();
            let named: Vec<String> =
                literals.iter().map(|id| ["position(named, ", &**id, ") > 0"].concat()).collect();
            self.forget_where(link, &format!("({})", named.join(" OR ")))?;
        }
        Ok(())
    }

    fn forget_where(&self, link: &Link, condition: &str) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let sql = format!(
                "SELECT input, version {} gone = 0 AND {condition} ORDER BY input LIMIT {AT_ONCE} FORMAT RowBinary",
                self.table.from(None, true)
            );
            let reply = link.select(sql, MOST, &[])?;
            let mut reader = Reader::new(&reply.body);
            let mut gone = Vec::new();
            while !reader.is_at_end() {
                let row = reader.text().zip(reader.number());
                let (name, version) = row.ok_or_else(|| link.strange("something else than inputs"))?;
                gone.push((name, Input { version: version.saturating_add(1), ..Input::default() }));
            }
            let inputs: Vec<(&str, &Input)> = gone.iter().map(|(name, input)| (*name, input)).collect();
            if !inputs.is_empty() {
                self.put_all(link, &inputs)?;
            }
            forgotten += inputs.len() as u64;
            if inputs.len() < AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    /// How much is remembered.
    ///
    /// # Errors
    /// Those of [`Link::ask`].
    pub(crate) fn held(&self, link: &Link) -> Result<Held, StoreError> {
        let answer = link.ask(format!(
            "SELECT count(), sum(has_expires), sum(length(named)) {} gone = 0 FORMAT RowBinary",
            self.table.from(None, true)
        ))?;
        let mut answer = Reader::new(&answer);
        let mut number = || {
            let number = answer.number().and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| link.strange("something else than numbers"))
        };
        let (inputs, expiring, named) = (number()?, number()?, number()?);
        Ok(Held { inputs, expiring, named: named / size_of::<Id>(), is_known: false })
    }
}

impl Input {
    /// The next state after a batch that reached this and named these sources.
    pub(crate) fn next(&self, reached: Reached, named: &[Id]) -> Self {
        let mut all = [&*self.named, named].concat();
        all.sort_unstable();
        all.dedup();
        Self { version: self.version.saturating_add(1), reached: Some(reached), named: all }
    }

    /// The next state if what is known about the input is forgotten.
    pub(crate) fn gone(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..Self::default() }
    }
}

fn names(link: &Link, sql: String) -> Result<Vec<Arc<str>>, StoreError> {
    let reply = link.select(sql, MOST, &[])?;
    let mut reader = Reader::new(&reply.body);
    let mut names = Vec::new();
    while !reader.is_at_end() {
        let name = reader.text().ok_or_else(|| link.strange("something else than names of inputs"))?;
        names.push(name.into());
    }
    Ok(names)
}

fn block(inputs: &[(&str, &Input)]) -> Block {
    let [mut names, mut versions, mut gone, mut offsets, mut digests] = [(); 5].map(|()| Column::default());
    let [mut wholes, mut has_expires, mut expires, mut ids] = [(); 4].map(|()| Column::default());
    for (name, input) in inputs {
        let reached =
            input.reached.unwrap_or(Reached { offset: 0, digest: None, whole: false, expires: None });
        names.string(name.as_bytes());
        versions.number(input.version);
        gone.byte(input.reached.is_none().into());
        offsets.number(reached.offset);
        digests.string(reached.digest.as_ref().map_or(&[], |digest| &digest[..]));
        wholes.byte(reached.whole.into());
        has_expires.byte(reached.expires.is_some().into());
        expires.number(reached.expires.unwrap_or_default());
        ids.string(&input.named.concat());
    }
    Block::new(inputs.len())
        .with("input", "String", names)
        .with("version", "UInt64", versions)
        .with("gone", "UInt8", gone)
        .with("offset", "UInt64", offsets)
        .with("digest", "String", digests)
        .with("whole", "UInt8", wholes)
        .with("has_expires", "UInt8", has_expires)
        .with("expires", "UInt64", expires)
        .with("named", "String", ids)
}

/// One row; `None` for anything that [`block`] did not write.
fn decode(bytes: &[u8]) -> Option<Input> {
    let mut reader = Reader::new(bytes);
    let (version, gone, offset) = (reader.number()?, reader.byte()? == 1, reader.number()?);
    let digest = reader.string()?;
    let digest = if digest.is_empty() { None } else { Some(digest.try_into().ok()?) };
    let whole = reader.byte()? == 1;
    let (has_expires, expires) = (reader.byte()? == 1, reader.number()?);
    let (named, rest) = reader.string()?.as_chunks();
    let reached = Reached { offset, digest, whole, expires: has_expires.then_some(expires) };
    let is_whole = rest.is_empty() && reader.is_at_end();
    is_whole.then(|| Input { version, reached: (!gone).then_some(reached), named: named.to_vec() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_state_has_a_version_of_its_own_and_sources_add_up() {
        let reached = Reached { offset: 1, digest: None, whole: false, expires: None };
        let one = Input::default().next(reached, &[[2; 16], [1; 16]]);
        let two = one.next(Reached { offset: 2, ..reached }, &[[1; 16], [3; 16]]);
        assert_eq!((one.version, two.version), (1, 2));
        assert_eq!(two.named, [[1; 16], [2; 16], [3; 16]]);
    }

    proptest! {
        #[test]
        fn no_row_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = decode(&bytes);
        }
    }
}

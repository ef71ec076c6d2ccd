//! Questions to the maps of [`super::Memory`]: which tuples are read, in which order, and what of them is sent.
//!
//! [`Row`]s are lazy: a page reads one row more than it sends. Nothing here fails but the decoding of a key.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use cof::RrType;

use super::{Entry, State};
use crate::key::{self, Parts};
use crate::merge::Merged;
use crate::range::{KeyRange, Scan};
use crate::{Cursor, Page, Question, StoreError};

/// A tuple on the way to a reader.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The key in the order that is being read.
    key: &'a [u8],
    parts: Parts<'a>,
    pub(super) merged: Merged<'a>,
}

impl State {
    pub(super) fn page(&self, question: &Question) -> Result<Page, StoreError> {
        let limit = question.rows();
        let mut rows = self.rows(question, question.cursor.as_ref());
        let sent: Vec<_> = rows.by_ref().take(limit).collect();
        let more = rows.next().is_some();
        let next = sent.last().filter(|_| more).map(|last| self.cursor_behind(last.key, question));
        let records = sent.iter().map(|row| row.merged.record(row.parts)).collect::<Result<_, _>>()?;
        Ok(Page { records, next, more, limit })
    }

    pub(super) fn newest(&self, question: &Question) -> Result<Page, StoreError> {
        let limit = question.rows();
        let mut best = BTreeMap::new();
        let mut more = false;
        for row in self.rows(question, None) {
            best.insert((Reverse(row.merged.span().1), row.key), row);
            if best.len() > limit {
                best.pop_last();
                more = true;
            }
        }
        let records = best.values().map(|row| row.merged.record(row.parts)).collect::<Result<_, _>>()?;
        Ok(Page { records, next: None, more, limit })
    }

    fn cursor_behind(&self, key: &[u8], question: &Question) -> Cursor {
        let shared = Cursor::shared(key);
        let behind = match key.len() {
            len if len == shared.len() => 1,
            _ => self.scan(question, shared).take_while(|row| row.key <= key).count(),
        };
        Cursor::new(key, u32::try_from(behind).unwrap_or(u32::MAX))
    }

    /// The rows that the question asks for, behind the cursor, in key order.
    pub(super) fn rows<'a>(
        &'a self,
        question: &'a Question,
        cursor: Option<&'a Cursor>,
    ) -> impl Iterator<Item = Row<'a>> + 'a {
        let mut behind = cursor.map_or(0, Cursor::behind);
        let from = cursor.map(Cursor::key).unwrap_or_default();
        let rrtypes = encoded(question);
        self.scan(question, from)
            .skip_while(move |row| {
                let skip = behind > 0 && row.key.starts_with(from);
                behind = behind.saturating_sub(1);
                skip
            })
            .filter(move |row| rrtypes.is_empty() || rrtypes.iter().any(|rrtype| *rrtype == row.parts.rrtype))
            .filter(|row| row.is_within(question))
    }

    /// Every tuple of the question's subject from a key on.
    fn scan<'a>(&'a self, question: &'a Question, from: &'a [u8]) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        match Scan::of(&question.subject) {
            Scan::Owner(range) => Box::new(self.by_owner(&range.not_before(from))),
            Scan::Rdata(range) => Box::new(self.by_rdata(&range.not_before(from))),
            Scan::NamesOn(address) => Box::new(self.names_on(address, question, from)),
        }
    }

    fn by_owner(&self, range: &KeyRange) -> impl Iterator<Item = Row<'_>> + use<'_> {
        let found = range.bounds().map(|bounds| self.tuples.range::<[u8], _>(bounds));
        // Only whole keys are ever put in.
        found.into_iter().flatten().filter_map(|(key, entries)| Row::of_owner_key(key, entries))
    }

    fn by_rdata(&self, range: &KeyRange) -> impl Iterator<Item = Row<'_>> + use<'_> {
        let found = range.bounds().map(|bounds| self.by_rdata.range::<[u8], _>(bounds));
        found.into_iter().flatten().filter_map(|key| {
            let parts = Parts::of_rdata_key(key)?;
            Some(Row::new(key, parts, self.tuples.get(&*parts.owner_key())?))
        })
    }

    /// The tuples of each owner of a tuple with the address; owners come in order, for the address decides the type.
    fn names_on<'a>(
        &'a self,
        address: IpAddr,
        question: &'a Question,
        from: &'a [u8],
    ) -> impl Iterator<Item = Row<'a>> + 'a {
        self.by_rdata(&range_of_owners(address, from))
            .filter(|row| row.is_within(question))
            .flat_map(move |row| self.by_owner(&KeyRange::prefix(row.parts.owner.to_vec()).not_before(from)))
    }
}

/// The rdata keys of an address from the owner on at which this owner key stands.
fn range_of_owners(address: IpAddr, from: &[u8]) -> KeyRange {
    let prefix = key::address_prefix(address);
    let mut start = prefix.clone();
    key::push_rrtype(if address.is_ipv4() { RrType::A } else { RrType::AAAA }, &mut start);
    start.extend_from_slice(key::split_name(from).map_or(from, |(owner, _)| owner));
    KeyRange::prefix(prefix).not_before(&start)
}

fn encoded(question: &Question) -> Vec<Vec<u8>> {
    let encode = |rrtype: &RrType| {
        let mut octets = Vec::new();
        key::push_rrtype(*rrtype, &mut octets);
        octets
    };
    question.rrtypes.iter().map(encode).collect()
}

impl<'a> Row<'a> {
    fn new(key: &'a [u8], parts: Parts<'a>, entries: &'a [Entry]) -> Self {
        let words = entries.iter().map(|entry| (entry.bailiwick, &*entry.source, entry.value));
        Self { key, parts, merged: Merged::of(words) }
    }

    pub(super) fn of_owner_key(key: &'a [u8], entries: &'a [Entry]) -> Option<Self> {
        Some(Self::new(key, Parts::of_owner_key(key)?, entries))
    }

    fn is_within(&self, question: &Question) -> bool {
        let (first, last) = self.merged.span();
        question.fences.admit(first, last)
    }
}

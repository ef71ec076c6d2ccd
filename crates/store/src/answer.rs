//! Answers queries from two sorted sets of keys: determines which tuples are read, in which order, and what of them is
//! returned.
//!
//! An engine provides [`Tuples`], which iterates over a range of either order; pages, the newest rows and summaries are the
//! same for all engines. Rows are created one at a time: a page reads one row more than it returns.
//!
//! Errors are those of the engine, [`StoreError::Damaged`] for a key that cannot be split, and [`StoreError::NotPaged`].

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use cof::{Record, RrType};

use crate::key::{self, Parts};
use crate::range::{KeyRange, Scan};
use crate::row::{Merged, Word};
use crate::{Apart, Cursor, Order, Page, Question, StoreError, Summary};

/// Every tuple twice, sorted by owner and by the targets of its data, at one moment.
pub trait Tuples {
    /// The tuples of a range of one order.
    ///
    /// # Errors
    /// Errors of the engine.
    fn walk(&self, side: Side, range: &KeyRange) -> Result<Box<dyn Walk<'_> + '_>, StoreError>;
}

/// One of the two orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Sorted by the name that owns the record.
    Owner,
    /// Sorted by the target of its data.
    Rdata,
}

/// Iterates over tuples; it has no current tuple before the first [`Walk::advance`].
pub trait Walk<'a> {
    /// Moves to the next tuple; `false` if there is none.
    ///
    /// # Errors
    /// Errors of the engine.
    fn advance(&mut self) -> Result<bool, StoreError>;
    /// The key of this tuple in the order of the walk.
    fn key(&self) -> &[u8];
    /// Appends all words of this tuple, in any order.
    ///
    /// # Errors
    /// Errors of the engine.
    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError>;
}

/// [`crate::Store::lookup`] on tuples.
///
/// # Errors
/// Errors of the engine, [`StoreError::Damaged`], and [`StoreError::NotPaged`].
pub fn lookup(tuples: &impl Tuples, question: &Question) -> Result<Page, StoreError> {
    match (question.order, &question.cursor) {
        (Order::Key, _) => page(tuples, question),
        (Order::NewestFirst, None) => newest(tuples, question),
        (Order::NewestFirst, Some(_)) => Err(StoreError::NotPaged),
    }
}

/// [`crate::Store::summarise`] on tuples.
///
/// # Errors
/// Errors of the engine, and [`StoreError::Damaged`].
pub fn summarise(tuples: &impl Tuples, question: &Question) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    let mut rows = Rows::new(tuples, question, None)?;
    while rows.advance()? == Step::Row {
        summary.add(&rows.merged());
    }
    Ok(summary)
}

fn page(tuples: &impl Tuples, question: &Question) -> Result<Page, StoreError> {
    let limit = question.rows();
    let mut records = Vec::new();
    let mut rows = Rows::new(tuples, question, question.cursor.as_ref())?;
    rows.reach = question.reach.max(1);
    let mut last = Place::default();
    let ended = loop {
        match rows.advance()? {
            Step::Row if records.len() < limit => {
                records.push(rows.record()?);
                if records.len() == limit {
                    last = rows.place();
                }
            }
            Step::Reached if records.len() < limit => {
                last = rows.place();
                break false;
            }
            Step::End => break true,
            Step::Reached | Step::Row => break false,
        }
    };
    let next = if ended { None } else { Some(cursor_behind(tuples, question, &last)?) };
    Ok(Page { records, more: next.is_some(), next, limit })
}

fn newest(tuples: &impl Tuples, question: &Question) -> Result<Page, StoreError> {
    let limit = question.rows();
    let mut best: BTreeMap<(Reverse<u64>, Place), Record> = BTreeMap::new();
    let mut more = false;
    let mut rows = Rows::new(tuples, question, None)?;
    while rows.advance()? == Step::Row {
        let last_seen = Reverse(rows.merged().span().1);
        // Of equal rows, the first by key is kept, because keys are read in order.
        let full = best.len() == limit;
        if full && best.last_key_value().is_some_and(|((worst, _), _)| *worst <= last_seen) {
            more = true;
            continue;
        }
        best.insert((last_seen, rows.place()), rows.record()?);
        if full {
            best.pop_last();
            more = true;
        }
    }
    Ok(Page { records: best.into_values().collect(), next: None, more, limit })
}

/// The position of a row among the rows of the tuples that are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    key: Vec<u8>,
    /// The number of the row in its tuple, from 1.
    ordinal: u32,
}

fn cursor_behind(tuples: &impl Tuples, question: &Question, last: &Place) -> Result<Cursor, StoreError> {
    let shared = Cursor::shared(&last.key);
    let mut behind = last.ordinal;
    if shared.len() < last.key.len() {
        behind = 0;
        let start = Cursor::new(&last.key, 0);
        let mut rows = Rows::new(tuples, question, Some(&start))?;
        while rows.step()? == Step::Row && rows.place() <= *last {
            behind = behind.saturating_add(1);
        }
    }
    Ok(Cursor::new(&last.key, behind))
}

/// The rows of a query after a cursor, in key order, one at a time.
struct Rows<'a> {
    scan: Tour<'a>,
    question: &'a Question,
    rrtypes: Vec<Vec<u8>>,
    from: &'a [u8],
    /// How many rows with keys that begin with `from` still have to be skipped.
    behind: u32,
    /// How many more tuples may be read.
    reach: usize,
    /// The words of this tuple, sorted so that those of a row are adjacent.
    words: Vec<Word<'a>>,
    /// The range of this row in `words`.
    row: (usize, usize),
    ordinal: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    End,
    Reached,
    Row,
}

impl<'a> Rows<'a> {
    fn new(
        tuples: &'a impl Tuples,
        question: &'a Question,
        cursor: Option<&'a Cursor>,
    ) -> Result<Self, StoreError> {
        let from = cursor.map(Cursor::key).unwrap_or_default();
        Ok(Self {
            scan: Tour::begin(tuples, question, from)?,
            question,
            rrtypes: question.rrtypes.iter().map(encoded).collect(),
            from,
            behind: cursor.map_or(0, Cursor::behind),
            reach: usize::MAX,
            words: Vec::new(),
            row: (0, 0),
            ordinal: 0,
        })
    }

    /// Moves to the next matching row.
    fn advance(&mut self) -> Result<Step, StoreError> {
        loop {
            let step = self.step()?;
            if step != Step::Row {
                return Ok(step);
            }
            if self.behind > 0 && self.scan.key().starts_with(self.from) {
                self.behind -= 1;
                continue;
            }
            self.behind = 0;
            if self.is_wanted()? {
                return Ok(step);
            }
        }
    }

    /// Moves to the next row, matching or not.
    fn step(&mut self) -> Result<Step, StoreError> {
        let start = self.row.1;
        let Some(word) = self.words.get(start) else { return self.next_tuple() };
        let len = match self.question.apart {
            Apart::Merged => self.words.len() - start,
            Apart::Source => 1,
            apart => {
                let rest = self.words.iter().skip(start);
                rest.take_while(|other| other.part(apart) == word.part(apart)).count()
            }
        };
        self.row = (start, start + len);
        self.ordinal += 1;
        Ok(Step::Row)
    }

    fn next_tuple(&mut self) -> Result<Step, StoreError> {
        loop {
            // Rows up to the cursor are not counted, so that every page gets further than the previous one.
            if self.behind == 0 {
                let Some(reach) = self.reach.checked_sub(1) else { return Ok(Step::Reached) };
                self.reach = reach;
            }
            if !self.scan.advance()? {
                return Ok(Step::End);
            }
            if !self.scan.is_again()? {
                break;
            }
        }
        self.words.clear();
        self.scan.words(&mut self.words)?;
        let apart = self.question.apart;
        if apart != Apart::Merged {
            self.words.sort_by(|a, b| a.part(apart).cmp(&b.part(apart)));
        }
        (self.row, self.ordinal) = ((0, 0), 0);
        self.step()
    }

    fn is_wanted(&self) -> Result<bool, StoreError> {
        if !self.rrtypes.is_empty() {
            let rrtype = self.scan.parts()?.rrtype;
            if self.rrtypes.iter().all(|wanted| wanted != rrtype) {
                return Ok(false);
            }
        }
        let (first, last) = self.merged().extent();
        Ok(self.question.fences.admit(first, last))
    }

    fn merged(&self) -> Merged<'a> {
        let (start, end) = self.row;
        Merged::of(self.words.get(start..end).unwrap_or_default(), self.question.apart)
    }

    fn record(&self) -> Result<Record, StoreError> {
        self.merged().record(self.scan.parts()?)
    }

    fn place(&self) -> Place {
        Place { key: self.scan.key().to_vec(), ordinal: self.ordinal }
    }
}

/// The tuples of a subject.
enum Tour<'a> {
    Owners(Box<dyn Walk<'a> + 'a>),
    Targets(Targets<'a>),
    /// The tuples of each owner that has a tuple with the address.
    NamesOn(Box<NamesOn<'a>>),
}

/// The tuples of several ranges, one after the other.
struct Targets<'a> {
    tuples: &'a dyn Tuples,
    from: &'a [u8],
    walk: Box<dyn Walk<'a> + 'a>,
    /// The complete ranges of the query, wherever the cursor is: a tuple with several targets in them is returned once, for the
    /// first target.
    ranges: Vec<KeyRange>,
    /// How many ranges were started.
    begun: usize,
}

struct NamesOn<'a> {
    tuples: &'a dyn Tuples,
    question: &'a Question,
    from: &'a [u8],
    /// Each is on the next of its tuples. In each of them the owners are sorted, because an address determines the type.
    addresses: Vec<Box<dyn Walk<'a> + 'a>>,
    owner: Option<(Vec<u8>, Box<dyn Walk<'a> + 'a>)>,
    words: Vec<Word<'a>>,
}

impl<'a> Tour<'a> {
    fn begin(tuples: &'a impl Tuples, question: &'a Question, from: &'a [u8]) -> Result<Self, StoreError> {
        Ok(match Scan::of(&question.subject) {
            Scan::Owner(range) => Self::Owners(tuples.walk(Side::Owner, &range.not_before(from))?),
            Scan::Rdata(ranges) => Self::Targets(Targets::begin(tuples, ranges, from)?),
            Scan::NamesOn(forms) => Self::NamesOn(Box::new(NamesOn::begin(tuples, question, &forms, from)?)),
        })
    }

    fn advance(&mut self) -> Result<bool, StoreError> {
        match self {
            Self::Owners(walk) => walk.advance(),
            Self::Targets(targets) => targets.advance(),
            Self::NamesOn(names) => names.advance(),
        }
    }

    /// The walk with the current tuple; `None` before the first and after the last one.
    fn walk(&self) -> Option<(Side, &dyn Walk<'a>)> {
        match self {
            Self::Owners(walk) => Some((Side::Owner, &**walk)),
            Self::Targets(targets) => Some((Side::Rdata, &*targets.walk)),
            Self::NamesOn(names) => names.owner.as_ref().map(|(_, walk)| (Side::Owner, &**walk)),
        }
    }

    /// Whether the tuple has another target in the ranges that comes before this one.
    fn is_again(&self) -> Result<bool, StoreError> {
        let Self::Targets(Targets { ranges, .. }) = self else { return Ok(false) };
        let before = self.parts()?.targets_before().ok_or(StoreError::Damaged)?;
        Ok(before.iter().any(|prefix| ranges.iter().any(|range| range.contains(prefix))))
    }

    fn key(&self) -> &[u8] {
        self.walk().map_or(&[], |(_, walk)| walk.key())
    }

    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError> {
        self.walk().map_or(Ok(()), |(_, walk)| walk.words(words))
    }

    fn parts(&self) -> Result<Parts<'_>, StoreError> {
        let (side, walk) = self.walk().ok_or(StoreError::Damaged)?;
        parts(side, walk.key())
    }
}

impl<'a> Targets<'a> {
    fn begin(tuples: &'a impl Tuples, ranges: Vec<KeyRange>, from: &'a [u8]) -> Result<Self, StoreError> {
        let first = ranges.first().cloned().unwrap_or_else(KeyRange::nothing);
        let walk = tuples.walk(Side::Rdata, &first.not_before(from))?;
        Ok(Self { tuples, from, walk, ranges, begun: 1 })
    }

    fn advance(&mut self) -> Result<bool, StoreError> {
        while !self.walk.advance()? {
            let Some(range) = self.ranges.get(self.begun) else { return Ok(false) };
            self.walk = self.tuples.walk(Side::Rdata, &range.clone().not_before(self.from))?;
            self.begun += 1;
        }
        Ok(true)
    }
}

impl<'a> NamesOn<'a> {
    fn begin(
        tuples: &'a impl Tuples,
        question: &'a Question,
        forms: &[IpAddr],
        from: &'a [u8],
    ) -> Result<Self, StoreError> {
        let mut addresses = Vec::with_capacity(forms.len());
        for form in forms {
            let mut walk = tuples.walk(Side::Rdata, &range_of_owners(*form, from))?;
            if walk.advance()? {
                addresses.push(walk);
            }
        }
        Ok(Self { tuples, question, from, addresses, owner: None, words: Vec::new() })
    }

    fn advance(&mut self) -> Result<bool, StoreError> {
        loop {
            if let Some((_, walk)) = &mut self.owner
                && walk.advance()?
            {
                return Ok(true);
            }
            if !self.next_owner()? {
                self.owner = None;
                return Ok(false);
            }
        }
    }

    /// Moves to the next owner that has a tuple with the address within the time filters.
    fn next_owner(&mut self) -> Result<bool, StoreError> {
        while let Some((owner, at)) = self.least_owner()? {
            let is_admitted = self.is_admitted(at)?;
            let is_new = self.owner.as_ref().is_none_or(|(known, _)| *known != owner);
            if let Some(walk) = self.addresses.get_mut(at)
                && !walk.advance()?
            {
                drop(self.addresses.remove(at));
            }
            if is_admitted && is_new {
                let range = KeyRange::head(owner.clone()).not_before(self.from);
                self.owner = Some((owner, self.tuples.walk(Side::Owner, &range)?));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next owner, and the walk that is on it.
    fn least_owner(&self) -> Result<Option<(Vec<u8>, usize)>, StoreError> {
        let mut least: Option<(&[u8], usize)> = None;
        for (at, walk) in self.addresses.iter().enumerate() {
            let owner = parts(Side::Rdata, walk.key())?.owner;
            if least.is_none_or(|(known, _)| owner < known) {
                least = Some((owner, at));
            }
        }
        Ok(least.map(|(owner, at)| (owner.to_vec(), at)))
    }

    /// Whether the tuple of a walk is within the time filters.
    fn is_admitted(&mut self, at: usize) -> Result<bool, StoreError> {
        let Some(walk) = self.addresses.get(at) else { return Ok(false) };
        self.words.clear();
        walk.words(&mut self.words)?;
        let (first, last) = Merged::of(&self.words, Apart::Merged).extent();
        Ok(self.question.fences.admit(first, last))
    }
}

fn parts(side: Side, key: &[u8]) -> Result<Parts<'_>, StoreError> {
    match side {
        Side::Owner => Parts::of_owner_key(key),
        Side::Rdata => Parts::of_rdata_key(key),
    }
    .ok_or(StoreError::Damaged)
}

/// The rdata keys of the address records (A or AAAA, and no other type with an address) with this address, starting at the
/// owner with this owner key.
fn range_of_owners(address: IpAddr, from: &[u8]) -> KeyRange {
    let head = key::address_prefix(address);
    let mut start = head.clone();
    key::push_rrtype(if address.is_ipv4() { RrType::A } else { RrType::AAAA }, &mut start);
    let range = KeyRange::head_and(head, start.clone());
    start.extend_from_slice(key::split_name(from).map_or(from, |(owner, _)| owner));
    range.not_before(&start)
}

fn encoded(rrtype: &RrType) -> Vec<u8> {
    let mut octets = Vec::new();
    key::push_rrtype(*rrtype, &mut octets);
    octets
}

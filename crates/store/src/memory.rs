//! The reference model: all data in two sorted maps, which are lost when the process ends.
//!
//! [`Memory`] is simple rather than small or fast: about 300 bytes per tuple; a lookup scans one or two ranges. Readers share a
//! lock for the time of one page; batches and readers wait for each other.
//!
//! Errors are those of [`Store`]; [`StoreError::Panicked`] follows a panic inside a write, which would be a bug here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cof::{Batch, Digest, Observation, Source};

use crate::answer::{self, Side, Tuples, Walk};
use crate::key::{self, Parts};
use crate::last_seen::LastSeen;
use crate::limits::Limits;
use crate::observation::check;
use crate::position::{Positions, Reached};
use crate::range::{self, KeyRange};
use crate::row::{Value, Word};
use crate::{Page, Question, Receipt, Selection, Stats, Store, StoreError, Summary};

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory {
    state: RwLock<State>,
    limits: Limits,
}

#[derive(Debug, Default)]
struct State {
    /// The tuples by owner key.
    tuples: BTreeMap<Box<[u8]>, Vec<Entry>>,
    /// All rdata keys of these tuples.
    by_rdata: BTreeSet<Box<[u8]>>,
    sources: HashSet<Arc<Source>>,
    inputs: Positions<Option<Arc<str>>>,
}

/// The statement of one source about a tuple, within one bailiwick.
#[derive(Debug)]
struct Entry {
    bailiwick: u8,
    source: Arc<Source>,
    value: Value,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with these limits on sources and inputs.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn read(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        self.state.read().map_err(poisoned)
    }

    fn write(&self) -> Result<RwLockWriteGuard<'_, State>, StoreError> {
        self.state.write().map_err(poisoned)
    }
}

fn poisoned<T>(_: PoisonError<T>) -> StoreError {
    StoreError::Panicked
}

impl Store for Memory {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        check(&batch, &self.limits)?;
        let mut state = self.write()?;
        let repeated = state.inputs.has_reached(batch.position.as_ref())?;
        if !repeated {
            let is_known = |source: &Source| state.sources.contains(source);
            self.limits.admit_sources(&batch.sources, is_known, state.sources.len())?;
            self.limits.admit_input(batch.position.as_ref(), batch.sources.len(), &state.inputs)?;
            state.absorb(&batch);
        }
        Ok(Receipt { observations: if repeated { 0 } else { batch.observations.len() }, repeated })
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        answer::lookup(&*self.read()?, question)
    }

    fn lookup_at_once(&self, question: &Question) -> Option<Page> {
        answer::lookup(&*self.state.try_read().ok()?, question).ok()
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        answer::summarise(&*self.read()?, question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        Ok(self.write()?.drop_where(selection))
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        Ok(self.read()?.inputs.get(input))
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        Ok(self.read()?.inputs.wholes(digest))
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        Ok(self.write()?.inputs.forget_expired(now).len() as u64)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        let state = self.read()?;
        let entries: usize = state.tuples.values().map(Vec::len).sum();
        Ok(Stats {
            entries: entries as u64,
            sources: state.sources.len() as u64,
            inputs: state.inputs.inputs() as u64,
        })
    }
}

/// Reading.
impl Tuples for State {
    fn walk(&self, side: Side, range: &KeyRange) -> Result<Box<dyn Walk<'_> + '_>, StoreError> {
        let Some(bounds) = range.bounds() else { return Ok(Box::new(Stretch::default())) };
        let tuples: Box<dyn Iterator<Item = Tuple<'_>>> = match side {
            Side::Owner => Box::new(
                self.tuples.range::<[u8], _>(bounds).map(|(key, entries)| (&**key, entries.as_slice())),
            ),
            Side::Rdata => Box::new(self.by_rdata.range::<[u8], _>(bounds).filter_map(|key| {
                let owner = Parts::of_rdata_key(key)?.owner_key()?;
                Some((&**key, self.tuples.get(&*owner)?.as_slice()))
            })),
        };
        Ok(Box::new(Stretch { tuples: Some(tuples), here: None }))
    }
}

/// A key in the order of the walk, and its entries.
type Tuple<'a> = (&'a [u8], &'a [Entry]);

/// The tuples of a range.
#[derive(Default)]
struct Stretch<'a> {
    tuples: Option<Box<dyn Iterator<Item = Tuple<'a>> + 'a>>,
    here: Option<Tuple<'a>>,
}

impl<'a> Walk<'a> for Stretch<'a> {
    fn advance(&mut self) -> Result<bool, StoreError> {
        self.here = self.tuples.as_mut().and_then(Iterator::next);
        Ok(self.here.is_some())
    }

    fn key(&self) -> &[u8] {
        self.here.map(|(key, _)| key).unwrap_or_default()
    }

    fn words(&self, words: &mut Vec<Word<'a>>) -> Result<(), StoreError> {
        words.extend(self.here.iter().flat_map(|(_, entries)| entries.iter()).map(Entry::word));
        Ok(())
    }
}

impl Entry {
    fn word(&self) -> Word<'_> {
        Word { bailiwick: self.bailiwick, source: &self.source, value: self.value }
    }
}

/// Absorbing.
impl State {
    fn absorb(&mut self, batch: &Batch) {
        let sources: Vec<_> = batch.sources.iter().map(|source| self.intern(source)).collect();
        for observation in &batch.observations {
            if let Some(source) = sources.get(observation.source) {
                self.add(observation, source);
            }
        }
        if let Some(position) = &batch.position {
            let origins = batch.sources.iter().map(|source| source.origin.clone());
            self.inputs.advance(&position.input, Reached::at(position), origins);
        }
    }

    fn intern(&mut self, source: &Source) -> Arc<Source> {
        if let Some(known) = self.sources.get(source) {
            return Arc::clone(known);
        }
        let source = Arc::new(source.clone());
        self.sources.insert(Arc::clone(&source));
        source
    }

    fn add(&mut self, observation: &Observation, source: &Arc<Source>) {
        let Observation { rrname, rrtype, rdata, .. } = observation;
        self.by_rdata.extend(key::by_rdata(rrname, *rrtype, rdata).map(Box::from));
        let entries = self.tuples.entry(key::by_owner(rrname, *rrtype, rdata).into()).or_default();
        let bailiwick = key::bailiwick_labels(rrname, observation.bailiwick.as_ref());
        let value = Value::of(observation);
        match entries.iter_mut().find(|known| known.bailiwick == bailiwick && known.source == *source) {
            Some(known) => known.value.merge(value, source.kind),
            None => entries.push(Entry { bailiwick, source: Arc::clone(source), value }),
        }
    }
}

/// Dropping.
impl State {
    fn drop_where(&mut self, selection: &Selection) -> u64 {
        let mut dropped = 0;
        self.tuples.retain(|key, entries| {
            let before = entries.len();
            retain(key, entries, selection);
            dropped += (before - entries.len()) as u64;
            !entries.is_empty()
        });
        let tuples = &self.tuples;
        self.by_rdata.retain(|key| {
            let owner = Parts::of_rdata_key(key).and_then(|parts| parts.owner_key());
            owner.is_some_and(|owner| tuples.contains_key(&*owner))
        });
        if let Selection::Origin(origin) = selection {
            for input in self.inputs.that_named(|named| named == origin) {
                self.inputs.forget(&input);
            }
        }
        dropped
    }
}

fn retain(key: &[u8], entries: &mut Vec<Entry>, selection: &Selection) {
    match selection {
        Selection::LastSeenBefore(time) => {
            let mut last = LastSeen::default();
            for entry in entries.iter() {
                last.hear(entry.source.kind, entry.value.last);
            }
            entries.retain(|entry| !last.is_before(entry.source.kind, *time));
        }
        Selection::Origin(origin) => entries.retain(|entry| entry.source.origin != *origin),
        Selection::Suffix(name) => {
            if range::is_within(key, name) {
                entries.clear();
            }
        }
    }
}

//! How many sources and inputs a store remembers, and how long their names may be.
//!
//! Tuples go when they are dropped; sources and inputs stay for good, so a stranger who makes them up would fill any store.
//! Every engine checks a batch against [`Limits`] before anything of it is written, and refuses it as a whole: errors are
//! [`StoreError::TooLong`], [`StoreError::ManySources`] and [`StoreError::Full`].

use std::borrow::Cow;
use std::collections::HashSet;

use cof::{Position, Source};

use crate::position::Positions;
use crate::{Remembered, StoreError};

/// What a store remembers at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sources: kind, origin and sensor together.
    pub sources: usize,
    /// Sources that one batch may name for the first time, so that one body cannot take all the places.
    pub batch_sources: usize,
    /// Bytes of an origin.
    pub origin: usize,
    /// Bytes of a sensor's name.
    pub sensor: usize,
    /// Bytes of the name of an input.
    pub input: usize,
    /// Inputs that are never forgotten: files and numbered batches.
    pub inputs: usize,
    /// Inputs that expire: idempotency keys.
    pub keys: usize,
    /// Sources that inputs have named, over all inputs.
    pub named: usize,
}

impl Limits {
    /// What is in force unless a test wants less: about 200 MB of memory if somebody makes use of all of it.
    pub const USUAL: Self = Self {
        sources: 1 << 16,
        batch_sources: 1_000,
        origin: 1_024,
        sensor: 255,
        input: 512,
        inputs: 1 << 20,
        keys: 1 << 17,
        named: 1 << 24,
    };

    /// Whether the texts of a batch are short enough.
    ///
    /// # Errors
    /// [`StoreError::TooLong`].
    pub fn admit_texts(&self, sources: &[Source], position: Option<&Position>) -> Result<(), StoreError> {
        let short = |what, text: Option<&str>, most| match text {
            Some(text) if text.len() > most => {
                Err(StoreError::TooLong { what: Cow::Borrowed(what), bytes: text.len(), most })
            }
            _ => Ok(()),
        };
        for source in sources {
            short("an origin", source.origin.as_deref(), self.origin)?;
            short("the name of a sensor", source.sensor.as_deref(), self.sensor)?;
        }
        short("the name of an input", position.map(|position| &*position.input), self.input)
    }

    /// Whether there are places for the sources of a batch that are new; `known` is how many there are.
    ///
    /// # Errors
    /// [`StoreError::ManySources`], [`StoreError::Full`].
    pub fn admit_sources(
        &self,
        sources: &[Source],
        is_known: impl Fn(&Source) -> bool,
        known: usize,
    ) -> Result<(), StoreError> {
        let new = sources.iter().filter(|source| !is_known(source)).collect::<HashSet<_>>().len();
        if new > self.batch_sources {
            return Err(StoreError::ManySources { new, most: self.batch_sources });
        }
        if new > 0 && known.saturating_add(new) > self.sources {
            return Err(StoreError::Full { of: Remembered::Sources, most: self.sources });
        }
        Ok(())
    }

    /// Whether there is a place for the input of a batch.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn admit_input<S: Ord + Clone>(
        &self,
        position: Option<&Position>,
        named: usize,
        known: &Positions<S>,
    ) -> Result<(), StoreError> {
        let Some(position) = position else { return Ok(()) };
        if known.named().saturating_add(named) > self.named {
            return Err(StoreError::Full { of: Remembered::Inputs, most: self.inputs });
        }
        if known.get(&position.input).is_some() {
            return Ok(());
        }
        let (of, there, most) = match position.expires {
            Some(_) => (Remembered::Keys, known.expiring(), self.keys),
            None => (Remembered::Inputs, known.inputs() - known.expiring(), self.inputs),
        };
        if there < most { Ok(()) } else { Err(StoreError::Full { of, most }) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::USUAL
    }
}

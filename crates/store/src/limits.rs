//! Limits on the number of sources and inputs of a store, and on the length of their names.
//!
//! Tuples can be dropped, but sources and inputs are permanent, so untrusted clients who invent them could fill any store.
//! Every engine checks a batch against [`Limits`] before anything of it is written, and refuses it completely: errors are
//! [`StoreError::TooLong`], [`StoreError::ManySources`] and [`StoreError::Full`].

use std::borrow::Cow;
use std::collections::HashSet;

use cof::{Position, Source};

use crate::position::Positions;
use crate::{Remembered, StoreError};

/// The limits on permanent data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of sources, each a combination of kind, origin and sensor.
    pub sources: usize,
    /// The number of new sources in one batch, so that one body cannot use up the limit.
    pub batch_sources: usize,
    /// The length of an origin, in bytes.
    pub origin: usize,
    /// The length of a sensor's name, in bytes.
    pub sensor: usize,
    /// The length of an input's name, in bytes.
    pub input: usize,
    /// The number of inputs that do not expire: files and numbered batches.
    pub inputs: usize,
    /// The number of inputs that expire: idempotency keys.
    pub keys: usize,
    /// The number of sources that inputs have named, added up over all inputs.
    pub named: usize,
}

/// How much a store remembers of inputs, as far as [`Limits`] need it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// All inputs.
    pub inputs: usize,
    /// Those of them that expire.
    pub expiring: usize,
    /// The number of sources that inputs have named, added up over all inputs.
    pub named: usize,
    /// Whether the input in question is one of them.
    pub is_known: bool,
}

impl Limits {
    /// The limits in use, except in tests: about 200 MB of memory if they are reached.
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

    /// Checks that the names in a batch are short enough.
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

    /// Checks that there is room for the new sources of a batch; `known` is the number of existing ones.
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

    /// Checks that there is room for the input of a batch.
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
        let held = Held {
            inputs: known.inputs(),
            expiring: known.expiring(),
            named: known.named(),
            is_known: known.get(&position.input).is_some(),
        };
        self.admit_one(position, named, &held)
    }

    /// As [`Self::admit_input`], for engines that do not keep all inputs in memory.
    ///
    /// # Errors
    /// [`StoreError::Full`].
    pub fn admit_one(&self, position: &Position, named: usize, held: &Held) -> Result<(), StoreError> {
        if held.named.saturating_add(named) > self.named {
            return Err(StoreError::Full { of: Remembered::Inputs, most: self.inputs });
        }
        if held.is_known {
            return Ok(());
        }
        let (of, there, most) = match position.expires {
            Some(_) => (Remembered::Keys, held.expiring, self.keys),
            None => (Remembered::Inputs, held.inputs.saturating_sub(held.expiring), self.inputs),
        };
        if there < most { Ok(()) } else { Err(StoreError::Full { of, most }) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::USUAL
    }
}

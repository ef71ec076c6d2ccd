//! How much of each input has been taken in, and in whose name, so that nothing counts twice.
//!
//! A [`Ledger`] is in the manifest as it was when it was written, and in the journal a batch at a time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cof::Position;

/// The origins of the batches of an input.
type Origins = HashSet<Option<Arc<str>>>;

/// Inputs by their identity.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(HashMap<Arc<str>, (u64, Origins)>);

impl Ledger {
    /// From what [`Self::iter`] gave.
    pub(super) fn of(inputs: impl Iterator<Item = (Arc<str>, u64, Origins)>) -> Self {
        Self(inputs.map(|(name, offset, origins)| (name, (offset, origins))).collect())
    }

    /// All inputs, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u64, &Origins)> {
        self.0.iter().map(|(name, (offset, origins))| (&**name, *offset, origins))
    }

    /// How many inputs there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How much of an input has been taken in.
    pub(super) fn offset(&self, input: &str) -> Option<u64> {
        self.0.get(input).map(|(offset, _)| *offset)
    }

    /// Whether a batch that ends here has been taken in.
    pub(super) fn has_reached(&self, position: &Position) -> bool {
        self.offset(&position.input).is_some_and(|offset| position.offset <= offset)
    }

    /// A batch that ends here has been taken in, in the name of these.
    pub(super) fn advance(&mut self, position: &Position, origins: impl Iterator<Item = Option<Arc<str>>>) {
        let (offset, known) = self.0.entry(Arc::clone(&position.input)).or_default();
        *offset = position.offset.max(*offset);
        known.extend(origins);
    }

    /// Forgets the inputs that said anything in this name.
    pub(super) fn forget(&mut self, origin: Option<&Arc<str>>) {
        self.0.retain(|_, (_, origins)| !origins.contains(&origin.cloned()));
    }
}

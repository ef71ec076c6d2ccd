//! How much of each input has been taken in, and which sources it named, so that nothing counts twice.
//!
//! A [`Ledger`] is in the manifest as it was when it was written, and in the journal a batch at a time.

use crate::position::Positions;

/// Inputs by name, with the numbers of the sources that they named.
pub(super) type Ledger = Positions<u32>;

//! What engines are built from: how tuples are laid out as keys, how words merge into rows, and how rows become answers.
//!
//! An engine that keeps sorted keys implements [`Tuples`] on a snapshot and gets [`lookup`] and [`summarise`]; it checks batches
//! with [`check`] and remembers inputs with [`Positions`]. One that merges rows elsewhere makes its own [`crate::Cursor`]s with
//! [`crate::Cursor::new`]. Either way `conformance` decides whether it is right.

pub use crate::answer::{Side, Tuples, Walk, lookup, summarise};
pub use crate::last_seen::LastSeen;
pub use crate::observation::check;
pub use crate::position::Positions;
pub use crate::range::{Bounds, KeyRange, is_within};
pub use crate::row::{Merged, Value, Word};

/// How a tuple is laid out as keys: see the module that this re-exports.
pub mod key {
    pub use crate::key::*;
}

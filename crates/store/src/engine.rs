//! The parts that engines are built from.
//!
//! # Writing an engine
//!
//! An engine is a type that implements [`crate::Store`]; all users of a database work with it unchanged. An engine must:
//!
//! 1. **Check a batch** before writing any of it: [`check`] for its observations and names, [`Positions::has_reached`] for its
//!    position, [`crate::Limits::admit_sources`] and [`crate::Limits::admit_input`] for what is stored permanently.
//! 2. **Store** each observation as a [`Value`] under its tuple, bailiwick and source. Values of the same three are combined with
//!    [`Value::merge`], at once or later: the result does not depend on the order. The position becomes visible
//!    together with the batch, never before.
//! 3. **Answer questions.** An engine that can read its tuples in the order of their keys ([`key`]) implements [`Tuples`] on a
//!    snapshot of its data, and gets every answer from [`lookup`] and [`summarise`]. An engine that selects and merges rows itself reads
//!    the ranges of [`Scan::of`], merges with [`Merged`], applies types, fences and [`crate::Question::rows`] to merged rows, and
//!    creates its cursors with [`crate::Cursor::new`].
//! 4. **Drop** what a [`crate::Selection`] covers, by [`LastSeen`] and [`is_within`].
//! 5. **Fail** with the variants of [`crate::StoreError`] that all engines share, and otherwise with
//!    [`crate::StoreError::engine`]: a [`crate::StoreErrorKind`] for callers, and words for people.
//!
//! Calls may block, and may come from many threads at the same time. An engine has no clock; times are passed in.
//!
//! The module `conformance` (a feature of this crate, for tests) decides whether an engine is right: implement its trait `Engine`
//! and call its macro with an expression that creates an empty store.

pub use crate::answer::{Side, Tuples, Walk, lookup, summarise};
pub use crate::last_seen::LastSeen;
pub use crate::observation::check;
pub use crate::position::Positions;
pub use crate::range::{Bounds, KeyRange, Scan, is_within};
pub use crate::row::{Merged, Value, Word};

/// How a tuple is laid out as keys: see the module that this re-exports.
pub mod key {
    pub use crate::key::*;
}

//! The passive-DNS database: one trait and its engines.
//!
//! In the order of a query: [`Subject`] and [`Question`] describe the query, [`Store`] answers it, a [`Page`] is the answer, and
//! its [`Cursor`] is where the next page begins. `key` encodes tuples as bytes so that every query is a range of keys; `row`
//! merges the entries of many sources into one row; `answer` makes pages of rows. [`engine`] has the parts for building an engine,
//! and `conformance` (a feature) the tests that every engine must pass. [`Memory`] is the reference: the answers of every other
//! engine are compared with its answers.
//!
//! This crate uses no network, no clock and no async code. [`QuestionError`] and [`CursorError`] are mistakes of the user.
//! [`StoreError`] is a failure of an engine; callers decide by its [`StoreErrorKind`].

mod answer;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod cursor;
mod decimal;
pub mod engine;
mod error;
mod key;
mod last_seen;
mod limits;
mod memory;
mod observation;
mod position;
mod question;
mod range;
mod row;
mod store;
mod subject;

pub use cursor::{Cursor, CursorError, MAX_DIGITS};
pub use error::{BatchFault, Remembered, StoreError, StoreErrorKind};
pub use limits::{Held, Limits};
pub use memory::Memory;
pub use position::{MAX_WHOLES, Reached};
pub use question::{Apart, Fences, MAX_LIMIT, Order, Question};
pub use row::source_kind;
pub use store::{Page, Readiness, Receipt, Selection, Stats, Store, Summary, Ticket};
pub use subject::{QuestionError, QuestionFault, Subject};

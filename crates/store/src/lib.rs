//! The passive-DNS database: one trait and the engines that answer it.
//!
//! Read in the order of a question: [`Subject`] and [`Question`] say what is asked, [`Store`] is who answers,
//! a [`Page`] is the answer and its [`Cursor`] where the next one begins. `key` lays a tuple out as octets, so that
//! every question is a range; `row` makes one row of what many sources said, `answer` pages of rows. [`engine`] has the parts
//! that an engine is built from, `conformance` (a feature) what every engine is held to. [`Memory`] is the engine to which every
//! other is compared, answer by answer.
//!
//! No network, no clock, no async. [`QuestionError`] and [`CursorError`] are the user's mistakes. [`StoreError`] is what an engine
//! answers instead of a result; callers decide by its [`StoreErrorKind`].

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
pub use limits::Limits;
pub use memory::Memory;
pub use position::{MAX_WHOLES, Reached};
pub use question::{Apart, Fences, MAX_LIMIT, Order, Question};
pub use store::{Page, Receipt, Selection, Stats, Store, Summary};
pub use subject::{QuestionError, QuestionFault, Subject};

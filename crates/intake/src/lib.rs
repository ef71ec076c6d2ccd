//! From bytes to observations: what files and request bodies share on the way into a passive-DNS database.
//!
//! In the order of the data: [`Packing`] unpacks; [`Content`] digests what passes, so that content is known again, and
//! [`name_in`] names whole files; [`OrientedReader`] makes records and finds out which side is the owner; [`batches`] makes batches
//! of observations with the position that each reaches; [`deliver`] takes them into a store. [`Tally`] counts what became of the
//! input, and [`Rejects`] keeps what was left out. [`Foreign`] names what an input without records looks like.
//!
//! No database is opened and nothing is printed here. Everything takes hostile input: it is bounded and never panics.

pub mod batches;
mod content;
mod delivery;
mod foreign;
mod identity;
mod oriented;
mod packing;
mod rejects;
mod tally;

pub use content::Content;
pub use delivery::{Delivered, deliver};
pub use foreign::{Foreign, is_marker};
pub use identity::{Digests, Said, digest_of_content, name_in, name_of, observed, old_name_of};
pub use oriented::OrientedReader;
pub use packing::{Bounds, Packing};
pub use rejects::Rejects;
pub use tally::{LeftOut, Place, Reason, Tally};

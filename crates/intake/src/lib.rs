//! What every way in for records shares, be it a file or a request: how it is unpacked ([`Packing`]), how its content is
//! known again ([`Content`]), and what is told of input that is no Common Output Format ([`Foreign`], [`is_marker`]).
//!
//! No I/O of its own, no database, nothing printed. Everything here takes hostile input: it is bounded and never panics.

mod content;
mod foreign;
mod packing;

pub use content::Content;
pub use foreign::{Foreign, is_marker};
pub use packing::{Bounds, Packing};

//! The threat library: indicators with their statuses, attributes, relationships, notes, and who says so.
//!
//! Read in the order of the data: [`Workbench::add_indicators`](crate::Workbench::add_indicators) takes what a person
//! adds, [`propose`](crate::Workbench::propose) and [`add_findings`](crate::Workbench::add_findings) what a run found,
//! [`undo`](crate::Workbench::undo) takes a run's word back; `curate` is what people do to one indicator by hand;
//! [`indicators`](crate::Workbench::indicators) finds [`Entry`]s by a [`Filter`], [`details`](crate::Workbench::details) tells all about
//! one.
//!
//! # Claims
//! Whoever adds something claims it: a person under their name, a run under its package's. A claim is never changed by
//! another's. An attribute or relationship is there as long as one claim on it is. An indicator that no claim is left on
//! goes when its last run is undone, unless somebody has done something with it since: it has another status than a run
//! gives, a note, or is removed, or an attribute or relationship of others hangs on it.
//!
//! # What a run never does
//! It changes no status, touches nothing that is whitelisted, and brings back nothing that was removed.
//!
//! Errors: [`Error::Refused`](crate::Error::Refused) is the user's and says why; everything else is our disk.

mod add;
mod curate;
mod details;
mod entry;
mod findings;
mod list;
mod merge;
mod plan;
mod search;
mod source;
mod status;
mod undo;

pub use add::{Adding, Outcome};
pub use details::{Attribute, Claim, Details, Note, Relationship};
pub use entry::Entry;
pub use list::{Cursor, Filter, Order, Page};
pub use plan::{Count, MOST_RELATIONSHIPS, Tally};
pub use search::Search;
pub use status::Status;
pub use undo::Undone;

#[cfg(test)]
mod tests;

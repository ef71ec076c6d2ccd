//! The threat library: indicators with their status, attributes, relationships and notes, and the sources that claim them.
//!
//! In the order of the data flow: [`Workbench::add_indicators`](crate::Workbench::add_indicators) adds what a user enters,
//! [`propose`](crate::Workbench::propose) and [`add_findings`](crate::Workbench::add_findings) what a run found, and
//! [`undo`](crate::Workbench::undo) removes what a run added. [`hand_in`](crate::Workbench::hand_in) adds what other programs hand in,
//! with sources of their own. `curate` contains the changes that users make, `removal` undoes a removal, and `tag` has their tags.
//! [`indicators`](crate::Workbench::indicators) lists [`Entry`]s that match a [`Filter`], and
//! [`details`](crate::Workbench::details) returns everything about one, and [`select`](crate::Workbench::select) what meets any combination of conditions.
//!
//! # Claims
//! Whoever adds something claims it: a user under their name, a run under the name of its package. A claim is never changed by
//! another one. An attribute or relationship exists as long as it has a claim. An indicator without claims is removed when its
//! last run is undone, unless somebody has worked with it: it has a status that runs do not set, it is marked with a level of the Traffic Light Protocol, it has a note or a tag, it was removed,
//! or it has an attribute or relationship of another source.
//!
//! # What a run never does
//! A run does not change a status or a marking, does not touch anything that is whitelisted, and does not bring back anything that was
//! removed.
//!
//! Errors: [`Error::Refused`](crate::Error::Refused) is an error of the user and states the reason; all others are errors of
//! our disk.

mod add;
mod curate;
mod details;
mod entry;
mod findings;
mod handed;
mod list;
mod merge;
mod offered;
mod plan;
mod removal;
mod search;
mod select;
mod source;
mod status;
mod tag;
mod undo;

pub use add::{Adding, Outcome};
pub(crate) use curate::LONGEST_NOTE;
pub use curate::{Setting, Standing};
pub use details::{Attribute, Claim, Details, Note, Relationship};
pub(crate) use details::{
    attributes as attributes_of, counts as counts_of, relationships as relationships_of,
};
pub use entry::Entry;
pub(crate) use entry::{find, stored_indicator, stored_status, stored_tlp};
pub(crate) use findings::Addition;
pub use handed::{Handed, HandedAttribute, HandedIn, RELATED, RelatedTo};
pub use list::{Counts, Cursor, Filter, MOST_COUNTED, Order, Page};
pub use offered::{Offered, Taken};
pub use plan::{Count, MOST_RELATIONSHIPS, Tally};
pub use removal::{Removal, Removed};
pub use search::Search;
pub use select::{Condition, Selected, Selection, SortedBy, Stamp};
pub use status::Status;
pub use tag::{MOST_TAGS, Tag, TagError};
pub use undo::Undone;

#[cfg(test)]
mod tests;

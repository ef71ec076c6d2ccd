//! What is known about an address or a name beyond its records.
//!
//! [`Networks`] reads AS number, AS name and country of an address ([`Place`]) from files of the user. [`Lists`] are the
//! warning lists that the user loads, in MISP's format, and tell which of them have a name or an address. [`weak`] says why a
//! shared resource says little. Nothing here uses the network.
//!
//! Everything in a file is hostile: sizes and counts are bounded, texts are cleaned, and nothing panics. Errors are types:
//! [`NetworksError`] for a file of networks, [`ListError`] for lists.

pub mod lists;
pub mod networks;
pub mod place;
mod placing;
pub mod text;
pub mod weak;

pub use lists::{Hit, ListError, Lists, ListsNow};
pub use networks::{Networks, NetworksError, NetworksNow};
pub use place::{Country, Place};
pub use placing::{PlaceFilter, PlaceFilterError, Placing};

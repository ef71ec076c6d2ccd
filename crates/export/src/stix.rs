//! A [`Handover`] as a bundle of STIX 2.1: [`bundle`].
//!
//! Names, addresses and mailboxes are observables with the ids of every producer. What records say about two of them is a
//! relationship, from first to last seen; each record of each origin is observed data, with its count. Facts about indicators are
//! notes, and an investigation is a grouping of everything. Everything is marked in version 2.0 of the Traffic Light Protocol.
//!
//! # Times
//! `created` is when something was first seen, added or asked, and `modified` when it or its marking was last changed or it was
//! fetched, so a document with the same data is the same, and one with newer data replaces it. If providers report an earlier first
//! seen, `created` becomes earlier, too.
//!
//! # What a bundle cannot express
//! `number_observed` has a limit ([`MOST_OBSERVED`]); the true count is in the text beside it. A record without a name or address
//! that can be an observable is left out and counted ([`Bundle::left_out`]). Ids are UUIDs of version 5 where the standard
//! recommends, but does not demand, random ones: with random ids every export would add everything again.

mod gathering;
mod object;

use operation::Tlp;
use serde::Serialize;

pub use self::object::Object;
use crate::Handover;
use crate::ids;
use gathering::Gathering;

/// The largest `number_observed`; the smallest is 1.
pub const MOST_OBSERVED: u64 = 999_999_999;

/// How relationships are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether a name and its name servers, mail servers and services have the relationship `related-to`. By default it is
    /// `resolves-to`, which `OpenCTI` uses for them, although none of them is an answer to the question where the name points.
    pub related: bool,
}

/// A bundle.
#[derive(Clone, Debug, Serialize)]
pub struct Bundle {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    /// The objects: first the producer and the markings, then sorted by id.
    pub objects: Vec<Object>,
    /// How many records are left out because nothing in them can be an observable.
    #[serde(skip)]
    pub left_out: usize,
}

/// The bundle of what is handed over.
pub fn bundle(handover: &Handover, style: Style) -> Bundle {
    let mut gathering = Gathering::new(handover, style);
    gathering.add_values();
    gathering.add_rows();
    gathering.add_links();
    let (objects, left_out) = gathering.finish();
    // The id of a bundle stands for its content.
    let content = serde_json::to_string(&objects).unwrap_or_default();
    Bundle { kind: "bundle", id: ids::object("bundle", &[&content]), objects, left_out }
}

impl Bundle {
    /// The document, with a line break at its end.
    pub fn to_json(&self) -> String {
        // Objects consist of texts and numbers, which always can be written.
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }
}

/// The id of the definition of a level.
pub(crate) const fn marking(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! The interface over a real socket, rule by rule.
//!
//! `client` is a raw HTTP client that believes nothing, `fixture` a server to ask; the others ask.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod answers;
mod client;
mod edges;
mod fixture;
mod pages;
mod stores;

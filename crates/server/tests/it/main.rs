//! The interface over a real socket, rule by rule.
//!
//! `client` is a raw HTTP client that believes nothing, `fixture` a server to ask, `browser` one who is signed in there; the
//! others ask.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod access;
mod answers;
mod api;
mod browser;
mod client;
mod dnsdb;
mod edges;
mod fixture;
mod full;
mod health;
mod installing;
mod load;
mod loading;
mod pages;
mod records;
mod reference;
mod running;
mod schemathesis;
mod searching;
mod stores;
mod tokens;
mod wire;
mod words;
mod working;

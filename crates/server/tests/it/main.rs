//! Tests of the server's interfaces over a real socket, rule by rule.
//!
//! `client` is a raw HTTP client, `fixture` a server with records, and `browser` a signed-in client; the other modules contain
//! the tests.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod access;
mod answers;
mod api;
mod browser;
mod client;
mod dnsdb;
mod edges;
mod facade;
mod fixture;
mod full;
mod handovers;
mod health;
mod installing;
mod investigations;
mod load;
mod loading;
mod pages;
mod records;
mod reference;
mod running;
mod schemathesis;
mod searching;
mod sensors;
mod stores;
mod threatq;
mod tokens;
mod wire;
mod words;
mod working;

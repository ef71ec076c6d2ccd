//! Tests of the provider client with a scripted provider: one test per fault, named after it, with paused time.
//!
//! `kit` sends the query and keeps the result; the other modules are in the order of the steps to an answer: connection,
//! request, status, body, content, pages.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod body;
mod check;
mod connect;
mod content;
mod dnsdb;
mod guide;
mod interface;
mod kit;
mod own_database;
mod pages;
mod request;
mod status;

//! Tests of the real program, over real TCP, each with an empty home folder.
//!
//! [`harness`] starts it. In [`peers`], clients by other authors query our server; they need what `cargo xtask test` installs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod asking;
mod config;
mod demo;
mod dnsdb;
mod exits;
mod formats;
mod harness;
mod hostile;
mod log;
mod narrowing;
mod peers;
mod secrets;
mod serve;
mod service;
mod terminals;
mod tls;
mod tokens;
mod values;

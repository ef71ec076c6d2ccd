//! The program as its users meet it: the real binary, over real TCP, with an empty home of its own.
//!
//! [`harness`] starts it; [`peers`] lets the clients that others wrote ask our server, and needs what
//! `cargo xtask test` installs.
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

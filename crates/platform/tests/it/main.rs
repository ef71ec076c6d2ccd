//! Pushes to a scripted MISP and a scripted ThreatQ over real sockets.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod kit;
mod misp;
mod threatq;
mod threatq_push;
mod trouble;

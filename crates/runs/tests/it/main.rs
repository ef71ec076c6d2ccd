//! The durable engine: the conformance tests of every engine, and tests for files: kills, damage, full disks, older formats.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failed test says so")]

mod crash;
mod disk;
mod engine;
mod folder;
mod limits;
mod migration;
mod spellings;

use crate::engine::Shaken;

store::conformance!(shaken, Shaken::new());

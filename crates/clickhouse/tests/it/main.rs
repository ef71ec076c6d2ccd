//! The engine on a real ClickHouse server with `ZooKeeper`: the conformance tests of every engine, what happens when messages are
//! lost, how much is read, what is refused, and what a server in trouble says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod bounds;
mod engine;
mod once;
mod proxy;
mod refusals;
mod trouble;

use engine::Shaken;

store::conformance!(shaken, Shaken::new(), cases = 8);

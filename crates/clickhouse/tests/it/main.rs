//! The engine on real ClickHouse servers, Debian's with `ZooKeeper` and the newest one without: the conformance tests of every engine, what happens when messages are
//! lost, how much is read, what is refused, and what a server in trouble says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod bounds;
mod engine;
mod once;
mod proxy;
mod refusals;
mod trouble;

use engine::Shaken;
use testkit::clickhouse::{newest, shared};

store::conformance!(shaken, Shaken::on(shared()), cases = 8);
store::conformance!(shaken_newest, Shaken::on(newest()), cases = 8);

//! The engine on real ClickHouse servers, Debian's with `ZooKeeper` and the newest one without, and on a cluster of four: the
//! conformance tests of every engine, what happens when messages are lost, how much is read, what is refused, and what a server in
//! trouble says.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod bounds;
mod cluster;
mod engine;
mod once;
mod proxy;
mod refusals;
mod trouble;

use engine::{Shaken, Tables};
use testkit::clickhouse::{newest, shared_cluster};

store::conformance!(shaken, Shaken::of(Tables::new()), cases = 8);
store::conformance!(shaken_newest, Shaken::of(Tables::on(newest())), cases = 8);
store::conformance!(spread, Shaken::of(Tables::on_cluster(shared_cluster())), cases = 2);

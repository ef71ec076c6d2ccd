//! The passive-DNS database on a ClickHouse server, for those who outgrow one machine's disk.
//!
//! [`ClickHouse`] is a [`store::Store`]: everything that works with the embedded engine works with it. [`Address`] is what a user
//! writes, [`init`] creates the tables, and [`ClickHouse::open`] checks them.
//!
//! In the order of the data flow: `address` (where the server is), `fault` (what its errors mean), `binary` and `literal` (its
//! formats and its SQL), `link` (one request and its answer), `cluster` (shards), `schema` (tables), `sources` and `inputs` (what is
//! remembered), `mark` and `rows` (a batch as blocks; `random` makes marks differ), `pending` (batches that are not on all shards yet), `walk` (reading in key order),
//! `drops` (deleting), `engine` (all of it together).
//!
//! # How it is stored
//!
//! Both orders of the keys are in one table, `entries`, with a byte before each key that says which. One batch is one insert of one
//! block, so ClickHouse stores all of it or nothing, and a reader sees all of it or nothing. Values are aggregate states that
//! ClickHouse merges when it likes: whoever reads merges them again, so answers never depend on it.
//!
//! # Exactly once
//!
//! A block contains a row that marks its batch, with the position of its input. When an acknowledgement is lost, the same bytes are
//! sent again, and the server drops a block that it has. After a restart, the mark says whether the batch after the stored position
//! was stored: then the position is stored, too. A server that does not drop repeated blocks is refused.
//!
//! On a cluster, a batch is a block for each shard. All of them are first stored as one row of the table `pending`, and this row is
//! emptied when they are on their shards and the position is stored. Whoever finds a row that is not empty completes the batch: the
//! marks say which shards have their block.
//!
//! # Errors
//!
//! Those of [`store::StoreError`]. What the server says is shortened and printable; its number decides, never its text.

mod address;
mod binary;
mod cluster;
mod drops;
mod engine;
mod fault;
mod inputs;
mod link;
mod literal;
mod mark;
mod pending;
mod random;
mod rows;
mod schema;
mod sources;
mod walk;

pub use address::{Address, AddressFault};
pub use engine::{ClickHouse, Footprint};
pub use schema::{Made, init};

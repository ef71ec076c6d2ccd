//! What is kept, as its users meet it: the real binary in an empty home, the guide's rows in their order.
//!
//! [`home`] starts it, [`service`] is what it asks. [`guide`] follows the guide from its first row to its last;
//! [`installing`], [`configuring`], [`testing`] and [`asking`] look at its parts more closely, [`running`] and [`again`] at
//! runs, [`bound`] at where secrets go, [`proxy`] at the way there through a proxy, [`indicator`] at the library by hand. [`shapes`] keeps what programs read. [`trouble`] and [`damage`] are
//! everything that can be wrong with a folder, [`disk`] with what it is on, [`fixtures`] are folders of earlier versions, [`backup`] is the copy of one; in [`kills`] it is killed. [`database`] and
//! [`database_kills`] are the passive-DNS database.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod again;
mod asking;
mod backup;
mod batches;
mod bound;
mod configuring;
mod damage;
mod database;
mod database_kills;
mod disk;
mod fixtures;
mod guide;
mod home;
mod indicator;
mod installing;
mod kills;
mod proxy;
mod running;
mod service;
mod shapes;
mod testing;
mod trouble;

//! Tests of stored data: the real program in an empty home, with the steps of the integration guide in order.
//!
//! [`home`] starts the program, and [`service`] is what it queries. [`guide`] follows the integration guide from start to end;
//! [`installing`], [`configuring`], [`testing`] and [`asking`] test its parts in detail, [`running`] and [`again`] runs,
//! [`batches`] the runs of one command, [`bound`] the destinations of secrets, [`proxy`] connections through a proxy, [`protocols`]
//! other providers, [`several`] several of them at once and values that are held back,
//! [`indicator`] the library by hand. [`shapes`] checks the output for programs. [`trouble`] and [`damage`] test faults of a
//! data folder, [`disk`] faults of its disk, [`fixtures`] folders of earlier versions, [`backup`] backups, and [`kills`] kills.
//! [`database`] and [`database_kills`] test the passive-DNS database, [`captures`] and [`logs`] what is imported into it, with [`tshark`]
//! as a second opinion, [`clickhouse`] the one on a server, [`copy`] from one to the other, [`collect`] and [`follow`] what is collected, [`lists`] warning lists, and [`networks`] what is known about addresses, [`handovers`] documents for other platforms, [`pushes`] what is sent to them, [`sensors`] collectors of a server, [`forward`] what sensors on other machines send, and [`noise`]
//! what is not kept.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod again;
mod asking;
mod backup;
mod batches;
mod bound;
mod captures;
mod clickhouse;
mod collect;
mod configuring;
mod copy;
mod damage;
mod database;
mod database_kills;
mod disk;
mod face;
mod fixtures;
mod follow;
mod forward;
mod guide;
mod handovers;
mod histories;
mod home;
mod indicator;
mod installing;
mod investigations;
mod killing;
mod kills;
mod lists;
mod logs;
mod networks;
mod noise;
mod protocols;
mod proxy;
mod pushes;
mod running;
mod sensors;
mod service;
mod several;
mod shapes;
mod testing;
mod threatq;
mod trouble;
mod tshark;

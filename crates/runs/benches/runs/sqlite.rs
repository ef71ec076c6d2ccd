//! The same in SQLite: one table with both orders, an upsert for every observation, and a synced transaction for every batch.

use std::path::Path;

use cof::{Batch, Target};
use rusqlite::{Connection, params};

/// Opens an empty database.
pub(crate) fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;
             CREATE TABLE tuple (owner BLOB, rrtype INTEGER, rdata BLOB, source INTEGER, target BLOB,
                 first INTEGER, last INTEGER, count INTEGER, PRIMARY KEY (owner, rrtype, rdata, source)) WITHOUT ROWID;
             CREATE INDEX by_target ON tuple (target, rrtype, owner) WHERE target IS NOT NULL;",
        )
        .unwrap();
    connection
}

/// Stores a batch.
pub(crate) fn absorb(connection: &mut Connection, batch: &Batch) {
    let transaction = connection.transaction().unwrap();
    let mut upsert = transaction
        .prepare_cached(
            "INSERT INTO tuple VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
                 count = count + excluded.count",
        )
        .unwrap();
    for observation in &batch.observations {
        let mut owner = Vec::new();
        observation.rrname.push_sort_key(&mut owner);
        let target = observation.rdata.target(observation.rrtype).map(|target| match target {
            Target::Address(std::net::IpAddr::V4(address)) => address.octets().to_vec(),
            Target::Address(std::net::IpAddr::V6(address)) => address.octets().to_vec(),
            Target::Name(name) => {
                let mut key = Vec::new();
                name.push_sort_key(&mut key);
                key
            }
        });
        let number = |number: u64| i64::try_from(number).unwrap();
        let values = params![
            owner,
            observation.rrtype.code(),
            observation.rdata.as_wire(),
            number(observation.source as u64),
            target,
            number(observation.time_first),
            number(observation.time_last),
            observation.count.map(number)
        ];
        upsert.execute(values).unwrap();
    }
    drop(upsert);
    transaction.commit().unwrap();
}

//! What cannot be used is refused with the reason, and nothing is changed.

use clickhouse::{Address, ClickHouse, Made, init};
use store::{StoreError, StoreErrorKind};

use crate::engine::Tables;
use testkit::ClosedPort;
use testkit::clickhouse::{Needs, Server, shared};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>, kind: StoreErrorKind, part: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn tables_are_created_once_and_completed_after_an_interruption() {
    let tables = Tables::unmade(shared());
    refused(ClickHouse::open(&tables.address, ""), StoreErrorKind::Absent, "backsight db init");
    assert_eq!(init(&tables.address, ""), Ok(Made::New));
    assert_eq!(init(&tables.address, ""), Ok(Made::Already));
    shared().sql(&format!("DROP TABLE {}", tables.table("inputs")));
    refused(ClickHouse::open(&tables.address, ""), StoreErrorKind::Absent, "inputs");
    // As if the first attempt had ended before the last table.
    let schema = tables.table("schema");
    let id = shared().sql(&format!("SELECT id FROM {schema} LIMIT 1"));
    shared().sql(&format!("DROP TABLE {schema}"));
    shared().sql(&format!(
        "CREATE TABLE {schema} (program String, version UInt64, id String, ready UInt8) ENGINE = MergeTree ORDER BY (program, version)"
    ));
    shared().sql(&format!("INSERT INTO {schema} VALUES ('backsight', 2, '{}', 0)", id.trim()));
    refused(ClickHouse::open(&tables.address, ""), StoreErrorKind::Absent, "interrupted");
    assert_eq!(init(&tables.address, ""), Ok(Made::New));
    tables.open();
}

#[test]
fn tables_of_others_are_left_alone() {
    let tables = Tables::unmade(shared());
    shared().sql("CREATE DATABASE IF NOT EXISTS tests");
    let (entries, schema) = (tables.table("entries"), tables.table("schema"));
    shared().sql(&format!("CREATE TABLE {entries} (a UInt8) ENGINE = MergeTree ORDER BY a"));
    for result in [init(&tables.address, "").map(drop), ClickHouse::open(&tables.address, "").map(drop)] {
        refused(result, StoreErrorKind::Foreign, &entries);
    }
    assert_eq!(shared().sql(&format!("EXISTS TABLE {schema}")).trim(), "0", "nothing was created");
    shared().sql(&format!("CREATE TABLE {schema} (a UInt8) ENGINE = MergeTree ORDER BY a"));
    refused(init(&tables.address, ""), StoreErrorKind::Foreign, &schema);
}

#[test]
fn a_newer_schema_is_refused() {
    let tables = Tables::new();
    shared().sql(&format!("INSERT INTO {} VALUES ('backsight', 9, 'x', 1)", tables.table("schema")));
    for result in [init(&tables.address, "").map(drop), ClickHouse::open(&tables.address, "").map(drop)] {
        refused(result, StoreErrorKind::Incompatible, "version 9");
    }
}

#[test]
fn a_wrong_password_or_port_is_named() {
    let tables = Tables::unmade(shared());
    let locked = Address { user: "locked".to_owned(), ..tables.address.clone() };
    refused(ClickHouse::open(&locked, "hunter2"), StoreErrorKind::Unavailable, "refused the login");
    refused(ClickHouse::open(&locked, "right"), StoreErrorKind::Absent, "backsight db init");
    let nobody = tables.through(ClosedPort::bind().unwrap().address().port());
    refused(ClickHouse::open(&nobody, ""), StoreErrorKind::Unavailable, "check that the server runs");
}

#[test]
fn a_server_that_cannot_recognise_a_repeated_block_is_refused() {
    let alone = Server::start(Needs::default());
    let tables = Tables::unmade(&alone);
    refused(init(&tables.address, ""), StoreErrorKind::Incompatible, "counted twice");
    assert_eq!(alone.sql("SELECT count() FROM system.databases WHERE name = 'tests'").trim(), "0");
}

//! A server in trouble: each has its own message, nothing that was acknowledged is lost, and no part of an answer passes for the whole.

use clickhouse::{Address, ClickHouse, init};
use cof::Position;
use store::{Question, Readiness, Store as _, StoreErrorKind, Subject};

use crate::bounds::batch;
use crate::engine::Tables;
use testkit::clickhouse::{Needs, Server, shared};

fn everything() -> Question {
    Question::new(Subject::parse("*.example").unwrap())
}

/// How many rows there are.
fn rows(store: &ClickHouse) -> u64 {
    store.summarise(&everything()).unwrap().rows
}

#[test]
fn an_answer_that_the_users_limits_end_is_an_error() {
    let tables = Tables::new();
    tables.open().absorb(batch(0, 40_000)).unwrap();
    let hasty = Address { user: "hasty".to_owned(), ..tables.address.clone() };
    // The server would call a part of the rows the whole answer.
    let silent = shared().sql_as("hasty", &format!("SELECT bailiwick FROM {}", tables.table("entries")));
    assert!(silent.lines().count() < 80_000);
    let store = ClickHouse::open(&hasty, "").unwrap();
    let error = store.summarise(&everything()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("limits ended the query"), "{error}");
    assert_eq!(rows(&tables.open()), 40_000);
}

#[test]
fn without_zookeeper_records_are_read_and_none_is_stored() {
    let server = Server::start(Needs { keeper: true, disk: None });
    let tables = Tables::unmade(&server);
    init(&tables.address, "").unwrap();
    let store = tables.open();
    let at = |offset| Some(Position::new("file", offset));
    store.absorb(cof::Batch { position: at(1), ..batch(0, 10) }).unwrap();
    server.stop_keeper();
    let error = store.absorb(cof::Batch { position: at(2), ..batch(10, 20) }).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("ZooKeeper"), "{error}");
    assert_eq!(rows(&store), 10);
    let readiness = store.readiness();
    assert!(
        matches!(readiness, Ok(Readiness::AnswersOnly(why)) if why.contains("ZooKeeper")),
        "{readiness:?}"
    );
    server.start_keeper();
    testkit::clickhouse::until("the server stores again", || {
        store.absorb(cof::Batch { position: at(2), ..batch(10, 20) }).is_ok()
    });
    assert_eq!((rows(&store), store.readiness()), (20, Ok(Readiness::Ready)));
    let page = store.lookup(&everything()).unwrap();
    assert!(page.records.iter().all(|row| row.count == Some(1)), "{page:?}");
}

#[test]
fn a_full_disk_is_named_and_the_batch_is_stored_when_there_is_room() {
    let server = Server::start(Needs { keeper: true, disk: Some(48) });
    let tables = Tables::unmade(&server);
    init(&tables.address, "").unwrap();
    let store = tables.open();
    store.absorb(cof::Batch { position: Some(Position::new("file", 1)), ..batch(0, 10) }).unwrap();
    server.sql("CREATE TABLE tests.filler (a String) ENGINE = MergeTree ORDER BY a");
    let fill = "INSERT INTO tests.filler SELECT concat(toString(rand64(number)), toString(rand64(number + 1))) FROM numbers";
    for rows in [400_000, 100_000, 20_000, 20_000, 4_000, 4_000, 500, 500, 50, 50, 50] {
        while server.try_sql(&format!("{fill}({rows})")) {}
    }
    let next = cof::Batch { position: Some(Position::new("file", 2)), ..batch(10, 30_000) };
    let error = store.absorb(next.clone()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full, "{error}");
    assert!(error.to_string().contains("disk") && error.to_string().contains("make room"), "{error}");
    assert_eq!(rows(&store), 10, "nothing of it is stored");
    server.sql("DROP TABLE tests.filler");
    assert!(!store.absorb(next).unwrap().repeated);
    assert_eq!(rows(&store), 30_000);
}

//! A cluster of two shards with two replicas: what is on which shard, that every batch counts once on each, and what still works when a
//! part of it is down.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clickhouse::{Address, ClickHouse, Made, init};
use cof::{Batch, Observation, Position, Rdata, Record, RrType, Source, SourceKind};
use store::conformance::tuples::name;
use store::{Question, Readiness, Selection, Store as _, StoreError, StoreErrorKind, Subject};
use testkit::clickhouse::{Cluster, shared_cluster, until};

use crate::bounds::{most_read_by, reads_its_range};
use crate::engine::Tables;
use crate::proxy::{Loss, Proxy};

/// What only the addresses of inserts into these tables contain.
const ENTRIES: &str = "%5Fentries%20%28";
const INPUTS: &str = "%5Finputs%20%28";
/// How many names a batch has, so that each shard has some of them.
const NAMES: u64 = 24;

/// Texts of names with this first letter; each row is on one shard only.
fn batch(letter: char, position: Option<Position>) -> Batch {
    let source =
        Source { kind: SourceKind::Observation, origin: Some("https://a.example".into()), sensor: None };
    let observation = |number: u64| Observation {
        rrname: name(&format!("{letter}{number}.example")),
        rrtype: RrType::TXT,
        rdata: Rdata::parse(RrType::TXT, "\"text\""),
        bailiwick: None,
        time_first: 1_000_000_000,
        time_last: 1_000_000_001,
        count: Some(1),
        source: 0,
    };
    Batch { sources: vec![source], observations: (0..NAMES).map(observation).collect(), position }
}

fn ask(store: &ClickHouse, text: &str) -> Result<Vec<Record>, StoreError> {
    store.lookup(&Question::new(Subject::parse(text).unwrap())).map(|page| page.records)
}

/// The number of rows, and the sum of their counts.
fn all(store: &ClickHouse) -> (u64, u64) {
    let summary = store.summarise(&Question::new(Subject::parse("*.example").unwrap())).unwrap();
    (summary.rows, summary.count.unwrap_or_default())
}

/// A name on the first shard, and one on the second.
fn one_on_each(cluster: &Cluster, tables: &Tables, letter: char) -> [String; 2] {
    let local = tables.local("entries");
    [0, 2].map(|node| {
        let is_there = |number: &u64| {
            let part = format!("\\0{letter}{number}\\0");
            let sql = format!("SELECT count() FROM {local} WHERE position(key, '{part}') > 0");
            cluster.node(node).sql(&sql).trim() != "0"
        };
        let number = (0..NAMES).find(is_there).unwrap();
        format!("{letter}{number}.example")
    })
}

#[test]
fn nodes_that_share_rows_otherwise_than_the_settings_say_are_refused() {
    let address = shared_cluster().address_as("default", "crossed", "crossed");
    let error = init(&Address::parse(&address).unwrap(), "").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Incompatible, "{error}");
    assert!(
        error.to_string().contains("are on different shards in remote_servers, but both have 1"),
        "{error}"
    );
}

#[test]
fn tables_are_created_on_all_nodes_once_and_only_in_one_form() {
    let tables = Tables::on_cluster(shared_cluster());
    assert_eq!(init(&tables.address, ""), Ok(Made::Already));
    for node in shared_cluster().nodes() {
        ClickHouse::open(&tables.through(node.port), "").unwrap();
    }
    let alone = Address { cluster: None, ..tables.through(shared_cluster().node(1).port) };
    for result in [ClickHouse::open(&alone, "").map(drop), init(&alone, "").map(drop)] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Incompatible, "{error}");
        assert!(error.to_string().contains("add ?cluster=NAME"), "{error}");
    }
    let other = Address { cluster: Some("three".to_owned()), ..tables.address.clone() };
    let error = ClickHouse::open(&other, "").unwrap_err();
    assert!(error.to_string().contains("remote_servers"), "{error}");
    let on_one = Tables::new();
    let error = ClickHouse::open(&Address { cluster: Some("two".to_owned()), ..on_one.address.clone() }, "");
    assert!(error.unwrap_err().to_string().contains("remote_servers"), "the server has no cluster");
}

#[test]
fn a_table_that_an_interrupted_creation_left_out_is_made() {
    let tables = Tables::on_cluster(shared_cluster());
    shared_cluster().node(0).sql(&format!("DROP TABLE {}", tables.table("pending")));
    let error = ClickHouse::open(&tables.address, "").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Absent, "{error}");
    assert_eq!(init(&tables.address, ""), Ok(Made::New));
    tables.open();
}

#[test]
fn a_lookup_reads_its_range_of_keys_on_each_shard() {
    let tables = Tables::on_cluster(shared_cluster());
    let nodes: Vec<_> = shared_cluster().nodes().collect();
    reads_its_range(&tables, || most_read_by(&nodes, &tables));
}

/// The node that is asked has the first shard, so only questions about the second one are passed on.
#[test]
fn a_name_is_asked_of_one_shard() {
    let tables = Tables::on_cluster(shared_cluster());
    let store = tables.open();
    store.absorb(batch('a', None)).unwrap();
    for number in 0..NAMES {
        assert_eq!(ask(&store, &format!("a{number}.example")).unwrap().len(), 1);
    }
    let local = tables.local("entries");
    let number = |sql: &str, nodes: [usize; 2]| -> u64 {
        nodes.map(|node| shared_cluster().node(node).sql(sql).trim().parse::<u64>().unwrap()).iter().sum()
    };
    let there =
        number(&format!("SELECT count() FROM {local} WHERE substring(key, 1, 1) = '\\x02'"), [2, 3]) / 2;
    assert!((1..NAMES).contains(&there), "{there} of the names are on the second shard");
    for node in [2, 3] {
        shared_cluster().node(node).sql("SYSTEM FLUSH LOGS");
    }
    let asked = format!(
        "SELECT count() FROM system.query_log WHERE type = 2 AND position(query, 'finalizeAggregation') > 0 AND position(query, '{local}') > 0 AND position(query, 'query_log') = 0"
    );
    assert_eq!(number(&asked, [2, 3]), there);
}

#[test]
fn a_batch_whose_acknowledgement_was_lost_counts_once() {
    let (tables, proxy) =
        (Tables::on_cluster(shared_cluster()), Proxy::before(shared_cluster().node(0).port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    for (round, position) in [(1, None), (2, None), (3, Some(Position::new("file", 10)))] {
        proxy.lose(ENTRIES, 2, Loss::Answer);
        assert!(!store.absorb(batch('a', position)).unwrap().repeated);
        assert_eq!((proxy.left(), proxy.seen()), (0, 4), "both parts were sent again");
        assert_eq!(all(&store), (NAMES, NAMES * round));
    }
}

#[test]
fn a_batch_that_is_on_one_shard_only_is_completed_by_whoever_touches_its_input() {
    let (tables, proxy) =
        (Tables::on_cluster(shared_cluster()), Proxy::before(shared_cluster().node(0).port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    store.absorb(batch('a', Some(Position::new("log", 5)))).unwrap();
    // The shard with this name gets nothing.
    proxy.lose_all_of(&[ENTRIES, "b7"], usize::MAX, Loss::Request);
    let error = store.absorb(batch('b', Some(Position::new("log", 10)))).unwrap_err();
    assert!(error.to_string().contains("whether the batch was stored is not known"), "{error}");
    let next = tables.open();
    let half = all(&next).0;
    assert!(NAMES < half && half < 2 * NAMES, "{half} rows are there");
    // A log that grows: the next process has read on, and asks how far it is stored.
    assert_eq!(next.position("log").unwrap().map(|reached| reached.offset), Some(10));
    assert_eq!(all(&next), (2 * NAMES, 2 * NAMES));
    assert!(next.absorb(batch('b', Some(Position::new("log", 10)))).unwrap().repeated);
    assert!(!next.absorb(batch('b', Some(Position::new("log", 20)))).unwrap().repeated);
    assert_eq!(all(&next), (2 * NAMES, 3 * NAMES));
}

#[test]
fn a_batch_without_a_position_is_completed_when_the_database_is_opened_later() {
    let (tables, proxy) =
        (Tables::on_cluster(shared_cluster()), Proxy::before(shared_cluster().node(0).port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    proxy.lose_all_of(&[ENTRIES, "a7"], usize::MAX, Loss::Request);
    store.absorb(batch('a', None)).unwrap_err();
    assert!(all(&tables.open()).0 < NAMES, "somebody may still work on it");
    let pending = tables.table("pending");
    let old = format!(
        "INSERT INTO {pending} SELECT id, version, has_input, input, mark, parts, now() - 700 AS at, shard FROM {pending} FINAL WHERE version % 2 = 0"
    );
    shared_cluster().node(0).sql(&old);
    until("the age of the batch is known", || all(&tables.open()) == (NAMES, NAMES));
    assert_eq!(all(&tables.open()), (NAMES, NAMES));
}

/// What is dropped does not come back with the rest of a batch that was interrupted.
#[test]
fn a_batch_that_was_interrupted_is_completed_before_it_is_dropped() {
    let (tables, proxy) =
        (Tables::on_cluster(shared_cluster()), Proxy::before(shared_cluster().node(0).port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    proxy.lose_all_of(&[ENTRIES, "a7"], usize::MAX, Loss::Request);
    store.absorb(batch('a', Some(Position::new("file", 10)))).unwrap_err();
    let next = tables.open();
    assert_eq!(next.drop_where(&Selection::Origin(Some("https://a.example".into()))), Ok(NAMES));
    assert_eq!((all(&next).0, next.position("file")), (0, Ok(None)));
    assert!(!next.absorb(batch('a', Some(Position::new("file", 10)))).unwrap().repeated);
    assert_eq!(all(&next), (NAMES, NAMES));
}

/// The position is the last thing that is stored: without it, all shards have their part, and get none again.
#[test]
fn a_position_that_was_not_stored_is_stored_later() {
    let (tables, proxy) =
        (Tables::on_cluster(shared_cluster()), Proxy::before(shared_cluster().node(0).port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    proxy.lose(INPUTS, usize::MAX, Loss::Request);
    store.absorb(batch('a', Some(Position::new("file", 10)))).unwrap_err();
    let next = tables.open();
    assert_eq!(next.position("file").unwrap().map(|reached| reached.offset), Some(10));
    assert!(next.absorb(batch('a', Some(Position::new("file", 10)))).unwrap().repeated);
    assert_eq!(all(&next), (NAMES, NAMES));
}

#[test]
fn several_processes_store_at_the_same_time() {
    let tables = Tables::on_cluster(shared_cluster());
    std::thread::scope(|scope| {
        for number in 0..4 {
            let store = tables.open();
            scope.spawn(move || {
                for offset in 1..=3 {
                    let position = Position::new(format!("sensor/{number}"), offset);
                    assert!(!store.absorb(batch('a', Some(position))).unwrap().repeated);
                }
            });
        }
    });
    assert_eq!(all(&tables.open()), (NAMES, 12 * NAMES));
}

#[test]
fn sizes_and_what_is_dropped_are_counted_once() {
    let tables = Tables::on_cluster(shared_cluster());
    let store = tables.open();
    store.absorb(batch('a', Some(Position::new("file", 1)))).unwrap();
    assert_eq!((store.stats().unwrap().entries, store.stats().unwrap().inputs), (NAMES, 1));
    let footprint = store.footprint().unwrap();
    assert_eq!(footprint.rows, NAMES + 2, "with a mark on each shard");
    let origin = Selection::Origin(Some("https://a.example".into()));
    assert_eq!(store.count_where(&origin), Ok(NAMES));
    assert_eq!(store.drop_where(&origin), Ok(NAMES));
    for node in shared_cluster().nodes() {
        let there = ClickHouse::open(&tables.through(node.port), "").unwrap();
        assert_eq!((all(&there).0, there.position("file")), (0, Ok(None)));
    }
}

/// The cluster whose servers are killed. One test uses it after the other.
fn fragile() -> &'static Cluster {
    static FRAGILE: OnceLock<Cluster> = OnceLock::new();
    FRAGILE.get_or_init(Cluster::start)
}

/// A batch is sent until it is acknowledged, as importers and sensors do.
fn insist(store: &ClickHouse, batch: &Batch) {
    until("a batch is acknowledged", || store.absorb(batch.clone()).is_ok());
}

#[test]
fn nothing_is_lost_or_counted_twice_while_parts_of_the_cluster_are_down() {
    let tables = Tables::on_cluster(fragile());
    let store = tables.open();
    store.absorb(batch('a', Some(Position::new("a", 1)))).unwrap();
    a_replica_is_killed_while_records_are_stored_and_read(&tables, &store);
    a_shard_is_down(&tables, &store);
    without_zookeeper_records_are_read(&store);
}

fn a_replica_is_killed_while_records_are_stored_and_read(tables: &Tables, store: &ClickHouse) {
    const BATCHES: u64 = 8;
    let (acknowledged, is_done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let store = tables.open();
            for offset in 1..=BATCHES {
                insist(&store, &batch('k', Some(Position::new("k", offset))));
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            is_done.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            let store = tables.open();
            let question = Question::new(Subject::parse("*.example").unwrap());
            let mut answers = 0;
            while !is_done.load(Ordering::SeqCst) {
                let before = acknowledged.load(Ordering::SeqCst);
                if let Ok(summary) = store.summarise(&question) {
                    answers += 1;
                    let count = summary.count.unwrap();
                    assert!(count >= (1 + before) * NAMES, "{count} after {before} batches");
                    assert!(count <= (1 + BATCHES) * NAMES);
                }
            }
            assert!(answers > 10, "{answers} answers");
        });
        until("some batches are stored", || acknowledged.load(Ordering::SeqCst) >= 2);
        // The one that is asked.
        fragile().kill(0);
        until("its session has ended", || matches!(store.readiness(), Ok(Readiness::AnswersOnly(_))));
        fragile().revive(0);
    });
    for node in fragile().nodes() {
        let there = ClickHouse::open(&tables.through(node.port), "").unwrap();
        until("the replicas have caught up", || all(&there) == (2 * NAMES, (1 + BATCHES) * NAMES));
    }
}

fn a_shard_is_down(tables: &Tables, store: &ClickHouse) {
    let [first, second] = one_on_each(fragile(), tables, 'a');
    fragile().kill(3);
    assert_eq!(all(store).0, 2 * NAMES, "the other replica has everything");
    let next = batch('s', Some(Position::new("s", 1)));
    let error = store.absorb(next.clone()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("too few replicas"), "{error}");
    fragile().kill(2);
    assert!(store.readiness().is_err());
    assert_eq!(ask(store, &first).unwrap().len(), 1);
    for question in [&*second, "*.example"] {
        let error = ask(store, question).unwrap_err();
        assert!(error.to_string().contains("shard 2 of 2 of the cluster two"), "{error}");
    }
    fragile().revive(2);
    fragile().revive(3);
    insist(store, &next);
    assert_eq!(ask(store, "*.example").unwrap().len() as u64, 3 * NAMES);
    assert!(ask(store, "*.example").unwrap().iter().all(|row| row.count.is_some_and(|count| count <= 8)));
    assert_eq!(ask(store, "s0.example").unwrap()[0].count, Some(1));
}

fn without_zookeeper_records_are_read(store: &ClickHouse) {
    let rows = all(store).0;
    fragile().stop_keeper();
    let next = batch('z', Some(Position::new("z", 1)));
    let error = store.absorb(next.clone()).unwrap_err();
    assert!(error.to_string().contains("ZooKeeper"), "{error}");
    assert_eq!(all(store).0, rows);
    let readiness = store.readiness();
    assert!(
        matches!(readiness, Ok(Readiness::AnswersOnly(why)) if why.contains("ZooKeeper")),
        "{readiness:?}"
    );
    fragile().start_keeper();
    insist(store, &next);
    until("all servers store again", || store.readiness() == Ok(Readiness::Ready));
    assert_eq!(all(store).0, rows + NAMES);
    assert_eq!(ask(store, "z0.example").unwrap()[0].count, Some(1));
}

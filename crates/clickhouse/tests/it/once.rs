//! Every batch counts once: when acknowledgements are lost, when a process ends in the middle, and when another one continues.

use clickhouse::ClickHouse;
use cof::{Batch, Observation, Position, Rdata, RrType, Source, SourceKind};
use store::conformance::tuples::name;
use store::{Question, Selection, Store as _, StoreErrorKind, Subject};

use crate::bounds;
use crate::engine::{Tables, oldest_and_newest};
use crate::proxy::{Loss, Proxy};
use testkit::clickhouse::{shared, until};

/// What only the addresses of inserts into these tables contain.
const ENTRIES: &str = "%5Fentries%20%28";
const INPUTS: &str = "%5Finputs%20%28";

fn batch(position: Option<Position>) -> Batch {
    let source =
        Source { kind: SourceKind::Observation, origin: Some("https://a.example".into()), sensor: None };
    let observation = |rrname: &str| Observation {
        rrname: name(rrname),
        rrtype: RrType::A,
        rdata: Rdata::parse(RrType::A, "192.0.2.1"),
        bailiwick: None,
        time_first: 1_000_000_000,
        time_last: 1_000_000_001,
        count: Some(1),
        source: 0,
    };
    let observations = vec![observation("a.example"), observation("b.example")];
    Batch { sources: vec![source], observations, position }
}

/// The counts of the two rows, in both orders.
fn counts(store: &ClickHouse) -> Vec<Option<u64>> {
    let rows = |text: &str| store.lookup(&Question::new(Subject::parse(text).unwrap())).unwrap().records;
    [rows("*.example"), rows("192.0.2.1")].concat().iter().map(|row| row.count).collect()
}

fn four(count: u64) -> Vec<Option<u64>> {
    vec![Some(count); 4]
}

#[test]
fn a_batch_whose_acknowledgement_was_lost_counts_once() {
    for server in oldest_and_newest() {
        let (tables, proxy) = (Tables::on(server), Proxy::before(server.port));
        let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
        for (round, position) in [(1, None), (2, None), (3, Some(Position::new("file", 10)))] {
            proxy.lose(ENTRIES, 1, Loss::Answer);
            assert!(!store.absorb(batch(position)).unwrap().repeated);
            assert_eq!((proxy.left(), proxy.seen()), (0, 1), "the answer was lost, and the mark was found");
            assert_eq!(counts(&store), four(round));
        }
    }
}

#[test]
fn a_batch_is_stored_when_its_ticket_is_redeemed() {
    let (tables, others) = (Tables::new(), Tables::new());
    let (store, other) = (tables.open(), others.open());
    let submit = |offset| store.submit(batch(Some(Position::new("file", offset)))).unwrap();
    let [one, two, repeated, dropped, foreign] = [10, 20, 20, 30, 40].map(submit);
    assert_eq!(counts(&store), []);
    assert!(!store.redeem(one).unwrap().repeated);
    assert!(!store.redeem(two).unwrap().repeated);
    assert!(store.redeem(repeated).unwrap().repeated);
    drop(dropped);
    assert_eq!(other.redeem(foreign).unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert_eq!((counts(&store), counts(&other)), (four(2), Vec::new()));
    assert_eq!(store.position("file").unwrap().unwrap().offset, 20);
    assert!(!store.redeem(submit(30)).unwrap().repeated, "what was dropped can be submitted again");
    assert_eq!(counts(&store), four(3));
}

/// The connection is cut while the server still reads the batch.
#[test]
fn what_the_server_still_works_on_is_waited_for() {
    let (tables, proxy) = (Tables::new(), Proxy::before(shared().port));
    let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
    let large = |offset| Batch { position: Some(Position::new("log", offset)), ..bounds::batch(0, 20_000) };
    let everything = Question::new(Subject::parse("*.example").unwrap());
    proxy.lose(ENTRIES, 1, Loss::Slow);
    store.absorb(large(10)).unwrap();
    assert_eq!((proxy.left(), proxy.seen()), (0, 1), "it is not sent again");
    assert_eq!(store.summarise(&everything).unwrap().count, Some(20_000));
    // Another process begins meanwhile, with a longer part of the log.
    proxy.lose(ENTRIES, 1, Loss::Slow);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| store.absorb(large(20)));
        let running = format!(
            "SELECT count() FROM system.processes WHERE position(query, 'INSERT INTO {}') = 1",
            tables.table("entries")
        );
        until("the server gets the batch", || shared().sql(&running).trim() == "1");
        let next = tables.open();
        assert_eq!(next.position("log").unwrap().map(|reached| reached.offset), Some(20));
        assert!(!next.absorb(large(30)).unwrap().repeated);
        first.join().unwrap().unwrap();
        assert_eq!(next.summarise(&everything).unwrap().count, Some(60_000));
    });
}

#[test]
fn equal_batches_are_two_batches() {
    for server in oldest_and_newest() {
        let tables = Tables::on(server);
        let store = tables.open();
        for offset in 1..=3 {
            assert!(!store.absorb(batch(Some(Position::new("file", offset)))).unwrap().repeated);
            assert_eq!(counts(&store), four(offset));
        }
        assert!(store.absorb(batch(Some(Position::new("file", 2)))).unwrap().repeated);
        assert_eq!(counts(&store), four(3));
    }
}

#[test]
fn a_batch_without_its_position_gets_it_when_the_next_process_asks() {
    for server in oldest_and_newest() {
        let (tables, proxy) = (Tables::on(server), Proxy::before(server.port));
        let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
        store.absorb(batch(Some(Position::new("file", 5)))).unwrap();
        // After the batch has arrived, nothing about it does, so its position is never sent.
        proxy.lose_from(ENTRIES, "entries", Loss::Answer);
        let whole = Position { whole: true, digest: Some([7; 32]), ..Position::new("file", 10) };
        let error = store.absorb(batch(Some(whole.clone()))).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("whether the batch was stored is not known"), "{error}");
        let offset = format!("SELECT max(offset) FROM {}", tables.table("inputs"));
        assert_eq!(server.sql(&offset).trim(), "5");
        drop(store);
        let next = tables.open();
        let reached = next.position("file").unwrap().unwrap();
        assert_eq!((reached.offset, reached.whole, reached.digest), (10, true, Some([7; 32])));
        assert!(next.absorb(batch(Some(whole))).unwrap().repeated);
        assert_eq!(counts(&next), four(2));
        assert_eq!(next.wholes(&[7; 32]).unwrap(), ["file".into()]);
    }
}

/// A log that grows: the next process reads more than the one that was interrupted.
#[test]
fn a_longer_batch_after_an_interruption_does_not_count_its_beginning_twice() {
    for server in oldest_and_newest() {
        let (tables, proxy) = (Tables::on(server), Proxy::before(server.port));
        let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
        store.absorb(batch(Some(Position::new("log", 10)))).unwrap();
        proxy.lose(INPUTS, 4, Loss::Answer);
        // The position is stored, and nobody hears of it; or, if the server did not get it, the mark has it.
        store.absorb(batch(Some(Position::new("log", 20)))).unwrap_err();
        let next = tables.open();
        assert_eq!(next.position("log").unwrap().map(|reached| reached.offset), Some(20));
        assert!(next.absorb(batch(Some(Position::new("log", 20)))).unwrap().repeated);
        assert_eq!(counts(&next), four(2));
    }
}

#[test]
fn what_was_dropped_can_be_imported_again() {
    for server in oldest_and_newest() {
        let tables = Tables::on(server);
        let store = tables.open();
        for _ in 0..2 {
            assert!(!store.absorb(batch(Some(Position::new("file", 10)))).unwrap().repeated);
            assert_eq!(counts(&store), four(1), "the server does not take it for the earlier block");
            assert_eq!(store.drop_where(&Selection::Origin(Some("https://a.example".into()))), Ok(2));
            assert_eq!((counts(&store), store.position("file")), (Vec::new(), Ok(None)));
        }
    }
}

/// The process ends after a batch was stored, and before its position was; then the origin of the batch is dropped.
#[test]
fn what_had_no_position_yet_and_was_dropped_can_be_imported_again() {
    for server in oldest_and_newest() {
        let (tables, proxy) = (Tables::on(server), Proxy::before(server.port));
        let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
        proxy.lose_from(ENTRIES, "entries", Loss::Answer);
        let whole = Position { whole: true, ..Position::new("file", 10) };
        store.absorb(batch(Some(whole.clone()))).unwrap_err();
        let next = tables.open();
        let origin = Selection::Origin(Some("https://a.example".into()));
        assert_eq!(next.drop_where(&origin), Ok(2));
        assert_eq!((counts(&next), next.position("file")), (Vec::new(), Ok(None)));
        for round in 0..2 {
            assert_eq!(next.absorb(batch(Some(whole.clone()))).unwrap().repeated, round == 1);
            assert_eq!(counts(&next), four(1));
        }
        assert_eq!(next.drop_where(&origin), Ok(2));
        assert!(!next.absorb(batch(Some(whole))).unwrap().repeated);
        assert_eq!(counts(&next), four(1));
    }
}

#[test]
fn an_answer_that_is_cut_is_an_error() {
    for server in oldest_and_newest() {
        let (tables, proxy) = (Tables::on(server), Proxy::before(server.port));
        let store = ClickHouse::open(&tables.through(proxy.port), "").unwrap();
        store.absorb(batch(None)).unwrap();
        proxy.lose("finalizeAggregation", 1, Loss::HalfAnswer);
        assert_eq!(counts(&store), four(1), "it is asked for again");
        proxy.lose("finalizeAggregation", 4, Loss::HalfAnswer);
        let question = Question::new(Subject::parse("a.example").unwrap());
        let error = store.lookup(&question).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    }
}

#[test]
fn two_processes_share_a_database() {
    for server in oldest_and_newest() {
        let tables = Tables::on(server);
        let (one, two) = (tables.open(), tables.open());
        one.absorb(batch(None)).unwrap();
        assert_eq!(counts(&two), four(1), "with a source that it did not know");
        two.absorb(batch(Some(Position::new("sensor/1", 1)))).unwrap();
        assert!(one.absorb(batch(Some(Position::new("sensor/1", 1)))).unwrap().repeated);
        assert_eq!((counts(&one), counts(&two)), (four(2), four(2)));
        assert_eq!((one.stats().unwrap().sources, two.stats().unwrap().inputs), (1, 1));
    }
}

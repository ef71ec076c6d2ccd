//! A lookup reads the part of the table that has its answer, and not more.

use cof::{Batch, Observation, Rdata, RrType, Source, SourceKind};
use store::conformance::tuples::name;
use store::{Cursor, Question, Store as _, Subject};

use crate::engine::Tables;
use testkit::clickhouse::{Server, shared};

/// How many names there are.
const NAMES: u32 = 60_000;
/// How many rows the index tells apart.
const GRANULE: u64 = 1_024;

/// Records of these names, one for each.
pub(crate) fn batch(from: u32, to: u32) -> Batch {
    let source = Source { kind: SourceKind::Observation, origin: None, sensor: None };
    let observation = |number: u32| Observation {
        rrname: name(&format!("n{number}.example")),
        rrtype: RrType::A,
        rdata: Rdata::parse(RrType::A, &std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string()),
        bailiwick: None,
        time_first: 1_000_000_000,
        time_last: 1_000_000_001,
        count: Some(1),
        source: 0,
    };
    Batch { sources: vec![source], observations: (from..to).map(observation).collect(), position: None }
}

/// The largest number of rows that a query for an answer from these tables has read on these servers.
pub(crate) fn most_read_by(servers: &[&Server], tables: &Tables) -> u64 {
    servers.iter().map(|server| most_read_on(server, tables)).max().unwrap()
}

fn most_read_on(server: &Server, tables: &Tables) -> u64 {
    server.sql("SYSTEM FLUSH LOGS");
    let table = tables.table("entries").trim_start_matches("tests.").to_owned();
    let text = server.sql(&format!(
        "SELECT max(read_rows) FROM system.query_log WHERE type = 2 AND position(query, 'finalizeAggregation') > 0 AND position(query, '{table}') > 0 AND position(query, 'query_log') = 0"
    ));
    text.trim().parse().unwrap()
}

#[test]
fn a_lookup_reads_its_range_of_keys() {
    let tables = Tables::new();
    reads_its_range(&tables, || most_read_by(&[shared()], &tables));
}

/// Stores records, and looks some of them up; the largest number of rows that were read for it is bounded.
pub(crate) fn reads_its_range(tables: &Tables, most_read: impl Fn() -> u64) {
    let store = tables.open();
    for part in 0..4 {
        store.absorb(batch(part * NAMES / 4, (part + 1) * NAMES / 4)).unwrap();
    }
    for text in ["n7.example", "10.0.0.7", "10.0.0.0/28", "rdata:ns.example"] {
        let question = Question { limit: 20, ..Question::new(Subject::parse(text).unwrap()) };
        store.lookup(&question).unwrap();
    }
    // Four parts, and in each of them the granule with the range and the one before it.
    assert!(most_read() <= 4 * 2 * GRANULE, "{}", most_read());
    let mut question = Question { limit: 100, ..Question::new(Subject::parse("*.example").unwrap()) };
    let mut rows = 0;
    for _ in 0..20 {
        let page = store.lookup(&question).unwrap();
        rows += page.records.len();
        question.cursor = page.next.map(|next| Cursor::from_decimal(&next.to_decimal()).unwrap());
    }
    assert_eq!(rows, 2_000);
    assert!(most_read() <= 4 * 4 * GRANULE, "a page reads {} rows", most_read());
    let everything = Question::new(Subject::parse("*.example").unwrap());
    assert_eq!(store.summarise(&everything).unwrap().rows, u64::from(NAMES));
}

//! The engine under test, with tables of its own, while ClickHouse merges at any time or not at all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use clickhouse::{Address, ClickHouse, Made, init};
use cof::{Batch, Digest};
use store::conformance::Engine;
use store::{Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};

use testkit::clickhouse::{Server, newest, shared, until};

/// The oldest version that works, with `ZooKeeper`, and the newest one, without it.
pub(crate) fn oldest_and_newest() -> [&'static Server; 2] {
    [shared(), newest()]
}

/// Tables of a test.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) address: Address,
    /// Where they are dropped in the end, so that the server does not have the tables of all tests.
    server: Option<&'static Server>,
}

impl Tables {
    /// Creates tables on the shared server of Debian's version.
    pub(crate) fn new() -> Self {
        Self::on(shared())
    }

    /// Creates tables on a server.
    pub(crate) fn on(server: &'static Server) -> Self {
        let mut tables = Self::unmade(server);
        tables.server = Some(server);
        assert_eq!(init(&tables.address, ""), Ok(Made::New));
        tables
    }

    /// A place for tables on a server.
    pub(crate) fn unmade(server: &Server) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let text = format!("clickhouse://127.0.0.1:{}/tests?tables=t{number}_", server.port);
        Self { address: Address::parse(&text).unwrap(), server: None }
    }

    pub(crate) fn open(&self) -> ClickHouse {
        ClickHouse::open(&self.address, "").unwrap()
    }

    /// The same tables, reached on another port.
    pub(crate) fn through(&self, port: u16) -> Address {
        Address { port, ..self.address.clone() }
    }

    pub(crate) fn table(&self, name: &str) -> String {
        format!("tests.{}{name}", self.address.tables)
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        let Some(server) = self.server else { return };
        for name in ["entries", "sources", "inputs", "schema"] {
            server.try_sql(&format!("DROP TABLE IF EXISTS {}", self.table(name)));
        }
    }
}

/// The engine, which is opened again, and whose server merges, at any time.
pub(crate) struct Shaken {
    server: &'static Server,
    tables: Tables,
    store: RwLock<ClickHouse>,
}

impl Shaken {
    pub(crate) fn on(server: &'static Server) -> Self {
        let tables = Tables::on(server);
        let store = RwLock::new(tables.open());
        Self { server, tables, store }
    }

    fn store(&self) -> std::sync::RwLockReadGuard<'_, ClickHouse> {
        self.store.read().unwrap()
    }

    fn merging(&self, word: &str) {
        self.server.sql(&format!("SYSTEM {word} MERGES {}", self.tables.table("entries")));
    }

    /// While merging is held off, the server would wait for ever.
    fn merge(&self, how: &str) {
        self.merging("START");
        let _ = self.server.try_sql(&format!("OPTIMIZE TABLE {} {how}", self.tables.table("entries")));
    }
}

impl Engine for Shaken {
    fn shake(&self, how: usize) {
        match how % 7 {
            0 => *self.store.write().unwrap() = self.tables.open(),
            1 => self.merge("FINAL"),
            2 => self.merging("STOP"),
            3 => self.merge(""),
            4 => self.merging("START"),
            _ => {}
        }
    }

    fn settle(&self) {
        let entries = self.tables.table("entries");
        let table = entries.trim_start_matches("tests.").to_owned();
        let parts = format!(
            "SELECT count() FROM system.parts WHERE active AND database = 'tests' AND table = '{table}'"
        );
        until("the server merges", || {
            self.merge("FINAL");
            matches!(self.server.sql(&parts).trim(), "0" | "1")
        });
    }
}

impl Store for Shaken {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store().absorb(batch)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.store().lookup(question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.store().summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        let covered = self.store().count_where(selection)?;
        let dropped = self.store().drop_where(selection)?;
        assert_eq!(covered, dropped, "what is counted is what is dropped");
        Ok(dropped)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.store().position(input)
    }

    fn wholes(&self, digest: &Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.store().wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.store().forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.store().stats()
    }
}

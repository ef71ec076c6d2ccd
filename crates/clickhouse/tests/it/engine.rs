//! The engine under test, with tables of its own, while ClickHouse merges at any time or not at all.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

use clickhouse::{Address, ClickHouse, Made, init};
use cof::{Batch, Digest};
use store::conformance::Engine;
use store::{Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};

use testkit::clickhouse::{Cluster, Server, newest, shared, until};

/// All tables, on one server and on a cluster.
const NAMES: [&str; 9] = [
    "entries",
    "sources",
    "inputs",
    "pending",
    "schema",
    "entries_local",
    "sources_local",
    "inputs_local",
    "pending_local",
];

/// The oldest version that works, with `ZooKeeper`, and the newest one, without it.
pub(crate) fn oldest_and_newest() -> [&'static Server; 2] {
    [shared(), newest()]
}

/// Tables of a test.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) address: Address,
    /// Those that have rows, and where the tables are dropped in the end.
    servers: Vec<&'static Server>,
    is_on_cluster: bool,
}

impl Tables {
    /// Creates tables on the shared server of Debian's version.
    pub(crate) fn new() -> Self {
        Self::on(shared())
    }

    /// Creates tables on a server.
    pub(crate) fn on(server: &'static Server) -> Self {
        let mut tables = Self::unmade(server);
        tables.servers = vec![server];
        assert_eq!(init(&tables.address, ""), Ok(Made::New));
        tables
    }

    /// A place for tables on a server.
    pub(crate) fn unmade(server: &Server) -> Self {
        let text = format!("clickhouse://127.0.0.1:{}/tests?tables={}", server.port, prefix());
        Self { address: Address::parse(&text).unwrap(), servers: Vec::new(), is_on_cluster: false }
    }

    /// Creates tables on a cluster.
    pub(crate) fn on_cluster(cluster: &'static Cluster) -> Self {
        let tables = Self::unmade_on(cluster);
        assert_eq!(init(&tables.address, ""), Ok(Made::New));
        tables
    }

    /// A place for tables on a cluster.
    pub(crate) fn unmade_on(cluster: &'static Cluster) -> Self {
        let text = [&*cluster.address("tests"), "&tables=", &prefix()].concat();
        Self {
            address: Address::parse(&text).unwrap(),
            servers: cluster.nodes().collect(),
            is_on_cluster: true,
        }
    }

    /// The table in which a server has its rows.
    pub(crate) fn local(&self, name: &str) -> String {
        [&*self.table(name), if self.is_on_cluster { "_local" } else { "" }].concat()
    }

    pub(crate) fn open(&self) -> ClickHouse {
        ClickHouse::open(&self.address, "").unwrap()
    }

    /// The same tables, reached on another port, and only on this.
    pub(crate) fn through(&self, port: u16) -> Address {
        Address { port, others: Vec::new(), ..self.address.clone() }
    }

    pub(crate) fn table(&self, name: &str) -> String {
        format!("tests.{}{name}", self.address.tables)
    }
}

/// What only the names of these tables begin with.
fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("t{}_", NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Drop for Tables {
    fn drop(&mut self) {
        let tables = &*self;
        std::thread::scope(|scope| {
            for server in &tables.servers {
                scope.spawn(move || {
                    for name in NAMES {
                        server.try_sql(&format!("DROP TABLE IF EXISTS {}", tables.table(name)));
                    }
                });
            }
        });
    }
}

/// The engine, which is opened again, and whose server merges, at any time.
pub(crate) struct Shaken {
    tables: Tables,
    store: RwLock<ClickHouse>,
}

impl Shaken {
    pub(crate) fn of(tables: Tables) -> Self {
        let store = RwLock::new(tables.open());
        Self { tables, store }
    }

    fn store(&self) -> std::sync::RwLockReadGuard<'_, ClickHouse> {
        self.store.read().unwrap()
    }

    fn merging(&self, word: &str) {
        for server in &self.tables.servers {
            server.sql(&format!("SYSTEM {word} MERGES {}", self.tables.local("entries")));
        }
    }

    /// While merging is held off, the server would wait for ever.
    fn merge(&self, how: &str) {
        self.merging("START");
        for server in &self.tables.servers {
            let _ = server.try_sql(&format!("OPTIMIZE TABLE {} {how}", self.tables.local("entries")));
        }
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
        if self.tables.is_on_cluster {
            // A shard keeps the block that it confirmed last as it is, so not everything can be merged.
            for _ in 0..3 {
                self.merge("FINAL");
            }
            return;
        }
        let entries = self.tables.table("entries");
        let table = entries.trim_start_matches("tests.").to_owned();
        let parts = format!(
            "SELECT count() FROM system.parts WHERE active AND database = 'tests' AND table = '{table}'"
        );
        until("the server merges", || {
            self.merge("FINAL");
            self.tables.servers.iter().all(|server| matches!(server.sql(&parts).trim(), "0" | "1"))
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

    /// On a cluster, entries are counted as they are after merging, because a shard does not merge all of them.
    fn stats(&self) -> Result<Stats, StoreError> {
        let stats = self.store().stats()?;
        let Some(server) = self.tables.servers.first().filter(|_| self.tables.is_on_cluster) else {
            return Ok(stats);
        };
        let sql = format!(
            r"SELECT count() FROM (SELECT key FROM {} WHERE key >= '\x02' AND key < '\x03' GROUP BY key, bailiwick, source)",
            self.tables.table("entries")
        );
        Ok(Stats { entries: server.sql(&sql).trim().parse().unwrap(), ..stats })
    }
}

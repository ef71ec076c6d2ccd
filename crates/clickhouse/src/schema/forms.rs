//! The forms of the tables, and the statements that create them. Nothing here fails.

use crate::address::Address;
use crate::cluster::{Cluster, local_name};

/// How many blocks a server remembers, so that it recognises a repeated one.
const WINDOW: u32 = 100_000;

/// The form of a table: its name, its columns, its engine, its key, and its other settings.
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str)],
    pub(crate) engine: &'static str,
    pub(crate) argument: &'static str,
    pub(crate) key: &'static str,
    pub(crate) granularity: u32,
}

pub(crate) const MARKER: [(&str, &str); 4] =
    [("program", "String"), ("version", "UInt64"), ("id", "String"), ("ready", "UInt8")];

/// The column of the view `schema` that the table does not have.
pub(crate) const SHARDS: (&str, &str) = ("shards", "UInt64");
/// The last column of every other table on a cluster.
pub(crate) const SHARD: (&str, &str) = ("shard", "UInt16");

pub(crate) const TABLES: [Form; 3] = [
    Form {
        name: "entries",
        columns: &[
            ("key", "String"),
            ("bailiwick", "UInt8"),
            ("source", "FixedString(16)"),
            ("owner_at", "UInt16"),
            ("largest", "AggregateFunction(maxForEach, Array(UInt64))"),
            ("summed", "AggregateFunction(sum, Decimal(38, 0))"),
        ],
        engine: "AggregatingMergeTree",
        argument: "",
        // The last one follows from the key. Newer servers refuse a column that is neither here nor aggregated.
        key: "(key, bailiwick, source, owner_at)",
        granularity: 1_024,
    },
    Form {
        name: "sources",
        columns: &[
            ("id", "FixedString(16)"),
            ("has_origin", "UInt8"),
            ("origin", "String"),
            ("has_sensor", "UInt8"),
            ("sensor", "String"),
        ],
        engine: "ReplacingMergeTree",
        argument: "",
        key: "id",
        granularity: 1_024,
    },
    Form {
        name: "inputs",
        columns: &[
            ("input", "String"),
            ("version", "UInt64"),
            ("gone", "UInt8"),
            ("offset", "UInt64"),
            ("digest", "String"),
            ("whole", "UInt8"),
            ("has_expires", "UInt8"),
            ("expires", "UInt64"),
            ("named", "String"),
        ],
        engine: "ReplacingMergeTree",
        argument: "version",
        key: "input",
        granularity: 256,
    },
];

/// Batches that are not stored on all shards yet. Rows are large, and each is read alone.
pub(crate) const PENDING: Form = Form {
    name: "pending",
    columns: &[
        ("id", "FixedString(32)"),
        ("version", "UInt64"),
        ("has_input", "UInt8"),
        ("input", "String"),
        ("mark", "String"),
        ("parts", "String"),
        ("at", "DateTime DEFAULT now()"),
    ],
    engine: "ReplacingMergeTree",
    argument: "version",
    key: "id",
    granularity: 1,
};

/// How a server can store tables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storage {
    /// The settings with which a block is on the disk before it is acknowledged.
    pub(crate) durable: Vec<&'static str>,
    /// Whether a column can have its own compression.
    pub(crate) has_codecs: bool,
}

impl Storage {
    fn settings(&self) -> String {
        self.durable.iter().flat_map(|name| [", ", name, " = 1"]).collect()
    }
}

/// The tables of one server, or of a cluster.
pub(crate) fn forms(is_on_cluster: bool) -> impl Iterator<Item = &'static Form> {
    TABLES.iter().chain(is_on_cluster.then_some(&PENDING))
}

impl Form {
    /// The statement that creates it: replicated under this id, or not at all.
    pub(crate) fn creation(&self, address: &Address, id: Option<&str>, storage: &Storage) -> String {
        let Self { name, engine, argument, key, granularity, .. } = self;
        let (engine, window) = if let Some(id) = id {
            let arguments = format!("'/backsight/{id}/{name}', 'first'");
            let arguments = if argument.is_empty() { arguments } else { format!("{arguments}, {argument}") };
            (format!("Replicated{engine}({arguments})"), "replicated_deduplication_window")
        } else {
            (format!("{engine}({argument})"), "non_replicated_deduplication_window")
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = {engine} ORDER BY {key} SETTINGS index_granularity = {granularity}, {window} = {WINDOW}{}",
            address.table(name),
            self.stored_columns(self.columns, storage),
            storage.settings()
        )
    }

    /// The statements that create it on all nodes: the table in which a node has its rows, and the one that distributes them.
    pub(crate) fn creations_on(
        &self,
        address: &Address,
        cluster: &Cluster,
        id: &str,
        storage: &Storage,
    ) -> [String; 2] {
        let Self { name, engine, argument, granularity, .. } = self;
        let (whole, on) = (address.table(name), cluster.quoted());
        let (local, columns) = (local_name(&whole, true), self.columns_on(true));
        let (stored, columns) = (self.stored_columns(&columns, storage), self::columns(&columns));
        let argument = if argument.is_empty() { String::new() } else { [", ", argument].concat() };
        let key = self.key.trim_matches(['(', ')']);
        let of_node = local_name(&[&*address.tables, name].concat(), true);
        [
            format!(
                "CREATE TABLE IF NOT EXISTS {local} ON CLUSTER {on} ({stored}) ENGINE = Replicated{engine}('/backsight/{id}/{{shard}}/{name}', '{{replica}}'{argument}) ORDER BY ({key}, shard) SETTINGS index_granularity = {granularity}, replicated_deduplication_window = {WINDOW}{}",
                storage.settings()
            ),
            format!(
                "CREATE TABLE IF NOT EXISTS {whole} ON CLUSTER {on} ({columns}) ENGINE = Distributed({on}, {}, {of_node}, shard)",
                address.database
            ),
        ]
    }

    /// The columns with their compression: records are compressed better where that is possible.
    fn stored_columns(&self, columns: &[(&str, &str)], storage: &Storage) -> String {
        let codec = if storage.has_codecs && self.name == "entries" { " CODEC(ZSTD(1))" } else { "" };
        let columns: Vec<String> =
            columns.iter().map(|(name, kind)| [*name, " ", *kind, codec].concat()).collect();
        columns.join(", ")
    }

    pub(crate) fn columns_on(&self, is_on_cluster: bool) -> Vec<(&'static str, &'static str)> {
        self.columns.iter().copied().chain(is_on_cluster.then_some(SHARD)).collect()
    }
}

pub(crate) fn columns(columns: &[(&str, &str)]) -> String {
    let columns: Vec<String> = columns.iter().map(|(name, kind)| [*name, *kind].join(" ")).collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn newest() -> Storage {
        Storage { durable: vec!["fsync_after_insert"], has_codecs: true }
    }

    #[test]
    fn a_table_remembers_blocks_whether_it_is_replicated_or_not() {
        let address = Address::parse("clickhouse://127.0.0.1/d?tables=t_").unwrap();
        let [entries, _, inputs] = &TABLES;
        let alone = entries.creation(&address, None, &Storage::default());
        assert!(
            alone.starts_with("CREATE TABLE IF NOT EXISTS d.t_entries (key String, bailiwick UInt8, "),
            "{alone}"
        );
        assert!(
            alone.ends_with(
                "ENGINE = AggregatingMergeTree() ORDER BY (key, bailiwick, source, owner_at) SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 100000"
            ),
            "{alone}"
        );
        let replicated = inputs.creation(&address, Some("0f"), &newest());
        assert!(
            replicated.contains(
                "ENGINE = ReplicatedReplacingMergeTree('/backsight/0f/inputs', 'first', version) ORDER BY input"
            ),
            "{replicated}"
        );
        assert!(
            replicated.ends_with(", replicated_deduplication_window = 100000, fsync_after_insert = 1"),
            "{replicated}"
        );
        let compressed = entries.creation(&address, None, &newest());
        assert!(compressed.contains("(key String CODEC(ZSTD(1)), "), "{compressed}");
    }

    #[test]
    fn a_node_has_its_rows_in_a_replicated_table() {
        let address = Address::parse("clickhouse://127.0.0.1/d?tables=t_&cluster=two").unwrap();
        let cluster = Cluster::of(2);
        let [local, whole] = TABLES[0].creations_on(&address, &cluster, "0f", &Storage::default());
        assert!(
            local.starts_with("CREATE TABLE IF NOT EXISTS d.t_entries_local ON CLUSTER 'two' (key String, "),
            "{local}"
        );
        assert!(
            local.contains(
                ", shard UInt16) ENGINE = ReplicatedAggregatingMergeTree('/backsight/0f/{shard}/entries', '{replica}') ORDER BY (key, bailiwick, source, owner_at, shard) SETTINGS"
            ),
            "{local}"
        );
        assert!(whole.ends_with("ENGINE = Distributed('two', d, t_entries_local, shard)"), "{whole}");
        let [pending, _] = PENDING.creations_on(&address, &cluster, "0f", &Storage::default());
        assert!(pending.contains("'{replica}', version) ORDER BY (id, shard)"), "{pending}");
    }
}

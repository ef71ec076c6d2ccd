//! A cluster: [`Cluster`] knows its shards, and [`Table`] says which of them has a key and how that one is asked.
//!
//! Every key is on one shard, which follows from what all questions about it have in common: the name of the owner, or the target of
//! the data. Rows have the number of their shard, so that the table that distributes them (`Distributed`) does what we say. Each shard
//! is asked by itself, because only then do rows come in the order of their keys without all of them being read; the reader merges
//! the shards. The server that is asked passes a question on to a replica of the shard, whichever works.
//!
//! A block is confirmed by a majority of the replicas of its shard, by both of two. Where this is not all of them, readers ask for what
//! was confirmed (`select_sequential_consistency`), for which the servers need `ZooKeeper`; with two replicas, each of them has
//! everything that was confirmed.
//!
//! Errors: `Incompatible` for a cluster that cannot be used.

pub(crate) mod macros;

use std::sync::Arc;

use store::{Readiness, StoreError, StoreErrorKind};

use crate::binary::Reader;
use crate::link::Link;
use crate::literal;

/// The most shards: each has a part of a batch, and a slice of an answer in memory.
const MOST_SHARDS: u64 = 256;
/// For how long a server waits until other replicas have confirmed a block, in milliseconds.
const CONFIRMED_WITHIN: u32 = 10_000;
/// For how long a statement for all servers is waited for, in seconds.
const EVERYWHERE_WITHIN: u32 = 60;
/// Among how many texts for each shard one is searched that the servers' hash assigns to it.
const TEXTS: u64 = 64;

/// A cluster of servers.
#[derive(Debug)]
pub(crate) struct Cluster {
    name: String,
    shards: u16,
    /// How many replicas the smallest and the largest shard have.
    replicas: (u64, u64),
    way: Way,
    has_parallel_quorum: bool,
}

/// How one shard is asked.
#[derive(Debug)]
enum Way {
    /// By a condition (`optimize_skip_unused_shards`).
    Condition,
    /// By a function (`shardByHash`) of a text for each shard; for servers that do not have the other way.
    Texts(Vec<String>),
}

/// The part of a table that is read: all of it, or that of a shard.
pub(crate) type Shard = Option<u16>;

/// A table, on one server or on the shards of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    database: String,
    name: String,
    cluster: Option<Arc<Cluster>>,
}

impl Cluster {
    /// Reads what the servers know about a cluster.
    ///
    /// # Errors
    /// Those of [`Link::ask`], and `Incompatible`.
    pub(crate) fn read(link: &Link, name: &str) -> Result<Self, StoreError> {
        let strange = || link.strange("something else than a cluster");
        let answer = link.ask(format!(
            "SELECT toUInt64(shard_num), toUInt64(shard_weight), count() FROM system.clusters WHERE cluster = {} GROUP BY shard_num, shard_weight ORDER BY shard_num FORMAT RowBinary",
            literal::text(name.as_bytes())
        ))?;
        let mut answer = Reader::new(&answer);
        let (mut shards, mut least, mut most) = (0, u64::MAX, 0);
        while !answer.is_at_end() {
            let mut number = || answer.number().ok_or_else(strange);
            let (shard, weight, replicas) = (number()?, number()?, number()?);
            shards += 1;
            if weight != 1 || shard != shards || shards > MOST_SHARDS {
                return Err(unusable(link, name, "its shards need the weight 1, and there can be 256"));
            }
            (least, most) = (least.min(replicas), most.max(replicas));
        }
        let number = u16::try_from(shards).map_err(|_| strange())?;
        if number == 0 {
            return Err(unusable(link, name, "there is none of this name in the server's remote_servers"));
        }
        let has = |setting| has_setting(link, setting);
        let way = if has("optimize_skip_unused_shards")? {
            Way::Condition
        } else {
            Way::Texts(texts(link, number)?)
        };
        let has_parallel_quorum = has("insert_quorum_parallel")?;
        Ok(Self { name: name.to_owned(), shards: number, replicas: (least, most), way, has_parallel_quorum })
    }

    /// How many shards it has.
    pub(crate) fn shards(&self) -> u16 {
        self.shards
    }

    /// Its name as a literal of SQL.
    pub(crate) fn quoted(&self) -> String {
        ["'", &*self.name, "'"].concat()
    }

    /// Settings of every request.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![
            ("insert_distributed_sync", "1".to_owned()),
            ("distributed_ddl_task_timeout", EVERYWHERE_WITHIN.to_string()),
        ];
        let ((_, most), quorum) = (self.replicas, self.quorum());
        if quorum > 1 {
            settings.push(("insert_quorum", quorum.to_string()));
            settings.push(("insert_quorum_timeout", CONFIRMED_WITHIN.to_string()));
        }
        if quorum > 1 && most > quorum {
            settings.push(("select_sequential_consistency", "1".to_owned()));
        }
        if self.has_parallel_quorum {
            settings.push(("insert_quorum_parallel", "0".to_owned()));
        }
        if matches!(self.way, Way::Condition) {
            settings.push(("optimize_skip_unused_shards", "1".to_owned()));
        }
        settings
    }

    /// On how many replicas of its shard a block has to be.
    fn quorum(&self) -> u64 {
        let (least, _) = self.replicas;
        if least < 2 { 1 } else { least / 2 + 1 }
    }

    /// An error of this shard.
    fn of_shard(&self, shard: u16, error: StoreError) -> StoreError {
        match error {
            StoreError::Engine { kind, detail } => {
                let (number, shards) = (shard + 1, self.shards);
                let detail = format!(
                    "{detail}; this is about shard {number} of {shards} of the cluster {}",
                    self.name
                );
                StoreError::engine(kind, detail)
            }
            other => other,
        }
    }
}

impl Table {
    pub(crate) fn new(database: &str, name: String, cluster: Option<Arc<Cluster>>) -> Self {
        Self { database: database.to_owned(), name, cluster }
    }

    /// The cluster that it is on.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_deref()
    }

    /// What has all rows, and takes them.
    pub(crate) fn whole(&self) -> String {
        [&*self.database, ".", &self.name].concat()
    }

    /// The name of the table in which a server has its rows.
    pub(crate) fn local_name(&self) -> String {
        local_name(&self.name, self.cluster.is_some())
    }

    /// The same, with the database.
    pub(crate) fn local(&self) -> String {
        [&*self.database, ".", &self.local_name()].concat()
    }

    /// What follows the name of the local table in a statement that every server has to carry out.
    pub(crate) fn everywhere(&self) -> String {
        self.cluster().map_or_else(String::new, |cluster| [" ON CLUSTER ", &*cluster.quoted()].concat())
    }

    /// All parts of the table.
    pub(crate) fn shards(&self) -> Vec<Shard> {
        self.cluster().map_or_else(|| vec![None], |cluster| (0..cluster.shards).map(Some).collect())
    }

    /// The part that has what this identifies.
    pub(crate) fn shard_of(&self, identity: &[u8]) -> Shard {
        self.cluster().map(|cluster| shard_of(identity, cluster.shards))
    }

    /// The beginning of a query for this part: `FROM … WHERE`, and conditions that end with `AND`.
    pub(crate) fn from(&self, shard: Shard, is_final: bool) -> String {
        self.begin(shard, if is_final { " FINAL WHERE" } else { " WHERE" })
    }

    /// The same for a query that reads other columns only of rows that fulfil its conditions.
    pub(crate) fn filtered_from(&self, shard: Shard) -> String {
        self.begin(shard, " PREWHERE")
    }

    fn begin(&self, shard: Shard, word: &str) -> String {
        match (self.cluster().map(|cluster| (cluster, &cluster.way)), shard) {
            (Some((cluster, Way::Texts(texts))), Some(shard)) => {
                let text = texts.get(usize::from(shard)).map_or("", |text| &**text);
                let (cluster, database, local) = (cluster.quoted(), &self.database, self.local_name());
                format!("FROM shardByHash({cluster}, '{text}', {database}, {local}){word}")
            }
            (Some((_, Way::Condition)), Some(shard)) => {
                format!("FROM {}{word} shard = {shard} AND", self.whole())
            }
            _ => format!("FROM {}{word}", self.whole()),
        }
    }

    /// An error with the part of the table that it is about.
    pub(crate) fn of_shard(&self, shard: Shard, error: StoreError) -> StoreError {
        match (self.cluster(), shard) {
            (Some(cluster), Some(shard)) => cluster.of_shard(shard, error),
            _ => error,
        }
    }
}

/// Whether all parts of a replicated table answer, and have as many replicas at work as a block needs.
///
/// # Errors
/// Those of [`Link::ask`]: also if a shard does not answer.
pub(crate) fn readiness(link: &Link, table: &Table) -> Result<Readiness, StoreError> {
    let replicas = table.cluster().map_or_else(
        || "system.replicas".to_owned(),
        |cluster| format!("cluster({}, system, replicas)", cluster.quoted()),
    );
    let answer = link.ask(format!(
        "SELECT count(), countIf(is_readonly OR is_session_expired), min(toUInt64(active_replicas)) FROM {replicas} WHERE database = {} AND table = {} FORMAT RowBinary",
        literal::text(table.database.as_bytes()),
        literal::text(table.local_name().as_bytes())
    ))?;
    let mut answer = Reader::new(&answer);
    let mut number = || answer.number().ok_or_else(|| link.strange("something else than numbers"));
    let (parts, cut_off, active) = (number()?, number()?, number()?);
    Ok(if parts < table.shards().len() as u64 {
        return Err(link.strange("fewer shards than there are"));
    } else if cut_off > 0 {
        Readiness::AnswersOnly("a ClickHouse server cannot reach its ZooKeeper")
    } else if active < table.cluster().map_or(1, Cluster::quorum) {
        Readiness::AnswersOnly("too few replicas of a ClickHouse shard are at work")
    } else {
        Readiness::Ready
    })
}

/// The name of the table in which a server has its rows.
pub(crate) fn local_name(name: &str, is_on_cluster: bool) -> String {
    [name, if is_on_cluster { "_local" } else { "" }].concat()
}

/// The number of the shard, from 0, that has what this identifies.
pub(crate) fn shard_of(identity: &[u8], shards: u16) -> u16 {
    let mut number = [0; 8];
    blake3::Hasher::new().update(identity).finalize_xof().fill(&mut number);
    let number = u64::from_le_bytes(number) % u64::from(shards.max(1));
    u16::try_from(number).unwrap_or_default()
}

/// An error of a statement for all nodes.
pub(crate) fn everywhere(error: StoreError) -> StoreError {
    match error {
        StoreError::Engine { kind, detail } => {
            let detail = format!(
                "{detail}; all nodes of the cluster have to carry this out, so start those that are down, and repeat the command"
            );
            StoreError::engine(kind, detail)
        }
        other => other,
    }
}

fn has_setting(link: &Link, name: &str) -> Result<bool, StoreError> {
    let name = literal::text(name.as_bytes());
    let answer =
        link.ask(format!("SELECT count() FROM system.settings WHERE name = {name} FORMAT RowBinary"))?;
    Ok(Reader::new(&answer).number() > Some(0))
}

/// A text for each shard, which the servers' hash assigns to it.
fn texts(link: &Link, shards: u16) -> Result<Vec<String>, StoreError> {
    let strange = || link.strange("no texts for the shards");
    let answer = link.ask(format!(
        "SELECT min(number) FROM numbers({}) GROUP BY sipHash64(toString(number)) % {shards} AS shard ORDER BY shard FORMAT RowBinary",
        u64::from(shards) * TEXTS
    ))?;
    let mut answer = Reader::new(&answer);
    let texts: Option<Vec<String>> =
        (0..shards).map(|_| answer.number().map(|number| number.to_string())).collect();
    texts.filter(|_| answer.is_at_end()).ok_or_else(strange)
}

fn unusable(link: &Link, name: &str, why: &str) -> StoreError {
    let detail = format!("{}: the cluster {name} cannot be used: {why}", link.address());
    StoreError::engine(StoreErrorKind::Incompatible, detail)
}

#[cfg(test)]
impl Cluster {
    /// A cluster with so many shards of two replicas.
    pub(crate) fn of(shards: u16) -> Self {
        let name = "two".to_owned();
        Self { name, shards, replicas: (2, 2), way: Way::Condition, has_parallel_quorum: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(replicas: (u64, u64), way: Way) -> Arc<Cluster> {
        let name = "two".to_owned();
        Arc::new(Cluster { name, shards: 2, replicas, way, has_parallel_quorum: false })
    }

    fn table(cluster: Option<Arc<Cluster>>) -> Table {
        Table::new("d", "t_inputs".to_owned(), cluster)
    }

    #[test]
    fn one_shard_is_asked_in_the_way_that_the_server_has() {
        let alone = table(None);
        assert_eq!(
            (alone.shards(), alone.shard_of(b"a"), alone.local()),
            (vec![None], None, "d.t_inputs".to_owned())
        );
        assert_eq!(alone.from(None, true), "FROM d.t_inputs FINAL WHERE");
        let texts = table(Some(cluster((2, 2), Way::Texts(vec!["0".to_owned(), "2".to_owned()]))));
        assert_eq!(texts.shards(), [Some(0), Some(1)]);
        assert_eq!(texts.from(Some(1), true), "FROM shardByHash('two', '2', d, t_inputs_local) FINAL WHERE");
        assert_eq!(texts.from(None, false), "FROM d.t_inputs WHERE");
        let condition = table(Some(cluster((2, 2), Way::Condition)));
        assert_eq!(condition.from(Some(1), false), "FROM d.t_inputs WHERE shard = 1 AND");
        assert_eq!(condition.filtered_from(Some(1)), "FROM d.t_inputs PREWHERE shard = 1 AND");
        assert_eq!(alone.filtered_from(None), "FROM d.t_inputs PREWHERE");
    }

    #[test]
    fn a_majority_confirms_and_both_of_two() {
        for (replicas, quorum, consistency) in [
            ((1, 1), None, false),
            ((2, 2), Some("2"), false),
            ((3, 3), Some("2"), true),
            ((2, 3), Some("2"), true),
        ] {
            let settings = cluster(replicas, Way::Condition).settings();
            let value = |name| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value);
            assert_eq!(value("insert_quorum"), quorum, "{replicas:?}");
            assert_eq!(value("select_sequential_consistency").is_some(), consistency, "{replicas:?}");
        }
    }

    /// Rows are where they were stored, so this never changes.
    #[test]
    fn a_key_stays_on_its_shard() {
        let shards: Vec<u16> = (0..8_u8).map(|byte| shard_of(&[byte], 3)).collect();
        assert_eq!(shards, [2, 2, 1, 1, 2, 0, 1, 1]);
        let used: std::collections::HashSet<u16> = (0..64_u8).map(|byte| shard_of(&[byte], 7)).collect();
        assert_eq!(used.len(), 7);
    }
}

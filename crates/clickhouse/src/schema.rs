//! The tables: [`init`] creates them, and [`Schema::open`] checks them at every start.
//!
//! The table `schema` is created first and says whose tables these are, so that an interrupted `init` can be continued, and tables of
//! another program are never touched. Errors: `Absent` without tables, `Foreign` for tables of another program, `Incompatible` for
//! those of a newer version and for servers that cannot be used.

use store::{StoreError, StoreErrorKind};

use crate::address::Address;
use crate::binary::{Block, Column, Reader};
use crate::link::Link;
use crate::literal;

/// The version of these tables.
const VERSION: u64 = 1;
const PROGRAM: &str = "backsight";
/// How many blocks a server remembers, so that it recognises a repeated one.
const WINDOW: u32 = 100_000;
/// The oldest version that works.
const OLDEST: Release = Release(18, 16);
/// Settings of a table that write a block to the disk before it is acknowledged; old versions do not have them.
const DURABLE: [&str; 2] = ["fsync_after_insert", "fsync_part_directory"];
/// Settings with which a block is stored by itself, and recognised if it is repeated, whatever is usual for the version or the user.
const BY_ITSELF: [(&str, &str); 2] = [("async_insert", "0"), ("deduplicate_insert", "enable")];
/// From this version on, a table that is not replicated can recognise repeated blocks.
const WITH_WINDOWS: Release = Release(22, 2);
/// From this version on, ordered reading stops when it has enough.
const IN_ORDER: Release = Release(20, 1);

/// The version of a server: year and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(u32, u32);

/// What is known about the tables of a server that were checked.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) entries: String,
    pub(crate) sources: String,
    pub(crate) inputs: String,
    /// What distinguishes these tables from all others.
    pub(crate) id: String,
    release: Release,
    is_replicated: bool,
    settings: Vec<(&'static str, String)>,
}

/// The result of [`init`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The tables were created.
    New,
    /// There were tables of this version already.
    Already,
}

/// A table: its name, its columns, its engine, its key, and its other settings.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, &'static str)],
    engine: &'static str,
    argument: &'static str,
    key: &'static str,
    granularity: u32,
}

const MARKER: [(&str, &str); 4] =
    [("program", "String"), ("version", "UInt64"), ("id", "String"), ("ready", "UInt8")];

const TABLES: [Table; 3] = [
    Table {
        name: "entries",
        columns: &[
            ("key", "String"),
            ("bailiwick", "UInt8"),
            ("source", "FixedString(16)"),
            ("owner_at", "UInt16"),
            ("time_first", "AggregateFunction(min, UInt64)"),
            ("time_last", "AggregateFunction(max, UInt64)"),
            ("count_high", "AggregateFunction(sum, UInt64)"),
            ("count_low", "AggregateFunction(sum, UInt64)"),
            ("count_most", "AggregateFunction(max, UInt64)"),
            ("count_known", "AggregateFunction(max, UInt8)"),
        ],
        engine: "AggregatingMergeTree",
        argument: "",
        // The last one follows from the key. Newer servers refuse a column that is neither here nor aggregated.
        key: "(key, bailiwick, source, owner_at)",
        granularity: 1_024,
    },
    Table {
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
    Table {
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

impl Schema {
    /// Checks the server and its tables.
    ///
    /// # Errors
    /// See the module.
    pub(crate) fn open(link: &Link) -> Result<Self, StoreError> {
        let release = release(link)?;
        let state = State::read(link)?;
        let id = match state.marker(link)? {
            Some(marker) if marker.is_ready => marker.id,
            Some(_) => return Err(absent(link, "its creation was interrupted")),
            None => {
                state.refuse_others(link)?;
                return Err(absent(link, "it does not exist"));
            }
        };
        for table in &TABLES {
            state.check(link, table)?;
        }
        let engine = state.engines.iter().find(|(name, _)| name == "entries").map(|(_, engine)| &**engine);
        let is_replicated = engine.is_some_and(|engine| engine.starts_with("Replicated"));
        if !is_replicated && release < WITH_WINDOWS {
            return Err(no_promise(link, release));
        }
        let name = |name| link.address().table(name);
        Ok(Self {
            entries: name("entries"),
            sources: name("sources"),
            inputs: name("inputs"),
            id,
            release,
            is_replicated,
            settings: settings(link)?,
        })
    }

    /// Whether the server reads in the order of the key and stops when it has enough, if it is asked for an order. Otherwise it
    /// does so if it merges (`FINAL`) and is not asked for one.
    pub(crate) fn reads_in_order(&self) -> bool {
        self.release >= IN_ORDER
    }

    /// Whether the server says why it cannot carry out a mutation.
    pub(crate) fn tells_failures(&self) -> bool {
        self.release >= IN_ORDER
    }

    /// Settings of every request, which this server knows.
    pub(crate) fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    /// Whether a repeated block is recognised by a token, and not by its content.
    pub(crate) fn takes_tokens(&self) -> bool {
        !self.is_replicated
    }
}

/// Creates the tables, or completes what was begun.
///
/// # Errors
/// `Foreign` if there are tables of another program, `Incompatible` for tables of another version, and for a server that cannot
/// recognise a repeated block.
pub fn init(address: &Address, password: &str) -> Result<Made, StoreError> {
    let link = Link::new(address, password)?;
    let release = release(&link)?;
    let has_keeper = has_keeper(&link)?;
    if !has_keeper && release < WITH_WINDOWS {
        return Err(no_promise(&link, release));
    }
    link.ask(format!("CREATE DATABASE IF NOT EXISTS {}", address.database))?;
    let state = State::read(&link)?;
    let id = match state.marker(&link)? {
        Some(Marker { is_ready: true, .. }) => return Schema::open(&link).map(|_| Made::Already),
        Some(Marker { id, .. }) => id,
        None => {
            state.refuse_others(&link)?;
            begin(&link)?
        }
    };
    let durable = known(&link, "merge_tree_settings", &DURABLE)?;
    for table in &TABLES {
        link.ask(table.creation(address, has_keeper.then_some(&*id), &durable))?;
    }
    mark(&link, &id, true)?;
    Schema::open(&link).map(|_| Made::New)
}

/// Creates the table `schema` and returns the id of this set of tables.
fn begin(link: &Link) -> Result<String, StoreError> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| StoreError::engine(StoreErrorKind::Unavailable, error))?;
    let id = blake3::hash(&random).to_hex().chars().take(16).collect::<String>();
    let table = link.address().table("schema");
    link.ask(format!(
        "CREATE TABLE IF NOT EXISTS {table} ({}) ENGINE = MergeTree ORDER BY (program, version)",
        columns(&MARKER)
    ))?;
    mark(link, &id, false)?;
    Ok(id)
}

fn mark(link: &Link, id: &str, is_ready: bool) -> Result<(), StoreError> {
    let [mut program, mut version, mut ids, mut ready] = [(); 4].map(|()| Column::default());
    program.string(PROGRAM.as_bytes());
    version.number(VERSION);
    ids.string(id.as_bytes());
    ready.byte(is_ready.into());
    let block = Block::new(1)
        .with("program", "String", program)
        .with("version", "UInt64", version)
        .with("id", "String", ids)
        .with("ready", "UInt8", ready);
    link.insert(&link.address().table("schema"), block, None)
}

fn columns(columns: &[(&str, &str)]) -> String {
    let columns: Vec<String> = columns.iter().map(|(name, kind)| [*name, *kind].join(" ")).collect();
    columns.join(", ")
}

impl Table {
    /// The statement that creates it: replicated under this id, or not at all.
    fn creation(&self, address: &Address, id: Option<&str>, durable: &[&str]) -> String {
        let Self { name, engine, argument, key, granularity, .. } = self;
        let (engine, window) = if let Some(id) = id {
            let arguments = format!("'/backsight/{id}/{name}', 'first'");
            let arguments = if argument.is_empty() { arguments } else { format!("{arguments}, {argument}") };
            (format!("Replicated{engine}({arguments})"), "replicated_deduplication_window")
        } else {
            (format!("{engine}({argument})"), "non_replicated_deduplication_window")
        };
        let durable: String = durable.iter().flat_map(|name| [", ", name, " = 1"]).collect();
        format!(
            "CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = {engine} ORDER BY {key} SETTINGS index_granularity = {granularity}, {window} = {WINDOW}{durable}",
            address.table(name),
            columns(self.columns)
        )
    }
}

/// What a database has under our names.
struct State {
    /// Table, column, type.
    columns: Vec<(String, String, String)>,
    /// Table, engine.
    engines: Vec<(String, String)>,
}

/// What the table `schema` says.
struct Marker {
    id: String,
    is_ready: bool,
}

impl State {
    fn read(link: &Link) -> Result<Self, StoreError> {
        let Address { database, tables, .. } = link.address();
        let names: Vec<String> = TABLES
            .iter()
            .map(|table| table.name)
            .chain(["schema"])
            .map(|name| literal::text([&**tables, name].concat().as_bytes()))
            .collect();
        let (database, names) = (literal::text(database.as_bytes()), names.join(", "));
        let columns = link.ask_system(&format!(
            "SELECT table, name, type FROM system.columns WHERE database = {database} AND table IN ({names}) FORMAT RowBinary"
        ))?;
        let engines = link.ask_system(&format!(
            "SELECT name, engine FROM system.tables WHERE database = {database} AND name IN ({names}) FORMAT RowBinary"
        ))?;
        let strange = || link.strange("something else than its tables");
        let bare = |name: &str| name.strip_prefix(&**tables).unwrap_or_default().to_owned();
        let (mut columns, mut engines) = (Reader::new(&columns), Reader::new(&engines));
        let mut state = Self { columns: Vec::new(), engines: Vec::new() };
        while !columns.is_at_end() {
            let mut text = || columns.text().map(str::to_owned).ok_or_else(strange);
            state.columns.push((bare(&text()?), text()?, text()?));
        }
        while !engines.is_at_end() {
            let mut text = || engines.text().map(str::to_owned).ok_or_else(strange);
            state.engines.push((bare(&text()?), text()?));
        }
        Ok(state)
    }

    /// What the table `schema` says; `None` if there is none.
    fn marker(&self, link: &Link) -> Result<Option<Marker>, StoreError> {
        if self.engines.iter().all(|(name, _)| name != "schema") {
            return Ok(None);
        }
        if !self.has_columns("schema", &MARKER) {
            return Err(foreign(link, "schema"));
        }
        let table = link.address().table("schema");
        let rows = link.ask(format!(
            "SELECT program, version, id, ready FROM {table} ORDER BY program, version, ready LIMIT 100 FORMAT RowBinary"
        ))?;
        let mut rows = Reader::new(&rows);
        let mut marker = None;
        while !rows.is_at_end() {
            let strange = || link.strange("something else than its schema");
            let program = rows.text().ok_or_else(strange)? == PROGRAM;
            let version = rows.number().ok_or_else(strange)?;
            let id = rows.text().ok_or_else(strange)?.to_owned();
            let is_ready = rows.byte().ok_or_else(strange)? == 1;
            if !program {
                return Err(foreign(link, "schema"));
            }
            if version != VERSION {
                return Err(other_version(link, version));
            }
            marker = Some(Marker { id, is_ready });
        }
        Ok(marker)
    }

    /// Without the table `schema`, there must be none of the others.
    fn refuse_others(&self, link: &Link) -> Result<(), StoreError> {
        let other = self.engines.iter().find(|(name, _)| name != "schema");
        other.map_or(Ok(()), |(name, _)| Err(foreign(link, name)))
    }

    fn check(&self, link: &Link, table: &Table) -> Result<(), StoreError> {
        let engine = self.engines.iter().find(|(name, _)| name == table.name).map(|(_, engine)| &**engine);
        match engine {
            None => Err(absent(link, &format!("the table {} is missing", table.name))),
            Some(engine)
                if engine.trim_start_matches("Replicated") == table.engine
                    && self.has_columns(table.name, table.columns) =>
            {
                Ok(())
            }
            Some(_) => Err(foreign(link, table.name)),
        }
    }

    fn has_columns(&self, table: &str, wanted: &[(&str, &str)]) -> bool {
        let there = || self.columns.iter().filter(|(name, _, _)| name == table);
        there().count() == wanted.len()
            && wanted.iter().all(|(name, kind)| there().any(|(_, column, of)| column == name && of == kind))
    }
}

/// The version of the server; refused if it is too old.
fn release(link: &Link) -> Result<Release, StoreError> {
    let answer = link.ask("SELECT version() FORMAT RowBinary".to_owned())?;
    let text = Reader::new(&answer).text().unwrap_or_default();
    let mut numbers = text.split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(year)), Some(Ok(number))) if Release(year, number) >= OLDEST => Ok(Release(year, number)),
        (Some(Ok(year)), Some(Ok(number))) => Err(StoreError::engine(
            StoreErrorKind::Incompatible,
            format!("{}: ClickHouse {year}.{number} is too old; use 18.16 or newer", link.address()),
        )),
        _ => Err(link.strange("no version")),
    }
}

/// Whether the server has a `ZooKeeper`, or a Keeper of its own.
fn has_keeper(link: &Link) -> Result<bool, StoreError> {
    let answer = link.ask_system(
        "SELECT count() FROM system.tables WHERE database = 'system' AND name = 'zookeeper' FORMAT RowBinary",
    )?;
    Ok(Reader::new(&answer).number() == Some(1))
}

/// Those of [`BY_ITSELF`] that the server knows; it refuses others.
fn settings(link: &Link) -> Result<Vec<(&'static str, String)>, StoreError> {
    let known = known(link, "settings", &BY_ITSELF.map(|(name, _)| name))?;
    let is_known = |(name, _): &(&str, &str)| known.contains(name);
    Ok(BY_ITSELF.into_iter().filter(is_known).map(|(name, value)| (name, value.to_owned())).collect())
}

/// Which of these settings are in a table of the server.
fn known(link: &Link, table: &str, names: &[&'static str]) -> Result<Vec<&'static str>, StoreError> {
    let literals: Vec<String> = names.iter().map(|name| literal::text(name.as_bytes())).collect();
    let answer = link.ask_system(&format!(
        "SELECT name FROM system.{table} WHERE name IN ({}) FORMAT RowBinary",
        literals.join(", ")
    ))?;
    let mut answer = Reader::new(&answer);
    let mut found = Vec::new();
    while !answer.is_at_end() {
        let name = answer.text().ok_or_else(|| link.strange("something else than its settings"))?;
        found.extend(names.iter().filter(|known| **known == name));
    }
    Ok(found)
}

fn no_promise(link: &Link, Release(year, number): Release) -> StoreError {
    let detail = format!(
        "{}: ClickHouse {year}.{number} without ZooKeeper does not recognise a block that is sent again, so records could be counted twice; configure ZooKeeper, or use version 22.2 or newer",
        link.address()
    );
    StoreError::engine(StoreErrorKind::Incompatible, detail)
}

fn absent(link: &Link, why: &str) -> StoreError {
    let detail = format!(
        "there is no passive-DNS database at {} yet: {why}; create it with `backsight db init`",
        link.address()
    );
    StoreError::engine(StoreErrorKind::Absent, detail)
}

fn foreign(link: &Link, table: &str) -> StoreError {
    let detail = format!(
        "{}: the table {} is not one of Backsight's; use another database, or another prefix with ?tables=PREFIX_",
        link.address(),
        link.address().table(table)
    );
    StoreError::engine(StoreErrorKind::Foreign, detail)
}

fn other_version(link: &Link, version: u64) -> StoreError {
    let detail = format!(
        "{}: its tables have version {version}, and this version of Backsight knows {VERSION}; use the version that created them",
        link.address()
    );
    StoreError::engine(StoreErrorKind::Incompatible, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_remembers_blocks_whether_it_is_replicated_or_not() {
        let address = Address::parse("clickhouse://127.0.0.1/d?tables=t_").unwrap();
        let [entries, _, inputs] = &TABLES;
        let alone = entries.creation(&address, None, &[]);
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
        let replicated = inputs.creation(&address, Some("0f"), &DURABLE);
        assert!(
            replicated.contains(
                "ENGINE = ReplicatedReplacingMergeTree('/backsight/0f/inputs', 'first', version) ORDER BY input"
            ),
            "{replicated}"
        );
        assert!(
            replicated.ends_with(
                ", replicated_deduplication_window = 100000, fsync_after_insert = 1, fsync_part_directory = 1"
            ),
            "{replicated}"
        );
    }

    #[test]
    fn releases_are_compared_by_number() {
        assert!(
            Release(18, 16) < Release(20, 1) && Release(22, 10) > WITH_WINDOWS && Release(9, 99) < OLDEST
        );
    }
}

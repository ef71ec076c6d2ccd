//! The tables: [`init`] creates them, and [`Schema::open`] checks them at every start.
//!
//! The table `schema` is created first and says whose tables these are, so that an interrupted `init` can be continued, and tables of
//! another program are never touched. On a cluster, `schema` is a view without rows of its own, so that every node has it; each other
//! table is one that distributes rows to a table of the same name with `_local`, and there is one more, for batches that are not
//! stored on all shards yet. Errors: `Absent` without tables, `Foreign` for tables of another program, `Incompatible` for
//! those of a newer version and for servers that cannot be used.

mod forms;

use std::sync::Arc;

use forms::{Form, MARKER, SHARDS, Storage, columns, forms};
use store::{StoreError, StoreErrorKind};

use crate::address::Address;
use crate::binary::{Block, Column, Reader};
use crate::cluster::{Cluster, Table, everywhere, local_name};
use crate::link::Link;
use crate::{literal, random};

/// The version of these tables.
const VERSION: u64 = 1;
const PROGRAM: &str = "backsight";
/// The oldest version that works.
const OLDEST: Release = Release(18, 16);
/// Settings of a table that write a block to the disk before it is acknowledged; old versions do not have them.
const DURABLE: [&str; 2] = ["fsync_after_insert", "fsync_part_directory"];
/// Settings with which a block is stored by itself, and recognised if it is repeated, whatever is usual for the version or the user.
const BY_ITSELF: [(&str, &str); 2] = [("async_insert", "0"), ("deduplicate_insert", "enable")];
/// From this version on, a table that is not replicated can recognise repeated blocks.
const WITH_WINDOWS: Release = Release(22, 2);
/// From this version on, a column can have its own compression.
const WITH_CODECS: Release = Release(19, 11);
/// From this version on, ordered reading stops when it has enough.
const IN_ORDER: Release = Release(20, 1);

/// The version of a server: year and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release(u32, u32);

/// What is known about the tables of a server that were checked.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(crate) entries: Table,
    pub(crate) sources: Table,
    pub(crate) inputs: Table,
    /// Only on a cluster.
    pub(crate) pending: Table,
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

impl Schema {
    /// Checks the server and its tables.
    ///
    /// # Errors
    /// See the module.
    pub(crate) fn open(link: &Link) -> Result<Self, StoreError> {
        let release = release(link)?;
        let state = State::read(link)?;
        let marker = state.marker(link)?;
        let id = match &marker {
            Some(marker) if marker.is_ready => marker.id.clone(),
            Some(_) => return Err(absent(link, "its creation was interrupted")),
            None => {
                state.refuse_others(link)?;
                return Err(absent(link, "it does not exist"));
            }
        };
        let cluster = match &link.address().cluster {
            Some(name) => Some(Arc::new(Cluster::read(link, name)?)),
            None => None,
        };
        refuse_other_shards(link, cluster.as_deref(), marker.as_ref())?;
        for form in forms(cluster.is_some()) {
            state.check(link, form, cluster.is_some())?;
        }
        let engine = state.engines.iter().find(|(name, _)| name == "entries").map(|(_, engine)| &**engine);
        let is_replicated =
            cluster.is_some() || engine.is_some_and(|engine| engine.starts_with("Replicated"));
        if !is_replicated && release < WITH_WINDOWS {
            return Err(no_promise(link, release));
        }
        let Address { database, tables, .. } = link.address();
        let table = |name| Table::new(database, [&**tables, name].concat(), cluster.clone());
        Ok(Self {
            entries: table("entries"),
            sources: table("sources"),
            inputs: table("inputs"),
            pending: table("pending"),
            id,
            release,
            is_replicated,
            settings: settings(link)?,
        })
    }

    /// The cluster that has the tables.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.entries.cluster()
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
    if let Some(name) = &address.cluster {
        return init_cluster(link, name);
    }
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
    let storage = storage(&link, release)?;
    for form in forms(false) {
        link.ask(form.creation(address, has_keeper.then_some(&*id), &storage))?;
    }
    mark(&link, &id, true)?;
    Schema::open(&link).map(|_| Made::New)
}

/// Creates the tables on all nodes of a cluster. Statements that some nodes have carried out already change nothing there.
fn init_cluster(mut link: Link, name: &str) -> Result<Made, StoreError> {
    let storage = storage(&link, release(&link)?)?;
    let cluster = Cluster::read(&link, name)?;
    link.always(&cluster.settings());
    let address = link.address().clone();
    let everywhere = |sql: String| link.ask(sql).map(drop).map_err(everywhere);
    everywhere(format!(
        "CREATE DATABASE IF NOT EXISTS {} ON CLUSTER {}",
        address.database,
        cluster.quoted()
    ))?;
    let before = State::read(&link)?;
    let (state, marker) = if let Some(marker) = before.marker(&link)? {
        (before, marker)
    } else {
        before.refuse_others(&link)?;
        everywhere(view(&address, &cluster, &new_id()?))?;
        let state = State::read(&link)?;
        let marker = state.marker(&link)?.ok_or_else(|| link.strange("no schema"))?;
        (state, marker)
    };
    refuse_other_shards(&link, Some(&cluster), Some(&marker))?;
    let forms = || forms(true);
    let is_there = forms().all(|form| state.check(&link, form, true).is_ok());
    let statements = forms().flat_map(|form| form.creations_on(&address, &cluster, &marker.id, &storage));
    std::thread::scope(|scope| {
        let everywhere = &everywhere;
        let begin = |sql: String| scope.spawn(move || everywhere(sql));
        let threads: Vec<_> = statements.map(begin).collect();
        let results: Vec<_> =
            threads.into_iter().map(|thread| thread.join().map_err(|_| StoreError::Panicked)?).collect();
        results.into_iter().collect::<Result<(), _>>()
    })?;
    Schema::open(&link).map(|_| if is_there { Made::Already } else { Made::New })
}

/// The statement that creates the view `schema` on all nodes.
fn view(address: &Address, cluster: &Cluster, id: &str) -> String {
    let (view, name, shards) = (address.table("schema"), cluster.quoted(), cluster.shards());
    format!(
        "CREATE VIEW IF NOT EXISTS {view} ON CLUSTER {name} AS SELECT '{PROGRAM}' AS program, toUInt64({VERSION}) AS version, '{id}' AS id, toUInt8(1) AS ready, toUInt64({shards}) AS shards"
    )
}

/// Rows are on the shards that there were in the beginning.
fn refuse_other_shards(
    link: &Link,
    cluster: Option<&Cluster>,
    marker: Option<&Marker>,
) -> Result<(), StoreError> {
    let now = cluster.map(|cluster| u64::from(cluster.shards()));
    let then = marker.and_then(|marker| marker.shards);
    let why = match (now, then) {
        (None, Some(_)) => "its tables are on a cluster: add ?cluster=NAME".to_owned(),
        (Some(_), None) => {
            "its tables are on one server: leave ?cluster=NAME out, or choose other tables with &tables=PREFIX_"
                .to_owned()
        }
        (Some(now), Some(then)) if now != then => format!(
            "it was created with {then} shards, and the cluster has {now} now: create another one there, and import an export of this one"
        ),
        _ => return Ok(()),
    };
    let detail = format!("the passive-DNS database at {}: {why}", link.address());
    Err(StoreError::engine(StoreErrorKind::Incompatible, detail))
}

/// Creates the table `schema` and returns the id of this set of tables.
fn begin(link: &Link) -> Result<String, StoreError> {
    let id = new_id()?;
    let table = link.address().table("schema");
    link.ask(format!(
        "CREATE TABLE IF NOT EXISTS {table} ({}) ENGINE = MergeTree ORDER BY (program, version)",
        columns(&MARKER)
    ))?;
    mark(link, &id, false)?;
    Ok(id)
}

fn new_id() -> Result<String, StoreError> {
    Ok(blake3::hash(&random::bytes::<16>()?).to_hex().chars().take(16).collect())
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
    /// Of a cluster: how many shards it had in the beginning.
    shards: Option<u64>,
}

impl State {
    fn read(link: &Link) -> Result<Self, StoreError> {
        let Address { database, tables, .. } = link.address();
        let names: Vec<String> = forms(true)
            .flat_map(|form| [form.name.to_owned(), local_name(form.name, true)])
            .chain(["schema".to_owned()])
            .map(|name| literal::text([&**tables, &*name].concat().as_bytes()))
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
        let is_view = self.engines.iter().any(|(name, engine)| name == "schema" && engine == "View");
        let wanted: Vec<_> = MARKER.into_iter().chain(is_view.then_some(SHARDS)).collect();
        if !self.has_columns("schema", &wanted) {
            return Err(foreign(link, "schema"));
        }
        let table = link.address().table("schema");
        let shards = if is_view { "shards" } else { "toUInt64(0)" };
        let rows = link.ask(format!(
            "SELECT program, version, id, ready, {shards} FROM {table} ORDER BY program, version, ready LIMIT 100 FORMAT RowBinary"
        ))?;
        let mut rows = Reader::new(&rows);
        let mut marker = None;
        while !rows.is_at_end() {
            let strange = || link.strange("something else than its schema");
            let program = rows.text().ok_or_else(strange)? == PROGRAM;
            let version = rows.number().ok_or_else(strange)?;
            let id = rows.text().ok_or_else(strange)?.to_owned();
            let is_ready = rows.byte().ok_or_else(strange)? == 1;
            let shards = Some(rows.number().ok_or_else(strange)?).filter(|_| is_view);
            if !program {
                return Err(foreign(link, "schema"));
            }
            if version != VERSION {
                return Err(other_version(link, version));
            }
            marker = Some(Marker { id, is_ready, shards });
        }
        Ok(marker)
    }

    /// Without the table `schema`, there must be none of the others.
    fn refuse_others(&self, link: &Link) -> Result<(), StoreError> {
        let other = self.engines.iter().find(|(name, _)| name != "schema");
        other.map_or(Ok(()), |(name, _)| Err(foreign(link, name)))
    }

    fn check(&self, link: &Link, form: &Form, is_on_cluster: bool) -> Result<(), StoreError> {
        self.check_one(link, form, form.engine, is_on_cluster, is_on_cluster)?;
        if is_on_cluster { self.check_one(link, form, "Distributed", true, false) } else { Ok(()) }
    }

    fn check_one(
        &self,
        link: &Link,
        form: &Form,
        engine: &str,
        is_on_cluster: bool,
        is_local: bool,
    ) -> Result<(), StoreError> {
        let name = local_name(form.name, is_local);
        let there = self.engines.iter().find(|(table, _)| *table == name).map(|(_, engine)| &**engine);
        match there {
            None => Err(absent(link, &format!("the table {name} is missing"))),
            Some(there)
                if there.trim_start_matches("Replicated") == engine
                    && self.has_columns(&name, &form.columns_on(is_on_cluster)) =>
            {
                Ok(())
            }
            Some(_) => Err(foreign(link, &name)),
        }
    }

    fn has_columns(&self, table: &str, wanted: &[(&str, &str)]) -> bool {
        let there = || self.columns.iter().filter(|(name, _, _)| name == table);
        there().count() == wanted.len()
            && wanted.iter().all(|(name, kind)| {
                let kind = kind.split(" DEFAULT ").next();
                there().any(|(_, column, of)| column == name && Some(&**of) == kind)
            })
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

/// How tables are stored on a server of this release.
fn storage(link: &Link, release: Release) -> Result<Storage, StoreError> {
    Ok(Storage { durable: known(link, "merge_tree_settings", &DURABLE)?, has_codecs: release >= WITH_CODECS })
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
    fn releases_are_compared_by_number() {
        assert!(
            Release(18, 16) < Release(20, 1) && Release(22, 10) > WITH_WINDOWS && Release(9, 99) < OLDEST
        );
    }
}

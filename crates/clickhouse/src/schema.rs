//! The tables: [`init`] creates them, and [`Schema::open`] checks them at every start.
//!
//! The table `schema` is created first and says whose tables these are, so that an interrupted `init` can be continued, and tables of
//! another program are never touched. On a cluster, `schema` is a view without rows of its own, so that every node has it; each other
//! table is one that distributes rows to a table of the same name with `_local`, and there is one more, for batches that are not
//! stored on all shards yet. Errors: `Absent` without tables, `Foreign` for tables of another program, `Incompatible` for
//! those of a newer version and for servers that cannot be used.

mod forms;
mod server;
mod state;

use std::sync::Arc;

use forms::{MARKER, columns, forms};
use server::{IN_ORDER, Release, WITH_WINDOWS, has_keeper, no_promise, release, settings, storage};
use state::{Marker, State, absent};
use store::{StoreError, StoreErrorKind};

use crate::address::Address;
use crate::binary::{Block, Column};
use crate::cluster::{Cluster, Table, everywhere, macros};
use crate::link::Link;
use crate::random;

/// The version of these tables. The first one had a column for each time and each part of a count, and was in no release.
const VERSION: u64 = 2;
const PROGRAM: &str = "backsight";

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
    macros::refuse_if_they_differ(&link, name)?;
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

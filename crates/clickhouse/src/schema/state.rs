//! What a database has under our names: [`State`], and what its table `schema` says: [`Marker`].
//!
//! Errors: `Absent` for a table that is missing, `Foreign` for tables of another program, `Incompatible` for another version.

use store::{StoreError, StoreErrorKind};

use super::forms::{Form, MARKER, SHARDS, forms};
use super::{PROGRAM, VERSION};
use crate::address::Address;
use crate::binary::Reader;
use crate::cluster::local_name;
use crate::link::Link;
use crate::literal;

/// What a database has under our names.
pub(super) struct State {
    /// Table, column, type.
    columns: Vec<(String, String, String)>,
    /// Table, engine.
    pub(super) engines: Vec<(String, String)>,
}

/// What the table `schema` says.
pub(super) struct Marker {
    pub(super) id: String,
    pub(super) is_ready: bool,
    /// Of a cluster: how many shards it had in the beginning.
    pub(super) shards: Option<u64>,
}

impl State {
    pub(super) fn read(link: &Link) -> Result<Self, StoreError> {
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
    pub(super) fn marker(&self, link: &Link) -> Result<Option<Marker>, StoreError> {
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
    pub(super) fn refuse_others(&self, link: &Link) -> Result<(), StoreError> {
        let other = self.engines.iter().find(|(name, _)| name != "schema");
        other.map_or(Ok(()), |(name, _)| Err(foreign(link, name)))
    }

    pub(super) fn check(&self, link: &Link, form: &Form, is_on_cluster: bool) -> Result<(), StoreError> {
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

pub(super) fn absent(link: &Link, why: &str) -> StoreError {
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

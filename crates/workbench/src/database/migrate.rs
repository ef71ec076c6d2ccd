//! Migrates a database to the version of this program.
//!
//! The tables are migrated in one transaction, so a kill leaves the old or the new version. Unless the database is empty, it is
//! copied first (`workbench.sqlite.before-N`). The copy is removed when the result has been verified, at the next start if
//! necessary. The disk must have room for the copy and the log.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{APPLICATION, Problem, VERSION, Workbench, canonical, check, copy, figures, head, seal};
use crate::Error;
use crate::files::sync;

/// The room that a migration needs, as a multiple of the database's size: the copy, and the log with every changed page.
const ROOM: u64 = 3;

/// The current step of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Copying the old database: the number of pages done, and of all pages.
    Copying(u64, u64),
    /// Changing the tables: the number of parts done, and of all parts.
    Changing(u64, u64),
    /// Checking the result.
    Verifying,
}

/// Binds the secrets of an earlier version to their destinations, in the open database and the data folder.
pub(crate) type BindSecrets = fn(&Connection, &Path) -> Result<(), Problem>;

/// Receives the progress of a migration.
pub(crate) type Watcher<'a> = &'a mut dyn FnMut(Step);

impl Workbench {
    /// Migrates the tables to this version; the caller holds the folder's lock.
    pub(super) fn migrate(
        &mut self,
        found: i64,
        bind_secrets: BindSecrets,
        watch: Watcher<'_>,
    ) -> Result<(), Error> {
        if found > 0 {
            self.copy_before(watch)?;
        }
        let (file, folder, at) = (self.file(), self.folder.clone(), self.at());
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| Error::sql(&file, &error))?;
        let changed = change_tables(&transaction, at, |database| bind_secrets(database, &folder), watch);
        changed.map_err(|problem| problem.into_error(&file))?;
        transaction.commit().map_err(|error| Error::sql(&file, &error))?;
        self.forget_copies(watch)
    }

    /// Removes the copies of earlier versions after this version is verified.
    pub(super) fn forget_copies(&self, watch: Watcher<'_>) -> Result<(), Error> {
        for version in 1..VERSION {
            let copy = self.copy_of(version);
            if !copy.exists() {
                continue;
            }
            watch(Step::Verifying);
            let faults = self.read(check::content)?;
            if let Some(fault) = faults.first() {
                let reason = format!("{fault}; the previous database is in {}", copy.display());
                return Err(Error::Damaged { file: self.file(), reason });
            }
            std::fs::remove_file(&copy).map_err(|error| Error::io("removing", &copy, error))?;
        }
        Ok(())
    }

    /// Whether a migration left a copy behind.
    pub(super) fn has_copies(&self) -> bool {
        (1..VERSION).any(|version| self.copy_of(version).exists())
    }

    fn copy_of(&self, version: i64) -> PathBuf {
        self.folder.join(format!("workbench.sqlite.before-{}", version + 1))
    }

    /// Copies the database unchanged. A copy left by a killed migration is replaced.
    fn copy_before(&self, watch: Watcher<'_>) -> Result<(), Error> {
        let version = self.check()?;
        let sql = |error: rusqlite::Error| self.sql(&error);
        let sizes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let size: i64 = self.connection.query_row(sizes, [], |row| row.get(0)).map_err(sql)?;
        let size = u64::try_from(size).unwrap_or_default();
        room(&self.folder, size.saturating_mul(ROOM))?;
        // A damaged database is not migrated: the copy would be removed, and the damage would stay.
        let found: String =
            self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sql)?;
        if found != "ok" {
            return Err(Error::Damaged { file: self.file(), reason: found });
        }
        let (copy, part) = (self.copy_of(version), self.folder.join("workbench.sqlite.before.part"));
        copy::copy_to(&self.connection, &part, &mut |done, all| watch(Step::Copying(done, all)))?;
        std::fs::rename(&part, &copy).map_err(|error| Error::io("replacing", &copy, error))?;
        sync(&self.folder)
    }
}

/// Refuses to start if the disk has not enough room.
#[cfg(unix)]
pub(super) fn room(folder: &Path, needed: u64) -> Result<(), Error> {
    let found = rustix::fs::statvfs(folder).map_err(|error| Error::io("reading", folder, error.into()))?;
    if found.f_bavail.saturating_mul(found.f_frsize) < needed {
        return Err(Error::Full(folder.to_owned()));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn room(_: &Path, _: u64) -> Result<(), Error> {
    Ok(())
}

fn change_tables(
    transaction: &Transaction<'_>,
    at: i64,
    bind_secrets: impl FnOnce(&Connection) -> Result<(), Problem>,
    watch: Watcher<'_>,
) -> Result<(), Problem> {
    // Another process may have migrated it in the meantime.
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version < 1 {
        transaction.execute_batch(include_str!("../schema.sql"))?;
    }
    if version < 2 {
        transaction.execute_batch(include_str!("../schema-2.sql"))?;
    }
    let parts = seal::TABLES.len() as u64 + 2;
    if version < 3 {
        watch(Step::Changing(0, parts));
        to_3(transaction, at)?;
        watch(Step::Changing(1, parts));
    }
    if version < 4 {
        transaction.execute_batch(include_str!("../schema-4.sql"))?;
    }
    if version < 5 {
        transaction.execute_batch(include_str!("../schema-5.sql"))?;
    }
    if version < 6 {
        transaction.execute_batch(include_str!("../schema-6.sql"))?;
    }
    if version < 7 {
        transaction.execute_batch(include_str!("../schema-7.sql"))?;
    }
    if version < 8 {
        transaction.execute_batch(include_str!("../schema-8.sql"))?;
    }
    if version < 9 {
        transaction.execute_batch(include_str!("../schema-9.sql"))?;
    }
    if version < 10 {
        // Version 9 also took relationships to removed indicators for sightings.
        figures::derive(transaction, None)?;
        transaction.execute_batch(include_str!("../schema-10.sql"))?;
    }
    if version < 4 {
        // It reads integrations as this version has them.
        bind_secrets(transaction)?;
    }
    // Seals cover the columns of this version, so they are computed when all columns exist.
    let unsealed = |table: &&seal::Table| match table.name {
        "secrets" => version < 4,
        "runs" => version < 5,
        "indicators" | "integrations" => version < 6,
        "investigations" | "source_reports" | "members" | "investigation_notes" | "jobs" => version < 8,
        "tags" | "indicator_tags" | "saved_searches" => version < 9,
        "pushes" | "push_rows" => version < 10,
        _ => version < 3,
    };
    for (table, done) in seal::TABLES.iter().filter(unsealed).zip(2..) {
        watch(Step::Changing(done, parts));
        seal::renew(transaction, table)?;
    }
    if version < VERSION {
        seal_definitions(transaction)?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};");
    Ok(transaction.execute_batch(&marks)?)
}

/// Version 3: canonical indicators, the columns of seals, the audit trail's chain.
fn to_3(transaction: &Transaction<'_>, at: i64) -> Result<(), Problem> {
    transaction.execute_batch(include_str!("../schema-3.sql"))?;
    canonical::mend(transaction, at)?;
    chain_all(transaction)
}

/// Links the entries of the audit trail in their order.
fn chain_all(transaction: &Transaction<'_>) -> Result<(), Problem> {
    let mut before = head::Link::default();
    let mut read =
        transaction.prepare("SELECT id, at, actor, action, subject, detail FROM audit ORDER BY id")?;
    let mut write = transaction.prepare("UPDATE audit SET chain = ? WHERE id = ?")?;
    let mut links: Vec<(i64, head::Link)> = Vec::new();
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let (id, link) = check::link_of(row, &before)?;
        before = link;
        links.push((id, link));
    }
    for (id, link) in links {
        write.execute((link, id))?;
    }
    Ok(())
}

/// Stores a digest of the table definitions, which are also content.
fn seal_definitions(transaction: &Transaction<'_>) -> Result<(), Problem> {
    let digest = check::definitions(transaction)?;
    transaction.execute("UPDATE head SET tables = ?", [digest])?;
    Ok(())
}

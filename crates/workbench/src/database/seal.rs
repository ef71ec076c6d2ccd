//! Seals: a digest stored with every important row, so that a flipped bit in its content is noticed.
//!
//! SQLite checks the structure of its file, but not the content of rows: a flipped bit within a text passes `integrity_check`.
//! Each table in [`TABLES`] has a column `seal`: the first 64 bits of BLAKE3 over the table's name and the row's columns.
//! Triggers write it. A change of a row checks the old seal first, so damage is never sealed again; `backsight db verify`
//! checks all seals. Seals detect accidental damage, but not an attacker who can write to the file, because an attacker can
//! compute them too.
//!
//! A migration that changes the columns of a sealed table adds them to [`TABLES`] and calls [`renew`] for it.

use operation::Indicator;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use super::figures::last_seen_of;
use crate::indicator_key::{sort_key, type_code};

/// A table whose rows are sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns that identify a row, for triggers and reports.
    pub(crate) key: &'static [&'static str],
    /// The columns that the seal covers.
    pub(crate) columns: &'static [&'static str],
}

/// The sealed tables. Sessions, throttling and usage of tokens are not sealed: they change at every request and expire. Secrets
/// are encrypted with authentication, which has the same effect. The bodies of answers are not sealed either: their key is the hash
/// of their content, which is checked whenever they are read and when everything is verified, so a seal would notice nothing more.
pub(crate) const TABLES: [Table; 26] = [
    Table {
        name: "integrations",
        key: &["name"],
        columns: &["name", "version", "manifest", "enabled", "installed_at", "updated_at", "max_tlp"],
    },
    Table { name: "settings", key: &["integration", "key"], columns: &["integration", "key", "value"] },
    Table {
        name: "secrets",
        key: &["integration", "key"],
        columns: &["integration", "key", "sealed", "bound"],
    },
    Table {
        name: "indicators",
        key: &["id"],
        columns: &["type", "value", "sort_key", "status", "created_at", "updated_at", "removed_at", "tlp"],
    },
    Table { name: "attributes", key: &["id"], columns: &["indicator", "name", "value", "created_at"] },
    Table { name: "relationships", key: &["id"], columns: &["from_id", "to_id", "kind", "created_at"] },
    Table { name: "sources", key: &["id"], columns: &["name"] },
    Table {
        name: "indicator_claims",
        key: &["indicator", "source", "run"],
        columns: &["indicator", "source", "run", "added_at"],
    },
    Table {
        name: "attribute_claims",
        key: &["attribute", "source", "run"],
        columns: &["attribute", "source", "run", "added_at"],
    },
    Table {
        name: "relationship_claims",
        key: &["relationship", "source", "run"],
        columns: &["relationship", "source", "run", "attributes", "added_at"],
    },
    Table { name: "tags", key: &["id"], columns: &["name", "folded"] },
    Table {
        name: "indicator_tags",
        key: &["indicator", "tag"],
        columns: &["indicator", "tag", "actor", "added_at"],
    },
    Table {
        name: "saved_searches",
        key: &["id"],
        columns: &["user", "name", "folded", "query", "created_at"],
    },
    Table { name: "notes", key: &["id"], columns: &["indicator", "at", "actor", "text"] },
    Table { name: "manifests", key: &["id"], columns: &["source"] },
    Table {
        name: "runs",
        key: &["id"],
        columns: &[
            "indicator",
            "batch",
            "manifest",
            "package",
            "source",
            "action",
            "provider",
            "actor",
            "question",
            "login",
            "filter",
            "worker",
            "state",
            "reason",
            "hint",
            "refused",
            "started_at",
            "ended_at",
            "records",
            "damages",
            "bytes",
            "orientation",
            "evidence",
            "whole",
            "fetched_by",
            "fetched_at",
            "added_at",
            "undone_at",
        ],
    },
    Table {
        name: "investigations",
        key: &["id"],
        columns: &[
            "name",
            "folded",
            "status",
            "tlp",
            "summary",
            "actor",
            "created_at",
            "updated_at",
            "removed_at",
        ],
    },
    Table {
        name: "source_reports",
        key: &["id"],
        columns: &["investigation", "title", "dated_at", "tlp", "text", "length", "actor", "added_at"],
    },
    Table {
        name: "members",
        key: &["investigation", "indicator"],
        columns: &[
            "investigation",
            "indicator",
            "verdict",
            "report",
            "origin",
            "actor",
            "added_at",
            "removed_at",
        ],
    },
    Table {
        name: "investigation_notes",
        key: &["id"],
        columns: &["investigation", "indicator", "at", "actor", "text"],
    },
    Table {
        name: "jobs",
        key: &["id"],
        columns: &[
            "investigation",
            "actor",
            "state",
            "request",
            "subjects",
            "batch",
            "retried",
            "worker",
            "reason",
            "created_at",
            "ended_at",
        ],
    },
    Table {
        name: "pushes",
        key: &["id"],
        columns: &[
            "platform",
            "package",
            "place",
            "title",
            "request",
            "target",
            "actor",
            "state",
            "reason",
            "worker",
            "created_at",
            "ended_at",
        ],
    },
    Table {
        name: "push_rows",
        key: &["push", "key"],
        columns: &["push", "key", "place", "kind", "label", "indicator", "outcome", "reason", "at"],
    },
    Table { name: "audit", key: &["id"], columns: &["at", "actor", "action", "subject", "detail", "chain"] },
    Table {
        name: "users",
        key: &["id"],
        columns: &["name", "folded", "role", "password", "created_at", "disabled_at"],
    },
    Table {
        name: "tokens",
        key: &["id"],
        columns: &[
            "name",
            "folded",
            "public",
            "digest",
            "reads",
            "writes",
            "rate",
            "daily",
            "sensor",
            "created_at",
            "expires_at",
            "revoked_at",
        ],
    },
];

impl Table {
    /// The expected seal of a row, as an SQL expression; `of` is the prefix of each column: `NEW.`, `OLD.` or nothing.
    pub(crate) fn expected(&self, of: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{of}{column}")).collect();
        format!("row_seal('{}', {})", self.name, columns.join(", "))
    }

    /// The triggers that maintain the seals of the table.
    fn triggers(&self) -> String {
        let Self { name, key, columns } = self;
        let row: Vec<String> = key.iter().map(|column| format!("{column} = NEW.{column}")).collect();
        let (row, columns) = (row.join(" AND "), columns.join(", "));
        let (new, old) = (self.expected("NEW."), self.expected("OLD."));
        format!(
            "DROP TRIGGER IF EXISTS seal_{name}_new; DROP TRIGGER IF EXISTS seal_{name}_check; \
             DROP TRIGGER IF EXISTS seal_{name}_change; \
             CREATE TRIGGER seal_{name}_new AFTER INSERT ON {name} WHEN NEW.seal IS NULL BEGIN \
             UPDATE {name} SET seal = {new} WHERE {row}; END; \
             CREATE TRIGGER seal_{name}_check BEFORE UPDATE OF {columns} ON {name} WHEN OLD.seal IS NOT {old} BEGIN \
             SELECT RAISE(ABORT, 'a row of {name} is not as it was written'); END; \
             CREATE TRIGGER seal_{name}_change AFTER UPDATE OF {columns} ON {name} BEGIN \
             UPDATE {name} SET seal = {new} WHERE {row}; END;"
        )
    }
}

/// Seals all rows of a table as they are; from here on, triggers do it.
pub(crate) fn renew(database: &Connection, table: &Table) -> rusqlite::Result<()> {
    let drop =
        ["new", "check", "change"].map(|part| format!("DROP TRIGGER IF EXISTS seal_{}_{part};", table.name));
    database.execute_batch(&drop.concat())?;
    database.execute(&format!("UPDATE {} SET seal = {}", table.name, table.expected("")), [])?;
    database.execute_batch(&table.triggers())
}

/// Registers the functions that triggers and checks use.
pub(crate) fn register(database: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    database.create_scalar_function("row_seal", -1, flags, |context| Ok(seal(context)))?;
    database.create_scalar_function("last_seen_of", 1, flags, |context| {
        Ok(if let ValueRef::Text(text) = context.get_raw(0) {
            std::str::from_utf8(text).map_or(0, last_seen_of)
        } else {
            0
        })
    })?;
    database.create_scalar_function("is_canonical", 3, flags, |context| {
        let (kind, value, key) = (context.get_raw(0), context.get_raw(1), context.get_raw(2));
        let (ValueRef::Integer(kind), ValueRef::Text(value), ValueRef::Blob(key)) = (kind, value, key) else {
            return Ok(false);
        };
        Ok(std::str::from_utf8(value).is_ok_and(|value| is_canonical(kind, value, key)))
    })
}

/// Whether type, value and key match what the library writes for the value.
fn is_canonical(kind: i64, value: &str, key: &[u8]) -> bool {
    canonical(value).is_some_and(|indicator| {
        i64::from(type_code(indicator.kind())) == kind && sort_key(&indicator) == key
    })
}

/// The indicator whose canonical form this is.
pub(crate) fn canonical(value: &str) -> Option<Indicator> {
    Indicator::from_canonical(value).ok()
}

/// Hashes its arguments, each with its type and length, so that different rows never hash the same input.
fn seal(context: &Context<'_>) -> i64 {
    // More than a row of a run.
    let mut octets = Vec::with_capacity(1_024);
    for at in 0..context.len() {
        let (kind, bytes): (u8, &[u8]) = match context.get_raw(at) {
            ValueRef::Null => (0, &[]),
            ValueRef::Integer(number) => {
                octets.push(1);
                octets.extend_from_slice(&number.to_be_bytes());
                continue;
            }
            ValueRef::Real(number) => {
                octets.push(2);
                octets.extend_from_slice(&number.to_bits().to_be_bytes());
                continue;
            }
            ValueRef::Text(text) => (3, text),
            ValueRef::Blob(blob) => (4, blob),
        };
        octets.push(kind);
        octets.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        octets.extend_from_slice(bytes);
    }
    let hash = blake3::hash(&octets);
    let (first, _) = hash.as_bytes().split_at(8);
    i64::from_be_bytes(first.try_into().unwrap_or_default())
}

//! One row per value: converts indicators of older versions to their canonical form, and makes the table accept only this form.
//!
//! Before version 3, an AAAA record with an IPv4-mapped address (`::ffff:198.51.100.9`) created a separate row that no search
//! could find. Such a row becomes the row of the IPv4 address. If both rows exist, they are merged:
//!
//! - Attributes, relationships, claims and notes move to the IPv4 address. What both rows have is kept once, with the claims of
//!   both.
//! - The status of the IPv4 address is kept, unless it is Indirect and a user gave the other row a status.
//! - The merged row is removed only if both were. It keeps the earlier creation time and the later time of change.
//! - The audit trail keeps its entries and gets one about the merge. The history of an IPv4 address also shows the entries of
//!   its mapped form.

use operation::Indicator;
use rusqlite::Connection;
use serde_json::json;

use super::Problem;
use crate::indicator_key::{sort_key, type_code};

/// The number of the status Indirect in the tables of version 3, even if later versions change it.
const INDIRECT: i64 = 3;

/// From here on, the table accepts only canonical rows, whichever program writes them.
const TRIGGERS: &str = "\
    CREATE TRIGGER indicators_canonical_new BEFORE INSERT ON indicators \
    WHEN NOT is_canonical(NEW.type, NEW.value, NEW.sort_key) BEGIN \
    SELECT RAISE(ABORT, 'the value of an indicator is not in its canonical form'); END; \
    CREATE TRIGGER indicators_canonical_change BEFORE UPDATE OF type, value, sort_key ON indicators \
    WHEN NOT is_canonical(NEW.type, NEW.value, NEW.sort_key) BEGIN \
    SELECT RAISE(ABORT, 'the value of an indicator is not in its canonical form'); END;";

/// Moves what belongs to the row `?1` to the row `?2`, which may already have the same content.
const MOVES: [&str; 13] = [
    "INSERT OR IGNORE INTO indicator_claims (indicator, source, run, added_at) \
     SELECT ?2, source, run, added_at FROM indicator_claims WHERE indicator = ?1",
    "INSERT OR IGNORE INTO attribute_claims (attribute, source, run, added_at) \
     SELECT k.id, c.source, c.run, c.added_at FROM attribute_claims c JOIN attributes a ON a.id = c.attribute \
     JOIN attributes k ON k.indicator = ?2 AND k.name = a.name AND k.value = a.value WHERE a.indicator = ?1",
    "DELETE FROM attributes WHERE indicator = ?1 AND EXISTS (SELECT 1 FROM attributes k \
     WHERE k.indicator = ?2 AND k.name = attributes.name AND k.value = attributes.value)",
    "UPDATE attributes SET indicator = ?2 WHERE indicator = ?1",
    // A relationship between the two rows has no meaning after the merge.
    "DELETE FROM relationships WHERE from_id IN (?1, ?2) AND to_id IN (?1, ?2)",
    "INSERT OR IGNORE INTO relationship_claims (relationship, source, run, attributes, added_at) \
     SELECT k.id, c.source, c.run, c.attributes, c.added_at FROM relationship_claims c \
     JOIN relationships r ON r.id = c.relationship \
     JOIN relationships k ON k.from_id = ?2 AND k.to_id = r.to_id AND k.kind = r.kind WHERE r.from_id = ?1",
    "DELETE FROM relationships WHERE from_id = ?1 AND EXISTS (SELECT 1 FROM relationships k \
     WHERE k.from_id = ?2 AND k.to_id = relationships.to_id AND k.kind = relationships.kind)",
    "UPDATE relationships SET from_id = ?2 WHERE from_id = ?1",
    "INSERT OR IGNORE INTO relationship_claims (relationship, source, run, attributes, added_at) \
     SELECT k.id, c.source, c.run, c.attributes, c.added_at FROM relationship_claims c \
     JOIN relationships r ON r.id = c.relationship \
     JOIN relationships k ON k.to_id = ?2 AND k.from_id = r.from_id AND k.kind = r.kind WHERE r.to_id = ?1",
    "DELETE FROM relationships WHERE to_id = ?1 AND EXISTS (SELECT 1 FROM relationships k \
     WHERE k.to_id = ?2 AND k.from_id = relationships.from_id AND k.kind = relationships.kind)",
    "UPDATE relationships SET to_id = ?2 WHERE to_id = ?1",
    "UPDATE notes SET indicator = ?2 WHERE indicator = ?1",
    "UPDATE indicators SET \
     status = iif(status = ?3, (SELECT status FROM indicators WHERE id = ?1), status), \
     created_at = min(created_at, (SELECT created_at FROM indicators WHERE id = ?1)), \
     updated_at = max(updated_at, (SELECT updated_at FROM indicators WHERE id = ?1)), \
     removed_at = iif(removed_at IS NULL, NULL, (SELECT iif(m.removed_at IS NULL, NULL, max(m.removed_at, indicators.removed_at)) \
                      FROM indicators m WHERE m.id = ?1)) WHERE id = ?2",
];

/// Converts the rows and creates the triggers; returns the number of converted rows.
pub(super) fn mend(database: &Connection, at: i64) -> Result<u64, Problem> {
    let mut mended = 0;
    for (id, value) in crooked(database)? {
        // A value that is not an indicator is left for people to look at.
        let Ok(indicator) = Indicator::parse(&value) else { continue };
        mend_one(database, id, &value, &indicator, at)?;
        mended += 1;
    }
    database.execute_batch(TRIGGERS)?;
    Ok(mended)
}

fn crooked(database: &Connection) -> Result<Vec<(i64, String)>, Problem> {
    let sql = "SELECT id, value FROM indicators WHERE NOT is_canonical(type, value, sort_key) ORDER BY id";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn mend_one(
    database: &Connection,
    id: i64,
    value: &str,
    indicator: &Indicator,
    at: i64,
) -> Result<(), Problem> {
    let (key, now) = (sort_key(indicator), indicator.to_string());
    let other: Option<i64> = {
        let mut statement =
            database.prepare_cached("SELECT id FROM indicators WHERE sort_key = ? AND id <> ?")?;
        statement.query_map((&key, id), |row| row.get(0))?.next().transpose()?
    };
    if let Some(kept) = other {
        for sql in MOVES {
            let mut statement = database.prepare_cached(sql)?;
            match statement.parameter_count() {
                3 => statement.execute((id, kept, INDIRECT))?,
                _ => statement.execute((id, kept))?,
            };
        }
        database.execute("DELETE FROM indicators WHERE id = ?", [id])?;
    } else {
        let sql = "UPDATE indicators SET type = ?, value = ?, sort_key = ? WHERE id = ?";
        database.execute(sql, (type_code(indicator.kind()), &now, &key, id))?;
    }
    database.execute("UPDATE runs SET indicator = ? WHERE indicator = ?", (&now, value))?;
    // Its place in the hash chain is set together with that of all other entries.
    let detail = json!({ "from": value, "to": now, "merged": other.is_some() });
    let sql = "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, 'indicator.merge', ?, ?)";
    database.execute(sql, (at, super::PROGRAM, &now, detail.to_string()))?;
    Ok(())
}

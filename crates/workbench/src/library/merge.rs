//! Merges all claims on a relationship.
//!
//! Each run that was added claims the relationship with the dates and the count of its answer. The merged value is the earliest
//! first seen, the latest last seen and the largest count, in whatever order the runs were added: an older answer never takes
//! anything back, and undoing a run removes only what no other run states. The manifest of the run determines which attribute
//! is which.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use operation::Package;
use operation::mapping::RecordField;
use rusqlite::{Connection, OptionalExtension};

use crate::database::Problem;

/// Merges the claims on many relationships; caches what it reads of manifests.
#[derive(Default)]
pub(super) struct Merging {
    /// By the number of a manifest: the attributes whose values are compared.
    fields: HashMap<i64, Vec<(String, RecordField)>>,
}

/// How two values of an attribute are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Earliest,
    Largest,
    Latest,
    Newest,
}

impl Merging {
    /// The attributes of a relationship.
    pub(super) fn of(
        &mut self,
        database: &Connection,
        relationship: i64,
    ) -> Result<Vec<(String, String)>, Problem> {
        let sql = "SELECT c.attributes, r.manifest FROM relationship_claims c LEFT JOIN runs r ON r.id = c.run \
                   WHERE c.relationship = ? ORDER BY c.added_at DESC, c.run DESC";
        let mut statement = database.prepare_cached(sql)?;
        let mut rows = statement.query([relationship])?;
        let mut merged: Vec<(String, String)> = Vec::new();
        while let Some(row) = rows.next()? {
            let text = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            let claimed: Vec<(String, String)> = serde_json::from_str(text)
                .map_err(|error| Problem::Stored(format!("attributes: {error}")))?;
            let manifest: Option<i64> = row.get(1)?;
            for (name, value) in claimed {
                let rule = self.rule(database, manifest, &name)?;
                match merged.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) if rule.prefers(&value, known) => *known = value,
                    Some(_) => {}
                    None => merged.push((name, value)),
                }
            }
        }
        Ok(merged)
    }

    fn rule(&mut self, database: &Connection, manifest: Option<i64>, name: &str) -> Result<Rule, Problem> {
        let Some(manifest) = manifest else { return Ok(Rule::Newest) };
        let fields = match self.fields.entry(manifest) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(read(database, manifest)?),
        };
        let field = fields.iter().find(|(known, _)| known == name).map(|(_, field)| *field);
        Ok(field.map_or(Rule::Newest, Rule::of))
    }
}

impl Rule {
    fn of(field: RecordField) -> Self {
        match field {
            RecordField::Count => Self::Largest,
            RecordField::TimeFirst => Self::Earliest,
            RecordField::TimeLast => Self::Latest,
            _ => Self::Newest,
        }
    }

    /// Whether the value of an older claim is preferred to the known one.
    fn prefers(self, value: &str, known: &str) -> bool {
        if value.is_empty() || known.is_empty() {
            return known.is_empty() && !value.is_empty();
        }
        match self {
            // Times in the form 2017-06-09 08:07:17 have the same order as text.
            Self::Earliest => value < known,
            Self::Latest => value > known,
            Self::Largest => value.parse::<u64>().ok() > known.parse::<u64>().ok(),
            Self::Newest => false,
        }
    }
}

/// The attributes that a manifest writes on relationships, with their fields. A manifest that this version cannot read has
/// none.
fn read(database: &Connection, manifest: i64) -> Result<Vec<(String, RecordField)>, Problem> {
    let sql = "SELECT source FROM manifests WHERE id = ?";
    let source: Option<String> =
        database.prepare_cached(sql)?.query_row([manifest], |row| row.get(0)).optional()?;
    let package = source.and_then(|source| Package::parse("a stored manifest", &source).ok());
    let related = package.and_then(|package| package.into_mapping().related);
    Ok(related.map_or_else(Vec::new, |related| {
        related.attributes.into_iter().map(|attribute| (attribute.name, attribute.field)).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_rule_and_unknown_takes_nothing() {
        for (field, known, value, preferred) in [
            (RecordField::TimeFirst, "2026-01-01 00:00:00", "2024-01-01 00:00:00", true),
            (RecordField::TimeFirst, "2024-01-01 00:00:00", "2026-01-01 00:00:00", false),
            (RecordField::TimeLast, "2024-01-01 00:00:00", "2026-01-01 00:00:00", true),
            (RecordField::TimeLast, "2026-01-01 00:00:00", "2024-01-01 00:00:00", false),
            (RecordField::Count, "10", "99", true),
            (RecordField::Count, "99", "100", true),
            (RecordField::Count, "99", "10", false),
            (RecordField::Count, "99", "unknown", false),
            (RecordField::Count, "unknown", "10", true),
            (RecordField::TimeLast, "2026-01-01 00:00:00", "", false),
            (RecordField::TimeLast, "", "2024-01-01 00:00:00", true),
            (RecordField::RrType, "A", "AAAA", false),
        ] {
            assert_eq!(Rule::of(field).prefers(value, known), preferred, "{field:?}: {known} or {value}");
        }
    }
}

//! What relationships say about indicators, as columns: when an indicator was last seen, and how many relationships it has.
//!
//! A list of a million indicators is sorted by them, so they are stored (`schema-9.sql`). [`last_seen`] reads the claims of
//! relationships, also as the SQL function `last_seen_of`; [`derive()`] writes both columns of one indicator or of all, and [`faults`]
//! compares them with what they are derived from. Relationships to removed indicators do not count for either, as on the indicator's page.
//!
//! Claims that cannot be read say nothing; nothing here fails except by the database.

use rusqlite::{Connection, params};

use super::Problem;
use super::check::LISTED;

/// The attribute of a relationship that says when it was last seen: every included package writes it.
const LAST_SEEN: &str = "Last Seen";

/// How many relationships an indicator `i` has.
const RELATED: &str = "(SELECT count(*) FROM relationships r JOIN indicators o ON o.id = r.to_id \
     WHERE r.from_id = i.id AND o.removed_at IS NULL) + \
    (SELECT count(*) FROM relationships r JOIN indicators o ON o.id = r.from_id \
     WHERE r.to_id = i.id AND o.removed_at IS NULL)";

/// When an indicator `i` was last seen.
const SEEN: &str = "max(0, \
    coalesce((SELECT max(last_seen_of(c.attributes)) FROM relationships r JOIN indicators o ON o.id = r.to_id \
     JOIN relationship_claims c ON c.relationship = r.id WHERE r.from_id = i.id AND o.removed_at IS NULL), 0), \
    coalesce((SELECT max(last_seen_of(c.attributes)) FROM relationships r JOIN indicators o ON o.id = r.from_id \
     JOIN relationship_claims c ON c.relationship = r.id WHERE r.to_id = i.id AND o.removed_at IS NULL), 0))";

/// The time in the claim of a relationship, in seconds since the epoch; 0 if it has none.
pub(crate) fn last_seen<'a>(attributes: impl IntoIterator<Item = (&'a str, &'a str)>) -> i64 {
    let found = attributes.into_iter().find(|(name, _)| *name == LAST_SEEN);
    let date = found.and_then(|(_, value)| cof::time::parse_date(value));
    date.and_then(|date| i64::try_from(date.seconds).ok()).unwrap_or_default()
}

/// The same for the stored form of a claim, a JSON array of pairs.
pub(super) fn last_seen_of(attributes: &str) -> i64 {
    let read: Vec<(String, String)> = serde_json::from_str(attributes).unwrap_or_default();
    last_seen(read.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Writes the figures of one indicator, or those of all if `id` is `None`.
///
/// # Errors
/// [`Problem`] if the database cannot be changed.
pub(crate) fn derive(database: &Connection, id: Option<i64>) -> Result<(), Problem> {
    let which = match id {
        Some(_) => "i.id = ?1",
        None => {
            "?1 IS NULL AND i.id IN (SELECT from_id FROM relationships UNION SELECT to_id FROM relationships)"
        }
    };
    let sql = format!("UPDATE indicators AS i SET related = {RELATED}, last_seen = {SEEN} WHERE {which}");
    database.prepare_cached(&sql)?.execute(params![id])?;
    Ok(())
}

/// The indicators whose figures are not what their relationships say, and counts that are wrong.
///
/// # Errors
/// [`Problem`] if the database cannot be read.
pub(super) fn faults(database: &Connection) -> Result<Vec<String>, Problem> {
    let figures = format!(
        "SELECT 'the figures of ' || i.value || ' are not those of its relationships' FROM indicators i \
         WHERE i.related <> {RELATED} OR i.last_seen <> {SEEN} LIMIT {LISTED}"
    );
    let counts = "SELECT 'the number of indicators is not what was counted' WHERE EXISTS ( \
         SELECT type, status, removed, count FROM library_counts WHERE count <> 0 \
         EXCEPT SELECT type, status, removed_at IS NOT NULL, count(*) FROM indicators GROUP BY 1, 2, 3) OR EXISTS ( \
         SELECT type, status, removed_at IS NOT NULL, count(*) FROM indicators GROUP BY 1, 2, 3 \
         EXCEPT SELECT type, status, removed, count FROM library_counts)";
    let mut found = Vec::new();
    for sql in [figures.as_str(), counts] {
        let mut statement = database.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        found.extend(rows.collect::<Result<Vec<String>, _>>()?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_says_when_it_was_last_seen_or_nothing() {
        let of = last_seen_of;
        assert_eq!(of(r#"[["First Seen","2001-01-01"],["Last Seen","2017-06-09 08:07:17"]]"#), 1_496_995_637);
        for nothing in
            ["[]", "", "{", r#"[["Last Seen","now"]]"#, r#"[["last seen","2017-06-09"]]"#, "[[1,2]]"]
        {
            assert_eq!(of(nothing), 0, "{nothing}");
        }
        assert_eq!(of(r#"[["Last Seen","1901-01-01 00:00:00"]]"#), 0, "before the epoch");
    }
}

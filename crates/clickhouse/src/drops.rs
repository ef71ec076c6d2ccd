//! Deleting rows: what a [`Selection`] covers, as a condition in SQL.
//!
//! ClickHouse rewrites the parts of the table in which something is deleted, in the background; [`delete`] waits for that.

use std::time::Duration;

use store::{Selection, StoreError, StoreErrorKind};

use crate::binary::Reader;
use crate::cluster::everywhere;
use crate::link::Link;
use crate::rows::{self, OWNER, RDATA};
use crate::schema::Schema;
use crate::sources::{Id, ZONE};
use crate::{literal, mark, random};

/// How many ids of sources one condition names.
const IDS: usize = 500;
/// The first wait for the server, and the longest.
const WAITS: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(1)];
/// How often it is waited for: about an hour.
const LOOKS: usize = 3_600;

/// How many entries a selection covers; `ids` are those of its origin's sources.
///
/// # Errors
/// Those of [`Link::ask`].
pub(crate) fn covered(
    link: &Link,
    schema: &Schema,
    selection: &Selection,
    ids: &[Id],
) -> Result<u64, StoreError> {
    let mut covered = 0_u64;
    for condition in conditions(schema, selection, ids) {
        let answer = link.ask_of_whole_table(format!(
            "SELECT count() FROM (SELECT key {} key >= {} AND key < {} AND {condition} GROUP BY key, bailiwick, source) FORMAT RowBinary",
            schema.entries.from(None, false),
            literal::text(&[OWNER]),
            literal::text(&[RDATA])
        ))?;
        let number = Reader::new(&answer).number();
        covered = covered.saturating_add(number.ok_or_else(|| link.strange("no number"))?);
    }
    Ok(covered)
}

/// Deletes what a selection covers, and returns the number of entries.
///
/// # Errors
/// Those of [`Link::ask`], and `Unavailable` if the server does not finish; it continues then.
pub(crate) fn delete(
    link: &Link,
    schema: &Schema,
    selection: &Selection,
    ids: &[Id],
) -> Result<u64, StoreError> {
    let covered = covered(link, schema, selection, ids)?;
    if covered > 0 {
        let conditions = conditions(schema, selection, ids);
        let tag = tag()?;
        for condition in &conditions {
            let start = literal::text(&[OWNER]);
            let sql = format!(
                "ALTER TABLE {}{} DELETE WHERE key >= {start} AND {condition} AND '{tag}' = '{tag}'",
                schema.entries.local(),
                schema.entries.everywhere()
            );
            let asked = link.ask(sql).map(drop);
            asked.map_err(|error| if schema.cluster().is_some() { everywhere(error) } else { error })?;
        }
        release_last_blocks(link, schema)?;
        finish(link, schema, &tag, conditions.len() as u64)?;
    }
    Ok(covered)
}

/// A replicated table that has confirmed a block rewrites it only after it has confirmed the next one, so each shard gets one.
fn release_last_blocks(link: &Link, schema: &Schema) -> Result<(), StoreError> {
    for shard in schema.entries.shards().into_iter().flatten().map(Some) {
        let block = rows::keys_alone([&*mark::without_position()?], shard);
        let inserted = link.insert(&schema.entries.whole(), block, None);
        inserted.map_err(|error| schema.entries.of_shard(shard, error))?;
    }
    Ok(())
}

/// The conditions that together cover a selection, and no row twice.
fn conditions(schema: &Schema, selection: &Selection, ids: &[Id]) -> Vec<String> {
    match selection {
        Selection::LastSeenBefore(time) => {
            let zone = format!("substring(source, 1, 1) = {}", literal::text(&[ZONE]));
            vec![format!(
                "(key, {zone}) IN (SELECT key, {zone} AS of_zone FROM {} WHERE key >= {} GROUP BY key, of_zone HAVING {})",
                schema.entries.local(),
                literal::text(&[OWNER]),
                rows::last_seen_before(*time)
            )]
        }
        Selection::Origin(_) => {
            let listed = |ids: &[Id]| {
                let ids: Vec<String> = ids.iter().map(|id| literal::text(id)).collect();
                ["source IN (", &ids.join(", "), ")"].concat()
            };
            ids.chunks(IDS).map(listed).collect()
        }
        Selection::Suffix(name) => {
            let mut prefix = Vec::new();
            name.push_sort_key(&mut prefix);
            prefix.pop();
            let text = literal::text(&prefix);
            vec![format!("substring(key, owner_at, {}) = {text}", prefix.len())]
        }
    }
}

/// A text that only the statements of one deletion contain, so that they are found in the list of what the server does.
fn tag() -> Result<String, StoreError> {
    Ok(blake3::hash(&random::bytes::<16>()?).to_hex().to_string())
}

/// Waits until each server has carried out so many statements with this tag. It may list them a moment after it has accepted them.
fn finish(link: &Link, schema: &Schema, tag: &str, statements: u64) -> Result<(), StoreError> {
    let [mut wait, longest] = WAITS;
    let address = link.address();
    let (database, table) = (address.database.as_bytes(), schema.entries.local_name());
    let (database, table) = (literal::text(database), literal::text(table.as_bytes()));
    let reason = if schema.tells_failures() { ", max(latest_fail_reason)" } else { "" };
    for _ in 0..LOOKS {
        let answers = link.ask_each(&format!(
            "SELECT countIf(is_done = 1){reason} FROM system.mutations WHERE database = {database} AND table = {table} AND position(command, '{tag}') > 0 FORMAT RowBinary"
        ))?;
        if answers.iter().all(|answer| Reader::new(answer).number() >= Some(statements)) {
            return Ok(());
        }
        let failure = |answer: &Vec<u8>| {
            let mut answer = Reader::new(answer);
            answer.number()?;
            answer.text().filter(|reason| !reason.is_empty()).map(str::to_owned)
        };
        if let Some(reason) = answers.iter().find_map(failure) {
            return Err(failing(link, &reason));
        }
        link.pause(wait)?;
        wait = (wait * 2).min(longest);
    }
    let detail = format!(
        "{address}: the server is still deleting after an hour; look at system.mutations, and repeat the command when it is done"
    );
    Err(StoreError::engine(StoreErrorKind::Unavailable, detail))
}

fn failing(link: &Link, reason: &str) -> StoreError {
    let detail = format!(
        "{}: the server fails to delete, and continues to try: {}; look at system.mutations, and end it with KILL MUTATION if it cannot succeed",
        link.address(),
        client::printable(reason.as_bytes(), 300)
    );
    StoreError::engine(StoreErrorKind::Unavailable, detail)
}

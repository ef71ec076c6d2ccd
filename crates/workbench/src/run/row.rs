//! A run as it is stored in the table.

use operation::provider::Orientation;
use operation::{Filter, Indicator, Side, Window};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};

use super::{Ending, Fetched, Reason, Run, State};
use crate::Hint;
use crate::database::Problem;

/// The columns that [`run`] reads, of a table of runs named `r`.
pub(super) const COLUMNS: &str = "r.id, r.indicator, r.package, r.source, r.action, r.provider, r.actor, r.state, \
    r.reason, r.hint, r.refused, r.started_at, r.ended_at, r.records, r.damages, r.bytes, r.fetched_by, r.fetched_at, \
    r.added_at, r.undone_at, r.filter, r.question, r.orientation, r.evidence, r.manifest, \
    coalesce(r.batch, r.id)";

/// Reads [`COLUMNS`].
pub(super) fn run(row: &Row<'_>) -> Result<Run, Problem> {
    let count = |at: usize| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default());
    let (indicator, filter): (String, String) = (row.get(1)?, row.get(20)?);
    let (filter, most) = read_filter(&filter).ok_or_else(|| wrong("filter", &filter))?;
    let orientation: String = row.get(22)?;
    Ok(Run {
        id: row.get(0)?,
        indicator: Indicator::from_canonical(&indicator).map_err(|_| wrong("indicator", &indicator))?,
        package: row.get(2)?,
        source: row.get(3)?,
        action: row.get(4)?,
        provider: row.get(5)?,
        actor: row.get(6)?,
        ending: ending(row)?,
        started_at: row.get(11)?,
        ended_at: row.get(12)?,
        records: count(13)?,
        damages: count(14)?,
        bytes: count(15)?,
        fetched: Fetched { by: row.get(16)?, at: row.get(17)? },
        added_at: row.get(18)?,
        undone_at: row.get(19)?,
        filter,
        most,
        question: row.get(21)?,
        orientation: Orientation::from_word(&orientation)
            .ok_or_else(|| wrong("orientation", &orientation))?,
        evidence: row.get(23)?,
        manifest: row.get(24)?,
        batch: row.get(25)?,
    })
}

fn ending(row: &Row<'_>) -> Result<Ending, Problem> {
    let state: String = row.get(7)?;
    let (text, hint, refused): (Option<String>, Option<String>, bool) =
        (row.get(8)?, row.get(9)?, row.get(10)?);
    let reason = text.map(|text| Reason { text, hint: Hint::read(hint.unwrap_or_default()), refused });
    Ok(Ending { state: State::from_word(&state).ok_or_else(|| wrong("state", &state))?, reason })
}

/// The run with that number.
pub(super) fn find(database: &Connection, id: i64) -> Result<Option<Run>, Problem> {
    one(database, &format!("SELECT {COLUMNS} FROM runs r WHERE r.id = ?"), [id])
}

/// The single run that a statement selects, if any.
pub(super) fn one(
    database: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Option<Run>, Problem> {
    let found = database.prepare_cached(sql)?.query_row(parameters, |row| Ok(run(row))).optional()?;
    found.transpose()
}

/// The stored form of the filter.
pub(super) fn write_filter(filter: &Filter, most: usize) -> String {
    let Filter { rrtypes, window, side } = filter;
    let mut kept = json!({
        "rrtypes": rrtypes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "seen_after": window.seen_after,
        "seen_before": window.seen_before,
        "most": most,
    });
    // Runs that were recorded before this member existed queried owners.
    if let (Side::Data, Some(kept)) = (side, kept.as_object_mut()) {
        kept.insert("side".to_owned(), side.word().into());
    }
    kept.to_string()
}

fn read_filter(text: &str) -> Option<(Filter, usize)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let rrtypes = value.get("rrtypes")?.as_array()?.iter();
    let rrtypes =
        rrtypes.map(|rrtype| cof::RrType::parse(rrtype.as_str()?).ok()).collect::<Option<Vec<_>>>()?;
    let window = Window {
        seen_after: value.get("seen_after")?.as_u64(),
        seen_before: value.get("seen_before")?.as_u64(),
    };
    let most = usize::try_from(value.get("most")?.as_u64()?).unwrap_or(usize::MAX);
    let side = match value.get("side") {
        None => Side::Owner,
        Some(side) => Side::from_word(side.as_str()?)?,
    };
    Some((Filter { rrtypes, window, side }, most))
}

fn wrong(what: &str, stored: &str) -> Problem {
    Problem::Stored(format!("the {what} {stored:?} of a run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        for (filter, most) in [
            (Filter::default(), usize::MAX),
            (
                Filter {
                    rrtypes: vec![cof::RrType::A, cof::RrType::parse("TYPE65280").unwrap()],
                    window: Window { seen_after: Some(5), seen_before: None },
                    side: Side::Data,
                },
                7,
            ),
        ] {
            let (read, held) = read_filter(&write_filter(&filter, most)).unwrap();
            assert_eq!((read, held), (filter, most));
        }
        assert!(read_filter("{}").is_none());
    }
}

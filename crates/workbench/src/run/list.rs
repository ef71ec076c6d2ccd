//! Lists runs, newest first.

use operation::Indicator;
use rusqlite::named_params;

use super::row::{self, COLUMNS};
use super::{Run, State};
use crate::{Error, Workbench};

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only runs on this indicator.
    pub indicator: Option<Indicator>,
    /// Only runs of this package: by its name, in any version, or as NAME@VERSION.
    pub package: Option<String>,
    /// Only runs of this batch ([`Run::batch`]).
    pub batch: Option<i64>,
    /// Only runs in this state.
    pub state: Option<State>,
    /// Only runs of this user.
    pub actor: Option<String>,
    /// Only runs that started at this time or later, in seconds since the epoch.
    pub since: Option<i64>,
    /// Only runs that started at this time or earlier.
    pub until: Option<i64>,
    /// Whether to leave out runs that reused the stored answer of another run.
    pub without_cached: bool,
    /// Only runs before the one with this number: the next page.
    pub before: Option<i64>,
    /// At most this many; at least one.
    pub limit: usize,
}

/// Runs, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The runs.
    pub runs: Vec<Run>,
    /// The value of [`Wanted::before`] for the next page; `None` at the end.
    pub next: Option<i64>,
}

impl Workbench {
    /// The number of runs in a batch.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn batch_size(&self, batch: i64) -> Result<u64, Error> {
        self.read(|database| {
            let sql = "SELECT count(*) FROM runs WHERE coalesce(batch, id) = ?";
            let count: i64 = database.prepare_cached(sql)?.query_row([batch], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
    }

    /// The numbers of the batch's runs with findings that were added and not undone, newest first.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read, or there is no such batch.
    pub fn added_in_batch(&self, batch: i64) -> Result<Vec<i64>, Error> {
        let numbers = self.read(|database| {
            let sql = "SELECT id FROM runs WHERE coalesce(batch, id) = ? AND added_at IS NOT NULL AND \
                       (undone_at IS NULL OR undone_at < added_at) ORDER BY id DESC";
            let mut statement = database.prepare_cached(sql)?;
            let numbers = statement.query_map([batch], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
            Ok(numbers)
        })?;
        if numbers.is_empty() && self.batch_size(batch)? == 0 {
            let first = self.run(batch)?.batch;
            return Err(Error::missing(format!(
                "run {batch} is not the first run of its command; that is run {first}"
            )));
        }
        Ok(numbers)
    }

    /// The runs that match, one page of them.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn runs(&self, wanted: &Wanted) -> Result<Page, Error> {
        let limit = wanted.limit.max(1);
        self.read(|database| {
            let condition = if wanted.indicator.is_some() { "r.indicator = :indicator AND" } else { ":indicator IS NULL AND" };
            let batch = if wanted.batch.is_some() { "coalesce(r.batch, r.id) = :batch AND" } else { ":batch IS NULL AND" };
            let sql = format!(
                "SELECT {COLUMNS} FROM runs r WHERE {condition} {batch} \
                 (:package IS NULL OR r.package = :package OR substr(r.package, 1, length(:package) + 1) = :package || '@') AND (:state IS NULL OR r.state = :state) AND \
                 (:actor IS NULL OR r.actor = :actor) AND r.started_at BETWEEN :since AND :until AND \
                 (NOT :without_cached OR r.fetched_by = r.id) AND r.id < :before ORDER BY r.id DESC LIMIT :limit"
            );
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query(named_params! {
                ":indicator": wanted.indicator.as_ref().map(ToString::to_string),
                ":package": wanted.package.as_deref(),
                ":batch": wanted.batch,
                ":state": wanted.state.map(State::word),
                ":actor": wanted.actor.as_deref(),
                ":since": wanted.since.unwrap_or(i64::MIN),
                ":until": wanted.until.unwrap_or(i64::MAX),
                ":without_cached": wanted.without_cached,
                ":before": wanted.before.unwrap_or(i64::MAX),
                // One run more shows whether there is a next page.
                ":limit": i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
            })?;
            let mut page = Page::default();
            while let Some(row) = rows.next()? {
                page.runs.push(row::run(row)?);
            }
            if page.runs.len() > limit {
                page.runs.truncate(limit);
                page.next = page.runs.last().map(|run| run.id);
            }
            Ok(page)
        })
    }
}

//! Listing runs, the newest first.

use operation::Indicator;
use rusqlite::named_params;

use super::Run;
use super::row::{self, COLUMNS};
use crate::{Error, Workbench};

/// Which runs are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those on this indicator.
    pub indicator: Option<Indicator>,
    /// Only those of this package, by its name, whatever its version.
    pub package: Option<String>,
    /// Only those before the run of this number: the next page.
    pub before: Option<i64>,
    /// At most so many; at least one.
    pub limit: usize,
}

/// Runs, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The runs.
    pub runs: Vec<Run>,
    /// What [`Wanted::before`] must be to go on; `None` at the end.
    pub next: Option<i64>,
}

impl Workbench {
    /// The runs that are wanted, a page of them.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be read.
    pub fn runs(&self, wanted: &Wanted) -> Result<Page, Error> {
        let limit = wanted.limit.max(1);
        self.read(|database| {
            let condition = if wanted.indicator.is_some() { "r.indicator = :indicator AND" } else { ":indicator IS NULL AND" };
            let sql = format!(
                "SELECT {COLUMNS} FROM runs r WHERE {condition} \
                 (:package IS NULL OR r.package GLOB :package || '@*') AND r.id < :before ORDER BY r.id DESC LIMIT :limit"
            );
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query(named_params! {
                ":indicator": wanted.indicator.as_ref().map(ToString::to_string),
                ":package": wanted.package.as_deref(),
                ":before": wanted.before.unwrap_or(i64::MAX),
                // One more tells whether there are more.
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

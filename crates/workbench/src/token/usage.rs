//! The usage of tokens, written in groups, so that quotas and rates survive a restart without a transaction for each request.
//!
//! A server counts in memory and passes its counts to [`Workbench::spend`] about once a second and when it ends; a kill loses
//! the counts since then. The counts of several servers on one data folder are added up here; until they are,
//! [`SharedUsage`](super::SharedUsage) keeps the servers within one quota.

use rusqlite::named_params;

use crate::{Error, Workbench};

/// Requests of a token since they were last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The token.
    pub token: i64,
    /// The day of these requests, in days since the epoch.
    pub day: i64,
    /// The number of requests.
    pub requests: u64,
    /// When its bucket is full again, in microseconds since the epoch.
    pub full_at: i64,
}

/// The recorded usage of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The day, in days since the epoch.
    pub day: i64,
    /// The number of requests on that day.
    pub used: u64,
    /// When its bucket is full again, in microseconds since the epoch.
    pub full_at: i64,
}

impl Workbench {
    /// The usage of a token, as far as it was written.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn usage(&self, token: i64) -> Result<Usage, Error> {
        let sql = "SELECT day, used, full_at FROM token_usage WHERE token = ?";
        self.read(|database| match database.prepare_cached(sql)?.query_row([token], read) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(Usage::default()),
            found => Ok(found?),
        })
    }

    /// Adds usage in one transaction; returns the sums, in the same order. Requests of a past day are no longer counted. A
    /// stored day or bucket that is far in the future was written with a wrong clock, and is discarded.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written; nothing was added then.
    pub fn spend(&mut self, spent: &[Spent]) -> Result<Vec<Usage>, Error> {
        let sql = "INSERT INTO token_usage (token, day, used, full_at) VALUES (:token, :day, :used, :full_at) \
                   ON CONFLICT (token) DO UPDATE SET \
                   used = CASE WHEN excluded.day = day THEN used + excluded.used \
                               WHEN excluded.day > day OR excluded.day < day - 1 THEN excluded.used ELSE used END, \
                   day = CASE WHEN excluded.day < day - 1 THEN excluded.day ELSE max(day, excluded.day) END, \
                   full_at = CASE WHEN full_at > excluded.full_at + 60000000 THEN excluded.full_at \
                                  ELSE max(full_at, excluded.full_at) END \
                   RETURNING day, used, full_at";
        self.change(|change| {
            let mut statement = change.transaction.prepare_cached(sql)?;
            let mut usages = Vec::with_capacity(spent.len());
            for one in spent {
                let used = i64::try_from(one.requests).unwrap_or(i64::MAX);
                let row = named_params! {
                    ":token": one.token, ":day": one.day, ":used": used, ":full_at": one.full_at,
                };
                usages.push(statement.query_row(row, read)?);
            }
            Ok(usages)
        })
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Usage> {
    let used: i64 = row.get(1)?;
    Ok(Usage { day: row.get(0)?, used: u64::try_from(used).unwrap_or_default(), full_at: row.get(2)? })
}

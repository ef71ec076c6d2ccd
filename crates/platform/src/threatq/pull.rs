//! Reads indicators from a ThreatQ, page by page: [`Pull`].
//!
//! Pages are ordered by the number that the instance gave its indicators, so that a pull that was interrupted continues at a position.
//! The level of an indicator is the strictest that any source reported it with; if a page does not tell the levels, the indicator
//! itself is read, because a level that is not known is not a missing one.

use operation::{Indicator, Tlp};

use super::answer::Found;
use super::connection::Connection;
use super::error::ThreatqError;
use super::indicators::PAGE;

/// The most pages that are read without an indicator that can be read.
const IDLE_PAGES: u32 = 20;

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The names of the types.
    pub types: Vec<String>,
    /// The names of the statuses; all if there are none.
    pub statuses: Vec<String>,
    /// Where to begin.
    pub offset: u64,
    /// The most indicators that are read.
    pub most: u64,
}

/// An indicator that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// The indicator.
    pub indicator: Indicator,
    /// The name of its status there.
    pub status: String,
    /// Its level.
    pub tlp: Option<Tlp>,
}

/// A part of what was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The indicators.
    pub pulled: Vec<Pulled>,
    /// Values that are no indicators here, with the reason.
    pub left_out: Vec<(String, String)>,
    /// How many entries could not be read at all.
    pub unreadable: u64,
    /// Where the next part begins.
    pub next: u64,
    /// How many there are in all, if the instance says so.
    pub total: Option<u64>,
    /// Whether this was the last one.
    pub is_last: bool,
}

/// A pull at work.
#[derive(Debug)]
pub struct Pull<'a> {
    connection: &'a Connection,
    selection: Selection,
    at: u64,
    idle: u32,
    is_done: bool,
}

impl<'a> Pull<'a> {
    /// Checks that the instance has the types and statuses.
    ///
    /// # Errors
    /// [`ThreatqError::NoType`] and [`ThreatqError::NoStatus`] before anything is read.
    pub async fn new(connection: &'a Connection, selection: Selection) -> Result<Self, ThreatqError> {
        let names = connection.names().await?;
        for kind in &selection.types {
            names.type_id(kind)?;
        }
        for status in &selection.statuses {
            names.status_id(status)?;
        }
        let at = selection.offset;
        Ok(Self { connection, selection, at, idle: 0, is_done: false })
    }

    /// Where the next part begins.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// The next part; `None` after the last one.
    ///
    /// # Errors
    /// [`ThreatqError`]; calling it again continues at the same position.
    pub async fn next(&mut self) -> Result<Option<Part>, ThreatqError> {
        let left = self.selection.offset.saturating_add(self.selection.most).saturating_sub(self.at);
        if self.is_done || left == 0 {
            return Ok(None);
        }
        let Selection { types, statuses, .. } = &self.selection;
        let page = self.connection.list(types, statuses, self.at).await?;
        let entries = page.len();
        let mut part = Part { unreadable: page.unreadable, total: page.total, ..Part::default() };
        let is_cut = (page.found.len() as u64) > left;
        for found in page.found.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            self.take(found, &mut part).await?;
        }
        self.idle = if part.pulled.is_empty() { self.idle + 1 } else { 0 };
        self.at += if is_cut { left } else { entries };
        part.next = self.at;
        let is_end = page.total.map_or(entries < PAGE, |total| self.at >= total) || entries == 0;
        self.is_done = is_end || is_cut || self.idle >= IDLE_PAGES;
        part.is_last = is_end && !is_cut;
        Ok(Some(part))
    }

    async fn take(&self, found: Found, part: &mut Part) -> Result<(), ThreatqError> {
        let names = self.connection.names().await?;
        let indicator = match Indicator::parse(&found.value) {
            Ok(indicator) => indicator,
            Err(error) => {
                part.left_out.push((found.value, error.to_string()));
                return Ok(());
            }
        };
        let is_told = found.tlp().is_some() && names.status_of(&found.status).is_some();
        let found = if is_told { found } else { self.connection.details(found.id).await? };
        // What is not told even there is as strict as it can be.
        let tlp = found.tlp().unwrap_or(Some(Tlp::Red));
        let status = names.status_of(&found.status).unwrap_or_default().to_owned();
        part.pulled.push(Pulled { indicator, status, tlp });
        Ok(())
    }
}

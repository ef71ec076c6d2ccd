//! The texts that members were read from: reports, e-mails, logs. They are stored compressed.

use std::io::Read as _;

use operation::{Indicator, Tlp};
use rusqlite::OptionalExtension;
use serde_json::json;

use super::list;
use super::members::{Joined, Origin};
use crate::database::{Change, Problem};
use crate::library::stored_tlp;
use crate::{Error, Workbench};

/// The largest report, in bytes.
pub(super) const LARGEST: usize = 10 << 20;
/// A usual level: texts compress well, and one is written rarely.
const LEVEL: i32 = 6;
/// The longest title, in characters.
const LONGEST_TITLE: usize = 200;

/// A report that is to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewReport {
    /// What it is: the name of its file, or what somebody called it.
    pub title: String,
    /// Its date, in seconds since the epoch, if somebody said.
    pub dated_at: Option<i64>,
    /// Who may see it, if it or somebody says so.
    pub tlp: Option<Tlp>,
    /// The text.
    pub text: String,
}

/// A stored report, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceReport {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub title: String,
    /// Its date, in seconds since the epoch.
    pub dated_at: Option<i64>,
    /// Who may see it.
    pub tlp: Option<Tlp>,
    /// Its length in bytes.
    pub length: u64,
    /// Who brought it.
    pub actor: String,
    /// When it was stored, in seconds since the epoch.
    pub added_at: i64,
}

impl Workbench {
    /// The reports of an investigation, the oldest first.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn source_reports(&self, id: i64) -> Result<Vec<SourceReport>, Error> {
        self.read(|database| {
            list::find(database, id)?;
            let sql = "SELECT id, title, dated_at, tlp, length, actor, added_at FROM source_reports \
                       WHERE investigation = ? ORDER BY id";
            let mut statement = database.prepare_cached(sql)?;
            let mut rows = statement.query([id])?;
            let mut reports = Vec::new();
            while let Some(row) = rows.next()? {
                let length: i64 = row.get(4)?;
                reports.push(SourceReport {
                    id: row.get(0)?,
                    title: row.get(1)?,
                    dated_at: row.get(2)?,
                    tlp: stored_tlp(row.get(3)?)?,
                    length: u64::try_from(length).unwrap_or_default(),
                    actor: row.get(5)?,
                    added_at: row.get(6)?,
                });
            }
            Ok(reports)
        })
    }

    /// The text of a report of an investigation.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is none; [`Error::Damaged`] if it cannot be decompressed.
    pub fn source_text(&self, id: i64, report: i64) -> Result<String, Error> {
        self.read(|database| {
            let sql = "SELECT text FROM source_reports WHERE investigation = ? AND id = ?";
            let mut statement = database.prepare_cached(sql)?;
            let packed: Option<Vec<u8>> = statement.query_row((id, report), |row| row.get(0)).optional()?;
            let packed = packed
                .ok_or_else(|| Problem::missing(format!("investigation {id} has no report {report}")))?;
            unpacked(&packed)
                .map_err(|error| Problem::Stored(format!("the text of the source report {report}: {error}")))
        })
    }

    /// Adds a report to an investigation, and makes its indicators and typed ones members, in one change.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, it is removed, the report is too large, or there are too many members then.
    pub fn add_report_members(
        &mut self,
        id: i64,
        report: &NewReport,
        indicators: &[Indicator],
        typed: &[Indicator],
    ) -> Result<Vec<Joined>, Error> {
        self.change(|change| {
            let investigation = change.present_investigation(id)?;
            let report = change.keep_report(id, report)?;
            let mut joined = change.join(id, indicators, investigation.tlp, &Origin::Report(report))?;
            joined.extend(change.join(id, typed, investigation.tlp, &Origin::User)?);
            Ok(joined)
        })
    }

    /// Adds a report to an investigation; returns its number.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, it is removed, or the report is too large.
    pub fn add_source_report(&mut self, id: i64, report: &NewReport) -> Result<i64, Error> {
        self.change(|change| {
            change.present_investigation(id)?;
            change.keep_report(id, report)
        })
    }
}

impl Change<'_> {
    /// Stores a report.
    pub(super) fn keep_report(&self, id: i64, report: &NewReport) -> Result<i64, Problem> {
        let NewReport { title, dated_at, tlp, text } = report;
        if text.len() > LARGEST {
            return Err(Problem::invalid(format!(
                "a report has at most 10 MiB, and this one has {} bytes: store the part with the indicators",
                text.len()
            )));
        }
        let title: String = crate::text::printable(title.trim()).chars().take(LONGEST_TITLE).collect();
        let packed = zstd::bulk::compress(text.as_bytes(), LEVEL)
            .map_err(|error| Error::Bug(format!("compressing a report: {error}")))?;
        let sql = "INSERT INTO source_reports (investigation, title, dated_at, tlp, text, length, actor, added_at) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
        let tlp = tlp.map(Tlp::word);
        let row = (id, &title, dated_at, tlp, packed, length, self.actor, self.at);
        self.transaction.prepare_cached(sql)?.execute(row)?;
        let number = self.transaction.last_insert_rowid();
        self.touch_investigation(id)?;
        let name = list::find(&self.transaction, id)?.name;
        self.audit("investigation.add-report", &name, &json!({"title": title, "bytes": text.len()}))?;
        Ok(number)
    }
}

/// The text; damage of the stored bytes is an error, and never more text than was stored.
fn unpacked(packed: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    zstd::stream::read::Decoder::new(packed)?.take(LARGEST as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

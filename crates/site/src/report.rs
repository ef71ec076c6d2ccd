//! The report of an investigation: sheets that are made to be printed, for a page, and alone in a file.
//!
//! A `Report` is everything that is known about the investigation at one moment (`data`), written as HTML (`paper`, from the `rows` of
//! its tables) with the sections of its [`Options`]. `asked` says how complete the answers are, and `lanes` is what the timeline draws.
//! A [`File`] contains the style and pictures, no script, and a policy that forbids to load anything.
//!
//! Its marking is the strictest of everything that it could name, whatever its sections are. The same data and clock give the same
//! bytes. What is long is bounded: `most` rows in a table, and the report says how many there are.
//!
//! Errors: [`Error`] if the data folder cannot be read, or there is no such investigation.

mod asked;
mod data;
mod lanes;
mod options;
mod paper;
mod rows;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use context::weak::Rules;
use edge::problem::Problem;
use ring::digest::{SHA256, digest};
use store::Store;
use workbench::{Error, Workbench};

pub use self::options::{Options, Section, SectionError};

use self::data::Data;
use self::paper::Paper;
use crate::asset;
use crate::comparisons::Comparison;
use crate::run_file::Downloads;
use crate::shelf;
use crate::site::Shared;

/// The most rows of a table on a page, so that it stays small, and in a file: all members.
pub(crate) const ON_PAGE: usize = 300;
const IN_FILE: usize = 10_000;
/// The longest part of a file's name that comes from the investigation, in characters.
const LONGEST_NAME: usize = 60;
/// What a file is.
const TYPE: &str = "text/html; charset=utf-8";
/// The style of the sheets.
const STYLE: &str = "report.css";

/// A report.
#[derive(Debug)]
pub(crate) struct Report {
    /// The name of the investigation, and its number.
    name: String,
    id: i64,
    /// `2026-11-28`.
    day: String,
    /// Its marking in words; empty without one.
    pub(crate) marking: String,
    /// The sheets.
    pub(crate) paper: String,
    /// Whether a table has more rows.
    pub(crate) is_cut: bool,
}

/// A report as a file of its own, which needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name: that of the investigation and the date, in plain characters.
    pub name: String,
    /// Its text: HTML in UTF-8.
    pub html: String,
}

#[derive(Template)]
#[template(path = "report-file.html")]
struct Alone<'a> {
    policy: String,
    title: String,
    style: String,
    paper: &'a str,
}

/// The report of an investigation as a file, for commands; `store` is the own database, which counts the names on what is shared, and
/// the rules tell what of it says little. Blocks.
///
/// # Errors
/// [`Error::Refused`] if there is no such investigation; [`Error`] if the data folder cannot be read.
pub fn file(
    workbench: &Workbench,
    id: i64,
    (store, rules): (Option<&dyn Store>, Rules),
    (author, options): (&str, &Options),
) -> Result<File, Error> {
    let comparison = Arc::new(Comparison::read(workbench, id, store, rules)?);
    Report::read(workbench, id, comparison, (author, options, IN_FILE))?.file()
}

/// The report for a page.
///
/// # Errors
/// [`Problem`]
pub(crate) async fn page(site: &Shared, id: i64, author: &str, options: &Options) -> Result<Report, Problem> {
    of(site, id, author, options, ON_PAGE).await
}

/// The report as a file, with the limits that all downloads have.
///
/// # Errors
/// [`Problem`]; 503 if too many files are downloaded.
pub(crate) async fn download(
    site: &Shared,
    id: i64,
    author: &str,
    options: &Options,
) -> Result<Response, Problem> {
    let place = site.downloads.begin()?;
    let turn = site.downloads.turn().await?;
    let File { name, html } = of(site, id, author, options, IN_FILE).await?.file()?;
    drop(turn);
    Ok(Downloads::text(place, &name, TYPE, html))
}

async fn of(site: &Shared, id: i64, author: &str, options: &Options, most: usize) -> Result<Report, Problem> {
    let store = site.rows.as_ref().map(|rows| Arc::clone(&rows.store));
    let comparison = site.comparisons.of(store, shelf::rules(site).await?, id).await?;
    let (author, options) = (author.to_owned(), options.clone());
    let read =
        move |workbench: &Workbench| Report::read(workbench, id, comparison, (&author, &options, most));
    Ok(site.desk.read(read).await?)
}

impl Report {
    /// Reads everything, and writes it with at most `most` rows in a table.
    fn read(
        workbench: &Workbench,
        id: i64,
        comparison: Arc<Comparison>,
        (author, options, most): (&str, &Options, usize),
    ) -> Result<Self, Error> {
        let data = Data::read(workbench, id, comparison)?;
        let paper = Paper::new(&data, workbench, (author, options, most));
        Ok(Self {
            id,
            day: words::date(i64::try_from(data.at).unwrap_or(i64::MAX)),
            marking: words::marking(data.tlp),
            is_cut: paper.is_cut(most),
            paper: paper.render().map_err(|error| bug(&error))?,
            name: data.investigation.name,
        })
    }

    fn file(&self) -> Result<File, Error> {
        let style = asset::text(STYLE);
        let hash = STANDARD.encode(digest(&SHA256, style.as_bytes()));
        let alone = Alone {
            policy: format!(
                "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
            ),
            title: format!("{}: report of {}", self.name, self.day),
            style: format!("<style>{style}</style>"),
            paper: &self.paper,
        };
        Ok(File { name: self.file_name(), html: alone.render().map_err(|error| bug(&error))? })
    }

    /// `parcel-lures-november-2026-11-28.html`: only plain characters, because people save it and send it on.
    fn file_name(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
        let words: String = self.name.chars().map(plain).take(LONGEST_NAME).collect();
        let name = words.split_whitespace().collect::<Vec<_>>().join("-");
        let name = if name.is_empty() { format!("investigation-{}", self.id) } else { name };
        format!("{name}-{}.html", self.day)
    }
}

/// A template that cannot be written is a fault of ours.
fn bug(error: &askama::Error) -> Error {
    Error::Bug(format!("writing a report: {error}"))
}

//! A run, a history or an answer of the own database as a file: records in the Common Output Format, as JSON or CSV, and the evidence as it was received.
//!
//! A file is created piece by piece while it is read, so that a reader costs one piece and not the whole file. JSON is a single
//! value and is created at once: one file at a time, into a temporary file without a name. The number of concurrent readers is
//! limited; one more gets 503.

use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cof::{Dialect, Record, Writer};
use context::{Networks, Placing};
use edge::compress;
use edge::problem::Problem;
use futures_util::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workbench::history::ShownHistory;
use workbench::run::{Arrangement, Kept, Shown, Sort};
use workbench::{Desk, Workbench, csv, json};

use crate::explorer::{self, Found};
use crate::histories::HistoryAnswer;
use crate::job::Answer;

/// How much of a file is sent at a time, in bytes.
const PIECE: usize = 64 * 1024;
/// How many records are written at a time.
const RECORDS: usize = 500;

/// Writes some of the records that were found.
type WriteFound = fn(&Found, &[usize], &Placing) -> io::Result<String>;

/// Files of runs, with the limits on readers, and on files that have to be created at once; cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Downloads {
    desk: Desk,
    networks: Networks,
    reading: Arc<Semaphore>,
    making: Arc<Semaphore>,
}

impl Downloads {
    /// Allows 32 readers; a slow one is cut off by its connection. JSON of 100,000 records takes about 100 MB while it is
    /// created.
    pub(crate) fn new(desk: Desk) -> Self {
        let networks = Networks::default();
        Self { desk, networks, reading: Arc::new(Semaphore::new(32)), making: Arc::new(Semaphore::new(2)) }
    }

    /// Files say where addresses are.
    #[must_use]
    pub(crate) fn with_networks(mut self, networks: Networks) -> Self {
        self.networks = networks;
        self
    }

    /// Where addresses are now.
    fn placing(&self) -> Placing {
        Placing { networks: self.networks.now(), ..Placing::default() }
    }

    /// A run's file: one of `records.cof`, `records.json`, `records.csv`, `evidence`; the name of the saved file has the
    /// suffix.
    ///
    /// # Errors
    /// 404 for any other name, 503 if there are too many readers.
    pub(crate) async fn file(
        &self,
        answer: &Arc<Answer>,
        (id, suffix): (i64, &str),
        name: &str,
    ) -> Result<Response, Problem> {
        let failed = |_| Problem::internal_page();
        let place = self.begin()?;
        let named = |ending: &str| format!("run-{id}{suffix}.{ending}");
        match name {
            "records.cof" => {
                let body = pieces(place, Arc::clone(answer), String::new(), self.placing(), cof_text);
                Ok(attachment(&named("ndjson"), "application/x-ndjson", body))
            }
            "records.json" => {
                let file = json_file(self, answer, id).await?;
                Ok(attachment(&named("json"), "application/json", stream(place, file)))
            }
            "records.csv" => {
                let placing = self.placing();
                let head = csv::head(&placing).map_err(failed)?;
                let rows = |kept: &Kept, records: &[Record], placing: &Placing| {
                    csv::body(&kept.run, records, placing)
                };
                let body = pieces(place, Arc::clone(answer), head, placing, rows);
                Ok(attachment(&named("csv"), "text/csv; charset=utf-8", body))
            }
            "evidence" => {
                let evidence = self.desk.read(move |workbench| workbench.evidence(id)).await?;
                let body = evidence.map_or_else(Body::empty, |evidence| stream(place, evidence));
                Ok(attachment(&named("raw"), "application/octet-stream", body))
            }
            _ => Err(Problem::missing(
                "a run has the files records.cof, records.json, records.csv and evidence",
            )),
        }
    }

    /// A history's file with the records at these positions: `records.cof`, `records.json` or `records.csv`.
    ///
    /// # Errors
    /// 404 for any other name, 503 if there are too many readers.
    pub(crate) async fn history(
        &self,
        answer: Arc<HistoryAnswer>,
        places: Vec<usize>,
        apart: u64,
        name: &str,
    ) -> Result<Response, Problem> {
        let (write, ending, kind): (fn(&ShownHistory) -> io::Result<String>, _, _) = match name {
            "records.cof" => (|shown| Ok(shown.as_cof()), "ndjson", "application/x-ndjson"),
            "records.json" => (|shown| Ok(json::history::shown(shown)? + "\n"), "json", "application/json"),
            "records.csv" => (csv::history, "csv", "text/csv; charset=utf-8"),
            _ => {
                return Err(Problem::missing(
                    "a history has the files records.cof, records.json and records.csv",
                ));
            }
        };
        let place = self.begin()?;
        let _turn = self.making.acquire().await.map_err(|_| Problem::internal_page())?;
        let placing = self.placing();
        let value = answer.history.indicator.to_string().replace(':', "-");
        let make = move |workbench: &Workbench| {
            let shown = ShownHistory::of(answer.history.clone(), places, (None, apart, placing), workbench)?;
            Ok(spooled(|| write(&shown)))
        };
        let file = self.desk.read(make).await?.map_err(|_| Problem::internal_page())?;
        Ok(attachment(&format!("history-{value}.{ending}"), kind, stream(place, file)))
    }

    /// A file of the own database's answer, with the records at these positions: `records.cof`, `records.json` or `records.csv`.
    ///
    /// # Errors
    /// 404 for any other name, 503 if there are too many readers.
    pub(crate) async fn found(
        &self,
        found: Arc<Found>,
        places: Vec<usize>,
        name: &str,
    ) -> Result<Response, Problem> {
        let (write, ending, kind): (WriteFound, _, _) = match name {
            "records.cof" => (explorer::cof, "ndjson", "application/x-ndjson"),
            "records.json" => (explorer::json, "json", "application/json"),
            "records.csv" => (explorer::table, "csv", "text/csv; charset=utf-8"),
            _ => {
                return Err(Problem::missing(
                    "an answer has the files records.cof, records.json and records.csv",
                ));
            }
        };
        let place = self.begin()?;
        let _turn = self.making.acquire().await.map_err(|_| Problem::internal_page())?;
        let placing = self.placing();
        let make = move || spooled(|| write(&found, &places, &placing));
        let file = tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal_page())?;
        let file = file.map_err(|_| Problem::internal_page())?;
        Ok(attachment(&format!("explorer.{ending}"), kind, stream(place, file)))
    }

    /// A text as a file; it takes a place among the readers.
    pub(crate) fn text(
        place: OwnedSemaphorePermit,
        name: &str,
        kind: &'static str,
        text: String,
    ) -> Response {
        attachment(name, kind, stream(place, io::Cursor::new(text.into_bytes())))
    }

    /// A turn to make a file that has to be made at once.
    ///
    /// # Errors
    /// Never, as long as the server runs.
    pub(crate) async fn turn(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.making).acquire_owned().await.map_err(|_| Problem::internal())
    }

    /// A place among the readers.
    ///
    /// # Errors
    /// 503 if there are too many.
    pub(crate) fn begin(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let full = "too many files are being downloaded at the same time; try again in a few seconds";
        Arc::clone(&self.reading).try_acquire_owned().map_err(|_| Problem::busy(full))
    }
}

/// What is written, in a file that is removed when it is closed.
fn spooled(write: impl FnOnce() -> io::Result<String>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(write()?.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

#[expect(clippy::unnecessary_wraps, reason = "the other format, which takes its place, can fail")]
fn cof_text(_: &Kept, records: &[Record], _: &Placing) -> io::Result<String> {
    let (mut writer, mut text) = (Writer::new(Dialect::Draft), String::new());
    for record in records {
        writer.write(record, &mut text);
    }
    Ok(text)
}

/// A file that is created from some records at a time, while it is read.
fn pieces(
    place: OwnedSemaphorePermit,
    answer: Arc<Answer>,
    head: String,
    placing: Placing,
    write: fn(&Kept, &[Record], &Placing) -> io::Result<String>,
) -> Body {
    let start = (place, answer, placing, Some(head), 0);
    let next = move |(place, answer, placing, head, from): (
        _,
        Arc<Answer>,
        Placing,
        Option<String>,
        usize,
    )| async move {
        let kept = &answer.kept;
        let records = kept.records.get(from..).unwrap_or_default();
        let records = records.get(..RECORDS).unwrap_or(records);
        if head.is_none() && records.is_empty() {
            return None;
        }
        let piece = write(kept, records, &placing).map(|text| head.unwrap_or_default() + &text);
        let to = from + records.len();
        Some((piece, (place, answer, placing, None, to)))
    };
    Body::from_stream(futures_util::stream::unfold(start, next).fuse())
}

/// The answer as JSON, in a file that is removed when it is closed.
async fn json_file(downloads: &Downloads, answer: &Arc<Answer>, id: i64) -> Result<File, Problem> {
    let failed = |_| Problem::internal_page();
    let package = move |workbench: &Workbench| workbench.package_of(&workbench.run(id)?);
    let package = downloads.desk.read(package).await?;
    let turn = Arc::clone(&downloads.making).acquire_owned().await;
    let turn = turn.map_err(|_| Problem::internal_page())?;
    let (answer, placing) = (Arc::clone(answer), downloads.placing());
    let making = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let arrangement = Arrangement { sort: Sort::Last, limit: None };
        let shown = Shown::new(answer.kept.clone(), &package, arrangement, placing);
        let mut file = tempfile::tempfile()?;
        file.write_all(json::answer::shown(&shown)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.rewind()?;
        Ok::<_, io::Error>(file)
    });
    making.await.map_err(|_| Problem::internal_page())?.map_err(failed)
}

/// Sends a file while it is read, because it may be larger than memory. If the evidence is damaged, the connection is cut, so
/// that the client does not take what it received for the whole.
fn stream<R: Read + Send + 'static>(place: OwnedSemaphorePermit, source: R) -> Body {
    let next = |(place, mut source): (OwnedSemaphorePermit, R)| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut octets = Vec::with_capacity(PIECE);
            let read = source.by_ref().take(PIECE as u64).read_to_end(&mut octets);
            (read.map(|_| octets), source)
        });
        match read.await {
            Ok((Ok(octets), _)) if octets.is_empty() => None,
            Ok((octets, source)) => Some((octets, (place, source))),
            Err(_) => None,
        }
    };
    Body::from_stream(futures_util::stream::unfold((place, source), next).fuse())
}

/// A file to be saved and never displayed, because strangers wrote its content.
fn attachment(file: &str, kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = (StatusCode::OK, content.into()).into_response();
    compress::mark(&mut response);
    let named = format!("attachment; filename=\"{file}\"");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(named) = HeaderValue::try_from(named) {
        headers.insert(CONTENT_DISPOSITION, named);
    }
    response
}

//! The page of this server's passive-DNS database: its size, a form that loads a file of records, and the tokens for other
//! clients.
//!
//! A file is imported like `POST /api/v1/records`, by [`Bringing`]. The form's token precedes the file, and is checked before
//! the first byte is stored. Loading continues if the browser disconnects, and always gets an entry in the audit trail. A new
//! token is shown once, the next time the page is loaded.

mod tokens;

use std::path::PathBuf;

use ::intake::Said;
use askama::Template;
use axum::Router;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use cof::Orientation;
use edge::problem::Problem;
use pdns::passive::{Bringing, File, Receipt, Spool, Unusable};
use pdns::retention::Retention;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout_at};
use workbench::loading::Loaded;

use self::tokens::{Draft, Line};
use super::{Frame, show_as};
use crate::access::{Fields, May, Visitor, needs::LoadRecords};
use crate::site::{Once, Shared, Site};
use picture::timeline::words;

const PATH: &str = "/database";
/// Pieces of a file that wait to be written.
const WAITING: usize = 8;
/// The largest field other than the file, in bytes.
const FIELD: usize = 4 * 1024;
/// The most parts of the form: twice as many as the token, the kind and the file need.
const PARTS: usize = 8;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(look))
        // The limits of a file are those of the service, and are checked here.
        .route("/database/load", post(load).layer(DefaultBodyLimit::disable()))
        .merge(tokens::routes())
}

#[derive(Template)]
#[template(path = "database.html")]
struct Page {
    frame: Frame,
    /// Tuples and sources; `None` if the database cannot return them.
    stats: Option<store::Stats>,
    /// How long records are kept, and what was deleted.
    retention: Option<String>,
    limits: Option<(u64, u64)>,
    loaded: Option<Outcome>,
    tokens: Vec<Line>,
    draft: Draft,
    refused: Option<String>,
    once: Option<Once>,
}

/// The result of loading a file.
struct Outcome {
    file: String,
    receipt: Receipt,
    unusable: Option<String>,
    status: StatusCode,
}

/// A received file, stored on disk.
struct Sent {
    name: String,
    said: Said<'static>,
    file: File,
}

async fn look(State(site): State<Shared>, frame: Frame) -> Result<Response, Problem> {
    let once = site.shown_once(frame.visitor.session.id, PATH);
    let page = Page::of(&site, frame).await?;
    show_as(StatusCode::OK, &Page { once, ..page })
}

async fn load(
    State(site): State<Shared>,
    frame: Frame,
    may: May<LoadRecords>,
    request: Request,
) -> Result<Response, Problem> {
    let Some(bringing) = site.bringing.clone() else {
        return Err(Problem::missing("this server has no passive-DNS database"));
    };
    let Some(place) = bringing.place() else {
        return Err(Problem::busy(
            "too many files are being imported at the same time; try again in a minute",
        ));
    };
    let form = Multipart::from_request(request, &site).await.map_err(|error| {
        Problem::new(error.status(), "the form data could not be read: load the page again")
    })?;
    let folder = site.desk.folder().to_owned();
    let sent = match receive(form, &may, &bringing, folder).await? {
        Ok(Some(sent)) => sent,
        Ok(None) => {
            return refuse(&site, frame, StatusCode::UNPROCESSABLE_ENTITY, "choose a file first").await;
        }
        Err(unusable) => return refuse(&site, frame, unusable.status(), &unusable.to_string()).await,
    };
    // A separate task: a completely received file is imported and recorded, whether or not the client waits.
    let (working, actor) = (site.clone(), may.name().to_owned());
    let taking = tokio::spawn(async move {
        let outcome = take_in(&working, bringing, sent, &actor).await;
        drop(place);
        outcome
    });
    let outcome = taking.await.map_err(|_| Problem::internal())??;
    let page = Page::of(&site, frame).await?;
    show_as(outcome.status, &Page { loaded: Some(outcome), ..page })
}

async fn refuse(site: &Site, frame: Frame, status: StatusCode, why: &str) -> Result<Response, Problem> {
    let page = Page::of(site, frame).await?;
    show_as(status, &Page { refused: Some(why.to_owned()), ..page })
}

async fn take_in(site: &Site, bringing: Bringing, sent: Sent, actor: &str) -> Result<Outcome, Problem> {
    let Sent { name, said, file } = sent;
    let digest = file.digest();
    let taking = tokio::task::spawn_blocking(move || bringing.take(file, said));
    let (receipt, unusable) = taking.await.map_err(|_| Problem::internal())?;
    let status = unusable.as_ref().map_or(StatusCode::OK, Unusable::status);
    let unusable = unusable.map(|unusable| unusable.to_string());
    let loaded = Loaded {
        file: name.clone(),
        digest,
        kind: if said.observed { "observation" } else { "report" },
        taken: receipt.taken,
        known: receipt.repeated,
        rejected: receipt.rejected.values().sum(),
        fault: unusable.clone(),
    };
    site.desk.change(actor, move |workbench| workbench.note_loaded(&loaded)).await?;
    Ok(Outcome { file: name, receipt, unusable, status })
}

/// Reads the form: its fields, then the file, which is written to disk. `None` if no file was chosen.
async fn receive(
    mut form: Multipart,
    visitor: &Visitor,
    bringing: &Bringing,
    folder: PathBuf,
) -> Result<Result<Option<Sent>, Unusable>, Problem> {
    let deadline = Instant::now() + bringing.limits.answer;
    let (mut fields, mut is_proven) = (Fields::default(), false);
    for _ in 0..PARTS {
        let next = timeout_at(deadline, form.next_field()).await.map_err(|_| Problem::slow_body())?;
        let Some(part) = next.map_err(|_| broken())? else { break };
        let Some(name) = part.file_name().map(str::to_owned) else {
            let text = small(part, deadline).await?;
            fields.0.push(text);
            continue;
        };
        fields.check(visitor)?;
        is_proven = true;
        if name.is_empty() {
            continue;
        }
        let said = Said {
            observed: fields.text("kind") == "observation",
            keep_sensors: !fields.text("keep_sensors").is_empty(),
            orientation: Orientation::from_word(fields.text("orientation")).unwrap_or_default(),
            ..Said::default()
        };
        let most = bringing.limits.body;
        let file = spool(part, folder, most, deadline).await?;
        return Ok(file.map(|file| Some(Sent { name, said, file })));
    }
    if !is_proven {
        fields.check(visitor)?;
    }
    Ok(Ok(None))
}

/// A field other than the file.
async fn small(mut part: Field<'_>, deadline: Instant) -> Result<(String, String), Problem> {
    let name = part.name().unwrap_or_default().to_owned();
    let mut text = Vec::new();
    while let Some(piece) = next_piece(&mut part, deadline).await? {
        if text.len() + piece.len() > FIELD {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a field of the form is too long"));
        }
        text.extend_from_slice(&piece);
    }
    Ok((name, String::from_utf8_lossy(&text).into_owned()))
}

/// Writes a file to disk while it arrives, on a separate thread.
async fn spool(
    mut part: Field<'_>,
    folder: PathBuf,
    most: u64,
    deadline: Instant,
) -> Result<Result<File, Unusable>, Problem> {
    let (send, pieces) = channel(WAITING);
    let writing = tokio::task::spawn_blocking(move || write(&folder, most, pieces));
    let fed = feed(&mut part, &send, deadline).await;
    drop(send);
    let written = writing.await.map_err(|_| Problem::internal())?;
    fed?;
    Ok(written)
}

async fn feed(
    part: &mut Field<'_>,
    send: &Sender<axum::body::Bytes>,
    deadline: Instant,
) -> Result<(), Problem> {
    while let Some(piece) = next_piece(part, deadline).await? {
        // The receiver is gone because writing has failed, which is reported instead.
        if send.send(piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn write(
    folder: &std::path::Path,
    most: u64,
    mut pieces: Receiver<axum::body::Bytes>,
) -> Result<File, Unusable> {
    let mut spool = Spool::new(folder, most)?;
    while let Some(piece) = pieces.blocking_recv() {
        spool.write(&piece)?;
    }
    spool.finish()
}

async fn next_piece(part: &mut Field<'_>, deadline: Instant) -> Result<Option<axum::body::Bytes>, Problem> {
    let piece = timeout_at(deadline, part.chunk()).await.map_err(|_| Problem::slow_body())?;
    piece.map_err(|_| broken())
}

fn broken() -> Problem {
    Problem::bad_request("the upload was interrupted, and nothing was imported: send the file again")
}

impl Page {
    async fn of(site: &Site, frame: Frame) -> Result<Self, Problem> {
        let stats = match &site.rows {
            Some(rows) => rows.blocking(|store| store.stats()).await.ok(),
            None => None,
        };
        let now = i64::try_from(site.desk.clock().seconds()).unwrap_or(i64::MAX);
        let tokens = if frame.may_make_tokens() {
            site.desk.read(move |workbench| Line::all(workbench, now)).await?
        } else {
            Vec::new()
        };
        let limits = site.bringing.as_ref().map(|bringing| bringing.limits);
        Ok(Self {
            frame,
            stats,
            retention: site.retention.as_deref().map(retained),
            limits: limits.map(|limits| (limits.body >> 20, limits.expanded >> 20)),
            loaded: None,
            tokens,
            draft: Draft::default(),
            refused: None,
            once: None,
        })
    }

    /// Whether nothing has been loaded yet.
    fn is_empty(&self) -> bool {
        self.stats.is_some_and(|stats| stats.entries == 0)
    }
}

impl Outcome {
    fn rejected(&self) -> u64 {
        self.receipt.rejected.values().sum()
    }

    /// How the answer ended that the file was made from.
    fn source_answer(&self) -> Option<String> {
        let word = match self.receipt.source_answer? {
            "limited" => "was cut off at a limit",
            "failed" => "failed before it was complete",
            "missing" => "is not marked as complete",
            _ => return None,
        };
        let message = self.receipt.source_message.as_deref();
        let message = message.map(|message| format!(" ({message})")).unwrap_or_default();
        Some(format!("The answer in this file {word}{message}: records may be missing."))
    }
}

/// How long records are kept, and what was deleted last.
fn retained(retention: &Retention) -> String {
    let kept = format!("Records are deleted {} days after they were last seen.", retention.days());
    match retention.last() {
        None => kept,
        Some(deleted) => {
            let (count, at) = (words::thousands(deleted.entries), cof::time::readable(deleted.at));
            format!("{kept} Last time, {at}: {count} deleted.")
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass what they hold by reference")]
fn thousands(number: &u64) -> String {
    words::thousands(*number)
}

/// The readable form of a reason in a receipt.
fn reason(word: &str) -> String {
    match word {
        "without_time" => "no first or last seen",
        "without_data" => "no data",
        "not_a_record" => "not a record",
        "broken_json" => "broken JSON",
        "truncated" => "truncated",
        "too_long" => "too long",
        "too_deep" => "nested too deep",
        "too_much_data" => "too much data in one record",
        "contradicts_orientation" => "owner and data swapped, unlike the other records",
        "origin_too_long" => "origin too long",
        "sensor_too_long" => "sensor name too long",
        other => return other.replacen("missing_", "no ", 1).replace('_', " "),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_in_words() {
        for (word, said) in [
            ("without_time", "no first or last seen"),
            ("missing_rrname", "no rrname"),
            ("missing_time_first", "no time first"),
            ("broken_json", "broken JSON"),
        ] {
            assert_eq!(reason(word), said);
        }
    }
}

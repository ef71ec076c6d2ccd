//! Warning lists: imported from files, disabled and removed; a value is checked against them. Below, the files that say where
//! addresses are.
//!
//! The form's token precedes the files, and is checked before the first file is read. Files are read one after the other, each up
//! to its largest size, and one that is no list does not stop the others.

use std::fmt::Write as _;

use askama::Template;
use axum::Router;
use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use context::lists::{About, MAX_BYTES};
use context::networks::FileState;
use edge::problem::Problem;
use operation::Indicator;
use picture::timeline::words::thousands;
use serde::Deserialize;

use super::{Frame, begun, go, show_as};
use crate::access::{Fields, May, Most, Posted, Visitor, needs::EditLibrary};
use crate::page::stamp::Stamp;
use crate::shelf;
use crate::site::Shared;

const PATH: &str = "/lists";
/// The largest request, in bytes: all lists of the MISP project have 67 MB.
const REQUEST: usize = 192 << 20;
/// The most parts of the form: as many files as there can be lists, and the token.
const PARTS: usize = context::lists::MAX_LISTS + 8;
/// The largest field other than a file, in bytes.
const FIELD: usize = 4 * 1024;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(look))
        .route("/lists/import", post(import).layer(Most::octets(REQUEST)))
        .route("/lists/enable", post(enable))
        .route("/lists/disable", post(disable))
        .route("/lists/remove", post(remove))
        .route("/lists/restore", post(restore))
}

#[derive(Template)]
#[template(path = "lists.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    entries: String,
    damaged: Vec<String>,
    /// The list that can be restored.
    removed: Option<String>,
    outcomes: Vec<Outcome>,
    refused: Option<String>,
    checked: Option<Checked>,
    networks: Vec<Network>,
}

/// A list.
struct Line {
    name: String,
    description: String,
    kind: &'static str,
    entries: String,
    unusable: String,
    version: u64,
    imported: Stamp,
    applies: bool,
    is_enabled: bool,
}

/// What became of a file.
struct Outcome {
    file: String,
    /// What is wrong with it.
    fault: Option<String>,
    /// The list, and what it replaced.
    name: String,
    text: String,
}

/// A value that was checked.
struct Checked {
    text: String,
    /// What is wrong with the text.
    fault: Option<String>,
    reasons: Vec<String>,
}

/// A file that says where addresses are.
struct Network {
    file: String,
    kind: String,
    built: Stamp,
    trouble: Option<String>,
    damaged: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    check: String,
    name_server: String,
}

async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let page = Page::of(&site, frame).await?;
    let checked = match wish.check.trim() {
        "" => None,
        text => Some(check(&site, text, !wish.name_server.is_empty()).await?),
    };
    show_as(StatusCode::OK, &Page { checked, ..page })
}

async fn check(site: &Shared, text: &str, is_name_server: bool) -> Result<Checked, Problem> {
    let (fault, reasons) = match Indicator::existing(text) {
        Ok(indicator) => (None, shelf::reasons(site, &indicator, is_name_server).await?),
        Err(error) => (Some(error.to_string()), Vec::new()),
    };
    Ok(Checked {
        text: text.to_owned(),
        fault,
        reasons: reasons.iter().map(|reason| begun(&reason.to_string())).collect(),
    })
}

async fn import(
    State(site): State<Shared>,
    frame: Frame,
    may: May<EditLibrary>,
    request: Request,
) -> Result<Response, Problem> {
    let form = Multipart::from_request(request, &site).await.map_err(|error| {
        Problem::new(error.status(), "the form data could not be read: load the page again")
    })?;
    let outcomes = receive(form, &may, &site).await?;
    let page = Page::of(&site, frame).await?;
    if outcomes.is_empty() {
        let refused = Some("choose at least one file first".to_owned());
        return show_as(StatusCode::UNPROCESSABLE_ENTITY, &Page { refused, ..page });
    }
    let all_failed = outcomes.iter().all(|outcome| outcome.fault.is_some());
    let status = if all_failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show_as(status, &Page { outcomes, ..page })
}

/// Reads the form, and imports each file when it has arrived.
async fn receive(mut form: Multipart, visitor: &Visitor, site: &Shared) -> Result<Vec<Outcome>, Problem> {
    let (mut fields, mut is_proven, mut outcomes) = (Fields::default(), false, Vec::new());
    for _ in 0..PARTS {
        let Some(mut part) = form.next_field().await.map_err(|error| broken(error.status()))? else { break };
        let Some(file) = part.file_name().map(str::to_owned) else {
            let name = part.name().unwrap_or_default().to_owned();
            let text = read(&mut part, FIELD).await?.unwrap_or_default();
            fields.0.push((name, String::from_utf8_lossy(&text).into_owned()));
            continue;
        };
        if !is_proven {
            fields.check(visitor)?;
            is_proven = true;
        }
        // A file input without a chosen file is sent as a file without name and content.
        if !file.is_empty() {
            let text = read(&mut part, MAX_BYTES).await?;
            outcomes.push(Outcome::of(site, visitor.name(), file, text).await?);
        }
    }
    if !is_proven {
        fields.check(visitor)?;
    }
    Ok(outcomes)
}

/// The content of a part; `None` if it is larger than so many bytes.
async fn read(part: &mut Field<'_>, most: usize) -> Result<Option<Vec<u8>>, Problem> {
    let mut content = Vec::new();
    let mut is_whole = true;
    while let Some(piece) = part.chunk().await.map_err(|error| broken(error.status()))? {
        is_whole &= content.len() + piece.len() <= most;
        if is_whole {
            content.extend_from_slice(&piece);
        }
    }
    Ok(is_whole.then_some(content))
}

fn broken(status: StatusCode) -> Problem {
    let text = match status {
        StatusCode::PAYLOAD_TOO_LARGE => format!(
            "the files together are larger than {} MiB, the limit here: send fewer at once, or use `backsight list import`",
            REQUEST >> 20
        ),
        _ => "the form data ended too early: load the page again".to_owned(),
    };
    Problem::new(status, text)
}

async fn enable(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let changed = shelf::switch(&site, may.name(), sent.text("name"), true).await?;
    Ok(go(PATH, if changed { "list-enabled" } else { "nothing" }))
}

async fn disable(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let changed = shelf::switch(&site, may.name(), sent.text("name"), false).await?;
    Ok(go(PATH, if changed { "list-disabled" } else { "nothing" }))
}

async fn remove(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    shelf::remove(&site, may.name(), sent.text("name")).await?;
    Ok(go(PATH, "list-removed"))
}

async fn restore(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    shelf::restore(&site, may.name(), sent.text("name")).await?;
    Ok(go(PATH, "list-restored"))
}

impl Page {
    async fn of(site: &Shared, frame: Frame) -> Result<Self, Problem> {
        let (abouts, damaged) = shelf::all(site).await?;
        let removed = shelf::removed(site).await?.map(|about| about.name);
        let entries: u64 = abouts.iter().map(|about| about.entries).sum();
        Ok(Self {
            frame,
            entries: counted(entries),
            lines: abouts.iter().map(Line::of).collect(),
            damaged,
            removed,
            outcomes: Vec::new(),
            refused: None,
            checked: None,
            networks: site.networks.files().iter().map(Network::of).collect(),
        })
    }
}

impl Line {
    fn of(about: &About) -> Self {
        Self {
            name: about.name.clone(),
            description: about.description.clone(),
            kind: about.kind.word(),
            entries: thousands(about.entries),
            unusable: if about.unusable > 0 { thousands(about.unusable) } else { String::new() },
            version: about.version,
            imported: Stamp::of(i64::try_from(about.imported_at).unwrap_or(i64::MAX)),
            applies: about.applies,
            is_enabled: about.is_enabled,
        }
    }
}

impl Outcome {
    async fn of(site: &Shared, actor: &str, file: String, text: Option<Vec<u8>>) -> Result<Self, Problem> {
        let none =
            |fault| Self { file: file.clone(), fault: Some(fault), name: String::new(), text: String::new() };
        let Some(text) = text else {
            return Ok(none(format!("it is larger than {} MiB, which is the limit", MAX_BYTES >> 20)));
        };
        let (about, replaced) = match shelf::import(site, actor, text).await? {
            Ok(imported) => imported,
            Err(problem) => return Ok(none(problem.detail)),
        };
        let mut text = counted(about.entries);
        match replaced {
            Some(version) if version == about.version => text.push_str(", the same version again"),
            Some(version) => {
                let _ = write!(text, ", version {} replaces {version}", about.version);
            }
            None => {}
        }
        Ok(Self { file, fault: None, name: about.name, text })
    }
}

impl Network {
    fn of(file: &FileState) -> Self {
        Self {
            file: file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned(),
            kind: file.kind.clone(),
            built: Stamp::of(i64::try_from(file.built).unwrap_or(i64::MAX)),
            trouble: file.trouble.clone(),
            damaged: if file.damaged > 0 { thousands(file.damaged) } else { String::new() },
        }
    }
}

/// A number of entries with its noun.
fn counted(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{} entries", thousands(entries)) }
}

//! A run as a file: records in the Common Output Format, as JSON or CSV, and the evidence as it was received.

use std::io::Read;

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use cof::{Dialect, Writer};
use workbench::Workbench;
use workbench::csv;
use workbench::json::answer as json;
use workbench::run::{Arrangement, Evidence, Kept, Shown, Sort};

use super::Looked;
use crate::job::Answer;
use crate::problem::Problem;
use crate::site::Site;

/// How much of the evidence is sent at a time, in octets.
const PIECE: usize = 64 * 1024;

/// `GET /runs/ID/files/NAME`.
pub(super) async fn give(Path((id, name)): Path<(i64, String)>, looked: Looked) -> Result<Response, Problem> {
    file(&looked.site, &looked.answer, id, &name).await
}

/// A run's file: one of `records.cof`, `records.json`, `records.csv`, `evidence`.
///
/// # Errors
/// 404 for any other.
pub(super) async fn file(site: &Site, answer: &Answer, id: i64, name: &str) -> Result<Response, Problem> {
    let kept = &answer.kept;
    let failed = |_| Problem::internal_page();
    match name {
        "records.cof" => Ok(attachment(id, "ndjson", "application/x-ndjson", cof_text(kept))),
        "records.json" => {
            let workbench = move |workbench: &Workbench| Ok((workbench.answer(id)?, workbench.run(id)?));
            let (kept, run) = site.desk.read(workbench).await?;
            let package = site.desk.read(move |workbench| workbench.package_of(&run)).await?;
            let shown = Shown::new(kept, &package, Arrangement { sort: Sort::Last, limit: None });
            let text = json::shown(&shown).map_err(failed)?;
            Ok(attachment(id, "json", "application/json", text + "\n"))
        }
        "records.csv" => {
            let text = csv::head().and_then(|head| Ok(head + &csv::body(&kept.run, &kept.records)?));
            let text = text.map_err(|_| Problem::internal_page())?;
            Ok(attachment(id, "csv", "text/csv; charset=utf-8", text))
        }
        "evidence" => {
            let evidence = site.desk.read(move |workbench| workbench.evidence(id)).await?;
            let body = evidence.map_or_else(Body::empty, stream);
            Ok(attachment(id, "raw", "application/octet-stream", body))
        }
        _ => Err(Problem::missing("a run has the files records.cof, records.json, records.csv and evidence")),
    }
}

fn cof_text(kept: &Kept) -> String {
    let (mut writer, mut text) = (Writer::new(Dialect::Draft), String::new());
    for record in &kept.records {
        writer.write(record, &mut text);
    }
    text
}

/// The evidence as it is read: it may be larger than memory. Where it turns out damaged the connection is cut, so that
/// nobody takes what came for the whole.
fn stream(evidence: Evidence) -> Body {
    let next = |mut evidence: Evidence| async move {
        let read = tokio::task::spawn_blocking(move || {
            let mut octets = Vec::with_capacity(PIECE);
            let read = evidence.by_ref().take(PIECE as u64).read_to_end(&mut octets);
            (read.map(|_| octets), evidence)
        });
        match read.await {
            Ok((Ok(octets), _)) if octets.is_empty() => None,
            Ok((octets, evidence)) => Some((octets, evidence)),
            Err(_) => None,
        }
    };
    Body::from_stream(futures_util::stream::unfold(evidence, next))
}

/// A file to keep, never one to look at: what is in it was written by strangers.
fn attachment(id: i64, ending: &str, kind: &'static str, content: impl Into<Body>) -> Response {
    let mut response = (StatusCode::OK, content.into()).into_response();
    let named = format!("attachment; filename=\"run-{id}.{ending}\"");
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(named) = HeaderValue::try_from(named) {
        headers.insert(CONTENT_DISPOSITION, named);
    }
    response
}

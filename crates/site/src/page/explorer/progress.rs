//! How far an answer was read, which its page loads every second until it has ended.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use edge::problem::Problem;
use pdns::inquiry::Inquiry;
use picture::timeline::words::{counted, thousands};
use serde::Deserialize;

use super::address;
use crate::page::{Frame, show};
use crate::site::Shared;

/// Tells our script to load the page again.
const ENDED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("hx-trigger-after-swap"), HeaderValue::from_static("run-ended"));

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    q: String,
}

/// The line above the rows, while the answer is read and when it has ended.
#[derive(Template)]
#[template(path = "explorer-progress.html")]
pub(super) struct Part {
    pub(super) goes_on: bool,
    /// Where it is loaded again.
    pub(super) progress: String,
    pub(super) lead: String,
    pub(super) text: String,
    /// The page with the rows.
    pub(super) page: String,
}

pub(super) async fn look(
    State(site): State<Shared>,
    _: Frame,
    Query(wish): Query<Wish>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // The line alone is not a page.
    let Some(rows) = site.rows.as_ref().filter(|_| headers.contains_key("hx-request")) else {
        return Ok(Redirect::to(&address(&wish.q)).into_response());
    };
    let inquiry = Inquiry::parse(&wish.q, site.desk.clock());
    let inquiry = inquiry.map_err(|error| Problem::bad_request(error.to_string()))?;
    let (progress, found) = site.explorer.watch(rows, inquiry)?;
    let goes_on = progress.end.is_none();
    let number = counted(found, "row");
    let lead = if goes_on { format!("Still reading: {number} so far") } else { format!("Read: {number}") };
    let text = format!("{} entries read.", thousands(progress.read));
    let (page, address) =
        (address(&wish.q), address(&wish.q).replacen("/explorer?", "/explorer/progress?", 1));
    let mut response = show(&Part { goes_on, progress: address, lead, text, page })?;
    if !goes_on {
        let (name, value) = ENDED;
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

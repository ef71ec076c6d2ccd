//! The list of runs, the newest first.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use operation::Indicator;
use serde::Deserialize;
use workbench::run::Wanted;

use super::operate::Line;
use super::{Frame, encoded, show};
use crate::problem::Problem;
use crate::site::Shared;

/// Runs on a page.
const PAGE: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/runs", get(list))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    indicator: String,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    indicator: String,
    /// Why the indicator is none.
    refused: Option<String>,
    next: Option<String>,
    later: bool,
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let text = wish.indicator.trim().to_owned();
    let parsed = (!text.is_empty()).then(|| Indicator::existing(&text)).transpose();
    let (indicator, refused) = match parsed {
        Ok(indicator) => (indicator, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let wanted =
        Wanted { indicator: indicator.clone(), before: wish.before, limit: PAGE, ..Wanted::default() };
    let page = if refused.is_some() {
        workbench::run::Page::default()
    } else {
        site.desk.read(move |workbench| workbench.runs(&wanted)).await?
    };
    let named = indicator.map(|one| format!("&indicator={}", encoded(&one.to_string()))).unwrap_or_default();
    show(&Page {
        frame,
        lines: page.runs.iter().map(Line::of).collect(),
        indicator: text,
        refused,
        next: page.next.map(|next| format!("/runs?before={next}{named}")),
        later: wish.before.is_some(),
    })
}

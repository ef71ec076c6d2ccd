//! The list of investigations, the most recently changed first.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use edge::problem::Problem;
use serde::Deserialize;
use workbench::investigation::{Investigation, Status, Wanted};

use super::stamp::Stamp;
use super::{Frame, encoded, show};
use crate::site::Shared;

/// Investigations per page.
const PAGE: usize = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/investigations", get(list))
}

/// The filters, from the address.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    q: String,
    status: String,
    removed: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "investigations.html")]
struct Page {
    frame: Frame,
    wish: Wish,
    rows: Vec<Investigation>,
    /// The addresses of the page before and after this one.
    before: Option<String>,
    next: Option<String>,
}

async fn list(
    State(site): State<Shared>,
    frame: Frame,
    Query(wish): Query<Wish>,
) -> Result<Response, Problem> {
    let wanted = Wanted {
        status: wish.status.parse().ok(),
        text: Some(wish.q.trim().to_owned()).filter(|text| !text.is_empty()),
        removed: !wish.removed.is_empty(),
        skip: wish.page.saturating_mul(PAGE),
        limit: PAGE,
    };
    let page = site.desk.read(move |workbench| workbench.investigation_page(&wanted)).await?;
    let next = page.next.map(|_| wish.address(wish.page + 1));
    let rows = page.investigations;
    let before = wish.page.checked_sub(1).map(|page| wish.address(page));
    show(&Page { frame, wish, rows, before, next })
}

impl Wish {
    fn address(&self, page: usize) -> String {
        let Self { q, status, removed, .. } = self;
        format!(
            "/investigations?q={}&status={}&removed={}&page={page}",
            encoded(q),
            encoded(status),
            encoded(removed)
        )
    }

    fn narrows(&self) -> bool {
        !(self.q.trim().is_empty() && self.status.is_empty() && self.removed.is_empty())
    }
}

/// The style class of a status.
pub(super) fn class_of(status: Status) -> &'static str {
    match status {
        Status::Open => "on",
        Status::OnHold => "review",
        Status::Closed => "expired",
    }
}

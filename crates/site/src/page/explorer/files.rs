//! Downloads of an answer, with the filters of its page.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use edge::problem::Problem;
use picture::timeline::TimelineView;

use super::{Asked, Looked};
use crate::page::records::narrowing::{Narrowing, unreadable};
use crate::page::records::row::{Order, Rows};

/// `GET /explorer/files/NAME?q=QUESTION`.
///
/// # Errors
/// 400 for an invalid question or filter: otherwise a file with all records would look like the filtered one; 503 while the
/// answer is being read.
pub(super) async fn give(Path(name): Path<String>, looked: Looked) -> Result<Response, Problem> {
    let found = match &looked.asked {
        Asked::Answered(found) => Arc::clone(found),
        Asked::Wrong(error) => return Err(Problem::bad_request(error.to_string())),
        Asked::Nothing => {
            return Err(Problem::bad_request("q: write a question, such as ?q=www.example.com"));
        }
        Asked::Nowhere => return Err(Problem::missing("this server has no passive-DNS database")),
    };
    if let Some((name, wrong)) = unreadable(&looked.parameters).first() {
        return Err(Problem::bad_request(format!("{name}: {wrong}")));
    }
    if found.progress.end.is_none() {
        return Err(Problem::busy("the answer is still being read; try again in a few seconds"));
    }
    let view = TimelineView::of(&looked.parameters);
    let narrowing = Narrowing::of(&looked.parameters, looked.site.networks.now());
    let rows = Rows::new(&*found, &view, &narrowing, Order::of(looked.parameter("sort")));
    looked.site.downloads.found(found, rows.places, &name).await
}

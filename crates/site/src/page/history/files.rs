//! Downloads of a history, with the filters of its page.

use std::sync::Arc;

use axum::extract::Path;
use axum::response::Response;
use edge::problem::Problem;
use picture::timeline::TimelineView;

use super::{Looked, apart};
use crate::page::records::narrowing::unreadable;
use crate::page::records::row::{Order, Rows};

/// `GET /history/files/NAME?value=VALUE`.
///
/// # Errors
/// 400 for an invalid filter: otherwise a file with all records would look like the filtered one.
pub(super) async fn give(Path(name): Path<String>, looked: Looked) -> Result<Response, Problem> {
    if let Some((name, wrong)) = unreadable(&looked.parameters).first() {
        return Err(Problem::bad_request(format!("{name}: {wrong}")));
    }
    let view = TimelineView::of(&looked.parameters);
    let rows = Rows::new(&*looked.answer, &view, &looked.narrowing(), Order::of(looked.parameter("sort")));
    let apart = apart(&looked.parameters);
    let answer = Arc::clone(&looked.answer);
    looked.site.downloads.history(answer, rows.places, apart, &name).await
}

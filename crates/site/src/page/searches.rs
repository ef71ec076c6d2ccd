//! Saved searches of the library: each user keeps filters under a name. The library lists them; this saves and deletes them.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use edge::problem::Problem;
use workbench::Workbench;

use super::go;
use crate::access::{Posted, Visitor};
use crate::listed::Wish;
use crate::site::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/library/searches", post(save)).route("/library/searches/delete", post(delete))
}

/// Saves the filters of the form under its name; a search of the same name is replaced.
async fn save(
    State(site): State<Shared>,
    visitor: Visitor,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let wish = Wish::checked(&Wish::sent(&sent).query())?;
    let (user, name, query) = (visitor.session.user.id, sent.text("name").to_owned(), wish.query());
    let save = move |workbench: &mut Workbench| workbench.save_search(user, &name, &query);
    site.desk.change(visitor.name(), save).await?;
    Ok(go(&wish.address(&[]), "search-saved"))
}

async fn delete(
    State(site): State<Shared>,
    visitor: Visitor,
    Posted(sent): Posted,
) -> Result<Response, Problem> {
    let id = sent.text("id").parse::<i64>();
    let id = id.map_err(|_| Problem::bad_request("the saved search has no number"))?;
    let (user, back) = (visitor.session.user.id, Wish::sent(&sent).address(&[]));
    let delete = move |workbench: &mut Workbench| workbench.delete_search(user, id);
    site.desk.change(visitor.name(), delete).await?;
    Ok(go(&back, "search-deleted"))
}

//! The explorer: questions to the own database in one line, with table, timeline, graph and summary of the answer.
//!
//! The whole question is in the parameter `q`, which every link of the page keeps, so its address is a permanent link. [`head`] is
//! what all views have: how the question was read, the figures, the facets, and what else is known about the value. There is one
//! file per view: `look` (table), `over_time`, `net`, `summary`; `progress` is loaded every second while an answer is read, and
//! `files` sends it.

mod elsewhere;
mod files;
mod head;
mod look;
mod net;
mod over_time;
mod progress;
mod side;
mod summary;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::routing::get;
use edge::problem::Problem;
use pdns::inquiry::{Inquiry, InquiryError};
use pdns::rows::Rows;
use picture::links::Links;

use super::records::{text, turn};
use super::{Frame, encoded};
use crate::explorer::{Again, Found, Turn, Wait};
use crate::site::Shared;

/// The path of the page, and the beginning of those of its files.
const PATH: &str = "/explorer";
const FILES: &str = "/explorer/files/";
/// How long a page waits for the whole answer. Small ones are there at once; of large ones, the beginning is shown.
const WAIT: Wait = Wait::Plenty(Duration::from_millis(40));
/// How long a file waits for it, because a file has all of it or is refused.
const FILE_WAIT: Wait = Wait::Whole(Duration::from_secs(20));

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(look::look))
        .route("/explorer/timeline", get(over_time::look))
        .route("/explorer/graph", get(net::look))
        .route("/explorer/summary", get(summary::look))
        .route("/explorer/progress", get(progress::look))
        .route("/explorer/files/{file}", get(files::give))
}

/// The address of the page about a question or value.
pub(crate) fn address(question: &str) -> String {
    format!("{PATH}?q={}", encoded(question))
}

/// The explorer as it is viewed: the visitor, the question, and the parameters of the address.
struct Looked {
    site: Shared,
    frame: Frame,
    asked: Asked,
    /// The parameters of the address; the question is the first.
    parameters: Vec<(String, String)>,
    /// Reading gives way until the page has been made.
    _turn: Turn,
}

/// The question, and what became of it.
enum Asked {
    /// There is no question yet.
    Nothing,
    /// This server has no database.
    Nowhere,
    /// It cannot be read.
    Wrong(InquiryError),
    /// It was answered.
    Answered(Arc<Found>),
}

impl FromRequestParts<Shared> for Looked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Shared) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, site).await?;
        let Query(mut parameters) =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).unwrap_or_default();
        turn(&mut parameters);
        let question = text(&parameters, "q").trim().to_owned();
        let again = text(&parameters, "again").parse().map_or(Again::No, Again::This);
        parameters.retain(|(name, _)| name != "q" && name != "again");
        parameters.insert(0, ("q".to_owned(), question));
        let wait = if parts.uri.path().starts_with(FILES) { FILE_WAIT } else { WAIT };
        let asked = Asked::of(site, text(&parameters, "q"), (wait, again)).await?;
        Ok(Self { site: Arc::clone(site), frame, asked, parameters, _turn: site.explorer.page() })
    }
}

impl Asked {
    async fn of(site: &Shared, question: &str, (wait, again): (Wait, Again)) -> Result<Self, Problem> {
        let Some(rows) = &site.rows else { return Ok(Self::Nowhere) };
        if question.is_empty() {
            return Ok(Self::Nothing);
        }
        match Inquiry::parse(question, site.desk.clock()) {
            Ok(inquiry) => Ok(Self::Answered(site.explorer.of(rows, inquiry, (wait, again)).await?)),
            Err(error) => Ok(Self::Wrong(error)),
        }
    }
}

impl Looked {
    /// A parameter of the address, empty if it is missing.
    fn parameter(&self, name: &str) -> &str {
        text(&self.parameters, name)
    }

    /// The question as it was written.
    fn question(&self) -> &str {
        self.parameter("q")
    }

    fn found(&self) -> Option<&Arc<Found>> {
        if let Asked::Answered(found) = &self.asked { Some(found) } else { None }
    }

    /// The database of this server.
    ///
    /// # Errors
    /// 404 if it has none.
    fn rows(&self) -> Result<&Rows, Problem> {
        self.site.rows.as_ref().ok_or_else(|| Problem::missing("this server has no passive-DNS database"))
    }

    /// Links from one of the views. Names and addresses lead to questions about them, a name in data to the records with it in
    /// their data.
    fn links(&self, view: &str) -> Links {
        let pivot = format!("{PATH}?q=");
        let from_data = Some(format!("{PATH}?q=rdata:"));
        Links::new(&format!("{PATH}{view}"), &self.parameters, &pivot).with_data_pivot(from_data)
    }
}

/// The address of a view of another question.
fn ask(view: &str, question: &str) -> String {
    Links::new(&format!("{PATH}{view}"), &[], "").with(&[("q", Some(question))])
}

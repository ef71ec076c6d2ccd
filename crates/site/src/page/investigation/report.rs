//! The report of an investigation: a page that is made to be printed, and the same as a file.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use edge::problem::Problem;
use workbench::investigation::Investigation;

use super::{address, found};
use crate::access::Visitor;
use crate::page::{Frame, show};
use crate::report::{self, Options, Section};
use crate::site::Shared;

#[derive(Template)]
#[template(path = "investigation-report.html")]
struct Page {
    frame: Frame,
    investigation: Investigation,
    options: Options,
    /// The sheets, and their marking.
    paper: String,
    marking: String,
    /// Whether the file has more rows.
    is_cut: bool,
}

pub(super) async fn look(
    State(site): State<Shared>,
    frame: Frame,
    Path(id): Path<i64>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let options = Options::of_page(&pairs);
    let investigation = found(&site, id).await?;
    let report = report::page(&site, id, frame.name(), &options).await?;
    let report::Report { paper, marking, is_cut, .. } = report;
    show(&Page { frame, investigation, options, paper, marking, is_cut })
}

pub(super) async fn file(
    State(site): State<Shared>,
    visitor: Visitor,
    Path(id): Path<i64>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let options = Options::of_page(&pairs);
    report::download(&site, id, visitor.name(), &options).await
}

impl Page {
    /// The address of the file with the same options.
    fn file(&self) -> String {
        format!("{}/report.html?{}", address(self.investigation.id), self.options.query())
    }

    fn marking(&self) -> &str {
        if self.marking.is_empty() { "no TLP marking" } else { &self.marking }
    }
}

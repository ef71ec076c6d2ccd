//! Reports in free text: previewed, added to an investigation, listed and read.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use cof::time::Clock;
use edge::problem::Problem;
use operation::report::Report;
use operation::{Indicator, Moment, Tlp};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::Workbench;
use workbench::investigation::{NewReport, Selection};
use workbench::json::{investigation as json, report as shape};

use super::{Changing, Named, Reading};
use crate::access::{May, Most, Sent, Visitor, needs::EditLibrary};
use crate::site::Shared;

/// The largest body with a report: 10 MiB of text, escaped.
pub(super) const BODY: usize = 16 << 20;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(preview))
        .routes(routes!(list, add))
        .layer(Most::octets(BODY))
        .merge(OpenApiRouter::new().routes(routes!(show)))
}

/// A report in free text, and which of its values are taken.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = NewReport)]
pub(super) struct Source {
    /// The text: a report, an e-mail, a table, a log; at most 10 MiB.
    text: String,
    /// What it is.
    title: String,
    /// Its date; left out if it is not known.
    date: Option<String>,
    /// Also take all doubtful values, such as `setup.zip`, and the addresses of networks.
    all: bool,
    /// Values that are taken although they are doubtful.
    include: Vec<String>,
    /// Values that are left out.
    exclude: Vec<String>,
}

/// Read a report without changing anything
#[utoipa::path(
    post, path = "/investigations/preview", tag = "investigations", operation_id = "reports_preview",
    request_body = Source,
    responses((status = 200, description = "its values, each with its places, and what is left out", body = shape::ReportPreview), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn preview(
    _: May<EditLibrary>,
    Sent(body): Sent<Source>,
) -> Result<Json<shape::ReportPreview>, Problem> {
    let (report, selection) = body.read().await?;
    let selected = selection.of(&report)?;
    Ok(Json(shape::preview(&report, &selected)))
}

/// List the source reports of an investigation
#[utoipa::path(
    get, path = "/investigations/{id}/reports", tag = "investigations", operation_id = "reports_list",
    params(("id" = i64, Path, description = "the number of the investigation")),
    responses((status = 200, description = "its source reports, without their texts", body = json::ReportList), Reading),
    security(("session" = []))
)]
pub(super) async fn list(
    State(site): State<Shared>,
    _: Visitor,
    Named(id): Named<i64>,
) -> Result<Json<json::ReportList>, Problem> {
    let reports = site.desk.read(move |workbench| workbench.source_reports(id)).await?;
    Ok(Json(json::reports(&reports)))
}

/// Add a report to an investigation, with its values as members
#[utoipa::path(
    post, path = "/investigations/{id}/reports", tag = "investigations", operation_id = "reports_add",
    params(("id" = i64, Path, description = "the number of the investigation")),
    request_body = Source,
    responses((status = 200, description = "what became of each value", body = json::MembersAdded), Changing),
    security(("session" = [], "form_token" = []))
)]
pub(super) async fn add(
    State(site): State<Shared>,
    may: May<EditLibrary>,
    Named(id): Named<i64>,
    Sent(body): Sent<Source>,
) -> Result<Json<json::MembersAdded>, Problem> {
    let members = body.members().await?;
    let report = body.stored(None, site.desk.clock())?;
    let add = move |workbench: &mut Workbench| {
        let tlp = workbench.investigation(id)?.tlp;
        workbench.add_report_members(id, &NewReport { tlp, ..report }, &members, &[])
    };
    let joined = site.desk.change(may.name(), add).await?;
    Ok(Json(json::added(id, &joined, &[], 0)))
}

/// Read the text of a source report
#[utoipa::path(
    get, path = "/investigations/{id}/reports/{report}", tag = "investigations", operation_id = "reports_show",
    params(
        ("id" = i64, Path, description = "the number of the investigation"),
        ("report" = i64, Path, description = "the number of the report"),
    ),
    responses((status = 200, description = "the text", body = String, content_type = "text/plain; charset=utf-8"), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Named((id, report)): Named<(i64, i64)>,
) -> Result<Response, Problem> {
    let text = site.desk.read(move |workbench| workbench.source_text(id, report)).await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

impl Source {
    /// The indicators of the report that are taken.
    ///
    /// # Errors
    /// A [`Problem`] if it is no text, or a value that is named is not in it.
    pub(super) async fn members(&self) -> Result<Vec<Indicator>, Problem> {
        let (report, selection) = self.read().await?;
        Ok(selection.indicators(&report)?)
    }

    /// The report as it is stored.
    ///
    /// # Errors
    /// A [`Problem`] if the date is none.
    pub(super) fn stored(&self, tlp: Option<Tlp>, clock: &Clock) -> Result<NewReport, Problem> {
        let date = self.date.as_ref().map(|date| Moment::parse(date, clock)).transpose();
        let date = date.map_err(|error| Problem::bad_request(format!("date: {error}")))?;
        let dated_at = date.and_then(|date| i64::try_from(date.start).ok());
        Ok(NewReport { title: self.title.clone(), dated_at, tlp, text: self.text.clone() })
    }

    /// On a thread that may block: a large text takes a second.
    async fn read(&self) -> Result<(Report, Selection), Problem> {
        let Self { text, all, include, exclude, .. } = self.clone();
        let read = tokio::task::spawn_blocking(move || Report::read(&text)).await;
        let report = read.map_err(|_| Problem::internal())?;
        let report = report.map_err(|error| Problem::bad_request(format!("text: {error}")))?;
        Ok((report, Selection { all, include, exclude }))
    }
}

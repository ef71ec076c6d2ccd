//! `/api/v1`: the same workbench for programs, in the JSON of `--format json` ([`workbench::json`]).
//!
//! ```text
//! POST   /session                          {"name","password"}: signs in, sets the cookie
//! GET    /session                          who is signed in, and the token that changes need
//! DELETE /session                          signs out
//! GET    /integrations?type=&enabled=      list           POST /integrations            install
//! GET    /catalogue                        list           GET /catalogue/NAME/VERSION   the file of a package
//! GET    /integrations/NAME                show           DELETE /integrations/NAME     remove
//! PATCH  /integrations/NAME                configure      POST /integrations/NAME/test  test the connection
//! POST   /integrations/NAME/enable         enable         POST /integrations/NAME/disable
//! GET    /indicators?search=&…             list           POST /indicators              add
//! GET    /indicators/VALUE                 show           PATCH /indicators/VALUE       status, tags
//! POST   /indicators/VALUE/notes           note           DELETE /indicators/VALUE      remove
//! POST   /indicators/VALUE/restore         restore        GET /audit?before=&limit=     the audit trail
//! GET    /searches                         list           POST /searches                save: {"name","query"}
//! DELETE /searches/ID                      delete
//! GET    /runs?indicator=&before=&limit=   list           POST /runs                    start: {"value","operation",…}
//! GET    /runs/ID                          show           DELETE /runs/ID               cancel
//! GET    /history?value=                   all operations' answers on an indicator, merged
//! GET    /explorer?q=                      what the own database has about a question
//! GET    /handover/FORMAT?run=&history=&…  a document for another platform: stix, misp, csv, cof, json
//! GET    /pushes?before=&limit=            list           POST /pushes                  send: {"platform","run",…}
//! POST   /pushes/preview                   {"platform","run",…}: what would be done
//! GET    /pushes/ID                        show           GET  /pushes/ID/rows?outcome=&after=
//! POST   /pushes/ID/pause                  pause          POST /pushes/ID/resume, /cancel
//! GET    /threatq/NAME/names               its types and statuses      GET /threatq/NAME/operations
//! POST   /threatq/NAME/pulls               pull: {"types","statuses",…}  POST …/pulls/preview   what it would do
//! GET    /pulls/ID                         show           POST /pulls/ID/cancel         cancel
//! POST   /threatq/NAME/executions          execute: {"operation","action","value"}      GET /executions/ID
//! POST   /runs/ID/add                      {"pick","dry_run"}   POST /runs/ID/undo      undo
//! GET    /investigations?status=&search=&… list           POST /investigations          create: {"name","tlp","values","report"}
//! GET    /investigations/ID                show           DELETE /investigations/ID     remove
//! PATCH  /investigations/ID                {"name","status","tlp","summary"}            POST …/ID/restore
//! GET    /investigations/ID/report?section=&… the report, as a page that needs no other file
//! GET    /investigations/ID/members        list           POST …/ID/members             add: {"values"}
//! POST   /investigations/ID/members/remove {"values"}     POST …/ID/members/verdict     {"values","verdict"}
//! GET    /investigations/ID/notes          list           POST …/ID/notes               {"text","member"}
//! GET    /investigations/ID/reports        list           POST …/ID/reports             add: {"text","title","date",…}
//! GET    /investigations/ID/reports/REPORT the text       POST /investigations/preview  {"text",…}: what it contains
//! GET    /investigations/ID/jobs           list           POST …/ID/jobs                start: {"operations","members",…}
//! POST   /investigations/ID/jobs/cost      what it costs  GET  …/ID/jobs/JOB            show
//! GET    /investigations/ID/shared?kind=&… what members share               GET …/ID/shared/candidates?follow=
//! GET    /investigations/ID/findings      proposed        POST …/ID/findings            add: {"values","dry_run"}
//! POST   …/ID/jobs/JOB/pause               pause          POST …/JOB/resume, …/JOB/cancel
//! GET    /lists                            list           POST /lists                   import: a list in MISP's format
//! POST   /lists/NAME/enable                enable         POST /lists/NAME/disable
//! DELETE /lists/NAME                       remove         POST /lists/NAME/restore
//! GET    /weak?value=                      which lists have a value, and why it says little
//! GET    /users                            list           POST /users/invitations       {"role"}: a one-time token
//! PATCH  /users/NAME                       {"role","disabled"}  POST /users/NAME/reset  a one-time token
//! GET    /users/NAME/sessions              list           DELETE /users/NAME/sessions/ID
//! GET    /session/sessions                 your own       DELETE /session/sessions/ID
//! PUT    /session/password                 {"old","new"}
//! ```
//!
//! A client sends the cookie of its session, and, with every request that changes something, the header `x-backsight-token`.
//! Errors are problem details (RFC 9457). [`document`] describes this API and `passive` as OpenAPI: each handler declares its
//! own part, and routes are built from these declarations, so the description matches what is served.

mod audit;
mod catalogue;
mod explorer;
mod handover;
mod history;
mod indicators;
mod integrations;
mod investigations;
mod jobs;
mod lists;
mod members;
mod pushes;
mod report;
mod reports;
mod runs;
mod searches;
mod session;
mod shared;
mod threatq;
mod users;

mod document;
mod extract;
mod trouble;

use context::{PlaceFilter, Placing};
use edge::problem::Problem;
use utoipa_axum::router::OpenApiRouter;

use crate::site::{Shared, Site};
use extract::{Asked, Named, Told};
use trouble::{Changing, Reading, SigningIn};

pub use document::document;

/// Where addresses are, and the filters for places among the parameters. A filter without files that say where addresses are would
/// look like an answer without records, and is refused.
fn placing(site: &Site, systems: &str, countries: &str) -> Result<Placing, Problem> {
    let systems = PlaceFilter::parse(systems, "")
        .map_err(|error| Problem::bad_request(format!("as_number: {error}")))?;
    let countries = PlaceFilter::parse("", countries)
        .map_err(|error| Problem::bad_request(format!("country: {error}")))?;
    let (networks, only) = (site.networks.now(), systems.and(countries));
    if !only.is_empty() && !networks.is_configured() {
        return Err(Problem::bad_request(
            "as_number and country need files that say where addresses are: [enrich] mmdb in the configuration of the server",
        ));
    }
    Ok(Placing { networks, only })
}

/// The path of the API.
pub(crate) const ROOT: &str = "/api/v1";

/// The routes below [`ROOT`].
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(session::routes())
        .merge(shared::routes())
        .merge(catalogue::routes())
        .merge(integrations::routes())
        .merge(indicators::routes())
        .merge(searches::routes())
        .merge(runs::routes())
        .merge(history::routes())
        .merge(investigations::routes())
        .merge(jobs::routes())
        .merge(members::routes())
        .merge(explorer::routes())
        .merge(handover::routes())
        .merge(lists::routes())
        .merge(pushes::routes())
        .merge(report::routes())
        .merge(reports::routes())
        .merge(threatq::routes())
        .merge(users::routes())
        .merge(audit::routes())
        .fallback(async || Problem::missing("there is no API endpoint at this address"))
}

//! Questions to the own database, as the explorer answers them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use edge::problem::Problem;
use pdns::inquiry::Inquiry;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Reading, placing};
use crate::access::Visitor;
use crate::content::Content as _;
use crate::explorer::{Again, Explored, Extract, Wait, newest_first};
use crate::site::Shared;

/// How long a client waits for a whole answer.
const WAIT: Wait = Wait::Whole(Duration::from_secs(20));
/// The number of rows of an answer, and the most.
const LIMIT: usize = 100;
const MOST: usize = 10_000;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// The question, as in the explorer and `backsight lookup`: a name, `*.suffix`, address, network, range, `rdata:name` or
    /// pattern, with filters such as `type:A` and `after:90d`.
    q: String,
    /// The maximum number of rows, up to 10,000; 100 by default.
    limit: Option<usize>,
    /// How many rows are skipped.
    offset: usize,
    /// Only rows with an address of these autonomous systems, separated by commas, if files say where addresses are.
    as_number: String,
    /// Only rows with an address in these countries, separated by commas, if files say where addresses are.
    country: String,
    /// Do not use an answer of the last 30 seconds.
    again: bool,
}

/// Ask the own database
///
/// Rows are sorted by last seen, newest first. At most 100,000 rows are found, in at most 20 million entries or a minute; the state
/// of the answer says whether there are more. If the state is `reading`, the same request continues. `as_number` and `country` select
/// among the rows that were found; the figures and the distributions are about all of them.
#[utoipa::path(
    get, path = "/explorer", tag = "passive DNS", operation_id = "explorer_show",
    params(Look),
    responses((status = 200, description = "what the database has", body = Explored), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Asked(look): Asked<Look>,
) -> Result<Response, Problem> {
    let rows = site.rows.as_ref();
    let rows = rows.ok_or_else(|| Problem::missing("this server has no passive-DNS database"))?;
    let inquiry = Inquiry::parse(&look.q, site.desk.clock());
    let inquiry = inquiry.map_err(|error| Problem::bad_request(format!("q: {error}")))?;
    let placing = placing(&site, &look.as_number, &look.country)?;
    let again = if look.again { Again::Yes } else { Again::No };
    let found = site.explorer.of(rows, inquiry, (WAIT, again)).await?;
    let limit = look.limit.unwrap_or(LIMIT).min(MOST);
    let make = move || {
        let mut places = newest_first(&found);
        places.retain(|place| found.records().get(*place).is_some_and(|record| placing.keeps(record)));
        let rest = places.get(look.offset..).unwrap_or_default();
        let shown = rest.get(..limit).unwrap_or(rest);
        let extract = Extract { places: shown, of: places.len(), more: rest.len() > shown.len() };
        Json(Explored::of(&found, extract, &placing)).into_response()
    };
    tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal())
}

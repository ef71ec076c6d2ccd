//! The history of an indicator: what all operations know about it, merged.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use context::Placing;
use edge::problem::Problem;
use operation::{Filter, Indicator};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use workbench::history::{APART, Choice, Differing, ShownHistory};
use workbench::json::history as shape;
use workbench::run::{Arrangement, Compared, Sort};

use super::{Asked, Reading, placing};
use crate::access::Visitor;
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Look {
    /// The domain name or IP address.
    value: String,
    /// Only records that one of several operations has.
    only_one: bool,
    /// Only records with dates that differ by more than these days.
    apart: Option<u64>,
    /// Only records with an address of these autonomous systems, separated by commas, if files say where addresses are.
    as_number: String,
    /// Only records with an address in these countries, separated by commas, if files say where addresses are.
    country: String,
    /// Also show new, gone and different records since the earlier answers.
    changes: bool,
}

/// Show the history of an indicator
#[utoipa::path(
    get, path = "/history", tag = "runs", operation_id = "history_show",
    params(Look),
    responses((status = 200, description = "the history, as printed by `history --format json`", body = shape::History), Reading),
    security(("session" = []))
)]
pub(super) async fn show(
    State(site): State<Shared>,
    _: Visitor,
    Asked(look): Asked<Look>,
) -> Result<Response, Problem> {
    let indicator =
        Indicator::existing(&look.value).map_err(|error| Problem::bad_request(format!("value: {error}")))?;
    let placing = placing(&site, &look.as_number, &look.country)?;
    let answer = site.histories.of(&indicator).await?;
    if answer.history.parts.is_empty() {
        return Err(Problem::missing(format!("no operation has been run on {indicator} yet")));
    }
    let text = site.desk.read(move |workbench| {
        let mut shown = ShownHistory::new(answer.history.clone(), &look.choice(placing), workbench)?;
        if look.changes {
            shown.compared = match workbench.history_changes(&shown.history)? {
                None => Compared::WithNothing,
                Some(changes) => Compared::With(Box::new(changes)),
            };
        }
        Ok(shape::shown(&shown))
    });
    let text = text.await?.map_err(|_| Problem::internal())?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

impl Look {
    fn choice(&self, placing: Placing) -> Choice {
        Choice {
            filter: Filter::default(),
            placing,
            differing: Differing { only_one: self.only_one, apart: self.apart },
            apart: self.apart.unwrap_or(APART),
            arrangement: Arrangement { sort: Sort::Last, limit: None },
        }
    }
}

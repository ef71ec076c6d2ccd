//! Documents for other platforms: STIX 2.1, MISP and flat files.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use edge::problem::Problem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Asked, Named, Reading};
use crate::access::Visitor;
use crate::handovers::{self, HandoverWish};
use crate::site::Shared;

pub(super) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(file))
}

/// A bundle of STIX 2.1.
#[derive(Serialize, ToSchema)]
pub(super) struct StixBundle {
    /// `bundle`.
    r#type: String,
    /// Its id, which depends on its objects.
    id: String,
    /// First the producer and the markings, then all other objects, sorted by id.
    objects: Vec<BTreeMap<String, Value>>,
}

/// A document in JSON.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what `export` writes")]
pub(super) enum HandoverJson {
    /// The kind `misp`.
    Misp(MispDocument),
    /// The kind `json`.
    Records(HandoverRecords),
}

/// A MISP event.
#[derive(Serialize, ToSchema)]
pub(super) struct MispDocument {
    /// The event, with attributes and an object `passive-dns` for each record.
    #[serde(rename = "Event")]
    event: BTreeMap<String, Value>,
}

/// Everything that is handed over.
#[derive(Serialize, ToSchema)]
pub(super) struct HandoverRecords {
    /// Its name.
    title: String,
    /// What people wrote about it; may be empty.
    summary: String,
    /// The strictest marking of anything in it.
    tlp: Option<String>,
    /// The indicators, with what is known about them.
    values: Vec<BTreeMap<String, Value>>,
    /// The records of each origin.
    records: Vec<BTreeMap<String, Value>>,
    /// The relationships of the library.
    relationships: Vec<BTreeMap<String, Value>>,
    /// How many indicators are held back.
    held_back: u64,
    /// How many records and relationships are held back.
    held_back_records: u64,
    /// How many attributes and relationships of the library are left out, because an indicator has more than 1,000.
    left_out: u64,
}

/// Hand over a run, a history, an investigation or a part of the library as a document
///
/// The document has the strictest marking of anything in it. With `max_tlp`, what is marked stricter is held back.
#[utoipa::path(
    get, path = "/handover/{format}", tag = "handover", operation_id = "handover_file",
    params(
        ("format" = String, Path, description = "`stix` (a bundle of STIX 2.1), `misp` (an event), `csv`, `cof` or `json`"),
        HandoverWish,
    ),
    responses((status = 200, description = "the document", content(
        (StixBundle = "application/stix+json;version=2.1"),
        (HandoverJson = "application/json"),
        (String = "application/x-ndjson"),
        (String = "text/csv; charset=utf-8"),
    )), Reading),
    security(("session" = []))
)]
pub(super) async fn file(
    State(site): State<Shared>,
    _: Visitor,
    Named(format): Named<String>,
    Asked(wish): Asked<HandoverWish>,
) -> Result<Response, Problem> {
    handovers::file(&site, &format, &wish).await
}

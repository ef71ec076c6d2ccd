//! `POST /api/v1/records`: records from sensors and other databases.

use std::io;
use std::sync::Arc;

use ::intake::Packing;
use ::intake::batches::Order;
use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use cof::time::Clock;
use cof::{Orientation, SourceKind};
use edge::gate::{Pass, Who};
use edge::problem::{Details, Problem};
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::Instant;
use utoipa::{IntoResponses, ToSchema};

use super::Refused;
use super::intake::{self, Fault, Piece};
use super::receipt::Receipt;
use super::sequence::{self, MOST_RECORDS, NAMES_PER_DAY};
use super::served::PassiveDns;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest `Idempotency-Key`, in characters: each is stored with the input it names.
const LONGEST_KEY: usize = 128;
/// How long a key is stored, in seconds: 30 days.
const KEPT: u64 = 30 * 86_400;
/// Pieces of a body that wait to be parsed; each is the result of one read from the socket.
const WAITING: usize = 8;

/// A problem, with the records stored until it occurred.
#[derive(Serialize, ToSchema)]
pub struct Unfinished {
    #[serde(flatten)]
    problem: Details,
    #[serde(flatten)]
    receipt: Receipt,
}

/// The possible error responses for clients that send records; with the receipt if something was read.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes what is written below")]
enum Kept {
    /// The body arrived too slowly; the records received before are stored.
    #[response(status = 408, content_type = "application/problem+json")]
    Stalled(Unfinished),
    /// The body is too large, before or after decompression; the records received before are stored.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(Unfinished),
    /// The content encoding is not supported.
    #[response(status = 415, content_type = "application/problem+json")]
    Coding(Details),
    /// The body has no records, or a record that cannot be stored.
    #[response(status = 422, content_type = "application/problem+json")]
    Useless(Unfinished),
    /// The database has no room for more sources or keys, or its disk is full; the records received before are stored.
    #[response(status = 507, content_type = "application/problem+json")]
    Full(Unfinished),
}

/// Store records
///
/// The body has records in the Common Output Format: one JSON object per line, concatenated objects, or an array. Invalid records
/// are counted and skipped. Records are stored while they arrive, so those before an interruption are kept; with an
/// `Idempotency-Key` the same body can be sent again without counting anything twice. With the token of a sensor, the records are
/// observations, whose counts add up; otherwise they are reports of another database.
///
/// A sensor that sends batches all the time numbers them with `Sensor-Sequence` instead. Such a batch is stored completely or not at
/// all, its number is never forgotten, and a batch whose number is not above the last one stored is answered as repeated: send the
/// batches in order, one at a time, each until it is answered. Numbers may have gaps.
#[utoipa::path(
    post, path = "/api/v1/records", tag = "passive DNS",
    params(
        ("kind" = Option<String>, Query, pattern = "^(report|observation)$", description = "the kind of the records, if it differs from the kind of the token"),
        ("keep_sensors" = Option<bool>, Query, description = "keep the sensor_id of each record, if the token has no sensor; otherwise sensor_id is dropped"),
        ("orientation" = Option<String>, Query, pattern = "^(auto|draft|swapped)$", description = "the side of a record that is the owner: rrname (draft) or rdata (swapped); auto detects it"),
        ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]{1,128}$", description = "identifies this body: sent again within 30 days, it is counted once; a different body with the same key gets 422"),
        ("Sensor-Sequence" = Option<String>, Header, pattern = "^[0-9A-Za-z-]{8,64}/[1-9][0-9]{0,17}$", description = "the sender's own random name for its sequence of batches, and the number of this batch, instead of an Idempotency-Key; the batch has at most 10,000 records"),
        ("Content-Encoding" = Option<String>, Header, pattern = "^(identity|gzip|zstd)$", description = "how the body is compressed"),
    ),
    request_body(content = String, content_type = "application/x-ndjson", description = "the records"),
    responses((status = 200, description = "the number of stored and rejected records", body = Receipt), Refused, Kept),
    security(("token" = []), ("bearer" = []), ("basic" = []))
)]
pub(super) async fn bring(
    State(dns): State<Arc<PassiveDns>>,
    Extension(pass): Extension<Pass>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let now = Clock::system().seconds();
    let order = order(&dns, &pass, &uri, &headers, now)?;
    let number = sequence::of(&headers, order.input.is_some(), &pass)?;
    let coding = coding(&headers)?;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|octets| octets > dns.limits.body) {
        return Err(too_large(dns.limits.body));
    }
    let Ok(place) = Arc::clone(&dns.imports).try_acquire_owned() else {
        let problem =
            Problem::busy("too many bodies are being imported at the same time; try again in a second");
        return Ok(([(RETRY_AFTER, "1")], problem).into_response());
    };
    let (send, pieces) = channel(WAITING);
    let (store, sequences) = (Arc::clone(&dns.rows.store), Arc::clone(&dns.sequences));
    let taking = tokio::task::spawn_blocking(move || {
        let _place = place;
        let forgotten = if order.input.is_some() { store.forget_expired(now).map(drop) } else { Ok(()) };
        match forgotten {
            Ok(()) => {
                intake::take(&*store, coding, order, number.map(|number| (number, &*sequences)), pieces)
            }
            Err(error) => (Receipt::default(), Some(Fault::Store(error))),
        }
    });
    let outcome = feed(body, send, dns.limits.body, pass.deadline).await;
    // A panic there is a bug of the server.
    let (receipt, fault) = taking.await.map_err(|_| Problem::internal())?;
    dns.metrics.brought(receipt.taken, receipt.rejected.values().sum());
    if matches!(fault, Some(Fault::Names)) {
        return Err(many_names());
    }
    let problem = outcome.err().or_else(|| fault.map(|fault| told(&fault, dns.limits.expanded)));
    Ok(answer(receipt, problem))
}

fn answer(receipt: Receipt, problem: Option<Problem>) -> Response {
    let useless = || {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the body has no records: use the Common Output Format, one JSON object per line",
        )
    };
    match problem.or_else(|| receipt.is_useless().then(useless)) {
        None => Json(receipt).into_response(),
        Some(problem) => {
            let status = problem.status;
            let body = Json(Unfinished { problem: problem.details(), receipt });
            (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response()
        }
    }
}

/// Combines what headers and token state about the body.
fn order(dns: &PassiveDns, pass: &Pass, uri: &Uri, headers: &HeaderMap, now: u64) -> Result<Order, Problem> {
    let Who::Token(entry) = &pass.who else { return Err(Problem::unauthorized()) };
    let sensor: Option<Arc<str>> = entry.token.wanted.sensor.as_deref().map(Arc::from);
    let usual = if sensor.is_some() { SourceKind::Observation } else { SourceKind::Report };
    let asked = Asked::of(uri)?;
    Ok(Order {
        sensor,
        keep_sensors: asked.keep_sensors,
        orientation: asked.orientation,
        input: key(headers)?.map(|key| format!("records/{}/{key}", entry.token.id).into()),
        expires: Some(now.saturating_add(KEPT)),
        tell_again: true,
        most: dns.limits.expanded,
        noise: Arc::clone(&dns.noise),
        ..Order::new(asked.kind.unwrap_or(usual), now)
    })
}

/// What the query string states about the body.
#[derive(Default)]
struct Asked {
    kind: Option<SourceKind>,
    keep_sensors: bool,
    orientation: Orientation,
}

impl Asked {
    fn of(uri: &Uri) -> Result<Self, Problem> {
        let Query(given) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::bad_request("the query string cannot be read"))?;
        let one = |name: &str| {
            let mut values = given.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            match (values.next(), values.next()) {
                (value, None) => Ok(value),
                _ => Err(Problem::bad_request(format!("{name}: given more than once"))),
            }
        };
        let kind = match one("kind")? {
            None => None,
            Some("observation") => Some(SourceKind::Observation),
            Some("report") => Some(SourceKind::Report),
            Some(_) => return Err(Problem::bad_request("kind: takes report or observation, once")),
        };
        let keep_sensors = match one("keep_sensors")? {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Problem::bad_request("keep_sensors: takes true or false")),
        };
        let orientation = one("orientation")?.map(|word| {
            Orientation::from_word(word)
                .ok_or_else(|| Problem::bad_request("orientation: takes auto, draft or swapped"))
        });
        Ok(Self { kind, keep_sensors, orientation: orientation.transpose()?.unwrap_or_default() })
    }
}

fn coding(headers: &HeaderMap) -> Result<Packing, Problem> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let coding = match (codings.next(), codings.next()) {
        (None, _) => Some(Packing::Plain),
        (Some(coding), None) => match coding.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Some(Packing::Plain),
            b"gzip" | b"x-gzip" => Some(Packing::Gzip),
            b"zstd" => Some(Packing::Zstd),
            _ => None,
        },
        (Some(_), Some(_)) => None,
    };
    coding.ok_or_else(|| {
        let detail = "Content-Encoding: takes gzip, zstd or identity, once";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
    })
}

fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut given = headers.get_all(KEY).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| {
        (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(|octet| octet.is_ascii_graphic())
    });
    key.filter(|_| given.next().is_none()).map(Some).ok_or_else(|| {
        let takes = format!("Idempotency-Key: takes 1 to {LONGEST_KEY} printable ASCII characters, once");
        Problem::bad_request(takes)
    })
}

/// Passes the body on as fast as it is accepted, until the deadline; nothing more is passed on after an interruption.
async fn feed(body: Body, send: Sender<Piece>, most: u64, deadline: Instant) -> Result<(), Problem> {
    let mut frames = body.into_data_stream();
    let mut octets = 0;
    loop {
        let Ok(next) = tokio::time::timeout_at(deadline, frames.next()).await else {
            return Err(Problem::slow_body());
        };
        let piece = match next {
            Some(Ok(data)) => {
                octets += data.len() as u64;
                if octets > most {
                    return Err(too_large(most));
                }
                Piece::Data(data)
            }
            Some(Err(error)) if is_slow(&error) => return Err(Problem::slow_body()),
            // The client is most likely gone, and does not read an answer either.
            Some(Err(_)) => return Err(told(&Fault::Cut, 0)),
            None => Piece::End,
        };
        let last = matches!(piece, Piece::End);
        // The receiver is gone because of a fault, which is reported instead.
        if send.send(piece).await.is_err() || last {
            return Ok(());
        }
    }
}

/// Whether this is the error with which `listen` ends a slow body.
fn is_slow(error: &axum::Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
    })
}

fn too_large(most: u64) -> Problem {
    let detail = format!("the body is larger than {most} bytes: split the records into several requests");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

fn many_names() -> Problem {
    let detail = format!(
        "this token has begun {NAMES_PER_DAY} names in Sensor-Sequence today: use one name for all batches of a sensor"
    );
    Problem::throttled(3_600, detail)
}

fn told(fault: &Fault, expanded: u64) -> Problem {
    match fault {
        Fault::Coding => {
            Problem::bad_request("the body is not compressed as its Content-Encoding says, or is damaged")
        }
        Fault::Cut => Problem::bad_request("the body was cut off"),
        Fault::Decoder(error) => {
            tracing::error!(%error, "cannot create a decoder for the body");
            Problem::internal()
        }
        Fault::Foreign(foreign) if foreign.kind.is_packed() => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "the body has no records and looks like {foreign}; set Content-Encoding if the body is compressed with gzip or zstd"
            ),
        ),
        Fault::Foreign(foreign) => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "the body has no records and looks like {foreign}: use the Common Output Format, one JSON object per line"
            ),
        ),
        Fault::Other => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this Idempotency-Key was used with another body in the last 30 days: nothing was stored; use a new key for a new body",
        ),
        Fault::Expanded => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "the body is larger than {expanded} bytes when decompressed: split the records into several requests"
            ),
        ),
        Fault::Names => many_names(),
        Fault::Long => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "a batch with a Sensor-Sequence can have at most {MOST_RECORDS} records, where records with zone times count twice: nothing was stored; send smaller batches"
            ),
        ),
        Fault::Store(error) => {
            intake::log(error);
            Problem::from(error.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_nothing_can_unpack_is_our_fault_and_no_success() {
        let fault = Fault::Decoder(io::Error::other("no memory"));
        assert_eq!(told(&fault, 1).status, StatusCode::INTERNAL_SERVER_ERROR);
    }
}

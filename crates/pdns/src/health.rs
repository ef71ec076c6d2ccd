//! Monitoring: `/healthz`, `/readyz`, `/metrics`.
//!
//! The first two are public; metrics require read access and are not counted against a quota.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use edge::metrics::TYPE;
use edge::problem::Problem;
use edge::{compress, gate};
use store::Readiness;

use crate::passive::PassiveDns;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process is running.
#[expect(clippy::unused_async, reason = "a handler is async")]
pub async fn alive() -> &'static str {
    "ok"
}

/// The server can answer: the store answers, and the tokens are known. If it cannot store, the text says why.
///
/// # Errors
/// 503 with what does not work.
pub async fn ready(State(dns): State<Arc<PassiveDns>>) -> Result<Cow<'static, str>, Problem> {
    let asked = dns.rows.blocking(|store| store.readiness());
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(readiness)) if dns.gate.is_current() => Ok(match readiness {
            Readiness::Ready => "ready".into(),
            Readiness::AnswersOnly(why) => ["ready to answer, but cannot store: ", why].concat().into(),
        }),
        Ok(Ok(_)) => Err(Problem::not_ready("tokens cannot be looked up")),
        Ok(Err(_)) => Err(Problem::not_ready("the passive-DNS database fails")),
        Err(_) => Err(Problem::not_ready("the passive-DNS database does not answer")),
    }
}

/// The metrics.
///
/// # Errors
/// 500 and 503 from the store, because its size is included.
pub async fn metrics(State(dns): State<Arc<PassiveDns>>, request: Request) -> Result<Response, Problem> {
    let from = gate::peer(request.extensions());
    if let Err(refusal) = dns.gate.knows(request.headers(), from) {
        return Ok(refusal.into_response());
    }
    let stats = dns.rows.blocking(|store| store.stats()).await?;
    let mut response = ([(CONTENT_TYPE, TYPE)], dns.metrics.text(stats)).into_response();
    compress::mark(&mut response);
    Ok(response)
}

//! What became of each request: counted, and told to the access log when the last octet of its answer is sent.
//!
//! The log is an event of `tracing` (target `access`): client, method, route, status, octets, milliseconds, whose token, and
//! whether the answer was sent whole. The route is a pattern, not what was asked; the address itself is told only where that was
//! chosen, and never one that carries a token. A header or a body is never told.
//!
//! The answer's body holds the [`Pass`] as long as it is sent, and ends with an error when it has taken longer than it may.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::header::{
    CONNECTION, REFERRER_POLICY, RETRY_AFTER, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::gate::{Pass, Peer, has_stray_token};
use crate::metrics::{Interface, Metrics};
use crate::paced::Slow;
use crate::problem::Problem;
use crate::proxy::forwarded;

/// What is counted, and how much is logged.
#[derive(Clone)]
pub struct Watch {
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Addresses are told, with what was asked.
    pub addresses: bool,
    /// A proxy is in front, and says where a client is.
    pub proxied: bool,
}

/// One request, until its answer is sent.
struct Seen {
    metrics: Metrics,
    began: Instant,
    client: Option<IpAddr>,
    method: &'static str,
    route: Option<MatchedPath>,
    address: Option<String>,
    status: StatusCode,
    octets: u64,
    whole: bool,
    pass: Option<Pass>,
}

/// Stands before everything.
pub async fn watch(State(watch): State<Watch>, mut request: Request, next: Next) -> Response {
    let mut seen = Seen::of(&watch, &request);
    if let Some(client) = seen.client {
        request.extensions_mut().insert(Peer(client.to_canonical()));
    }
    let mut response = answer(request, next).await;
    seen.status = response.status();
    // The body's alone, so that it goes with the body.
    seen.pass = response.extensions_mut().remove();
    if seen.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
    }
    let headers = response.headers_mut();
    // Nothing that we send is anything but what it says it is, and no address of ours is anybody else's business.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    response.map(|body| {
        seen.whole = body.is_end_stream();
        Body::new(Watched { body, seen })
    })
}

/// The answer: a transfer coding that we cannot decode, or a body that was too slow, comes before what the routes say.
async fn answer(request: Request, next: Next) -> Response {
    if !is_decoded(request.headers()) {
        let detail = "unsupported Transfer-Encoding: only chunked is allowed";
        return ([(CONNECTION, "close")], Problem::bad_request(detail)).into_response();
    }
    let slow = request.extensions().get::<Slow>().cloned();
    let response = next.run(request).await;
    let is_told = response.status() == StatusCode::REQUEST_TIMEOUT;
    match slow.filter(|slow| slow.is_so() && response.status().is_client_error() && !is_told) {
        Some(_) => Problem::slow_body().into_response(),
        None => response,
    }
}

/// Whether hyper has removed every transfer coding of the body. It removes chunks and leaves what is below them.
fn is_decoded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(chunked) && codings.next().is_none()
}

/// Counts and logs a request whose head was refused: nothing but the client and the status is known of it.
pub(crate) fn tell_refused(metrics: &Metrics, client: IpAddr, status: StatusCode) {
    drop(Seen {
        metrics: metrics.clone(),
        began: Instant::now(),
        client: Some(client),
        method: "-",
        route: None,
        address: None,
        status,
        octets: 0,
        whole: true,
        pass: None,
    });
}

impl Seen {
    fn of(watch: &Watch, request: &Request) -> Self {
        let told = watch.addresses && !has_stray_token(request.uri());
        Self {
            metrics: watch.metrics.clone(),
            began: Instant::now(),
            client: client(watch, request),
            method: known(request.method()),
            route: request.extensions().get().cloned(),
            address: told.then(|| request.uri().to_string()),
            status: StatusCode::OK,
            octets: 0,
            whole: false,
            pass: None,
        }
    }
}

impl Drop for Seen {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let route = self.route.as_ref().map(MatchedPath::as_str);
        self.metrics.answered(Interface::of(route), self.status.as_u16(), took, self.octets);
        tracing::info!(
            target: "access",
            client = self.client.map(|client| client.to_canonical().to_string()),
            method = self.method,
            route = route.unwrap_or("-"),
            address = self.address,
            status = self.status.as_u16(),
            octets = self.octets,
            milliseconds = f64::from(u32::try_from(took.as_micros()).unwrap_or(u32::MAX)) / 1_000.0,
            token = self.pass.as_ref().map(|pass| pass.who.name()),
            whole = self.whole,
        );
    }
}

/// Who asks: our peer, or whom the proxy in front of us names.
fn client(watch: &Watch, request: &Request) -> Option<IpAddr> {
    let said = if watch.proxied { forwarded(request.headers()) } else { None };
    said.or_else(|| request.extensions().get().map(|ConnectInfo::<SocketAddr>(peer)| peer.ip()))
}

/// The name of a method that we know. Anything else may be anything, a token too.
fn known(method: &Method) -> &'static str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
    ];
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    known.iter().zip(names).find(|(known, _)| *known == method).map_or("other", |(_, name)| name)
}

/// A body on its way.
struct Watched {
    body: Body,
    seen: Seen,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.seen.pass.as_ref().is_some_and(|pass| pass.deadline < Instant::now()) {
            return Poll::Ready(Some(Err(axum::Error::new(std::io::Error::from(
                std::io::ErrorKind::TimedOut,
            )))));
        }
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.seen.octets += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.seen.whole = self.body.is_end_stream();
            }
            Poll::Ready(None) => self.seen.whole = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! Counts every request, and writes it to the access log when the last byte of its response was sent.
//!
//! The log is an event of `tracing` (target `access`): client, method, route, status, bytes, milliseconds, name of the token,
//! and whether the response was sent completely. The route is a pattern without the queried value; the address itself is only
//! logged if that is configured, and never if it contains a token. Headers and bodies are never logged.
//!
//! The body of the response holds the [`Pass`] while it is sent, and ends with an error if it takes too long.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use std::sync::{Arc, OnceLock};

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::header::{
    CONNECTION, REFERRER_POLICY, RETRY_AFTER, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::gate::{Pass, Peer, has_stray_token};
use crate::metrics::{Interface, Metrics};
use crate::paced::Slow;
use crate::problem::Problem;
use crate::proxy::forwarded;

/// What is counted and logged.
#[derive(Clone)]
pub struct Watch {
    /// Where requests are counted.
    pub metrics: Metrics,
    /// Whether addresses are logged, including queried values.
    pub addresses: bool,
    /// Whether a proxy is in front, which names the client.
    pub proxied: bool,
}

/// One request, until its response is sent.
struct Seen {
    metrics: Metrics,
    began: Instant,
    client: Option<IpAddr>,
    method: &'static str,
    route: Route,
    address: Option<String>,
    status: StatusCode,
    octets: u64,
    whole: bool,
    pass: Option<Pass>,
}

/// The route of a request, set by the router for whoever counts the request: the router is inside, and tells nobody else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route(Arc<OnceLock<MatchedPath>>);

impl Route {
    /// Notes the route of a request.
    pub(crate) fn note(request: &Request) {
        let extensions = request.extensions();
        if let (Some(route), Some(path)) = (extensions.get::<Self>(), extensions.get::<MatchedPath>()) {
            // It is set once.
            let _ = route.0.set(path.clone());
        }
    }
}

impl Watch {
    /// Watches a request that `next` responds to.
    pub(crate) async fn run(
        &self,
        mut request: Request,
        next: impl AsyncFnOnce(Request) -> Response,
    ) -> Response {
        let seen = Seen::of(self, &request);
        if let Some(client) = seen.client {
            request.extensions_mut().insert(Peer(client.to_canonical()));
        }
        request.extensions_mut().insert(seen.route.clone());
        let response = answer(request, next).await;
        seen.watch(response)
    }
}

impl Seen {
    /// Holds on to the request until the body of its response is sent.
    fn watch(mut self, mut response: Response) -> Response {
        self.status = response.status();
        // Moved into the body, so that it is dropped together with it.
        self.pass = response.extensions_mut().remove();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        let headers = response.headers_mut();
        // Browsers must not guess another content type, and other sites must not learn our addresses.
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.entry(REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
        response.map(|body| {
            self.whole = body.is_end_stream();
            Body::new(Watched { body, seen: self })
        })
    }
}

/// The response: an unsupported transfer coding, or a body that was too slow, takes precedence over the response of the route.
async fn answer(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    if !is_decoded(request.headers()) {
        let detail = "unsupported Transfer-Encoding: only chunked is allowed";
        return ([(CONNECTION, "close")], Problem::bad_request(detail)).into_response();
    }
    let slow = request.extensions().get::<Slow>().cloned();
    let response = next(request).await;
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

/// Counts and logs a request whose head was refused: only the client and the status are known.
pub(crate) fn tell_refused(metrics: &Metrics, client: IpAddr, status: StatusCode) {
    drop(Seen {
        metrics: metrics.clone(),
        began: Instant::now(),
        client: Some(client),
        method: "-",
        route: Route::default(),
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
            route: Route::default(),
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
        let route = self.route.0.get().map(MatchedPath::as_str);
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

/// The client: the peer, or the address that the proxy in front names.
fn client(watch: &Watch, request: &Request) -> Option<IpAddr> {
    let said = if watch.proxied { forwarded(request.headers()) } else { None };
    said.or_else(|| request.extensions().get().map(|ConnectInfo::<SocketAddr>(peer)| peer.ip()))
}

/// The name of a known method. Any other text could be anything, even a token.
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

/// A body that is being sent.
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

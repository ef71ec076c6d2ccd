//! Connections: accepted within bounds, with TLS or without, served by hyper, and ended.
//!
//! [`serve`] never gives up accepting: an error there is waited out. A client that sends its head (`heads`) or a body (`paced`)
//! too slowly is told so, as is one whose `head` is none; one that takes nothing of its answer for too long (`idle`), or that
//! comes when there are as many as there may be, loses its connection and nobody else's.

mod head;
mod heads;
mod idle;
mod paced;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Response};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service as _;

use self::heads::{Heads, Talk};
use self::idle::Idle;
pub use self::paced::Slow;
use self::paced::{Paced, Told};
pub use self::tls::{Tls, TlsError};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::problem::Problem;

/// How long requests that have begun may take after we were told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a client that is sent away may take to hear it.
const PARTING: Duration = Duration::from_secs(2);
/// How much of what it still sends is read, in bytes.
const MOST_THROWN_AWAY: u64 = 64 * 1024;
/// How long to wait when nothing can be accepted, for want of file descriptors most likely.
const PAUSE: Duration = Duration::from_millis(200);
/// The most octets of an answer that wait for the socket; no less than a head may have.
const BUFFER: usize = head::OCTETS;
/// What is said to a connection too many, before it is closed.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nx-content-type-options: nosniff\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What every connection needs.
#[derive(Clone)]
pub struct Serving {
    /// What answers the requests.
    pub router: Router,
    /// The limits of connections and requests.
    pub limits: Limits,
    /// TLS, if this server terminates it.
    pub tls: Option<Arc<Tls>>,
    /// Where connections are counted.
    pub metrics: Metrics,
}

/// Serves until `stop` is ready; then takes no new connection, and waits for requests that have begun, or 10 seconds.
pub async fn serve(listener: TcpListener, serving: Serving, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(serving.limits.connections));
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            serving.metrics.turned_away();
            // What does not fit into the socket's buffer is not said; TLS would have to be spoken first.
            if serving.tls.is_none() {
                drop(stream.try_write(FULL));
            }
            continue;
        };
        tokio::spawn(connection(stream, peer, serving.clone(), graceful.watcher(), place));
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => {}
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // That client's trouble, not ours.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    serving: Serving,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    let _open = serving.metrics.open_connection();
    // Answers are written in one piece: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = serving.tls.clone() else { return serve_one(stream, peer, serving, watcher).await };
    let begun = async {
        let mut first = [0];
        let seen = stream.peek(&mut first).await;
        // A method of HTTP begins with a capital letter, a handshake of TLS never.
        if seen.is_ok_and(|seen| seen > 0) && first.iter().all(u8::is_ascii_uppercase) {
            return Err(stream);
        }
        Ok(tls.acceptor().accept(stream).await)
    };
    match tokio::time::timeout(serving.limits.head, begun).await {
        Ok(Ok(Ok(stream))) => serve_one(stream, peer, serving, watcher).await,
        Ok(Err(stream)) => drop(tokio::time::timeout(PARTING, refuse_plain(stream)).await),
        // Who cannot speak TLS is not spoken to.
        Ok(Ok(Err(_))) | Err(_) => {}
    }
}

/// Tells who speaks plain HTTP to a port of TLS so.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    let text = "this port speaks TLS: use https:// and leave Use HTTP off\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    // What it still sends is thrown away, or it would lose the answer with it.
    tokio::io::copy(&mut stream.take(MOST_THROWN_AWAY), &mut tokio::io::sink()).await.map(drop)
}

async fn serve_one<S>(stream: S, peer: SocketAddr, serving: Serving, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits { head, idle, .. } = serving.limits;
    let talk = Talk::default();
    let stream = TokioIo::new(Heads::new(Idle::new(stream, idle), talk.clone(), head));
    let router = serving.router;
    let service = service_fn(move |request| answer(router.clone(), peer, idle, talk.clone(), request));
    let mut http = http1::Builder::new();
    // The stream ends heads that take too long; this is for a mistake there.
    http.timer(TokioTimer::new()).header_read_timeout(head.saturating_mul(4)).max_buf_size(BUFFER);
    // An error ends this connection; whoever is at its other end knows.
    drop(watcher.watch(http.serve_connection(stream, service)).await);
}

/// A request that stands for a head that was refused; among its extensions.
#[derive(Clone)]
pub struct Refused(pub(crate) Problem);

async fn answer(
    mut router: Router,
    peer: SocketAddr,
    idle: Duration,
    talk: Talk,
    request: Request<Incoming>,
) -> Result<Response<Told>, Infallible> {
    let refused = talk.begun().map(Refused);
    let chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let slow = Slow::default();
    let mut request = request.map(|body| {
        if body.is_end_stream() { Body::empty() } else { Body::new(Paced::new(body, slow.clone(), idle)) }
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(slow);
    refused.map(|refused| request.extensions_mut().insert(refused));
    let mut response = router.call(request).await?;
    if chunked {
        // The stream does not know where the next head would begin.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| Told::new(body, talk)))
}

//! Connections: accepted within limits, with or without TLS, served by hyper, and closed.
//!
//! [`serve`] never stops accepting: after an error it waits and tries again. Only hyper parses request heads, so there is only
//! one interpretation of where a request ends. A head that hyper refuses gets a bare status without problem details (400, or
//! 431 if it is too large), and one that arrives too slowly gets 408; both end the connection, and are counted and logged like
//! responses. A connection without a request is closed silently. A slow body (`paced`), a slow reader of a response (`idle`) or
//! a connection over the limit only affects that connection.

mod idle;
mod tls;
mod workers;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Response, StatusCode};
use hyper::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1::{self, Parts};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::idle::Idle;
pub use self::tls::{Tls, TlsError};
pub use self::workers::Workers;
use crate::front::Front;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::paced::{Paced, Slow};
use crate::watch::tell_refused;

/// How long running requests may take after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a refused client may take to receive the reason.
const PARTING: Duration = Duration::from_secs(2);
/// How much of what such a client still sends is read, in bytes.
const MOST_THROWN_AWAY: u64 = 1 << 20;
/// How long to wait after an error of accepting, which is usually a lack of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);
/// The largest request head in bytes: a name of 1,020 bytes and a cursor of 1,243 fit several times. hyper limits the number of
/// headers to 100.
const MAX_HEAD: usize = 32 * 1024;
/// The most bytes of a response that wait for the socket; hyper uses the same limit for reading, which must not be below that
/// of a head.
const BUFFER: usize = MAX_HEAD;
/// The response to a connection over the limit, before it is closed.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nx-content-type-options: nosniff\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The state that every connection needs.
#[derive(Clone)]
pub struct Serving {
    /// Answers the requests.
    pub front: Arc<Front>,
    /// The limits of connections and requests.
    pub limits: Limits,
    /// TLS, if this server terminates it.
    pub tls: Option<Arc<Tls>>,
    /// Counts connections.
    pub metrics: Metrics,
    /// The threads that serve the connections.
    pub workers: Workers,
}

/// Serves until `stop` is ready; then accepts no more connections, and waits up to 10 seconds for running requests.
pub async fn serve(listener: TcpListener, serving: Serving, stop: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(serving.limits.connections));
    let (ending, ended) = watch::channel(false);
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut stop => break,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            serving.metrics.turned_away();
            // Whatever does not fit into the socket's buffer is dropped. With TLS, a handshake would be needed first.
            if serving.tls.is_none() {
                drop(stream.try_write(FULL));
            }
            continue;
        };
        let (own, ended) = (serving.clone(), ended.clone());
        serving.workers.serve(stream, move |stream| connection(stream, peer, own, ended, place));
    }
    drop((listener, ended));
    ending.send_replace(true);
    tokio::select! {
        () = ending.closed() => {}
        () = tokio::time::sleep(DRAIN) => {}
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The client closed the connection; this is not an error of the server.
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
    ended: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
) {
    let _open = serving.metrics.open_connection();
    // Responses are written in one piece, so waiting for more data would only delay them.
    let _ = stream.set_nodelay(true);
    let Some(tls) = serving.tls.clone() else { return serve_one(stream, peer, serving, ended).await };
    let begun = async {
        let mut first = [0];
        let seen = stream.peek(&mut first).await;
        // The method of an HTTP request begins with a capital letter, a TLS handshake never does.
        if seen.is_ok_and(|seen| seen > 0) && first.iter().all(u8::is_ascii_uppercase) {
            return Err(stream);
        }
        Ok(tls.acceptor().accept(stream).await)
    };
    match tokio::time::timeout(serving.limits.head, begun).await {
        Ok(Ok(Ok(stream))) => serve_one(stream, peer, serving, ended).await,
        Ok(Err(stream)) => drop(tokio::time::timeout(PARTING, refuse_plain(stream)).await),
        // A client that cannot speak TLS gets no response.
        Ok(Ok(Err(_))) | Err(_) => {}
    }
}

/// Tells a client that sends plain HTTP to a TLS port to use HTTPS.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    let text = "this port speaks TLS: use https:// and leave Use HTTP off\n";
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{text}",
        text.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    part(stream).await
}

/// Closes a connection after its last response is written. What the client still sends is read and dropped; otherwise its
/// system would report a reset and discard the response.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(MOST_THROWN_AWAY), &mut tokio::io::sink()).await.map(drop)
}

async fn serve_one<S>(stream: S, peer: SocketAddr, serving: Serving, mut ended: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Limits { head, idle, .. } = serving.limits;
    let front = serving.front;
    let service = service_fn(move |request| answer(Arc::clone(&front), peer, idle, request));
    let mut http = http1::Builder::new();
    // The time for a head starts when the previous answer is flushed, so it also ends connections without a request.
    http.timer(TokioTimer::new()).header_read_timeout(head);
    http.max_header_size(MAX_HEAD).max_buf_size(BUFFER);
    let mut connection = http.serve_connection(TokioIo::new(Idle::new(stream, idle)), service);
    let served = tokio::select! {
        biased;
        served = &mut connection => Some(served),
        _ = ended.changed() => None,
    };
    let Some(served) = served else {
        Pin::new(&mut connection).graceful_shutdown();
        return drop(connection.await);
    };
    let Parts { io, read_buf, .. } = connection.into_parts();
    let stream = io.into_inner();
    let Err(error) = served else { return drop(tokio::time::timeout(PARTING, part(stream)).await) };
    if let Some(status) = refusal(&error, &read_buf) {
        tell_refused(&serving.metrics, peer.ip(), status);
        drop(tokio::time::timeout(PARTING, refuse(stream, status, &error)).await);
    }
}

/// The status for a client whose request head is invalid or incomplete, given the bytes that arrived. Any other error closes a
/// connection whose client is gone or was idle.
fn refusal(error: &hyper::Error, unread: &[u8]) -> Option<StatusCode> {
    if error.is_parse_too_large() {
        Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
    } else if error.is_parse() {
        Some(StatusCode::BAD_REQUEST)
    } else if error.is_timeout() && !unread.trim_ascii().is_empty() {
        Some(StatusCode::REQUEST_TIMEOUT)
    } else {
        None
    }
}

/// Writes the status of a refused head, unless hyper has written it, and ends the connection.
async fn refuse<S>(mut stream: S, status: StatusCode, error: &hyper::Error) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // hyper answers neither a timeout nor a client that speaks HTTP/2.
    if error.is_timeout() || error.is_parse_version_h2() {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
    }
    part(stream).await
}

async fn answer(
    front: Arc<Front>,
    peer: SocketAddr,
    idle: Duration,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let slow = Slow::default();
    let mut request = request.map(|body| {
        if body.is_end_stream() { Body::empty() } else { Body::new(Paced::new(body, slow.clone(), idle)) }
    });
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(slow);
    Ok(front.respond(request).await)
}

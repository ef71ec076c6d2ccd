//! Opens byte streams: over TCP, or in memory for tests.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::error::{ClientError, TlsFault};
use crate::progress::{Progress, Stage};

/// A bidirectional byte stream.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A stream being opened.
pub type Dialled<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Io>, DialError>> + Send + 'a>>;

/// Opens byte streams to hosts.
pub trait Dial: fmt::Debug + Send + Sync + 'static {
    /// Opens a stream to `host`, a name or an address without brackets.
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialled<'a>;
}

/// Why no stream could be opened.
#[derive(Debug)]
pub enum DialError {
    /// The name does not resolve.
    Resolve(io::Error),
    /// None of its addresses accepted the connection; the error of the last one.
    Connect(io::Error),
}

/// Dials over TCP, and tries every address that the system's resolver returns for the host, in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

/// An address that has not answered for this long does not delay the next one any more (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

impl Dial for Tcp {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialled<'a> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, port)).await.map_err(DialError::Resolve)?;
            let stream = first_to_connect(addresses, TcpStream::connect).await?;
            stream.set_nodelay(true).map_err(DialError::Connect)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}

/// The first stream that is established. Addresses are tried one after the other, each with a head start.
async fn first_to_connect<T, F>(
    addresses: impl Iterator<Item = SocketAddr>,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<T, DialError>
where
    F: Future<Output = io::Result<T>>,
{
    let mut last = DialError::Resolve(io::Error::new(io::ErrorKind::NotFound, "no address"));
    let mut addresses = addresses.peekable();
    let mut racing = FuturesUnordered::new();
    loop {
        racing.extend(addresses.next().map(&connect));
        let more = addresses.peek().is_some();
        tokio::select! {
            result = racing.next() => match result {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => last = DialError::Connect(error),
                None => return Err(last),
            },
            () = tokio::time::sleep(HEAD_START), if more => {}
        }
    }
}

/// `host:port` in the form of URLs.
pub fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// A stream in the form that the HTTP client requires.
pub(crate) struct Stream {
    io: Box<dyn Io>,
    /// Whether an HTTP proxy is at the other end, which requires complete URLs.
    proxied: bool,
    /// The host of plain HTTP, until its first bytes have arrived.
    plain: Option<String>,
    progress: Progress,
    /// Whether the first bytes have arrived.
    heard: bool,
}

impl Stream {
    /// A stream to the service itself, over TLS.
    pub(crate) fn new(io: Box<dyn Io>, progress: Progress) -> Self {
        Self { io, proxied: false, plain: None, progress, heard: false }
    }

    /// The same for plain HTTP, to a proxy or directly to the host `plain`.
    pub(crate) fn in_clear(self, proxied: bool, plain: Option<String>) -> Self {
        Self { proxied, plain, ..self }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied).extra(self.progress.clone())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        let first = buf.filled().get(before..).unwrap_or_default();
        if !first.is_empty() && !self.heard {
            self.heard = true;
            self.progress.reach(Stage::Heard);
        }
        if !first.is_empty()
            && let Some(host) = self.plain.take()
            && matches!(first, [20..=24] | [20..=24, 3, ..])
        {
            // A TLS record, most likely an alert: no HTTP answer begins with these bytes.
            let fault = ClientError::Tls { host, fault: TlsFault::NotPlain };
            return Poll::Ready(Err(io::Error::other(fault)));
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    /// Connects to 192.0.2.n after n seconds; never if n is above 100; refused at once if n is 0.
    async fn connect(address: SocketAddr) -> io::Result<u64> {
        let SocketAddr::V4(address) = address else { return Err(io::ErrorKind::NetworkUnreachable.into()) };
        match u64::from(address.ip().octets()[3]) {
            0 => Err(io::ErrorKind::ConnectionRefused.into()),
            n if n > 100 => std::future::pending().await,
            n => {
                tokio::time::sleep(Duration::from_secs(n)).await;
                Ok(n)
            }
        }
    }

    async fn first(hosts: &[u8]) -> (Result<u64, String>, u128) {
        let start = Instant::now();
        let addresses = hosts.iter().map(|n| SocketAddr::from(([192, 0, 2, *n], 443)));
        let first = first_to_connect(addresses, connect).await;
        (first.map_err(|error| format!("{error:?}")), start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_does_not_answer_does_not_keep_the_next_one_waiting() {
        assert_eq!(first(&[1]).await, (Ok(1), 1000));
        assert_eq!(first(&[101, 102, 1]).await, (Ok(1), 1500));
        assert_eq!(first(&[5, 1]).await, (Ok(1), 1250), "the second is faster even so");
        assert_eq!(first(&[0, 0, 1]).await, (Ok(1), 1000), "a refusal is no reason to wait");
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_refusal_is_told() {
        assert_eq!(first(&[0, 0]).await, (Err("Connect(Kind(ConnectionRefused))".to_owned()), 0));
        let (error, _) = first(&[]).await;
        assert!(error.unwrap_err().starts_with("Resolve"));
    }
}

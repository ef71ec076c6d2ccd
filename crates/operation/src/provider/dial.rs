//! Opening byte streams: by TCP for real, in memory for tests.

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A byte stream both ways.
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
    /// No address of it took the connection; the last one's error.
    Connect(io::Error),
}

/// Dials by TCP, trying every address that the system's resolver gives for the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Dial for Tcp {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialled<'a> {
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, port)).await.map_err(DialError::Resolve)?;
            let mut last = DialError::Resolve(io::Error::new(io::ErrorKind::NotFound, "no address"));
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        stream.set_nodelay(true).map_err(DialError::Connect)?;
                        return Ok(Box::new(stream) as Box<dyn Io>);
                    }
                    Err(error) => last = DialError::Connect(error),
                }
            }
            Err(last)
        })
    }
}

/// A stream in the shape that the HTTP client takes.
pub(super) struct Stream {
    pub(super) io: Box<dyn Io>,
    /// Whether an HTTP proxy stands at the other end, which wants whole URLs.
    pub(super) proxied: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
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

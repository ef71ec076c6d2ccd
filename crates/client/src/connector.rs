//! The connection to the service: dial, through the proxy if there is one, then TLS, all within one timeout.
//!
//! A [`Connector`] connects for the pool, and reports through `progress` how far it got. Every failure is a [`ClientError`].

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use crate::dial::{Dial, DialError, Io, Stream, authority};
use crate::error::{ClientError, TlsFault, printable};
use crate::login::without;
use crate::progress::{Progress, Stage, TRAIL};
use crate::proxy::{Proxy, takes_basic};
use crate::tls;

/// The longest answer of a proxy to CONNECT, in bytes.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// Connects for the HTTP client's pool.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) dial: Arc<dyn Dial>,
    /// The TLS settings; `None` for plain HTTP.
    pub(crate) tls: Option<Arc<rustls::ClientConfig>>,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) timeout: Duration,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ClientError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    /// The URI is ignored: a connector always connects to the host it was created for.
    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        let progress = Progress::default();
        // The trail is only missing if a pool connects before there is a request.
        let _ = TRAIL.try_with(|trail| trail.follow(progress.clone()));
        Box::pin(async move {
            tokio::time::timeout(connector.timeout, connector.connect(&progress))
                .await
                .unwrap_or_else(|_| Err(connector.late(progress.stage(), connector.timeout)))
                .map(TokioIo::new)
        })
    }
}

impl Connector {
    /// The error for a connection that got no further than this stage in time; it names the party that did not answer.
    pub(crate) fn late(&self, stage: Stage, after: Duration) -> ClientError {
        let seconds = after.as_secs();
        match (&self.proxy, stage) {
            (Some(proxy), Stage::Nowhere) => proxy.failed(format!("no connection to it within {seconds} s")),
            (Some(proxy), Stage::Dialled) => proxy.failed(format!(
                "it accepted the connection, but did not open the tunnel within {seconds} s"
            )),
            (None, Stage::Dialled) | (_, Stage::Tunnelled) if self.tls.is_some() => {
                self.tls_failed(TlsFault::Silent(after))
            }
            _ => ClientError::ConnectTimeout { host: self.host.clone(), port: self.port, after },
        }
    }

    /// A TLS error of the service. If the proxy may have caused it, the proxy is named too.
    fn tls_failed(&self, fault: TlsFault) -> ClientError {
        let may_be_proxys = matches!(
            fault,
            TlsFault::Broken
                | TlsFault::Closed
                | TlsFault::Cut
                | TlsFault::NotTls(_)
                | TlsFault::PlainHttp(_)
                | TlsFault::Silent(_)
        );
        let error = ClientError::Tls { host: self.host.clone(), fault };
        match self.proxy.as_ref().filter(|_| may_be_proxys) {
            Some(proxy) => ClientError::Proxied {
                error: Box::new(error),
                words: format!("the connection goes through the proxy {proxy}"),
            },
            None => error,
        }
    }

    fn first_hop(&self) -> (&str, u16) {
        match &self.proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (&self.host, self.port),
        }
    }

    async fn connect(&self, progress: &Progress) -> Result<Stream, ClientError> {
        let (host, port) = self.first_hop();
        let io = self.dial.dial(host, port).await.map_err(|error| match (error, &self.proxy) {
            (DialError::Resolve(error), Some(proxy)) => {
                proxy.failed(format!("its name cannot be resolved: {}", reason(&error)))
            }
            (DialError::Connect(error), Some(proxy)) => proxy.failed(reason(&error)),
            (error, None) => self.no_way(error),
        })?;
        progress.reach(Stage::Dialled);
        let stream = self.speak(io, progress).await?;
        progress.reach(Stage::Open);
        Ok(stream)
    }

    /// Why the service itself cannot be reached.
    fn no_way(&self, error: DialError) -> ClientError {
        let (host, port) = (self.host.clone(), self.port);
        match error {
            DialError::Resolve(error) => ClientError::NameNotFound { host, reason: reason(&error) },
            DialError::Connect(error) => ClientError::Connect { host, port, reason: reason(&error) },
        }
    }

    async fn speak(&self, io: Box<dyn Io>, progress: &Progress) -> Result<Stream, ClientError> {
        let Some(tls) = &self.tls else {
            // With a proxy, the answer comes from the proxy.
            let plain = self.proxy.is_none().then(|| self.host.clone());
            return Ok(Stream::new(io, progress.clone()).in_clear(self.proxy.is_some(), plain));
        };
        let io = match &self.proxy {
            Some(proxy) => {
                let io = self.tunnel(proxy, io).await?;
                progress.reach(Stage::Tunnelled);
                io
            }
            None => io,
        };
        Ok(Stream::new(self.handshake(tls, io).await?, progress.clone()))
    }

    /// Asks the proxy to open a tunnel (RFC 9110 section 9.3.6).
    async fn tunnel(&self, proxy: &Proxy, mut io: Box<dyn Io>) -> Result<Box<dyn Io>, ClientError> {
        let broken = |error: std::io::Error| {
            proxy.failed(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    "it closed the connection without an answer; it may not be an HTTP proxy".to_owned()
                }
                _ => reason(&error),
            })
        };
        let target = authority(&self.host, self.port);
        let login =
            proxy.login.as_ref().map(|login| [b"Proxy-Authorization: ", login.as_bytes(), b"\r\n"].concat());
        let request = [
            format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes(),
            login.unwrap_or_default(),
            b"\r\n".to_vec(),
        ]
        .concat();
        io.write_all(&request).await.map_err(broken)?;
        let mut answer = Vec::new();
        // One byte at a time, because what follows the blank line belongs to TLS.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() > MAX_PROXY_ANSWER {
                return Err(proxy.failed("the head of its answer is too long or incomplete".to_owned()));
            }
            answer.push(io.read_u8().await.map_err(broken)?);
            if !b"HTTP/1.".starts_with(answer.get(..7).unwrap_or(&answer)) {
                let tls = matches!(answer.first(), Some(20..=24));
                let what = if tls {
                    "it speaks TLS; TLS to a proxy is not supported"
                } else {
                    "it does not speak HTTP"
                };
                return Err(proxy.failed(what.to_owned()));
            }
        }
        let status = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        if status.starts_with(b"HTTP/1.") && status.get(9..11) == Some(b"20") {
            return Ok(io);
        }
        if status.get(9..12) == Some(b"407") {
            return Err(proxy.wants_login(takes_basic(challenges(&answer))));
        }
        let said = without(String::from_utf8_lossy(status).into_owned(), [proxy.login.as_ref()]);
        Err(proxy.failed(format!("it refuses a tunnel to {target}: {}", printable(said.as_bytes(), 100))))
    }

    async fn handshake(
        &self,
        tls: &Arc<rustls::ClientConfig>,
        io: Box<dyn Io>,
    ) -> Result<Box<dyn Io>, ClientError> {
        let failed = |fault| self.tls_failed(fault);
        let name = ServerName::try_from(self.host.clone()).map_err(|_| {
            failed(TlsFault::Certificate("no certificate can be issued for this host name".to_owned()))
        })?;
        let (io, first) = tls::Listening::new(io);
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, io).await;
        stream.map(|stream| Box::new(stream) as Box<dyn Io>).map_err(|error| {
            failed(tls::fault(&error, &first.lock().unwrap_or_else(PoisonError::into_inner)))
        })
    }
}

/// The authentication schemes that a proxy's refusal offers.
fn challenges(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(at);
        name.eq_ignore_ascii_case(b"proxy-authenticate")
            .then(|| value.trim_ascii().get(1..).unwrap_or_default())
    })
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => printable(error.to_string().as_bytes(), 200),
    }
}

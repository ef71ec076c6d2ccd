//! The way to the provider: dial, through the proxy where there is one, then TLS. All within one timeout.
//!
//! [`Stage`] says how far the newest connection got, so that a time-out and a check name the party that was waited for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::dial::{Dial, DialError, Io, Stream};
use super::error::{ProviderError, TlsFault, printable};
use super::login::without;
use super::proxy::{Proxy, takes_basic};
use super::tls;

/// The most octets of a proxy's answer to CONNECT.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// How far a connection got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nobody has taken the connection.
    #[default]
    Nowhere,
    /// The provider or its proxy has taken the TCP connection.
    Dialled,
    /// The proxy has opened the way.
    Tunnelled,
    /// HTTP can be spoken: the TLS handshake is complete, or TLS is not used.
    Open,
    /// The first bytes have come.
    Heard,
}

/// Connects for the HTTP client's pool.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) dial: Arc<dyn Dial>,
    /// The TLS settings; none for plain HTTP.
    pub(super) tls: Option<Arc<rustls::ClientConfig>>,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) proxy: Option<Proxy>,
    pub(super) timeout: Duration,
    /// How far the newest connection got; shared by all clones.
    pub(super) stage: Arc<Mutex<Stage>>,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = ProviderError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ProviderError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProviderError>> {
        Poll::Ready(Ok(()))
    }

    /// The URI is not looked at: a connector leads to the one host it was made for.
    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            tokio::time::timeout(connector.timeout, connector.connect())
                .await
                .unwrap_or_else(|_| Err(connector.late(connector.timeout)))
                .map(TokioIo::new)
        })
    }
}

impl Connector {
    /// How far the newest connection got.
    pub(super) fn stage(&self) -> Stage {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reach(&self, stage: Stage) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// What it means that the newest connection was not ready after so long: it names the party that was waited for.
    pub(super) fn late(&self, after: Duration) -> ProviderError {
        let seconds = after.as_secs();
        match (&self.proxy, self.stage()) {
            (Some(proxy), Stage::Nowhere) => proxy.failed(format!("no connection to it within {seconds} s")),
            (Some(proxy), Stage::Dialled) => {
                proxy.failed(format!("it took the connection, but did not open the way within {seconds} s"))
            }
            (None, Stage::Dialled) | (_, Stage::Tunnelled) if self.tls.is_some() => {
                self.tls_failed(TlsFault::Silent(after))
            }
            _ => ProviderError::ConnectTimeout { host: self.host.clone(), port: self.port, after },
        }
    }

    /// A fault of TLS with the provider. Where something other than TLS may come from the proxy, the proxy is named too.
    fn tls_failed(&self, fault: TlsFault) -> ProviderError {
        let may_be_proxys = matches!(
            fault,
            TlsFault::Broken
                | TlsFault::Closed
                | TlsFault::Cut
                | TlsFault::NotTls(_)
                | TlsFault::PlainHttp(_)
                | TlsFault::Silent(_)
        );
        let error = ProviderError::Tls { host: self.host.clone(), fault };
        match self.proxy.as_ref().filter(|_| may_be_proxys) {
            Some(proxy) => ProviderError::Said {
                error: Box::new(error),
                words: format!("the way there leads through the proxy {proxy}"),
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

    async fn connect(&self) -> Result<Stream, ProviderError> {
        self.reach(Stage::Nowhere);
        let (host, port) = self.first_hop();
        let io = self.dial.dial(host, port).await.map_err(|error| match (error, &self.proxy) {
            (DialError::Resolve(error), Some(proxy)) => {
                proxy.failed(format!("its name cannot be resolved: {}", reason(&error)))
            }
            (DialError::Connect(error), Some(proxy)) => proxy.failed(reason(&error)),
            (error, None) => self.no_way(error),
        })?;
        self.reach(Stage::Dialled);
        let stream = self.speak(io).await?;
        self.reach(Stage::Open);
        Ok(stream)
    }

    /// Why the provider itself cannot be reached.
    fn no_way(&self, error: DialError) -> ProviderError {
        let (host, port) = (self.host.clone(), self.port);
        match error {
            DialError::Resolve(error) => ProviderError::NameNotFound { host, reason: reason(&error) },
            DialError::Connect(error) => ProviderError::Connect { host, port, reason: reason(&error) },
        }
    }

    async fn speak(&self, io: Box<dyn Io>) -> Result<Stream, ProviderError> {
        match &self.tls {
            None => {
                // What a proxy answers is the proxy's matter.
                let plain = self.proxy.is_none().then(|| self.host.clone());
                Ok(Stream {
                    io,
                    proxied: self.proxy.is_some(),
                    plain,
                    unheard: Some(Arc::clone(&self.stage)),
                })
            }
            Some(tls) => {
                let io = match &self.proxy {
                    Some(proxy) => {
                        let io = self.tunnel(proxy, io).await?;
                        self.reach(Stage::Tunnelled);
                        io
                    }
                    None => io,
                };
                Ok(Stream {
                    io: self.handshake(tls, io).await?,
                    proxied: false,
                    plain: None,
                    unheard: Some(Arc::clone(&self.stage)),
                })
            }
        }
    }

    /// Asks the proxy for a way through (RFC 9110 section 9.3.6).
    async fn tunnel(&self, proxy: &Proxy, mut io: Box<dyn Io>) -> Result<Box<dyn Io>, ProviderError> {
        let broken = |error: std::io::Error| {
            proxy.failed(match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    "it closed the connection without an answer; it may be no HTTP proxy".to_owned()
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
        // One octet at a time: what follows the blank line belongs to TLS.
        while !answer.ends_with(b"\r\n\r\n") {
            if answer.len() > MAX_PROXY_ANSWER {
                return Err(proxy.failed("its answer does not end".to_owned()));
            }
            answer.push(io.read_u8().await.map_err(broken)?);
            if !b"HTTP/1.".starts_with(answer.get(..7).unwrap_or(&answer)) {
                let tls = matches!(answer.first(), Some(20..=24));
                let what = if tls {
                    "it speaks TLS, which is not supported to a proxy"
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
        Err(proxy.failed(format!("it opens no way to {target}: {}", printable(said.as_bytes(), 100))))
    }

    async fn handshake(
        &self,
        tls: &Arc<rustls::ClientConfig>,
        io: Box<dyn Io>,
    ) -> Result<Box<dyn Io>, ProviderError> {
        let failed = |fault| self.tls_failed(fault);
        let name = ServerName::try_from(self.host.clone()).map_err(|_| {
            failed(TlsFault::Certificate("no certificate can be for a host of this name".to_owned()))
        })?;
        let (io, first) = tls::Listening::new(io);
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, io).await;
        stream.map(|stream| Box::new(stream) as Box<dyn Io>).map_err(|error| {
            failed(tls::fault(&error, &first.lock().unwrap_or_else(PoisonError::into_inner)))
        })
    }
}

/// The logins that a proxy's refusal asks for.
fn challenges(answer: &[u8]) -> impl Iterator<Item = &[u8]> {
    answer.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(at);
        name.eq_ignore_ascii_case(b"proxy-authenticate")
            .then(|| value.trim_ascii().get(1..).unwrap_or_default())
    })
}

/// `host:port` as a URL has it.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        _ => printable(error.to_string().as_bytes(), 200),
    }
}

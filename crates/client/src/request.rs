//! One request to one service, up to the headers of its answer.
//!
//! A [`Client`] has a pool of connections to its [`Target`]. A [`ClientError`] states what failed, and which party caused it.

use std::error::Error as _;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::PROXY_AUTHORIZATION;
use hyper::http::Extensions;
use hyper::{Request, Response};
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::TokioExecutor;
use tokio::time::Instant;

use crate::connector::Connector;
use crate::dial::Dial;
use crate::error::{ClientError, printable};
use crate::limits::{Deadline, Limits};
use crate::progress::{Progress, Stage, TRAIL, Trail};
use crate::proxy::Proxy;
use crate::tls::{self, Tls};

/// The destination of requests.
#[derive(Clone, Debug)]
pub struct Target {
    /// A name or an address without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The TLS settings; `None` for plain HTTP.
    pub tls: Option<Tls>,
    /// The proxy to use.
    pub proxy: Option<Proxy>,
}

/// Sends requests to one target through a pool of connections.
pub struct Client {
    connector: Connector,
    pool: Pool<Connector, Full<Bytes>>,
    limits: Limits,
}

impl Client {
    /// A client whose connections are opened by `dial`. It reads the files of certificates, so it must not be called on threads that must not
    /// block.
    ///
    /// # Errors
    /// [`ClientError::Tls`] if one of these files cannot be used.
    pub fn new(target: Target, limits: Limits, dial: Arc<dyn Dial>) -> Result<Self, ClientError> {
        let Target { host, port, tls, proxy } = target;
        let tls = match tls.as_ref().map(tls::client_config).transpose() {
            Ok(tls) => tls.map(Arc::new),
            Err(fault) => return Err(ClientError::Tls { host, fault }),
        };
        let connector = Connector { dial, tls, host, port, proxy, timeout: limits.connect };
        let pool = Pool::builder(TokioExecutor::new()).build(connector.clone());
        Ok(Self { connector, pool, limits })
    }

    /// Sends a request without a body, as [`Self::send_body`] does.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn send(
        &self,
        request: Request<()>,
        deadline: Deadline,
        trail: &Trail,
    ) -> Result<Response<Incoming>, ClientError> {
        self.send_body(request.map(|()| Bytes::new()), deadline, trail).await
    }

    /// Sends a request and waits for the headers of its answer; connecting has its own time limit, and sending the body counts
    /// as waiting for the headers. The proxy's login is added if the proxy reads the request. `trail` follows the connection.
    ///
    /// # Errors
    /// [`ClientError`] if no headers arrived in time or at all. It only names the proxy as the cause of the proxy's own errors;
    /// see [`Self::unanswered`] for the others.
    pub async fn send_body(
        &self,
        request: Request<Bytes>,
        deadline: Deadline,
        trail: &Trail,
    ) -> Result<Response<Incoming>, ClientError> {
        let limits = &self.limits;
        let mut request = request.map(Full::new);
        // Through a tunnel, the proxy already has its login, and the service must not see it.
        if let Some(login) = self.reading_proxy().and_then(|proxy| proxy.login.as_ref()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, login.clone());
        }
        let mut connection = capture_connection(&mut request);
        let mut response = pin!(TRAIL.scope(trail.clone(), self.pool.request(request)));
        let connected = async {
            tokio::select! {
                biased;
                response = &mut response => Some(response),
                _ = connection.wait_for_connection_metadata() => None,
            }
        };
        let begin = Instant::now();
        // The connector's own limit ends this earlier, or the total time of the query does.
        let early = deadline
            .wait(limits.connect + limits.idle, ClientError::HeadersTimeout, connected)
            .await
            .map_err(|late| match trail.stage() {
                Stage::Open | Stage::Heard => late,
                // Rounded, because a timer is up to a millisecond early or late.
                stage => self.connector.late(
                    stage,
                    Duration::from_secs((begin.elapsed() + Duration::from_millis(500)).as_secs()),
                ),
            })?;
        follow(trail, &connection);
        let response = match early {
            Some(response) => response,
            None => deadline.wait(limits.idle, ClientError::HeadersTimeout, response).await?,
        };
        response.map_err(|error| {
            let fault = transport_fault(&error);
            if fault == ClientError::Cut {
                // The pool may have tried again with another connection.
                follow(trail, &connection);
            }
            self.unheard(fault, trail.stage())
        })
    }

    /// The limits of its requests.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The proxy that reads requests and answers, which is the case for plain HTTP.
    pub fn reading_proxy(&self) -> Option<&Proxy> {
        self.connector.proxy.as_ref().filter(|_| self.connector.tls.is_none())
    }

    /// The failure of a request without headers, attributed to the proxy that reads it, if there is one, because the proxy is
    /// the party that answers.
    pub fn unanswered(&self, error: ClientError) -> ClientError {
        let Some(proxy) = self.reading_proxy() else { return error };
        let silent = |after: Duration| {
            proxy.failed(format!(
                "no answer from it, or from the service behind it, within {} s",
                after.as_secs()
            ))
        };
        match error {
            ClientError::Cut => {
                proxy.failed("it closed the connection before the end of its answer".to_owned())
            }
            ClientError::Http(why) => proxy.failed(format!("it violates the HTTP protocol: {why}")),
            ClientError::HeadersTimeout(after) | ClientError::TotalTimeout(after) => silent(after),
            other => other,
        }
    }

    /// The failure of a body, which also names the proxy that reads it, if there is one, because the proxy may have caused it.
    pub fn broken_off(&self, error: ClientError) -> ClientError {
        let may_be_proxys = matches!(
            error,
            ClientError::Cut
                | ClientError::Encoding(_)
                | ClientError::Http(_)
                | ClientError::IdleTimeout(_)
                | ClientError::TotalTimeout(_)
        );
        match self.reading_proxy().filter(|_| may_be_proxys) {
            Some(proxy) => ClientError::Proxied {
                error: Box::new(error),
                words: format!("it came through the proxy {proxy}"),
            },
            None => error,
        }
    }

    /// A plain HTTP connection that was cut before the first byte: many TLS ports react in this way.
    fn unheard(&self, fault: ClientError, stage: Stage) -> ClientError {
        let Connector { host, port, proxy, tls, .. } = &self.connector;
        match fault {
            ClientError::Cut if tls.is_none() && proxy.is_none() && stage == Stage::Open => {
                ClientError::Unanswered { host: host.clone(), port: *port }
            }
            fault => fault,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.connector.host)
            .field("port", &self.connector.port)
            .field("proxy", &self.connector.proxy)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Lets the trail follow the connection that the pool chose: an idle one, or one that another request had opened.
fn follow(trail: &Trail, connection: &CaptureConnection) {
    let mut extras = Extensions::new();
    if let Some(connected) = connection.connection_metadata().as_ref() {
        connected.get_extras(&mut extras);
    }
    if let Some(progress) = extras.remove::<Progress>() {
        trail.follow(progress);
    }
}

/// The meaning of a failed request without headers: the connector's own error, or an error of HTTP.
fn transport_fault(error: &PoolError) -> ClientError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<ClientError>() {
            return ours.clone();
        }
        // An error of reading is wrapped in an I/O error.
        let read = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(ours) = read.and_then(|read| read.downcast_ref::<ClientError>()) {
            return ours.clone();
        }
        if let Some(http) = inner.downcast_ref::<hyper::Error>()
            && http.is_parse()
        {
            return ClientError::Http(printable(http.to_string().as_bytes(), 200));
        }
        cause = inner.source();
    }
    ClientError::Cut
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use testkit::certificate::{Authority, Validity};
    use testkit::{ConnectFault, Exchange, Script, ScriptedProvider};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;
    use crate::dial::{DialError, Dialled, Io};
    use crate::error::TlsFault;

    const HOST: &str = "service.test";
    const SECOND: Duration = Duration::from_secs(1);

    /// The results of the next dials, in order; `None` for a dial that never ends.
    #[derive(Debug)]
    struct Dials(Mutex<Vec<Option<DuplexStream>>>);

    impl Dials {
        fn in_order(mut streams: Vec<Option<DuplexStream>>) -> Arc<dyn Dial> {
            streams.reverse();
            Arc::new(Self(Mutex::new(streams)))
        }
    }

    impl Dial for Dials {
        fn dial<'a>(&'a self, _: &'a str, _: u16) -> Dialled<'a> {
            let next = self.0.lock().unwrap().pop().expect("one more dial");
            Box::pin(async move {
                match next {
                    Some(stream) => Ok(Box::new(stream) as Box<dyn Io>),
                    None => std::future::pending().await,
                }
            })
        }
    }

    fn client(dial: Arc<dyn Dial>, tls: bool, proxy: Option<Proxy>) -> Client {
        let tls = tls.then_some(Tls { ca_file: None, certificate: None, verify: false });
        Client::new(Target { host: HOST.to_owned(), port: 443, tls, proxy }, Limits::USUAL, dial).unwrap()
    }

    async fn send(client: &Client, trail: &Trail) -> Result<Response<Incoming>, ClientError> {
        let scheme = if client.connector.tls.is_some() { "https" } else { "http" };
        let request = Request::get(format!("{scheme}://{HOST}:443/")).body(()).unwrap();
        client.send(request, Deadline::new(&Limits::USUAL), trail).await
    }

    /// Sends a request one second later.
    async fn send_later(client: &Client, trail: &Trail) -> Result<Response<Incoming>, ClientError> {
        tokio::time::sleep(SECOND).await;
        send(client, trail).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_names_who_its_own_request_waited_for() {
        // The first connection is accepted, and its handshake never answered; the second is never accepted.
        let (near, _far) = tokio::io::duplex(1024);
        let client = client(Dials::in_order(vec![Some(near), None]), true, None);
        let (first, second) = (Trail::default(), Trail::default());
        let (one, other) = tokio::join!(send(&client, &first), send_later(&client, &second));
        let silent = ClientError::Tls { host: HOST.to_owned(), fault: TlsFault::Silent(10 * SECOND) };
        assert_eq!(one.unwrap_err(), silent);
        let late = ClientError::ConnectTimeout { host: HOST.to_owned(), port: 443, after: 10 * SECOND };
        assert_eq!(other.unwrap_err(), late);
        assert_eq!((first.stage(), second.stage()), (Stage::Dialled, Stage::Nowhere));
    }

    #[tokio::test(start_paused = true)]
    async fn a_port_that_closes_unanswered_is_told_as_one_while_another_request_connects() {
        let (near, mut far) = tokio::io::duplex(1024);
        let client = client(Dials::in_order(vec![Some(near), None]), false, None);
        let (first, second) = (Trail::default(), Trail::default());
        let closing = async {
            let mut request = [0; 1024];
            assert!(far.read(&mut request).await.unwrap() > 0);
            tokio::time::sleep(2 * SECOND).await;
            drop(far);
        };
        let (one, other, ()) = tokio::join!(send(&client, &first), send_later(&client, &second), closing);
        assert_eq!(one.unwrap_err(), ClientError::Unanswered { host: HOST.to_owned(), port: 443 });
        assert!(matches!(other, Err(ClientError::ConnectTimeout { .. })), "{other:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_follows_the_idle_connection_that_it_is_sent_on() {
        let (near, mut far) = tokio::io::duplex(1024);
        let client = client(Dials::in_order(vec![Some(near)]), false, None);
        let serving = tokio::spawn(async move {
            let mut request = [0; 1024];
            for _ in 0..2 {
                let _ = far.read(&mut request).await?;
                far.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            }
            io::Result::Ok(far)
        });
        let (first, second) = (Trail::default(), Trail::default());
        send(&client, &first).await.unwrap();
        // The connection is idle after the pool's own task has seen the end of the answer.
        tokio::time::sleep(SECOND).await;
        assert_eq!(second.stage(), Stage::Nowhere);
        send(&client, &second).await.unwrap();
        assert_eq!((first.stage(), second.stage()), (Stage::Heard, Stage::Heard));
        serving.await.unwrap().unwrap();
    }

    /// Dials a scripted service.
    #[derive(Debug)]
    struct Line(ScriptedProvider);

    impl Dial for Line {
        fn dial<'a>(&'a self, _: &'a str, _: u16) -> Dialled<'a> {
            Box::pin(async move {
                let stream = self.0.connect().await.map_err(DialError::Connect)?;
                Ok(Box::new(stream) as Box<dyn Io>)
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_proxys_login_is_sent_to_a_proxy_that_reads_requests_only() {
        let proxy = Proxy {
            host: "proxy.test".to_owned(),
            port: 3128,
            login: Some(crate::proxy_authorization(b"user", b"hunter2").unwrap()),
            variable: None,
            refusal: crate::Refusal { refused: "it refuses A".to_owned(), wanted: "set A".to_owned() },
        };
        let line = Arc::new(Line(ScriptedProvider::new(Script::always(Exchange::ok("")))));
        let by_proxy = client(Arc::clone(&line) as Arc<dyn Dial>, false, Some(proxy.clone()));
        send(&by_proxy, &Trail::default()).await.unwrap();
        let straight = client(Arc::clone(&line) as Arc<dyn Dial>, false, None);
        send(&straight, &Trail::default()).await.unwrap();
        let sent: Vec<bool> =
            line.0.requests().iter().map(|request| request.header("proxy-authorization").is_some()).collect();
        assert_eq!(sent, [true, false]);
        let without = Proxy { login: None, ..proxy.clone() };
        for (proxy, basic, why) in [
            (&proxy, true, "407: it refuses A"),
            (&without, true, "407: set A"),
            (&proxy, false, "HTTP Basic"),
        ] {
            let said = proxy.wants_login(basic).to_string();
            assert!(
                said.starts_with("the proxy http://proxy.test:3128: 407: ") && said.contains(why),
                "{said}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_certificate_is_checked_and_a_refused_connection_is_told() {
        let certificate = Authority::new().issue(HOST, Validity::Valid);
        let provider = ScriptedProvider::new(Script::always(Exchange::ok(""))).with_tls(&certificate);
        let line = Arc::new(Line(provider));
        let tls = Some(Tls { ca_file: None, certificate: None, verify: true });
        let target = Target { host: HOST.to_owned(), port: 443, tls, proxy: None };
        let checking = Client::new(target, Limits::USUAL, Arc::clone(&line) as Arc<dyn Dial>).unwrap();
        let error = send(&checking, &Trail::default()).await.unwrap_err();
        assert_eq!(error, ClientError::Tls { host: HOST.to_owned(), fault: TlsFault::UnknownIssuer });
        let trusting = client(Arc::clone(&line) as Arc<dyn Dial>, true, None);
        assert_eq!(send(&trusting, &Trail::default()).await.unwrap().status(), 200);
        line.0.fail_next(1, ConnectFault::Refuse);
        let refused = client(Arc::clone(&line) as Arc<dyn Dial>, true, None);
        let trail = Trail::default();
        let error = send(&refused, &trail).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot connect to service.test port 443: connection refused");
        assert_eq!(trail.stage(), Stage::Nowhere);
    }
}

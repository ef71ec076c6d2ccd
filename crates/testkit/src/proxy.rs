//! An HTTP proxy in front of a [`ScriptedProvider`]: [`ScriptedProxy`].
//!
//! Whatever host is requested, it connects to its provider: with CONNECT (RFC 9110 section 9.3.6), or for a request whose
//! target is a whole URL, which it forwards like other proxies, without its own login. It listens on the loopback address; its
//! tasks end when it is dropped.
//!
//! Errors: `listen` fails if the system has no free port; a mistake of the client closes its connection.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::provider::ScriptedProvider;
use crate::request::{self, Incoming, Request};

const REFUSAL: &str = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";

/// A proxy that records its requests and may require a login.
#[derive(Debug)]
pub struct ScriptedProxy {
    desk: Arc<Desk>,
    /// Dropping it ends the tasks.
    tasks: Mutex<JoinSet<()>>,
}

#[derive(Debug)]
struct Desk {
    provider: Arc<ScriptedProvider>,
    /// The accepted value of Proxy-Authorization; any if it is `None`.
    login: Option<String>,
    requests: Mutex<Vec<Request>>,
}

impl ScriptedProxy {
    /// A proxy in front of this provider.
    pub fn before(provider: Arc<ScriptedProvider>) -> Self {
        Self {
            desk: Arc::new(Desk { provider, login: None, requests: Mutex::default() }),
            tasks: Mutex::default(),
        }
    }

    /// A proxy that only accepts this value of Proxy-Authorization; other clients get 407.
    pub fn with_login(provider: Arc<ScriptedProvider>, login: &str) -> Self {
        let desk = Desk { provider, login: Some(login.to_owned()), requests: Mutex::default() };
        Self { desk: Arc::new(desk), tasks: Mutex::default() }
    }

    /// Serves on a free port of the loopback address.
    ///
    /// # Errors
    /// The system has no free port.
    pub async fn listen(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let desk = Arc::clone(&self.desk);
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let desk = Arc::clone(&desk);
                // The client has disconnected; the test checks the consequences.
                connections.spawn(async move { drop(desk.serve(stream).await) });
            }
        });
        Ok(address)
    }

    /// The requests so far, refused or not.
    pub fn requests(&self) -> Vec<Request> {
        self.desk.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Desk {
    /// Serves one request of a connection, which the proxy may close after it.
    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut buffer = Vec::new();
        let Incoming::Request(request) = request::read(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let may = self.login.is_none() || request.header("proxy-authorization") == self.login.as_deref();
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        if !may {
            return stream.write_all(REFUSAL.as_bytes()).await;
        }
        let mut behind = self.provider.connect().await?;
        if request.method == "CONNECT" {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        } else {
            behind.write_all(passed_on(&request).as_bytes()).await?;
        }
        behind.write_all(&buffer).await?;
        copy_bidirectional(&mut stream, &mut behind).await.map(drop)
    }
}

/// The request that the service receives.
fn passed_on(request: &Request) -> String {
    let path =
        request.target.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)));
    let own = ["connection", "proxy-authorization", "proxy-connection"];
    let kept = request.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let kept: String = kept.flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    format!("{} {} HTTP/1.1\r\n{kept}connection: close\r\n\r\n", request.method, path.unwrap_or("/"))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::{Exchange, Script};

    async fn ask(login: Option<&str>, head: &str) -> (String, Vec<Request>, Vec<Request>) {
        let provider = Arc::new(ScriptedProvider::new(Script::always(Exchange::ok("answer"))));
        let proxy = match login {
            Some(login) => ScriptedProxy::with_login(Arc::clone(&provider), login),
            None => ScriptedProxy::before(Arc::clone(&provider)),
        };
        let mut stream = TcpStream::connect(proxy.listen().await.unwrap()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer, proxy.requests(), provider.requests())
    }

    #[tokio::test]
    async fn a_whole_url_is_passed_on_without_the_proxys_login() {
        let head =
            "GET http://a.test:80/x?y HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: Basic eA==\r\n\r\n";
        let (answer, asked, passed) = ask(Some("Basic eA=="), head).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("answer"), "{answer}");
        assert_eq!(asked[0].target, "http://a.test:80/x?y");
        assert_eq!((passed[0].target.as_str(), passed[0].header("proxy-authorization")), ("/x?y", None));
        let (answer, asked, passed) = ask(Some("Basic eQ=="), head).await;
        assert!(answer.starts_with("HTTP/1.1 407"), "{answer}");
        assert_eq!((asked.len(), passed.len()), (1, 0));
    }

    #[tokio::test]
    async fn connect_opens_a_way() {
        let head = "CONNECT a.test:443 HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nConnection: close\r\n\r\n";
        let (answer, asked, passed) = ask(None, head).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("answer"), "{answer}");
        assert_eq!((asked[0].target.as_str(), passed[0].target.as_str()), ("a.test:443", "/x"));
    }
}

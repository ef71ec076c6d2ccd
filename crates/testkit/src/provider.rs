//! A provider that follows a script: [`ScriptedProvider`].
//!
//! A connection is a pair of in-memory streams ([`ScriptedProvider::connect`]) or a real one over the loopback address
//! ([`ScriptedProvider::listen`]); either can use TLS. Tasks on the caller's runtime serve all connections and end when the
//! provider is dropped. So a test that blocks its thread (for example to wait for a child process) needs a runtime with several
//! threads.
//!
//! Errors: `connect` only fails if the test requested it. A mistake of the client closes its connection and appears in the
//! counters.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::certificate::{Authority, Certificate};
use crate::ledger::{ConnectFault, Ledger};
use crate::request::Request;
use crate::script::{Exchange, Script};
use crate::serve;

/// How many bytes an in-memory connection holds in each direction: what a client leaves unread when it stops reading, and so
/// how far the provider runs ahead of it.
const DUPLEX: usize = 64 * 1024;
/// How long the listener waits after an error of accepting.
const BACK_OFF: Duration = Duration::from_millis(50);

/// A provider that plays a [`Script`] and records its requests.
#[derive(Debug)]
pub struct ScriptedProvider {
    door: Door,
    /// Dropping it ends the tasks.
    tasks: Mutex<JoinSet<()>>,
}

impl ScriptedProvider {
    /// A provider without TLS that accepts every connect.
    pub fn new(script: Script) -> Self {
        let door = Door { ledger: Arc::new(Ledger::new(script)), tls: None };
        Self { door, tasks: Mutex::default() }
    }

    /// The same with whatever this function answers to each request.
    pub(crate) fn answering(answer: impl Fn(&Request) -> Exchange + Send + Sync + 'static) -> Self {
        let door = Door { ledger: Arc::new(Ledger::answering(answer)), tls: None };
        Self { door, tasks: Mutex::default() }
    }

    /// Speaks TLS with this certificate on every connection.
    #[must_use]
    pub fn with_tls(mut self, certificate: &Certificate) -> Self {
        self.door.tls = Some(certificate.server_config().into());
        self
    }

    /// The same, and refuses clients without a certificate from this authority.
    #[must_use]
    pub fn with_tls_for_clients_of(mut self, authority: &Authority, certificate: &Certificate) -> Self {
        self.door.tls = Some(certificate.server_config_for_clients_of(authority).into());
        self
    }

    /// Makes this many of the next connects fail; `usize::MAX` means all.
    pub fn fail_next(&self, connects: usize, fault: ConnectFault) {
        self.door.ledger.state().fault = Some((connects, fault));
    }

    /// Opens an in-memory connection; returns the client's end. With TLS, the client still has to do the handshake.
    ///
    /// # Errors
    /// `ConnectionRefused`, if [`Self::fail_next`] requested it.
    pub async fn connect(&self) -> io::Result<DuplexStream> {
        let fault = self.door.ledger.connect();
        match fault {
            Some(ConnectFault::Refuse) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(ConnectFault::Stall) => std::future::pending().await,
            Some(ConnectFault::Mute) | None => {}
        }
        let (near, far) = tokio::io::duplex(DUPLEX);
        self.spawn(self.door.clone().receive(far, fault));
        Ok(near)
    }

    /// Also serves on a free port of the loopback address.
    ///
    /// # Errors
    /// The system has no free port.
    pub async fn listen(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.spawn(self.door.clone().accept(listener));
        Ok(address)
    }

    /// The requests so far, over all connections, in the order in which their heads were complete.
    pub fn requests(&self) -> Vec<Request> {
        self.door.ledger.state().requests.clone()
    }

    /// How many connections were opened, without those that failed.
    pub fn connections(&self) -> usize {
        self.door.ledger.state().connections
    }

    /// How many connects failed because of [`Self::fail_next`].
    pub fn failed_connects(&self) -> usize {
        self.door.ledger.state().failed_connects
    }

    /// How many bytes of answers were passed to the connections, counted in complete steps: what the client has read, and in
    /// memory up to 64 KiB more.
    pub fn sent(&self) -> u64 {
        self.door.ledger.state().sent
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}

/// What is needed to serve a connection; each has its own copy.
#[derive(Clone)]
struct Door {
    ledger: Arc<Ledger>,
    tls: Option<TlsAcceptor>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("ledger", &self.ledger).field("tls", &self.tls.is_some()).finish()
    }
}

impl Door {
    /// Accepts connections until it is dropped, together with their tasks.
    async fn accept(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(BACK_OFF).await;
                continue;
            };
            let fault = self.ledger.connect();
            connections.spawn(self.clone().receive(stream, fault));
            while connections.try_join_next().is_some() {}
        }
    }

    /// Serves one connection until its end.
    async fn receive<S>(self, stream: S, fault: Option<ConnectFault>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let served = match (fault, &self.tls) {
            (Some(ConnectFault::Refuse), _) => Ok(()),
            (Some(ConnectFault::Mute | ConnectFault::Stall), _) => serve::hold(stream).await,
            (None, None) => serve::serve(stream, &self.ledger).await,
            (None, Some(tls)) => match tls.accept(stream).await {
                Ok(stream) => serve::serve(stream, &self.ledger).await,
                Err(error) => Err(error),
            },
        };
        // The client has disconnected; the test checks the consequences.
        drop(served);
    }
}

#[cfg(test)]
mod tests;

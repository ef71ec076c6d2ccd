//! A request on its way to one of the nodes: [`Delivery`]. Errors are [`Failed`], with the number of the node.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use client::{Answer, Client, ClientError};
use hyper::Request;
use hyper::header::ACCEPT_ENCODING;
use store::{StoreError, StoreErrorKind};

use super::login::Login;
use crate::address::Address;
use crate::fault::Fault;

/// A replicated table confirms one block at a time. How often a block that came too early is sent again, and after what time.
const TURNS: usize = 240;
const TURN: Duration = Duration::from_millis(50);

/// A server.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) client: Client,
    /// For queries that take long.
    pub(super) patient: Client,
    /// The address of its HTTP interface.
    pub(super) url: String,
    /// Its address for messages.
    pub(super) address: Address,
}

/// A request on its way.
pub(super) struct Delivery {
    pub(super) nodes: Arc<[Node]>,
    pub(super) current: Arc<AtomicUsize>,
    /// The number of the node that gets it, if others must not.
    pub(super) only: Option<usize>,
    /// Whether it may take very long.
    pub(super) is_patient: bool,
    pub(super) login: Login,
    /// What follows the `?` of the address.
    pub(super) query: String,
    pub(super) body: Bytes,
    pub(super) most: usize,
    pub(super) is_remote: bool,
}

/// Why a request was not carried out.
pub(super) enum Failed {
    Client(ClientError),
    Server(Fault),
}

impl Delivery {
    /// The answer; or what failed, and the number of the node that failed.
    pub(super) async fn carry_out(self, pauses: &'static [Duration]) -> Result<Vec<u8>, (usize, Failed)> {
        let (mut pauses, mut turns) = (pauses.iter(), TURNS);
        loop {
            let (node, failed) = match self.try_each(&mut turns).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
            let Some(pause) = pauses.next().filter(|_| failed.is_passing()) else {
                return Err((node, failed));
            };
            tokio::time::sleep(*pause).await;
        }
    }

    /// Tries the nodes, each once. What a server says tells more than that another one cannot be reached.
    async fn try_each(&self, turns: &mut usize) -> Result<Vec<u8>, (usize, Failed)> {
        let tries = if self.only.is_some() { 1 } else { self.nodes.len() };
        let mut told = None;
        for _ in 0..tries {
            let node = self.only.unwrap_or_else(|| self.current.load(Ordering::Relaxed));
            let failed = match self.attempt_in_turn(node, turns).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
            if !failed.is_passing() && !failed.is_of_node() {
                return Err((node, failed));
            }
            self.leave(node);
            if told.is_none() || matches!(failed, Failed::Server(_)) {
                told = Some((node, failed));
            }
        }
        let none = || Failed::Client(ClientError::Http("there is no node".to_owned()));
        Err(told.unwrap_or_else(|| (0, none())))
    }

    /// Waits while the table confirms another block.
    async fn attempt_in_turn(&self, node: usize, turns: &mut usize) -> Result<Vec<u8>, Failed> {
        loop {
            let failed = match self.attempt(node).await {
                Ok(body) => return Ok(body),
                Err(failed) => failed,
            };
            if !failed.is_too_early() || *turns == 0 {
                return Err(failed);
            }
            *turns -= 1;
            tokio::time::sleep(TURN).await;
        }
    }

    /// Lets requests go to the next node, unless another request has done so.
    fn leave(&self, node: usize) {
        let next = (node + 1) % self.nodes.len().max(1);
        let _ = self.current.compare_exchange(node, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    async fn attempt(&self, node: usize) -> Result<Vec<u8>, Failed> {
        let Some(node) = self.nodes.get(node) else {
            return Err(Failed::Client(ClientError::Http("there is no such node".to_owned())));
        };
        let request = self.request(&node.url).map_err(Failed::Client)?;
        let client = if self.is_patient { &node.patient } else { &node.client };
        let answer = client.exchange(request, self.most).await.map_err(Failed::Client)?;
        let Answer { status, body, .. } = answer;
        if status.is_success() { Ok(body) } else { Err(Failed::Server(Fault::read(status.as_u16(), &body))) }
    }

    fn request(&self, url: &str) -> Result<Request<Bytes>, ClientError> {
        let request = Request::post([url, "?", &self.query].concat());
        let mut request = self.login.apply(request);
        if self.is_remote {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        request.body(self.body.clone()).map_err(|error| ClientError::Http(error.to_string()))
    }
}

impl Failed {
    /// Whether the table is still confirming another block.
    fn is_too_early(&self) -> bool {
        matches!(self, Self::Server(fault) if fault.is_too_early())
    }

    /// Whether another node may be reached.
    fn is_of_node(&self) -> bool {
        let of_node = |error: &ClientError| {
            matches!(error.bare(), ClientError::Tls { .. } | ClientError::NameNotFound { .. })
        };
        matches!(self, Self::Client(error) if of_node(error))
    }

    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Client(error) => !matches!(
                error.bare(),
                ClientError::Tls { .. }
                    | ClientError::NameNotFound { .. }
                    | ClientError::HeadersTimeout(_)
                    | ClientError::TotalTimeout(_)
            ),
            Self::Server(fault) => fault.is_passing(),
        }
    }

    pub(super) fn into_error(self, address: &Address) -> StoreError {
        match self {
            Self::Server(fault) => fault.into_error(&address.to_string()),
            Self::Client(error) => {
                let detail = format!(
                    "{address}: {error}; check that the server runs and that this is the port of its HTTP interface"
                );
                StoreError::engine(StoreErrorKind::Unavailable, detail)
            }
        }
    }
}

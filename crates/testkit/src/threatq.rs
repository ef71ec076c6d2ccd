//! A scripted ThreatQ over a real socket: [`ScriptedThreatq`]. It has the behaviour that clients of ThreatQ rely on, and nothing of its
//! code.
//!
//! The numbers of types, statuses and objects are random at each start, as they differ between instances. `world` is what it has, and
//! `answering` what it answers. A [`Fault`] happens once, at the next request whose path contains a text. Every request is recorded,
//! and every change that really changes something is counted: a second push must not add to [`ScriptedThreatq::changes`].

mod answering;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::request::{self, Incoming, Request};
use answering::Reply;
use world::World;
pub use world::{Object, Operation};

/// What goes wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing, and answers with this status and body.
    Answer(u16, String),
    /// It does what it is asked to do, and closes the connection without an answer.
    ActAndCut,
    /// It does the first half of what it is asked to do, and answers 500.
    HalfAnd500,
    /// It does everything, and answers 200 with `errors`.
    ActAndErrors,
    /// It does nothing, and asks to wait this many seconds.
    Busy(u64),
}

/// A ThreatQ that plays by the facts.
#[derive(Debug)]
pub struct ScriptedThreatq {
    address: SocketAddr,
    shared: Arc<Mutex<State>>,
    /// Dropping it ends the tasks.
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct State {
    world: World,
    faults: Vec<(String, Fault)>,
    requests: Vec<Request>,
    /// The longest body that is accepted, in bytes.
    most_bytes: usize,
}

/// The id of the client for programs.
pub const CLIENT_ID: &str = "scripted-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "scripted-client-secret-0f1e2d3c";
/// The public id of the client of the pages.
pub const PUBLIC_ID: &str = "scripted-public-id";
/// A user.
pub const EMAIL: &str = "analyst@threatq.example";
/// The user's password.
pub const PASSWORD: &str = "scripted-password-4b5a6978";

impl ScriptedThreatq {
    /// Starts on a free port of the loopback address.
    ///
    /// # Errors
    /// The system has no free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let state =
            State { world: World::new(), faults: Vec::new(), requests: Vec::new(), most_bytes: usize::MAX };
        let shared = Arc::new(Mutex::new(state));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds an indicator of other people.
    pub fn put(&self, value: &str, kind: &str, status: &str) -> u64 {
        self.state().world.put(value, kind, status)
    }

    /// Reports an indicator with a level by its number: 1 for RED to 4 for WHITE.
    pub fn report(&self, id: u64, source: &str, tlp_id: Option<u64>) {
        self.state().world.report(id, source, tlp_id);
    }

    /// Relates an indicator to this many new ones.
    pub fn crowd(&self, id: u64, others: u64) {
        self.state().world.crowd(id, others);
    }

    /// Removes a type, as on an instance that never had it.
    pub fn without_type(&self, name: &str) {
        self.state().world.remove_type(name);
    }

    /// Adds a status that users made.
    pub fn add_status(&self, name: &str) {
        self.state().world.add_status(name);
    }

    /// Refuses indicators with this value.
    pub fn refuse_value(&self, value: &str) {
        self.state().world.refused.insert(value.to_owned());
    }

    /// Installs an operation whose only action returns this text of JSON.
    pub fn install(&self, title: &str, action: &str, result: &str) -> u64 {
        self.state().world.install(title, action, result)
    }

    /// Refuses bodies that are longer than this.
    pub fn limit_bodies(&self, most: usize) {
        self.state().most_bytes = most;
    }

    /// Tells no totals in its lists, as some do.
    pub fn tell_no_totals(&self) {
        self.state().world.tells_totals = false;
    }

    /// Makes all tokens invalid.
    pub fn expire_tokens(&self) {
        self.state().world.tokens.clear();
    }

    /// Makes the next request whose path contains this text fail.
    pub fn fail(&self, path: &str, fault: Fault) {
        self.state().faults.push((path.to_owned(), fault));
    }

    /// How many faults have not happened.
    pub fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// Its indicators, by number.
    pub fn objects(&self) -> Vec<Object> {
        self.state().world.objects.values().cloned().collect()
    }

    /// The indicator with this value.
    pub fn object(&self, value: &str) -> Option<Object> {
        self.state().world.objects.values().find(|object| object.value == value).cloned()
    }

    /// How often something was really changed by a client.
    pub fn changes(&self) -> u64 {
        self.state().world.changes
    }

    /// How often an operation was executed.
    pub fn executions(&self) -> u64 {
        self.state().world.executions
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// All paths and bodies so far, as one text.
    pub fn received(&self) -> String {
        let state = self.state();
        let texts = state
            .requests
            .iter()
            .map(|request| [request.target.as_str(), &String::from_utf8_lossy(&request.body)].join("\n"));
        texts.collect::<Vec<_>>().join("\n")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.shared)
    }
}

fn locked(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Answers until the client or a fault ends the connection.
async fn serve(mut stream: TcpStream, shared: Arc<Mutex<State>>) {
    let mut buffer = Vec::new();
    while let Ok(Incoming::Request(request)) = request::read(&mut stream, &mut buffer).await {
        let Some(reply) = answer(&shared, &request) else { return };
        let Reply { status, headers, body } = reply;
        let head = format!(
            "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        if stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await.is_err() {
            return;
        }
    }
}

/// The answer to a request; `None` if there is none.
fn answer(shared: &Mutex<State>, request: &Request) -> Option<Reply> {
    let mut state = locked(shared);
    state.requests.push(request.clone());
    let at = state.faults.iter().position(|(path, _)| request.target.contains(path.as_str()));
    let fault = at.map(|at| state.faults.remove(at).1);
    let most = state.most_bytes;
    let world = &mut state.world;
    match fault {
        None if request.body.len() > most => Some(Reply::new(413, "<html>too large</html>")),
        None => Some(answering::answer(world, request)),
        Some(Fault::Answer(status, body)) => Some(Reply::new(status, &body)),
        Some(Fault::ActAndCut) => {
            answering::answer(world, request);
            None
        }
        Some(Fault::HalfAnd500) => {
            answering::answer(world, &answering::half(request));
            Some(Reply::new(500, "<html>server error</html>"))
        }
        Some(Fault::ActAndErrors) => {
            answering::answer(world, request);
            Some(Reply::new(200, r#"{"errors":["Something failed",["and","more"]]}"#))
        }
        Some(Fault::Busy(seconds)) => {
            let reply = Reply::new(429, "{}");
            Some(Reply { headers: format!("retry-after: {seconds}\r\n"), ..reply })
        }
    }
}

#[cfg(test)]
mod tests;

//! Controls access to the passive-DNS interfaces: credentials, rate, quota and concurrent requests.
//!
//! [`read`] and [`write()`] run before every route of these interfaces. A request has a token, a configured login, or no
//! credentials, which is sufficient if [`Gate::anonymous`] is set. An admitted request gets a [`Pass`] among its extensions for
//! the handler, which `watch` keeps until the last byte of the response is sent. Refusals are [`Problem`]s: 400 for a token in
//! the address, 401 without stating what was wrong, 403 for what a token may not do, 429 and 503 with Retry-After.

mod guesses;
mod host;
mod meter;
mod stray;
mod tokens;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use self::guesses::Guesses;
pub use self::host::Hosts;
pub use self::meter::Quota;
pub use self::stray::is_in as has_stray_token;
use self::tokens::Entry;
pub use self::tokens::Tokens;
use crate::credentials::{Credentials, presented, shows_any, user};
use crate::limits::Limits;
use crate::problem::Problem;
use crate::turns::Asker;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The time to report that a response took too long, and to store the rest of a body.
const LAST_WORD: Duration = Duration::from_secs(5);

/// The client's address: that of the peer, or the one that the proxy in front names; among the request's extensions.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub(crate) IpAddr);

impl Peer {
    /// The address.
    pub fn address(self) -> IpAddr {
        self.0
    }
}

/// The clients that may be admitted, and the limits.
#[derive(Clone)]
pub struct Gate {
    /// Logins and tokens of the command line.
    pub credentials: Credentials,
    /// Whether clients without valid credentials may read.
    pub anonymous: bool,
    /// The tokens of a data folder.
    pub tokens: Option<Arc<Tokens>>,
    guesses: Guesses,
    requests: Arc<Semaphore>,
    /// How long a response may take.
    answer: Duration,
}

/// The permission that a route needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Looking up records.
    Read,
    /// Sending records.
    Write,
}

/// An admitted client.
#[derive(Clone, Debug)]
pub struct Pass {
    /// The client's identity.
    pub who: Who,
    /// The queue of the client at the store.
    pub asker: Asker,
    /// The remaining quota of a token.
    pub quota: Option<Quota>,
    /// The time by which the response must have been sent.
    pub deadline: Instant,
    /// Held as long as the pass: a place among all requests, and one among the requests of the token.
    _places: Arc<Vec<OwnedSemaphorePermit>>,
}

/// The identity of a client.
#[derive(Clone, Debug)]
pub enum Who {
    /// A client without credentials, where anonymous reading is allowed.
    Anonymous,
    /// A client with a login or token of the command line.
    Configured,
    /// A client with this token.
    Token(Arc<Entry>),
}

/// Why a request was refused.
#[derive(Debug)]
pub struct Refusal {
    /// The answer for the client.
    pub problem: Problem,
    /// When to try again, in seconds.
    retry_after: Option<u64>,
    quota: Option<Quota>,
}

impl Gate {
    /// A gate that refuses every client.
    pub fn new(limits: &Limits) -> Self {
        Self {
            credentials: Credentials::default(),
            anonymous: false,
            tokens: None,
            guesses: Guesses::new(),
            requests: Arc::new(Semaphore::new(limits.requests)),
            answer: limits.answer,
        }
    }

    /// Sets how many requests may run at the same time, and for how long.
    pub fn bound(&mut self, limits: &Limits) {
        self.requests = Arc::new(Semaphore::new(limits.requests));
        self.answer = limits.answer;
    }

    /// Admits a request and counts it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, uri: &Uri, headers: &HeaderMap, from: Peer, need: Need) -> Result<Pass, Refusal> {
        if stray::is_in(uri) {
            return Err(Problem::stray_token().into());
        }
        let who = self.who(headers, from)?;
        who.check(need)?;
        let mut places = vec![place(&self.requests, "too many concurrent requests")?];
        let mut quota = None;
        if let (Who::Token(entry), Some(tokens)) = (&who, &self.tokens) {
            places.push(place(&entry.requests, "too many concurrent requests for this token")?);
            quota = Some(entry.meter.take(tokens.now()).map_err(Refusal::from)?);
        }
        let asker = match &who {
            Who::Token(entry) => Asker::Token(entry.token.id),
            Who::Anonymous | Who::Configured => Asker::Address(from.0),
        };
        Ok(Pass { who, asker, quota, deadline: Instant::now() + self.answer, _places: Arc::new(places) })
    }

    /// Responds with `next` to a request that is admitted, and tells it as whose turn the store is asked.
    pub async fn guard(
        &self,
        need: Need,
        mut request: Request,
        next: impl AsyncFnOnce(Request, Asker) -> Response,
    ) -> Response {
        let from = peer(request.extensions());
        let mut pass = match self.admit(request.uri(), request.headers(), from, need) {
            Ok(pass) => pass,
            Err(refusal) => return refusal.into_response(),
        };
        request.extensions_mut().insert(pass.clone());
        // A body of records ends at the deadline, and what was received until then has to be stored and reported.
        let patience = if need == Need::Write { LAST_WORD } else { Duration::ZERO };
        let answered = tokio::time::timeout_at(pass.deadline + patience, next(request, pass.asker)).await;
        if answered.is_err() || need == Need::Write {
            pass.deadline += LAST_WORD * 2;
        }
        let mut response = answered
            .unwrap_or_else(|_| Problem::busy("the answer took too long: narrow the query").into_response());
        if let Some(quota) = pass.quota {
            quota.tell(response.headers_mut());
        }
        // `watch` keeps it together with the body.
        response.extensions_mut().insert(pass);
        response
    }

    /// Whether the tokens are known.
    pub fn is_current(&self) -> bool {
        self.tokens.as_ref().is_none_or(|tokens| tokens.is_current())
    }

    /// Admits a request with these headers without counting it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn knows(&self, headers: &HeaderMap, from: Peer) -> Result<(), Refusal> {
        Ok(self.who(headers, from)?.check(Need::Read)?)
    }

    /// Returns the remaining quota for these headers without using any of it.
    ///
    /// # Errors
    /// [`Refusal`] for those who may not read.
    pub fn quota(&self, headers: &HeaderMap, from: Peer) -> Result<Quota, Refusal> {
        let who = self.who(headers, from)?;
        who.check(Need::Read)?;
        Ok(match (who, &self.tokens) {
            (Who::Token(entry), Some(tokens)) => entry.meter.left(tokens.now()),
            // A quota without a limit.
            _ => Quota::default(),
        })
    }

    /// The client with these headers.
    ///
    /// A valid token is random and cannot be guessed, so it is looked up first and admitted whatever other clients do.
    /// Everything else is a guess, which is counted before it is compared. If everyone may read, there is nothing to guess.
    fn who(&self, headers: &HeaderMap, from: Peer) -> Result<Who, Refusal> {
        let shown = presented(headers);
        let found = self
            .tokens
            .as_ref()
            .and_then(|tokens| shown.iter().fold(None, |found, text| tokens.find(text).or(found)));
        if let Some(entry) = found {
            return Ok(Who::Token(entry));
        }
        if self.anonymous {
            return Ok(if self.credentials.admit(headers) { Who::Configured } else { Who::Anonymous });
        }
        if !shows_any(headers) {
            return Err(Problem::unauthorized().into());
        }
        let guess = self.guesses.begin(user(headers).as_deref(), from.0).map_err(Refusal::guessed)?;
        if self.credentials.admit(headers) {
            guess.forget();
            return Ok(Who::Configured);
        }
        Err(Problem::unauthorized().into())
    }
}

impl Who {
    fn check(&self, need: Need) -> Result<(), Problem> {
        let (may, missing) = match (self, need) {
            (Self::Token(entry), Need::Read) => (entry.token.wanted.reads, "read"),
            (Self::Token(entry), Need::Write) => (entry.token.wanted.writes, "send"),
            (_, Need::Read) => (true, ""),
            // A client that may only read gets the permission it lacks; without any credentials, it first has to log in.
            (Self::Anonymous, Need::Write) => return Err(Problem::unauthorized()),
            (Self::Configured, Need::Write) => (false, "send"),
        };
        if may {
            Ok(())
        } else {
            Err(Problem::forbidden(format!(
                "these credentials have no permission to {missing} records: use a token that has it"
            )))
        }
    }

    /// The name in the access log.
    pub fn name(&self) -> &str {
        match self {
            Self::Anonymous => "-",
            Self::Configured => "(configured)",
            Self::Token(entry) => &entry.token.wanted.name,
        }
    }
}

fn place(places: &Arc<Semaphore>, why: &str) -> Result<OwnedSemaphorePermit, Refusal> {
    let full = || Refusal {
        problem: Problem::busy(format!("{why}; try again in a second")),
        retry_after: Some(1),
        quota: None,
    };
    Arc::clone(places).try_acquire_owned().map_err(|_| full())
}

/// Admits clients that may read.
pub async fn read(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    gate.guard(Need::Read, request, async |request, _| next.run(request).await).await
}

/// Admits clients that may write records.
pub async fn write(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    gate.guard(Need::Write, request, async |request, _| next.run(request).await).await
}

/// Refuses an address with a token, on routes that need no credentials.
pub async fn without_token(request: Request, next: Next) -> Response {
    if stray::is_in(request.uri()) {
        return Problem::stray_token().into_response();
    }
    next.run(request).await
}

/// The client's address, from the extensions of a request.
pub fn peer(extensions: &Extensions) -> Peer {
    extensions.get().copied().unwrap_or(Peer(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}

impl Quota {
    /// The headers of DNSDB: numbers, or words for no limit.
    fn tell(&self, headers: &mut HeaderMap) {
        if let Some(limit) = self.limit {
            headers.insert(LIMIT, limit.into());
            headers.insert(REMAINING, self.remaining.into());
            headers.insert(RESET, self.reset.into());
        } else {
            headers.insert(LIMIT, HeaderValue::from_static("unlimited"));
            headers.insert(REMAINING, HeaderValue::from_static("n/a"));
            headers.insert(RESET, HeaderValue::from_static("n/a"));
        }
    }
}

impl Refusal {
    /// The refusal after too many wrong logins or tokens.
    fn guessed(seconds: u64) -> Self {
        let detail = format!("too many wrong logins or tokens from here; try again in {seconds} s");
        Self { problem: Problem::throttled(seconds, detail), retry_after: Some(seconds), quota: None }
    }

    /// Writes when to try again, and the remaining quota.
    pub fn tell(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        if let Some(quota) = self.quota {
            quota.tell(headers);
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { problem, retry_after: None, quota: None }
    }
}

impl From<meter::Exceeded> for Refusal {
    fn from(exceeded: meter::Exceeded) -> Self {
        let what = if exceeded.daily {
            "the daily quota of this token is used up"
        } else {
            "too many requests per second for this token"
        };
        let detail = format!("{what}; try again in {} s", exceeded.wait);
        Self {
            problem: Problem::throttled(exceeded.wait, detail),
            retry_after: Some(exceeded.wait),
            quota: Some(exceeded.quota),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.problem.clone().into_response();
        self.tell(response.headers_mut());
        response
    }
}

//! A connection to one ThreatQ: [`Connection`]. It logs in when it has to, and keeps types and statuses.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use client::{Budget, Client};
use cof::time::Clock;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use tokio::time::Instant;

use super::answer::{self, Token};
use super::error::ThreatqError;
use super::login::Login;
use super::names::Names;

/// The longest answer, in bytes.
const LONGEST: usize = 16 << 20;
/// A token is older than it claims after this time.
const OLD: Duration = Duration::from_mins(30);
/// How often what only reads is sent.
const TRIES: u32 = 3;
/// The longest wait that is accepted from a ThreatQ.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// What a ThreatQ asks for stops the requests of all processes for no longer than this.
const LONGEST_HOLD: Duration = Duration::from_hours(1);

/// A connection, which can be shared by tasks.
pub struct Connection {
    client: Client,
    /// Scheme, host and port.
    base: String,
    login: Login,
    budget: Budget,
    clock: Clock,
    token: Mutex<Option<Held>>,
    names: OnceCell<Names>,
}

/// A token, and until when it is used.
#[derive(Clone)]
struct Held {
    token: Token,
    until: Instant,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    method: Method,
    /// Path and query.
    path: String,
    body: Option<&'a Value>,
    /// Whether it may be sent again.
    only_reads: bool,
}

impl<'a> Call<'a> {
    /// Reads something.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None, only_reads: true }
    }

    /// Asks for something with a body.
    pub(super) fn query(path: impl Into<String>, body: &'a Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), only_reads: true }
    }

    /// Changes something.
    pub(super) fn change(path: impl Into<String>, body: &'a Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some(body), only_reads: false }
    }
}

impl Connection {
    /// A connection that nothing was sent over yet, to the instance with this scheme, host and port. An operation there may take as
    /// long as its provider takes, which the limits of the client should allow for. `budget` says when requests may be sent.
    pub fn new(client: Client, base: String, login: Login, budget: Budget, clock: Clock) -> Self {
        Self { client, base, login, budget, clock, token: Mutex::default(), names: OnceCell::new() }
    }

    /// The address of the instance.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Checks that the instance answers and accepts the login, with the cheapest request that there is.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn check(&self) -> Result<(), ThreatqError> {
        let answer = self.call(Call::get("/api/indicator/types?limit=1")).await?;
        answer::list(&answer).map(|_| ())
    }

    /// The types and statuses of the instance, which are asked for once.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn names(&self) -> Result<&Names, ThreatqError> {
        self.names.get_or_try_init(|| self.read_names()).await
    }

    async fn read_names(&self) -> Result<Names, ThreatqError> {
        let types = self.call(Call::get("/api/indicator/types")).await?;
        let statuses = self.call(Call::get("/api/indicator/statuses")).await?;
        Ok(Names::new(answer::named(&types)?, answer::named(&statuses)?))
    }

    /// Makes sure that there is a token, for requests that are sent only once.
    pub(super) async fn log_in(&self) -> Result<(), ThreatqError> {
        self.token().await.map(drop)
    }

    /// Sends a request and reads its answer. What only reads is sent again after a failure that may pass.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Value, ThreatqError> {
        let mut tries = 1;
        loop {
            match self.with_token(&call).await {
                Err(error) if call.only_reads && error.is_passing() && tries < TRIES => {
                    let Some(pause) = pause(&error, tries) else { return Err(error) };
                    tokio::time::sleep(pause).await;
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// Sends a request exactly once, whatever happens.
    pub(super) async fn call_once(&self, call: Call<'_>) -> Result<Value, ThreatqError> {
        let token = self.token().await?;
        self.send(&call, &token).await
    }

    /// A token that is refused was not used: with a new one, the same request is sent once more.
    async fn with_token(&self, call: &Call<'_>) -> Result<Value, ThreatqError> {
        let token = self.token().await?;
        match self.send(call, &token).await {
            Err(ThreatqError::Unauthorised) => {
                self.forget(&token).await;
                let token = self.token().await?;
                self.send(call, &token).await
            }
            result => result,
        }
    }

    async fn send(&self, call: &Call<'_>, token: &Token) -> Result<Value, ThreatqError> {
        let body = call.body.map(ToString::to_string).unwrap_or_default();
        // Lower-case "bearer", as the answer itself writes it, is refused.
        let bearer = HeaderValue::try_from(format!("Bearer {}", token.access));
        let mut bearer = bearer.map_err(|_| ThreatqError::Unreadable("its token cannot be sent"))?;
        bearer.set_sensitive(true);
        let request =
            Request::builder().method(call.method.clone()).uri(format!("{}{}", self.base, call.path));
        let request = request.header(AUTHORIZATION, bearer).header(ACCEPT, "application/json");
        let request = match call.body {
            Some(_) => request.header(CONTENT_TYPE, "application/json"),
            None => request,
        };
        let request = request.body(Bytes::from(body));
        let request = request.map_err(|_| ThreatqError::Unreadable("its address cannot be used"))?;
        self.exchange(request).await.map_err(|error| self.without_secrets(error, Some(token)))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Value, ThreatqError> {
        self.turn().await?;
        let answer = self.client.exchange(request, LONGEST + 1).await?;
        if answer.body.len() > LONGEST {
            return Err(ThreatqError::TooLong(LONGEST));
        }
        let wait = retry_after(&answer.headers, &self.clock);
        if let (StatusCode::TOO_MANY_REQUESTS, Some(wait)) = (answer.status, wait) {
            self.budget.hold(wait.min(LONGEST_HOLD)).await;
        }
        answer::read(answer.status, wait, &answer.body)
    }

    /// Waits until the rate allows a request.
    async fn turn(&self) -> Result<(), ThreatqError> {
        loop {
            match self.budget.take().await {
                Ok(wait) => {
                    tokio::time::sleep(wait).await;
                    return Ok(());
                }
                Err(hold) if hold <= LONGEST_WAIT => tokio::time::sleep(hold).await,
                Err(hold) => return Err(ThreatqError::Busy(Some(hold))),
            }
        }
    }

    /// The token in use, or a new one.
    async fn token(&self) -> Result<Token, ThreatqError> {
        let mut held = self.token.lock().await;
        if let Some(held) = held.as_ref().filter(|held| Instant::now() < held.until) {
            return Ok(held.token.clone());
        }
        let token = self.new_token().await.map_err(|error| self.without_secrets(error, None))?;
        let until = Instant::now() + token.lives.min(OLD);
        *held = Some(Held { token: token.clone(), until });
        Ok(token)
    }

    async fn new_token(&self) -> Result<Token, ThreatqError> {
        let request = self.login.request(&self.base);
        let request = request.ok_or(ThreatqError::Unreadable("the login cannot be sent"))?;
        match self.exchange(request).await {
            Ok(answer) => answer::token(&answer),
            // A bad login is a bad request there.
            Err(ThreatqError::Refused { status, said }) if status == StatusCode::BAD_REQUEST.as_u16() => {
                Err(ThreatqError::Login(said))
            }
            Err(ThreatqError::Forbidden(said)) => Err(ThreatqError::Login(said)),
            Err(ThreatqError::Unauthorised) => Err(ThreatqError::Login(super::Said::NOTHING)),
            Err(error) => Err(error),
        }
    }

    /// Drops a token that was refused, unless another task has a newer one.
    async fn forget(&self, token: &Token) {
        let mut held = self.token.lock().await;
        if held.as_ref().is_some_and(|held| held.token == *token) {
            *held = None;
        }
    }

    /// What an instance says may repeat what was sent to it.
    fn without_secrets(&self, error: ThreatqError, token: Option<&Token>) -> ThreatqError {
        let secrets = self.secrets(token);
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        match error {
            ThreatqError::Forbidden(said) => ThreatqError::Forbidden(said.without(&secrets)),
            ThreatqError::Login(said) => ThreatqError::Login(said.without(&secrets)),
            ThreatqError::Missing(said) => ThreatqError::Missing(said.without(&secrets)),
            ThreatqError::Refused { status, said } => {
                ThreatqError::Refused { status, said: said.without(&secrets) }
            }
            other => other,
        }
    }

    fn secrets(&self, token: Option<&Token>) -> Vec<String> {
        let mut secrets = self.login.secrets();
        secrets.extend(token.map(|token| token.access.clone()));
        secrets
    }

    /// A text of the instance without what must never be shown.
    pub(super) async fn shown(&self, text: String) -> String {
        let held = self.token.lock().await.clone();
        let secrets = self.secrets(held.as_ref().map(|held| &held.token));
        let secrets = secrets.iter().filter(|secret| !secret.is_empty());
        secrets.fold(text, |text, secret| text.replace(secret.as_str(), "[secret]"))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("base", &self.base).finish_non_exhaustive()
    }
}

/// How long to wait before the next attempt; `None` if the instance asks for more patience than there is.
pub(super) fn pause(error: &ThreatqError, tries: u32) -> Option<Duration> {
    match error {
        ThreatqError::Busy(Some(wait)) => Some(*wait).filter(|wait| *wait <= LONGEST_WAIT),
        _ => Some(Duration::from_millis(500) * tries),
    }
}

/// The seconds, or the date, in an answer (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Duration::from_secs(at.as_secs().saturating_sub(clock.seconds())))
}

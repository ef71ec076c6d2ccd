//! Single requests to a platform: [`Service`], with the rate that all processes share.
//!
//! Every body is bounded, redirects are not followed, and no request is sent twice: whoever asks decides that after looking what the
//! platform has. A status that is not a success is a [`PlatformError`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use client::{Answer, Client, printable, without};
use cof::time::Clock;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
    USER_AGENT,
};
use hyper::{Method, Request, StatusCode};
use operation::provider::{ConfigError, Connection, ProxyEnvironment};
use operation::{Budget, Package, ProviderError, Settings, Tcp};
use serde_json::Value;

use crate::PlatformError;

/// The time that one request may take, if nothing is configured.
const USUAL: Duration = Duration::from_mins(5);
/// A platform's request for a pause stops all requests for no longer than this.
const LONGEST_HOLD: Duration = Duration::from_hours(1);
/// How long a request waits for its turn, if the platform asked for a pause.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of an answer that is not understood is shown, in characters.
const SHOWN: usize = 300;

/// A platform, and how single requests reach it.
#[derive(Debug)]
pub(crate) struct Service {
    /// Its name for people.
    title: &'static str,
    pub(crate) connection: Connection,
    client: Client,
    budget: Budget,
    key: HeaderValue,
}

impl Service {
    /// The platform of a package. `folder` is the data folder, where the rate is shared. A CA file is read, so it must not be called on
    /// threads that must not block.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings are not sufficient.
    pub(crate) fn new(
        package: &Package,
        settings: &Settings,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        settings.check_required(package)?;
        let connection =
            Connection::new(package, settings)?.with_environment(&ProxyEnvironment::of_process())?;
        let total = settings.number(package, "timeout").map_or(USUAL, Duration::from_secs_f64);
        // A platform is silent while it stores what it got.
        let limits = client::Limits { idle: total, total, ..client::Limits::USUAL };
        let client = connection.client(limits, Arc::new(Tcp)).map_err(ProviderError::from)?;
        let rates = folder.join("budget");
        let budget = Budget::new(connection.rate, &connection.budget_name(), Some(&rates), clock);
        let title = package.platform().map_or("the platform", operation::Platform::title);
        Ok(Self { title, connection, client, budget, key: key(settings)? })
    }

    /// Sends a request with JSON, if any, and reads an answer of at most `most` bytes.
    ///
    /// # Errors
    /// [`PlatformError`] if it was not answered.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        most: usize,
    ) -> Result<Heard, PlatformError> {
        self.turn().await?;
        let request = Request::builder()
            .method(method)
            .uri(self.connection.address(path))
            .header(USER_AGENT, concat!("Backsight/", env!("CARGO_PKG_VERSION")))
            .header(AUTHORIZATION, self.key.clone())
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "gzip")
            .header(CONTENT_TYPE, "application/json");
        let octets = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(Bytes::from(octets));
        let request = request.map_err(|error| client::ClientError::Http(error.to_string()))?;
        // One more, to notice that there is more.
        let answer = self.client.exchange(request, most + 1).await?;
        if answer.body.len() > most {
            return Err(PlatformError::TooMuch(most >> 20));
        }
        Ok(Heard { answer })
    }

    /// Waits until the rate allows a request.
    async fn turn(&self) -> Result<(), PlatformError> {
        loop {
            match self.budget.take().await {
                Ok(wait) => {
                    tokio::time::sleep(wait).await;
                    return Ok(());
                }
                Err(hold) if hold <= PATIENCE => tokio::time::sleep(hold).await,
                Err(hold) => return Err(ProviderError::RateLimited(Some(hold)).into()),
            }
        }
    }

    /// What a status means that is not a success.
    pub(crate) async fn failure(&self, heard: &Heard) -> PlatformError {
        let Answer { status, headers, .. } = &heard.answer;
        match *status {
            StatusCode::UNAUTHORIZED => ProviderError::Unauthorized.into(),
            StatusCode::PAYLOAD_TOO_LARGE => PlatformError::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => {
                let wait = retry_after(headers);
                if let Some(wait) = wait {
                    self.budget.hold(wait.min(LONGEST_HOLD)).await;
                }
                ProviderError::RateLimited(wait).into()
            }
            StatusCode::SERVICE_UNAVAILABLE => ProviderError::Unavailable(retry_after(headers)).into(),
            status if status.is_server_error() => {
                ProviderError::ServiceFailed(printable(status.to_string().as_bytes(), 60)).into()
            }
            status if status.is_redirection() => {
                let target = headers.get(LOCATION).map_or(&b"somewhere"[..], HeaderValue::as_bytes);
                ProviderError::Redirect(self.shown(target)).into()
            }
            status => PlatformError::Refused(format!("{}: {}", status.as_u16(), self.words(heard))),
        }
    }

    /// The answer as JSON.
    ///
    /// # Errors
    /// [`PlatformError::Service`] if it is none.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, heard: &Heard) -> Result<T, PlatformError> {
        serde_json::from_slice(&heard.answer.body).map_err(|_| self.strange(heard))
    }

    /// The answer is not that of the platform.
    pub(crate) fn strange(&self, heard: &Heard) -> PlatformError {
        let begins = self.shown(&heard.answer.body);
        ProviderError::NotPlatform { platform: self.title, begins }.into()
    }

    /// What the platform says about a refusal: its message, or the beginning of the answer.
    fn words(&self, heard: &Heard) -> String {
        let parsed: Option<Value> = serde_json::from_slice(&heard.answer.body).ok();
        let message = parsed.as_ref().and_then(|parsed| {
            let text = |key: &str| parsed.get(key).filter(|value| !value.is_null());
            let found = text("errors").or_else(|| text("message")).or_else(|| text("name"))?;
            Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
        });
        match message {
            Some(message) => self.shown(message.as_bytes()),
            None => self.shown(&heard.answer.body),
        }
    }

    /// Text from the platform: printable, short, and without our key.
    fn shown(&self, octets: &[u8]) -> String {
        let part = octets.get(..octets.len().min(16 * SHOWN)).unwrap_or_default();
        let text = without(String::from_utf8_lossy(part).into_owned(), [Some(&self.key)]);
        printable(text.as_bytes(), SHOWN)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Heard {
    answer: Answer,
}

impl Heard {
    pub(crate) fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// Whether the answer names another address.
    pub(crate) fn has_location(&self) -> bool {
        self.answer.headers.contains_key(LOCATION)
    }
}

/// The key as a header, which debug output hides.
fn key(settings: &Settings) -> Result<HeaderValue, ConfigError> {
    let text = settings.secret("user_token").map_or("", operation::Secret::reveal);
    let value = HeaderValue::try_from(text).ok().filter(|_| text.is_ascii());
    let mut value = value.ok_or_else(|| operation::SettingsError::Invalid {
        key: "user_token".to_owned(),
        label: "setting".to_owned(),
        why: "a key sent in a header can contain only printable ASCII".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Retry-After in seconds; a date is not expected of platforms.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}

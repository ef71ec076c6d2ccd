//! One request, retried if useful, up to the headers of its answer.

use std::time::Duration;

use client::{ClientError, Deadline, Trail};
use hyper::Request;
use hyper::header::{ACCEPT_ENCODING, HeaderValue, USER_AGENT};

use super::ask::HttpProvider;
use super::error::ProviderError;
use super::protocol::speech;
use super::quota::Quota;
use super::response::Page;
use crate::Indicator;

/// If a provider asks for a longer pause than this, the query fails instead.
const PATIENCE: Duration = Duration::from_mins(1);
/// A provider's request for a pause stops other queries for no longer than this.
const LONGEST_HOLD: Duration = Duration::from_hours(1);
/// The pause before the second attempt; it doubles for each further one, and varies by half.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl HttpProvider {
    /// Sends one request when the budget allows it, and again after a pause if its failure may be temporary.
    pub(super) async fn page(
        &self,
        indicator: &Indicator,
        cursor: Option<&HeaderValue>,
        deadline: &mut Deadline,
        trail: &Trail,
    ) -> Result<Page, ProviderError> {
        let mut tries = 0;
        loop {
            self.wait_for_budget(deadline).await?;
            let result = self.try_page(indicator, cursor, *deadline, trail).await;
            tries += 1;
            // A quota applies to all queries; a busy service does not refuse other queries.
            if let Some(ProviderError::RateLimited(Some(wait))) =
                result.as_ref().err().map(ProviderError::bare)
            {
                self.budget.hold((*wait).min(LONGEST_HOLD)).await;
            }
            match result.as_ref().err().and_then(|error| self.pause(error, tries)) {
                Some(pause) if deadline.allow(pause) => tokio::time::sleep(pause).await,
                _ => {
                    return result.map_err(|error| match error {
                        ProviderError::Client(error) => self.client.unanswered(error).into(),
                        other => other,
                    });
                }
            }
        }
    }

    async fn wait_for_budget(&self, deadline: &mut Deadline) -> Result<(), ProviderError> {
        loop {
            match self.budget.take().await {
                Ok(wait) => {
                    deadline.extend(wait);
                    tokio::time::sleep(wait).await;
                    return Ok(());
                }
                Err(hold) if hold <= PATIENCE && deadline.allow(hold) => tokio::time::sleep(hold).await,
                Err(hold) => return Err(ProviderError::RateLimited(Some(hold))),
            }
        }
    }

    /// How long to wait before the next attempt; `None` if another attempt is not useful.
    fn pause(&self, error: &ProviderError, tries: u32) -> Option<Duration> {
        if tries >= self.config.limits.tries {
            return None;
        }
        match error.bare() {
            ProviderError::RateLimited(Some(wait)) | ProviderError::Unavailable(Some(wait)) => {
                Some((*wait).max(FIRST_PAUSE)).filter(|wait| *wait <= PATIENCE)
            }
            ProviderError::ServiceFailed(_)
            | ProviderError::Unavailable(None)
            | ProviderError::Client(ClientError::Cut | ClientError::Unanswered { .. }) => Some(
                FIRST_PAUSE
                    .mul_f64(2_f64.powi(i32::try_from(tries).unwrap_or(1) - 1) * (0.5 + self.random())),
            ),
            _ => None,
        }
    }

    async fn try_page(
        &self,
        indicator: &Indicator,
        cursor: Option<&HeaderValue>,
        deadline: Deadline,
        trail: &Trail,
    ) -> Result<Page, ProviderError> {
        let request = self.request_to(&self.config.url(indicator), cursor)?;
        let response = self.client.send(request, deadline, trail).await?;
        self.hear(Quota::of_headers(response.headers(), self.clock.now()));
        let by_data = speech(self.config.interface.protocol).paging(response.headers()).by_data;
        // A service that does not know the query answers another one, or refuses the name that it reads it as.
        let decides = response.status().is_success() || matches!(response.status().as_u16(), 400 | 404 | 422);
        if decides && !by_data && self.config.asks_for_data(indicator) {
            return Err(ProviderError::OwnerOnly);
        }
        self.judge(response, cursor.is_some(), deadline).await
    }

    /// The encodings that are accepted. On this machine, compressing an answer takes longer than sending it.
    fn encodings(&self) -> &'static str {
        if self.config.is_loopback() && self.config.connection.proxy.is_none() {
            "identity"
        } else {
            "gzip, zstd"
        }
    }

    /// A request with the login.
    pub(super) fn request_to(
        &self,
        url: &str,
        cursor: Option<&HeaderValue>,
    ) -> Result<Request<()>, ProviderError> {
        let config = &self.config;
        let mut request = Request::get(url)
            .header(USER_AGENT, concat!("Backsight/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT_ENCODING, self.encodings());
        if let Some(login) = &config.authorization {
            request = request.header(&config.login_header, login.clone());
        }
        let mut request = request.body(()).map_err(|error| ClientError::Http(error.to_string()))?;
        speech(config.interface.protocol).add_headers(config, cursor, request.headers_mut());
        Ok(request)
    }
}

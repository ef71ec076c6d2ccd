//! One request, tried again where that is worth it, up to the headers of its answer.

use std::error::Error as _;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Request, Response};
use hyper_util::client::legacy::connect::capture_connection;
use tokio::time::Instant;

use super::ask::Provider;
use super::body::Deadline;
use super::connector::Stage;
use super::error::{ProviderError, printable};
use super::response::{Page, answers_by_data};
use crate::Indicator;

/// A provider that wants more patience than this gets a later question instead.
const PATIENCE: Duration = Duration::from_mins(1);
/// No request for a pause keeps everything on this machine from asking for longer than this.
const LONGEST_HOLD: Duration = Duration::from_hours(1);
/// Before the second try; doubled for each further one, and varied by half.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl Provider {
    /// Sends one request when the budget allows it, again after a pause if its failure is worth it.
    pub(super) async fn page(
        &self,
        indicator: &Indicator,
        cursor: Option<&HeaderValue>,
        deadline: &mut Deadline,
    ) -> Result<Page, ProviderError> {
        let mut tries = 0;
        loop {
            self.wait_for_budget(deadline).await?;
            let result = self.try_page(indicator, cursor, *deadline).await;
            tries += 1;
            // A quota is everybody's; that a service is busy is not, and would be told as a refusal.
            if let Some(ProviderError::RateLimited(Some(wait))) =
                result.as_ref().err().map(ProviderError::bare)
            {
                self.budget.hold((*wait).min(LONGEST_HOLD)).await;
            }
            match result.as_ref().err().and_then(|error| self.pause(error, tries)) {
                Some(pause) if deadline.allow(pause) => tokio::time::sleep(pause).await,
                _ => return result.map_err(|error| self.through_proxy(error)),
            }
        }
    }

    /// The failure of a question in plain HTTP that got no headers, laid at the door of the proxy where there is one: it is who
    /// answers, or does not.
    fn through_proxy(&self, error: ProviderError) -> ProviderError {
        let Some(proxy) = self.config.proxy.as_ref().filter(|_| self.config.http) else { return error };
        let silent = |after: Duration| {
            proxy.failed(format!(
                "no answer from it, or from the service behind it, within {} s",
                after.as_secs()
            ))
        };
        match error {
            ProviderError::Cut => proxy.failed("it closed the connection without a whole answer".to_owned()),
            ProviderError::Http(why) => proxy.failed(format!("it does not speak HTTP as it should: {why}")),
            ProviderError::HeadersTimeout(after) | ProviderError::TotalTimeout(after) => silent(after),
            other => other,
        }
    }

    /// The failure of a body, with the proxy that plain HTTP went through: it may be the one that broke it off.
    pub(super) fn cut_by_proxy(&self, error: ProviderError) -> ProviderError {
        let may_be_proxys = matches!(
            error,
            ProviderError::Cut
                | ProviderError::Encoding(_)
                | ProviderError::Http(_)
                | ProviderError::IdleTimeout(_)
                | ProviderError::TotalTimeout(_)
        );
        match self.config.proxy.as_ref().filter(|_| self.config.http && may_be_proxys) {
            Some(proxy) => ProviderError::Said {
                error: Box::new(error),
                words: format!("it came through the proxy {proxy}"),
            },
            None => error,
        }
    }

    async fn wait_for_budget(&self, deadline: &mut Deadline) -> Result<(), ProviderError> {
        loop {
            match self.budget.take().await {
                Ok(wait) => {
                    deadline.at += wait;
                    tokio::time::sleep(wait).await;
                    return Ok(());
                }
                Err(hold) if hold <= PATIENCE && deadline.allow(hold) => tokio::time::sleep(hold).await,
                Err(hold) => return Err(ProviderError::RateLimited(Some(hold))),
            }
        }
    }

    /// How long to wait before the next try; `None` when another try is not worth it.
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
            | ProviderError::Cut
            | ProviderError::Unanswered { .. } => Some(
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
    ) -> Result<Page, ProviderError> {
        let request = self.request(indicator, cursor)?;
        let response = self.response(request, deadline).await?;
        let by_data = answers_by_data(response.headers());
        // A service that does not know the question answers another one, or refuses a name that it takes this one for.
        let decides = response.status().is_success() || matches!(response.status().as_u16(), 400 | 404 | 422);
        if decides && !by_data && self.config.asks_for_data(indicator) {
            return Err(ProviderError::OwnerOnly);
        }
        let page = self.judge(response, cursor.is_some(), deadline).await?;
        Ok(Page { by_data, ..page })
    }

    /// Sends a request and waits for the headers of its answer; connecting has a time limit of its own.
    async fn response(
        &self,
        mut request: Request<Empty<Bytes>>,
        deadline: Deadline,
    ) -> Result<Response<Incoming>, ProviderError> {
        let limits = &self.config.limits;
        let mut connection = capture_connection(&mut request);
        let mut response = pin!(self.client.request(request));
        let connected = async {
            tokio::select! {
                biased;
                response = &mut response => Some(response),
                _ = connection.wait_for_connection_metadata() => None,
            }
        };
        let begin = Instant::now();
        // The connector's own limit ends this first, or the question's time in all.
        let early = deadline
            .wait(limits.connect + limits.idle, ProviderError::HeadersTimeout, connected)
            .await
            .map_err(|late| match self.connector.stage() {
                Stage::Open | Stage::Heard => late,
                // Rounded: a timer is up to a millisecond early or late.
                _ => self
                    .connector
                    .late(Duration::from_secs((begin.elapsed() + Duration::from_millis(500)).as_secs())),
            })?;
        let response = match early {
            Some(response) => response,
            None => deadline.wait(limits.idle, ProviderError::HeadersTimeout, response).await?,
        };
        response.map_err(|error| match transport_fault(&error) {
            // Not one byte came back: that is also how many ports answer that expect TLS.
            ProviderError::Cut
                if self.config.http
                    && self.config.proxy.is_none()
                    && self.connector.stage() == Stage::Open =>
            {
                ProviderError::Unanswered { host: self.config.host.clone(), port: self.config.port }
            }
            fault => fault,
        })
    }

    fn request(
        &self,
        indicator: &Indicator,
        cursor: Option<&HeaderValue>,
    ) -> Result<Request<Empty<Bytes>>, ProviderError> {
        let config = &self.config;
        let mut request = Request::get(config.url(indicator))
            .header(USER_AGENT, concat!("Backsight/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/x-ndjson, application/json;q=0.9, */*;q=0.5")
            .header(ACCEPT_ENCODING, "gzip, zstd");
        if let Some(authorization) = &config.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        // Through a tunnel the proxy has it already, and the service must not see it.
        if let Some(login) =
            config.proxy.as_ref().filter(|_| config.http).and_then(|proxy| proxy.login.as_ref())
        {
            request = request.header(PROXY_AUTHORIZATION, login.clone());
        }
        if !config.active_query {
            request = request.header("dribble-disable-active-query", "1");
        }
        if let Some(rrtype) = config.wanted_rrtype() {
            request = request.header("dribble-filter-rrtype", rrtype.to_string());
        }
        if let Some(size) = config.page_size {
            request = request.header("dribble-paginate-count", size);
        }
        if let Some(cursor) = cursor {
            request = request.header("dribble-paginate-cursor", cursor);
        }
        request.body(Empty::new()).map_err(|error| ProviderError::Http(error.to_string()))
    }
}

/// What a request that got no headers means: the connector's own error, or HTTP's.
fn transport_fault(error: &hyper_util::client::legacy::Error) -> ProviderError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<ProviderError>() {
            return ours.clone();
        }
        // What reading found out is wrapped in an error of the system.
        let read = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(ours) = read.and_then(|read| read.downcast_ref::<ProviderError>()) {
            return ours.clone();
        }
        if let Some(http) = inner.downcast_ref::<hyper::Error>()
            && http.is_parse()
        {
            return ProviderError::Http(printable(http.to_string().as_bytes(), 200));
        }
        cause = inner.source();
    }
    ProviderError::Cut
}

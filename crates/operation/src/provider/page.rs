//! One request, tried again where that is worth it, up to the headers of its answer.

use std::error::Error as _;
use std::pin::pin;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER,
    USER_AGENT,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::connect::capture_connection;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::ask::Provider;
use super::body::{Body, Deadline};
use super::connector::authority;
use super::error::{ProviderError, printable};
use crate::Indicator;

/// Everything but the unreserved characters of RFC 3986: the value stays one path segment whatever it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// A provider that wants more patience than this gets a later question instead.
const PATIENCE: Duration = Duration::from_mins(1);
/// No request for a pause keeps everything on this machine from asking for longer than this.
const LONGEST_HOLD: Duration = Duration::from_hours(1);
/// Before the second try; doubled for each further one, and varied by half.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How much of an error's body is read.
const ERROR_BODY: usize = 1024;

/// An answer whose headers have come.
pub(super) struct Page {
    /// The body; none for an empty answer.
    pub(super) body: Option<Body>,
    /// The cursor of the next page: opaque, to be sent back as it came.
    pub(super) cursor: Option<HeaderValue>,
    /// What the service says is wrong with its answer.
    pub(super) complaint: Option<String>,
}

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
            if let Err(ProviderError::RateLimited(Some(wait)) | ProviderError::Unavailable(Some(wait))) =
                &result
            {
                self.budget.hold((*wait).min(LONGEST_HOLD)).await;
            }
            match result.as_ref().err().and_then(|error| self.pause(error, tries)) {
                Some(pause) => {
                    deadline.at += pause;
                    tokio::time::sleep(pause).await;
                }
                None => return result,
            }
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
                Err(hold) if hold <= PATIENCE => {
                    deadline.at += hold;
                    tokio::time::sleep(hold).await;
                }
                Err(hold) => return Err(ProviderError::RateLimited(Some(hold))),
            }
        }
    }

    /// How long to wait before the next try; `None` when another try is not worth it.
    fn pause(&self, error: &ProviderError, tries: u32) -> Option<Duration> {
        if tries >= self.config.limits.tries {
            return None;
        }
        match error {
            ProviderError::RateLimited(wait) => wait.filter(|wait| *wait <= PATIENCE),
            ProviderError::Unavailable(Some(wait)) => Some(*wait).filter(|wait| *wait <= PATIENCE),
            ProviderError::ServiceFailed(_) | ProviderError::Unavailable(None) | ProviderError::Cut => Some(
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
        self.judge(response, cursor.is_some(), deadline).await
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
        // The connector's own limit ends this first; it is here for what might come between.
        let early =
            deadline.wait(limits.connect + limits.idle, ProviderError::HeadersTimeout, connected).await?;
        let response = match early {
            Some(response) => response,
            None => deadline.wait(limits.idle, ProviderError::HeadersTimeout, response).await?,
        };
        response.map_err(|error| transport_fault(&error))
    }

    fn request(
        &self,
        indicator: &Indicator,
        cursor: Option<&HeaderValue>,
    ) -> Result<Request<Empty<Bytes>>, ProviderError> {
        let config = &self.config;
        let scheme = if config.http { "http" } else { "https" };
        let value = utf8_percent_encode(&indicator.to_string(), SEGMENT).to_string();
        let path = config.path.replace("{value}", &value);
        let mut request = Request::get(format!("{scheme}://{}{path}", authority(&config.host, config.port)))
            .header(USER_AGENT, concat!("Backsight/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "application/x-ndjson, application/json;q=0.9, */*;q=0.5")
            .header(ACCEPT_ENCODING, "gzip, zstd");
        if let Some(authorization) = &config.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if !config.active_query {
            request = request.header("dribble-disable-active-query", "1");
        }
        if let Some((rrtype, rest)) = config.rrtypes.split_first()
            && rest.iter().all(|other| other == rrtype)
        {
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

    /// What the status means; of a `later` page other than of the first.
    async fn judge(
        &self,
        response: Response<Incoming>,
        later: bool,
        deadline: Deadline,
    ) -> Result<Page, ProviderError> {
        let headers = response.headers();
        let status = response.status();
        let retry_after = || retry_after(headers, self.clock.now());
        match status {
            StatusCode::OK => page(response),
            // G-43: nothing known is a complete answer, however the service says so. A cursor that is not found
            // says something else: the rest of the answer is lost.
            StatusCode::NOT_FOUND if later => Err(ProviderError::Status(status.as_u16())),
            StatusCode::NO_CONTENT | StatusCode::NOT_FOUND => {
                Ok(Page { body: None, cursor: None, complaint: None })
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(ProviderError::Proxy(status.to_string())),
            StatusCode::UNAUTHORIZED => Err(ProviderError::Unauthorized),
            StatusCode::FORBIDDEN => Err(ProviderError::Forbidden),
            StatusCode::TOO_MANY_REQUESTS => Err(ProviderError::RateLimited(retry_after())),
            StatusCode::SERVICE_UNAVAILABLE => Err(ProviderError::Unavailable(retry_after())),
            StatusCode::BAD_REQUEST => {
                Err(ProviderError::BadQuestion(self.error_text(response, deadline).await))
            }
            status if status.is_redirection() => {
                let target = headers.get(LOCATION).map_or(&b"somewhere"[..], |target| target.as_bytes());
                Err(ProviderError::Redirect(printable(target, 200)))
            }
            status if status.is_server_error() => {
                Err(ProviderError::ServiceFailed(printable(status.to_string().as_bytes(), 60)))
            }
            status => Err(ProviderError::Status(status.as_u16())),
        }
    }

    /// The beginning of an error's body: its text is the only thing that says what is wrong.
    async fn error_text(&self, response: Response<Incoming>, deadline: Deadline) -> String {
        let mut text = vec![0; ERROR_BODY];
        let encoding = encoding(response.headers());
        let len = match Body::new(response.into_body(), &encoding) {
            Ok(mut body) => body.read(&mut text, &self.config.limits, deadline).await.unwrap_or(0),
            Err(_) => 0,
        };
        match printable(text.get(..len).unwrap_or_default(), 300) {
            text if text.is_empty() => "400 without a reason".to_owned(),
            text => text,
        }
    }
}

fn page(response: Response<Incoming>) -> Result<Page, ProviderError> {
    let headers = response.headers();
    let value = |name: &str| headers.get(name).filter(|value| !value.as_bytes().trim_ascii().is_empty());
    let encoding = encoding(headers);
    // One client reads the second name; the first is what CIRCL documents.
    let cursor = value("x-dribble-cursor").or_else(|| value("x-dribble-paginate")).cloned();
    let complaint = value("x-dribble-errors").map(|errors| complaint(&printable(errors.as_bytes(), 4096)));
    Ok(Page { body: Some(Body::new(response.into_body(), &encoding)?), cursor, complaint })
}

fn encoding(headers: &HeaderMap) -> String {
    headers.get(CONTENT_ENCODING).map(|value| printable(value.as_bytes(), 100)).unwrap_or_default()
}

/// Makes a sentence of `x-dribble-errors`, which is JSON of no fixed shape, or plain text.
fn complaint(errors: &str) -> String {
    let short = |text: &str| printable(text.as_bytes(), 300);
    let Ok(parsed) = serde_json::from_str::<serde_json::Value>(errors) else { return short(errors) };
    let one = match &parsed {
        serde_json::Value::Array(list) => list.first().unwrap_or(&parsed),
        one => one,
    };
    let field = |name: &str| one.get(name).map(|value| value.to_string().trim_matches('"').to_owned());
    match (field("error"), field("value"), field("total_value")) {
        (Some(error), Some(sent), Some(total)) => short(&format!("{error}: {sent} of {total} records")),
        (Some(error), Some(sent), None) => short(&format!("{error}: {sent} records")),
        _ => short(errors),
    }
}

/// Reads Retry-After, in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(now))
}

/// What a request that got no headers means: the connector's own error, or HTTP's.
fn transport_fault(error: &hyper_util::client::legacy::Error) -> ProviderError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(ours) = inner.downcast_ref::<ProviderError>() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_read_as_sentences_whatever_their_shape() {
        for (errors, said) in [
            (
                r#"[{"error":"maxset","record":"example.com","value":1000,"total_value":532915}]"#,
                "maxset: 1000 of 532915 records",
            ),
            (r#"{"error":"maxset","value":1000}"#, "maxset: 1000 records"),
            ("too much", "too much"),
            ("[]", "[]"),
        ] {
            assert_eq!(complaint(errors), said);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, Duration::from_secs(784_111_770))
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }
}

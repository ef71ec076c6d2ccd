//! Interprets the status and the headers of an answer.
//!
//! A [`Page`] is an answer that can be read; everything else is a [`ProviderError`].

use std::time::{Duration, UNIX_EPOCH};

use client::{Body, ClientError, Deadline, printable, takes_basic};
use hyper::body::Incoming;
use hyper::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, PROXY_AUTHENTICATE, RETRY_AFTER,
};
use hyper::http::response::Parts;
use hyper::{Response, StatusCode};

use super::ask::HttpProvider;
use super::error::ProviderError;
use super::protocol::{Paging, speech};
use crate::interface::NotFound;

/// How many bytes of an error's body are read.
const ERROR_BODY: usize = 1024;

/// An answer whose headers have arrived.
pub(super) struct Page {
    /// The body; `None` for an empty answer.
    pub(super) body: Option<Body>,
    /// The cursor of the next page, and other information about the rest of the answer.
    pub(super) paging: Paging,
}

impl HttpProvider {
    /// Interprets the status, with the text of a refusal or failure; `later` is whether it is a page after the first.
    pub(super) async fn judge(
        &self,
        response: Response<Incoming>,
        later: bool,
        deadline: Deadline,
    ) -> Result<Page, ProviderError> {
        let status = response.status();
        if !matches!(status.as_u16(), 401 | 403 | 405 | 406 | 408..=599) {
            return self.judge_status(response, later, deadline).await;
        }
        let (head, body) = response.into_parts();
        let encoding = encoding(&head.headers);
        let said = self.words(&head, body, &encoding, deadline).await;
        let error = self.refusal(&head);
        Err(match said {
            Some(words) if !matches!(error, ProviderError::Client(ClientError::Proxy { .. })) => {
                ProviderError::Said { error: Box::new(error), words }
            }
            _ => error,
        })
    }

    /// The kind of a refusal or failure, only by its head.
    fn refusal(&self, head: &Parts) -> ProviderError {
        let after = || retry_after(&head.headers, self.clock.now());
        let line = printable(head.status.to_string().as_bytes(), 60);
        if let Some(proxy) = self.client.reading_proxy().filter(|_| is_proxys_own(&head.headers)) {
            return proxy.failed(format!("{line}: it could not or would not forward the request")).into();
        }
        let speech = speech(self.config.interface.protocol);
        if let Some(error) = speech.refusal(head.status, &head.headers, self.clock.now())
            && !matches!((&error, after()), (ProviderError::RateLimited(_), Some(_)))
        {
            return error;
        }
        match head.status {
            StatusCode::UNAUTHORIZED => ProviderError::Unauthorized,
            StatusCode::FORBIDDEN => ProviderError::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => ProviderError::RateLimited(after()),
            StatusCode::SERVICE_UNAVAILABLE => ProviderError::Unavailable(after()),
            status if status.is_server_error() => ProviderError::ServiceFailed(line),
            status => ProviderError::Status(status.as_u16()),
        }
    }

    /// The text in the body of a refusal, as a part of a sentence, if it says more than the status.
    async fn words(
        &self,
        head: &Parts,
        body: Incoming,
        encoding: &str,
        deadline: Deadline,
    ) -> Option<String> {
        let said = plain(&self.text(body, encoding, deadline).await);
        let reason = head.status.canonical_reason().unwrap_or_default();
        let repeated =
            said.trim_end_matches(['.', '!']).trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        let said =
            Some(said.as_str()).filter(|_| !repeated.is_empty() && !repeated.eq_ignore_ascii_case(reason));
        let said = said.map(|said| printable(said.as_bytes(), 300));
        match (self.client.reading_proxy(), said) {
            (None, None) => None,
            (None, Some(said)) => Some(format!("it sent {said:?}")),
            (Some(proxy), None) => Some(format!("this answer is from the proxy {proxy} or the service")),
            (Some(proxy), Some(said)) => Some(format!("the proxy {proxy} or the service sent {said:?}")),
        }
    }

    async fn judge_status(
        &self,
        response: Response<Incoming>,
        later: bool,
        deadline: Deadline,
    ) -> Result<Page, ProviderError> {
        let headers = response.headers();
        let status = response.status();
        match status {
            StatusCode::OK => self.whole(response),
            // An answer without records is complete, however the service reports it. But if a cursor is not found, the rest of
            // the answer is lost.
            StatusCode::NOT_FOUND if later => Err(ProviderError::Status(status.as_u16())),
            StatusCode::NO_CONTENT => Ok(self.empty(headers)),
            StatusCode::NOT_FOUND => {
                let (empty, html) = (self.empty(headers), is_html(headers));
                let text = self.error_text(response, deadline).await;
                // A web page means that the page does not exist, not that there are no records.
                if html || text.starts_with('<') {
                    return Err(ProviderError::WebPage(text));
                }
                match self.config.interface.not_found {
                    NotFound::Empty => Ok(empty),
                    NotFound::Error => Err(ProviderError::Status(status.as_u16())),
                }
            }
            // Through a tunnel, the service itself sends this status, and not the proxy.
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let challenges = headers.get_all(PROXY_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
                Err(self.client.reading_proxy().map_or(ProviderError::Status(status.as_u16()), |proxy| {
                    proxy.wants_login(takes_basic(challenges)).into()
                }))
            }
            StatusCode::BAD_REQUEST => {
                Err(ProviderError::BadQuestion(match self.error_text(response, deadline).await {
                    text if text.is_empty() => "400 without a reason".to_owned(),
                    text => text,
                }))
            }
            status if status.is_redirection() => {
                let target = headers.get(LOCATION).map_or(&b"somewhere"[..], |target| target.as_bytes());
                let target = String::from_utf8_lossy(target).into_owned();
                Err(ProviderError::Redirect(printable(self.config.without_logins(target).as_bytes(), 200)))
            }
            status => Err(ProviderError::Status(status.as_u16())),
        }
    }

    /// The beginning of an error's body, because only its text states what is wrong.
    async fn error_text(&self, response: Response<Incoming>, deadline: Deadline) -> String {
        let encoding = encoding(response.headers());
        printable(self.text(response.into_body(), &encoding, deadline).await.as_bytes(), 300)
    }

    /// The beginning of a body as text, with our login removed if it is repeated.
    async fn text(&self, body: Incoming, encoding: &str, deadline: Deadline) -> String {
        let mut text = vec![0; ERROR_BODY];
        let len = match Body::new(body, encoding) {
            Ok(mut body) => body.read(&mut text, &self.config.limits.client, deadline).await.unwrap_or(0),
            Err(_) => 0,
        };
        let text = String::from_utf8_lossy(text.get(..len).unwrap_or_default()).into_owned();
        self.config.without_logins(text)
    }

    /// An answer with a body.
    pub(super) fn whole(&self, response: Response<Incoming>) -> Result<Page, ProviderError> {
        let headers = response.headers();
        let (encoding, paging) = (encoding(headers), speech(self.config.interface.protocol).paging(headers));
        Ok(Page { body: Some(Body::new(response.into_body(), &encoding)?), paging })
    }

    /// An answer without records.
    fn empty(&self, headers: &HeaderMap) -> Page {
        let paging = speech(self.config.interface.protocol).paging(headers);
        Page { body: None, paging: Paging { cursor: None, ..paging } }
    }
}

/// Whether an answer to plain HTTP through a proxy comes from the proxy itself (RFC 9209; Squid has its own header).
fn is_proxys_own(headers: &HeaderMap) -> bool {
    let status = headers.get("proxy-status").and_then(|status| status.to_str().ok()).unwrap_or_default();
    headers.contains_key("x-squid-error") || status.contains("error=")
}

/// The text of a web page, or a text itself, with single blanks.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    let (mut tag, page) = (false, text.trim_start().starts_with('<'));
    for c in text.chars() {
        match c {
            '<' if page => {
                tag = true;
                shown.push(' ');
            }
            '>' if page => tag = false,
            _ if tag => {}
            other => shown.push(other),
        }
    }
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the headers of a body declare it as a web page.
fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default().to_ascii_lowercase();
    [&b"text/html"[..], b"application/xhtml"].iter().any(|html| kind.trim_ascii().starts_with(html))
}

fn encoding(headers: &HeaderMap) -> String {
    headers.get(CONTENT_ENCODING).map(|value| printable(value.as_bytes(), 100)).unwrap_or_default()
}

/// Parses Retry-After, in seconds or as a date (RFC 9110 section 10.2.3).
fn retry_after(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(at.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! What a provider says about the quota of its client: [`Quota`], from the headers of an answer (`X-RateLimit-…`) or from the
//! `rate_limit` of DNSDB's interface, which costs nothing.
//!
//! Providers say wrong things. Numbers that cannot be true are ignored, and nobody waits for longer than a day because of them
//! ([`Quota::used_up_until`]).

use std::fmt;
use std::sync::PoisonError;
use std::time::Duration;

use client::{Deadline, Trail};
use cof::time;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use serde_json::Value;

use super::ask::{HttpProvider, Provider};
use super::config::HttpConfig;
use super::error::ProviderError;
use super::protocol::speech;

/// A larger number of requests or records cannot be true.
const MOST: u64 = 1_000_000_000_000;
/// A time further in the future cannot be true, in seconds.
const FARTHEST: u64 = 400 * 86_400;
/// A smaller number is a number of seconds from now, and not a time since the epoch.
const EARLIEST: u64 = 1_000_000_000;
/// Nobody waits for a quota for longer than this after it was said, in seconds: the service may be wrong, or may have been paid.
const LONGEST_WAIT: u64 = 86_400;
/// The largest answer to `rate_limit` that is read, in bytes.
const BODY: usize = 4_096;
/// How long `rate_limit` may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a provider said about a quota; what it did not say, or cannot be true, is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests in total; without it, there is no limit or none was said.
    pub limit: Option<u64>,
    /// Requests that are left.
    pub remaining: Option<u64>,
    /// When it starts again, in seconds since the epoch.
    pub resets_at: Option<u64>,
    /// When a quota that never starts again ends.
    pub expires_at: Option<u64>,
    /// The most records of an answer.
    pub results_max: Option<u64>,
    /// The largest offset into an answer.
    pub offset_max: Option<u64>,
}

impl Quota {
    /// What the headers of an answer say; `None` if they name no number of requests.
    pub(super) fn of_headers(headers: &HeaderMap, now: Duration) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Some services add the length of the window: `1000;w=3600`.
        let number = |name: &str| text(name)?.split([',', ';']).next()?.trim().parse().ok();
        let quota = Self {
            limit: number("x-ratelimit-limit").filter(|number| *number <= MOST),
            remaining: number("x-ratelimit-remaining").filter(|number| *number <= MOST),
            resets_at: number("x-ratelimit-reset").and_then(|number| moment(number, now)),
            expires_at: number("x-ratelimit-expires").and_then(|number| moment(number, now)),
            ..Self::default()
        };
        (quota.limit.is_some() || quota.remaining.is_some()).then(|| quota.within_its_limit())
    }

    /// The answer to `rate_limit`; `None` if it is something else.
    fn of_answer(body: &[u8], now: Duration) -> Option<Self> {
        let value: Value = serde_json::from_slice(body).ok()?;
        let rate = value.get("rate")?.as_object()?;
        let number = |name: &str| rate.get(name).and_then(Value::as_u64);
        let count = |name: &str| number(name).filter(|number| *number <= MOST);
        let at = |name: &str| number(name).and_then(|number| moment(number, now));
        let quota = Self {
            limit: count("limit"),
            remaining: count("remaining"),
            resets_at: at("reset"),
            expires_at: at("expires"),
            results_max: count("results_max"),
            offset_max: count("offset_max"),
        };
        Some(quota.within_its_limit())
    }

    /// No more can be left than there is in total.
    fn within_its_limit(self) -> Self {
        let remaining = match (self.remaining, self.limit) {
            (Some(remaining), Some(limit)) => Some(remaining.min(limit)),
            (remaining, _) => remaining,
        };
        Self { remaining, ..self }
    }

    /// Until when nothing should be asked, if this was said at `said_at` and nothing is left; both are in seconds since the
    /// epoch. It is never longer than a day.
    pub fn used_up_until(&self, said_at: u64, now: u64) -> Option<u64> {
        let until = self.resets_at.filter(|_| self.remaining == Some(0))?;
        let until = until.min(said_at.saturating_add(LONGEST_WAIT));
        // What a clock of the future said is not believed either.
        (now < until && said_at <= now.saturating_add(LONGEST_WAIT)).then_some(until)
    }
}

/// `999 of 1000 requests left, renewed 2026-11-30 00:00:00 UTC; at most 1000000 records an answer`.
impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.remaining, self.limit) {
            (Some(remaining), Some(limit)) => write!(f, "{remaining} of {limit} requests left")?,
            (Some(remaining), None) => write!(f, "{remaining} requests left")?,
            (None, Some(limit)) => write!(f, "at most {limit} requests")?,
            (None, None) => f.write_str("no limit on requests")?,
        }
        if let Some(at) = self.resets_at {
            write!(f, ", renewed {} UTC", time::readable(at))?;
        }
        if let Some(at) = self.expires_at {
            write!(f, ", until {} UTC", time::readable(at))?;
        }
        if let Some(most) = self.results_max {
            write!(f, "; at most {most} records an answer")?;
        }
        if let Some(most) = self.offset_max {
            write!(f, ", offsets up to {most}")?;
        }
        Ok(())
    }
}

/// A number as a time since the epoch; `None` if it cannot be one.
fn moment(number: u64, now: Duration) -> Option<u64> {
    let at = if number < EARLIEST { now.as_secs().saturating_add(number) } else { number };
    (at <= now.as_secs().saturating_add(FARTHEST)).then_some(at)
}

impl Provider {
    /// What the provider last said about the quota.
    pub fn quota(&self) -> Option<Quota> {
        match self {
            Self::Http(service) => *service.said.lock().unwrap_or_else(PoisonError::into_inner),
            Self::OwnDatabase(_) => None,
        }
    }

    /// Asks for the quota, where that costs nothing; `None` where it cannot be asked for.
    pub async fn ask_for_quota(&self) -> Option<Result<Quota, ProviderError>> {
        match self {
            Self::Http(service) => service.ask_for_quota().await,
            Self::OwnDatabase(_) => None,
        }
    }
}

impl HttpProvider {
    /// Keeps what the provider says.
    pub(super) fn hear(&self, quota: Option<Quota>) {
        if quota.is_some() {
            *self.said.lock().unwrap_or_else(PoisonError::into_inner) = quota;
        }
    }

    async fn ask_for_quota(&self) -> Option<Result<Quota, ProviderError>> {
        let url = self.config.quota_url()?;
        let mut limits = self.config.limits.client;
        limits.total = limits.total.min(PATIENCE);
        let quota = self.read_quota(&url, Deadline::new(&limits)).await;
        self.hear(quota.as_ref().ok().copied());
        Some(quota)
    }

    async fn read_quota(&self, url: &str, deadline: Deadline) -> Result<Quota, ProviderError> {
        let request = self.request_to(url, None)?;
        let response = self.client.send(request, deadline, &Trail::default()).await?;
        let page = match response.status() {
            StatusCode::OK => self.whole(response)?,
            _ => self.judge(response, false, deadline).await?,
        };
        let mut octets = Vec::new();
        if let Some(mut body) = page.body {
            let mut piece = vec![0; BODY];
            while octets.len() < BODY {
                match body.read(&mut piece, &self.config.limits.client, deadline).await? {
                    0 => break,
                    len => octets.extend_from_slice(piece.get(..len).unwrap_or_default()),
                }
            }
        }
        let begins = || client::printable(octets.get(..octets.len().min(60)).unwrap_or_default(), 60);
        Quota::of_answer(&octets, self.clock.now()).ok_or_else(|| ProviderError::NotQuota(begins()))
    }
}

impl HttpConfig {
    /// The address that tells the quota for nothing, if there is one.
    fn quota_url(&self) -> Option<String> {
        Some(self.address(&speech(self.interface.protocol).quota_path(self)?))
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn said(headers: &[(&'static str, &'static str)]) -> Option<Quota> {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        Quota::of_headers(&headers.iter().map(pair).collect(), Duration::from_secs(NOW))
    }

    #[test]
    fn headers_are_read_as_services_write_them() {
        let said_in = |limit, remaining, reset| {
            said(&[
                ("x-ratelimit-limit", limit),
                ("x-ratelimit-remaining", remaining),
                ("x-ratelimit-reset", reset),
            ])
        };
        let quota =
            |limit, remaining, resets_at| Some(Quota { limit, remaining, resets_at, ..Quota::default() });
        for (headers, expected) in [
            (("1000", "999", "1700003600"), quota(Some(1000), Some(999), Some(NOW + 3_600))),
            (("1000;w=60", " 3 ", "60"), quota(Some(1000), Some(3), Some(NOW + 60))),
            (("unlimited", "n/a", "n/a"), None),
            (("", "x", "-1"), None),
            // Lies: more left than there is, numbers without end, a time after many years.
            (("10", "99", "9999999999"), quota(Some(10), Some(10), None)),
            (("18446744073709551615", "0", "1"), quota(None, Some(0), Some(NOW + 1))),
            (("99999999999999999999", "-5", "1"), None),
        ] {
            assert_eq!(said_in(headers.0, headers.1, headers.2), expected, "{headers:?}");
        }
        assert_eq!(said(&[]), None);
    }

    #[test]
    fn the_answer_to_rate_limit_is_read_and_nothing_else_is() {
        let read = |text: &str| Quota::of_answer(text.as_bytes(), Duration::from_secs(NOW));
        let timed = read(r#"{"rate":{"reset":1700003600,"limit":1000,"remaining":7,"results_max":256,"offset_max":3000000}}"#).unwrap();
        assert_eq!(
            timed.to_string(),
            "7 of 1000 requests left, renewed 2023-11-14 23:13:20 UTC; at most 256 records an answer, offsets up to 3000000"
        );
        let unlimited = read(r#"{"rate":{"reset":"n/a","limit":"unlimited","remaining":"n/a"}}"#).unwrap();
        assert_eq!((unlimited, unlimited.to_string().as_str()), (Quota::default(), "no limit on requests"));
        for text in ["", "{}", r#"{"rate":5}"#, "<html>", r#"{"cond":"begin"}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn nobody_waits_longer_than_a_day() {
        let quota = |resets_at| Quota { remaining: Some(0), resets_at, ..Quota::default() };
        let until = |quota: Quota, said_at, now| quota.used_up_until(said_at, now);
        assert_eq!(until(quota(Some(NOW + 60)), NOW, NOW + 10), Some(NOW + 60));
        assert_eq!(until(quota(Some(NOW + 60)), NOW, NOW + 60), None);
        assert_eq!(until(quota(None), NOW, NOW), None, "it never starts again: the service decides");
        let far = quota(Some(NOW + 300 * 86_400));
        assert_eq!((until(far, NOW, NOW), until(far, NOW, NOW + 86_400)), (Some(NOW + 86_400), None));
        assert_eq!(until(far, NOW + 3 * 86_400, NOW), None, "a clock was set back");
        assert_eq!(until(Quota { remaining: Some(1), ..far }, NOW, NOW), None);
    }
}

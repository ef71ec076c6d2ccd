//! The protocol `dnsdb`: version 2 of the interface of DNSDB, by Farsight, which our servers also have.
//!
//! ```text
//! PATH/lookup/rrset/name/NAME[/TYPE]     records of a name
//! PATH/lookup/rdata/name/NAME[/TYPE]     records with the name in their data
//! PATH/lookup/rdata/ip/ADDRESS           records with the address in their data
//! PATH/rate_limit                        what is left of the quota; costs nothing
//! ```
//!
//! Each is one request: `limit` is the page size, or 0 for as many as the server sends, and there are no further pages, because the
//! order of DNSDB is not fixed. An answer ends with a line that says whether it is whole; without that line it is cut off. Without a
//! type, DNSDB leaves out the types of DNSSEC. Statuses have their own meanings (docs.domaintools.com/api/dnsdb/).

use std::fmt::Write as _;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderMap, HeaderValue};
use percent_encoding::utf8_percent_encode;

use super::{Paging, SEGMENT, Speech};
use crate::provider::config::HttpConfig;
use crate::provider::error::ProviderError;
use crate::{Indicator, IndicatorType};

/// Fences are sent in whole hours, so that the question for the last 90 days is the same for an hour. Records outside are filtered here.
const HOUR: u64 = 3_600;
/// When a quota is new again, in seconds since the epoch.
const RESET: &str = "x-ratelimit-reset";

/// The protocol `dnsdb`.
pub(super) struct Dnsdb;

impl Speech for Dnsdb {
    fn path(&self, config: &HttpConfig, indicator: &Indicator) -> String {
        let kind = match indicator.kind() {
            IndicatorType::Fqdn if config.asks_for_data(indicator) => "rdata/name",
            IndicatorType::Fqdn => "rrset/name",
            IndicatorType::IpAddress | IndicatorType::Ipv6Address => "rdata/ip",
        };
        let value = utf8_percent_encode(&indicator.to_string(), SEGMENT).to_string();
        let mut path = format!("{}/lookup/{kind}/{value}", config.interface.path);
        // For addresses, there is nothing but A and AAAA to choose from.
        if let Some(rrtype) = config.wanted_rrtype().filter(|_| kind != "rdata/ip") {
            let _ = write!(path, "/{}", utf8_percent_encode(&rrtype.to_string(), SEGMENT));
        }
        let _ = write!(path, "?limit={}", config.page_size.unwrap_or(0));
        if let Some(after) = config.window.seen_after {
            let _ = write!(path, "&time_last_after={}", after / HOUR * HOUR);
        }
        if let Some(before) = config.window.seen_before {
            let _ = write!(path, "&time_first_before={}", before.div_ceil(HOUR).saturating_mul(HOUR));
        }
        path + "&swclient=backsight"
    }

    fn filters_by_type(&self, _: &HttpConfig) -> bool {
        true
    }

    fn add_headers(&self, _: &HttpConfig, _: Option<&HeaderValue>, headers: &mut HeaderMap) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/x-ndjson"));
    }

    fn paging(&self, _: &HeaderMap) -> Paging {
        Paging { cursor: None, complaint: None, by_data: true }
    }

    fn is_framed(&self) -> bool {
        true
    }

    fn quota_path(&self, config: &HttpConfig) -> Option<String> {
        Some(format!("{}/rate_limit", config.interface.path))
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap, now: Duration) -> Option<ProviderError> {
        match status {
            StatusCode::UNAUTHORIZED => Some(ProviderError::KeyExpired),
            StatusCode::FORBIDDEN => Some(ProviderError::KeyRefused),
            StatusCode::RANGE_NOT_SATISFIABLE => Some(ProviderError::BeyondMaximum),
            StatusCode::TOO_MANY_REQUESTS => Some(ProviderError::RateLimited(reset(headers, now))),
            _ => None,
        }
    }
}

/// How long it takes until the quota is new, if the server says so.
fn reset(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    let at: u64 = headers.get(RESET)?.to_str().ok()?.trim().parse().ok()?;
    Duration::from_secs(at).checked_sub(now)
}

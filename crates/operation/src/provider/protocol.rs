//! The differences between the protocols of providers. Only [`speech`] distinguishes the protocols; each of them has its own file here.

mod cof;
mod dnsdb;

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

pub use self::cof::ABILITIES;
use self::cof::Cof;
use self::dnsdb::Dnsdb;
use super::config::HttpConfig;
use super::error::ProviderError;
use crate::{Indicator, Protocol};

/// All characters except the unreserved ones of RFC 3986, so that the value is always one path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a provider is queried, and how it indicates further pages.
pub(super) trait Speech: Sync {
    /// The path of a query, properly escaped.
    fn path(&self, config: &HttpConfig, indicator: &Indicator) -> String;

    /// Adds the headers of a query, with the cursor of the requested page unless it is the first.
    fn add_headers(&self, config: &HttpConfig, cursor: Option<&HeaderValue>, headers: &mut HeaderMap);

    /// Whether the provider filters by one type itself.
    fn filters_by_type(&self, config: &HttpConfig) -> bool;

    /// Reads the headers that concern the rest of the answer.
    fn paging(&self, headers: &HeaderMap) -> Paging;

    /// Whether an answer must say itself that it is whole (the Streaming API Framing of DNSDB).
    fn is_framed(&self) -> bool {
        false
    }

    /// The path that tells the quota for nothing, if there is one.
    fn quota_path(&self, config: &HttpConfig) -> Option<String> {
        let _ = config;
        None
    }

    /// What the protocol means with the status of a refusal, if that differs from what HTTP says; `now` is since the epoch.
    fn refusal(&self, status: StatusCode, headers: &HeaderMap, now: Duration) -> Option<ProviderError> {
        let _ = (status, headers, now);
        None
    }
}

/// What the headers of an answer state about the rest of it.
#[derive(Debug)]
pub(super) struct Paging {
    /// The cursor of the next page, which is sent back unchanged.
    pub(super) cursor: Option<HeaderValue>,
    /// The error that the service reports about its answer.
    pub(super) complaint: Option<String>,
    /// Whether the service declares that it supports queries by data.
    pub(super) by_data: bool,
}

/// The implementation of this protocol.
pub(super) fn speech(protocol: Protocol) -> &'static dyn Speech {
    match protocol {
        Protocol::Cof => &Cof,
        Protocol::Dnsdb => &Dnsdb,
    }
}

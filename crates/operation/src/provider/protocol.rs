//! The differences between the protocols of providers. Only [`speech`] distinguishes the protocols; each of them has its own
//! file next to this one.

use hyper::header::{HeaderMap, HeaderValue};

use super::cof_http::CofHttp;
use super::config::Config;
use crate::{Indicator, Protocol};

/// How a provider is queried, and how it indicates further pages.
pub(super) trait Speech: Sync {
    /// The path of a query, properly escaped.
    fn path(&self, config: &Config, indicator: &Indicator) -> String;

    /// Adds the headers of a query, with the cursor of the requested page unless it is the first.
    fn add_headers(&self, config: &Config, cursor: Option<&HeaderValue>, headers: &mut HeaderMap);

    /// Reads the headers that concern the rest of the answer.
    fn paging(&self, headers: &HeaderMap) -> Paging;
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
        Protocol::CofHttp => &CofHttp,
    }
}

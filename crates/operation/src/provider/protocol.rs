//! What differs between the protocols of providers. [`speech`] is the one place that looks at which protocol it is; each
//! protocol is a file of its own beside this one.

use hyper::header::{HeaderMap, HeaderValue};

use super::cof_http::CofHttp;
use super::config::Config;
use crate::{Indicator, Protocol};

/// How a provider is asked, and how it says that an answer goes on.
pub(super) trait Speech: Sync {
    /// The path of a question, with everything escaped that needs it.
    fn path(&self, config: &Config, indicator: &Indicator) -> String;

    /// Adds the headers of a question; with the cursor of the page that is wanted, unless it is the first.
    fn add_headers(&self, config: &Config, cursor: Option<&HeaderValue>, headers: &mut HeaderMap);

    /// What the headers of an answer say about the rest of it.
    fn paging(&self, headers: &HeaderMap) -> Paging;
}

/// What the headers of an answer say about the rest of it.
#[derive(Debug)]
pub(super) struct Paging {
    /// The cursor of the next page: opaque, to be sent back as it came.
    pub(super) cursor: Option<HeaderValue>,
    /// What the service says is wrong with its answer.
    pub(super) complaint: Option<String>,
    /// Whether the service says that it can be asked for data.
    pub(super) by_data: bool,
}

/// How this protocol is spoken.
pub(super) fn speech(protocol: Protocol) -> &'static dyn Speech {
    match protocol {
        Protocol::CofHttp => &CofHttp,
    }
}

//! All errors of providers, each with what to do about it.

use std::time::Duration;

use client::{ClientError, TlsFault};
use store::{StoreError, StoreErrorKind};

/// Why an answer is incomplete or missing. Text from outside is already printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// 400: the service does not accept the query.
    #[error("the service refused the query: {0}")]
    BadQuestion(String),
    /// The connection to the service failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Records within one answer contradict its orientation.
    #[error("{0} records contradict the rest about which side is the owner")]
    Contradiction(u64),
    /// The same cursor was sent twice, or pages continued without new records.
    #[error("the service's pages repeat; stopped after {0} pages")]
    CursorRepeats(usize),
    /// Parts of the answer are not records.
    #[error("{0} sections of the answer are unreadable")]
    Damaged(u64),
    /// The body ended within a record although the transfer was complete.
    #[error("the answer ends inside a record")]
    EndsInside,
    /// 403.
    #[error("403 Forbidden: the login is valid, but has no permission for this query")]
    Forbidden,
    /// 401 of DNSDB.
    #[error("401: the API key is not for this version of the interface, or its quota has expired")]
    KeyExpired,
    /// 403 of DNSDB.
    #[error("403: the service does not accept the API key, or not from this address")]
    KeyRefused,
    /// 416 of DNSDB: an offset beyond the server's maximum.
    #[error("416: the service does not return records that far from the start of an answer")]
    BeyondMaximum,
    /// The body is not empty and contains no record.
    #[error("not passive DNS data: the answer begins {0:?}")]
    NotCof(String),
    /// The answer is not that of the platform.
    #[error("not an answer of {platform}: it begins {begins:?}")]
    NotPlatform {
        /// The name of the platform.
        platform: &'static str,
        /// How the answer begins; printable and short.
        begins: String,
    },
    /// The answer to a question for the quota is something else.
    #[error("not a quota: the answer begins {0:?}")]
    NotQuota(String),
    /// The service does not declare that it supports the query.
    #[error("the service cannot search the data of records for a name")]
    OwnerOnly,
    /// Nothing was sent, because nothing is left until this time, in seconds since the epoch.
    #[error("no request was sent: the provider said that its quota is used up until {} UTC", cof::time::readable(*.0))]
    QuotaUsedUp(u64),
    /// 429, or a text that means the same.
    #[error("rate limit exceeded{}", wait(*.0))]
    RateLimited(Option<Duration>),
    /// Our limit on records was reached.
    #[error("stopped after {0} records")]
    Records(usize),
    /// The service answered with a redirect.
    #[error("the service redirects to {0}; redirects are not followed")]
    Redirect(String),
    /// A refusal or failure with the text that came with it.
    #[error("{error}; {words}")]
    Said {
        /// The error.
        error: Box<ProviderError>,
        /// The text and its author, as a part of a sentence; printable and short.
        words: String,
    },
    /// The answer has as many records as were requested at most.
    #[error("the answer has {0} records, as many as were requested at most: there may be more")]
    LimitReached(u64),
    /// The service reports that its own answer is not complete.
    #[error("the service truncated its answer: {0}")]
    ServiceCut(String),
    /// An answer of DNSDB's interface without its frames.
    #[error("not an answer of DNSDB's interface: it does not say how it begins and ends")]
    Unframed,
    /// 5xx except 503.
    #[error("{0}: the service failed")]
    ServiceFailed(String),
    /// An unexpected status.
    #[error("unexpected answer with status {0}")]
    Status(u16),
    /// The own passive-DNS database failed.
    #[error("the passive-DNS database of the data folder: {0}")]
    Store(#[from] StoreError),
    /// Our limit on bytes was reached.
    #[error("the answer is larger than {0} MiB")]
    TooLarge(u64),
    /// Our limit on pages was reached.
    #[error("stopped after {0} pages")]
    TooManyPages(usize),
    /// 401.
    #[error("401 Unauthorized: login missing or wrong")]
    Unauthorized,
    /// 503.
    #[error("503: the service is busy or down{}", wait(*.0))]
    Unavailable(Option<Duration>),
    /// 404 with a web page: the server has no passive DNS at this path.
    #[error("404 Not Found, with a web page instead of passive DNS data: {0:?}")]
    WebPage(String),
}

/// What to do about an answer that was interrupted.
const ASK_IN_PAGES: &str =
    "query again; if it happens again, set Page Size (page_size) to fetch the answer in pages";

fn wait(after: Option<Duration>) -> String {
    // Rounded up, because a request one second too early is refused again.
    after.map_or_else(String::new, |after| format!("; try again in {} s", after.as_millis().div_ceil(1000)))
}

impl ProviderError {
    /// What to do about it, for any interface: settings are named by their labels and keys.
    pub fn hint(&self) -> &'static str {
        match self.bare() {
            Self::BadQuestion(_) | Self::Said { .. } => {
                "check the value; this service may not support this kind of value"
            }
            Self::Client(error) => client_hint(error),
            Self::Contradiction(_) => {
                "look at the raw answer and set the orientation if the service always swaps"
            }
            Self::CursorRepeats(_) => {
                "set Page Size (page_size) to 0 to fetch the answer without pages, and tell the service's operator"
            }
            Self::Damaged(_) => {
                "look at the unreadable sections in the raw answer; they are listed with their offsets"
            }
            Self::EndsInside => ASK_IN_PAGES,
            Self::Forbidden => "ask the service's operator what your account may do",
            Self::KeyExpired | Self::KeyRefused => {
                "set the API key in the integration's configuration; the provider says what it is for"
            }
            Self::BeyondMaximum => {
                "narrow the query by record type or time: the service limits the offset of a request"
            }
            Self::NotCof(_)
            | Self::NotPlatform { .. }
            | Self::NotQuota(_)
            | Self::Unframed
            | Self::WebPage(_) => {
                "check host, port, path and proxy: a login page or another service answered"
            }
            Self::OwnerOnly => {
                "query the records with this name as owner; current Backsight servers support both"
            }
            Self::QuotaUsedUp(_) => "wait until then; a test of the connection asks the provider again",
            Self::RateLimited(_) => {
                "wait, or lower the request rate (requests_per_second, from version 1.1.0 on)"
            }
            Self::Records(_) | Self::TooLarge(_) => "narrow the query by record type",
            Self::LimitReached(_) => {
                "raise Page Size or Records per Answer (page_size), as far as the service allows it"
            }
            Self::Redirect(_) => "set the host, port and Use HTTP to the actual address of the service",
            Self::ServiceCut(_) => {
                "narrow the query by record type: this is a sample, not the latest records"
            }
            Self::ServiceFailed(_) | Self::Unavailable(_) => "query again later",
            Self::Store(error) => store_hint(error.kind()),
            Self::Status(_) => "check that the host is a passive-DNS service",
            Self::TooManyPages(_) => "raise Page Size (page_size) or narrow the query by record type",
            Self::Unauthorized => {
                "set User Token (user_token) in the integration's configuration, or Username and Password if it has them"
            }
        }
    }

    /// The error without the text that came with it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Said { error, .. } => error.bare(),
            other => other,
        }
    }

    /// Whether the provider refused the query: credentials or quota.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.bare(),
            Self::Unauthorized
                | Self::Forbidden
                | Self::KeyExpired
                | Self::KeyRefused
                | Self::QuotaUsedUp(_)
                | Self::RateLimited(_)
        )
    }

    /// Whether the answer was cut off at a limit, ours or theirs.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::LimitReached(_)
                | Self::Records(_)
                | Self::ServiceCut(_)
                | Self::TooLarge(_)
                | Self::TooManyPages(_)
                | Self::Client(ClientError::Expansion(_))
        )
    }
}

/// What to do about a failure of the own database.
const fn store_hint(kind: StoreErrorKind) -> &'static str {
    match kind {
        StoreErrorKind::Absent => "import records with `backsight import FILE`, or collect them",
        StoreErrorKind::Damaged => "restore a backup with `backsight db restore`",
        StoreErrorKind::Foreign => "use another data folder, or restore a backup with `backsight db restore`",
        StoreErrorKind::Incompatible => "use the version of Backsight that wrote the database",
        StoreErrorKind::Locked => "query again when that process has finished",
        StoreErrorKind::Outdated => "run `backsight db stats` once, which converts the database",
        StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Refused => {
            "this is a bug: please report it"
        }
        StoreErrorKind::Unavailable => "query again; if it happens again, run `backsight db verify`",
    }
}

/// What to do about a failure of the connection.
fn client_hint(error: &ClientError) -> &'static str {
    match error {
        ClientError::Connect { .. } => "check host, port, Use HTTP and whether the service runs",
        ClientError::ConnectTimeout { .. } => {
            "check host and port; a firewall may drop the connection, or a proxy may be needed"
        }
        ClientError::Cut | ClientError::IdleTimeout(_) => ASK_IN_PAGES,
        ClientError::Encoding(_) | ClientError::Http(_) => {
            "check that host and port lead to the passive-DNS service itself"
        }
        ClientError::Expansion(_) => "check the host: this is not a passive-DNS answer",
        ClientError::HeadersTimeout(_) => {
            "query again later: the service, or a proxy in front of it, is busy"
        }
        ClientError::NameNotFound { .. } => {
            "check the host for typing errors; CIRCL's service is www.circl.lu"
        }
        ClientError::Proxy { .. } => {
            "check Proxy (proxy), Proxy User (proxy_user) and Proxy Password (proxy_password) in the configuration (the last two from version 1.2.0 on), or HTTPS_PROXY, HTTP_PROXY and ALL_PROXY in the environment, which can contain user and password; set Proxy to `none` to use no proxy"
        }
        ClientError::Tls { fault, .. } => tls_hint(fault),
        ClientError::TotalTimeout(_) => "query again later, or raise Timeout (timeout)",
        ClientError::Unanswered { .. } => {
            "check the port; if the service speaks TLS, switch Use HTTP (use_http) off; otherwise query again later"
        }
        ClientError::Proxied { error, .. } => client_hint(error),
    }
}

/// What to do about a fault of TLS.
fn tls_hint(fault: &TlsFault) -> &'static str {
    match fault {
        TlsFault::Alert(_) | TlsFault::Broken | TlsFault::Incompatible => {
            "check host and port; the service's operator can tell which versions of TLS it speaks"
        }
        TlsFault::Authority => {
            "give the server a certificate of its own: signed by that authority, or made with `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`, which works in CA File too"
        }
        TlsFault::CaFile(_) => "give a readable PEM file with at least one certificate in CA File (ca_file)",
        TlsFault::ClientCertificate(_) => "give a readable PEM file with a certificate and its private key",
        TlsFault::Certificate(_) => "the service's operator must give it another certificate",
        TlsFault::Closed | TlsFault::Cut | TlsFault::NotTls(_) | TlsFault::Silent(_) => {
            "check host and port: another service may be answering there"
        }
        TlsFault::Expired => "the service's operator must renew it; check this machine's clock too",
        TlsFault::NotPlain => "switch Use HTTP (use_http) off",
        TlsFault::NotYetValid => "check this machine's clock",
        TlsFault::PlainHttp(_) => {
            "check the port; only if the service has no TLS at all, switch Use HTTP (use_http) on, which sends the login in clear text"
        }
        TlsFault::UnknownIssuer => {
            "set CA File (ca_file) to the certificate of your own authority; only if you accept that anyone could impersonate the service, switch Verify SSL off"
        }
        TlsFault::WrongHost(_) => "use a host name for which the certificate is valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_wait_is_rounded_up() {
        let wait = |millis| ProviderError::RateLimited(Some(Duration::from_millis(millis))).to_string();
        assert_eq!(wait(400), "rate limit exceeded; try again in 1 s");
        assert_eq!(wait(2000), "rate limit exceeded; try again in 2 s");
    }
}

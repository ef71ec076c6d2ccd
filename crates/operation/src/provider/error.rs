//! Everything that can go wrong with a provider, each with what to do about it.

use std::time::Duration;

/// Why an answer is incomplete or missing. Texts that came from outside are printable already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// 400: the service does not take the question.
    #[error("the service refused the question: {0}")]
    BadQuestion(String),
    /// The service, or something before it, closed the connection inside an answer.
    #[error("the connection was cut inside the answer")]
    Cut,
    /// The service resolves the wrong way about in one and the same answer.
    #[error("{0} records contradict the rest about which side is the owner")]
    Contradiction(u64),
    /// Connection refused, unreachable and the like.
    #[error("cannot connect to {host} port {port}: {reason}")]
    Connect {
        /// The provider or its proxy.
        host: String,
        /// Its port.
        port: u16,
        /// What the system says.
        reason: String,
    },
    /// No connection in time.
    #[error("no connection to {host} port {port} within {} s", after.as_secs())]
    ConnectTimeout {
        /// The provider or its proxy.
        host: String,
        /// Its port.
        port: u16,
        /// How long was waited.
        after: Duration,
    },
    /// The same cursor came twice, or pages went on without anything new.
    #[error("the service's pages go in a circle; stopped after {0} pages")]
    CursorRepeats(usize),
    /// Stretches of the answer are no records.
    #[error("{0} stretches of the answer are damaged")]
    Damaged(u64),
    /// The body's encoding is broken or unknown.
    #[error("the answer's content encoding cannot be read: {0}")]
    Encoding(String),
    /// The body ended inside a record although the transfer was whole.
    #[error("the answer ends inside a record")]
    EndsInside,
    /// A compressed body that grows beyond reason.
    #[error("the compressed answer grows more than {0} times: not decompressed further")]
    Expansion(u64),
    /// 403.
    #[error("403 Forbidden: the login is known, but may not ask this")]
    Forbidden,
    /// Headers that never came.
    #[error("no answer from the service within {} s", .0.as_secs())]
    HeadersTimeout(Duration),
    /// Not HTTP, or broken HTTP.
    #[error("the service does not speak HTTP as it should: {0}")]
    Http(String),
    /// A body that stopped coming.
    #[error("the answer stalled for {} s", .0.as_secs())]
    IdleTimeout(Duration),
    /// The provider's name does not resolve.
    #[error("the name {host} cannot be resolved: {reason}")]
    NameNotFound {
        /// The provider or its proxy.
        host: String,
        /// What the system says.
        reason: String,
    },
    /// A body that holds no record and is not empty.
    #[error("not passive DNS data: the answer begins {0:?}")]
    NotCof(String),
    /// The service does not say that it knows the question.
    #[error("the service cannot be asked which records have the name in their data")]
    OwnerOnly,
    /// The proxy would not open the way.
    #[error("the proxy {proxy}: {why}")]
    Proxy {
        /// Its address, and the variable that names it.
        proxy: String,
        /// What is wrong.
        why: String,
    },
    /// 429, or the words of it.
    #[error("rate limit exceeded{}", wait(*.0))]
    RateLimited(Option<Duration>),
    /// Our cap on records.
    #[error("stopped after {0} records")]
    Records(usize),
    /// Any redirect.
    #[error("the service redirects to {0}; redirects are not followed")]
    Redirect(String),
    /// A refusal or failure with the words that came with it.
    #[error("{error}; {words}")]
    Said {
        /// What it is.
        error: Box<ProviderError>,
        /// Who said what, as a part of a sentence; printable and short.
        words: String,
    },
    /// The service says that its own answer is not whole.
    #[error("the service cut its answer: {0}")]
    ServiceCut(String),
    /// 5xx but 503.
    #[error("{0}: the service failed")]
    ServiceFailed(String),
    /// An unexpected status.
    #[error("unexpected answer with status {0}")]
    Status(u16),
    /// TLS.
    #[error("TLS with {host}: {fault}")]
    Tls {
        /// The provider.
        host: String,
        /// What is wrong.
        fault: TlsFault,
    },
    /// A plain HTTP connection that ended before the first byte of an answer.
    #[error(
        "{host} port {port} closed the connection without an answer to plain HTTP; the port may speak TLS"
    )]
    Unanswered {
        /// The provider.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Our cap on bytes.
    #[error("the answer is larger than {0} MiB")]
    TooLarge(u64),
    /// Our cap on pages.
    #[error("stopped after {0} pages")]
    TooManyPages(usize),
    /// One question took too long in all.
    #[error("the answer took longer than {} s in all", .0.as_secs())]
    TotalTimeout(Duration),
    /// 401.
    #[error("401 Unauthorized: no login, or a wrong one")]
    Unauthorized,
    /// 503.
    #[error("503: the service is busy or down{}", wait(*.0))]
    Unavailable(Option<Duration>),
    /// 404 with a web page: what answers has no passive DNS at this path.
    #[error("404 Not Found, with a web page instead of passive DNS data: {0:?}")]
    WebPage(String),
}

/// What is wrong with a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The server ended the handshake, and said why.
    #[error("the server refused the TLS handshake: {0}")]
    Alert(String),
    /// The server's certificate is that of an authority.
    #[error("the server's own certificate is marked as an authority's (CA:TRUE), which no server's may be")]
    Authority,
    /// What the server sends is broken TLS.
    #[error("the server does not speak TLS as it should")]
    Broken,
    /// The CA file cannot be used.
    #[error("the CA file cannot be used: {0}")]
    CaFile(String),
    /// Another fault of the certificate.
    #[error("{0}")]
    Certificate(String),
    /// The connection was closed at once.
    #[error("the server closed the connection without answering the TLS handshake")]
    Closed,
    /// The connection was cut inside the handshake.
    #[error("the connection was cut inside the TLS handshake")]
    Cut,
    /// The certificate is past its time.
    #[error("the server's certificate has expired")]
    Expired,
    /// No common version or cipher suite.
    #[error("the server offers no version or cipher suite of TLS that is supported (TLS 1.2 and 1.3 are)")]
    Incompatible,
    /// Something else answers.
    #[error("the port does not speak TLS; it says {0:?}")]
    NotTls(String),
    /// TLS answers where plain HTTP was spoken.
    #[error("the port speaks TLS, not plain HTTP")]
    NotPlain,
    /// The certificate is not valid yet.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// Plain HTTP answers.
    #[error("the port speaks plain HTTP, not TLS: {0:?}")]
    PlainHttp(String),
    /// The connection was taken, and the handshake never answered.
    #[error("no answer to the TLS handshake within {} s", .0.as_secs())]
    Silent(Duration),
    /// Signed by nobody that is trusted.
    #[error("the server's certificate is signed by an unknown issuer")]
    UnknownIssuer,
    /// A certificate for other hosts, with their names.
    #[error("the server's certificate is for another host{}", names(.0))]
    WrongHost(Vec<String>),
}

/// The first few names of a certificate.
fn names(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    match names {
        [] => String::new(),
        some if more == 0 => format!(": it names {}", some.join(", ")),
        many => format!(
            ": it names {} and {more} more",
            many.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

fn wait(after: Option<Duration>) -> String {
    // Rounded up: asked a second too early it is refused again.
    after.map_or_else(String::new, |after| format!("; try again in {} s", after.as_millis().div_ceil(1000)))
}

impl ProviderError {
    /// What to do about it, on whatever surface it is read: what is to be set is called as forms call it, with its key.
    pub fn hint(&self) -> &'static str {
        match self.bare() {
            Self::BadQuestion(_) | Self::Said { .. } => {
                "check the value; this service may not take this kind of it"
            }
            Self::Cut | Self::IdleTimeout(_) | Self::EndsInside => {
                "ask again; if it happens again, set Page Size (page_size) to ask in pages"
            }
            Self::Contradiction(_) => {
                "look at the raw answer and set the orientation if the service always swaps"
            }
            Self::Connect { .. } => "check host, port, Use HTTP and whether the service runs",
            Self::ConnectTimeout { .. } => {
                "check host and port; a firewall may drop the connection, or a proxy be needed"
            }
            Self::CursorRepeats(_) => {
                "set Page Size (page_size) to 0 to ask without pages, and tell the service's operator"
            }
            Self::Damaged(_) => {
                "look at the damaged stretches in the raw answer; they are listed with their offsets"
            }
            Self::Encoding(_) | Self::Http(_) => {
                "check that host and port lead to the passive-DNS service itself"
            }
            Self::Expansion(_) => "check the host: this is no passive-DNS answer",
            Self::Forbidden => "ask the service's operator what your account may do",
            Self::HeadersTimeout(_) => "ask again later: the service is busy, or something before it is",
            Self::TotalTimeout(_) => "ask again later, or raise Timeout (timeout)",
            Self::NameNotFound { .. } => "check the host for typing errors; CIRCL's service is www.circl.lu",
            Self::NotCof(_) | Self::WebPage(_) => {
                "check host, port, path and proxy: a login page or another service answered"
            }
            Self::OwnerOnly => {
                "ask for the records that the name owns; a Backsight server can be asked both ways, unless it is an old one"
            }
            Self::Proxy { .. } => {
                "check Proxy (proxy), Proxy User (proxy_user) and Proxy Password (proxy_password) in the configuration (the last two from version 1.2.0 on), or HTTPS_PROXY, HTTP_PROXY and ALL_PROXY in the environment, which may hold user and password; `none` as Proxy asks without one"
            }
            Self::RateLimited(_) => {
                "wait, or ask more slowly: Requests a Second (requests_per_second), from version 1.1.0 on"
            }
            Self::Redirect(_) => "set the host, port and Use HTTP to where the service really is",
            Self::ServiceCut(_) => "narrow the question by record type: this is a sample, not the latest",
            Self::ServiceFailed(_) | Self::Unavailable(_) => "ask again later",
            Self::Status(_) => "check that the host is a passive-DNS service",
            Self::Tls { fault, .. } => fault.hint(),
            Self::Records(_) | Self::TooLarge(_) => "narrow the question by record type",
            Self::TooManyPages(_) => "raise Page Size (page_size) or narrow the question by record type",
            Self::Unanswered { .. } => {
                "check the port; if the service speaks TLS, switch Use HTTP (use_http) off; if it does not, ask again later"
            }
            Self::Unauthorized => {
                "set User Token (user_token) in the integration's configuration, or Username and Password where it has them"
            }
        }
    }

    /// The error without the words that came with it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Said { error, .. } => error.bare(),
            other => other,
        }
    }

    /// Whether the provider turned us away: credentials or quota.
    pub fn is_refusal(&self) -> bool {
        matches!(self.bare(), Self::Unauthorized | Self::Forbidden | Self::RateLimited(_))
    }

    /// Whether the answer was cut at a limit, ours or theirs, rather than broken.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Records(_)
                | Self::ServiceCut(_)
                | Self::TooLarge(_)
                | Self::TooManyPages(_)
                | Self::Expansion(_)
        )
    }
}

impl TlsFault {
    fn hint(&self) -> &'static str {
        match self {
            Self::Alert(_) | Self::Broken | Self::Incompatible => {
                "check host and port; the service's operator can tell which versions of TLS it speaks"
            }
            Self::Authority => {
                "give the server a certificate of its own: signed by that authority, or made with `openssl req -x509 … -addext basicConstraints=critical,CA:FALSE`, which works in CA File too"
            }
            Self::CaFile(_) => "give a readable PEM file with at least one certificate in CA File (ca_file)",
            Self::Certificate(_) => "the service's operator must give it another certificate",
            Self::Closed | Self::Cut | Self::NotTls(_) | Self::Silent(_) => {
                "check host and port: what answers there may not be the service"
            }
            Self::Expired => "the service's operator must renew it; check this machine's clock too",
            Self::NotPlain => "switch Use HTTP (use_http) off",
            Self::NotYetValid => "check this machine's clock",
            Self::PlainHttp(_) => {
                "check the port; only if the service has no TLS at all, switch Use HTTP (use_http) on, which sends the login in clear text"
            }
            Self::UnknownIssuer => {
                "name your own authority in CA File (ca_file); only if you accept that anyone could answer, switch Verify SSL off"
            }
            Self::WrongHost(_) => "use a host name that the certificate is for",
        }
    }
}

/// Text from outside, made printable and short.
pub(super) fn printable(bytes: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut shown: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else if c.is_whitespace() {
                ' '
            } else {
                '.'
            }
        })
        .take(most)
        .collect();
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_printable_and_short() {
        for (bytes, most, shown) in [
            (&b"  plain text\r\n"[..], 60, "plain text"),
            (b"\x1b[31mred\x07\x7f", 60, ".[31mred.."),
            ("b\u{fc}cher \u{2028}\u{202e}x".as_bytes(), 60, "b.cher  .x"),
            // Cut between characters, however many octets they have.
            ("\u{1f600}\u{1f600}\u{1f600}".as_bytes(), 2, "..\u{2026}"),
            (b"abc", 3, "abc"),
            (b"abcd", 3, "abc\u{2026}"),
            (b"\xff\xfe", 60, ".."),
            (b"", 60, ""),
        ] {
            assert_eq!(printable(bytes, most), shown, "{bytes:?}");
        }
    }

    #[test]
    fn the_time_to_wait_is_rounded_up() {
        let wait = |millis| ProviderError::RateLimited(Some(Duration::from_millis(millis))).to_string();
        assert_eq!(wait(400), "rate limit exceeded; try again in 1 s");
        assert_eq!(wait(2000), "rate limit exceeded; try again in 2 s");
    }
}

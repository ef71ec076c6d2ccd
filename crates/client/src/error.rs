//! Everything that can go wrong on the way to a service and back, before anybody looks at what the service said.
//!
//! A [`ClientError`] says what happened, to which host or proxy. What to do about it is left to the caller, who knows what the
//! settings are called.

use std::time::Duration;

/// Why a request got no answer, or not all of it. Texts that came from outside are printable already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
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
    /// The service, or something before it, closed the connection inside an answer.
    #[error("the connection was lost before the end of the answer")]
    Cut,
    /// The body's encoding is broken or unknown.
    #[error("the answer's content encoding cannot be decoded: {0}")]
    Encoding(String),
    /// A compressed body that grows beyond reason.
    #[error("the compressed answer expands more than {0} times; decompression stopped")]
    Expansion(u64),
    /// Headers that never came.
    #[error("no answer from the service within {} s", .0.as_secs())]
    HeadersTimeout(Duration),
    /// Not HTTP, or broken HTTP.
    #[error("the service violates the HTTP protocol: {0}")]
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
    /// A failure on a way that leads through a proxy, which may be the one to blame.
    #[error("{error}; {words}")]
    Proxied {
        /// What it is.
        error: Box<ClientError>,
        /// What the proxy had to do with it, as a part of a sentence.
        words: String,
    },
    /// The proxy would not open the way.
    #[error("the proxy {proxy}: {why}")]
    Proxy {
        /// Its address, and the variable that names it.
        proxy: String,
        /// What is wrong.
        why: String,
    },
    /// TLS.
    #[error("TLS with {host}: {fault}")]
    Tls {
        /// The provider.
        host: String,
        /// What is wrong.
        fault: TlsFault,
    },
    /// One question took too long in all.
    #[error("the answer took longer than {} s in total", .0.as_secs())]
    TotalTimeout(Duration),
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
}

impl ClientError {
    /// The error without the proxy that it may have come from.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Proxied { error, .. } => error.bare(),
            other => other,
        }
    }
}

/// What is wrong with a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The server ended the handshake, and said why.
    #[error("the server refused the TLS handshake: {0}")]
    Alert(String),
    /// The server's certificate is that of an authority.
    #[error("the server's own certificate is marked as that of an authority (CA:TRUE), which is not allowed")]
    Authority,
    /// What the server sends is broken TLS.
    #[error("the server violates the TLS protocol")]
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
    #[error("the connection was lost during the TLS handshake")]
    Cut,
    /// The certificate is past its time.
    #[error("the server's certificate has expired")]
    Expired,
    /// No common version or cipher suite.
    #[error("the server offers no supported TLS version or cipher suite (TLS 1.2 and 1.3 are supported)")]
    Incompatible,
    /// Something else answers.
    #[error("the port does not speak TLS; it sent {0:?}")]
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
        some if more == 0 => format!(": it is for {}", some.join(", ")),
        many => format!(
            ": it is for {} and {more} more",
            many.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Text from outside, made printable and short.
pub fn printable(bytes: &[u8], most: usize) -> String {
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
            // Cut between characters, however many bytes they have.
            ("\u{1f600}\u{1f600}\u{1f600}".as_bytes(), 2, "..\u{2026}"),
            (b"abc", 3, "abc"),
            (b"abcd", 3, "abc\u{2026}"),
            (b"\xff\xfe", 60, ".."),
            (b"", 60, ""),
        ] {
            assert_eq!(printable(bytes, most), shown, "{bytes:?}");
        }
    }
}

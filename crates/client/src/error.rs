//! All errors on the way to a service and back, before its answer is interpreted.
//!
//! A [`ClientError`] states what happened, to which host or proxy. The caller adds what to do about it, because it knows the
//! names of the settings.

use std::time::Duration;

/// Why a request was not answered, or not completely. Text from outside is already printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The connection failed: refused, unreachable and the like.
    #[error("cannot connect to {host} port {port}: {reason}")]
    Connect {
        /// The provider or its proxy.
        host: String,
        /// Its port.
        port: u16,
        /// The error of the system.
        reason: String,
    },
    /// The connection was not established in time.
    #[error("no connection to {host} port {port} within {} s", after.as_secs())]
    ConnectTimeout {
        /// The provider or its proxy.
        host: String,
        /// Its port.
        port: u16,
        /// The time limit.
        after: Duration,
    },
    /// The service, or something before it, closed the connection within an answer.
    #[error("the connection was lost before the end of the answer")]
    Cut,
    /// The body's encoding is broken or unknown.
    #[error("the answer's content encoding cannot be decoded: {0}")]
    Encoding(String),
    /// A compressed body grew more than allowed.
    #[error("the compressed answer expands more than {0} times; decompression stopped")]
    Expansion(u64),
    /// The headers did not arrive in time.
    #[error("no answer from the service within {} s", .0.as_secs())]
    HeadersTimeout(Duration),
    /// The answer is not valid HTTP.
    #[error("the service violates the HTTP protocol: {0}")]
    Http(String),
    /// The body stopped arriving.
    #[error("the answer stalled for {} s", .0.as_secs())]
    IdleTimeout(Duration),
    /// The provider's name does not resolve.
    #[error("the name {host} cannot be resolved: {reason}")]
    NameNotFound {
        /// The provider or its proxy.
        host: String,
        /// The error of the system.
        reason: String,
    },
    /// A failure of a connection through a proxy, which may have caused it.
    #[error("{error}; {words}")]
    Proxied {
        /// The failure.
        error: Box<ClientError>,
        /// The role of the proxy, as a part of a sentence.
        words: String,
    },
    /// The proxy did not open the connection.
    #[error("the proxy {proxy}: {why}")]
    Proxy {
        /// Its address, and the variable that configures it.
        proxy: String,
        /// The reason.
        why: String,
    },
    /// TLS failed.
    #[error("TLS with {host}: {fault}")]
    Tls {
        /// The provider.
        host: String,
        /// The fault.
        fault: TlsFault,
    },
    /// One query took too long in total.
    #[error("the answer took longer than {} s in total", .0.as_secs())]
    TotalTimeout(Duration),
    /// A plain HTTP connection ended before the first byte of an answer.
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
    /// The error without the proxy that may have caused it.
    pub fn bare(&self) -> &Self {
        match self {
            Self::Proxied { error, .. } => error.bare(),
            other => other,
        }
    }
}

/// A fault of a TLS connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The server ended the handshake, with this reason.
    #[error("the server refused the TLS handshake: {0}")]
    Alert(String),
    /// The server's certificate is that of a certificate authority.
    #[error("the server's own certificate is marked as that of an authority (CA:TRUE), which is not allowed")]
    Authority,
    /// The server sends invalid TLS.
    #[error("the server violates the TLS protocol")]
    Broken,
    /// The CA file cannot be used.
    #[error("the CA file cannot be used: {0}")]
    CaFile(String),
    /// The certificate has another fault.
    #[error("{0}")]
    Certificate(String),
    /// The certificate of this client cannot be used.
    #[error("the client certificate cannot be used: {0}")]
    ClientCertificate(String),
    /// The connection was closed at once.
    #[error("the server closed the connection without answering the TLS handshake")]
    Closed,
    /// The connection was cut within the handshake.
    #[error("the connection was lost during the TLS handshake")]
    Cut,
    /// The certificate has expired.
    #[error("the server's certificate has expired")]
    Expired,
    /// There is no common version or cipher suite.
    #[error("the server offers no supported TLS version or cipher suite (TLS 1.2 and 1.3 are supported)")]
    Incompatible,
    /// Another protocol answers.
    #[error("the port does not speak TLS; it sent {0:?}")]
    NotTls(String),
    /// TLS answers on a connection of plain HTTP.
    #[error("the port speaks TLS, not plain HTTP")]
    NotPlain,
    /// The certificate is not valid yet.
    #[error("the server's certificate is not valid yet")]
    NotYetValid,
    /// Plain HTTP answers.
    #[error("the port speaks plain HTTP, not TLS: {0:?}")]
    PlainHttp(String),
    /// The connection was accepted, but the handshake was never answered.
    #[error("no answer to the TLS handshake within {} s", .0.as_secs())]
    Silent(Duration),
    /// The issuer of the certificate is not trusted.
    #[error("the server's certificate is signed by an unknown issuer")]
    UnknownIssuer,
    /// The certificate is for other hosts, with these names.
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

/// Text from outside, made printable and shortened.
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
            // Cut between characters, not within their bytes.
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

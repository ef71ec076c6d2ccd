//! The server that a sensor forwards to: [`Destination`].
//!
//! Errors: [`ClientError`] if a CA file or the environment's proxy cannot be used, and [`TokenFault`].

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use client::{
    Address, Answer, Client, ClientError, Dial, Limits, Proxy, ProxyEnvironment, Target, Tcp, Tls, authority,
};
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};

/// Where records are sent, below the server's address. What a sensor sees is an observation, and no record has to be turned.
const PATH: &str = "/api/v1/records?kind=observation&keep_sensors=true&orientation=draft";
const SEQUENCE: HeaderName = HeaderName::from_static("sensor-sequence");
/// How much of an answer is read, in bytes.
const MOST_ANSWER: usize = 64 * 1024;
/// The longest token, in bytes.
const LONGEST_TOKEN: usize = 1_024;
/// A slow line has two minutes for a body.
const LIMITS: Limits =
    Limits { idle: Duration::from_mins(2), total: Duration::from_mins(3), ..Limits::USUAL };

/// The text is no token; it is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token is one word of printable ASCII characters")]
pub struct TokenFault;

/// What lets a sensor in, as a header that is never shown.
#[derive(Clone)]
pub struct Token(HeaderValue);

/// A server with its token, which is not shown.
#[derive(Debug)]
pub struct Destination {
    address: Address,
    token: Token,
    client: Client,
}

impl Token {
    /// A token as it was written to a file.
    ///
    /// # Errors
    /// [`TokenFault`].
    pub fn parse(text: &str) -> Result<Self, TokenFault> {
        let text = text.trim();
        let is_word =
            (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let mut value = HeaderValue::try_from(format!("Bearer {text}")).map_err(|_| TokenFault)?;
        value.set_sensitive(true);
        if is_word { Ok(Self(value)) } else { Err(TokenFault) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Destination {
    /// A server. Authorities in `ca_file` are trusted in addition to the system's. A proxy of the environment is used, but never for
    /// this machine.
    ///
    /// # Errors
    /// [`ClientError::Tls`] if the file cannot be used, [`ClientError::Proxy`] if the environment names none that can be used.
    pub fn new(
        address: Address,
        token: Token,
        ca_file: Option<PathBuf>,
        environment: &ProxyEnvironment,
    ) -> Result<Self, ClientError> {
        let proxy = if address.is_loopback() {
            None
        } else {
            environment.proxy(address.http, &address.host, address.port)?
        };
        Self::dialled(address, token, ca_file, proxy, Arc::new(Tcp))
    }

    /// A server to which `dial` connects.
    pub(super) fn dialled(
        address: Address,
        token: Token,
        ca_file: Option<PathBuf>,
        proxy: Option<Proxy>,
        dial: Arc<dyn Dial>,
    ) -> Result<Self, ClientError> {
        let tls = (!address.http).then_some(Tls { ca_file, certificate: None, verify: true });
        let target = Target { host: address.host.clone(), port: address.port, tls, proxy };
        let client = Client::new(target, LIMITS, dial)?;
        Ok(Self { address, token, client })
    }

    /// The address.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a body with its sequence and number.
    pub(super) async fn send(
        &self,
        sequence: &str,
        number: u64,
        body: Vec<u8>,
    ) -> Result<Answer, ClientError> {
        let Address { http, host, port, prefix } = &self.address;
        let scheme = if *http { "http" } else { "https" };
        let request = Request::post(format!("{scheme}://{}{prefix}{PATH}", authority(host, *port)))
            .header(AUTHORIZATION, self.token.0.clone())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header(CONTENT_ENCODING, "zstd")
            .header(SEQUENCE, format!("{sequence}/{number}"))
            .body(Bytes::from(body))
            .map_err(|error| ClientError::Http(error.to_string()))?;
        self.client.exchange(request, MOST_ANSWER).await
    }

    /// Removes the token from text that comes from outside.
    pub(super) fn without_token(&self, text: String) -> String {
        client::without(text, [Some(&self.token.0)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_is_never_shown() {
        let token = Token::parse(" bsk_0123456789\n").unwrap();
        assert_eq!(token.0.to_str().unwrap(), "Bearer bsk_0123456789");
        assert_eq!(format!("{token:?}"), "Token");
        for wrong in ["", " \n", "two words", "a\nb", "t\u{f6}ken", &"a".repeat(1_025)] {
            assert!(Token::parse(wrong).is_err(), "{wrong}");
        }
    }
}

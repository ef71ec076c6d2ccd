//! A request and its whole answer, for services whose answers are short: [`Client::exchange`].
//!
//! Errors are those of sending and of reading the body. Redirects are answers like all others.

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, PROXY_AUTHENTICATE};
use hyper::{Request, StatusCode};

use crate::body::Body;
use crate::error::{ClientError, printable};
use crate::limits::Deadline;
use crate::progress::Trail;
use crate::proxy::takes_basic;
use crate::request::Client;

/// The memory that is reserved before the length of an answer is known, in bytes.
const FIRST: usize = 64 << 10;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, decompressed; only the beginning if it is longer than was asked for.
    pub body: Vec<u8>,
}

impl Client {
    /// Sends a request and reads up to `most` bytes of its answer.
    ///
    /// # Errors
    /// [`ClientError`], which names the proxy where it may be the cause; a proxy that wants another login is one, too.
    pub async fn exchange(&self, request: Request<Bytes>, most: usize) -> Result<Answer, ClientError> {
        let deadline = Deadline::new(self.limits());
        let sent = self.send_body(request, deadline, &Trail::default()).await;
        let (head, incoming) = sent.map_err(|error| self.unanswered(error))?.into_parts();
        if let Some(proxy) = self.reading_proxy()
            && head.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        {
            let challenges = head.headers.get_all(PROXY_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
            return Err(proxy.wants_login(takes_basic(challenges)));
        }
        let encoding = head.headers.get(CONTENT_ENCODING).map(|value| printable(value.as_bytes(), 100));
        let mut body = Body::new(incoming, &encoding.unwrap_or_default())?;
        let (mut text, mut filled) = (vec![0; most.min(FIRST)], 0);
        while filled < most {
            if filled == text.len() {
                text.resize(filled.saturating_mul(2).min(most), 0);
            }
            let room = text.get_mut(filled..).unwrap_or_default();
            match body.read(room, self.limits(), deadline).await.map_err(|error| self.broken_off(error))? {
                0 => break,
                len => filled += len,
            }
        }
        text.truncate(filled);
        Ok(Answer { status: head.status, headers: head.headers, body: text })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use testkit::{Exchange, Script, ScriptedProvider};

    use super::*;
    use crate::dial::Tcp;
    use crate::limits::Limits;
    use crate::request::Target;

    #[tokio::test]
    async fn a_body_is_sent_and_the_beginning_of_the_answer_is_read() {
        let service = ScriptedProvider::new(Script::new([
            Exchange::ok("0123456789"),
            Exchange::status(503, &[("retry-after", "7")], "later"),
        ]));
        let address = service.listen().await.unwrap();
        let target = Target { host: address.ip().to_string(), port: address.port(), tls: None, proxy: None };
        let client = Client::new(target, Limits::USUAL, Arc::new(Tcp)).unwrap();
        let request = || {
            let request = Request::post(format!("http://{address}/records")).header("x-a", "1");
            request.body(Bytes::from(vec![b'x'; 300_000])).unwrap()
        };
        let first = client.exchange(request(), 4).await.unwrap();
        assert_eq!((first.status.as_u16(), &first.body[..]), (200, &b"0123"[..]));
        let second = client.exchange(request(), 1_000).await.unwrap();
        assert_eq!((second.status.as_u16(), &second.body[..]), (503, &b"later"[..]));
        assert_eq!(second.headers["retry-after"], "7");
        for request in service.requests() {
            assert_eq!((request.method.as_str(), request.body.len()), ("POST", 300_000));
            assert_eq!(request.header("content-length"), Some("300000"));
        }
    }
}

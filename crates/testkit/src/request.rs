//! The requests that a provider receives: [`Request`], and reading its head from a connection.
//!
//! Bytes that are not a valid request are [`Incoming::Refused`] with the status to answer; they are not recorded, and do not
//! use up an exchange. Heads and bodies are limited in length, and a body without a declared length is refused.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::framing::{end_of_head, head_lines};

/// The longest head of a request, in bytes.
const HEAD_MAX: usize = 64 * 1024;
/// The longest body of a request, in bytes.
const BODY_MAX: usize = 16 << 20;

/// A request of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, as sent.
    pub method: String,
    /// The request target, as sent: still percent-encoded.
    pub target: String,
    /// The headers in the order sent: names in lower case, values without the space around them.
    pub headers: Vec<(String, String)>,
    /// The body, as sent.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(present, _)| present.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let (line, headers) = head_lines(head)?;
        let mut parts = line.split(' ');
        let (method, target, version) = (parts.next()?, parts.next()?, parts.next()?);
        let right = version.starts_with("HTTP/1.") && parts.next().is_none();
        right.then(|| Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            body: Vec::new(),
        })
    }

    /// Whether the client sends no more requests on this connection.
    pub(crate) fn wants_close(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The length of the body; `None` if it is not declared, or too long.
    fn body_len(&self) -> Option<usize> {
        if self.header("transfer-encoding").is_some() {
            return None;
        }
        let len = self.header("content-length").map_or(Some(0), |length| length.parse().ok());
        len.filter(|len| *len <= BODY_MAX)
    }
}

/// The next event on a connection.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The client has closed the connection.
    End,
    /// An invalid request, which gets this status and text, after which the connection is closed.
    Refused(u16, &'static str),
    /// A complete request.
    Request(Request),
}

/// Reads the next request; `buffer` holds bytes that were read after the previous one.
pub(crate) async fn read<S>(stream: &mut S, buffer: &mut Vec<u8>) -> io::Result<Incoming>
where
    S: AsyncRead + Unpin,
{
    loop {
        if let Some(end) = end_of_head(buffer) {
            let head: Vec<u8> = buffer.drain(..end).collect();
            return match sort(&head) {
                Incoming::Request(request) => with_body(request, stream, buffer).await,
                other => Ok(other),
            };
        }
        if buffer.len() > HEAD_MAX {
            return Ok(Incoming::Refused(431, "the request's head is too long"));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(Incoming::End);
        }
    }
}

async fn with_body<S>(mut request: Request, stream: &mut S, buffer: &mut Vec<u8>) -> io::Result<Incoming>
where
    S: AsyncRead + Unpin,
{
    let Some(len) = request.body_len() else {
        return Ok(Incoming::Refused(400, "a body without a length, or a very long one"));
    };
    while buffer.len() < len {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(Incoming::End);
        }
    }
    request.body = buffer.drain(..len).collect();
    Ok(Incoming::Request(request))
}

fn sort(head: &[u8]) -> Incoming {
    if head.len() > HEAD_MAX {
        return Incoming::Refused(431, "the request's head is too long");
    }
    match Request::parse(head) {
        None => Incoming::Refused(400, "not an HTTP/1 request"),
        Some(request) => Incoming::Request(request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn first(bytes: &[u8]) -> Incoming {
        read(&mut &*bytes, &mut Vec::new()).await.unwrap()
    }

    #[tokio::test]
    async fn a_request_is_read_as_sent() {
        let head = b"GET /a%2Fb HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\nx-a: 2\r\n\r\n";
        let Incoming::Request(request) = first(head).await else { panic!("not a request") };
        assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/a%2Fb"));
        let headers = [("host", "h"), ("x-a", "1"), ("x-a", "2")];
        assert_eq!(request.headers, headers.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(request.header("X-a"), Some("1"));
        assert_eq!(request.header("x-b"), None);
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_declared_length() {
        let mut both = &b"POST /1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nokGET /2 HTTP/1.1\r\n\r\n"[..];
        let mut buffer = Vec::new();
        for (target, body) in [("/1", &b"ok"[..]), ("/2", b"")] {
            let Incoming::Request(request) = read(&mut both, &mut buffer).await.unwrap() else {
                panic!("{target}")
            };
            assert_eq!((request.target.as_str(), request.body.as_slice()), (target, body));
        }
        let cut = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nok";
        assert!(matches!(first(cut).await, Incoming::End));
    }

    #[tokio::test]
    async fn requests_sent_together_are_read_one_by_one() {
        let mut both = &b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"[..];
        let mut buffer = Vec::new();
        for target in ["/1", "/2"] {
            let Incoming::Request(request) = read(&mut both, &mut buffer).await.unwrap() else {
                panic!("{target}")
            };
            assert_eq!(request.target, target);
        }
        assert!(matches!(read(&mut both, &mut buffer).await.unwrap(), Incoming::End));
    }

    #[tokio::test]
    async fn what_is_no_request_is_refused() {
        assert!(matches!(first(b"hello\r\n\r\n").await, Incoming::Refused(400, _)));
        assert!(matches!(first(b"GET / HTTP/1.1\r\nbad\r\n\r\n").await, Incoming::Refused(400, _)));
        let chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert!(matches!(first(chunked).await, Incoming::Refused(400, _)));
        let long = b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n";
        assert!(matches!(first(long).await, Incoming::Refused(400, _)));
        assert!(matches!(first(b"GET / HTTP/1.1\r\n").await, Incoming::End));
    }

    #[tokio::test]
    async fn a_head_is_capped() {
        let long = |fill: usize| format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(fill)).into_bytes();
        let around = long(0).len();
        assert!(matches!(first(&long(HEAD_MAX - around)).await, Incoming::Request(_)));
        assert!(matches!(first(&long(HEAD_MAX - around + 1)).await, Incoming::Refused(431, _)));
        assert!(matches!(first(&vec![b'a'; HEAD_MAX * 2]).await, Incoming::Refused(431, _)));
    }
}

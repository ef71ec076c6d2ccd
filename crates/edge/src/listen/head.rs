//! What the head of a request must be before hyper sees it: pure, from octets to a [`Shape`].
//!
//! hyper answers a head that it cannot read with a bare status that nobody counts or logs; here it is a [`Problem`] like any
//! other. What is stricter than hyper are the rules on which two readers of one connection could disagree (RFC 9112, 3.2 and
//! 6.3): one `Host`, one `Content-Length`, and never that beside `Transfer-Encoding`.

use axum::http::uri::InvalidUri;
use axum::http::{Method, StatusCode, Uri};
use httparse::{EMPTY_HEADER, Header, Request, Status};

use crate::problem::Problem;

/// The most headers: what hyper has room for without an allocation a request.
pub(super) const HEADERS: usize = 100;
/// The most octets of a head: a name of 1,020 octets and a cursor of 1,243 fit often.
pub(super) const OCTETS: usize = 32 * 1024;
/// What Content-Length can say: hyper keeps the greatest numbers for itself.
const LONGEST: u64 = i64::MAX as u64;

/// A head that is whole and right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Its octets.
    pub(super) length: usize,
    /// Octets of the body behind it; `None` for chunks, whose end is not looked for.
    pub(super) body: Option<u64>,
}

/// Reads what there is of a head; `None` while there must be more.
///
/// # Errors
/// 400, 413, 414 or 431.
pub(super) fn read(octets: &[u8]) -> Result<Option<Shape>, Problem> {
    let mut headers = [EMPTY_HEADER; HEADERS];
    let mut request = Request::new(&mut headers);
    let length = match request.parse(octets) {
        Ok(Status::Complete(length)) if length <= OCTETS => length,
        Ok(Status::Partial) if octets.len() < OCTETS => return Ok(None),
        Ok(_) if request.path.is_none() => return Err(Problem::uri_too_long(crate::limits::MAX_URI)),
        Ok(_) => return Err(too_large()),
        // A handshake of TLS: a client that speaks HTTP sees this, and the log too.
        Err(_) if octets.starts_with(&[22, 3]) => {
            return Err(Problem::bad_request(
                "this port is plain HTTP, but the client used TLS: use http://, or configure a certificate",
            ));
        }
        Err(error) => return Err(unreadable(error)),
    };
    let method = request.method.unwrap_or_default();
    Method::from_bytes(method.as_bytes()).map_err(|_| unreadable(httparse::Error::Token))?;
    let target = request.path.unwrap_or_default();
    target
        .parse()
        .map_err(|_: InvalidUri| Problem::bad_request("invalid address in the request line"))
        .map(drop::<Uri>)?;
    let body = following(request.headers, request.version == Some(1))?;
    Ok(Some(Shape { length, body }))
}

/// What comes behind a head with these headers.
fn following(headers: &[Header<'_>], is_1_1: bool) -> Result<Option<u64>, Problem> {
    let hosts = all(headers, "host").count();
    if hosts > 1 || (hosts == 0 && is_1_1) {
        return Err(Problem::bad_request("a request must have exactly one Host header"));
    }
    let (mut lengths, mut codings) = (all(headers, "content-length"), all(headers, "transfer-encoding"));
    match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
        (None, _, None, _) => Ok(Some(0)),
        (Some(length), None, None, _) => announced(length).map(Some),
        (None, _, Some(coding), None) if is_1_1 && coding.eq_ignore_ascii_case(b"chunked") => Ok(None),
        _ => Err(Problem::bad_request(
            "the body length must be given once: by one Content-Length, or by Transfer-Encoding: chunked (HTTP/1.1)",
        )),
    }
}

fn announced(length: &[u8]) -> Result<u64, Problem> {
    let digits = std::str::from_utf8(length).ok();
    let digits = digits.filter(|text| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()));
    let digits = digits.ok_or_else(|| Problem::bad_request("Content-Length: takes a number"))?;
    digits
        .parse()
        .ok()
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"))
}

/// The values of a header.
fn all<'a>(headers: &'a [Header<'_>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.trim_ascii())
}

fn too_large() -> Problem {
    let detail =
        format!("the request head is too large: at most {HEADERS} headers and {OCTETS} bytes are allowed");
    Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
}

fn unreadable(error: httparse::Error) -> Problem {
    use httparse::Error::{HeaderName, HeaderValue, TooManyHeaders, Version};
    Problem::bad_request(match error {
        TooManyHeaders => return too_large(),
        Version => "unsupported HTTP version: the request line must end with HTTP/1.1 or HTTP/1.0",
        HeaderName | HeaderValue => {
            "invalid header: a header is a name, a colon and a value on one line, without control characters"
        }
        _ => "not an HTTP request: it must begin with a line such as GET /pdns/query/example.com HTTP/1.1",
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn status(head: &str) -> u16 {
        read(head.as_bytes()).unwrap_err().status.as_u16()
    }

    #[test]
    fn a_head_says_where_it_ends_and_what_follows() {
        for (head, body) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Some(0)),
            ("GET / HTTP/1.0\r\n\r\n", Some(0)),
            ("GET / HTTP/1.1\nhost:a\n\n", Some(0)),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:  7 \r\n\r\n", Some(7)),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n", None),
        ] {
            let whole = Shape { length: head.len(), body };
            assert_eq!(read(format!("{head}rest").as_bytes()), Ok(Some(whole)), "{head}");
            for end in 0..head.len() {
                assert_eq!(read(&head.as_bytes()[..end]), Ok(None), "{head} to {end}");
            }
        }
    }

    #[test]
    fn what_is_no_head_is_told_why() {
        let with = |headers: &str| format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        for (head, wanted) in [
            ("\u{16}\u{3}\u{1}".to_owned(), 400),
            ("hello there\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/2.0\r\n\r\n".to_owned(), 400),
            ("GET /\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
            (with("Host: b\r\n"), 400),
            (with("no colon\r\n"), 400),
            (with("a : b\r\n"), 400),
            (with("a: b\r\n c\r\n"), 400),
            (with("a: b\0\r\n"), 400),
            (with("Content-Length: 1\r\nContent-Length: 1\r\n"), 400),
            (with("Content-Length: -1\r\n"), 400),
            (with("Content-Length: +1\r\n"), 400),
            (with("Content-Length: \r\n"), 400),
            (with("Content-Length: 1, 1\r\n"), 400),
            (with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400),
            (with("Transfer-Encoding: gzip, chunked\r\n"), 400),
            (with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400),
            ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), 400),
            (with("Content-Length: 18446744073709551615\r\n"), 413),
            (with("Content-Length: 99999999999999999999999\r\n"), 413),
            (with(&"a: b\r\n".repeat(HEADERS)), 431),
            (with(&format!("a: {}\r\n", "b".repeat(OCTETS))), 431),
            (format!("GET /{}", "a".repeat(OCTETS)), 414),
        ] {
            assert_eq!(status(&head), wanted, "{}", head.get(..80).unwrap_or(&head));
        }
        assert!(read(with(&"a: b\r\n".repeat(HEADERS - 1)).as_bytes()).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_panics(octets in proptest::collection::vec(any::<u8>(), 0..200), head in "(GET|POST) [!-~]{1,20} HTTP/1\\.[01]\r\n([A-Za-z-]{1,18}: ?[ -~]{0,20}\r\n){0,8}\r\n") {
            let _ = read(&octets);
            if let Ok(Some(shape)) = read(head.as_bytes()) {
                prop_assert_eq!(shape.length, head.len());
            }
        }
    }
}

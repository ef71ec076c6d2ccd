//! Ready-made answers, one function for each fault of a provider or of the connection to it.
//!
//! A function returns an [`Exchange`] for a script of the test, or a [`Script`] if the fault needs several requests. None does
//! I/O or fails. Failed connects are in [`crate::ConnectFault`], and invalid certificates in [`crate::certificate`].

use std::time::Duration;

use crate::gzip;
use crate::script::{Exchange, Script, Step};

const TEXT: [(&str, &str); 1] = [("content-type", "text/plain; charset=utf-8")];
const HTML: [(&str, &str); 1] = [("content-type", "text/html; charset=utf-8")];
/// The header with the cursor of the next page.
const CURSOR: &str = "x-dribble-cursor";

/// The request is accepted but never answered.
pub fn headers_never_come() -> Exchange {
    Exchange::raw(vec![Step::Stall])
}

/// The connection ends before the first byte of an answer: a client sees this if the server has just closed an idle connection.
pub fn closed_unanswered() -> Exchange {
    Exchange::raw(vec![Step::Close])
}

/// The connection ends in the middle of the headers.
pub fn cut_in_headers() -> Exchange {
    Exchange::raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec()), Step::Close])
}

/// The server does not speak HTTP.
pub fn not_http() -> Exchange {
    Exchange::raw(vec![Step::Send(b"SSH-2.0-server\r\n".to_vec()), Step::Close])
}

/// The body stops after this many bytes, and the connection stays open.
pub fn body_stalls(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    Exchange::ok(body).until(bytes).then(Step::Stall)
}

/// The body never pauses long enough for an idle timeout; only a total timeout ends it soon.
pub fn body_drips(body: impl Into<Vec<u8>>, piece: usize, pause: Duration) -> Exchange {
    Exchange::ok(body).paced(piece, pause)
}

/// The connection is cut after this many bytes of the body, before its `Content-Length`.
pub fn body_cut(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    Exchange::ok(body).until(bytes).then(Step::Close)
}

/// The connection is cut after this many bytes of a chunked body (including chunk lines): the last chunk is missing.
pub fn chunked_body_cut(body: impl Into<Vec<u8>>, chunk: usize, bytes: usize) -> Exchange {
    Exchange::ok(body).chunked(chunk).until(bytes).then(Step::Close)
}

/// The body ends within a record although the transfer is complete: only the data shows that it was cut, for example by a time
/// limit of the provider.
pub fn ends_in_record(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    let mut body = body.into();
    body.truncate(bytes);
    Exchange::ok(body)
}

/// Like [`ends_in_record`], without a declared length: the body ends with the connection.
pub fn ends_in_record_unframed(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    ends_in_record(body, bytes).without("content-length")
}

/// `Content-Length` is this many bytes longer than the body; then the connection is closed properly.
pub fn length_too_long(body: impl Into<Vec<u8>>, more: usize) -> Exchange {
    let body = body.into();
    let length = (body.len() + more).to_string();
    Exchange::ok(body).header("content-length", &length)
}

/// An endless body that repeats these bytes: complete records, or the inside of one value.
pub fn endless(bytes: impl Into<Vec<u8>>) -> Exchange {
    Exchange::ok("").without("content-length").then(Step::Endless(bytes.into()))
}

/// 301 to another host, which must not receive any credentials.
pub fn redirect(location: &str) -> Exchange {
    Exchange::status(301, &[("location", location)], "")
}

/// A web page with status 200: a captive portal, a proxy's notice or a wrong path.
pub fn html_page() -> Exchange {
    Exchange::status(200, &HTML, "<!DOCTYPE html>\n<html><head><title>Welcome</title></head></html>\n")
}

/// The rate limit as text with status 200.
pub fn rate_limit_as_text() -> Exchange {
    Exchange::status(200, &TEXT, "Rate Limit Exceeded")
}

/// 200 with an empty body: there are no records.
pub fn empty() -> Exchange {
    Exchange::ok("")
}

/// 204: there are no records.
pub fn no_content() -> Exchange {
    Exchange::status(204, &[], "")
}

/// 404, with which some providers report that there are no records.
pub fn not_found() -> Exchange {
    Exchange::status(404, &TEXT, "Not Found")
}

/// 404 of a web server without passive DNS.
pub fn no_such_page() -> Exchange {
    Exchange::status(404, &HTML, "<html><body><h1>404 Not Found</h1></body></html>\n")
}

/// 401: credentials are missing or wrong.
pub fn unauthorized() -> Exchange {
    let challenge = "Basic realm=\"Passive DNS\"";
    Exchange::status(401, &TEXT, "Unauthorized").header("www-authenticate", challenge)
}

/// 403: the credentials are valid but not sufficient.
pub fn forbidden() -> Exchange {
    Exchange::status(403, &TEXT, "Forbidden")
}

/// 429, with or without a time to wait: seconds or an HTTP date.
pub fn too_many_requests(retry_after: Option<&str>) -> Exchange {
    with_retry_after(Exchange::status(429, &TEXT, "Too Many Requests"), retry_after)
}

/// 500: for one request, or by [`Script::always`] for every one.
pub fn server_error() -> Exchange {
    Exchange::status(500, &HTML, "<html><body><h1>Internal Server Error</h1></body></html>\n")
}

/// 503, with or without a time to wait.
pub fn unavailable(retry_after: Option<&str>) -> Exchange {
    with_retry_after(Exchange::status(503, &TEXT, "Service Unavailable"), retry_after)
}

/// One temporary fault, then this body for every request, to test retries.
pub fn once(fault: Exchange, body: impl Into<Vec<u8>>) -> Script {
    Script::new([fault, Exchange::ok(body)]).repeat_last()
}

/// An answer in pages, each but the last with its own cursor (larger than a double can represent exactly).
///
/// The pages are returned in order, whatever cursor is requested; the test checks the requests.
pub fn pages<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Script {
    let mut pages: Vec<_> =
        bodies.into_iter().zip(0..).map(|(body, number)| page(body, &cursor(number))).collect();
    let last = pages.pop().map(|page| page.without(CURSOR));
    Script::new(pages.into_iter().chain(last))
}

/// The cursor that [`pages`] sends with the page of this number, counted from 0.
pub fn cursor(page: u64) -> String {
    (7_346_046_680_497_455_128 + page).to_string()
}

/// One page with this cursor of the next page.
pub fn page(body: impl Into<Vec<u8>>, cursor: &str) -> Exchange {
    Exchange::ok(body).header(CURSOR, cursor)
}

/// Pages whose cursor never changes, with the last one repeated: a client that follows it never ends.
pub fn pages_with_one_cursor<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Script {
    Script::new(bodies.into_iter().map(|body| page(body, &cursor(0)))).repeat_last()
}

/// A part of the answer, with the provider's statement that it is incomplete: its limit of 1000 records.
pub fn over_the_limit(body: impl Into<Vec<u8>>, value: &str) -> Exchange {
    let error = format!(r#"[{{"error":"maxset","record":"{value}","value":1000,"total_value":532915}}]"#);
    Exchange::ok(body).header("x-dribble-errors", &error)
}

/// A gzip body that decompresses to this many MiB of zeros, a thousand times its size.
pub fn gzip_bomb(mebibytes: u32) -> Exchange {
    gzipped(gzip::zeros(mebibytes))
}

/// A body that is declared as gzip: `gzip::stored(…)` for a valid one, part of it for one that is cut, anything else for an
/// invalid one.
pub fn gzipped(bytes: impl Into<Vec<u8>>) -> Exchange {
    Exchange::ok(bytes).header("content-encoding", "gzip")
}

fn with_retry_after(exchange: Exchange, retry_after: Option<&str>) -> Exchange {
    match retry_after {
        Some(value) => exchange.header("retry-after", value),
        None => exchange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::keeps_alive;

    fn text(steps: &[Step]) -> String {
        let sent = steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        });
        sent.collect()
    }

    #[test]
    fn whole_answers_keep_the_connection_and_broken_ones_do_not() {
        let whole =
            [redirect("http://other.test/"), html_page(), rate_limit_as_text(), empty(), no_content()];
        let whole = whole.into_iter().chain([not_found(), unauthorized(), forbidden(), server_error()]);
        let whole = whole.chain([too_many_requests(Some("3")), unavailable(None), gzip_bomb(1)]);
        let whole = whole.chain([body_drips("abc", 1, Duration::from_secs(1)), ends_in_record("abc", 2)]);
        for exchange in whole {
            assert!(keeps_alive(&exchange.clone().into_steps()), "{exchange:?}");
        }
        let broken = [headers_never_come(), closed_unanswered(), cut_in_headers(), not_http(), endless("x")];
        let broken = broken.into_iter().chain([body_stalls("abc", 1), body_cut("abc", 1)]);
        let broken = broken.chain([chunked_body_cut("abc", 2, 9), length_too_long("abc", 1)]);
        for exchange in broken.chain([ends_in_record_unframed("abc", 2)]) {
            assert!(!keeps_alive(&exchange.clone().into_steps()), "{exchange:?}");
        }
    }

    #[test]
    fn each_page_but_the_last_names_the_next() {
        let script = pages(["a", "b", "c"]);
        let cursors = [0, 1, 2, 3]
            .map(|n| text(&script.steps(n)).contains(&format!("{CURSOR}: {}\r\n", cursor(n as u64))));
        assert_eq!(cursors, [true, true, false, false]);
        assert!(
            text(&script.steps(2)).starts_with("HTTP/1.1 200 ") && !text(&script.steps(2)).contains(CURSOR)
        );
        assert!(text(&script.steps(3)).ends_with("script exhausted"));
    }

    #[test]
    fn a_cursor_repeats_for_ever() {
        let script = pages_with_one_cursor(["a", "b"]);
        for (page, body) in [(0, "a"), (1, "b"), (2, "b"), (9, "b")] {
            let text = text(&script.steps(page));
            assert!(text.contains(&cursor(0)) && text.ends_with(body), "{text}");
        }
    }

    #[test]
    fn a_fault_passes() {
        let script = once(server_error(), "ok");
        assert!(text(&script.steps(0)).starts_with("HTTP/1.1 500 "));
        assert!(
            text(&script.steps(1)).ends_with("\r\n\r\nok") && text(&script.steps(2)).ends_with("\r\n\r\nok")
        );
    }

    #[test]
    fn the_limit_is_told_in_a_header() {
        let want = r#"x-dribble-errors: [{"error":"maxset","record":"example.com","value":1000,"total_value":532915}]"#;
        assert!(text(&over_the_limit("{}", "example.com").into_steps()).contains(want));
    }

    #[test]
    fn the_time_to_wait_is_there_when_given() {
        assert!(text(&too_many_requests(Some("120")).into_steps()).contains("\r\nretry-after: 120\r\n"));
        assert!(!text(&too_many_requests(None).into_steps()).contains("retry-after"));
    }
}

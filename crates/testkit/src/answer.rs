//! Ready-made answers, one function for each fault that a provider or the way to it can have.
//!
//! A function gives an [`Exchange`], to be put in a script by the test, or a [`Script`] where the fault takes
//! several requests. None does I/O or fails. Connects that fail are [`crate::ConnectFault`], certificates that
//! do are in [`crate::certificate`].

use std::time::Duration;

use crate::gzip;
use crate::script::{Exchange, Script, Step};

const TEXT: [(&str, &str); 1] = [("content-type", "text/plain; charset=utf-8")];
const HTML: [(&str, &str); 1] = [("content-type", "text/html; charset=utf-8")];
/// The header that holds the next page's cursor.
const CURSOR: &str = "x-dribble-cursor";

/// The request is taken and nothing ever comes back.
pub fn headers_never_come() -> Exchange {
    Exchange::raw(vec![Step::Stall])
}

/// The connection ends before the first byte of an answer: what a client sees when a kept connection had just
/// been given up by the server.
pub fn closed_unanswered() -> Exchange {
    Exchange::raw(vec![Step::Close])
}

/// The connection ends in the middle of the headers.
pub fn cut_in_headers() -> Exchange {
    Exchange::raw(vec![Step::Send(b"HTTP/1.1 200 OK\r\ncontent-ty".to_vec()), Step::Close])
}

/// The other end does not speak HTTP.
pub fn not_http() -> Exchange {
    Exchange::raw(vec![Step::Send(b"SSH-2.0-server\r\n".to_vec()), Step::Close])
}

/// The body stops after so many bytes, the connection stays open.
pub fn body_stalls(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    Exchange::ok(body).until(bytes).then(Step::Stall)
}

/// The body never pauses long enough for an idle time-out; only a total one ends it soon.
pub fn body_drips(body: impl Into<Vec<u8>>, piece: usize, pause: Duration) -> Exchange {
    Exchange::ok(body).paced(piece, pause)
}

/// The connection is cut after so many bytes of the body, short of its `Content-Length`.
pub fn body_cut(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    Exchange::ok(body).until(bytes).then(Step::Close)
}

/// The connection is cut after so many bytes of a chunked body (chunk lines count): the last chunk is missing.
pub fn chunked_body_cut(body: impl Into<Vec<u8>>, chunk: usize, bytes: usize) -> Exchange {
    Exchange::ok(body).chunked(chunk).until(bytes).then(Step::Close)
}

/// The body ends inside a record although the transfer is in order: only the data show that it was cut, for
/// example by a time limit of the provider's own.
pub fn ends_in_record(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    let mut body = body.into();
    body.truncate(bytes);
    Exchange::ok(body)
}

/// As [`ends_in_record`], and nothing says how long the body was to be: it ends where the connection does.
pub fn ends_in_record_unframed(body: impl Into<Vec<u8>>, bytes: usize) -> Exchange {
    ends_in_record(body, bytes).without("content-length")
}

/// `Content-Length` says so many bytes more than come; then the connection closes in order.
pub fn length_too_long(body: impl Into<Vec<u8>>, more: usize) -> Exchange {
    let body = body.into();
    let length = (body.len() + more).to_string();
    Exchange::ok(body).header("content-length", &length)
}

/// A body without end that repeats these bytes: whole records, or the inside of one value.
pub fn endless(bytes: impl Into<Vec<u8>>) -> Exchange {
    Exchange::ok("").without("content-length").then(Step::Endless(bytes.into()))
}

/// 301 to another place, to which no credential may be taken.
pub fn redirect(location: &str) -> Exchange {
    Exchange::status(301, &[("location", location)], "")
}

/// A web page with status 200: a captive portal, a proxy's notice or a wrong path.
pub fn html_page() -> Exchange {
    Exchange::status(200, &HTML, "<!DOCTYPE html>\n<html><head><title>Welcome</title></head></html>\n")
}

/// The rate limit told as text with status 200.
pub fn rate_limit_as_text() -> Exchange {
    Exchange::status(200, &TEXT, "Rate Limit Exceeded")
}

/// 200 with nothing in it: there are no records.
pub fn empty() -> Exchange {
    Exchange::ok("")
}

/// 204: there are no records.
pub fn no_content() -> Exchange {
    Exchange::status(204, &[], "")
}

/// 404: some providers say so when there are no records.
pub fn not_found() -> Exchange {
    Exchange::status(404, &TEXT, "Not Found")
}

/// 404 of a web server that knows nothing of passive DNS.
pub fn no_such_page() -> Exchange {
    Exchange::status(404, &HTML, "<html><body><h1>404 Not Found</h1></body></html>\n")
}

/// 401: no credential, or a wrong one.
pub fn unauthorized() -> Exchange {
    let challenge = "Basic realm=\"Passive DNS\"";
    Exchange::status(401, &TEXT, "Unauthorized").header("www-authenticate", challenge)
}

/// 403: a right credential that is not allowed this.
pub fn forbidden() -> Exchange {
    Exchange::status(403, &TEXT, "Forbidden")
}

/// 429, with or without the time to wait: seconds or an HTTP date.
pub fn too_many_requests(retry_after: Option<&str>) -> Exchange {
    with_retry_after(Exchange::status(429, &TEXT, "Too Many Requests"), retry_after)
}

/// 500: for one request, or by [`Script::always`] for every one.
pub fn server_error() -> Exchange {
    Exchange::status(500, &HTML, "<html><body><h1>Internal Server Error</h1></body></html>\n")
}

/// 503, with or without the time to wait.
pub fn unavailable(retry_after: Option<&str>) -> Exchange {
    with_retry_after(Exchange::status(503, &TEXT, "Service Unavailable"), retry_after)
}

/// One passing fault, then this body for ever: what a retry is for.
pub fn once(fault: Exchange, body: impl Into<Vec<u8>>) -> Script {
    Script::new([fault, Exchange::ok(body)]).repeat_last()
}

/// An answer in pages, each but the last with a cursor of its own (larger than a double holds exactly).
///
/// The pages come in order whatever cursor is asked for; the test looks at what was asked.
pub fn pages<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Script {
    let mut pages: Vec<_> =
        bodies.into_iter().zip(0..).map(|(body, number)| page(body, &cursor(number))).collect();
    let last = pages.pop().map(|page| page.without(CURSOR));
    Script::new(pages.into_iter().chain(last))
}

/// The cursor that [`pages`] gives with the page of this number, counted from 0.
pub fn cursor(page: u64) -> String {
    (7_346_046_680_497_455_128 + page).to_string()
}

/// One page that names this cursor as the next.
pub fn page(body: impl Into<Vec<u8>>, cursor: &str) -> Exchange {
    Exchange::ok(body).header(CURSOR, cursor)
}

/// Pages whose cursor never changes, the last one for ever: a client that follows it never ends.
pub fn pages_with_one_cursor<B: Into<Vec<u8>>>(bodies: impl IntoIterator<Item = B>) -> Script {
    Script::new(bodies.into_iter().map(|body| page(body, &cursor(0)))).repeat_last()
}

/// A part of the answer with the provider's word that it is only a part: its limit of 1000 records.
pub fn over_the_limit(body: impl Into<Vec<u8>>, value: &str) -> Exchange {
    let error = format!(r#"[{{"error":"maxset","record":"{value}","value":1000,"total_value":532915}}]"#);
    Exchange::ok(body).header("x-dribble-errors", &error)
}

/// A body in gzip that inflates to so many MiB of zeros, a thousand times its size.
pub fn gzip_bomb(mebibytes: u32) -> Exchange {
    gzipped(gzip::zeros(mebibytes))
}

/// A body said to be gzip: `gzip::stored(…)` for an honest one, part of it for one cut inside, anything else
/// for one that is none.
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

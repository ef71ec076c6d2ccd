//! The answers of a scripted provider: a [`Script`] of [`Exchange`]s, each consisting of [`Step`]s.
//!
//! An exchange is either raw steps, whose bytes are the whole answer, or a status and headers followed by the steps of the
//! body. The second kind is built fault by fault: `Exchange::ok(body).chunked(64).until(100).then(Step::Close)` is a chunked
//! answer that is cut after 100 bytes.
//!
//! Nothing here does I/O or fails; an impossible call panics with the reason.

use std::sync::Arc;
use std::time::Duration;

use crate::head::Head;

/// The media type of COF answers.
const NDJSON: &str = "application/x-ndjson";

/// One step of a provider while it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Drops the connection at once; with TLS, without a close notification.
    Close,
    /// Sends these bytes repeatedly until the client disconnects.
    ///
    /// Paused time does not advance in the meantime: use [`Exchange::paced`] to test a timeout.
    Endless(Vec<u8>),
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits this long.
    Sleep(Duration),
    /// Sends nothing more, but keeps the connection open until the client closes it.
    Stall,
}

/// The answer to one request.
///
/// After an answer that is complete by its `Content-Length` or its chunks, the connection stays open for the next request,
/// unless the answer has `Connection: close`. After any other answer it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// `None` if the steps contain the head.
    head: Option<Head>,
    /// The wait before the first byte.
    delay: Option<Duration>,
    steps: Vec<Step>,
}

impl Exchange {
    /// 200 with this body, its length and the media type of COF.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200, &[("content-type", NDJSON)], body)
    }

    /// This status with these headers, this body and its length (which a 204 or a 304 does not have).
    pub fn status(code: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        let exchange = Self::open(code, headers);
        if matches!(code, 204 | 304) {
            return exchange;
        }
        exchange.header("content-length", &length).then(Step::Send(body))
    }

    /// This status with these headers, without the length of the body; [`Self::then`] adds the body.
    pub fn open(code: u16, headers: &[(&str, &str)]) -> Self {
        let head = Head { code, headers: Vec::new() };
        let empty = Self { head: Some(head), delay: None, steps: Vec::new() };
        headers.iter().fold(empty, |exchange, (name, value)| exchange.header(name, value))
    }

    /// These steps and nothing else: their bytes are the status line, the headers and the body.
    pub fn raw(steps: Vec<Step>) -> Self {
        Self { head: None, delay: None, steps }
    }

    /// Sets a header, and replaces one of the same name.
    ///
    /// # Panics
    /// For a raw exchange, which has no head.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let mut exchange = self.without(name);
        exchange.head_mut().headers.push((name.to_owned(), value.to_owned()));
        exchange
    }

    /// Removes a header; without `content-length`, the body ends with the connection.
    ///
    /// # Panics
    /// For a raw exchange.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.head_mut().headers.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        self
    }

    /// Sends the previous body in chunks of at most this many bytes, without a length.
    ///
    /// # Panics
    /// For a raw exchange, and if the size is 0.
    #[must_use]
    pub fn chunked(self, size: usize) -> Self {
        let mut exchange = self.without("content-length").header("transfer-encoding", "chunked");
        exchange.steps = exchange.steps.into_iter().flat_map(|step| pieces(step, size)).map(chunk).collect();
        exchange.then(Step::Send(b"0\r\n\r\n".to_vec()))
    }

    /// Sends the body in pieces of this many bytes, with a pause before each except the first.
    ///
    /// # Panics
    /// If the size is 0.
    #[must_use]
    pub fn paced(mut self, size: usize, pause: Duration) -> Self {
        let pieces = self.steps.into_iter().flat_map(|step| pieces(step, size));
        let paced = pieces.flat_map(|step| [Step::Sleep(pause), step]);
        self.steps = paced.skip(1).collect();
        self
    }

    /// Keeps the first bytes of the body as sent (including chunk lines), and removes all later steps.
    ///
    /// The headers are not changed, so they declare more than is sent.
    #[must_use]
    pub fn until(mut self, bytes: usize) -> Self {
        let mut left = bytes;
        let mut kept = Vec::new();
        for step in self.steps {
            if left == 0 {
                break;
            }
            kept.push(match step {
                Step::Send(mut piece) => {
                    piece.truncate(left);
                    left -= piece.len();
                    Step::Send(piece)
                }
                other => other,
            });
        }
        self.steps = kept;
        self
    }

    /// Adds a step at the end.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Waits this long before the first byte.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The steps, including the head.
    pub(crate) fn into_steps(self) -> Vec<Step> {
        let delay = self.delay.map(Step::Sleep);
        let head = self.head.map(|head| Step::Send(head.into_bytes()));
        delay.into_iter().chain(head).chain(self.steps).collect()
    }

    fn head_mut(&mut self) -> &mut Head {
        self.head.as_mut().expect("a raw exchange holds its headers in its own bytes")
    }
}

/// The steps are the whole answer, as with [`Exchange::raw`].
impl From<Vec<Step>> for Exchange {
    fn from(steps: Vec<Step>) -> Self {
        Self::raw(steps)
    }
}

/// The answers of a provider: the n-th request over all connections gets the n-th exchange.
///
/// After the last one, every request gets a 500 "script exhausted", unless [`Self::repeat_last`] was called.
#[derive(Clone, Debug)]
pub struct Script {
    exchanges: Vec<Arc<[Step]>>,
    last: Arc<[Step]>,
}

impl Script {
    /// A script with these exchanges, in this order.
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        let exchanges = exchanges.into_iter().map(|exchange| exchange.into_steps().into()).collect();
        let exhausted = Exchange::status(500, &[("content-type", "text/plain")], "script exhausted");
        Self { exchanges, last: exhausted.into_steps().into() }
    }

    /// This exchange for every request.
    pub fn always(exchange: Exchange) -> Self {
        Self::new([exchange]).repeat_last()
    }

    /// Repeats the last exchange.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn repeat_last(mut self) -> Self {
        self.last = self.exchanges.last().cloned().expect("a script that repeats has an exchange");
        self
    }

    /// The answer to the request with this number, counted from 0.
    pub(crate) fn steps(&self, request: usize) -> Arc<[Step]> {
        Arc::clone(self.exchanges.get(request).unwrap_or(&self.last))
    }
}

/// Splits a step that sends into steps of at most this many bytes; any other step is kept.
fn pieces(step: Step, size: usize) -> Vec<Step> {
    assert!(size > 0, "a piece holds at least one byte");
    match step {
        Step::Send(bytes) => bytes.chunks(size).map(|piece| Step::Send(piece.to_vec())).collect(),
        other => vec![other],
    }
}

/// The bytes of a step in the chunked coding.
fn chunk(step: Step) -> Step {
    let code = |bytes: Vec<u8>| [format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat();
    match step {
        Step::Send(bytes) => Step::Send(code(bytes)),
        Step::Endless(bytes) => Step::Endless(code(bytes)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(exchange: Exchange) -> String {
        let sent = exchange.into_steps().into_iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes),
            _ => None,
        });
        String::from_utf8(sent.collect::<Vec<_>>().concat()).unwrap()
    }

    #[test]
    fn an_answer_has_its_length_and_type() {
        let want = "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ncontent-length: 3\r\n\r\n{}\n";
        assert_eq!(bytes(Exchange::ok("{}\n")), want);
    }

    #[test]
    fn a_header_replaces_one_of_the_same_name() {
        let text = bytes(Exchange::ok("{}").header("Content-Type", "text/html").header("x-a", "1"));
        assert_eq!(
            text,
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nContent-Type: text/html\r\nx-a: 1\r\n\r\n{}"
        );
    }

    #[test]
    fn chunks_replace_the_length() {
        let text = bytes(Exchange::status(404, &[], "abcde").chunked(3));
        assert_eq!(
            text,
            "HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        );
    }

    #[test]
    fn a_204_has_neither_body_nor_length() {
        assert_eq!(bytes(Exchange::status(204, &[], "x")), "HTTP/1.1 204 No Content\r\n\r\n");
    }

    #[test]
    fn until_keeps_the_promise_of_the_head() {
        let cut = Exchange::open(200, &[("content-length", "6")])
            .then(Step::Send(b"abc".to_vec()))
            .then(Step::Sleep(Duration::from_secs(1)))
            .then(Step::Send(b"def".to_vec()))
            .until(4)
            .then(Step::Close);
        assert_eq!(cut.steps.len(), 4, "{cut:?}");
        assert_eq!(cut.steps.last(), Some(&Step::Close));
        assert!(bytes(cut).ends_with("content-length: 6\r\n\r\nabcd"));
        assert_eq!(Exchange::ok("abc").then(Step::Stall).until(3), Exchange::ok("abc"));
    }

    #[test]
    fn a_paced_body_pauses_between_pieces_only() {
        let pause = Duration::from_secs(2);
        let paced = Exchange::ok("abc").paced(2, pause);
        let want = [Step::Send(b"ab".to_vec()), Step::Sleep(pause), Step::Send(b"c".to_vec())];
        assert_eq!(paced.steps, want);
    }

    #[test]
    #[should_panic(expected = "holds its headers in its own bytes")]
    fn a_raw_exchange_takes_no_header() {
        let _ = Exchange::raw(vec![Step::Stall]).header("x", "y");
    }
}

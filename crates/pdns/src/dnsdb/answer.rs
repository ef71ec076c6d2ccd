//! Answers of DNSDB's interface: short ones are sent at once, others line by line while the search continues.
//!
//! Before the first byte, an error is a [`Refusal`]; after it, a line with `failed`: the connection is never cut. Version 1 has
//! no such line. There the connection is cut, so that a client does not take half an answer for a complete one. The first
//! object is waited for, because the answer to nothing found is a status. The next page is looked up when the previous one has
//! been taken, so a slow reader holds one page. When the client disconnects, the body is dropped, and the search with it. A
//! search with few rows is answered in place, as in `crate::answer` and for the same reasons.

use std::io;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use store::{Store, StoreError};
use tokio::time::Instant;

use super::frame;
use super::gather::End;
use super::path::Version;
use super::refusal::Refusal;
use super::scan::Scan;
use crate::rows::{Rows, Unanswered};

/// The most rows that are looked up in place: about 100 µs.
const IN_PLACE: usize = 64;
/// The message to the client for a failure of the server.
const FAILED: &str = "The database failed; contact the administrator of this service";
const BUSY: &str = "Too many queries are running; try again later, or narrow the query";
const SLOW: &str = "The client did not read the answer for too long; try again";

/// The result of reading some rows.
type Looked = (Scan, String, Result<Option<End>, StoreError>);

/// The body of an answer.
///
/// # Errors
/// 500 if the store failed before there was anything to send; in version 1, 404 if nothing was found, and 503 if a search was
/// stopped before it found anything.
pub(super) async fn body(mut scan: Scan, store: Rows) -> Result<Body, Refusal> {
    if scan.version() == Version::One {
        return bare(scan, store).await;
    }
    let mut text = frame::BEGIN.to_owned();
    let ended = if scan.is_direct() {
        let rows = IN_PLACE.min(scan.bounds.page);
        scan.step(&*store.store, rows, &mut text)?
    } else {
        let (went_on, more, ended) = turn(scan, &store).await?;
        scan = went_on;
        text.push_str(&more);
        ended?
    };
    if let Some(end) = ended {
        frame::end(&end, &mut text);
        return Ok(Body::from(text));
    }
    let streaming =
        Streaming { scan: Some(scan), store, ready: Some(text), cut: false, sent: Instant::now() };
    Ok(Body::from_stream(stream::unfold(streaming, Streaming::next).fuse()))
}

/// The body of an answer of version 1.
async fn bare(mut scan: Scan, store: Rows) -> Result<Body, Refusal> {
    let mut text = String::new();
    loop {
        let (went_on, more, ended) = turn(scan, &store).await?;
        text.push_str(&more);
        match ended? {
            Some(End::Stopped(why)) if text.is_empty() => return Err(Refusal::stopped(why)),
            Some(_) if text.is_empty() => return Err(Refusal::nothing_found()),
            Some(End::Stopped(_)) => {
                let streaming =
                    Streaming { scan: None, store, ready: Some(text), cut: true, sent: Instant::now() };
                return Ok(Body::from_stream(stream::unfold(streaming, Streaming::next).fuse()));
            }
            Some(_) => return Ok(Body::from(text)),
            None if text.is_empty() => scan = went_on,
            None => {
                let scan = Some(went_on);
                let streaming =
                    Streaming { scan, store, ready: Some(text), cut: false, sent: Instant::now() };
                return Ok(Body::from_stream(stream::unfold(streaming, Streaming::next).fuse()));
            }
        }
    }
}

/// Reads the next rows on a blocking thread.
async fn turn(mut scan: Scan, store: &Rows) -> Result<Looked, Unanswered> {
    let looking = move |store: &dyn Store| {
        let began = Instant::now();
        let mut text = String::new();
        let ended = scan.step(store, scan.bounds.page, &mut text);
        scan.spent += began.elapsed();
        Ok((scan, text, ended))
    };
    store.blocking(looking).await
}

/// An answer in progress.
struct Streaming {
    /// `None` after the end.
    scan: Option<Scan>,
    store: Rows,
    /// Text that is sent before anything else.
    ready: Option<String>,
    /// Whether the connection is cut after that.
    cut: bool,
    /// When something was last passed on for sending.
    sent: Instant,
}

impl Streaming {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        let text = match self.ready.take() {
            Some(text) => text,
            None if self.cut => {
                self.cut = false;
                return Some((Err(io::ErrorKind::ConnectionAborted.into()), self));
            }
            None => self.lines().await?,
        };
        if text.is_empty() && !self.cut {
            return None;
        }
        self.sent = Instant::now();
        Some((Ok(text.into()), self))
    }

    /// The next lines, or one that reports that there are none yet.
    async fn lines(&mut self) -> Option<String> {
        let mut scan = self.scan.take()?;
        let began = Instant::now();
        let version = scan.version();
        let mut text = String::new();
        if self.sent.elapsed() > scan.bounds.patience {
            self.fail(version, SLOW, &mut text);
            return Some(text);
        }
        loop {
            let (went_on, more, ended) = match turn(scan, &self.store).await {
                Ok(looked) => looked,
                Err(error) => {
                    let why = if matches!(error, Unanswered::Busy) { BUSY } else { FAILED };
                    self.fail(version, why, &mut text);
                    return Some(text);
                }
            };
            text.push_str(&more);
            match ended {
                Err(_) => self.fail(version, FAILED, &mut text),
                Ok(Some(end)) if version == Version::One => self.cut = matches!(end, End::Stopped(_)),
                Ok(Some(end)) => frame::end(&end, &mut text),
                Ok(None)
                    if version == Version::Two
                        && text.is_empty()
                        && began.elapsed() >= went_on.bounds.silence =>
                {
                    text.push_str(frame::ONGOING);
                    self.scan = Some(went_on);
                }
                Ok(None) if text.is_empty() => {
                    scan = went_on;
                    continue;
                }
                Ok(None) => self.scan = Some(went_on),
            }
            return Some(text);
        }
    }

    /// Reports a failure, or cuts the connection if it cannot be reported.
    fn fail(&mut self, version: Version, why: &str, text: &mut String) {
        match version {
            Version::One => self.cut = true,
            Version::Two => frame::failed(why, text),
        }
    }
}

//! An answer on its way out: whole when it is short, else line by line as the search goes on.
//!
//! Before the first octet an error is a [`Refusal`]; after it, the line that says `failed`: the connection is never cut.
//! The next page is looked up when the one before has been taken, so a slow reader holds one page. Who hangs up drops the
//! body, and with it the search. A search of few rows is answered in place, as `crate::answer` does and for its reasons.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use store::{Store, StoreError};
use tokio::time::Instant;

use super::frame;
use super::gather::End;
use super::refusal::Refusal;
use super::scan::Scan;
use crate::answer::Rows;

/// Rows that are looked up in place: about 100 µs.
const IN_PLACE: usize = 64;
/// A failure of ours, as the asker sees it.
const FAILED: &str = "The database failed; ask whoever runs this service";
const SLOW: &str = "The answer was not read for too long; ask again";

/// What came of some rows.
type Turn = (Scan, String, Result<Option<End>, StoreError>);

/// The body of an answer.
///
/// # Errors
/// 500 when the store failed before there was anything to send.
pub(super) async fn body(mut scan: Scan, store: Rows) -> Result<Body, Refusal> {
    let mut text = frame::BEGIN.to_owned();
    let ended = if scan.is_direct() {
        let rows = IN_PLACE.min(scan.bounds.page);
        scan.step(&*store.store, rows, &mut text)?
    } else {
        let (went_on, more, ended) = turn(scan, &store).await.ok_or(StoreError::Poisoned)?;
        scan = went_on;
        text.push_str(&more);
        ended?
    };
    if let Some(end) = ended {
        frame::end(&end, &mut text);
        return Ok(Body::from(text));
    }
    let streaming = Streaming { scan: Some(scan), store, ready: Some(text), sent: Instant::now() };
    Ok(Body::from_stream(stream::unfold(streaming, Streaming::next)))
}

/// Looks at the next page on a thread for that; `None` when it panicked.
async fn turn(mut scan: Scan, store: &Rows) -> Option<Turn> {
    let looking = move |store: &dyn Store| {
        let began = Instant::now();
        let mut text = String::new();
        let ended = scan.step(store, scan.bounds.page, &mut text);
        scan.spent += began.elapsed();
        Ok((scan, text, ended))
    };
    store.blocking(looking).await.ok()
}

/// An answer that goes on.
struct Streaming {
    /// None when it has ended.
    scan: Option<Scan>,
    store: Rows,
    /// What is sent first.
    ready: Option<String>,
    /// When something was given to be sent.
    sent: Instant,
}

impl Streaming {
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        let text = match self.ready.take() {
            Some(text) => text,
            None => self.lines().await?,
        };
        self.sent = Instant::now();
        Some((Ok(text.into()), self))
    }

    /// The next lines, or one that says that there are none yet.
    async fn lines(&mut self) -> Option<String> {
        let mut scan = self.scan.take()?;
        let began = Instant::now();
        let mut text = String::new();
        if self.sent.elapsed() > scan.bounds.patience {
            frame::failed(SLOW, &mut text);
            return Some(text);
        }
        loop {
            let Some((went_on, more, ended)) = turn(scan, &self.store).await else {
                frame::failed(FAILED, &mut text);
                return Some(text);
            };
            text.push_str(&more);
            match ended {
                Err(_) => frame::failed(FAILED, &mut text),
                Ok(Some(end)) => frame::end(&end, &mut text),
                Ok(None) if text.is_empty() && began.elapsed() >= went_on.bounds.silence => {
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
}

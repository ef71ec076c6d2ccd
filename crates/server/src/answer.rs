//! An answer on its way out: looked up and written page by page.
//!
//! A page is looked up and written on a thread for blocking work: a store may read from a disk or pass over a million rows
//! for one that matches, and the threads that move bytes must not wait for it. The hop there and back costs more than
//! a small answer itself (measured: 25 µs beside 20), so what is bounded by its limit is first tried for a few rows in place.
//! A page is fetched when the one before has been taken, so a slow reader holds one page and no lock. A page that is long in
//! coming is looked for in turns of [`REACH`]; who hangs up drops the answer, and with it the turns that are left.
//!
//! A failure before the first byte is a [`Problem`]; after it, an error of the body, which cuts the connection.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use cof::{Dialect, Writer};
use futures_util::stream;
use store::{Cursor, Fences, Order, Question, Store, StoreError};

use crate::problem::Problem;
use crate::request::Ask;

const CURSOR: HeaderName = HeaderName::from_static("x-dribble-cursor");
const ERRORS: HeaderName = HeaderName::from_static("x-dribble-errors");
/// Rows that are looked up in place: about 100 µs.
const IN_PLACE: usize = 64;
/// The most tuples that are read at a stretch: about 10 ms.
const REACH: usize = 10_000;
/// About as long as a record is when it is written.
const RECORD_OCTETS: usize = 160;

/// Where rows come from and what is written into them.
#[derive(Clone)]
pub(crate) struct Rows {
    pub(crate) store: Arc<dyn Store>,
    /// For rows whose sources do not agree on one.
    pub(crate) origin: Option<Arc<str>>,
}

/// A page as it is sent.
#[derive(Default)]
struct Written {
    text: String,
    rows: usize,
    next: Option<Cursor>,
    more: bool,
}

impl Rows {
    /// Answers.
    ///
    /// # Errors
    /// 500 when the store failed before there was anything to send.
    pub(crate) async fn answer(&self, ask: Ask) -> Result<Response, Problem> {
        let page = if ask.nothing { Written::default() } else { self.first(&ask.question).await? };
        let streamed = !ask.paged && page.next.is_some();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        // The same address answers differently to other headers and other people.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cursor) = page.next.as_ref().filter(|_| !streamed) {
            headers.extend(HeaderValue::try_from(cursor.to_decimal()).ok().map(|value| (CURSOR, value)));
        }
        if page.more && ask.capped && ask.question.order == Order::NewestFirst {
            let total = self.total(ask.question.clone()).await?;
            headers.extend(cut(&ask, total).map(|value| (ERRORS, value)));
        }
        let body = if streamed { self.clone().stream(ask.question, page) } else { Body::from(page.text) };
        Ok((headers, body).into_response())
    }

    async fn first(&self, question: &Question) -> Result<Written, StoreError> {
        if !searches(question) && question.order == Order::Key {
            let few = self.write(&Question { limit: question.limit.min(IN_PLACE), ..question.clone() })?;
            if !few.more || question.limit <= IN_PLACE {
                return Ok(few);
            }
        }
        self.fetch(question.clone()).await
    }

    /// A whole page, or all there is.
    async fn fetch(&self, mut question: Question) -> Result<Written, StoreError> {
        if !searches(&question) {
            return self.turn(question).await;
        }
        question.reach = REACH;
        let mut page = self.turn(question.clone()).await?;
        while let Some(cursor) = page.next.clone() {
            let missing = question.limit - page.rows;
            let rest = Question { limit: missing.max(1), cursor: Some(cursor), ..question.clone() };
            let further = self.turn(rest).await?;
            // A full page has a cursor only if there is something behind it.
            if missing == 0 && further.rows > 0 {
                break;
            }
            page.text.push_str(&further.text);
            page.rows += further.rows;
            (page.next, page.more) = (further.next, further.more);
        }
        Ok(page)
    }

    async fn turn(&self, question: Question) -> Result<Written, StoreError> {
        let rows = self.clone();
        let page = tokio::task::spawn_blocking(move || rows.write(&question)).await;
        // A panic in there is a mistake of ours; its thread is gone, the server is not.
        page.unwrap_or(Err(StoreError::Poisoned))
    }

    /// How many rows there are in all.
    async fn total(&self, question: Question) -> Result<u64, StoreError> {
        let store = Arc::clone(&self.store);
        let summary = tokio::task::spawn_blocking(move || store.summarise(&question)).await;
        summary.unwrap_or(Err(StoreError::Poisoned)).map(|summary| summary.rows)
    }

    fn write(&self, question: &Question) -> Result<Written, StoreError> {
        let page = self.store.lookup(question)?;
        let mut writer = Writer::new(Dialect::Circl);
        let rows = page.records.len();
        let mut text = String::with_capacity(rows * RECORD_OCTETS);
        for mut record in page.records {
            record.origin = record.origin.or_else(|| self.origin.clone());
            writer.write(&record, &mut text);
        }
        Ok(Written { text, rows, next: page.next, more: page.more })
    }

    /// This page and all that follow.
    fn stream(self, question: Question, first: Written) -> Body {
        let start = (Some(first.text), first.next);
        Body::from_stream(stream::try_unfold(start, move |(ready, next)| {
            let (rows, mut question) = (self.clone(), question.clone());
            async move {
                let page = match (ready, next) {
                    (Some(text), next) => return Ok(Some((Bytes::from(text), (None, next)))),
                    (None, None) => return Ok(None),
                    (None, cursor) => {
                        question.cursor = cursor;
                        // What is ready goes out first: a failure drops what has not been written yet.
                        tokio::task::yield_now().await;
                        rows.fetch(question).await?
                    }
                };
                Ok::<_, StoreError>(Some((page.text.into(), (None, page.next))))
            }
        }))
    }
}

/// Whether there may be much between two rows.
fn searches(question: &Question) -> bool {
    question.fences != Fences::default() || !question.rrtypes.is_empty()
}

/// What CIRCL says when an answer was too large.
fn cut(ask: &Ask, total: u64) -> Option<HeaderValue> {
    let (value, limit) = (&ask.value, ask.question.limit);
    let errors = serde_json::json!([
        { "error": "maxset", "record": value, "value": limit, "total_value": total }
    ]);
    HeaderValue::try_from(errors.to_string().into_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use cof::{Batch, Reader, SourceKind};
    use store::{Memory, Page, Receipt, Selection, Stats, Subject, Summary};
    use tokio::sync::Semaphore;

    use super::*;

    /// Looks up when it is told to, and for one type never comes to an end.
    struct Endless {
        store: Memory,
        begun: AtomicU32,
        /// A permit a lookup.
        may: Semaphore,
    }

    impl Store for Endless {
        fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
            self.store.absorb(batch)
        }

        fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
            self.begun.fetch_add(1, Ordering::SeqCst);
            tokio::runtime::Handle::current().block_on(self.may.acquire()).unwrap().forget();
            self.store.lookup(&Question { cursor: None, reach: 1, ..question.clone() })
        }

        fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
            self.store.summarise(question)
        }

        fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
            self.store.drop_where(selection)
        }

        fn position(&self, input: &str) -> Result<Option<u64>, StoreError> {
            self.store.position(input)
        }

        fn stats(&self) -> Result<Stats, StoreError> {
            self.store.stats()
        }
    }

    async fn until(done: impl Fn() -> bool) {
        let waiting = async {
            while !done() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
    }

    fn few() -> Memory {
        let mut reader = Reader::new();
        for name in ["a", "b", "c"] {
            let row = r#"","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":2,"count":3}"#;
            reader.feed(format!("{{\"rrname\":\"{name}.example{row}\n").as_bytes());
        }
        reader.close();
        let mut batch = Batch::default();
        while let Some(record) = reader.next() {
            assert!(batch.add(&record.unwrap(), SourceKind::Report));
        }
        let store = Memory::new();
        store.absorb(batch).unwrap();
        store
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_goes_away_ends_a_search_that_finds_nothing() {
        let store = Arc::new(Endless { store: few(), begun: AtomicU32::new(0), may: Semaphore::new(3) });
        let rows = Rows { store: Arc::clone(&store) as Arc<dyn Store>, origin: None };
        let subject = Subject::Suffix(cof::Name::parse("example").unwrap());
        let question = Question { rrtypes: vec![cof::RrType::MX], ..Question::new(subject) };
        let asking = tokio::spawn(async move { rows.first(&question).await.map(|page| page.rows) });
        until(|| store.begun.load(Ordering::SeqCst) == 4).await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
        // The turn under way ends. If there were another one, it would hold the store and wait for a permit.
        store.may.add_permits(1);
        until(|| Arc::strong_count(&store) == 1).await;
        assert_eq!(store.begun.load(Ordering::SeqCst), 4);
    }
}

//! An answer on its way out: looked up and written page by page.
//!
//! A page is looked up and written on a thread for blocking work: a store may read from a disk or pass over a million rows
//! for one that matches, and the threads that move bytes must not wait for it. The hop there and back costs more than
//! a small answer itself (measured: 25 µs beside 20), so what is bounded by its limit is first tried for a few rows in place.
//! A page is fetched when the one before has been taken, so a slow reader holds one page and no lock.
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
    body: Bytes,
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
            headers.extend(cut(&ask).map(|value| (ERRORS, value)));
        }
        let body = if streamed { self.clone().stream(ask.question, page) } else { Body::from(page.body) };
        Ok((headers, body).into_response())
    }

    /// Works on the store where that may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        // A panic in there is a mistake of ours; its thread is gone, the server is not.
        tokio::task::spawn_blocking(move || work(&*store)).await.unwrap_or(Err(StoreError::Poisoned))
    }

    async fn first(&self, question: &Question) -> Result<Written, StoreError> {
        let searches = question.fences != Fences::default() || !question.rrtypes.is_empty();
        if !searches && question.order == Order::Key {
            let few = self.write(&Question { limit: question.limit.min(IN_PLACE), ..question.clone() })?;
            if !few.more || question.limit <= IN_PLACE {
                return Ok(few);
            }
        }
        self.fetch(question.clone()).await
    }

    async fn fetch(&self, question: Question) -> Result<Written, StoreError> {
        let rows = self.clone();
        self.blocking(move |_| rows.write(&question)).await
    }

    fn write(&self, question: &Question) -> Result<Written, StoreError> {
        let page = self.store.lookup(question)?;
        let mut writer = Writer::new(Dialect::Circl);
        let mut text = String::with_capacity(page.records.len() * RECORD_OCTETS);
        for mut record in page.records {
            record.origin = record.origin.or_else(|| self.origin.clone());
            writer.write(&record, &mut text);
        }
        Ok(Written { body: text.into(), next: page.next, more: page.more })
    }

    /// This page and all that follow.
    fn stream(self, question: Question, first: Written) -> Body {
        let start = (Some(first.body), first.next);
        Body::from_stream(stream::try_unfold(start, move |(ready, next)| {
            let (rows, mut question) = (self.clone(), question.clone());
            async move {
                let page = match (ready, next) {
                    (Some(body), next) => return Ok(Some((body, (None, next)))),
                    (None, None) => return Ok(None),
                    (None, cursor) => {
                        question.cursor = cursor;
                        // What is ready goes out first: a failure drops what has not been written yet.
                        tokio::task::yield_now().await;
                        rows.fetch(question).await?
                    }
                };
                Ok::<_, StoreError>(Some((page.body, (None, page.next))))
            }
        }))
    }
}

/// What CIRCL says when an answer was too large.
fn cut(ask: &Ask) -> Option<HeaderValue> {
    let errors = serde_json::json!([{ "error": "maxset", "record": ask.value, "value": ask.question.limit }]);
    HeaderValue::try_from(errors.to_string().into_bytes()).ok()
}

//! Answers of the passive-DNS interfaces, looked up and written page by page.
//!
//! A page is looked up and written on a blocking thread, slice by slice (`scan`): a store may have to read from disk or skip a
//! million rows to find one match, and the threads that move bytes must not wait for it. Switching threads costs more than a
//! small answer itself (measured: 25 µs compared with 20), so queries without filters are first answered with what the store has in
//! memory, if a few rows are enough ([`store::Store::lookup_at_once`]). The next page is fetched when the previous one has been
//! sent, so a slow reader holds one page and no lock.
//!
//! A failure before the first byte is a [`Problem`]; after it, an error of the body, which closes the connection.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use cof::{Dialect, Writer};
use edge::compress;
use edge::gate::Need;
use edge::problem::Problem;
use futures_util::stream;
use operation::provider::ABILITIES;
use store::{Cursor, Order, Page, Question};

use crate::passive::PassiveDns;
use crate::request::Ask;
use crate::rows::{Rows, Unanswered};
use crate::scan::{always_fills, picks};

const CURSOR: HeaderName = HeaderName::from_static("x-dribble-cursor");
const ERRORS: HeaderName = HeaderName::from_static("x-dribble-errors");
/// The most rows that are looked up in place: about 100 µs.
const IN_PLACE: usize = 64;
/// The most tuples that are read in place: many of them may have no row, such as names that an address was found on twice.
const IN_REACH: usize = 1_024;
/// The approximate length of a written record, in bytes.
const RECORD_OCTETS: usize = 160;

/// Answers `/pdns/query/VALUE` for clients that may read.
///
/// The gate is called here and not put before the route: a layer costs as much as a short lookup.
pub async fn query(State(dns): State<Arc<PassiveDns>>, request: Request) -> Response {
    let answer = async |request: Request, asker| {
        let ask = Ask::of(request.uri(), request.headers())?;
        dns.rows.of(asker).answer(ask).await
    };
    let respond = async |request, asker| answer(request, asker).await.unwrap_or_else(Problem::into_response);
    dns.gate.guard(Need::Read, request, respond).await
}

/// Why an answer is cut off.
#[derive(Debug, thiserror::Error)]
enum Cut {
    /// It would have more rows than allowed.
    #[error("the answer exceeds the size limit")]
    Long,
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// A page in its sent form.
#[derive(Default)]
struct Written {
    body: Bytes,
    rows: u64,
    next: Option<Cursor>,
    more: bool,
}

impl Rows {
    /// Answers a query.
    ///
    /// # Errors
    /// 500 if the store failed before there was anything to send, 503 if it was too busy.
    pub(crate) async fn answer(&self, ask: Ask) -> Result<Response, Problem> {
        let page = if ask.nothing { Written::default() } else { self.first(&ask.question).await? };
        let streamed = !ask.paged && page.next.is_some();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
        // The answer depends on the headers and the client, not only on the address.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // A client that queries by data must be able to distinguish "nothing found" from "not supported".
        headers.insert(HeaderName::from_static(ABILITIES), HeaderValue::from_static("owner, data"));
        if let Some(cursor) = page.next.as_ref().filter(|_| !streamed) {
            headers.extend(HeaderValue::try_from(cursor.to_decimal()).ok().map(|value| (CURSOR, value)));
        }
        if page.more && ask.capped && ask.question.order == Order::NewestFirst {
            let counted = ask.question.clone();
            let total = self.blocking(move |store| store.summarise(&counted)).await?.rows;
            headers.extend(cut(&ask, total).map(|value| (ERRORS, value)));
        }
        let body = if streamed { self.clone().stream(ask.question, page) } else { Body::from(page.body) };
        let mut response = (headers, body).into_response();
        compress::mark(&mut response);
        Ok(response)
    }

    async fn first(&self, question: &Question) -> Result<Written, Unanswered> {
        if !picks(question) && question.order == Order::Key {
            let few = Question { limit: question.limit.min(IN_PLACE), reach: IN_REACH, ..question.clone() };
            // Whatever is not in memory is read on a blocking thread.
            if let Some(page) = self.store.lookup_at_once(&few)
                && (!page.more || page.records.len() >= question.limit)
            {
                return Ok(self.write(page));
            }
        }
        self.fetch(question.clone()).await
    }

    async fn fetch(&self, question: Question) -> Result<Written, Unanswered> {
        let rows = self.clone();
        if always_fills(&question) {
            // Records are dropped on the thread that allocated them; otherwise the allocator keeps their memory for it.
            return self.blocking(move |store| Ok(rows.write(store.lookup(&question)?))).await;
        }
        let page = self.page(question).await?;
        self.blocking(move |_| Ok(rows.write(page))).await
    }

    fn write(&self, page: Page) -> Written {
        let rows = page.records.len() as u64;
        let mut writer = Writer::new(Dialect::Circl);
        let mut text = String::with_capacity(page.records.len() * RECORD_OCTETS);
        for mut record in page.records {
            self.name_origin(&mut record);
            writer.write(&record, &mut text);
        }
        Written { body: text.into(), rows, next: page.next, more: page.more }
    }

    /// This page and all following ones.
    fn stream(self, question: Question, first: Written) -> Body {
        // The body to send, the position of the next page, and the number of rows so far.
        let start = (Some(first.body), first.next, first.rows);
        Body::from_stream(stream::try_unfold(start, move |(ready, next, sent)| {
            let (rows, mut question) = (self.clone(), question.clone());
            async move {
                let page = match (ready, next) {
                    (Some(body), next) => return Ok(Some((body, (None, next, sent)))),
                    (None, None) => return Ok(None),
                    (None, cursor) => {
                        question.cursor = cursor;
                        // Sent first, because a failure drops what has not been written yet.
                        tokio::task::yield_now().await;
                        rows.fetch(question).await?
                    }
                };
                let sent = sent + page.rows;
                if sent > rows.most {
                    return Err(Cut::Long);
                }
                Ok::<_, Cut>(Some((page.body, (None, page.next, sent))))
            }
        }))
    }
}

/// The header with which CIRCL reports that an answer was too large.
fn cut(ask: &Ask, total: u64) -> Option<HeaderValue> {
    let (value, limit) = (&ask.value, ask.question.limit);
    let errors = serde_json::json!([
        { "error": "maxset", "record": value, "value": limit, "total_value": total }
    ]);
    HeaderValue::try_from(errors.to_string().into_bytes()).ok()
}

//! Answers queries that may take long, slice by slice: no call of the store reads more than [`SLICE`] tuples.
//!
//! Between two slices the thread is released, and the client may have disconnected: dropping the future ends the scan after the
//! current slice. `gate` and `watch` drop it when the answer takes too long, hyper when the client disconnects. Each slice sees
//! the store at a different moment; this applies to results that combine slices, and to a page of rows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cof::Record;
use store::{Fences, MAX_LIMIT, Order, Page, Question, StoreError, Subject, Summary};

use crate::rows::{Rows, Unanswered};

/// Tuples that are read at a time: about 20 ms, which is how long a disconnect may go unnoticed.
const SLICE: usize = 20_000;

/// The newest rows so far: by last seen, then in the order of reading.
#[derive(Debug, Default)]
struct Newest {
    limit: usize,
    seen: u64,
    rows: BTreeMap<(Reverse<u64>, u64), Record>,
}

impl Rows {
    /// The same answer as [`store::Store::lookup`], in slices.
    ///
    /// # Errors
    /// [`Unanswered`], also if no place was free for too long.
    pub async fn page(&self, question: Question) -> Result<Page, Unanswered> {
        match question.order {
            Order::Key => self.filled(question).await,
            Order::NewestFirst => self.newest(question).await,
        }
    }

    /// The same answer as [`store::Store::summarise`], in slices.
    pub(crate) async fn summary(&self, question: Question) -> Result<Summary, Unanswered> {
        self.fold(question, Summary::default(), |summary, records| {
            for record in &records {
                add(summary, record);
            }
        })
        .await
    }

    /// A page in key order, as full as possible.
    async fn filled(&self, mut question: Question) -> Result<Page, Unanswered> {
        let limit = question.limit.clamp(1, MAX_LIMIT);
        let mut records = Vec::new();
        loop {
            let page = self.slice(&question, limit - records.len()).await?;
            records.extend(page.records);
            question.cursor.clone_from(&page.next);
            if page.next.is_none() || records.len() >= limit {
                let more = page.more && self.goes_on(question).await?;
                return Ok(Page { records, next: page.next.filter(|_| more), more, limit });
            }
        }
    }

    /// Whether there is a row after this cursor. A slice that ended with a full page does not show it.
    async fn goes_on(&self, mut question: Question) -> Result<bool, Unanswered> {
        // For other subjects without filters, every tuple is a row.
        if !picks(&question) && !matches!(question.subject, Subject::NamesOn(_)) {
            return Ok(true);
        }
        loop {
            let page = self.slice(&question, 1).await?;
            match (page.records.is_empty(), page.next) {
                (false, _) => return Ok(true),
                (true, None) => return Ok(false),
                (true, next) => question.cursor = next,
            }
        }
    }

    async fn newest(&self, question: Question) -> Result<Page, Unanswered> {
        if question.cursor.is_some() {
            return Err(StoreError::NotPaged.into());
        }
        let limit = question.limit.clamp(1, MAX_LIMIT);
        let newest = Newest { limit, ..Newest::default() };
        let newest = self.fold(question, newest, Newest::add).await?;
        let more = newest.seen > limit as u64;
        Ok(Page { records: newest.rows.into_values().collect(), next: None, more, limit })
    }

    /// Combines all rows in key order.
    async fn fold<T: Send + 'static>(
        &self,
        mut question: Question,
        mut state: T,
        step: fn(&mut T, Vec<Record>),
    ) -> Result<T, Unanswered> {
        (question.order, question.cursor) = (Order::Key, None);
        (question.limit, question.reach) = (MAX_LIMIT, SLICE);
        loop {
            let asked = question.clone();
            let (folded, next) = self
                .blocking(move |store| {
                    let page = store.lookup(&asked)?;
                    step(&mut state, page.records);
                    Ok((state, page.next))
                })
                .await?;
            if next.is_none() {
                return Ok(folded);
            }
            (state, question.cursor) = (folded, next);
        }
    }

    async fn slice(&self, question: &Question, limit: usize) -> Result<Page, Unanswered> {
        let asked = Question { limit, reach: SLICE, ..question.clone() };
        self.blocking(move |store| store.lookup(&asked)).await
    }
}

impl Newest {
    fn add(&mut self, records: Vec<Record>) {
        for record in records {
            let last = record.span().map_or(0, |(_, last)| last);
            self.rows.insert((Reverse(last), self.seen), record);
            self.seen += 1;
            if self.rows.len() > self.limit {
                self.rows.pop_last();
            }
        }
    }
}

/// Whether one slice always fills a page, because every tuple that is read is a row.
pub(crate) fn always_fills(question: &Question) -> bool {
    let names_on = matches!(question.subject, Subject::NamesOn(_));
    question.order == Order::Key && question.limit <= SLICE && !names_on && !picks(question)
}

/// Whether the query filters the rows of its subject.
pub(crate) fn picks(question: &Question) -> bool {
    question.fences != Fences::default() || !question.rrtypes.is_empty()
}

/// Adds a row to a summary.
pub(crate) fn add(summary: &mut Summary, record: &Record) {
    summary.rows = summary.rows.saturating_add(1);
    if let Some(count) = record.count {
        summary.count = Some(summary.count.unwrap_or_default().saturating_add(count));
    }
    if let Some((first, last)) = record.span() {
        summary.first = Some(summary.first.map_or(first, |known| known.min(first)));
        summary.last = Some(summary.last.map_or(last, |known| known.max(last)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cof::{Batch, Reader, SourceKind};
    use proptest::prelude::*;
    use store::{Memory, Store};

    use super::*;
    use edge::limits::Limits;

    /// Some names on some addresses, more than one slice reads.
    fn memory() -> Arc<Memory> {
        let line = |at: usize| {
            let (time, kind) = (at * 7_919 % 50_000 + 1, if at.is_multiple_of(9_973) { "TXT" } else { "A" });
            format!(
                "{{\"rrname\":\"h{at}.example.com\",\"rrtype\":\"{kind}\",\"rdata\":\"192.0.2.{}\",\
                 \"time_first\":{time},\"time_last\":{time},\"count\":2}}\n",
                at % 2
            )
        };
        let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
        reader.feed((0..2 * SLICE + 500).map(line).collect::<String>().as_bytes());
        reader.close();
        let mut batch = Batch::default();
        while let Some(record) = reader.next() {
            assert!(batch.add(&record.unwrap(), SourceKind::Report).is_taken());
        }
        let store = Memory::new();
        store.absorb(batch).unwrap();
        Arc::new(store)
    }

    #[test]
    fn slices_come_to_what_the_store_answers_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let rows = Rows::new(memory(), &Limits::default());
        let ask = |question: &Question| {
            let page = runtime.block_on(rows.page(question.clone())).unwrap();
            assert_eq!(page, rows.store.lookup(question).unwrap(), "{question:?}");
            let summary = runtime.block_on(rows.summary(question.clone())).unwrap();
            assert_eq!(summary, rows.store.summarise(question).unwrap(), "{question:?}");
        };
        let subject =
            prop::sample::select(vec!["*.example.com", "192.0.2.0/24", "h7.example.com", "none.example"]);
        let rrtypes = prop::sample::select(vec![None, Some(cof::RrType::TXT), Some(cof::RrType::NS)]);
        let asked = (subject, rrtypes, prop::option::of(0_u64..50_002), 1_usize..12, any::<bool>());
        proptest!(ProptestConfig::with_cases(12), |((subject, rrtype, after, limit, newest) in asked)| {
            ask(&Question {
                rrtypes: rrtype.into_iter().collect(),
                fences: Fences { last_after: after, ..Fences::default() },
                limit,
                order: if newest { Order::NewestFirst } else { Order::Key },
                ..Question::new(Subject::parse(subject).unwrap())
            });
        });
    }
}

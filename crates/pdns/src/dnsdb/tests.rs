//! A search driven step by step: its limits, its progress lines, and slow readers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use cof::{Batch, Reader, SourceKind};
use edge::limits::Limits;
use futures_util::StreamExt as _;
use store::{Memory, Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};

use super::gather::End;
use super::*;

/// This many names, each with one address.
fn names(number: u32) -> Arc<Memory> {
    let store = Memory::new();
    let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
    for at in 0..number {
        let line = format!(
            "{{\"rrname\":\"h{at:05}.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\",\"time_first\":{at},\"time_last\":{at},\"count\":1}}\n"
        );
        reader.feed(line.as_bytes());
    }
    reader.close();
    let mut batch = Batch::default();
    while let Some(record) = reader.next() {
        assert!(batch.add(&record.unwrap(), SourceKind::Report).is_taken());
    }
    store.absorb(batch).unwrap();
    Arc::new(store)
}

fn search(target: &str) -> Search {
    let uri: Uri = format!("/dnsdb/v2/{target}").parse().unwrap();
    let Ok(Call::Search { verb, wanted, types }) = Call::of(uri.path()) else { panic!("{target}") };
    Search::of(path::Version::of(uri.path()), verb, wanted, types, &Parameters::of(&uri, verb, 0).unwrap())
        .unwrap()
}

fn rows(store: Arc<dyn Store>) -> Rows {
    Rows::new(store, &Limits::default())
}

fn small() -> Bounds {
    Bounds { page: 10, ..Bounds::USUAL }
}

/// The lines of a body, by chunk.
async fn chunks(target: &str, bounds: Bounds, store: Arc<dyn Store>) -> Vec<String> {
    let body = answer::body(Scan::new(search(target), bounds, &Budget::usual()), rows(store)).await.unwrap();
    read(body).await
}

#[tokio::test]
async fn searches_hold_together_no_more_than_there_is_for_all() {
    let store = names(100);
    let target = "regex/rdata/.*";
    let held = async |budget: &Budget| {
        let mut scan = Scan::new(search(target), small(), budget);
        let mut text = String::new();
        let ended = scan.step(&*store, 1_000, &mut text).unwrap();
        (text, ended)
    };
    let budget = Budget::new(64 * 1024);
    let mut first = Scan::new(search(target), small(), &budget);
    assert_eq!(first.step(&*store, 10, &mut String::new()).unwrap(), None, "it holds its share");
    let (text, ended) = held(&budget).await;
    assert!(text.is_empty() && matches!(ended, Some(End::Stopped(why)) if why.contains("hold at once")));
    drop(first);
    let (text, ended) = held(&budget).await;
    assert!(text.contains("192.0.2.1") && ended == Some(End::Succeeded), "{text}");
}

async fn read(body: Body) -> Vec<String> {
    let chunks: Vec<_> = body.into_data_stream().collect().await;
    chunks.into_iter().map(|chunk| String::from_utf8(chunk.unwrap().to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn a_search_that_finds_nothing_is_stopped_at_its_bound_of_records() {
    let bounds = Bounds { rows: 50, ..small() };
    for target in
        ["regex/rrnames/nothing", "lookup/rrset/name/x.*", "lookup/rdata/raw/00", "glob/rdata/nothing"]
    {
        let text = chunks(target, bounds, names(1_000)).await.concat();
        let end = text.lines().last().unwrap();
        assert!(
            end.starts_with(r#"{"cond":"limited","msg":"Search stopped after "#)
                && end.ends_with(r#" records; narrow it to see the rest"}"#),
            "{target}: {end}"
        );
    }
    // The results until then are sent.
    let text = chunks("regex/rdata/192", bounds, names(1_000)).await.concat();
    assert!(text.contains(r#""raw_rdata":"C0000201""#) && text.contains("Search stopped"), "{text}");
    let text = chunks("summarize/rrset/name/*.example", bounds, names(1_000)).await.concat();
    assert!(text.contains(r#""num_results":5"#) && text.contains("Search stopped"), "{text}");
    // Exactly the allowed number of rows is read completely.
    let text = chunks("regex/rrnames/nothing", bounds, names(50)).await.concat();
    assert!(text.ends_with("{\"cond\":\"succeeded\"}\n"), "{text}");
}

#[tokio::test]
async fn an_expensive_pattern_gives_its_place_back_after_a_slice() {
    // Every record takes longer than a slice here: a step compares one, and the answer is the same.
    let store = names(100);
    let bounds = Bounds { slice: Duration::ZERO, ..small() };
    let mut scan = Scan::new(search("regex/rrnames/h000.5"), bounds, &Budget::usual());
    let (mut text, mut steps) = (String::new(), 0);
    let end = loop {
        steps += 1;
        if let Some(end) = scan.step(&*store, 10, &mut text).unwrap() {
            break end;
        }
    };
    assert!(steps >= 100 && end == End::Succeeded, "{steps} {end:?}");
    let whole = chunks("regex/rrnames/h000.5", small(), store).await.concat();
    assert_eq!(text.lines().count() + 2, whole.lines().count(), "{text}");
    assert!(whole.contains(&text), "{text} {whole}");
}

#[tokio::test]
async fn nine_expensive_searches_of_one_token_keep_no_other_waiting() {
    use edge::turns::Asker;
    let store = names(2_000);
    let rows = Rows::new(store, &Limits { scans: 1, ..Limits::default() });
    let bounds = Bounds { slice: Duration::ZERO, ..small() };
    let turns = Arc::new(AtomicUsize::new(0));
    let greedy: Vec<_> = (0..9)
        .map(|_| {
            let (rows, turns) = (rows.of(Asker::Token(1)), Arc::clone(&turns));
            tokio::spawn(async move {
                let mut scan = Scan::new(search("regex/rrnames/(.*a){9}nothing"), bounds, &Budget::usual());
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    let step = move |store: &dyn Store| {
                        let ended = scan.step(store, 10, &mut String::new())?;
                        Ok((scan, ended))
                    };
                    let (went_on, ended) = rows.blocking(step).await.unwrap();
                    scan = went_on;
                    if ended.is_some() {
                        return;
                    }
                }
            })
        })
        .collect();
    while turns.load(Ordering::Relaxed) < 30 {
        tokio::task::yield_now().await;
    }
    let other = rows.of(Asker::Token(2));
    let before = turns.load(Ordering::Relaxed);
    // Counted when it gets its turn, because a busy machine may delay reading its answer.
    let counted = Arc::clone(&turns);
    let meanwhile = other
        .blocking(move |store| store.stats().map(|_| counted.load(Ordering::Relaxed) - before))
        .await
        .unwrap();
    // Behind all nine it would be as many or more. A busy machine may let some pass before the question is in the queue.
    assert!(meanwhile <= 6, "{meanwhile} turns of the other token");
    greedy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_search_is_stopped_when_it_took_too_long() {
    let text = chunks("regex/rrnames/nothing", Bounds { time: Duration::ZERO, ..small() }, names(100))
        .await
        .concat();
    assert!(text.ends_with("\"Search stopped after 0 seconds; narrow it to see the rest\"}\n"), "{text}");
}

#[tokio::test]
async fn a_line_says_that_the_search_goes_on() {
    let bounds = Bounds { silence: Duration::ZERO, ..small() };
    let chunks = chunks("regex/rrnames/h00099", bounds, names(100)).await;
    assert_eq!(chunks[0], frame::BEGIN);
    assert!(chunks[1..].iter().filter(|chunk| *chunk == frame::ONGOING).count() >= 5, "{chunks:?}");
    let end = &chunks[chunks.len() - 1];
    assert!(end.contains("h00099") && end.ends_with("{\"cond\":\"succeeded\"}\n"), "{end}");
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_slowly_is_told_so() {
    let body = answer::body(
        Scan::new(search("lookup/rrset/name/*.example"), small(), &Budget::usual()),
        rows(names(100)),
    )
    .await
    .unwrap();
    let mut chunks = body.into_data_stream();
    assert!(chunks.next().await.unwrap().unwrap().starts_with(frame::BEGIN.as_bytes()));
    tokio::time::advance(Bounds::USUAL.patience + Duration::from_secs(1)).await;
    let last = chunks.next().await.unwrap().unwrap();
    assert!(
        last.starts_with(br#"{"cond":"failed","msg":"The client did not read the answer"#)
            && last.ends_with(b"\n")
    );
    assert!(chunks.next().await.is_none());
}

/// A store that fails from a certain lookup on.
struct Failing {
    store: Arc<Memory>,
    left: AtomicUsize,
    panics: bool,
}

impl store::Store for Failing {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store.absorb(batch)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err() {
            assert!(!self.panics, "as this test wants");
            return Err(StoreError::Damaged);
        }
        self.store.lookup(question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.store.summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.store.drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.store.position(input)
    }

    fn wholes(&self, digest: &cof::Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.store.wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.store.forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.store.stats()
    }
}

#[tokio::test]
async fn a_store_that_fails_is_500_at_first_and_a_last_line_later() {
    for panics in [false, true] {
        for target in ["lookup/rrset/name/*.example", "regex/rrnames/h"] {
            let failing =
                |left| Arc::new(Failing { store: names(100), left: AtomicUsize::new(left), panics });
            if !panics || target.starts_with("regex") {
                let refused =
                    answer::body(Scan::new(search(target), small(), &Budget::usual()), rows(failing(0)))
                        .await
                        .unwrap_err();
                assert_eq!(refused.status.as_u16(), 500, "{target}");
                assert!(!refused.line.contains("tuple"), "{}", refused.line);
            }
            let text = chunks(target, small(), failing(3)).await.concat();
            assert_eq!(
                text.matches(r#"{"obj":"#).count(),
                if target.starts_with("regex") { 29 } else { 30 },
                "{target}"
            );
            assert!(text.ends_with(
                "{\"cond\":\"failed\",\"msg\":\"The database failed; contact the administrator of this service\"}\n"
            ));
        }
    }
}

/// This many names with this many different addresses.
fn addresses(number: u32, different: u32) -> Arc<Memory> {
    let store = Memory::new();
    let mut batch = Batch::default();
    let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
    for at in 0..number {
        let line = format!(
            "{{\"rrname\":\"h{at}.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.{}\",\"time_first\":{at},\"time_last\":{at},\"count\":1}}\n",
            at * 7 % different
        );
        reader.feed(line.as_bytes());
    }
    reader.close();
    while let Some(record) = reader.next() {
        assert!(batch.add(&record.unwrap(), SourceKind::Report).is_taken());
    }
    store.absorb(batch).unwrap();
    Arc::new(store)
}

#[tokio::test]
async fn data_is_counted_over_everything_and_the_first_of_it_is_sent() {
    let text = chunks("regex/rdata/%5E192?limit=3&offset=2", small(), addresses(300, 30)).await.concat();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    for (line, data) in lines[1..4].iter().zip(["192.0.2.2", "192.0.2.3", "192.0.2.4"]) {
        assert!(line.contains(r#""count":10,"#) && line.contains(&format!(r#""rdata":"{data}""#)), "{line}");
    }
    assert_eq!(lines[4], r#"{"cond":"limited","msg":"Result limit reached"}"#);
}

#[tokio::test]
async fn data_that_was_held_is_sent_page_by_page() {
    for (target, objects, end) in [
        ("regex/rdata/%5E192", 25, r#"{"cond":"succeeded"}"#),
        ("regex/rdata/%5E192?limit=25", 25, r#"{"cond":"succeeded"}"#),
        ("regex/rdata/%5E192?limit=20", 20, r#"{"cond":"limited","msg":"Result limit reached"}"#),
        ("regex/rdata/%5E192?offset=12", 13, r#"{"cond":"succeeded"}"#),
        ("regex/rdata/%5E192?offset=30", 0, r#"{"cond":"succeeded"}"#),
    ] {
        let chunks = chunks(target, small(), addresses(100, 25)).await;
        let count = |text: &String| text.matches("{\"obj\":").count();
        assert!(chunks.iter().all(|chunk| count(chunk) <= 10), "{target}: {chunks:?}");
        assert_eq!(chunks.iter().map(count).sum::<usize>(), objects, "{target}");
        assert_eq!(chunks.concat().lines().last(), Some(end), "{target}");
    }
}

//! Stores that fail or block, and a server that stops in the meantime.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use cof::Batch;
use server::Service;
use store::{Memory, Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client;
use crate::fixture::{Server, many, memory, row};

/// A store that calls a function before each lookup, which may let it fail; this also applies to checking its availability.
pub(crate) struct Tampered<F> {
    pub(crate) store: Arc<Memory>,
    pub(crate) before: F,
}

impl<F: Fn(&Question) -> Result<(), StoreError> + Send + Sync> Store for Tampered<F> {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.store.absorb(batch)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        (self.before)(question)?;
        self.store.lookup(question)
    }

    fn lookup_at_once(&self, question: &Question) -> Option<Page> {
        (self.before)(question).ok()?;
        self.store.lookup_at_once(question)
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.store.summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.store.drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        (self.before)(&Question::new(store::Subject::Address([192, 0, 2, 255].into())))?;
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

pub(crate) async fn tampered(
    records: &str,
    before: impl Fn(&Question) -> Result<(), StoreError> + Send + Sync + 'static,
) -> Server {
    Server::of(Service::new(Arc::new(Tampered { store: memory(records), before })).with_anonymous()).await
}

#[tokio::test]
async fn a_failure_before_the_first_byte_is_500_and_says_nothing_of_our_insides() {
    let server = tampered(&many(3), |_| Err(StoreError::Damaged)).await;
    let detail = server.get("/pdns/query/*.example.com").await.problem(500);
    assert!(!detail.contains("tuple"), "{detail}");
}

#[tokio::test]
async fn a_failure_after_it_cuts_the_connection() {
    let fail = |question: &Question| question.cursor.as_ref().map_or(Ok(()), |_| Err(StoreError::Damaged));
    let server = tampered(&many(2_500), fail).await;
    let answer = server.get("/pdns/query/*.example.com").await;
    assert_eq!((answer.status, answer.whole), (200, false));
    assert!(!answer.body.is_empty() && many(2_500).starts_with(&answer.body));
}

#[tokio::test]
async fn a_panic_ends_one_request() {
    let server = tampered(&row("a.example", "A", "192.0.2.1", 1), |question| {
        assert!(question.rrtypes.is_empty(), "as this test wants");
        Ok(())
    })
    .await;
    server.get("/pdns/query/a.example?rrtype=A").await.problem(500);
    assert_eq!(server.rows("a.example", &[]).await.len(), 1);
}

/// A gate in every lookup: reports that it was reached, and waits to be opened.
fn gate() -> (SyncSender<()>, Receiver<()>, impl Fn(&Question) -> Result<(), StoreError> + Send + Sync) {
    let (reached, arrival) = sync_channel(1);
    let (open, opened) = sync_channel(1);
    let opened = Mutex::new(opened);
    let wait = move |_: &Question| {
        reached.send(()).unwrap();
        opened.lock().unwrap().recv().unwrap();
        Ok(())
    };
    (open, arrival, wait)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_asked_before_the_end_is_answered() {
    let (open, arrival, wait) = gate();
    let server = tampered(&row("a.example", "A", "192.0.2.1", 1), wait).await;
    let address = server.address;
    let idle = TcpStream::connect(address).await.unwrap();
    let asked = tokio::spawn(client::send(address, "GET", "/pdns/query/a.example?rrtype=A", &[]));
    tokio::task::spawn_blocking(move || arrival.recv().unwrap()).await.unwrap();
    let stopped = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopped.is_finished(), "it waits for the one that was asked");
    open.send(()).unwrap();
    let answer = asked.await.unwrap();
    assert_eq!((answer.status, answer.whole, answer.lines().len()), (200, true, 1));
    // A connection without a request does not delay it.
    stopped.await.unwrap();
    drop(idle);
}

#[tokio::test]
async fn a_search_that_takes_long_keeps_nobody_else_waiting() {
    let (open, arrival, wait) = gate();
    let server = tampered(&row("a.example", "A", "192.0.2.1", 1), wait).await;
    let asked = tokio::spawn(client::send(server.address, "GET", "/pdns/query/a.example?rrtype=A", &[]));
    tokio::task::spawn_blocking(move || arrival.recv().unwrap()).await.unwrap();
    assert_eq!(server.get("/healthz").await.body, "ok");
    open.send(()).unwrap();
    assert_eq!(asked.await.unwrap().status, 200);
}

#[tokio::test]
async fn who_hangs_up_is_forgotten() {
    let server = Server::with(&many(5_000)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /pdns/query/*.example.com HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    drop(stream);
    assert_eq!(server.rows("*.example.com", &[]).await.len(), 5_000);
    server.stop().await;
}

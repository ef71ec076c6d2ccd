//! Slow, many or disconnected clients, and a server that continues to answer the others. The tests count limits and do not
//! measure time.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server::{Limits, Service};
use store::{Question, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Answer};
use crate::fixture::{Server, many, memory, row};
use crate::stores::Tampered;

const ALL: &str = "GET /pdns/query/*.example.com HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn open(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// A server with these limits, and how often its store was queried for rows.
async fn counting(records: &str, limits: Limits) -> (Server, Arc<AtomicU64>) {
    let asked = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&asked);
    let before = move |_: &Question| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    let store = Arc::new(Tampered { store: memory(records), before });
    (Server::of(Service::new(store).with_limits(limits).with_anonymous()).await, asked)
}

/// The value of this metric.
async fn counted(server: &Server, name: &str) -> u64 {
    let text = server.get("/metrics").await.body;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is not in {text}")).parse().unwrap()
}

/// Waits until the connection of the request for metrics is the only one.
async fn alone(server: &Server) {
    let waited = async {
        while counted(server, "backsight_connections").await > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waited).await.expect("the others are let go");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_ends_a_head_is_let_go() {
    let limits = Limits { head: Duration::from_millis(300), ..Limits::default() };
    let (server, _) = counting(&row("a.example", "A", "192.0.2.1", 1), limits).await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(open(&server, "GET /pdns/query/a.example HTTP/1.1\r\nHost: localhost\r\nX-A: ").await);
    }
    assert_eq!(server.rows("a.example", &[]).await.len(), 1, "others are answered meanwhile");
    for stream in &mut slow {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    }
    alone(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_hold_little_and_are_let_go() {
    const ROWS: u64 = 60_000;
    const READERS: u64 = 20;
    let limits = Limits { idle: Duration::from_secs(1), ..Limits::default() };
    let (server, asked) = counting(&many(ROWS), limits).await;
    let mut slow = Vec::new();
    for _ in 0..READERS {
        slow.push(open(&server, ALL).await);
    }
    assert_eq!(server.rows("h000001.example.com", &[]).await.len(), 1, "others are answered meanwhile");
    alone(&server).await;
    let (asked, whole) = (asked.load(Ordering::Relaxed), READERS * ROWS / 1_000);
    assert!(asked >= READERS && asked < whole * 3 / 4, "{asked} pages of {whole} were made for nobody");
}

#[tokio::test]
async fn an_answer_has_as_many_rows_as_one_may() {
    let (server, asked) = counting(&many(10_000), Limits { rows: 2_500, ..Limits::default() }).await;
    let answer = server.get("/pdns/query/*.example.com").await;
    assert_eq!((answer.status, answer.whole), (200, false), "it is never ended cleanly");
    assert!(answer.lines().len() <= 2_500 && asked.load(Ordering::Relaxed) < 6);
    assert_eq!(server.rows("*.example.com?limit=1000", &[]).await.len(), 1_000);
}

#[tokio::test]
async fn one_connection_too_many_is_told_so() {
    let (server, _) =
        counting(&row("a.example", "A", "192.0.2.1", 1), Limits { connections: 2, ..Limits::default() })
            .await;
    let first = open(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let mut second = open(&server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    second.read_exact(&mut [0; 12]).await.unwrap();
    let mut third = TcpStream::connect(server.address).await.unwrap();
    let refused = client::read(&mut third, "GET").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    drop(first);
    let again = async { while raw(server.address).await.is_none_or(|answer| answer.status != 200) {} };
    tokio::time::timeout(Duration::from_mins(1), again).await.expect("there is a place again");
}

/// An answer, if the server accepts the connection.
async fn raw(server: SocketAddr) -> Option<Answer> {
    let mut stream = TcpStream::connect(server).await.ok()?;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await.ok()?;
    let status = text.get(9..12)?.parse().ok()?;
    Some(Answer { status, headers: Vec::new(), body: String::new(), whole: true })
}

/// A store in which searches for a type wait until they are released; counts how many started.
struct Held {
    server: Server,
    begun: Arc<AtomicU64>,
    arrival: Arc<Mutex<std::sync::mpsc::Receiver<()>>>,
    /// Dropping it releases all of them.
    open: Sender<()>,
}

impl Held {
    async fn new(limits: Limits) -> Self {
        let begun = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&begun);
        let (reached, arrival) = sync_channel(1_000);
        let (open, opened) = channel::<()>();
        let opened = Mutex::new(opened);
        let before = move |question: &Question| -> Result<(), StoreError> {
            if !question.rrtypes.is_empty() {
                counter.fetch_add(1, Ordering::Relaxed);
                let _ = reached.try_send(());
                let _ = opened.lock().unwrap().recv();
            }
            Ok(())
        };
        let store = Arc::new(Tampered { store: memory(&many(50_000)), before });
        let server = Server::of(Service::new(store).with_limits(limits).with_anonymous()).await;
        Self { server, begun, arrival: Arc::new(Mutex::new(arrival)), open }
    }

    async fn reached(&self) {
        let arrival = Arc::clone(&self.arrival);
        tokio::task::spawn_blocking(move || arrival.lock().unwrap().recv().unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_ends_when_its_client_is_gone() {
    for target in [
        "/pdns/query/*.example.com?rrtype=TXT",
        "/pdns/query/*.example.com?rrtype=TXT&sort=newest",
        "/api/v1/summary?value=*.example.com&rrtype=TXT",
        "/api/v1/lookup?value=*.example.com&rrtype=TXT",
    ] {
        let held = Held::new(Limits::default()).await;
        let gone = open(&held.server, &format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        held.reached().await;
        drop(gone);
        alone(&held.server).await;
        drop(held.open);
        held.server.stop().await;
        assert_eq!(
            held.begun.load(Ordering::Relaxed),
            1,
            "{target}: the slice that was under way, and no other"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_takes_too_long_is_503_and_the_rest_is_served() {
    let limits = Limits { answer: Duration::from_millis(300), scans: 1, ..Limits::default() };
    let held = Held::new(limits).await;
    // The second waits for the place of the first, but not longer than an answer may take.
    for _ in 0..2 {
        let answer = held.server.get("/pdns/query/*.example.com?rrtype=TXT").await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert!(answer.problem(503).contains("took too long"));
        assert_eq!(held.server.rows("h000001.example.com", &[]).await.len(), 1);
    }
    assert_eq!(held.begun.load(Ordering::Relaxed), 1);
    drop(held.open);
    let again =
        async { while held.server.get("/pdns/query/h000001.example.com?rrtype=A").await.status != 200 {} };
    tokio::time::timeout(Duration::from_mins(1), again).await.expect("it is answered again");
}

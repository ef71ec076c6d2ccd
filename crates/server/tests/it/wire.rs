//! Bytes on a connection that are not a valid request, or arrive too slowly.

use std::time::Duration;

use server::{Limits, Service, Tokens};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use workbench::token::Wanted;

use crate::browser::Place;
use crate::client::{self, Answer};
use crate::fixture::{Server, memory, row};
use crate::tokens::{Office, reading};

/// The answer to a connection that sends these bytes and nothing more.
async fn raw(server: &Server, octets: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    // Not all of it may be accepted before the answer arrives.
    let (_, read) = tokio::join!(writing.write_all(octets), reading.read_to_end(&mut answer));
    read.unwrap();
    client::parse(&String::from_utf8(answer).unwrap(), "GET")
}

fn quick() -> Limits {
    Limits { head: Duration::from_millis(300), idle: Duration::from_millis(300), ..Limits::default() }
}

fn open(limits: Limits) -> Service {
    Service::new(memory(&row("a.example", "A", "192.0.2.1", 1))).with_limits(limits).with_anonymous()
}

async fn counted(server: &Server, line: &str) -> bool {
    server.get("/metrics").await.body.lines().any(|counted| counted == line)
}

#[tokio::test]
async fn what_is_no_request_is_refused_and_is_counted() {
    let server = Server::with("").await;
    let head = |line: &str, headers: &str| format!("{line}\r\nHost: localhost\r\n{headers}\r\n");
    let get = |headers: &str| head("GET /pdns/query/a HTTP/1.1", headers);
    for (octets, status) in [
        ("\u{16}\u{3}\u{1}\u{2}".to_owned(), 400),
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
        (head("GET / HTTP/9.9", ""), 400),
        (get("no colon\r\n"), 400),
        (get("a : b\r\n"), 400),
        (get("a: b\r\n c\r\n"), 400),
        (get("Content-Length: 3\r\nContent-Length: 4\r\n"), 400),
        (get("Content-Length: +1\r\n"), 400),
        (head("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n"), 400),
        (get("Content-Length: 18446744073709551615\r\n"), 431),
        (head(&format!("GET /{} HTTP/1.1", "a".repeat(40_000)), ""), 431),
        (get(&"X-A: b\r\n".repeat(5_000)), 431),
        (get(&format!("X-A: {}\r\n", "b".repeat(64 * 1024))), 431),
    ] {
        let answer = raw(&server, octets.as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, ""), "{octets:.80}");
        assert_eq!(answer.header("connection"), Some("close"), "{octets:.80}");
    }
    for (status, times) in [(400, 10), (431, 4)] {
        let line = format!("backsight_requests_total{{interface=\"other\",status=\"{status}\"}} {times}");
        assert!(counted(&server, &line).await, "{line}");
    }
}

#[tokio::test]
async fn a_head_that_two_servers_could_read_differently_is_a_problem_or_ends_the_connection() {
    let server = Server::with("").await;
    for headers in [
        "",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nTransfer-Encoding: gzip, chunked\r\n",
        "Host: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        let head = format!("POST /api/v1/records HTTP/1.1\r\nConnection: close\r\n{headers}\r\n0\r\n\r\n");
        assert!(!raw(&server, head.as_bytes()).await.problem(400).is_empty(), "{headers}");
    }
    // The length is ignored if there are chunks, and nothing is read after them.
    let next = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for lengths in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ] {
        let both = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n0\r\n\r\n{next}");
        let answer = raw(&server, both.as_bytes()).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{lengths}");
        assert_eq!(answer.header("connection"), Some("close"), "{lengths}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_after_chunks() {
    let server = Server::with("").await;
    let chunks =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("{chunks}{last}").as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[tokio::test]
async fn what_comes_before_nonsense_is_answered() {
    let server = Server::with("").await;
    let health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(format!("{health}{health}\r\n{health}nonsense\r\n\r\n").as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    let (whole, last) = answers.rsplit_once("HTTP/1.1 ").unwrap();
    assert_eq!(whole.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
    assert!(last.starts_with("400 "), "{answers}");
}

#[tokio::test]
async fn a_head_that_comes_octet_by_octet_is_408_and_silence_is_closed() {
    // The limit for silent connections is far away, so that a machine that stalls between two bytes does not reach it.
    let limits =
        Limits { head: Duration::from_millis(300), idle: Duration::from_mins(1), ..Limits::default() };
    let server = Server::of(open(limits)).await;
    let (mut reading, writing) = TcpStream::connect(server.address).await.unwrap().into_split();
    let dripping = tokio::spawn(drip(writing));
    let mut answer = String::new();
    let _ = reading.read_to_string(&mut answer).await;
    dripping.abort();
    assert_eq!(client::parse(&answer, "GET").status, 408);
    let line = "backsight_requests_total{interface=\"other\",status=\"408\"} 1";
    assert!(counted(&server, line).await, "{line}");
    for before in ["", "\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"] {
        let mut silent = TcpStream::connect(server.address).await.unwrap();
        silent.write_all(before.as_bytes()).await.unwrap();
        let mut answer = String::new();
        silent.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), usize::from(before.len() > 4), "{answer}");
    }
    assert!(counted(&server, "backsight_connections 1").await, "this one alone");
}

/// Sends a byte of an endless message now and then, faster than the limit for silent connections.
async fn drip(mut writing: OwnedWriteHalf) {
    let first = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ";
    for octet in first.iter().chain(std::iter::repeat(&b'a')) {
        if writing.write_all(&[*octet]).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_waits_for_its_answer_has_its_time() {
    let office = Office::new();
    let token = office.token(reading("slow")).await;
    let limits = Limits { head: Duration::from_secs(3), idle: Duration::from_secs(3), ..Limits::default() };
    let server = office.server(limits).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // Longer in total than one head may take, and each far from the limit.
    for _ in 0..4 {
        let head = format!("GET /api/v1/stats HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 15];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        tokio::time::sleep(Duration::from_secs(1)).await;
        while stream.try_read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_408_wherever_it_goes() {
    let office = Office::new();
    let token = office.token(Wanted { writes: true, ..reading("sensor") }).await;
    let tokens = Tokens::open(office.desk.clone(), 32).await.unwrap();
    let place = Place::of(open(quick()).with_tokens(tokens), |site| site).await;
    let server = &place.server;
    for (target, headers, receipt) in [
        ("/api/v1/records", format!("X-API-Key: {token}\r\n"), true),
        ("/api/v1/session", "Content-Type: application/json\r\n".to_owned(), false),
    ] {
        for length in ["Content-Length: 100000", "Transfer-Encoding: chunked"] {
            let (mut reading, mut writing) = TcpStream::connect(server.address).await.unwrap().into_split();
            let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n\r\n");
            writing.write_all(head.as_bytes()).await.unwrap();
            let chunked = length.starts_with('T');
            let dripping = tokio::spawn(async move {
                let piece: &[u8] = if chunked { b"1\r\n{\r\n" } else { b"{" };
                while writing.write_all(piece).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            let mut answer = String::new();
            let _ = reading.read_to_string(&mut answer).await;
            dripping.abort();
            let answer = client::parse(&answer, "POST");
            answer.problem(408);
            assert_eq!(answer.body.contains("\"taken\":0"), receipt, "{answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_records_ends_when_an_answer_must() {
    let office = Office::new();
    let token = office.token(Wanted { writes: true, ..reading("sensor") }).await;
    let server = office.server(Limits { answer: Duration::from_millis(400), ..Limits::default() }).await;
    let (mut reading, mut writing) = TcpStream::connect(server.address).await.unwrap().into_split();
    let head = format!(
        "POST /api/v1/records HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\nContent-Length: 100000000\r\n\r\n"
    );
    writing.write_all(head.as_bytes()).await.unwrap();
    // Fast enough, and endless.
    let sending = tokio::spawn(async move {
        while writing.write_all(&[b' '; 1000]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut answer = String::new();
    let _ = reading.read_to_string(&mut answer).await;
    sending.abort();
    assert!(client::parse(&answer, "POST").problem(408).contains("too slowly"));
}

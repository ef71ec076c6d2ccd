//! Sending records, and queries below `/api/v1`.

use std::io::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use server::Limits;
use store::{Memory, Store};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use workbench::token::Wanted;

use crate::client::{self, Answer};
use crate::fixture::{Server, many, row};
use crate::tokens::{Office, reading};

/// A token with both permissions.
fn both(name: &str) -> Wanted {
    Wanted { writes: true, ..reading(name) }
}

async fn bring(server: &Server, token: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    bring_to(server, "/api/v1/records", token, headers, body).await
}

async fn bring_to(
    server: &Server,
    target: &str,
    token: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let own = [("host", "127.0.0.1"), ("x-api-key", token)];
    client::send_with(server.address, "POST", target, &[&own, headers].concat(), body).await
}

async fn get(server: &Server, token: &str, target: &str) -> Value {
    let answer = server.ask(target, &[("x-api-key", token)]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn receipt(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).unwrap()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_taken_in_and_found_in_three_ways() {
    let office = Office::new();
    let token = office.token(both("sensor")).await;
    let server = office.server(Limits::default()).await;
    let records = [
        row("b.example", "A", "192.0.2.2", 1_500_000_005),
        row("b.example", "NS", "ns.example", 1_500_000_007),
    ]
    .join("\n");
    let told =
        receipt(&bring(&server, &token, &[("content-encoding", "gzip")], &gzip(records.as_bytes())).await);
    assert_eq!(
        (&told["taken"], &told["rejected"], &told["octets"]),
        (&json!(2), &json!({}), &json!(records.len()))
    );

    let found = get(&server, &token, "/api/v1/lookup?value=b.example&limit=1").await;
    assert_eq!(found["records"][0]["rdata"], json!(["192.0.2.2"]));
    assert_eq!(
        (&found["more"], &found["limit"], &found["value"]),
        (&json!(true), &json!(1), &json!("b.example"))
    );
    let next = found["next"].as_str().unwrap();
    let rest = get(&server, &token, &format!("/api/v1/lookup?value=b.example&cursor={next}")).await;
    assert_eq!((&rest["records"][0]["rrtype"], &rest["next"]), (&json!("NS"), &Value::Null));
    let nothing = get(&server, &token, "/api/v1/lookup?value=b.example&rrtype=NOTATYPE").await;
    assert_eq!(nothing["records"], json!([]));

    let sums = get(&server, &token, "/api/v1/summary?value=*.example&time_last_after=1500000005").await;
    assert_eq!(
        sums,
        json!({"value": "*.example", "rows": 2, "count": 2, "time_first": 1_500_000_005, "time_last": 1_500_000_007})
    );
    assert_eq!(get(&server, &token, "/api/v1/stats").await["entries"], 3);
    for (target, status) in [
        ("/api/v1/lookup", 400),
        ("/api/v1/lookup?value=a&value=b", 400),
        ("/api/v1/lookup?value=a..b", 400),
        ("/api/v1/lookup?value=a.example&limit=0", 400),
        ("/api/v1/summary?value=%ff", 400),
        ("/api/v1/records", 405),
    ] {
        server.ask(target, &[("x-api-key", &token)]).await.problem(status);
    }
    for target in ["/api/v1/lookup?value=a.example", "/api/v1/summary?value=a.example", "/api/v1/stats"] {
        server.get(target).await.problem(401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensors_counts_add_up_unless_the_same_body_comes_again() {
    let office = Office::new();
    let sensor = office.token(Wanted { sensor: Some("s1".to_owned()), ..both("sensor") }).await;
    let other = office.token(both("other")).await;
    let server = office.server(Limits::default()).await;
    let record = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    let count = async || get(&server, &other, "/api/v1/summary?value=b.example").await["count"].clone();
    let key = [("idempotency-key", "file-1")];
    for (token, headers, wanted, repeated) in [
        (&sensor, &[][..], 1, 0),
        (&sensor, &[], 2, 0),
        (&sensor, &key, 3, 0),
        (&sensor, &key, 3, 1),
        (&other, &key, 3, 0),
    ] {
        let taken = receipt(&bring(&server, token, headers, record.as_bytes()).await);
        assert_eq!((count().await, &taken["repeated"]), (json!(wanted), &json!(repeated)));
    }
    bring_to(&server, "/api/v1/records?kind=observation", &other, &[], record.as_bytes()).await;
    assert_eq!(count().await, 4);
    bring_to(&server, "/api/v1/records?kind=zone", &other, &[], record.as_bytes()).await.problem(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_write_brings_records() {
    let office = Office::new();
    let reader = office.token(reading("reader")).await;
    let server = office.server(Limits::default()).await;
    let record = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    assert!(bring(&server, &reader, &[], record.as_bytes()).await.problem(403).contains("send records"));
    bring(&server, "", &[], record.as_bytes()).await.problem(401);
    let open = Server::with("").await;
    bring(&open, "", &[], record.as_bytes()).await.problem(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_none_is_told_what_is_wrong() {
    let office = Office::new();
    let token = office.token(both("sensor")).await;
    let limits = Limits { body: 10_000, expanded: 1_000_000, ..Limits::default() };
    let server = office.server(limits).await;
    let bomb = gzip(&vec![b' '; 8 << 20]);
    assert!(bomb.len() < 10_000);
    let long = many(100);
    let bad_key = "k".repeat(129);
    for (headers, body, status, words) in [
        (&[("content-encoding", "gzip")][..], &bomb[..], 413, "decompressed"),
        (&[], long.as_bytes(), 413, "into several requests"),
        (&[("content-encoding", "br")], b"", 415, "takes gzip, zstd"),
        (&[("content-encoding", "zstd")], b"no zstd", 400, "damaged"),
        (&[], b"<html></html>", 422, "no record"),
        (&[("idempotency-key", &bad_key)], b"", 400, "Idempotency-Key"),
    ] {
        let detail = bring(&server, &token, headers, body).await.problem(status);
        assert!(detail.contains(words), "{detail}");
    }
    let two = [("idempotency-key", "a"), ("idempotency-key", "b")];
    assert!(bring(&server, &token, &two, b"").await.problem(400).contains("once"));
    let empty = receipt(&bring(&server, &token, &[], b"").await);
    assert_eq!(empty["taken"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_bounded_too_and_one_that_stalls_ends() {
    let office = Office::new();
    let token = office.token(both("sensor")).await;
    let limits = Limits { body: 100_000, idle: std::time::Duration::from_millis(200), ..Limits::default() };
    let server = office.server(limits).await;
    let head = format!(
        "POST /api/v1/records HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let open = async |text: &str| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(format!("{head}{text}").as_bytes()).await.unwrap();
        client::read(&mut stream, "POST").await
    };
    let chunk = format!("{:x}\r\n{}\r\n", many(500).len(), many(500));
    open(&format!("{}0\r\n\r\n", chunk.repeat(3))).await.problem(413);
    let stalled = open("5\r\n{\"rrn").await;
    assert!(stalled.problem(408).contains("too slowly"));
}

/// Sends a numbered batch as observations.
async fn number(server: &Server, token: &str, sequence: &str, body: &[u8]) -> Answer {
    let headers = [("sensor-sequence", sequence)];
    bring_to(server, "/api/v1/records?kind=observation&keep_sensors=true", token, &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_numbered_batch_counts_once_and_numbers_only_rise() {
    let office = Office::new();
    let sensor = office.token(Wanted { sensor: Some("s1".to_owned()), ..both("sensor") }).await;
    let other = office.token(both("other")).await;
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    let record = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    let mut server = office.server_of(Arc::clone(&store), Limits::default()).await;
    for (restarts, token, sequence, repeated, count) in [
        (false, &sensor, "sensor-one/1", 0, 1),
        (false, &sensor, "sensor-one/1", 1, 1),
        // A gap.
        (false, &sensor, "sensor-one/7", 0, 2),
        // Out of order, which a sensor never sends.
        (false, &sensor, "sensor-one/3", 1, 2),
        (true, &sensor, "sensor-one/7", 1, 2),
        (false, &sensor, "sensor-one/8", 0, 3),
        // Another sequence, and another token.
        (false, &sensor, "sensor-two/8", 0, 4),
        (false, &other, "sensor-one/8", 0, 5),
        (true, &other, "sensor-one/8", 1, 5),
    ] {
        if restarts {
            server = office.server_of(Arc::clone(&store), Limits::default()).await;
        }
        let taken = receipt(&number(&server, token, sequence, record.as_bytes()).await);
        let sum = get(&server, &other, "/api/v1/summary?value=b.example").await;
        assert_eq!((&taken["repeated"], &sum["count"]), (&json!(repeated), &json!(count)), "{sequence}");
        assert_eq!(taken["taken"], json!(1 - repeated), "{sequence}");
        assert_eq!(taken["number"], json!(sequence.split('/').nth(1).unwrap().parse::<u64>().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_numbered_batch_is_stored_completely_or_not_at_all() {
    let office = Office::new();
    let token = office.token(both("sensor")).await;
    let server = office.server(Limits::default()).await;
    let entries = async || get(&server, &token, "/api/v1/stats").await["entries"].clone();
    let line = |at: u64| row(&format!("h{at}.example"), "A", "192.0.2.2", 1_500_000_000 + at);
    let lines = |count: u64| (0..count).map(line).collect::<Vec<_>>().join("\n").into_bytes();
    let before = entries().await;
    let detail = number(&server, &token, "sensor-one/1", &lines(10_001)).await.problem(413);
    assert!(detail.contains("at most 10000 records") && detail.contains("nothing was stored"), "{detail}");
    let cut = zstd::encode_all(&lines(9_000)[..], 1).unwrap();
    let headers = [("sensor-sequence", "sensor-one/1"), ("content-encoding", "zstd")];
    bring(&server, &token, &headers, &cut[..cut.len() - 5]).await.problem(400);
    assert_eq!(entries().await, before);
    let stored = receipt(&number(&server, &token, "sensor-one/1", &lines(10_000)).await);
    assert_eq!((&stored["taken"], &stored["rejected"]), (&json!(10_000), &json!({})));
    for (headers, words) in [
        (&[("sensor-sequence", "sensor-one/2"), ("idempotency-key", "k")][..], "either"),
        (&[("sensor-sequence", "sensor-one/2"), ("sensor-sequence", "sensor-one/3")], "once"),
        (&[("sensor-sequence", "short/2")], "8 to 64"),
        (&[("sensor-sequence", "sensor-one/0")], "from 1"),
    ] {
        let detail = bring(&server, &token, headers, &lines(1)).await.problem(400);
        assert!(detail.contains(words), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_cannot_fill_the_database_with_names_of_sequences() {
    let office = Office::new();
    let token = office.token(both("sensor")).await;
    let server = office.server(Limits::default()).await;
    let record = row("b.example", "A", "192.0.2.2", 1_500_000_005);
    for at in 0..100 {
        receipt(&number(&server, &token, &format!("sensor-{at}/1"), record.as_bytes()).await);
    }
    let refused = number(&server, &token, "sensor-100/1", record.as_bytes()).await;
    assert_eq!(refused.header("retry-after"), Some("3600"));
    assert!(refused.problem(429).contains("one name for all batches"));
    let known = receipt(&number(&server, &token, "sensor-7/2", record.as_bytes()).await);
    assert_eq!(known["taken"], 1);
}

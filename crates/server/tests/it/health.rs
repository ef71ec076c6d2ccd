//! `/healthz`, `/readyz`, `/metrics`, and what other origins may query.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use server::{Limits, Service};
use store::StoreError;

use crate::client;
use crate::fixture::{Server, memory, row};
use crate::stores::tampered;
use crate::tokens::{Office, reading};

#[tokio::test]
async fn whether_it_can_answer_is_told_to_everyone() {
    let broken = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&broken);
    let before = move |_: &_| if switch.load(Ordering::Relaxed) { Err(StoreError::Damaged) } else { Ok(()) };
    let server = tampered("", before).await;
    assert_eq!(server.get("/readyz").await.body, "ready");
    broken.store(true, Ordering::Relaxed);
    let answer = server.get("/readyz").await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(answer.problem(503).contains("database fails"));
    assert_eq!(server.get("/healthz").await.body, "ok", "it runs all the same");
}

#[tokio::test]
async fn what_is_counted_is_for_whoever_may_read_and_names_nobody() {
    let office = Office::new();
    let token = office.token(reading("partner")).await;
    let server = office.server(Limits::default()).await;
    server.get("/metrics").await.problem(401);
    for _ in 0..2 {
        assert_eq!(server.rows("a.example", &[("x-api-key", &token)]).await.len(), 1);
    }
    let answer = server.ask("/metrics", &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    for line in [
        "backsight_requests_total{interface=\"pdns\",status=\"200\"} 2",
        "backsight_requests_total{interface=\"other\",status=\"401\"} 1",
        "backsight_store_entries 1",
    ] {
        assert!(answer.lines().contains(&line), "{line} is not in {}", answer.body);
    }
    for word in ["partner", "a.example", "192.0.2.1", &token] {
        assert!(!answer.body.contains(word), "{word} is in {}", answer.body);
    }
}

#[tokio::test]
async fn other_origins_may_ask_only_where_that_was_configured() {
    let records = row("a.example", "A", "192.0.2.1", 1);
    let asked = [("origin", "https://a.example")];
    let closed = Server::with(&records).await;
    let answer = closed.ask("/pdns/query/a.example", &asked).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let service = Service::new(memory(&records)).with_anonymous();
    for wrong in ["*", "a.example", "https://", "https://a.example/", "https://A.example", "ftp://a.example"]
    {
        assert!(service.clone().with_cors(wrong).is_err(), "{wrong}");
    }
    let server = Server::of(service.with_cors("https://a.example").unwrap()).await;
    let answer = server.ask("/pdns/query/a.example", &asked).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.example"));
    let dnsdb = server.ask("/dnsdb/v2/lookup/rrset/name/a.example", &asked).await;
    assert_eq!((dnsdb.status, dnsdb.header("access-control-allow-origin")), (200, Some("https://a.example")));
    let other = server.ask("/pdns/query/a.example", &[("origin", "https://b.example")]).await;
    assert_eq!(other.header("access-control-allow-origin"), None);
    let preflight =
        [asked[0], ("access-control-request-method", "GET"), ("access-control-request-headers", "x-api-key")];
    let answer = client::send(server.address, "OPTIONS", "/pdns/query/a.example", &preflight).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("access-control-allow-headers").unwrap().contains("x-api-key"));
}

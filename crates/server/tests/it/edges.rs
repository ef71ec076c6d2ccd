//! Who may ask, and what lies beside the question.

use server::{CredentialError, Service};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client;
use crate::fixture::{Server, memory, row};

#[tokio::test]
async fn health_is_told_to_everyone() {
    let service = Service::new(memory("")).with_token("t0ken").unwrap();
    let server = Server::of(service).await;
    let answer = server.get("/healthz").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn everything_else_is_a_problem() {
    let server = Server::with("").await;
    for path in ["/", "/pdns", "/pdns/query", "/pdns/querx/a", "/healthz/", "//pdns/query/a", "/PDNS/query/a"]
    {
        server.get(path).await.problem(404);
    }
    for (method, path) in
        [("POST", "/pdns/query/a.example"), ("DELETE", "/healthz"), ("OPTIONS", "/pdns/query/a")]
    {
        let answer = client::send(server.address, method, path, &[]).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), Some("GET,HEAD"));
    }
    let long = format!("/pdns/query/{}", "a".repeat(8 * 1024));
    server.get(&long).await.problem(414);
}

#[tokio::test]
async fn credentials_are_asked_for_when_there_are_any() {
    let records = row("a.example", "A", "192.0.2.1", 1);
    let service = Service::new(memory(&records)).with_user("alice", "secret").unwrap();
    let server = Server::of(service.with_token("t0ken").unwrap()).await;
    for (name, value) in [
        ("authorization", "Basic YWxpY2U6c2VjcmV0"),
        ("authorization", "Bearer t0ken"),
        ("authorization", "t0ken"),
        ("x-api-key", "t0ken"),
    ] {
        assert_eq!(server.rows("a.example", &[(name, value)]).await.len(), 1, "{name}: {value}");
    }
    let mut details = Vec::new();
    for headers in [
        &[][..],
        &[("authorization", "Basic YWxpY2U6d3Jvbmc=")],
        &[("authorization", "Basic Ym9iOnNlY3JldA==")],
        &[("authorization", "Basic %%%")],
        &[("authorization", "wrong")],
        &[("x-api-key", "secret")],
    ] {
        for path in ["/pdns/query/a.example", "/pdns/query/a..b"] {
            let answer = server.ask(path, headers).await;
            assert_eq!(answer.header("www-authenticate"), Some("Basic realm=\"passive DNS\""));
            details.push(answer.problem(401));
        }
    }
    details.dedup();
    assert_eq!(details.len(), 1, "nothing is said about which part was wrong");
}

#[tokio::test]
async fn a_token_in_an_address_is_refused_whatever_is_asked() {
    let server = Server::of(Service::new(memory("")).with_token("t0ken").unwrap()).await;
    for path in [
        "/pdns/query/a.example?token=x",
        "/pdns/query/bsk_0123",
        "/pdns/query/%2562sk_0123",
        "/api/v1/lookup?value=bsk_0123",
        "/api/v1/openapi.json?apikey=x",
        "/docs/pdns?api_key=x",
        "/healthz?token=x",
        "/metrics?token=x",
    ] {
        let answer = server.ask(path, &[("x-api-key", "t0ken")]).await;
        assert!(answer.problem(400).contains("does not belong in the address"), "{path}");
        assert!(!answer.body.contains("0123"), "{path}");
    }
    for path in ["ping?token=x", "rate_limit?token=x", "lookup/rrset/name/bsk_0123"] {
        let answer = server.ask(&format!("/dnsdb/v2/{path}"), &[("x-api-key", "t0ken")]).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("text/plain; charset=utf-8")));
        assert!(answer.body.contains("does not belong") && !answer.body.contains("0123"), "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_said_twice_is_refused() {
    let server = Server::with("").await;
    for name in ["dribble-paginate-count", "dribble-paginate-cursor", "dribble-filter-rrtype"] {
        let answer = server.ask("/pdns/query/a.example", &[(name, "5"), (name, "6")]).await;
        assert_eq!(answer.problem(400), format!("{name}: given more than once"));
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_meant_are_refused() {
    let service = || Service::new(memory(""));
    assert_eq!(service().with_user("a:b", "c").err(), Some(CredentialError::Colon));
    assert_eq!(service().with_token("").err(), Some(CredentialError::Empty));
}

#[tokio::test]
async fn a_connection_takes_one_request_after_another() {
    let server = Server::with(&row("a.example", "A", "192.0.2.1", 1)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned();
    let last = "HEAD /pdns/query/a.example HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all((request.clone() + &request + last).as_bytes()).await.unwrap();
    let mut raw = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut raw).await.unwrap();
    assert_eq!(raw.matches("HTTP/1.1 200 OK").count(), 3, "{raw}");
}

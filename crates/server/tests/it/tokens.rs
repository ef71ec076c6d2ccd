//! Tokens of a data folder at a running server.

use std::sync::Arc;
use std::time::Duration;

use cof::time::Clock;
use server::{Limits, Service, Tokens};
use store::Store;
use tokio::net::TcpStream;
use workbench::Desk;
use workbench::token::Wanted;

use crate::client::{self, Answer};
use crate::fixture::{Server, many, memory, row};

/// A data folder with tokens.
pub(crate) struct Office {
    pub(crate) desk: Desk,
    pub(crate) folder: tempfile::TempDir,
}

impl Office {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { desk: Desk::open(folder.path(), Clock::system()).unwrap(), folder }
    }

    pub(crate) async fn token(&self, wanted: Wanted) -> String {
        let (_, secret) =
            self.desk.change("ann", move |workbench| workbench.create_token(&wanted)).await.unwrap();
        secret.reveal().to_owned()
    }

    pub(crate) async fn server(&self, limits: Limits) -> Server {
        self.server_of(memory(&row("a.example", "A", "192.0.2.1", 1)), limits).await
    }

    pub(crate) async fn server_of(&self, store: Arc<dyn Store>, limits: Limits) -> Server {
        let tokens = Tokens::open(self.desk.clone(), limits.token_requests).await.unwrap();
        let service = Service::new(store);
        Server::of(service.with_limits(limits).with_tokens(tokens)).await
    }
}

pub(crate) fn reading(name: &str) -> Wanted {
    Wanted { name: name.to_owned(), reads: true, ..Wanted::default() }
}

async fn ask(server: &Server, token: &str) -> Answer {
    server.ask("/pdns/query/a.example", &[("x-api-key", token)]).await
}

/// Sends requests until the status is this one.
async fn until(server: &Server, token: &str, status: u16) -> Answer {
    for _ in 0..1_000 {
        let answer = ask(server, token).await;
        if answer.status == status {
            return answer;
        }
        tokio::task::yield_now().await;
    }
    panic!("never {status}");
}

#[tokio::test]
async fn a_token_is_taken_in_four_ways_and_nothing_else_is() {
    let office = Office::new();
    let token = office.token(reading("partner")).await;
    let server = office.server(Limits::default()).await;
    let basic = |login: &str| {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login))
    };
    for (name, value) in [
        ("authorization", basic(&format!("anybody:{token}"))),
        ("authorization", format!("Bearer {token}")),
        ("authorization", token.clone()),
        ("x-api-key", token.clone()),
    ] {
        let answer = server.ask("/pdns/query/a.example", &[(name, &value)]).await;
        assert_eq!((answer.status, answer.lines().len()), (200, 1), "{name}: {value}");
        assert_eq!(answer.header("x-ratelimit-limit"), Some("unlimited"));
    }
    let mut last = token.clone();
    last.replace_range(token.len() - 1.., if token.ends_with('0') { "1" } else { "0" });
    let unknown = format!("bsk_{}_{}", "0".repeat(16), "0".repeat(64));
    let mut details = Vec::new();
    for wrong in [&last, &unknown, "bsk_", "", &token[..token.len() - 1]] {
        details.push(ask(&server, wrong).await.problem(401));
    }
    details.dedup();
    assert_eq!(details.len(), 1, "nothing is said about which part was wrong");
}

#[tokio::test]
async fn a_token_in_the_address_is_refused_with_advice() {
    let office = Office::new();
    let token = office.token(reading("partner")).await;
    let server = office.server(Limits::default()).await;
    for target in [
        format!("/pdns/query/a.example?token={token}"),
        format!("/pdns/query/a.example?x={token}"),
        "/pdns/query/a.example?api_key=x".to_owned(),
        format!("/pdns/query/{token}"),
    ] {
        let detail = server.ask(&target, &[("x-api-key", &token)]).await.problem(400);
        assert!(detail.contains("header") && !detail.contains(&token), "{detail}");
    }
}

#[tokio::test]
async fn a_revoked_and_an_expired_token_stop_working_on_a_running_server() {
    let office = Office::new();
    let server = office.server(Limits::default()).await;
    let revoked = office.token(reading("revoked")).await;
    let soon = i64::try_from(office.desk.clock().seconds()).unwrap() + 2;
    let expiring = office.token(Wanted { expires_at: Some(soon), ..reading("expiring") }).await;
    // Created by another process while the server runs.
    for token in [&revoked, &expiring] {
        until_known(&server, token).await;
    }
    office.desk.change("ann", |workbench| workbench.revoke_token("revoked")).await.unwrap();
    for token in [&revoked, &expiring] {
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            while ask(&server, token).await.status != 401 {}
        });
        waited.await.unwrap();
    }
}

async fn until_known(server: &Server, token: &str) {
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while ask(server, token).await.status != 200 {}
    });
    waited.await.unwrap();
}

#[tokio::test]
async fn a_days_quota_and_a_rate_are_told_and_survive_a_restart() {
    let office = Office::new();
    let daily = office.token(Wanted { daily: Some(3), ..reading("daily") }).await;
    let server = office.server(Limits::default()).await;
    let left = |answer: &Answer| answer.header("x-ratelimit-remaining").map(str::to_owned);
    assert_eq!(left(&ask(&server, &daily).await).as_deref(), Some("2"));
    assert_eq!(left(&ask(&server, &daily).await).as_deref(), Some("1"));
    server.stop().await;
    let server = office.server(Limits::default()).await;
    let answer = ask(&server, &daily).await;
    assert_eq!((left(&answer).as_deref(), answer.header("x-ratelimit-limit")), (Some("0"), Some("3")));
    let reset: u64 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
    assert!(reset.is_multiple_of(24 * 3600) && reset > office.desk.clock().seconds());
    let answer = ask(&server, &daily).await;
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(wait <= 24 * 3600 && answer.problem(429).contains("quota"));
    let trail = std::fs::read_dir(office.folder.path()).unwrap().count();
    assert!(trail > 0);
}

#[tokio::test]
async fn a_token_that_asks_too_fast_is_told_to_wait() {
    let office = Office::new();
    let slow = office.token(Wanted { rate: Some(1), ..reading("slow") }).await;
    let server = office.server(Limits::default()).await;
    let answer = until(&server, &slow, 429).await;
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(answer.problem(429).contains("too many requests per second"));
}

#[tokio::test]
async fn two_servers_on_one_folder_grant_one_quota() {
    let office = Office::new();
    let daily = office.token(Wanted { daily: Some(9), ..reading("daily") }).await;
    let servers = [office.server(Limits::default()).await, office.server(Limits::default()).await];
    let mut granted = 0;
    for turn in 0..30 {
        granted += usize::from(ask(&servers[turn % 2], &daily).await.status == 200);
    }
    assert_eq!(granted, 9);
}

#[tokio::test]
async fn as_much_is_under_way_as_there_may_be() {
    let office = Office::new();
    let tokens = [office.token(reading("one")).await, office.token(reading("other")).await];
    let limits = Limits { token_requests: 2, requests: 3, ..Limits::default() };
    let known = Tokens::open(office.desk.clone(), limits.token_requests).await.unwrap();
    let service = Service::new(memory(&many(20_000))).with_limits(limits).with_tokens(Arc::clone(&known));
    let server = Server::of(service).await;
    let open = async |token: &str| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "GET /pdns/query/*.example.com HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {token}\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first).await.unwrap();
        (stream, String::from_utf8_lossy(&first[9..]).into_owned())
    };
    let (_first, status) = open(&tokens[0]).await;
    let (second, also) = open(&tokens[0]).await;
    assert_eq!((status.as_str(), also.as_str()), ("200", "200"));
    assert!(ask(&server, &tokens[0]).await.problem(503).contains("this token"));
    let (_third, status) = open(&tokens[1]).await;
    assert_eq!(status, "200", "the rest is served");
    let busy = ask(&server, &tokens[1]).await;
    assert_eq!(busy.header("retry-after"), Some("1"));
    assert!(busy.problem(503).contains("too many concurrent requests"));
    assert_eq!(client::send(server.address, "GET", "/healthz", &[]).await.status, 200);
    // A client that disconnects releases its place.
    drop(second);
    let again = tokio::time::timeout(Duration::from_secs(30), async {
        while ask(&server, &tokens[0]).await.status != 200 {}
    });
    again.await.unwrap();
}

#[tokio::test]
async fn a_token_that_may_only_write_does_not_read() {
    let office = Office::new();
    let writer = office.token(Wanted { reads: false, writes: true, ..reading("sensor") }).await;
    let server = office.server(Limits::default()).await;
    assert!(ask(&server, &writer).await.problem(403).contains("read records"));
}

//! Permissions, and requests that are not queries.

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
        assert!(answer.problem(400).contains("must not be part of the address"), "{path}");
        assert!(!answer.body.contains("0123"), "{path}");
    }
    for path in ["ping?token=x", "rate_limit?token=x", "lookup/rrset/name/bsk_0123"] {
        let answer = server.ask(&format!("/dnsdb/v2/{path}"), &[("x-api-key", "t0ken")]).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, Some("text/plain; charset=utf-8")));
        assert!(answer.body.contains("must not be part") && !answer.body.contains("0123"), "{answer:?}");
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
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned();
    let last = "HEAD /pdns/query/a.example HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all((request.clone() + &request + last).as_bytes()).await.unwrap();
    let mut raw = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut raw).await.unwrap();
    assert_eq!(raw.matches("HTTP/1.1 200 OK").count(), 3, "{raw}");
}

#[tokio::test]
async fn programs_never_get_a_page() {
    let place = crate::browser::Place::new().await;
    let address = place.server.address;
    for path in [
        "/pdns",
        "/pdns/x",
        "/pdns/query",
        "/dnsdb",
        "/dnsdb/v1/x",
        "/dnsdb/v2",
        "/dnsdb/v2/nothing",
        "/lookup",
        "/lookup/",
        "/lookup/x",
        "/rate_limit/",
        "/rate_limit/x",
        "/summarize/",
        "/summarize/x",
        "/api",
        "/api/",
        "/api/v2",
        "/api/v1",
        "/api/v1/nothing",
        "/metrics/x",
        "/healthz/x",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = client::send(address, method, path, &[("accept", "text/html")]).await;
            let kind = answer.header("content-type").unwrap_or("none");
            assert!(
                matches!(answer.status, 400 | 401 | 403 | 404 | 405 | 415)
                    && matches!(kind, "application/problem+json" | "text/plain; charset=utf-8"),
                "{method} {path}: {answer:?}"
            );
        }
    }
    let answer = client::send(address, "POST", "/metrics", &[("accept", "text/html")]).await;
    answer.problem(405);
    let page = client::send_with(address, "GET", "/nothing", &[("host", "127.0.0.1")], b"").await;
    assert_eq!((page.status, page.header("content-type")), (404, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn slashes_and_asterisks_around_a_value_are_answered_and_others_refused() {
    let records = row("piping.dyn.example", "A", "192.0.2.1", 1)
        + "\n"
        + &row("a.example", "A", "192.0.2.9", 1)
        + "\n"
        + &row("1.0/25.2.0.192.in-addr.arpa", "PTR", "a.example", 1);
    let server = Server::with(&records).await;
    for (value, rows) in [
        ("a.example", 1),
        ("/a.example", 1),
        ("//a.example", 1),
        ("a.example/", 1),
        ("a.example%20", 1),
        ("%2Fa.example%2F", 1),
        ("192.0.2.*?expand=0", 2),
        ("192.*?expand=0", 2),
        ("1.0/25.2.0.192.in-addr.arpa", 1),
        ("nothing.example", 0),
    ] {
        let answer = server.get(&format!("/pdns/query/{value}")).await;
        assert_eq!((answer.status, answer.lines().len()), (200, rows), "{value}: {answer:?}");
        let (value, rest) = value.split_once('?').unwrap_or((value, ""));
        let answer = server.get(&format!("/api/v1/lookup?value={value}&{rest}")).await;
        assert_eq!(
            (answer.status, answer.body.matches("\"rrname\"").count()),
            (200, rows),
            "{value}: {answer:?}"
        );
    }
    for value in [
        "piping.*",
        "*",
        "*.*.x",
        "foo*.example",
        "192.0.2",
        "192.0.2.",
        "a..b",
        "a%20b",
        "http%3A%2F%2Fa.example%2F",
        "10.0.0.0/33",
        "d41d8cd98f00b204e9800998ecf8427e",
        "a.example/path",
        "a.example%2520",
        "AS64500",
        "x%40a.example",
        "rdata:mx.*",
    ] {
        for path in ["/pdns/query/", "/api/v1/lookup?value=", "/api/v1/summary?value="] {
            let detail = server.get(&format!("{path}{value}")).await.problem(400);
            assert!(detail.contains("query a name"), "{path}{value}: {detail}");
        }
    }
}

#[tokio::test]
async fn who_guesses_logins_and_tokens_has_to_wait_whatever_is_asked() {
    let service = || Service::new(memory(&row("a.example", "A", "192.0.2.1", 1)));
    let basic = |login: &str| {
        format!("Basic {}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, login))
    };
    for path in [
        "/pdns/query/a.example",
        "/dnsdb/v2/lookup/rrset/name/a.example",
        "/dnsdb/v2/rate_limit",
        "/lookup/rrset/name/a.example",
        "/api/v1/lookup?value=a.example",
        "/api/v1/stats",
        "/metrics",
    ] {
        let server = Server::of(service().with_user("ann", "right").unwrap()).await;
        let ask = async |login: &str| server.ask(path, &[("authorization", &basic(login))]).await;
        // Valid credentials are never slowed down.
        for _ in 0..30 {
            assert_eq!(ask("ann:right").await.status, 200, "{path}");
        }
        let mut statuses = Vec::new();
        for at in 0..40 {
            statuses.push(ask(&format!("ann:wrong{at}")).await.status);
        }
        assert!(statuses[..10].iter().all(|status| matches!(status, 401 | 403)), "{path}: {statuses:?}");
        assert!(statuses[10..].iter().all(|status| *status == 429), "{path}: {statuses:?}");
        // The right password has to wait too, or trying it would reveal it.
        let answer = ask("ann:right").await;
        assert_eq!(answer.status, 429, "{path}");
        assert!(
            (1..=60).contains(&answer.header("retry-after").unwrap().parse::<u64>().unwrap()),
            "{answer:?}"
        );
        assert_eq!(ask("bob:wrong").await.status / 100, 4);
        let mut wrong = Vec::new();
        for at in 0..60 {
            wrong.push(server.ask(path, &[("x-api-key", &format!("guess{at}"))]).await.status);
        }
        assert!(wrong[..50].iter().all(|status| matches!(status, 401 | 403)), "{path}: {wrong:?}");
        assert!(wrong[50..].iter().all(|status| *status == 429), "{path}: {wrong:?}");
    }
    let open = Server::of(service().with_user("ann", "right").unwrap().with_anonymous()).await;
    for _ in 0..60 {
        let answer = open.ask("/pdns/query/a.example", &[("authorization", &basic("ann:wrong"))]).await;
        assert_eq!(answer.status, 200, "everybody may read: there is nothing to guess");
    }
}

/// The bytes of an answer's body, without chunks.
async fn raw(server: &Server, target: &str, coding: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: {coding}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut octets = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut octets).await.unwrap();
    let at = octets.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(octets[..at].to_vec()).unwrap().to_lowercase();
    let mut rest = &octets[at + 4..];
    if !head.contains("transfer-encoding: chunked") {
        return (head, rest.to_vec());
    }
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return (head, body);
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}

fn unpacked(head: &str, body: &[u8]) -> String {
    let mut text = String::new();
    if head.contains("content-encoding: zstd") {
        text = String::from_utf8(zstd::decode_all(body).unwrap()).unwrap();
    } else if head.contains("content-encoding: gzip") {
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(body), &mut text).unwrap();
    } else {
        text.push_str(std::str::from_utf8(body).unwrap());
    }
    text
}

#[tokio::test]
async fn data_is_compressed_for_who_accepts_it_and_pages_never_are() {
    let server = Server::with(&crate::fixture::many(5_000)).await;
    for target in [
        "/pdns/query/*.example.com",
        "/pdns/query/*.example.com?limit=100",
        "/dnsdb/v2/lookup/rrset/name/*.example.com",
        "/lookup/rrset/name/*.example.com",
        "/api/v1/lookup?value=*.example.com",
        "/metrics",
    ] {
        let (plain_head, plain) = raw(&server, target, "identity").await;
        assert!(
            plain_head.contains("vary: accept-encoding") && !plain_head.contains("content-encoding"),
            "{target}: {plain_head}"
        );
        for (coding, chosen) in
            [("gzip", "gzip"), ("zstd", "zstd"), ("*", "zstd"), ("zstd;q=0.1, gzip", "gzip")]
        {
            let (head, body) = raw(&server, target, coding).await;
            assert!(head.contains(&format!("content-encoding: {chosen}")), "{target} {coding}: {head}");
            assert!(head.contains("vary: accept-encoding") && body.len() < plain.len(), "{target}: {head}");
            if target != "/metrics" {
                assert_eq!(
                    unpacked(&head, &body),
                    String::from_utf8(plain.clone()).unwrap(),
                    "{target} {coding}"
                );
            }
        }
        for coding in ["gzip;q=0", "br", "identity;q=0"] {
            assert!(!raw(&server, target, coding).await.0.contains("content-encoding"), "{target} {coding}");
        }
    }
    for target in ["/docs/pdns", "/pdns/query/h000001.example.com", "/healthz", "/pdns/query/a..b"] {
        let (head, _) = raw(&server, target, "gzip, zstd").await;
        assert!(!head.contains("content-encoding"), "{target}: {head}");
    }
}

#[tokio::test]
async fn a_record_without_an_origin_gets_the_one_that_is_configured() {
    let named = row("a.example", "A", "192.0.2.1", 1);
    let nameless =
        r#"{"rrname":"b.example","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":1,"count":1}"#;
    let service = Service::new(memory(&format!("{named}\n{nameless}\n"))).with_anonymous();
    let server = Server::of(service.with_origin("https://pdns.example.org")).await;
    for (path, name, origin) in [
        ("/pdns/query/", "a.example", "https://a.example"),
        ("/pdns/query/", "b.example", "https://pdns.example.org"),
        ("/api/v1/lookup?value=", "a.example", "https://a.example"),
        ("/api/v1/lookup?value=", "b.example", "https://pdns.example.org"),
    ] {
        let answer = server.get(&format!("{path}{name}")).await;
        assert!(answer.body.contains(&format!("\"origin\":\"{origin}\"")), "{path}{name}: {answer:?}");
    }
}

//! What `backsight serve` logs about requests, and what it never logs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::{Home, Serve, get, line};

const PATH: &str = "/pdns/query/www.example.com?limit=7";

/// A server with a log, and a token for it.
fn serve(home: &Home, arguments: &[&str]) -> (Serve, String) {
    let made = home.run(["token", "create", "--name", "partner", "--read", "--write"]).done();
    let records = home
        .file("records.ndjson", line("www.example.com", "A", "192.0.2.1", 1_500_001_000, 1_500_002_000, 3));
    let run = home.run(["serve", "--listen", "127.0.0.1:0", "--cof"]).args([records]).args(arguments);
    (Serve::of(run), made.stdout.trim_end().to_owned())
}

/// The lines about requests, when there are this many; each is written before its answer has ended, but may be read later.
fn told(server: &Serve, number: usize) -> Vec<String> {
    for _ in 0..20_000 {
        let said = server.said();
        let lines: Vec<String> =
            said.lines().filter(|line| line.contains("access")).map(str::to_owned).collect();
        if lines.len() >= number {
            return lines;
        }
        std::thread::yield_now();
    }
    panic!("no {number} lines in {}", server.said());
}

/// Sends a valid request, an invalid one, and two with the token in the address.
fn ask(server: &Serve, token: &str) {
    assert_eq!(get(server.address, PATH, &[&format!("x-api-key: {token}")]).0, 200);
    assert_eq!(get(server.address, PATH, &[&format!("authorization: Bearer {token}0")]).0, 401);
    assert_eq!(get(server.address, &format!("{PATH}&x={token}"), &[&format!("x-api-key: {token}")]).0, 400);
    assert_eq!(get(server.address, &format!("/{token}"), &[]).0, 400);
}

#[test]
fn requests_are_told_as_json_without_what_was_asked() {
    let home = Home::new();
    let (server, token) = serve(&home, &["--access-log", "json"]);
    ask(&server, &token);
    let lines = told(&server, 4);
    let first: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
    for (field, value) in [
        ("target", "access"),
        ("client", "127.0.0.1"),
        ("method", "GET"),
        ("route", "/pdns/query/{*value}"),
        ("token", "partner"),
    ] {
        assert_eq!(first[field], value, "{}", lines[0]);
    }
    assert_eq!((&first["status"], &first["whole"]), (&200.into(), &true.into()));
    assert!(first["octets"].as_u64().unwrap() > 50 && first["milliseconds"].is_number());
    let said = server.said();
    for never in ["www.example.com", "limit=7", &token[24..], "Bearer"] {
        assert!(!said.contains(never), "{never} in {said}");
    }
}

#[test]
fn what_was_asked_is_told_where_that_was_chosen_and_a_token_never() {
    let home = Home::new();
    let (server, token) = serve(&home, &["--access-log", "text", "--log-addresses"]);
    ask(&server, &token);
    let lines = told(&server, 4);
    assert!(lines[0].contains(PATH) && lines[0].contains("status=200"), "{}", lines[0]);
    assert!(!server.said().contains(&token[24..]), "{}", server.said());
}

#[test]
fn a_token_that_stands_where_none_belongs_is_told_nowhere() {
    let home = Home::new();
    let (server, token) = serve(&home, &["--access-log", "json", "--log-addresses"]);
    let twice = token.replace('b', "%2562");
    let heads = [
        format!("{token} / HTTP/1.1\r\nHost: localhost\r\n"),
        format!("GET {token} HTTP/1.1\r\nHost: localhost\r\n"),
        format!("GET /pdns/query/{twice} HTTP/1.1\r\nHost: localhost\r\n"),
        format!("GET /signin HTTP/1.1\r\nHost: {token}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: localhost\r\n{token}\r\n"),
        format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nCookie: token={token}\r\n"),
        format!("GET / {token}\r\nHost: localhost\r\n"),
    ];
    for head in &heads {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 4") && !answer.contains(&token[4..]), "{head}: {answer}");
    }
    let said = told(&server, heads.len()).concat() + &server.said();
    assert!(said.contains("\"method\":\"other\"") && !said.contains(&token[24..]), "{said}");
}

#[test]
fn nothing_is_told_unless_it_was_chosen() {
    let home = Home::new();
    let (server, token) = serve(&home, &[]);
    ask(&server, &token);
    assert!(!server.said().contains("access"), "{}", server.said());
    let wrong = home.run(["serve", "--sample"]).env("BACKSIGHT_SERVE_ACCESS_LOG", "loud").done();
    wrong.says(2, &["serve.access_log", "\"loud\" is not one of off, text, json"]);
}

#[test]
fn behind_a_proxy_the_client_is_whom_the_proxy_names() {
    let header = "x-forwarded-for: 203.0.113.9, 198.51.100.7";
    for (arguments, client) in [(vec!["--behind-proxy"], "198.51.100.7"), (Vec::new(), "127.0.0.1")] {
        let home = Home::new();
        let (server, token) = serve(&home, &[&["--access-log", "json"], &arguments[..]].concat());
        assert_eq!(get(server.address, PATH, &[&format!("x-api-key: {token}"), header]).0, 200);
        let lines = told(&server, 1);
        assert!(lines[0].contains(&format!("\"client\":\"{client}\"")), "{}", lines[0]);
    }
}

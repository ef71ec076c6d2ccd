//! Answers to queries.

use server::Service;

use crate::client;
use crate::fixture::{Server, memory, row};

/// Two names on one address, one of them with more.
async fn sample() -> Server {
    let rows = [
        row("example.com", "A", "192.0.2.1", 10),
        row("example.com", "MX", "10 mail.example.com", 20),
        row("example.com", "NS", "ns1.example.net", 30),
        row("www.example.com", "A", "192.0.2.1", 40),
        row("www.example.com", "AAAA", "2001:db8::1", 50),
        row("www.example.org", "A", "192.0.2.77", 60),
    ];
    Server::with(&rows.join("\n")).await
}

fn owners(rows: &[String]) -> Vec<String> {
    let field =
        |row: &String, key: &str| row.split_once(key).unwrap().1.split('"').next().unwrap().to_owned();
    rows.iter().map(|row| field(row, "\"rrname\":\"") + " " + &field(row, "\"rrtype\":\"")).collect()
}

#[tokio::test]
async fn a_name_is_answered_with_its_records_a_line_each() {
    let server = sample().await;
    let answer = server.get("/pdns/query/WWW.Example.com.").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    assert_eq!(answer.header("x-dribble-cursor"), None);
    let rows =
        [row("www.example.com", "A", "192.0.2.1", 40), row("www.example.com", "AAAA", "2001:db8::1", 50)];
    assert_eq!(answer.body, rows.join("\n") + "\n");
}

#[tokio::test]
async fn nothing_found_is_200_and_empty() {
    let server = sample().await;
    for value in
        ["unknown.example", "203.0.113.9", "*.example.net", "203.0.113.0/24", "rdata:unknown.example"]
    {
        let answer = server.get(&format!("/pdns/query/{value}")).await;
        assert_eq!((answer.status, answer.body.as_str(), answer.whole), (200, "", true), "{value}");
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    }
}

#[tokio::test]
async fn an_address_brings_all_of_its_names_unless_told_not_to() {
    let server = sample().await;
    let all =
        ["example.com A", "example.com NS", "example.com MX", "www.example.com A", "www.example.com AAAA"];
    assert_eq!(owners(&server.rows("192.0.2.1", &[]).await), all);
    assert_eq!(owners(&server.rows("192.0.2.1?expand=1", &[]).await), all);
    assert_eq!(owners(&server.rows("192.0.2.1?expand=0", &[]).await), ["example.com A", "www.example.com A"]);
    assert_eq!(
        owners(&server.rows("192.0.2.1?rrtype=ns,MX", &[]).await),
        ["example.com NS", "example.com MX"]
    );
    // The name whose address record is too old is left out, and so are the old records of the other names.
    let recent = server.rows("192.0.2.1?time_last_after=40", &[]).await;
    assert_eq!(owners(&recent), ["www.example.com A", "www.example.com AAAA"]);
}

#[tokio::test]
async fn every_form_of_a_value_is_understood() {
    let server = sample().await;
    for (value, wanted) in [
        ("2001%3Adb8%3A%3A1", &["www.example.com A", "www.example.com AAAA"][..]),
        ("2001:db8::1", &["www.example.com A", "www.example.com AAAA"]),
        ("[2001:db8::1]?expand=0", &["www.example.com AAAA"]),
        ("192.0.2.0/24", &["example.com A", "www.example.com A", "www.example.org A"]),
        ("192.0.2.0%2F26", &["example.com A", "www.example.com A"]),
        ("192.0.2.0,26", &["example.com A", "www.example.com A"]),
        ("192.0.2.0%2C26", &["example.com A", "www.example.com A"]),
        ("192.0.2.2-192.0.2.99", &["www.example.org A"]),
        ("2001:db8::/32", &["www.example.com AAAA"]),
        ("*.org", &["www.example.org A"]),
        ("%2A.org", &["www.example.org A"]),
        ("rdata:ns1.example.net", &["example.com NS"]),
        ("rdata%3A*.example.com", &["example.com MX"]),
        ("%77ww.example.org", &["www.example.org A"]),
    ] {
        assert_eq!(owners(&server.rows(value, &[]).await), wanted, "{value}");
    }
}

#[tokio::test]
async fn what_is_no_question_is_400_with_the_forms_that_are() {
    let server = sample().await;
    for value in
        ["", "a..b", "two%20words", "http://www.example.com", "192.0.2.0/33", "300.1.2.3", "%00", "a%0d%0ab"]
    {
        let detail = server.get(&format!("/pdns/query/{value}")).await.problem(400);
        assert!(detail.contains("query a name (www.example.com)"), "{value}: {detail}");
    }
    for value in ["%", "%zz", "%ff"] {
        server.get(&format!("/pdns/query/{value}")).await.problem(400);
    }
    let answer = server.get("/pdns/query/a..b").await;
    insta::assert_snapshot!(answer.body, @r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"not a domain name: empty label; query a name (www.example.com), all names below one (*.example.com), an address (192.0.2.1 or 2001:db8::1), a network (192.0.2.0/24 or 2001:db8::/32), a range (192.0.2.1-192.0.2.9), or names in the data (rdata:ns1.example.com, rdata:*.example.com)"}"#);
}

#[tokio::test]
async fn a_type_is_filtered_and_what_is_no_type_has_nothing() {
    let server = sample().await;
    let filtered = |rrtype| {
        let server = &server;
        async move { owners(&server.rows("example.com", &[("dribble-filter-rrtype", rrtype)]).await) }
    };
    assert_eq!(filtered("MX").await, ["example.com MX"]);
    assert_eq!(filtered("mx").await, ["example.com MX"]);
    assert_eq!(filtered("15").await, ["example.com MX"]);
    for nothing in ["TXT", "NOTATYPE", "not a type", "", "<b>", "A,MX"] {
        assert_eq!(filtered(nothing).await, [""; 0], "{nothing}");
    }
    assert_eq!(
        owners(&server.rows("example.com?rrtype=A,MX", &[]).await),
        ["example.com A", "example.com MX"]
    );
    assert_eq!(
        owners(&server.rows("example.com?rrtype=NS", &[("dribble-filter-rrtype", "A")]).await),
        ["example.com NS"]
    );
}

#[tokio::test]
async fn fences_are_inclusive_and_those_of_both_ends_hold_together() {
    let server = sample().await;
    for (fences, wanted) in [
        ("time_first_after=20", &["example.com NS", "example.com MX"][..]),
        ("time_first_before=20", &["example.com A", "example.com MX"]),
        ("time_last_after=30", &["example.com NS"]),
        ("time_last_before=10", &["example.com A"]),
        ("time_first_after=11&time_last_before=29", &["example.com MX"]),
    ] {
        assert_eq!(owners(&server.rows(&format!("example.com?{fences}"), &[]).await), wanted, "{fences}");
    }
    let detail =
        server.get("/pdns/query/example.com?time_first_after=30&time_last_before=10").await.problem(400);
    assert!(detail.starts_with("time_first_after, time_last_before: "), "{detail}");
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_named_and_unknown_ones_ignored() {
    let server = sample().await;
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=1&limit=2", "limit"),
        ("sort=", "sort"),
        ("expand=x", "expand"),
        ("time_first_after=6&time_first_before=5", "time_first_after, time_first_before: "),
        ("time_last_after=6&time_last_before=5", "time_last_after, time_last_before: "),
    ] {
        let detail = server.get(&format!("/pdns/query/example.com?{query}")).await.problem(400);
        assert!(detail.starts_with(name), "{detail}");
    }
    let headers = [("dribble-disable-active-query", "1"), ("x-unknown", "1")];
    assert_eq!(server.rows("example.com?unknown=1&unknown=2&format=json", &headers).await.len(), 3);
}

#[tokio::test]
async fn nothing_is_not_acceptable() {
    let server = sample().await;
    for accept in ["*/*", "application/json", "application/x-ndjson", "text/html", "rubbish"] {
        assert_eq!(server.rows("example.com", &[("accept", accept)]).await.len(), 3, "{accept}");
    }
}

#[tokio::test]
async fn rows_are_written_as_circls_clients_read_them() {
    let records = concat!(
        r#"{"rrname":"z.example","rrtype":"A","rdata":"192.0.2.1","zone_time_first":1,"zone_time_last":2}"#,
        r#"{"rrname":"z.example","rrtype":65280,"rdata":"\\# 1 00","time_first":3,"time_last":4,"count":5}"#,
        r#"{"rrname":"z.example","rrtype":"TXT","rdata":"\u00e9","time_first":3,"time_last":4,"origin":"https://o.example"}"#,
    );
    let server =
        Server::of(Service::new(memory(records)).with_anonymous().with_origin("https://ours.example/")).await;
    insta::assert_snapshot!(server.get("/pdns/query/z.example").await.body, @r#"
    {"rrname":"z.example","rrtype":"A","rdata":"192.0.2.1","time_first":1,"time_last":2,"zone_time_first":1,"zone_time_last":2,"count":0,"origin":"https://ours.example/"}
    {"rrname":"z.example","rrtype":"TXT","rdata":"\"\\195\\169\"","time_first":3,"time_last":4,"count":0,"origin":"https://o.example"}
    {"rrname":"z.example","rrtype":65280,"rdata":"\\# 1 00","time_first":3,"time_last":4,"count":5,"origin":"https://ours.example/"}
    "#);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = sample().await;
    let length = server.get("/pdns/query/example.com").await.body.len().to_string();
    let head = client::send(server.address, "HEAD", "/pdns/query/example.com", &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
    assert_eq!(head.header("content-type"), Some("application/x-ndjson"));
}

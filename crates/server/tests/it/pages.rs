//! Pages, cursors, streams and orders.

use crate::client;
use crate::fixture::{Server, many, row};

/// Follows cursors to the end; returns the rows and the size of each page.
async fn follow(server: &Server, value: &str, count: &str) -> (Vec<String>, Vec<usize>) {
    let (mut rows, mut sizes, mut cursor) = (Vec::new(), Vec::new(), String::from("0"));
    loop {
        let headers = [("dribble-paginate-count", count), ("dribble-paginate-cursor", &cursor)];
        let answer = server.ask(&format!("/pdns/query/{value}"), &headers).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.header("content-length").is_some(), "a page is never a stream");
        rows.extend(answer.lines().into_iter().map(str::to_owned));
        sizes.push(answer.lines().len());
        match answer.header("x-dribble-cursor") {
            None => return (rows, sizes),
            Some(next) => next.clone_into(&mut cursor),
        }
        assert!(
            cursor.bytes().all(|b| b.is_ascii_digit()) && !cursor.trim_start_matches('0').is_empty(),
            "{cursor}"
        );
    }
}

#[tokio::test]
async fn pages_make_up_the_whole() {
    let server = Server::with(&many(120)).await;
    let whole = server.rows("*.example.com", &[]).await;
    assert_eq!(whole.join("\n") + "\n", many(120));
    for (count, sizes) in [
        ("50", &[50, 50, 20][..]),
        ("60", &[60, 60]),
        ("64", &[64, 56]),
        ("65", &[65, 55]),
        ("120", &[120]),
        ("1000", &[120]),
    ] {
        assert_eq!(follow(&server, "*.example.com", count).await, (whole.clone(), sizes.to_vec()), "{count}");
    }
    for value in ["192.0.2.1", "192.0.2.0/24", "h000007.example.com"] {
        let whole = server.rows(value, &[]).await;
        assert_eq!(follow(&server, value, "7").await.0, whole, "{value}");
    }
}

#[tokio::test]
async fn a_page_has_a_thousand_rows_at_most() {
    let server = Server::with(&many(2_100)).await;
    let (rows, sizes) = follow(&server, "*.example.com", "5000").await;
    assert_eq!((rows.join("\n") + "\n", sizes), (many(2_100), vec![1_000, 1_000, 100]));
    let limited = server.get("/pdns/query/*.example.com?limit=3").await;
    assert_eq!(limited.lines().len(), 3);
    let cursor = limited.header("x-dribble-cursor").unwrap();
    let next = server.get(&format!("/pdns/query/*.example.com?limit=2&cursor={cursor}")).await;
    assert_eq!(next.lines(), many(2_100).lines().skip(3).take(2).collect::<Vec<_>>());
}

#[tokio::test]
async fn without_a_count_everything_comes() {
    let server = Server::with(&many(2_500)).await;
    let answer = server.get("/pdns/query/*.example.com").await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert_eq!((answer.header("x-dribble-cursor"), answer.whole), (None, true));
    assert_eq!(answer.body, many(2_500));
    let head = client::send(server.address, "HEAD", "/pdns/query/*.example.com", &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, None));
    let exactly = Server::with(&many(1_000)).await.get("/pdns/query/*.example.com").await;
    assert!(exactly.header("content-length").is_some());
    assert_eq!(exactly.body, many(1_000));
}

#[tokio::test]
async fn a_cursor_without_a_count_brings_the_rest() {
    let server = Server::with(&many(2_500)).await;
    let first = server.get("/pdns/query/*.example.com?limit=1").await;
    let cursor = first.header("x-dribble-cursor").unwrap();
    let rest = server.get(&format!("/pdns/query/*.example.com?cursor={cursor}")).await;
    assert_eq!(first.body + &rest.body, many(2_500));
}

#[tokio::test]
async fn what_is_no_cursor_or_count_is_400() {
    let server = Server::with(&many(3)).await;
    let long = "9".repeat(2_001);
    for (header, value) in [
        ("dribble-paginate-cursor", "abc"),
        ("dribble-paginate-cursor", "-1"),
        ("dribble-paginate-cursor", "1"),
        ("dribble-paginate-cursor", &long),
        ("dribble-paginate-count", "0"),
        ("dribble-paginate-count", "many"),
        ("dribble-paginate-count", ""),
    ] {
        let detail = server.ask("/pdns/query/h000001.example.com", &[(header, value)]).await.problem(400);
        assert!(detail.starts_with(header), "{detail}");
    }
}

#[tokio::test]
async fn the_newest_come_first() {
    let rows = [
        row("a.example", "A", "192.0.2.1", 10),
        row("b.example", "A", "192.0.2.2", 30),
        row("c.example", "A", "192.0.2.3", 20),
        row("d.example", "A", "192.0.2.4", 30),
    ];
    let server = Server::with(&rows.join("\n")).await;
    let wanted = [1, 3, 2, 0].map(|at| rows[at].clone());
    let answer = server.get("/pdns/query/*.example?sort=newest").await;
    assert_eq!(answer.lines(), wanted);
    assert_eq!(answer.header("x-dribble-errors"), None);
    let limited = server.get("/pdns/query/*.example?sort=newest&limit=2").await;
    assert_eq!(limited.lines(), wanted[..2]);
    assert_eq!((limited.header("x-dribble-cursor"), limited.header("x-dribble-errors")), (None, None));
    assert_eq!(server.rows("*.example?sort=key", &[]).await, rows);
}

#[tokio::test]
async fn a_page_of_what_is_seldom_is_full_and_the_last_one_says_so() {
    // More than is read in one slice.
    let server = Server::with(&many(25_000)).await;
    let path = "/pdns/query/*.example.com?rrtype=A&limit=2";
    let seldom = |fences: &str| format!("{path}&{fences}");
    for (fences, sizes) in [
        ("time_first_after=24996", &[2, 2][..]),
        ("time_first_after=24997", &[2, 1]),
        ("time_first_after=25000", &[0]),
        ("time_first_before=1", &[2]),
    ] {
        let mut found = Vec::new();
        let mut next = seldom(fences);
        loop {
            let page = server.get(&next).await;
            found.push(page.lines().len());
            let Some(cursor) = page.header("x-dribble-cursor") else { break };
            next = format!("{}&cursor={cursor}", seldom(fences));
        }
        assert_eq!(found, sizes, "{fences}");
    }
    let streamed = server.get("/pdns/query/*.example.com?time_first_after=13000").await;
    assert_eq!((streamed.lines().len(), streamed.whole), (12_000, true));
}

#[tokio::test]
async fn the_newest_ten_thousand_say_that_they_are_not_all() {
    let server = Server::with(&many(10_001)).await;
    let answer = server.get("/pdns/query/*.example.com?sort=newest").await;
    assert_eq!((answer.lines().len(), answer.whole), (10_000, true));
    let errors = r#"[{"error":"maxset","record":"*.example.com","total_value":10001,"value":10000}]"#;
    assert_eq!(answer.header("x-dribble-errors"), Some(errors));
}

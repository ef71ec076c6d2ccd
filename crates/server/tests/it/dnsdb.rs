//! DNSDB's interface: answers to queries, line by line.

use std::sync::Arc;
use std::time::Duration;

use cof::{Batch, Reader, SourceKind};
use server::Service;
use store::{Memory, Page, Question, Reached, Receipt, Selection, Stats, Store, StoreError, Summary};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{self, Answer};
use crate::fixture::{Server, many, memory, row};

/// Records of every kind that queries here distinguish; the bailiwick of one tuple differs.
const RECORDS: &str = r#"
{"rrname":"example.com","rrtype":"A","rdata":"192.0.2.1","time_first":10,"time_last":19,"count":1,"bailiwick":"example.com"}
{"rrname":"example.com","rrtype":"NS","rdata":"ns1.example.net","time_first":20,"time_last":29,"count":2,"bailiwick":"com"}
{"rrname":"example.com","rrtype":"NS","rdata":"ns1.example.net","time_first":30,"time_last":39,"count":3,"bailiwick":"example.com"}
{"rrname":"example.com","rrtype":"DS","rdata":"12345 13 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF","time_first":40,"time_last":49,"count":4,"bailiwick":"com"}
{"rrname":"www.example.com","rrtype":"A","rdata":"192.0.2.1","time_first":50,"time_last":59,"count":5}
{"rrname":"www.example.com","rrtype":"AAAA","rdata":"2001:db8::1","time_first":60,"time_last":69,"count":6}
{"rrname":"a.www.example.com","rrtype":"TXT","rdata":"\"say \\\"hi\\\"\"","time_first":70,"time_last":79,"count":7}
{"rrname":"www.example.org","rrtype":"A","rdata":"192.0.2.77","time_first":80,"time_last":89,"count":8}
{"rrname":"example.org","rrtype":"MX","rdata":"10 mx.example.net","time_first":90,"time_last":99,"count":9}
{"rrname":"other.org","rrtype":"MX","rdata":"10 mx.example.net","time_first":100,"time_last":109,"count":10}
{"rrname":"example.org","rrtype":"TYPE65534","rdata":"\\# 3 c0a801","time_first":110,"time_last":119,"count":11}
"#;

async fn sample() -> Server {
    Server::with(RECORDS).await
}

async fn ask(server: &Server, target: &str) -> Answer {
    server.get(&format!("/dnsdb/v2/{target}")).await
}

/// The objects of a framed answer, and how it ended.
fn unframed(answer: &Answer, target: &str) -> (Vec<serde_json::Value>, serde_json::Value) {
    assert_eq!((answer.status, answer.whole), (200, true), "{target}: {answer:?}");
    assert!(
        answer.body.is_ascii() && answer.body.ends_with('\n') && !answer.body.contains("\n\n"),
        "{target}"
    );
    let mut lines: Vec<serde_json::Value> =
        answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap();
    assert_eq!(lines.remove(0), serde_json::json!({ "cond": "begin" }), "{target}");
    assert!(end.get("obj").is_none(), "{target}: {end}");
    lines.retain(|line| *line != serde_json::json!({ "cond": "ongoing" }));
    (lines.iter().map(|line| line["obj"].clone()).collect(), end)
}

/// Owner, type and data of the objects of a complete answer, and the count that distinguishes them.
async fn found(server: &Server, target: &str) -> Vec<String> {
    let (objects, end) = unframed(&ask(server, target).await, target);
    assert_eq!(end, serde_json::json!({ "cond": "succeeded" }), "{target}");
    objects.iter().map(short).collect()
}

fn short(object: &serde_json::Value) -> String {
    let text = |key: &str| object[key].as_str().unwrap().to_owned();
    format!("{} {} {}", text("rrname"), text("rrtype"), object["count"])
}

#[tokio::test]
async fn a_lookup_is_framed_and_its_objects_are_dnsdbs() {
    let server = sample().await;
    let answer = ask(&server, "lookup/rrset/name/example.com/NS").await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.header("x-ratelimit-limit"), Some("unlimited"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("n/a"));
    assert_eq!(answer.header("x-ratelimit-reset"), Some("n/a"));
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":2,"time_first":20,"time_last":29,"rrname":"example.com.","rrtype":"NS","bailiwick":"com.","rdata":["ns1.example.net."]}}
    {"obj":{"count":3,"time_first":30,"time_last":39,"rrname":"example.com.","rrtype":"NS","bailiwick":"example.com.","rdata":["ns1.example.net."]}}
    {"cond":"succeeded"}
    "#);
    let answer = ask(&server, "lookup/rdata/name/ns1.example.net").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":3,"time_first":20,"time_last":39,"rrname":"example.com.","rrtype":"NS","rdata":["ns1.example.net."]}}
    {"cond":"succeeded"}
    "#);
    let answer = ask(&server, "lookup/rrset/name/a.www.example.com?humantime=True").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":7,"time_first":"1970-01-01T00:01:10Z","time_last":"1970-01-01T00:01:19Z","rrname":"a.www.example.com.","rrtype":"TXT","rdata":["\"say \\\"hi\\\"\""]}}
    {"cond":"succeeded"}
    "#);
    let answer = ask(&server, "lookup/rrset/name/nothing.example").await;
    assert_eq!(answer.body, "{\"cond\":\"begin\"}\n{\"cond\":\"succeeded\"}\n");
    assert_eq!(answer.header("content-length"), Some("38"));
}

#[tokio::test]
async fn every_form_of_a_lookup_finds_what_it_names() {
    let server = sample().await;
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().concat();
    let owner = hex(b"\x03WWW\x07example\x03org\x00");
    let ns = hex(b"\x03ns1\x07Example\x03net\x00");
    let mx = hex(b"\x00\x0a\x02mx\x07example\x03net\x00");
    for (target, wanted) in [
        ("rrset/name/WWW.example.com.", &["www.example.com. A 5", "www.example.com. AAAA 6"][..]),
        ("rrset/name/www.example.com/aaaa", &["www.example.com. AAAA 6"]),
        ("rrset/name/www.example.com/TYPE28", &["www.example.com. AAAA 6"]),
        ("rrset/name/example.com", &["example.com. A 1", "example.com. NS 2", "example.com. NS 3"]),
        ("rrset/name/example.com/ANY", &["example.com. A 1", "example.com. NS 2", "example.com. NS 3"]),
        ("rrset/name/example.com/ANY-DNSSEC", &["example.com. DS 4"]),
        ("rrset/name/example.com/DS", &["example.com. DS 4"]),
        ("rrset/name/example.com/ANY/com", &["example.com. NS 2"]),
        ("rrset/name/example.com/NS/example.com.", &["example.com. NS 3"]),
        ("rrset/name/example.com/NS/%2A.com", &["example.com. NS 2", "example.com. NS 3"]),
        ("rrset/name/example.com/A/com", &[]),
        ("rrset/name/www.example.com/A/com", &[]),
        (
            "rrset/name/%2A.example.com",
            &[
                "example.com. A 1",
                "example.com. NS 2",
                "example.com. NS 3",
                "www.example.com. A 5",
                "www.example.com. AAAA 6",
                "a.www.example.com. TXT 7",
            ],
        ),
        ("rrset/name/*.www.example.com/TXT", &["a.www.example.com. TXT 7"]),
        ("rrset/name/%2B.example.com", &["www.example.com. A 5", "www.example.com. AAAA 6"]),
        (
            "rrset/name/www.example.%2A",
            &["www.example.com. A 5", "www.example.com. AAAA 6", "www.example.org. A 8"],
        ),
        ("rrset/name/www.example.*/A", &["www.example.com. A 5", "www.example.org. A 8"]),
        (&format!("rrset/raw/{owner}"), &["www.example.org. A 8"]),
        (&format!("rrset/raw/{owner}/AAAA"), &[]),
        ("rdata/name/mx.example.net", &["example.org. MX 9", "other.org. MX 10"]),
        ("rdata/name/mx.example.net/NS", &[]),
        ("rdata/name/%2A.example.net", &["example.org. MX 9", "other.org. MX 10", "example.com. NS 3"]),
        ("rdata/name/mx.example.%2A", &["example.org. MX 9", "other.org. MX 10"]),
        ("rdata/name/%2B.net", &[]),
        ("rdata/ip/192.0.2.1", &["example.com. A 1", "www.example.com. A 5"]),
        ("rdata/ip/192.0.2.1/AAAA", &["example.com. A 1", "www.example.com. A 5"]),
        ("rdata/ip/192.0.2.0,24", &["example.com. A 1", "www.example.com. A 5", "www.example.org. A 8"]),
        ("rdata/ip/192.0.2.0,26/A", &["example.com. A 1", "www.example.com. A 5"]),
        ("rdata/ip/192.0.2.2-192.0.2.99/ANY", &["www.example.org. A 8"]),
        ("rdata/ip/2001%3Adb8%3A%3A,32", &["www.example.com. AAAA 6"]),
        ("rdata/ip/2001:db8::1?rrtype=A", &["www.example.com. AAAA 6"]),
        ("rdata/raw/c0000201", &["example.com. A 1", "www.example.com. A 5"]),
        ("rdata/raw/C0000201/A", &["example.com. A 1", "www.example.com. A 5"]),
        (&format!("rdata/raw/{ns}"), &["example.com. NS 3"]),
        (&format!("rdata/raw/{mx}/MX"), &["example.org. MX 9", "other.org. MX 10"]),
        (&format!("rdata/raw/{mx}"), &["example.org. MX 9", "other.org. MX 10"]),
        ("rdata/raw/c0a801", &["example.org. TYPE65534 11"]),
        ("rdata/raw/c0a801/TYPE65534", &["example.org. TYPE65534 11"]),
        ("rdata/raw/0873617920226869 22/TXT".replace(' ', "").as_str(), &["a.www.example.com. TXT 7"]),
    ] {
        assert_eq!(found(&server, &format!("lookup/{target}")).await, wanted, "{target}");
    }
}

/// Each record in several spellings.
const SPELLINGS: &str = r#"
{"rrname":"a.example.com","rrtype":"SVCB","rdata":"1 svc.example.net key1=\\002h2 key3=\\001\\187","time_first":10,"time_last":19,"count":1}
{"rrname":"a.example.com","rrtype":"SVCB","rdata":"1 SVC.example.net. port=443 alpn=\"h2\"","time_first":20,"time_last":29,"count":2}
{"rrname":"a.example.com","rrtype":"TYPE64","rdata":"\\# 32 0001 03737663076578616d706c65036e657400 000100030268320003000201BB","time_first":30,"time_last":39,"count":3}
{"rrname":"b.example.com","rrtype":"APL","rdata":"1:192.0.2.0/24","time_first":10,"time_last":19,"count":4}
{"rrname":"b.example.com","rrtype":"APL","rdata":"\\# 7 00011803c00002","time_first":20,"time_last":29,"count":5}
{"rrname":"b.example.com","rrtype":"APL","rdata":"\\# 8 0001 18 04 c0000200","time_first":30,"time_last":39,"count":6}
{"rrname":"c.example.com","rrtype":"CDS","rdata":"0 0 0 0","time_first":10,"time_last":19,"count":7}
{"rrname":"c.example.com","rrtype":"CDS","rdata":"0 0 0 00","time_first":20,"time_last":29,"count":8}
"#;

#[tokio::test]
async fn a_record_is_one_row_in_every_spelling_and_found_by_its_data() {
    let server = Server::with(SPELLINGS).await;
    let svcb = "000103737663076578616d706c65036e657400000100030268320003000201bb";
    for (target, wanted) in [
        ("rrset/name/*.example.com/ANY", &["a.example.com. SVCB 3", "b.example.com. APL 6"][..]),
        ("rrset/name/c.example.com/CDS", &["c.example.com. CDS 8"]),
        ("rdata/name/svc.example.net", &["a.example.com. SVCB 3"]),
        (&format!("rdata/raw/{svcb}"), &["a.example.com. SVCB 3"]),
        (&format!("rdata/raw/{}/SVCB", svcb.to_ascii_uppercase()), &["a.example.com. SVCB 3"]),
        ("rdata/raw/00011803c00002/APL", &["b.example.com. APL 6"]),
        ("rdata/raw/00011804c0000200/APL", &["b.example.com. APL 6"]),
        ("rdata/raw/0000000000/CDS", &["c.example.com. CDS 8"]),
    ] {
        assert_eq!(found(&server, &format!("lookup/{target}")).await, wanted, "{target}");
    }
    for (value, wanted) in [
        ("a.example.com", "1 svc.example.net alpn=h2 port=443"),
        ("rdata:svc.example.net", "1 svc.example.net alpn=h2 port=443"),
        ("b.example.com", "1:192.0.2.0/24"),
        ("c.example.com", "0 0 0 00"),
    ] {
        let rows = server.rows(value, &[]).await;
        assert_eq!(rows.len(), 1, "{value}: {rows:?}");
        assert!(rows[0].contains(&format!("\"rdata\":\"{wanted}\"")), "{value}: {rows:?}");
    }
}

#[tokio::test]
async fn limited_is_said_only_when_there_is_more() {
    let server = Server::with(&many(2_500)).await;
    let limited = serde_json::json!({ "cond": "limited", "msg": "Result limit reached" });
    let succeeded = serde_json::json!({ "cond": "succeeded" });
    for (limit, objects, end) in [
        (1, 1, &limited),
        (63, 63, &limited),
        (64, 64, &limited),
        (65, 65, &limited),
        (1_000, 1_000, &limited),
        (2_499, 2_499, &limited),
        (2_500, 2_500, &succeeded),
        (2_501, 2_500, &succeeded),
        (0, 2_500, &succeeded),
        (999_999_999, 2_500, &succeeded),
    ] {
        for target in [
            format!("lookup/rrset/name/%2A.example.com?limit={limit}"),
            format!("lookup/rdata/ip/192.0.2.1?limit={limit}"),
            format!("regex/rrnames/example?limit={limit}"),
        ] {
            let (found, ended) = unframed(&ask(&server, &target).await, &target);
            assert_eq!((found.len(), &ended), (objects, end), "{target}");
        }
    }
    let (objects, end) = unframed(&ask(&server, "regex/rdata/%5E192?limit=1").await, "rdata");
    assert_eq!((objects.len(), &objects[0]["count"], end), (1, &2_500.into(), succeeded));
}

#[tokio::test]
async fn offsets_walk_over_an_answer() {
    let server = Server::with(&many(250)).await;
    let all = "lookup/rrset/name/%2A.example.com";
    let (wanted, _) = unframed(&ask(&server, all).await, all);
    let mut walked = Vec::new();
    for offset in [0, 100, 200, 300] {
        let target = format!("{all}?limit=100&offset={offset}");
        let (objects, end) = unframed(&ask(&server, &target).await, &target);
        assert_eq!(end["cond"], if offset < 150 { "limited" } else { "succeeded" }, "{offset}");
        walked.extend(objects);
    }
    assert_eq!(walked, wanted);
    for target in [format!("{all}?offset=3000001"), "glob/rrnames/*?offset=99999999999999999999".to_owned()] {
        let answer = ask(&server, &target).await;
        assert_eq!((answer.status, answer.body.as_str()), (416, "Error: offset: takes at most 3000000\n"));
    }
}

#[tokio::test]
async fn fences_are_inclusive_and_look_at_merged_times() {
    let server = sample().await;
    for (target, wanted) in [
        ("rrset/name/www.example.com?time_first_after=60", &["www.example.com. AAAA 6"][..]),
        ("rrset/name/www.example.com?time_first_before=50", &["www.example.com. A 5"]),
        ("rrset/name/www.example.com?time_last_after=69", &["www.example.com. AAAA 6"]),
        ("rrset/name/www.example.com?time_last_before=59", &["www.example.com. A 5"]),
        ("rrset/name/www.example.com?time_first_before=55&time_last_after=55", &["www.example.com. A 5"]),
        ("rrset/name/www.example.com?time_first_after=1970-01-01T00:01:00Z", &["www.example.com. AAAA 6"]),
        ("rrset/name/www.example.com?time_last_after=-60", &[]),
        // Each bailiwick is a separate row here, and one row there.
        ("rrset/name/example.com/NS?time_first_after=25", &["example.com. NS 3"]),
        ("rdata/name/ns1.example.net?time_first_after=25", &[]),
        ("rdata/name/ns1.example.net?time_first_before=25&time_last_after=35", &["example.com. NS 3"]),
    ] {
        assert_eq!(found(&server, &format!("lookup/{target}")).await, wanted, "{target}");
    }
    let answer = ask(&server, "lookup/rrset/name/a?time_first_after=2&time_last_before=1").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.starts_with("Error: time_first_after, time_last_before: "), "{}", answer.body);
}

#[tokio::test]
async fn sources_are_told_apart_when_asked() {
    let store = Memory::new();
    for (kind, records) in [
        (SourceKind::Report, row("a.example", "A", "192.0.2.1", 10)),
        (SourceKind::Observation, row("a.example", "A", "192.0.2.1", 20)),
        (SourceKind::Zone, row("a.example", "A", "192.0.2.1", 30)),
        (SourceKind::Zone, row("z.example", "NS", "ns.example", 40)),
    ] {
        let mut reader = Reader::within(cof::time::Window::ANY, cof::Limits::default());
        reader.feed(records.as_bytes());
        reader.close();
        let mut batch = Batch::default();
        while let Some(record) = reader.next() {
            assert!(batch.add(&record.unwrap(), kind).is_taken());
        }
        store.absorb(batch).unwrap();
    }
    let server = Server::of(Service::new(Arc::new(store)).with_anonymous()).await;
    let merged = ask(&server, "lookup/rrset/name/a.example").await;
    let (objects, _) = unframed(&merged, "merged");
    assert_eq!(objects.len(), 2);
    assert_eq!((&objects[1]["zone_time_first"], &objects[1]["zone_time_last"]), (&30.into(), &30.into()));
    assert_eq!((&objects[0]["time_first"], &objects[0]["time_last"]), (&10.into(), &20.into()));
    for target in ["lookup/rrset/name/a.example?aggr=f", "lookup/rdata/ip/192.0.2.1?aggr=False"] {
        let (objects, _) = unframed(&ask(&server, target).await, target);
        assert_eq!(objects.len(), 3, "{target}");
        let zone = objects.iter().find(|object| object.get("zone_time_first").is_some()).unwrap();
        assert!(zone.get("time_first").is_none() && zone["zone_time_last"] == 30, "{zone}");
    }
    let (objects, _) = unframed(&ask(&server, "lookup/rrset/name/z.example").await, "zone");
    assert_eq!(
        objects[0].to_string(),
        r#"{"count":1,"rdata":["ns.example."],"rrname":"z.example.","rrtype":"NS","zone_time_first":40,"zone_time_last":40}"#
    );
    let (objects, _) = unframed(&ask(&server, "summarize/rrset/name/%2A.example").await, "summary");
    assert_eq!(
        objects[0].to_string(),
        r#"{"count":3,"num_results":3,"time_first":10,"time_last":20,"zone_time_first":30,"zone_time_last":40}"#
    );
}

/// Observations of sensors and data of zone files are two objects, each with its own times and count.
const ZONES: &str = r#"
{"rrname":"merge.example","rrtype":"NS","rdata":"ns5.example.net","bailiwick":"example","count":500,"time_first":1374184718,"time_last":1663173961}
{"rrname":"merge.example","rrtype":"NS","rdata":"ns5.example.net","bailiwick":"example","count":1096,"zone_time_first":1374250920,"zone_time_last":1468253883}
{"rrname":"only.example","rrtype":"NS","rdata":"ns0.example.net","bailiwick":"example","count":2411,"zone_time_first":1275401003,"zone_time_last":1484841664}
{"rrname":"both.example","rrtype":"NS","rdata":"ns0.example.net","bailiwick":"example","count":5,"time_first":1275400000,"time_last":1275500000,"zone_time_first":1275401003,"zone_time_last":1484841664}
"#;

#[tokio::test]
async fn zones_and_sensors_are_objects_of_their_own() {
    let server = Server::with(ZONES).await;
    let answer = ask(&server, "lookup/rrset/name/merge.example").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":500,"time_first":1374184718,"time_last":1663173961,"rrname":"merge.example.","rrtype":"NS","bailiwick":"example.","rdata":["ns5.example.net."]}}
    {"obj":{"count":1096,"zone_time_first":1374250920,"zone_time_last":1468253883,"rrname":"merge.example.","rrtype":"NS","bailiwick":"example.","rdata":["ns5.example.net."]}}
    {"cond":"succeeded"}
    "#);
    for (target, counts) in [
        ("lookup/rdata/name/ns5.example.net", &[500, 1096][..]),
        ("lookup/rrset/name/merge.example?time_last_before=1500000000", &[1096]),
        ("lookup/rrset/name/merge.example?time_last_after=1500000000", &[500]),
        ("lookup/rdata/name/ns5.example.net?time_first_after=1374200000", &[1096]),
        ("lookup/rrset/name/only.example", &[2411]),
        ("lookup/rrset/name/only.example?time_last_after=1484841665", &[]),
    ] {
        let (objects, _) = unframed(&ask(&server, target).await, target);
        let found: Vec<u64> = objects.iter().map(|object| object["count"].as_u64().unwrap()).collect();
        assert_eq!(found, counts, "{target}");
        for object in &objects {
            let pairs = (object.get("time_first").is_some(), object.get("zone_time_first").is_some());
            assert!(pairs.0 != pairs.1, "{target}: {object}");
        }
    }
    // Patterns: the same if counts and times are requested; otherwise each name and data once.
    for (target, counts) in [
        ("regex/rrnames/^merge/NS", &[Some(500), Some(1096)][..]),
        ("regex/rrnames/^only/NS", &[Some(2411)]),
        ("regex/rdata/ns5/NS", &[Some(500), Some(1096)]),
        ("glob/rrnames/merge*?verbose=f", &[None]),
        ("regex/rdata/ns5/NS?verbose=f", &[None]),
        ("regex/rrnames/^merge/NS?limit=1", &[Some(500)]),
    ] {
        let (objects, _) = unframed(&ask(&server, target).await, target);
        let found: Vec<_> = objects.iter().map(|object| object["count"].as_u64()).collect();
        assert_eq!(found, counts, "{target}");
        let merged = |object: &serde_json::Value| {
            object.get("time_first").is_some() && object.get("zone_time_first").is_some()
        };
        assert!(!objects.iter().any(merged), "{target}: {objects:?}");
    }
    let v1 = server.get("/lookup/rrset/name/merge.example").await;
    assert_eq!(v1.lines().len(), 2, "{v1:?}");
    // CIRCL's interface has one row, with both pairs of times.
    for name in ["merge.example", "both.example"] {
        let rows = server.rows(name, &[]).await;
        assert!(
            rows.len() == 1
                && rows[0].contains("\"time_first\":1")
                && rows[0].contains("\"zone_time_first\":1"),
            "{rows:?}"
        );
    }
}

#[tokio::test]
async fn a_summary_is_one_object_and_may_stop_early() {
    let server = sample().await;
    let answer = ask(&server, "summarize/rrset/name/example.com").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":6,"num_results":3,"time_first":10,"time_last":39}}
    {"cond":"succeeded"}
    "#);
    for (target, count, results, cond) in [
        ("rrset/name/example.com?max_count=6", 6, 3, "succeeded"),
        ("rrset/name/example.com?max_count=2", 3, 2, "succeeded"),
        ("rrset/name/example.com?limit=1", 1, 1, "limited"),
        ("rdata/name/mx.example.net", 19, 2, "succeeded"),
        ("rdata/ip/192.0.2.0,24", 14, 3, "succeeded"),
        ("rdata/raw/c0000201", 6, 2, "succeeded"),
        ("rrset/raw/03777777076578616d706c65036f726700", 8, 1, "succeeded"),
    ] {
        let (objects, end) = unframed(&ask(&server, &format!("summarize/{target}")).await, target);
        assert_eq!(objects.len(), 1, "{target}");
        let (object, end) = (&objects[0], end["cond"].as_str().unwrap());
        assert_eq!(
            (object["count"].as_u64(), object["num_results"].as_u64()),
            (Some(count), Some(results)),
            "{target}"
        );
        assert_eq!(end, cond, "{target}");
    }
    let answer = ask(&server, "summarize/rrset/name/nothing.example").await;
    assert_eq!(answer.body, "{\"cond\":\"begin\"}\n{\"cond\":\"succeeded\"}\n");
}

#[tokio::test]
async fn flexible_search_finds_each_name_and_data_once() {
    let server = sample().await;
    let texts = |objects: &[serde_json::Value], key: &str| -> Vec<String> {
        objects
            .iter()
            .map(|object| format!("{} {}", object[key].as_str().unwrap(), object["rrtype"].as_str().unwrap()))
            .collect()
    };
    for (target, key, wanted) in [
        (
            "regex/rrnames/%5EWWW%5C.",
            "rrname",
            &["www.example.com. A", "www.example.com. AAAA", "www.example.org. A"][..],
        ),
        ("regex/rrnames/%5EWWW%5C./A", "rrname", &["www.example.com. A", "www.example.org. A"]),
        ("regex/rrnames/%5Eexample?exclude=org", "rrname", &["example.com. A", "example.com. NS"]),
        ("regex/rrnames/%5Eexample/ANY-DNSSEC", "rrname", &["example.com. DS"]),
        (
            "glob/rrnames/*.org.",
            "rrname",
            &["example.org. MX", "example.org. TYPE65534", "www.example.org. A", "other.org. MX"],
        ),
        ("glob/rrnames/www.*.%3Fo[m-n].", "rrname", &["www.example.com. A", "www.example.com. AAAA"]),
        ("regex/rdata/mx%5C.example", "rdata", &["10 mx.example.net. MX"]),
        ("regex/rdata/hi", "rdata", &["\"say \\\"hi\\\"\" TXT"]),
        ("regex/rdata/%5E192.%2A/A", "rdata", &["192.0.2.1 A", "192.0.2.77 A"]),
        ("glob/rdata/192.0.2.*?exclude=*77", "rdata", &["192.0.2.1 A"]),
        ("glob/rdata/*example*", "rdata", &["ns1.example.net. NS", "10 mx.example.net. MX"]),
        ("regex/rrnames/www?time_first_after=80", "rrname", &["www.example.org. A"]),
        ("regex/rrnames/www?limit=1&offset=2", "rrname", &["a.www.example.com. TXT"]),
    ] {
        let wanted: Vec<String> = wanted.iter().map(|text| (*text).to_owned()).collect();
        let (objects, _) = unframed(&ask(&server, target).await, target);
        let found = texts(&objects, key);
        assert_eq!(found, wanted, "{target}");
    }
    let answer = ask(&server, "regex/rdata/%5E10%20mx").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":19,"time_first":90,"time_last":109,"rdata":"10 mx.example.net.","raw_rdata":"000A026D78076578616D706C65036E657400","rrtype":"MX"}}
    {"cond":"succeeded"}
    "#);
    let answer = ask(&server, "glob/rrnames/example.com./NS").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"count":3,"time_first":20,"time_last":39,"rrname":"example.com.","rrtype":"NS"}}
    {"cond":"succeeded"}
    "#);
    let answer = ask(&server, "glob/rrnames/example.com./NS?verbose=f").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"cond":"begin"}
    {"obj":{"rrname":"example.com.","rrtype":"NS"}}
    {"cond":"succeeded"}
    "#);
}

#[tokio::test]
async fn pings_and_rate_limits_are_plain() {
    let server = Server::of(Service::new(memory("")).with_token("k").unwrap()).await;
    let ping = ask(&server, "ping?swclient=dnsdbq&version=2.6.4").await;
    assert_eq!((ping.status, ping.body.as_str()), (200, "{\"ping\":\"ok\"}\n"));
    assert_eq!(ping.header("content-type"), Some("application/json"));
    let limit = server.ask("/dnsdb/v2/rate_limit", &[("x-api-key", "k")]).await;
    insta::assert_snapshot!(limit.body, @r#"{"rate":{"limit":"unlimited","offset_max":3000000,"remaining":"n/a","reset":"n/a","results_max":1000000}}"#);
    assert!(limit.body.ends_with("}}\n"));
}

#[tokio::test]
async fn refusals_are_a_line_of_plain_text() {
    let server = Server::of(Service::new(memory(RECORDS)).with_token("k").unwrap()).await;
    let key = ("x-api-key", "k");
    let long = format!("lookup/rrset/name/{}", "a".repeat(8 * 1024));
    let name = format!("lookup/rrset/name/{}example", "abcdefgh.".repeat(29));
    for (target, headers, status, words) in [
        ("lookup/rrset/name/a", &[][..], 403, "a valid key in X-API-Key is required"),
        ("lookup/rrset/name/a", &[("x-api-key", "wrong")], 403, "a valid key in X-API-Key is required"),
        ("lookup/rrset/name/a..b", &[], 403, "a valid key in X-API-Key is required"),
        ("rate_limit", &[("x-api-key", "")], 403, "a valid key in X-API-Key is required"),
        ("nothing", &[key], 404, "there is nothing at this address; use lookup"),
        ("", &[key], 404, "there is nothing at this address; use lookup"),
        ("lookup/rrset", &[key], 400, "the path: takes rrset/name/OWNER"),
        ("regex/rrnames", &[key], 400, "the path: takes rrnames/PATTERN"),
        ("lookup/rrset/name/%zz", &[key], 400, "a percent sign in the address takes two"),
        ("lookup/rrset/name/a?exclude=%", &[key], 400, "a percent sign in the query string takes two"),
        ("lookup/rrset/name/a%ff", &[key], 400, "the value is not UTF-8"),
        ("lookup/rrset/name/a%00b", &[key], 400, "not a domain name: it contains a control character"),
        ("lookup/rdata/name/a%0d%0aX:b", &[key], 400, "not a domain name: it contains a control character"),
        (&name, &[key], 400, "not a domain name: name longer than 255 bytes"),
        (&long, &[key], 414, "the address is too long: at most 8192 bytes are allowed"),
        ("lookup/rdata/ip/192.0.2.0,33", &[key], 400, "not a network"),
        ("lookup/rdata/ip/192.0.2.1/NS", &[key], 400, "the type: addresses are only in A and AAAA records"),
        ("lookup/rdata/ip/192.0.2.1/A?rrtype=A", &[key], 400, "rrtype: the path already has a type"),
        ("lookup/rrset/name/a?limit=-1", &[key], 400, "limit: takes a number"),
        ("lookup/rrset/name/a?limit=1&limit=2", &[key], 400, "limit: given more than once"),
        ("lookup/rrset/name/a?exclude=b", &[key], 400, "exclude: only allowed with regex and glob"),
        ("regex/rrnames/(", &[key], 400, "the pattern: unclosed group"),
        ("regex/rrnames/(a%7B1000%7D)%7B1000%7D", &[key], 400, "the pattern: too large"),
        ("lookup/rrset/name/a", &[key, ("accept", "text/html")], 415, "the answer is application/x-ndjson"),
    ] {
        let answer = server.ask(&format!("/dnsdb/v2/{target}"), headers).await;
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{target}");
        assert!(answer.body.starts_with(&format!("Error: {words}")), "{target}: {}", answer.body);
        assert_eq!(answer.lines().len(), 1, "{target}");
    }
    for accept in
        ["*/*", "application/json", "application/x-ndjson", "application/jsonl", "text/html, */*;q=0.1"]
    {
        let answer = server.ask("/dnsdb/v2/lookup/rrset/name/a", &[key, ("accept", accept)]).await;
        assert_eq!(answer.status, 200, "{accept}");
    }
    let answer = client::send(server.address, "POST", "/dnsdb/v2/lookup/rrset/name/a", &[key]).await;
    assert_eq!((answer.status, answer.body.as_str()), (405, "Error: only GET and HEAD are allowed\n"));
    let answer =
        client::send(server.address, "HEAD", "/dnsdb/v2/lookup/rrset/name/example.com", &[key]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/x-ndjson")));
}

#[tokio::test]
async fn version_1_has_bare_objects_and_says_in_text_that_nothing_was_found() {
    let server = Server::of(Service::new(memory(RECORDS)).with_token("k").unwrap()).await;
    let key = ("x-api-key", "k");
    let v1 = async |target: &str| server.ask(target, &[key, ("accept", "application/json")]).await;
    let answer = v1("/lookup/rrset/name/example.com/NS?limit=5").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    insta::assert_snapshot!(answer.body, @r#"
    {"count":2,"time_first":20,"time_last":29,"rrname":"example.com.","rrtype":"NS","bailiwick":"com.","rdata":["ns1.example.net."]}
    {"count":3,"time_first":30,"time_last":39,"rrname":"example.com.","rrtype":"NS","bailiwick":"example.com.","rdata":["ns1.example.net."]}
    "#);
    let answer = v1("/lookup/rdata/name/mx.example.net").await;
    insta::assert_snapshot!(answer.body, @r#"
    {"count":9,"time_first":90,"time_last":99,"rrname":"example.org.","rrtype":"MX","rdata":"10 mx.example.net."}
    {"count":10,"time_first":100,"time_last":109,"rrname":"other.org.","rrtype":"MX","rdata":"10 mx.example.net."}
    "#);
    assert_eq!(v1("/lookup/rdata/ip/192.0.2.0,24?limit=2").await.lines().len(), 2);
    let answer = v1("/summarize/rrset/name/example.com").await;
    assert_eq!(answer.body, "{\"count\":6,\"num_results\":3,\"time_first\":10,\"time_last\":39}\n");
    for nothing in [
        "/lookup/rrset/name/nothing.example",
        "/lookup/rdata/ip/198.51.100.1",
        "/summarize/rrset/name/nothing.example",
    ] {
        let answer = v1(nothing).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/plain; charset=utf-8")));
        assert_eq!(answer.body, "Error: no results found for query.\n", "{nothing}");
    }
    for limits in ["/rate_limit", "/lookup/rate_limit"] {
        assert!(v1(limits).await.body.starts_with("{\"rate\":{"), "{limits}");
    }
    assert_eq!(server.get("/lookup/rrset/name/example.com").await.status, 403);
    for (target, status) in [
        ("/lookup/rrset/name/a..b", 400),
        ("/lookup/rrset/name/192.0.2", 400),
        ("/lookup", 400),
        ("/lookup/rrset/name/example.com?offset=9999999", 416),
    ] {
        let answer = v1(target).await;
        assert_eq!(answer.status, status, "{target}");
        assert!(answer.body.starts_with("Error: ") && answer.lines().len() == 1, "{target}: {answer:?}");
    }
    assert_eq!(client::send(server.address, "POST", "/lookup/rrset/name/a", &[key]).await.status, 405);
}

#[tokio::test]
async fn an_empty_type_is_any_and_a_word_is_a_type() {
    let alias = r#"{"rrname":"example.com","rrtype":"ALIAS","rdata":"lb.example.net","time_first":1,"time_last":2,"count":12}"#;
    let server = Server::with(&format!("{RECORDS}{alias}\n")).await;
    for (target, wanted) in [
        ("rrset/name/www.example.com/?limit=1000", &["www.example.com. A 5", "www.example.com. AAAA 6"][..]),
        ("rrset/name/example.com//com", &["example.com. NS 2"]),
        ("rrset/name/example.com/A/", &["example.com. A 1"]),
        ("rrset/name/example.com/ALIAS", &["example.com. ALIAS 12"]),
        ("rrset/name/example.com/alias", &["example.com. ALIAS 12"]),
        ("rrset/name/example.com/NOSUCHTYPE", &[]),
        ("rdata/name/mx.example.net/", &["example.org. MX 9", "other.org. MX 10"]),
        ("rrset/name/www.example.com/A?version=(unknown)&id=x%ff&swclient=&id=", &["www.example.com. A 5"]),
    ] {
        assert_eq!(found(&server, &format!("lookup/{target}")).await, wanted, "{target}");
    }
}

#[tokio::test]
async fn a_question_that_cannot_match_is_refused() {
    let server = sample().await;
    for target in [
        "lookup/rrset/name/a.*.example",
        "lookup/rrset/name/*.*.x",
        "lookup/rrset/name/a..b",
        "lookup/rrset/name/a%20b",
        "lookup/rrset/name/example.com%20",
        "lookup/rrset/name/192.0.2",
        "lookup/rrset/name/192.0.2.1",
        "lookup/rrset/name/https%3A%2F%2Fexample.com%2F",
        "lookup/rrset/name/d41d8cd98f00b204e9800998ecf8427e",
        "lookup/rdata/name/192.0.2.1",
        "lookup/rdata/name/mx*.example.net",
        "lookup/rdata/ip/192.0.2.0,33",
        "lookup/rdata/ip/192.0.2",
        "lookup/rdata/raw/c0000201/NS",
        "glob/rrnames/www.example.com",
        "regex/rrnames/example%5C.com%24",
    ] {
        let answer = ask(&server, target).await;
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
    }
}

/// A store whose answers never end within a test, and do not reach the limit of a search: every page is the first one, and
/// full.
struct Endless(Arc<Memory>);

impl Store for Endless {
    fn absorb(&self, batch: Batch) -> Result<Receipt, StoreError> {
        self.0.absorb(batch)
    }

    fn lookup(&self, question: &Question) -> Result<Page, StoreError> {
        self.0.lookup(&Question { cursor: None, ..question.clone() })
    }

    fn summarise(&self, question: &Question) -> Result<Summary, StoreError> {
        self.0.summarise(question)
    }

    fn drop_where(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.0.drop_where(selection)
    }

    fn position(&self, input: &str) -> Result<Option<Reached>, StoreError> {
        self.0.position(input)
    }

    fn wholes(&self, digest: &cof::Digest) -> Result<Vec<Arc<str>>, StoreError> {
        self.0.wholes(digest)
    }

    fn forget_expired(&self, now: u64) -> Result<u64, StoreError> {
        self.0.forget_expired(now)
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.0.stats()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_stops_when_its_client_goes_away() {
    let store = Arc::new(Endless(memory(&many(1_001))));
    let server = Server::of(Service::new(store.clone()).with_anonymous()).await;
    // Once it answers, everything that holds the store while it serves does so.
    assert_eq!(server.get("/healthz").await.body, "ok");
    let users = Arc::strong_count(&store);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /dnsdb/v2/regex/rrnames/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    // The answer has started: the search continues, without results.
    assert!(stream.read_u8().await.is_ok());
    assert!(Arc::strong_count(&store) > users);
    drop(stream);
    let stopped = async {
        while Arc::strong_count(&store) > users {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), stopped).await.unwrap();
    assert_eq!(server.get("/healthz").await.body, "ok");
}

#[tokio::test]
async fn a_zone_is_found_by_its_mailbox_and_only_by_types_that_dnsdb_searches() {
    let records = [
        r#"{"rrname":"zone.example","rrtype":"SOA","rdata":"ns1.zone.example h\\.hofer.zone.example 1 2 3 4 5","time_first":1,"time_last":2,"count":1}"#,
        r#"{"rrname":"rp.example","rrtype":"RP","rdata":"h\\.hofer.zone.example txt.zone.example","time_first":1,"time_last":2,"count":2}"#,
        r#"{"rrname":"afs.example","rrtype":"AFSDB","rdata":"1 ns1.zone.example","time_first":1,"time_last":2,"count":3}"#,
    ];
    let server = Server::with(&(records.join("\n") + "\n")).await;
    for target in [
        "lookup/rdata/name/h%5C.hofer.zone.example",
        "lookup/rdata/name/ns1.zone.example",
        "lookup/rdata/name/*.zone.example",
    ] {
        assert_eq!(found(&server, target).await, ["zone.example. SOA 1"], "{target}");
    }
}

use std::io::Write as _;
use std::thread;

use ::intake::ForeignKind;
use cof::SourceKind;
use store::{Memory, Question, Subject};

use super::*;

fn line(at: u64) -> String {
    let at_time = 1_500_000_000 + at;
    format!(
        r#"{{"rrname":"h{at}.example","rrtype":"A","rdata":"192.0.2.1","time_first":{at_time},"time_last":{at_time},"count":1}}"#
    ) + "\n"
}

fn lines(number: u64) -> Vec<u8> {
    (0..number).flat_map(|at| line(at).into_bytes()).collect()
}

fn order() -> Order {
    Order {
        sensor: Some("s1".into()),
        tell_again: true,
        most: 1 << 30,
        ..Order::new(SourceKind::Observation, 1_790_000_000)
    }
}

/// Imports a body that arrives in pieces of this size, with or without its end.
fn taken_as(
    store: &Memory,
    coding: Packing,
    order: &Order,
    body: &[u8],
    size: usize,
    whole: bool,
) -> (Receipt, Option<Fault>) {
    let (send, pieces) = tokio::sync::mpsc::channel(2);
    thread::scope(|scope| {
        scope.spawn(move || {
            for piece in body.chunks(size) {
                if send.blocking_send(Piece::Data(Bytes::copy_from_slice(piece))).is_err() {
                    return;
                }
            }
            if whole {
                let _ = send.blocking_send(Piece::End);
            }
        });
        take(store, coding, order.clone(), None, pieces)
    })
}

fn taken(store: &Memory, order: &Order, body: &[u8], size: usize, whole: bool) -> (Receipt, Option<Fault>) {
    taken_as(store, Packing::Plain, order, body, size, whole)
}

fn sum(store: &Memory) -> (u64, Option<u64>) {
    let summary = store.summarise(&Question::new(Subject::parse("*.example").unwrap())).unwrap();
    (summary.rows, summary.count)
}

#[test]
fn bodies_are_taken_in_however_they_are_compressed_and_cut() {
    let plain = lines(25_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    for (coding, body) in
        [(Packing::Plain, plain.clone()), (Packing::Gzip, gzip.finish().unwrap()), (Packing::Zstd, zstd)]
    {
        for size in [7_919, 1 << 20] {
            let store = Memory::new();
            let (receipt, fault) = taken_as(&store, coding, &order(), &body, size, true);
            assert!(fault.is_none(), "{fault:?}");
            assert_eq!(
                (receipt.taken, receipt.octets, &receipt.rejected),
                (25_000, plain.len() as u64, &[].into())
            );
            assert_eq!(sum(&store), (25_000, Some(25_000)));
        }
    }
}

#[test]
fn what_is_no_record_is_counted_with_its_place() {
    let store = Memory::new();
    let body = format!(
        "{}<html>\n{{\"rrname\":\"a.example\",\"rrtype\":\"A\",\"rdata\":\"192.0.2.1\"}}\n{{\"rrtype\":\"A\"}}\n{}",
        line(1),
        &line(2)[..30]
    );
    let (receipt, fault) = taken(&store, &order(), body.as_bytes(), 10, true);
    assert!(fault.is_none() && receipt.truncated && !receipt.is_useless());
    let text = serde_json::to_string(&receipt).unwrap();
    insta::assert_snapshot!(text, @r#"{"taken":1,"repeated":0,"rejected":{"missing_rrname":1,"not_a_record":1,"truncated":1,"without_time":1},"first_rejected":[{"offset":114,"octets":6,"reason":"not_a_record"},{"offset":121,"octets":null,"reason":"without_time"},{"offset":177,"octets":14,"reason":"missing_rrname"},{"offset":192,"octets":30,"reason":"truncated"}],"octets":222,"truncated":true}"#);
}

#[test]
fn a_body_that_is_sent_again_counts_once_even_where_it_broke_off_before() {
    let store = Memory::new();
    let body = lines(35_000);
    let named = Order { input: Some("records/1/key".into()), ..order() };
    let (first, fault) = taken(&store, &named, &body[..body.len() * 3 / 4], 100_000, false);
    assert!(matches!(fault, Some(Fault::Cut)));
    assert_eq!(first.taken, 26_273, "all that came whole");
    let (second, fault) = taken(&store, &named, &body, 65_536, true);
    assert!(fault.is_none());
    assert_eq!((second.repeated, second.taken), (26_273, 8_727));
    let (third, _) = taken(&store, &named, &body, 1_000_000, true);
    assert_eq!((third.repeated, third.taken), (35_000, 0));
    assert_eq!(sum(&store), (35_000, Some(35_000)));
}

#[test]
fn the_records_of_one_value_stay_in_one_batch() {
    let store = Memory::new();
    let data: Vec<String> = (0..9_000).map(|at| format!("\"10.0.{}.{}\"", at / 250, at % 250)).collect();
    let value = |at: u64| {
        format!(
            "{{\"rrname\":\"h{at}.example\",\"rrtype\":\"A\",\"rdata\":[{}],\"time_first\":1500000001,\"time_last\":1500000001,\"count\":1}}",
            data.join(",")
        )
    };
    let body: String = (0..3).map(value).collect();
    let named = Order { input: Some("a".into()), ..order() };
    let (receipt, _) = taken(&store, &named, body.as_bytes(), 1 << 20, true);
    assert_eq!((receipt.taken, receipt.repeated), (27_000, 0));
    assert_eq!(sum(&store), (27_000, Some(27_000)));
}

#[test]
fn a_bomb_and_what_is_not_compressed_as_it_says_end_early() {
    let store = Memory::new();
    let zeros = vec![b' '; 64 << 20];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&line(1).into_bytes()).unwrap();
    gzip.write_all(&zeros).unwrap();
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let small = Order { most: 1 << 20, ..order() };
    let (receipt, fault) = taken_as(&store, Packing::Gzip, &small, &bomb, 4_096, true);
    assert!(matches!(fault, Some(Fault::Expanded)) && receipt.octets <= (1 << 20) + batches::PIECE as u64);
    for coding in [Packing::Gzip, Packing::Zstd] {
        let (_, fault) = taken_as(&store, coding, &order(), &lines(10), 64, true);
        assert!(matches!(fault, Some(Fault::Coding)), "{coding:?} {fault:?}");
    }
    let cut = &bomb[..bomb.len() / 2];
    assert!(matches!(taken_as(&store, Packing::Gzip, &order(), cut, 64, true).1, Some(Fault::Coding)));
}

#[test]
fn a_name_that_was_another_bodys_is_refused_and_nothing_is_stored() {
    let store = Memory::new();
    let (body, other) = (lines(15_000), lines(15_001));
    let named = Order { input: Some("records/1/key".into()), expires: Some(9), ..order() };
    assert!(taken(&store, &named, &body, 65_536, true).1.is_none());
    let mut same_length = body.clone();
    let at = same_length.len() - 10;
    same_length[at] = b' ';
    for wrong in [&other[..], &same_length, &body[..body.len() - 1], &body[..100]] {
        let (receipt, fault) = taken(&store, &named, wrong, 65_536, true);
        assert!(matches!(fault, Some(Fault::Other)), "{fault:?}");
        assert_eq!((receipt.taken, sum(&store)), (0, (15_000, Some(15_000))));
    }
    let (receipt, fault) =
        taken_as(&store, Packing::Zstd, &named, &zstd::encode_all(&body[..], 1).unwrap(), 65_536, true);
    assert!(fault.is_none(), "the same content in another coding: {fault:?}");
    assert_eq!((receipt.taken, receipt.repeated), (0, 15_000));
}

#[test]
fn a_body_that_goes_on_otherwise_than_the_one_that_broke_off_is_refused() {
    let store = Memory::new();
    let body = lines(35_000);
    let named = Order { input: Some("records/1/key".into()), ..order() };
    assert_eq!(taken(&store, &named, &body[..body.len() * 3 / 4], 100_000, false).0.taken, 26_273);
    let other = [&b" "[..], &body].concat();
    let (receipt, fault) = taken(&store, &named, &other, 65_536, true);
    assert!(matches!(fault, Some(Fault::Other)));
    assert_eq!((receipt.taken, sum(&store)), (0, (26_273, Some(26_273))));
}

#[test]
fn how_the_sources_own_answer_ended_is_told_and_lines_of_dnsdbq_are_no_damage() {
    let store = Memory::new();
    let saf = format!("{{\"cond\":\"begin\"}}\n{{\"obj\":{}}}\n", line(1).trim_end());
    for (end, word) in [
        ("{\"cond\":\"limited\",\"msg\":\"Result limit reached\"}\n", "limited"),
        ("{\"cond\":\"failed\"}\n", "failed"),
        ("{\"cond\":\"succeeded\"}\n", "succeeded"),
        ("", "missing"),
    ] {
        let body = format!("{saf}{end}");
        let (receipt, fault) = taken(&store, &order(), body.as_bytes(), 50, true);
        assert_eq!((fault.is_none(), receipt.taken, receipt.source_answer), (true, 1, Some(word)));
        let message = (word == "limited").then_some("Result limit reached");
        assert_eq!(receipt.source_message.as_deref(), message);
    }
    let batch =
        format!("++ rrset/name/a\n{}--\n++ rrset/name/b\n{}-- NOERROR (no error)\n", line(1), line(2));
    let (receipt, _) = taken(&store, &order(), batch.as_bytes(), 7, true);
    assert_eq!((receipt.taken, &receipt.rejected, receipt.source_answer), (2, &[].into(), None));
}

#[test]
fn a_body_without_records_is_not_read_to_its_end() {
    let store = Memory::new();
    let sqlite = [&b"SQLite format 3\0"[..], &vec![b'{'; 5_000_000]].concat();
    let (receipt, fault) = taken(&store, &order(), &sqlite, 65_536, true);
    let is_sqlite = matches!(&fault, Some(Fault::Foreign(foreign)) if foreign.kind == ForeignKind::Sqlite);
    assert!(is_sqlite, "{fault:?}");
    assert!(receipt.octets < 1_000_000);
    let junk = format!("<html>\n{}", line(1));
    let (receipt, fault) = taken(&store, &order(), junk.as_bytes(), 65_536, true);
    assert!(fault.is_none() && receipt.taken == 1, "junk at the head of records");
}

#[test]
fn a_log_is_recognised_and_its_records_are_observations() {
    let store = Memory::new();
    let entry = |at: u32| {
        format!(
            r#"{{"ts":{}.5,"uid":"C{at}","id.orig_h":"10.9.8.7","id.orig_p":4000,"id.resp_h":"192.0.2.53","id.resp_p":53,"proto":"udp","trans_id":{at},"query":"h{}.example","qclass_name":"C_INTERNET","qtype_name":"A","rcode_name":"NOERROR","rejected":false,"answers":["185.194.93.1"],"TTLs":[60.0]}}"#,
            1_700_000_000 + at,
            at % 3
        ) + "\n"
    };
    let log: String = (0..30).map(entry).collect();
    let reports = Order { kind: SourceKind::Report, ..order() };
    for size in [1, 65_536] {
        let (receipt, fault) = taken(&store, &reports, log.as_bytes(), size, true);
        assert!(fault.is_none() && receipt.rejected.is_empty(), "{fault:?} {receipt:?}");
        assert_eq!(receipt.taken, 30);
    }
    assert_eq!(sum(&store), (3, Some(60)), "counts of observations add up");
}

use std::io::Write as _;

use store::{Memory, Question, Subject};

use super::*;

fn line(at: u64) -> String {
    format!(
        r#"{{"rrname":"h{at}.example","rrtype":"A","rdata":"192.0.2.1","time_first":{at},"time_last":{at},"count":1}}"#
    ) + "\n"
}

fn lines(number: u64) -> Vec<u8> {
    (0..number).flat_map(|at| line(at).into_bytes()).collect()
}

fn order(coding: Coding) -> Order {
    Order {
        coding,
        kind: SourceKind::Observation,
        sensor: Some("s1".into()),
        input: None,
        expanded: 1 << 30,
        now: 1_790_000_000,
    }
}

/// Takes in a body that comes in pieces of this size, to its end or not.
fn taken(store: &Memory, order: &Order, body: &[u8], size: usize, whole: bool) -> (Receipt, Option<Fault>) {
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
        take(store, order, pieces)
    })
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
        [(Coding::Plain, plain.clone()), (Coding::Gzip, gzip.finish().unwrap()), (Coding::Zstd, zstd)]
    {
        for size in [7_919, 1 << 20] {
            let store = Memory::new();
            let (receipt, fault) = taken(&store, &order(coding), &body, size, true);
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
    let (receipt, fault) = taken(&store, &order(Coding::Plain), body.as_bytes(), 10, true);
    assert!(fault.is_none() && receipt.truncated && !receipt.is_useless());
    let text = serde_json::to_string(&receipt).unwrap();
    insta::assert_snapshot!(text, @r#"{"taken":1,"repeated":0,"rejected":{"missing_rrname":1,"not_a_record":1,"truncated":1,"without_time":1},"first_rejected":[{"offset":96,"octets":6,"reason":"not_a_record"},{"offset":103,"octets":null,"reason":"without_time"},{"offset":159,"octets":14,"reason":"missing_rrname"},{"offset":174,"octets":30,"reason":"truncated"}],"octets":204,"truncated":true}"#);
}

#[test]
fn a_body_that_is_sent_again_counts_once_even_where_it_broke_off_before() {
    let store = Memory::new();
    let body = lines(35_000);
    let named = Order { input: Some("records/1/key".into()), ..order(Coding::Plain) };
    let (first, fault) = taken(&store, &named, &body[..body.len() * 3 / 4], 100_000, false);
    assert!(matches!(fault, Some(Fault::Cut)));
    assert_eq!(first.taken, 20_000, "whole batches alone");
    let (second, fault) = taken(&store, &named, &body, 65_536, true);
    assert!(fault.is_none());
    assert_eq!((second.repeated, second.taken), (20_000, 15_000));
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
            "{{\"rrname\":\"h{at}.example\",\"rrtype\":\"A\",\"rdata\":[{}],\"time_first\":1,\"time_last\":1,\"count\":1}}",
            data.join(",")
        )
    };
    let body: String = (0..3).map(value).collect();
    let named = Order { input: Some("a".into()), ..order(Coding::Plain) };
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
    let small = Order { expanded: 1 << 20, ..order(Coding::Gzip) };
    let (receipt, fault) = taken(&store, &small, &bomb, 4_096, true);
    assert!(matches!(fault, Some(Fault::Expanded)) && receipt.octets <= (1 << 20) + PIECE as u64);
    for coding in [Coding::Gzip, Coding::Zstd] {
        let (_, fault) = taken(&store, &order(coding), &lines(10), 64, true);
        assert!(matches!(fault, Some(Fault::Coding)), "{coding:?} {fault:?}");
    }
    let cut = &bomb[..bomb.len() / 2];
    assert!(matches!(taken(&store, &order(Coding::Gzip), cut, 64, true).1, Some(Fault::Coding)));
}

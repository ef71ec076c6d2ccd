use proptest::prelude::*;

use super::*;

fn text(said: &impl Serialize) -> Vec<u8> {
    let mut octets = Vec::new();
    send(&mut octets, said).unwrap();
    let mut frame = Vec::new();
    assert!(receive(&mut &*octets, &mut frame).unwrap());
    frame
}

fn observation(source: usize) -> Observation {
    Observation {
        rrname: Name::parse(r"a\.b\000.example").unwrap(),
        rrtype: RrType::A,
        rdata: Rdata::parse(RrType::A, "192.0.2.1"),
        bailiwick: Some(Name::parse("example").unwrap()),
        time_first: 1,
        time_last: u64::MAX,
        count: Some(u64::MAX),
        source,
    }
}

#[test]
fn batches_arrive_as_they_were() {
    let source = |kind| Source { kind, origin: Some("https://x.example/".into()), sensor: None };
    let word = RrType::parse("FOO").unwrap();
    let batch = Batch {
        sources: vec![
            source(SourceKind::Observation),
            source(SourceKind::Report),
            Source { kind: SourceKind::Zone, origin: None, sensor: Some("s\u{1b}".into()) },
        ],
        observations: vec![
            observation(2),
            Observation { rrtype: word, rdata: Rdata::from_text("what is this"), ..observation(0) },
            Observation {
                rrtype: RrType::A,
                rdata: Rdata::from_text("no address"),
                count: None,
                ..observation(9)
            },
            Observation {
                rrtype: RrType::Code(65_280),
                rdata: Rdata::parse(RrType::Code(65_280), r"\# 2 0102"),
                bailiwick: None,
                ..observation(1)
            },
        ],
        position: Some(Position {
            input: "file".into(),
            offset: u64::MAX,
            digest: Some([7; 32]),
            whole: true,
            expires: Some(9),
        }),
    };
    let frame = text(&Request::Absorb(WireBatch::of(&batch)));
    let Ok(Request::Absorb(back)) = read(&frame) else { panic!("no batch") };
    assert_eq!(back.batch(), Ok(batch));
}

#[test]
fn pages_arrive_as_they_were() {
    let one = observation(0);
    let record = Record {
        time_first: Some(1),
        zone_time_last: Some(9),
        count: Some(3),
        bailiwick: one.bailiwick,
        origin: Some("https://x.example/".into()),
        sensor_id: Some("s".into()),
        extras: [("source_kind".into(), "\"zone\"".into())].into_iter().collect(),
        ..Record::new(one.rrname, one.rrtype, one.rdata)
    };
    let next = Cursor::from_decimal(&(1_u64 << 33).to_string()).ok();
    let page = Page { records: vec![record], next, more: true, limit: 7 };
    let frame = text(&Response::Page(WirePage::of(&page)));
    let Ok(Response::Page(back)) = read(&frame) else { panic!("no page") };
    assert_eq!(back.page(), Ok(page));
}

#[test]
fn questions_and_selections_arrive_as_they_were() {
    for subject in [
        "192.0.2.1",
        "www.example.com",
        "2001:db8::/32",
        "192.0.2.1-192.0.2.9",
        "rdata:a.example",
        "rdata:*.example",
        "*.",
    ] {
        let question = Question {
            rrtypes: vec![RrType::A, RrType::parse("FOO").unwrap()],
            fences: Fences {
                first_after: Some(1),
                first_before: Some(2),
                last_after: Some(3),
                last_before: None,
            },
            limit: 5,
            order: Order::NewestFirst,
            apart: Apart::Source,
            reach: 77,
            ..Question::new(Subject::parse(subject).unwrap())
        };
        let frame = text(&Request::Lookup(WireQuestion::of(&question)));
        let Ok(Request::Lookup(back)) = read(&frame) else { panic!("no question") };
        assert_eq!(back.question(), Ok(question));
    }
    let origin = |origin: Option<&str>| Selection::Origin(origin.map(Arc::from));
    let suffix = Selection::Suffix(Name::parse("a.example").unwrap());
    for selection in [Selection::LastSeenBefore(7), origin(None), origin(Some("x")), suffix] {
        let frame = text(&Request::DropWhere(WireSelection::of(&selection)));
        let Ok(Request::DropWhere(back)) = read(&frame) else { panic!("no selection") };
        assert_eq!(back.selection(), Ok(selection));
    }
}

#[test]
fn errors_keep_their_type_and_text() {
    for error in [
        StoreError::Batch { index: 4, fault: BatchFault::Reversed },
        StoreError::Damage { file: "00000001.run".into(), offset: 9, what: "a checksum" },
        StoreError::Damaged,
        StoreError::Foreign,
        StoreError::Io {
            doing: "sync",
            file: "x".into(),
            kind: io::ErrorKind::StorageFull,
            reason: "full".into(),
        },
        StoreError::Locked { process: Some(7) },
        StoreError::Missing { file: "MANIFEST".into() },
        StoreError::Newer { found: 2, known: 1 },
        StoreError::NotPaged,
        StoreError::Poisoned,
        StoreError::ReadOnly,
        StoreError::Stopped,
        StoreError::TooLarge,
    ] {
        let frame = text(&Response::Failed(WireError::of(&error)));
        let Ok(Response::Failed(back)) = read(&frame) else { panic!("no error") };
        assert_eq!(back.error().map(|back| back.to_string()), Ok(error.to_string()));
        assert_eq!(back.error(), Ok(error));
    }
}

#[test]
fn a_frame_that_is_cut_or_too_long_is_an_error() {
    let mut octets = Vec::new();
    send(&mut octets, &Request::Stats).unwrap();
    let mut frame = Vec::new();
    for cut in 1..octets.len() {
        assert!(receive(&mut &octets[..cut], &mut frame).is_err(), "{cut}");
    }
    assert!(!receive(&mut &[][..], &mut frame).unwrap());
    assert!(receive(&mut &[255; 8][..], &mut frame).is_err());
}

proptest! {
    #[test]
    fn no_octets_panic(octets: Vec<u8>) {
        if let Ok(Request::Absorb(batch)) = read(&octets) {
            let _ = batch.batch();
        }
        if let Ok(Request::Lookup(question)) = read(&octets) {
            let _ = question.question();
        }
        if let Ok(Response::Page(page)) = read(&octets) {
            let _ = page.page();
        }
        let _ = receive(&mut &*octets, &mut Vec::new());
    }
}

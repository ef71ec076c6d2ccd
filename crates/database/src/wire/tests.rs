use cof::{Name, Observation, Position, Rdata, Record, RrType, Source, SourceKind};
use proptest::prelude::*;
use store::{Apart, BatchFault, Cursor, Fences, Order, Remembered, StoreErrorKind, Subject};

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
    let frame = text(&Request::Absorb(Cow::Borrowed(&batch)));
    assert_eq!(read(&frame), Ok(Request::Absorb(Cow::Owned(batch))));
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
    let frame = text(&Response::Page(page.clone()));
    assert_eq!(read(&frame), Ok(Response::Page(page)));
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
        let frame = text(&Request::Lookup(Cow::Borrowed(&question)));
        assert_eq!(read(&frame), Ok(Request::Lookup(Cow::Owned(question))));
    }
    let origin = |origin: Option<&str>| Selection::Origin(origin.map(Arc::from));
    let suffix = Selection::Suffix(Name::parse("a.example").unwrap());
    for selection in [Selection::LastSeenBefore(7), origin(None), origin(Some("x")), suffix] {
        let frame = text(&Request::DropWhere(Cow::Borrowed(&selection)));
        assert_eq!(read(&frame), Ok(Request::DropWhere(Cow::Owned(selection))));
    }
}

#[test]
fn errors_keep_their_type_kind_and_text() {
    let ours = |error: runs::Error| StoreError::from(error);
    let full = ours(runs::Error::Io {
        doing: "sync".into(),
        file: "00000001.journal".into(),
        kind: io::ErrorKind::StorageFull,
        reason: "no space left on device".into(),
    });
    assert_eq!(full.kind(), StoreErrorKind::Full);
    for error in [
        StoreError::Batch { index: 4, fault: BatchFault::Reversed },
        StoreError::Damaged,
        full,
        ours(runs::Error::Older { found: 1, known: 2 }),
        StoreError::Full { of: Remembered::Sources, most: 5 },
        StoreError::Locked { process: Some(7) },
        StoreError::ManySources { new: 9, most: 8 },
        StoreError::NotPaged,
        StoreError::OtherContent { input: "file".into() },
        StoreError::Panicked,
        StoreError::ReadOnly,
        StoreError::TooLarge,
        StoreError::TooLong { what: "an origin".into(), bytes: 9, most: 8 },
    ] {
        let frame = text(&Response::Failed(error.clone()));
        let Ok(Response::Failed(back)) = read(&frame) else { panic!("no error") };
        assert_eq!(back.to_string(), error.to_string());
        assert_eq!(back.kind(), error.kind());
        assert_eq!(back, error);
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

/// The encoding of an observation with possibly invalid parts.
fn unchecked(name: &[u8], rrtype: (u32, &[u8]), data: (u32, &[u8])) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut push = |number: u32| octets.extend(postcard::to_stdvec(&number).unwrap());
    push(u32::try_from(name.len()).unwrap());
    octets.extend(name);
    for (variant, body) in [rrtype, data] {
        octets.extend(postcard::to_stdvec(&variant).unwrap());
        octets.extend(body);
    }
    // No bailiwick, first and last, no count, the first source.
    octets.extend([0, 1, 2, 0, 0]);
    octets
}

/// A length, followed by as many bytes.
fn counted(bytes: &[u8]) -> Vec<u8> {
    let mut octets = postcard::to_stdvec(&bytes.len()).unwrap();
    octets.extend(bytes);
    octets
}

#[test]
fn what_cannot_be_is_not_read() {
    const NAME: &[u8] = b"\x01a\x07example\0";
    let (a, address, word) = ((0, &[1][..]), counted(&[192, 0, 2, 1]), counted(b"FOO"));
    let no_address = counted(b"no address");
    let one = |octets: &[u8]| read::<Observation>(octets);
    let good = one(&unchecked(NAME, a, (1, &address))).unwrap();
    assert_eq!((good.rrtype, good.rdata), (RrType::A, Rdata::parse(RrType::A, "192.0.2.1")));
    let good = one(&unchecked(b"\x01A\x07exAmple\0", (1, &word), (0, &no_address))).unwrap();
    assert_eq!(good.rrname, Name::parse("a.example").unwrap(), "it is canonical afterwards");
    assert_eq!(good.rrtype, RrType::parse("FOO").unwrap());
    let text = counted(b"192.0.2.1");
    let good = one(&unchecked(NAME, a, (0, &text))).unwrap();
    assert_eq!(good.rdata, Rdata::parse(RrType::A, "192.0.2.1"), "text that reads as data is data");
    let long = [&[64][..], &[b'a'; 64], &[0]].concat();
    for name in
        [&b""[..], b"\x01a", b"\x01a\0b", b"\xc0\x0c", &long, &[b"\x3f", &[b'a'; 63][..]].concat().repeat(4)]
    {
        assert_eq!(one(&unchecked(name, a, (1, &address))), Err(Unreadable), "{name:?}");
    }
    for word in [&b"A"[..], b"mx", b"TYPE1", b"1", b"", b"A B", b"-A", b"AAAAAAAAAAAAAAAA", b"\xff"] {
        let word = counted(word);
        assert_eq!(one(&unchecked(NAME, (1, &word), (0, &no_address))), Err(Unreadable), "{word:?}");
    }
    for data in [&b""[..], &[192, 0, 2], &[192, 0, 2, 1, 1], &vec![0; 65_536]] {
        let data = counted(data);
        assert_eq!(one(&unchecked(NAME, a, (1, &data))), Err(Unreadable), "{}", data.len());
    }
    assert_eq!(one(&unchecked(NAME, (1, &word), (1, &address))), Err(Unreadable), "a word has no wire form");
    assert_eq!(one(&unchecked(NAME, (2, &[]), (1, &address))), Err(Unreadable), "no such variant");
    for cursor in ["", "0", "1", "-1", "1e9", &"9".repeat(2_001)] {
        assert_eq!(read::<Cursor>(&counted(cursor.as_bytes())), Err(Unreadable), "{cursor}");
    }
}

#[test]
fn an_answer_is_read_from_its_own_response_only() {
    let counted = || Response::from(7);
    assert_eq!(u64::try_from(counted()), Ok(7));
    assert_eq!(Receipt::try_from(counted()), Err(Unreadable));
    assert_eq!(<()>::try_from(counted()), Err(Unreadable));
    assert_eq!(u64::try_from(Response::Progress(7, 7)), Err(Unreadable));
}

#[test]
fn a_length_alone_takes_no_room() {
    // The encoded number of sources, observations, records or inputs exceeds any memory.
    let said = |head: &[u8]| [head, &postcard::to_stdvec(&usize::MAX).unwrap()].concat();
    for head in [&[0][..], &[0, 0]] {
        assert_eq!(read::<Request<'_>>(&said(head)), Err(Unreadable), "{head:?}");
    }
    for head in [4, 11] {
        assert_eq!(read::<Response>(&said(&[head])), Err(Unreadable), "{head:?}");
    }
    let (page, wholes) =
        (Page { records: Vec::new(), next: None, more: false, limit: 1 }, Vec::<Arc<str>>::new());
    assert_eq!(
        (text(&Response::Page(page))[0], text(&Response::Wholes(wholes))[0]),
        (4, 11),
        "those were meant"
    );
}

/// Whether the constructors could have created the decoded value.
fn is_possible(rrname: &Name, rrtype: RrType, rdata: &Rdata) -> bool {
    let same = |wire: &[u8]| Rdata::from_wire(rrtype, wire).as_ref() == Ok(rdata);
    let text = rdata.as_text().map(|text| Rdata::parse(rrtype, text) == *rdata);
    Name::from_wire(rrname.as_wire()).as_ref() == Ok(rrname)
        && rdata.as_wire().map(same).or(text) == Some(true)
        && RrType::parse(&rrtype.to_string()) == Ok(rrtype)
}

prop_compose! {
    fn any_batch()(
        rows in prop::collection::vec(
            ("[a-zA-Z0-9._-]{0,40}", "[A-Z0-9]{1,16}|A|MX|TXT|SOA", "[ -~]{0,40}", any::<(u64, u64, Option<u64>, usize)>()),
            0..6,
        ),
        origin in prop::option::of(".{0,9}"),
        offset: u64,
    ) -> Batch {
        let observation = |(name, rrtype, data, (time_first, time_last, count, source)): (String, String, String, _)| {
            let rrname = Name::parse(&name).unwrap_or_else(|_| Name::root());
            let rrtype = RrType::parse(&rrtype).unwrap_or(RrType::TXT);
            let (rdata, bailiwick) = (Rdata::parse(rrtype, &data), (offset % 2 == 0).then(|| rrname.clone()));
            Observation { rrname, rrtype, rdata, bailiwick, time_first, time_last, count, source }
        };
        let source = Source { kind: SourceKind::Zone, origin: origin.map(Arc::from), sensor: None };
        let observations = rows.into_iter().map(observation).collect();
        Batch { sources: vec![source], observations, position: Some(Position::new("input", offset)) }
    }
}

proptest! {
    #[test]
    fn no_octets_panic(octets: Vec<u8>) {
        let _ = read::<Request<'_>>(&octets);
        let _ = read::<Response>(&octets);
        let _ = read::<Hello>(&octets);
        let _ = receive(&mut &*octets, &mut Vec::new());
    }

    #[test]
    fn any_batch_arrives_as_it_was(batch in any_batch()) {
        let frame = text(&Request::Absorb(Cow::Borrowed(&batch)));
        prop_assert_eq!(read(&frame), Ok(Request::Absorb(Cow::Owned(batch))));
    }

    #[test]
    fn a_damaged_frame_reads_as_nothing_impossible(batch in any_batch(), at: prop::sample::Index, octet: u8) {
        let mut frame = text(&Request::Absorb(Cow::Borrowed(&batch)));
        *at.get_mut(&mut frame) = octet;
        if let Ok(Request::Absorb(batch)) = read(&frame) {
            for one in &batch.observations {
                prop_assert!(is_possible(&one.rrname, one.rrtype, &one.rdata), "{:?}", one);
            }
        }
    }
}

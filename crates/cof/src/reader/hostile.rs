//! Hostile input that tries to make the reader slow, large or wrong.

use super::damage::RAW_SHOWN;
use super::*;

const A: &str = r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1"}"#;

/// The output of the reader for these pieces, and the most input that it held between them.
fn read(limits: Limits, pieces: &[&[u8]]) -> (Vec<Result<Record, Damage>>, usize) {
    let mut reader = Reader::with_limits(1_790_000_000, limits);
    let mut items = Vec::new();
    let mut held = 0;
    for piece in pieces {
        reader.feed(piece);
        items.extend(std::iter::from_fn(|| reader.next()));
        held = held.max(reader.buffer.len() - reader.at);
    }
    reader.close();
    items.extend(std::iter::from_fn(|| reader.next()));
    assert_eq!(reader.consumed(), pieces.iter().map(|piece| piece.len() as u64).sum::<u64>());
    (items, held)
}

fn kinds(items: &[Result<Record, Damage>]) -> Vec<Option<DamageKind>> {
    items.iter().map(|item| item.as_ref().err().map(|damage| damage.kind)).collect()
}

fn small(record_bytes: usize) -> Limits {
    Limits { record_bytes, ..Limits::default() }
}

#[test]
fn a_value_that_never_ends_is_given_up_at_the_limit() {
    let input = format!("{{\"a\":\"{}", "y".repeat(10_000));
    for size in [1, 3, 7, 100, 600, 999, 1000, 1001, 10_000] {
        let pieces: Vec<&[u8]> = input.as_bytes().chunks(size).collect();
        let (items, held) = read(small(1000), &pieces);
        assert_eq!(kinds(&items), [Some(DamageKind::Large)], "in pieces of {size}");
        assert!(held < 1000, "{held} held in pieces of {size}");
    }
}

#[test]
fn a_value_of_exactly_the_limit_is_read_and_one_octet_more_is_not() {
    for size in 1..=A.len() + 1 {
        let pieces: Vec<&[u8]> = A.as_bytes().chunks(size).collect();
        assert_eq!(kinds(&read(small(A.len()), &pieces).0), [None], "in pieces of {size}");
        let (items, _) = read(small(A.len() - 1), &pieces);
        assert_eq!(kinds(&items), [Some(DamageKind::Large)], "in pieces of {size}");
    }
}

#[test]
fn limits_of_nothing_still_end() {
    let limits = Limits { record_bytes: 0, depth: 0, elements: 0 };
    let (items, _) = read(limits, &[A.as_bytes(), b"[{", A.as_bytes()]);
    assert!(items.iter().all(Result::is_err));
    let limits = Limits { elements: 0, ..Limits::default() };
    let array = A.replace("\"192.0.2.1\"", "[\"192.0.2.1\"]");
    assert_eq!(kinds(&read(limits, &[array.as_bytes()]).0), [Some(DamageKind::Elements)]);
}

#[test]
fn exactly_as_many_elements_as_the_limit_are_no_damage() {
    let limits = Limits { elements: 2, ..Limits::default() };
    let array = |data: &str| A.replace("\"192.0.2.1\"", data);
    let outcome = |data: &str| kinds(&read(limits, &[array(data).as_bytes()]).0);
    assert_eq!(outcome(r#"["192.0.2.1", "192.0.2.2"]"#), [None, None]);
    assert_eq!(
        outcome(r#"["192.0.2.1", "192.0.2.2", "192.0.2.3"]"#),
        [Some(DamageKind::Elements), None, None]
    );
}

#[test]
fn unknown_keys_are_not_copied_for_every_element() {
    let many = vec!["\"\""; 10_000].join(",");
    let text = A.replace("\"192.0.2.1\"", &format!("[{many}],\"x\":\"{}\"", "y".repeat(500_000)));
    let (items, _) = read(Limits::default(), &[text.as_bytes()]);
    let records: Vec<&Record> = items.iter().filter_map(|item| item.as_ref().ok()).collect();
    assert_eq!(records.len(), 10_000);
    assert!(
        records.iter().all(|record| std::ptr::eq(&raw const *record.extras, &raw const *records[0].extras))
    );
    assert_eq!(records[9_999].extras[0].1.len(), 500_002);
}

#[test]
fn a_byte_order_mark_may_come_in_pieces() {
    let text = format!("\u{feff}{A}");
    for size in 1..5 {
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
        let (items, _) = read(Limits::default(), &pieces);
        assert_eq!(kinds(&items), [None], "in pieces of {size}");
    }
    for cut in [&b"\xef"[..], b"\xef\xbb", b"\xef\xbbx", b"x\xef\xbb\xbf"] {
        let pieces: Vec<&[u8]> = cut.chunks(1).collect();
        let (items, _) = read(Limits::default(), &pieces);
        assert_eq!(kinds(&items), [Some(DamageKind::Garbage)]);
        assert_eq!(items, read(Limits::default(), &[cut]).0);
    }
}

#[test]
fn offsets_count_the_byte_order_mark() {
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(format!("\u{feff} x{A}").as_bytes());
    assert_eq!(reader.next().unwrap().unwrap_err().offset, 4);
    assert!(reader.next().unwrap().is_ok());
    assert_eq!((reader.offset(), reader.consumed()), (5, 5 + A.len() as u64));
}

#[test]
fn blanks_behind_damage_belong_to_nobody_however_long_it_is() {
    for len in [1, 250, 255, 256, 257, 300, 1000] {
        let garbage = "x".repeat(len);
        let text = format!("{garbage}{}{A}", " \n".repeat(200));
        for size in [1, 7, 255, 256, 10_000] {
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let (items, _) = read(Limits::default(), &pieces);
            let damage = items[0].as_ref().unwrap_err();
            assert_eq!(damage.len, len as u64, "in pieces of {size}");
            assert_eq!(&*damage.raw, &garbage.as_bytes()[..len.min(RAW_SHOWN)]);
            assert_eq!(items.len(), 2);
        }
    }
}

/// How long the reader takes for this many bytes of repetitions, in pieces.
fn seconds(unit: &str, octets: usize, size: usize) -> f64 {
    let input = unit.repeat(octets / unit.len());
    let pieces: Vec<&[u8]> = input.as_bytes().chunks(size).collect();
    #[expect(clippy::disallowed_methods, reason = "this is about real time")]
    let start = std::time::Instant::now();
    drop(read(Limits::default(), &pieces));
    start.elapsed().as_secs_f64()
}

#[test]
fn time_grows_no_faster_than_the_input() {
    for unit in [
        "x",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "\\",
        " ",
        "\n",
        "\u{1}",
        "{}",
        "[{",
        "{\"",
        "{\"a\":{",
        "{\"a\":[",
        "{\"a\":1,",
        "{\"a\":1 ",
        "{\"data\":[",
        "{\"data\":[{",
        "{\"obj\":{",
        "x{",
        "x\n",
        "{\"a\":\"",
        "\"a\":[1,",
        "\\\"",
        "{\"rrname\":\"a\",\"rdata\":[\"\",",
        "\u{feff}",
        "tru",
        "-",
        "1e9,",
    ] {
        for size in [1, 100, 1 << 20] {
            // Linear time gives a factor of 8, quadratic time of 64; on a busy machine, the measurement is repeated.
            let linear = || seconds(unit, 64_000, size) < 24.0 * seconds(unit, 8_000, size);
            assert!((0..20).any(|_| linear()), "{unit:?} in pieces of {size}");
        }
    }
}

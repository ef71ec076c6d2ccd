//! Edge cases of the format, one test each, and properties that hold for any input.

use super::*;
use crate::record::Note;
use crate::{Dialect, RrType, Writer};
use proptest::prelude::*;

const A: &str = r#"{"rrname":"www.example.com","rrtype":"A","rdata":"192.0.2.1","time_first":1496995637,"time_last":1499951111,"count":6}"#;
const B: &str = r#"{"rrname":"example.com","rrtype":"NS","rdata":"ns1.example.net","time_first":1495523983,"time_last":1495533768,"count":3}"#;

struct Outcome {
    records: Vec<Record>,
    damages: Vec<Damage>,
    end: End,
}

fn read_in(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Outcome {
    let mut reader = Reader::new(1_790_000_000);
    let mut outcome = Outcome { records: vec![], damages: vec![], end: End::default() };
    let pull = |reader: &mut Reader, outcome: &mut Outcome| {
        while let Some(item) = reader.next() {
            match item {
                Ok(record) => outcome.records.push(record),
                Err(damage) => outcome.damages.push(damage),
            }
        }
    };
    for piece in pieces {
        reader.feed(piece.as_ref());
        pull(&mut reader, &mut outcome);
    }
    reader.close();
    pull(&mut reader, &mut outcome);
    outcome.end = reader.end();
    outcome
}

fn read(text: impl AsRef<[u8]>) -> Outcome {
    read_in([text])
}

/// Parses records, which must not be damaged.
fn whole(text: impl AsRef<[u8]>) -> Vec<Record> {
    let outcome = read(text);
    assert_eq!(outcome.damages, []);
    assert!(!outcome.end.truncated);
    outcome.records
}

/// Parses one record with one member of [`A`] replaced.
fn with(member: &str, value: &str) -> Record {
    let mut text = A.to_owned();
    let start = text.find(&format!("\"{member}\":")).unwrap() + member.len() + 3;
    let end = start + text[start..].find([',', '}']).unwrap();
    text.replace_range(start..end, value);
    let records = whole(&text);
    assert_eq!(records.len(), 1, "{text}");
    records.into_iter().next().unwrap()
}

fn notes(record: &Record) -> Vec<(Field, NoteKind)> {
    record.notes.iter().map(|Note { field, kind }| (*field, *kind)).collect()
}

#[test]
fn concatenated_on_one_line() {
    assert_eq!(whole(format!("{A}{B}")).len(), 2);
}

#[test]
fn pretty_printed_and_concatenated() {
    let pretty = format!("{A}{B}").replace(',', ",\n  ").replace('{', "{\n  ").replace('}', "\n}");
    assert_eq!(whole(pretty), whole(format!("{A}\n{B}\n")));
}

#[test]
fn the_guides_sample_as_printed() {
    let sample = "\"count\": 6,\n \"rrname\": \"a.example\"\n}{\n\"rrname\": \"b.example\", \"rrtype\": \"A\", \"rdata\": \"192.0.2.1\"\n}\
        {\n\"rrname\": \"c.example\"\n \"count\": 3, \"rrname\": \"d.example\"\n}{\n\"count\": 5,\n \"rrname\": \"e.example\"\n";
    let outcome = read(sample);
    assert_eq!(outcome.records.len(), 1);
    let kinds: Vec<DamageKind> = outcome.damages.iter().map(|damage| damage.kind).collect();
    assert_eq!(kinds, [DamageKind::Garbage, DamageKind::Syntax, DamageKind::Truncated]);
    assert!(outcome.end.truncated);
    for damage in outcome.damages {
        let at = usize::try_from(damage.offset).unwrap();
        assert_eq!(&sample.as_bytes()[at..at + damage.raw.len()], &*damage.raw);
    }
}

#[test]
fn no_final_newline() {
    assert_eq!(whole(format!("{A}\n{B}")).len(), 2);
}

#[test]
fn crlf() {
    assert_eq!(whole(format!("{A}\r\n{B}\r\n")).len(), 2);
}

#[test]
fn blank_line_between() {
    assert_eq!(whole(format!("\n{A}\n\n \t\n{B}\n\n")).len(), 2);
}

#[test]
fn byte_order_mark_first() {
    let records = whole(format!("\u{feff}{A}\n{B}"));
    assert_eq!(notes(&records[0]), [(Field::Record, NoteKind::ByteOrderMark)]);
    assert_eq!(notes(&records[1]), []);
}

#[test]
fn array() {
    let records = whole(format!("[{A},\n{B}]"));
    assert_eq!(records.len(), 2);
    assert_eq!(notes(&records[0]), [(Field::Record, NoteKind::InArray)]);
    assert!(read(format!("[{A},")).end.truncated);
    assert_eq!(whole("[]"), []);
}

#[test]
fn envelope() {
    let records = whole(format!(r#"{{"total":2,"data":[{A},{B}],"more":{{"x":["}}"]}}}} {A}"#));
    assert_eq!(records.len(), 3);
    assert_eq!(notes(&records[0]), [(Field::Record, NoteKind::InEnvelope)]);
    assert_eq!(notes(&records[2]), []);
    assert!(read(format!(r#"{{"data":[{A}]"#)).end.truncated);
}

#[test]
fn saf_frames() {
    let frames = |last: &str| {
        format!("{{\"cond\":\"begin\"}}\n{{\"obj\":{A}}}\n{{}}\n{{\"cond\":\"ongoing\",\"obj\":{B}}}\n{last}")
    };
    for (last, end) in [
        (r#"{"cond":"succeeded"}"#, SafEnd::Succeeded),
        (
            r#"{"cond":"limited","msg":"Result limit reached"}"#,
            SafEnd::Limited("Result limit reached".into()),
        ),
        (r#"{"cond":"failed","msg":"no"}"#, SafEnd::Failed("no".into())),
        ("", SafEnd::Missing),
    ] {
        let outcome = read(frames(last));
        assert_eq!((outcome.records.len(), outcome.damages.len()), (2, 0));
        assert_eq!(outcome.end.saf, Some(end));
    }
    assert_eq!(whole(A).len(), 1);
    assert_eq!(read(A).end.saf, None);
    // If an input has several answers, the worst end counts, wherever it is.
    let limited = r#"{"cond":"limited","msg":"enough"}"#;
    let (succeeded, failed) = (r#"{"cond":"succeeded"}"#, r#"{"cond":"failed","msg":"no"}"#);
    for (ends, end) in [
        (vec![limited, succeeded], SafEnd::Limited("enough".into())),
        (vec![succeeded, limited], SafEnd::Limited("enough".into())),
        (vec![succeeded, succeeded], SafEnd::Succeeded),
        (vec!["", succeeded], SafEnd::Missing),
        (vec![succeeded, ""], SafEnd::Missing),
        (vec![failed, limited, succeeded], SafEnd::Failed("no".into())),
    ] {
        let input: String = ends.iter().map(|end| frames(end) + "\n").collect();
        assert_eq!(read(input).end.saf, Some(end), "{ends:?}");
    }
}

#[test]
fn numbers_as_strings() {
    let record = with("count", "\"6\"");
    assert_eq!(record.count, Some(6));
    assert_eq!(notes(&record), [(Field::Count, NoteKind::FromOtherType)]);
}

#[test]
fn data_as_an_array() {
    let text = A.replace("\"192.0.2.1\"", r#"["192.0.2.1", "192.0.2.2"]"#);
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(format!("\n{text}").as_bytes());
    let first = reader.next().unwrap().unwrap();
    let group = reader.offset();
    let second = reader.next().unwrap().unwrap();
    assert_eq!((first.rdata_text(), second.rdata_text()), ("192.0.2.1".into(), "192.0.2.2".into()));
    assert_eq!((group, reader.offset()), (1, 1), "the records of one array share their value's offset");
    assert_eq!(first.count, second.count);
}

#[test]
fn data_as_a_string() {
    assert_eq!(whole(A)[0].rdata_text(), "192.0.2.1");
}

#[test]
fn array_with_a_number_or_null() {
    let records = whole(A.replace("\"192.0.2.1\"", r#"[7, "192.0.2.1", null, ["x"]]"#));
    assert_eq!(records.len(), 1);
    assert_eq!(notes(&records[0]), [(Field::Rdata, NoteKind::BadElement)]);
    assert_eq!(read(A.replace("\"192.0.2.1\"", "[7]")).damages[0].kind, DamageKind::Missing(Field::Rdata));
}

#[test]
fn empty_array_of_data() {
    let outcome = read(A.replace("\"192.0.2.1\"", "[ ]"));
    assert_eq!((outcome.records.len(), outcome.damages.len(), outcome.end.without_data), (0, 0, 1));
}

#[test]
fn known_type_as_a_number() {
    assert_eq!(with("rrtype", "1").rrtype.to_string(), "A");
    assert_eq!(with("rrtype", "65").rrtype.to_string(), "HTTPS");
}

#[test]
fn unknown_type_as_a_number() {
    assert_eq!(with("rrtype", "65534").rrtype.to_string(), "TYPE65534");
}

#[test]
fn type_as_typen_or_a_word() {
    assert_eq!(with("rrtype", "\"TYPE65534\"").rrtype, RrType::Code(65534));
    let record = with("rrtype", "\"FOO\"");
    assert_eq!(record.rrtype.to_string(), "FOO");
    assert_eq!(notes(&record), [(Field::RrType, NoteKind::UnknownType)]);
    assert_eq!(record.rdata_text(), "192.0.2.1");
}

#[test]
fn mnemonics_that_peers_cannot_name() {
    for word in "NSAP-PTR EID NIMLOC ATMA SINK RKEY TALINK UINFO UID GID DOA CLA IPN".split(' ') {
        assert!(with("rrtype", &format!("\"{word}\"")).rrtype.code().is_some(), "{word}");
    }
}

#[test]
fn type_in_lower_case() {
    assert_eq!(with("rrtype", "\"a\"").rrtype, RrType::A);
}

#[test]
fn type_true() {
    let outcome = read(A.replace("\"A\"", "true"));
    assert_eq!(outcome.records.len(), 0);
    assert_eq!(outcome.damages[0].kind, DamageKind::Missing(Field::RrType));
}

#[test]
fn https_and_svcb() {
    for rrtype in ["HTTPS", "SVCB"] {
        let text =
            A.replace("\"A\"", &format!("\"{rrtype}\"")).replace("192.0.2.1", "1 svc.example.com. alpn=h2");
        let records = whole(text);
        assert_eq!(records[0].rrtype.to_string(), rrtype);
        assert!(!records[0].rdata.is_text());
    }
}

#[test]
fn time_as_a_float() {
    assert_eq!(notes(&with("time_first", "1496995637.0")), []);
    let record = with("time_first", "1496995637.5");
    assert_eq!(record.time_first, Some(1_496_995_637));
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::Floored)]);
}

#[test]
fn time_zero() {
    let record = with("time_first", "0");
    assert_eq!(record.time_first, None);
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::Implausible)]);
}

#[test]
fn negative_time() {
    let record = with("time_first", "-5");
    assert_eq!(record.time_first, None);
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::Negative)]);
}

#[test]
fn time_or_count_null() {
    for (member, field) in [("time_last", Field::TimeLast), ("count", Field::Count)] {
        let record = with(member, "null");
        assert_eq!(record.count.and(record.time_last), None);
        assert_eq!(notes(&record), [(field, NoteKind::Null)]);
    }
}

#[test]
fn time_as_a_date() {
    let record = with("time_first", "\"2017-06-09T08:07:17Z\"");
    assert_eq!(record.time_first, Some(1_496_995_637));
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::FromDate)]);
    let record = with("time_first", "\"2017-06-09 08:07:17\"");
    assert_eq!(record.time_first, Some(1_496_995_637));
    assert!(notes(&record).contains(&(Field::TimeFirst, NoteKind::AssumedUtc)));
}

#[test]
fn milliseconds() {
    let record = with("time_first", "1496995637000");
    assert_eq!(record.time_first, Some(1_496_995_637));
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::Milliseconds)]);
}

#[test]
fn first_after_last() {
    let record = with("time_first", "1500000000");
    assert_eq!((record.time_first, record.time_last), (Some(1_500_000_000), Some(1_499_951_111)));
    assert_eq!(record.span(), Some((1_499_951_111, 1_500_000_000)));
    assert_eq!(notes(&record), [(Field::TimeFirst, NoteKind::Reversed)]);
}

#[test]
fn only_zone_times() {
    let record = &whole(A.replace("time_", "zone_time_"))[0];
    assert_eq!((record.time_first, record.zone_time_first), (None, Some(1_496_995_637)));
    assert_eq!(record.span(), Some((1_496_995_637, 1_499_951_111)));
}

#[test]
fn count_missing() {
    let record = &whole(A.replace(",\"count\":6", ""))[0];
    assert_eq!(record.count, None);
    assert_eq!(notes(record), []);
}

#[test]
fn a_count_of_zero_is_unknown_as_a_missing_one_is() {
    let mut written = String::new();
    let missing = &whole(A.replace(",\"count\":6", ""))[0];
    crate::Writer::new(crate::Dialect::Circl).write(missing, &mut written);
    assert!(written.contains("\"count\":0"), "{written}");
    assert_eq!(whole(written)[0].count, None);
    assert_eq!(with("count", "0").count, None);
}

#[test]
fn count_above_63_bits() {
    assert_eq!(with("count", "18446744073709551615").count, Some(u64::MAX));
    let record = with("count", "18446744073709551616");
    assert_eq!(record.count, Some(u64::MAX));
    assert_eq!(notes(&record), [(Field::Count, NoteKind::Saturated)]);
}

#[test]
fn origin_missing_or_null() {
    assert_eq!(whole(A)[0].origin, None);
    let record = &whole(A.replace("\"count\":6", "\"origin\":null"))[0];
    assert_eq!(record.origin, None);
    assert_eq!(notes(record), [(Field::Origin, NoteKind::Null)]);
}

#[test]
fn sensor_id_as_a_number() {
    let record = &whole(A.replace("\"count\":6", "\"sensor_id\":17"))[0];
    assert_eq!(record.sensor_id.as_deref(), Some("17"));
    assert_eq!(notes(record), [(Field::SensorId, NoteKind::FromOtherType)]);
}

#[test]
fn unknown_keys() {
    let record = &whole(A.replace("\"count\":6", r#""meta":{"a":[1, 2]},"count":6"#))[0];
    assert_eq!(*record.extras, [("meta".into(), r#"{"a":[1, 2]}"#.into())]);
}

#[test]
fn duplicate_key() {
    let record = &whole(A.replace("\"count\":6", "\"count\":6,\"count\":7"))[0];
    assert_eq!(record.count, Some(7));
    assert_eq!(notes(record), [(Field::Count, NoteKind::DuplicateKey)]);
}

#[test]
fn html_page() {
    let outcome = read("<html><style>p { color: red }</style><script>var a = {\"b\": 1};</script></html>");
    assert_eq!(outcome.records.len(), 0);
    assert_eq!(outcome.damages[0].kind, DamageKind::Garbage);
}

#[test]
fn last_record_cut() {
    let outcome = read(format!("{A}\n{}", &B[..40]));
    assert_eq!(outcome.records.len(), 1);
    assert_eq!(outcome.damages[0].kind, DamageKind::Truncated);
    assert!(outcome.end.truncated);
    // If a line end follows, a quote may be missing: it is damage in both cases.
    let outcome = read(format!("{A}\n{}\n", &B[..40]));
    assert_eq!((outcome.records.len(), outcome.damages.len()), (1, 1));
}

#[test]
fn nul_in_a_string() {
    let record = &whole(A.replace("www.", r"w\u0000w."))[0];
    assert_eq!(record.rrname.to_string(), r"w\000w.example.com");
}

#[test]
fn lone_surrogate() {
    let record = &whole(A.replace("\"count\":6", r#""origin":"x\ud800y""#))[0];
    assert_eq!(record.origin.as_deref(), Some("x\u{fffd}y"));
    assert_eq!(notes(record), [(Field::Origin, NoteKind::Replaced)]);
}

#[test]
fn escape_sequence_in_data() {
    let record = &whole(A.replace("\"A\"", "\"TXT\"").replace("192.0.2.1", r"\u001b[31mred"))[0];
    assert_eq!(record.rdata_text(), r#""\027[31mred""#);
}

#[test]
fn quote_inside_txt() {
    let record = &whole(A.replace("\"A\"", "\"TXT\"").replace("192.0.2.1", r#"say \"hi\""#))[0];
    assert_eq!(record.rdata_text(), r#""say \"hi\"""#);
}

#[test]
fn master_file_escapes() {
    let record = &whole(A.replace("www.", r"a\\032b\\.c."))[0];
    assert_eq!(record.rrname.labels().next(), Some(&b"a b.c"[..]));
    assert_eq!(record.rrname.to_string(), r"a\032b\.c.example.com");
}

#[test]
fn utf_8_whatever_was_declared() {
    let record = &whole(A.replace("www.", "bücher."))[0];
    assert_eq!(record.rrname.to_string(), "xn--bcher-kva.example.com");
}

#[test]
fn line_separators_are_text() {
    let record = &whole(A.replace("\"count\":6", "\"origin\":\"a\u{2028}b\u{85}c\""))[0];
    assert_eq!(record.origin.as_deref(), Some("a\u{2028}b\u{85}c"));
}

#[test]
fn data_is_the_root() {
    let record = &whole(B.replace("ns1.example.net", "."))[0];
    assert_eq!(record.rdata_text(), ".");
}

#[test]
fn rrdata_for_rdata() {
    let record = &whole(A.replace("rdata", "rrdata"))[0];
    assert_eq!(record.rdata_text(), "192.0.2.1");
    assert_eq!(notes(record), [(Field::Rdata, NoteKind::Alias)]);
}

#[test]
fn swapped_rrname_and_rdata() {
    let long = "v=spf1 ".repeat(20);
    let text = format!(
        "{}\n{}\n{}",
        r#"{"rrname":"185.194.93.14","rrtype":"A","rdata":"circl.lu","count":"19"}"#,
        r#"{"rrname":"10 cppy.circl.lu","rrtype":"MX","rdata":["circl.lu"],"count":"149"}"#,
        // This text is not a valid rrname.
        format_args!(r#"{{"rrname":"{long}","rrtype":"TXT","rdata":"circl.lu"}}"#),
    );
    let mut reader = Reader::new(1_790_000_000).turned(true);
    reader.feed(text.as_bytes());
    reader.close();
    let records: Vec<Record> = std::iter::from_fn(|| reader.next()).map(|item| item.unwrap()).collect();
    assert_eq!(records.len(), 3);
    for (record, data) in
        records.iter().zip(["185.194.93.14", "10 cppy.circl.lu", &format!("\"{}\"", long.trim())])
    {
        assert_eq!((record.rrname.to_string().as_str(), record.rdata_text().as_str()), ("circl.lu", data));
        assert!(record.notes.contains(&Note { field: Field::Record, kind: NoteKind::Turned }));
        assert!(!record.rdata.is_text());
    }
}

#[test]
fn the_order_of_the_keys_does_not_matter() {
    let a = &whole(A)[0];
    let members: Vec<&str> = A.trim_matches(['{', '}']).split(',').collect();
    let mut text = String::new();
    for turn in 0..members.len() {
        let mut turned = members.clone();
        turned.rotate_left(turn);
        text.extend(["{", &turned.join(","), "}{ ", &turned.join(" , ").replace("\":", "\" : "), "}\n"]);
    }
    assert!(whole(text).iter().all(|record| record == a));
    // A key that only begins like the expected one is not taken for it.
    let other = A.replace("\"count\"", "\"count_\"").replace("rdata", "rrdata");
    let records = whole(format!("{A}{other}{A}"));
    assert_eq!((&records[0], records[1].count, &records[2]), (a, None, a));
    assert_eq!(records[1].extras.len(), 1);
    assert_eq!(notes(&records[1]), [(Field::Rdata, NoteKind::Alias)]);
}

#[test]
fn origins_that_differ_only_in_their_escapes_are_kept_apart() {
    let with = |origin: &str| A.replace("\"count\":6", &format!("\"origin\":\"{origin}\""));
    let text: String = ["a", "a", r"\u0061", r"a\\b", r"a\ud800", r"a\ud800", "a"].map(with).concat();
    let records = whole(text);
    let origins: Vec<&str> = records.iter().filter_map(|record| record.origin.as_deref()).collect();
    assert_eq!(origins, ["a", "a", "a", r"a\b", "a\u{fffd}", "a\u{fffd}", "a"]);
    let replaced: Vec<bool> = records.iter().map(|record| !record.notes.is_empty()).collect();
    assert_eq!(replaced, [false, false, false, false, true, true, false]);
}

#[test]
fn a_raw_tab_beside_data_is_trimmed_as_everywhere() {
    let record = &whole(B.replace("ns1.example.net", "\tns1.example.net"))[0];
    assert_eq!(record.rdata_text(), "ns1.example.net");
}

#[test]
fn final_dots_and_mixed_case_in_one_answer() {
    let other = A.replace("www.example.com", "WWW.Example.COM.");
    let records = whole(format!("{A}{other}"));
    assert_eq!(records[0], records[1]);
}

#[test]
fn empty_body() {
    assert_eq!(whole(""), []);
    assert_eq!(whole("\r\n"), []);
}

#[test]
fn caps_on_size_nesting_and_elements() {
    let long = A.replace("www.", &format!(r#"x","meta":"{}","y":"#, "z".repeat(1 << 20)));
    let outcome = read(format!("{B}\n{long}\n{B}"));
    assert_eq!(outcome.records.len(), 2, "reading goes on behind it");
    assert_eq!(outcome.damages[0].kind, DamageKind::Large);

    let deep = A.replace("\"count\":6", &format!("\"meta\":{}{}", "[".repeat(32), "]".repeat(32)));
    let outcome = read(format!("{deep}\n{B}"));
    assert_eq!((outcome.records.len(), outcome.damages[0].kind), (1, DamageKind::Deep));

    let many = A.replace("\"192.0.2.1\"", &format!("[{}]", vec!["\"192.0.2.1\""; 20_000].join(",")));
    let outcome = read(format!("{many}\n{B}"));
    assert_eq!((outcome.records.len(), outcome.damages[0].kind), (16_384 + 1, DamageKind::Elements));
}

#[test]
fn a_lost_quote_or_brace_costs_one_line_only() {
    let lost_quote = A.replace("www.example.com\"", "www.example.com");
    let lost_brace = A.trim_end_matches('}');
    let outcome = read(format!("{lost_quote}\n{B}\n{lost_brace}\n{B}\n"));
    assert_eq!((outcome.records.len(), outcome.damages.len()), (2, 2));
}

#[test]
fn memory_stays_bounded_however_long_the_rubbish() {
    let mut reader = Reader::new(1_790_000_000);
    for piece in [&[b'x'; 4096][..], &[b'{'; 4096], &[b'['; 4096], b"{\"a\":\"", &[b'y'; 4096]] {
        for _ in 0..600 {
            reader.feed(piece);
            while reader.next().is_some() {}
        }
        assert!(reader.buffer.capacity() < 3 << 20, "{}", reader.buffer.capacity());
    }
}

/// Parts of JSON, complete and broken, in any order.
fn any_input() -> impl Strategy<Value = Vec<u8>> {
    let bits = prop::sample::select(vec![
        A,
        B,
        "\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"",
        "\\",
        "{\"data\":[",
        "{\"obj\":",
        "{\"cond\":\"begin\"}",
        "x",
        "\u{feff}",
        "{}",
        "{\"a\":1 ",
        "\"rdata\":[]",
        "é",
        "{\"rrname\":\"a\",\"rrtype\":\"A\",\"rdata\":[\"192.0.2.1\",\"b\"]}",
    ]);
    prop_oneof![
        prop::collection::vec(bits, 0..20).prop_map(|bits| bits.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// As analysts paste and sensors pad them (MISP/MISP#5034).
#[test]
fn white_space_around_names_and_data_is_left_out_with_a_note() {
    for (pad, after) in
        [(" ", " "), ("", "\\n"), ("\\t", "\\r\\n"), ("\\ufeff", "\\u00a0"), ("\u{a0}", "\u{3000}")]
    {
        let text = format!(
            r#"{{"rrname":"{pad}www.pad.example{after}","rrtype":"MX","rdata":"{pad}10 mx.pad.example{after}","bailiwick":"{pad}pad.example{after}"}}"#
        );
        let [record] = whole(&text).try_into().unwrap();
        assert_eq!(record.rrname.to_string(), "www.pad.example");
        assert_eq!(record.rdata_text(), "10 mx.pad.example");
        assert_eq!(record.bailiwick.as_ref().unwrap().to_string(), "pad.example");
        for field in [Field::RrName, Field::Rdata, Field::Bailiwick] {
            assert!(record.notes.contains(&Note { field, kind: NoteKind::Trimmed }), "{field:?} {text}");
        }
    }
}

#[test]
fn white_space_inside_a_name_is_no_name_unless_it_is_escaped() {
    for inside in
        ["www pad.example", "www.pad.\\texample", "www.pad.example\\nwww.pad.example", "www\u{a0}pad.example"]
    {
        let text = A.replace("www.example.com", inside);
        let outcome = read(&text);
        assert_eq!(outcome.records, [], "{inside}");
        assert_eq!(outcome.damages[0].kind, DamageKind::Missing(Field::RrName), "{inside}");
        let record = with("rrname", &format!("\"a.example\",\"bailiwick\":\"{inside}\""));
        assert_eq!(record.bailiwick, None, "{inside}");
        let data = B.replace("ns1.example.net", inside);
        assert_eq!(read(&data).damages[0].kind, DamageKind::Missing(Field::Rdata), "{inside}");
    }
    for data in [r"\\032www.pad.example", r"\\ www.pad.example"] {
        let record = with("rrname", &format!("\"{data}\""));
        assert_eq!(record.rrname.to_string(), r"\032www.pad.example");
        assert_eq!(record.notes, []);
    }
}

#[test]
fn one_record_of_a_rare_type_is_one_record_in_any_spelling() {
    let of = |data: &str| format!(r#"{{"rrname":"a.example","rrtype":"LOC","rdata":"{data}"}}"#);
    let records =
        whole([of("42 21 54 N 71 6 18 W -24m"), of("42 21 54.000 n 71 06 18.000 w -24.00m 1m")].join("\n"));
    assert_eq!(records[0].rdata, records[1].rdata);
    assert_eq!(records[0].notes, []);
}

proptest! {
    #[test]
    fn pieces_do_not_matter(input in any_input(), size in 1_usize..40) {
        let at_once = read(&input);
        let in_pieces = read_in(input.chunks(size));
        prop_assert_eq!(at_once.records, in_pieces.records);
        prop_assert_eq!(at_once.damages, in_pieces.damages);
        prop_assert_eq!(at_once.end, in_pieces.end);
    }

    #[test]
    fn damages_are_where_they_say_and_do_not_overlap(input in any_input()) {
        let mut end = 0;
        for damage in read(&input).damages {
            prop_assert!(damage.offset >= end);
            end = damage.offset + damage.len;
            let at = usize::try_from(damage.offset).unwrap();
            prop_assert_eq!(&input[at..at + damage.raw.len()], &*damage.raw);
        }
        prop_assert!(end <= input.len() as u64);
    }

    #[test]
    fn what_was_repaired_is_written_clean(input in any_input()) {
        let records = read(&input).records;
        let mut out = String::new();
        let mut writer = Writer::new(Dialect::Draft);
        for record in &records {
            writer.write(record, &mut out);
        }
        prop_assert_eq!(whole(&out).len(), records.len());
    }
}

#[test]
fn data_without_the_name_that_it_should_have_is_no_record() {
    let line = |rrtype: &str, rdata: &str| {
        format!(
            r#"{{"rrname":"a.example","rrtype":"{rrtype}","rdata":{rdata},"time_first":1600000000,"time_last":1600000000}}"#
        )
    };
    for (rrtype, rdata) in [
        ("CNAME", r#""a b.example""#),
        ("CNAME", r#""""#),
        ("NS", r#"" ""#),
        ("PTR", r#"["a..b"]"#),
        ("MX", r#""10 a b.example""#),
        ("MX", r#""""#),
        ("SRV", r#""0 0 443 a b.example""#),
    ] {
        let Outcome { records, damages, .. } = read(line(rrtype, rdata));
        assert!(records.is_empty(), "{rrtype} {rdata}: {records:?}");
        let kinds: Vec<_> = damages.iter().map(|damage| damage.kind).collect();
        assert_eq!(kinds, [DamageKind::Missing(Field::Rdata)], "{rrtype} {rdata}");
    }
    let records = whole(line("NS", r#"["a b.example","ns.example"]"#));
    assert_eq!(records.len(), 1, "the others stay");
    assert_eq!(notes(&records[0]), [(Field::Rdata, NoteKind::BadElement)]);
    // An MX record without a preference is accepted, because some providers leave it out.
    assert_eq!(whole(line("MX", r#""mail.example""#)).len(), 1);
}

#[test]
fn origin_and_sensor_are_trimmed() {
    let text = r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000000,"origin":" https://o/ ","sensor_id":"\tone\n"}"#;
    let records = whole(text);
    assert_eq!(
        (records[0].origin.as_deref(), records[0].sensor_id.as_deref()),
        (Some("https://o/"), Some("one"))
    );
    let trimmed = |field| (field, NoteKind::Trimmed);
    assert_eq!(notes(&records[0]), [trimmed(Field::SensorId), trimmed(Field::Origin)]);
}

use super::*;
use crate::{Rdata, Reader, RrType};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Vec<Record> {
    let mut reader = Reader::within(crate::time::Window::ANY, crate::Limits::default());
    reader.feed(bytes);
    reader.close();
    std::iter::from_fn(|| reader.next())
        .map(|item| item.expect("what the writer writes reads back"))
        .collect()
}

fn written(dialect: Dialect, record: &Record) -> String {
    let mut out = String::new();
    Writer::new(dialect).write(record, &mut out);
    out
}

fn record() -> Record {
    let mut record = Record::new(
        Name::parse("www.threatq.com").unwrap(),
        RrType::A,
        Rdata::parse(RrType::A, "104.196.175.197"),
    );
    record.time_first = Some(1_496_995_637);
    record.time_last = Some(1_499_951_111);
    record.count = Some(6);
    record.origin = Some("https://www.circl.lu/pdns/".into());
    record
}

#[test]
fn files_hold_arrays_and_circl_clients_get_strings() {
    assert_eq!(
        written(Dialect::Draft, &record()),
        concat!(
            r#"{"rrname":"www.threatq.com","rrtype":"A","rdata":["104.196.175.197"],"#,
            r#""time_first":1496995637,"time_last":1499951111,"count":6,"origin":"https://www.circl.lu/pdns/"}"#,
            "\n"
        )
    );
    assert!(written(Dialect::Circl, &record()).contains(r#""rdata":"104.196.175.197""#));
}

#[test]
fn unknown_types_are_a_number_for_circl_clients_and_a_string_in_files() {
    let mut record = record();
    record.rrtype = RrType::Code(65534);
    record.rdata = Rdata::parse(record.rrtype, r"\# 1 00");
    assert!(written(Dialect::Circl, &record).contains(r#""rrtype":65534,"rdata":"\\# 1 00""#));
    assert!(written(Dialect::Draft, &record).contains(r#""rrtype":"TYPE65534","rdata":["\\# 1 00"]"#));
}

#[test]
fn what_is_unknown_is_left_out_of_files_and_filled_in_for_circl_clients() {
    let mut record = record();
    record.count = None;
    record.origin = None;
    assert!(!written(Dialect::Draft, &record).contains("count"));
    assert!(written(Dialect::Circl, &record).contains(r#""count":0,"origin":"""#));
}

#[test]
fn zone_times_stand_in_for_times_and_stay_beside_them() {
    let mut record = record();
    (record.time_first, record.time_last) = (None, None);
    (record.zone_time_first, record.zone_time_last) = (Some(5), Some(7));
    let out = written(Dialect::Draft, &record);
    assert!(out.contains(r#""time_first":5,"time_last":7,"zone_time_first":5,"zone_time_last":7"#), "{out}");
}

#[test]
fn integers_are_clamped_and_text_is_ascii() {
    let mut record = record();
    record.count = Some(u64::MAX);
    record.origin = Some("\0\u{2028}é😀\"\\\u{1b}".into());
    let out = written(Dialect::Draft, &record);
    assert!(out.contains(r#""count":9223372036854775807"#), "{out}");
    assert!(out.contains(r#""\ufffd\u2028\u00e9\ud83d\ude00\"\\\u001b""#), "{out}");
}

/// A text as the reader keeps it.
fn trimmed(text: &str) -> std::sync::Arc<str> {
    crate::escape::trim(text).into()
}

/// Any record that the format can hold: times in order and plausible, no notes.
fn any_record() -> impl Strategy<Value = Record> {
    let times = (500_000_000_u64..2_000_000_000, 0_u64..1_000_000_000)
        .prop_map(|(first, more)| (first, first + more));
    let name = "[a-z0-9_]{1,9}(\\.[a-z0-9-]{1,9}){0,3}";
    let rdata = prop_oneof![
        any::<[u8; 4]>().prop_map(|o| (RrType::A, Rdata::from_wire(RrType::A, &o).unwrap())),
        any::<[u8; 16]>().prop_map(|o| (RrType::AAAA, Rdata::from_wire(RrType::AAAA, &o).unwrap())),
        name.prop_map(|n| (RrType::MX, Rdata::parse(RrType::MX, &format!("10 {n}")))),
        ".{1,300}".prop_map(|text| (RrType::TXT, Rdata::parse(RrType::TXT, &text))),
        (300_u16.., prop::collection::vec(any::<u8>(), 0..20)).prop_map(|(code, octets)| {
            (RrType::Code(code), Rdata::from_wire(RrType::Code(code), &octets).unwrap())
        }),
    ];
    let texts = (prop::option::of(name), prop::option::of("[^\0]{0,20}"), prop::option::of("[^\0]{0,20}"));
    (name, rdata, times.clone(), prop::option::of(times), prop::option::of(1..=MAX_INTEGER), texts)
        .prop_filter_map(
            "data of its type",
            |(rrname, (rrtype, rdata), times, zone, count, (bailiwick, sensor, origin))| {
                let mut record = Record::new(Name::parse(&rrname).unwrap(), rrtype, rdata);
                (record.time_first, record.time_last) = (Some(times.0), Some(times.1));
                record.zone_time_first = zone.map(|zone| zone.0);
                record.zone_time_last = zone.map(|zone| zone.1);
                record.count = count;
                record.bailiwick = bailiwick.map(|name| Name::parse(&name).unwrap());
                record.sensor_id = sensor.as_deref().map(trimmed);
                record.origin = origin.as_deref().map(trimmed);
                (!record.rdata.is_text()).then_some(record)
            },
        )
}

proptest! {
    #[test]
    fn files_read_back_as_they_were_written(records in prop::collection::vec(any_record(), 0..8)) {
        let mut out = String::new();
        let mut writer = Writer::new(Dialect::Draft);
        for record in &records {
            writer.write(record, &mut out);
        }
        prop_assert!(out.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)));
        prop_assert_eq!(out.lines().count(), records.len());
        prop_assert_eq!(read(out.as_bytes()), records);
    }

    #[test]
    fn circl_answers_read_back_with_an_unknown_count_unknown(record in any_record()) {
        let mut wanted = record.clone();
        wanted.origin = wanted.origin.or(Some("".into()));
        prop_assert_eq!(read(written(Dialect::Circl, &record).as_bytes()), vec![wanted]);
    }
}

#[test]
fn a_time_that_is_unknown_is_left_out_of_files() {
    let read = |first: &str, last: &str| {
        let text = format!(
            r#"{{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":{first},"time_last":{last}}}"#
        );
        let mut reader = crate::Reader::new(1_790_000_000);
        reader.feed(text.as_bytes());
        reader.close();
        reader.next().unwrap().unwrap()
    };
    let half = read("1500000000", "4102444800");
    let file = written(Dialect::Draft, &half);
    assert!(file.contains("\"time_first\":1500000000") && !file.contains("time_last"), "{file}");
    let circl = written(Dialect::Circl, &half);
    assert!(circl.contains("\"time_first\":1500000000,\"time_last\":1500000000"), "{circl}");
    let reversed = written(Dialect::Draft, &read("1600000000", "1500000000"));
    assert!(reversed.contains("\"time_first\":1500000000,\"time_last\":1600000000"), "{reversed}");
}

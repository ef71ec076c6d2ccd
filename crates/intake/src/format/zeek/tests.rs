use std::collections::BTreeSet;
use std::io::Read as _;

use proptest::prelude::*;

use super::*;
use crate::batches::Order;
use crate::format::Format;
use crate::format::testing::{self, Found};

const AT: u64 = 1_521_911_720;

const HEADER: &str = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
    #fields\tts\tuid\tid.orig_h\tid.resp_p\ttrans_id\tquery\tqclass\tqtype\trcode\tTC\tanswers\tTTLs\trejected\n\
    #types\ttime\tstring\taddr\tport\tcount\tstring\tcount\tcount\tcount\tbool\tvector[string]\tvector[interval]\tbool\n";

fn order() -> Order {
    Order { format: Format::Zeek, ..testing::order() }
}

fn found(input: &str) -> Found {
    testing::read(input.as_bytes(), &order())
}

/// An entry with columns.
fn entry(query: &str, qtype: u16, answers: &[&str]) -> String {
    let ttls = vec!["60.000000"; answers.len()].join(",");
    let (answers, ttls) =
        if answers.is_empty() { ("-".to_owned(), "-".to_owned()) } else { (answers.join(","), ttls) };
    format!("{AT}.865716\tCqKst5\t10.47.1.100\t53\t36329\t{query}\t1\t{qtype}\t0\tF\t{answers}\t{ttls}\tF\n")
}

/// The same in JSON.
fn object(query: &str, qtype: u16, answers: &[&str]) -> String {
    let list = |items: &[String]| format!("[{}]", items.join(","));
    let ttls = list(&vec!["60.0".to_owned(); answers.len()]);
    let answers: Vec<String> = answers.iter().map(|answer| serde_json::to_string(answer).unwrap()).collect();
    let query = serde_json::to_string(query).unwrap();
    format!(
        "{{\"ts\":{AT}.865716,\"uid\":\"CqKst5\",\"id.orig_h\":\"10.47.1.100\",\"id.resp_p\":53,\"trans_id\":36329,\
         \"query\":{query},\"qclass\":1,\"qtype\":{qtype},\"rcode\":0,\"TC\":false,\"answers\":{},\"TTLs\":{ttls}}}\n",
        list(&answers)
    )
}

/// What one entry comes to, which must be the same in both forms.
fn of_entry(query: &str, qtype: u16, answers: &[&str]) -> Found {
    let columns = found(&(HEADER.to_owned() + &entry(query, qtype, answers)));
    let json = found(&object(query, qtype, answers));
    assert_eq!(columns.rows, json.rows);
    assert_eq!((columns.dropped(), columns.rejected()), (json.dropped(), json.rejected()));
    columns
}

fn rows(rows: &[&str]) -> Vec<String> {
    rows.iter().map(|row| format!("{row} {AT} 1 -")).collect()
}

#[test]
fn chains_are_rebuilt_and_pseudo_answers_skipped() {
    let answers = [
        "cdn.example",
        "RRSIG 5 example",
        "edge.example",
        "185.194.93.1",
        "RRSIG 1 example",
        "2001:678:6d4::1",
        "NSEC3",
        "DS 8 2",
    ];
    let expected = [
        "cdn.example CNAME edge.example",
        "edge.example A 185.194.93.1",
        "edge.example AAAA 2001:678:6d4::1",
        "www.example CNAME cdn.example",
    ];
    let found = of_entry("www.example", 1, &answers);
    assert_eq!(found.rows, rows(&expected));
    assert_eq!((found.tally.messages, found.tally.units), (1, 1));
    assert_eq!(of_entry("www.example", 1, &["cdn.example"]).rows, rows(&expected[3..]));
    assert_eq!(of_entry("www.example", 1, &["DNSKEY 8"]).dropped(), [(Dropped::Empty, 1)]);
}

#[test]
fn what_could_be_false_is_not_taken() {
    for (qtype, answers, why) in [
        (1, &["185.194.93.1", "cdn.example"][..], Dropped::OffChain),
        (1, &["a.example"; 17], Dropped::OffChain),
        (28, &["185.194.93.1"], Dropped::PartialData),
        (2, &["ns.example"], Dropped::PartialData),
        (5, &["a.example", "b.example"], Dropped::PartialData),
        (6, &["ns.example"], Dropped::PartialData),
        (12, &["a.example", "b.example"], Dropped::PartialData),
        (12, &["1.0-127.93.194.185.in-addr.arpa"], Dropped::PartialData),
        (15, &["mx.example"], Dropped::PartialData),
        (16, &["TXT 5 hello", "a.example"], Dropped::PartialData),
        (33, &["host.example"], Dropped::PartialData),
        (255, &["185.194.93.1"], Dropped::MetaType),
    ] {
        let found = of_entry("www.example", qtype, answers);
        assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{qtype} {answers:?}");
    }
}

#[test]
fn lone_names_and_texts_are_taken() {
    assert_eq!(of_entry("www.example", 5, &["a.example"]).rows, rows(&["www.example CNAME a.example"]));
    let reverse = "1.93.194.185.in-addr.arpa";
    let signed = |rrtype| of_entry(reverse, 12, &["a.example", &format!("RRSIG {rrtype} example")]);
    assert_eq!(signed(12).rows, rows(&["1.93.194.185.in-addr.arpa PTR a.example"]));
    assert_eq!(signed(5).dropped(), [(Dropped::PartialData, 1)]);
    assert_eq!(
        of_entry(reverse, 12, &["a.example"]).rows,
        rows(&["1.93.194.185.in-addr.arpa PTR a.example"])
    );
    let found = of_entry("a.example", 16, &["TXT 6 a, b\\x00c TXT 1 \"", "TXT 0 "]);
    assert_eq!(found.rows, rows(&["a.example TXT \"\"", "a.example TXT \"a, b\\000c\" \"\\\"\""]));
}

#[test]
fn odd_names_are_escaped_or_rejected() {
    let found = of_entry("a\\x20b.\\xc3\\xa4.example", 1, &["185.194.93.1"]);
    assert_eq!(found.rows, rows(&["a\\032b.\\195\\164.example A 185.194.93.1"]));
    assert_eq!(of_entry("*\\x00\\x00", 1, &["185.194.93.1"]).rejected(), [(Reason::Owner, 1)]);
    assert_eq!(of_entry("a..example", 1, &["185.194.93.1"]).rejected(), [(Reason::Owner, 1)]);
    assert_eq!(of_entry("www.example", 1, &["*\\x00"]).rejected(), [(Reason::Data, 1)]);
    assert_eq!(of_entry("a.local", 1, &["185.194.93.1"]).dropped(), [(Dropped::LocalName, 1)]);
}

#[test]
fn what_is_no_answer_is_dropped_by_reason() {
    let good = entry("www.example", 1, &["185.194.93.1"]);
    let json = object("www.example", 1, &["185.194.93.1"]);
    for (from, to, json_from, json_to, why) in [
        ("\t53\t", "\t5353\t", "p\":53", "p\":5353", Dropped::LocalName),
        ("\t1\t1\t0\t", "\t1\t1\t-\t", "\"rcode\":0,", "", Dropped::Query),
        ("\t1\t1\t0\t", "\t1\t1\t3\t", "\"rcode\":0", "\"rcode\":3", Dropped::Rcode),
        ("\t1\t1\t0\t", "\t3\t1\t0\t", "\"qclass\":1", "\"qclass\":3", Dropped::Class),
        ("\t1\t1\t0\t", "\t1\t-\t0\t", "\"qtype\":1,", "", Dropped::Questions),
        ("www.example", "-", "\"query\":\"www.example\",", "", Dropped::Questions),
        ("\t0\tF\t", "\t0\tT\t", "\"TC\":false", "\"TC\":true", Dropped::TruncatedResponse),
        ("60.000000", "60.0,60.0", "60.0", "60.0,60.0", Dropped::PartialData),
        (
            "\t185.194.93.1\t60.000000",
            "\t(empty)\t(empty)",
            "\"answers\":[\"185.194.93.1\"]",
            "\"answers\":[]",
            Dropped::Empty,
        ),
    ] {
        let found_in = found(&(HEADER.to_owned() + &good.replacen(from, to, 1)));
        assert_eq!(
            (&found_in.rows, found_in.tally.dropped.keys().collect::<Vec<_>>()),
            (&vec![], vec![&why])
        );
        let found_in = found(&json.replacen(json_from, json_to, 1));
        assert_eq!(
            (&found_in.rows, found_in.tally.dropped.keys().collect::<Vec<_>>()),
            (&vec![], vec![&why])
        );
    }
}

#[test]
fn columns_are_found_by_each_header_again() {
    let second = "#separator |\n#set_separator|;\n#unset_field|none\n#path|dns\n#fields|query|answers|ts|qtype_name|rcode_name|note\n\
                  b.example|c.example;185.194.93.2|1521911721|A|NOERROR|none\n\
                  b.example|none|1521911721|A|NXDOMAIN|none\n#close|2018\n";
    let found = found(&(HEADER.to_owned() + &entry("a.example", 1, &["185.194.93.1"]) + second));
    let expected = [
        format!("a.example A 185.194.93.1 {AT} 1 -"),
        format!("b.example CNAME c.example {} 1 -", AT + 1),
        format!("c.example A 185.194.93.2 {} 1 -", AT + 1),
    ];
    assert_eq!(found.rows, expected);
    assert_eq!((found.tally.units, found.dropped()), (3, vec![(Dropped::Rcode, 1)]));
}

#[test]
fn bad_lines_and_other_logs_cost_themselves_alone() {
    let good = entry("a.example", 1, &["185.194.93.1"]);
    let bad = good.replacen("\t53\t", "\t", 1)
        + &good.replacen("36329", "x", 1)
        + &good.replacen(".1\t60", ".1\t60\t60", 1);
    let other =
        "#path\tconn\n".to_owned() + &good + "#path\tdns\n" + &good.replacen("1521911720.865716", "-", 1);
    let found_in = found(&(good.clone() + HEADER + &bad + &other + &good));
    assert_eq!(found_in.rows, rows(&["a.example A 185.194.93.1"]));
    assert_eq!(found_in.rejected(), [(Reason::WithoutTime, 1), (Reason::Line, 4)]);
    assert_eq!(found_in.dropped(), [(Dropped::NotDns, 1)]);
    let json = object("a.example", 1, &["185.194.93.1"]);
    let other = "{\"_path\":\"conn\",\"ts\":1521911720}\n{\"ts\":1521911720,\"uid\":\"x\"}\n{\"ts\":[]}\n{\"query\":\n";
    let found_in = found(&(other.to_owned() + &json));
    assert_eq!(found_in.rows, rows(&["a.example A 185.194.93.1"]));
    assert_eq!(
        (found_in.rejected(), found_in.dropped()),
        (vec![(Reason::Line, 2)], vec![(Dropped::NotDns, 2)])
    );
}

#[test]
fn dates_are_times_too() {
    let date = object("a.example", 1, &["185.194.93.1"]).replacen(
        "1521911720.865716",
        "\"2018-03-24T17:15:20.865716Z\"",
        1,
    );
    assert_eq!(found(&date).rows, rows(&["a.example A 185.194.93.1"]));
    let millis = object("a.example", 1, &["185.194.93.1"]).replacen("1521911720.865716", "1521911720865", 1);
    assert_eq!(found(&millis).rows, rows(&["a.example A 185.194.93.1"]));
}

#[test]
fn a_line_that_is_cut_off_is_not_taken_for_a_whole_one() {
    let header = "#fields\tts\tqtype\trcode\tquery\tanswers\n";
    let line = format!("{AT}\t1\t0\ta.example\t185.194.93.15");
    let found_in = found(&format!("{header}{line}\n{}", &line[..line.len() - 1]));
    assert_eq!(found_in.rows, rows(&["a.example A 185.194.93.15"]));
    assert_eq!((found_in.rejected(), found_in.tally.truncated), (vec![(Reason::Cut, 1)], true));
    let found_in = found(HEADER.trim_end().to_owned().as_str());
    assert!(found_in.rejected().is_empty());
    let whole = object("a.example", 1, &["185.194.93.15"]);
    let found_in = found(whole.trim_end());
    assert_eq!((found_in.rows.len(), found_in.tally.truncated), (1, false));
}

#[test]
fn doubles_are_dropped_when_asked() {
    let entries = |times: &[&str]| {
        let entry = entry("a.example", 1, &["185.194.93.1"]);
        HEADER.to_owned()
            + &times.iter().map(|time| entry.replacen("1521911720.865716", time, 1)).collect::<String>()
    };
    let input =
        entries(&["1521911720.865716", "1521911720.865816", "1521911720.865917", "1521911720.865916"])
            + &entry("b.example", 1, &["185.194.93.1"]);
    assert_eq!(found(&input).dropped(), []);
    let found = testing::read(input.as_bytes(), &Order { fold_doubles: true, ..order() });
    assert_eq!(
        found.rows,
        [format!("a.example A 185.194.93.1 {AT} 2 -"), format!("b.example A 185.194.93.1 {AT} 1 -")]
    );
    assert_eq!(found.dropped(), [(Dropped::Doubled, 2)]);
}

proptest! {
    #[test]
    fn no_line_panics(
        line in proptest::collection::vec(any::<u8>(), 0..200),
        text in "[-0-9a-zA-Z#\t,. \\\\:{}\"]{0,200}",
        answer in "(TXT [0-9]{0,5} ){0,3}\\PC{0,20}",
        at in 0_usize..200,
    ) {
        let mut input = HEADER.as_bytes().to_vec();
        input.extend(line);
        input.extend(b"\n");
        input.extend(text.as_bytes());
        input.extend(b"\n");
        input.extend(entry(&answer, 16, &[&answer, "a.example"]).as_bytes());
        input.extend(object(&answer, 16, &[&answer, "a.example"]).as_bytes());
        let whole = object(&answer, 1, &[&answer]);
        input.extend(&whole.as_bytes()[..at.min(whole.len())]);
        let _ = testing::read(&input, &order());
    }
}

fn sample(path: &str) -> Option<Vec<u8>> {
    let file = format!("{}/../../../shared/data/brimdata-zed-sample-data/{path}", env!("CARGO_MANIFEST_DIR"));
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(file).ok()?).read_to_end(&mut text).unwrap();
    Some(text)
}

/// Unique tuples and occurrences of a type.
fn counts(rows: &[String], rrtype: &str) -> (usize, u64) {
    let (mut unique, mut occurrences) = (BTreeSet::new(), 0);
    for row in rows {
        let parts: Vec<&str> = row.split(' ').collect();
        if parts[1] == rrtype {
            unique.insert((parts[0], parts[2]));
            occurrences += parts[4].parse::<u64>().unwrap();
        }
    }
    (unique.len(), occurrences)
}

#[test]
fn both_forms_of_a_real_log_hold_the_records_that_were_counted() {
    let (Some(columns), Some(json)) = (sample("zeek-default/dns.log.gz"), sample("zeek-json/dns.json.gz"))
    else {
        return;
    };
    for head in [&columns, &json] {
        assert_eq!(Format::of(&head[..4_096], false), Some(Format::Zeek));
    }
    let columns = testing::read(&columns, &order());
    let json = testing::read(&json, &order());
    assert_eq!(columns.rows, json.rows);
    assert_eq!((columns.dropped(), columns.rejected()), (json.dropped(), json.rejected()));
    assert_eq!(columns.tally.units, 53_615);
    assert_eq!(counts(&columns.rows, "CNAME"), (676, 31_329));
    assert_eq!(counts(&columns.rows, "A"), (1_928, 37_266));
    assert_eq!(counts(&columns.rows, "AAAA"), (341, 10_541));
    assert_eq!(columns.tally.messages, 39_639);
    let expected = [
        (Dropped::Query, 5_665),
        (Dropped::Empty, 2_326),
        (Dropped::Rcode, 2_108),
        (Dropped::Questions, 7),
        (Dropped::MetaType, 2),
        (Dropped::LocalName, 3_834),
        (Dropped::PartialData, 34),
    ];
    assert_eq!((columns.dropped(), columns.rejected()), (expected.to_vec(), vec![]));
}

#[test]
fn no_client_of_a_real_log_is_in_a_record() {
    let Some(log) = sample("zeek-default/dns.log.gz") else { return };
    let (mut clients, mut answers) = (BTreeSet::new(), BTreeSet::new());
    for line in String::from_utf8(log.clone()).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        clients.insert(columns[2].to_owned());
        answers.extend(columns[21].split(',').map(str::to_owned));
    }
    // Some machines of the capture are clients, and others ask for their addresses.
    let clients: Vec<&String> = clients.difference(&answers).collect();
    assert_eq!(clients.len(), 62);
    for row in testing::read(&log, &order()).rows {
        assert!(!row.split(' ').any(|part| clients.iter().any(|client| *client == part)), "{row}");
    }
}

#[test]
fn the_doubles_of_a_real_log_are_found_in_both_forms() {
    let (Some(columns), Some(json)) = (sample("zeek-default/dns.log.gz"), sample("zeek-json/dns.json.gz"))
    else {
        return;
    };
    let order = Order { fold_doubles: true, ..order() };
    let (columns, json) = (testing::read(&columns, &order), testing::read(&json, &order));
    assert_eq!(columns.rows, json.rows);
    assert_eq!(columns.tally.dropped[&Dropped::Doubled].count, 26_636);
}

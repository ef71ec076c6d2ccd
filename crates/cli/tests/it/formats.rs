//! The output of `query`: tables, JSON, the Common Output Format and CSV.

use cof::Reader;
use serde_json::Value;

use crate::harness::{Home, Provider, Serve, line};

fn served() -> (Home, Serve) {
    let home = Home::new();
    let server = Serve::new(&home, ["--sample"]);
    (home, server)
}

/// The output in a format, with the port replaced.
fn printed(value: &str, format: &str) -> String {
    let (home, server) = served();
    let text = home.query(server.address, [value, "--format", format]).done().quiet();
    text.replace(&server.address.port().to_string(), "PORT")
}

/// Indented, with one entry of a list per line and the time replaced.
fn pretty(json: &str) -> String {
    let mut answer: Value = serde_json::from_str(json).unwrap();
    assert!(answer["fetched_at"].as_str().unwrap().ends_with('Z'));
    answer["fetched_at"] = "TIME".into();
    serde_json::to_string_pretty(&answer).unwrap()
}

#[test]
fn a_name_as_json() {
    insta::assert_snapshot!("json_name", pretty(&printed("www.threatq.com", "json")));
}

#[test]
fn an_address_as_json() {
    insta::assert_snapshot!("json_address", pretty(&printed("104.196.175.197", "json")));
}

#[test]
fn json_is_one_object_a_value_in_the_order_given() {
    let (home, server) = served();
    let values = ["no.example", "b c", "192.0.2.80", "cdn.example.net"];
    let done = home.query(server.address, values).args(["--format", "json", "--concurrency", "4"]).done();
    assert_eq!(done.code, 1, "{done:#?}");
    let lines = done.json();
    let told = |line: &Value| {
        [&line["value"], &line["completeness"]["state"]].map(|v| v.as_str().unwrap().to_owned())
    };
    let told: Vec<_> = lines.iter().map(told).collect();
    let states = ["complete", "failed", "complete", "complete"];
    let wanted: Vec<_> = values.iter().zip(states).map(|(v, s)| [(*v).to_owned(), s.to_owned()]).collect();
    assert_eq!(told, wanted);
    assert_eq!(lines[0]["records"], Value::Array(vec![]), "nothing found is an answer");
    assert_eq!(lines[1]["type"], Value::Null);
    assert_eq!(lines[2]["type"], "IP Address");
    assert!(lines[1]["completeness"]["hint"].is_string(), "{}", lines[1]);
}

#[test]
fn a_finding_points_at_the_records_it_came_from() {
    let answer: Value = serde_json::from_str(&printed("104.196.175.197", "json")).unwrap();
    let records = answer["records"].as_array().unwrap();
    let findings = answer["findings"].as_array().unwrap();
    let kinds: Vec<&str> = findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    for kind in ["attribute", "indicator", "relationship"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    for finding in findings {
        for place in finding["records"].as_array().unwrap() {
            assert!(place.as_u64().unwrap() < records.len() as u64, "{finding}");
        }
    }
    let related = findings.iter().find(|finding| finding["value"] == "www.threatq.com").unwrap();
    let place = related["records"][0].as_u64().unwrap();
    assert_eq!(records[usize::try_from(place).unwrap()]["rrname"], "www.threatq.com");
}

#[test]
fn cof_is_strict_and_reads_back() {
    let text = printed("192.0.2.80", "cof");
    assert!(text.ends_with('\n') && text.is_ascii() && !text.contains("\n\n"), "{text}");
    let mut reader = Reader::new(1_790_000_000);
    reader.feed(text.as_bytes());
    reader.close();
    let mut records = Vec::new();
    while let Some(record) = reader.next() {
        let record = record.unwrap();
        // The draft prefers an array for data, so this is not a repair.
        assert!(record.notes.is_empty(), "{:?}", record.notes);
        records.push(record);
    }
    assert_eq!((records.len(), reader.end().truncated), (text.lines().count(), false));
    let mut again = String::new();
    let mut writer = cof::Writer::new(cof::Dialect::Draft);
    for record in &records {
        writer.write(record, &mut again);
    }
    assert_eq!(again, text);
}

#[test]
fn cof_of_nothing_is_nothing() {
    assert_eq!(printed("nothing.example", "cof"), "");
}

#[test]
fn csv_of_an_address() {
    let text = printed("192.0.2.80", "csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let fetched = reader.headers().unwrap().iter().position(|name| name == "fetched_at").unwrap();
    let stamp = reader.records().next().unwrap().unwrap()[fetched].to_owned();
    // The form of times that spreadsheets read: 2026-11-28 15:16:00.
    assert!(stamp.len() == 19 && stamp.as_bytes()[10] == b' ', "{stamp}");
    let text: Vec<String> = text.lines().map(|row| row.replacen(&stamp[..11], "NOW", 1)).collect();
    let now = |row: &String| {
        row.split_once("NOW").map(|(a, b)| format!("{a}NOW{}", &b[8..])).unwrap_or(row.clone())
    };
    insta::assert_snapshot!("csv", text.iter().map(now).collect::<Vec<_>>().join("\n"));
}

#[test]
fn csv_has_one_head_whatever_is_asked() {
    let (home, server) = served();
    let head = |text: &str| text.lines().filter(|line| line.starts_with("query,relation,")).count();
    let nothing = home.query(server.address, ["nothing.example", "--format", "csv"]).done().quiet();
    assert_eq!((head(&nothing), nothing.lines().count()), (1, 1));
    let two = home.query(server.address, ["www.threatq.com", "cdn.example.net", "--format", "csv"]).done();
    assert_eq!((head(&two.stdout), two.code), (1, 0));
}

#[test]
fn a_cell_that_looks_like_a_formula_is_quoted() {
    let home = Home::new();
    let body = line("=cmd.example", "CNAME", "+1.example", 1_500_000_001, 1_500_000_002, 3);
    let provider = Provider::with(body);
    let text = home.query(provider.address, ["www.example", "--format", "csv"]).done().quiet();
    let row = csv::Reader::from_reader(text.as_bytes()).records().next().unwrap().unwrap();
    assert_eq!((&row[2], &row[4]), ("'=cmd.example", "'+1.example"));
}

/// The width of the longest line on a terminal; every character of tables takes one column.
fn widest(text: &str) -> usize {
    for character in text.chars() {
        assert!(matches!(character, ' '..='~' | '\n' | '─' | '…'), "{character:?}");
    }
    // Cautions are sentences, which the terminal wraps.
    let tables = text.lines().filter(|line| !line.starts_with("Caution: "));
    tables.map(|line| line.chars().count()).max().unwrap()
}

#[test]
fn tables_fit_the_terminal() {
    let (home, server) = served();
    for columns in [60, 61, 80, 109, 110, 120, 200] {
        let run = home.query(server.address, ["104.196.175.197", "example.net", "80.2.0.192.in-addr.arpa"]);
        let text = run.env("COLUMNS", columns.to_string()).done().quiet();
        assert!(widest(&text) <= columns, "{columns}: {}\n{text}", widest(&text));
    }
}

#[test]
fn tables_fit_whatever_the_records_are() {
    let (home, long) = (Home::new(), "a".repeat(63));
    let name = format!("{long}.{long}.{long}.example");
    let provider = Provider::with(
        line(&name, "NSEC3PARAM", "1 0 10 ABCDEF", 0, u64::MAX >> 1, u64::MAX)
            + &line(
                "x.example",
                "TYPE65534",
                &format!("\\# 60 {}", "ab".repeat(60)),
                1_500_000_001,
                1_500_000_002,
                1,
            )
            + &line("x.example", "AVERYLONGWORDTHATISNOTYPE", "x", 1_500_000_001, 1_500_000_002, 1)
            + &line(
                "x.example",
                "TXT",
                &format!("\"{}\"", "word ".repeat(50)),
                1_500_000_001,
                1_500_000_002,
                1,
            )
            + "{\"rrname\":\"zone.example\",\"rrtype\":\"NS\",\"rdata\":\"ns.example\",\"zone_time_first\":1500000001,\"zone_time_last\":1500000002}\n",
    );
    for columns in [60, 80, 110, 200] {
        let run = home.query(provider.address, ["www.example"]).env("COLUMNS", columns.to_string());
        let text = run.done().stdout;
        assert!(widest(&text) <= columns, "{columns}: {}\n{text}", widest(&text));
    }
}

#[test]
fn a_wide_table() {
    let (home, server) = served();
    let text = home.query(server.address, ["192.0.2.80"]).env("COLUMNS", "130").done().quiet();
    insta::assert_snapshot!("table_wide", text);
}

#[test]
fn a_narrow_table() {
    let (home, server) = served();
    let text = home.query(server.address, ["192.0.2.80"]).env("COLUMNS", "60").done().quiet();
    insta::assert_snapshot!("table_narrow", text);
}

#[test]
fn zone_times_say_what_they_are() {
    let home = Home::new();
    let zone = "{\"rrname\":\"zone.example\",\"rrtype\":\"NS\",\"rdata\":\"ns.example\",\
        \"zone_time_first\":1577836800,\"zone_time_last\":1577836801}\n";
    let provider = Provider::with(zone);
    let text = home.query(provider.address, ["zone.example"]).done().quiet();
    assert!(text.contains("2020-01-01 00:00:00 (zone)") && text.contains(" unknown "), "{text}");
}

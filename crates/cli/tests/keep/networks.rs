//! AS and country of addresses, from files that another program writes.

use serde_json::Value;

use crate::home::Home;
use crate::lists::python;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keep/write_mmdb.py");
const RECORDS: &str = r#"
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000,"count":3}
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.200","time_first":1500000000,"time_last":1600000001}
{"rrname":"www.example.com","rrtype":"A","rdata":"198.18.0.1","time_first":1500000000,"time_last":1600000002}
{"rrname":"www.example.com","rrtype":"AAAA","rdata":"2001:db8::1","time_first":1500000000,"time_last":1600000003}
{"rrname":"www.example.com","rrtype":"A","rdata":"8.8.8.8","time_first":1500000000,"time_last":1600000004}
{"rrname":"www.example.com","rrtype":"MX","rdata":"10 mail.example.com","time_first":1500000000,"time_last":1600000005}
"#;

/// A home with files of networks in a folder next to its configuration, records, and an operation that has them.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("etc")).unwrap();
    let written = python().arg(SCRIPT).arg(home.path("etc")).output().unwrap();
    assert!(written.status.success(), "{written:?}");
    let read = String::from_utf8(written.stdout).unwrap();
    assert!(read.contains("asn.mmdb\t185.194.93.1\t{\"autonomous_system_number\": 64496"), "{read}");
    // Relative paths start at the folder of the file.
    home.file("etc/backsight.toml", "[enrich]\nmmdb = [\"asn.mmdb\", \"country.mmdb\", \"ipinfo.mmdb\"]\n");
    home.file("records", RECORDS);
    home.run(&["import", "records"]).ok();
    home.run(&["integration", "install", "own-database"]).ok();
    home.run(&["integration", "enable", "own-database"]).ok();
    home
}

const CONFIGURED: [&str; 2] = ["--config", "etc/backsight.toml"];
const QUERY: [&str; 4] = ["query", "www.example.com", "--operation", "own-database"];

fn run(home: &Home, arguments: &[&str]) -> String {
    home.run(&[&CONFIGURED, arguments].concat()).ok()
}

/// The data of each record, with where it is.
fn places(records: &Value) -> Vec<(String, String)> {
    let place = |record: &Value| {
        let parts = ["as_number", "as_name", "country"].map(|name| record.get(name).map(ToString::to_string));
        (
            record["rdata"][0].as_str().unwrap().to_owned(),
            parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
        )
    };
    let mut places: Vec<_> = records.as_array().unwrap().iter().map(place).collect();
    places.sort();
    places
}

#[test]
fn every_output_says_where_addresses_are() {
    let home = home();
    let text = run(&home, &[&QUERY[..], &["--format", "json"]].concat());
    let answer: Value = serde_json::from_str(&text).unwrap();
    let wanted = [
        ("10 mail.example.com", ""),
        ("185.194.93.1", "64496 \"Example Networks\" \"NL\""),
        ("185.194.93.200", "64496 \"Example Networks\" \"FR\""),
        ("198.18.0.1", "64498 \"Third\" \"DE\""),
        ("2001:db8::1", "64497 \"P\u{159}\u{ed}klad =1+1\""),
        ("8.8.8.8", ""),
    ];
    let wanted = wanted.map(|(data, place)| (data.to_owned(), place.to_owned()));
    assert_eq!(places(&answer["records"]), wanted);

    let csv = run(&home, &[&QUERY[..], &["--format", "csv"]].concat());
    assert!(csv.lines().next().unwrap().ends_with(",caution,as_number,as_name,country"), "{csv}");
    assert!(csv.lines().any(|line| line.ends_with(",64496,Example Networks,NL")), "{csv}");
    let table = run(&home, &QUERY);
    assert!(table.contains("Network") && table.contains("AS64496 Example Networks, NL"), "{table}");
    let history = run(&home, &["history", "www.example.com"]);
    assert!(history.contains("AS64498 Third, DE"), "{history}");
    let history = run(&home, &["history", "www.example.com", "--format", "csv"]);
    assert!(history.lines().next().unwrap().ends_with(": count,as_number,as_name,country"), "{history}");
    let shown = run(&home, &["run", "show", "1"]);
    assert!(shown.contains("AS64496 Example Networks, FR"), "{shown}");

    let lookup = run(&home, &["lookup", "www.example.com"]);
    assert!(lookup.contains("Network") && lookup.contains("AS64496 Example Networks, NL"), "{lookup}");
    let lookup = run(&home, &["lookup", "www.example.com", "--by-source"]);
    assert!(lookup.contains("Source") && lookup.contains("AS64498 Third, DE"), "{lookup}");
    let lookup = run(&home, &["lookup", "www.example.com", "--format", "csv"]);
    assert!(lookup.lines().next().unwrap().ends_with(",caution,as_number,as_name,country"), "{lookup}");
    assert!(lookup.lines().any(|line| line.ends_with(",64498,Third,DE")), "{lookup}");
    let lookup = run(&home, &["lookup", "www.example.com", "--by-source", "--format", "json"]);
    let lookup: Value = serde_json::from_str(&lookup).unwrap();
    let of = |data: &str| {
        let found =
            lookup["records"].as_array().unwrap().iter().find(|record| record["rdata"][0] == data).unwrap();
        (found["as_number"].clone(), found["country"].clone(), found["source_kind"].clone())
    };
    assert_eq!(of("185.194.93.200"), (64_496.into(), "FR".into(), "report".into()));
    assert_eq!(of("8.8.8.8"), (Value::Null, Value::Null, "report".into()));

    // Without files, nothing has changed.
    let plain = home.run(&["lookup", "www.example.com", "--format", "csv"]).ok();
    assert!(plain.lines().next().unwrap().ends_with(",caution"), "{plain}");
    let plain = home.run(&[&QUERY[..], &["--format", "csv"]].concat()).ok();
    assert!(plain.lines().next().unwrap().ends_with(",caution"), "{plain}");
    let plain: Value =
        serde_json::from_str(&home.run(&[&QUERY[..], &["--format", "json"]].concat()).ok()).unwrap();
    assert!(plain["records"].as_array().unwrap().iter().all(|record| record.get("as_number").is_none()));
}

#[test]
fn records_are_filtered_by_place() {
    let home = home();
    run(&home, &QUERY);
    let count = |arguments: &[&str]| {
        let text = run(&home, &[arguments, &["--format", "json"]].concat());
        serde_json::from_str::<Value>(&text).unwrap()["records"].as_array().unwrap().len()
    };
    let query = |more: &[&str]| count(&[&QUERY[..], more].concat());
    assert_eq!(query(&["--as-number", "AS64496"]), 2);
    assert_eq!(query(&["--as-number", "64496,as64498"]), 3);
    assert_eq!(query(&["--country", "nl"]), 1);
    assert_eq!(query(&["--as-number", "64496", "--country", "FR,DE"]), 1);
    assert_eq!(query(&["--country", "US"]), 0);
    assert_eq!(count(&["history", "www.example.com", "--country", "DE"]), 1);
    assert_eq!(count(&["run", "show", "1", "--as-number", "64497"]), 1);
}

#[test]
fn a_lookup_is_filtered_by_place() {
    let home = home();
    let lookup = |more: &[&str]| {
        let text = run(&home, &[&["lookup", "www.example.com", "--format", "json"], more].concat());
        let page: Value = serde_json::from_str(&text).unwrap();
        let of = |record: &Value| record["rdata"][0].as_str().unwrap().to_owned();
        let mut data: Vec<String> = page["records"].as_array().unwrap().iter().map(of).collect();
        data.sort();
        (data.join(" "), page["more"].as_bool().unwrap())
    };
    let found = |data: &str, more| (data.to_owned(), more);
    assert_eq!(lookup(&["--as-number", "AS64496"]), found("185.194.93.1 185.194.93.200", false));
    assert_eq!(
        lookup(&["--as-number", "64496,64498", "--country", "fr,DE"]),
        found("185.194.93.200 198.18.0.1", false)
    );
    assert_eq!(
        lookup(&["--as-number", "64496", "--limit", "1", "--sort", "newest"]),
        found("185.194.93.200", true)
    );
    assert_eq!(lookup(&["--country", "NL", "--by-source"]), found("185.194.93.1", false));
    let summary =
        run(&home, &["lookup", "www.example.com", "--as-number", "64496", "--summary", "--format", "json"]);
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!((summary["rows"].clone(), summary["time_last"].clone()), (2.into(), 1_600_000_001.into()));
    let nothing = run(&home, &["lookup", "www.example.com", "--country", "US"]);
    assert!(nothing.contains("no records with an address in the requested networks"), "{nothing}");
    let cut = home.run(
        &[&CONFIGURED[..], &["lookup", "www.example.com", "--as-number", "64496", "--limit", "1"]].concat(),
    );
    // An export would contain all networks.
    cut.says(0, &["only the first 1 row shown; use a higher --limit"]);
    home.run(&["lookup", "www.example.com", "--country", "NL"])
        .says(2, &["none is configured", "[enrich] mmdb"]);
    home.run(&[&CONFIGURED[..], &["lookup", "www.example.com", "--as-number", "ASX"]].concat())
        .says(2, &["--as-number: not an AS number"]);
}

#[test]
fn a_filter_or_file_that_cannot_be_used_says_what_to_do() {
    let home = home();
    let configured = |more: &[&str]| home.run(&[&CONFIGURED, &QUERY[..], more].concat());
    configured(&["--as-number", "ASX"]).says(2, &["--as-number: not an AS number", "AS64496"]);
    configured(&["--country", "Netherlands"]).says(2, &["--country: not a country"]);
    configured(&["--country", ","]).says(2, &["--country: nothing given"]);
    configured(&["--country", "NL", "--format", "cof"]).says(2, &["--country needs the whole answer"]);
    home.run(&[&QUERY[..], &["--country", "NL"]].concat()).says(2, &["none is configured", "[enrich] mmdb"]);
    home.file("wrong.toml", "[enrich]\nmmdb = [\"none.mmdb\"]\n");
    let wrong = |home: &Home| home.run(&[&["--config", "wrong.toml"], &QUERY[..]].concat());
    wrong(&home).says(2, &["enrich.mmdb (wrong.toml:2): cannot read none.mmdb", "take the file out"]);
    home.file("none.mmdb", "<html>");
    wrong(&home).says(2, &["none.mmdb is not an MMDB file"]);
    home.file("wrong.toml", "[enrich]\nmmdb = [1]\n");
    wrong(&home).says(2, &["enrich.mmdb (wrong.toml:2): 1 is not the path of a file"]);
    let mut command = home.command(&QUERY);
    command.env("BACKSIGHT_ENRICH_MMDB", "etc/asn.mmdb, etc/country.mmdb");
    let text = crate::home::Done::of(&command.output().unwrap()).ok();
    assert!(text.contains("AS64496 Example Networks, NL"), "{text}");
}

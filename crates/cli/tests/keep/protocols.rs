//! The same database, queried over the protocols `cof` and `dnsdb`, and without a server.

use serde_json::Value;

use crate::home::Home;
use crate::service::{SAMPLE, Served};

/// Installs an operation, and points it at the server.
fn install(home: &Home, operation: &str, served: &Served) {
    home.run(&["integration", "install", operation]).ok();
    let (host, port) = (format!("host={}", served.address.ip()), format!("port={}", served.address.port()));
    home.run(&["integration", "configure", operation, &host, &port, "use_http=on"]).ok();
    home.run(&["integration", "enable", operation]).ok();
}

/// The records that an operation finds, as text without what the protocols do not both have.
fn found(home: &Home, operation: &str, value: &str) -> Vec<String> {
    let said = home.run(&["query", value, "--operation", operation, "--format", "cof"]).ok();
    let mut records: Vec<String> = said
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let part = |key: &str| record[key].to_string();
            ["rrname", "rrtype", "rdata", "time_first", "time_last", "count"].map(part).join(" ")
        })
        .collect();
    records.sort();
    records
}

#[test]
fn both_protocols_find_the_same_records() {
    let home = Home::new();
    let served = Served::with(&home, SAMPLE);
    install(&home, "cof", &served);
    install(&home, "dnsdb", &served);
    for name in ["www.threatq.com", "threatsketch.com", "unknown.example"] {
        let records = found(&home, "cof", name);
        assert_eq!(found(&home, "dnsdb", name), records, "{name}");
        assert_eq!(records.is_empty(), name == "unknown.example");
    }
    // For an address, CIRCL's interface also has the other records of its names, and DNSDB's has not.
    let address = "104.196.175.197";
    let all = found(&home, "cof", address);
    let direct: Vec<String> = all.into_iter().filter(|record| record.contains(address)).collect();
    assert_eq!((found(&home, "dnsdb", address), direct.len()), (direct.clone(), 2));
    let checked = home.run(&["integration", "test", "dnsdb"]).ok();
    assert!(checked.contains("passed") || checked.contains("empty answer"), "{checked}");
}

/// Records of types whose data is more than a name or an address, and one whose sides are swapped.
const CORPUS: &str = r#"
{"rrname":"www.example.com","rrtype":"A","rdata":"185.194.93.1","time_first":1500000000,"time_last":1600000000,"count":3}
{"rrname":"www.example.com","rrtype":"TXT","rdata":"\"v=spf1 -all\" \"and a \\\" quote\"","time_first":1500000000,"time_last":1600000000}
{"rrname":"example.com","rrtype":"MX","rdata":["10 mail.example.com.","20 mail.example.net."],"time_first":1500000000,"time_last":1600000000}
{"rrname":"185.194.93.1","rrtype":"A","rdata":"mail.example.com","time_first":1500000000,"time_last":1600000000,"count":2}
{"rrname":"example.com","rrtype":"SOA","rdata":"ns1.example.net. host\\.master.example.com. 1 7200 3600 1209600 300","time_first":1500000000,"time_last":1600000000,"count":9}
"#;
const VALUES: [&str; 6] =
    ["www.example.com", "example.com", "185.194.93.1", "104.196.175.197", "threatsketch.com", "no.example"];

/// A home with the operation that asks its own database.
fn with_own_database() -> Home {
    let home = Home::new();
    home.run(&["integration", "install", "own-database"]).ok();
    home.run(&["integration", "enable", "own-database"]).ok();
    home
}

#[test]
fn the_own_database_has_the_records_that_its_server_sends() {
    let home = with_own_database();
    let found_here = || VALUES.map(|value| found(&home, "own-database", value)).map(|found| found.join("\n"));
    // No database is an empty one, and what is imported afterwards is found although the answer was stored.
    assert_eq!(found_here(), [const { String::new() }; 6]);
    let file = home.file("corpus.ndjson", format!("{CORPUS}{SAMPLE}"));
    home.run(&["import", &file, "--orientation", "auto"]).ok();
    let alone = found_here();
    assert_eq!(alone.each_ref().map(|found| found.lines().count()), [2, 3, 3, 7, 6, 0], "{alone:#?}");
    let served = Served::of(&home);
    install(&home, "cof", &served);
    assert_eq!(VALUES.map(|value| found(&home, "cof", value).join("\n")), alone);
    // Now through the server that has the database open.
    assert_eq!(found_here(), alone);
    let checked = home.run(&["integration", "test", "own-database"]).ok();
    assert!(checked.contains("13 entries"), "{checked}");
    let by_data = ["query", "mail.example.com", "--by-data", "--operation", "own-database"];
    assert!(home.run(&by_data).ok().contains("10 mail.example.com"));
}

#[test]
fn a_stored_answer_of_the_own_database_is_only_used_offline() {
    let home = with_own_database();
    let ask = |more: &[&str]| {
        let query = ["query", "www.example.com", "--operation", "own-database", "--format", "json"];
        home.run(&[&query, more].concat())
    };
    let records =
        |said: &str| serde_json::from_str::<Value>(said).unwrap()["records"].as_array().unwrap().len();
    ask(&["--offline"]).says(1, &["no stored answer"]);
    let file = home.file("corpus.ndjson", CORPUS);
    home.run(&["import", &file]).ok();
    assert_eq!(records(&ask(&[]).ok()), 2);
    let more = CORPUS.lines().nth(1).unwrap().replace("185.194.93.1", "185.194.93.2");
    let file = home.file("more.ndjson", more);
    home.run(&["import", &file]).ok();
    assert_eq!(records(&ask(&["--offline"]).ok()), 2);
    assert_eq!(records(&ask(&[]).ok()), 3);
    let cut = ask(&["--set", "page_size=2"]).says(3, &["as many as were requested"]);
    assert_eq!(records(&cut.stdout), 2);
}

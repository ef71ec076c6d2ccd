//! The same server, queried over the protocols `cof` and `dnsdb`.

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

//! Section 7: how an answer is added to the library.

use serde_json::Value;

use crate::home::Home;
use crate::service::{Provider, SAMPLE};

const ADDRESS: &str = "104.196.175.197";

pub(super) fn walk() {
    as_the_guide_maps();
    in_full();
}

/// The attributes of an indicator, as name and value.
fn attributes(shown: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let attributes = shown["attributes"].as_array().unwrap().iter();
    attributes.map(|one| (text(&one["name"]), text(&one["value"]))).collect()
}

fn as_the_guide_maps() {
    let provider = Provider::answering(SAMPLE);
    let home = Home::that_asks(provider.address, "circl-passive-dns@1.0.0");
    let answer = home.json(&["query", ADDRESS, "--add", "all"]);
    let found: Vec<(&str, &str)> = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["value"].as_str().unwrap()))
        .collect();
    // In the order of first appearance.
    let golden = [
        ("Resource Type", "A"),
        ("Resource Type", "NS"),
        ("Resource Data", ADDRESS),
        ("Resource Data", "dns04.gpn.register.com"),
        ("Resource Data", "dns01.gpn.register.com"),
        ("Resource Data", "dns02.gpn.register.com"),
        ("Resource Data", "dns05.gpn.register.com"),
        ("Resource Data", "dns03.gpn.register.com"),
    ];
    assert_eq!(found, golden);
    // On the queried indicator, without a published date, and without related indicators.
    let shown = home.json(&["indicator", "show", ADDRESS]);
    let mut kept = attributes(&shown);
    let mut expected = golden.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    kept.sort();
    expected.sort();
    assert_eq!(kept, expected);
    assert!(!shown.to_string().contains("published"), "{shown}");
    assert_eq!(home.json(&["indicator", "list"])["total"], 1);
    // The second time, nothing is added and nothing is removed.
    let again = home.json(&["query", ADDRESS, "--fresh", "--add", "all"]);
    assert_eq!(
        (&again["added"]["attributes"]["new"], &again["added"]["attributes"]["known"]),
        (&0.into(), &8.into())
    );
    assert_eq!(attributes(&home.json(&["indicator", "show", ADDRESS])).len(), 8);
}

/// The newer package keeps name, type and data together, adds the dates, and proposes the hosts.
fn in_full() {
    let provider = Provider::answering(SAMPLE);
    let home = Home::that_asks(provider.address, "circl-passive-dns@1.1.0");
    let answer = home.json(&["query", ADDRESS, "--set", "page_size=0", "--add", "all"]);
    let findings = answer["findings"].as_array().unwrap();
    let hosts: Vec<&Value> = findings.iter().filter(|one| one["kind"] == "indicator").collect();
    assert!(hosts.iter().any(|one| one["value"] == "www.threatq.com"), "{answer}");
    assert!(hosts.iter().all(|one| one["status"] == "Indirect"), "{answer}");
    assert_eq!(home.json(&["indicator", "show", "www.threatq.com"])["status"], "Indirect");
    let pairing = attributes(&home.json(&["indicator", "show", ADDRESS]));
    let paired: Vec<&String> =
        pairing.iter().filter(|(name, _)| name == "Passive DNS Record").map(|(_, value)| value).collect();
    assert_eq!(paired.len(), 2, "one for each direct record: {pairing:?}");
    let joined = findings
        .iter()
        .find(|one| one["kind"] == "relationship" && one["from"]["value"] == "www.threatq.com");
    let said = joined.unwrap()["attributes"].to_string();
    for word in [
        "First Seen",
        "2017-06-09 08:07:17",
        "Last Seen",
        "Count",
        "\"6\"",
        "Origin",
        "https://www.circl.lu/pdns/",
    ] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
    // Only a direct record creates a relationship with the queried address.
    let to_address =
        findings.iter().filter(|one| one["kind"] == "relationship" && one["to"]["value"] == ADDRESS);
    let names: Vec<&str> = to_address.map(|one| one["from"]["value"].as_str().unwrap()).collect();
    assert_eq!(names, ["www.threatq.com", "threatsketch.com"]);
}

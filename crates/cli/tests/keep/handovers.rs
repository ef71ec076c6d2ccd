//! Documents for other platforms: what the platforms' own libraries say about them, what is held back, and that making one again
//! changes nothing.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::home::{Done, Home, NAME};
use crate::lists::python;
use crate::running::home;
use crate::service::Provider;

const STIX: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keep/load_stix.py");
const MISP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keep/load_misp.py");
const COF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keep/load_cof.py");
const HOST: &str = "www.c2.example";

/// Records of many types, with everything that a record can have.
fn records() -> String {
    let times = "\"time_first\":1496995637,\"time_last\":1499951111";
    let lines = [
        ("A", "185.194.93.7", "\"count\":6,\"origin\":\"https://pdns.example/\",\"sensor_id\":\"vienna-1\","),
        ("A", "198.51.100.7", "\"count\":1,"),
        ("AAAA", "2001:db8::7", "\"count\":12345678901,"),
        ("CNAME", "edge.c2.example", ""),
        ("MX", "10 mail.c2.example", "\"count\":0,"),
        ("NS", "ns1.c2.example", ""),
        ("SOA", "ns1.c2.example hostmaster.c2.example 1 2 3 4 5", ""),
        ("TXT", "<b>\\\"hi\\\" & more \\u202e</b>", ""),
        ("SRV", "0 5 443 srv.c2.example", ""),
    ];
    let line = |(rrtype, rdata, more): (&str, &str, &str)| {
        format!(
            "{{\"rrname\":\"{HOST}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",{more}\"bailiwick\":\"c2.example\",{times}}}\n"
        )
    };
    lines.into_iter().map(line).collect()
}

/// A home that has asked about the host, and the provider.
fn asked() -> (Home, Provider) {
    let provider = Provider::answering(records());
    let home = home(&provider);
    home.run(&["query", HOST]).ok();
    (home, provider)
}

/// `backsight handover …`, which succeeds.
fn handover(home: &Home, arguments: &[&str]) -> String {
    home.run(&[&["handover"], arguments].concat()).ok()
}

/// What another program says about a document.
#[track_caller]
fn loaded(script: &str, document: &str) -> Value {
    let mut command = python();
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{}{}\n{document}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// An investigation of the host, its address, and a name about which nothing was asked.
fn investigated(home: &Home) {
    home.file(
        "report.txt",
        "TLP:GREEN\nc2 at hxxp://www[.]c2[.]example/x, 185[.]194[.]93[.]7 and other[.]example\n",
    );
    home.run(&["investigation", "create", "Campaign 7", "-f", "report.txt"]).ok();
    home.run(&["investigation", "verdict", "Campaign 7", "malicious", HOST]).ok();
    home.run(&["investigation", "edit", "Campaign 7", "--summary", "Seen in May."]).ok();
}

#[test]
fn every_document_is_what_its_platform_takes() {
    let (home, _provider) = asked();
    investigated(&home);
    home.run(&["run", "add", "1"]).ok();
    for what in [
        &["--run", "1"][..],
        &["--run", "1", "--tlp", "amber+strict"],
        &["--history", "hxxp://www[.]c2[.]example/"],
        &["--history", HOST, "--only-added"],
        &["--investigation", "campaign 7"],
        &["--library"],
        &["--library", "--status", "Indirect"],
    ] {
        let stix = handover(&home, &[&["stix"], what].concat());
        let objects = loaded(STIX, &stix).as_u64().unwrap();
        assert!(objects > 3, "{what:?}: {stix}");
        let misp = handover(&home, &[&["misp"], what].concat());
        let counts = loaded(MISP, &misp);
        assert!(counts[0].as_u64().unwrap() + counts[1].as_u64().unwrap() > 1, "{what:?}: {misp}");
        for format in ["stix", "misp", "csv", "cof", "json"] {
            let once = handover(&home, &[&[format], what].concat());
            assert_eq!(once, handover(&home, &[&[format], what].concat()), "{format} {what:?}");
        }
    }
    let related = handover(&home, &["stix", "--run", "1", "--related"]);
    loaded(STIX, &related);
    assert!(related.contains("related-to"));
}

#[test]
fn misps_own_module_takes_our_cof() {
    let (home, _provider) = asked();
    let cof = handover(&home, &["cof", "--run", "1"]);
    assert_eq!(cof.lines().count(), 9);
    assert_eq!(loaded(COF, &cof), 9);
}

#[test]
fn an_investigation_has_its_members_sources_and_marking() {
    let (home, _provider) = asked();
    investigated(&home);
    let bundle: Value = serde_json::from_str(&handover(&home, &["stix", "--investigation", "1"])).unwrap();
    let objects = bundle["objects"].as_array().unwrap();
    let grouping = objects.iter().find(|object| object["type"] == "grouping").unwrap();
    assert_eq!((&grouping["name"], &grouping["description"]), (&"Campaign 7".into(), &"Seen in May.".into()));
    assert!(grouping["external_references"][0]["description"].as_str().unwrap().contains("report.txt"));
    assert!(grouping["object_marking_refs"].is_array(), "the report is marked: {grouping}");
    let is_verdict =
        |object: &&Value| object["content"].as_str().is_some_and(|text| text.contains("Verdict: malicious"));
    assert!(objects.iter().any(|object| is_verdict(&object)));
    let event: Value = serde_json::from_str(&handover(&home, &["misp", "--investigation", "1"])).unwrap();
    let event = &event["Event"];
    assert_eq!((&event["info"], &event["Tag"][0]["name"]), (&"Campaign 7".into(), &"tlp:green".into()));
    let values: Vec<&str> =
        event["Attribute"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    for value in [HOST, "185.194.93.7", "other.example", "Seen in May."] {
        assert!(values.contains(&value), "{value}: {values:?}");
    }
}

#[test]
fn what_is_marked_too_strictly_is_held_back_and_named() {
    let (home, _provider) = asked();
    home.run(&["indicator", "add", "198.51.100.7", "--tlp", "red"]).ok();
    home.run(&["indicator", "add", "c2.example", "ok.example", "--tlp", "green"]).ok();
    for format in ["stix", "misp", "csv", "cof", "json"] {
        let whole = handover(&home, &[format, "--run", "1"]);
        assert!(whole.contains("198.51.100.7"), "{format}");
        let held = home.run(&["handover", format, "--run", "1", "--max-tlp", "green"]);
        let held = held.says(0, &["held back 1 record with values that are marked stricter than TLP:GREEN"]);
        assert!(!held.stdout.contains("198.51.100.7"), "{format}: {}", held.stdout);
    }
    let event: Value = serde_json::from_str(&handover(&home, &["misp", "--run", "1"])).unwrap();
    assert_eq!(event["Event"]["Tag"][0]["name"], "tlp:red");
    let library = home.run(&["handover", "csv", "--library", "--max-tlp", "green"]);
    let library =
        library.says(0, &["held back 198.51.100.7: it is marked TLP:RED, which is stricter than TLP:GREEN"]);
    assert!(library.stdout.contains("ok.example,FQDN,GREEN") && !library.stdout.contains("198.51.100.7"));
    // The name of the run contains a name below c2.example.
    home.run(&["handover", "stix", "--run", "1", "--max-tlp", "clear"]).says(2, &["stricter than TLP:CLEAR"]);
    home.run(&["handover", "misp", "--run", "1", "--distribution", "all"])
        .says(2, &["a MISP event marked TLP:RED may be distributed to organisation at most"]);
}

#[test]
fn only_what_was_added_is_handed_over_if_somebody_wants_that() {
    let (home, _provider) = asked();
    let records = |arguments: &[&str]| {
        let text = handover(&home, &[&["json"], arguments].concat());
        let document: Value = serde_json::from_str(&text).unwrap();
        let records = document["records"].as_array().unwrap().iter();
        records.map(|record| record["rdata"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(records(&["--run", "1", "--only-added"]), [""; 0]);
    home.run(&["run", "add", "1", "--pick", "185.194.93.7"]).ok();
    let added = records(&["--run", "1", "--only-added"]);
    assert!(added.contains(&"185.194.93.7".to_owned()) && added.len() < 9, "{added:?}");
    assert_eq!(records(&["--history", HOST, "--only-added"]), added);
    home.run(&["run", "undo", "1"]).ok();
    assert_eq!(records(&["--run", "1", "--only-added"]), [""; 0]);
    assert_eq!(records(&["--run", "1", "--rrtype", "NS"]), ["ns1.c2.example"]);
}

#[test]
fn a_part_of_the_library_is_handed_over_as_it_is_configured() {
    let home = Home::new();
    home.run(&["indicator", "add", "c2.example", "drop.example"]).ok();
    home.run(&[
        "indicator",
        "set",
        "c2.example",
        "--status",
        "Review",
        "--tag",
        "Parcel lures",
        "--tlp",
        "amber",
    ])
    .ok();
    let values = |arguments: &[&str]| {
        let text = handover(&home, &[&["json", "--library"], arguments].concat());
        let document: Value = serde_json::from_str(&text).unwrap();
        let values = document["values"].as_array().unwrap().iter();
        values.map(|one| one["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values(&[]), ["c2.example", "drop.example"]);
    assert_eq!(values(&["--tag", "parcel lures"]), ["c2.example"]);
    assert_eq!(values(&["--marked", "amber"]), ["c2.example"]);
    assert_eq!(values(&["--marked", "none"]), ["drop.example"]);
    let configured = |arguments: &[&str]| {
        let arguments = [&["handover", "csv", "--library"], arguments].concat();
        let mut command = home.command(&arguments);
        command.env("BACKSIGHT_HANDOVER_MAX_TLP", "green").env("BACKSIGHT_HANDOVER_DEFANG", "true");
        Done::of(&command.output().unwrap())
    };
    let held = configured(&[]).says(0, &["held back c2.example: it is marked TLP:AMBER"]);
    assert!(held.stdout.contains("drop[.]example"), "{}", held.stdout);
    assert!(configured(&["--max-tlp", "none"]).ok().contains("c2[.]example"));
}

#[test]
fn mistakes_are_named() {
    let home = Home::new();
    home.run(&["handover", "stix", "--run", "1"]).says(2, &["there is nothing to hand over yet"]);
    let (home, _provider) = asked();
    for (arguments, code, words) in [
        (&["stix"][..], 2, "--run <ID>"),
        (&["stix", "--run", "1", "--library"], 2, "cannot be used with"),
        (&["pdf", "--run", "1"], 2, "possible values"),
        (&["stix", "--run", "9"], 2, "there is no run 9"),
        (&["stix", "--history", "unknown.example"], 2, "no operation has been run on unknown.example"),
        (&["stix", "--investigation", "x"], 2, "there is no investigation"),
        (&["stix", "--run", "1", "--distribution", "all"], 2, "--distribution is only for misp"),
        (&["misp", "--run", "1", "--defang"], 2, "--defang is only for csv"),
        (&["stix", "--run", "1", "--status", "Review"], 2, "--library"),
        (&["stix", "--library", "--rrtype", "A"], 2, "--library has none"),
        (&["stix", "--library"], 2, "no indicator of the library matches"),
        (&["stix", "--run", "1", "--tlp", "orange"], 2, "not a level"),
    ] {
        home.run(&[&["handover"], arguments].concat()).says(code, &[words]);
    }
    assert!(home.run(&["integration", "show", NAME]).code == 0);
}

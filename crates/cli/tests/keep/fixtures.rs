//! Data folders of earlier versions of the program. Each can be opened, and has the same content as before.
//!
//! A fixture is a data folder as its program left it: `first` after a kill, so SQLite's log has not been transferred to the database,
//! and the last body of records is only in the journal; `unmarked` before indicators had markings (version 5 of the workbench); `filed`
//! before small answers were in the database (version 6); `investigated` before indicators had tags and figures (version 8). Their content is invented, including the secrets and the passwords. A test
//! works on a copy. When a format changes, its fixture stays and a new one is added.

use std::path::Path;

use serde_json::Value;

use crate::home::Home;

/// A home whose data folder is a copy of this fixture.
pub(crate) fn home_of(fixture: &str) -> Home {
    let home = Home::new();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keep/fixtures").join(fixture);
    copy(&from.join("kept"), &home.kept());
    if let Ok(records) = std::fs::read(from.join("sensor.ndjson")) {
        home.file("sensor.ndjson", records);
    }
    home
}

/// Makes the copy readable only by its owner, because a checkout does not preserve modes.
fn copy(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    std::fs::create_dir(to).unwrap();
    mode(to, 0o700);
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
            mode(&to, 0o600);
        }
    }
}

fn json(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let text = home.run(&[arguments, &["--format", "json"]].concat()).ok();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_library_of_the_first_version_opens() {
    let home = home_of("first");
    let shown = home.run(&["indicator", "show", "evil.example"]).ok();
    assert!(shown.contains("Review") && shown.contains("seen in a phish"), "{shown}");
    home.run(&["indicator", "restore", "gone.example"]).ok();
    let shown = home.run(&["indicator", "show", "www.shop.example"]).ok();
    for words in ["www.shop.example CNAME cdn.shop.example", "2024-10-27 03:33:20", "cdn.shop.example"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn runs_and_their_evidence_of_the_first_version_replay() {
    let home = home_of("first");
    let runs = home.run(&["run", "list"]).ok();
    assert_eq!(runs.matches("circl-passive-dns@1.1.0").count(), 5, "{runs}");
    let shown = home.run(&["run", "show", "2"]).ok();
    assert!(shown.contains("3 records, complete") && shown.contains("www.shop.example -> cdn.shop.example"));
    assert!(home.run(&["run", "show", "2", "--raw"]).ok().contains("\"203.0.113.40\""));
    home.run(&["run", "undo", "4"]).ok();
}

#[test]
fn settings_secrets_and_tokens_of_the_first_version_are_kept() {
    let home = home_of("first");
    let shown = home.run(&["integration", "show", "circl-passive-dns"]).ok();
    assert!(shown.contains("18199") && shown.contains("enabled"), "{shown}");
    // They are bound to the destination they were sent to, so they need not be entered again.
    assert!(shown.contains("(set)") && !shown.contains("another destination"), "{shown}");
    // Rotating the key requires that every secret can be decrypted.
    home.run(&["key", "rotate"]).ok();
    let tokens = home.run(&["token", "list"]).ok();
    assert!(tokens.contains("partner") && tokens.contains("sensor-1"), "{tokens}");
    let audit = home.audit();
    for action in ["user.create", "indicator.note", "run.add", "integration.configure", "token.create"] {
        assert!(audit.contains(action), "{action}: {audit}");
    }
}

#[test]
fn the_passive_dns_database_of_the_first_version_answers() {
    let home = home_of("first");
    // The first command converts it to the current format, and says so.
    home.run(&["lookup", "www.shop.example"]).says(0, &["the database was converted"]);
    let rows = json(&home, &["lookup", "www.shop.example"]);
    let text = format!("{rows:?}");
    assert!(text.contains("198.51.100.9") && text.contains("203.0.113.40"), "{text}");
    // It was only in the journal.
    assert!(home.run(&["lookup", "203.0.113.42"]).ok().contains("posted.shop.example"));
    assert!(home.run(&["lookup", "rdata:ns1.dns.example"]).ok().contains("shop.example"));
    home.run(&["db", "verify"]).ok();
}

#[test]
fn a_file_that_the_first_version_imported_does_not_count_twice() {
    let home = home_of("first");
    home.run(&["import", "sensor.ndjson", "--as", "observation", "--sensor", "vienna-1"]);
    let rows = home.run(&["lookup", "sensor.shop.example", "--format", "cof"]).ok();
    assert!(rows.contains("\"count\":5}"), "{rows}");
}

/// Version 5 of the workbench: two operations with settings and secrets, six runs, one of which reused an answer and one of which
/// was undone.
#[test]
fn a_folder_without_markings_opens_replays_and_undoes() {
    let home = home_of("unmarked");
    home.run(&["db", "verify"]).ok();
    let runs = json(&home, &["run", "list"]).remove(0);
    let of = |key: &str| -> Vec<String> {
        runs["runs"].as_array().unwrap().iter().map(|run| run[key].to_string()).collect()
    };
    assert_eq!(of("run"), ["6", "5", "4", "3", "2", "1"]);
    assert_eq!(of("batch"), ["6", "5", "3", "3", "1", "1"]);
    assert_eq!(of("operation")[..2], ["\"circl-passive-dns@1.2.0\"", "\"dnsdb@1.0.0\""]);
    for (run, records) in [("1", 1), ("4", 2), ("5", 1), ("6", 1)] {
        let shown = json(&home, &["run", "show", run]).remove(0);
        assert_eq!(shown["records"].as_array().unwrap().len(), records, "run {run}");
    }
    assert!(home.run(&["run", "show", "4", "--raw"]).ok().contains("succeeded"), "the frames of DNSDB");
    // The stored answer is used, although the service is gone.
    let again = home.run(&["query", "shop.example", "--operation", "dnsdb", "--offline"]).ok();
    assert!(again.contains("ns1.dns.example"), "{again}");
    let tlp = |value: &str| json(&home, &["indicator", "show", value]).remove(0)["tlp"].clone();
    assert_eq!((tlp("evil.example"), tlp("cdn.shop.example")), (Value::Null, Value::Null));
    home.run(&["indicator", "set", "evil.example", "--tlp", "red"]).ok();
    assert_eq!(tlp("evil.example"), "RED");
    let shown = json(&home, &["integration", "show", "dnsdb"]).remove(0);
    assert_eq!((&shown["max_tlp"], &shown["max_tlp_set"]), (&"GREEN".into(), &false.into()));
    // Only run 4 still claims what both operations found.
    home.run(&["run", "undo", "--batch", "1"]).ok();
    assert!(home.run(&["indicator", "show", "cdn.shop.example"]).ok().contains("185.194.93.41"));
    home.run(&["run", "undo", "4"]).ok();
    let details = json(&home, &["indicator", "show", "cdn.shop.example"]).remove(0);
    assert_eq!((&details["relationship_count"], &details["attribute_count"]), (&0.into(), &0.into()));
    home.run(&["key", "rotate"]).ok();
    home.run(&["db", "verify"]).ok();
}

/// Version 6 of the workbench: seven runs with three different answers, each in a file.
#[test]
fn a_folder_with_small_answers_in_files_opens_replays_and_undoes() {
    let home = home_of("filed");
    let answers = || std::fs::read_dir(home.kept().join("answers")).unwrap().count();
    let verified = |answers| {
        let said = home.run(&["db", "verify"]).ok();
        assert!(said.contains(&format!("{answers} stored answers: no damage found")), "{said}");
    };
    verified(3);
    for (run, records) in [("1", 1), ("2", 2), ("3", 1), ("4", 1), ("5", 2), ("6", 0), ("7", 2)] {
        let shown = json(&home, &["run", "show", run]).remove(0);
        assert_eq!(shown["records"].as_array().unwrap().len(), records, "run {run}");
    }
    assert!(home.run(&["run", "show", "5", "--raw"]).ok().contains("185.194.93.42"));
    let tlp = json(&home, &["indicator", "show", "evil.example"]).remove(0)["tlp"].clone();
    assert_eq!(tlp, "AMBER");
    // The stored answer is used, although the service is gone.
    let again = home.run(&["query", "www.shop.example", "--offline"]).ok();
    assert!(again.contains("cdn.shop.example"), "{again}");
    // New answers become rows, and the files stay.
    let provider = crate::service::Provider::answering(crate::service::line("new.example", "192.0.2.7", 1));
    home.point_at(provider.address);
    home.run(&["query", "new.example", "--fresh"]).ok();
    assert_eq!(answers(), 3);
    verified(4);
    home.run(&["backup", "monday"]).ok();
    std::fs::rename(home.kept(), home.path("lost")).unwrap();
    home.run(&["restore", "monday"]).ok();
    assert_eq!(answers(), 3);
    verified(4);
    home.run(&["run", "undo", "--batch", "2"]).ok();
    let details = json(&home, &["indicator", "show", "cdn.shop.example"]).remove(0);
    assert_eq!((&details["relationship_count"], &details["attribute_count"]), (&1.into(), &0.into()));
    home.run(&["run", "undo", "1"]).ok();
    verified(4);
}

/// Version 8 of the workbench: an investigation with two members, and two runs whose findings were added.
#[test]
fn a_folder_without_tags_and_figures_opens_with_what_its_relationships_say() {
    let home = home_of("investigated");
    // It compares every figure with the relationships.
    home.run(&["db", "verify"]).ok();
    let listed = json(&home, &["indicator", "list", "--sort", "last-seen"]).remove(0);
    let of = |key: &str| -> Vec<String> {
        listed["indicators"].as_array().unwrap().iter().map(|one| one[key].to_string()).collect()
    };
    assert_eq!((&listed["total"], &listed["all"]), (&5.into(), &5.into()));
    let seen = of("last_seen");
    assert_eq!(seen[..2], ["\"2025-02-19T21:20:00Z\""; 2], "evil.example and its address: {listed}");
    assert_eq!(seen[4], "\"2023-11-14T22:13:20Z\"");
    let mut counts = of("relationship_count");
    counts.sort();
    assert_eq!(counts, ["1", "1", "1", "2", "3"]);
    home.run(&["indicator", "set", "evil.example", "--tag", "Parcel lures"]).ok();
    let tagged = json(&home, &["indicator", "list", "--tag", "parcel LURES"]).remove(0);
    assert_eq!(tagged["indicators"][0]["value"], "evil.example");
    assert!(home.run(&["investigation", "show", "Parcel lures"]).ok().contains("malicious"));
    home.run(&["run", "undo", "2"]).ok();
    let shown = json(&home, &["indicator", "show", "evil.example"]).remove(0);
    assert_eq!((&shown["relationship_count"], &shown["last_seen"]), (&0.into(), &Value::Null));
    home.run(&["indicator", "restore", "gone.example"]).ok();
    home.run(&["db", "verify"]).ok();
}

//! Runs: stored, shown again, picked from, added and undone.

use serde_json::Value;
use testkit::{Exchange, Script, answer};

use crate::home::{Done, Home};
use crate::service::{Provider, line};

pub(crate) const NEWEST: &str = "circl-passive-dns@1.2.0";
const HOST: &str = "www.example.com";

/// A home that queries this provider with the newest package, in pages or not.
pub(crate) fn home(provider: &Provider) -> Home {
    let home = Home::that_asks(provider.address, NEWEST);
    home.configure(&["page_size=0"]).ok();
    home
}

fn addresses(last: &[u8]) -> String {
    last.iter().map(|last| line(HOST, &format!("104.196.175.{last}"), 3)).collect()
}

/// The result of adding findings of one kind: new, known, whitelisted, removed.
fn counts(added: &Value, kind: &str) -> [u64; 4] {
    ["new", "known", "whitelisted", "removed"].map(|word| added["added"][kind][word].as_u64().unwrap())
}

/// The values in the library.
fn library(home: &Home) -> Vec<String> {
    let listed = home.json(&["indicator", "list", "--sort", "value"]);
    listed["indicators"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["value"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn evidence_is_what_came_octet_for_octet_and_nothing_else_moves_a_terminal() {
    let hostile = "\u{1b}[2J\u{9b}1m\u{202e}\u{7}";
    let text = format!(
        "{{\"rrname\":\"{HOST}\",\"rrtype\":\"TXT\",\"rdata\":\"{hostile}\",\"origin\":\"{hostile}\"}}\n"
    );
    let mut body = (addresses(&[1]) + &text.replace('\u{7}', "\\u0007")).into_bytes();
    body.extend(b"\x1b[31m{\"rrname\": \xff\xfe\x00 broken\r\n");
    let provider = Provider::answering(body.clone());
    let home = home(&provider);
    let plain = |done: Done| {
        for character in done.stdout.chars().chain(done.stderr.chars()) {
            assert!(character == '\n' || !character.is_control() && character != '\u{202e}', "{done:?}");
        }
    };
    let mut asked = home.command(&["query", HOST]);
    plain(Done::of(&asked.env("USER", hostile).output().unwrap()));
    for arguments in [
        &["run", "show", "1"][..],
        &["run", "show", "1", "--format", "json"],
        &["run", "list"],
        &["run", "list", "--format", "json"],
        &["run", "list", "--indicator", hostile],
        &["run", "add", "1", "--pick", hostile],
        &["run", "add", "1"],
        &["indicator", "show", HOST],
        &["run", "undo", "1", "--format", "json"],
        &["audit"],
    ] {
        plain(home.run(arguments));
    }
    let raw = home.command(&["run", "show", "1", "--raw"]).output().unwrap();
    assert_eq!((raw.stdout, raw.stderr, raw.status.code()), (body, vec![], Some(0)));
}

#[test]
fn runs_are_listed_the_newest_first_a_page_at_a_time() {
    let provider = Provider::answering("");
    let home = home(&provider);
    assert!(home.run(&["run", "list"]).ok().contains("backsight query VALUE"));
    home.run(&["query", "--concurrency", "1", "a.example", "b.example", "104.196.175.1"]).ok();
    home.run(&["query", "A.example."]).ok();
    let ids = |arguments: &[&str]| {
        let page = home.json(&[&["run", "list"], arguments].concat());
        let runs = page["runs"].as_array().unwrap();
        (runs.iter().map(|run| run["run"].as_i64().unwrap()).collect::<Vec<_>>(), page["next"].as_i64())
    };
    assert_eq!(ids(&[]), (vec![4, 3, 2, 1], None));
    assert_eq!(ids(&["--limit", "3"]), (vec![4, 3, 2], Some(2)));
    assert_eq!(ids(&["--limit", "3", "--before", "2"]), (vec![1], None));
    assert_eq!(ids(&["--indicator", "hxxp://a[.]example/x"]), (vec![4, 1], None));
    assert_eq!(ids(&["--indicator", "never.example"]), (vec![], None));
    assert!(home.run(&["run", "list", "--limit", "3"]).ok().contains("--before 2"));
    home.run(&["run", "list", "--indicator", "a b"]).says(2, &["--indicator a b", "more than one value"]);
    home.run(&["run", "list", "--limit", "0"]).says(2, &["1.."]);
}

#[test]
fn findings_are_picked_by_the_numbers_that_are_shown() {
    let provider = Provider::answering(addresses(&[1, 2, 3]));
    let home = home(&provider);
    let findings = home.json(&["query", HOST])["findings"].clone();
    let findings = findings.as_array().unwrap();
    let numbered: Vec<&Value> = findings.iter().map(|one| &one["number"]).collect();
    assert_eq!(numbered, (1..=findings.len()).collect::<Vec<_>>());
    let before = home.audit();
    let beyond = (findings.len() + 1).to_string();
    for wrong in ["", "0", "x", "3-1", "1,,2", "1;2", "99999999999999999999"] {
        home.run(&["run", "add", "1", "--pick", wrong]).says(2, &["selects no findings", "such as 1,3-5"]);
    }
    home.run(&["run", "add", "1", "--pick", &beyond])
        .says(2, &["there is no finding", "valid numbers are 1 to"]);
    let absent = format!("{HOST},absent.example");
    home.run(&["run", "add", "1", "--pick", &absent]).says(2, &["absent.example", "nothing was added"]);
    assert_eq!((home.audit(), library(&home)), (before, vec![]), "nothing was added");
    let data: Vec<usize> =
        (1..=findings.len()).filter(|number| findings[number - 1]["name"] == "Resource Data").collect();
    assert_eq!(data.len(), 3);
    let pick = format!("{},{}-{}", data[2], data[0], data[0]);
    home.run(&["run", "add", "1", "--pick", &pick]).ok();
    let shown = home.json(&["indicator", "show", HOST]);
    let mut values: Vec<&str> =
        shown["attributes"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    values.sort_unstable();
    assert_eq!(values, ["104.196.175.1", "104.196.175.3"]);
}

#[test]
fn a_dry_run_says_what_adding_comes_to_and_changes_nothing() {
    let provider = Provider::answering(addresses(&[1, 2, 3, 4]));
    let home = home(&provider);
    home.run(&["indicator", "add", "104.196.175.1", "--status", "whitelisted"]).ok();
    home.run(&["indicator", "add", "104.196.175.2", "104.196.175.3"]).ok();
    home.run(&["indicator", "remove", "104.196.175.2"]).ok();
    home.run(&["query", HOST]).ok();
    let before = (home.audit(), library(&home));
    let dry = home.json(&["run", "add", "1", "--dry-run"]);
    assert_eq!((home.audit(), library(&home)), before);
    assert!(home.run(&["run", "list"]).ok().lines().all(|line| !line.contains("added")));
    // 104.196.175.4 and the name are new, .3 is known, .1 is whitelisted, .2 was removed.
    assert_eq!(counts(&dry, "indicators"), [2, 1, 1, 1], "{dry}");
    let added = home.json(&["run", "add", "1"]);
    assert_eq!((&added["added"], &added["dry_run"]), (&dry["added"], &false.into()));
    assert_eq!(
        library(&home),
        [HOST, "104.196.175.1", "104.196.175.3", "104.196.175.4"],
        "what was removed stays so"
    );
    assert_eq!(home.json(&["indicator", "show", "104.196.175.1"])["status"], "Whitelisted");
    let again = home.json(&["run", "add", "1"]);
    for kind in ["indicators", "attributes", "relationships"] {
        assert_eq!(counts(&again, kind)[0], 0, "{again}");
    }
    assert!(home.run(&["run", "list"]).ok().contains("added"));
}

#[test]
fn undo_takes_back_what_its_run_added_and_nothing_that_others_said_since() {
    let provider = Provider::answering_each([addresses(&[1, 2, 3]), addresses(&[1, 2, 4])]);
    let home = home(&provider);
    home.run(&["indicator", "add", "104.196.175.3"]).ok();
    let untouched = home.json(&["indicator", "show", "104.196.175.3"])["relationships"].clone();
    home.run(&["query", HOST, "--add", "all"]).ok();
    home.run(&["query", HOST, "--fresh", "--add", "all"]).ok();
    home.run(&["indicator", "note", "104.196.175.4", "seen in ticket 4711"]).ok();
    assert_eq!(library(&home), [HOST, "104.196.175.1", "104.196.175.2", "104.196.175.3", "104.196.175.4"]);
    // The first run is undone: only what no other source claims is removed, which is the relationship with .3; .3 itself was
    // added by hand.
    home.run(&["run", "undo", "1"]).ok();
    assert_eq!(library(&home), [HOST, "104.196.175.1", "104.196.175.2", "104.196.175.3", "104.196.175.4"]);
    assert_eq!(home.json(&["indicator", "show", "104.196.175.3"])["relationships"], untouched);
    let left = home.json(&["indicator", "show", HOST]).to_string();
    assert!(!left.contains("104.196.175.3") && left.contains("104.196.175.4"), "{left}");
    // The second run is undone too: what was added by hand or worked with stays.
    home.run(&["run", "undo", "2"]).ok();
    assert_eq!(library(&home), ["104.196.175.3", "104.196.175.4"]);
    let nothing = home.run(&["run", "undo", "2"]).ok();
    assert!(nothing.contains("is still in the library"), "{nothing}");
    assert!(home.run(&["run", "list"]).ok().contains("undone"));
    // It can be added again, and is then shown as added.
    home.run(&["run", "add", "2"]).ok();
    let run = &home.json(&["run", "list"])["runs"][0];
    assert!(run["added_at"].is_string() && run["undone_at"].is_null(), "{run}");
    assert_eq!(library(&home), [HOST, "104.196.175.1", "104.196.175.2", "104.196.175.3", "104.196.175.4"]);
}

#[test]
fn a_run_ends_with_the_code_it_had_when_it_was_asked() {
    let whole = addresses(&[1, 2]);
    for (exchange, code, state) in [
        (Exchange::ok(whole.clone()), 0, "complete"),
        (answer::not_found(), 0, "complete"),
        (answer::html_page(), 1, "failed"),
        (answer::body_cut(whole.clone(), whole.len() - 10), 3, "partial"),
        (answer::over_the_limit(whole.clone(), HOST), 3, "truncated"),
        (answer::unauthorized(), 4, "failed"),
    ] {
        let provider = Provider::new(Script::always(exchange));
        let home = home(&provider);
        let asked = home.run(&["query", HOST, "--format", "json"]);
        let shown = home.run(&["run", "show", "1", "--format", "json"]);
        assert_eq!((asked.code, shown.code), (code, code), "{shown:?}");
        assert_eq!((&asked.stdout, &asked.stderr), (&shown.stdout, &shown.stderr));
        assert_eq!(home.json(&["run", "list"])["runs"][0]["state"], state);
    }
}

#[test]
fn a_run_that_is_not_there_is_wrong_usage() {
    let provider = Provider::answering(addresses(&[1]));
    let home = home(&provider);
    home.run(&["query", HOST]).ok();
    let before = home.audit();
    for command in ["show", "add", "undo"] {
        for id in ["2", "0", "9223372036854775807"] {
            home.run(&["run", command, id]).says(2, &[&format!("there is no run {id}")]);
        }
        for id in ["x", "-1", "", "1.0", "9223372036854775808"] {
            home.run(&["run", command, id]).says(2, &[]);
        }
    }
    home.run(&["run", "show", "2", "--raw"]).says(2, &["there is no run 2"]);
    home.run(&["run", "show", "1", "--raw", "--changes"]).says(2, &["cannot be used with"]);
    assert_eq!(home.audit(), before);
}

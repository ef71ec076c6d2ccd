//! One history from several operations.

use serde_json::Value;
use testkit::{Exchange, Script};

use crate::home::Home;
use crate::service::Provider;

const HOST: &str = "www.example.com";

fn line(rdata: &str, first: u64, last: u64, count: u64) -> String {
    format!(
        "{{\"rrname\":\"{HOST}\",\"rrtype\":\"A\",\"rdata\":\"{rdata}\",\"time_first\":{first},\"time_last\":{last},\"count\":{count}}}\n"
    )
}

/// Installs an operation that asks this provider, and asks it.
fn ask(home: &Home, operation: &str, provider: &Provider, code: i32) {
    home.run(&["integration", "install", operation]).ok();
    let (host, port) =
        (format!("host={}", provider.address.ip()), format!("port={}", provider.address.port()));
    home.run(&["integration", "configure", operation, &host, &port, "use_http=on"]).ok();
    home.run(&["integration", "enable", operation]).ok();
    let asked = home.run(&["query", HOST, "--operation", operation, "--fresh"]);
    assert_eq!(asked.code, code, "{asked:?}");
}

/// Two operations that have answered; the second one disagrees about one record, and does not have another.
fn two() -> (Home, Provider, Provider) {
    let home = Home::new();
    let first = Provider::answering(
        line("185.194.93.1", 1_500_000_000, 1_500_000_500, 3)
            + &line("185.194.93.2", 1_500_000_000, 1_500_000_500, 1),
    );
    let second = Provider::answering(line("185.194.93.1", 1_400_000_000, 1_500_000_400, 5));
    ask(&home, "circl-passive-dns", &first, 0);
    ask(&home, "cof", &second, 0);
    (home, first, second)
}

#[test]
fn one_history_says_who_said_what() {
    let (home, ..) = two();
    let history = home.json(&["history", HOST, "--sort", "name"]);
    assert_eq!(history["answers"].as_array().unwrap().len(), 2, "{history}");
    let records = history["records"].as_array().unwrap();
    let (both, one) = (&records[0], &records[1]);
    assert_eq!(
        (&both["record"]["time_first"], &both["record"]["time_last"]),
        (&1_400_000_000.into(), &1_500_000_500.into())
    );
    assert_eq!((&both["record"]["count"], &both["agreement"]), (&5.into(), &"apart".into()));
    assert_eq!((&both["said"][0]["count"], &both["said"][1]["count"]), (&3.into(), &5.into()));
    assert_eq!((&one["agreement"], &one["said"][1]["standing"]), (&"only".into(), &"not_seen".into()));

    let only = home.json(&["history", HOST, "--only-one"]);
    assert_eq!((&only["matching"], &only["records"][0]["agreement"]), (&1.into(), &"only".into()));
    let apart = home.json(&["history", HOST, "--apart"]);
    assert_eq!((&apart["matching"], &apart["records"][0]["agreement"]), (&1.into(), &"apart".into()));
    assert_eq!(home.json(&["history", HOST, "--apart", "2000"])["matching"], 0);

    let table = home.run(&["history", HOST]).ok();
    for text in ["2 records from 2 of 2 operations", "dates 1157 d apart", "not seen", "only "] {
        assert!(table.contains(text), "{text}: {table}");
    }
    let csv = home.run(&["history", HOST, "--format", "csv"]).ok();
    assert_eq!(csv.lines().count(), 3);
    assert_eq!(csv.lines().next().unwrap().matches(": time_first").count(), 2, "{csv}");
    let cof = home.run(&["history", HOST, "--format", "cof", "--limit", "1"]).ok();
    assert_eq!(serde_json::from_str::<Value>(&cof).unwrap()["rrtype"], "A");
}

#[test]
fn findings_are_added_for_all_runs_and_taken_back_exactly() {
    let (home, ..) = two();
    let preview = home.json(&["history", HOST, "--add", "all", "--dry-run"]);
    assert!(home.run(&["indicator", "show", "185.194.93.1"]).code != 0, "nothing is added yet");
    let added = home.json(&["history", HOST, "--add", "all"]);
    assert_eq!(added["added"], preview["added"]);
    assert_eq!(added["added"]["relationships"]["new"], 2);
    let shown = home.json(&["indicator", "show", "185.194.93.1"]);
    assert_eq!(shown["sources"].as_array().unwrap().len(), 2, "both runs claim it: {shown}");
    let undone = home.run(&["history", HOST, "--undo", "--format", "json"]).ok();
    assert_eq!(undone.lines().count(), 2, "{undone}");
    assert!(home.run(&["indicator", "show", "185.194.93.1"]).code != 0);
    // What one record proposes is claimed by the run that has it alone.
    let one = home.json(&["history", HOST, "--add", "185.194.93.2"]);
    assert_eq!(one["added"]["relationships"]["new"], 1);
    let undone = home.run(&["history", HOST, "--undo", "--format", "json"]).ok();
    assert_eq!(undone.lines().count(), 1, "{undone}");
}

#[test]
fn a_failure_is_said_and_the_older_answer_stays() {
    let (home, ..) = two();
    let broken = Provider::new(Script::always(Exchange::status(401, &[], "")));
    ask(&home, "circl-passive-dns", &broken, 4);
    let done = home.run(&["history", HOST, "--format", "json"]);
    assert_eq!(done.code, 3, "{done:?}");
    let history: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&history["answers"][0]["run"], &history["answers"][0]["since"]["run"]),
        (&1.into(), &3.into())
    );
    assert!(done.stderr.contains("run 3 failed"), "{}", done.stderr);
}

#[test]
fn what_was_never_queried_and_what_is_no_value_are_said() {
    let home = Home::new();
    let done = home.run(&["history", HOST]);
    assert_eq!(done.code, 1);
    assert!(
        done.stderr.contains("no operation has been run on it yet")
            && done.stderr.contains("--all-operations")
    );
    assert_eq!(home.run(&["history", "//"]).code, 2);
    let (home, ..) = two();
    for (option, value, said) in [
        ("--add", "99", "there is no finding 99"),
        ("--add", "nothing.example", "nothing was added"),
        ("--rrtype", "NONE-SUCH", "--rrtype"),
    ] {
        let done = home.run(&["history", HOST, option, value]);
        assert!(done.code != 0 && done.stderr.contains(said), "{done:?}");
    }
}

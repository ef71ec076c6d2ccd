//! Several operations that are queried with one command, and values that are held back from some of them.

use serde_json::{Value, json};

use crate::home::{Done, Home, NAME};
use crate::service::{Provider, line};

/// A home with these operations, each pointed at its own provider, and enabled.
fn home_with(operations: &[(&str, &Provider)]) -> Home {
    let home = Home::new();
    for (operation, provider) in operations {
        let name = operation.split('@').next().unwrap();
        home.run(&["integration", "install", operation]).ok();
        let (host, port) =
            (format!("host={}", provider.address.ip()), format!("port={}", provider.address.port()));
        home.run(&["integration", "configure", name, &host, &port, "use_http=on"]).ok();
        home.run(&["integration", "enable", name]).ok();
    }
    home
}

fn provider(rdata: &str) -> Provider {
    Provider::answering(line("a.example", rdata, 3))
}

fn refusing() -> Provider {
    Provider::new(testkit::Script::always(testkit::answer::unauthorized()))
}

/// The objects that were printed, each as value, operation and state.
fn printed(done: &Done) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let object = |line: &str| -> [String; 3] {
        let object: Value = serde_json::from_str(line).unwrap();
        let operation = text(&object["operation"]);
        let name = operation.split('@').next().unwrap().to_owned();
        [text(&object["value"]), name, text(&object["completeness"]["state"])]
    };
    done.stdout.lines().map(object).collect()
}

#[test]
fn each_operation_has_its_own_runs_and_one_that_fails_says_so_beside_the_others() {
    let (circl, cof) = (provider("185.194.93.1"), refusing());
    let home = home_with(&[(NAME, &circl), ("cof", &cof)]);
    let several = format!("{NAME},cof");
    let done = home.run(&[
        "query",
        "a.example",
        "b.example",
        "--operation",
        &several,
        "--format",
        "json",
        "--add",
        "all",
    ]);
    let expected = [
        ["a.example", NAME, "complete"],
        ["a.example", "cof", "failed"],
        ["b.example", NAME, "complete"],
        ["b.example", "cof", "failed"],
    ];
    assert_eq!(printed(&done), expected);
    // The gravest: the login was refused.
    let done = done.says(
        4,
        &["a.example, Passive DNS Server (COF) (cof@1.0.0): failed: 401", "backsight history VALUE"],
    );
    assert!(!done.stderr.contains("circl-passive-dns@"), "{}", done.stderr);
    assert_eq!((circl.asked(), cof.asked()), (2, 2));
    let runs = home.json(&["run", "list"])["runs"].clone();
    let batches: Vec<&Value> = runs.as_array().unwrap().iter().map(|run| &run["batch"]).collect();
    assert_eq!(batches, [&json!(1); 4]);
    let undone = home.run(&["run", "undo", "--batch", "1"]).ok();
    assert_eq!(undone.matches(" undone: ").count(), 2, "{undone}");
    let table = home.run(&["query", "a.example", "--operation", &several]).stdout;
    for words in [
        "CIRCL Passive DNS (circl-passive-dns@1.2.0)\na.example (FQDN): 1 record",
        "(cof@1.0.0)\na.example (FQDN): no answer",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

#[test]
fn all_operations_are_those_that_are_enabled_and_accept_the_type() {
    let (circl, cof, off) = (provider("185.194.93.1"), provider("185.194.93.2"), provider("185.194.93.3"));
    let home = home_with(&[("circl-passive-dns@1.0.0", &circl), ("cof", &cof), ("dnsdb", &off)]);
    home.run(&["integration", "disable", "dnsdb"]).ok();
    let done =
        home.run(&["query", "a.example", "2001:db8::1", "a b", "--all-operations", "--format", "json"]);
    let expected = [
        ["a.example", NAME, "complete"],
        ["a.example", "cof", "complete"],
        ["2001:db8::1", "cof", "complete"],
        ["a b", "-", "failed"],
    ];
    assert_eq!(printed(&done), expected);
    assert_eq!((done.code, done.stderr.matches("not queried").count()), (1, 1), "{}", done.stderr);
    assert_eq!((circl.asked(), cof.asked(), off.asked()), (1, 2, 0));
    // Named operations are queried about every value.
    let named = format!("{NAME},cof");
    let done = home.run(&["query", "2001:db8::1", "--operation", &named, "--format", "json"]);
    assert_eq!(printed(&done), [["2001:db8::1", NAME, "failed"], ["2001:db8::1", "cof", "complete"]]);
    done.says(1, &["FQDN and IP Address, not IPv6 Address"]);
}

#[test]
fn what_is_about_one_operation_is_refused_for_several() {
    let (circl, cof) = (provider("185.194.93.1"), provider("185.194.93.2"));
    let home = home_with(&[(NAME, &circl), ("cof", &cof)]);
    let query = |more: &[&str]| home.run(&[&["query", "a.example"], more].concat());
    query(&["--all-operations", "--format", "cof"]).says(2, &["which operation a record is from"]);
    query(&["--all-operations", "--set", "port=1"]).says(2, &["--set changes one operation"]);
    query(&["--operation", "circl-passive-dns,cof", "--secret", "user_token"]).says(2, &["--secret"]);
    query(&["--operation", "circl-passive-dns,nope"]).says(2, &["nope is not installed"]);
    query(&["--operation", "cof", "--all-operations"]).says(2, &["cannot be used with"]);
    assert_eq!((circl.asked(), cof.asked()), (0, 0));
    // A secret of the environment is for one service; it must not reach another one.
    let mut command = home.command(&["query", "a.example", "--all-operations"]);
    let done = Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", "ann:hunter2").output().unwrap());
    done.says(0, &["BACKSIGHT_SECRET_USER_TOKEN is not used"]);
    for request in circl.requests().iter().chain(&cof.requests()) {
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn what_is_marked_stricter_is_named_and_held_back_before_anything_is_sent() {
    let (circl, cof) = (provider("185.194.93.1"), provider("185.194.93.2"));
    let home = home_with(&[(NAME, &circl), ("cof", &cof)]);
    home.run(&["indicator", "add", "a.example", "--tlp", "TLP:AMBER"]).ok();
    home.run(&["indicator", "add", "b.example"]).ok();
    home.file("values", "a.example\nb.example\n");
    for values in [&["a.example", "b.example"][..], &["-f", "values"], &["--from-library"]] {
        let done = home.run(&[&["query", "--format", "json", "--fresh"], values].concat());
        assert_eq!(printed(&done), [["a.example", NAME, "failed"], ["b.example", NAME, "complete"]]);
        let words = [
            "a.example: not queried: it is marked TLP:AMBER, and circl-passive-dns may only be asked about values up to TLP:GREEN",
            "1 value held back from circl-passive-dns",
            "backsight indicator set VALUE --tlp",
            "--max-tlp",
        ];
        let done = done.says(1, &words);
        assert_eq!(done.stderr.matches("not queried").count(), 1, "{}", done.stderr);
    }
    let streamed = home.run(&["query", "a.example", "b.example", "--format", "cof", "--fresh"]);
    assert_eq!((streamed.says(1, &["a.example: not queried"]).stdout.lines().count(), circl.asked()), (1, 4));
    let asked = circl.requests().iter().any(|request| request.target.ends_with("/a.example"));
    assert!(!asked, "{:?}", circl.requests());
    // The maximum of one operation says nothing about another.
    home.run(&["integration", "configure", "cof", "--max-tlp", "amber+strict"]).ok();
    let done = home.run(&["query", "a.example", "--all-operations", "--format", "json"]);
    assert_eq!(printed(&done), [["a.example", NAME, "failed"], ["a.example", "cof", "complete"]]);
    home.run(&["query", "a.example", "--operation", "cof", "--offline"]).ok();
    home.run(&["integration", "configure", "cof", "--max-tlp", "default"]).ok();
    home.run(&["query", "a.example", "--operation", "cof", "--offline"]).ok();
    assert_eq!(home.run(&["query", "a.example", "--operation", "cof"]).code, 1);
    home.run(&["indicator", "set", "a.example", "--tlp", "none"]).ok();
    home.run(&["query", "a.example", "--operation", "cof"]).ok();
    home.run(&["integration", "configure", "cof", "--max-tlp", "none"]).says(2, &["or default"]);
}

#[test]
fn markings_are_set_listed_and_never_weakened_by_adding() {
    let home = Home::new();
    home.run(&["indicator", "add", "a.example", "b.example", "--tlp", "red"]).ok();
    let added = home.run(&["indicator", "add", "a.example", "c.example", "--tlp", "white"]).ok();
    assert!(added.contains("Active, TLP:RED") && added.contains("Active, TLP:CLEAR"), "{added}");
    let set = home.run(&["indicator", "set", "b.example", "--tlp", "none", "--status", "review"]).ok();
    assert_eq!(
        set,
        "b.example: status changed from Active to Review\nb.example: TLP changed from RED to none\n"
    );
    home.run(&["indicator", "set", "b.example"]).says(2, &["--status"]);
    home.run(&["indicator", "set", "b.example", "--tlp", "orange"]).says(2, &["clear, green, amber"]);
    let listed = |tlp: &str| -> Vec<Value> {
        let page = home.json(&["indicator", "list", "--tlp", tlp]);
        page["indicators"].as_array().unwrap().iter().map(|one| one["value"].clone()).collect()
    };
    assert_eq!((listed("red"), listed("none")), (vec![json!("a.example")], vec![json!("b.example")]));
    assert!(
        home.run(&["indicator", "show", "a.example"]).ok().contains("a.example (FQDN): Active, TLP:RED\n")
    );
    assert!(home.audit().contains("indicator.tlp"));
}

#[test]
fn what_a_query_would_cost_is_told_before_anything_is_asked() {
    let quota =
        r#"{"rate":{"reset":"n/a","limit":1000,"remaining":1,"results_max":256,"offset_max":3000000}}"#;
    let (circl, dnsdb) = (provider("185.194.93.1"), Provider::answering(quota));
    let home = home_with(&[(NAME, &circl), ("dnsdb", &dnsdb)]);
    home.run(&["query", "a.example"]).ok();
    home.run(&["indicator", "add", "c.example", "--tlp", "red"]).ok();
    let values = ["query", "a.example", "b.example", "c.example", "--all-operations", "--dry-run"];
    let told = home.json(&values);
    let [circl_cost, dnsdb_cost] = told["operations"].as_array().unwrap().as_slice() else {
        panic!("{told}")
    };
    for (cost, operation, stored, requests) in
        [(circl_cost, "circl-passive-dns@1.2.0", 1, 1), (dnsdb_cost, "dnsdb@1.0.0", 0, 2)]
    {
        assert_eq!(
            (&cost["operation"], &cost["values"], &cost["stored"], &cost["requests"]),
            (&json!(operation), &json!(3), &json!(stored), &json!(requests))
        );
        assert_eq!(cost["held"], json!([{"value": "c.example", "type": "FQDN", "tlp": "RED"}]));
    }
    assert_eq!((&circl_cost["quota"], &dnsdb_cost["quota"]["remaining"]), (&Value::Null, &json!(1)));
    let table = home.run(&values).says(0, &["c.example: not queried", "1 value held back from dnsdb"]);
    assert!(table.stdout.contains("1 of 1000 requests left"), "{}", table.stdout);
    assert_eq!(circl.asked(), 1, "nothing was asked but the quota");
    assert!(dnsdb.requests().iter().all(|request| request.target == "/dnsdb/v2/rate_limit"));
    home.run(&["query", "a.example", "--dry-run", "--format", "cof"]).says(2, &["no records"]);
    // With many values, it is announced.
    let many: Vec<String> = (0..120).map(|n| format!("h{n}.example")).collect();
    home.file("many", many.join("\n"));
    let done = home.run(&["query", "-f", "many", "--operation", "dnsdb", "--format", "json"]);
    for words in [
        "120 values: 0 from stored answers, at least 120 requests; the provider said: 1 of 1000",
        "quota is not enough",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
}

#[test]
fn a_quota_that_is_used_up_is_told_and_a_test_of_the_connection_asks_again() {
    let exchange = |remaining: &str| {
        let headers =
            [("x-ratelimit-limit", "5"), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", "3600")];
        testkit::Exchange::status(200, &headers, line("a.example", "185.194.93.1", 3))
    };
    let circl = Provider::new(testkit::Script::new(["0", "5", "4"].map(exchange)));
    let home = home_with(&[(NAME, &circl)]);
    home.run(&["query", "a.example"]).ok();
    let done = home.run(&["query", "b.example"]);
    done.says(
        4,
        &["b.example: failed: no request was sent", "used up until", "a test of the connection asks"],
    );
    home.run(&["query", "a.example"]).ok();
    assert_eq!(circl.asked(), 1);
    let tested = home.run(&["integration", "test", NAME]).ok();
    assert!(tested.contains("Quota            5 of 5 requests left, renewed "), "{tested}");
    let tested = home.json(&["integration", "test", NAME]);
    assert_eq!((&tested["quota"]["remaining"], &tested["quota"]["results_max"]), (&json!(4), &Value::Null));
    assert!(!home.run(&["query", "b.example", "--dry-run"]).ok().contains("not said"));
}

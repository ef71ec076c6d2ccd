//! Which records of an answer are printed, in which order, and how many are kept.

use serde_json::Value;

use crate::harness::{Done, Home, Provider, line};

/// 2017-06-09 00:00:00 UTC.
const DAY: u64 = 1_496_966_400;

/// An answer with a record before, during and after that day.
fn history() -> Provider {
    Provider::with(
        line("b.example", "A", "192.0.2.1", DAY - 1_000, DAY - 1, 5)
            + &line("a.example", "A", "192.0.2.2", DAY - 500, DAY + 86_400, 1)
            + &line("c.example", "NS", "ns.example", DAY + 86_399, DAY + 90_000, 9)
            + &line("a.example", "AAAA", "2001:db8::1", DAY + 86_400, DAY + 86_401, 3),
    )
}

/// The counts of the printed records, which distinguish them.
fn counts(done: &Done) -> Vec<u64> {
    let records = done.json().remove(0)["records"].as_array().cloned().unwrap();
    records.iter().map(|record: &Value| record["count"].as_u64().unwrap()).collect()
}

#[track_caller]
fn kept(arguments: &[&str]) -> Vec<u64> {
    let (home, provider) = (Home::new(), history());
    let done = home.query(provider.address, ["x.example", "--format", "json"]).args(arguments).done();
    assert_eq!(done.code, 0, "{done:#?}");
    counts(&done)
}

#[test]
fn only_some_types() {
    assert_eq!(kept(&["--rrtype", "a, aaaa", "--sort", "name"]), [1, 3, 5]);
    assert_eq!(kept(&["--rrtype", "TYPE2"]), [9]);
    let (home, provider) = (Home::new(), history());
    home.query(provider.address, ["x.example", "--rrtype", "NS"]).done().quiet();
    assert_eq!(
        provider.requests()[0].header("dribble-filter-rrtype"),
        Some("NS"),
        "the service is asked for one"
    );
}

#[test]
fn a_type_that_is_none_is_refused() {
    let (home, provider) = (Home::new(), history());
    for (text, why) in [
        ("FOO", "unknown record type"),
        ("A,AAA", "\"AAA\""),
        ("TYPE99999", "not a record type"),
        ("A B", "not a record type"),
        ("", "no record type given"),
        (",", "no record type given"),
    ] {
        let done = home.query(provider.address, ["x.example", "--rrtype", text]).done();
        done.says(2, &["--rrtype", why, "hint: write types as in A,AAAA"]);
    }
    assert!(provider.requests().is_empty());
}

#[test]
fn only_some_time() {
    assert_eq!(kept(&["--at", "2017-06-09", "--sort", "name"]), [1, 9]);
    assert_eq!(kept(&["--at", "2017-06-10T00:00:00Z", "--sort", "name"]), [1, 3, 9]);
    assert_eq!(kept(&["--seen-before", "2017-06-08", "--sort", "name"]), [1, 5]);
    assert_eq!(kept(&["--seen-after", "2017-06-09", "--sort", "name"]), [1, 3, 9]);
    assert_eq!(
        kept(&["--seen-after", "2017-06-09", "--seen-before", "2017-06-09", "--sort", "name"]),
        [1, 9]
    );
    assert_eq!(kept(&["--seen-after", "90d"]), Vec::<u64>::new());
}

#[test]
fn times_that_do_not_go_together_are_refused() {
    let (home, provider) = (Home::new(), history());
    let says = |arguments: &[&str], words: &[&str]| {
        home.query(provider.address, ["x.example"]).args(arguments).done().says(2, words);
    };
    says(&["--at", "2017", "--seen-after", "2017"], &["--at", "cannot be used with", "--seen-after"]);
    says(&["--at", "2017", "--seen-before", "2017"], &["cannot be used with"]);
    says(&["--at", "yesterday"], &["--at: \"yesterday\" is not a time", "2017-06-09", "90d"]);
    says(&["--seen-after", ""], &["--seen-after", "is not a time"]);
    let late = ["--seen-after", "2020", "--seen-before", "2019"];
    says(
        &late,
        &["--seen-after 2020-01-01 00:00:00 is later than --seen-before 2019-12-31 23:59:59", "hint: swap"],
    );
    assert!(provider.requests().is_empty());
}

#[test]
fn each_order() {
    assert_eq!(kept(&[]), [9, 3, 1, 5], "last seen first");
    assert_eq!(kept(&["--sort", "last"]), [9, 3, 1, 5]);
    assert_eq!(kept(&["--sort", "first"]), [5, 1, 9, 3]);
    assert_eq!(kept(&["--sort", "count"]), [9, 5, 3, 1]);
    assert_eq!(kept(&["--sort", "name"]), [1, 3, 5, 9]);
    let (home, provider) = (Home::new(), history());
    let done = home.query(provider.address, ["x.example", "--format", "cof", "--sort", "last"]).done();
    done.says(2, &["--sort", "--format cof", "hint: "]);
}

#[test]
fn a_limit_says_what_it_leaves_out() {
    let (home, provider) = (Home::new(), history());
    let limited =
        |format| home.query(provider.address, ["x.example", "--limit", "1", "--format", format]).done();
    let done = limited("json");
    done.says(0, &["x.example: 3 more records not printed because of --limit"]);
    assert_eq!(counts(&done), [9]);
    let done = limited("table");
    assert!(done.stdout.starts_with("x.example (FQDN): 4 records, complete, 1 shown\n"), "{}", done.stdout);
    let done = limited("cof");
    assert_eq!((done.code, done.stdout.lines().count()), (0, 1), "{done:#?}");
    assert_eq!(limited("csv").stdout.lines().count(), 2);
}

#[test]
fn too_many_records_are_truncated_aloud() {
    let (home, provider) = (Home::new(), history());
    for format in ["table", "json", "csv", "cof"] {
        let run = home.query(provider.address, ["x.example", "--max-records", "2", "--format", format]);
        let done = run.done();
        done.says(
            3,
            &["x.example: truncated: stopped after 2 records", "hint: narrow the query with --rrtype"],
        );
        let records = match format {
            "table" => done.stdout.lines().filter(|line| line.starts_with(" A ")).count(),
            "json" => counts(&done).len(),
            "csv" => done.stdout.lines().count() - 1,
            _ => done.stdout.lines().count(),
        };
        assert_eq!(records, 2, "{done:#?}");
    }
    let exact = home.query(provider.address, ["x.example", "--max-records", "4"]).done();
    assert!(exact.quiet().contains("4 records, complete"));
}

#[test]
fn the_configured_maximum_holds_but_not_for_cof() {
    let (home, provider) = (Home::new(), history());
    let ask = |format| {
        let run = home.query(provider.address, ["x.example", "--format", format]);
        run.env("BACKSIGHT_QUERY_MAX_RECORDS", "1").done().code
    };
    assert_eq!(["table", "json", "csv", "cof"].map(ask), [3, 3, 3, 0]);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let (home, provider) = (Home::new(), history());
    for (flag, value) in [
        ("--limit", "0"),
        ("--limit", "x"),
        ("--limit=-1", ""),
        ("--max-records", "0"),
        ("--concurrency", "0"),
        ("--concurrency", "1025"),
        ("--limit", "99999999999999999999"),
    ] {
        let arguments: Vec<&str> = [flag, value].into_iter().filter(|word| !word.is_empty()).collect();
        let done = home.query(provider.address, ["x.example"]).args(arguments).done();
        done.says(2, &["invalid value", flag.split('=').next().unwrap()]);
    }
    assert!(provider.requests().is_empty());
}

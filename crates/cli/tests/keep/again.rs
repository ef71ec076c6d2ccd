//! Repeated queries: with a stored answer, without it, from the library, and changes since an earlier answer.

use testkit::{Exchange, Script, answer};

use crate::home::Home;
use crate::running::home;
use crate::service::{Provider, line};

const HOST: &str = "www.example.com";

#[test]
fn a_second_question_sends_nothing_unless_it_is_asked_anew() {
    let provider = Provider::answering(line(HOST, "192.0.2.1", 3));
    let home = home(&provider);
    let none = home.run(&["query", HOST, "--offline"]);
    none.says(1, &["no stored answer to this query, and no request was allowed", "omit --offline"]);
    assert_eq!(provider.asked(), 0);
    assert_eq!(home.json(&["query", HOST])["cached"], false);
    for arguments in [&["query", HOST][..], &["query", "WWW.example.com."], &["query", HOST, "--offline"]] {
        let again = home.json(arguments);
        assert_eq!((&again["cached"], &again["records"][0]["rdata"][0]), (&true.into(), &"192.0.2.1".into()));
    }
    assert!(home.run(&["query", HOST]).ok().contains("--fresh queries again"));
    assert_eq!(provider.asked(), 1);
    assert_eq!(home.json(&["query", HOST, "--fresh"])["cached"], false);
    assert_eq!(provider.asked(), 2);
    home.run(&["query", HOST, "--fresh", "--offline"]).says(2, &["cannot be used with"]);
    // Another query has another answer.
    home.run(&["query", HOST, "--rrtype", "AAAA"]).ok();
    assert_eq!(provider.asked(), 3);
    let cof = home.run(&["query", HOST, "--format", "cof"]).ok();
    assert!(cof.starts_with("{\"rrname\":\"www.example.com\"") && cof.lines().count() == 1, "{cof}");
    assert_eq!(provider.asked(), 3);
}

#[test]
fn why_nothing_was_sent_is_said_with_a_hint_when_the_run_is_shown() {
    let provider = Provider::answering("");
    let home = home(&provider);
    home.run(&["query", HOST, "--offline"]).says(1, &[]);
    let shown = home.run(&["run", "show", "1"]).says(1, &["failed: no stored answer"]);
    let hint = shown.stderr.split("hint:").nth(1).unwrap().trim();
    assert!(!hint.is_empty(), "{shown:?}");
}

#[test]
fn an_incomplete_answer_never_answers_again() {
    let body = line(HOST, "192.0.2.1", 3) + &line(HOST, "192.0.2.2", 3);
    let cut = answer::body_cut(body.clone(), body.len() - 10);
    let provider = Provider::new(Script::new([cut, Exchange::ok(body)]));
    let home = home(&provider);
    home.run(&["query", HOST]).says(3, &["partial"]);
    let whole = home.json(&["query", HOST]);
    assert_eq!((&whole["cached"], whole["records"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(provider.asked(), 2);
}

#[test]
fn changes_tell_new_gone_and_different_and_what_cannot_be_told() {
    let bodies = [
        line(HOST, "192.0.2.1", 3) + &line(HOST, "192.0.2.2", 3) + &line(HOST, "192.0.2.3", 3),
        line(HOST, "192.0.2.1", 3) + &line(HOST, "192.0.2.2", 9) + &line(HOST, "192.0.2.4", 3),
        line(HOST, "192.0.2.5", 3) + "{broken",
    ];
    let provider = Provider::answering_each(bodies);
    let home = home(&provider);
    let ask = || home.json(&["query", HOST, "--fresh", "--changes"]);
    assert!(ask()["changes"].is_null());
    let second = ask();
    let changes = &second["changes"];
    assert_eq!(changes["since"]["run"], 1);
    let new = changes["new"].as_array().unwrap();
    assert_eq!((new.len(), &new[0]["rdata"][0]), (1, &"192.0.2.4".into()));
    let gone = changes["gone"].as_array().unwrap();
    assert_eq!((gone.len(), &gone[0]["rdata"][0]), (1, &"192.0.2.3".into()));
    let different = changes["different"].as_array().unwrap();
    assert_eq!((different.len(), &different[0]["now"]["rdata"][0]), (1, &"192.0.2.2".into()));
    assert_eq!((&different[0]["before"]["count"], &different[0]["now"]["count"]), (&3.into(), &9.into()));
    // However few records are printed.
    let limited = home.json(&["run", "show", "2", "--changes", "--limit", "1"]);
    assert_eq!((limited["records"].as_array().unwrap().len(), &limited["changes"]), (1, changes));
    // The same when it is shown again, whatever was added since.
    let third = ask();
    assert!(third["changes"]["gone"].is_null(), "{third}");
    assert_eq!(third["changes"]["since"]["run"], 2);
    assert!(
        home.run(&["run", "show", "3", "--changes"])
            .stdout
            .contains("gone records cannot be determined here")
    );
    let shown = home.run(&["run", "show", "2", "--changes"]).ok();
    assert!(shown.contains("1 new, 1 gone, 1 different"), "{shown}");
    assert!(home.run(&["run", "show", "1", "--changes"]).ok().contains("No earlier complete answer"));
}

#[test]
fn values_come_out_of_the_library_by_type_and_status() {
    let provider = Provider::answering("");
    let home = home(&provider);
    home.run(&["indicator", "add", "a.example", "192.0.2.1", "--status", "review"]).ok();
    home.run(&["indicator", "add", "b.example", "2001:db8::1"]).ok();
    home.run(&["indicator", "add", "removed.example"]).ok();
    home.run(&["indicator", "remove", "removed.example"]).ok();
    let asked = |more: &[&str]| -> Vec<String> {
        let done = home.run(&[&["query", "--from-library", "--format", "json"], more].concat()).ok();
        let value = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["value"].clone();
        done.lines().map(|line| value(line).as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(asked(&[]), ["a.example", "b.example", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(asked(&["--type", "fqdn"]), ["a.example", "b.example"]);
    assert_eq!(asked(&["--status", "review"]), ["a.example", "192.0.2.1"]);
    assert_eq!(asked(&["--status", "review", "--type", "IP Address"]), ["192.0.2.1"]);
    assert_eq!(asked(&["b.example", "--status", "review"]), ["b.example", "a.example", "192.0.2.1"]);
    home.run(&["query", "--from-library", "--status", "expired"]).says(0, &["no values given"]);
    home.run(&["query", "a.example", "--status", "review"]).says(2, &["--from-library"]);
}

#[test]
fn what_a_format_cannot_do_is_refused_before_anything_is_sent() {
    let provider = Provider::answering("");
    let home = home(&provider);
    for (format, flag, hint) in [
        ("cof", &["--add", "all"][..], "use --format json"),
        ("cof", &["--changes"], "use --format json"),
        ("cof", &["--sort", "name"], "use --format json"),
        ("csv", &["--changes"], "use --format table or json"),
    ] {
        let done = home.run(&[&["query", HOST, "--format", format], flag].concat());
        done.says(2, &[flag[0], "hint: ", hint]);
    }
    assert_eq!((provider.asked(), home.json(&["run", "list"])["runs"].as_array().unwrap().len()), (0, 0));
    home.run(&["query", HOST, "--format", "csv", "--add", "all"]).ok();
    home.run(&["query", HOST, "--format", "cof", "--add", "none"]).ok();
}

#[test]
fn what_is_found_can_be_added_at_once_and_a_flagged_finding_is_not() {
    // Shared hosting: more names than one owner would have.
    let body: String = (0..101).map(|number| line(&format!("h{number}.example"), "192.0.2.1", 3)).collect();
    let provider = Provider::answering(body);
    let home = home(&provider);
    let answer = home.json(&["query", "192.0.2.1", "--add", "all"]);
    let findings = answer["findings"].as_array().unwrap();
    let hosts: Vec<_> = findings.iter().filter(|one| one["kind"] == "indicator").collect();
    assert_eq!(hosts.len(), 101);
    assert!(hosts.iter().all(|one| one["selected"] == false && one["caution"].is_string()), "{answer}");
    assert_eq!(home.json(&["indicator", "list"])["total"], 1, "only what was asked about");
    // By its number, it is added.
    home.run(&["run", "add", "1", "--pick", &hosts[7]["number"].to_string()]).ok();
    let value = hosts[7]["value"].as_str().unwrap();
    assert_eq!(home.json(&["indicator", "show", value])["status"], "Indirect");
}

#[test]
fn nothing_is_kept_that_was_not_asked_for() {
    let home = Home::new();
    home.run(&["query", HOST]).says(2, &["is not installed", "integration install"]);
    assert!(!home.kept().exists(), "no folder is made for a question that was not asked");
}

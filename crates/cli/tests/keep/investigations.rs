//! Investigations on the command line: a report becomes members, operations are queried about them as a job, and a job that is killed,
//! paused or stopped by a provider goes on without asking anything twice.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::{Exchange, Script, answer};

use crate::home::{Done, Home, NAME};
use crate::running;
use crate::service::{Provider, line};
use crate::shapes::pretty;

/// A report with noise.
const REPORT: &str = "\
Campaign 7, seen on 2024-05-03

The loader (d41d8cd98f00b204e9800998ecf8427e) came from hxxps://login[.]evil[.]example/a/setup.exe and from
185.194.93[.]7:8443. Mail ceo@victim.example for details, see CVE-2024-1234. It drops setup.zip, and later
beacons to login.evil.example and c2.evil[.]example.
";

/// `backsight investigation …`.
fn run(home: &Home, arguments: &[&str]) -> Done {
    home.run(&[&["investigation"], arguments].concat())
}

fn json_of(home: &Home, arguments: &[&str]) -> Value {
    home.json(&[&["investigation"], arguments].concat())
}

fn texts(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

/// The values of the members.
fn members(home: &Home, name: &str) -> Vec<String> {
    texts(&json_of(home, &["show", name])["members"], "value")
}

/// An investigation x with so many members.
fn with_members(home: &Home, count: usize) {
    let names: Vec<String> = (0..count).map(|number| format!("h{number}.example")).collect();
    home.file("list", names.join("\n"));
    run(home, &["create", "x", "-f", "list", "--format", "json"]).ok();
}

fn answering() -> Exchange {
    Exchange::ok(line("a.example", "185.194.93.1", 3))
}

fn start(home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(&[&["investigation"], arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the provider was asked so often.
fn until_asked(provider: &Provider, count: usize) {
    for _ in 0..6_000 {
        if provider.asked() >= count {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("asked {} times", provider.asked());
}

/// How often each value was asked about.
fn asked(provider: &Provider) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in provider.requests() {
        let value = request.target.rsplit('/').next().unwrap_or_default().to_owned();
        *counts.entry(value).or_default() += 1;
    }
    counts
}

#[test]
fn a_report_becomes_an_investigation() {
    let home = Home::new();
    home.file("report.txt", REPORT);
    let create = ["create", "Campaign 7", "-f", "report.txt"];
    let preview = run(&home, &[&create[..], &["--dry-run"]].concat()).ok();
    for words in ["login.evil.example", "185.194.93.7", "setup.zip", "1 hash", "ceo@victim.example (line 4)"]
    {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    let found = json_of(&home, &[&create[..], &["--dry-run"]].concat());
    let of = |value: &str| {
        let found = found["found"].as_array().unwrap().iter();
        found.clone().find(|one| one["value"] == value).unwrap_or_else(|| panic!("{value}")).clone()
    };
    assert_eq!(
        (&of("login.evil.example")["count"], &of("login.evil.example")["places"][0]["line"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(
        (&of("setup.zip")["selected"], &of("c2.evil.example")["selected"]),
        (&json!(false), &json!(true))
    );
    assert!(!home.kept().join("workbench.sqlite").exists(), "nothing was changed");

    let created = run(&home, &[&create[..], &["--tlp", "green", "--date", "2024-05-03"]].concat());
    let created = created.says(0, &["1 hash", "1 doubtful value left out: setup.zip", "--include"]);
    assert!(created.stdout.starts_with("Created Campaign 7 (investigation 1).\n"), "{}", created.stdout);
    assert_eq!(members(&home, "campaign 7"), ["c2.evil.example", "login.evil.example", "185.194.93.7"]);
    let shown = run(&home, &["show", "1"]).ok();
    for words in ["open, TLP:GREEN", "Source 1: report.txt", "of 2024-05-03", "Active, TLP:GREEN"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(run(&home, &["show", "1", "--report", "1"]).ok(), REPORT);
    run(&home, &create).says(2, &["already called"]);
    let other = [
        "create",
        "Other",
        "-f",
        "-",
        "--include",
        "setup.zip",
        "--exclude",
        "login[.]evil[.]example",
        "--format",
        "json",
    ];
    home.pipe(&[&["investigation"], &other[..]].concat(), REPORT).ok();
    assert_eq!(members(&home, "Other"), ["c2.evil.example", "setup.zip", "185.194.93.7"]);
    let missing = ["create", "Third", "-f", "report.txt", "--include", "d.example"];
    run(&home, &missing).says(2, &["\"d.example\" is not among the values of the report"]);
}

#[test]
fn a_report_that_is_none_gets_a_clear_answer() {
    let home = Home::new();
    home.file("binary", b"MZ\0\x01a.example");
    home.file("empty", " \n");
    home.file("large", vec![b'a'; (10 << 20) + 1]);
    for (file, words) in
        [("binary", "a binary file"), ("empty", "empty"), ("large", "more than the 10,485,760")]
    {
        run(&home, &["create", "x", "-f", file]).says(2, &[file, words]);
    }
    run(&home, &["create", "x", "-f", "missing"]).says(1, &["reading the report missing"]);
    run(&home, &["create", "x", "--dry-run"]).says(2, &["--file"]);
    assert_eq!(json_of(&home, &["list"])["investigations"], json!([]));
}

#[test]
fn a_report_with_more_values_than_an_investigation_has_says_so() {
    let home = Home::new();
    let many: String = (0..10_002).map(|n| n.to_string() + ".many.example\n").collect();
    home.file("many", many);
    for dry_run in [&["--dry-run"][..], &[]] {
        let create = run(&home, &[&["create", "x", "-f", "many"], dry_run].concat());
        create.says(0, &["many: 2 more values left out: an investigation has at most 10,000"]);
    }
}

#[test]
fn members_and_the_investigation_itself_are_changed_by_hand() {
    let home = Home::new();
    run(&home, &["show", "x"]).says(2, &["there is no investigation x"]);
    run(&home, &["create", "x", "a.example b.example", "AS1"]).says(1, &["AS1"]);
    let added = run(&home, &["add", "x", "b.example", "c.example"]).ok();
    assert!(added.contains("1 new, 1 already in the investigation"), "{added}");
    let judged = run(&home, &["verdict", "x", "Malicious", "a.example", "d.example"]);
    let judged = judged.says(1, &["d.example is not a member of x"]);
    assert_eq!(judged.stdout, "1 member of x: verdict changed to malicious.\n");
    run(&home, &["verdict", "x", "evil", "a.example"]).says(2, &["suspicious"]);
    run(&home, &["note", "x", "--member", "a.example", "seen in\nticket 4711"]).ok();
    run(&home, &["remove", "x", "c.example"]).ok();
    run(&home, &["edit", "x", "--status", "on-hold", "--summary", "Waits for ann.", "--tlp", "amber"]).ok();
    run(&home, &["edit", "x"]).says(2, &["--status"]);
    let shown = run(&home, &["show", "x"]).ok();
    for words in
        ["on hold, TLP:AMBER", "  Waits for ann.", "malicious", "Note on a.example by ann", "  ticket 4711"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(members(&home, "x"), ["a.example", "b.example"]);
    run(&home, &["delete", "x"]).ok();
    run(&home, &["show", "x"]).says(2, &["there is no investigation \"x\""]);
    run(&home, &["create", "x"]).ok();
    run(&home, &["restore", "x"]).says(2, &["already called"]);
    run(&home, &["edit", "x", "--name", "y"]).ok();
    run(&home, &["restore", "X"]).ok();
    assert_eq!(members(&home, "x").len(), 2);
    let list = run(&home, &["list", "--status", "ON-HOLD"]).ok();
    assert!(list.contains(" x ") && !list.contains(" y "), "{list}");
    let first = json_of(&home, &["list", "--limit", "1"]);
    assert_eq!((first["investigations"].as_array().unwrap().len(), &first["next"]), (1, &json!(1)));
}

#[test]
fn json_has_its_documented_shape() {
    let provider = Provider::new(Script::always(answering()));
    let home = running::home(&provider);
    home.file("report.txt", REPORT);
    let printed = |arguments: &[&str]| run(&home, &[arguments, &["--format", "json"]].concat()).ok();
    let json = |arguments: &[&str]| pretty("Investigations", &printed(arguments));
    insta::assert_snapshot!("investigation_preview", json(&["create", "x", "-f", "report.txt", "--dry-run"]));
    insta::assert_snapshot!(
        "investigation_create",
        json(&["create", "x", "-f", "report.txt", "--title", "Report 7"])
    );
    insta::assert_snapshot!("investigation_verdict", json(&["verdict", "x", "benign", "185.194.93.7"]));
    insta::assert_snapshot!("investigation_note", json(&["note", "x", "seen in ticket 4711"]));
    insta::assert_snapshot!("investigation_run", json(&["run", "x"]));
    insta::assert_snapshot!("investigation_shared", json(&["shared", "x"]));
    insta::assert_snapshot!("investigation_findings", json(&["findings", "x"]));
    insta::assert_snapshot!("investigation_show", json(&["show", "x"]));
    insta::assert_snapshot!("investigation_edit", json(&["edit", "x", "--status", "closed"]));
    insta::assert_snapshot!("investigation_list", json(&["list"]));
    insta::assert_snapshot!("investigation_delete", json(&["delete", "x"]));
}

#[test]
fn a_job_that_is_killed_goes_on_and_asks_nothing_twice() {
    let provider = Provider::new(Script::always(answering().after(Duration::from_millis(200))));
    let home = running::home(&provider);
    with_members(&home, 300);
    let cost = json_of(&home, &["run", "x", "--dry-run"]);
    assert_eq!((&cost["operations"][0]["requests"], provider.asked()), (&json!(300), 0));
    let mut child = start(&home, &["run", "x"]);
    until_asked(&provider, 100);
    child.kill().unwrap();
    child.wait().unwrap();
    let complete = home.json(&["run", "list", "--state", "complete", "--limit", "1000"]);
    let complete = texts(&complete["runs"], "value");
    assert!((1..300).contains(&complete.len()), "{}", complete.len());
    run(&home, &["run", "x", "--fresh"]).says(2, &["job 1 has not ended", "--resume"]);

    let done = run(&home, &["run", "x"]).says(0, &["continuing job 1"]);
    assert!(done.stdout.starts_with("Job 1, ended: 300 queries, 300 answered (0 stored"), "{}", done.stdout);
    let asked = asked(&provider);
    assert_eq!(asked.len(), 300);
    for value in &complete {
        assert_eq!(asked[value], 1, "{value}");
    }
    // What was under way when it was killed has no answer, and is asked again.
    let again = asked.values().filter(|count| **count > 1).count();
    assert!(again <= 32 && asked.values().all(|count| *count <= 2), "{again}");
    // Another job uses the stored answers.
    let done = run(&home, &["run", "x"]).ok();
    assert!(done.starts_with("Job 2, ended: 300 queries, 300 answered (300 stored"), "{done}");
    run(&home, &["run", "x", "--resume"]).says(2, &["no job that is running or paused"]);
}

#[test]
fn two_processes_do_not_work_on_one_investigation_and_one_pauses_the_other() {
    let provider = Provider::new(Script::always(answering().after(Duration::from_millis(300))));
    let home = running::home(&provider);
    with_members(&home, 600);
    let child = start(&home, &["run", "x"]);
    until_asked(&provider, 40);
    run(&home, &["run", "x"]).says(2, &["another process works on job 1", "investigation pause x"]);
    run(&home, &["run", "x", "--resume"]).says(2, &["another process works on job 1"]);
    let paused = run(&home, &["pause", "x"]).says(0, &["run x --resume"]);
    assert!(paused.stdout.starts_with("Job 1, paused: 600 queries"), "{}", paused.stdout);
    let done = Done::of(&child.wait_with_output().unwrap()).says(3, &["run x --resume"]);
    assert!(done.stdout.contains(" left; "), "{}", done.stdout);
    run(&home, &["run", "x"]).says(2, &["job 1 is paused", "--resume"]);
    run(&home, &["pause", "x"]).says(2, &["job 1 is paused"]);
    run(&home, &["run", "x", "--resume"]).ok();
    assert!(asked(&provider).values().all(|count| *count == 1), "what was under way was finished");
    assert_eq!(provider.asked(), 600);
    run(&home, &["cancel", "x"]).says(2, &["no job"]);
}

#[test]
fn an_interrupt_pauses_the_job_and_a_second_one_ends_it_at_once() {
    let provider = Provider::new(Script::always(answering().after(Duration::from_hours(1))));
    let home = running::home(&provider);
    with_members(&home, 100);
    let child = start(&home, &["run", "x"]);
    until_asked(&provider, 32);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    let state = || json_of(&home, &["show", "x"])["jobs"][0]["state"].clone();
    assert!((0..200).any(|_| state() == "paused"), "the job is paused");
    kill_process(pid, Signal::INT).unwrap();
    let done = Done::of(&child.wait_with_output().unwrap());
    done.says(3, &["pausing: what is under way is finished", "`backsight investigation run x --resume`"]);
    assert_eq!(provider.asked(), 32);
    run(&home, &["cancel", "x"]).ok();
    assert_eq!(state(), "cancelled");
}

#[test]
fn a_provider_that_refuses_half_way_pauses_the_job() {
    let good = std::iter::repeat_n(answering(), 50);
    let script = Script::new(good.chain([answer::unauthorized(), answering()])).repeat_last();
    let provider = Provider::new(script);
    let home = running::home(&provider);
    with_members(&home, 400);
    let done = run(&home, &["run", "x"]).says(4, &["run x --resume"]);
    for words in ["Job 1, paused: 400 queries", "1 failed", "Paused: circl-passive-dns", "1 query failed: "] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert!(provider.asked() < 200, "{}", provider.asked());
    run(&home, &["run", "x"]).says(2, &["job 1 is paused: circl-passive-dns"]);
    let done = run(&home, &["run", "x", "--resume"]).ok();
    assert!(done.starts_with("Job 1, ended: 400 queries, 400 answered"), "{done}");
    let twice: Vec<usize> = asked(&provider).into_values().filter(|count| *count > 1).collect();
    assert_eq!((provider.asked(), twice), (401, vec![2]), "only what failed is asked again");
}

#[test]
fn what_a_marking_holds_back_is_named_before_it_begins() {
    let (circl, cof) =
        (Provider::new(Script::always(answering())), Provider::new(Script::always(answering())));
    let home = running::home(&circl);
    home.run(&["integration", "install", "cof"]).ok();
    let (host, port) = (format!("host={}", cof.address.ip()), format!("port={}", cof.address.port()));
    home.run(&["integration", "configure", "cof", &host, &port, "use_http=on", "--max-tlp", "red"]).ok();
    home.run(&["integration", "enable", "cof"]).ok();
    run(&home, &["create", "x", "a.example", "b.example", "c.example"]).ok();
    home.run(&["indicator", "set", "a.example", "--tlp", "amber"]).ok();
    home.run(&["indicator", "remove", "c.example"]).ok();
    let held = "1 value held back from circl-passive-dns, which may be asked about values up to TLP:GREEN: a.example (AMBER)";
    let dry = run(&home, &["run", "x", "--all-operations", "--dry-run"]);
    dry.says(0, &[held, "--max-tlp", "1 member that somebody removed"]);
    assert_eq!((circl.asked(), cof.asked()), (0, 0));
    let done = run(&home, &["run", "x", "--all-operations"]).says(3, &[held]);
    assert!(
        done.stdout.contains("4 queries, 3 answered (0 stored, 0 incomplete), 1 held back;"),
        "{}",
        done.stdout
    );
    assert_eq!((circl.asked(), cof.asked()), (1, 2));
    assert!(!asked(&circl).contains_key("a.example"));
    run(&home, &["run", "x", "--member", "d.example"]).says(2, &["d.example is not a member"]);
    run(&home, &["run", "x", "--operation", "nope"]).says(2, &["nope is not installed"]);
    run(&home, &["run", "x", "--member", "b.example", "--operation", NAME]).ok();
    assert_eq!(circl.asked(), 1, "the stored answer is used");
}

/// Two members and another name have a name server; the members also have an address of a special purpose.
const SHARED: &str = concat!(
    r#"{"rrname":"a.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1602592000}"#,
    "\n",
    r#"{"rrname":"b.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600864000,"time_last":1605000000}"#,
    "\n",
    r#"{"rrname":"c.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
    r#"{"rrname":"a.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
    r#"{"rrname":"b.example","rrtype":"A","rdata":"192.0.2.1","time_first":1600000000,"time_last":1600000000}"#,
    "\n",
);
/// What the own database knows of the name server.
const OWN: &str = concat!(
    r#"{"rrname":"d.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1600000000,"count":1}"#,
    "\n",
    r#"{"rrname":"a.example","rrtype":"NS","rdata":"ns.dark.example","time_first":1600000000,"time_last":1600000000,"count":1}"#,
    "\n",
);

#[test]
fn what_members_share_is_ranked_followed_and_added() {
    let provider = Provider::new(Script::always(Exchange::ok(SHARED)));
    let home = running::home(&provider);
    run(&home, &["create", "x", "a.example", "b.example"]).ok();
    assert_eq!(run(&home, &["shared", "x"]).ok(), "No matching shared resources.\n");
    run(&home, &["run", "x"]).ok();
    let done = run(&home, &["shared", "x"]).says(0, &["2 resources left out that say little", "--weak"]);
    let first = done.stdout.lines().nth(3).unwrap();
    // 2020-09-23 to 2020-10-13; nobody has counted.
    assert!(first.contains("ns:ns.dark.example") && first.contains(" 20 "), "{}", done.stdout);
    home.file("own.cof", OWN);
    home.run(&["import", "own.cof"]).ok();
    let counted = json_of(&home, &["shared", "x", "--kind", "ns"]);
    let row = &counted["resources"][0];
    assert_eq!(
        (&row["own_names"], &row["days_at_once"], &counted["matching"]),
        (&json!(1), &json!(20), &json!(1))
    );
    let weak = json_of(&home, &["shared", "x", "--kind", "addr", "--weak"]);
    assert_eq!(weak["resources"][0]["weak"], "special purpose: documentation", "{weak}");
    let behind = json_of(&home, &["shared", "x", "--follow", "ns:ns.dark.example"]);
    assert_eq!(texts(&behind["candidates"], "value"), ["ns.dark.example", "c.example", "d.example"]);
    run(&home, &["shared", "x", "--follow", "dark"]).says(2, &["begins with addr:"]);
    let table = run(&home, &["shared", "x", "--follow", "ns:ns.dark.example", "--limit", "1"]);
    assert!(table.says(0, &["only 1 of 3 shown"]).stdout.contains("not in the library"));

    let findings = json_of(&home, &["findings", "x"]);
    let proposed = texts(&findings["findings"], "value");
    assert!(proposed.contains(&"ns.dark.example".to_owned()), "{proposed:?}");
    run(&home, &["findings", "x", "--dry-run"]).says(2, &["--add-all"]);
    run(&home, &["findings", "x", "--add", "other.example"])
        .says(2, &["no answer about a member proposes it"]);
    let would = json_of(&home, &["findings", "x", "--add", "ns.dark.example", "--dry-run"]);
    let did = json_of(&home, &["findings", "x", "--add", "ns.dark.example"]);
    assert_eq!((&would["added"], &did["added"]["indicators"]["new"]), (&did["added"], &json!(1)));
    run(&home, &["findings", "x", "--add-all"]).ok();
    let listed = run(&home, &["findings", "x"]).ok();
    assert!(listed.contains("a.example and 1 more"), "{listed}");
}

#[test]
fn a_report_is_one_file_that_says_what_was_asked_and_what_is_missing() {
    let provider = Provider::answering(line("login.evil.example", "185.194.93.1", 3));
    let home = running::home(&provider);
    home.file("report.txt", REPORT);
    run(&home, &["create", "x", "-f", "report.txt", "--tlp", "green"]).ok();
    home.run(&["indicator", "set", "185.194.93.7", "--tlp", "amber"]).ok();
    home.run(&["query", "login.evil.example"]).ok();
    home.run(&["run", "add", "1"]).ok();
    run(&home, &["run", "x"]).says(3, &["held back"]);
    run(&home, &["note", "x", "see https://login.evil.example/a"]).ok();

    let html = run(&home, &["report", "x"]).ok();
    for words in [
        "<!doctype html>",
        "class=\"paper tlp-amber\"",
        "Report by <bdi>ann</bdi>",
        "login[.]evil[.]example",
        "hxxps://login[.]evil[.]example/a",
        "circl-passive-dns",
        "2 of 2 answers complete",
        "1 value held back because of a marking; 1 member never asked about.",
        "may only be asked about values up to TLP:GREEN",
        "185[.]194[.]93[.]7 (TLP:AMBER)",
        "run 1, circl-passive-dns@",
        "185[.]194[.]93[.]1<",
        "report[.]txt",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("login.evil.example"), "{html}");

    let plain = run(&home, &["report", "x", "--no-defang", "--section", "members,notes"]).ok();
    assert!(plain.contains("login.evil.example") && plain.contains("r-members"), "{plain}");
    assert!(!plain.contains("r-asked") && plain.contains("tlp-amber"), "{plain}");

    run(&home, &["report", "x", "-o", "x.html"]).says(0, &["the report is in x.html"]);
    let written = std::fs::read_to_string(home.path("x.html")).unwrap();
    assert!(written.ends_with("</html>\n") || written.ends_with("</html>"), "{written}");
    run(&home, &["report", "x", "-o", "x.html"]).says(2, &["x.html exists", "choose another name"]);
    run(&home, &["report", "x", "-o", "nowhere/x.html"]).says(1, &["writing nowhere/x.html"]);
    run(&home, &["report", "x", "--section", "everything"])
        .says(2, &["\"everything\" is not a section", "left-out"]);
    run(&home, &["report", "y"]).says(2, &["there is no investigation"]);
}

#[test]
fn helps_explain_themselves() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[&["investigation"], arguments, &["--help"]].concat());
        Done::of(&command.env("COLUMNS", "100").output().unwrap()).ok()
    };
    insta::assert_snapshot!("help_investigation", help(&[]));
    for (command, words) in
        [("create", "10 MiB"), ("report", "--no-defang"), ("run", "Exit codes: 0 all answers are complete")]
    {
        assert!(help(&[command]).contains(words), "{command}");
    }
}

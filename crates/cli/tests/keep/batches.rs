//! The runs of one command are a batch: they are listed together and undone together.

use serde_json::{Value, json};

use crate::home::{Home, NAME};
use crate::running::NEWEST;
use crate::service::{Provider, line};

fn asking() -> (Home, Provider) {
    asking_for((1..=9).map(|number| line("a.example", &format!("185.194.93.{number}"), 3)))
}

fn asking_for(bodies: impl IntoIterator<Item = String>) -> (Home, Provider) {
    let provider = Provider::answering_each(bodies);
    let home = Home::new();
    home.run(&["integration", "install", NEWEST]).ok();
    home.point_at(provider.address);
    home.run(&["integration", "enable", NAME]).ok();
    (home, provider)
}

fn ids(home: &Home, filters: &[&str]) -> Vec<i64> {
    let listed = home.json(&[&["run", "list"], filters].concat());
    listed["runs"].as_array().unwrap().iter().map(|run| run["run"].as_i64().unwrap()).collect()
}

#[test]
fn the_runs_of_one_command_are_listed_and_undone_together() {
    let (home, _provider) = asking();
    home.run(&["query", "a.example", "b.example", "c.example", "--add", "all"]).ok();
    home.run(&["query", "d.example", "--add", "all"]).ok();
    let batches: Vec<Value> = home.json(&["run", "list"])["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["batch"].clone())
        .collect();
    assert_eq!(batches, [json!(4), json!(1), json!(1), json!(1)]);
    assert_eq!(ids(&home, &["--batch", "1"]), [3, 2, 1]);
    let before = home.json(&["indicator", "list"])["total"].as_i64().unwrap();
    let said = home.run(&["run", "undo", "--batch", "1"]).ok();
    assert_eq!(said.matches(" undone: ").count(), 3, "{said}");
    let after = home.json(&["indicator", "list"])["total"].as_i64().unwrap();
    assert!(after < before && after > 0, "{before} then {after}: what run 4 added stays");
    home.run(&["run", "undo", "--batch", "1"]).says(0, &["nothing that these runs added"]);
    home.run(&["run", "undo", "--batch", "99"]).says(2, &["there is no run 99"]);
    home.run(&["run", "undo", "--batch", "2"]).says(2, &["run 2 is not the first", "that is run 1"]);
    home.run(&["run", "undo"]).says(2, &["required"]);
}

#[test]
fn several_runs_are_undone_by_their_numbers() {
    let (home, _provider) = asking();
    for name in ["a.example", "b.example", "c.example"] {
        home.run(&["query", name, "--add", "all"]).ok();
    }
    let said = home.run(&["run", "undo", "1", "3"]).ok();
    assert!(said.contains("Run 1 ") && said.contains("Run 3 ") && !said.contains("Run 2 "), "{said}");
    // With one wrong number, nothing is undone.
    home.run(&["run", "undo", "2", "99"]).says(2, &["99"]);
    let runs = home.json(&["run", "list"])["runs"].clone();
    let undone: Vec<bool> = runs.as_array().unwrap().iter().map(|run| run["undone_at"].is_string()).collect();
    assert_eq!(undone, [true, false, true]);
}

#[test]
fn the_list_is_narrowed_by_state_operation_user_day_and_kept_answers() {
    let (home, _provider) = asking();
    home.run(&["query", "a.example"]).ok();
    home.run(&["query", "a.example"]).ok();
    let mut other = home.command(&["query", "b.example"]);
    assert!(other.env("USER", "bea").output().unwrap().status.success());
    assert_eq!(home.run(&["query", "c.example", "--set", "port=1"]).code, 1);
    assert_eq!(ids(&home, &[]), [4, 3, 2, 1]);
    assert_eq!(ids(&home, &["--without-cached"]), [4, 3, 1]);
    assert_eq!(ids(&home, &["--state", "failed"]), [4]);
    assert_eq!(ids(&home, &["--state", "complete", "--actor", "bea"]), [3]);
    assert_eq!(ids(&home, &["--operation", NAME]), [4, 3, 2, 1]);
    assert_eq!(ids(&home, &["--operation", NAME, "--until", "2020-01-01"]), [0; 0]);
    home.run(&["run", "list", "--operation", "circl"]).says(2, &["there is no operation circl", NAME]);
    home.run(&["query", "rdata:a.example"]).says(2, &["--by-data", "backsight lookup"]);
    assert_eq!(ids(&home, &["--since", "1d"]), [4, 3, 2, 1]);
    assert_eq!(ids(&home, &["--until", "2020-01-01"]), [0; 0]);
    assert!(home.run(&["run", "list"]).ok().contains("reused from run 1"));
    home.run(&["run", "list", "--state", "done"]).says(2, &["possible values"]);
    home.run(&["run", "list", "--since", "someday"]).says(2, &["--since"]);
    let mut nameless = home.command(&["query", "d.example"]);
    nameless.env_remove("USER").env_remove("LOGNAME");
    assert!(nameless.output().unwrap().status.success());
    let name = std::process::Command::new("id").arg("-un").output().unwrap();
    let name = String::from_utf8(name.stdout).unwrap();
    assert_eq!(ids(&home, &["--actor", name.trim()]).first(), Some(&5));
}

#[test]
fn a_name_that_is_only_in_data_is_never_answered_with_nothing() {
    let (home, _provider) = asking_for(vec![String::new(); 9]);
    let mailbox = r"h\.hof.a.example";
    for arguments in [&["query", mailbox, "--by-data"][..], &["query", "--by-data", "--file", "list"]] {
        home.file("list", format!("# mailboxes\n{mailbox}\n"));
        let said = ["a dot inside a label", "backsight lookup 'rdata:NAME'"];
        home.run(arguments).says(1, &said);
    }
    // A defanged host is the same on either side.
    for host in [r"a\.example", r"www.a\.example"] {
        assert!(!home.run(&["query", host, "--by-data"]).stderr.contains("not queried"), "{host}");
    }
    let said = home.run(&["query", "empty.example"]).ok();
    assert!(
        said.contains("nothing found with this name as owner; the answer is complete\n--by-data"),
        "{said}"
    );
    home.file("seen", line("a.example", "185.194.93.7", 3));
    home.run(&["import", "seen"]).ok();
    let said = home.run(&["lookup", "ns.example"]).ok();
    assert!(said.contains("`backsight lookup rdata:ns.example`"), "{said}");
    assert!(home.run(&["lookup", "rdata:ns.example"]).ok().ends_with(": no records\n"));
}

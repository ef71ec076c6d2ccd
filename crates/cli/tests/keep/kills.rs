//! Commands that are killed at random moments, and many at once: the state afterwards is that before or after the command,
//! never in between.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;
use testkit::{Exchange, Script, answer};

use crate::home::{Done, Home, NAME};
use crate::killing::{Left, duration, kill_after, kill_often, moments, start};
use crate::running::{NEWEST, home};
use crate::service::{Provider, Served, line};

const HOST: &str = "www.example.com";
const RECORDS: usize = 60;

/// Twice as long as a command takes on this machine.
fn past_the_end(home: &Home, arguments: &[&str]) -> Duration {
    duration(home, arguments) * 2
}

#[test]
fn a_first_installation_killed_at_any_moment_is_there_or_not() {
    let install = ["integration", "install", "circl-passive-dns@1.0.0"];
    let last = past_the_end(&Home::new(), &install);
    kill_often(50, last, |_, moment| {
        let home = Home::new();
        kill_after(start(&home, &install), moment);
        let listed = home.json(&["integration", "list"]);
        let left = match &listed["integrations"].as_array().unwrap()[..] {
            [] => Left::Before,
            [one] => {
                assert_eq!((&one["version"], &one["enabled"]), (&"1.0.0".into(), &false.into()));
                Left::After
            }
            more => panic!("{more:?}"),
        };
        home.run(&install).ok();
        assert_eq!(home.audit().matches("\"integration.install\"").count(), 1, "the trail says the same");
        left
    });
}

#[test]
fn an_upgrade_a_rotation_and_a_configuration_killed_at_any_moment_are_done_or_not() {
    let home = Home::with_the_guides();
    home.configure(&["host=pdns.example"]).ok();
    home.give("hunter2").ok();
    let commands = [
        &["integration", "install", NEWEST, "--yes"][..],
        &["key", "rotate"],
        &["integration", "install", "circl-passive-dns@1.0.0", "--yes"],
        &["integration", "configure", NAME, "port=443", "verify_ssl=on"],
    ];
    let last = past_the_end(&home, commands[0]);
    for (command, moment) in commands.iter().cycle().zip(moments(last).take(100)) {
        kill_after(start(&home, command), moment);
        let shown = home.json(&["integration", "show", NAME]);
        let parameters = shown["parameters"].as_array().unwrap();
        let value = |key: &str| parameters.iter().find(|one| one["key"] == key).unwrap()["value"].clone();
        // One version is complete, with its parameters and the kept value; two values are set together or not at all.
        let expected = if shown["version"] == "1.2.0" { 18 } else { 5 };
        assert_eq!(parameters.len(), expected, "{command:?}: {shown}");
        assert_eq!(value("host"), "pdns.example");
        assert_eq!(value("port").is_null(), value("verify_ssl").is_null());
        // The secret can be decrypted, whichever key it is sealed with.
        home.run(&["integration", "enable", NAME]).ok();
        home.run(&["integration", "disable", NAME]).ok();
        home.configure(&["--reset", "port", "--reset", "verify_ssl"]).ok();
    }
    let trail = home.audit();
    for action in ["integration.upgrade", "integration.downgrade", "key.rotate"] {
        assert!(trail.contains(action), "none of {action} was done");
    }
}

fn body() -> String {
    (0..RECORDS).map(|number| line(HOST, &format!("185.194.93.{number}"), 3)).collect()
}

#[test]
fn forty_that_ask_and_add_at_once_lose_nothing_and_double_nothing() {
    let home = Home::new();
    // Each name has its own address and one that all names share.
    let name = |number: usize| format!("h{number}.example");
    let records = |number: usize| {
        line(&name(number), &format!("185.194.93.{number}"), 3) + &line(&name(number), "185.194.94.1", 3)
    };
    let served = Served::with(&home, &(0..40).map(records).collect::<String>());
    home.run(&["integration", "install", NEWEST]).ok();
    home.point_at(served.address);
    home.run(&["integration", "enable", NAME]).ok();
    let asking = |number| {
        let mut command = home.command(&["query", &name(number), "--add", "all", "--format", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<Child> = (0..40).map(asking).collect();
    let mut new = 0;
    for child in children {
        let done = Done::of(&child.wait_with_output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
        let answer: Value = serde_json::from_str(&done.stdout).unwrap();
        new += answer["added"]["indicators"]["new"].as_u64().unwrap();
    }
    assert_eq!(new, 81, "each was new to one of them");
    assert_eq!(home.json(&["indicator", "list", "--limit", "1000"])["total"], 81);
    let shared = home.json(&["indicator", "show", "185.194.94.1"]);
    assert_eq!(shared["relationships"].as_array().unwrap().len(), 40);
    let runs = home.json(&["run", "list", "--limit", "100"])["runs"].clone();
    let mut ids: Vec<i64> = runs.as_array().unwrap().iter().map(|run| run["run"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=40).collect::<Vec<_>>());
    assert!(
        runs.as_array().unwrap().iter().all(|run| run["state"] == "complete" && run["added_at"].is_string())
    );
    assert_eq!(home.audit().matches("\"run.add\"").count(), 40);
}

/// The state of runs of killed commands: complete, interrupted with the first part of the answer, or not started.
fn look(home: &Home, known: &mut i64) -> Left {
    let listed = home.json(&["run", "list", "--limit", "1"]);
    let Some(run) = listed["runs"].get(0).filter(|run| run["run"].as_i64().unwrap() > *known) else {
        return Left::Before;
    };
    *known += 1;
    assert_eq!(run["run"], *known, "one run a command");
    let id = known.to_string();
    let raw = home.run(&["run", "show", &id, "--raw"]);
    assert!(body().starts_with(&raw.stdout), "{run}");
    assert_eq!(run["bytes"], raw.stdout.len());
    let whole = raw.stdout.lines().filter(|line| line.ends_with('}')).count();
    assert_eq!(run["records"], whole, "{run}");
    if run["state"] == "complete" {
        assert_eq!(whole, RECORDS);
        Left::After
    } else {
        assert_eq!(run["state"], "interrupted", "{run}");
        home.run(&["run", "show", &id])
            .says(3, &["interrupted: its process ended before the answer was complete", "run it again"]);
        Left::Between
    }
}

/// No unfinished file and no file of a worker is left.
fn assert_tidy(home: &Home) {
    for (path, _) in home.octets() {
        let name = path.to_string_lossy();
        assert!(!name.contains("run-") && !name.contains("/workers/"), "{name} is left");
    }
}

/// Kills queries to this provider at moments of their whole duration.
fn kill_queries(exchange: Exchange) -> [usize; 3] {
    let provider = Provider::new(Script::always(exchange));
    let home = home(&provider);
    let query = ["query", HOST, "--fresh"];
    let last = past_the_end(&home, &query);
    let mut known = 1;
    let met = kill_often(50, last, |_, moment| {
        kill_after(start(&home, &query), moment);
        let left = look(&home, &mut known);
        assert_tidy(&home);
        left
    });
    // An interrupted answer is never reused.
    let answer = home.json(&["query", HOST]);
    assert_eq!(
        (&answer["completeness"]["state"], &answer["records"].as_array().unwrap().len()),
        (&"complete".into(), &RECORDS)
    );
    met
}

#[test]
fn a_query_killed_while_its_answer_drips_was_interrupted_with_what_it_had() {
    let size = body().len() / 20;
    let [_, interrupted, _] = kill_queries(answer::body_drips(body(), size, Duration::from_millis(10)));
    assert!(interrupted > 0, "some were killed while it dripped");
}

#[test]
fn a_query_killed_at_any_moment_is_there_whole_or_interrupted_or_not_begun() {
    kill_queries(Exchange::ok(body()));
}

/// The runs whose findings are marked as added must match the content of the library.
fn added(home: &Home) -> Vec<String> {
    let total = home.json(&["indicator", "list", "--limit", "1000"])["total"].as_u64().unwrap();
    let runs = home.json(&["run", "list", "--limit", "1000"])["runs"].clone();
    let is_added = |run: &&Value| run["added_at"].is_string() && run["undone_at"].is_null();
    let added = runs.as_array().unwrap().iter().filter(is_added).map(|run| run["run"].to_string());
    let added: Vec<String> = added.collect();
    assert!(added.len() <= 1, "{added:?}");
    assert_eq!(total, if added.is_empty() { 0 } else { RECORDS as u64 + 1 }, "{added:?}");
    added
}

#[test]
fn adding_killed_at_any_moment_is_done_or_not() {
    let provider = Provider::answering(body());
    let home = home(&provider);
    let query = ["query", HOST, "--fresh", "--add", "all"];
    let last = past_the_end(&home, &query);
    home.run(&["run", "undo", "1"]).ok();
    let [_, _, after] = kill_often(50, last, |round, moment| {
        let command = if round % 2 == 0 { &["run", "add", "1"][..] } else { &query };
        kill_after(start(&home, command), moment);
        let Some(run) = added(&home).pop() else { return Left::Before };
        home.run(&["run", "undo", &run]).ok();
        assert!(added(&home).is_empty());
        Left::After
    });
    assert_eq!(home.audit().matches("\"run.add\"").count(), after + 1, "the trail says the same");
    home.run(&["run", "list"]).ok();
    assert_tidy(&home);
}

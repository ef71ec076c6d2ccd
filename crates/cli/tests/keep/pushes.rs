//! Pushing to a MISP instance: with commands, again, killed in the middle, and what other programs find there.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::misp::{Fault, ScriptedMisp};

use crate::home::{Done, Home};
use crate::lists::python;
use crate::running::home;
use crate::service::{Provider, line};
use crate::shapes::timeless;

const READ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keep/read_misp.py");
const HOST: &str = "www.c2.example";
const KEY: &str = "a8Jx0fTheAnalystOfTheInstance0123456789b";

/// An instance that serves in its own threads.
struct Instance {
    misp: ScriptedMisp,
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl Instance {
    fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let misp = ScriptedMisp::new(KEY);
        let address = runtime.block_on(misp.listen()).unwrap();
        Self { misp, address, _runtime: runtime }
    }
}

/// Installs, configures and enables the integration for an instance.
fn point_at(home: &Home, instance: &Instance) {
    home.run(&["integration", "install", "misp"]).ok();
    let port = format!("port={}", instance.address.port());
    let arguments = [
        "integration",
        "configure",
        "misp",
        "host=127.0.0.1",
        &port,
        "use_http=on",
        "--secret",
        "user_token",
    ];
    home.pipe(&arguments, &format!("{KEY}\n")).ok();
    home.run(&["integration", "enable", "misp"]).ok();
}

/// A home that has asked about the host, with an instance; the answer has so many addresses.
fn asked(addresses: u8) -> (Home, Provider, Instance) {
    let lines: String = (0..addresses).map(|last| line(HOST, &format!("185.194.93.{last}"), 3)).collect();
    let provider = Provider::answering(lines);
    let home = home(&provider);
    home.run(&["query", HOST]).ok();
    let instance = Instance::new();
    point_at(&home, &instance);
    (home, provider, instance)
}

fn count(push: &Value, outcome: &str) -> u64 {
    push["counts"][outcome].as_u64().unwrap()
}

#[test]
fn a_run_is_pushed_again_and_shown() {
    let (home, _provider, instance) = asked(9);
    let tested = home.json(&["integration", "test", "misp"]);
    assert_eq!(tested["passed"], true, "{tested}");
    let shown = home.run(&["integration", "list", "--type", "platform"]).ok();
    assert!(shown.contains("MISP") && !shown.contains("CIRCL"), "{shown}");
    home.run(&["query", HOST, "--operation", "misp"]).says(2, &["misp is a platform", "backsight push"]);
    home.run(&["push", "circl-passive-dns", "--run", "1"]).says(2, &["it is queried"]);

    let preview = home.json(&["push", "misp", "--run", "1", "--dry-run"]);
    assert_eq!((count(&preview, "create"), instance.misp.size()), (11, 0), "{preview}");
    let push = home.json(&["push", "misp", "--run", "1"]);
    assert_eq!((push["state"].as_str(), count(&push, "created")), (Some("done"), 11), "{push}");
    let again = home.run(&["push", "misp", "--run", "1"]).ok();
    assert!(again.contains("11 unchanged") && again.contains("done"), "{again}");
    let list = home.json(&["push", "list", "--limit", "1"]);
    assert_eq!((list["pushes"][0]["id"].as_i64(), list["next"].as_i64()), (Some(2), Some(2)));
    home.run(&["push", "resume", "2"]).says(2, &["push 2 is done"]);
    assert!(home.audit().contains("push.create") && !home.audit().contains(KEY));
    let octets: Vec<u8> = home.octets().into_iter().flat_map(|(_, octets)| octets).collect();
    assert!(!octets.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "the key is encrypted");

    let mut command = python();
    let url = format!("http://{}", instance.address);
    command.args([READ, &url, KEY, push["target"].as_str().unwrap()]).stderr(Stdio::piped());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "1 9 9 changed");
    let updated = home.json(&["push", "misp", "--run", "1"]);
    assert_eq!(count(&updated, "updated"), 1, "what pymisp changed is put right: {updated}");
}

#[test]
fn what_is_held_back_is_named_and_never_received() {
    let (home, _provider, instance) = asked(3);
    home.run(&["indicator", "add", "185.194.93.1", "--tlp", "red"]).ok();
    let done = home.run(&["push", "misp", "--run", "1"]);
    assert_eq!(done.code, 3, "{done:?}");
    let received: Vec<u8> = instance.misp.requests().into_iter().flat_map(|request| request.body).collect();
    assert!(!String::from_utf8_lossy(&received).contains("185.194.93.1"));
    assert!(String::from_utf8_lossy(&received).contains("185.194.93.2"));
    let wrong = home.run(&["push", "misp", "--run", "1", "--tlp", "red"]);
    wrong.says(2, &["nothing stricter than"]);
    home.run(&["integration", "configure", "misp", "--max-tlp", "red"]).ok();
    let sent = home.json(&["push", "misp", "--run", "1"]);
    assert_eq!((sent["state"].as_str(), count(&sent, "held")), (Some("done"), 0), "{sent}");
}

#[test]
fn what_is_configured_for_documents_is_used_for_pushes() {
    let (home, _provider, instance) = asked(3);
    home.run(&["indicator", "add", "185.194.93.1", "--tlp", "green"]).ok();
    let pushed = |arguments: &[&str]| {
        let mut command =
            home.command(&[&["push", "misp", "--run", "1", "--format", "json"], arguments].concat());
        command
            .env("BACKSIGHT_HANDOVER_MAX_TLP", "clear")
            .env("BACKSIGHT_HANDOVER_DISTRIBUTION", "community");
        Done::of(&command.output().unwrap())
    };
    let dry: Value = serde_json::from_str(&pushed(&["--dry-run"]).ok()).unwrap();
    assert_eq!(dry["counts"]["held"], 1, "{dry}");
    let push: Value = serde_json::from_str(&pushed(&["--max-tlp", "none"]).ok()).unwrap();
    assert_eq!((push["state"].as_str(), count(&push, "held")), (Some("done"), 0), "{push}");
    let event = instance.misp.event(&instance.misp.events()[0]).unwrap();
    assert_eq!(event.pointer("/Event/distribution").and_then(Value::as_str), Some("1"), "{event}");
    pushed(&["--event", "no-uuid"]).says(2, &["is not the UUID of an event"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real program is waited for, with a bound")]
fn a_killed_push_is_resumed_and_doubles_nothing() {
    let (home, _provider, instance) = asked(250);
    let mut child = home.command(&["push", "misp", "--run", "1"]).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while instance.misp.changes() < 2 && began.elapsed() < Duration::from_mins(1) {
        std::thread::yield_now();
    }
    drop((child.kill(), child.wait()));
    let push = home.json(&["push", "show", "1"]);
    let resumed = if push["state"] == "done" { push } else { home.json(&["push", "resume", "1"]) };
    assert_eq!((resumed["state"].as_str(), count(&resumed, "created")), (Some("done"), 252), "{resumed}");
    let event = instance.misp.event(resumed["target"].as_str().unwrap()).unwrap();
    assert_eq!((event["Event"]["Object"].as_array().unwrap().len(), instance.misp.events().len()), (250, 1));
}

#[test]
fn a_push_that_pauses_itself_says_why_and_is_resumed() {
    let (home, _provider, instance) = asked(3);
    for change in 0..4 {
        instance.misp.fail(change, Fault::Status(500));
    }
    let done = home.run(&["push", "misp", "--run", "1"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.stdout.contains("paused") && done.stdout.contains("500"), "{done:?}");
    assert!(done.stderr.contains("backsight push resume 1"), "{done:?}");
    let push = home.json(&["push", "resume", "1"]);
    assert_eq!((push["state"].as_str(), count(&push, "created")), (Some("done"), 5), "{push}");
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[&["push"], arguments, &["--help"]].concat());
        timeless(&Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok())
    };
    insta::assert_snapshot!("help_push", help(&[]));
    insta::assert_snapshot!("help_push_list", help(&["list"]));
    insta::assert_snapshot!("help_push_resume", help(&["resume"]));
}

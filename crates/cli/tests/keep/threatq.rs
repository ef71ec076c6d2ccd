//! A ThreatQ: pushes to it, pulls from it, and operations that are installed there, with the real program and a scripted instance.

use serde_json::Value;
use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, EMAIL, Fault, PASSWORD, PUBLIC_ID, ScriptedThreatq};

use crate::home::{Done, Home};
use crate::running::home;
use crate::service::Provider;
use crate::shapes::{pretty, timeless};

const HOST: &str = "www.c2.example";

/// A scripted ThreatQ on its own threads.
struct Instance {
    threatq: ScriptedThreatq,
    _runtime: tokio::runtime::Runtime,
}

impl Instance {
    fn start() -> Self {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let threatq = runtime.block_on(ScriptedThreatq::start()).unwrap();
        Self { threatq, _runtime: runtime }
    }

    /// Installs and enables the integration in a home.
    fn joins(&self, home: &Home) {
        home.run(&["integration", "install", "threatq"]).ok();
        let address = self.threatq.address();
        let (host, port) = (format!("host={}", address.ip()), format!("port={}", address.port()));
        let id = format!("client_id={CLIENT_ID}");
        let mut command = home.command(&[
            "integration",
            "configure",
            "threatq",
            &host,
            &port,
            &id,
            "use_http=on",
            "--secret",
            "user_token",
        ]);
        Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", CLIENT_SECRET).output().unwrap()).ok();
        home.run(&["integration", "enable", "threatq"]).ok();
    }
}

fn records() -> String {
    let times = "\"time_first\":1496995637,\"time_last\":1499951111,\"count\":6";
    let lines =
        [("A", "185.194.93.7"), ("A", "185.194.93.8"), ("AAAA", "2a00:1450::7"), ("NS", "ns1.c2.example")];
    let line = |(rrtype, rdata): (&str, &str)| {
        format!("{{\"rrname\":\"{HOST}\",\"rrtype\":\"{rrtype}\",\"rdata\":\"{rdata}\",{times}}}\n")
    };
    lines.into_iter().map(line).collect()
}

/// A home that has asked about the host and has a ThreatQ.
fn asked() -> (Home, Provider, Instance) {
    let provider = Provider::answering(records());
    let home = home(&provider);
    home.run(&["query", HOST]).ok();
    let instance = Instance::start();
    instance.joins(&home);
    (home, provider, instance)
}

/// Fails if a secret is in what was printed.
#[track_caller]
fn silent(done: &Done) {
    let text = format!("{}{}", done.stdout, done.stderr);
    for secret in [CLIENT_SECRET, PASSWORD, "leaked-plugin-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_connection_is_tested_with_either_login() {
    let (home, _provider, instance) = asked();
    let text = home.run(&["integration", "test", "threatq"]).ok();
    assert!(text.contains("ok"), "{text}");
    // A wrong secret is refused, and not repeated although the instance repeats it.
    let mut command = home.command(&["integration", "configure", "threatq", "--secret", "user_token"]);
    Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", "wrong-secret-77").output().unwrap()).ok();
    let done = home.run(&["integration", "test", "threatq"]);
    assert!(!format!("{done:?}").contains("wrong-secret-77"), "{done:?}");
    assert_eq!(done.code, 4, "{done:?}");
    home.run(&["integration", "configure", "threatq", "--reset", "user_token"]).ok();
    let (id, mail) = (format!("client_id={PUBLIC_ID}"), format!("username={EMAIL}"));
    let mut command =
        home.command(&["integration", "configure", "threatq", &id, &mail, "--secret", "password"]);
    Done::of(&command.env("BACKSIGHT_SECRET_PASSWORD", PASSWORD).output().unwrap()).ok();
    home.run(&["integration", "test", "threatq"]).ok();
    assert!(instance.threatq.changes() == 0);
}

#[test]
fn a_run_is_pushed_once_and_what_is_whitelisted_stays_untouched() {
    let (home, _provider, instance) = asked();
    let threatq = &instance.threatq;
    threatq.put("185.194.93.8", "IP Address", "Whitelisted");
    threatq.put("ns1.c2.example", "FQDN", "Active");
    let dry = home.run(&["push", "threatq", "--run", "1", "--dry-run"]);
    silent(&dry);
    assert_eq!(threatq.changes(), 0, "{dry:?}");
    let done = home.run(&["push", "threatq", "--run", "1"]);
    silent(&done);
    let host = threatq.object(HOST).unwrap_or_else(|| panic!("{done:?}"));
    assert_eq!(host.status, "Indirect");
    assert!(host.sources.contains_key("CIRCL Passive DNS"));
    let has = |name: &str, value: &str| host.attributes.contains(&(name.to_owned(), value.to_owned()));
    assert!(has("Resource Type", "NS") && has("Resource Data", "185.194.93.7"), "{:?}", host.attributes);
    assert_eq!(host.related.len(), 3);
    let whitelisted = threatq.object("185.194.93.8").unwrap();
    assert!(whitelisted.sources.is_empty() && whitelisted.related.is_empty());
    assert_eq!(threatq.object("ns1.c2.example").unwrap().status, "Active");
    let changes = threatq.changes();
    silent(&home.run(&["push", "threatq", "--run", "1"]));
    assert_eq!((threatq.changes(), threatq.objects().len()), (changes, 5), "a second push changes nothing");
}

#[test]
fn a_push_survives_faults_and_doubles_nothing() {
    for fault in [
        Fault::ActAndCut,
        Fault::ActAndErrors,
        Fault::HalfAnd500,
        Fault::Busy(1),
        Fault::Answer(413, String::new()),
        Fault::Answer(401, "{}".to_owned()),
    ] {
        let (home, _provider, instance) = asked();
        instance.threatq.fail("/consume", fault.clone());
        let done = home.run(&["push", "threatq", "--run", "1"]);
        silent(&done);
        done.ok();
        assert_eq!(instance.threatq.faults_left(), 0);
        assert_eq!(instance.threatq.object(HOST).unwrap().related.len(), 4, "{fault:?}");
        assert_eq!(instance.threatq.objects().len(), 5, "{fault:?}");
    }
}

#[test]
fn what_is_marked_too_strictly_never_reaches_it() {
    let (home, _provider, instance) = asked();
    home.run(&["indicator", "add", "185.194.93.7", "ns1.c2.example"]).ok();
    home.run(&["indicator", "set", "185.194.93.7", "--tlp", "amber"]).ok();
    home.run(&["indicator", "set", "ns1.c2.example", "--tlp", "red"]).ok();
    home.run(&["push", "threatq", "--run", "1"]);
    assert!(instance.threatq.object(HOST).is_some());
    let held = home.run(&["threatq", "execute", "1", "185.194.93.7"]);
    held.says(2, &["is held back: it is marked TLP:AMBER"]);
    let received = instance.threatq.received();
    for value in ["185.194.93.7", "ns1.c2.example"] {
        assert!(!received.contains(value), "{value} in {received}");
    }
    assert!(received.contains("185.194.93.8"));
}

#[test]
fn indicators_are_pulled_with_status_and_level() {
    let home = Home::new();
    let instance = Instance::start();
    instance.joins(&home);
    let threatq = &instance.threatq;
    for n in 0..620 {
        let id = threatq.put(&format!("n{n}.example"), "FQDN", if n % 2 == 0 { "Active" } else { "Expired" });
        threatq.report(id, "Feed", [None, Some(3), Some(1)][n % 3]);
    }
    threatq.add_status("Under Observation");
    threatq.put("5.6.7.8", "IP Address", "Under Observation");
    home.run(&["indicator", "add", "n0.example", "n1.example", "n2.example"]).ok();
    home.run(&["indicator", "set", "n0.example", "--status", "Review", "--tlp", "red"]).ok();
    home.run(&["indicator", "remove", "n1.example"]).ok();
    let dry = home.json(&["threatq", "pull", "--dry-run"]);
    assert_eq!(
        (&dry["read"], &dry["new"], &dry["known"], &dry["removed"]),
        (&621.into(), &618.into(), &2.into(), &1.into())
    );
    assert!(home.run(&["indicator", "show", "n5.example"]).code != 0, "a dry run adds nothing");
    // In two parts, as after an interruption.
    let first = home.run(&["threatq", "pull", "--type", "FQDN", "--limit", "300"]);
    silent(&first);
    assert!(first.code == 3 && first.stdout.contains("--offset 300"), "{first:?}");
    home.run(&["threatq", "pull", "--type", "FQDN", "--offset", "300"]).ok();
    let show = |value: &str| -> Value { home.json(&["indicator", "show", value]) };
    let (zero, two, five) = (show("n0.example"), show("n2.example"), show("n5.example"));
    assert_eq!((&zero["status"], &zero["tlp"]), (&"Review".into(), &"RED".into()), "{zero}");
    assert_eq!(two["tlp"], "RED", "{two}");
    assert_eq!((&five["status"], &five["tlp"]), (&"Expired".into(), &"RED".into()), "{five}");
    let audit = home.audit();
    assert!(audit.contains("\"pull.begin\"") && audit.contains("\"pull.end\""), "{audit}");
    let again = home.run(&["threatq", "pull", "--format", "json"]).ok();
    pretty("ThreatQ", &again);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (&again["foreign"][0]["status"], &again["complete"]),
        (&"Under Observation".into(), &true.into())
    );
    assert_eq!((&again["new"], &again["known"], &again["removed"]), (&1.into(), &619.into(), &1.into()));
    assert_eq!(show("5.6.7.8")["status"], "Review");
    home.run(&["investigation", "create", "Campaign 7", "c2.example"]).ok();
    let joined = home.json(&["threatq", "pull", "--status", "Under Observation", "--into", "Campaign 7"]);
    assert_eq!(joined["joined"], 1, "{joined}");
    home.run(&["threatq", "pull", "--status", "Gone"]).says(1, &["no indicator status \"Gone\""]);
}

#[test]
fn its_own_operation_is_listed_and_executed() {
    let home = Home::new();
    let instance = Instance::start();
    instance.joins(&home);
    let result = format!(
        "{{\"results\":[{}],\"plugin\":{{\"mask\":true,\"value\":\"leaked-plugin-secret\"}},\"note\":\"\\u001b[31mred\"}}",
        records().lines().collect::<Vec<_>>().join(",")
    );
    instance.threatq.install("CIRCL Passive DNS", "Query CIRCL Passive DNS", &result);
    let list = home.run(&["threatq", "operations"]);
    silent(&list);
    let list = list.ok();
    assert!(list.contains("Query CIRCL Passive DNS"), "{list}");
    pretty("ThreatQ", &home.run(&["threatq", "operations", "--format", "json"]).ok());
    let execute =
        |format: &str| home.run(&["threatq", "execute", "circl passive dns", HOST, "--format", format]);
    execute("json").says(2, &["does not have www.c2.example"]);
    instance.threatq.put(HOST, "FQDN", "Active");
    let text = execute("table");
    silent(&text);
    let text = text.ok();
    assert!(text.contains("4 records") && text.contains("[hidden]") && !text.contains('\u{1b}'), "{text}");
    let json = execute("json");
    silent(&json);
    let json: Value = serde_json::from_str(&json.ok()).unwrap();
    assert_eq!((json["records"].as_array().unwrap().len(), &json["damaged"]), (4, &0.into()));
    assert_eq!(instance.threatq.executions(), 2);
    instance.threatq.fail("/execute", Fault::ActAndCut);
    execute("json").says(1, &["it may have been executed"]);
    assert_eq!(instance.threatq.executions(), 3, "it is not sent again");
    let audit = home.audit();
    for action in ["execution.begin", "execution.end", "execution.fail"] {
        assert!(audit.contains(&format!("\"{action}\"")), "{action}: {audit}");
    }
}

#[test]
fn help_teaches() {
    let home = Home::new();
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[&["threatq"], arguments, &["--help"]].concat());
        timeless(&Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok())
    };
    insta::assert_snapshot!("help_threatq", help(&[]));
    insta::assert_snapshot!("help_threatq_execute", help(&["execute"]));
    insta::assert_snapshot!("help_threatq_operations", help(&["operations"]));
    insta::assert_snapshot!("help_threatq_pull", help(&["pull"]));
}

//! A ThreatQ: pulls from it, and operations that are installed there, with the real program and a scripted instance.

use serde_json::Value;
use testkit::threatq::{CLIENT_ID, CLIENT_SECRET, Fault, ScriptedThreatq};

use crate::home::{Done, Home};

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

/// Fails if a secret is in what was printed.
#[track_caller]
fn silent(done: &Done) {
    let text = format!("{}{}", done.stdout, done.stderr);
    for secret in [CLIENT_SECRET, "leaked-plugin-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
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
    let again = home.json(&["threatq", "pull"]);
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
}

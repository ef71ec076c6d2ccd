//! The output for programs, as snapshots. A changed line is a change for its readers.

use serde_json::Value;
use testkit::{Script, answer};

use crate::home::{Done, Home, NAME};
use crate::running::NEWEST;
use crate::service::{Provider, line};

/// With times written as `TIME`.
pub(crate) fn timeless(text: &str) -> String {
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    let is_time = |window: &[u8]| {
        window
            .iter()
            .zip(shape)
            .all(|(octet, wanted)| if *wanted == b'd' { octet.is_ascii_digit() } else { octet == wanted })
    };
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let time = rest.get(..shape.len()).is_some_and(is_time);
        out.extend_from_slice(if time { b"TIME" } else { std::slice::from_ref(first) });
        rest = &rest[if time { shape.len() } else { 1 }..];
    }
    String::from_utf8(out).unwrap()
}

/// The documentation of the output.
const DOCUMENTATION: &str = include_str!("../../../../docs/json.md");

/// One object per line, formatted; each of its members must be in this section of the documentation.
pub(crate) fn pretty(section: &str, text: &str) -> String {
    assert_eq!(text.matches('\n').count(), 1, "one line");
    let value: Value = serde_json::from_str(text).unwrap();
    let told = DOCUMENTATION.split("\n## ").find(|told| told.starts_with(section)).unwrap();
    assert_told(&value, told);
    timeless(&serde_json::to_string_pretty(&value).unwrap())
}

fn assert_told(value: &Value, told: &str) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| assert_told(value, told)),
        Value::Object(members) => {
            for (name, value) in members {
                assert!(told.contains(&format!("\"{name}\"")), "{name} is not in docs/json.md: {told}");
                // The content of a detail depends on the action.
                if name != "detail" {
                    assert_told(value, told);
                }
            }
        }
        _ => {}
    }
}

#[test]
fn json_has_its_documented_shape() {
    let home = Home::new();
    let printed = |arguments: &[&str]| home.run(&[arguments, &["--format", "json"]].concat()).ok();
    let json = |arguments: &[&str]| pretty("Integrations", &printed(arguments));
    let other = |arguments: &[&str]| pretty("The audit trail and the key", &printed(arguments));
    insta::assert_snapshot!("install_new", json(&["integration", "install", "circl-passive-dns@1.0.0"]));
    home.configure(&["host=127.0.0.1", "use_http=on"]).ok();
    home.give("hunter2").ok();
    insta::assert_snapshot!(
        "configure",
        json(&["integration", "configure", NAME, "host=127.0.0.1", "use_http=on"])
    );
    insta::assert_snapshot!("list", json(&["integration", "list", "--disabled"]));
    insta::assert_snapshot!("list_hidden", json(&["integration", "list", "--enabled"]));
    insta::assert_snapshot!(
        "install_overwriting",
        json(&["integration", "install", NAME, "--overwrite", "--yes"])
    );
    insta::assert_snapshot!("show", json(&["integration", "show", NAME]));
    insta::assert_snapshot!("enable", json(&["integration", "enable", NAME]));
    insta::assert_snapshot!("disable", json(&["integration", "disable", NAME]));
    insta::assert_snapshot!("rotate", other(&["key", "rotate"]));
    insta::assert_snapshot!("remove", json(&["integration", "remove", NAME, "--yes"]));
    insta::assert_snapshot!("audit", other(&["audit"]));
}

#[test]
fn runs_as_json_have_their_documented_shape() {
    let host = "www.example.com";
    let bodies = [
        line(host, "104.196.175.1", 3) + &line(host, "104.196.175.2", 3),
        line(host, "104.196.175.1", 4) + &line(host, "104.196.175.3", 3),
    ];
    let provider = Provider::answering_each(bodies);
    let home = Home::that_asks(provider.address, NEWEST);
    home.configure(&["page_size=0"]).ok();
    let printed = |section: &str, arguments: &[&str]| {
        let done = home.run(&[arguments, &["--format", "json"]].concat());
        pretty(section, &done.stdout).replace(&provider.address.to_string(), "HOST:PORT")
    };
    let json = |arguments: &[&str]| printed("Answers and runs", arguments);
    insta::assert_snapshot!("query", json(&["query", host]));
    insta::assert_snapshot!(
        "query_changes_added",
        json(&["query", host, "--fresh", "--changes", "--add", "all"])
    );
    insta::assert_snapshot!("query_refused", json(&["query", "104.196.175.0/24"]));
    insta::assert_snapshot!("run_show_changes", json(&["run", "show", "2", "--changes", "--limit", "1"]));
    insta::assert_snapshot!("indicator_found", printed("Indicators", &["indicator", "show", host]));
    insta::assert_snapshot!("run_add_dry", json(&["run", "add", "1", "--pick", "1-3", "--dry-run"]));
    insta::assert_snapshot!("run_add", json(&["run", "add", "1", "--pick", "1-3"]));
    insta::assert_snapshot!("run_undo", json(&["run", "undo", "2"]));
    home.run(&["query", host, "never.example", "--offline"]).says(1, &[]);
    insta::assert_snapshot!("run_list", json(&["run", "list", "--limit", "3"]));
}

#[test]
fn a_test_as_json_has_its_documented_shape() {
    let provider = Provider::new(Script::always(answer::unauthorized()));
    let home = Home::that_asks(provider.address, NEWEST);
    let tested = home.run(&["integration", "test", NAME, "--format", "json"]).says(4, &[]);
    let text = pretty("Integrations", &tested.stdout);
    insta::assert_snapshot!("test", text.replace(&provider.address.to_string(), "HOST:PORT"));
}

#[test]
fn help_teaches() {
    let home = Home::new();
    // Help shows the values of the variables.
    let help = |arguments: &[&str]| {
        let mut command = home.command(&[arguments, &["--help"]].concat());
        Done::of(&command.env_remove("BACKSIGHT_DATA_DIR").output().unwrap()).ok()
    };
    insta::assert_snapshot!("help_integration", help(&["integration"]));
    insta::assert_snapshot!("help_install", help(&["integration", "install"]));
    insta::assert_snapshot!("help_configure", help(&["integration", "configure"]));
    insta::assert_snapshot!("help_query", help(&["query"]));
    insta::assert_snapshot!("help_run", help(&["run"]));
    insta::assert_snapshot!("help_run_add", help(&["run", "add"]));
}

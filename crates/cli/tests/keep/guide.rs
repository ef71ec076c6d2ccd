//! The integration guide, step by step, on the command line: install, configure, enable, run, and add the findings. Our own
//! server answers with the guide's records; a scripted provider is used for unusual answers.
//!
//! The browser tests cover the install dialog (button, drop target, file picker), the configuration tab and the toggle. Their
//! effects are tested here: `install`, `show`, `configure`, `enable`. A package cannot change the type of a parameter, because
//! the protocol fixes it.

mod answers;
mod configuration;
mod installation;
mod mapping;

use crate::home::{Home, NAME, OLD};
use crate::service::{SAMPLE, Served};

/// The home of the walk, and the server that it queries.
struct Walk {
    home: Home,
    served: Served,
}

#[test]
fn the_guide_row_by_row() {
    let home = Home::new();
    let served = Served::with(&home, SAMPLE);
    let walk = Walk { home, served };
    installation::walk(&walk.home);
    identity(&walk.home);
    configuration::walk(&walk);
    select_run_and_add(&walk);
    answers::walk();
    mapping::walk();
    upload_again(&walk.home);
    disable(&walk);
}

/// The description of the operation.
fn identity(home: &Home) {
    let shown = home.json(&["integration", "show", NAME]);
    // Name, version, kind, author; only the browser shows logos.
    assert_eq!((&shown["title"], &shown["version"]), (&"CIRCL Passive DNS".into(), &"1.0.0".into()));
    assert_eq!(shown["type"], "operation");
    assert!(shown["author"].as_str().is_some_and(|author| !author.is_empty()));
    assert!(shown["description"].as_str().unwrap().contains("Common Output Format"));
    // It names the platform that it is for, but not a newest one.
    let table = home.run(&["integration", "show", NAME]).ok();
    assert!(table.contains("for Backsight >=0.1.0\n"), "{table}");
    let far = home.package("far.toml", &[(">=0.1.0", ">=99.0.0")]);
    home.run(&["integration", "install", &far, "--yes"])
        .says(2, &["made for Backsight >=99.0.0", "upgrade Backsight"]);
    // The exact name of the action, and the types it accepts.
    let action = &shown["actions"][0];
    assert_eq!(action["name"], "Query CIRCL Passive DNS");
    assert_eq!(action["types"], serde_json::json!(["FQDN", "IP Address"]));
    // Nothing about the vendor's support, and no disclaimers.
    for text in [&table, OLD] {
        assert!(!text.contains("ThreatQ") && !text.contains("as is"), "{text}");
    }
}

/// Select, run, preview, choose, commit.
fn select_run_and_add(walk: &Walk) {
    let home = &walk.home;
    // With indicators of the library that the analyst selected, one and many, and with an entered value.
    home.run(&["indicator", "add", "www.threatq.com", "104.196.175.197", "--status", "review"]).ok();
    let many = home.run(&["query", "--from-library", "--status", "Review", "--format", "json"]).ok();
    assert_eq!(many.lines().count(), 2, "{many}");
    let one = home.json(&["query", "104.196.175.197", "--fresh"]);
    assert_eq!(
        (&one["action"], &one["operation"]),
        (&"Query CIRCL Passive DNS".into(), &"circl-passive-dns@1.0.0".into())
    );
    // The preview, with direct and related records separate, and the raw answer.
    let id = one["run"].to_string();
    let shown = home.run(&["run", "show", &id]).ok();
    let (direct, related) = shown.split_once("Related: ").unwrap();
    assert_eq!((direct.matches("\n A ").count(), related.matches("\n NS ").count()), (2, 5), "{shown}");
    assert!(home.run(&["run", "show", &id, "--raw"]).ok().contains("\"rrname\":\"www.threatq.com\""));
    // Choose, preview the result, commit.
    let picked = |more: &[&str]| {
        let added = home.json(&[&["run", "add", &id, "--pick", "1-2,4"], more].concat());
        added["added"]["attributes"]["new"].clone()
    };
    assert_eq!((picked(&["--dry-run"]), picked(&[]), picked(&[])), (3.into(), 3.into(), 0.into()));
    // The attributes exist with their source, and the audit trail names the user.
    let kept = home.json(&["indicator", "show", "104.196.175.197"]);
    let attributes = kept["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 3);
    assert!(attributes.iter().all(|one| one.to_string().contains("\"CIRCL Passive DNS\"")), "{kept}");
    let trail: serde_json::Value = serde_json::from_str(&home.audit()).unwrap();
    let entry = &trail["entries"][0];
    assert_eq!((&entry["action"], &entry["actor"]), (&"run.add".into(), &"ann".into()), "{entry}");
}

/// Section 8: the same package again (confirmation 1), and one with other parameters (1 and 2).
fn upload_again(home: &Home) {
    let other = home.package("renamed.toml", &[("The Backsight developers", "Somebody else")]);
    let said =
        home.run(&["integration", "install", &other]).says(2, &["the same version but different content"]);
    assert!(!said.stderr.contains("The parameters change"), "{said:?}");
    home.run(&["integration", "install", NAME])
        .says(2, &["version 1.0.0. This is version 1.2.0, an upgrade", "The parameters change:", "Kept: "]);
    home.run(&["integration", "install", NAME, "--yes"]).ok();
    // It is still configured and enabled, and its runs are still there.
    let shown = home.json(&["integration", "show", NAME]);
    assert_eq!((&shown["version"], &shown["enabled"]), (&"1.2.0".into(), &true.into()));
    assert_eq!(shown["parameters"][0]["value"], "127.0.0.1");
    assert!(home.run(&["run", "list"]).ok().contains("circl-passive-dns@1.0.0"));
    assert_eq!(home.json(&["query", "www.threatq.com"])["operation"], "circl-passive-dns@1.2.0");
}

/// The end of section 8: the action is not offered while the integration is disabled.
fn disable(walk: &Walk) {
    walk.home.run(&["integration", "disable", NAME]).ok();
    walk.home
        .run(&["query", "www.threatq.com"])
        .says(2, &["is installed but disabled", "integration enable"]);
    // Stored runs are still there.
    let runs = walk.home.json(&["run", "list", "--indicator", "www.threatq.com"]);
    walk.home.run(&["run", "show", &runs["runs"][0]["run"].to_string()]).ok();
}

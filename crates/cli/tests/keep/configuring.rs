//! The six steps of configuration and the five parameters in the integration guide.

use crate::home::{Done, Home, NAME};

#[test]
fn the_details_show_the_five_parameters_with_the_guides_labels() {
    let home = Home::with_the_guides();
    let shown = home.run(&["integration", "show", NAME]).ok();
    for words in [
        "CIRCL Passive DNS (circl-passive-dns) 1.0.0: disabled",
        "Query CIRCL Passive DNS on FQDN, IP Address",
        "Hostname/IP Address of the CIRCL server",
        "Communication Port",
        "User Token",
        "Use HTTP",
        "Verify SSL",
        "www.circl.lu  (default)",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
}

#[test]
fn a_bad_field_stores_nothing_and_all_bad_fields_are_named() {
    let home = Home::with_the_guides();
    let before = home.show();
    home.configure(&[
        "use_http=on",
        "host=https://www.circl.lu",
        "port=65536",
        "verify_ssl=maybe",
        "colour=red",
    ])
    .says(2, &["without the scheme", "from 1 to 65535", "must be on or off", "has no parameter \"colour\""]);
    assert_eq!(home.show(), before);
    for bad in ["port=0", "port=443 x", "port=0x1bb", "host=a/b", "host=me@x", "host=x:1", "host=a\u{1b}b"] {
        home.configure(&[bad]).says(2, &[]);
    }
    assert_eq!(home.show(), before);
}

#[test]
fn good_values_are_kept_and_a_reset_brings_the_default_back() {
    let home = Home::with_the_guides();
    home.configure(&["host= [::1] ", "port= 443 ", "use_http=on"]).ok();
    assert!(home.show().contains("\"value\":\"443\""));
    home.configure(&["port=", "--reset", "host"]).ok();
    let shown = home.run(&["integration", "show", NAME]).ok();
    assert!(shown.contains("(empty)") && shown.contains("www.circl.lu  (default)"), "{shown}");
    home.configure(&[]).says(2, &["nothing to set", "host, port, user_token"]);
    home.configure(&["hunter2"]).says(2, &["write KEY=VALUE"]).hides("hunter2");
}

impl Done {
    #[track_caller]
    fn hides(&self, secret: &str) {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{self:?}");
    }
}

#[test]
fn a_secret_comes_from_anywhere_but_the_command_line_and_is_never_seen_again() {
    let home = Home::with_the_guides();
    home.configure(&["user_token=hunter2"])
        .says(2, &["is a secret", "BACKSIGHT_SECRET_USER_TOKEN"])
        .hides("hunter2");
    home.give("hunter2").hides("hunter2");
    home.pipe(&["integration", "configure", NAME, "--secret", "user_token"], "hunter2\n").hides("hunter2");
    home.pipe(&["integration", "configure", NAME, "--secret", "user_token"], "")
        .says(2, &["no secret given"]);
    home.give("").says(2, &["is empty", "--reset user_token"]);
    home.configure(&["--secret", "host"]).says(2, &["it is not a secret: write host=VALUE"]);
    home.configure(&["--secret", "colour"]).says(2, &["has no parameter"]);
    for arguments in [
        &["integration", "show", NAME][..],
        &["integration", "show", NAME, "--format", "json"],
        &["integration", "list", "--format", "json"],
        &["audit", "--format", "json"],
        &["audit"],
    ] {
        home.run(arguments).hides("hunter2");
    }
    assert!(home.run(&["integration", "show", NAME]).ok().contains("(set)"));
    for (path, octets) in home.octets() {
        assert!(!octets.windows(7).any(|window| window == b"hunter2"), "{}", path.display());
    }
    home.configure(&["--reset", "user_token"]).ok();
    assert!(home.run(&["integration", "show", NAME]).ok().contains("(not set)"));
}

#[test]
fn a_secret_in_the_environment_is_not_stored_unasked_but_mentioned() {
    let home = Home::with_the_guides();
    let mut command = home.command(&["integration", "configure", NAME, "port=443"]);
    let done = Done::of(&command.env("BACKSIGHT_SECRET_USER_TOKEN", "hunter2").output().unwrap());
    done.says(0, &["--secret user_token stores it"]).hides("hunter2");
}

#[test]
fn what_is_risky_is_said_when_it_is_set() {
    let home = Home::with_the_guides();
    home.configure(&["host=global.cloud.Circl.com"]).says(0, &["not a host of CIRCL", "No login is sent"]);
    home.configure(&["--reset", "host", "use_http=on"]).says(0, &["clear text"]);
    home.configure(&["use_http=off", "verify_ssl=off"]).says(0, &["Verify SSL is off"]);
    assert!(home.run(&["integration", "show", NAME]).ok().contains("Warning: Verify SSL is off"));
}

#[test]
fn enabling_needs_what_is_required_and_is_written_down() {
    let home = Home::with_the_guides();
    home.configure(&["host="]).ok();
    let words = ["not set: Hostname/IP Address of the CIRCL server (host)"];
    home.run(&["integration", "enable", NAME]).says(2, &words);
    home.configure(&["--reset", "host"]).ok();
    assert_eq!(home.run(&["integration", "enable", NAME]).ok(), "circl-passive-dns is enabled.\n");
    assert_eq!(home.run(&["integration", "enable", NAME]).ok(), "circl-passive-dns is already enabled.\n");
    home.configure(&["host="]).says(2, &["is enabled and could not run", words[0]]);
    assert!(home.run(&["integration", "list", "--enabled"]).ok().contains(NAME));
    home.run(&["integration", "disable", NAME]).ok();
    let trail = home.audit();
    for action in ["integration.enable", "integration.disable", "integration.configure"] {
        assert!(trail.contains(action), "{trail}");
    }
    assert_eq!(trail.matches("integration.enable").count(), 1);
}

#[test]
fn the_audit_trail_goes_by_pages_and_by_time() {
    let home = Home::with_the_guides();
    for port in 1..=5 {
        home.configure(&[&format!("port={port}")]).ok();
    }
    let first = home.run(&["audit", "--limit", "2"]).ok();
    assert!(
        first.contains("port=5") && first.contains("2 of 6 entries; continue with --before 5"),
        "{first}"
    );
    assert!(home.run(&["audit", "--limit", "2", "--before", "5"]).ok().contains("port=3"));
    assert_eq!(home.run(&["audit", "--since", "2999-01-01"]).ok(), "No matching entries.\n");
    assert!(home.run(&["audit", "--since", "1h"]).ok().contains("6 of 6"));
    home.run(&["audit", "--since", "soon"]).says(2, &["--since", "is not a time"]);
}

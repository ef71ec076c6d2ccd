//! The six steps of installation and the two notices in the integration guide.

use crate::home::{Home, NAME};

fn install(home: &Home, rest: &[&str]) -> crate::home::Done {
    home.run(&[&["integration", "install"], rest].concat())
}

#[test]
fn a_file_is_installed_and_listed_under_disabled() {
    let home = Home::new();
    let file = home.package("circl-passive-dns-1.0.0.toml", &[]);
    let said = install(&home, &[&file]).ok();
    assert!(said.contains("circl-passive-dns 1.0.0 is installed. It is disabled."), "{said}");
    let list = |flag: &str| home.run(&["integration", "list", flag]).ok();
    assert!(list("--disabled").contains("CIRCL Passive DNS"));
    assert!(list("--enabled").contains("1 hidden by the filter"));
}

#[test]
fn the_type_filter_says_how_many_it_hides() {
    let home = Home::with_the_guides();
    let of = |kind: &str| home.run(&["integration", "list", "--type", kind]).ok();
    assert!(of("operation").contains(NAME) && !of("operation").contains("hidden"));
    assert!(of("all").contains(NAME));
    assert!(of("feed").contains("1 hidden by the filter"));
}

#[test]
fn without_a_yes_nothing_is_written_and_what_would_change_is_said() {
    let home = Home::with_the_guides();
    home.configure(&["host=pdns.example", "port=8443"]).ok();
    home.give("hunter2").ok();
    let before = (home.octets(), home.show());
    install(&home, &[NAME]).says(
        2,
        &[
            "version 1.0.0. This is version 1.2.0, an upgrade",
            "+ CA File (ca_file): new",
            "Kept: host, port, user_token",
            "add --yes",
        ],
    );
    let said = install(&home, &[NAME, "--overwrite"]);
    let said = said
        .says(2, &["These values are LOST", "host = \"pdns.example\"", "user_token = a secret: overwritten"]);
    assert!(!said.stderr.contains("hunter2"));
    assert_eq!((home.octets(), home.show()), before);
}

#[test]
fn an_upgrade_keeps_values_secrets_and_state_and_a_downgrade_says_what_it_is() {
    let home = Home::with_the_guides();
    home.configure(&["host=pdns.example"]).ok();
    home.give("hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    let said = install(&home, &[NAME, "--yes"]).ok();
    assert!(said.contains("upgraded from 1.0.0 to 1.2.0. It is enabled, as before."), "{said}");
    let shown = home.show();
    assert!(shown.contains("\"value\":\"pdns.example\"") && shown.contains("\"enabled\":true"), "{shown}");
    home.configure(&["page_size=10"]).ok();
    install(&home, &["circl-passive-dns@1.0.0"]).says(
        2,
        &["a DOWNGRADE", "- CA File (ca_file): removed", "page_size = \"10\": the parameter is removed"],
    );
    // With --yes, the notices are still printed.
    install(&home, &["circl-passive-dns@1.0.0", "--yes"])
        .says(0, &["page_size = \"10\": the parameter is removed"]);
    assert!(home.show().contains("\"version\":\"1.0.0\""));
    let trail = home.audit();
    assert!(trail.contains("integration.downgrade") && trail.contains("\"actor\":\"ann\""), "{trail}");
    assert!(!trail.contains("hunter2"));
}

#[test]
fn an_identical_file_changes_nothing_and_says_so() {
    let home = Home::with_the_guides();
    let before = home.audit();
    let said = install(&home, &["circl-passive-dns@1.0.0"]).ok();
    assert_eq!(said, "circl-passive-dns 1.0.0 is already installed; nothing changed.\n");
    assert_eq!(home.audit(), before);
}

#[test]
fn the_same_version_with_other_content_is_told_apart() {
    let home = Home::with_the_guides();
    let file = home.package("other.toml", &[("Query CIRCL Passive DNS", "Ask")]);
    install(&home, &[&file]).says(2, &["the same version but different content"]);
}

#[test]
fn an_upgrade_that_lacks_a_required_value_disables_and_says_so() {
    let home = Home::with_the_guides();
    home.run(&["integration", "enable", NAME]).ok();
    let file = home.package(
        "new.toml",
        &[
            ("version = \"1.0.0\"", "version = \"2.0.0\""),
            ("type = \"secret\"", "type = \"secret\"\nrequired = true"),
        ],
    );
    install(&home, &[&file])
        .says(2, &["becomes required", "It is DISABLED until these are set: User Token (user_token)"]);
    let said = install(&home, &[&file, "--yes"]).ok();
    assert!(
        said.contains("It is DISABLED now") && said.contains("required: User Token (user_token)"),
        "{said}"
    );
    home.run(&["integration", "enable", NAME]).says(2, &["stays disabled: not set: User Token (user_token)"]);
}

#[test]
fn bad_packages_are_refused_each_with_its_reason_and_leave_nothing() {
    let home = Home::with_the_guides();
    let before = home.octets();
    let kind = home.package("kind.toml", &[("kind = \"operation\"", "kind = \"feed\"")]);
    let newer = home.package("newer.toml", &[("format = 1", "format = 2")]);
    let unknown = home.package("unknown.toml", &[("required = true", "required = true\ncolour = 1")]);
    let cut = home.file("cut.toml", &crate::home::OLD[..700]);
    let binary = home.file("binary.toml", [0u8, 159, 146, 150]);
    let large = home.file("large.toml", " ".repeat(2 << 20));
    for (file, words) in [
        (kind.as_str(), &["kind.toml:8:8", "unknown kind", "^"][..]),
        (&newer, &["newer.toml:3:10", "manifest format 2", "upgrade Backsight"]),
        (&unknown, &["unknown.toml:", "unknown field `colour`"]),
        (&cut, &["cut.toml:"]),
        (&binary, &["it is not text"]),
        (&large, &["larger than"]),
        ("nowhere.toml", &["cannot read the package nowhere.toml", "No such file"]),
        ("tq_op_circl-1.0.0-py3-none-any.whl", &["not a Backsight package"]),
        (".", &["is a folder"]),
        ("gopher", &["there is no bundled operation \"gopher\"; available: circl-passive-dns, cof, dnsdb"]),
        ("circl-passive-dns@9.9.9", &["has no version 9.9.9; available: 1.0.0, 1.1.0, 1.2.0"]),
    ] {
        install(&home, &[file, "--yes"]).says(2, words);
    }
    assert_eq!(home.octets(), before);
}

#[test]
fn a_strangers_manifest_moves_no_terminal() {
    let home = Home::new();
    let line = "kind = \"operation\"";
    let unknown = home.package("unknown.toml", &[(line, &format!("{line}\n\"\\u001b[31m\\u202e\" = 1"))]);
    let refused = install(&home, &[&unknown]).says(2, &["unknown field"]);
    assert!(!refused.stderr.contains(['\u{1b}', '\u{202e}']), "{}", refused.stderr);
    let title = home.package("title.toml", &[("title = \"CIRCL", "title = \"\\u001b[31m\\u202eCIRCL")]);
    install(&home, &[&title]).ok();
    for arguments in [&["integration", "list"][..], &["integration", "show", NAME], &["audit"]] {
        let shown = home.run(arguments).ok();
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
}

#[test]
fn removing_is_confirmed_and_takes_everything_along() {
    let home = Home::with_the_guides();
    home.give("hunter2").ok();
    let remove = ["integration", "remove", NAME];
    home.run(&remove).says(2, &["and its values for user_token", "add --yes"]);
    home.run(&[&remove[..], &["--yes"]].concat()).ok();
    assert!(home.run(&["integration", "list"]).ok().contains("No integration is installed"));
    home.run(&["integration", "show", NAME])
        .says(2, &["\"circl-passive-dns\" is not installed; nothing is installed"]);
}

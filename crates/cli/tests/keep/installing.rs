//! The six steps of installation and the two notices in the integration guide.

use serde_json::Value;

use crate::home::{Done, Home, NAME};

fn install(home: &Home, rest: &[&str]) -> Done {
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
        (
            "gopher",
            &["there is no package \"gopher\" in the catalogue; available: circl-passive-dns, cof, dnsdb"],
        ),
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

#[test]
fn the_catalogue_has_the_packages_of_a_folder_and_their_files() {
    let home = Home::new();
    let catalogue = |arguments: &[&str]| {
        let mut command = home.command(&[&["integration"], arguments].concat());
        Done::of(&command.env("BACKSIGHT_INTEGRATIONS_CATALOGUE", home.path("packages")).output().unwrap())
    };
    // A bundled package is saved, changed and offered by the folder.
    catalogue(&["catalogue", "cof", "--output", "cof.toml"]).says(0, &["cof@1.0.0 is in cof.toml"]);
    catalogue(&["catalogue", "cof", "--output", "cof.toml"]).says(2, &["cof.toml exists"]);
    let source = catalogue(&["catalogue", "cof@1.0.0", "--output", "-"]).ok();
    assert_eq!(std::fs::read_to_string(home.path("cof.toml")).unwrap(), source);
    std::fs::create_dir(home.path("packages")).unwrap();
    let partner = source
        .replacen("name = \"cof\"", "name = \"partner\"", 1)
        .replacen("version = \"1.0.0\"", "version = \"2.0.0\"", 1)
        .replacen(
            "[[changes]]",
            "[[changes]]\nversion = \"2.0.0\"\ntext = [\"Another host.\"]\n\n[[changes]]",
            1,
        );
    home.file("packages/partner.toml", &partner);
    home.file("packages/same.toml", source.replace("Host", "Server"));
    home.file("partner-1.toml", source.replacen("name = \"cof\"", "name = \"partner\"", 1));
    let listed: Value = serde_json::from_str(&catalogue(&["catalogue", "--format", "json"]).ok()).unwrap();
    let names: Vec<String> = listed["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{}@{}", one["name"].as_str().unwrap(), one["version"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            "circl-passive-dns@1.2.0",
            "circl-passive-dns@1.1.0",
            "circl-passive-dns@1.0.0",
            "cof@1.0.0",
            "dnsdb@1.0.0",
            "mnemonic-passive-dns@1.0.0",
            "own-database@1.0.0",
            "misp@1.0.0",
            "threatq@1.0.0",
            "partner@2.0.0"
        ]
    );
    assert_eq!(listed["refused"][0]["file"], "same.toml");
    let text = catalogue(&["catalogue"]).ok();
    assert!(text.contains("REFUSED same.toml: cof@1.0.0 is bundled with other content"), "{text}");
    // Installed from a file, upgraded from the catalogue.
    catalogue(&["install", "partner-1.toml"]).ok();
    let upgraded = catalogue(&["install", "partner", "--yes"]);
    assert!(
        upgraded.stderr.contains("What changed since then:\n  2.0.0\n    - Another host."),
        "{upgraded:?}"
    );
    let shown = catalogue(&["catalogue", "partner"]).ok();
    for words in ["in partner.toml", "Needs: Host, Token (optional)", "Installed: 2.0.0", "- Another host."] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(catalogue(&["show", "partner"]).ok().contains("Changes:\n  2.0.0\n    - Another host."));
    home.run(&["integration", "install", "partner"])
        .says(2, &["there is no package \"partner\" in the catalogue"]);
}

//! The six steps of installation, and the notices.

use crate::home::{Home, NAME};

pub(super) fn walk(home: &Home) {
    // From a local file, without an account. One file, whose name contains name and version.
    let file = home.package("circl-passive-dns-1.0.0.toml", &[]);
    let said = home.run(&["integration", "install", &file]).ok();
    // A new integration is disabled, and the output says what to do next.
    assert!(said.contains("It is disabled.") && said.contains("integration enable"), "{said}");
    // The list shows what is installed, and whether it is enabled.
    let list = |flag: &str| home.run(&["integration", "list", flag]).ok();
    assert!(list("--disabled").contains("CIRCL Passive DNS"));
    assert!(list("--enabled").contains("1 hidden by the filter"));
    required_values_come_first(home);
    vendors_files_are_told_apart(home);
    confirmations();
}

fn required_values_come_first(home: &Home) {
    home.configure(&["host="]).ok();
    let words = ["Hostname/IP Address of the CIRCL server (host)"];
    home.run(&["integration", "enable", NAME]).says(2, &words);
    home.configure(&["--reset", "host"]).ok();
}

/// A package of another product, a truncated one, and a missing one have different errors.
fn vendors_files_are_told_apart(home: &Home) {
    let before = home.octets();
    let wheel = home.file("tq_op_circl_passive_dns-1.0.0-py3-none-any.whl", b"PK\x03\x04");
    home.run(&["integration", "install", &wheel]).says(2, &["not a Backsight package"]);
    let cut = home.file("cut.toml", &crate::home::OLD[..900]);
    home.run(&["integration", "install", &cut]).says(2, &["cut.toml:"]);
    home.run(&["integration", "install", "missing.toml"]).says(2, &["missing.toml"]);
    assert_eq!(home.octets(), before, "nothing is half installed");
}

/// The questions of an upgrade, in a separate home, because the walk continues with the guide's version.
fn confirmations() {
    let home = Home::with_the_guides();
    // The configured host is kept, so that the secret stays valid.
    home.configure(&["host=www.circl.lu", "port=8443", "verify_ssl=off"]).ok();
    home.give("user:hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    let newer = newer(&home);
    let before = home.octets();
    // Confirmation 1 shows both versions; confirmation 2 what is added, removed, has another default, and is lost.
    let said = home.run(&["integration", "install", &newer]).says(
        2,
        &[
            "version 1.0.0. This is version 2.0.0, an upgrade",
            "+ Timeout (timeout): new",
            "- Verify SSL (verify_ssl): removed",
            "(host): default www.circl.lu becomes pdns.example",
            "verify_ssl = \"off\": the parameter is removed",
            "Kept: host, port, user_token",
        ],
    );
    assert!(!said.stderr.contains("hunter2"));
    // The guide's own way, overwriting everything, announces that the secret is lost too.
    home.run(&["integration", "install", &newer, "--overwrite"])
        .says(2, &["user_token = a secret: overwritten"]);
    assert_eq!(home.octets(), before, "nothing is written before a yes");
    // The same file, and an older one, are recognised.
    assert!(
        home.run(&["integration", "install", "circl-passive-dns@1.0.0"]).ok().contains("nothing changed")
    );
    home.run(&["integration", "install", &newer, "--yes"]).ok();
    home.run(&["integration", "install", "circl-passive-dns@1.0.0"]).says(2, &["a DOWNGRADE"]);
    // Values, secret and state are kept.
    let shown = home.json(&["integration", "show", NAME]);
    assert_eq!((&shown["version"], &shown["enabled"]), (&"2.0.0".into(), &true.into()));
    assert_eq!(
        (&shown["parameters"][1]["value"], &shown["parameters"][2]["set"]),
        (&"8443".into(), &true.into())
    );
    // A failed upgrade leaves the old version working.
    let broken = home.file("broken.toml", "format = 1\nname = \"circl-passive-dns\"\n");
    home.run(&["integration", "install", &broken, "--yes"]).says(2, &["broken.toml"]);
    assert_eq!(home.json(&["integration", "show", NAME]), shown);
}

/// A newer package with one additional parameter, one less, and another default.
fn newer(home: &Home) -> String {
    let changes = [
        ("version = \"1.0.0\"", "version = \"2.0.0\""),
        ("default = \"www.circl.lu\"", "default = \"pdns.example\""),
        ("key = \"verify_ssl\"\nlabel = \"Verify SSL\"", "key = \"timeout\"\nlabel = \"Timeout\""),
        ("type = \"switch\"\ndefault = true", "type = \"number\"\nvalidate = \"timeout\""),
    ];
    home.package("circl-passive-dns-2.0.0.toml", &changes)
}

//! Backup and restore of the whole data folder.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::database::Server;
use crate::fixtures::home_of;
use crate::home::{Home, NAME};

/// The state that could be lost.
fn state(home: &Home) -> Vec<String> {
    [
        &["indicator", "list"][..],
        &["indicator", "show", "www.shop.example"],
        &["run", "show", "2"],
        &["run", "show", "2", "--raw"],
        &["token", "list"],
        &["integration", "show", NAME],
        &["audit", "--limit", "1000"],
        &["lookup", "www.shop.example"],
    ]
    .map(|arguments| home.run(arguments).ok())
    .to_vec()
}

fn is_for_its_owner_alone(path: &Path) {
    let mode = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            is_for_its_owner_alone(&entry.unwrap().path());
        }
    }
}

#[test]
fn all_that_is_kept_comes_back_from_a_backup_made_while_a_server_runs() {
    let home = home_of("first");
    let serving = Server::of(&home);
    let said = home.run(&["backup", "monday"]).ok();
    assert!(said.contains("It contains the key of the stored secrets"), "{said}");
    is_for_its_owner_alone(&home.path("monday"));
    home.run(&["backup", "monday"]).says(2, &["is not empty"]);
    drop(serving);
    let before = state(&home);
    // The whole data folder is lost.
    std::fs::rename(home.kept(), home.path("lost")).unwrap();
    home.run(&["restore", "monday"]).ok();
    assert_eq!(state(&home), before);
    // Every secret can be decrypted with the restored key.
    home.run(&["key", "rotate"]).ok();
    home.run(&["db", "verify"]).ok();
    home.run(&["restore", "monday"]).says(2, &["already contains"]);
    home.run(&["restore", "lost"]).says(2, &["already contains"]);
    std::fs::create_dir(home.path("empty")).unwrap();
    home.run(&["restore", "empty"]).says(2, &["is not a backup", "hint: "]);
}

#[test]
fn a_backup_without_the_key_has_no_secret_that_can_be_read() {
    let home = home_of("first");
    let said = home.run(&["backup", "monday", "--without-key"]).ok();
    assert!(!said.contains("The key") && !home.path("monday/secret.key").exists(), "{said}");
}

#[test]
fn what_is_damaged_is_said_by_verify_audit_and_backup() {
    let home = home_of("first");
    home.run(&["indicator", "list"]).ok();
    let file = home.kept().join("workbench.sqlite");
    let mut octets = std::fs::read(&file).unwrap();
    let text = b"seen in a phish";
    let at = octets.windows(text.len()).position(|window| window == text).unwrap();
    octets[at] ^= 1;
    std::fs::write(&file, &octets).unwrap();
    home.run(&["db", "verify"])
        .says(1, &["of notes is not as it was written", "the workbench is damaged", "hint: "]);
    home.run(&["backup", "monday"]).says(1, &["of notes is not as it was written"]);
}

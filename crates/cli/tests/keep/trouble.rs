//! Faults of a data folder: a clear error, nothing lost, nothing rewritten. Also many processes in one folder.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::home::{Done, Home, NAME};

/// A home with a secret that could be lost.
fn home() -> Home {
    let home = Home::with_the_guides();
    home.give("hunter2").ok();
    home
}

fn key(home: &Home) -> std::path::PathBuf {
    home.kept().join("secret.key")
}

fn database(home: &Home) -> std::path::PathBuf {
    home.kept().join("workbench.sqlite")
}

#[test]
fn forty_at_once_lose_nothing_and_nobody_is_locked_out() {
    let home = home();
    let children: Vec<_> = (0..40)
        .map(|n| {
            let mut command = home.command(&[
                "integration",
                "configure",
                NAME,
                &format!("port={}", n + 1),
                "--secret",
                "user_token",
            ]);
            command.env("BACKSIGHT_SECRET_USER_TOKEN", format!("user:{n}"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    // The key is changed in the meantime.
    for _ in 0..3 {
        home.run(&["key", "rotate"]).ok();
    }
    for child in children {
        let done = Done::of(&child.wait_with_output().unwrap());
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
    }
    assert_eq!(home.audit().matches("integration.configure").count(), 41);
    home.run(&["integration", "enable", NAME]).ok();
}

#[test]
fn forty_that_open_a_new_folder_at_once_all_find_it() {
    let home = Home::new();
    let children: Vec<_> = (0..40)
        .map(|_| {
            let mut command = home.command(&["integration", "install", "circl-passive-dns@1.0.0"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for child in children {
        let done = Done::of(&child.wait_with_output().unwrap());
        // A process that planned a first installation and finds another one reports this; no process is locked out.
        assert!(done.code == 0 || done.stderr.contains("was changed in the meantime"), "{done:?}");
    }
    assert_eq!(home.audit().matches("integration.install").count(), 1);
}

#[test]
fn in_a_folder_that_others_may_enter_what_is_kept_is_still_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let served = crate::service::Provider::answering(crate::service::SAMPLE);
    let home = Home::new();
    fs::create_dir(home.kept()).unwrap();
    fs::set_permissions(home.kept(), fs::Permissions::from_mode(0o755)).unwrap();
    home.run(&["integration", "install", "circl-passive-dns@1.0.0"]).ok();
    home.point_at(served.address);
    home.give("hunter2").ok();
    home.run(&["integration", "enable", NAME]).ok();
    home.run(&["query", "104.196.175.197"]).ok();
    let files: Vec<_> = home.octets().into_iter().map(|(file, _)| file).collect();
    assert!(files.len() >= 3, "the database, its head, the key: {files:?}");
    for file in files {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{} has mode {mode:o}", file.display());
    }
}

#[test]
fn a_missing_key_is_an_error_and_never_a_new_key() {
    let home = home();
    let text = fs::read(key(&home)).unwrap();
    fs::remove_file(key(&home)).unwrap();
    home.run(&["integration", "enable", NAME])
        .says(1, &["secret.key", "missing", "put the right secret.key back"]);
    home.give("another").says(1, &["missing"]);
    home.run(&["key", "rotate"]).says(1, &["missing"]);
    assert!(!key(&home).exists());
    // Nothing else needs the key.
    home.configure(&["port=443"]).ok();
    restore(&home, &text);
    home.run(&["integration", "enable", NAME]).ok();
}

fn restore(home: &Home, text: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(key(home), text).unwrap();
    fs::set_permissions(key(home), fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_wrong_key_or_one_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (one, other) = (home(), home());
    let text = fs::read(key(&one)).unwrap();
    restore(&one, &fs::read(key(&other)).unwrap());
    one.run(&["integration", "enable", NAME]).says(1, &["not the key"]);
    restore(&one, b"rubbish");
    one.run(&["integration", "enable", NAME]).says(1, &["damaged"]);
    restore(&one, &text);
    fs::set_permissions(key(&one), fs::Permissions::from_mode(0o644)).unwrap();
    one.run(&["integration", "enable", NAME]).says(1, &["can be read by others (mode 0644)", "chmod 600"]);
    fs::set_permissions(key(&one), fs::Permissions::from_mode(0o600)).unwrap();
    one.run(&["integration", "enable", NAME]).ok();
}

#[test]
fn lost_secrets_can_be_given_up() {
    let home = home();
    fs::remove_file(key(&home)).unwrap();
    home.configure(&["--reset", "user_token"]).ok();
    home.give("another").ok();
    home.run(&["integration", "enable", NAME]).ok();
}

#[test]
fn a_folder_that_cannot_be_is_said_and_not_made() {
    let home = Home::new();
    let file = home.file("file", "mine");
    for folder in [file.as_str(), "file/below"] {
        home.run(&["--data-dir", folder, "integration", "list"]).says(1, &["file", "--data-dir"]);
    }
    assert_eq!(fs::read_to_string(home.path("file")).unwrap(), "mine");
}

#[test]
fn a_file_where_the_database_should_be_stays_as_it_is() {
    let home = Home::new();
    fs::create_dir_all(database(&home)).unwrap();
    home.run(&["integration", "list"]).says(1, &["workbench.sqlite"]);
    fs::remove_dir(database(&home)).unwrap();
    let text =
        "this is no database, and it is long enough to have a head of its own, which SQLite reads first. "
            .repeat(20);
    fs::write(database(&home), &text).unwrap();
    home.run(&["integration", "list"]).says(1, &["is damaged", "move it away"]);
    assert_eq!(fs::read_to_string(database(&home)).unwrap(), text);
}

#[test]
fn a_damaged_database_is_said_and_nothing_is_rewritten() {
    let home = home();
    let mut octets = fs::read(database(&home)).unwrap();
    // The head of the database is kept, and the rest is destroyed.
    for octet in octets.iter_mut().skip(100) {
        *octet = 0xa5;
    }
    fs::write(database(&home), &octets).unwrap();
    for arguments in [&["integration", "list"][..], &["audit"], &["key", "rotate"]] {
        home.run(arguments).says(1, &["is damaged", "from a backup"]);
    }
    assert_eq!(fs::read(database(&home)).unwrap(), octets);
    let cut = &octets[..octets.len() / 3];
    fs::write(database(&home), cut).unwrap();
    home.run(&["integration", "list"]).says(1, &[]);
    assert_eq!(fs::read(database(&home)).unwrap(), cut);
}

/// Writes a number into the head of the database: its user version or its application.
fn mark(file: &Path, at: usize, number: u32) {
    let mut octets = fs::read(file).unwrap();
    octets[at..at + 4].copy_from_slice(&number.to_be_bytes());
    fs::write(file, octets).unwrap();
}

#[test]
fn a_newer_database_and_a_foreign_one_are_left_alone() {
    const USER_VERSION: usize = 60;
    const APPLICATION: usize = 68;
    let home = home();
    mark(&database(&home), USER_VERSION, 99);
    let before = home.octets();
    home.run(&["integration", "list"]).says(1, &["written by a newer version of Backsight (format 99"]);
    home.run(&["integration", "install", NAME, "--yes"]).says(1, &["newer"]);
    assert_eq!(home.octets(), before);
    mark(&database(&home), APPLICATION, 7);
    home.run(&["integration", "list"]).says(1, &["database of another program"]);
}

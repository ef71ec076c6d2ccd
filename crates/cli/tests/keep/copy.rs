//! `backsight db copy`: a database becomes another one with the same answers.

use serde_json::Value;
use testkit::clickhouse::shared;

use crate::home::Home;
use crate::service::{IMPORT_OF_A_SENSOR, SAMPLE, line};

/// A home with records of several sources.
fn filled() -> Home {
    let home = Home::new();
    home.file("sample.txt", SAMPLE);
    home.file("more.ndjson", line("www.threatq.com", "104.196.175.197", 2));
    home.run(&["import", "sample.txt"]).ok();
    home.run(&IMPORT_OF_A_SENSOR).ok();
    home
}

/// The data folder.
fn place(home: &Home) -> String {
    home.kept().display().to_string()
}

fn all(home: &Home) -> String {
    home.run(&["lookup", "*", "--by-source", "--format", "cof"]).ok()
}

fn copies(home: &Home, arguments: &[&str]) -> Value {
    serde_json::from_str(&home.run(&[&["db", "copy", "--format", "json"], arguments].concat()).ok()).unwrap()
}

#[test]
fn a_folder_is_copied_to_a_server_and_back() {
    let (home, back) = (filled(), Home::new());
    let url = format!("clickhouse://default@127.0.0.1:{}/copies?tables=back_", shared().port);
    home.run(&["db", "init", "--store", &url]).ok();
    let (from, to) = (place(&home), place(&back));
    let there = copies(&home, &[&from, &url]);
    assert_eq!((&there["slices"], &there["identical"]), (&1.into(), &1.into()));
    let here = copies(&home, &[&url, &to]);
    assert_eq!((&here["entries"], &here["identical"]), (&there["entries"], &1.into()));
    assert_eq!(all(&back), all(&home));
    let theirs = home.run(&["lookup", "*", "--by-source", "--format", "cof", "--store", &url]).ok();
    assert_eq!(theirs, all(&home));
}

#[test]
fn a_copy_is_not_repeated_unless_it_is_meant() {
    let (home, back) = (filled(), Home::new());
    let (from, to) = (place(&home), place(&back));
    copies(&home, &[&from, &to]);
    home.run(&["db", "copy", &from, &to]).says(1, &["was copied to", "--again"]);
    assert_eq!(all(&back), all(&home));
    let again = copies(&home, &[&from, &to, "--again"]);
    assert_eq!(again["contained"], 1, "the observations count twice now");
    // A database that was made anew gets everything again.
    std::fs::remove_dir_all(back.kept().join("pdns")).unwrap();
    copies(&home, &[&from, &to, "--again"]);
    assert_eq!(all(&back), all(&home));
}

#[test]
fn a_database_is_known_by_every_name() {
    let home = filled();
    let from = place(&home);
    // The folder does not exist yet when it is named for the first time.
    home.run(&["db", "copy", &from, "kept/../new"]).says(0, &[]);
    home.run(&["db", "copy", &from, "new"]).says(1, &["was copied to"]);
    let port = shared().port;
    let [url, same, other] = [("127.0.0.1", "named_"), ("localhost", "named_"), ("127.0.0.1", "others_")]
        .map(|(host, tables)| format!("clickhouse://{host}:{port}/copies?tables={tables}"));
    for url in [&url, &other] {
        home.run(&["db", "init", "--store", url]).ok();
    }
    home.run(&["db", "copy", &url, &same]).says(2, &["are the same database"]);
    home.run(&["db", "copy", &from, &url]).ok();
    home.run(&["db", "copy", &from, &same]).says(1, &["was copied to"]);
    assert_eq!(copies(&home, &[&url, &other])["identical"], 1);
    let secret = home.run(&["db", "copy", &from, "clickhouse://me:hunter2@127.0.0.1/a"]);
    assert!(!secret.says(2, &["TO: ", "BACKSIGHT_SECRET_STORE"]).stderr.contains("hunter2"));
}

#[test]
fn what_cannot_be_copied_is_refused() {
    let (home, empty) = (filled(), Home::new());
    let (from, none) = (place(&home), place(&empty));
    home.run(&["db", "copy", &from, &from]).says(2, &["is the source and the target"]);
    home.run(&["db", "copy", &from, &none, "--store", "clickhouse://127.0.0.1/a"])
        .says(2, &["leave out --store"]);
    home.run(&["db", "copy", &none, &from]).says(2, &["there is no passive-DNS database in"]);
    home.run(&["db", "copy", &from, "postgres://host/x"]).says(2, &["clickhouse://USER@HOST:PORT/DATABASE"]);
}

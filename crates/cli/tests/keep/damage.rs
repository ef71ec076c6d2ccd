//! Damaged runs: a clear error, nothing sent with the wrong login, nothing rewritten.

use std::fs;
use std::path::PathBuf;

use crate::home::Home;
use crate::running::home;
use crate::service::{Provider, line};

const HOST: &str = "www.example.com";

/// A home with one run, whose answer is small, and its provider.
fn asked() -> (Home, Provider) {
    asked_for(line(HOST, "192.0.2.1", 3))
}

/// A home with one run that received this answer, and its provider.
fn asked_for(body: String) -> (Home, Provider) {
    let provider = Provider::answering(body);
    let home = home(&provider);
    home.give("user:hunter2").ok();
    home.run(&["query", HOST]).ok();
    (home, provider)
}

/// An answer that is large enough for a file.
fn large(count: u64) -> String {
    let addresses = (0..800).map(|n| format!("198.18.{}.{}", n / 250, n % 250));
    addresses.map(|address| line(HOST, &address, count)).collect()
}

/// The file of the only large answer.
fn evidence(home: &Home) -> PathBuf {
    let mut files = fs::read_dir(home.kept().join("answers")).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().unwrap();
    assert!(files.next().is_none(), "one answer, one file");
    file
}

/// Fails unless everything that needs the answer of run 1 says that it is lost, and changes nothing.
fn is_lost(home: &Home, words: &[&str]) {
    let before = home.octets();
    for arguments in [
        &["run", "show", "1"][..],
        &["run", "show", "1", "--raw"],
        &["run", "add", "1"],
        &["run", "add", "1", "--dry-run"],
    ] {
        let done = home.run(arguments).says(1, &["the evidence of run 1 (", "query again with --fresh"]);
        let done = done.says(1, words);
        assert!(arguments.contains(&"--raw") || done.stdout.is_empty(), "{done:?}");
    }
    assert_eq!(home.octets(), before, "nothing is rewritten");
    // The run itself is still known.
    assert_eq!(home.json(&["run", "list"])["runs"][0]["state"], "complete");
}

#[test]
fn without_its_key_a_login_is_not_left_out_but_the_question() {
    let (home, provider) = asked();
    let key = home.kept().join("secret.key");
    let text = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let before = home.octets();
    for arguments in [&["query", HOST, "--fresh"][..], &["query", HOST]] {
        home.run(arguments).says(1, &["secret.key", "missing", "put the right secret.key back"]);
    }
    assert_eq!(home.octets(), before, "no new key, no run");
    // The key of another folder has the same effect as none.
    let (other, _provider) = asked();
    fs::copy(other.kept().join("secret.key"), &key).unwrap();
    let before = home.octets();
    home.run(&["query", HOST, "--fresh"]).says(1, &["secret.key", "encrypted with another key"]);
    assert_eq!((home.octets(), provider.asked()), (before, 1), "nothing was sent");
    // Stored records need no key.
    home.run(&["run", "show", "1"]).ok();
    home.run(&["run", "add", "1"]).ok();
    fs::write(&key, text).unwrap();
    home.run(&["query", HOST, "--fresh"]).ok();
    assert_eq!(provider.asked(), 2);
}

#[test]
fn evidence_that_is_lost_or_changed_is_never_shown_or_added() {
    let (home, provider) = asked_for(large(3));
    let file = evidence(&home);
    let whole = fs::read(&file).unwrap();
    let (other, _provider) = asked_for(large(4));
    let changed = fs::read(evidence(&other)).unwrap();
    let trail = home.audit();
    for (octets, why) in [
        (None, "is missing"),
        (Some(&whole[..whole.len() / 2]), "damaged"),
        (Some(&b"rubbish"[..]), "damaged"),
        (Some(&changed[..]), "is not what was stored"),
    ] {
        match octets {
            None => fs::remove_file(&file).unwrap(),
            Some(octets) => fs::write(&file, octets).unwrap(),
        }
        is_lost(&home, &[why]);
    }
    assert_eq!(home.audit(), trail);
    home.run(&["query", HOST, "--offline"]).says(1, &["the evidence of run 1 ("]);
    assert_eq!(provider.asked(), 1);
    // With permission to query, it is queried again.
    assert_eq!(home.json(&["query", HOST])["cached"], false);
    assert_eq!(provider.asked(), 2);
    home.run(&["run", "show", "1"]).ok();
}

#[test]
fn evidence_in_the_database_that_is_changed_is_never_shown_or_added() {
    let (home, provider) = asked();
    let files = fs::read_dir(home.kept().join("answers")).map_or(0, Iterator::count);
    assert_eq!(files, 0, "a small answer needs no file");
    let database = home.kept().join("workbench.sqlite");
    let whole = fs::read(&database).unwrap();
    let magic = [0x28, 0xb5, 0x2f, 0xfd];
    let start = whole.windows(4).position(|window| window == magic).expect("the body is a frame of zstd");
    for at in [start, start + 40, start + 70] {
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        fs::write(&database, changed).unwrap();
        is_lost(&home, &["(answer ", "workbench.sqlite) is "]);
        let verified = home.run(&["db", "verify"]).says(1, &["the evidence of run 1 (answer "]);
        assert!(!verified.stderr.contains("not as it was written"), "{verified:?}");
    }
    home.run(&["query", HOST, "--offline"]).says(1, &["the evidence of run 1 ("]);
    assert_eq!(provider.asked(), 1);
    // It is queried again, and the same answer takes the place of the damaged one.
    assert_eq!(home.json(&["query", HOST])["cached"], false);
    assert_eq!(provider.asked(), 2);
    home.run(&["run", "show", "1"]).ok();
    home.run(&["db", "verify"]).ok();
}

#[test]
fn evidence_that_was_damaged_is_whole_again_when_the_same_answer_comes() {
    let (home, _provider) = asked_for(large(3));
    fs::write(evidence(&home), b"rubbish").unwrap();
    home.run(&["query", HOST]).ok();
    home.run(&["run", "show", "2"]).ok();
    assert!(home.json(&["query", HOST])["cached"].as_bool().unwrap());
}

/// The file with every occurrence of a text replaced by another of the same length.
fn replaced(octets: &[u8], text: &[u8], by: &[u8]) -> Vec<u8> {
    assert_eq!(text.len(), by.len());
    let (mut out, mut at) = (octets.to_vec(), 0);
    while let Some(place) = octets[at..].windows(text.len()).position(|window| window == text) {
        out[at + place..at + place + text.len()].copy_from_slice(by);
        at += place + text.len();
    }
    assert!(at > 0, "it is there");
    out
}

#[test]
fn a_database_whose_texts_are_damaged_is_no_fault_of_ours_and_says_so() {
    let (home, _provider) = asked();
    home.run(&["run", "add", "1"]).ok();
    let database = home.kept().join("workbench.sqlite");
    let whole = fs::read(&database).unwrap();
    // SQLite only checks its own structures, so it notices neither text.
    for by in [&b"www example com"[..], b"www\xffexample\xffcom"] {
        fs::write(&database, replaced(&whole, HOST.as_bytes(), by)).unwrap();
        let before = home.octets();
        for arguments in
            [&["run", "list"][..], &["run", "show", "1"], &["run", "add", "1"], &["indicator", "list"]]
        {
            home.run(arguments).says(1, &["workbench.sqlite is damaged", "from a backup"]);
        }
        assert_eq!(home.octets(), before, "nothing is rewritten");
    }
}

#[test]
fn a_database_that_is_damaged_or_newer_is_asked_nothing_and_sends_nothing() {
    let (home, provider) = asked();
    let database = home.kept().join("workbench.sqlite");
    let whole = fs::read(&database).unwrap();
    let damaged: Vec<u8> =
        whole.iter().enumerate().map(|(at, octet)| if at < 100 { *octet } else { 0xa5 }).collect();
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    for (octets, words) in [
        (damaged, ["is damaged", "from a backup"]),
        (newer, ["written by a newer version of Backsight", "use the newer version of Backsight"]),
    ] {
        fs::write(&database, octets).unwrap();
        let before = home.octets();
        for arguments in [
            &["query", HOST][..],
            &["query", HOST, "--fresh", "--add", "all"],
            &["run", "list"],
            &["run", "show", "1"],
            &["run", "add", "1"],
            &["run", "undo", "1"],
        ] {
            home.run(arguments).says(1, &words);
        }
        assert_eq!((home.octets(), provider.asked()), (before, 1));
    }
    fs::write(&database, whole).unwrap();
    home.run(&["run", "show", "1"]).ok();
}

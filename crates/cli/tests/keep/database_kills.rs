//! Kills commands on the passive-DNS database at random moments: what was acknowledged is stored exactly once.
//!
//! `cargo xtask crash` runs the same tests with more rounds, using the variable [`ROUNDS`].

use testkit::dnstap;

use crate::home::Home;
use crate::killing::{Left, duration, kill_after, kill_often, moments, start};
use crate::service::line;

/// How many kills each test makes.
const ROUNDS: &str = "BACKSIGHT_CRASH_ROUNDS";
/// Records in the file: more than three batches.
const RECORDS: usize = 32_000;
/// Names in the file: each is seen several times, so that counting twice shows.
const NAMES: usize = 4_000;

fn rounds(usual: usize) -> usize {
    std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

fn records() -> String {
    let of = |number: usize| line(&format!("h{}.d{}.example", number % NAMES, number % 10), "192.0.2.1", 1);
    (0..RECORDS).map(of).collect()
}

/// Every record is stored, with exactly its count.
fn assert_whole(home: &Home) {
    let sum = home.json(&["lookup", "*.example", "--summary"]);
    assert_eq!((&sum["rows"], &sum["count"]), (&NAMES.into(), &RECORDS.into()));
    let exported = home.run(&["export"]).ok();
    let times = format!("\"count\":{}", RECORDS / NAMES);
    let once = |line: &&str| line.contains(&format!("{times},")) || line.contains(&format!("{times}}}"));
    assert_eq!(exported.lines().filter(once).count(), NAMES);
    home.run(&["db", "verify"]).ok();
}

#[test]
fn an_import_killed_again_and_again_counts_everything_once() {
    let mut kills = 0;
    let rounds = rounds(120);
    let import = ["import", "seen", "--as", "observation"];
    let whole = {
        let home = Home::new();
        home.file("seen", records());
        duration(&home, &import).mul_f64(1.1)
    };
    let mut moments = moments(whole);
    while kills < rounds {
        let home = Home::new();
        home.file("seen", records());
        // From the start to the end of the file, with as many kills as necessary. If the import is killed between its last
        // batch and its own end, it was complete, and the next one says that the file is already imported.
        loop {
            match kill_after(start(&home, &import), moments.next().unwrap()) {
                None => kills += 1,
                Some(code) => break assert!(code == 0 || code == 1, "{code}"),
            }
        }
        home.run(&import).says(1, &["already imported"]);
        assert_whole(&home);
    }
}

#[test]
fn an_import_of_a_frame_stream_killed_again_and_again_counts_everything_once() {
    // Ten times as many as the records of the other test, because equal ones are merged: every window has a hundred.
    const FRAMES: usize = 80_000;
    let frame = |at: usize| {
        let time = 1_700_000_000 + 61 * u32::try_from(at / 100).unwrap();
        dnstap::response(&format!("h{}.d{}.example", at % NAMES, at % 10), [185, 194, 93, 1], time)
    };
    let frames: Vec<u8> = (0..FRAMES).flat_map(frame).collect();
    let stream = [dnstap::start(), frames, dnstap::stop()].concat();
    let import = ["import", "tap"];
    let whole = {
        let home = Home::new();
        home.file("tap", &stream);
        duration(&home, &import).mul_f64(1.1)
    };
    let (mut kills, mut moments) = (0, moments(whole));
    while kills < rounds(20) {
        let home = Home::new();
        home.file("tap", &stream);
        loop {
            match kill_after(start(&home, &import), moments.next().unwrap()) {
                None => kills += 1,
                Some(code) => break assert!(code == 0 || code == 1, "{code}"),
            }
        }
        home.run(&import).says(1, &["already imported"]);
        let sum = home.json(&["lookup", "*.example", "--summary"]);
        assert_eq!((&sum["rows"], &sum["count"]), (&NAMES.into(), &FRAMES.into()));
    }
}

#[test]
fn compacting_and_dropping_killed_at_any_moment_are_done_or_not() {
    let home = Home::new();
    home.file("seen", records());
    home.run(&["import", "seen", "--as", "observation"]).ok();
    // Records that are dropped and imported again in each round.
    home.file(
        "other",
        (0..NAMES).map(|number| line(&format!("h{number}.test"), "192.0.2.1", 1)).collect::<String>(),
    );
    let restore = ["import", "other", "--as", "observation", "--origin", "https://other.example/"];
    let drop = ["db", "drop", "--origin", "https://other.example/"];
    home.run(&restore).ok();
    let whole = duration(&home, &drop).max(duration(&home, &["db", "compact"])).mul_f64(1.1);
    kill_often(rounds(80), whole, |round, moment| {
        home.run(&restore);
        let command = if round % 2 == 0 { &drop[..] } else { &["db", "compact"] };
        kill_after(start(&home, command), moment);
        let left = home.json(&["lookup", "*.test", "--summary"]);
        match (left["rows"].as_u64().unwrap(), left["count"].as_u64()) {
            (0, None) => Left::After,
            (rows, count) => {
                assert_eq!((rows, count), (NAMES as u64, Some(NAMES as u64)), "all of it or nothing");
                Left::Before
            }
        }
    });
    assert_whole(&home);
}

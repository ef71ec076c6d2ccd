//! `backsight collect file --follow` with a writer that rotates its log in every way, and with kills.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::collect::{Running, report, until};
use crate::home::Home;

/// Starts following the file `dns.log`.
pub(crate) fn follow(home: &Home, more: &[&str]) -> Running {
    let usual = ["collect", "file", "dns.log", "--follow", "--format", "json"];
    let mut command = home.command(&[&usual, more].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    // Everything else that it says must not make it wait.
    thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Running(child)
}

/// How many records are stored, and the sum of their counts.
fn stored(home: &Home) -> (u64, u64) {
    let found = home.json(&["lookup", "*.example", "--summary"]);
    (found["rows"].as_u64().unwrap(), found["count"].as_u64().unwrap_or_default())
}

/// A log that rotates.
pub(crate) struct Log {
    folder: PathBuf,
    pub(crate) written: u64,
    rotated: u64,
}

impl Log {
    /// The log `dns.log`, which does not exist yet.
    pub(crate) fn new(home: &Home) -> Self {
        Self { folder: home.path(""), written: 0, rotated: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Appends lines with names that nobody has written before.
    pub(crate) fn write(&mut self, lines: u64) {
        let mut text = String::new();
        for at in self.written..self.written + lines {
            let time = 1_700_000_000 + at;
            let _ = writeln!(
                text,
                "{time}.000000||203.0.113.7||203.0.113.53||IN||n{at}.example.||A||185.194.93.1||300||1"
            );
        }
        // A buffer of a program ends anywhere.
        let mut file = OpenOptions::new().append(true).create(true).open(self.path("dns.log")).unwrap();
        for piece in text.as_bytes().chunks(4_099) {
            file.write_all(piece).unwrap();
        }
        self.written += lines;
    }

    /// Rotates by renaming, by copying and truncating, or by renaming and compressing the one before.
    pub(crate) fn rotate(&mut self) {
        self.rotated += 1;
        let (log, old) = (self.path("dns.log"), self.path(&format!("dns.log-{:08}", self.rotated)));
        match self.rotated % 3 {
            0 => {
                fs::copy(&log, &old).unwrap();
                File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
            }
            1 => fs::rename(&log, &old).unwrap(),
            _ => {
                fs::rename(&log, &old).unwrap();
                let packed = Command::new("gzip").arg(&old).status().unwrap();
                assert!(packed.success());
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real writer takes its time")]
fn every_line_is_stored_once_through_rotations_and_kills() {
    let home = Home::new();
    let mut log = Log::new(&home);
    log.write(1_000);
    // From here on, the database knows where it is.
    let following = follow(&home, &[]);
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!((report(following).code, stored(&home)), (0, (1_000, 1_000)));
    let is_done = AtomicBool::new(false);
    let log = thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut log = log;
            for step in 0..30 {
                log.write(700);
                thread::sleep(Duration::from_millis(150));
                if step % 5 == 4 {
                    log.rotate();
                    log.write(50);
                }
            }
            is_done.store(true, Ordering::Relaxed);
            log
        });
        let mut pause = 300;
        while !is_done.load(Ordering::Relaxed) {
            let mut following = follow(&home, &[]);
            thread::sleep(Duration::from_millis(pause));
            pause = (pause * 7 + 311) % 1_900 + 100;
            following.0.kill().unwrap();
            following.0.wait().unwrap();
        }
        writing.join().unwrap()
    });
    let following = follow(&home, &[]);
    // Other commands wait while it runs, so it is ended before they look.
    let (mut following, began) = (Some(following), Instant::now());
    until("everything is stored", || {
        if began.elapsed() > Duration::from_secs(25) {
            return true;
        }
        thread::sleep(Duration::from_secs(3));
        let done = report(following.take().unwrap());
        assert!(done.code == 0 || done.code == 3, "{}", done.stdout);
        let is_all = stored(&home).0 >= log.written;
        following = Some(follow(&home, &[]));
        is_all
    });
    drop(following);
    let (rows, count) = stored(&home);
    assert_eq!((rows, count), (log.written, log.written), "records, and the sum of their counts");
}

#[test]
fn what_is_no_log_is_refused_with_the_right_command() {
    let home = Home::new();
    let made = Command::new("mkfifo").arg(home.path("pipe")).status().unwrap();
    assert!(made.success());
    home.run(&["collect", "file", "pipe", "--follow"]).says(1, &["backsight import - < PIPE"]);
    home.run(&["collect", "file", "."]).says(1, &["is a folder"]);
    home.file(
        "notes.txt",
        "Some text that is no log.\nAnd another line of it, which is longer.\n".repeat(40),
    );
    home.run(&["collect", "file", "notes.txt"]).says(1, &["no records found"]);
    home.run(&["collect", "file"]).says(2, &["PATH"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a real program takes its time")]
fn lines_that_cannot_be_read_are_counted_and_cost_themselves_alone() {
    let home = Home::new();
    let mut log = Log::new(&home);
    log.write(3);
    let mut file = OpenOptions::new().append(true).open(log.path("dns.log")).unwrap();
    file.write_all(b"not||a||line\n").unwrap();
    log.write(2);
    let following = follow(&home, &[]);
    // What it has is delivered within a second.
    thread::sleep(Duration::from_secs(2));
    let done = report(following);
    assert_eq!(done.code, 3, "{}", done.stdout);
    let report: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((&report["records"], &report["format"]), (&5.into(), &"passivedns".into()));
    assert_eq!(report["left_out"][0]["count"], 1);
    assert_eq!(stored(&home), (5, 5));
}

//! Every kind of rotation, with real files.

use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cof::SourceKind;
use cof::time::Clock;
use store::{Memory, Question, Store as _, Subject, Summary};

use super::*;
use crate::Tally;
use crate::delivery::{Turns, persist};
use crate::status::Status;

/// A folder with a log, and a store.
struct Place {
    folder: tempfile::TempDir,
    store: Memory,
    /// What was told, over all runs.
    told: Mutex<Vec<String>>,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), store: Memory::new(), told: Mutex::default() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// Follows `dns.log` while `during` runs, and stops then.
    fn follow(&self, during: impl FnOnce()) -> Result<Tally, Trouble> {
        let (stop, clock) = (AtomicBool::new(false), Clock::system());
        let order = Order { live: Some(clock.clone()), ..Order::new(SourceKind::Observation, 0) };
        let (status, turns, path) = (Status::new(clock), Turns::new(&self.store), self.path("dns.log"));
        thread::scope(|scope| {
            let reading = scope.spawn(|| {
                let reads = |take: &mut Take<'_>| {
                    let following = Following {
                        path: &path,
                        format: None,
                        order: &order,
                        status: &status,
                        ledger: &|name| turns.position(name),
                        stop: &stop,
                        tell: &|event| self.told.lock().unwrap().push(format!("{event:?}")),
                        grace: LOOK,
                    };
                    following.run(take)
                };
                let (outcome, delivered) = persist(&turns, reads, &mut |_| false, &mut || {});
                assert!(delivered.failed.is_none(), "{delivered:?}");
                outcome.unwrap()
            });
            // Also if it panics, reading must end.
            let _stops = Stops(&stop);
            during();
            stop.store(true, Ordering::Relaxed);
            reading.join().unwrap().map(|()| status.tally())
        })
    }

    fn summary(&self) -> Summary {
        self.store.summarise(&Question::new(Subject::parse("*.example").unwrap())).unwrap()
    }

    /// Waits until so many records are stored, and checks that none is stored twice.
    fn has(&self, records: u64) {
        for _ in 0..120 {
            if self.summary().rows >= records {
                break;
            }
            pause(LOOK);
        }
        let summary = self.summary();
        let told = self.told.lock().unwrap();
        assert_eq!((summary.rows, summary.count), (records, (records > 0).then_some(records)), "{told:?}");
    }

    fn was_told(&self, what: &str) -> bool {
        self.told.lock().unwrap().iter().any(|told| told.starts_with(what))
    }
}

struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lines of passivedns with these numbers.
fn lines(numbers: std::ops::Range<u32>) -> String {
    numbers.fold(String::new(), |mut text, at| {
        let _ = writeln!(
            text,
            "{}.000000||203.0.113.7||203.0.113.53||IN||n{at}.example.||A||185.194.93.1||300||1",
            1_700_000_000 + at
        );
        text
    })
}

fn pack(from: &Path, to: &Path) {
    let text = fs::read(from).unwrap();
    let packed = match to.extension().and_then(|end| end.to_str()) {
        Some("gz") => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&text).unwrap();
            encoder.finish().unwrap()
        }
        Some("xz") => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(&text).unwrap();
            encoder.finish().unwrap()
        }
        _ => zstd::encode_all(text.as_slice(), 1).unwrap(),
    };
    fs::write(to, packed).unwrap();
    let modified = fs::metadata(from).unwrap().modified().unwrap();
    File::options().write(true).open(to).unwrap().set_modified(modified).unwrap();
    fs::remove_file(from).unwrap();
}

#[test]
fn a_file_that_grows_is_read_once_over_many_runs() {
    let place = Place::new();
    // The file need not exist, and a line that is not complete waits for its end.
    let tally = place.follow(|| {
        pause(LOOK);
        let text = lines(0..10);
        let (some, rest) = text.split_at(text.len() - 20);
        place.append("dns.log", some);
        place.has(9);
        place.append("dns.log", rest);
        place.has(10);
    });
    assert_eq!(tally.unwrap().units, 10);
    assert!(place.was_told("Missing") && place.was_told("Opened(0)"));
    place.append("dns.log", &lines(10..20));
    let tally = place.follow(|| place.has(20)).unwrap();
    assert_eq!((tally.records, tally.repeated), (10, 10));
    place.follow(|| place.append("dns.log", &lines(20..30))).unwrap();
    place.follow(|| place.has(30)).unwrap();
}

#[test]
fn a_file_that_was_renamed_is_read_to_its_end() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place
        .follow(|| {
            place.has(5);
            // The writer keeps its file for a while, and leaves the last line without its end.
            place.rename("dns.log", "dns.log.1");
            place.append("dns.log.1", &lines(5..8));
            place.append("dns.log", &lines(10..12));
            place.has(10);
            // A writer that is told late, and is in the middle of a line.
            let last = lines(8..9);
            place.append("dns.log.1", last.get(..30).unwrap());
            place.append("dns.log.1", last.get(30..).unwrap());
            place.append("dns.log.1", &lines(20..22));
            place.rename("dns.log", "dns.log.0");
            place.append("dns.log", &lines(30..31));
            place.has(14);
        })
        .unwrap();
    assert!(place.was_told("Rotated"));
    place.follow(|| pause(LOOK * 4)).unwrap();
    place.has(14);
}

#[test]
fn what_rotation_moved_and_packed_meanwhile_is_found_again() {
    for packed in ["dns.log.2.gz", "dns-2026-11-29.log.zst", "dns.log.2.xz"] {
        let place = Place::new();
        place.append("dns.log.7", &lines(900..905));
        place.append("dns.log", &lines(0..5));
        place.follow(|| place.has(5)).unwrap();
        assert!(place.was_told("LeftAlone(1)"), "{packed}");
        // It goes on while nobody reads, and is rotated twice.
        place.append("dns.log", &lines(5..10));
        pack(&place.path("dns.log"), &place.path(packed));
        pause(Duration::from_millis(20));
        place.append("dns.log.1", &lines(10..15));
        pause(Duration::from_millis(20));
        place.append("dns.log", &lines(15..20));
        place.follow(|| place.has(20)).unwrap();
        assert!(place.was_told("CatchingUp"), "{packed}");
        // Nothing is read again.
        let tally = place.follow(|| pause(LOOK * 3)).unwrap();
        assert_eq!((tally.records, tally.units), (0, 5), "{packed}");
        place.has(20);
    }
}

#[test]
fn truncation_is_noticed_however_fast_the_file_grows_again() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place
        .follow(|| {
            place.has(5);
            fs::write(place.path("dns.log"), lines(10..12)).unwrap();
            place.has(7);
            assert!(place.was_told("Truncated"));
            // Longer than before, at once: it is never seen empty.
            let mut file = File::options().write(true).open(place.path("dns.log")).unwrap();
            file.write_all(lines(100..140).as_bytes()).unwrap();
            place.has(47);
            assert!(place.was_told("Rewritten"), "{:?}", place.told.lock().unwrap());
        })
        .unwrap();
    // Truncated while nobody reads.
    fs::write(place.path("dns.log"), lines(200..203)).unwrap();
    place.follow(|| place.has(50)).unwrap();
}

#[test]
fn what_a_copy_has_and_the_truncated_file_lost_is_read() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place
        .follow(|| {
            place.has(5);
            place.append("dns.log", &lines(5..8));
            fs::copy(place.path("dns.log"), place.path("dns.log.1")).unwrap();
            fs::write(place.path("dns.log"), lines(10..12)).unwrap();
            place.has(10);
        })
        .unwrap();
    // The same while nobody reads.
    place.append("dns.log", &lines(12..15));
    place.rename("dns.log.1", "dns.log.2");
    fs::copy(place.path("dns.log"), place.path("dns.log.1")).unwrap();
    fs::write(place.path("dns.log"), lines(20..22)).unwrap();
    place.follow(|| place.has(15)).unwrap();
}

#[test]
fn contents_that_begin_alike_are_told_apart() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place.follow(|| place.has(5)).unwrap();
    // The same first line, and other lines.
    fs::write(place.path("dns.log"), lines(0..1) + &lines(50..60)).unwrap();
    place
        .follow(|| {
            for _ in 0..40 {
                if place.summary().rows == 15 {
                    break;
                }
                pause(LOOK);
            }
        })
        .unwrap();
    assert!(place.was_told("Rewritten"));
    let summary = place.summary();
    assert_eq!((summary.rows, summary.count), (15, Some(16)), "the first line was written twice");
    place.append("dns.log", &lines(60..62));
    place.follow(|| pause(LOOK * 4)).unwrap();
    assert_eq!((place.summary().rows, place.summary().count), (17, Some(18)));
}

#[test]
fn headers_of_columns_are_seen_when_reading_goes_on() {
    let header = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n\
        #fields\tts\tuid\tid.orig_h\tid.resp_h\tid.resp_p\tquery\tqclass\tqtype\trcode\tanswers\tTTLs\trejected\n\
        #types\ttime\tstring\taddr\taddr\tport\tstring\tcount\tcount\tcount\tvector[string]\tvector[interval]\tbool\n";
    let line = |at: u32| {
        format!(
            "{}.5\tC{at}\t203.0.113.7\t203.0.113.53\t53\tn{at}.example\t1\t1\t0\t185.194.93.1\t300.0\tF\n",
            1_700_000_000 + at
        )
    };
    let place = Place::new();
    place.append("dns.log", header);
    place.follow(|| pause(LOOK)).unwrap();
    place.append("dns.log", &(line(1) + &line(2)));
    place.follow(|| place.has(2)).unwrap();
    place
        .follow(|| {
            place.append("dns.log", &line(3));
            place.has(3);
            // Every file has the same header.
            place.rename("dns.log", "dns.2026-11-29-10:00:00-11:00:00.log");
            place.append("dns.log", &(header.to_owned() + &line(4)));
            place.has(4);
        })
        .unwrap();
}

#[test]
fn links_are_followed_and_what_is_no_log_is_refused() {
    let place = Place::new();
    place.append("dns-2026-11-28.log", &lines(0..3));
    std::os::unix::fs::symlink("dns-2026-11-28.log", place.path("dns.log")).unwrap();
    place
        .follow(|| {
            place.has(3);
            place.append("dns-2026-11-29.log", &lines(3..6));
            fs::remove_file(place.path("dns.log")).unwrap();
            std::os::unix::fs::symlink("dns-2026-11-29.log", place.path("dns.log")).unwrap();
            place.has(6);
        })
        .unwrap();
    fs::remove_file(place.path("dns.log")).unwrap();
    let kinds = |place: &Place| match place.follow(|| pause(LOOK)) {
        Err(Trouble::NoLog { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    fs::create_dir(place.path("dns.log")).unwrap();
    assert_eq!(kinds(&place), NoLog::Folder);
    fs::remove_dir(place.path("dns.log")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(place.path("dns.log")).unwrap();
    assert_eq!(kinds(&place), NoLog::Socket);
    drop(socket);
    fs::remove_file(place.path("dns.log")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, place.path("dns.log"), 0o600.into()).unwrap();
    assert_eq!(kinds(&place), NoLog::Pipe);
    fs::remove_file(place.path("dns.log")).unwrap();
    place.append("x", &lines(0..3));
    pack(&place.path("x"), &place.path("dns.log"));
    assert_eq!(kinds(&place), NoLog::Compressed);
    fs::write(place.path("dns.log"), "Some text that is no log.\n".repeat(9)).unwrap();
    assert!(matches!(place.follow(|| pause(LOOK)), Err(Trouble::Foreign { .. })));
}

#[test]
fn a_rotated_file_that_is_damaged_costs_itself_alone() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place.follow(|| place.has(5)).unwrap();
    place.append("dns.log", &lines(5..2_000));
    pack(&place.path("dns.log"), &place.path("dns.log.1.gz"));
    let packed = fs::read(place.path("dns.log.1.gz")).unwrap();
    fs::write(place.path("dns.log.1.gz"), &packed[..packed.len() - 9]).unwrap();
    place.append("dns.log", &lines(3_000..3_001));
    place
        .follow(|| {
            for _ in 0..80 {
                if place.summary().rows > 1_000 && place.was_told("Opened") {
                    break;
                }
                pause(LOOK);
            }
        })
        .unwrap();
    assert!(place.was_told("Unreadable"));
    let summary = place.summary();
    assert_eq!(Some(summary.rows), summary.count);
}

#[test]
fn a_copy_that_is_being_made_is_waited_for() {
    let place = Place::new();
    place.append("dns.log", &lines(0..5));
    place.follow(|| place.has(5)).unwrap();
    place.append("dns.log", &lines(5..40));
    let copied = lines(0..40);
    let mut pieces = copied.as_bytes().chunks(700).map(|piece| std::str::from_utf8(piece).unwrap());
    place.append("dns.log.1", pieces.next().unwrap());
    place
        .follow(|| {
            for piece in pieces {
                place.append("dns.log.1", piece);
                pause(LOOK / 4);
            }
            fs::write(place.path("dns.log"), lines(50..52)).unwrap();
            place.has(42);
        })
        .unwrap();
}

//! The durable engine in a folder of the file system: locks, backups, and files that are left in it.

use std::fs;
use std::path::Path;

use cof::{Batch, Position, Rdata, Record, RrType, SourceKind};
use runs::{Error, Options, Runs, restore};
use store::{Memory, Question, Store, Subject};

use store::conformance::tuples::name;

fn open(folder: &Path) -> Result<Runs, Error> {
    Runs::open(folder, Options::default())
}

fn read(folder: &Path) -> Result<Runs, Error> {
    Runs::open(folder, Options { read_only: true, ..Options::default() })
}

fn said(number: u8) -> Batch {
    let rdata = Rdata::from_wire(RrType::A, &[192, 0, 2, number]).unwrap();
    let record = Record::new(name("www.example"), RrType::A, rdata);
    let record = Record { time_first: Some(1), time_last: Some(2), count: Some(3), ..record };
    let mut batch = Batch::default();
    assert!(batch.add(&record, SourceKind::Observation).is_taken());
    batch
}

fn rows(store: &Runs) -> usize {
    store.lookup(&Question::new(Subject::parse("*.").unwrap())).unwrap().records.len()
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn one_writes_or_many_read() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(read(folder.path()).err(), Some(Error::Empty));
    let writer = open(folder.path()).unwrap();
    writer.absorb(said(1)).unwrap();
    let locked = Error::Locked { process: Some(std::process::id()) };
    assert_eq!(open(folder.path()).err(), Some(locked.clone()));
    assert_eq!(read(folder.path()).err(), Some(locked));
    drop(writer);
    let readers = [read(folder.path()).unwrap(), read(folder.path()).unwrap()];
    assert_eq!(readers.each_ref().map(rows), [1, 1]);
    assert!(matches!(open(folder.path()), Err(Error::Locked { .. })));
    drop(readers);
    assert_eq!(rows(&open(folder.path()).unwrap()), 1);
}

#[test]
fn what_a_killed_first_import_left_is_nothing_yet_and_opens() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["LOCK", "MANIFEST.new", "backsight.sock.new"] {
        fs::write(folder.path().join(name), b"backsight passive-dns st").unwrap();
    }
    assert!(runs::is_empty(folder.path()));
    assert_eq!(read(folder.path()).err(), Some(Error::Empty));
    open(folder.path()).unwrap().absorb(said(1)).unwrap();
    assert!(!runs::is_empty(folder.path()));
    assert_eq!(rows(&read(folder.path()).unwrap()), 1);
}

#[test]
fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [data, victim] = ["data", "victim"].map(|name| folder.path().join(name));
    fs::create_dir(&data).unwrap();
    fs::write(&victim, b"precious").unwrap();
    let lock = data.join("LOCK");
    let link = |kind: usize| match kind {
        0 => std::os::unix::fs::symlink(&victim, &lock),
        1 => fs::hard_link(&victim, &lock),
        _ => std::os::unix::fs::symlink("nowhere", &lock),
    };
    for kind in 0..3 {
        link(kind).unwrap();
        for opened in [open(&data).err(), read(&data).err()] {
            match opened {
                Some(Error::Io { file, reason, .. }) => {
                    assert!(&*file == "LOCK" && reason.contains("a link"), "{kind}: {reason}");
                }
                // A reader first checks whether there is a database.
                other => assert_eq!(other, Some(Error::Empty)),
            }
        }
        assert_eq!((fs::read(&victim).unwrap(), data.join("nowhere").exists()), (b"precious".into(), false));
        fs::remove_file(&lock).unwrap();
    }
    open(&data).unwrap().absorb(said(1)).unwrap();
    fs::remove_file(&lock).unwrap();
    link(0).unwrap();
    assert!(matches!(read(&data), Err(Error::Io { .. })));
}

/// Tells the test that it is its own child process, in a place where nothing can be written.
const INSIDE: &str = "BACKSIGHT_TEST_READ_ONLY_FOLDER";

#[test]
fn what_cannot_be_written_can_be_read() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        let folder = Path::new(&folder);
        let refused = fs::write(folder.join("x"), b"").unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ReadOnlyFilesystem);
        let readers = [read(folder).unwrap(), read(folder).unwrap()];
        assert_eq!(readers.each_ref().map(rows), [1, 1]);
        assert!(matches!(open(folder), Err(Error::Io { .. })));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().absorb(said(1)).unwrap();
    let mount = |script: &str| {
        let mut unshare = std::process::Command::new("unshare");
        unshare.args(["--mount", "--map-root-user", "sh", "-ec", script, "sh"]).arg(folder.path());
        unshare.arg(std::env::current_exe().unwrap()).env(INSIDE, folder.path()).output().unwrap()
    };
    let bind = r#"mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; "#;
    if !mount(bind).status.success() {
        eprintln!(
            "no file system can be mounted here: what is read without writing is tried by permissions alone"
        );
        return;
    }
    for lock in [true, false] {
        if !lock {
            fs::remove_file(folder.path().join("LOCK")).unwrap();
        }
        let run = bind.to_owned() + r#"exec "$2" --exact folder::what_cannot_be_written_can_be_read"#;
        let told = mount(&run);
        assert!(told.status.success(), "{told:?}");
        assert!(String::from_utf8_lossy(&told.stdout).contains("1 passed"), "{told:?}");
    }
}

#[test]
fn closing_leaves_runs_and_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        open(folder.path()).unwrap().absorb(said(number)).unwrap();
    }
    assert_eq!(rows(&open(folder.path()).unwrap()), 3);
    let left = names(folder.path());
    let of = |kind: &str| left.iter().filter(|name| name.split('.').next_back() == Some(kind)).count();
    assert_eq!([of("run"), of("journal")], [3, 0], "{left:?}");
}

#[test]
fn a_backup_opens_as_the_store_was_and_a_second_one_does_not_overwrite_it() {
    let folder = tempfile::tempdir().unwrap();
    let [live, backup, restored] = ["live", "backup", "restored"].map(|name| folder.path().join(name));
    let store = open(&live).unwrap();
    store.absorb(said(1)).unwrap();
    store.backup(&backup, &live).unwrap();
    store.absorb(said(2)).unwrap();
    store.compact().unwrap();
    let error = store.backup(&backup, &live).unwrap_err();
    assert!(matches!(error, Error::Io { kind: std::io::ErrorKind::AlreadyExists, .. }), "{error}");
    restore(&backup, &restored, Options::default(), &mut |_| {}).unwrap();
    assert_eq!((rows(&store), rows(&open(&restored).unwrap())), (2, 1));
    // An incomplete backup is not a database, and cannot be restored either.
    fs::remove_file(backup.join("MANIFEST")).unwrap();
    let other = folder.path().join("other");
    assert_eq!(restore(&backup, &other, Options::default(), &mut |_| {}), Err(Error::Foreign));
    assert!(!other.exists());
}

#[test]
fn another_folder_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("holiday.jpg"), b"x").unwrap();
    assert_eq!(open(folder.path()).err(), Some(Error::Foreign));
    assert_eq!(names(folder.path()), ["holiday.jpg"]);
    let newer = tempfile::tempdir().unwrap();
    fs::write(newer.path().join("MANIFEST"), b"backsight passive-dns store, format 7").unwrap();
    assert_eq!(open(newer.path()).err(), Some(Error::Newer { found: 7, known: 2 }));
    assert_eq!(names(newer.path()), ["MANIFEST"]);
}

/// The content of the fixture of format 1: batches 0 to 39 in a run, 30 to 59 in the journal of a killed process.
pub(crate) fn kept(number: u8) -> Batch {
    let texts = [
        ("A", format!("192.0.2.{number}")),
        ("AAAA", format!("2001:db8::{number}")),
        ("NS", format!("ns{}.example.net", number % 3)),
        ("MX", format!("10 mx{number}.example.net")),
        ("SOA", format!("ns.example.net hostmaster.example.net {number} 1 2 3 4")),
        ("TXT", format!("\"{}\"", "x".repeat(number.into()))),
        ("TYPE65534", format!("\\# 1 {number:02x}")),
        ("WORD", "no data".to_owned()),
    ];
    let mut batch = Batch::default();
    for (kind, (rrtype, text)) in texts.iter().enumerate() {
        let rrtype = RrType::parse(rrtype).unwrap();
        let record =
            Record::new(name(&format!("h{}.example", number % 7)), rrtype, Rdata::parse(rrtype, text));
        let record = Record {
            time_first: Some(1_500_000_000 + u64::from(number)),
            time_last: Some(1_600_000_000 - u64::from(number)),
            zone_time_first: number.is_multiple_of(5).then_some(1_400_000_000),
            count: number.is_multiple_of(2).then_some(u64::from(number)),
            bailiwick: number.is_multiple_of(3).then(|| name("example")),
            origin: number.is_multiple_of(4).then(|| "https://a.example".into()),
            ..record
        };
        let kinds = [SourceKind::Observation, SourceKind::Report];
        assert!(
            batch
                .take(record, kinds[kind % 2], number.is_multiple_of(6).then_some(&"sensor".into()))
                .is_taken()
        );
    }
    batch.position = Some(Position::new(format!("input {}", number % 2), number.into()));
    batch
}

/// Copies the files of a folder.
pub(crate) fn fill(folder: &Path, from: &Path) {
    for name in names(from) {
        fs::copy(from.join(&name), folder.join(&name)).unwrap();
    }
}

#[test]
fn what_an_earlier_version_wrote_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1"));
    let model = Memory::new();
    for number in (0..40).chain(40..60) {
        model.absorb(kept(number)).unwrap();
    }
    for round in 0..2 {
        let store = open(folder.path()).unwrap();
        for text in ["*.", "0.0.0.0/0", "::/0", "rdata:*.example.net"] {
            let question = Question::new(Subject::parse(text).unwrap());
            let page = store.lookup(&question);
            assert_eq!(page, model.lookup(&question), "{text}, opened {round} times before");
            assert!(!page.unwrap().records.is_empty());
        }
        assert_eq!(store.position("input 1").unwrap().map(|reached| reached.offset), Some(59));
    }
}

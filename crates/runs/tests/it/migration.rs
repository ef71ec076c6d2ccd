//! A folder of format 1 is converted whenever the process ends in between, and has the same content in the current form.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cof::{Rdata, RrType};
use runs::{Error, Folder as _, Migrated, Options, Runs, Step, restore};
use store::{Limits, Memory, Question, Store, Subject};

use crate::disk::{Disk, Loss};
use crate::engine::{NOW, SMALL, open};
use crate::folder::{fill, kept, names};

/// The content of a store: rows by owner, by address, by name in the data, and two positions.
type Told = (Vec<Vec<cof::Record>>, [Option<u64>; 2]);

fn told(store: &impl Store) -> Told {
    let rows = ["*.", "0.0.0.0/0", "::/0", "rdata:*."].map(|text| {
        let question = Question::new(Subject::parse(text).unwrap());
        store.lookup(&question).unwrap().records
    });
    let offset = |input| store.position(input).unwrap().map(|reached| reached.offset);
    (rows.into(), ["input 0", "input 1"].map(offset))
}

/// The content of the fixture of format 1.
fn wanted() -> Told {
    let model = Memory::new();
    for number in 0..60 {
        model.absorb(kept(number)).unwrap();
    }
    told(&model)
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn on_disk(name: &str) -> Disk {
    let disk = Disk::default();
    for file in names(&fixture(name)) {
        let octets = fs::read(fixture(name).join(&file)).unwrap();
        let file = disk.create(&file).unwrap();
        file.append(&octets).unwrap();
        file.sync().unwrap();
    }
    disk.copy()
}

#[test]
fn whatever_is_cut_off_it_opens_and_holds_all_of_it_once() {
    let (before, wanted) = (on_disk("format-1"), wanted());
    let disk = before.copy();
    drop(open(&disk).unwrap());
    let steps = disk.steps();
    assert!(steps.len() > 10);
    for cut in 0..=steps.len() {
        for loss in [Loss::Nothing, Loss::All, Loss::Octets, Loss::Half] {
            let disk = Disk::after_on(&before, &steps[..cut], loss);
            let store = open(&disk).unwrap_or_else(|error| panic!("{cut} {loss:?}: {error}"));
            assert_eq!(told(&store), wanted, "{cut} {loss:?}");
            store.verify(&mut |_, _| {}).unwrap();
            drop(store);
            assert_eq!(told(&open(&disk).unwrap()), wanted, "{cut} {loss:?}, again");
        }
    }
    let left = disk.files().into_iter().map(|(name, _)| name);
    assert_eq!(
        left.filter(|name| before.files().iter().any(|(old, _)| old == name)).collect::<Vec<_>>(),
        ["MANIFEST"]
    );
}

/// Tells the test that it is its own child process: the folder, and the progress report at which the process ends.
const INSIDE: &str = "BACKSIGHT_TEST_MIGRATE";

#[test]
fn a_process_that_is_killed_at_any_moment_loses_nothing() {
    if let Ok(place) = std::env::var(INSIDE) {
        let (at, folder) = place.split_once(' ').unwrap();
        let mut left: u32 = at.parse().unwrap();
        let options = Options { now: Some(NOW), ..Options::default() };
        let opened = Runs::open_telling(Path::new(folder), options, &mut |_| {
            left = left.checked_sub(1).unwrap_or_else(|| {
                let me = std::process::id().to_string();
                Command::new("kill").args(["-KILL", &me]).status().unwrap();
                unreachable!("nobody survives this")
            });
        });
        drop(opened.unwrap());
        return;
    }
    let wanted = wanted();
    let mut killed = 0;
    for at in 0.. {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), &fixture("format-1"));
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "migration::a_process_that_is_killed_at_any_moment_loses_nothing"]);
        child.env(INSIDE, format!("{at} {}", folder.path().display()));
        let ended = child.output().unwrap().status;
        let store = Runs::open(folder.path(), Options { now: Some(NOW), ..Options::default() }).unwrap();
        assert_eq!(told(&store), wanted, "killed at {at}");
        if ended.success() {
            break;
        }
        assert_eq!(ended.signal(), Some(9));
        killed += 1;
    }
    assert!(killed > 4, "killed {killed} times");
}

#[test]
fn rows_of_one_record_meet_times_are_repaired_and_sources_are_bounded() {
    let disk = on_disk("format-1-mixed");
    let limits = Limits { sources: 6, origin: 20, ..Limits::USUAL };
    let mut steps = Vec::new();
    let store = Runs::open_files_telling(Arc::new(disk.clone()), Options { limits, ..SMALL }, &mut |step| {
        steps.push(step);
    });
    let store = store.unwrap();
    // Once the type is canonical, its two spellings are one record.
    let spelling = "52 22 23 N 4 53 32 E -2m 0m 10000m 10m";
    let canonical = Rdata::parse(RrType::LOC, spelling).as_wire().is_some();
    let reread = if canonical { 2 } else { 0 };
    let wanted = Migrated { tuples: 9, reread, repaired: 2, dropped: 1, folded: 0 };
    let Some(Step::Migrated(outcome)) = steps.pop() else { panic!("{steps:?}") };
    assert_eq!(outcome, wanted);
    assert!(steps.iter().all(|step| matches!(step, Step::Migrating { done, total } if done <= total)));
    let rows = |text: &str| {
        let rows = store.lookup(&Question::new(Subject::parse(text).unwrap())).unwrap().records;
        rows.into_iter().map(|row| (row.time_first, row.time_last, row.count)).collect::<Vec<_>>()
    };
    let row = |first, last, count| [(Some(first), Some(last), Some(count))];
    if canonical {
        assert_eq!(rows("loc.zone.example"), row(1_500_000_000, 1_500_000_300, 3));
    }
    assert_eq!(rows("future.zone.example"), row(1_500_000_000, 1_500_000_000, 6));
    assert_eq!(rows("192.0.2.2"), row(1_500_000_000, 1_500_000_100, 7));
    assert_eq!(rows("never.zone.example"), []);
    assert_eq!(rows("named.zone.example"), row(1_500_000_000, 1_500_000_100, 18));
    for name in ["ns", "hostmaster", "admin", "info", "afs"] {
        assert_eq!(rows(&format!("rdata:{name}.zone.example")).len(), 1, "{name}");
    }
    assert_eq!(rows("rdata:*.zone.example").len(), 3);
    drop(store);
    assert_eq!(told(&open(&disk).unwrap()).0[0].len(), if canonical { 7 } else { 8 });
}

#[test]
fn sources_beyond_what_is_remembered_become_one_without_a_name() {
    let disk = on_disk("format-1-mixed");
    let limits = Limits { sources: 4, ..Limits::USUAL };
    let mut last = None;
    let store =
        Runs::open_files_telling(Arc::new(disk), Options { limits, ..SMALL }, &mut |step| last = Some(step));
    let store = store.unwrap();
    assert!(matches!(last, Some(Step::Migrated(Migrated { folded: 2, .. }))), "{last:?}");
    let row = store.lookup(&Question::new(Subject::parse("named.zone.example").unwrap())).unwrap().records;
    assert_eq!((row.len(), row[0].count, row[0].origin.clone()), (1, Some(18), None));
    assert!(store.stats().unwrap().sources <= 4);
}

#[test]
fn what_only_reads_leaves_an_older_folder_alone_and_says_how_it_can_be_read() {
    let disk = on_disk("format-1");
    let reading = Options { read_only: true, ..SMALL };
    let older = Error::Older { found: 1, known: 2 };
    assert!(older.to_string().contains("backsight db compact"), "{older}");
    assert_eq!(Runs::open_files(Arc::new(disk.clone()), reading).err(), Some(older.clone()));
    assert_eq!(disk.steps().len(), 0);
    disk.fill(Some(1 << 20));
    let refused = open(&disk).err();
    assert!(matches!(refused, Some(Error::NoRoom { free: 0x0010_0000, .. })), "{refused:?}");
    assert_eq!(disk.steps().len(), 0);
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), &fixture("format-1"));
    assert_eq!(Runs::open(folder.path(), reading).err(), Some(older));
}

#[test]
fn a_backup_of_format_1_is_restored_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
    fs::create_dir(&from).unwrap();
    fill(&from, &fixture("format-1"));
    let before = names(&from);
    let mut heard = 0;
    restore(&from, &to, Options { now: Some(NOW), ..Options::default() }, &mut |_| heard += 1).unwrap();
    assert!(heard > 1);
    assert_eq!(told(&Runs::open(&to, Options::default()).unwrap()), wanted());
    assert_eq!(names(&from).into_iter().filter(|name| name != "LOCK").collect::<Vec<_>>(), before);
    for name in before {
        assert_eq!(fs::read(from.join(&name)).unwrap(), fs::read(fixture("format-1").join(&name)).unwrap());
    }
}

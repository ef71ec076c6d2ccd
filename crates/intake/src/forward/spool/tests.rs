use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const MOST: u64 = 1 << 20;
const NOW: u64 = 1_700_000_000;

/// A body of one record that is told apart by its text.
fn body(text: &str) -> Body {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    writeln!(encoder, "{text}").unwrap();
    Body { bytes: encoder.finish().unwrap(), records: 1 }
}

/// A body that takes two clusters.
fn large(seed: u64) -> Body {
    let mut random = fastrand::Rng::with_seed(seed);
    body(&(0..7_000).map(|_| random.alphanumeric()).collect::<String>())
}

fn open(folder: &TempDir, most: u64) -> Spool {
    Spool::open(folder.path(), "one", most, Arc::default()).unwrap()
}

fn keep(spool: &Spool, body: &Body) -> u64 {
    let number = next(spool);
    spool.keep(std::slice::from_ref(body), &[], NOW).unwrap();
    number
}

/// The number of the next batch.
fn next(spool: &Spool) -> u64 {
    spool.lock_queue().next
}

/// All that waits, with what can be read of it.
fn drain(spool: &Spool) -> Vec<(u64, Option<Vec<u8>>)> {
    let mut all = Vec::new();
    while let Some(entry) = spool.oldest() {
        let read = spool.read(entry);
        assert!(!matches!(read, Err(Unreadable::System(_))), "{read:?}");
        all.push((entry.number, read.ok()));
        spool.done(entry);
    }
    all
}

fn files(folder: &TempDir, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path().join("one")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|given| given == ending));
    paths.sort();
    paths
}

#[test]
fn what_waits_is_there_after_a_restart_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, MOST);
    let numbers: Vec<u64> = ["a", "b", "c"].iter().map(|text| keep(&spool, &body(text))).collect();
    let first = spool.oldest().unwrap();
    assert_eq!(spool.read(first).unwrap(), body("a").bytes);
    spool.done(first);
    let sequence = spool.sequence().to_owned();
    drop(spool);
    let again = open(&folder, MOST);
    assert_eq!(again.sequence(), sequence);
    let figures = again.status().figures();
    assert_eq!(
        (figures.waiting_batches, figures.waiting_records, figures.waiting_bytes),
        (2, 2, 2 * CLUSTER)
    );
    let last = keep(&again, &body("d"));
    assert!(last > numbers[2]);
    let waiting = drain(&again);
    let expected = [(numbers[1], "b"), (numbers[2], "c"), (last, "d")];
    assert_eq!(waiting, expected.map(|(number, text)| (number, Some(body(text).bytes))));
    drop(again);
    // Nothing is left that shows which numbers were used.
    assert!(next(&open(&folder, MOST)) > last);
    assert_eq!(files(&folder, "zst").len(), 0);
}

#[test]
fn a_full_spool_drops_the_oldest_and_counts_it_but_not_what_is_being_sent() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, 8 * CLUSTER);
    let numbers: Vec<u64> = (0..4).map(|seed| keep(&spool, &large(seed))).collect();
    let sending = spool.oldest().unwrap();
    let last = next(&spool);
    assert_eq!(spool.keep(&[large(4)], &[], NOW).unwrap(), 1);
    let figures = spool.status().figures();
    assert_eq!((figures.dropped_batches, figures.dropped_records, figures.waiting_batches), (1, 1, 4));
    assert_eq!(figures.waiting_bytes, 8 * CLUSTER);
    assert_eq!(spool.oldest(), Some(sending));
    spool.done(sending);
    let waiting: Vec<u64> = drain(&spool).into_iter().map(|(number, _)| number).collect();
    assert_eq!(waiting, [numbers[2], numbers[3], last]);
    assert!(spool.is_half_empty());
    let many = Spool { most_batches: 3, ..spool };
    for seed in 0..5 {
        keep(&many, &large(seed));
    }
    assert_eq!(many.status().figures().waiting_batches, 3);
}

#[test]
fn two_processes_cannot_share_a_spool_and_names_stay_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, MOST);
    let again = Spool::open(folder.path(), "one", MOST, Arc::default());
    assert!(matches!(again, Err(SpoolError::InUse(_))), "{again:?}");
    let other = Spool::open(folder.path(), "two", MOST, Arc::default()).unwrap();
    assert_ne!(spool.sequence(), other.sequence());
    for name in ["", "..", "a/b", "a b", "\u{f6}", &"a".repeat(65)] {
        let opened = Spool::open(folder.path(), name, MOST, Arc::default());
        assert!(matches!(opened, Err(SpoolError::Name)), "{name}");
    }
    keep(&spool, &body("a"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(spool.folder()), 0o700);
    for file in fs::read_dir(spool.folder()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn the_last_refused_batches_are_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, MOST);
    for at in 0..20 {
        keep(&spool, &body(&at.to_string()));
        spool.refuse(spool.oldest().unwrap());
    }
    assert_eq!(files(&folder, "refused").len(), MOST_REFUSED);
    drop(spool);
    let again = open(&folder, MOST);
    assert_eq!((again.status().figures().waiting_batches, again.oldest()), (0, None));
    keep(&again, &body("20"));
    again.refuse(again.oldest().unwrap());
    let refused = files(&folder, "refused");
    assert_eq!(refused.len(), MOST_REFUSED);
    assert_eq!(fs::read(refused.last().unwrap()).unwrap(), body("20").bytes);
}

/// What a crash leaves behind, and what is then read of the batches `a`, `b` and `c`.
#[test]
fn every_crash_point_leaves_whole_batches_and_new_numbers() {
    type Crash = fn(&Path, &[PathBuf]);
    let cases: [(&str, Crash, &[Option<&str>]); 8] = [
        ("nothing", |_, _| {}, &[Some("a"), Some("b"), Some("c")]),
        (
            "within writing the next batch",
            |folder, _| fs::write(folder.join("00000000000000000004-1.part"), "half").unwrap(),
            &[Some("a"), Some("b"), Some("c")],
        ),
        (
            "within writing the sequence",
            |folder, _| fs::write(folder.join("SPOOL.part"), "backsight spool 1\nsequ").unwrap(),
            &[Some("a"), Some("b"), Some("c")],
        ),
        (
            "a batch whose content did not reach the disk",
            |_, files| fs::write(&files[2], "").unwrap(),
            &[Some("a"), Some("b"), None],
        ),
        (
            "a batch of which the beginning reached the disk",
            |_, files| {
                let bytes = fs::read(&files[1]).unwrap();
                fs::write(&files[1], &bytes[..bytes.len() / 2]).unwrap();
            },
            &[Some("a"), None, Some("c")],
        ),
        ("a batch that was removed", |_, files| fs::remove_file(&files[0]).unwrap(), &[Some("b"), Some("c")]),
        (
            "a lost sequence",
            |folder, _| fs::remove_file(folder.join("SPOOL")).unwrap(),
            &[Some("a"), Some("b"), Some("c")],
        ),
        (
            "other files",
            |folder, _| {
                fs::write(folder.join("00000000000000000001-x.zst"), "").unwrap();
                fs::write(folder.join("99999999999999999999-1.zst"), "").unwrap();
                fs::write(folder.join("notes.txt"), "").unwrap();
            },
            &[Some("a"), Some("b"), Some("c")],
        ),
    ];
    for (what, crash, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let spool = open(&folder, MOST);
        let last = ["a", "b", "c"].iter().map(|text| keep(&spool, &body(text))).max().unwrap();
        let sequence = spool.sequence().to_owned();
        drop(spool);
        crash(&folder.path().join("one"), &files(&folder, "zst"));
        let again = open(&folder, MOST);
        assert_eq!(files(&folder, "part").iter().filter(|path| !path.ends_with("SPOOL.part")).count(), 0);
        assert_eq!(again.sequence() == sequence, what != "a lost sequence");
        assert!(next(&again) > last, "{what}");
        let read: Vec<_> = drain(&again).into_iter().map(|(_, read)| read).collect();
        let expected: Vec<_> = expected.iter().map(|text| text.map(|text| body(text).bytes)).collect();
        assert_eq!(read, expected, "{what}");
    }
}

#[test]
fn a_disk_that_takes_nothing_is_an_error_and_the_same_number_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, MOST);
    let number = next(&spool);
    let away = folder.path().join("away");
    fs::rename(spool.folder(), &away).unwrap();
    assert!(spool.keep(&[body("a")], &[], NOW).is_err());
    assert_eq!(spool.status().figures().waiting_batches, 0);
    fs::rename(&away, spool.folder()).unwrap();
    assert_eq!(keep(&spool, &body("a")), number);
    assert_eq!(drain(&spool), [(number, Some(body("a").bytes))]);
}

#[test]
fn batches_of_followed_files_and_their_positions_are_kept_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let spool = open(&folder, MOST);
    let at = |offset| Position { digest: Some([1; 32]), ..Position::new("follow", offset) };
    spool.keep(&[body("a"), body("b")], &[at(10)], NOW).unwrap();
    let first = keep(&spool, &body("live"));
    spool.keep(&[], &[at(20)], NOW).unwrap();
    assert_eq!(spool.position("follow"), Some(Reached::at(&at(20))));
    // The ledger cannot be written: nothing of it may be sent or stay.
    let block = spool.folder().join("LEDGER.part");
    fs::create_dir(&block).unwrap();
    assert!(spool.keep(&[body("c"), body("d")], &[at(30)], NOW).is_err());
    assert_eq!(spool.position("follow"), Some(Reached::at(&at(20))));
    assert_eq!((spool.status().figures().waiting_batches, files(&folder, "tied").len()), (3, 4));
    drop(spool);
    fs::remove_dir(&block).unwrap();
    let again = open(&folder, MOST);
    assert_eq!(again.position("follow"), Some(Reached::at(&at(20))));
    let texts: Vec<_> = drain(&again).into_iter().map(|(_, read)| read.unwrap()).collect();
    assert_eq!(texts, ["a", "b", "live"].map(|text| body(text).bytes));
    assert_eq!(files(&folder, "tied").len(), 0);
    assert!(keep(&again, &body("e")) > first);
    fs::write(again.folder().join("LEDGER"), "damaged").unwrap();
    drop(again);
    let damaged = Spool::open(folder.path(), "one", MOST, Arc::default());
    assert!(damaged.is_err_and(|error| error.to_string().contains("remove it to read followed files again")));
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Keep(u8),
    Send,
    Refuse,
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => any::<u8>().prop_map(Act::Keep),
        2 => Just(Act::Send),
        1 => Just(Act::Refuse),
        1 => Just(Act::Restart),
    ];
    proptest::collection::vec(act, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever happens, what waits is what was kept and neither answered nor dropped, in order, and no number is used twice.
    #[test]
    fn the_spool_agrees_with_a_model(acts in acts()) {
        let folder = tempfile::tempdir().unwrap();
        let most = 6;
        let mut spool = open(&folder, most * CLUSTER);
        let (mut model, mut highest, mut dropped) = (BTreeMap::new(), 0, 0);
        for act in acts {
            match act {
                Act::Keep(text) => {
                    let number = keep(&spool, &body(&text.to_string()));
                    prop_assert!(number > highest);
                    highest = number;
                    model.insert(number, body(&text.to_string()).bytes);
                    if model.len() as u64 > most {
                        model.pop_first();
                        dropped += 1;
                    }
                }
                Act::Send | Act::Refuse => {
                    let oldest = spool.oldest();
                    prop_assert_eq!(oldest.map(|entry| entry.number), model.keys().next().copied());
                    let Some(entry) = oldest else { continue };
                    prop_assert_eq!(Some(spool.read(entry).unwrap()), model.remove(&entry.number));
                    if matches!(act, Act::Send) { spool.done(entry) } else { spool.refuse(entry) }
                }
                Act::Restart => {
                    let status = Arc::clone(spool.status());
                    drop(spool);
                    spool = Spool::open(folder.path(), "one", most * CLUSTER, status).unwrap();
                }
            }
            let figures = spool.status().figures();
            prop_assert_eq!((figures.waiting_batches, figures.dropped_batches), (model.len() as u64, dropped));
        }
        let waiting: BTreeMap<_, _> = drain(&spool).into_iter().map(|(number, read)| (number, read.unwrap())).collect();
        prop_assert_eq!(waiting, model);
    }
}

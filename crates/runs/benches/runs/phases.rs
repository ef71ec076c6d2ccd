//! The measurements, each in a separate process.

use std::path::Path;
use std::sync::mpsc;

use cof::{Batch, Dialect, Reader, Record, SourceKind, Writer};
use runs::Options;
use runs::Runs;
use store::Store as _;

use crate::generator::{BATCH, Generator};
use crate::measure::{cpu, figure, resident, seconds};
use crate::{floor, lookups, sqlite};

/// Measures one phase with this many observations, and prints its figures.
pub(crate) fn run(name: &str, count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    match name {
        "ingest" => ingest(&path, count),
        "floor" => floors(folder.path(), count),
        "sqlite" => rate_of_sqlite(&path, count),
        "cof" => from_cof(&path, count),
        "stream" => stream(&path, count),
        "lookups" => lookups::run(&path, count),
        _ => panic!("no such phase"),
    }
}

/// Absorbs batches, two at a time, so that one is sorted while the other is synced.
pub(crate) fn absorb(store: &Runs, batches: impl Iterator<Item = Batch>) {
    std::thread::scope(|scope| {
        let (send, tickets) = mpsc::sync_channel(1);
        scope.spawn(move || {
            for ticket in tickets {
                store.redeem(ticket).unwrap();
            }
        });
        for batch in batches {
            send.send(store.submit(batch).unwrap()).unwrap();
        }
    });
}

fn ingest(path: &Path, count: u64) {
    let mut generator = Generator::new(count);
    let batches: Vec<Batch> = generator.by_ref().collect();
    let store = Runs::open(path, Options::default()).unwrap();
    let (took, ()) = seconds(|| {
        absorb(&store, batches.into_iter());
        store.flush().unwrap();
    });
    figure("rate", count as f64 / took);
    let (took, ()) = seconds(|| store.compact().unwrap());
    let sizes = store.sizes();
    figure("tuples", sizes.tuples as f64);
    figure("octets", sizes.octets as f64);
    figure("compacted", sizes.tuples as f64 / took);
    let (took, verified) = seconds(|| store.verify(&mut |_, _| {}).unwrap());
    assert_eq!(verified.tuples, sizes.tuples);
    figure("verified", sizes.tuples as f64 / took);
}

fn floors(folder: &Path, count: u64) {
    let batches: Vec<Batch> = Generator::new(count).collect();
    let paths = [folder.join("one"), folder.join("two")];
    let (took, ()) = seconds(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| floor::order(&batches, false, &paths[0]));
            scope.spawn(|| floor::order(&batches, true, &paths[1]));
        });
    });
    figure("two", count as f64 / took);
    let (took, ()) = seconds(|| {
        floor::order(&batches, false, &paths[0]);
        floor::order(&batches, true, &paths[1]);
    });
    figure("one", count as f64 / took);
}

fn rate_of_sqlite(path: &Path, count: u64) {
    let batches: Vec<Batch> = Generator::new(count).collect();
    let mut connection = sqlite::open(path);
    let (took, ()) = seconds(|| batches.iter().for_each(|batch| sqlite::absorb(&mut connection, batch)));
    figure("rate", count as f64 / took);
}

/// Text in memory that is read, sorted and synced on separate threads.
fn from_cof(path: &Path, count: u64) {
    let (mut text, mut writer) = (String::new(), Writer::new(Dialect::Draft));
    for observation in Generator::new(count).flat_map(|batch| batch.observations) {
        let mut record = Record::new(observation.rrname, observation.rrtype, observation.rdata);
        (record.time_first, record.time_last) = (Some(observation.time_first), Some(observation.time_last));
        record.count = observation.count;
        writer.write(&record, &mut text);
    }
    let store = Runs::open(path, Options::default()).unwrap();
    let (took, ()) = seconds(|| {
        std::thread::scope(|scope| {
            let (send, batches) = mpsc::sync_channel(2);
            scope.spawn(move || parse(text.as_bytes(), &send));
            absorb(&store, batches.into_iter());
        });
    });
    figure("rate", count as f64 / took);
}

fn parse(text: &[u8], batches: &mpsc::SyncSender<Batch>) {
    let (mut reader, mut batch) =
        (Reader::within(cof::time::Window::ANY, cof::Limits::default()), Batch::default());
    for part in text.chunks(1 << 16) {
        reader.feed(part);
        while let Some(record) = reader.next() {
            assert!(batch.take(record.unwrap(), SourceKind::Report, None).is_taken());
            if batch.observations.len() as u64 == BATCH {
                batches.send(std::mem::take(&mut batch)).unwrap();
            }
        }
    }
    batches.send(batch).unwrap();
}

/// Generated and absorbed at once, so that only the store is in memory.
fn stream(path: &Path, count: u64) {
    let start = cpu();
    Generator::new(count).for_each(drop);
    let generating = cpu() - start;
    let start = cpu();
    let store = Runs::open(path, Options::default()).unwrap();
    absorb(&store, Generator::new(count));
    store.flush().unwrap();
    figure("cpu", (cpu() - start - generating) / count as f64 * 1e6);
    figure("resident", resident());
    drop(store);
    let (took, store) = seconds(|| Runs::open(path, Options::default()).unwrap());
    figure("clean", took * 1e3);
    // The most that a journal ever holds, without time to make a run of it.
    absorb(&store, Generator::new(350_000));
    std::mem::forget(store);
    let copy = path.with_extension("copy");
    copy_folder(path, &copy);
    let (took, _store) = seconds(|| Runs::open(&copy, Options::default()).unwrap());
    figure("killed", took * 1e3);
}

/// The files that a killed process would have left: this process still holds the lock.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

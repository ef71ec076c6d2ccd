//! What is acknowledged is durable in every case: a power cut after every step, damage anywhere, a full disk.

use std::sync::Arc;

use cof::{Batch, Observation, Position, Rdata, RrType, Source, SourceKind};
use proptest::prelude::*;
use runs::{Error, Runs};
use store::{Memory, Question, Selection, Store, StoreError, StoreErrorKind, Subject};

use crate::disk::{Disk, Loss};
use crate::engine::open;
use store::conformance::tuples::{any_batch, name};

/// A change of a store that is durable once it is acknowledged.
#[derive(Clone, Debug)]
enum Deed {
    Absorb(Batch),
    Compact,
    Drop(Selection),
    Flush,
}

/// The content of a store, for comparison.
type Told = (Vec<cof::Record>, Vec<cof::Record>, Option<store::Reached>);

fn told(store: &impl Store) -> Result<Told, StoreError> {
    let all = |text: &str| -> Result<_, StoreError> {
        let question = Question::new(Subject::parse(text).unwrap());
        Ok(store.lookup(&question)?.records)
    };
    Ok((all("*.")?, all("0.0.0.0/0")?, store.position("input")?))
}

fn deed(store: &impl Store, engine: Option<&Runs>, deed: &Deed) -> Result<(), StoreError> {
    match (deed, engine) {
        (Deed::Absorb(batch), _) => store.absorb(batch.clone()).map(drop),
        (Deed::Drop(selection), _) => store.drop_where(selection).map(drop),
        (Deed::Compact, Some(engine)) => Ok(engine.compact()?),
        (Deed::Flush, Some(engine)) => Ok(engine.flush()?),
        (Deed::Compact | Deed::Flush, None) => Ok(()),
    }
}

/// Batches that add up, so that one absorbed twice shows; some belong to an input, some do not.
fn story() -> Vec<Deed> {
    let source =
        |origin: &str| Source { kind: SourceKind::Observation, origin: Some(origin.into()), sensor: None };
    let batch = |number: u8| Batch {
        sources: vec![source("a"), source(if number > 5 { "late" } else { "b" })],
        observations: (0..20)
            .map(|row| Observation {
                rrname: name(&format!("n{}.example", (row + number) % 23)),
                rrtype: RrType::A,
                rdata: Rdata::from_wire(RrType::A, &[192, 0, 2, row]).unwrap(),
                bailiwick: None,
                time_first: u64::from(number) * 100,
                time_last: u64::from(number) * 100 + u64::from(row),
                count: Some(1),
                source: usize::from(row % 2),
            })
            .collect(),
        position: (number.is_multiple_of(2)).then(|| Position {
            digest: Some([number; 32]),
            whole: number == 8,
            ..Position::new("input", u64::from(number) + 1)
        }),
    };
    let mut deeds: Vec<_> = (0..10).map(|number| Deed::Absorb(batch(number))).collect();
    deeds.insert(8, Deed::Drop(Selection::Origin(Some("b".into()))));
    deeds.insert(6, Deed::Compact);
    deeds.insert(3, Deed::Flush);
    deeds.push(Deed::Drop(Selection::LastSeenBefore(350)));
    deeds
}

/// The possible contents after each step: those before and after the change that was in progress.
fn tell(disk: &Disk, deeds: &[Deed]) -> Vec<(usize, Told)> {
    let (engine, model) = (open(disk).unwrap(), Memory::new());
    let mut tellings = vec![(0, told(&model).unwrap())];
    for one in deeds {
        deed(&engine, Some(&engine), one).unwrap();
        deed(&model, None, one).unwrap();
        tellings.push((disk.steps().len(), told(&model).unwrap()));
    }
    assert_eq!(told(&engine), told(&model));
    tellings
}

#[test]
fn whatever_is_cut_off_all_that_was_acknowledged_is_there_once() {
    let disk = Disk::default();
    let deeds = story();
    let tellings = tell(&disk, &deeds);
    let steps = disk.steps();
    for cut in 0..=steps.len() {
        // The last content that was acknowledged by then, and the one in progress.
        let done = tellings.iter().rposition(|(step, _)| *step <= cut).unwrap();
        for loss in [Loss::Nothing, Loss::All, Loss::Octets, Loss::Half] {
            let disk = Disk::after(&steps[..cut], loss);
            let store = open(&disk).unwrap_or_else(|error| panic!("{cut} {loss:?}: {error}"));
            let found = told(&store).unwrap();
            let expected = tellings.iter().skip(done).take(2);
            assert!(
                expected.clone().any(|(_, told)| *told == found),
                "behind step {cut} of {}, {loss:?} {:?}: {found:?}\nnot\n{expected:?}",
                steps.len(),
                steps.get(cut),
            );
            // The remaining store can be written and opened again.
            store.absorb(Batch::default()).unwrap();
            drop(store);
            assert_eq!(told(&open(&disk).unwrap()).unwrap(), found, "{cut} {loss:?}");
        }
    }
}

/// The answer is right, or the error names the damaged file.
fn right_or_told(disk: &Disk, wanted: &Told, what: &str) {
    let answered = open(disk).map_err(StoreError::from).and_then(|store| {
        let told = told(&store)?;
        store.verify(&mut |_, _| {})?;
        Ok(told)
    });
    match answered {
        Ok(found) => assert_eq!(found, *wanted, "{what}"),
        Err(StoreError::Engine { kind: StoreErrorKind::Damaged, detail }) => {
            let files = ["MANIFEST", ".journal", ".ledger", ".run"];
            assert!(files.iter().any(|file| detail.contains(file)), "{what}: {detail}");
        }
        // The format number is checked first, and a newer format may look like anything.
        Err(error) if error.kind() == StoreErrorKind::Incompatible && what.contains("MANIFEST") => {}
        Err(error) => panic!("{what}: {error:?}"),
    }
}

/// A store as a process left it: closed, or killed with batches in its journal.
fn left(closed: bool, batches: &[Batch]) -> (Disk, Told) {
    let (disk, model) = (Disk::default(), Memory::new());
    let store = open(&disk).unwrap();
    for batch in batches {
        store.absorb(batch.clone()).unwrap();
        model.absorb(batch.clone()).unwrap();
    }
    let copy = if closed { None } else { Some(disk.copy()) };
    drop(store);
    (copy.unwrap_or(disk), told(&model).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damage_is_told_and_never_an_answer(
        batches in prop::collection::vec(any_batch(30), 1..5),
        closed: bool,
        file: prop::sample::Index,
        at: prop::sample::Index,
        bit in prop::option::of(0_u8..8),
    ) {
        let (disk, wanted) = left(closed, &batches);
        let files: Vec<_> = disk.files().into_iter().filter(|(_, len)| *len > 0).collect();
        let (file, len) = file.get(&files);
        let at = at.index(*len);
        disk.damage(file, |octets| match bit {
            Some(bit) => octets[at] ^= 1 << bit,
            None => octets.truncate(at),
        });
        right_or_told(&disk, &wanted, &format!("{file} at {at} of {len}, {bit:?}"));
    }

    #[test]
    fn a_full_disk_takes_nothing_and_loses_nothing(
        batches in prop::collection::vec(any_batch(30), 1..8),
        room in 0..20_000_usize,
    ) {
        let (disk, model) = (Disk::default(), Memory::new());
        let store = open(&disk).unwrap();
        disk.fill(Some(room));
        for batch in &batches {
            match store.absorb(batch.clone()) {
                Ok(_) => drop(model.absorb(batch.clone()).unwrap()),
                Err(error) if error.kind() == StoreErrorKind::Full => {}
                Err(error) => panic!("{error:?}"),
            }
            prop_assert_eq!(told(&store), told(&model));
        }
        disk.fill(None);
        for batch in &batches {
            store.absorb(batch.clone()).unwrap();
            model.absorb(batch.clone()).unwrap();
        }
        prop_assert_eq!(told(&store), told(&model));
        drop(store);
        prop_assert_eq!(told(&open(&disk).unwrap()), told(&model));
    }
}

#[test]
fn a_lost_file_is_missed() {
    let batches = story().into_iter().filter_map(|deed| match deed {
        Deed::Absorb(batch) => Some(batch),
        _ => None,
    });
    let batches: Vec<_> = batches.collect();
    for closed in [true, false] {
        let (disk, wanted) = left(closed, &batches);
        let mut missed = 0;
        for (file, _) in disk.files() {
            let disk = disk.copy();
            runs::Folder::remove(&disk, &file).unwrap();
            match open(&disk) {
                // A run that was being written when the process ended is not listed yet.
                Ok(store) => assert_eq!(told(&store).unwrap(), wanted, "{file}"),
                Err(Error::Foreign) => assert_eq!(file, "MANIFEST"),
                Err(error) => {
                    assert_eq!(error, Error::Missing { file: file.into() });
                    missed += 1;
                }
            }
        }
        assert!(missed > 0);
    }
}

#[test]
fn a_newer_or_foreign_folder_is_refused_and_left_alone() {
    let title = b"backsight passive-dns store, format 3, whatever comes";
    for (name, octets, wanted) in [
        ("MANIFEST", &title[..], Error::Newer { found: 3, known: 2 }),
        ("holiday.jpg", b"", Error::Foreign),
        ("00000001.run", b"", Error::Foreign),
    ] {
        let disk = Disk::default();
        let file = runs::Folder::create(&disk, name).unwrap();
        file.append(octets).unwrap();
        let before = disk.steps().len();
        assert_eq!(open(&disk).err(), Some(wanted));
        assert_eq!(disk.steps().len(), before, "{name}");
    }
}

#[test]
fn syncs_are_shared_and_every_batch_is_acknowledged_behind_one() {
    let disk = Disk::default();
    let store = Arc::new(open(&disk).unwrap());
    let batches: Vec<_> = story();
    std::thread::scope(|scope| {
        for one in &batches {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                if let Deed::Absorb(batch) = one {
                    store.absorb(Batch { position: None, ..batch.clone() }).unwrap();
                }
            });
        }
    });
    let model = Memory::new();
    for one in &batches {
        if let Deed::Absorb(batch) = one {
            model.absorb(Batch { position: None, ..batch.clone() }).unwrap();
        }
    }
    let wanted = told(&model).unwrap();
    assert_eq!(told(&*store).unwrap(), wanted);
    let lost = Disk::after(&disk.steps(), Loss::All);
    assert_eq!(told(&open(&lost).unwrap()).unwrap(), wanted);
}

#[test]
fn what_only_reads_changes_nothing() {
    let (disk, wanted) = left(false, &[any_one()]);
    let files = disk.files();
    let options = runs::Options { read_only: true, ..crate::engine::SMALL };
    let store = Runs::open_files(Arc::new(disk.clone()), options).unwrap();
    assert_eq!(told(&store).unwrap(), wanted);
    let other = Batch { position: None, ..any_one() };
    assert_eq!(store.absorb(other), Err(StoreError::ReadOnly));
    assert_eq!(store.compact(), Err(Error::ReadOnly));
    assert_eq!(store.drop_where(&Selection::LastSeenBefore(9)), Err(StoreError::ReadOnly));
    drop(store);
    assert_eq!((disk.files(), disk.steps().len()), (files, 0));
}

fn any_one() -> Batch {
    match story().remove(0) {
        Deed::Absorb(batch) => batch,
        other => panic!("{other:?}"),
    }
}

//! Evidence in the database and in files.

use cof::time::Clock;
use tempfile::TempDir;

use super::part::part;
use super::*;
use crate::Workbench;

/// A data folder.
struct Place {
    folder: TempDir,
    workbench: Workbench,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        Self { folder, workbench }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn store(&mut self, ended: &Recorded) -> Stored {
        self.workbench.change(|change| ended.store(&change.transaction)).unwrap();
        ended.stored.clone()
    }

    /// Stores a body that arrives in small pieces.
    fn keep(&mut self, body: &[u8]) -> Stored {
        let mut recorder = Recorder::new(self.path(), 1);
        body.chunks(7_000).for_each(|piece| recorder.write(piece).unwrap());
        let stored = self.store(&recorder.finish().unwrap());
        forget_part(self.path(), 1);
        stored
    }

    /// Stores what run 1 had received.
    fn adopt(&mut self) -> Stored {
        let ended = adopt(self.path(), 1).unwrap();
        self.store(&ended)
    }

    fn read(&self, stored: &Stored) -> Result<Vec<u8>, Error> {
        let open = |database: &Connection| Evidence::open(database, self.path(), 1, stored);
        let mut evidence = self.workbench.read(open)?.unwrap();
        let mut body = Vec::new();
        evidence.read_to_end(&mut body).map_err(|error| evidence.error(&error))?;
        Ok(body)
    }

    fn rows(&self) -> i64 {
        let sql = "SELECT count(*) FROM answers";
        self.workbench.read(|database| Ok(database.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.path().join(FOLDER)).map_or(0, Iterator::count)
    }

    /// Replaces the content of the only row.
    fn damage_row(&mut self, content: &[u8]) {
        let sql = "UPDATE answers SET body = ?";
        self.workbench.change(|change| Ok(change.transaction.execute(sql, [content])?)).unwrap();
    }

    fn file(&self, stored: &Stored) -> PathBuf {
        path_of(&self.path().join(FOLDER), stored.hash.as_ref().unwrap())
    }
}

/// A body that hardly compresses.
fn noise(octets: u32) -> Vec<u8> {
    (0..octets).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect()
}

fn small() -> Vec<u8> {
    b"{\"rrname\":\"www.example.com\"}\n".repeat(2_000)
}

fn large() -> Vec<u8> {
    b"{\"rrname\":\"www.example.com\"}\n".repeat(3_000)
}

#[test]
fn what_came_is_read_back_and_the_same_body_is_stored_once() {
    let mut place = Place::new();
    for (body, rows, files) in [(small(), 1, 0), (large(), 1, 1)] {
        let stored = place.keep(&body);
        assert_eq!(place.keep(&body), stored);
        assert_eq!(place.read(&stored).unwrap(), body);
        assert_eq!((place.rows(), place.files(), stored.bytes), (rows, files, body.len() as u64));
    }
    assert_eq!(place.keep(b""), Stored { hash: None, bytes: 0 });
    assert_eq!((place.rows(), place.files()), (1, 1));
}

#[test]
fn a_large_body_is_written_aside_and_read_back_as_it_came() {
    let mut place = Place::new();
    let body = noise(3_000_000);
    let stored = place.keep(&body);
    assert_eq!((place.read(&stored).unwrap(), stored.bytes), (body, 3_000_000));
}

#[test]
fn a_small_answer_needs_no_file_unless_recording_its_end_takes_long() {
    let mut place = Place::new();
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(b"small").unwrap();
    let ended = recorder.finish().unwrap();
    assert_eq!(place.files(), 0, "nothing is written");
    keep_part(place.path(), 1, &ended);
    keep_part(place.path(), 1, &ended);
    assert_eq!(place.adopt(), ended.stored);
    forget_part(place.path(), 1);
    assert_eq!(place.read(&ended.stored).unwrap(), b"small");
    assert_eq!((place.rows(), place.files()), (1, 0));
}

#[test]
fn a_large_answer_keeps_its_part_until_its_end_is_recorded() {
    let mut place = Place::new();
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(&large()).unwrap();
    let ended = recorder.finish().unwrap();
    forget_part(place.path(), 1);
    keep_part(place.path(), 1, &ended);
    assert_eq!(place.adopt(), ended.stored);
    assert_eq!((place.rows(), place.files()), (0, 2));
}

#[test]
fn what_is_held_is_written_when_it_takes_long_or_ends_early() {
    let mut place = Place::new();
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(b"one ").unwrap();
    recorder.write_through().unwrap();
    recorder.write(b"two").unwrap();
    // As a killed process leaves it.
    std::mem::forget(recorder);
    let stored = place.adopt();
    assert_eq!(place.read(&stored).unwrap(), b"one two");
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(b"three").unwrap();
    drop(recorder);
    let stored = place.adopt();
    assert_eq!(place.read(&stored).unwrap(), b"three");
}

#[test]
fn a_small_answer_that_took_long_is_a_row_too() {
    let mut place = Place::new();
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(b"one ").unwrap();
    recorder.write_through().unwrap();
    recorder.write(b"two").unwrap();
    let ended = recorder.finish().unwrap();
    assert_eq!(adopt(place.path(), 1).unwrap(), ended, "until it is forgotten");
    let stored = place.store(&ended);
    forget_part(place.path(), 1);
    assert_eq!(place.keep(b"one two"), stored);
    assert_eq!((place.rows(), place.files()), (1, 0));
}

#[test]
fn many_runs_with_the_same_answer_store_it_together() {
    let place = Place::new();
    let body = |round: u32| round.to_le_bytes().repeat(20_000);
    std::thread::scope(|scope| {
        for run in 0..8 {
            let folder = place.path();
            scope.spawn(move || {
                for round in 0..30 {
                    let mut recorder = Recorder::new(folder, run);
                    recorder.write(&body(round)).unwrap();
                    recorder.finish().unwrap();
                    forget_part(folder, run);
                }
            });
        }
    });
    assert_eq!(place.files(), 30);
    for round in 0..30 {
        let hash = Some(blake3::hash(&body(round)).to_hex().to_string());
        assert_eq!(place.read(&Stored { hash, bytes: 80_000 }).unwrap(), body(round));
    }
}

#[test]
fn a_disk_that_is_full_is_an_error_aside_too() {
    let place = Place::new();
    std::fs::create_dir(place.path().join(FOLDER)).unwrap();
    std::os::unix::fs::symlink("/dev/full", part(place.path(), 1)).unwrap();
    let noise = noise(65_536);
    let mut recorder = Recorder::new(place.path(), 1);
    let failed = (0..1_000).find_map(|_| recorder.write(&noise).err());
    let failed = failed.or_else(|| recorder.finish().err()).unwrap();
    assert!(matches!(failed, Error::Full(_)), "{failed:?}");
}

#[test]
fn what_was_damaged_since_is_replaced_by_the_same_body() {
    let mut place = Place::new();
    let stored = place.keep(&small());
    place.damage_row(b"rubbish");
    assert!(place.read(&stored).is_err());
    assert_eq!(place.keep(&small()), stored);
    assert_eq!(place.read(&stored).unwrap(), small());
    let stored = place.keep(&large());
    std::fs::write(place.file(&stored), "rubbish").unwrap();
    assert_eq!(place.keep(&large()), stored);
    assert_eq!(place.read(&stored).unwrap(), large());
    assert_eq!((place.rows(), place.files()), (1, 1));
}

#[test]
fn a_file_of_a_small_body_that_an_earlier_version_wrote_is_read() {
    let mut place = Place::new();
    let ended = Recorded {
        stored: Stored { hash: Some(blake3::hash(b"small").to_hex().to_string()), bytes: 5 },
        small: Some(zstd::encode_all(&b"small"[..], LEVEL).unwrap().into()),
    };
    keep_part(place.path(), 1, &ended);
    std::fs::rename(part(place.path(), 1), place.file(&ended.stored)).unwrap();
    assert_eq!(place.read(&ended.stored).unwrap(), b"small");
    // If the file is damaged, the same answer takes its place.
    std::fs::write(place.file(&ended.stored), "rubbish").unwrap();
    assert!(place.read(&ended.stored).is_err());
    place.keep(b"small");
    assert_eq!(place.read(&ended.stored).unwrap(), b"small");
}

/// Fails unless reading each damaged form of a body fails and names run and place.
fn is_noticed(
    place: &mut Place,
    (stored, whole, other): (&Stored, &[u8], &[u8]),
    named: &str,
    damage: impl Fn(&mut Place, &[u8]),
) {
    let mut says = |content: &[u8]| {
        damage(place, content);
        let error = place.read(stored).unwrap_err();
        assert!(matches!(error, Error::Evidence { run: 1, .. }), "{error:?}");
        let error = error.to_string();
        assert!(error.starts_with("the evidence of run 1 (") && error.contains(named), "{error}");
        error
    };
    assert!(says(other).contains("is not what was stored"));
    for cut in (0..whole.len()).step_by(whole.len() / 60 + 1) {
        says(&whole[..cut]);
    }
    for at in (0..whole.len() * 8).step_by(whole.len() / 8 + 1) {
        let mut flipped = whole.to_vec();
        flipped[at / 8] ^= 1 << (at % 8);
        // A bit of the frame's head may mean nothing.
        damage(place, &flipped);
        if let Ok(read) = place.read(stored) {
            assert_eq!(Some(blake3::hash(&read).to_hex().to_string()), stored.hash);
        }
    }
}

#[test]
fn a_row_that_is_not_what_was_kept_is_an_error_that_names_run_and_place() {
    let mut place = Place::new();
    let (body, packed) = (small(), |body: &[u8]| zstd::encode_all(body, LEVEL).unwrap());
    let stored = place.keep(&body);
    let other = [b'b'; 5_000];
    let named = format!("answer {} in ", stored.hash.clone().unwrap());
    is_noticed(&mut place, (&stored, &packed(&body), &packed(&other)), &named, Place::damage_row);
    let lost =
        |change: &crate::database::Change<'_>| Ok(change.transaction.execute("DELETE FROM answers", [])?);
    place.workbench.change(lost).unwrap();
    let error = place.read(&stored).unwrap_err().to_string();
    assert!(error.contains("is missing, and the database does not contain it either"), "{error}");
}

#[test]
fn a_file_that_is_not_what_was_kept_is_an_error_that_names_run_and_place() {
    let mut place = Place::new();
    let (one, other) = (place.keep(&large()), place.keep(&noise(100_000)));
    let file = place.file(&one);
    let (whole, another) = (std::fs::read(&file).unwrap(), std::fs::read(place.file(&other)).unwrap());
    let named = file.display().to_string();
    let damage = |_: &mut Place, content: &[u8]| std::fs::write(&file, content).unwrap();
    is_noticed(&mut place, (&one, &whole, &another), &named, damage);
    std::fs::remove_file(&file).unwrap();
    assert!(place.read(&one).unwrap_err().to_string().contains("is missing"));
    let larger = Stored { bytes: other.bytes - 1, ..other };
    assert!(place.read(&larger).is_err(), "no more than was kept is read");
}

#[test]
fn what_an_interrupted_run_had_is_adopted() {
    let mut place = Place::new();
    let mut recorder = Recorder::new(place.path(), 1);
    recorder.write(&b"first ".repeat(50_000)).unwrap();
    recorder.write(b"second").unwrap();
    // As a killed process leaves it: nothing is finished.
    std::mem::forget(recorder);
    let stored = place.adopt();
    let body = [b"first ".repeat(50_000), b"second".to_vec()].concat();
    assert_eq!(place.read(&stored).unwrap(), body);
    assert_eq!(place.adopt(), stored, "until it is forgotten");
    forget_part(place.path(), 1);
    assert_eq!(place.adopt(), Stored { hash: None, bytes: 0 });
}

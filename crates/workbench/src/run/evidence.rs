//! Evidence: the exact bytes that a provider sent, in `answers/`.
//!
//! ```text
//! DIR/answers/run-ID.part   zstd, grows while run ID is in progress; readable up to its last flush
//! DIR/answers/HASH.zst      zstd of a whole body; HASH is BLAKE3 of the decompressed bytes, 64 hexadecimal digits
//! ```
//!
//! The same body is stored once, however many runs received it. An answer that is large or takes long has a part, which keeps its
//! name until the run's row contains the other one ([`forget_part`]); a small one that arrives at once is only written at its end
//! (`recorder`). Evidence is checked against name and length whenever it is read: a file that is missing, cut or
//! changed is [`Error::Evidence`], never a different answer. It is not synced: a power cut may lose it, which is noticed, and
//! then the provider is queried again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::database::Problem;
use crate::{Error, files};

mod recorder;

pub(super) use recorder::{Recorder, SOON};

/// A fast level, so that an answer of a million records does not wait for its evidence.
const LEVEL: i32 = 1;
/// Bytes read at a time.
const PIECE: usize = 64 * 1024;
/// The folder of the evidence, within the data folder.
pub(crate) const FOLDER: &str = "answers";

/// The stored evidence of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// `None` if nothing arrived.
    pub(super) hash: Option<String>,
    /// Bytes after decompression.
    pub(super) bytes: u64,
}

/// Reads evidence; reading ends with an error if it is not what was stored.
pub struct Evidence {
    file: PathBuf,
    decoder: io::Take<zstd::stream::read::Decoder<'static, io::BufReader<File>>>,
    hasher: blake3::Hasher,
    bytes: u64,
    expected: Stored,
}

/// All evidence that runs refer to, each file once.
pub(crate) fn kept(database: &Connection) -> Result<Vec<Stored>, Problem> {
    let sql = "SELECT DISTINCT evidence, bytes FROM runs WHERE evidence IS NOT NULL";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Stored { hash: row.get(0)?, bytes: u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default() })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Copies evidence into another data folder; missing evidence is left out, and reported when the copy is verified.
pub(crate) fn copy(from: &Path, to: &Path, stored: &Stored) -> Result<(), Error> {
    let Some(hash) = &stored.hash else { return Ok(()) };
    copy_file(from, to, &format!("{hash}.zst"))
}

/// Copies all evidence of a data folder into another one.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<(), Error> {
    let answers = from.join(FOLDER);
    let entries = match std::fs::read_dir(&answers) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("reading", &answers, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::io("reading", &answers, error))?;
        let name = entry.file_name();
        if let Some(name) = name.to_str().filter(|name| is_named(name)) {
            copy_file(from, to, name)?;
        }
    }
    Ok(())
}

/// Whether the name of a file is the hash of its content, and not that of a growing file.
fn is_named(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "zst")
}

fn copy_file(from: &Path, to: &Path, name: &str) -> Result<(), Error> {
    let answers = to.join(FOLDER);
    files::create(&answers).map_err(|error| Error::io("creating", &answers, error))?;
    files::copy(&from.join(FOLDER).join(name), &answers.join(name)).map(drop)
}

/// Checks that evidence exists and is what was stored; reads all of it.
pub(crate) fn check(folder: &Path, stored: &Stored) -> Result<(), Error> {
    verify(Evidence::open(folder, stored)?)
}

/// Reads all of it to check that it is what was stored.
pub(super) fn verify(evidence: Option<Evidence>) -> Result<(), Error> {
    let Some(mut evidence) = evidence else { return Ok(()) };
    let mut piece = vec![0; PIECE];
    while evidence.read(&mut piece).map_err(|error| evidence.error(&error))? > 0 {}
    Ok(())
}

/// The file into which the evidence of a run is written.
pub(super) fn part(folder: &Path, run: i64) -> PathBuf {
    folder.join(FOLDER).join(format!("run-{run}.part"))
}

/// The file of a whole body.
fn path_of(answers: &Path, hash: &str) -> PathBuf {
    answers.join(format!("{hash}.zst"))
}

impl Evidence {
    /// Opens stored evidence of a data folder.
    pub(super) fn open(folder: &Path, stored: &Stored) -> Result<Option<Self>, Error> {
        Self::open_in(&folder.join(FOLDER), stored)
    }

    fn open_in(answers: &Path, stored: &Stored) -> Result<Option<Self>, Error> {
        let Some(hash) = &stored.hash else { return Ok(None) };
        let file = path_of(answers, hash);
        let unreadable = |error: io::Error| Error::Evidence {
            reason: match error.kind() {
                io::ErrorKind::NotFound => "is missing".to_owned(),
                _ => format!("cannot be read: {error}"),
            },
            file: file.clone(),
        };
        let decoder = File::open(&file).and_then(zstd::stream::read::Decoder::new).map_err(&unreadable)?;
        Ok(Some(Self {
            // One byte more than expected shows that the file is a different one.
            decoder: decoder.take(stored.bytes.saturating_add(1)),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            expected: stored.clone(),
            file,
        }))
    }

    /// The meaning of an error while reading.
    pub fn error(&self, error: &io::Error) -> Error {
        Error::Evidence { file: self.file.clone(), reason: error.to_string() }
    }
}

impl Read for Evidence {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.decoder.read(buffer).map_err(|error| damaged(&format!("is damaged: {error}")))?;
        self.hasher.update(buffer.get(..len).unwrap_or_default());
        self.bytes += len as u64;
        if len == 0 && !buffer.is_empty() {
            let same = self.expected.hash.as_deref() == Some(self.hasher.finalize().to_hex().as_str());
            if self.bytes != self.expected.bytes || !same {
                return Err(damaged("is not what was stored"));
            }
        }
        Ok(len)
    }
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Turns what a run had received when it was interrupted into evidence: as much of its file as can be read.
pub(super) fn adopt(folder: &Path, run: i64) -> Result<Stored, Error> {
    let part = part(folder, run);
    let nothing = Stored { hash: None, bytes: 0 };
    let opened = match File::open(&part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(nothing),
        opened => opened.map_err(|error| Error::io("opening", &part, error))?,
    };
    let mut decoder =
        zstd::stream::read::Decoder::new(opened).map_err(|error| Error::io("reading", &part, error))?;
    // In a second file, because the first one is being read.
    let adopted = part.with_extension("adopted");
    let mut recorder = Recorder::into_part(folder, adopted.clone());
    let mut piece = vec![0; PIECE];
    // The last block is incomplete; what can be decompressed before it is kept.
    while let Ok(len) = decoder.read(&mut piece) {
        if len == 0 {
            break;
        }
        recorder.write(piece.get(..len).unwrap_or_default())?;
    }
    let stored = recorder.finish()?;
    let _ = std::fs::remove_file(adopted);
    Ok(stored)
}

/// The unfinished files, each with its run.
pub(super) fn unfinished(folder: &Path) -> Vec<(i64, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder.join(FOLDER)) else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let numbered = paths.filter_map(|path| {
        let run = path.file_stem()?.to_str()?.strip_prefix("run-")?.parse().ok()?;
        Some((run, path))
    });
    numbered.collect()
}

/// Gives evidence the name of a run's part too, until [`forget_part`], because recording the end of the run takes long.
pub(super) fn keep_part(folder: &Path, run: i64, stored: &Stored) {
    if let Some(hash) = &stored.hash {
        // If there is a part, it has the same content.
        let _ = std::fs::hard_link(path_of(&folder.join(FOLDER), hash), part(folder, run));
    }
}

/// Removes a run's part after its row states the final name. If that fails, the part is removed the next time runs are settled
/// ([`unfinished`]).
pub(super) fn forget_part(folder: &Path, run: i64) {
    let part = part(folder, run);
    // Most runs have none, and looking is cheaper than removing: it does not wait for files that others create.
    if part.exists() {
        let _ = std::fs::remove_file(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(folder: &Path, body: &[u8]) -> Stored {
        let mut recorder = Recorder::new(folder, 1);
        body.chunks(7).for_each(|piece| recorder.write(piece).unwrap());
        let stored = recorder.finish().unwrap();
        forget_part(folder, 1);
        stored
    }

    fn read(folder: &Path, stored: &Stored) -> Result<Vec<u8>, Error> {
        let mut evidence = Evidence::open(folder, stored)?.unwrap();
        let mut body = Vec::new();
        evidence.read_to_end(&mut body).map_err(|error| evidence.error(&error))?;
        Ok(body)
    }

    #[test]
    fn what_came_is_read_back_and_the_same_body_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let body = b"{\"rrname\":\"www.example.com\"}\n".repeat(3_000);
        let stored = kept(folder.path(), &body);
        assert_eq!(kept(folder.path(), &body), stored);
        assert_eq!(read(folder.path(), &stored).unwrap(), body);
        let files = std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count();
        assert_eq!((files, stored.bytes), (1, body.len() as u64));
        assert_eq!(kept(folder.path(), b""), Stored { hash: None, bytes: 0 });
    }

    #[test]
    fn a_large_body_is_written_aside_and_read_back_as_it_came() {
        let folder = tempfile::tempdir().unwrap();
        let body: Vec<u8> =
            (0..3_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let mut recorder = Recorder::new(folder.path(), 1);
        body.chunks(40_000).for_each(|piece| recorder.write(piece).unwrap());
        let stored = recorder.finish().unwrap();
        assert_eq!((read(folder.path(), &stored).unwrap(), stored.bytes), (body, 3_000_000));
    }

    #[test]
    fn a_small_answer_is_written_once_at_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path(), 1);
        recorder.write(b"small").unwrap();
        assert!(!folder.path().join(FOLDER).exists(), "nothing is written yet");
        let stored = recorder.finish().unwrap();
        assert_eq!(read(folder.path(), &stored).unwrap(), b"small");
        assert!(!part(folder.path(), 1).exists());
        // Until the end of the run is recorded, which may take long.
        keep_part(folder.path(), 1, &stored);
        assert_eq!(adopt(folder.path(), 1).unwrap(), stored);
        forget_part(folder.path(), 1);
        assert_eq!(read(folder.path(), &stored).unwrap(), b"small");
    }

    #[test]
    fn what_is_held_is_written_when_it_takes_long_or_ends_early() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path(), 1);
        recorder.write(b"one ").unwrap();
        recorder.write_through().unwrap();
        recorder.write(b"two").unwrap();
        // As a killed process leaves it.
        std::mem::forget(recorder);
        let stored = adopt(folder.path(), 1).unwrap();
        assert_eq!(read(folder.path(), &stored).unwrap(), b"one two");
        let mut recorder = Recorder::new(folder.path(), 2);
        recorder.write(b"three").unwrap();
        drop(recorder);
        let stored = adopt(folder.path(), 2).unwrap();
        assert_eq!(read(folder.path(), &stored).unwrap(), b"three");
    }

    #[test]
    fn many_runs_with_the_same_answer_store_it_together() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for run in 0..8 {
                let folder = folder.path();
                scope.spawn(move || {
                    for round in 0..100_u32 {
                        let mut recorder = Recorder::new(folder, run);
                        recorder.write(&round.to_le_bytes().repeat(1_000)).unwrap();
                        let stored = recorder.finish().unwrap();
                        assert_eq!(read(folder, &stored).unwrap(), round.to_le_bytes().repeat(1_000));
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(folder.path().join(FOLDER)).unwrap().count(), 100);
    }

    #[test]
    fn a_disk_that_is_full_is_an_error_aside_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
        std::os::unix::fs::symlink("/dev/full", part(folder.path(), 1)).unwrap();
        let noise: Vec<u8> =
            (0..65_536_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
        let mut recorder = Recorder::new(folder.path(), 1);
        let failed = (0..1_000).find_map(|_| recorder.write(&noise).err());
        let failed = failed.or_else(|| recorder.finish().err()).unwrap();
        assert!(matches!(failed, Error::Full(_)), "{failed:?}");
    }

    #[test]
    fn what_was_damaged_since_is_replaced_by_the_same_body() {
        let folder = tempfile::tempdir().unwrap();
        let body = b"{\"rrname\":\"www.example.com\"}\n".repeat(30);
        let stored = kept(folder.path(), &body);
        let answers = folder.path().join(FOLDER);
        std::fs::write(answers.join(format!("{}.zst", stored.hash.clone().unwrap())), "rubbish").unwrap();
        assert_eq!(kept(folder.path(), &body), stored);
        assert_eq!(read(folder.path(), &stored).unwrap(), body);
        assert_eq!(std::fs::read_dir(answers).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_what_was_kept_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (kept(folder.path(), &[b'a'; 5_000]), kept(folder.path(), &[b'b'; 5_000]));
        let file = |stored: &Stored| {
            folder.path().join(FOLDER).join(format!("{}.zst", stored.hash.clone().unwrap()))
        };
        let whole = std::fs::read(file(&one)).unwrap();
        let says = |content: &[u8]| {
            std::fs::write(file(&one), content).unwrap();
            let error = read(folder.path(), &one).unwrap_err().to_string();
            assert!(error.contains(one.hash.as_ref().unwrap()), "{error}");
            error
        };
        assert!(says(&std::fs::read(file(&other)).unwrap()).contains("is not what was stored"));
        for cut in 0..whole.len() {
            says(&whole[..cut]);
        }
        std::fs::remove_file(file(&one)).unwrap();
        assert!(read(folder.path(), &one).unwrap_err().to_string().contains("is missing"));
        let larger = Stored { bytes: other.bytes - 1, ..other };
        assert!(read(folder.path(), &larger).is_err(), "no more than was kept is read");
    }

    #[test]
    fn what_an_interrupted_run_had_is_adopted() {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path(), 7);
        recorder.write(&b"first ".repeat(50_000)).unwrap();
        recorder.write(b"second").unwrap();
        // As a killed process leaves it: nothing is finished.
        std::mem::forget(recorder);
        let stored = adopt(folder.path(), 7).unwrap();
        assert_eq!(
            read(folder.path(), &stored).unwrap(),
            [b"first ".repeat(50_000), b"second".to_vec()].concat()
        );
        assert_eq!(adopt(folder.path(), 7).unwrap(), stored, "until it is forgotten");
        forget_part(folder.path(), 7);
        assert_eq!(adopt(folder.path(), 7).unwrap(), Stored { hash: None, bytes: 0 });
    }
}

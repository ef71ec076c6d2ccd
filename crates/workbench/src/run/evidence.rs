//! Evidence: the exact bytes that a provider sent, compressed with zstd.
//!
//! ```text
//! table answers               a body of up to 64 KiB, in the database; the key is BLAKE3 of the decompressed bytes
//! DIR/answers/HASH.zst        a larger body; HASH is the same, as 64 hexadecimal digits
//! DIR/answers/run-ID.part     grows while run ID is in progress; readable up to its last flush (`part`)
//! ```
//!
//! The same body is stored once, however many runs received it. A small one is stored in the transaction that ends its run
//! ([`Recorded::store`]), so it is as durable as the run itself. A file is not synced: a power cut may lose it, which is noticed,
//! and then the provider is queried again. Versions of the program before the table stored small bodies in files too; therefore
//! reading looks in the table first, and then for the file.
//!
//! Evidence is checked against hash and length whenever it is read: what is missing, cut or changed is [`Error::Evidence`], never
//! a different answer.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use crate::database::Problem;
use crate::{Error, files};

mod part;
mod recorder;

pub(super) use part::{adopt, forget_part, keep_part, unfinished};
pub(super) use recorder::{Recorder, SOON};

/// A fast level, so that an answer of a million records does not wait for its evidence.
const LEVEL: i32 = 1;
/// Bytes read at a time.
const PIECE: usize = 64 * 1024;
/// The folder of the files, within the data folder.
const FOLDER: &str = "answers";

/// The evidence of an answer, by its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// `None` if nothing arrived.
    pub(super) hash: Option<String>,
    /// Bytes after decompression.
    pub(super) bytes: u64,
}

/// The evidence of an answer that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) stored: Stored,
    /// A small body, compressed, which [`Self::store`] stores; a large one already has its file.
    small: Option<Arc<[u8]>>,
}

/// The evidence of a run.
#[derive(Clone, Debug)]
pub(crate) struct OfRun {
    run: i64,
    stored: Stored,
}

/// Reads evidence; reading ends with an error if it is not what was stored.
pub struct Evidence {
    run: i64,
    place: String,
    decoder: io::Take<zstd::stream::read::Decoder<'static, Box<dyn BufRead + Send>>>,
    hasher: blake3::Hasher,
    bytes: u64,
    expected: Stored,
}

/// All evidence that runs refer to, each body once, with the first of its runs.
pub(crate) fn kept(database: &Connection) -> Result<Vec<OfRun>, Problem> {
    let sql = "SELECT min(id), evidence, bytes FROM runs WHERE evidence IS NOT NULL GROUP BY evidence, bytes";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let bytes = u64::try_from(row.get::<_, i64>(2)?).unwrap_or_default();
        Ok(OfRun { run: row.get(0)?, stored: Stored { hash: row.get(1)?, bytes } })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The hashes of the evidence that runs refer to and that the database does not contain.
pub(crate) fn filed(database: &Connection) -> Result<Vec<String>, Problem> {
    let sql = "SELECT DISTINCT evidence FROM runs WHERE evidence IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM answers WHERE hash = unhex(evidence))";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Copies a file of evidence into another data folder; a missing one is left out, and reported when the copy is verified.
pub(crate) fn copy(from: &Path, to: &Path, hash: &str) -> Result<(), Error> {
    copy_file(from, to, &format!("{hash}.zst"))
}

/// Copies all files of evidence of a data folder into another one.
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
pub(crate) fn check(database: &Connection, folder: &Path, of: &OfRun) -> Result<(), Problem> {
    Ok(verify(Evidence::open(database, folder, of.run, &of.stored)?)?)
}

/// Reads all of it to check that it is what was stored.
pub(super) fn verify(evidence: Option<Evidence>) -> Result<(), Error> {
    let Some(mut evidence) = evidence else { return Ok(()) };
    let mut piece = vec![0; PIECE];
    while evidence.read(&mut piece).map_err(|error| evidence.error(&error))? > 0 {}
    Ok(())
}

/// The file of a whole body.
fn path_of(answers: &Path, hash: &str) -> PathBuf {
    answers.join(format!("{hash}.zst"))
}

impl Recorded {
    /// Nothing arrived.
    pub(super) const NOTHING: Self = Self { stored: Stored { hash: None, bytes: 0 }, small: None };

    /// Evidence that is stored already.
    pub(super) fn again(stored: Stored) -> Self {
        Self { stored, small: None }
    }

    /// Stores a small body. The same body may be there already; if it was damaged since, it is replaced.
    pub(super) fn store(&self, database: &Connection) -> Result<(), Problem> {
        if let (Some(body), Some(key)) = (&self.small, self.stored.hash.as_deref().and_then(key_of)) {
            let sql = "INSERT INTO answers (hash, body) VALUES (?1, ?2) \
                       ON CONFLICT (hash) DO UPDATE SET body = excluded.body WHERE body <> excluded.body";
            database.prepare_cached(sql)?.execute((key, &**body))?;
        }
        Ok(())
    }
}

/// The key of a body in the table.
fn key_of(hash: &str) -> Option<[u8; 32]> {
    blake3::Hash::from_hex(hash).ok().map(|hash| *hash.as_bytes())
}

/// Where a body is, and the body, compressed.
type Placed = (String, io::Result<Box<dyn BufRead + Send>>);

/// Looks for a body in the table, and then for its file.
fn body(database: &Connection, folder: &Path, hash: &str) -> rusqlite::Result<Placed> {
    if let Some(body) = small(database, hash)? {
        let place = format!("answer {hash} in {}", folder.join("workbench.sqlite").display());
        return Ok((place, Ok(Box::new(io::Cursor::new(body)))));
    }
    let file = path_of(&folder.join(FOLDER), hash);
    let opened = File::open(&file).map(|file| Box::new(io::BufReader::new(file)) as _);
    Ok((file.display().to_string(), opened))
}

/// A small body, compressed; `None` if the table does not have it.
fn small(database: &Connection, hash: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let Some(key) = key_of(hash) else { return Ok(None) };
    let mut find = database.prepare_cached("SELECT body FROM answers WHERE hash = ?")?;
    // Damage may have changed the type of a value; the bytes are checked when they are read.
    find.query_row([key], |row| Ok(row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec())).optional()
}

impl Evidence {
    /// Opens the evidence of a run; `None` if nothing arrived.
    pub(super) fn open(
        database: &Connection,
        folder: &Path,
        run: i64,
        stored: &Stored,
    ) -> Result<Option<Self>, Problem> {
        let Some(hash) = &stored.hash else { return Ok(None) };
        let (place, body) = body(database, folder, hash)?;
        let decoder = body.and_then(zstd::stream::read::Decoder::with_buffer);
        let decoder = decoder.map_err(|error| unreadable(run, &place, &error))?;
        Ok(Some(Self {
            // One byte more than expected shows that the body is a different one.
            decoder: decoder.take(stored.bytes.saturating_add(1)),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            expected: stored.clone(),
            run,
            place,
        }))
    }

    /// The meaning of an error while reading.
    pub fn error(&self, error: &io::Error) -> Error {
        Error::Evidence { run: self.run, place: self.place.clone(), reason: error.to_string() }
    }
}

fn unreadable(run: i64, place: &str, error: &io::Error) -> Error {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "is missing, and the database does not contain it either".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    Error::Evidence { run, place: place.to_owned(), reason }
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
        f.debug_struct("Evidence").field("run", &self.run).field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! The head file records the latest state of the database in a separate file, so that lost transactions are noticed.
//!
//! If a bit of SQLite's log is damaged, SQLite silently drops every transaction from there on. Therefore each transaction is
//! counted in the table `head`, each entry of the audit trail has a hash of itself and of the previous entry, and after a
//! commit both are written to `workbench.head`. The commit is synced first (`synchronous = FULL`), so the file is never ahead
//! of the database unless something was lost.
//!
//! ```text
//! backsight head 1
//! changes 42
//! entry 17
//! chain 64 hexadecimal digits
//! check 16 hexadecimal digits: the first bytes of BLAKE3 of the lines above
//! ```

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::Problem;
use crate::Error;
use crate::files::for_owner;

/// A hash in the audit trail's chain.
pub(crate) type Link = [u8; 32];

/// The name of the file in the data folder.
pub(crate) const FILE: &str = "workbench.head";
const MARK: &str = "backsight head 1";
/// The longest possible head file, in bytes.
const LONGEST: u64 = 1024;

/// The state of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// The number of transactions.
    pub(crate) changes: i64,
    /// The number of the last entry of the audit trail; 0 for none.
    pub(crate) entry: i64,
    /// That entry's hash; zeros for none.
    pub(crate) chain: Link,
}

/// The content of the head file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Damaged,
    Head(Head),
    Missing,
}

/// The head of the open database.
pub(crate) fn of(database: &Connection) -> Result<Head, Problem> {
    let sql = "SELECT changes FROM head";
    let changes: i64 = database.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let (entry, chain) = last_entry(database)?;
    Ok(Head { changes, entry, chain })
}

/// The number and hash of the last entry of the audit trail.
pub(crate) fn last_entry(database: &Connection) -> Result<(i64, Link), Problem> {
    let sql = "SELECT id, chain FROM audit ORDER BY id DESC LIMIT 1";
    let last =
        database.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or_default())
}

/// The hash of an entry, over the one before it.
pub(crate) fn link(before: &Link, id: i64, at: i64, texts: [&str; 4]) -> Link {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before).update(&id.to_be_bytes()).update(&at.to_be_bytes());
    for text in texts {
        hasher.update(&(text.len() as u64).to_be_bytes()).update(text.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

/// What the head file records and the database does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// At least this many transactions.
    pub changes: i64,
    /// At least this many entries of the audit trail.
    pub entries: i64,
}

/// The part of a head that the database does not have; `None` if it has everything.
pub(crate) fn lost(database: &Connection, known: &Head) -> Result<Option<Lost>, Problem> {
    let now = of(database)?;
    let sql = "SELECT chain FROM audit WHERE id = ?";
    let chain: Option<Link> =
        database.prepare_cached(sql)?.query_row([known.entry], |row| row.get(0)).optional()?;
    if now.changes >= known.changes && (known.entry == 0 || chain == Some(known.chain)) {
        return Ok(None);
    }
    let missing = |known: i64, now: i64| known.saturating_sub(now).max(0);
    Ok(Some(Lost { changes: missing(known.changes, now.changes), entries: missing(known.entry, now.entry) }))
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes == 0 && self.entries == 0 {
            return f.write_str("the audit trail is not the one that was written to this database");
        }
        write!(
            f,
            "changes that had been saved are lost: {}, with {} entries of the audit trail",
            self.changes, self.entries
        )
    }
}

/// Counts a transaction in the database, as part of it.
pub(crate) fn count(database: &Connection) -> Result<(), Problem> {
    database.prepare_cached("UPDATE head SET changes = changes + 1")?.execute([])?;
    Ok(())
}

/// Reads the head file.
pub(crate) fn read(folder: &Path) -> Result<Told, Error> {
    let file = folder.join(FILE);
    match File::open(&file) {
        // A shared lock, so that a file that is being written is not read half old and half new.
        Ok(opened) => opened
            .lock_shared()
            .and_then(|()| parse_file(&opened))
            .map_err(|error| Error::io("reading", &file, error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Told::Missing),
        Err(error) => Err(Error::io("reading", &file, error)),
    }
}

/// Writes the head of a commit if it is later than the one in the file; synced if requested. The head of a later commit of
/// another process is kept.
pub(crate) fn advance(folder: &Path, head: &Head, synced: bool) -> Result<(), Error> {
    let path = folder.join(FILE);
    write(&path, head, synced, false).map_err(|error| Error::io("writing", &path, error))
}

/// Writes the head, whatever the file contains.
pub(crate) fn replace(folder: &Path, head: &Head) -> Result<(), Error> {
    let path = folder.join(FILE);
    write(&path, head, true, true).map_err(|error| Error::io("writing", &path, error))
}

fn write(path: &PathBuf, head: &Head, synced: bool, always: bool) -> std::io::Result<()> {
    let mut file = for_owner().read(true).create(true).truncate(false).open(path)?;
    file.lock()?;
    if !always && matches!(parse_file(&file)?, Told::Head(known) if known.changes >= head.changes) {
        return Ok(());
    }
    let text = format(head);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)?;
    if synced { file.sync_data() } else { Ok(()) }
}

fn format(head: &Head) -> String {
    // The length is fixed, so that the file can be written in place.
    let lines = format!(
        "{MARK}\nchanges {:020}\nentry {:020}\nchain {}\n",
        head.changes,
        head.entry,
        blake3::Hash::from_bytes(head.chain).to_hex()
    );
    let check = blake3::hash(lines.as_bytes()).to_hex();
    format!("{lines}check {}\n", check.get(..16).unwrap_or_default())
}

fn parse_file(mut file: &File) -> std::io::Result<Told> {
    let mut octets = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(LONGEST).read_to_end(&mut octets)?;
    if octets.is_empty() {
        return Ok(Told::Missing);
    }
    Ok(std::str::from_utf8(&octets).ok().and_then(parse).map_or(Told::Damaged, Told::Head))
}

fn parse(text: &str) -> Option<Head> {
    let mut lines = text.lines();
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned);
    field("backsight")?;
    let (changes, entry, chain) = (field("changes")?, field("entry")?, field("chain")?);
    let head = Head {
        changes: changes.parse().ok()?,
        entry: entry.parse().ok()?,
        chain: *blake3::Hash::from_hex(chain).ok()?.as_bytes(),
    };
    (format(&head) == text).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_any_flipped_bit_is_noticed() {
        let head = Head { changes: 42, entry: 17, chain: [7; 32] };
        let text = format(&head);
        assert_eq!(parse(&text), Some(head));
        for at in 0..text.len() * 8 {
            let mut octets = text.clone().into_bytes();
            octets[at / 8] ^= 1 << (at % 8);
            assert_eq!(std::str::from_utf8(&octets).ok().and_then(parse), None, "bit {at}");
        }
    }

    #[test]
    fn a_head_is_never_read_half_written() {
        let folder = tempfile::tempdir().unwrap();
        let head =
            |changes| Head { changes, entry: changes, chain: [u8::try_from(changes % 256).unwrap(); 32] };
        replace(folder.path(), &head(0)).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for changes in 1..20_000 {
                    advance(folder.path(), &head(changes), false).unwrap();
                }
            });
            while !writer.is_finished() {
                let told = read(folder.path()).unwrap();
                assert!(matches!(told, Told::Head(known) if known == head(known.changes)), "{told:?}");
            }
        });
    }

    #[test]
    fn the_file_only_goes_forward() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Told::Missing);
        let head = |changes| Head { changes, entry: 1, chain: [1; 32] };
        for (changes, kept) in [(3, 3), (2, 3), (4, 4)] {
            advance(folder.path(), &head(changes), true).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Told::Head(head(kept)));
        }
        replace(folder.path(), &head(1)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), Told::Head(head(1)));
    }
}

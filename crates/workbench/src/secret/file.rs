//! The key file: three lines of text, readable by its owner alone.
//!
//! ```text
//! backsight key 1
//! id 0123456789abcdef
//! key 64 hexadecimal digits
//! ```
//!
//! A key is always written to a second file first (`secret.key.new`), synced together with its folder, and then renamed, so
//! that `secret.key` itself is always complete. Every caller that writes, renames or removes a key holds the database's write
//! lock.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::files::{for_owner, sync};

/// The first line: a later format has another number.
const HEAD: &str = "backsight key 1";
/// The key file, in the data folder.
pub(crate) const FILE: &str = "secret.key";
/// The file of a new key, before it replaces the old one.
pub(crate) const FILE_NEW: &str = "secret.key.new";
/// The largest possible key file, in bytes.
const MAX_FILE: u64 = 4096;

/// The length of a key's name, in bytes.
pub(super) const ID: usize = 8;

/// A key and the name by which sealed secrets refer to it. Its debug output is empty; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(super) id: [u8; ID],
    pub(super) octets: [u8; 32],
}

impl Key {
    /// A new key from the system's randomness.
    pub(super) fn generate() -> Result<Self, Error> {
        let mut key = Self { id: [0; ID], octets: [0; 32] };
        super::random(&mut key.id)?;
        super::random(&mut key.octets)?;
        Ok(key)
    }

    /// Whether a sealed secret names this key.
    pub(crate) fn has_sealed(&self, sealed: &[u8]) -> bool {
        sealed.get(1..=ID) == Some(&self.id)
    }

    fn to_text(&self) -> String {
        format!("{HEAD}\nid {}\nkey {}\n", hex(&self.id), hex(&self.octets))
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let head = lines.next()?;
        let id = unhex(lines.next()?.strip_prefix("id ")?)?;
        let octets = unhex(lines.next()?.strip_prefix("key ")?)?;
        (head == HEAD && lines.next().is_none()).then_some(Self { id, octets })
    }
}

/// The path of the key.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}

/// The path of a new key, before it replaces the old one.
pub(super) fn path_of_new(folder: &Path) -> PathBuf {
    folder.join(FILE_NEW)
}

/// Reads a key; `None` if there is no file.
pub(super) fn read(file: &Path) -> Result<Option<Key>, Error> {
    let opened = match File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::Key { file: file.to_owned(), reason: error.to_string() }),
    };
    check_mode(file, &opened)?;
    let mut text = String::new();
    let read = (&opened).take(MAX_FILE).read_to_string(&mut text);
    let damaged =
        || Error::Key { file: file.to_owned(), reason: "this is not a key file, or it is damaged".into() };
    read.map_err(|_| damaged())?;
    Key::from_text(&text).map(Some).ok_or_else(damaged)
}

#[cfg(unix)]
fn check_mode(file: &Path, opened: &File) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let found = opened.metadata().map_err(|error| Error::io("reading", file, error))?;
    let mode = found.permissions().mode() & 0o7777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(Error::KeyExposed { file: file.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &File) -> Result<(), Error> {
    Ok(())
}

/// Writes a new key to the second file; it is durable when this returns.
pub(super) fn write_new(folder: &Path, key: &Key) -> Result<(), Error> {
    let file = path_of_new(folder);
    let failed = |error| Error::io("creating", &file, error);
    let mut opened = for_owner().create_new(true).open(&file).map_err(failed)?;
    opened.write_all(key.to_text().as_bytes()).and_then(|()| opened.sync_all()).map_err(failed)?;
    sync(folder)
}

/// Replaces the key file with the new key.
pub(super) fn promote(folder: &Path) -> Result<(), Error> {
    let file = path(folder);
    std::fs::rename(path_of_new(folder), &file).map_err(|error| Error::io("replacing", &file, error))?;
    sync(folder)
}

/// Removes a new key that was never used.
pub(super) fn discard(folder: &Path) -> Result<(), Error> {
    let file = path_of_new(folder);
    match std::fs::remove_file(&file) {
        Ok(()) => sync(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("removing", &file, error)),
    }
}

/// Hexadecimal digits, in lower case.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (at, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_anything_else_is_none() {
        let key = Key::generate().unwrap();
        assert!(Key::from_text(&key.to_text()) == Some(key.clone()));
        for end in 0..key.to_text().len() - 1 {
            assert!(Key::from_text(&key.to_text()[..end]).is_none(), "cut at {end}");
        }
        for wrong in ["", "backsight key 2\nid 00\nkey 00\n", &key.to_text().replace("id ", "ID ")] {
            assert!(Key::from_text(wrong).is_none(), "{wrong}");
        }
        assert!(Key::from_text(&(key.to_text() + "x\n")).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused_with_what_to_do() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        write_new(folder.path(), &Key::generate().unwrap()).unwrap();
        promote(folder.path()).unwrap();
        let file = path(folder.path());
        let mode = |mode| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(read(&file).unwrap().is_some());
        for open in [0o640, 0o604, 0o660, 0o620] {
            mode(open);
            let Err(error) = read(&file) else { panic!("{open:o} was taken") };
            assert!(matches!(error, Error::KeyExposed { mode, .. } if mode == open), "{error}");
            assert_eq!(error.hint(), Some(crate::Hint::ProtectKey));
        }
        mode(0o400);
        assert!(read(&file).unwrap().is_some());
    }
}

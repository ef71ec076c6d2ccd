//! Secrets at rest: XChaCha20-Poly1305 under the key of the key file (`file`).
//!
//! ```text
//! sealed  =  2 (format)  key's name (8 bytes)  nonce (24 random bytes)  ciphertext and tag
//! ```
//!
//! Format, key's name, integration, parameter and the destination that it may be sent to are authenticated with it, so that
//! a sealed secret opens nowhere but in its own place, and nobody who can write the database alone can send it elsewhere.
//! Format 1 knew no destination: it opens only where none stands beside it, and then it is sent nowhere. What a secret is sealed with stands in the database; which keys there are stands in files:
//!
//! - A missing, wrong or exposed key is [`Error::Key`] or [`Error::KeyExposed`]; a key is made only where there is no secret.
//! - Rotation writes `secret.key.new`, seals everything anew in one synced transaction, and then renames. Readers
//!   take whichever of the two keys a secret names. Whoever changes something next settles what a crash left: a new key
//!   that secrets name was committed, and takes its place; one that none names was not, and goes.

mod file;

use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use operation::Secret;
use serde_json::json;

use self::file::ID;
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

pub(crate) use self::file::{FILE, FILE_NEW, Key, hex};

/// The first byte of a sealed secret.
const FORMAT: u8 = 2;
/// That of secrets that were sealed before they were bound to a destination.
const UNBOUND: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + ID;

/// Where a sealed secret belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) integration: &'a str,
    pub(crate) key: &'a str,
    /// Where it may be sent, as `operation::Destination` writes it; `None` for nowhere.
    pub(crate) bound: Option<&'a str>,
}

/// Why a sealed secret does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Neither key is the one it names: another one, or one that came after the keys were read.
    Unknown,
    /// It is not what was sealed here with that key.
    Damaged,
}

impl Fault {
    /// The same as an error about the key file.
    pub(crate) fn error(self, folder: &Path, place: Place<'_>) -> Error {
        let Place { integration, key, .. } = place;
        let file = file::path(folder);
        let reason = match self {
            Self::Unknown if !file.exists() => {
                format!("missing, and the secret {key} of {integration} is encrypted with it")
            }
            Self::Unknown => format!("the secret {key} of {integration} is encrypted with another key"),
            Self::Damaged => {
                format!("the secret {key} of {integration} cannot be decrypted: it or the key is damaged")
            }
        };
        Error::Key { file, reason }
    }
}

/// Encrypts a secret for its place.
pub(crate) fn seal(key: &Key, place: Place<'_>, secret: &Secret) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    random(&mut nonce)?;
    let mut sealed = vec![FORMAT];
    sealed.extend(key.id);
    let payload = Payload { msg: secret.reveal().as_bytes(), aad: &associated(&sealed, place) };
    let ciphertext = cipher(key)?.encrypt(&XNonce::from(nonce), payload);
    sealed.extend(nonce);
    sealed.extend(ciphertext.map_err(|_| Error::Bug("a secret could not be encrypted".to_owned()))?);
    Ok(sealed)
}

/// Decrypts what [`seal`] made for the same place.
pub(crate) fn open(keys: &[Key], place: Place<'_>, sealed: &[u8]) -> Result<Secret, Fault> {
    let (head, rest) = sealed.split_at_checked(HEAD).ok_or(Fault::Damaged)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Fault::Damaged)?;
    let (format, id) = head.split_first().ok_or(Fault::Damaged)?;
    if *format != FORMAT && (*format != UNBOUND || place.bound.is_some()) {
        return Err(Fault::Damaged);
    }
    let key = keys.iter().find(|key| key.id == id).ok_or(Fault::Unknown)?;
    let payload = Payload { msg: ciphertext, aad: &associated(head, place) };
    let cipher = cipher(key).map_err(|_| Fault::Damaged)?;
    let text = cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Fault::Damaged)?;
    let text = String::from_utf8(text).map_err(|_| Fault::Damaged)?;
    Ok(Secret::new(&text))
}

fn cipher(key: &Key) -> Result<XChaCha20Poly1305, Error> {
    XChaCha20Poly1305::new_from_slice(&key.octets)
        .map_err(|_| Error::Bug("a key has a wrong length".to_owned()))
}

/// What is authenticated beside the secret. No part of the place holds a NUL.
fn associated(head: &[u8], place: Place<'_>) -> Vec<u8> {
    let mut all =
        [b"backsight secret\0", head, b"\0", place.integration.as_bytes(), b"\0", place.key.as_bytes()]
            .concat();
    if head.first() != Some(&UNBOUND) {
        all.push(0);
        all.extend(place.bound.unwrap_or_default().as_bytes());
    }
    all
}

/// Fills octets from the system's randomness.
pub(crate) fn random(octets: &mut [u8]) -> Result<(), Error> {
    let source = |error: getrandom::Error| std::io::Error::other(error.to_string());
    let failed =
        |error| Error::Io { doing: "reading", file: PathBuf::from("random numbers"), source: source(error) };
    getrandom::fill(octets).map_err(failed)
}

/// The keys that there are, for reading. A new key that is not whole yet was never used.
pub(crate) fn keys(folder: &Path) -> Result<Vec<Key>, Error> {
    let current = file::read(&file::path(folder))?;
    let new = file::read(&file::path_of_new(folder)).ok().flatten();
    Ok(current.into_iter().chain(new).collect())
}

/// Settles what a crash left, and gives the key in use; `None` while there are no secrets and no key.
pub(crate) fn settle(change: &Change<'_>) -> Result<Option<Key>, Problem> {
    let folder = change.folder;
    let mut statement =
        change.transaction.prepare_cached("SELECT DISTINCT substr(sealed, 2, 8) FROM secrets")?;
    let used = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<Vec<u8>>, _>>()?;
    let named = |key: &Key| used.iter().any(|id| *id == key.id);
    let new = file::read(&file::path_of_new(folder)).ok().flatten();
    if let Some(new) = new.filter(named) {
        file::promote(folder)?;
        return Ok(Some(new));
    }
    let current = file::read(&file::path(folder))?;
    let wrong = |reason: &str| Error::Key { file: file::path(folder), reason: reason.to_owned() };
    match &current {
        None if !used.is_empty() => {
            return Err(wrong("missing, and there are secrets encrypted with it").into());
        }
        Some(current) if !used.is_empty() && !named(current) => {
            return Err(wrong("it is not the key with which the secrets are encrypted").into());
        }
        _ => {}
    }
    file::discard(folder)?;
    Ok(current)
}

/// The key to seal with, made where there is none and no secret either.
pub(crate) fn current(change: &Change<'_>) -> Result<Key, Problem> {
    if let Some(key) = settle(change)? {
        return Ok(key);
    }
    let key = Key::generate()?;
    file::write_new(change.folder, &key)?;
    file::promote(change.folder)?;
    Ok(key)
}

/// What a login is known again by: without the key file nobody can try logins against it.
pub(crate) fn fingerprint(change: &Change<'_>, login: &[u8]) -> Result<[u8; 32], Problem> {
    let key = blake3::derive_key("backsight 2026 fingerprint of a login", &current(change)?.octets);
    Ok(*blake3::keyed_hash(&key, login).as_bytes())
}

impl Workbench {
    /// Encrypts all secrets with a new key, and says how many there were. A crash at any moment leaves a folder that works.
    ///
    /// # Errors
    /// [`Error`], and the old key stays in use: a secret that does not open, a missing key, a file that cannot be written.
    pub fn rotate_key(&mut self) -> Result<usize, Error> {
        // The renamed key must not last longer than the transaction that needs it: that one is synced.
        let rotated = self.synced(Self::seal_anew)?;
        self.change(|change| settle(change).map(drop))?;
        Ok(rotated)
    }

    /// Everything of a rotation but the last step.
    fn seal_anew(&mut self) -> Result<usize, Error> {
        self.change(|change| {
            let old = settle(change)?;
            let new = Key::generate()?;
            file::write_new(change.folder, &new)?;
            let sealed = old.map_or(Ok(0), |old| seal_all(change, old, &new)).inspect_err(|_| {
                // What is left of a failure is settled by the next change.
                drop(file::discard(change.folder));
            })?;
            if sealed == 0 {
                // No secret will name it.
                file::promote(change.folder)?;
            }
            change.audit("key.rotate", "secret.key", &json!({ "secrets": sealed }))?;
            Ok(sealed)
        })
    }
}

/// Seals every secret with another key; gives how many.
fn seal_all(change: &Change<'_>, old: Key, new: &Key) -> Result<usize, Problem> {
    let mut statement = change.transaction.prepare("SELECT integration, key, sealed, bound FROM secrets")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let rows = rows.collect::<Result<Vec<(String, String, Vec<u8>, Option<String>)>, _>>()?;
    let keys = [old];
    let mut update =
        change.transaction.prepare("UPDATE secrets SET sealed = ?3 WHERE integration = ?1 AND key = ?2")?;
    for (integration, key, sealed, bound) in &rows {
        let place = Place { integration, key, bound: bound.as_deref() };
        let secret = open(&keys, place, sealed).map_err(|fault| fault.error(change.folder, place))?;
        update.execute((integration, key, seal(new, place, &secret)?))?;
    }
    Ok(rows.len())
}

#[cfg(test)]
mod tests;

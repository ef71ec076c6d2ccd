//! Secrets at rest: XChaCha20-Poly1305 with the key of the key file (`file`).
//!
//! ```text
//! sealed  =  2 (format)  key's name (8 bytes)  nonce (24 random bytes)  ciphertext and tag
//! ```
//!
//! Format, key's name, integration, parameter and the allowed destination are authenticated together with the secret. A sealed
//! secret can therefore only be opened in its own place, and somebody who can write to the database but has no key cannot
//! redirect it. Format 1 had no destination: it can only be opened if no destination is stored with it, and then it is sent
//! nowhere. The database states which key a secret is sealed with; the key itself is in a file:
//!
//! - A missing, wrong or exposed key is [`Error::Key`] or [`Error::KeyExposed`]; a key is only created if there is no secret.
//! - Rotation writes `secret.key.new`, seals all secrets again in one synced transaction, and then renames the file. Readers
//!   use the one of the two keys that a secret names. The next change completes what a crash left: if secrets name the new key,
//!   the rotation was committed and the key replaces the old one; if none do, it was not, and the new key is removed.

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
/// The first byte of secrets that were sealed before secrets were bound to a destination.
const UNBOUND: u8 = 1;
const NONCE: usize = 24;
const HEAD: usize = 1 + ID;

/// The place that a sealed secret belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) integration: &'a str,
    pub(crate) key: &'a str,
    /// The destination it may be sent to, as `operation::Destination` writes it; `None` for none.
    pub(crate) bound: Option<&'a str>,
}

/// Why a sealed secret cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No given key has the name that it states: the key is a different one, or was created after the keys were read.
    Unknown,
    /// It is not what was sealed for this place with that key.
    Damaged,
}

impl Fault {
    /// The corresponding error about the key file.
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

/// The data that is authenticated with the secret. No part of a place contains a NUL.
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

/// Fills a buffer with random bytes from the system.
pub(crate) fn random(octets: &mut [u8]) -> Result<(), Error> {
    let source = |error: getrandom::Error| std::io::Error::other(error.to_string());
    let failed =
        |error| Error::Io { doing: "reading", file: PathBuf::from("random numbers"), source: source(error) };
    getrandom::fill(octets).map_err(failed)
}

/// The existing keys, for reading. An incomplete new key was never used.
pub(crate) fn keys(folder: &Path) -> Result<Vec<Key>, Error> {
    let current = file::read(&file::path(folder))?;
    let new = file::read(&file::path_of_new(folder)).ok().flatten();
    Ok(current.into_iter().chain(new).collect())
}

/// Completes what a crash left, and returns the key in use; `None` if there are no secrets and no key.
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

/// The key to seal with, which is created if there is neither a key nor a secret.
pub(crate) fn current(change: &Change<'_>) -> Result<Key, Problem> {
    if let Some(key) = settle(change)? {
        return Ok(key);
    }
    let key = Key::generate()?;
    file::write_new(change.folder, &key)?;
    file::promote(change.folder)?;
    Ok(key)
}

/// The keyed hash of a login: without the key file, nobody can test logins against it.
pub(crate) fn fingerprint(change: &Change<'_>, login: &[u8]) -> Result<[u8; 32], Problem> {
    Ok(hash(&current(change)?, login))
}

/// The same for reading: `None` without a login, or without a key, with which no run was recorded then.
pub(crate) fn known_fingerprint(folder: &Path, login: Option<&[u8]>) -> Result<Option<[u8; 32]>, Error> {
    let Some(login) = login else { return Ok(None) };
    Ok(keys(folder)?.first().map(|key| hash(key, login)))
}

fn hash(key: &Key, login: &[u8]) -> [u8; 32] {
    let key = blake3::derive_key("backsight 2026 fingerprint of a login", &key.octets);
    *blake3::keyed_hash(&key, login).as_bytes()
}

impl Workbench {
    /// Encrypts all secrets with a new key, and returns their number. After a crash at any moment the folder still works.
    ///
    /// # Errors
    /// [`Error`], with the old key still in use: a secret that cannot be opened, a missing key, a file that cannot be written.
    pub fn rotate_key(&mut self) -> Result<usize, Error> {
        // The renamed key must not become durable before the transaction that needs it, so that one is synced.
        let rotated = self.synced(Self::seal_anew)?;
        self.change(|change| settle(change).map(drop))?;
        Ok(rotated)
    }

    /// All steps of a rotation except the last.
    fn seal_anew(&mut self) -> Result<usize, Error> {
        self.change(|change| {
            let old = settle(change)?;
            let new = Key::generate()?;
            file::write_new(change.folder, &new)?;
            let sealed = old.map_or(Ok(0), |old| seal_all(change, old, &new)).inspect_err(|_| {
                // If the file cannot be removed, the next change that needs a key removes it (see `settle`).
                drop(file::discard(change.folder));
            })?;
            if sealed == 0 {
                // No secret will refer to it.
                file::promote(change.folder)?;
            }
            change.audit("key.rotate", "secret.key", &json!({ "secrets": sealed }))?;
            Ok(sealed)
        })
    }
}

/// Seals every secret with another key; returns their number.
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

//! The file of a list: what it says about itself ([`About`]), and its compiled content.
//!
//! Format 1, in little-endian order: the bytes `BSLIST1\n`; the BLAKE3 hash of everything after it; the length of the head in
//! bytes and the hash of the head, so that the head can be read alone; the head, which is JSON; then the sections, whose lengths
//! the head has: the automaton of names, ranges of IPv4 and of IPv6 addresses, and parts and expressions, which are in the head.
//! A file whose hash is wrong is damaged and is not used: what reads it may rely on the rest.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use bytes::{Buf as _, Bytes};
use serde::{Deserialize, Serialize};

use super::ListError;
use super::compiled::{Compiled, Content};
use super::ranges::Ranges;
use super::source::Kind;

const MAGIC: &[u8; 8] = b"BSLIST1\n";
const HASH: usize = 32;
/// Before the head: magic, hash of the rest, length and hash of the head.
const FRAME: usize = MAGIC.len() + HASH + 4 + HASH;
/// The largest head, in bytes: parts of values, with JSON's escapes.
const MAX_HEAD: usize = 16 << 20;
/// The largest file, in bytes: what five million names take.
const MAX_FILE: u64 = 512 << 20;

/// What is known about a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name, which identifies it.
    pub name: String,
    /// What it is, in its own words.
    pub description: String,
    /// Its version: a larger one is newer.
    pub version: u64,
    /// What its entries are.
    pub kind: Kind,
    /// How many entries it has.
    pub entries: u64,
    /// How many of them are left out, because they are neither a name nor an address, or cannot be used.
    pub unusable: u64,
    /// Whether it is about names or addresses; others never hit.
    pub applies: bool,
    /// When it was imported, in seconds since the epoch.
    pub imported_at: u64,
    /// Whether it is used.
    #[serde(skip)]
    pub is_enabled: bool,
}

/// The head of the file.
#[derive(Serialize, Deserialize)]
struct Head {
    about: About,
    names: usize,
    v4: usize,
    v6: usize,
    parts: Vec<String>,
    patterns: Vec<String>,
}

impl About {
    /// A list whose file is damaged.
    pub(super) fn unknown(name: &str, is_enabled: bool) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            version: 0,
            kind: Kind::String,
            entries: 0,
            unusable: 0,
            applies: false,
            imported_at: 0,
            is_enabled,
        }
    }

    /// The name of its file: a hash of its name, because a name can have any characters.
    pub(super) fn file_name(&self) -> String {
        file_name(&self.name)
    }
}

/// The name of the file of a list.
pub(super) fn file_name(name: &str) -> String {
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{}.list", hash.get(..32).unwrap_or_default())
}

/// The bytes of the file of a list.
///
/// # Errors
/// None in practice: the head is text and numbers.
pub(super) fn write(list: &Compiled) -> Result<Vec<u8>, ListError> {
    let content = &list.content;
    let head = serde_json::to_vec(&Head {
        about: list.about().clone(),
        names: content.names.len(),
        v4: content.ranges.v4.len(),
        v6: content.ranges.v6.len(),
        parts: content.parts.clone(),
        patterns: content.patterns.clone(),
    })?;
    let mut out = Vec::with_capacity(FRAME + head.len() + content.names.len() + content.ranges.v4.len() * 8);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[0; HASH]);
    out.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(blake3::hash(&head).as_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(&content.names);
    for (first, last) in &content.ranges.v4 {
        out.extend_from_slice(&first.to_le_bytes());
        out.extend_from_slice(&last.to_le_bytes());
    }
    for (first, last) in &content.ranges.v6 {
        out.extend_from_slice(&first.to_le_bytes());
        out.extend_from_slice(&last.to_le_bytes());
    }
    let hash = blake3::hash(out.get(MAGIC.len() + HASH..).unwrap_or_default());
    if let Some(place) = out.get_mut(MAGIC.len()..MAGIC.len() + HASH) {
        place.copy_from_slice(hash.as_bytes());
    }
    Ok(out)
}

/// What the file of a list says about it, without its content.
///
/// # Errors
/// [`ListError`] if it cannot be read or is damaged.
pub(super) fn read_about(path: &Path) -> Result<About, ListError> {
    let mut file = open(path)?;
    let failed = |error| ListError::Io { doing: "reading", path: path.to_owned(), error };
    let mut octets = Vec::new();
    file.by_ref().take(FRAME as u64).read_to_end(&mut octets).map_err(failed)?;
    let length = head_length(&octets).ok_or_else(|| damaged(path, "its beginning is not that of a list"))?;
    file.take(length as u64).read_to_end(&mut octets).map_err(failed)?;
    Ok(head(path, &octets)?.0.about)
}

/// Reads a list.
///
/// # Errors
/// [`ListError`] if it cannot be read or is damaged.
pub(super) fn read(path: &Path) -> Result<Compiled, ListError> {
    let failed = |error| ListError::Io { doing: "reading", path: path.to_owned(), error };
    let mut octets = Vec::new();
    open(path)?.take(MAX_FILE).read_to_end(&mut octets).map_err(failed)?;
    let (stored, rest) =
        octets.split_at_checked(MAGIC.len() + HASH).ok_or_else(|| damaged(path, "it is too short"))?;
    if stored.get(MAGIC.len()..) != Some(blake3::hash(rest).as_bytes().as_slice()) {
        return Err(damaged(path, "its content has changed"));
    }
    let (head, at) = head(path, &octets)?;
    let mut rest = Bytes::from(octets).split_off(at);
    let lengths = [Some(head.names), head.v4.checked_mul(8), head.v6.checked_mul(32)];
    let total = lengths.into_iter().try_fold(0_usize, |sum, length| sum.checked_add(length?));
    if total != Some(rest.len()) {
        return Err(damaged(path, "its sections have other lengths"));
    }
    let names = rest.split_to(head.names);
    let v4 = (0..head.v4).map(|_| (rest.get_u32_le(), rest.get_u32_le())).collect();
    let v6 = (0..head.v6).map(|_| (rest.get_u128_le(), rest.get_u128_le())).collect();
    let content = Content { names, ranges: Ranges { v4, v6 }, parts: head.parts, patterns: head.patterns };
    Compiled::new(head.about, content).ok_or_else(|| damaged(path, "its names cannot be read"))
}

fn open(path: &Path) -> Result<File, ListError> {
    File::open(path).map_err(|error| ListError::Io { doing: "opening", path: path.to_owned(), error })
}

fn damaged(path: &Path, why: &'static str) -> ListError {
    ListError::Damaged { path: path.to_owned(), why }
}

/// The length of the head, if the frame is that of a list.
fn head_length(octets: &[u8]) -> Option<usize> {
    octets.strip_prefix(MAGIC)?;
    let length = octets.get(MAGIC.len() + HASH..)?.first_chunk::<4>()?;
    usize::try_from(u32::from_le_bytes(*length)).ok().filter(|length| *length <= MAX_HEAD)
}

/// The head, and the position of what follows it.
fn head(path: &Path, octets: &[u8]) -> Result<(Head, usize), ListError> {
    let read = || {
        let end = FRAME.checked_add(head_length(octets)?)?;
        let text = octets.get(FRAME..end)?;
        let hash = octets.get(FRAME - HASH..FRAME)?;
        let is_whole = hash == blake3::hash(text).as_bytes().as_slice();
        is_whole.then(|| Some((serde_json::from_slice(text).ok()?, end))).flatten()
    };
    read().ok_or_else(|| damaged(path, "its head cannot be read"))
}

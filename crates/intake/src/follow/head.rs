//! The beginning of a file, which tells it from those before and after it: [`Head`].
//!
//! It ends with the first line that is an entry (at most [`MOST`] bytes), because headers of logs are equal in every file. Frame streams
//! and captures have no lines: their first [`BINARY`] bytes hold at least a message with its time. A beginning of less than
//! [`LEAST`] bytes says too little, so that further lines belong to it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::format::{Format, HEAD};

/// The most bytes that tell files of lines apart.
const MOST: usize = 4 * 1024;
/// How many bytes tell frame streams and captures apart.
const BINARY: usize = 512;
/// The fewest bytes that tell files of lines apart.
const LEAST: usize = 32;

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head(Arc<[u8]>);

impl Head {
    /// The beginning of a file with these first bytes; `None` if there are too few yet. A file that has `ended` has what it has.
    pub(super) fn of(bytes: &[u8], ended: bool) -> Option<Self> {
        let is_binary = matches!(Format::of(bytes, true), Some(Format::Dnstap | Format::Pcap));
        let len = if is_binary { Some(BINARY).filter(|len| *len <= bytes.len()) } else { of_lines(bytes) };
        let len = match len {
            Some(len) => len,
            None if ended && !bytes.is_empty() => bytes.len().min(MOST),
            None => return None,
        };
        Some(Self(bytes.get(..len)?.into()))
    }

    /// Whether a file begins so.
    pub(super) fn begins(&self, file: &File) -> io::Result<bool> {
        let mut bytes = vec![0; self.0.len()];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(bytes == *self.0),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The name under which the position in the file is stored.
    pub(super) fn name(&self, path: &Path, generation: u32) -> Arc<str> {
        let mut hash = blake3::Hasher::new();
        hash.update(b"follow").update(path.as_os_str().as_encoded_bytes()).update(&[0xff]).update(&self.0);
        let hash = hash.finalize().to_hex();
        if generation == 1 {
            format!("follow:{hash}").into()
        } else {
            format!("follow:{hash}:{generation}").into()
        }
    }
}

/// The first bytes of a file that tell its format.
pub(super) fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    let mut len = 0;
    loop {
        match file.read_at(bytes.get_mut(len..).unwrap_or_default(), len as u64)? {
            0 => break,
            more => len += more,
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// The length up to the end of the first entry.
fn of_lines(bytes: &[u8]) -> Option<usize> {
    let mut len = 0;
    for line in bytes.get(..MOST).unwrap_or(bytes).split_inclusive(|byte| *byte == b'\n') {
        len += line.len();
        let is_entry = line.first() != Some(&b'#') && !line.trim_ascii().is_empty();
        if is_entry && line.ends_with(b"\n") && len >= LEAST {
            return Some(len);
        }
    }
    (bytes.len() >= MOST).then_some(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(bytes: &[u8], ended: bool) -> Option<usize> {
        Head::of(bytes, ended).map(|head| head.0.len())
    }

    #[test]
    fn the_beginning_ends_with_the_first_entry() {
        let header = "#separator \\x09\n#fields\tts\tquery\n";
        assert_eq!(len(header.as_bytes(), false), None);
        assert_eq!(len(header.as_bytes(), true), Some(header.len()));
        let entry = format!("{header}1700000000.1\ta.example\n");
        assert_eq!(len(entry.as_bytes(), false), Some(entry.len()));
        assert_eq!(len((entry.clone() + "more\n").as_bytes(), false), Some(entry.len()));
        assert_eq!(len(entry.trim_end().as_bytes(), false), None, "the line is not complete");
        assert_eq!(len(b"", true), None);
    }

    #[test]
    fn long_lines_and_short_ones_are_bounded() {
        assert_eq!(len(&[b'x'; MOST - 1], false), None);
        assert_eq!(len(&[b'x'; 2 * MOST], false), Some(MOST));
        let short = "[\n".to_owned() + &"y".repeat(40) + "\n";
        assert_eq!(len(short.as_bytes(), false), Some(short.len()));
    }

    #[test]
    fn captures_need_more_than_their_header() {
        let capture = [&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, b'\n'][..], &[b'\n'; 900]].concat();
        assert_eq!(len(&capture[..BINARY - 1], false), None);
        assert_eq!(len(&capture, false), Some(BINARY));
        assert_eq!(len(&capture[..100], true), Some(100));
    }

    #[test]
    fn names_differ_by_path_content_and_generation() {
        let (one, two) = (Head::of(b"one", true).unwrap(), Head::of(b"two", true).unwrap());
        let name = |head: &Head, path: &str, generation| head.name(Path::new(path), generation);
        let names = [name(&one, "/a", 1), name(&two, "/a", 1), name(&one, "/b", 1), name(&one, "/a", 2)];
        for (at, name) in names.iter().enumerate() {
            assert!(!names[at + 1..].contains(name) && name.len() < 100, "{name}");
        }
    }
}

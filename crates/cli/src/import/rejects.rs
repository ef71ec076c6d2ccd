//! What is left out, kept as it came.
//!
//! [`Rejects`] is the file, to which is appended: one stretch after the other, each with a line end. [`Recent`] holds what was
//! read last, because a stretch may have begun pieces ago; of what is longer than it holds, the first octets are kept.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use crate::exit::Failure;

/// How much of what was read is held, in octets: the longest value there may be, twice.
const HELD: usize = 2 << 20;

/// The file for what is left out.
pub(crate) struct Rejects {
    file: File,
    name: String,
}

impl Rejects {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|error| Failure::work(&format!("--rejects {name}"), &error))?;
        Ok(Self { file, name })
    }

    /// Appends one stretch.
    ///
    /// # Errors
    /// What to say.
    pub(super) fn add(&mut self, octets: &[u8]) -> Result<(), String> {
        let line = [octets.trim_ascii_end(), b"\n"].concat();
        self.file.write_all(&line).map_err(|error| format!("writing {}: {error}", self.name))
    }
}

/// The end of what has been read.
#[derive(Default)]
pub(super) struct Recent {
    pieces: VecDeque<Vec<u8>>,
    /// Where the first piece begins, and how much there is.
    start: u64,
    len: usize,
}

impl Recent {
    pub(super) fn add(&mut self, octets: &[u8]) {
        self.pieces.push_back(octets.to_vec());
        self.len += octets.len();
        while let Some(first) = self.pieces.pop_front_if(|first| self.len - first.len() >= HELD) {
            self.start += first.len() as u64;
            self.len -= first.len();
        }
    }

    /// A stretch, if all of it is held.
    pub(super) fn slice(&self, offset: u64, len: u64) -> Option<Vec<u8>> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let len = usize::try_from(len).ok()?;
        if from.checked_add(len)? > self.len {
            return None;
        }
        Some(self.pieces.iter().flatten().skip(from).take(len).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_found_over_pieces_as_long_as_it_is_held() {
        let mut recent = Recent::default();
        recent.add(b"abc");
        recent.add(b"def");
        assert_eq!(recent.slice(2, 2).as_deref(), Some(&b"cd"[..]));
        assert_eq!(recent.slice(5, 2), None);
        recent.add(&vec![b'x'; HELD]);
        assert_eq!(recent.slice(2, 2), None);
        assert_eq!(recent.slice(6, 1).as_deref(), Some(&b"x"[..]));
        assert_eq!(recent.slice(u64::MAX, u64::MAX), None);
    }
}

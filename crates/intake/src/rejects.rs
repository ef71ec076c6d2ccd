//! Keeps what was left out, with its original bytes.
//!
//! [`Rejects`] is the file that it is appended to: one stretch after the other, each with a line end. [`Recent`] holds the
//! bytes that were read last, because a stretch may begin several pieces earlier. If a stretch is longer than what is held, its
//! first bytes are kept.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// How many of the last bytes are held: as many as a reader holds back at most, and twice the longest possible value.
const HELD: usize = crate::oriented::HELD + (2 << 20);

/// The file for everything that is left out.
pub struct Rejects {
    file: File,
    recent: Recent,
}

impl Rejects {
    /// Opens or creates the file.
    ///
    /// # Errors
    /// I/O errors.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        Ok(Self { file, recent: Recent::default() })
    }

    /// Forgets what was read, because another input begins.
    pub(crate) fn begin(&mut self) {
        self.recent = Recent::default();
    }

    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.recent.add(bytes);
    }

    /// Appends a stretch of what was read, or its first bytes if it is no longer held.
    pub(crate) fn keep(&mut self, offset: u64, len: u64, head: &[u8]) -> io::Result<()> {
        let bytes = self.recent.slice(offset, len).unwrap_or_else(|| head.to_vec());
        self.file.write_all(&[bytes.trim_ascii_end(), b"\n"].concat())
    }
}

/// The bytes that were read last.
#[derive(Default)]
struct Recent {
    pieces: VecDeque<Vec<u8>>,
    /// The offset of the first piece, and the total length.
    start: u64,
    len: usize,
}

impl Recent {
    fn add(&mut self, bytes: &[u8]) {
        self.pieces.push_back(bytes.to_vec());
        self.len += bytes.len();
        while let Some(first) = self.pieces.pop_front_if(|first| self.len - first.len() >= HELD) {
            self.start += first.len() as u64;
            self.len -= first.len();
        }
    }

    /// A stretch, if all of it is still held.
    fn slice(&self, offset: u64, len: u64) -> Option<Vec<u8>> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        let len = usize::try_from(len).ok()?;
        if from.checked_add(len)? > self.len {
            return None;
        }
        let mut stretch = Vec::with_capacity(len);
        let mut before = from;
        for piece in &self.pieces {
            let start = before.min(piece.len());
            before -= start;
            let room = len - stretch.len();
            stretch.extend(piece.get(start..).unwrap_or_default().iter().take(room));
            if stretch.len() == len {
                break;
            }
        }
        Some(stretch)
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

//! Reads a file that grows: [`Followed`].
//!
//! At the end of what is there it waits for a while and reports [`io::ErrorKind::WouldBlock`], so that the live path delivers what it has.
//! The end of the input comes when another file has taken the place of this one and nothing more was written for a while. If the
//! file becomes shorter or begins differently, reading fails, and [`Followed::ended`] says why.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::head::Head;
use crate::pause::{LOOK, pause};

/// How many times longer a rotated file must be quiet if its last line has no end.
const UNENDED: u128 = 5;

/// Why reading a file that is followed failed, although the system reported nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was asked to stop.
    Stopped,
    /// The file is shorter than what was read, which are so many bytes.
    Truncated(u64),
    /// The file begins differently.
    Rewritten,
}

/// A file that is followed.
pub(super) struct Followed<'a> {
    file: File,
    /// Where the next file will appear.
    path: &'a Path,
    head: Head,
    stop: &'a AtomicBool,
    /// How many looks a rotated file must be quiet.
    grace: u128,
    /// How many bytes were read.
    at: u64,
    /// How often nothing was there since the file was rotated.
    quiet: u128,
    /// The last byte that was read ended a line.
    at_line_end: bool,
    ended: Option<Ended>,
}

impl<'a> Followed<'a> {
    pub(super) fn new(file: File, path: &'a Path, head: Head, stop: &'a AtomicBool, grace: Duration) -> Self {
        let grace = grace.as_millis() / LOOK.as_millis();
        Self { file, path, head, stop, grace, at: 0, quiet: 0, at_line_end: true, ended: None }
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    fn fail(&mut self, why: Ended) -> io::Result<usize> {
        self.ended = Some(why);
        Err(io::Error::other("the file is not read any more"))
    }
}

impl Read for Followed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return self.fail(Ended::Stopped);
        }
        // What is written after this look comes before the end.
        let is_rotated = is_rotated(self.path, id_of(&self.file)?);
        let len = self.file.read_at(buffer, self.at)?;
        // What was just read is of this content only if the beginning is still there afterwards.
        if self.file.metadata()?.len() < self.at + len as u64 {
            return self.fail(Ended::Truncated(self.at));
        }
        if !self.head.begins(&self.file)? {
            return self.fail(Ended::Rewritten);
        }
        if len > 0 {
            self.at += len as u64;
            self.quiet = 0;
            self.at_line_end = buffer.get(len - 1) == Some(&b'\n');
            return Ok(len);
        }
        // A writer that is in the middle of a line will go on.
        let patience = if self.at_line_end { self.grace } else { self.grace * UNENDED };
        if is_rotated && self.quiet >= patience {
            return Ok(0);
        }
        self.quiet = if is_rotated { self.quiet + 1 } else { 0 };
        pause(LOOK);
        Err(io::ErrorKind::WouldBlock.into())
    }
}

/// An input that can be stopped.
pub(super) struct Stoppable<'a, R> {
    pub(super) input: R,
    pub(super) stop: &'a AtomicBool,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("the file is not read any more"));
        }
        self.input.read(buffer)
    }
}

/// Device and inode of an open file.
pub(super) fn id_of(file: &File) -> io::Result<(u64, u64)> {
    file.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// Whether there is another file at this path. While there is none, its writer may not have noticed.
pub(super) fn is_rotated(path: &Path, id: (u64, u64)) -> bool {
    fs::metadata(path).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) != id)
}

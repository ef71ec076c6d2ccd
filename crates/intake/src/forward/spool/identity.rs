//! The random name of a spool's sequence, and the numbers that may be used in it: [`Identity`].
//!
//! ```text
//! backsight spool 1
//! sequence 9f0c2f6b7a134c5d8e1f2a3b4c5d6e7f
//! reserved 2049
//! ```
//!
//! Errors: those of the system. What cannot be read is no identity, and gets another one.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::{CLUSTER, LAST, nofollow, private, sync};

/// The name of a sequence, and the numbers that may be used in it.
pub(super) struct Identity {
    pub(super) sequence: String,
    pub(super) reserved: u64,
}

impl Identity {
    const FILE: &str = "SPOOL";
    const HEAD: &str = "backsight spool 1";

    /// A new sequence.
    pub(super) fn new() -> io::Result<Self> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { sequence: format!("{:032x}", u128::from_le_bytes(name)), reserved: 0 })
    }

    /// `None` if there is none, or none that can be read.
    pub(super) fn read(folder: &Path) -> io::Result<Option<Self>> {
        let mut text = String::new();
        let file = match OpenOptions::new().read(true).custom_flags(nofollow()).open(folder.join(Self::FILE))
        {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        match file.take(CLUSTER).read_to_string(&mut text) {
            Ok(_) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let head = lines.next()?;
        let sequence = lines.next()?.strip_prefix("sequence ")?.to_owned();
        let reserved = lines.next()?.strip_prefix("reserved ")?.parse().ok()?;
        let is_sequence = sequence.len() == 32 && sequence.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_whole = head == Self::HEAD && is_sequence && reserved < LAST && text.ends_with('\n');
        is_whole.then_some(Self { sequence, reserved })
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let part = folder.join("SPOOL.part");
        let mut file = private().write(true).create(true).truncate(true).open(&part)?;
        writeln!(file, "{}\nsequence {}\nreserved {}", Self::HEAD, self.sequence, self.reserved)?;
        file.sync_all()?;
        fs::rename(part, folder.join(Self::FILE))?;
        sync(folder)
    }
}

//! How far files were read whose records are in the spool or were sent: [`Ledger`].
//!
//! ```text
//! {"format":"backsight ledger 1","committed":42}
//! {"input":"…","offset":1234,"digest":"…","whole":false,"expires":null}
//! ```
//!
//! A line for each input. The file is replaced as a whole, which commits the batches up to the number `committed`: a batch of a followed
//! file with a later number belongs to a position that was never reached, and its records are read again.
//!
//! Errors: those of the system; a file that is no ledger is [`io::ErrorKind::InvalidData`].

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use cof::Position;
use serde::{Deserialize, Serialize};
use store::Reached;

use super::{nofollow, private, sync};

const FILE: &str = "LEDGER";
const FORMAT: &str = "backsight ledger 1";
/// The largest ledger, in bytes.
const LARGEST: u64 = 64 << 20;

/// The positions that were reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// The number of the last batch that belongs to a position.
    pub(super) committed: u64,
    inputs: HashMap<Arc<str>, Reached>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    committed: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    input: String,
    offset: u64,
    digest: Option<String>,
    whole: bool,
    expires: Option<u64>,
}

impl Ledger {
    pub(super) fn read(folder: &Path) -> io::Result<Self> {
        let file = match OpenOptions::new().read(true).custom_flags(nofollow()).open(folder.join(FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text)?;
        Self::parse(&text).ok_or_else(|| {
            let why =
                format!("{FILE} is damaged; remove it to read followed files again from their beginning");
            io::Error::new(io::ErrorKind::InvalidData, why)
        })
    }

    /// The position of an input.
    pub(super) fn position(&self, input: &str) -> Option<Reached> {
        self.inputs.get(input).copied()
    }

    /// The ledger after these positions, which belong to batches up to this number. What has expired is forgotten.
    pub(super) fn after(&self, positions: &[Position], committed: u64, now: u64) -> Self {
        let mut ledger = Self { committed, inputs: self.inputs.clone() };
        for position in positions {
            ledger.inputs.insert(Arc::clone(&position.input), Reached::at(position));
        }
        ledger.inputs.retain(|_, reached| reached.expires.is_none_or(|expires| expires > now));
        ledger
    }

    /// Replaces the file; it is durable when this returns.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let part = folder.join("LEDGER.part");
        let mut file = private().write(true).create(true).truncate(true).open(&part)?;
        file.write_all(self.text()?.as_bytes())?;
        file.sync_all()?;
        fs::rename(part, folder.join(FILE))?;
        sync(folder)
    }

    fn text(&self) -> io::Result<String> {
        let head = Head { format: FORMAT.to_owned(), committed: self.committed };
        let mut text = serde_json::to_string(&head)? + "\n";
        for (input, reached) in &self.inputs {
            let Reached { offset, digest, whole, expires } = *reached;
            let digest = digest.map(|digest| blake3::Hash::from_bytes(digest).to_hex().to_string());
            let line = Line { input: input.as_ref().to_owned(), offset, digest, whole, expires };
            let _ = writeln!(text, "{}", serde_json::to_string(&line)?);
        }
        Ok(text)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let head: Head =
            serde_json::from_str(lines.next()?).ok().filter(|head: &Head| head.format == FORMAT)?;
        let mut ledger = Self { committed: head.committed, inputs: HashMap::new() };
        for line in lines {
            let Line { input, offset, digest, whole, expires } = serde_json::from_str(line).ok()?;
            let digest = match digest {
                Some(digest) => Some(*blake3::Hash::from_hex(digest).ok()?.as_bytes()),
                None => None,
            };
            ledger.inputs.insert(input.into(), Reached { offset, digest, whole, expires });
        }
        Some(ledger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_read_as_it_was_written_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let positions = [
            Position { digest: Some([7; 32]), ..Position::new("follow:/a \"b\"\n:1", 10) },
            Position { whole: true, expires: Some(200), ..Position::new("b", u64::MAX) },
            Position { whole: true, expires: Some(100), ..Position::new("c", 3) },
        ];
        let ledger = Ledger::read(folder.path()).unwrap().after(&positions, 42, 100);
        ledger.write(folder.path()).unwrap();
        let read = Ledger::read(folder.path()).unwrap();
        assert_eq!((read.committed, &read.inputs), (42, &ledger.inputs));
        assert_eq!(read.position("b"), Some(Reached::at(&positions[1])));
        assert_eq!(read.position("c"), None, "it has expired");
        let text = ledger.text().unwrap();
        for wrong in ["", "\n", "{}\n", &text[..text.len() - 1], &text[..text.len() - 9], &text[1..]] {
            assert!(Ledger::parse(wrong).is_none(), "{wrong}");
        }
    }
}

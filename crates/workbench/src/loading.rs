//! What the audit trail keeps of a file of records that somebody loaded into the passive-DNS database: [`Loaded`].
//!
//! The database is another room's; the workbench only remembers who loaded what, and what came of it.

use serde_json::json;

use crate::{Error, Workbench, text};

/// The longest file name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// A loaded file of records, complete or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What the file is called where it came from.
    pub file: String,
    /// BLAKE3 of the file as it came, in hexadecimal digits.
    pub digest: String,
    /// `report` or `observation`.
    pub kind: &'static str,
    /// The number of stored records.
    pub taken: u64,
    /// Records that an earlier file had brought.
    pub known: u64,
    /// What was rejected.
    pub rejected: u64,
    /// Why loading stopped before the end, if it did.
    pub fault: Option<String>,
}

impl Workbench {
    /// Writes down that a file was loaded.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be written.
    pub fn note_loaded(&mut self, loaded: &Loaded) -> Result<(), Error> {
        let name: String = text::printable(&loaded.file).chars().take(LONGEST_NAME).collect();
        let detail = json!({
            "kind": loaded.kind, "taken": loaded.taken, "known": loaded.known, "rejected": loaded.rejected,
            "fault": loaded.fault, "digest": loaded.digest,
        });
        self.change(|change| change.audit("records.load", &name, &detail))
    }
}

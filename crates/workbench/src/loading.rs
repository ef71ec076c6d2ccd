//! Audit entries for files of records that a user loaded into the passive-DNS database: [`Loaded`].
//!
//! Another crate holds that database; the workbench only records who loaded what, and the result.

use serde_json::json;

use crate::{Error, Workbench, text};

/// The longest file name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// A loaded file of records, complete or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The name of the file on the user's computer.
    pub file: String,
    /// BLAKE3 of the uploaded file, in hexadecimal digits.
    pub digest: String,
    /// `report` or `observation`.
    pub kind: &'static str,
    /// The number of stored records.
    pub taken: u64,
    /// Records that an earlier file already contained.
    pub known: u64,
    /// Records that were rejected.
    pub rejected: u64,
    /// Why loading stopped before the end, if it did.
    pub fault: Option<String>,
}

impl Workbench {
    /// Records that a file was loaded.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be written.
    pub fn note_loaded(&mut self, loaded: &Loaded) -> Result<(), Error> {
        let name: String = text::printable(&loaded.file).chars().take(LONGEST_NAME).collect();
        let detail = json!({
            "kind": loaded.kind, "taken": loaded.taken, "known": loaded.known, "rejected": loaded.rejected,
            "fault": loaded.fault, "digest": loaded.digest,
        });
        self.change(|change| change.audit("records.load", &name, &detail))
    }
}

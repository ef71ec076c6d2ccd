//! Checks whether a workbench still has the content that was written: its database, the head file, and the evidence of each
//! run.
//!
//! Damage is reported as text for people, because a program cannot repair it.

use crate::database::{LISTED, content};
use crate::{Error, Workbench, run};

/// The result of verifying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Rows whose seals were compared.
    pub rows: u64,
    /// Entries of the audit trail, each linked to the previous one.
    pub entries: u64,
    /// Stored answers that were read, in the database and in files.
    pub answers: u64,
    /// The faults that were found, as text; empty if there are none.
    pub faults: Vec<String>,
}

impl Workbench {
    /// Checks everything; `progress` receives the number of parts done and of all parts.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read at all; damage is reported in [`Verified::faults`].
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, Error> {
        let (hashes, mut verified) = self.read(|database| {
            let mut faults = content(database)?;
            progress(1, 3);
            let counted = self.check_trail(database)?;
            faults.extend(counted.faults);
            let verified = Verified { rows: counted.rows, entries: counted.entries, answers: 0, faults };
            Ok((run::evidence_kept(database), verified))
        })?;
        progress(2, 3);
        match hashes {
            Ok(kept) => {
                verified.answers = kept.len() as u64;
                let check = |of| self.read(|database| run::check_evidence(database, self.folder(), of)).err();
                let lost = kept.iter().filter_map(check);
                verified.faults.extend(lost.map(|error| error.to_string()).take(LISTED));
            }
            Err(problem) => verified.faults.push(problem.into_text()),
        }
        progress(3, 3);
        Ok(verified)
    }
}

//! Copies a passive-DNS database into another one, of any engine: [`Copying`].
//!
//! Every entry is copied with its bailiwick, source, times and count, slice by slice in the order of the keys. The target stores
//! each slice as a numbered batch of one input, so none is counted twice. A [`Journal`] keeps the slice that is being sent: an
//! interrupted copy continues with exactly the same slice, whatever has happened to the source since. After each slice, the same keys
//! are read from the target and compared, by their number and digest, and entry by entry if the target has more.
//!
//! What is not copied are the positions of imported files: the new database does not know which files the old one has imported.
//!
//! Errors are [`CopyError`], which says which side failed.

mod compare;
mod journal;
mod slice;

use std::io;

use store::{Limits, Store, StoreError};

use self::compare::Compared;
use self::journal::Stage;
pub use self::journal::{Journal, Sides};
use self::slice::{Most, Slice};

/// How far a copy has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Entries that the target has stored; each is a tuple with a bailiwick and a source.
    pub entries: u64,
    /// Slices that the target has stored.
    pub slices: u64,
    /// Those of them that this call sent.
    pub sent: u64,
    /// Those of them that this call sent, and that the target holds with the same digest.
    pub identical: u64,
    /// Those of them that this call sent, and in whose keys the target holds more than the source.
    pub contained: u64,
}

/// A copy from one database into another.
pub struct Copying<'a> {
    /// Where entries are read.
    pub from: &'a dyn Store,
    /// Where they are stored.
    pub to: &'a dyn Store,
    /// Whether each slice is read again from the target, and compared.
    pub verify: bool,
    /// A slice ends with the tuple that reaches this number of entries, at least 1: [`SLICE`].
    pub slice: usize,
}

/// The usual number of entries of a slice.
pub const SLICE: usize = 50_000;

/// Why a copy stopped. It can be continued.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source cannot be read.
    #[error("reading: {0}")]
    From(StoreError),
    /// The target cannot store or be read.
    #[error("writing: {0}")]
    To(StoreError),
    /// The journal cannot be read or written.
    #[error("the journal of the copy: {0}")]
    Journal(#[from] io::Error),
    /// The target has stored another number of slices than were sent.
    #[error("the journal says that slice {planned} was sent last, but the target has stored {stored} slices")]
    Disagreeing {
        /// According to the journal.
        planned: u64,
        /// According to the target.
        stored: u64,
    },
    /// The target does not hold what it has confirmed.
    #[error(
        "the target has confirmed slice {slice}, but of {compared} entries that were compared, {missing} are missing there, or have a smaller count or span of time"
    )]
    Missing {
        /// The number of the slice, from 1.
        slice: u64,
        /// How many of its entries were compared.
        compared: u64,
        /// Those that are missing, or have a smaller count or span of time.
        missing: u64,
    },
}

impl Copying<'_> {
    /// Copies everything that has not been copied yet. `told` is called after each slice; if it returns `false`, the copy stops,
    /// and can be continued. Returns whether it is complete.
    ///
    /// # Errors
    /// [`CopyError`].
    pub fn run(
        &self,
        journal: &mut Journal,
        told: &mut dyn FnMut(Copied) -> bool,
    ) -> Result<(Copied, bool), CopyError> {
        let mut copied = Copied::default();
        loop {
            let mut stage = self.stage(journal)?;
            if stage == Stage::Complete {
                return Ok((journal.add_to(copied), true));
            }
            if stage == Stage::Read {
                journal.plan(self.read(journal)?)?;
                stage = Stage::Send;
            }
            if let Some(slice) = journal.slice() {
                if stage == Stage::Send {
                    self.to.absorb(slice.batch(journal.input())).map_err(CopyError::To)?;
                    copied.sent += 1;
                }
                self.compare(slice, &mut copied)?;
            }
            journal.settle()?;
            if !told(journal.add_to(copied)) {
                return Ok((journal.add_to(copied), false));
            }
        }
    }

    /// What has to be done next, according to the journal and to the target.
    fn stage(&self, journal: &Journal) -> Result<Stage, CopyError> {
        let reached = self.to.position(journal.input()).map_err(CopyError::To)?;
        let stored = reached.map_or(0, |reached| reached.offset);
        journal.stage(stored).ok_or(CopyError::Disagreeing { planned: journal.planned(), stored })
    }

    fn read(&self, journal: &Journal) -> Result<Slice, CopyError> {
        let (number, start) = journal.next();
        let most = Most { entries: self.slice.max(1), sources: Limits::USUAL.batch_sources };
        Slice::read(self.from, number, start, most).map_err(CopyError::From)
    }

    fn compare(&self, slice: &Slice, copied: &mut Copied) -> Result<(), CopyError> {
        if !self.verify || slice.len() == 0 {
            return Ok(());
        }
        match compare::compare(self.to, slice).map_err(CopyError::To)? {
            Compared::Identical => copied.identical += 1,
            Compared::Contained => copied.contained += 1,
            Compared::Missing { missing, compared } => {
                return Err(CopyError::Missing { slice: slice.number, compared, missing });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

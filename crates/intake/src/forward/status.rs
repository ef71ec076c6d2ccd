//! What became of what a sensor forwards, while it runs: [`Status`] and its [`Figures`].

use std::sync::{Mutex, PoisonError};

/// The figures of a sensor that forwards; clones of the `Arc` around it share them.
#[derive(Debug, Default)]
pub struct Status(Mutex<Figures>);

/// What became of batches and records. All but what waits is counted since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Batches that wait to be sent.
    pub waiting_batches: u64,
    /// Records in them.
    pub waiting_records: u64,
    /// Bytes that they take on the disk.
    pub waiting_bytes: u64,
    /// Batches that the server has answered.
    pub sent_batches: u64,
    /// Records that the server has stored.
    pub sent_records: u64,
    /// Records that the server had already, because its answer was lost.
    pub repeated_records: u64,
    /// Records that the server could not use.
    pub rejected_records: u64,
    /// Records that rules of the server suppress.
    pub suppressed_records: u64,
    /// The oldest batches, removed because the spool was full.
    pub dropped_batches: u64,
    /// Records in them.
    pub dropped_records: u64,
    /// Batches that the server refused; the last ones are kept aside.
    pub refused_batches: u64,
    /// Records in them.
    pub refused_records: u64,
    /// Batches that were damaged on the disk.
    pub damaged_batches: u64,
    /// Records in them.
    pub damaged_records: u64,
    /// Records that could not be written to the disk before the end.
    pub lost_records: u64,
    /// Why the server takes no batches now; `None` while all is well.
    pub server_trouble: Option<String>,
    /// Why the disk takes no batches now; `None` while all is well.
    pub disk_trouble: Option<String>,
    /// When the server answered last, in seconds since the epoch.
    pub answered: Option<u64>,
}

impl Status {
    /// The figures of now.
    pub fn figures(&self) -> Figures {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Figures {
    /// What is wrong now.
    pub fn trouble(&self) -> Option<&str> {
        self.server_trouble.as_deref().or(self.disk_trouble.as_deref())
    }

    /// Records that will never be in the server's database, with a word for each reason.
    pub fn missing(&self) -> [(&'static str, u64); 5] {
        [
            ("spool_full", self.dropped_records),
            ("refused", self.refused_records),
            ("damaged", self.damaged_records),
            ("rejected", self.rejected_records),
            ("lost", self.lost_records),
        ]
    }

    /// How many these are.
    pub fn missing_records(&self) -> u64 {
        self.missing().into_iter().map(|(_, count)| count).sum()
    }
}

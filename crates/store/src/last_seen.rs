//! The time when a tuple was last seen, which determines whether
//! [`Selection::LastSeenBefore`](crate::Selection::LastSeenBefore) drops it.

use cof::SourceKind;

/// The latest times of a tuple, in seconds since the epoch: of observations and reports, and of zones.
///
/// Zone data has its own times: an old observation does not cause a current zone entry to be dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastSeen {
    seen: Option<u64>,
    zone: Option<u64>,
}

impl LastSeen {
    /// Adds one more word of the tuple.
    pub fn hear(&mut self, kind: SourceKind, last: u64) {
        let latest = if kind == SourceKind::Zone { &mut self.zone } else { &mut self.seen };
        *latest = (*latest).max(Some(last));
    }

    /// Whether words of this kind are dropped by a selection of what was last seen before this time.
    pub fn is_before(&self, kind: SourceKind, time: u64) -> bool {
        let latest = if kind == SourceKind::Zone { self.zone } else { self.seen };
        latest.is_some_and(|latest| latest < time)
    }
}

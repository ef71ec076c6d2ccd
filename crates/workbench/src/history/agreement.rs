//! Whether answers agree about a record, and what it means that one does not have it.

use cof::Record;

use super::{History, Part};

/// Dates that differ by more than these days are far apart, unless the user sets another limit.
pub const APART: u64 = 90;

const DAY: u64 = 86_400;

/// Whether the answers agree about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// There is only one answer.
    Alone,
    /// Only the answer of this part has the record, of several.
    Only(usize),
    /// First or last seen differ by this number of days, which is more than the limit.
    Apart(u64),
    /// Some of the answers have it, but not all.
    Some {
        /// How many have it.
        having: usize,
        /// How many answers there are.
        of: usize,
    },
    /// All answers have it, with similar dates.
    All,
}

/// What it means that a part does not have a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Its answer is complete, and does not have it.
    NotSeen,
    /// Its answer has these many records and is not complete.
    NotAmong(u64),
    /// Its answer is older than its newest run: what came later is unknown. In seconds since the epoch.
    NotSeenUpTo(i64),
    /// The run asked for other record types or times.
    NotAsked,
    /// It has no usable answer.
    Unknown,
}

/// Which disagreements to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Differing {
    /// Records that only one of several answers has.
    pub only_one: bool,
    /// Records with dates that differ by more than these days.
    pub apart: Option<u64>,
}

impl History {
    /// Whether the answers agree about the record at this position; dates that differ by more than `apart` days do not.
    pub fn agreement(&self, place: usize, apart: u64) -> Agreement {
        let said: Vec<(usize, &Record)> =
            self.said(place).enumerate().filter_map(|(part, record)| Some((part, record?))).collect();
        let answers = self.parts.iter().filter(|part| part.kept.is_some()).count();
        if answers < 2 {
            return Agreement::Alone;
        }
        if let [(part, _)] = said.as_slice() {
            return Agreement::Only(*part);
        }
        let days = distance(&said) / DAY;
        if days > apart {
            Agreement::Apart(days)
        } else if said.len() < answers {
            Agreement::Some { having: said.len(), of: answers }
        } else {
            Agreement::All
        }
    }

    /// Whether a record is one of these disagreements; without any, every record is.
    pub fn differs(&self, place: usize, differing: Differing) -> bool {
        let Differing { only_one, apart } = differing;
        if !only_one && apart.is_none() {
            return true;
        }
        match self.agreement(place, apart.unwrap_or(APART)) {
            Agreement::Only(_) => only_one,
            Agreement::Apart(_) => apart.is_some(),
            Agreement::Alone | Agreement::Some { .. } | Agreement::All => false,
        }
    }
}

/// The largest difference of first seen or of last seen, in seconds.
fn distance(said: &[(usize, &Record)]) -> u64 {
    let spread = |of: fn((u64, u64)) -> u64| {
        let moments = said.iter().filter_map(|(_, record)| record.span()).map(of);
        let (least, most) = moments.fold((u64::MAX, 0), |(least, most), at| (least.min(at), most.max(at)));
        most.saturating_sub(least)
    };
    spread(|(first, _)| first).max(spread(|(_, last)| last))
}

impl Part {
    /// What it means that this part does not have a record of the history.
    pub fn silence(&self, record: &Record) -> Silence {
        let Some(run) = self.run() else { return Silence::Unknown };
        if !run.filter().keeps(record) {
            Silence::NotAsked
        } else if !run.ending.is_complete() {
            Silence::NotAmong(run.records)
        } else if self.is_older() {
            Silence::NotSeenUpTo(run.fetched.at)
        } else {
            Silence::NotSeen
        }
    }
}

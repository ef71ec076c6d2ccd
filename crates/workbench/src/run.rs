//! Runs: an action on an indicator is queried, stored, shown again, mapped, and added to the library.
//!
//! This is the only module that combines querying, storing, mapping and adding. [`Runs`] sends queries for tasks: an [`Asking`]
//! says how, and a [`Run`] is the stored result, with its evidence (`evidence`). A stored complete answer is reused
//! for the same query for a while ([`Freshness`]); an incomplete one never is. [`Workbench::answer`](crate::Workbench::answer)
//! reads a stored answer again, [`Workbench::findings`](crate::Workbench::findings) maps it with the package of that time,
//! [`Pick`] selects findings, and [`Changes`] compares two answers.
//!
//! # Interruption
//! A run is recorded before anything is sent, with the worker that executes it. Its evidence is written to
//! `answers/run-ID.part` while it arrives; only a small answer is held in memory, for up to a tenth of a second after its request
//! and another while the end of the run is recorded. A process that finds a run whose worker is gone settles it: the run becomes
//! interrupted, and keeps what was written.
//!
//! Errors: [`Error::Refused`] is an error of the user; [`Error::Evidence`] means that evidence is missing or damaged. Failures of
//! a provider are not errors here, but the [`State`] and [`Reason`] of the run.

mod ability;
mod ask;
mod asking;
mod changes;
mod cost;
mod evidence;
mod held;
mod keep;
mod list;
mod pick;
mod quota;
mod recording;
mod replay;
mod row;
mod settle;
mod shown;
mod worker;

use operation::provider::Orientation;
use operation::{Completeness, Filter, Indicator, ProviderError};

use crate::{Error, Hint};

pub use ask::{Begun, Kept, Progress, Runs};
pub use asking::{Asking, Batch, DataFolder, Freshness, Wish};
pub(crate) use changes::compare;
pub use changes::{Changes, Difference};
pub use cost::Cost;
pub use evidence::Evidence;
pub(crate) use evidence::{
    check as check_evidence, copy as copy_evidence, copy_all as copy_all_evidence, filed as evidence_filed,
    kept as evidence_kept,
};
pub use held::Held;
pub(crate) use held::max_tlp_of;
pub use list::{Page, Wanted};
pub use pick::Pick;
pub use quota::Said;
pub(crate) use replay::places_of;
pub use shown::{Arrangement, Compared, Shown, Sort};
pub(crate) use worker::is_gone as worker_is_gone;

/// One execution of an action on one indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number, from 1.
    pub id: i64,
    /// The first run of the same command; this run itself if the command queried one indicator.
    pub batch: i64,
    /// The queried indicator.
    pub indicator: Indicator,
    /// The package that made the query, as NAME@VERSION.
    pub package: String,
    /// The source of its findings: the package's title.
    pub source: String,
    /// The name of the action, as shown to users.
    pub action: String,
    /// The queried provider: host:port, or `own-database`.
    pub provider: String,
    /// The user who started it.
    pub actor: String,
    /// The result.
    pub ending: Ending,
    /// When it started, in seconds since the epoch.
    pub started_at: i64,
    /// When it ended, if it did.
    pub ended_at: Option<i64>,
    /// The number of stored records of the answer.
    pub records: u64,
    /// The number of parts of the answer that are not records.
    pub damages: u64,
    /// The size of the answer in bytes, after decompression.
    pub bytes: u64,
    /// The run that queried the provider, and when: this run, or an earlier one whose answer was reused.
    pub fetched: Fetched,
    /// When findings of it were last added to the library.
    pub added_at: Option<i64>,
    /// When this was undone, if nothing was added since.
    pub undone_at: Option<i64>,
    /// The filter for the records of the answer.
    pub(crate) filter: Filter,
    /// The most records that are kept.
    pub(crate) most: usize,
    pub(crate) question: String,
    pub(crate) orientation: Orientation,
    pub(crate) evidence: Option<String>,
    pub(crate) manifest: i64,
}

/// The run that queried the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its number.
    pub by: i64,
    /// The time of the query, in seconds since the epoch.
    pub at: i64,
}

/// The stored form of the query: see [`operation::Provider::question`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The address, with scheme, host, port and value; `own-database:` without a host.
    pub address: &'a str,
    /// The only type that was requested, or of the own database several, separated by commas; all types if `None`.
    pub rrtype: Option<&'a str>,
    /// Whether the provider was allowed to send DNS queries itself.
    pub active: bool,
}

/// The state of a run, and the reason if it is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The state.
    pub state: State,
    /// Why it is not complete.
    pub reason: Option<Reason>,
}

/// The state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything arrived; this includes answers without records.
    Complete,
    /// Nothing usable arrived.
    Failed,
    /// The process ended, or a user cancelled the run.
    Interrupted,
    /// The answer broke off; what arrived is stored.
    Partial,
    /// The run is in progress.
    Running,
    /// The answer was cut off at a limit.
    Truncated,
}

/// Why a run is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What happened; printable.
    pub text: String,
    /// What to do about it.
    pub hint: Hint,
    /// Whether the provider refused the query: credentials or quota.
    pub refused: bool,
}

impl Run {
    /// The name of the package that made the query, without its version.
    pub fn operation(&self) -> &str {
        self.package.split('@').next().unwrap_or_default()
    }

    /// Whether the answer of an earlier run was reused.
    pub fn is_cached(&self) -> bool {
        self.fetched.by != self.id
    }

    /// Whether findings of it are in the library: some were added, and not undone since.
    pub fn has_additions(&self) -> bool {
        match (self.added_at, self.undone_at) {
            (None, _) => false,
            (Some(added), Some(undone)) => added > undone,
            (Some(_), None) => true,
        }
    }

    /// The filter for the records of the answer.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The query.
    pub fn request(&self) -> Request<'_> {
        let mut words = self.question.splitn(3, ' ');
        let (address, rrtype, active) = (words.next(), words.next(), words.next());
        Request {
            address: address.unwrap_or_default(),
            rrtype: rrtype.filter(|rrtype| *rrtype != "all"),
            active: active == Some("active"),
        }
    }

    /// The orientation with which the provider's records were read.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// BLAKE3 of the received bytes after decompression, in hexadecimal digits; `None` if nothing arrived.
    pub fn evidence_hash(&self) -> Option<&str> {
        self.evidence.as_deref()
    }
}

impl Ending {
    /// Whether the answer is complete.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

impl Reason {
    /// An error on our side.
    pub fn of(error: &Error) -> Self {
        // Only a refusal has no hint of its own, and the one possible here is the refusal to send a query.
        Self { text: error.to_string(), hint: error.hint().unwrap_or(Hint::SendIt), refused: false }
    }
}

impl From<&Completeness> for Ending {
    fn from(completeness: &Completeness) -> Self {
        let state = match completeness.state {
            operation::State::Complete => State::Complete,
            operation::State::Failed => State::Failed,
            operation::State::Partial => State::Partial,
            operation::State::Truncated => State::Truncated,
        };
        let reason = completeness.reason.as_ref().map(|reason| Reason {
            text: reason.to_string(),
            hint: match reason {
                ProviderError::Records(_) | ProviderError::TooLarge(_) => Hint::AskForFewer,
                reason => Hint::Words(reason.hint().to_owned()),
            },
            refused: reason.is_refusal(),
        });
        Self { state, reason }
    }
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Complete, Self::Failed, Self::Interrupted, Self::Partial, Self::Running, Self::Truncated];

    /// Its name in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Partial => "partial",
            Self::Running => "running",
            Self::Truncated => "truncated",
        }
    }

    /// The state of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! Runs: an action on an indicator, asked, kept, shown again, mapped, and added to the library.
//!
//! This is the one place where ask, keep, map and add are put together. [`Runs`] asks on behalf of tasks: an [`Asking`]
//! says what with, a [`Run`] is what is kept of it, with its evidence in a file (`evidence`). What is kept answers the same
//! question again for a while ([`Freshness`]); an incomplete answer never does. [`Workbench::answer`](crate::Workbench::answer) reads a kept answer again,
//! [`Workbench::findings`](crate::Workbench::findings) maps it as its package did then, [`Pick`] selects, [`Changes`] compares two answers.
//!
//! # Interruption
//! A run is written down before anything is sent, with the worker that is at it. Its evidence grows in
//! `answers/run-ID.part`. Who finds a run of a worker that is gone settles it: it is interrupted, with what it had.
//!
//! Errors: [`Error::Refused`] is the user's; [`Error::Evidence`] says that a file is lost or damaged.
//! What a provider does wrong is no error here but the run's [`State`] and [`Reason`].

mod ability;
mod ask;
mod asking;
mod changes;
mod evidence;
mod keep;
mod list;
mod pick;
mod replay;
mod row;
mod settle;
mod shown;
mod worker;

use operation::provider::Orientation;
use operation::{Completeness, Filter, Indicator, ProviderError};

use crate::{Error, Hint};

pub use ask::{Begun, Kept, Progress, Runs};
pub use asking::{Asking, Batch, Freshness, Wish};
pub use changes::{Changes, Difference};
pub use evidence::Evidence;
pub(crate) use evidence::{
    check as check_evidence, copy as copy_evidence, copy_all as copy_all_evidence, kept as evidence_kept,
};
pub use list::{Page, Wanted};
pub use pick::Pick;
pub use shown::{Arrangement, Compared, Shown, Sort};

/// One execution of an action on one indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its number, from 1.
    pub id: i64,
    /// The first run of the same command; this run itself if the command queried one indicator.
    pub batch: i64,
    /// The queried indicator.
    pub indicator: Indicator,
    /// The package that asked, as NAME@VERSION.
    pub package: String,
    /// The source of its findings: the package's title.
    pub source: String,
    /// The name of the action, as shown to users.
    pub action: String,
    /// Who was asked, as host:port.
    pub provider: String,
    /// Who ran it.
    pub actor: String,
    /// What it came to.
    pub ending: Ending,
    /// When it began, in seconds since the epoch.
    pub started_at: i64,
    /// When it ended, if it did.
    pub ended_at: Option<i64>,
    /// How many records were kept of the answer.
    pub records: u64,
    /// How many stretches of the answer are no records.
    pub damages: u64,
    /// The size of the answer in bytes, after decompression.
    pub bytes: u64,
    /// The run that really asked, and when: itself, or an earlier one whose answer this one took.
    pub fetched: Fetched,
    /// When something of it was added to the library last.
    pub added_at: Option<i64>,
    /// When that was taken back, if nothing was added since.
    pub undone_at: Option<i64>,
    /// Which records of the answer were wanted.
    pub(crate) filter: Filter,
    /// How many of them at most.
    pub(crate) most: usize,
    pub(crate) question: String,
    pub(crate) orientation: Orientation,
    pub(crate) evidence: Option<String>,
    pub(crate) manifest: i64,
}

/// Which run really asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its number.
    pub by: i64,
    /// When, in seconds since the epoch.
    pub at: i64,
}

/// The stored form of the query: see [`operation::Config::question`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The address, with scheme, host, port and value.
    pub address: &'a str,
    /// The one type that was asked for; all of them, if none.
    pub rrtype: Option<&'a str>,
    /// Whether the provider was allowed to ask the DNS itself.
    pub active: bool,
}

/// How a run ended, and why not otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// How.
    pub state: State,
    /// Why it is not complete.
    pub reason: Option<Reason>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything there is arrived, nothing included.
    Complete,
    /// Nothing usable arrived.
    Failed,
    /// We ended it: the process ended, or a user cancelled it.
    Interrupted,
    /// Something broke; what arrived is there.
    Partial,
    /// It is under way.
    Running,
    /// The answer was cut at a limit.
    Truncated,
}

/// Why a run is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What happened; printable.
    pub text: String,
    /// What to do about it.
    pub hint: Hint,
    /// Whether the provider turned us away: credentials or quota.
    pub refused: bool,
}

impl Run {
    /// The name of the package that asked, without its version.
    pub fn operation(&self) -> &str {
        self.package.split('@').next().unwrap_or_default()
    }

    /// Whether the answer was one that an earlier run had fetched.
    pub fn is_cached(&self) -> bool {
        self.fetched.by != self.id
    }

    /// Which records of the answer were wanted.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What was asked.
    pub fn request(&self) -> Request<'_> {
        let mut words = self.question.splitn(3, ' ');
        let (address, rrtype, active) = (words.next(), words.next(), words.next());
        Request {
            address: address.unwrap_or_default(),
            rrtype: rrtype.filter(|rrtype| *rrtype != "all"),
            active: active == Some("active"),
        }
    }

    /// How the provider's records were read.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// BLAKE3 of what was received, decompressed, in hexadecimal digits; `None` where nothing came.
    pub fn evidence_hash(&self) -> Option<&str> {
        self.evidence.as_deref()
    }
}

impl Ending {
    /// Whether the answer is all there is.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

impl Reason {
    /// An error on our side.
    pub fn of(error: &Error) -> Self {
        // What is refused here is to send anything.
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

    /// Its word in outputs and in the database.
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

    /// The one of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

#[cfg(test)]
mod tests;

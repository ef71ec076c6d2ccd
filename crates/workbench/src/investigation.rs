//! Investigations: a named set of indicators with what people think about them, and the reports that they were read from.
//!
//! An [`Investigation`] has [`Member`]s, which are indicators of the library, each with a [`Verdict`]; [`Note`]s on the whole or on
//! a member; and the [`SourceReport`]s that were pasted. [`crate::job`] queries operations about its members, and [`shared`] finds
//! what the members have in common.
//!
//! Nothing is deleted: an investigation or member that is removed can be restored. A member stays in the library, whatever happens
//! to the investigation, and removing it from the library leaves it a member, marked as removed.
//!
//! Errors: [`Error::Refused`] is an error of the user.

mod additions;
mod comparison;
mod create;
mod edit;
mod findings;
mod list;
mod members;
mod notes;
mod records;
mod selection;
pub mod shared;
mod source_report;

use std::fmt;
use std::str::FromStr;

use operation::{Indicator, Tlp};

pub use additions::{Added, AddingRun, Additions};
pub use comparison::{behind, compared};
pub use create::{Created, NewInvestigation};
pub use edit::Change as Edit;
pub use findings::{Choice, FoundIndicator, MemberFindings};
pub use list::{Page, Wanted};
pub use members::{Joined, Origin};
pub use notes::Note;
pub use records::{Answered, MemberRecords, Records, Stamp};
pub use selection::Selection;
pub use source_report::{NewReport, SourceReport};

use crate::Error;
use crate::library::Status as LibraryStatus;

/// The most members of an investigation: the most values of a report.
pub const MOST_MEMBERS: usize = 10_000;
/// The longest name, in characters: it is a heading, and is in tables.
const LONGEST_NAME: usize = 120;

/// A named set of indicators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Investigation {
    /// Its number, from 1, which is never given twice.
    pub id: i64,
    /// Its name, as it was chosen. No other investigation has it, ignoring case, unless one of them is removed.
    pub name: String,
    /// What happens with it.
    pub status: Status,
    /// Who may see it, apart from what its members say; `None` if nobody said.
    pub tlp: Option<Tlp>,
    /// What its report says first; empty if nobody wrote it.
    pub summary: String,
    /// Who created it.
    pub actor: String,
    /// When it was created, in seconds since the epoch.
    pub created_at: i64,
    /// When it was last changed: itself, its members or its notes.
    pub updated_at: i64,
    /// When it was removed, if it was.
    pub removed_at: Option<i64>,
    /// The number of its members.
    pub members: u64,
    /// The number of notes on it and on its members.
    pub notes: u64,
}

/// What happens with an investigation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Somebody works on it.
    #[default]
    Open,
    /// It waits for something.
    OnHold,
    /// It is finished.
    Closed,
}

/// An indicator of an investigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The indicator.
    pub indicator: Indicator,
    /// Its status in the library.
    pub status: LibraryStatus,
    /// Who may see it.
    pub tlp: Option<Tlp>,
    /// Whether it was removed from the library.
    pub is_gone: bool,
    /// What people think about it.
    pub verdict: Verdict,
    /// How it became a member.
    pub origin: Origin,
    /// Who made it a member.
    pub actor: String,
    /// When it became one, in seconds since the epoch.
    pub added_at: i64,
    /// The number of notes on it in this investigation.
    pub notes: u64,
}

/// What people think about a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nobody has decided.
    #[default]
    Open,
    /// It has nothing to do with the matter.
    Benign,
    /// It may belong to it.
    Suspicious,
    /// It belongs to it.
    Malicious,
}

/// A text that is none of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// It is not a status.
    #[error("not a status of an investigation: write open, \"on hold\" or closed")]
    Status,
    /// It is not a verdict.
    #[error("not a verdict: write open, benign, suspicious or malicious")]
    Verdict,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::OnHold, Self::Closed];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OnHold => "on hold",
            Self::Closed => "closed",
        }
    }
}

impl Verdict {
    /// All of them, the least grave first after the open one.
    pub const ALL: [Self; 4] = [Self::Open, Self::Benign, Self::Suspicious, Self::Malicious];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Benign => "benign",
            Self::Suspicious => "suspicious",
            Self::Malicious => "malicious",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Ignoring case; `on-hold` is the form without a blank.
impl FromStr for Status {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let text = text.trim().replace('-', " ");
        Self::ALL
            .into_iter()
            .find(|status| status.word().eq_ignore_ascii_case(&text))
            .ok_or(WordError::Status)
    }
}

/// Ignoring case.
impl FromStr for Verdict {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let found = Self::ALL.into_iter().find(|verdict| verdict.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or(WordError::Verdict)
    }
}

/// The name as it is stored: trimmed, with single blanks.
///
/// # Errors
/// [`Error::Refused`] if it is empty or too long, contains characters that are not printable, or is a number, which would be taken
/// for that of an investigation.
fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = if name.is_empty() {
        "an investigation needs a name".to_owned()
    } else if name.chars().count() > LONGEST_NAME {
        format!("the name of an investigation has at most {LONGEST_NAME} characters")
    } else if crate::text::printable(&name) != name {
        "the name of an investigation can only have printable characters".to_owned()
    } else if name.bytes().all(|octet| octet.is_ascii_digit()) {
        "the name of an investigation needs a letter, because a number stands for the investigation with that number"
            .to_owned()
    } else {
        return Ok(name);
    };
    Err(Error::invalid(why))
}

#[cfg(test)]
mod tests;

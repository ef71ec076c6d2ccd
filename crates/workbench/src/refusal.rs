//! Why a request was refused: a [`Kind`] for programs, and a text for people.
//!
//! Callers distinguish refusals by their kind, never by their text. The server converts it into an HTTP status, the command
//! into an exit code.

use std::fmt;
use std::time::Duration;

/// Why a request was not carried out, although nothing is wrong with the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of reason.
    pub kind: Kind,
    /// The reason, as a fragment in lower case.
    pub text: String,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request conflicts with the current state, such as a name that is taken or a change in the meantime.
    Conflict,
    /// The user does not have the permission.
    Forbidden,
    /// The given value is malformed or impossible.
    Invalid,
    /// It does not exist.
    Missing,
    /// Too many attempts; the time to wait before the next one.
    Throttled(Duration),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

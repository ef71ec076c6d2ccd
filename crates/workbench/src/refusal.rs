//! What a request was refused for: a [`Kind`] for programs, a text for people.
//!
//! Callers tell refusals apart by their kind, never by their text. The server makes an HTTP status of it, the command an exit
//! code.

use std::fmt;
use std::time::Duration;

/// Why something was not done, where nothing is wrong with the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of reason it is.
    pub kind: Kind,
    /// The reason, as a fragment in lower case.
    pub text: String,
}

/// The kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does not go together with what there is: a name that is taken, something that was changed meanwhile.
    Conflict,
    /// The user does not have the permission.
    Forbidden,
    /// What was given cannot be meant: a malformed or impossible value.
    Invalid,
    /// It does not exist.
    Missing,
    /// Too many attempts; the time after which to try again.
    Throttled(Duration),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

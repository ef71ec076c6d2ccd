//! Why a chore stopped: [`Failure`], a message and, where we know one, a hint.
//!
//! There is one type and no variants, because nothing here reacts to the kind of a failure:
//! every one of them ends the chore.

use std::fmt;

/// A reason to stop, as a lower-case fragment, with what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Says where it happened and what came of it; the hint stays last.
    pub(crate) fn within(mut self, place: &str, consequence: &str) -> Self {
        self.message = format!("{place}: {}\n{consequence}", self.message);
        self
    }

    /// Adds what the reader can do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(out, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

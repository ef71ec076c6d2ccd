//! Why a command stopped: [`Failure`], a message and, where possible, a hint.
//!
//! It is one type without variants, because nothing here depends on the kind of failure: every failure ends the command.

use std::fmt;

/// The reason for stopping, as a lower-case fragment, with a hint about what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds where it happened and what followed from it; the hint stays last.
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

//! Whether an answer is complete, and if not, which error is the reason.

use client::ClientError;

use super::error::ProviderError;

/// Whether an answer is complete, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// The state.
    pub state: State,
    /// The reason if it is not complete.
    pub reason: Option<ProviderError>,
}

/// The states of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything arrived; this includes answers without records.
    Complete,
    /// Nothing usable arrived.
    Failed,
    /// The answer was interrupted or damaged; the rest of it is there.
    Partial,
    /// It was cut off at a limit, the service's or ours.
    Truncated,
}

impl Completeness {
    /// Derives the completeness from the reason, and from whether any record arrived.
    pub fn new(reason: Option<ProviderError>, any: bool) -> Self {
        let state = match &reason {
            None => State::Complete,
            // Only its size is known.
            Some(ProviderError::Client(ClientError::Expansion(_)) | ProviderError::TooLarge(_)) if !any => {
                State::Failed
            }
            Some(reason) if reason.is_limit() => State::Truncated,
            Some(_) if any => State::Partial,
            Some(_) => State::Failed,
        };
        Self { state, reason }
    }

    /// Whether the answer is complete.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

impl State {
    /// Its name in output.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Truncated => "truncated",
        }
    }
}

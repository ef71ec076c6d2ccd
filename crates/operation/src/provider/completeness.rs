//! Whether an answer is whole, and if it is not, which error kept it from being so.

use client::ClientError;

use super::error::ProviderError;

/// Whether an answer is whole, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completeness {
    /// How whole it is.
    pub state: State,
    /// Why it is not.
    pub reason: Option<ProviderError>,
}

/// How whole an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Everything there is, nothing included.
    Complete,
    /// Nothing usable arrived.
    Failed,
    /// Something broke: what arrived before, or around it, is there.
    Partial,
    /// It was cut at a limit, the service's or ours.
    Truncated,
}

impl Completeness {
    /// What a reason, and whether any record arrived, make of an answer.
    pub fn new(reason: Option<ProviderError>, any: bool) -> Self {
        let state = match &reason {
            None => State::Complete,
            // Nothing but size is known of it.
            Some(ProviderError::Client(ClientError::Expansion(_)) | ProviderError::TooLarge(_)) if !any => {
                State::Failed
            }
            Some(reason) if reason.is_limit() => State::Truncated,
            Some(_) if any => State::Partial,
            Some(_) => State::Failed,
        };
        Self { state, reason }
    }

    /// Whether it is all there is.
    pub fn is_complete(&self) -> bool {
        self.state == State::Complete
    }
}

impl State {
    /// Its word in outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Partial => "partial",
            Self::Truncated => "truncated",
        }
    }
}

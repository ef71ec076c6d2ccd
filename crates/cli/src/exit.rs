//! Exit codes, and the errors that end the whole command.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | success; also if nothing was found |
//! | 1 | the work failed |
//! | 2 | wrong usage |
//! | 3 | an answer is incomplete |
//! | 4 | refused: credentials or quota |
//!
//! Confirmations: an answer of "no" is 1, because the work was not done; if it is not possible to ask and --yes is missing, it
//! is 2. A request that the state of the data folder does not allow is also 2, depending on its [`Kind`](workbench::Kind):
//! missing (no such integration), invalid (an impossible value) and conflict (a name that is taken). Forbidden and throttled
//! are 4. A fault of the folder itself is 1.
//!
//! With several values, the most severe code wins (4, 1, 3, 0), and one failure does not stop the others.

use std::fmt;
use std::io;
use std::process::ExitCode;

use workbench::run::{Ending, State};

/// How a command ended, the least severe first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    #[default]
    Done,
    Incomplete,
    Failed,
    Refused,
}

/// An error that ends the command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user lacks the permission, or has to wait.
    Refused(String),
    /// Wrong usage.
    Usage(String),
    /// The work failed.
    Work(String),
    /// Nobody reads the output any more, which is not a failure.
    Gone,
}

impl Failure {
    pub(crate) fn usage(error: &impl fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    pub(crate) fn work(doing: &str, error: &impl fmt::Display) -> Self {
        Self::Work(format!("{doing}: {error}"))
    }

    /// Adds what to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: &str) -> Self {
        self.map(|text| format!("{text}\n  hint: {hint}"))
    }

    /// Adds where it happened.
    #[must_use]
    pub(crate) fn within(self, place: &str) -> Self {
        self.map(|text| format!("{place}: {text}"))
    }

    fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Refused(text) => Self::Refused(change(text)),
            Self::Usage(text) => Self::Usage(change(text)),
            Self::Work(text) => Self::Work(change(text)),
            Self::Gone => Self::Gone,
        }
    }

    pub(crate) fn exit(&self) -> FailureExit {
        match self {
            Self::Refused(_) => FailureExit(4),
            Self::Usage(_) => FailureExit(2),
            Self::Work(_) => FailureExit(1),
            Self::Gone => FailureExit(0),
        }
    }
}

/// The exit code of a [`Failure`].
pub(crate) struct FailureExit(u8);

impl From<FailureExit> for ExitCode {
    fn from(exit: FailureExit) -> Self {
        Self::from(exit.0)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Incomplete => 3,
            Exit::Refused => 4,
        })
    }
}

impl From<&Ending> for Exit {
    fn from(ending: &Ending) -> Self {
        match ending {
            Ending { reason: Some(reason), .. } if reason.refused => Self::Refused,
            Ending { state: State::Complete, .. } => Self::Done,
            Ending { state: State::Failed, .. } => Self::Failed,
            Ending {
                state: State::Interrupted | State::Partial | State::Running | State::Truncated, ..
            } => Self::Incomplete,
        }
    }
}

impl From<io::Error> for Failure {
    /// Only an error of standard output arrives as a bare [`io::Error`]; all others are reported with the failed action.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Gone
        } else {
            Self::work("writing to standard output", &error)
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(text) | Self::Usage(text) | Self::Work(text) => f.write_str(text),
            Self::Gone => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use operation::provider::ClientError;
    use operation::{Completeness, ProviderError};

    #[test]
    fn the_gravest_wins() {
        let of = |reason, any| Exit::from(&Ending::from(&Completeness::new(reason, any)));
        assert_eq!(of(None, true), Exit::Done);
        assert_eq!(of(Some(ClientError::Cut.into()), true), Exit::Incomplete);
        assert_eq!(of(Some(ProviderError::Records(5)), false), Exit::Incomplete);
        assert_eq!(of(Some(ClientError::Cut.into()), false), Exit::Failed);
        assert_eq!(of(Some(ProviderError::RateLimited(None)), true), Exit::Refused);
        assert!(
            Exit::Refused > Exit::Failed && Exit::Failed > Exit::Incomplete && Exit::Incomplete > Exit::Done
        );
    }
}

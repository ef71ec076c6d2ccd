//! Why something could not be sent to a platform: [`PlatformError`], each with what to do about it.

use client::ClientError;
use export::Refusal;
use operation::{ProviderError, Tlp};
use workbench::push::End;

use crate::threatq::ThreatqError;

/// Why something could not be sent. Text from outside is printable, short, and without our key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformError {
    /// The platform has the event, but it belongs to somebody else.
    #[error("the event {0} belongs to another organisation, and this user may not change it")]
    Foreign(String),
    /// The platform has the event, but does not show it to this user.
    #[error("the platform has the event {0}, but does not show it to this user")]
    Hidden(String),
    /// What is to be handed over cannot be.
    #[error(transparent)]
    Handover(#[from] Refusal),
    /// The named event is not there.
    #[error("the platform has no event {0} that this user may see")]
    NoEvent(String),
    /// The user of the key may not do this.
    #[error("the user of the key may not {0} on the platform")]
    NotAllowed(&'static str),
    /// An option of the push is wrong.
    #[error("{0}")]
    Option(String),
    /// The platform refused a request, and said this.
    #[error("the platform refused it: {0}")]
    Refused(String),
    /// The connection, the login, the rate limit, or a failure of the platform.
    #[error(transparent)]
    Service(#[from] ProviderError),
    /// A ThreatQ, or the way to it.
    #[error(transparent)]
    Threatq(#[from] ThreatqError),
    /// The request is larger than the platform takes.
    #[error("413: the platform does not take a request of this size")]
    TooLarge,
    /// The answer is larger than any event that we push.
    #[error("the answer is larger than {0} MiB")]
    TooMuch(usize),
    /// The event of the platform may be seen by more than what is handed over.
    #[error("the event {event} is not marked {tlp} or stricter, as what is handed over is")]
    Weaker {
        /// The event.
        event: String,
        /// The marking of what is handed over.
        tlp: Tlp,
    },
    /// The event of the platform goes to more organisations than the marking allows.
    #[error("the event {event} is distributed further than the marking {tlp} allows")]
    Wider {
        /// The event.
        event: String,
        /// The marking of what is handed over.
        tlp: Tlp,
    },
}

impl PlatformError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(_) => {
                "name an event of your own organisation, or leave the event out to create one"
            }
            Self::Hidden(_) => "ask its administrator who owns that event",
            Self::Handover(_) | Self::Option(_) => "choose less or other options",
            Self::NoEvent(_) => "check the UUID of the event, or leave it out to create one",
            Self::NotAllowed(_) => "use the key of a user whose role has this permission",
            Self::Refused(_) => "its text says why; its administrator finds more in its logs",
            Self::Service(error) => error.hint(),
            Self::Threatq(error) => error.hint(),
            Self::TooLarge | Self::TooMuch(_) => "hand over fewer records, by record type or time",
            Self::Weaker { .. } => "mark the event on the platform first, or leave it out to create one",
            Self::Wider { .. } => "narrow the distribution of the event first, or leave it out to create one",
        }
    }

    /// Whether the same may succeed soon.
    pub fn is_temporary(&self) -> bool {
        if let Self::Threatq(error) = self {
            return error.is_passing();
        }
        let Self::Service(error) = self else { return false };
        match error.bare() {
            ProviderError::RateLimited(_)
            | ProviderError::ServiceFailed(_)
            | ProviderError::Unavailable(_) => true,
            ProviderError::Client(error) => matches!(
                error.bare(),
                ClientError::Cut
                    | ClientError::HeadersTimeout(_)
                    | ClientError::IdleTimeout(_)
                    | ClientError::Unanswered { .. }
            ),
            _ => false,
        }
    }

    /// Whether a smaller request may succeed, or another part of it.
    pub(crate) fn is_about_content(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::TooLarge)
    }

    /// How a push ends because of it: it can be resumed unless that would never help.
    pub fn end(&self) -> End {
        let text = format!("{self}; {}", self.hint());
        match self {
            Self::NotAllowed(_) | Self::Refused(_) | Self::Service(_) | Self::Threatq(_) | Self::TooLarge => {
                End::Paused(text)
            }
            _ => End::Failed(text),
        }
    }
}

impl From<ClientError> for PlatformError {
    fn from(error: ClientError) -> Self {
        Self::Service(error.into())
    }
}

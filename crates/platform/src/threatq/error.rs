//! Why a ThreatQ did not do what it was asked: [`ThreatqError`].

use std::fmt;
use std::time::Duration;

use client::{ClientError, printable};

/// The most messages of one answer that are kept.
const MOST_MESSAGES: usize = 20;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 300;

/// The messages in an answer, printable and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(Vec<String>);

/// Why a request to a ThreatQ failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThreatqError {
    /// It failed itself, with this status.
    #[error("ThreatQ failed (status {0})")]
    Broken(u16),
    /// It wants fewer requests, and may say when to send the next one.
    #[error("ThreatQ accepts no more requests for now (429){}", wait(.0.as_ref()))]
    Busy(Option<Duration>),
    /// No usable answer arrived.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The login may not do this.
    #[error("ThreatQ does not permit this (403): {0}")]
    Forbidden(Said),
    /// It does not accept the login.
    #[error("ThreatQ does not accept the login: {0}")]
    Login(Said),
    /// What was asked for does not exist there.
    #[error("ThreatQ does not have this (404): {0}")]
    Missing(Said),
    /// It answers with the address of something else.
    #[error("ThreatQ redirects to another address (status {0}); redirects are not followed")]
    Moved(u16),
    /// This instance has no status of that name.
    #[error("this ThreatQ has no indicator status {0:?}")]
    NoStatus(String),
    /// This instance has no type of that name.
    #[error("this ThreatQ has no indicator type {0:?}")]
    NoType(String),
    /// It refuses what was sent.
    #[error("ThreatQ refuses this (status {status}): {said}")]
    Refused {
        /// The status, which may be one of success.
        status: u16,
        /// Its reasons.
        said: Said,
    },
    /// The request is too large for it.
    #[error("the request is too large for ThreatQ (413)")]
    TooLarge,
    /// Its answer is longer than this number of bytes.
    #[error("ThreatQ's answer is longer than {0} bytes")]
    TooLong(usize),
    /// A new token is refused, too.
    #[error("ThreatQ refuses its own token (401)")]
    Unauthorised,
    /// The answer is not what ThreatQ sends there.
    #[error("the answer is not one of ThreatQ: {0}")]
    Unreadable(&'static str),
}

impl Said {
    /// Nothing was said.
    pub const NOTHING: Self = Self(Vec::new());

    /// Adds a message, as long as there is room.
    pub(crate) fn add(&mut self, message: &str) {
        let message = printable(message.as_bytes(), LONGEST_MESSAGE);
        if self.0.len() < MOST_MESSAGES && !message.is_empty() {
            self.0.push(message);
        }
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, with every secret replaced.
    pub(crate) fn without(self, secrets: &[&str]) -> Self {
        let hide = |text: String| secrets.iter().fold(text, |text, secret| hidden(&text, secret));
        Self(self.0.into_iter().map(hide).collect())
    }
}

/// A text without a secret, which may have been cut off at its end.
fn hidden(text: &str, secret: &str) -> String {
    let printed = printable(secret.as_bytes(), LONGEST_MESSAGE);
    let printed = printed.trim_end_matches('…');
    [secret, printed].into_iter().filter(|secret| !secret.is_empty()).fold(text.to_owned(), |text, secret| {
        let text = text.replace(secret, "[secret]");
        match cut_off(&text, secret) {
            Some(at) => format!("{}[secret]", text.get(..at).unwrap_or_default()),
            None => text,
        }
    })
}

/// Where a text that was shortened ends with the beginning of a secret, if that is at least eight bytes long.
fn cut_off(text: &str, secret: &str) -> Option<usize> {
    let text = text.strip_suffix('…')?;
    let beginnings = secret.char_indices().map(|(at, _)| at).filter(|at| *at >= 8).rev();
    let mut beginnings = beginnings.filter_map(|at| secret.get(..at));
    beginnings.find(|beginning| text.ends_with(beginning)).map(|beginning| text.len() - beginning.len())
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("it gives no reason") } else { f.write_str(&self.0.join("; ")) }
    }
}

impl ThreatqError {
    /// Whether it refuses the login or the rights, or has to be waited for.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Forbidden(_) | Self::Login(_) | Self::Unauthorised)
    }

    /// Whether the same request may succeed later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Busy(_) => true,
            Self::Broken(status) => *status != 501,
            Self::Client(error) => matches!(
                error.bare(),
                ClientError::Connect { .. }
                    | ClientError::ConnectTimeout { .. }
                    | ClientError::Cut
                    | ClientError::HeadersTimeout(_)
                    | ClientError::IdleTimeout(_)
            ),
            _ => false,
        }
    }

    /// Whether the platform may have carried out a request that failed in this way.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Broken(_) | Self::TooLong(_) | Self::Unreadable(_) => true,
            // Reasons may come with a status of success, for a part of what was sent.
            Self::Refused { status, .. } => (200..300).contains(status),
            Self::Client(error) => !matches!(
                error.bare(),
                ClientError::Connect { .. }
                    | ClientError::ConnectTimeout { .. }
                    | ClientError::NameNotFound { .. }
                    | ClientError::Tls { .. }
            ),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Broken(_) => "try again later; ThreatQ's own logs say why",
            Self::Busy(_) => "try again later",
            Self::Client(ClientError::NameNotFound { .. }) => "check the host name in the settings",
            Self::Client(ClientError::Tls { .. }) => {
                "name the authority of its certificate as CA File; an appliance often has one of its own"
            }
            Self::Client(_) => "check host, port and proxy, and whether ThreatQ can be reached from here",
            Self::Forbidden(_) => "give the client or the user the permission in ThreatQ, under Settings",
            Self::Login(_) => {
                "check the client ID and secret (Settings, OAuth Management), or e-mail and password"
            }
            Self::Missing(_) => "check the address; ThreatQ's interface is below /api on its own host",
            Self::Moved(_) => {
                "set the host that ThreatQ itself has, and not that of a sign-in page before it"
            }
            Self::NoStatus(_) | Self::NoType(_) => {
                "add it in ThreatQ, or check that the login may read the types of indicators"
            }
            Self::Refused { .. } => "correct what it names, and try again",
            Self::TooLarge => "the limit is set in the web server before ThreatQ",
            Self::TooLong(_) => "ask for less at once",
            Self::Unauthorised => {
                "check that the clock of ThreatQ is right, and that the client was not revoked"
            }
            Self::Unreadable(_) => "check the host: something else may answer there, such as a sign-in page",
        }
    }
}

fn wait(wait: Option<&Duration>) -> String {
    wait.map(|wait| format!("; it asks to wait {} s", wait.as_secs())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_bounded_printable_and_without_secrets() {
        let mut said = Said::default();
        for n in 0..100 {
            said.add(&format!("\u{1b}[31m {n} {}", "x".repeat(1_000)));
        }
        assert_eq!(said.0.len(), MOST_MESSAGES);
        assert!(said.0.iter().all(|message| message.chars().count() <= LONGEST_MESSAGE + 1));
        assert!(!said.to_string().contains('\u{1b}'));
        assert_eq!(Said::NOTHING.to_string(), "it gives no reason");
        let mut said = Said::default();
        said.add("bad password hunter2-hunter2 for ann@x.example");
        assert_eq!(
            said.without(&["hunter2-hunter2", ""]).to_string(),
            "bad password [secret] for ann@x.example"
        );
    }

    #[test]
    fn a_secret_that_a_message_is_cut_off_in_is_hidden_too() {
        let secret = "0123456789abcdef0123456789abcdef";
        let mut said = Said::default();
        said.add(&format!("{}{secret}", "x".repeat(LONGEST_MESSAGE - 12)));
        let text = said.without(&[secret]).to_string();
        assert!(text.ends_with("x[secret]"), "{text}");
    }

    #[test]
    fn only_what_reached_it_can_have_been_carried_out() {
        let connect = ClientError::Connect { host: "h".to_owned(), port: 1, reason: String::new() };
        for (error, acted, passing) in [
            (ThreatqError::Client(connect), false, true),
            (ThreatqError::Client(ClientError::Cut), true, true),
            (ThreatqError::Broken(500), true, true),
            (ThreatqError::Busy(None), false, true),
            (ThreatqError::TooLarge, false, false),
            (ThreatqError::Refused { status: 200, said: Said::NOTHING }, true, false),
            (ThreatqError::Refused { status: 400, said: Said::NOTHING }, false, false),
            (ThreatqError::Unauthorised, false, false),
        ] {
            assert_eq!((error.may_have_acted(), error.is_passing()), (acted, passing), "{error}");
            assert!(!error.hint().is_empty());
        }
    }
}

//! What is pushed to a ThreatQ: a [`Thing`] is an indicator of ours, or the mailbox of a zone, which is an indicator only there.

use std::fmt;

use operation::Indicator;

/// The type of mailboxes there.
const MAILBOX: &str = "Email Address";

/// An object there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// An indicator.
    Indicator(Indicator),
    /// The mailbox in an SOA record, as an e-mail address.
    Mailbox(String),
}

impl Thing {
    /// The name of its type there.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Indicator(indicator) => indicator.kind().name(),
            Self::Mailbox(_) => MAILBOX,
        }
    }

    /// The indicator of ours, if it is one.
    pub fn indicator(&self) -> Option<&Indicator> {
        match self {
            Self::Indicator(indicator) => Some(indicator),
            Self::Mailbox(_) => None,
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Indicator(indicator) => indicator.fmt(f),
            Self::Mailbox(address) => f.write_str(address),
        }
    }
}

impl From<Indicator> for Thing {
    fn from(indicator: Indicator) -> Self {
        Self::Indicator(indicator)
    }
}

impl From<&Indicator> for Thing {
    fn from(indicator: &Indicator) -> Self {
        Self::Indicator(indicator.clone())
    }
}

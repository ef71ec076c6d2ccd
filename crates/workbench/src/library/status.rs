//! The status of an indicator, with the names and numbers that `ThreatQ` has by default.

use std::fmt;

/// The status of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// A threat: the default for indicators that a user adds.
    Active,
    /// No longer a threat.
    Expired,
    /// Related to a threat, but not known to be one: the status that runs set.
    Indirect,
    /// To be reviewed by an analyst.
    Review,
    /// Harmless; no run may change it.
    Whitelisted,
}

impl Status {
    /// All statuses.
    pub const ALL: [Self; 5] = [Self::Active, Self::Expired, Self::Indirect, Self::Review, Self::Whitelisted];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expired => "Expired",
            Self::Indirect => "Indirect",
            Self::Review => "Review",
            Self::Whitelisted => "Whitelisted",
        }
    }

    /// The status of that name, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name().eq_ignore_ascii_case(name.trim()))
    }

    /// Its number in the database.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Active => 1,
            Self::Expired => 2,
            Self::Indirect => 3,
            Self::Review => 4,
            Self::Whitelisted => 5,
        }
    }

    /// The status of that number.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

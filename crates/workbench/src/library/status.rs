//! What an analyst says about an indicator, by the words and numbers that `ThreatQ` begins with.

use std::fmt;

/// The status of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// A threat: what a person adds, unless they say otherwise.
    Active,
    /// Was a threat once.
    Expired,
    /// Has to do with a threat, and is not known to be one: what a run adds.
    Indirect,
    /// Somebody should look at it.
    Review,
    /// Harmless, and not to be touched by any run.
    Whitelisted,
}

impl Status {
    /// All of them.
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

    /// The status of that name, whatever its case.
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

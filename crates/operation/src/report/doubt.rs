//! Why a value is offered without being selected: [`Doubt`]. Its [`Display`](std::fmt::Display) is the reason for people.

use std::fmt;

use cof::special::Block;

/// A reason not to select a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// It may be the name of a file with this ending.
    FileName(String),
    /// It follows letters without a space, in a script whose text has none, and these may be part of it.
    Joined,
    /// It is a network or a range and stands for this many addresses.
    Network(u128),
    /// It is a public suffix: names are registered below it.
    PublicSuffix,
    /// It may be the end of a sentence and the beginning of the next, without a space between them.
    Sentence,
    /// It is a special-purpose address.
    Special(&'static Block),
    /// It may be the number of a version.
    Version,
    /// It stands for all names below it.
    Wildcard,
}

impl Doubt {
    /// Whether the doubt is about one place. Another place, for example a URL with the same host, can dispel it.
    pub(super) const fn is_about_a_place(&self) -> bool {
        matches!(self, Self::FileName(_) | Self::Joined | Self::Sentence | Self::Version | Self::Wildcard)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileName(ending) => write!(f, "a file name, or a name below .{ending}"),
            Self::Joined => f.write_str("the letters before it may be part of the name"),
            Self::Network(1) => f.write_str("a range of one address"),
            Self::Network(count) => write!(f, "a network or a range: it stands for its {count} addresses"),
            Self::PublicSuffix => f.write_str("a public suffix: names are registered below it"),
            Self::Sentence => f.write_str("a name, or two sentences without a space between them"),
            Self::Special(block) => write!(f, "a special-purpose address, in {block}"),
            Self::Version => f.write_str("an address, or the number of a version"),
            Self::Wildcard => f.write_str("a wildcard: the text is about all names below it"),
        }
    }
}

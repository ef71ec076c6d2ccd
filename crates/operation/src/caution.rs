//! Why something that is proposed or typed deserves a second look.
//!
//! A [`Caution`] is a kind with its figures; what people read is its [`Display`](std::fmt::Display). Cautions that say "this is
//! hardly what you look for" keep a finding from being selected ([`Caution::unselects`]); one that says "this is not what it
//! looks like" does not, because a name that passes for another is what people look for. What somebody types is taken with
//! either.

use std::fmt;
use std::net::IpAddr;

use cof::Name;

use crate::idn::Lookalike;
use crate::special::{self, Block};
use crate::{Host, Indicator, shown};

/// A reason to look twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Caution {
    /// A name had many addresses or other targets, most of them for a short time.
    FastFlux {
        /// The name.
        name: Indicator,
        /// What of it changed.
        flux: Flux,
        /// How many it had.
        targets: usize,
        /// How many of them for a short time, or nobody knows for how long.
        brief: usize,
    },
    /// A name that can pass for another, or shows nothing that can be read.
    Lookalike(Lookalike),
    /// An address with more names than one owner would have.
    SharedHosting {
        /// The address.
        address: Indicator,
        /// How many names it has.
        names: usize,
    },
    /// A name of one label: a top-level domain, a word of a text, or a name that means something in one network only.
    SingleLabel {
        /// The name.
        name: Name,
    },
    /// A special-purpose address, which is not the address of a host.
    Special {
        /// The address.
        address: IpAddr,
        /// The block that it is in.
        block: &'static Block,
    },
}

/// What a name changes all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flux {
    /// Its addresses.
    Addresses,
    /// Its name servers or the names that it is another name for.
    Names,
}

impl Flux {
    /// What there are many of, in the plural.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Names => "name servers or targets",
        }
    }
}

/// An address had a name for a short time if it was seen with it for no longer than this, in days. Networks of hijacked
/// machines change addresses within hours; three days allow for sensors that see a name once a day.
pub const BRIEF_DAYS: u64 = 3;

impl Caution {
    /// The cautions about an indicator itself, independent of its source.
    pub fn of(indicator: &Indicator) -> Option<Self> {
        match indicator.host() {
            Host::Address(address) => Self::of_address(*address),
            Host::Name(name) if name.labels().count() == 1 => Some(Self::SingleLabel { name: name.clone() }),
            Host::Name(name) => Lookalike::of(name).map(Self::Lookalike),
        }
    }

    fn of_address(address: IpAddr) -> Option<Self> {
        special::block_of(address).map(|block| Self::Special { address, block })
    }

    /// Whether what it is about is left out unless it is picked by itself.
    pub const fn unselects(&self) -> bool {
        !matches!(self, Self::Lookalike(_))
    }
}

impl Indicator {
    /// The cautions about it, independent of its source: a special-purpose address, or a lookalike name.
    pub fn caution(&self) -> Option<Caution> {
        Caution::of(self)
    }
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FastFlux { name, flux, targets, brief } => write!(
                f,
                "fast flux: {} {} of {name}, {} of them for {BRIEF_DAYS} days or less, as far as is known",
                thousands(*targets),
                flux.word(),
                thousands(*brief)
            ),
            Self::Lookalike(name) => name.fmt(f),
            Self::SharedHosting { address, names } => {
                write!(f, "shared hosting: {} names on {address}", thousands(*names))
            }
            Self::SingleLabel { name } => {
                write!(
                    f,
                    "single label: \"{name}\" is a top-level domain or a local name, probably not a host"
                )
            }
            Self::Special { address, block } => write!(f, "special-purpose address: {address} is in {block}"),
        }
    }
}

/// [`shown::thousands`] of a length.
pub(crate) fn thousands(number: usize) -> String {
    shown::thousands(number as u64)
}

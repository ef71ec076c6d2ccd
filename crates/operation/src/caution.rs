//! Reasons to check a finding or an entered value again.
//!
//! A [`Caution`] is a kind with its figures; its [`Display`](std::fmt::Display) is the text for people. A caution that means
//! "this is hardly what you are looking for" prevents the default selection of a finding ([`Caution::unselects`]). One that
//! means "this is not what it looks like" does not, because imitations of other names are what people look for. Values that a
//! user enters are always accepted.

use std::fmt;
use std::net::IpAddr;

use cof::Name;
use cof::special::{self, Block};

use crate::idn::Lookalike;
use crate::{Host, Indicator, shown};

/// A reason to check something again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Caution {
    /// A name had many addresses or other targets, most of them for a short time.
    FastFlux {
        /// The name.
        name: Indicator,
        /// What changed.
        flux: Flux,
        /// The number of targets.
        targets: usize,
        /// How many of them were there for a short time, or for an unknown time.
        brief: usize,
    },
    /// A name that looks like another one, or has no readable form.
    Lookalike(Lookalike),
    /// An address with more names than one owner would have.
    SharedHosting {
        /// The address.
        address: Indicator,
        /// The number of its names.
        names: usize,
    },
    /// A name with one label: a top-level domain, a word from a text, or a name that is only valid in one network.
    SingleLabel {
        /// The name.
        name: Name,
    },
    /// A special-purpose address, which is not the address of a host.
    Special {
        /// The address.
        address: IpAddr,
        /// The block that contains it.
        block: &'static Block,
    },
}

/// The kind of targets of a name that change often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flux {
    /// Its addresses.
    Addresses,
    /// Its name servers, or the targets of its CNAME records.
    Names,
}

impl Flux {
    /// The plural noun for the targets.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Addresses => "addresses",
            Self::Names => "name servers or targets",
        }
    }
}

/// A target counts as brief if it was seen for no longer than this, in days. Networks of hijacked machines change addresses
/// within hours; three days allow for sensors that see a name once a day.
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

    /// Whether the finding is left out unless it is picked individually.
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

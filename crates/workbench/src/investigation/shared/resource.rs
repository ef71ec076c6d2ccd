//! What members can share, with a stable text that links and the API name it by.
//!
//! A [`Resource`] has a [`Kind`] and a text that is unique within it. [`Resource::id`] writes both
//! (`ns:ns1.quietharbor.example`, `net:203.0.113.0/24`), and [`Resource::parse`] reads exactly this spelling; every other text
//! is a [`ResourceError`].

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use cof::Name;
use cof::special::{self, Block};
use operation::Indicator;

use super::network::Network;
use super::token::Token;

/// Something that several members can have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Resource {
    /// The address of an A or AAAA record; an IPv4-mapped IPv6 address is the IPv4 address.
    Address(IpAddr),
    /// The target of a CNAME or DNAME record.
    CnameTarget(Name),
    /// The host of an MX record.
    MailServer(Name),
    /// The host of an NS record, or the primary server of an SOA record.
    NameServer(Name),
    /// The /24 or /48 of an address.
    Network(Network),
    /// The registered domain of a member, or of a host that a record of a member names.
    RegisteredDomain(Name),
    /// The mailbox of an SOA record, written as a name.
    SoaMailbox(Name),
    /// A part of the text of a TXT or SPF record.
    Token(Token),
}

/// The kind of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// [`Resource::Address`].
    Address,
    /// [`Resource::CnameTarget`].
    CnameTarget,
    /// [`Resource::MailServer`].
    MailServer,
    /// [`Resource::NameServer`].
    NameServer,
    /// [`Resource::Network`].
    Network,
    /// [`Resource::RegisteredDomain`].
    RegisteredDomain,
    /// [`Resource::SoaMailbox`].
    SoaMailbox,
    /// [`Resource::Token`].
    Token,
}

/// The text is not the id of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// It does not begin with the word of a kind.
    #[error(
        "not a shared resource: it begins with addr:, cname:, dkim:, domain:, mx:, net:, ns:, soa:, spf: or txt:"
    )]
    Kind,
    /// The rest is not a value of this kind in its one spelling.
    #[error("not {0} in the spelling that links and the API use")]
    Value(&'static str),
}

impl Resource {
    /// Parses the output of [`Self::id`].
    ///
    /// # Errors
    /// [`ResourceError`] if the text is anything else.
    pub fn parse(id: &str) -> Result<Self, ResourceError> {
        let (word, value) = id.split_once(':').ok_or(ResourceError::Kind)?;
        let (found, what) = match word {
            "addr" => (address(value).map(Self::Address), "an address"),
            "cname" => (name(value).map(Self::CnameTarget), "a CNAME target"),
            "domain" => (name(value).map(Self::RegisteredDomain), "a registered domain"),
            "mx" => (name(value).map(Self::MailServer), "a mail server"),
            "net" => (network(value).map(Self::Network), "a network"),
            "ns" => (name(value).map(Self::NameServer), "a name server"),
            "soa" => (name(value).map(Self::SoaMailbox), "an SOA mailbox"),
            "dkim" | "spf" | "txt" => (Token::parse(word, value).map(Self::Token), "a TXT token"),
            _ => return Err(ResourceError::Kind),
        };
        // Only what this writes is accepted, so that one resource never has two links.
        found.filter(|found| found.id() == id).ok_or(ResourceError::Value(what))
    }

    /// The stable text that links and the API name it by: a word for the kind, a colon, and the value. Printable ASCII; it can
    /// contain blanks, and must be escaped in addresses.
    pub fn id(&self) -> String {
        match self {
            Self::Token(token) => token.id(),
            _ => format!("{}:{self}", self.kind().word()),
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::CnameTarget(_) => Kind::CnameTarget,
            Self::MailServer(_) => Kind::MailServer,
            Self::NameServer(_) => Kind::NameServer,
            Self::Network(_) => Kind::Network,
            Self::RegisteredDomain(_) => Kind::RegisteredDomain,
            Self::SoaMailbox(_) => Kind::SoaMailbox,
            Self::Token(_) => Kind::Token,
        }
    }

    /// The name that it is, for the kinds that are names.
    pub const fn name(&self) -> Option<&Name> {
        match self {
            Self::CnameTarget(name)
            | Self::MailServer(name)
            | Self::NameServer(name)
            | Self::RegisteredDomain(name)
            | Self::SoaMailbox(name) => Some(name),
            Self::Address(_) | Self::Network(_) | Self::Token(_) => None,
        }
    }

    /// The resource as an indicator, if it can be one: an address, or the name of a host or a domain.
    pub fn indicator(&self) -> Option<Indicator> {
        match self {
            Self::Address(address) => Some(Indicator::from_address(*address)),
            Self::SoaMailbox(_) => None,
            _ => Indicator::from_name(self.name()?.clone()),
        }
    }

    /// The special-purpose block that its addresses belong to.
    pub fn special(&self) -> Option<&'static Block> {
        match self {
            Self::Address(address) => special::block_of(*address),
            Self::Network(network) => network.special(),
            Self::Token(token) => token.network()?.special(),
            _ => None,
        }
    }
}

impl Kind {
    /// All kinds, in their order.
    pub const ALL: [Self; 8] = [
        Self::Address,
        Self::CnameTarget,
        Self::MailServer,
        Self::NameServer,
        Self::Network,
        Self::RegisteredDomain,
        Self::SoaMailbox,
        Self::Token,
    ];

    /// The word in ids, filters and the API. Ids of tokens begin with the word of their own kind.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Address => "addr",
            Self::CnameTarget => "cname",
            Self::MailServer => "mx",
            Self::NameServer => "ns",
            Self::Network => "net",
            Self::RegisteredDomain => "domain",
            Self::SoaMailbox => "soa",
            Self::Token => "txt",
        }
    }

    /// The kind of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Its name in a sentence: "name server".
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::CnameTarget => "CNAME target",
            Self::MailServer => "mail server",
            Self::NameServer => "name server",
            Self::Network => "network",
            Self::RegisteredDomain => "registered domain",
            Self::SoaMailbox => "SOA mailbox",
            Self::Token => "TXT token",
        }
    }

    /// Its name for so many of them: "2 name servers".
    pub fn counted(self, count: usize) -> String {
        let ending = match self {
            _ if count == 1 => "",
            Self::Address | Self::SoaMailbox => "es",
            _ => "s",
        };
        format!("{} {}{ending}", operation::shown::thousands(count as u64), self.noun())
    }

    /// How much a resource of this kind says if everything else is equal, in thousandths: neighbours in a network or a domain
    /// have less in common than users of one host.
    pub(super) const fn weight(self) -> u64 {
        match self {
            Self::Address | Self::CnameTarget | Self::MailServer | Self::NameServer | Self::SoaMailbox => {
                1_000
            }
            Self::RegisteredDomain | Self::Token => 900,
            Self::Network => 500,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Network(network) => network.fmt(f),
            Self::Token(token) => token.fmt(f),
            Self::CnameTarget(name)
            | Self::MailServer(name)
            | Self::NameServer(name)
            | Self::RegisteredDomain(name)
            | Self::SoaMailbox(name) => name.fmt(f),
        }
    }
}

impl FromStr for Resource {
    type Err = ResourceError;

    fn from_str(id: &str) -> Result<Self, ResourceError> {
        Self::parse(id)
    }
}

fn name(text: &str) -> Option<Name> {
    Name::parse(text).ok()
}

fn network(text: &str) -> Option<Network> {
    Network::parse(text).filter(|network| Network::around(network.first()) == *network)
}

fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_resource_has_one_id() {
        for (id, kind, shown) in [
            ("addr:203.0.113.19", Kind::Address, "203.0.113.19"),
            ("addr:2001:db8::1", Kind::Address, "2001:db8::1"),
            ("cname:kit.static.example", Kind::CnameTarget, "kit.static.example"),
            ("domain:quietharbor.example", Kind::RegisteredDomain, "quietharbor.example"),
            ("mx:mx.relay.example", Kind::MailServer, "mx.relay.example"),
            ("net:203.0.113.0/24", Kind::Network, "203.0.113.0/24"),
            ("net:2001:db8:80::/48", Kind::Network, "2001:db8:80::/48"),
            ("ns:ns1.quietharbor.example", Kind::NameServer, "ns1.quietharbor.example"),
            (r"soa:h\.hofer.zone.example", Kind::SoaMailbox, r"h\.hofer.zone.example"),
            ("spf:include:_spf.relay.example", Kind::Token, "include:_spf.relay.example"),
            ("txt:MS=ms12345678", Kind::Token, "MS=ms12345678"),
        ] {
            let resource = Resource::parse(id).unwrap();
            assert_eq!((resource.kind(), resource.to_string().as_str()), (kind, shown));
            assert_eq!(resource.id(), id);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for id in ["", "ns1.example", "host:a.example", "NS:a.example"] {
            assert_eq!(Resource::parse(id), Err(ResourceError::Kind), "{id}");
        }
        for id in [
            "ns:NS1.example",
            "ns:ns1.example.",
            "ns: ns1.example",
            "ns:",
            "addr:192.0.2.1/32",
            "addr:::ffff:192.0.2.1",
            "addr:2001:DB8::1",
            "net:203.0.113.7/24",
            "net:203.0.113.0/25",
            "net:203.0.0.0/16",
            "txt:",
            "dkim:xyz",
        ] {
            assert!(matches!(Resource::parse(id), Err(ResourceError::Value(_))), "{id}");
        }
    }

    #[test]
    fn hosts_are_indicators_and_mailboxes_are_not() {
        let indicator = |id: &str| Resource::parse(id).unwrap().indicator().map(|found| found.to_string());
        assert_eq!(indicator("addr:192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(indicator("ns:ns1.example").as_deref(), Some("ns1.example"));
        assert_eq!(indicator("soa:hostmaster.zone.example"), None);
        assert_eq!(indicator("net:192.0.2.0/24"), None);
        assert_eq!(indicator("txt:MS=ms12345678"), None);
    }

    #[test]
    fn kinds_are_named_by_word_and_in_numbers() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::of_word("host"), None);
        assert_eq!(Kind::Address.counted(1), "1 address");
        assert_eq!(Kind::SoaMailbox.counted(2), "2 SOA mailboxes");
        assert_eq!(Kind::NameServer.counted(1_200), "1,200 name servers");
    }

    proptest! {
        #[test]
        fn nothing_panics_and_what_is_read_is_written_the_same(
            word in "addr|cname|dkim|domain|mx|net|ns|soa|spf|txt|x",
            value in ".{0,40}",
        ) {
            let id = format!("{word}:{value}");
            if let Ok(resource) = Resource::parse(&id) {
                prop_assert_eq!(resource.id(), id);
            }
        }

        #[test]
        fn names_of_any_bytes_read_back(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..8), 1..4)) {
            let mut wire = Vec::new();
            for label in &labels {
                wire.push(u8::try_from(label.len()).unwrap());
                wire.extend_from_slice(label);
            }
            wire.push(0);
            let resource = Resource::NameServer(Name::from_wire(&wire).unwrap());
            prop_assert_eq!(Resource::parse(&resource.id()), Ok(resource));
        }
    }
}

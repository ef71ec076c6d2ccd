//! Name servers that serve many unrelated names: [`purpose`].
//!
//! The domains are those under which services publish the name servers that their customers have to enter, or that owners of
//! sinkholes and authorities are publicly known to use. It is a short list of the best known, as of 2026; longer ones can be
//! imported (`backsight list import`). Ordinary registrars and hosts are not in it, even where they also park names: their name
//! servers serve real sites, too.

use std::fmt;

use cof::NameRef;

/// What a name server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Names that are for sale or show advertisements.
    Parking,
    /// Names that an authority has seized.
    Seized,
    /// Names that defenders have taken over.
    Sinkhole,
    /// It calls itself a sinkhole, which anybody can do.
    SoCalled,
}

const KNOWN: [(&str, Purpose); 30] = [
    ("above.com", Purpose::Parking),
    ("afternic.com", Purpose::Parking),
    ("bodis.com", Purpose::Parking),
    ("cashparking.com", Purpose::Parking),
    ("dan.com", Purpose::Parking),
    ("domainparking.ru", Purpose::Parking),
    ("fabulous.com", Purpose::Parking),
    ("parkingcrew.net", Purpose::Parking),
    ("parklogic.com", Purpose::Parking),
    ("parkpage.foundationapi.com", Purpose::Parking),
    ("rookdns.com", Purpose::Parking),
    ("sav.com", Purpose::Parking),
    ("sedoparking.com", Purpose::Parking),
    ("smartname.com", Purpose::Parking),
    ("undeveloped.com", Purpose::Parking),
    ("uniregistrymarket.link", Purpose::Parking),
    ("voodoo.com", Purpose::Parking),
    ("ztomy.com", Purpose::Parking),
    ("arbor-sinkhole.net", Purpose::Sinkhole),
    ("csof.net", Purpose::Sinkhole),
    ("honeybot.us", Purpose::Sinkhole),
    ("microsoftinternetsafety.net", Purpose::Sinkhole),
    ("sinkhole.cert.pl", Purpose::Sinkhole),
    ("sinkhole.ch", Purpose::Sinkhole),
    ("sinkhole.shadowserver.org", Purpose::Sinkhole),
    ("sinkhole.tech", Purpose::Sinkhole),
    ("torpig-sinkhole.org", Purpose::Sinkhole),
    ("fbi.seized.gov", Purpose::Seized),
    ("seized.gov", Purpose::Seized),
    ("seizedservers.com", Purpose::Seized),
];

/// The word in a label of a name server that calls itself a sinkhole.
const SINKHOLE: &[u8] = b"sinkhole";

impl Purpose {
    /// The purpose in one word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parking => "parking",
            Self::Seized => "seized",
            Self::Sinkhole | Self::SoCalled => "sinkhole",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parking => "a parking name server",
            Self::Seized => "a name server of seized names",
            Self::Sinkhole => "a sinkhole name server",
            Self::SoCalled => "a name server that calls itself a sinkhole",
        })
    }
}

/// What a name server is known for, by its domain.
pub(super) fn purpose(name: NameRef<'_>) -> Option<Purpose> {
    let mut text = String::new();
    name.push_text(&mut text);
    let is_of = |domain: &str| {
        text.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    let known = KNOWN.iter().find(|(domain, _)| is_of(domain)).map(|(_, purpose)| *purpose);
    let is_so_called =
        || name.labels().any(|label| label.windows(SINKHOLE.len()).any(|part| part == SINKHOLE));
    known.or_else(|| is_so_called().then_some(Purpose::SoCalled))
}

#[cfg(test)]
mod tests {
    use cof::Name;

    use super::*;

    fn of(name: &str) -> Option<Purpose> {
        purpose(Name::parse(name).unwrap().as_ref())
    }

    #[test]
    fn a_name_server_is_known_by_its_domain() {
        assert_eq!(of("NS1.SedoParking.com."), Some(Purpose::Parking));
        assert_eq!(of("sc-a.sinkhole.shadowserver.org"), Some(Purpose::Sinkhole));
        assert_eq!(of("ns1.seizedservers.com"), Some(Purpose::Seized));
        assert_eq!(of("ns1.my-sinkhole.example"), Some(Purpose::SoCalled));
        for name in
            ["ns1.notsedoparking.com", "sedoparking.com.example", "ns.example", ".", "ns1.sink.hole.example"]
        {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn every_domain_is_a_name_in_lower_case() {
        for (domain, _) in KNOWN {
            assert_eq!(Name::parse(domain).unwrap().to_string(), domain);
        }
    }
}

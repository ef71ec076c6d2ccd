//! What is asked about: a value and its type, as the threat library names them.
//!
//! [`Indicator::parse`] takes what analysts paste: defanged, with a scheme, a port, a path, a final dot, in any
//! case, in Unicode. What it cannot take it refuses by name ([`IndicatorError`]), before anything is asked.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use cof::{Name, Rdata, Record, RrType};

/// The types of indicator that passive DNS can speak about, by the names that `ThreatQ` uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndicatorType {
    /// A domain name.
    Fqdn,
    /// An IPv4 address.
    IpAddress,
    /// An IPv6 address.
    Ipv6Address,
}

/// A normalised indicator: one value, one spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Indicator {
    /// A domain name, lower case, A-labels, no final dot.
    Fqdn(Name),
    /// An address of either family.
    Address(IpAddr),
}

/// Why a text is no indicator that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// Nothing.
    #[error("empty: give a domain name, an IP address or a URL")]
    Empty,
    /// A network.
    #[error("a network: the service answers single values; ask about its addresses one by one")]
    Network,
    /// An email address.
    #[error("an email address: ask about the domain behind the @")]
    Email,
    /// A name that cannot be one.
    #[error("not a domain name or IP address: {0}")]
    Name(String),
}

impl IndicatorType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fqdn, Self::IpAddress, Self::Ipv6Address];

    /// The name in the threat library.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fqdn => "FQDN",
            Self::IpAddress => "IP Address",
            Self::Ipv6Address => "IPv6 Address",
        }
    }

    /// The type of that name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
    }
}

impl Indicator {
    /// Reads a value as people paste it; a URL stands for its host.
    ///
    /// # Errors
    /// [`IndicatorError`], when it is no name and no address.
    pub fn parse(text: &str) -> Result<Self, IndicatorError> {
        let text = refang(text);
        let host = host_of(&text)?;
        if host.is_empty() {
            return Err(IndicatorError::Empty);
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        fqdn(host).map(Self::Fqdn)
    }

    /// Its type.
    pub fn kind(&self) -> IndicatorType {
        match self {
            Self::Fqdn(_) => IndicatorType::Fqdn,
            Self::Address(IpAddr::V4(_)) => IndicatorType::IpAddress,
            Self::Address(IpAddr::V6(_)) => IndicatorType::Ipv6Address,
        }
    }

    /// The host that a record is about: its owner, or the address that a reverse name stands for.
    /// The root, wildcards and what else [`Self::parse`] would refuse are no hosts.
    pub fn of_owner(record: &Record) -> Option<Self> {
        let owner = &record.rrname;
        if let Some(address) = reverse_address(owner) {
            return Some(Self::Address(address));
        }
        check_host(owner).is_ok().then(|| Self::Fqdn(owner.clone()))
    }

    /// The host that a record's data names; none where [`Self::parse`] would refuse it.
    pub fn of_target(rdata: &Rdata, rrtype: RrType) -> Option<Self> {
        match rdata.target(rrtype)? {
            cof::Target::Address(address) => Some(Self::Address(address)),
            cof::Target::Name(name) => {
                Some(name.to_name()).filter(|name| check_host(name).is_ok()).map(Self::Fqdn)
            }
        }
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fqdn(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for IndicatorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Indicator {
    type Err = IndicatorError;

    fn from_str(text: &str) -> Result<Self, IndicatorError> {
        Self::parse(text)
    }
}

/// Undoes the ways in which analysts keep a value from being clicked, and takes a scheme off.
pub fn refang(text: &str) -> String {
    let mut out = text.trim().trim_matches(['"', '\'', '<', '>', '`']).to_owned();
    for (fanged, plain) in [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[DOT]", "."),
        ("\\.", "."),
        ("[:]", ":"),
        ("[://]", "://"),
        ("[/]", "/"),
        ("[at]", "@"),
        ("[@]", "@"),
    ] {
        out = out.replace(fanged, plain);
    }
    let scheme = out.find("://").map_or(0, |end| end);
    match out.get(..scheme).map(str::to_ascii_lowercase).as_deref() {
        Some("hxxp" | "hxxps" | "http" | "https" | "meow" | "fxp" | "ftp") => out.split_off(scheme + 3),
        _ => out,
    }
}

/// The host in a URL's remainder, a `host:port`, a bracketed address or a plain value.
fn host_of(text: &str) -> Result<&str, IndicatorError> {
    if let Some((base, len)) = text.split_once('/')
        && base.parse::<IpAddr>().is_ok()
        && !len.is_empty()
        && len.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(IndicatorError::Network);
    }
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.rsplit_once('@') {
        // Before an @ stands a user of a URL or of a mailbox; only the first has more to it.
        Some(_) if authority.len() == text.len() => return Err(IndicatorError::Email),
        Some((_, host)) => host,
        None => authority,
    };
    if let Some(inside) = host.strip_prefix('[') {
        return Ok(inside.split(']').next().unwrap_or_default());
    }
    Ok(match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    })
}

fn fqdn(host: &str) -> Result<Name, IndicatorError> {
    let name = Name::parse(host).map_err(|error| IndicatorError::Name(error.to_string()))?;
    check_host(&name).map(|()| name)
}

/// Whether a name can be an indicator: a host's, or one with underscores in it.
fn check_host(name: &Name) -> Result<(), IndicatorError> {
    let refuse = |why: &str| Err(IndicatorError::Name(why.to_owned()));
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if let Some(octet) = name.labels().flatten().find(|octet| !allowed(octet)) {
        return refuse(&format!("{:?} cannot stand in a host name", char::from(*octet)));
    }
    match name.labels().last() {
        None => refuse("the root is no indicator"),
        Some(last) if last.iter().all(u8::is_ascii_digit) => {
            refuse("it ends in a number like an address, but is none")
        }
        Some(_) => Ok(()),
    }
}

/// The address that a name below in-addr.arpa or ip6.arpa stands for.
fn reverse_address(name: &Name) -> Option<IpAddr> {
    let labels: Vec<&[u8]> = name.labels().collect();
    let (zone, host) = (labels.get(labels.len().checked_sub(2)?..)?, labels.get(..labels.len() - 2)?);
    let text = |label: &[u8]| std::str::from_utf8(label).ok().map(str::to_owned);
    match zone {
        [b"in-addr", b"arpa"] if host.len() == 4 => {
            let octets: Vec<u8> = host.iter().rev().map(|l| text(l)?.parse().ok()).collect::<Option<_>>()?;
            <[u8; 4]>::try_from(octets).ok().map(|octets| Ipv4Addr::from(octets).into())
        }
        [b"ip6", b"arpa"] if host.len() == 32 && host.iter().all(|l| l.len() == 1) => {
            let digits: String = host.iter().rev().map(|l| text(l)).collect::<Option<_>>()?;
            u128::from_str_radix(&digits, 16).ok().map(|bits| Ipv6Addr::from_bits(bits).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_values_become_one_spelling() {
        for (pasted, value, kind) in [
            ("hxxp://www[.]threatq[.]com/x", "www.threatq.com", "FQDN"),
            ("WWW.ThreatQ.com.", "www.threatq.com", "FQDN"),
            ("https://user:pw@www.threatq.com:8443/a?b#c", "www.threatq.com", "FQDN"),
            ("hxxps[://]www(.)threatq{.}com", "www.threatq.com", "FQDN"),
            ("www[dot]threatq[dot]com/path/24", "www.threatq.com", "FQDN"),
            ("bücher.example", "xn--bcher-kva.example", "FQDN"),
            ("_dmarc.example.com", "_dmarc.example.com", "FQDN"),
            ("104[.]196[.]175[.]197", "104.196.175.197", "IP Address"),
            ("104.196.175.197:443", "104.196.175.197", "IP Address"),
            ("::ffff:192.0.2.1", "192.0.2.1", "IP Address"),
            ("2001:DB8:0::1", "2001:db8::1", "IPv6 Address"),
            ("http://[2001:db8::1]:80/", "2001:db8::1", "IPv6 Address"),
            (" <example.com> ", "example.com", "FQDN"),
        ] {
            let indicator = Indicator::parse(pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
            assert_eq!((indicator.to_string().as_str(), indicator.kind().name()), (value, kind), "{pasted}");
        }
    }

    #[test]
    fn what_is_no_indicator_is_refused_with_the_reason() {
        assert_eq!(Indicator::parse("  "), Err(IndicatorError::Empty));
        assert_eq!(Indicator::parse("http://"), Err(IndicatorError::Empty));
        assert_eq!(Indicator::parse("192.0.2.0/24"), Err(IndicatorError::Network));
        assert_eq!(Indicator::parse("user@example.com"), Err(IndicatorError::Email));
        for bad in
            ["123.321.156.90", "foo bar", "..", ".", "a..b", "*.example.com", "ex\u{1b}ample.com", "a%2f.com"]
        {
            assert!(matches!(Indicator::parse(bad), Err(IndicatorError::Name(_))), "{bad}");
        }
    }

    #[test]
    fn reverse_names_stand_for_their_addresses() {
        let owner = |name: &str| {
            let record =
                Record::new(Name::parse(name).unwrap(), RrType::PTR, Rdata::parse(RrType::PTR, "x.example"));
            Indicator::of_owner(&record).map(|indicator| indicator.to_string())
        };
        assert_eq!(owner("1.2.0.192.in-addr.arpa").as_deref(), Some("192.0.2.1"));
        assert_eq!(owner("2.0.192.in-addr.arpa").as_deref(), Some("2.0.192.in-addr.arpa"));
        let v6 = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(owner(v6).as_deref(), Some("2001:db8::1"));
        assert_eq!(owner("*.example"), None);
        assert_eq!(owner("."), None);
    }
}

//! The subject of a query: a value and its type, with the type names of the threat library.
//!
//! An [`Indicator`] holds a [`Host`] in its canonical spelling: a name in lower case, in A-labels, without the final dot; an
//! IPv4-mapped IPv6 address as the IPv4 address. Indicators are only created by the functions here, so two indicators are equal
//! if and only if they mean the same.
//!
//! [`Indicator::parse`] accepts what analysts paste: defanged, quoted, with a scheme, a port, a path, a final dot, in any case,
//! in Unicode. Other text is refused with its kind ([`IndicatorError`], [`Other`]) before any query is sent. A single label is
//! only accepted with its final dot (`com.`): without one, it is far more often a word from a text than a top-level domain.
//! [`Indicator::from_canonical`] parses stored indicators.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use cof::{Name, Rdata, Record, RrType, Target};

mod host;
mod line;
mod number;
mod other;
mod written;

/// How values are written, for the reader of reports.
pub(crate) mod marks {
    pub(crate) use super::written::{is_invisible, mark, narrow};
}

pub(crate) use line::looks_like_a_host;
pub use line::{Given, Line};
pub use other::Other;

/// The types of indicators that passive DNS has data about, with the names of `ThreatQ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IndicatorType {
    /// A domain name.
    Fqdn,
    /// An IPv4 address.
    IpAddress,
    /// An IPv6 address.
    Ipv6Address,
}

/// A normalised indicator: one spelling for each value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Indicator(Host);

/// A name or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A domain name.
    Name(Name),
    /// An address of either family.
    Address(IpAddr),
}

/// Why a text is not an indicator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndicatorError {
    /// The text is empty.
    #[error("empty: give a domain name, an IP address or a URL")]
    Empty,
    /// It is a network.
    #[error(
        "a network: the service only answers queries about single values; query its addresses one by one"
    )]
    Network,
    /// It is an email address.
    #[error("an email address: use the domain after the @")]
    Email,
    /// It is something else that people paste.
    #[error("{0}, not a domain name, an IP address or a URL")]
    Other(Other),
    /// It is a number that browsers interpret as an address.
    #[error("a number that browsers read as {0}: if you mean that address, write it like this")]
    Number(Ipv4Addr),
    /// It is a scheme without a host, or alone.
    #[error("a URL scheme without a host: give the domain name or IP address")]
    Scheme,
    /// It is a single label without its final dot.
    #[error("a single word: write a top-level domain with its final dot, as in \"com.\"")]
    Word,
    /// It contains several values instead of one.
    #[error("more than one value: give one at a time")]
    Several,
    /// It consists of words without a value.
    #[error("no domain name, IP address or URL in it")]
    NoValue,
    /// It is a name whose first label contains a dot, like the mailbox in an SOA record.
    #[error(
        "a name with a dot inside a label, like the mailbox in an SOA record: services only answer for host names; to search your own passive-DNS database, use `backsight lookup 'rdata:NAME'`"
    )]
    Mailbox,
    /// It is a wildcard.
    #[error("a wildcard: use the domain name after the *")]
    Wildcard,
    /// It is not a valid name.
    #[error("not a domain name or IP address: {0}")]
    Name(String),
}

impl From<Other> for IndicatorError {
    fn from(other: Other) -> Self {
        Self::Other(other)
    }
}

impl IndicatorType {
    /// All types.
    pub const ALL: [Self; 3] = [Self::Fqdn, Self::IpAddress, Self::Ipv6Address];

    /// The name in the threat library.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fqdn => "FQDN",
            Self::IpAddress => "IP Address",
            Self::Ipv6Address => "IPv6 Address",
        }
    }

    /// The type of that name, ignoring case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
    }
}

impl Indicator {
    /// Parses a pasted value; for a URL, its host.
    ///
    /// # Errors
    /// [`IndicatorError`] if it is neither a name nor an address.
    pub fn parse(text: &str) -> Result<Self, IndicatorError> {
        if is_plain_name(text) {
            return fqdn(text);
        }
        let text = written::clean(text);
        if text.is_empty() {
            return Err(IndicatorError::Empty);
        }
        let host::Written { host, in_url } = host::host_of(&text)?;
        // Trimmed again around the host alone: `“c2.example”:443`.
        let host = written::trim(host);
        if host.is_empty() {
            return Err(if in_url { IndicatorError::Scheme } else { IndicatorError::Empty });
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Self::from_address(address));
        }
        if host.contains([' ', '\t', ',', ';', '|', '(', ')', '<', '>'])
            || written::without_arrows(host) != host
        {
            return Err(IndicatorError::Several);
        }
        if number::is_number(host) {
            return Err(number::read_by_browsers(host).map_or_else(not_an_address, IndicatorError::Number));
        }
        if let Some(mark) = host.chars().find(|character| written::is_mark(*character)) {
            return Err(IndicatorError::Name(format!("{mark} is not allowed in a host name")));
        }
        check_label_count(host)?;
        fqdn(host)
    }

    /// Parses a value that is searched for in the data of records. There, `a\.b.example` is the mailbox a.b@example, whose
    /// first label contains a dot, and not a defanged host.
    ///
    /// # Errors
    /// [`IndicatorError`] if it is neither a name nor an address.
    pub fn parse_in_data(text: &str) -> Result<Self, IndicatorError> {
        if written::is_mailbox(text) { Err(IndicatorError::Mailbox) } else { Self::parse(text) }
    }

    /// Parses exactly the output of [`Display`](fmt::Display), which rows of the database and addresses of pages contain.
    ///
    /// # Errors
    /// [`IndicatorError`] if the text is not a host, or not in its canonical spelling.
    pub fn from_canonical(text: &str) -> Result<Self, IndicatorError> {
        let indicator = match text.parse::<IpAddr>() {
            Ok(address) => Self::from_address(address),
            Err(_) => fqdn(text)?,
        };
        if indicator.is_written(text) {
            Ok(indicator)
        } else {
            Err(IndicatorError::Name(format!("it is written {indicator} here")))
        }
    }

    /// Parses a value that may be in the library already: as a canonical spelling, whatever it looks like, and otherwise with
    /// [`Self::parse`].
    ///
    /// # Errors
    /// [`IndicatorError`] if it is neither.
    pub fn existing(text: &str) -> Result<Self, IndicatorError> {
        Self::from_canonical(text.trim()).or_else(|_| Self::parse(text))
    }

    /// An address; an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2) becomes the IPv4 address.
    pub fn from_address(address: IpAddr) -> Self {
        Self(Host::Address(address.to_canonical()))
    }

    /// The indicator for a name in a record, if it can be a host. The same rules apply as if a user had entered it, with its
    /// final dot if it has only one label, so that a record never adds what a user cannot: the root, wildcards, hashes, AS
    /// numbers, file names and everything else that [`Self::parse`] refuses.
    pub fn from_name(name: Name) -> Option<Self> {
        check_host(&name).ok()?;
        let is_plain = is_plain_host(&name);
        let indicator = Self(Host::Name(name));
        (is_plain || Self::parse(&indicator.as_typed()).as_ref() == Ok(&indicator)).then_some(indicator)
    }

    /// The other kind of value that a name looks like, if any.
    pub(crate) fn other_kind(name: &Name) -> Option<Other> {
        match Self::parse(&Self(Host::Name(name.clone())).as_typed()) {
            Err(IndicatorError::Other(other)) if !is_plain_host(name) => Some(other),
            _ => None,
        }
    }

    /// The name or the address.
    pub const fn host(&self) -> &Host {
        &self.0
    }

    /// Its type.
    pub const fn kind(&self) -> IndicatorType {
        match self.0 {
            Host::Name(_) => IndicatorType::Fqdn,
            Host::Address(IpAddr::V4(_)) => IndicatorType::IpAddress,
            Host::Address(IpAddr::V6(_)) => IndicatorType::Ipv6Address,
        }
    }

    /// The readable form, if the name has an internationalised one that is safe to show.
    pub fn unicode(&self) -> Option<String> {
        match &self.0 {
            Host::Name(name) => crate::idn::unicode(name),
            Host::Address(_) => None,
        }
    }

    /// The text that [`Self::parse`] accepts for it: the displayed form, with the final dot after a single label.
    pub fn as_typed(&self) -> String {
        match &self.0 {
            Host::Name(name) if name.labels().count() == 1 => format!("{name}."),
            host => host.to_string(),
        }
    }

    /// The host that a record is about: its owner, or the address of a reverse name; `None` for the root, wildcards and
    /// everything else that [`Self::parse`] would refuse.
    pub fn of_owner(record: &Record) -> Option<Self> {
        let owner = &record.rrname;
        match reverse_address(owner) {
            Some(address) => Some(Self::from_address(address)),
            None => Self::from_name(owner.clone()),
        }
    }

    /// The host in a record's data; `None` if [`Self::parse`] would refuse it.
    pub fn of_target(rdata: &Rdata, rrtype: RrType) -> Option<Self> {
        match rdata.target(rrtype)? {
            cof::Target::Address(address) => Some(Self::from_address(address)),
            cof::Target::Name(name) => Self::from_name(name.to_name()),
        }
    }

    fn is_written(&self, text: &str) -> bool {
        self.to_string() == text
    }
}

impl Host {
    /// The same as what a record's data points to, for whoever takes both.
    pub fn as_target(&self) -> Target<'_> {
        match self {
            Self::Name(name) => Target::Name(name.as_ref()),
            Self::Address(address) => Target::Address(*address),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Address(address) => address.fmt(f),
        }
    }
}

impl fmt::Display for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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

/// Undoes defanging, and removes quotation marks and a scheme. The result need not be a host.
pub fn refang(text: &str) -> String {
    let clean = written::clean(text);
    let (rest, in_url) = host::after_schemes(&clean);
    if in_url { rest.to_owned() } else { clean }
}

/// Whether a text is a plain name, as nearly all are: nothing else has this form.
fn is_plain_name(text: &str) -> bool {
    let Some((before, last)) = text.rsplit_once('.') else { return false };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    last.len() > 1
        && !before.is_empty()
        && last.bytes().all(|byte| byte.is_ascii_alphabetic())
        && before.bytes().all(is_plain)
        && !before.starts_with('.')
        && Other::of_ending(last).is_none()
        // Excludes versions (`1.2.3-beta` has no such last label, but `1.0.rc` does).
        && before.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether a name is clearly that of a host, as nearly all are, so that no pattern has to be tried: it has the same form as in
/// [`is_plain_name`], or is below an internationalised top-level domain.
fn is_plain_host(name: &Name) -> bool {
    let (Some(first), Some(last)) = (name.labels().next(), name.labels().last()) else { return false };
    let is_idn = last.starts_with(b"xn--");
    name.labels().count() > 1
        && last.len() > 1
        && (is_idn || last.iter().all(u8::is_ascii_alphabetic))
        && first.iter().any(u8::is_ascii_alphabetic)
        && std::str::from_utf8(last).is_ok_and(|last| Other::of_ending(last).is_none())
}

fn not_an_address() -> IndicatorError {
    IndicatorError::Name("it ends in a number like an address, but is not one".to_owned())
}

/// A single label is only a host if it has its final dot.
fn check_label_count(host: &str) -> Result<(), IndicatorError> {
    let (label, is_absolute) = host.strip_suffix('.').map_or((host, false), |label| (label, true));
    if label.contains('.') {
        return Ok(());
    }
    Err(match Other::of(label) {
        Some(other) => other.into(),
        None if is_absolute => return Ok(()),
        None if host == "*" => IndicatorError::Wildcard,
        None if host::is_scheme(host) => IndicatorError::Scheme,
        None => IndicatorError::Word,
    })
}

fn fqdn(host: &str) -> Result<Indicator, IndicatorError> {
    let name = Name::parse(host).map_err(|error| IndicatorError::Name(error.to_string()))?;
    check_host(&name)?;
    Ok(Indicator(Host::Name(name)))
}

/// Whether a name can be an indicator: a host name, also with underscores.
fn check_host(name: &Name) -> Result<(), IndicatorError> {
    let refuse = |why: &str| Err(IndicatorError::Name(why.to_owned()));
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if let Some(octet) = name.labels().flatten().find(|octet| !allowed(octet)) {
        if *octet == b'*' {
            return Err(IndicatorError::Wildcard);
        }
        return refuse(&format!("{:?} is not allowed in a host name", char::from(*octet)));
    }
    match name.labels().last() {
        None => refuse("the root is not an indicator"),
        Some(last) if last.iter().all(u8::is_ascii_digit) => Err(not_an_address()),
        Some(last) if last.starts_with(b"-") || last.ends_with(b"-") => {
            refuse("no top-level domain begins or ends with a hyphen")
        }
        Some(_) => Ok(()),
    }
}

/// The address of a name below in-addr.arpa or ip6.arpa.
fn reverse_address(name: &Name) -> Option<IpAddr> {
    // A fast check, because hardly any name is a reverse name.
    if !name.as_wire().ends_with(b"\x04arpa\0") {
        return None;
    }
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
    use proptest::prelude::*;

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
            ("“c2.example”:443", "c2.example", "FQDN"),
            ("«192.0.2.9»:443", "192.0.2.9", "IP Address"),
            ("“c2.example”/x", "c2.example", "FQDN"),
            ("http://“c2.example”/x", "c2.example", "FQDN"),
            ("http[.]//c2[.]example", "c2.example", "FQDN"),
            ("a–b.example", "a-b.example", "FQDN"),
        ] {
            let indicator = Indicator::parse(pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
            assert_eq!((indicator.to_string().as_str(), indicator.kind().name()), (value, kind), "{pasted}");
        }
    }

    #[test]
    fn what_is_no_indicator_is_refused_with_the_reason() {
        use IndicatorError as E;
        for (pasted, error) in [
            ("  ", E::Empty),
            ("http://", E::Scheme),
            ("https//", E::Scheme),
            ("ldap", E::Scheme),
            ("h**ps", E::Scheme),
            ("192.0.2.0/24", E::Network),
            ("user@example.com", E::Email),
            ("44d88612fea8a8f36de82e1278abb02f", E::Other(Other::Md5)),
            ("44d88612fea8a8f36de82e1278abb02f.", E::Other(Other::Md5)),
            ("http://22813a7723dbdceb828c0263431465e3698aa0fc/x", E::Other(Other::Sha1)),
            ("sha1:22813a7723dbdceb828c0263431465e3698aa0fc", E::Other(Other::Sha1)),
            ("file hash: 22813a7723dbdceb828c0263431465e3698aa0fc", E::Several),
            ("“CVE-2024-1234”", E::Other(Other::Cve)),
            ("AS1234", E::Other(Other::AsNumber)),
            ("T1059.001", E::Other(Other::Attack)),
            ("invoice.pdf", E::Other(Other::FileName)),
            ("3232235777", E::Number(Ipv4Addr::new(192, 168, 1, 1))),
            ("http://0x7f000001/", E::Number(Ipv4Addr::LOCALHOST)),
            ("0300.0250.1.1:80", E::Number(Ipv4Addr::new(192, 168, 1, 1))),
            ("127.1", E::Number(Ipv4Addr::LOCALHOST)),
            ("localhost", E::Word),
            ("com", E::Word),
            ("high", E::Word),
            ("foo bar", E::Several),
            ("a.example, b.example", E::Several),
            ("a.example->192.0.2.5", E::Several),
            ("a.example=>192.0.2.5", E::Several),
            ("a.example→b.example", E::Several),
            ("CVE–2024–1234", E::Other(Other::Cve)),
            ("t13d1516h2_8daaf6152771_02713d6af862.", E::Other(Other::Ja4)),
            ("*.example.com", E::Wildcard),
        ] {
            assert_eq!(Indicator::parse(pasted), Err(error), "{pasted}");
        }
        for bad in [
            "123.321.156.90",
            "a.example-",
            "a“b”.example",
            "a.‹b",
            "..",
            ".",
            "a..b",
            "ex\u{1b}ample.com",
            "a%2f.com",
            "\u{202e}moc.elpmaxe",
        ] {
            assert!(matches!(Indicator::parse(bad), Err(E::Name(_))), "{bad}: {:?}", Indicator::parse(bad));
        }
    }

    #[test]
    fn a_top_level_domain_is_typed_with_its_dot() {
        let com = Indicator::parse("COM.").unwrap();
        assert_eq!((com.to_string().as_str(), com.as_typed().as_str()), ("com", "com."));
        let name = Indicator::parse("a.com.").unwrap();
        assert_eq!((name.to_string().as_str(), name.as_typed().as_str()), ("a.com", "a.com"));
    }

    #[test]
    fn what_we_wrote_is_read_back_and_nothing_else() {
        for kept in
            ["a.example", "com", "ldap", "44d88612fea8a8f36de82e1278abb02f", "192.0.2.1", "2001:db8::1"]
        {
            assert_eq!(Indicator::from_canonical(kept).map(|one| one.to_string()), Ok(kept.to_owned()));
            assert_eq!(Indicator::existing(kept).map(|one| one.to_string()), Ok(kept.to_owned()));
        }
        for other in [
            "A.example",
            "a.example.",
            "::ffff:192.0.2.1",
            "2001:DB8::1",
            "bücher.example",
            " a.example",
            "*.a",
            "",
            ".",
        ] {
            assert!(Indicator::from_canonical(other).is_err(), "{other}");
        }
        assert_eq!(Indicator::existing("hxxp://A[.]example/").unwrap().to_string(), "a.example");
    }

    #[test]
    fn an_address_has_one_family() {
        let mapped = Rdata::parse(RrType::AAAA, "::ffff:198.51.100.9");
        let target = Indicator::of_target(&mapped, RrType::AAAA).unwrap();
        assert_eq!(target, Indicator::parse("::ffff:198.51.100.9").unwrap());
        assert_eq!((target.kind(), target.to_string().as_str()), (IndicatorType::IpAddress, "198.51.100.9"));
        assert_eq!(Indicator::from_address("::ffff:198.51.100.9".parse().unwrap()), target);
    }

    #[test]
    fn what_is_refused_when_typed_is_refused_in_a_record() {
        let target = |text: &str| Indicator::of_target(&Rdata::parse(RrType::CNAME, text), RrType::CNAME);
        let owner = |text: &str| {
            let rdata = Rdata::parse(RrType::A, "192.0.2.1");
            Indicator::of_owner(&Record::new(Name::parse(text).unwrap(), RrType::A, rdata))
        };
        for text in [
            "44d88612fea8a8f36de82e1278abb02f",
            "CVE-2024-1234",
            "AS64496",
            "T1059",
            "a.exe",
            "invoice.pdf",
            "00-00-5E-00-53-01",
            "2024-01-01",
            "0x7f.0x1",
            "1.2.0x3",
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        ] {
            assert!(Indicator::parse(text).is_err(), "{text}");
            assert_eq!((target(text), owner(text)), (None, None), "{text}");
        }
        for text in
            ["a.example", "xn--e1aybc.xn--p1ai", "com", "localhost", "1.example", "_dmarc.a.example", "x.y"]
        {
            let name = Indicator::from_canonical(text).ok();
            assert!(name.is_some(), "{text}");
            assert_eq!((target(text), owner(text)), (name.clone(), name), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_indicator_is_canonical_and_can_be_typed(text in "(hxxp://|ldap:)?[a-zA-Z0-9._\\[\\]:/-]{0,40}") {
            if let Ok(indicator) = Indicator::parse(&text) {
                prop_assert_eq!(Indicator::from_canonical(&indicator.to_string()), Ok(indicator.clone()));
                prop_assert_eq!(Indicator::parse(&indicator.as_typed()), Ok(indicator));
            }
        }

        #[test]
        fn a_record_brings_in_nothing_that_nobody_could_type(
            text in "(CVE-[0-9]{4}-[0-9]{4}|[0-9a-f]{32}|AS[0-9]{1,5}|[a-z0-9_-]{1,12}|(0x)?[0-9a-f]{1,8})(\\.[a-z0-9-]{1,4}){0,4}"
        ) {
            let Ok(name) = Name::parse(&text) else { return Ok(()) };
            if let Some(indicator) = Indicator::from_name(name) {
                prop_assert_eq!(Indicator::parse(&indicator.as_typed()), Ok(indicator));
            }
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = (Indicator::parse(&text), Indicator::existing(&text), refang(&text));
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

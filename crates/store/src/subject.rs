//! The subject of a query, and how people write it.
//!
//! [`Subject::parse`] reads untrusted text; a [`QuestionError`] says what is wrong with it, and lists the accepted forms with
//! examples.

use std::net::IpAddr;

use cof::{Name, NameError};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// What to look for.
///
/// Data matches by each of [`cof::Rdata::targets`]: the address of an A or AAAA record, the name in an NS, CNAME, DNAME, PTR,
/// MX, SRV, SVCB or HTTPS record, both names in an SOA or RP, and so on. A record with several matching names is one row, at the
/// position of the first of them. An IPv4 address, network or range also matches its IPv4-mapped IPv6 form, and the reverse;
/// IPv4 matches come first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Subject {
    /// Records whose data is this address.
    Address(IpAddr),
    /// Records of this name.
    Name(Name),
    /// All records of every name that has an A or AAAA record with this address, which is CIRCL's answer for an address.
    ///
    /// Fences first select the matching address records, and then filter all rows of the answer; types only filter the rows of
    /// the answer. In key order, rows are ordered by owner.
    NamesOn(IpAddr),
    /// Records whose data is an address of this network: an address, and how many of its leading bits count.
    ///
    /// The other bits are ignored; a length above that of the address selects only the address.
    Network(IpAddr, u8),
    /// Records whose data is an address from the first to the last, both included.
    ///
    /// Matches nothing if the two are from different families or in the wrong order.
    Range(IpAddr, IpAddr),
    /// Records with this name in their data.
    RdataName(Name),
    /// Records with this name, or one below it, in their data.
    RdataSuffix(Name),
    /// Records of this name and of every name below it.
    Suffix(Name),
}

/// The text is not a valid query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; {ACCEPTED}", ACCEPTED = Self::ACCEPTED)]
pub struct QuestionError(#[source] pub QuestionFault);

/// What is wrong with the text of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionFault {
    /// It looks like an IPv4 address but is not one.
    #[error("not an IPv4 address: four numbers from 0 to 255")]
    Address,
    /// A character that must be escaped in a name.
    #[error("{0:?} must be escaped in a name, as \\{code:03}", code = u32::from(*.0))]
    Character(char),
    /// The text is empty.
    #[error("empty query")]
    Empty,
    /// An AS number, a CVE number or a hash, which passive DNS does not have.
    #[error("this is {0}; passive DNS has only names and addresses")]
    Kind(&'static str),
    /// Not a domain name.
    #[error("not a domain name: {0}")]
    Name(#[from] NameError),
    /// A network whose prefix length is invalid.
    #[error("not a network: the prefix length must be 0 to 32 for IPv4, 0 to 128 for IPv6")]
    Network,
    /// A range that is not two addresses of one family in ascending order.
    #[error("not a range: two addresses of one family, the lower one first")]
    Range,
    /// An asterisk that is not a whole label at the beginning.
    #[error(
        "an asterisk is only allowed at the beginning, for all names below one: *.example.com (write a literal asterisk as \\*)"
    )]
    Wildcard,
}

impl QuestionError {
    /// The forms that [`Subject::parse`] reads, with examples.
    pub const ACCEPTED: &str = "query a name (www.example.com), all names below one (*.example.com), \
        an address (192.0.2.1 or 2001:db8::1), a network (192.0.2.0/24 or 2001:db8::/32), \
        a range (192.0.2.1-192.0.2.9), or names in the data (rdata:ns1.example.com, rdata:*.example.com)";
}

impl Subject {
    /// Parses the text of a query; surrounding spaces and slashes are ignored.
    ///
    /// Text that no record can match is refused, because an empty answer would look as if there were no records.
    ///
    /// * `www.example.com`: a name, in any case, with or without its final dot, escaped or Unicode;
    /// * `*.example.com`: a suffix; a name that begins with an asterisk is written `\*.example.com`;
    /// * `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: an address, never expanded to [`Subject::NamesOn`] here;
    /// * `192.0.2.0/24`, `192.0.2.0,24` as dnsdbq sends it, and `192.0.2.*`: a network;
    /// * `192.0.2.1-192.0.2.9`: a range, both ends included;
    /// * `rdata:` before a name, suffix or any of the above: search the data of records.
    ///
    /// # Errors
    /// [`QuestionError`], which lists what is accepted.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '/');
        let subject = match text.split_at_checked(6) {
            Some((tag, rest)) if tag.eq_ignore_ascii_case("rdata:") => parse_rdata(rest.trim_start()),
            _ => parse_any(text),
        };
        subject.map_err(QuestionError)
    }

    /// Checks that a record can have this name, so that a typing mistake is not answered with an empty answer.
    ///
    /// It refuses unescaped spaces, asterisks, and characters of URLs, email addresses, lists and defanged names. A slash is
    /// accepted in a label before any host name, as in `0/25.2.0.192.in-addr.arpa`, and refused after one
    /// (`www.example.com/path`).
    ///
    /// # Errors
    /// [`QuestionFault`].
    pub fn check_name(text: &str) -> Result<(), QuestionFault> {
        let mut escaped = false;
        for (at, character) in text.char_indices() {
            let slip = match character {
                '*' if !escaped => return Err(QuestionFault::Wildcard),
                '%' => is_escape(text.get(at + 1..).unwrap_or_default()),
                '/' => is_path(text, at),
                other => {
                    other.is_control() || other.is_whitespace() || SLIPS.contains(other) || is_around(other)
                }
            };
            if slip && !escaped {
                return Err(QuestionFault::Character(character));
            }
            escaped = character == '\\' && !escaped;
        }
        kind(text).map_or(Ok(()), |kind| Err(QuestionFault::Kind(kind)))
    }

    /// Whether the last label is a number, as in an address and never in a name.
    pub fn is_number(text: &str) -> bool {
        let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
        !last.is_empty() && last.bytes().all(|octet| octet.is_ascii_digit())
    }
}

/// Characters that a name only contains escaped, but that people often paste with one.
const SLIPS: &str = ":,;\"'`@[]<>(){}|?#";

/// Whether this is a quotation mark or bracket of any script, which may surround a value, but is not part of a name.
fn is_around(character: char) -> bool {
    use GeneralCategory::{ClosePunctuation, FinalPunctuation, InitialPunctuation, OpenPunctuation};
    !character.is_ascii()
        && matches!(
            character.general_category(),
            ClosePunctuation | FinalPunctuation | InitialPunctuation | OpenPunctuation
        )
}

/// Whether two hexadecimal digits follow a percent sign.
fn is_escape(rest: &str) -> bool {
    rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a host name, or a scheme (`http.//www.example.com`), ends before the slash at this position.
fn is_path(text: &str, at: usize) -> bool {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    if before.is_empty() || before.ends_with('.') || after.starts_with('/') {
        return true;
    }
    let host = before.rsplit_once('.').is_some_and(|(_, last)| last.contains(|c: char| c.is_alphabetic()));
    host || !after.contains('.')
}

/// Recognises a single label that people paste but that is not a name.
fn kind(text: &str) -> Option<&'static str> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.contains('.') {
        return None;
    }
    let digits = |rest: &str| !rest.is_empty() && rest.bytes().all(|octet| octet.is_ascii_digit());
    let lower = text.to_ascii_lowercase();
    if lower.strip_prefix("as").is_some_and(digits) {
        return Some("the number of an autonomous system");
    }
    if lower
        .strip_prefix("cve-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(a, b)| digits(a) && digits(b))
    {
        return Some("the number of a vulnerability");
    }
    if !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    match text.len() {
        32 => Some("an MD5 hash"),
        40 => Some("a SHA-1 hash"),
        56 => Some("a SHA-224 hash"),
        64 => Some("a SHA-256 hash"),
        96 => Some("a SHA-384 hash"),
        128 => Some("a SHA-512 hash"),
        _ => None,
    }
}

fn parse_rdata(text: &str) -> Result<Subject, QuestionFault> {
    Ok(match parse_any(text)? {
        Subject::Name(name) => Subject::RdataName(name),
        Subject::Suffix(name) => Subject::RdataSuffix(name),
        subject => subject,
    })
}

fn parse_any(text: &str) -> Result<Subject, QuestionFault> {
    if text.is_empty() {
        return Err(QuestionFault::Empty);
    }
    if let Some(name) = text.strip_prefix("*.") {
        return match name {
            "" => Ok(Subject::Suffix(Name::root())),
            "." => Err(NameError::EmptyLabel.into()),
            name => parse_name(name).map(Subject::Suffix),
        };
    }
    match parse_addresses(text)? {
        Some(subject) => Ok(subject),
        None => parse_name(text).map(Subject::Name),
    }
}

/// Parses everything that begins with an address; `None` if the text does not.
fn parse_addresses(text: &str) -> Result<Option<Subject>, QuestionFault> {
    if let Some(address) = parse_address(text) {
        return Ok(Some(Subject::Address(address)));
    }
    if let Some(network) = parse_octets(text) {
        return Ok(Some(network));
    }
    let Some((head, tail, separator)) = split_address(text) else { return Ok(None) };
    if is_rest_of_name(head, tail, separator) {
        return Ok(None);
    }
    if separator == '-' {
        let last = parse_address(tail).ok_or(QuestionFault::Range)?;
        if head.is_ipv4() != last.is_ipv4() || head > last {
            return Err(QuestionFault::Range);
        }
        return Ok(Some(Subject::Range(head, last)));
    }
    let most = if head.is_ipv4() { 32 } else { 128 };
    let digits = !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit());
    let length = tail.parse().ok().filter(|length| digits && *length <= most);
    length.map(|length| Some(Subject::Network(head, length))).ok_or(QuestionFault::Network)
}

/// `192.0.2.*`, `10.*` or `10.*.*.*`: a network whose prefix consists of the numbers before the asterisks.
fn parse_octets(text: &str) -> Option<Subject> {
    let labels: Vec<&str> = text.split('.').collect();
    let known = labels.iter().take_while(|label| **label != "*").count();
    let stars = labels.get(known..)?;
    if !(1..=3).contains(&known)
        || labels.len() > 4
        || stars.is_empty()
        || stars.iter().any(|label| *label != "*")
    {
        return None;
    }
    let mut octets = [0; 4];
    for (octet, label) in octets.iter_mut().zip(labels.iter().take(known)) {
        *octet = label.parse().ok().filter(|_| label.bytes().all(|digit| digit.is_ascii_digit()))?;
    }
    Some(Subject::Network(IpAddr::from(octets), u8::try_from(known * 8).ok()?))
}

/// Whether a text that begins like a range or network is a name that begins with an address: `192.0.2.1-dyn.example.net`, or a
/// zone of RFC 2317 such as `192.0.2.0/25.in-addr.arpa`.
fn is_rest_of_name(head: IpAddr, tail: &str, separator: char) -> bool {
    let end = tail.strip_suffix('.').unwrap_or(tail);
    let last = end.rsplit_once('.').map(|(_, last)| last);
    let is_name = last.is_some_and(|last| last.bytes().any(|octet| octet.is_ascii_alphabetic()));
    let within = separator == '-' || end.to_ascii_lowercase().ends_with(".in-addr.arpa");
    head.is_ipv4() && separator != ',' && is_name && within
}

/// Splits a text into an address, the separator, and the rest.
fn split_address(text: &str) -> Option<(IpAddr, &str, char)> {
    let (at, separator) = text.char_indices().find(|(_, c)| matches!(c, '/' | ',' | '-'))?;
    let (head, tail) = text.split_at_checked(at)?;
    Some((parse_address(head)?, tail.get(1..)?.trim_start(), separator))
}

/// An address; an IPv6 address may be in brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// Parses a name, and refuses what is nearly always a mistake: a blank, the colon of a URL or port, numbers that are not an
/// address.
fn parse_name(text: &str) -> Result<Name, QuestionFault> {
    Subject::check_name(text)?;
    if Subject::is_number(text) {
        return Err(QuestionFault::Address);
    }
    Ok(Name::parse(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_is_read() {
        for (text, subject) in [
            ("www.Example.com.", Subject::Name(name("www.example.com"))),
            (" example.com ", Subject::Name(name("example.com"))),
            ("bücher.example", Subject::Name(name("xn--bcher-kva.example"))),
            (".", Subject::Name(Name::root())),
            (r"\*.example.com", Subject::Name(name(r"\*.example.com"))),
            (r"a\058b.example", Subject::Name(name(r"a\058b.example"))),
            (r"a\:b.example", Subject::Name(name(r"a\058b.example"))),
            ("0/26.2.0.192.in-addr.arpa", Subject::Name(name("0/26.2.0.192.in-addr.arpa"))),
            ("1.0/25.2.0.192.in-addr.arpa", Subject::Name(name("1.0/25.2.0.192.in-addr.arpa"))),
            ("192.0.2.0/25.in-addr.arpa", Subject::Name(name("192.0.2.0/25.in-addr.arpa"))),
            ("192.0.2.1-dyn.example.net", Subject::Name(name("192.0.2.1-dyn.example.net"))),
            ("//a.example", Subject::Name(name("a.example"))),
            ("a.example/", Subject::Name(name("a.example"))),
            (" /a.example// ", Subject::Name(name("a.example"))),
            ("/192.0.2.0/24/", Subject::Network(address("192.0.2.0"), 24)),
            ("192.0.2.*", Subject::Network(address("192.0.2.0"), 24)),
            ("10.*", Subject::Network(address("10.0.0.0"), 8)),
            ("10.1.*.*", Subject::Network(address("10.1.0.0"), 16)),
            ("com", Subject::Name(name("com"))),
            ("as64500.example", Subject::Name(name("as64500.example"))),
            (
                "d41d8cd98f00b204e9800998ecf8427e.example",
                Subject::Name(name("d41d8cd98f00b204e9800998ecf8427e.example")),
            ),
            ("1-2.example", Subject::Name(name("1-2.example"))),
            ("rdata.example", Subject::Name(name("rdata.example"))),
            ("*.example.com", Subject::Suffix(name("example.com"))),
            ("*.com.", Subject::Suffix(name("com"))),
            ("*.", Subject::Suffix(Name::root())),
            ("192.0.2.1", Subject::Address(address("192.0.2.1"))),
            ("2001:DB8::1", Subject::Address(address("2001:db8::1"))),
            ("[2001:db8::1]", Subject::Address(address("2001:db8::1"))),
            ("192.0.2.0/24", Subject::Network(address("192.0.2.0"), 24)),
            ("192.0.2.0,24", Subject::Network(address("192.0.2.0"), 24)),
            ("2001:db8::,32", Subject::Network(address("2001:db8::"), 32)),
            ("[2001:db8::]/128", Subject::Network(address("2001:db8::"), 128)),
            ("0.0.0.0/0", Subject::Network(address("0.0.0.0"), 0)),
            ("192.0.2.1-192.0.2.9", Subject::Range(address("192.0.2.1"), address("192.0.2.9"))),
            ("192.0.2.1 - 192.0.2.1", Subject::Range(address("192.0.2.1"), address("192.0.2.1"))),
            ("[2001:db8::1]-[2001:db8::2]", Subject::Range(address("2001:db8::1"), address("2001:db8::2"))),
            ("rdata:ns1.example.com", Subject::RdataName(name("ns1.example.com"))),
            ("RDATA:*.example.com", Subject::RdataSuffix(name("example.com"))),
            ("rdata:192.0.2.1", Subject::Address(address("192.0.2.1"))),
        ] {
            assert_eq!(Subject::parse(text), Ok(subject), "{text}");
        }
    }

    #[test]
    fn what_is_no_question_says_why_and_what_is_one() {
        for (text, fault) in [
            ("", QuestionFault::Empty),
            ("  ", QuestionFault::Empty),
            ("rdata:", QuestionFault::Empty),
            ("a..b", QuestionFault::Name(NameError::EmptyLabel)),
            ("http://www.example.com/x", QuestionFault::Character(':')),
            ("example.com:80", QuestionFault::Character(':')),
            ("2001:db8::xyz", QuestionFault::Character(':')),
            ("[192.0.2.1]", QuestionFault::Character('[')),
            ("two words", QuestionFault::Character(' ')),
            ("\u{201c}a.example\u{201d}", QuestionFault::Character('\u{201c}')),
            ("a.example\u{bb}", QuestionFault::Character('\u{bb}')),
            ("\u{300c}a.example\u{300d}", QuestionFault::Character('\u{300c}')),
            ("`a.example`", QuestionFault::Character('`')),
            ("two\u{a0}words", QuestionFault::Character('\u{a0}')),
            ("/", QuestionFault::Empty),
            ("a.example/path", QuestionFault::Character('/')),
            ("http.//a.example", QuestionFault::Character('/')),
            ("tcp//a.example", QuestionFault::Character('/')),
            ("www.example.com/path.html", QuestionFault::Character('/')),
            ("piping.*", QuestionFault::Wildcard),
            ("*", QuestionFault::Wildcard),
            ("*.*.x", QuestionFault::Wildcard),
            ("**.x", QuestionFault::Wildcard),
            ("foo*.example", QuestionFault::Wildcard),
            ("rdata:mx.*", QuestionFault::Wildcard),
            ("192.0.*.1", QuestionFault::Wildcard),
            ("300.*", QuestionFault::Wildcard),
            ("*..", QuestionFault::Name(NameError::EmptyLabel)),
            ("*..example", QuestionFault::Name(NameError::EmptyLabel)),
            (".example.com", QuestionFault::Name(NameError::EmptyLabel)),
            ("192.0.2", QuestionFault::Address),
            ("192.0.2.", QuestionFault::Address),
            ("10", QuestionFault::Address),
            ("1.2.3.4.5", QuestionFault::Address),
            ("*.0.2.1", QuestionFault::Address),
            ("a.example%20", QuestionFault::Character('%')),
            ("a.example?x=1", QuestionFault::Character('?')),
            ("a(.)example", QuestionFault::Character('(')),
            ("hxxp://a.example", QuestionFault::Character(':')),
            ("someone@a.example", QuestionFault::Character('@')),
            ("AS64500", QuestionFault::Kind("the number of an autonomous system")),
            ("CVE-2024-1234", QuestionFault::Kind("the number of a vulnerability")),
            ("d41d8cd98f00b204e9800998ecf8427e", QuestionFault::Kind("an MD5 hash")),
            (&"0a".repeat(20), QuestionFault::Kind("a SHA-1 hash")),
            (&"0a".repeat(32), QuestionFault::Kind("a SHA-256 hash")),
            ("a\u{1b}b", QuestionFault::Character('\u{1b}')),
            ("a.example,b.example", QuestionFault::Character(',')),
            ("123.321.156.90", QuestionFault::Address),
            ("1.2.3.4.", QuestionFault::Address),
            ("192.0.2.0/33", QuestionFault::Network),
            ("192.0.2.0/+8", QuestionFault::Network),
            ("192.0.2.0/255.255.255.0", QuestionFault::Network),
            ("2001:db8::/129", QuestionFault::Network),
            ("192.0.2.9-192.0.2.1", QuestionFault::Range),
            ("192.0.2.9-2001:db8::1", QuestionFault::Range),
            ("192.0.2.9-", QuestionFault::Range),
            ("192.0.2.9-12", QuestionFault::Range),
        ] {
            assert_eq!(Subject::parse(text), Err(QuestionError(fault)), "{text}");
        }
        let message = QuestionError(QuestionFault::Character(':')).to_string();
        assert!(
            message.starts_with(r"':' must be escaped in a name, as \058; query a name (www.example.com)"),
            "{message}"
        );
        assert!(!message.contains("  "), "{message}");
    }

    proptest! {
        #[test]
        fn names_that_are_printed_plainly_can_be_asked_for(labels in prop::collection::vec("[a-z_-]([a-z0-9_-]|\\\\[0-1][0-9]{2}){0,8}", 1..5)) {
            let wanted = name(&labels.join("."));
            let text = wanted.to_string();
            prop_assume!(!text.contains(SLIPS.chars().collect::<Vec<_>>().as_slice()) && !text.contains(['*', '%', '/']));
            prop_assume!(!Subject::is_number(&text) && kind(&text).is_none());
            prop_assert_eq!(Subject::parse(&text), Ok(Subject::Name(wanted)));
        }

        #[test]
        fn no_text_panics(text in ".{0,100}") {
            let _ = Subject::parse(&text);
        }
    }
}

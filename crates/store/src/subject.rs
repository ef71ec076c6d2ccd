//! What a question is about, and how people write it.
//!
//! [`Subject::parse`] reads text from strangers; a [`QuestionError`] says what is wrong with it and which forms there
//! are, with examples.

use std::net::IpAddr;

use cof::{Name, NameError};

/// What is looked for.
///
/// Data matches by each of [`cof::Rdata::targets`]: the address of an A or AAAA record, the name in an NS, CNAME, DNAME, PTR,
/// MX, SRV, SVCB or HTTPS record, both names in an SOA or RP, and so on. A record with several names that match is one row; it stands
/// where the first of them does. An IPv4 address and its IPv4-mapped IPv6 address are two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Records whose data is this address.
    Address(IpAddr),
    /// Records of this name.
    Name(Name),
    /// What CIRCL answers to an address: all records of every name that has a matching address record (A or AAAA) with it.
    ///
    /// Fences choose the matching address records first and then filter what is sent, these included; types filter only
    /// what is sent. In key order by owner.
    NamesOn(IpAddr),
    /// Records whose data is an address of this network: an address, and how many of its leading bits count.
    ///
    /// The other bits do not matter; a length beyond the address's own is the address alone.
    Network(IpAddr, u8),
    /// Records whose data is an address from the first to the last, both included.
    ///
    /// Nothing when the two are of two families or in the wrong order.
    Range(IpAddr, IpAddr),
    /// Records whose data names this name.
    RdataName(Name),
    /// Records whose data names this name or one below it.
    RdataSuffix(Name),
    /// Records of this name and of every name below it.
    Suffix(Name),
}

/// The text asks nothing that can be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; {ACCEPTED}", ACCEPTED = Self::ACCEPTED)]
pub struct QuestionError(#[source] pub QuestionFault);

/// What is wrong with the text of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuestionFault {
    /// It looks like an IPv4 address and is none.
    #[error("not an IPv4 address: four numbers from 0 to 255")]
    Address,
    /// A character that a name has only escaped.
    #[error("a name has {0:?} only escaped, as \\{code:03}", code = u32::from(*.0))]
    Character(char),
    /// Nothing is asked.
    #[error("nothing asked")]
    Empty,
    /// Not a domain name.
    #[error("not a domain name: {0}")]
    Name(#[from] NameError),
    /// A network without a length that its address can have.
    #[error("not a network: the length is 0 to 32 for IPv4, 0 to 128 for IPv6")]
    Network,
    /// A range whose ends are not two addresses of one family in order.
    #[error("not a range: two addresses of one family, the lower one first")]
    Range,
}

impl QuestionError {
    /// The forms that [`Subject::parse`] reads, with examples.
    pub const ACCEPTED: &str = "ask for a name (www.example.com), all names below one (*.example.com), \
        an address (192.0.2.1 or 2001:db8::1), a network (192.0.2.0/24 or 2001:db8::/32), \
        a range (192.0.2.1-192.0.2.9), or names in the data (rdata:ns1.example.com, rdata:*.example.com)";
}

impl Subject {
    /// Reads what a person or a client asks; blanks around it do not matter.
    ///
    /// * `www.example.com`: a name, in any case, with or without its final dot, escaped or Unicode;
    /// * `*.example.com`: a suffix; a name that begins with an asterisk is written `\*.example.com`;
    /// * `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`: an address, never expanded to [`Subject::NamesOn`] here;
    /// * `192.0.2.0/24`, and `192.0.2.0,24` as dnsdbq sends it: a network;
    /// * `192.0.2.1-192.0.2.9`: a range, both ends included;
    /// * `rdata:` before a name, suffix or any of the above: what stands at the right.
    ///
    /// # Errors
    /// [`QuestionError`], which says what would have been accepted.
    pub fn parse(text: &str) -> Result<Self, QuestionError> {
        let text = text.trim();
        let subject = match text.split_at_checked(6) {
            Some((tag, rest)) if tag.eq_ignore_ascii_case("rdata:") => parse_rdata(rest.trim_start()),
            _ => parse_any(text),
        };
        subject.map_err(QuestionError)
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
        return parse_name(if name.is_empty() { "." } else { name }).map(Subject::Suffix);
    }
    match parse_addresses(text)? {
        Some(subject) => Ok(subject),
        None => parse_name(text).map(Subject::Name),
    }
}

/// Everything that begins with an address; `None` when the text does not.
fn parse_addresses(text: &str) -> Result<Option<Subject>, QuestionFault> {
    if let Some(address) = parse_address(text) {
        return Ok(Some(Subject::Address(address)));
    }
    let Some((head, tail, separator)) = split_address(text) else { return Ok(None) };
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

/// An address, what follows it, and the separator between them.
fn split_address(text: &str) -> Option<(IpAddr, &str, char)> {
    let (at, separator) = text.char_indices().find(|(_, c)| matches!(c, '/' | ',' | '-'))?;
    let (head, tail) = text.split_at_checked(at)?;
    Some((parse_address(head)?, tail.get(1..)?.trim_start(), separator))
}

/// An address, with or without brackets if it is of IPv6.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// A name, without what is nearly always a slip: a blank, the colon of a URL or port, four numbers that are no address.
fn parse_name(text: &str) -> Result<Name, QuestionFault> {
    let mut escaped = false;
    for character in text.chars() {
        let slip = character.is_ascii_control()
            || matches!(character, ' ' | ':' | ',' | '"' | '@' | '[' | ']' | '<' | '>');
        if slip && !escaped {
            return Err(QuestionFault::Character(character));
        }
        escaped = character == '\\' && !escaped;
    }
    let labels = || text.strip_suffix('.').unwrap_or(text).split('.');
    if labels().count() == 4
        && labels().all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()))
    {
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
            ("a\u{1b}b", QuestionFault::Character('\u{1b}')),
            ("a.example,b.example", QuestionFault::Character(',')),
            ("123.321.156.90", QuestionFault::Address),
            ("1.2.3.4.", QuestionFault::Address),
            ("192.0.2.0/33", QuestionFault::Network),
            ("192.0.2.0/", QuestionFault::Network),
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
            message.starts_with(r"a name has ':' only escaped, as \058; ask for a name (www.example.com)"),
            "{message}"
        );
        assert!(!message.contains("  "), "{message}");
    }

    proptest! {
        #[test]
        fn names_that_are_printed_plainly_can_be_asked_for(labels in prop::collection::vec("[a-z_-]([a-z0-9_-]|\\\\[0-1][0-9]{2}){0,8}", 1..5)) {
            let wanted = name(&labels.join("."));
            let text = wanted.to_string();
            prop_assume!(!text.contains([':', ',', '<', '>', '[', ']']));
            prop_assert_eq!(Subject::parse(&text), Ok(Subject::Name(wanted)));
        }

        #[test]
        fn no_text_panics(text in ".{0,100}") {
            let _ = Subject::parse(&text);
        }
    }
}

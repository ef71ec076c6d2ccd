//! Parses the path of a request into a [`Call`], without side effects.
//!
//! The path is first split at its slashes, and each part is percent-decoded once, so a slash within a name or pattern is
//! written `%2F`. An empty part in place of a type or bailiwick counts as none: clients send it as `NAME/` and
//! `NAME//BAILIWICK`. A path that is not served is 404, a served one in a wrong form is 400.
//!
//! Paths without `/dnsdb/v2` are those of version 1, which passivedns-client, Cortex and `dnsdbq -u dnsdb1` still use.

use cof::RrType;
use store::Subject;

use super::pattern::Pattern;
use super::refusal::Refusal;
use crate::texts::{Syntax, cannot_match_a_name};
use crate::value;

/// The prefix of the paths of version 2.
const PREFIX: &str = "/dnsdb/v2/";

/// The version of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Bare objects, one per line; 404 if nothing was found; in a search by data, the data is a string.
    One,
    /// Framed objects, with a last line that states how the answer ended; data is always an array.
    Two,
}

/// The requested call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Ping,
    RateLimit,
    Search { verb: Verb, wanted: Wanted, types: Option<Types> },
}

/// What a search returns for the matching records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// The names or data that match a pattern, each once.
    Flex,
    /// Each record as an object.
    Lookup,
    /// One object for all records.
    Summarize,
}

/// The requested records.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Records with addresses in their data.
    Addresses(Subject),
    /// Records with exactly these bytes as data.
    Octets(Vec<u8>),
    Owner {
        name: Pattern,
        bailiwick: Option<Pattern>,
    },
    /// Records with a name in their data.
    Target(Pattern),
    Text {
        side: Side,
        syntax: Syntax,
        pattern: String,
    },
}

/// The part of a record that a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Rdata,
    Rrnames,
}

/// The requested types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Types {
    /// `ANY`: all types except those of DNSSEC.
    Any,
    /// `ANY-DNSSEC`: only the types of DNSSEC.
    Dnssec,
    One(RrType),
}

/// The types that `ANY` excludes.
const DNSSEC: [RrType; 10] = [
    RrType::DS,
    RrType::RRSIG,
    RrType::NSEC,
    RrType::DNSKEY,
    RrType::NSEC3,
    RrType::NSEC3PARAM,
    RrType::DLV,
    RrType::CDS,
    RrType::CDNSKEY,
    RrType::TA,
];

impl Types {
    /// Parses a mnemonic, `TYPEn`, `ANY` or `ANY-DNSSEC`, in any case; any other word is a type of its own.
    ///
    /// # Errors
    /// 400.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text.eq_ignore_ascii_case("ANY") {
            return Ok(Self::Any);
        }
        if text.eq_ignore_ascii_case("ANY-DNSSEC") {
            return Ok(Self::Dnssec);
        }
        // Records may have a word that is not in the registry (`ALIAS`), and are found by it.
        let refusal =
            || Refusal::bad_request("the type: takes a mnemonic such as A or MX, TYPEn, ANY or ANY-DNSSEC");
        RrType::parse(text).map(Self::One).map_err(|_| refusal())
    }

    /// The type, if only one is requested.
    pub(super) fn one(self) -> Option<RrType> {
        if let Self::One(rrtype) = self { Some(rrtype) } else { None }
    }

    pub(super) fn admit(self, rrtype: RrType) -> bool {
        match self {
            Self::Any => !DNSSEC.contains(&rrtype),
            Self::Dnssec => DNSSEC.contains(&rrtype),
            Self::One(wanted) => rrtype == wanted,
        }
    }
}

impl Call {
    /// Parses a path.
    ///
    /// # Errors
    /// 400 or 404.
    pub(super) fn of(path: &str) -> Result<Self, Refusal> {
        let Some(path) = path.strip_prefix(PREFIX) else { return Self::of_version_1(path) };
        let parts: Vec<String> = path.split('/').map(value::decode).collect::<Result<_, _>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match *parts.as_slice() {
            ["ping"] => Ok(Self::Ping),
            ["rate_limit"] => Ok(Self::RateLimit),
            ["lookup", ref rest @ ..] => search(Verb::Lookup, rest),
            ["summarize", ref rest @ ..] => search(Verb::Summarize, rest),
            ["glob", ref rest @ ..] => flex(Syntax::Glob, rest),
            ["regex", ref rest @ ..] => flex(Syntax::Regex, rest),
            _ => Err(Refusal::not_found()),
        }
    }

    /// Parses a path of version 1: `dnsdbq -u dnsdb1` requests `/lookup/rate_limit`, other clients `/rate_limit`.
    fn of_version_1(path: &str) -> Result<Self, Refusal> {
        let parts: Vec<String> = path.split('/').skip(1).map(value::decode).collect::<Result<_, _>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match *parts.as_slice() {
            ["lookup", "ping"] => Ok(Self::Ping),
            ["rate_limit"] | ["lookup", "rate_limit"] => Ok(Self::RateLimit),
            ["lookup", ref rest @ ..] => search(Verb::Lookup, rest),
            ["summarize", ref rest @ ..] => search(Verb::Summarize, rest),
            _ => Err(Refusal::not_found()),
        }
    }
}

impl Version {
    /// The version of a path.
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/dnsdb/") { Self::Two } else { Self::One }
    }
}

/// The text of an optional part of the path.
fn given<'a>(part: Option<&&'a str>) -> Option<&'a str> {
    part.copied().filter(|text| !text.is_empty())
}

fn search(verb: Verb, parts: &[&str]) -> Result<Call, Refusal> {
    let (wanted, types) = match *parts {
        ["rrset", "name", owner, ref rest @ ..] if rest.len() <= 2 => {
            let bailiwick = given(rest.get(1)).map(Pattern::parse).transpose()?;
            (Wanted::Owner { name: Pattern::parse(owner)?, bailiwick }, rest.first())
        }
        ["rrset", "raw", octets, ref rest @ ..] if rest.len() <= 1 => {
            let name = Pattern::from_wire(&hexadecimal(octets)?)?;
            (Wanted::Owner { name, bailiwick: None }, rest.first())
        }
        ["rdata", "name", name, ref rest @ ..] if rest.len() <= 1 => {
            (Wanted::Target(Pattern::parse(name)?), rest.first())
        }
        ["rdata", "ip", addresses, ref rest @ ..] if rest.len() <= 1 => {
            (Wanted::Addresses(self::addresses(addresses)?), rest.first())
        }
        ["rdata", "raw", octets, ref rest @ ..] if rest.len() <= 1 => {
            (Wanted::Octets(hexadecimal(octets)?), rest.first())
        }
        _ => return Err(Refusal::bad_request(SEARCHES)),
    };
    let types = given(types).map(Types::parse).transpose()?;
    Ok(Call::Search { verb, wanted, types })
}

const SEARCHES: &str = "the path: takes rrset/name/OWNER[/RRTYPE[/BAILIWICK]], rrset/raw/HEX[/RRTYPE], \
                        rdata/name/NAME[/RRTYPE], rdata/ip/ADDRESS[/RRTYPE] or rdata/raw/HEX[/RRTYPE] here";

fn flex(syntax: Syntax, parts: &[&str]) -> Result<Call, Refusal> {
    let (side, pattern, rest) = match *parts {
        ["rrnames", pattern, ref rest @ ..] if rest.len() <= 1 => (Side::Rrnames, pattern, rest),
        ["rdata", pattern, ref rest @ ..] if rest.len() <= 1 => (Side::Rdata, pattern, rest),
        _ => {
            return Err(Refusal::bad_request(
                "the path: takes rrnames/PATTERN[/RRTYPE] or rdata/PATTERN[/RRTYPE] here",
            ));
        }
    };
    if pattern.is_empty() {
        return Err(Refusal::bad_request("the pattern: is empty"));
    }
    if side == Side::Rrnames && cannot_match_a_name(syntax, pattern) {
        return Err(Refusal::bad_request(
            "the pattern: matches no name, because names end with a dot; write *.example.com. or \\.example\\.com\\.$",
        ));
    }
    let types = given(rest.first()).map(Types::parse).transpose()?;
    let wanted = Wanted::Text { side, syntax, pattern: pattern.to_owned() };
    Ok(Call::Search { verb: Verb::Flex, wanted, types })
}

/// Parses one address, `net,len`, or a range.
fn addresses(text: &str) -> Result<Subject, Refusal> {
    let wrong = |why: String| {
        Refusal::bad_request(format!(
            "{why}: takes 192.0.2.1, 2001:db8::1, 192.0.2.0,24 or 192.0.2.1-192.0.2.9"
        ))
    };
    match Subject::parse(text).map_err(|error| wrong(error.0.to_string()))? {
        subject @ (Subject::Address(_) | Subject::Network(..) | Subject::Range(..)) => Ok(subject),
        _ => Err(wrong("not an address".to_owned())),
    }
}

fn hexadecimal(text: &str) -> Result<Vec<u8>, Refusal> {
    let digit = |character: char| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = text.chars().map(digit).collect();
    let whole = digits.filter(|digits| !digits.is_empty() && digits.len() % 2 == 0);
    let refusal = || Refusal::bad_request("raw bytes: takes an even number of hexadecimal digits");
    let pair = |pair: &[u8]| pair.iter().fold(0, |sum, digit| sum << 4 | digit);
    Ok(whole.ok_or_else(refusal)?.chunks(2).map(pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cof::Name;
    use proptest::prelude::*;

    fn owner(name: &str, bailiwick: Option<&str>) -> Wanted {
        let pattern = |text: &str| Pattern::parse(text).unwrap();
        Wanted::Owner { name: pattern(name), bailiwick: bailiwick.map(pattern) }
    }

    fn lookup(wanted: Wanted, types: Option<Types>) -> Call {
        Call::Search { verb: Verb::Lookup, wanted, types }
    }

    fn subject(text: &str) -> Wanted {
        Wanted::Addresses(Subject::parse(text).unwrap())
    }

    #[test]
    fn every_path_is_read() {
        let target = |text| Wanted::Target(Pattern::parse(text).unwrap());
        for (path, call) in [
            ("ping", Call::Ping),
            ("rate_limit", Call::RateLimit),
            ("lookup/rrset/name/a.example", lookup(owner("a.example", None), None)),
            (
                "lookup/rrset/name/a.example/A/example",
                lookup(owner("a.example", Some("example")), Some(Types::One(RrType::A))),
            ),
            ("lookup/rrset/name/a.example/", lookup(owner("a.example", None), None)),
            ("lookup/rrset/name/a.example//", lookup(owner("a.example", None), None)),
            ("lookup/rrset/name/a.example//example", lookup(owner("a.example", Some("example")), None)),
            ("lookup/rrset/name/a.example/A/", lookup(owner("a.example", None), Some(Types::One(RrType::A)))),
            ("lookup/rrset/raw/016100/", lookup(owner("a", None), None)),
            ("lookup/rdata/name/ns1.example/", lookup(target("ns1.example"), None)),
            ("lookup/rdata/ip/192.0.2.1/", lookup(subject("192.0.2.1"), None)),
            ("lookup/rdata/raw/00/", lookup(Wanted::Octets(vec![0]), None)),
            (
                "lookup/rrset/name/a.example/alias",
                lookup(owner("a.example", None), Some(Types::One(RrType::parse("ALIAS").unwrap()))),
            ),
            ("lookup/rrset/name/%2A.example/any", lookup(owner("*.example", None), Some(Types::Any))),
            ("lookup/rrset/name/a/ANY-DNSSEC", lookup(owner("a", None), Some(Types::Dnssec))),
            ("lookup/rrset/name/0%2F26.example", lookup(owner("0/26.example", None), None)),
            ("lookup/rrset/raw/016100/TYPE65", lookup(owner("a", None), Some(Types::One(RrType::HTTPS)))),
            ("lookup/rdata/name/ns1.example/NS", lookup(target("ns1.example"), Some(Types::One(RrType::NS)))),
            ("lookup/rdata/name/ns1.example.%2A", lookup(target("ns1.example.*"), None)),
            ("lookup/rdata/ip/192.0.2.0,24", lookup(subject("192.0.2.0/24"), None)),
            ("lookup/rdata/ip/2001%3Adb8%3A%3A,32", lookup(subject("2001:db8::/32"), None)),
            (
                "lookup/rdata/ip/2001:db8::,32/AAAA",
                lookup(subject("2001:db8::/32"), Some(Types::One(RrType::AAAA))),
            ),
            ("lookup/rdata/ip/192.0.2.1-192.0.2.9", lookup(subject("192.0.2.1-192.0.2.9"), None)),
            ("lookup/rdata/raw/c0000201", lookup(Wanted::Octets(vec![192, 0, 2, 1]), None)),
            ("lookup/rdata/raw/C00002fF", lookup(Wanted::Octets(vec![192, 0, 2, 255]), None)),
            (
                "summarize/rrset/name/a.example",
                Call::Search { verb: Verb::Summarize, wanted: owner("a.example", None), types: None },
            ),
            (
                "regex/rrnames/%5Ea%2Fb/A",
                Call::Search {
                    verb: Verb::Flex,
                    wanted: Wanted::Text {
                        side: Side::Rrnames,
                        syntax: Syntax::Regex,
                        pattern: "^a/b".into(),
                    },
                    types: Some(Types::One(RrType::A)),
                },
            ),
            (
                "glob/rdata/10 %2A",
                Call::Search {
                    verb: Verb::Flex,
                    wanted: Wanted::Text { side: Side::Rdata, syntax: Syntax::Glob, pattern: "10 *".into() },
                    types: None,
                },
            ),
        ] {
            assert_eq!(Call::of(&format!("{PREFIX}{path}")), Ok(call), "{path}");
        }
    }

    #[test]
    fn paths_of_version_1_have_no_prefix_and_no_patterns() {
        for (path, call) in [
            ("/lookup/rrset/name/a.example", Ok(lookup(owner("a.example", None), None))),
            ("/lookup/rdata/ip/192.0.2.1", Ok(lookup(subject("192.0.2.1"), None))),
            ("/rate_limit", Ok(Call::RateLimit)),
            ("/lookup/rate_limit", Ok(Call::RateLimit)),
            ("/regex/rrnames/a", Err(404)),
            ("/ping", Err(404)),
            ("/dnsdb/v1/lookup/rrset/name/a", Err(404)),
            ("/lookup", Err(400)),
        ] {
            assert_eq!(Call::of(path).map_err(|refusal| refusal.status.as_u16()), call, "{path}");
        }
        assert_eq!(
            (Version::of("/lookup/x"), Version::of("/dnsdb/v2/lookup/x")),
            (Version::One, Version::Two)
        );
    }

    #[test]
    fn what_is_not_served_is_404_and_what_is_not_so_400() {
        let long = format!("lookup/rrset/name/{}", "a".repeat(64));
        for (path, status) in [
            ("", 404),
            ("nothing", 404),
            ("ping/", 404),
            ("rate_limit/x", 404),
            ("LOOKUP/rrset/name/a", 404),
            ("lookup", 400),
            ("lookup/", 400),
            ("lookup/rrset", 400),
            ("lookup/rrset/name", 400),
            ("lookup/rrset/name/", 400),
            ("lookup/rrset/name/a/A/b/c", 400),
            ("lookup/rrset/name//A", 400),
            ("lookup/rrset/name/a/b%20c", 400),
            ("lookup/rrset/name/a/A,AAAA", 400),
            ("lookup/rrset/name/a/TYPE65536", 400),
            ("lookup/rrset/name/a..b", 400),
            ("lookup/rrset/name/%zz", 400),
            ("lookup/rrset/name/%ff", 400),
            ("lookup/rrset/name/a%", 400),
            (&long, 400),
            ("lookup/rrset/raw/016100/A/example", 400),
            ("lookup/rrset/raw/01", 400),
            ("lookup/rrset/raw/0161001", 400),
            ("lookup/rrset/raw/xx", 400),
            ("lookup/rrset/raw/", 400),
            ("lookup/rdata/ip/a.example", 400),
            ("lookup/rdata/ip/192.0.2.0,33", 400),
            ("lookup/rdata/ip/192.0.2.9-192.0.2.1", 400),
            ("lookup/rdata/ip/192.0.2.0/24/A", 400),
            ("lookup/rdata/ip/rdata:a", 400),
            ("lookup/rdata/ip/", 400),
            ("lookup/rdata/raw/0", 400),
            ("lookup/rdata/other/0", 400),
            ("summarize/other/name/a", 400),
            ("regex", 400),
            ("regex/rrnames", 400),
            ("regex/rrnames/", 400),
            ("regex/names/a", 400),
            ("glob/rdata/a/A/b", 400),
            ("glob/rrnames/%2A.example.com", 400),
            ("regex/rrnames/example%5C.com%24", 400),
        ] {
            let refused = Call::of(&format!("{PREFIX}{path}")).map_err(|refusal| refusal.status.as_u16());
            assert_eq!(refused, Err(status), "{path}");
        }
    }

    #[test]
    fn any_leaves_dnssec_out() {
        let types = |text| Types::parse(text).unwrap();
        assert!(types("ANY").admit(RrType::A) && !types("any").admit(RrType::RRSIG));
        assert!(types("ANY-DNSSEC").admit(RrType::DS) && !types("ANY-DNSSEC").admit(RrType::A));
        assert!(types("mx").admit(RrType::MX) && !types("mx").admit(RrType::A));
        let word = RrType::parse("FOO").unwrap();
        assert!(types("ANY").admit(word));
    }

    proptest! {
        #[test]
        fn no_path_panics(path in "(lookup|summarize|regex|glob)?/?(rrset|rdata|rrnames)?/?(name|ip|raw)?/?.{0,60}") {
            let _ = Call::of(&format!("{PREFIX}{path}"));
        }

        #[test]
        fn a_name_in_the_path_is_the_name_asked(labels in prop::collection::vec("[a-z][a-z/ %]{0,6}[a-z]", 1..4)) {
            // A blank in a name is escaped in its text.
            let name = Name::parse(&labels.join(".").replace(' ', "\\032")).unwrap();
            // A text that is probably a mistake must be escaped in a name.
            prop_assume!(Subject::check_name(&name.to_string()).is_ok());
            let written = percent_encoding::utf8_percent_encode(&name.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string();
            let call = Call::of(&format!("{PREFIX}lookup/rrset/name/{written}"));
            prop_assert_eq!(call, Ok(lookup(Wanted::Owner { name: Pattern::Exact(name), bailiwick: None }, None)));
        }
    }
}

//! Names in DNSDB's syntax: a single name, or all names with a common end or beginning.
//!
//! A [`Pattern`] determines what has to be read from a store ([`Pattern::owners`], [`Pattern::targets`]), and which of it
//! matches ([`Pattern::admits`]). Names with a common beginning are scattered over the store, which sorts names by their end:
//! finding them means reading everything, within the limits of a scan.

use cof::{Name, NameError, NameRef};
use store::Subject;

use super::refusal::Refusal;

/// A name with or without a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `www.example.*`: this name, and every other that begins with its labels.
    Beginning(Name),
    /// `*.example.com`: this name and everything below it.
    Below(Name),
    /// `+.example.com`: the names directly below this name.
    Directly(Name),
    /// This name.
    Exact(Name),
}

impl Pattern {
    /// Parses a name in presentation format. An asterisk or plus sign that is a complete label at one end is a wildcard, unless
    /// it is escaped.
    ///
    /// # Errors
    /// 400.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let stem = text.strip_suffix('.').filter(|stem| !ends_in_escape(stem)).unwrap_or(text);
        let right = stem.strip_suffix(".*").filter(|stem| !ends_in_escape(stem));
        let left = text.strip_prefix("*.").or((text == "*").then_some(""));
        match (left, text.strip_prefix("+."), right) {
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                Err(Refusal::bad_request("a name can have a wildcard at one end only"))
            }
            (Some(""), _, None) => Ok(Self::Below(Name::root())),
            (Some(rest), _, None) => whole(rest).map(Self::Below),
            (_, Some(rest), None) => whole(rest).map(Self::Directly),
            (None, None, Some(rest)) if rest.ends_with('.') && !rest.ends_with("\\.") => {
                read(".").map(Self::Beginning)
            }
            (None, None, Some(rest)) => read(rest).map(Self::Beginning),
            (None, None, None) if text == "." => Ok(Self::Exact(Name::root())),
            (None, None, None) => whole(text).map(Self::Exact),
        }
    }

    /// Parses a name in wire format, written in hexadecimal; it has no wildcards.
    ///
    /// # Errors
    /// 400.
    pub(super) fn from_wire(octets: &[u8]) -> Result<Self, Refusal> {
        let name = Name::from_wire(octets);
        name.map(Self::Exact).map_err(|error| Refusal::bad_request(error.to_string()))
    }

    /// A query that returns every record with a matching owner.
    pub(super) fn owners(&self) -> Subject {
        match self {
            Self::Beginning(_) => Subject::Suffix(Name::root()),
            Self::Below(name) | Self::Directly(name) => Subject::Suffix(name.clone()),
            Self::Exact(name) => Subject::Name(name.clone()),
        }
    }

    /// A query that returns every record with a matching name in its data.
    pub(super) fn targets(&self) -> Subject {
        match self {
            Self::Beginning(_) => Subject::RdataSuffix(Name::root()),
            Self::Below(name) | Self::Directly(name) => Subject::RdataSuffix(name.clone()),
            Self::Exact(name) => Subject::RdataName(name.clone()),
        }
    }

    /// Whether that query also returns names that do not match.
    pub(super) fn is_searched(&self) -> bool {
        matches!(self, Self::Beginning(_) | Self::Directly(_))
    }

    /// Whether a name matches.
    pub(super) fn admits(&self, name: NameRef<'_>) -> bool {
        match self {
            Self::Beginning(stem) => {
                // The root's byte is not part of the beginning. Only whole labels match, because lengths are compared too.
                stem.as_wire().split_last().is_some_and(|(_, labels)| name.as_wire().starts_with(labels))
            }
            Self::Below(above) => name.is_within(above.as_ref()),
            Self::Directly(above) => {
                name.is_within(above.as_ref()) && name.labels().count() == above.labels().count() + 1
            }
            Self::Exact(wanted) => name == wanted.as_ref(),
        }
    }
}

/// Parses a name with its end. A number is refused, because it would make the name an address.
fn whole(text: &str) -> Result<Name, Refusal> {
    if Subject::is_number(text) {
        return Err(Refusal::bad_request(
            "a name cannot end in a number; query addresses at rdata/ip, as 192.0.2.1 or 192.0.2.0,24",
        ));
    }
    read(text)
}

/// Parses a name or the beginning of one, with the same rule as for every query ([`Subject::check_name`]).
fn read(text: &str) -> Result<Name, Refusal> {
    if text.contains(char::is_control) {
        return Err(Refusal::bad_request(
            "not a domain name: it contains a control character, which must be written as \\DDD",
        ));
    }
    Subject::check_name(text).map_err(|fault| Refusal::bad_request(fault.to_string()))?;
    // The dot of a wildcard was removed, so a single dot is the second of two.
    let name = if text == "." { Err(NameError::EmptyLabel) } else { Name::parse(text) };
    name.map_err(|error| Refusal::bad_request(format!("not a domain name: {error}")))
}

/// Whether the next character is escaped.
fn ends_in_escape(text: &str) -> bool {
    text.bytes().rev().take_while(|octet| *octet == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn wildcards_are_labels_of_their_own_at_one_end() {
        for (text, pattern) in [
            ("www.example.com", Pattern::Exact(name("www.example.com"))),
            ("WWW.Example.com.", Pattern::Exact(name("www.example.com"))),
            ("*.example.com", Pattern::Below(name("example.com"))),
            ("*.example.com.", Pattern::Below(name("example.com"))),
            ("*.", Pattern::Below(Name::root())),
            ("*", Pattern::Below(Name::root())),
            ("+.example.com", Pattern::Directly(name("example.com"))),
            ("www.example.*", Pattern::Beginning(name("www.example"))),
            ("www.example.*.", Pattern::Beginning(name("www.example"))),
            (r"a.\*.example", Pattern::Exact(name(r"a.\*.example"))),
            (r"foo\042.example", Pattern::Exact(name("foo*.example"))),
            ("1.0/25.2.0.192.in-addr.arpa", Pattern::Exact(name("1.0/25.2.0.192.in-addr.arpa"))),
            ("192.0.2.*", Pattern::Beginning(name("192.0.2"))),
            (r"\*.example.com", Pattern::Exact(name(r"\*.example.com"))),
            (r"www\.\*", Pattern::Exact(name(r"www\.\*"))),
            (r"a\\.*", Pattern::Beginning(name(r"a\\"))),
            (".", Pattern::Exact(Name::root())),
            ("bücher.example", Pattern::Exact(name("xn--bcher-kva.example"))),
        ] {
            assert_eq!(Pattern::parse(text), Ok(pattern), "{text}");
        }
        for text in [
            "a.*.example",
            "foo*.example",
            "*.*.x",
            "192.0.2.1",
            "192.0.2",
            "a b",
            "a.example ",
            "a.example/x",
            "",
            "..",
            "*.example.*",
            "+.example.*",
            ".*",
            "*..",
            "a..*",
            "www..example.*",
            r"a\",
        ] {
            assert_eq!(Pattern::parse(text).map_err(|refusal| refusal.status.as_u16()), Err(400), "{text}");
        }
        let long = format!("*.{}", "a.".repeat(200));
        assert!(Pattern::parse(&long).unwrap_err().line.contains("longer than 255 bytes"));
    }

    #[test]
    fn what_matches() {
        let admitted =
            |pattern: &str, text: &str| Pattern::parse(pattern).unwrap().admits(name(text).as_ref());
        for (pattern, yes, no) in [
            (
                "*.example.com",
                &["example.com", "a.example.com", "b.a.example.com"][..],
                &["xexample.com", "com"][..],
            ),
            ("+.example.com", &["a.example.com"], &["example.com", "b.a.example.com"]),
            (
                "www.example.*",
                &["www.example.com", "www.example.co.uk", "www.example"],
                &["www.examples.com", "a.www.example.com"],
            ),
            ("a.example", &["A.example"], &["b.a.example"]),
            ("*.", &[".", "a.example"], &[]),
        ] {
            assert!(yes.iter().all(|text| admitted(pattern, text)), "{pattern}");
            assert!(!no.iter().any(|text| admitted(pattern, text)), "{pattern}");
        }
    }

    #[test]
    fn a_name_in_octets() {
        assert_eq!(Pattern::from_wire(b"\x03WWW\x00"), Ok(Pattern::Exact(name("www"))));
        for octets in [&b""[..], b"\x03ww", b"\x01a\x00\x00", b"\xc0\x0c", &[1; 300]] {
            assert!(Pattern::from_wire(octets).is_err(), "{octets:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[*+.a\\\\]{0,12}|.{0,300}") {
            if let Ok(pattern) = Pattern::parse(&text) {
                let _ = (pattern.owners(), pattern.targets(), pattern.admits(Name::root().as_ref()));
            }
        }
    }
}

//! The data of a resource record, in a form in which equal data is equal, however it was written.
//!
//! [`Rdata`] is in canonical wire format (uncompressed, names in lower case) if the type is known and the data can be parsed,
//! so that a record from a provider's text and the same record from a sensor's packet are one tuple. Other data is kept as
//! printable text with a tag. The type is not part of the data: every call has it as an argument.
//!
//! The printed text only depends on the wire format, so every spelling of a record that can be converted to wire format (its
//! own form, generic `\#`, mnemonics or numbers, any case) is printed in the same way. Other text is kept unchanged.
//!
//! There are two sources: `layout` describes the types whose data is a sequence of fields, and `irregular` reads and prints
//! those whose fields depend on each other. The `domain` library is used for base64 and base32; its zone-file reader is not
//! used, because it refuses valid spellings of SVCB, RRSIG and others, but tests compare with it. [`RdataError`] states why
//! bytes are not data of a type; text never fails, because it is kept.

mod absolute;
mod bitmap;
mod encoding;
mod irregular;
mod layout;
mod location;
mod presentation;
mod services;
mod svcb;
mod targets;

pub use targets::MAX_TARGETS;

use std::net::IpAddr;

use smallvec::SmallVec;

use self::layout::Strays;
use crate::name::NameRef;
use crate::{RrType, escape};

/// The longest record data, in bytes (RFC 1035 section 3.2.1).
pub const MAX_WIRE: usize = 65_535;

/// The data of one resource record.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rdata(Repr);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Repr {
    /// Canonical wire format; an address needs no allocation.
    Wire(SmallVec<[u8; 16]>),
    /// Printable ASCII that is not valid data of its type.
    Text(Box<str>),
}

/// A host, or a mailbox written as a name, in record data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// The address of an A or AAAA record.
    Address(IpAddr),
    /// A name inside the data: the host of an NS or MX record, the primary server of an SOA and its mailbox.
    Name(NameRef<'a>),
}

/// Why bytes are not data of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RdataError {
    /// They are more than 65,535 bytes.
    #[error("record data longer than 65535 bytes")]
    Long,
    /// They are not exactly the fields of the type.
    #[error("bytes that are not data of this type")]
    Malformed,
}

impl Rdata {
    /// Parses data in presentation format, in any case, names with or without their final dot; generic data (`\# 4 c0000201`,
    /// RFC 3597) for any type.
    ///
    /// Text that is not valid data of the type is kept: see [`Self::is_text`]. Generic text that is not valid data of the type
    /// also has one spelling: `\# 5 C0 00 02 01 00` is kept as `\# 5 c000020100`. The text of a TXT or SPF record that does not
    /// start with a quote is one string including its blanks, because most passive-DNS services send it so.
    pub fn parse(rrtype: RrType, text: &str) -> Self {
        presentation::parse(rrtype, text).unwrap_or_else(|| {
            // The printable form can be valid although the text was not, for example with line breaks between fields. Text that
            // is kept must not be parsed differently later.
            let text = printable(text);
            presentation::parse(rrtype, &text)
                .unwrap_or_else(|| Self(Repr::Text(presentation::tidy_generic(&text).unwrap_or(text))))
        })
    }

    /// See [`presentation::parse_plain`].
    pub(crate) fn parse_plain(rrtype: RrType, text: &[u8]) -> Option<Self> {
        presentation::parse_plain(rrtype, text)
    }

    /// Empty data, as a placeholder.
    pub(crate) fn empty() -> Self {
        Self(Repr::Wire(SmallVec::new()))
    }

    /// Parses uncompressed data in wire format; names are converted to lower case.
    ///
    /// # Errors
    /// [`RdataError`] if the type is known and the bytes are not its data.
    pub fn from_wire(rrtype: RrType, octets: &[u8]) -> Result<Self, RdataError> {
        if octets.len() > MAX_WIRE {
            return Err(RdataError::Long);
        }
        // A word that is not a type has no wire format, because it could not be printed so that it reads back.
        if rrtype.code().is_none() {
            return Err(RdataError::Malformed);
        }
        let mut wire = SmallVec::from_slice(octets);
        match layout::of(rrtype) {
            Some(layout) if layout::canonicalise(layout.fields, &mut wire).is_some() => {
                if layout.strays == Strays::Refused && !presentation::reads_back(layout, &wire) {
                    return Err(RdataError::Malformed);
                }
            }
            Some(layout) if layout.strays == Strays::Kept => wire = SmallVec::from_slice(octets),
            Some(_) => return Err(RdataError::Malformed),
            None => irregular::canonicalise(rrtype, &mut wire),
        }
        Ok(Self(Repr::Wire(wire)))
    }

    /// The canonical wire format, unless the data is only text.
    pub fn as_wire(&self) -> Option<&[u8]> {
        match &self.0 {
            Repr::Wire(wire) => Some(wire),
            Repr::Text(_) => None,
        }
    }

    /// The text of data that is not valid for its type.
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Repr::Wire(_) => None,
            Repr::Text(text) => Some(text),
        }
    }

    /// Whether this is text that is not valid data of its type.
    pub fn is_text(&self) -> bool {
        matches!(self.0, Repr::Text(_))
    }

    /// Restores the output of [`Self::as_text`], for a store that keeps it.
    pub fn from_text(text: &str) -> Self {
        Self(Repr::Text(printable(text)))
    }

    /// The current form of data that an earlier version kept: text of a type that can be parsed now becomes wire format, and
    /// names in wire format are converted to lower case. Other data is unchanged; repeating this changes nothing.
    #[must_use]
    pub fn renewed(&self, rrtype: RrType) -> Self {
        match &self.0 {
            Repr::Text(text) => Self::parse(rrtype, text),
            Repr::Wire(wire) => Self::from_wire(rrtype, wire).unwrap_or_else(|_| self.clone()),
        }
    }

    /// The presentation format in printable ASCII, names without their final dot; unknown types as in RFC 3597.
    pub fn to_text(&self, rrtype: RrType) -> String {
        let mut text = String::new();
        self.push_text(rrtype, &mut text);
        text
    }

    /// Appends the output of [`Self::to_text`].
    pub fn push_text(&self, rrtype: RrType, out: &mut String) {
        match &self.0 {
            Repr::Text(text) => out.push_str(text),
            Repr::Wire(wire) => presentation::push(rrtype, wire, false, out),
        }
    }

    /// The main host in the data, if the type has one: the address of an A or AAAA record, the name in an NS, CNAME, DNAME,
    /// PTR, MX, SRV, SVCB or HTTPS record, the primary server of an SOA. The root is not a host. [`Self::targets`] includes the
    /// others.
    pub fn target(&self, rrtype: RrType) -> Option<Target<'_>> {
        let wire = self.as_wire()?;
        match rrtype {
            RrType::A => <[u8; 4]>::try_from(wire).ok().map(|octets| Target::Address(octets.into())),
            RrType::AAAA => <[u8; 16]>::try_from(wire).ok().map(|octets| Target::Address(octets.into())),
            _ => {
                let at = layout::of(rrtype)?.target?;
                let (name, _) = NameRef::split_canonical(wire.get(at..)?)?;
                (name.as_wire() != [0]).then_some(Target::Name(name))
            }
        }
    }
}

impl std::fmt::Debug for Rdata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Repr::Wire(wire) => write!(f, "Wire({wire:02x?})"),
            Repr::Text(text) => write!(f, "Text({text:?})"),
        }
    }
}

/// Converts text to printable ASCII: white space of any kind becomes a blank, and every other byte `\DDD`.
///
/// Escaped white space would become part of a name: a line break between two names belongs to neither.
fn printable(text: &str) -> Box<str> {
    let text = escape::trim(text);
    if text.bytes().all(escape::is_printable) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut buffer = [0; 4];
    for c in text.chars() {
        match c {
            c if escape::is_blank(c) => out.push(' '),
            ' '..='~' => out.push(c),
            c => c.encode_utf8(&mut buffer).bytes().for_each(|octet| escape::push_decimal(octet, &mut out)),
        }
    }
    out.into()
}

#[cfg(test)]
mod spellings;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;
    use proptest::prelude::*;

    fn text(rrtype: RrType, text: &str) -> String {
        let rdata = Rdata::parse(rrtype, text);
        assert!(!rdata.is_text(), "{rrtype} {text} was kept as text");
        rdata.to_text(rrtype)
    }

    #[test]
    fn every_way_to_write_the_same_data_is_one_value() {
        for (rrtype, forms) in [
            (RrType::A, &["192.0.2.1", " 192.0.2.1 ", r"\# 4 c0000201", r"\# 4 c0 00 02 01 "][..]),
            (RrType::AAAA, &["2001:db8::1", "2001:DB8:0:0::1"]),
            (RrType::NS, &["ns1.example.com", "NS1.Example.COM.", r"\110s1.example.com"]),
            (RrType::MX, &["10 mx.example.com", "10   MX.example.com.", "10\tmx.example.com"]),
            (RrType::TXT, &["v=spf1 -all", "\"v=spf1 -all\"", r#""v=spf1\032-all""#]),
            (
                RrType::SOA,
                &["ns.example hostmaster.example 1 2 3 4 5", "NS.example. hostmaster.example. 1 2 3 4 5"],
            ),
            (RrType::HTTPS, &["1 CDN.example alpn=h2,h3", "1 cdn.example. alpn=\"h2,h3\""]),
            (RrType::Code(65534), &[r"\# 3 c0a801", r"\# 3 c0 a8 01 ", r"\# 3 C0A801"]),
        ] {
            let values: Vec<Rdata> = forms.iter().map(|form| Rdata::parse(rrtype, form)).collect();
            assert!(!values[0].is_text(), "{rrtype} {}", forms[0]);
            assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{rrtype} {values:?}");
        }
    }

    #[test]
    fn types_print_their_presentation_form_without_final_dots() {
        for (rrtype, form) in [
            (RrType::A, "192.0.2.1"),
            (RrType::AAAA, "2001:db8::1"),
            (RrType::CNAME, "www.example.com"),
            (RrType::PTR, "."),
            (RrType::MX, "10 mx.example.com"),
            (RrType::SRV, "0 5 5060 sip.example.com"),
            (RrType::SOA, "ns1.eurodns.com hostmaster.eurodns.com 2023091306 43200 7200 1209600 86400"),
            (RrType::TXT, r#""a \"quoted\" word" "and \\ \000\255""#),
            (RrType::NAPTR, r#"100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" ."#),
            (RrType::HINFO, r#""PC" "Linux""#),
            (RrType::CAA, r#"0 issue "letsencrypt.org""#),
            (RrType::DS, "60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"),
            (RrType::HTTPS, "1 . alpn=h2,h3 ipv4hint=192.0.2.1"),
            (RrType::TLSA, "3 1 1 0C72AC70B745AC19998811B131D662C9AC69DBDBE7CB23E5B514B56664C5D3D6"),
            (RrType::SSHFP, "2 1 123456789ABCDEF67890123456789ABCDEF67890"),
            (RrType::Code(65534), r"\# 3 c0a801"),
            (RrType::Code(65534), r"\# 0"),
        ] {
            assert_eq!(text(rrtype, form), form, "{rrtype}");
        }
    }

    #[test]
    fn what_does_not_parse_is_kept_as_printable_text() {
        for (rrtype, form, kept) in [
            (RrType::A, "123.321.156.90", "123.321.156.90"),
            (RrType::MX, "mx.example.com", "mx.example.com"),
            (RrType::A, "1.2.3.4\u{1b}[31m", r"1.2.3.4\027[31m"),
            (
                RrType::SOA,
                "ns.example hostmaster.example 1 2 3 4 99999999999",
                "ns.example hostmaster.example 1 2 3 4 99999999999",
            ),
            (RrType::DS, "x)\n$INCLUDE y", "x) $INCLUDE y"),
            (RrType::NS, "ns.example\nns2.example", "ns.example ns2.example"),
            (RrType::CNAME, "www.\u{a0}example", "www. example"),
            (RrType::A, r"\# 5 c000020100", r"\# 5 c000020100"),
        ] {
            let rdata = Rdata::parse(rrtype, form);
            assert!(rdata.is_text(), "{rrtype} {form}");
            assert_eq!(rdata.to_text(rrtype), kept);
            assert_eq!(Rdata::parse(rrtype, kept), rdata);
        }
    }

    #[test]
    fn targets_are_the_hosts_that_records_name() {
        let target = |rrtype, text| match Rdata::parse(rrtype, text).target(rrtype) {
            Some(Target::Address(address)) => address.to_string(),
            Some(Target::Name(name)) => name.to_string(),
            None => "none".to_owned(),
        };
        assert_eq!(target(RrType::A, "192.0.2.1"), "192.0.2.1");
        assert_eq!(target(RrType::AAAA, "2001:db8::1"), "2001:db8::1");
        assert_eq!(target(RrType::MX, "10 mx.example"), "mx.example");
        assert_eq!(target(RrType::SRV, "0 5 5060 sip.example"), "sip.example");
        assert_eq!(target(RrType::SOA, "ns.example h.example 1 2 3 4 5"), "ns.example");
        assert_eq!(target(RrType::HTTPS, "1 cdn.example alpn=h2"), "cdn.example");
        assert_eq!(target(RrType::MX, "0 ."), "none");
        assert_eq!(target(RrType::TXT, "ns.example"), "none");
        assert_eq!(target(RrType::A, "not an address"), "none");
    }

    #[test]
    fn wire_data_of_a_known_type_must_be_that_type() {
        assert_eq!(Rdata::from_wire(RrType::A, &[1, 2, 3]), Err(RdataError::Malformed));
        assert_eq!(Rdata::from_wire(RrType::NS, &[1, b'a']), Err(RdataError::Malformed));
        assert_eq!(Rdata::from_wire(RrType::NS, &[1, b'a', 0, 0]), Err(RdataError::Malformed));
        assert_eq!(Rdata::from_wire(RrType::DS, &[1]), Err(RdataError::Malformed));
        assert_eq!(Rdata::from_wire(RrType::parse("FOO").unwrap(), &[1]), Err(RdataError::Malformed));
        assert_eq!(Rdata::from_wire(RrType::Code(65534), &vec![0; 65_536]), Err(RdataError::Long));
        let upper = Rdata::from_wire(RrType::MX, b"\x00\x0a\x02MX\x00").unwrap();
        assert_eq!(upper, Rdata::parse(RrType::MX, "10 mx"));
    }

    #[test]
    fn an_escaped_blank_at_the_end_is_data() {
        let blank = Rdata::parse(RrType::TXT, r"a\ ");
        assert_eq!(blank.to_text(RrType::TXT), r#""a ""#);
        let wire = b"\x00\x01\x00\x40\x00\x00\x01 ";
        let svcb = Rdata::from_wire(RrType::SVCB, wire).unwrap();
        assert_eq!(Rdata::parse(RrType::SVCB, &svcb.to_text(RrType::SVCB)), svcb);
    }

    /// Types with a layout, types that the library knows, and unknown types.
    fn any_type() -> impl Strategy<Value = RrType> {
        (0_u16..=300).prop_map(RrType::Code)
    }

    proptest! {
        #[test]
        fn any_text_prints_a_form_that_reads_back(rrtype in any_type(), text in ".{0,80}") {
            let rdata = Rdata::parse(rrtype, &text);
            let printed = rdata.to_text(rrtype);
            prop_assert!(printed.bytes().all(escape::is_printable));
            prop_assert_eq!(Rdata::parse(rrtype, &printed), rdata);
        }

        #[test]
        fn any_octets_print_a_form_that_reads_back(rrtype in any_type(), octets in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(rdata) = Rdata::from_wire(rrtype, &octets) {
                let printed = rdata.to_text(rrtype);
                prop_assert_eq!(Rdata::parse(rrtype, &printed), rdata.clone(), "{}", printed);
                prop_assert_eq!(Rdata::from_wire(rrtype, rdata.as_wire().unwrap()), Ok(rdata));
            }
        }

        #[test]
        fn the_short_way_agrees_with_the_long_one(
            rrtype in prop::sample::select(vec![RrType::A, RrType::NS, RrType::TXT]),
            text in prop_oneof![
                "[0-9]{0,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,4}",
                "[ \t]?[A-Za-z0-9.\\\\#\" \t]{0,12}[ \t.]?",
                "([0-2]?[0-5]?[0-9][.]){3,4}[0-9]?",
            ],
        ) {
            if let Some(short) = Rdata::parse_plain(rrtype, text.as_bytes()) {
                prop_assert_eq!(&short, &Rdata::parse(rrtype, &text));
                if rrtype == RrType::A {
                    let address: std::net::Ipv4Addr = text.parse().unwrap();
                    prop_assert_eq!(short.as_wire().unwrap(), address.octets());
                }
            } else if rrtype == RrType::A {
                prop_assert!(text.parse::<std::net::Ipv4Addr>().is_err());
            }
        }

        #[test]
        fn names_inside_are_canonical(name in "[A-Za-z0-9]{1,10}(\\.[A-Za-z0-9]{1,10}){0,3}") {
            let wanted = Name::parse(&name).unwrap();
            for (rrtype, text) in [(RrType::NS, name.clone()), (RrType::MX, format!("1 {name}")), (RrType::SRV, format!("1 2 3 {name}."))] {
                let rdata = Rdata::parse(rrtype, &text);
                prop_assert_eq!(rdata.target(rrtype), Some(Target::Name(wanted.as_ref())));
            }
        }
    }
}

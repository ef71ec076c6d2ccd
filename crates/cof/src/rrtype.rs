//! Resource record types.
//!
//! An [`RrType`] is a number with a printed form: the mnemonic in IANA's registry of DNS parameters (resource record TYPEs), or
//! `TYPEn` for the others (RFC 3597). Providers also send words that are not a type; such a word is kept in upper case, so that
//! the record is not lost.

use std::fmt;
use std::str::FromStr;

/// The type of a resource record.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum RrType {
    /// A type with a number.
    Code(u16),
    /// A word that is not in the registry.
    Word(Word),
}

/// An upper-case word of ASCII letters, digits and hyphens, of 1 to 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Word([u8; 15]);

/// The text is not a mnemonic, not `TYPEn`, and not a possible word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a record type: a mnemonic such as A or MX, TYPEn, or a number up to 65535")]
pub struct RrTypeError;

macro_rules! registry {
    ($($name:ident $text:literal $code:literal),* $(,)?) => {
        impl RrType {
            $(#[doc = concat!("`", $text, "`, ", stringify!($code), ".")] pub const $name: Self = Self::Code($code);)*
        }
        /// Mnemonics and numbers, in the order of the numbers.
        const REGISTRY: &[(&str, u16)] = &[$(($text, $code)),*];
    };
}

registry! {
    A "A" 1, NS "NS" 2, MD "MD" 3, MF "MF" 4, CNAME "CNAME" 5, SOA "SOA" 6, MB "MB" 7, MG "MG" 8, MR "MR" 9,
    NULL "NULL" 10, WKS "WKS" 11, PTR "PTR" 12, HINFO "HINFO" 13, MINFO "MINFO" 14, MX "MX" 15, TXT "TXT" 16,
    RP "RP" 17, AFSDB "AFSDB" 18, X25 "X25" 19, ISDN "ISDN" 20, RT "RT" 21, NSAP "NSAP" 22,
    NSAP_PTR "NSAP-PTR" 23, SIG "SIG" 24, KEY "KEY" 25, PX "PX" 26, GPOS "GPOS" 27, AAAA "AAAA" 28, LOC "LOC" 29,
    NXT "NXT" 30, EID "EID" 31, NIMLOC "NIMLOC" 32, SRV "SRV" 33, ATMA "ATMA" 34, NAPTR "NAPTR" 35, KX "KX" 36,
    CERT "CERT" 37, A6 "A6" 38, DNAME "DNAME" 39, SINK "SINK" 40, OPT "OPT" 41, APL "APL" 42, DS "DS" 43,
    SSHFP "SSHFP" 44, IPSECKEY "IPSECKEY" 45, RRSIG "RRSIG" 46, NSEC "NSEC" 47, DNSKEY "DNSKEY" 48,
    DHCID "DHCID" 49, NSEC3 "NSEC3" 50, NSEC3PARAM "NSEC3PARAM" 51, TLSA "TLSA" 52, SMIMEA "SMIMEA" 53,
    HIP "HIP" 55, NINFO "NINFO" 56, RKEY "RKEY" 57, TALINK "TALINK" 58, CDS "CDS" 59, CDNSKEY "CDNSKEY" 60,
    OPENPGPKEY "OPENPGPKEY" 61, CSYNC "CSYNC" 62, ZONEMD "ZONEMD" 63, SVCB "SVCB" 64, HTTPS "HTTPS" 65,
    DSYNC "DSYNC" 66, HHIT "HHIT" 67, BRID "BRID" 68, SPF "SPF" 99, UINFO "UINFO" 100, UID "UID" 101,
    GID "GID" 102, UNSPEC "UNSPEC" 103, NID "NID" 104, L32 "L32" 105, L64 "L64" 106, LP "LP" 107,
    EUI48 "EUI48" 108, EUI64 "EUI64" 109, NXNAME "NXNAME" 128, TKEY "TKEY" 249, TSIG "TSIG" 250,
    IXFR "IXFR" 251, AXFR "AXFR" 252, MAILB "MAILB" 253, MAILA "MAILA" 254, ANY "ANY" 255, URI "URI" 256,
    CAA "CAA" 257, AVC "AVC" 258, DOA "DOA" 259, AMTRELAY "AMTRELAY" 260, RESINFO "RESINFO" 261,
    WALLET "WALLET" 262, CLA "CLA" 263, IPN "IPN" 264, TA "TA" 32768, DLV "DLV" 32769,
}

impl RrType {
    /// Parses a mnemonic in any case, `TYPEn`, or a plain number; any other word is kept as [`RrType::Word`].
    ///
    /// # Errors
    /// [`RrTypeError`] if the text cannot be a mnemonic.
    pub fn parse(text: &str) -> Result<Self, RrTypeError> {
        if let Some(common) = Self::common(text.as_bytes()) {
            return Ok(common);
        }
        let text = text.trim();
        if let Some(code) = Self::from_mnemonic(text) {
            return Ok(Self::Code(code));
        }
        let digits = match text.get(..4) {
            Some(head) if head.eq_ignore_ascii_case("TYPE") => &text[4..],
            _ => text,
        };
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return digits.parse().map(Self::Code).map_err(|_| RrTypeError);
        }
        Word::parse(text).map(Self::Word).ok_or(RrTypeError)
    }

    /// The types of nearly all passive-DNS records, by their mnemonics in the usual case.
    #[inline]
    pub(crate) fn common(text: &[u8]) -> Option<Self> {
        Some(match text {
            b"A" => Self::A,
            b"AAAA" => Self::AAAA,
            b"CNAME" => Self::CNAME,
            b"NS" => Self::NS,
            b"MX" => Self::MX,
            b"PTR" => Self::PTR,
            b"SOA" => Self::SOA,
            b"TXT" => Self::TXT,
            _ => return None,
        })
    }

    fn from_mnemonic(text: &str) -> Option<u16> {
        let found = REGISTRY.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, code)| *code)
    }

    /// The number, if there is one.
    pub const fn code(self) -> Option<u16> {
        match self {
            Self::Code(code) => Some(code),
            Self::Word(_) => None,
        }
    }

    /// The mnemonic in the registry, if there is one.
    pub fn mnemonic(self) -> Option<&'static str> {
        let code = self.code()?;
        let at = REGISTRY.binary_search_by_key(&code, |(_, code)| *code).ok()?;
        REGISTRY.get(at).map(|(name, _)| *name)
    }
}

impl Word {
    fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= 15
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && text.starts_with(|c: char| c.is_ascii_alphabetic());
        let mut octets = [0; 15];
        for (slot, octet) in octets.iter_mut().zip(text.bytes()) {
            *slot = octet.to_ascii_uppercase();
        }
        fits.then_some(Self(octets))
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        self.0.get(..end).and_then(|octets| std::str::from_utf8(octets).ok()).unwrap_or_default()
    }
}

impl fmt::Display for RrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.mnemonic()) {
            (_, Some(name)) => f.pad(name),
            (Self::Code(code), None) => f.pad(&format!("TYPE{code}")),
            (Self::Word(word), None) => f.pad(word.as_str()),
        }
    }
}

impl fmt::Debug for RrType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RrType {
    type Err = RrTypeError;

    fn from_str(text: &str) -> Result<Self, RrTypeError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_order_so_that_it_can_be_searched() {
        assert!(REGISTRY.is_sorted_by_key(|(_, code)| *code));
    }

    #[test]
    fn every_type_prints_a_form_that_reads_back() {
        for code in 0..=u16::MAX {
            let rrtype = RrType::Code(code);
            assert_eq!(RrType::parse(&rrtype.to_string()), Ok(rrtype));
        }
    }

    #[test]
    fn words_are_kept_and_rubbish_is_not() {
        assert_eq!(RrType::parse("foo").unwrap().to_string(), "FOO");
        assert_eq!(RrType::parse("foo").unwrap().code(), None);
        for rubbish in ["", "TYPE65536", "70000", "-1", "A B", "<b>", "ABCDEFGHIJKLMNOP", "TYPE-1x!"] {
            assert_eq!(RrType::parse(rubbish), Err(RrTypeError), "{rubbish}");
        }
    }
}

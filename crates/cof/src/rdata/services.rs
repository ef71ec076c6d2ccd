//! WKS record data (RFC 1035 section 3.4.2): an address, a protocol, and a bitmap of ports.
//!
//! Text contains numbers or, as in old master files, names of protocols and services (RFC 1010); numbers are printed. `None`
//! means that the text or the bytes are invalid.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use smallvec::SmallVec;

use super::bitmap;
use super::encoding::number_or_mnemonic;
use super::layout::Mnemonics;
use super::presentation::take_token;

const PROTOCOLS: Mnemonics = &[("ICMP", 1), ("TCP", 6), ("UDP", 17)];
/// The services that occur in such records; others have to be written as numbers.
const SERVICES: Mnemonics = &[
    ("ECHO", 7),
    ("DISCARD", 9),
    ("SYSTAT", 11),
    ("DAYTIME", 13),
    ("NETSTAT", 15),
    ("CHARGEN", 19),
    ("FTP-DATA", 20),
    ("FTP", 21),
    ("SSH", 22),
    ("TELNET", 23),
    ("SMTP", 25),
    ("TIME", 37),
    ("NAMESERVER", 42),
    ("NICNAME", 43),
    ("WHOIS", 43),
    ("DOMAIN", 53),
    ("TFTP", 69),
    ("GOPHER", 70),
    ("FINGER", 79),
    ("HTTP", 80),
    ("HOSTNAMES", 101),
    ("POP2", 109),
    ("POP3", 110),
    ("SUNRPC", 111),
    ("AUTH", 113),
    ("NNTP", 119),
    ("NTP", 123),
    ("IMAP", 143),
    ("SNMP", 161),
    ("HTTPS", 443),
];

/// Reads `192.0.2.1 TCP smtp 53`.
pub(super) fn parse(text: &str) -> Option<SmallVec<[u8; 16]>> {
    let mut rest = text;
    let address: Ipv4Addr = take_token(&mut rest)?.parse().ok()?;
    let protocol = u8::try_from(number_or_mnemonic(take_token(&mut rest)?, PROTOCOLS)?).ok()?;
    let mut ports = Vec::new();
    while !rest.is_empty() {
        ports.push(number_or_mnemonic(take_token(&mut rest)?, SERVICES)?);
    }
    let mut wire = SmallVec::from_slice(&address.octets());
    wire.push(protocol);
    wire.extend_from_slice(&bitmap::bits(ports));
    Some(wire)
}

/// Prints `192.0.2.1 6 25 53`.
pub(super) fn push(wire: &[u8], out: &mut String) -> Option<()> {
    let (address, rest) = wire.split_first_chunk::<4>()?;
    let (protocol, bits) = rest.split_first()?;
    let _ = write!(out, "{} {protocol}", Ipv4Addr::from(*address));
    for port in bitmap::numbers(bits) {
        let _ = write!(out, " {port}");
    }
    Some(())
}

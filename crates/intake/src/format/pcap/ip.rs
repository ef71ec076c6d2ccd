//! IPv4 and IPv6 (RFC 791, RFC 8200): [`Datagram`], and what TCP and UDP have in front of their data.
//!
//! ```text
//! IPv4:  version and header length (u8), …, total length (u16 at 2), id (u16 at 4), flags and offset (u16 at 6),
//!        protocol (u8 at 9), source (4 at 12), destination (4 at 16), options
//! IPv6:  version, …, payload length (u16 at 4), next header (u8 at 6), source (16 at 8), destination (16 at 24)
//! extension headers: next header (u8), length (u8, in units of 8 bytes after the first 8; AH: of 4), …
//! fragment header:   next header (u8), reserved (u8), offset and flags (u16), id (u32)
//! UDP:   ports (u16, u16), length (u16), checksum (u16)
//! TCP:   ports (u16, u16), sequence number (u32), acknowledgement (u32), header length (u8 at 12), flags (u8 at 13), …
//! ```
//!
//! Checksums are not compared: a machine that captures what it sends itself sees packets before its hardware makes them.

use std::net::IpAddr;

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// An IP packet, or a fragment of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datagram<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) protocol: u8,
    /// Which part it is, where it is not the whole.
    pub(super) fragment: Option<Fragment>,
    pub(super) payload: &'a [u8],
    /// The packet is longer than the bytes at hand.
    pub(super) is_short: bool,
}

/// The place of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) id: u32,
    /// Where it begins, in bytes.
    pub(super) offset: usize,
    /// Others follow.
    pub(super) has_more: bool,
}

/// Who sent something to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Flow {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
}

/// A segment of a TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) sequence: u32,
    /// It opens the connection (SYN).
    pub(super) is_first: bool,
    pub(super) data: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// Reads a packet; `None` if it is damaged.
    pub(super) fn of(packet: &'a [u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Self::of_v4(packet),
            6 => Self::of_v6(packet),
            _ => None,
        }
    }

    fn of_v4(packet: &'a [u8]) -> Option<Self> {
        let header = usize::from(packet.first()? & 15) * 4;
        let rest = packet.get(header..).filter(|_| header >= 20)?;
        let whole = match usize::from(number(packet, 2)?) {
            // Hardware that cuts up large packets gets them without a length.
            0 => rest.len(),
            whole => whole.checked_sub(header)?,
        };
        let place = number(packet, 6)?;
        let fragment = Fragment {
            id: u32::from(number(packet, 4)?),
            offset: usize::from(place & 0x1fff) * 8,
            has_more: place & 0x2000 != 0,
        };
        let address = |at: usize| Some(IpAddr::from(*packet.get(at..)?.first_chunk::<4>()?));
        Some(Self {
            source: address(12)?,
            destination: address(16)?,
            protocol: *packet.get(9)?,
            fragment: Some(fragment).filter(Fragment::is_part),
            payload: rest.get(..whole).unwrap_or(rest),
            is_short: rest.len() < whole,
        })
    }

    fn of_v6(packet: &'a [u8]) -> Option<Self> {
        let rest = packet.get(40..)?;
        let whole = match usize::from(number(packet, 4)?) {
            0 => rest.len(),
            whole => whole,
        };
        let payload = rest.get(..whole).unwrap_or(rest);
        let (protocol, fragment, payload) = skip_extensions(*packet.get(6)?, payload)?;
        let address = |at: usize| Some(IpAddr::from(*packet.get(at..)?.first_chunk::<16>()?));
        Some(Self {
            source: address(8)?,
            destination: address(24)?,
            protocol,
            fragment,
            payload,
            is_short: rest.len() < whole,
        })
    }
}

impl Fragment {
    fn is_part(&self) -> bool {
        self.has_more || self.offset > 0
    }
}

impl Flow {
    /// The other direction.
    pub(super) fn reversed(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}

/// Skips the extension headers of IPv6: the protocol and the bytes that follow them, or that follow the header of a fragment.
pub(super) fn skip_extensions(mut next: u8, mut rest: &[u8]) -> Option<(u8, Option<Fragment>, &[u8])> {
    loop {
        let length = match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, Shim6.
            0 | 43 | 60 | 135 | 139 | 140 => 8 + 8 * usize::from(*rest.get(1)?),
            // Authentication.
            51 => 8 + 4 * usize::from(*rest.get(1)?),
            44 => 8,
            _ => return Some((next, None, rest)),
        };
        let (header, after) = rest.split_at_checked(length)?;
        if next == 44 {
            let place = number(header, 2)?;
            let id = u32::from_be_bytes(*header.get(4..)?.first_chunk()?);
            let fragment = Fragment { id, offset: usize::from(place & 0xfff8), has_more: place & 1 != 0 };
            if fragment.is_part() {
                return Some((*header.first()?, Some(fragment), after));
            }
        }
        (next, rest) = (*header.first()?, after);
    }
}

/// Source and destination port of TCP or UDP.
pub(super) fn ports(bytes: &[u8]) -> Option<(u16, u16)> {
    Some((number(bytes, 0)?, number(bytes, 2)?))
}

/// The data of a UDP datagram; `None` if its length is wrong, or if it is longer than a length can say.
pub(super) fn udp(bytes: &[u8]) -> Option<&[u8]> {
    match usize::from(number(bytes, 4)?) {
        0 => bytes.get(8..).filter(|data| u16::try_from(data.len()).is_ok()),
        length => bytes.get(8..length),
    }
}

/// A TCP segment; `None` if it is damaged.
pub(super) fn tcp(bytes: &[u8]) -> Option<Segment<'_>> {
    let header = usize::from(bytes.get(12)? >> 4) * 4;
    Some(Segment {
        sequence: u32::from_be_bytes(*bytes.get(4..)?.first_chunk()?),
        is_first: bytes.get(13)? & 2 != 0,
        data: bytes.get(header..).filter(|_| header >= 20)?,
    })
}

/// A big-endian number.
fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self, CLIENT, SERVER};
    use super::*;

    #[test]
    fn both_versions_are_read_and_bytes_after_the_packet_are_not() {
        for version in [4, 6] {
            let packet = [testing::ip(version, UDP, b"data"), b"padding".to_vec()].concat();
            let datagram = Datagram::of(&packet).unwrap();
            assert_eq!((datagram.protocol, datagram.payload), (UDP, &b"data"[..]));
            assert!(datagram.fragment.is_none() && !datagram.is_short);
            if version == 4 {
                assert_eq!((datagram.source, datagram.destination), (SERVER.into(), CLIENT.into()));
            }
            let short = Datagram::of(&packet[..packet.len() - 9]).unwrap();
            assert_eq!((short.payload, short.is_short), (&b"da"[..], true));
            let header = packet.len() - 11;
            for end in 0..header {
                assert_eq!(Datagram::of(&packet[..end]), None, "cut at {end}");
            }
        }
    }

    #[test]
    fn extension_headers_are_skipped() {
        let options = [60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let whole = [44, 0, 1, 2, 3, 4, 5, 6];
        let atomic = [51, 0, 0, 0, 0, 0, 0, 9];
        let signed = [UDP, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let chain = [&options[..], &whole, &atomic, &signed, b"data"].concat();
        assert_eq!(skip_extensions(0, &chain), Some((UDP, None, &b"data"[..])));
        for end in 0..chain.len() - 4 {
            assert_eq!(skip_extensions(0, &chain[..end]), None);
        }
        let part = [UDP, 0, 0, 0x0b, 0, 0, 0, 9, b'x'];
        let fragment = Fragment { id: 9, offset: 8, has_more: true };
        assert_eq!(skip_extensions(44, &part), Some((UDP, Some(fragment), &b"x"[..])));
    }

    #[test]
    fn wrong_lengths_are_damage() {
        let mut packet = testing::ip(4, UDP, b"data");
        packet[3] = 19;
        assert_eq!(Datagram::of(&packet), None, "shorter than its header");
        packet[3] = 0;
        assert_eq!(Datagram::of(&packet).unwrap().payload, b"data", "without a length");
        packet[0] = 0x44;
        assert_eq!(Datagram::of(&packet), None);
        assert_eq!(udp(&[0, 53, 0, 9, 0, 9, 0, 0, 7]), Some(&[7][..]));
        assert_eq!(udp(&[0, 53, 0, 9, 0, 10, 0, 0, 7]), None);
        assert_eq!(udp(&[0, 53, 0, 9, 0, 7, 0, 0, 7]), None);
        assert_eq!(udp(&[0, 53, 0, 9, 0, 0, 0, 0, 7]), Some(&[7][..]));
        assert_eq!(udp(&vec![0; 8 + 65_536]), None, "longer than any message");
        let mut segment = testing::tcp((53, 9), 7, b"data");
        assert_eq!(tcp(&segment), Some(Segment { sequence: 7, is_first: false, data: b"data" }));
        segment[12] = 0x40;
        assert_eq!(tcp(&segment), None);
        segment[12] = 0xf0;
        assert_eq!(tcp(&segment), None);
    }
}

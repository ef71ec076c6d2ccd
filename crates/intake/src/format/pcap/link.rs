//! The link layer of a packet (tcpdump.org/linktypes.html): [`payload`].
//!
//! ```text
//! NULL 0:       address family (u32, order of the capturing machine), IP
//! LOOP 108:     address family (u32, big-endian), IP
//! Ethernet 1:   destination (6), source (6), type (u16); after a VLAN tag (8100, 88a8, 9100): tag (u16), type (u16), …
//! RAW 12, 14, 101, IPv4 228, IPv6 229:  IP
//! SLL 113:      14 bytes, type (u16)
//! SLL2 276:     type (u16), 18 bytes
//! ```

/// Why there is no IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The packet is too short for its link layer.
    Short,
    /// The link type is not supported.
    Unsupported,
}

/// The IP packet in a packet of this link type; `None` if it has another one.
pub(super) fn payload(link: u32, packet: &[u8]) -> Result<Option<&[u8]>, Fault> {
    match link {
        0 | 108 => {
            let (family, rest) = packet.split_first_chunk().ok_or(Fault::Short)?;
            Ok(is_ip_family(*family).then_some(rest))
        }
        1 => ether(packet.get(12..)),
        12 | 14 | 101 | 228 | 229 => Ok(Some(packet)),
        113 => ether(packet.get(14..)),
        276 => {
            let kind = packet.first_chunk().ok_or(Fault::Short)?;
            let rest = packet.get(20..).ok_or(Fault::Short)?;
            of_type(*kind, rest)
        }
        _ => Err(Fault::Unsupported),
    }
}

/// What follows the addresses: a type, and what it says.
fn ether(rest: Option<&[u8]>) -> Result<Option<&[u8]>, Fault> {
    let (kind, rest) = rest.and_then(<[u8]>::split_first_chunk).ok_or(Fault::Short)?;
    of_type(*kind, rest)
}

fn of_type(mut kind: [u8; 2], mut rest: &[u8]) -> Result<Option<&[u8]>, Fault> {
    // Tags can be stacked. Each takes four bytes of the packet.
    while let [0x81 | 0x91, 0x00] | [0x88, 0xa8] = kind {
        let (_, after) = rest.split_first_chunk::<2>().ok_or(Fault::Short)?;
        let (next, after) = after.split_first_chunk().ok_or(Fault::Short)?;
        (kind, rest) = (*next, after);
    }
    Ok(matches!(kind, [0x08, 0x00] | [0x86, 0xdd]).then_some(rest))
}

/// Whether an address family is IPv4 or IPv6. IPv6 has a number on Linux, and others on each BSD and on macOS.
fn is_ip_family(family: [u8; 4]) -> bool {
    let is_ip = |number: u32| matches!(number, 2 | 10 | 24 | 28 | 30);
    is_ip(u32::from_be_bytes(family)) || is_ip(u32::from_le_bytes(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_type_leads_to_its_packet() {
        let addresses = [7; 12];
        let ethernet = |types: &[u8]| [&addresses[..], types, b"ip"].concat();
        for (link, packet) in [
            (0, b"\x02\0\0\0ip".to_vec()),
            (0, b"\0\0\0\x1eip".to_vec()),
            (108, b"\0\0\0\x18ip".to_vec()),
            (1, ethernet(&[8, 0])),
            (1, ethernet(&[0x86, 0xdd])),
            (1, ethernet(&[0x81, 0, 0, 7, 8, 0])),
            (1, ethernet(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, 0x86, 0xdd])),
            (1, ethernet(&[0x91, 0, 0, 7, 0x91, 0, 0, 7, 0x81, 0, 0, 9, 8, 0])),
            (12, b"ip".to_vec()),
            (14, b"ip".to_vec()),
            (101, b"ip".to_vec()),
            (113, [&[0; 14][..], &[8, 0], b"ip"].concat()),
            (113, [&[0; 14][..], &[0x81, 0, 0, 1, 8, 0], b"ip"].concat()),
            (228, b"ip".to_vec()),
            (229, b"ip".to_vec()),
            (276, [&[0x86, 0xdd][..], &[0; 18], b"ip"].concat()),
        ] {
            assert_eq!(payload(link, &packet), Ok(Some(&b"ip"[..])), "{link} {packet:x?}");
            for end in 0..packet.len().saturating_sub(2) {
                assert_eq!(payload(link, &packet[..end]), Err(Fault::Short), "{link} cut at {end}");
            }
        }
    }

    #[test]
    fn other_protocols_have_no_packet_and_other_links_are_not_supported() {
        assert_eq!(payload(1, &[&[7; 12][..], &[8, 6], b"arp"].concat()), Ok(None));
        assert_eq!(payload(0, b"\x07\0\0\0osi"), Ok(None));
        assert_eq!(payload(276, &[0; 20]), Ok(None));
        assert_eq!(payload(105, b"wlan"), Err(Fault::Unsupported));
    }
}

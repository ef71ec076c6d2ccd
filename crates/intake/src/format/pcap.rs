//! Packet captures: pcap (draft-ietf-opsawg-pcap) and pcapng ([`sections`]), as tcpdump, dumpcap and others write them.
//!
//! ```text
//! pcap:    magic (u32), version (u16, u16), reserved (u32, u32), most bytes of a packet (u32), link type (u32), packets
//! packet:  seconds (u32), micro- or nanoseconds (u32), captured (u32), original (u32), captured bytes of the packet
//! magic:   a1b2c3d4 microseconds; a1b23c4d nanoseconds; a1b2cd34 microseconds, and eight more bytes before the packet
//! ```
//!
//! The order of the magic's bytes is that of all numbers. The upper half of the link type has other flags. A unit is a packet;
//! [`packets`] reads it. Only responses from the ports of DNS are taken ([`Options::ports`]), and no address of a client leaves this
//! folder.
//!
//! Errors: a packet that cannot be read costs itself. After a length that cannot be true, the next packet cannot be found: the
//! rest is skipped, and the input counts as truncated. Of a capture that is cut off, everything before the cut is taken.

mod exchange;
mod fragments;
mod ip;
mod link;
mod packets;
mod recent;
#[cfg(test)]
mod samples;
mod sections;
mod stream;
#[cfg(test)]
mod testing;

use self::packets::{Packet, Packets};
use self::sections::{Block, Sections};
use super::{Decoder, Step};
use crate::format::Options;
use crate::out::Out;
use crate::tally::Reason;

/// The longest packet of a pcap file, in bytes. The most that libpcap captures is 262,144.
const MOST_PACKET: u32 = 1 << 20;
/// How many bytes are skipped at a time where nothing can be found.
const STRIDE: usize = 64 * 1024;

/// Reads captures.
pub(crate) struct Pcap {
    container: Container,
    packets: Packets,
    /// The time of the last packet that had one, in nanoseconds since the epoch.
    last: Option<u64>,
}

/// What the packets are in.
enum Container {
    /// It begins here.
    Unknown,
    Pcap(Header),
    Sections(Sections),
    /// The rest cannot be read.
    Lost,
}

/// What the head of a pcap file says.
#[derive(Clone, Copy)]
struct Header {
    is_big: bool,
    /// The unit of the smaller part of times, in nanoseconds.
    unit: u64,
    /// How long the head of a packet is, in bytes.
    head: usize,
    link: u32,
}

/// Whether an input that begins like this is a capture.
pub(super) fn is_capture(head: &[u8]) -> bool {
    sections::is_section(head) || Header::of_magic(head).is_some()
}

impl Pcap {
    pub(crate) fn new(options: &Options<'_>) -> Self {
        Self { container: Container::Unknown, packets: Packets::new(options), last: None }
    }

    fn begin(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Step {
        if bytes.len() < 4 {
            return Step::More;
        }
        if bytes.starts_with(&sections::SECTION) {
            self.container = Container::Sections(Sections::default());
            return self.block(bytes, out);
        }
        let Some(header) = Header::of_magic(bytes) else { return self.lose(Reason::Packet, out) };
        let Some(link) = header.u32(bytes, 20) else { return Step::More };
        self.container = Container::Pcap(Header { link: link & 0xffff, ..header });
        Step::Took(24)
    }

    fn packet(&mut self, header: Header, bytes: &[u8], out: &mut Out<'_>) -> Step {
        let Some(head) = bytes.get(..header.head) else { return Step::More };
        let [seconds, part, captured, original] =
            [0, 4, 8, 12].map(|at| header.u32(head, at).unwrap_or_default());
        if captured > MOST_PACKET {
            return self.lose(Reason::Packet, out);
        }
        let whole = header.head + captured as usize;
        let Some(bytes) = bytes.get(header.head..whole) else { return Step::More };
        let time = u64::from(seconds) * 1_000_000_000 + u64::from(part) * header.unit;
        self.last = Some(time);
        out.unit();
        self.packets.read(&Packet { link: header.link, time, bytes, is_short: captured < original }, out);
        Step::Took(whole as u64)
    }

    fn block(&mut self, bytes: &[u8], out: &mut Out<'_>) -> Step {
        let Container::Sections(sections) = &mut self.container else { return Step::More };
        match sections.block(bytes) {
            Block::More => Step::More,
            Block::Other(length) => Step::Took(length),
            Block::Packet(packet, has_time, length) => {
                out.unit();
                if has_time {
                    self.last = Some(packet.time);
                }
                match self.last {
                    Some(time) => self.packets.read(&Packet { time, ..packet }, out),
                    None => out.reject(Reason::WithoutTime),
                }
                Step::Took(length)
            }
            Block::Damaged(length) => {
                out.unit();
                out.reject(Reason::Packet);
                Step::Took(length)
            }
            Block::Lost => self.lose(Reason::Packet, out),
            Block::Version => self.lose(Reason::Version, out),
        }
    }

    /// Gives up the rest.
    fn lose(&mut self, why: Reason, out: &mut Out<'_>) -> Step {
        out.reject(why);
        self.container = Container::Lost;
        Step::Took(1)
    }
}

impl Decoder for Pcap {
    fn step(&mut self, bytes: &[u8], ended: bool, out: &mut Out<'_>) -> Step {
        match self.container {
            Container::Unknown => self.begin(bytes, out),
            Container::Pcap(header) => self.packet(header, bytes, out),
            Container::Sections(_) => self.block(bytes, out),
            // In equal steps, so that batches end at the same places however the input comes.
            Container::Lost if bytes.len() < STRIDE && !ended => Step::More,
            Container::Lost => Step::Took(bytes.len().min(STRIDE) as u64),
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        out.tally.truncated |= matches!(self.container, Container::Lost);
        self.packets.end(out);
    }
}

impl Header {
    /// What the magic says.
    fn of_magic(bytes: &[u8]) -> Option<Self> {
        let magic = *bytes.first_chunk()?;
        let of = |number: u32, is_big| {
            let (unit, head) = match number {
                0xa1b2_c3d4 => (1_000, 16),
                0xa1b2_3c4d => (1, 16),
                0xa1b2_cd34 => (1_000, 24),
                _ => return None,
            };
            Some(Self { is_big, unit, head, link: 0 })
        };
        of(u32::from_be_bytes(magic), true).or_else(|| of(u32::from_le_bytes(magic), false))
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use store::Reached;

    use super::testing::{self as packets, AT, capture, header, record};
    use super::*;
    use crate::Format;
    use crate::batches::Order;
    use crate::format::testing::{self, Found};
    use crate::tally::Dropped;

    fn order() -> Order {
        Order { format: Format::Pcap, ..testing::order() }
    }

    fn read(input: &[u8]) -> Found {
        testing::read(input, &order())
    }

    fn answer(name: &str) -> Vec<u8> {
        packets::response(&testing::response(name, &[(name, 1, &[185, 194, 93, 1])]))
    }

    fn row(name: &str, at: u64) -> String {
        format!("{name} A 185.194.93.1 {at} 1 -")
    }

    /// A capture with another magic and its numbers in this order of bytes, of one packet: the head, and what is after it.
    fn written(magic: u32, is_big: bool, part: u32, more: &[u8]) -> Vec<u8> {
        let packet = answer("a.example");
        let length = u32::try_from(packet.len()).unwrap();
        let number = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
        let seconds = u32::try_from(AT).unwrap();
        let head = [magic, 0, 0, 0, 65_535, 0x1234_0065, seconds, part, length, length];
        let mut file = head.map(number).concat();
        let version: [u16; 2] = [2, 4];
        let version = version.map(|part| if is_big { part.to_be_bytes() } else { part.to_le_bytes() });
        file[4..8].copy_from_slice(&version.concat());
        [file, more.to_vec(), packet].concat()
    }

    #[test]
    fn every_magic_is_recognised_and_read() {
        for is_big in [false, true] {
            for (magic, more) in [(0xa1b2_c3d4, 0), (0xa1b2_3c4d, 0), (0xa1b2_cd34, 8)] {
                let file = written(magic, is_big, 999_999, &[7; 8][..more]);
                assert_eq!(Format::of(&file, false), Some(Format::Pcap));
                assert_eq!(Format::of(&file[..4], true), Some(Format::Pcap));
                let found = read(&file);
                assert_eq!((found.rows, found.tally.units), (vec![row("a.example", AT)], 1));
                assert!(!found.tally.truncated);
            }
        }
        assert_eq!(Format::of(b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a", false), Some(Format::Pcap));
        assert_eq!(Format::of(b"\x0a\x0d\x0d\x0a\x1c\0\0\0", false), None);
        assert_eq!(Format::of(b"\n\r\r\n{\"rrname\":", false), Some(Format::Cof));
        assert_eq!(Format::of(b"\n\n\n\n{\"rrname\":", false), Some(Format::Cof));
        assert_eq!(read(&written(0xa1b2_c3d4, true, 1_000_000, &[])).rows, [row("a.example", AT + 1)]);
        assert_eq!(read(&written(0xa1b2_3c4d, true, 1_000_000, &[])).rows, [row("a.example", AT)]);
    }

    #[test]
    fn what_is_captured_in_part_is_rejected_unless_it_is_of_others() {
        let short = |packet: &[u8], captured: usize| {
            let mut record = record(0, packet);
            record.truncate(16 + captured);
            record[8..12].copy_from_slice(&u32::try_from(captured).unwrap().to_le_bytes());
            record
        };
        let other = packets::ip(4, ip::UDP, &packets::udp((123, 123), b"time"));
        let mut padded = record(0, &answer("b.example"));
        padded[12] += 4;
        let first = packets::part(7, (0, true), ip::UDP, &packets::udp((53, 9), &[7; 40]));
        let file = [
            header(),
            short(&answer("a.example"), 60),
            short(&answer("a.example"), 30),
            short(&answer("a.example"), 22),
            short(&answer("a.example"), 10),
            short(&other, 30),
            padded,
            short(&first, 40),
            record(0, &answer("c.example")),
        ];
        let found = read(&file.concat());
        assert_eq!(found.rows, [row("c.example", AT)]);
        assert_eq!(found.rejected(), [(Reason::ShortPacket, 6)]);
        assert_eq!(found.dropped(), [(Dropped::NotDns, 1)]);
    }

    #[test]
    fn a_length_that_cannot_be_true_ends_what_can_be_read() {
        let mut bad = record(0, &answer("b.example"));
        bad[11] = 0x7f;
        let rest = vec![7; 3 * STRIDE];
        let file = [header(), record(0, &answer("a.example")), bad, record(0, &answer("c.example")), rest];
        let found = read(&file.concat());
        assert_eq!(found.rows, [row("a.example", AT)]);
        assert_eq!(found.rejected(), [(Reason::Packet, 1)]);
        assert_eq!((found.tally.units, found.tally.truncated), (1, true));
        assert_eq!(read(b"no capture at all").rejected(), [(Reason::Packet, 1)]);
    }

    #[test]
    fn packets_of_an_unknown_link_type_are_rejected() {
        let mut file = capture(&[(0, answer("a.example")), (0, answer("b.example"))]);
        file[20] = 105;
        assert_eq!(read(&file).rejected(), [(Reason::LinkType, 2)]);
    }

    #[test]
    fn a_capture_that_is_cut_off_keeps_what_it_had() {
        let names = ["a.example", "b.example", "c.example"];
        let file = capture(&names.map(|name| (0, answer(name))));
        let ends: Vec<usize> = (0..4).map(|count| 24 + count * (file.len() - 24) / 3).collect();
        for cut in 0..file.len() {
            let found = read(&file[..cut]);
            let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(1);
            assert_eq!(found.rows.len(), whole, "cut at {cut}");
            let is_clean = cut == 0 || ends.contains(&cut);
            assert_eq!(found.tally.truncated, !is_clean, "cut at {cut}");
            assert_eq!(found.rejected() == [(Reason::Cut, 1)], !is_clean);
        }
    }

    #[test]
    fn a_message_that_began_before_a_position_is_complete_after_it() {
        let message =
            packets::framed(&testing::response("a.example", &[("a.example", 1, &[185, 194, 93, 1])]));
        let before = capture(&[
            (0, answer("b.example")),
            (0, packets::ip(4, ip::TCP, &packets::syn((53, 40_000), 99, &message[..20]))),
        ]);
        let offset = before.len() as u64;
        let file = [before, record(0, &packets::segment(120, &message[20..]))].concat();
        let reached = Reached { offset, digest: None, whole: false, expires: None };
        let found =
            testing::read(&file, &Order { input: Some("key".into()), reached: Some(reached), ..order() });
        assert_eq!(found.rows, [row("a.example", AT)]);
        assert_eq!((found.tally.records, found.tally.repeated), (1, 1));
    }

    proptest! {
        #[test]
        fn damage_anywhere_never_panics_and_is_the_same_in_pieces(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        ) {
            let message = testing::response("a.example", &[("a.example", 1, &[185, 194, 93, 1])]);
            let (framed, datagram) = (packets::framed(&message), packets::udp((53, 9), &message));
            let mut file = capture(&[
                (0, packets::query(&testing::query("a.example"))),
                (0, answer("a.example")),
                (40, packets::ip(6, ip::UDP, &datagram)),
                (80, packets::part(7, (16, false), ip::UDP, &datagram[16..])),
                (120, packets::part(7, (0, true), ip::UDP, &datagram[..16])),
                (160, packets::ip(4, ip::TCP, &packets::syn((53, 40_000), 99, &framed[..20]))),
                (200, packets::segment(140, &framed[40..])),
                (240, packets::segment(120, &framed[20..40])),
            ]);
            for (at, byte) in &damage {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            read(&file);
        }
    }
}

//! The blocks of pcapng (draft-ietf-opsawg-pcapng): [`Sections`].
//!
//! ```text
//! block:                type (u32), length of the block (u32), body, length again (u32); a multiple of 4 bytes
//! section header:       0a0d0d0a, length, byte-order magic 1a2b3c4d, version (u16, u16), …
//! interface:            1, length, link type (u16), reserved (u16), most bytes of a packet (u32), options
//! enhanced packet:      6, length, interface (u32), time (u32 high, u32 low), captured (u32), original (u32), packet, options
//! packet (obsolete):    2, length, interface (u16), drops (u16), and the rest as in an enhanced packet
//! simple packet:        3, length, original (u32), packet
//! option:               code (u16), length (u16), value, padded to 4 bytes; 0: end, 9: if_tsresol (u8), 14: if_tsoffset (i64)
//! ```
//!
//! Each section has an order of its bytes and interfaces of its own, and each interface a unit of its times: 10⁻⁶ seconds unless
//! `if_tsresol` says otherwise. Blocks of other types are skipped.
//!
//! Errors: a packet that does not fit into its block, or names an unknown interface, costs itself. After a block whose length is
//! wrong, nothing can be found: [`Block::Lost`].

use super::packets::Packet;

/// The type of a section header, which is the same in both orders.
pub(super) const SECTION: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// The byte-order magic, in both orders.
const BIG: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];
const LITTLE: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];
/// The longest block, in bytes (as in libpcap).
const MOST_BLOCK: u32 = 16 << 20;
/// The most interfaces of a section.
const MOST_INTERFACES: usize = 4_096;
const NANOSECONDS: u64 = 1_000_000_000;

/// What a block is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block<'a> {
    /// It is not complete.
    More,
    /// Nothing that matters, of this length.
    Other(u64),
    /// A packet in a block of this length. The block of a simple packet has no time.
    Packet(Packet<'a>, bool, u64),
    /// A packet that cannot be read, in a block of this length.
    Damaged(u64),
    /// There is no block, and what follows cannot be found.
    Lost,
    /// A section in an unknown version, likewise.
    Version,
}

/// The section at hand.
#[derive(Default)]
pub(super) struct Sections {
    /// Its numbers are big-endian.
    is_big: bool,
    interfaces: Vec<Interface>,
}

struct Interface {
    link: u32,
    /// The most bytes that are captured of a packet; 0 if there is no limit.
    most: u32,
    unit: Unit,
    /// What is added to its times, in seconds.
    offset: i64,
}

/// The unit of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// So many nanoseconds.
    Nanoseconds(u64),
    /// Such a part of a nanosecond.
    Part(u64),
    /// Two to the power of minus this, in seconds.
    Binary(u8),
}

impl Sections {
    /// Reads the block at the start of `bytes`.
    pub(super) fn block<'a>(&mut self, bytes: &'a [u8]) -> Block<'a> {
        if bytes.starts_with(&SECTION) {
            return self.section(bytes);
        }
        let (Some(kind), Some(length)) = (self.u32(bytes, 0), self.u32(bytes, 4)) else { return Block::More };
        if !is_length(length) {
            return Block::Lost;
        }
        let whole = u64::from(length);
        if !matches!(kind, 1 | 2 | 3 | 6) {
            return Block::Other(whole);
        }
        let Some(block) = bytes.get(..length as usize) else { return Block::More };
        let Some((body, again)) = block.get(8..).and_then(<[u8]>::split_last_chunk::<4>) else {
            return Block::Lost;
        };
        if self.u32(again, 0) != Some(length) {
            return Block::Lost;
        }
        let packet = match kind {
            1 => return self.interface(body).map_or(Block::Lost, |()| Block::Other(whole)),
            3 => self.simple(body).map(|packet| (packet, false)),
            _ => self.enhanced(kind, body).map(|packet| (packet, true)),
        };
        packet.map_or(Block::Damaged(whole), |(packet, has_time)| Block::Packet(packet, has_time, whole))
    }

    fn section<'a>(&mut self, bytes: &'a [u8]) -> Block<'a> {
        let Some(magic) = bytes.get(8..12) else { return Block::More };
        if !is_section(bytes) {
            return Block::Lost;
        }
        self.is_big = magic == BIG;
        let (Some(length), Some(major)) = (self.u32(bytes, 4), self.u16(bytes, 12)) else {
            return Block::More;
        };
        if !is_length(length) || length < 28 {
            return Block::Lost;
        }
        if major != 1 {
            return Block::Version;
        }
        self.interfaces.clear();
        Block::Other(u64::from(length))
    }

    fn interface(&mut self, body: &[u8]) -> Option<()> {
        let mut interface = Interface {
            link: u32::from(self.u16(body, 0)?),
            most: self.u32(body, 4)?,
            unit: Unit::Nanoseconds(1_000),
            offset: 0,
        };
        let mut options = body.get(8..)?;
        while let (Some(code @ 1..), Some(length)) = (self.u16(options, 0), self.u16(options, 2)) {
            let (length, value) = (usize::from(length), options.get(4..)?);
            match (code, value.get(..length)?) {
                (9, [resolution]) => interface.unit = Unit::of(*resolution),
                (14, value) => interface.offset = self.i64(value)?,
                _ => {}
            }
            options = value.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        if self.interfaces.len() < MOST_INTERFACES {
            self.interfaces.push(interface);
        }
        Some(())
    }

    fn enhanced<'a>(&self, kind: u32, body: &'a [u8]) -> Option<Packet<'a>> {
        let number = if kind == 2 { u32::from(self.u16(body, 0)?) } else { self.u32(body, 0)? };
        let interface = self.interfaces.get(number as usize)?;
        let ticks = (u64::from(self.u32(body, 4)?) << 32) | u64::from(self.u32(body, 8)?);
        let captured = self.u32(body, 12)?;
        Some(Packet {
            link: interface.link,
            time: interface.time(ticks),
            bytes: body.get(20..)?.get(..captured as usize)?,
            is_short: captured < self.u32(body, 16)?,
        })
    }

    fn simple<'a>(&self, body: &'a [u8]) -> Option<Packet<'a>> {
        let interface = self.interfaces.first()?;
        let original = self.u32(body, 0)?;
        let captured = if interface.most == 0 { original } else { original.min(interface.most) };
        Some(Packet {
            link: interface.link,
            time: 0,
            bytes: body.get(4..)?.get(..captured as usize)?,
            is_short: captured < original,
        })
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn i64(&self, bytes: &[u8]) -> Option<i64> {
        let bytes = *bytes.first_chunk()?;
        Some(if self.is_big { i64::from_be_bytes(bytes) } else { i64::from_le_bytes(bytes) })
    }
}

impl Interface {
    /// A time in nanoseconds since the epoch. One that no number can express is the latest or the earliest.
    fn time(&self, ticks: u64) -> u64 {
        let time = match self.unit {
            Unit::Nanoseconds(each) => ticks.saturating_mul(each),
            Unit::Part(of) => ticks / of,
            Unit::Binary(power) => {
                let time = (u128::from(ticks) * u128::from(NANOSECONDS)) >> power;
                u64::try_from(time).unwrap_or(u64::MAX)
            }
        };
        let offset = self.offset.unsigned_abs().saturating_mul(NANOSECONDS);
        if self.offset < 0 { time.saturating_sub(offset) } else { time.saturating_add(offset) }
    }
}

impl Unit {
    /// The unit that `if_tsresol` means: a negative power of 2 if the highest bit is set, of 10 otherwise.
    fn of(resolution: u8) -> Self {
        match u32::from(resolution & 0x7f) {
            _ if resolution & 0x80 > 0 => Self::Binary(resolution & 0x7f),
            power @ 0..=9 => Self::Nanoseconds(10_u64.pow(9 - power)),
            power => Self::Part(10_u64.checked_pow(power - 9).unwrap_or(u64::MAX)),
        }
    }
}

/// Whether bytes begin with a section header.
pub(super) fn is_section(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION) && bytes.get(8..12).is_some_and(|magic| magic == BIG || magic == LITTLE)
}

/// Whether a block may have this length.
fn is_length(length: u32) -> bool {
    (12..=MOST_BLOCK).contains(&length) && length.is_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{self as packets, AT};
    use crate::format::testing::{self, Found};
    use crate::tally::Reason;
    use crate::{Format, batches::Order};

    /// Writes blocks in one order of bytes.
    #[derive(Clone, Copy)]
    struct Writer {
        is_big: bool,
    }

    impl Writer {
        fn u16(self, number: u16) -> Vec<u8> {
            if self.is_big { number.to_be_bytes().into() } else { number.to_le_bytes().into() }
        }

        fn u32(self, number: u32) -> Vec<u8> {
            if self.is_big { number.to_be_bytes().into() } else { number.to_le_bytes().into() }
        }

        fn block(self, kind: u32, body: &[Vec<u8>]) -> Vec<u8> {
            let mut body = body.concat();
            body.resize(body.len().next_multiple_of(4), 0);
            let length = self.u32(u32::try_from(body.len() + 12).unwrap());
            [self.u32(kind), length.clone(), body, length].concat()
        }

        fn section(self) -> Vec<u8> {
            let version = [self.u16(1), self.u16(0)].concat();
            self.block(
                0x0a0d_0d0a,
                &[self.u32(0x1a2b_3c4d), version, vec![255; 8], vec![1, 0, 0, 0, 9, 9, 9, 9]],
            )
        }

        fn option(self, code: u16, value: &[u8]) -> Vec<u8> {
            let mut padded = value.to_vec();
            padded.resize(value.len().next_multiple_of(4), 0);
            [self.u16(code), self.u16(u16::try_from(value.len()).unwrap()), padded].concat()
        }

        /// An interface of IP packets.
        fn interface(self, options: &[Vec<u8>]) -> Vec<u8> {
            self.block(1, &[self.u16(101), self.u16(0), self.u32(96), options.concat(), self.u32(0)])
        }

        fn packet(self, interface: u32, ticks: u64, name: &str) -> Vec<u8> {
            let [high, low] =
                [ticks >> 32, ticks & 0xffff_ffff].map(|half| self.u32(u32::try_from(half).unwrap()));
            let packet = answer(name);
            let length = self.u32(u32::try_from(packet.len()).unwrap());
            self.block(6, &[self.u32(interface), high, low, length.clone(), length, packet])
        }
    }

    const LITTLE: Writer = Writer { is_big: false };
    const MICROS: u64 = AT * 1_000_000;

    fn answer(name: &str) -> Vec<u8> {
        packets::response(&testing::response(name, &[(name, 1, &[185, 194, 93, 1])]))
    }

    fn read(blocks: &[Vec<u8>]) -> Found {
        testing::read(&blocks.concat(), &Order { format: Format::Pcap, ..testing::order() })
    }

    fn row(name: &str, at: u64) -> String {
        format!("{name} A 185.194.93.1 {at} 1 -")
    }

    #[test]
    fn sections_have_orders_and_interfaces_of_their_own() {
        let mut blocks = Vec::new();
        for (is_big, name) in [(false, "a.example"), (true, "b.example")] {
            let writer = Writer { is_big };
            blocks.extend([
                writer.section(),
                writer.interface(&[writer.option(2, b"eth0"), writer.option(1, b"comment")]),
                writer.block(4, &[vec![0; 40]]),
                writer.packet(0, MICROS, name),
                writer.packet(1, MICROS, "other.example"),
            ]);
        }
        let found = read(&blocks);
        assert_eq!(found.rows, [row("a.example", AT), row("b.example", AT)]);
        assert_eq!(found.rejected(), [(Reason::Packet, 2)], "there is no interface 1");
        assert_eq!((found.tally.units, found.tally.truncated), (4, false));
    }

    #[test]
    fn each_interface_has_a_unit_and_an_offset_of_its_times() {
        let offset = (-1_000_i64).to_le_bytes();
        let cases: &[(&str, Vec<Vec<u8>>, u64, u64)] = &[
            ("a", vec![LITTLE.option(9, &[9])], AT * 1_000_000_000, AT),
            ("b", vec![LITTLE.option(9, &[0])], AT, AT),
            ("c", vec![LITTLE.option(9, &[0x80 | 16])], AT << 16 | 0xffff, AT),
            ("d", vec![LITTLE.option(14, &offset)], MICROS, AT - 1_000),
            ("e", vec![LITTLE.option(9, &[10])], AT * 10_000_000_000, AT),
        ];
        let mut blocks = vec![LITTLE.section()];
        blocks.extend(cases.iter().map(|(_, options, _, _)| LITTLE.interface(options)));
        for (number, (name, _, ticks, _)) in (0..).zip(cases) {
            blocks.push(LITTLE.packet(number, *ticks, name));
        }
        let expected: Vec<String> = cases.iter().map(|(name, _, _, at)| row(name, *at)).collect();
        assert_eq!(read(&blocks).rows, expected);
    }

    #[test]
    fn times_that_no_number_can_express_are_implausible() {
        let odd = [0x7f, 0xff, 0x80, 29, 30];
        let mut blocks = vec![LITTLE.section()];
        blocks.extend(odd.map(|unit| LITTLE.interface(&[LITTLE.option(9, &[unit])])));
        blocks.push(LITTLE.interface(&[LITTLE.option(14, &i64::MIN.to_le_bytes())]));
        blocks.push(LITTLE.interface(&[LITTLE.option(14, &i64::MAX.to_le_bytes())]));
        blocks.extend((0..7).map(|number| LITTLE.packet(number, u64::MAX, "a.example")));
        assert_eq!(read(&blocks).rejected(), [(Reason::WithoutTime, 7)]);
    }

    #[test]
    fn simple_packets_have_the_time_of_the_last_one() {
        let simple = |original: u32, name| LITTLE.block(3, &[LITTLE.u32(original), answer(name)]);
        let length = |name| u32::try_from(answer(name).len()).unwrap();
        let found = read(&[
            LITTLE.section(),
            LITTLE.interface(&[]),
            simple(length("a.example"), "a.example"),
            LITTLE.packet(0, MICROS, "b.example"),
            simple(length("c.example"), "c.example"),
            simple(1_000, "a-name-that-is-long-enough-for-the-limit-of-the-interface.example"),
        ]);
        assert_eq!(found.rows, [row("b.example", AT), row("c.example", AT)]);
        assert_eq!(found.rejected(), [(Reason::WithoutTime, 1), (Reason::ShortPacket, 1)]);
    }

    #[test]
    fn obsolete_packets_are_read() {
        let packet = answer("a.example");
        let length = LITTLE.u32(u32::try_from(packet.len()).unwrap());
        let [high, low] =
            [MICROS >> 32, MICROS & 0xffff_ffff].map(|half| LITTLE.u32(u32::try_from(half).unwrap()));
        let old = LITTLE.block(2, &[LITTLE.u16(0), LITTLE.u16(7), high, low, length.clone(), length, packet]);
        assert_eq!(read(&[LITTLE.section(), LITTLE.interface(&[]), old]).rows, [row("a.example", AT)]);
    }

    #[test]
    fn a_wrong_length_ends_what_can_be_read() {
        let good = || vec![LITTLE.section(), LITTLE.interface(&[]), LITTLE.packet(0, MICROS, "a.example")];
        let after = || LITTLE.packet(0, MICROS, "b.example");
        let block = |length: u32| [LITTLE.u32(7), LITTLE.u32(length), vec![0; 40]].concat();
        let mut contradiction = after();
        let at = contradiction.len() - 4;
        contradiction[at] ^= 4;
        for bad in [block(8), block(13), block(u32::MAX - 3), contradiction, block(0)] {
            let mut blocks = good();
            blocks.extend([bad, after()]);
            let found = read(&blocks);
            assert_eq!(found.rows, [row("a.example", AT)]);
            assert_eq!(found.rejected(), [(Reason::Packet, 1)]);
            assert!(found.tally.truncated);
        }
        let mut section = LITTLE.section();
        section[12] = 2;
        let mut blocks = good();
        blocks.extend([section, after()]);
        assert_eq!(read(&blocks).rejected(), [(Reason::Version, 1)]);
    }

    #[test]
    fn a_packet_that_does_not_fit_into_its_block_costs_itself() {
        let mut bad = LITTLE.packet(0, MICROS, "a.example");
        bad[20..24].copy_from_slice(&9_999_u32.to_le_bytes());
        let found =
            read(&[LITTLE.section(), LITTLE.interface(&[]), bad, LITTLE.packet(0, MICROS, "b.example")]);
        assert_eq!(found.rows, [row("b.example", AT)]);
        assert_eq!(found.rejected(), [(Reason::Packet, 1)]);
    }
}

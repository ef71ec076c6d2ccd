//! Gzip bodies (RFC 1952) without a compressor: [`stored`] for a normal one, [`zeros`] for a decompression bomb.
//!
//! Both are one member with the right checksum and length, so that every decoder reads them to the end. Nothing here fails.

/// Magic, deflate, no flags, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// The most bytes in a stored block.
const BLOCK: usize = 0xffff;
/// 1 MiB of zeros as deflate blocks that end at a byte boundary and do not refer to earlier data: this, `FILL` zero bytes (each
/// of which stands for about 1 KiB), and `FRAGMENT_END`. Created with zlib at level 9, full flush.
const FRAGMENT: [u8; 15] = [0xec, 0xc1, 0x31, 0x01, 0, 0, 0, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x08, 0x5f, 0xa0];
const FRAGMENT_END: [u8; 6] = [0x3e, 0x03, 0, 0, 0xff, 0xff];
const FILL: usize = 1016;
/// The last block, empty, with fixed codes.
const LAST: [u8; 2] = [0x03, 0x00];

/// This many MiB of zeros, at about a thousandth of the size.
pub fn zeros(mebibytes: u32) -> Vec<u8> {
    let fragment = [&FRAGMENT[..], &[0; FILL], &FRAGMENT_END].concat();
    let mut out = HEADER.to_vec();
    let mut crc = u32::MAX;
    let mebibyte = (0..20).fold(zero_byte(), |operator, _| operator.map(|column| apply(&operator, column)));
    for _ in 0..mebibytes {
        out.extend_from_slice(&fragment);
        crc = apply(&mebibyte, crc);
    }
    out.extend_from_slice(&LAST);
    out.extend_from_slice(&(!crc).to_le_bytes());
    out.extend_from_slice(&mebibytes.wrapping_mul(1 << 20).to_le_bytes());
    out
}

/// These bytes, stored without compression.
///
/// # Panics
/// For 4 GiB and more.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    for block in bytes.chunks(BLOCK) {
        let length = u16::try_from(block.len()).expect("a block's length has 16 bits");
        out.push(0);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&LAST);
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| advance(crc ^ u32::from(*byte)));
    out.extend_from_slice(&(!crc).to_le_bytes());
    out.extend_from_slice(&u32::try_from(bytes.len()).expect("less than 4 GiB").to_le_bytes());
    out
}

/// The checksum's register after one more byte, which is already mixed in.
fn advance(register: u32) -> u32 {
    (0..8).fold(register, |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
}

/// The effect of a zero byte on each bit of the register; squaring it doubles the number of bytes.
fn zero_byte() -> [u32; 32] {
    std::array::from_fn(|bit| advance(1 << bit))
}

fn apply(operator: &[u32; 32], register: u32) -> u32 {
    let columns = operator.iter().enumerate().filter(|(bit, _)| register >> bit & 1 == 1);
    columns.fold(0, |sum, (_, column)| sum ^ column)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// The output of the system's gzip, which also checks the checksum and the length.
    fn unpacked(gzip: &[u8]) -> Vec<u8> {
        let mut command = Command::new("gzip");
        let command = command.arg("-dc").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("gzip is on the system");
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(gzip).unwrap());
            child.wait_with_output().unwrap()
        });
        assert!(output.status.success(), "{:?}", output.status);
        output.stdout
    }

    #[test]
    fn stored_bodies_unpack_to_themselves() {
        for length in [0, 1, BLOCK, BLOCK + 1, 200_000] {
            let body: Vec<u8> = b"COF \n".iter().copied().cycle().take(length).collect();
            assert!(unpacked(&stored(&body)) == body, "{length}");
        }
    }

    #[test]
    fn zeros_unpack_to_zeros() {
        for mebibytes in [0, 1, 5] {
            let out = unpacked(&zeros(mebibytes));
            assert_eq!(out.len(), (mebibytes as usize) << 20);
            assert!(out.iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn a_bomb_is_small() {
        assert!(zeros(1000).len() < 1_100_000);
    }
}

//! Converts bytes to a decimal number and back, because CIRCL's clients require that a cursor is a number.
//!
//! The bytes are the digits of the number in base 256, the most significant first. Both directions take time proportional to
//! the square of the length, so the caller limits the length.

use std::fmt::Write as _;

/// How many decimal digits fit into 32 bits.
const DIGITS: usize = 9;
const BASE: u64 = 1_000_000_000;

/// The number without leading zeros; `0` for no bytes.
pub(crate) fn from_bytes(bytes: &[u8]) -> String {
    // In base 10^9, the least significant digit first.
    let mut number: Vec<u64> = Vec::new();
    let (first, words) = bytes.as_rchunks::<4>();
    let first = first.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    let words = words.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
    for word in std::iter::once(first).chain(words) {
        add(&mut number, 1 << 32, word, BASE);
    }
    let mut groups = number.iter().rev();
    let mut text = groups.next().copied().unwrap_or_default().to_string();
    for group in groups {
        // Writing to a string does not fail.
        let _ = write!(text, "{group:09}");
    }
    text
}

/// The bytes of a number that is all ASCII digits, without leading zeros.
pub(crate) fn to_bytes(digits: &[u8]) -> Vec<u8> {
    // In base 2^32, the least significant digit first.
    let mut number: Vec<u64> = Vec::new();
    let first = digits.len() % DIGITS;
    let (first, rest) = digits.split_at(first);
    for group in std::iter::once(first).chain(rest.chunks(DIGITS)) {
        let value = group.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
        add(&mut number, BASE, value, 1 << 32);
    }
    let bytes = number.iter().rev().flat_map(|word| word.to_be_bytes().into_iter().skip(4));
    bytes.skip_while(|byte| *byte == 0).collect()
}

/// Multiplies a number in this base, and adds.
fn add(number: &mut Vec<u64>, factor: u64, more: u64, base: u64) {
    let mut carry = more;
    for part in number.iter_mut() {
        let value = *part * factor + carry;
        *part = value % base;
        carry = value / base;
    }
    // The carry may have several digits, because the factor may be larger than the base.
    while carry > 0 {
        number.push(carry % base);
        carry /= base;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_are_known() {
        for (bytes, text) in [
            (&[][..], "0"),
            (&[1], "1"),
            (&[1, 0], "256"),
            (&[255; 4], "4294967295"),
            (&[1, 0, 0, 0, 0], "4294967296"),
            (&[59, 154, 202, 0], "1000000000"),
            (&[255; 16], "340282366920938463463374607431768211455"),
        ] {
            assert_eq!((from_bytes(bytes).as_str(), to_bytes(text.as_bytes())), (text, bytes.to_vec()));
        }
        assert_eq!(to_bytes(b"000000000000000000256"), [1, 0]);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let significant: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
            prop_assert_eq!(to_bytes(from_bytes(&bytes).as_bytes()), significant);
        }

        #[test]
        fn it_is_the_number_that_the_compiler_knows(number: u128) {
            prop_assert_eq!(from_bytes(&number.to_be_bytes()), number.to_string());
        }
    }
}

//! Numbers of variable length: LEB128, seven bits per byte, the lowest first.
//!
//! [`take`] returns `None` for a number that is cut or does not fit into 64 bits; the caller knows the file.

/// Appends a number of at most ten bytes.
pub(super) fn push(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low(number) | 0x80);
        number >>= 7;
    }
    out.push(low(number));
}

/// Reads a number from the front.
pub(super) fn take(octets: &mut &[u8]) -> Option<u64> {
    let (first, mut rest) = octets.split_first()?;
    let mut number = u64::from(first & 0x7f);
    let mut octet = *first;
    let mut shift = 7;
    while octet >= 0x80 {
        let (next, after) = rest.split_first()?;
        (octet, rest) = (*next, after);
        let bits = u64::from(octet & 0x7f);
        if shift > 63 || (shift == 63 && bits > 1) {
            return None;
        }
        number |= bits << shift;
        shift += 7;
    }
    *octets = rest;
    Some(number)
}

/// Reads a number that must be a length or offset in memory.
pub(super) fn take_len(octets: &mut &[u8]) -> Option<usize> {
    usize::try_from(take(octets)?).ok()
}

/// Appends a length and the bytes.
pub(super) fn push_octets(out: &mut Vec<u8>, octets: &[u8]) {
    push(out, octets.len() as u64);
    out.extend_from_slice(octets);
}

/// Reads what [`push_octets`] wrote.
pub(super) fn take_octets<'a>(octets: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_len(octets)?;
    let (taken, rest) = octets.split_at_checked(len)?;
    *octets = rest;
    Some(taken)
}

fn low(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_read_back(number: u64, small in 0..300_u64) {
            let mut octets = Vec::new();
            push(&mut octets, number);
            push(&mut octets, small);
            let mut rest = &octets[..];
            prop_assert_eq!((take(&mut rest), take(&mut rest), rest.len()), (Some(number), Some(small), 0));
            prop_assert_eq!(take(&mut &octets[..0]), None);
        }

        #[test]
        fn no_octets_panic(octets: Vec<u8>) {
            let mut rest = &octets[..];
            while take(&mut rest).is_some() {}
        }
    }

    #[test]
    fn what_does_not_fit_is_no_number() {
        assert_eq!(take(&mut &[0xff; 10][..]), None);
        assert_eq!(take(&mut &[0x80; 20][..]), None);
        let mut octets = vec![0xff; 9];
        octets.push(1);
        assert_eq!(take(&mut &octets[..]), Some(u64::MAX));
    }
}

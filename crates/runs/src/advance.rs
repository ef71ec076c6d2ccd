//! An advance of an input: how far it was imported, and which sources its batch named. Journals and ledgers both contain
//! advances in this form:
//!
//! ```text
//! advance  = position ‖ varint how many ‖ varint number of a source that the batch names *
//! position = varint length ‖ input ‖ varint offset ‖ flags: u8 ‖ [digest: 32 bytes] ‖ [varint expiry]
//! flags    = 1 a digest + 2 whole + 4 an expiry + 8 nothing was known of the input
//! ```
//!
//! This module does not know files: `None` means damage.

use cof::Position;
use store::Reached;
use store::engine::Positions;

use super::varint;

/// An advance of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advance {
    pub(super) position: Position,
    /// Whether the input was unknown before, so that sources it named earlier do not count.
    pub(super) fresh: bool,
    /// The numbers of the sources that the batch named.
    pub(super) named: Vec<u32>,
}

impl Advance {
    /// Applies it to what is known about inputs.
    pub(super) fn apply(&self, ledger: &mut Positions<u32>) {
        if self.fresh {
            ledger.forget(&self.position.input);
        }
        ledger.advance(&self.position.input, Reached::at(&self.position), self.named.iter().copied());
    }

    pub(super) fn push(&self, octets: &mut Vec<u8>) {
        push_position(octets, &self.position, self.fresh);
        varint::push(octets, self.named.len() as u64);
        for id in &self.named {
            varint::push(octets, u64::from(*id));
        }
    }

    pub(super) fn take(octets: &mut &[u8]) -> Option<Self> {
        let (position, fresh) = take_position(octets)?;
        let mut named = Vec::new();
        for _ in 0..varint::take(octets)? {
            named.push(u32::try_from(varint::take(octets)?).ok()?);
        }
        Some(Self { position, fresh, named })
    }
}

/// Appends a position, and whether its input was unknown before.
fn push_position(octets: &mut Vec<u8>, position: &Position, fresh: bool) {
    let Position { ref input, offset, digest, whole, expires } = *position;
    varint::push_octets(octets, input.as_bytes());
    varint::push(octets, offset);
    let flags = [digest.is_some(), whole, expires.is_some(), fresh];
    octets.push((0..).zip(flags).map(|(bit, flag)| u8::from(flag) << bit).sum());
    octets.extend(digest.iter().flatten());
    if let Some(expires) = expires {
        varint::push(octets, expires);
    }
}

/// Reads what [`push_position`] wrote.
fn take_position(octets: &mut &[u8]) -> Option<(Position, bool)> {
    let input = std::str::from_utf8(varint::take_octets(octets)?).ok()?.into();
    let offset = varint::take(octets)?;
    let (flags, rest) = octets.split_first()?;
    *octets = rest;
    let mut digest = None;
    if flags & 1 != 0 {
        let (of_it, rest) = octets.split_first_chunk()?;
        (digest, *octets) = (Some(*of_it), rest);
    }
    let expires = if flags & 4 == 0 { None } else { Some(varint::take(octets)?) };
    let whole = flags & 2 != 0;
    (flags & !15 == 0).then_some((Position { input, offset, digest, whole, expires }, flags & 8 != 0))
}

//! Tokens of sessions and links: 32 random bytes as 64 hexadecimal digits, shown once and stored as a hash.
//!
//! They are looked up by that hash. The time of a lookup only reveals something about the hash, from which the token cannot be
//! derived.

use operation::Secret;

use crate::{Error, secret};

/// Random bytes of a token: too many to guess.
const OCTETS: usize = 32;

/// The stored hash of a token.
pub(super) type Digest = [u8; blake3::OUT_LEN];

/// A new token, and its hash.
pub(super) fn fresh() -> Result<(Secret, Digest), Error> {
    let mut octets = [0; OCTETS];
    secret::random(&mut octets)?;
    let text = secret::hex(&octets);
    let digest = digest(&text);
    Ok((Secret::new(&text), digest))
}

/// The hash of a presented token.
pub(super) fn digest(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

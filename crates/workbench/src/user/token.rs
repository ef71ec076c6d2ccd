//! Tokens of sessions and links: 32 random octets as 64 hexadecimal digits, shown once and kept as their hash.
//!
//! They are looked up by that hash. How long a lookup takes tells of the hash alone, from which nothing leads back.

use operation::Secret;

use crate::{Error, secret};

/// Random octets of a token: more than anybody guesses.
const OCTETS: usize = 32;

/// What is kept of a token.
pub(super) type Digest = [u8; blake3::OUT_LEN];

/// A new token, and what is kept of it.
pub(super) fn fresh() -> Result<(Secret, Digest), Error> {
    let mut octets = [0; OCTETS];
    secret::random(&mut octets)?;
    let text = secret::hex(&octets);
    let digest = digest(&text);
    Ok((Secret::new(&text), digest))
}

/// What is kept of a token that somebody shows.
pub(super) fn digest(token: &str) -> Digest {
    *blake3::hash(token.as_bytes()).as_bytes()
}

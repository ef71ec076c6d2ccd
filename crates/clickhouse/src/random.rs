//! Random bytes, for names that nothing else has.

use store::{StoreError, StoreErrorKind};

/// So many random bytes.
///
/// # Errors
/// `Unavailable` if the system has none.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        StoreError::engine(StoreErrorKind::Unavailable, format!("the system has no random numbers: {error}"))
    })?;
    Ok(bytes)
}

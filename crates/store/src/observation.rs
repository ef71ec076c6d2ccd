//! Checks observations before an engine stores them.
//!
//! After [`check`], storing cannot fail because of the given data, and everything reads back unchanged.

use cof::{Batch, Observation, Rdata, RrType, Source};

use crate::limits::Limits;
use crate::{BatchFault, StoreError};

/// Refuses a batch with an invalid observation, or with too long a name of a source or input.
///
/// # Errors
/// [`StoreError::Batch`] for the first invalid observation, [`StoreError::TooLong`].
pub fn check(batch: &Batch, limits: &Limits) -> Result<(), StoreError> {
    limits.admit_texts(&batch.sources, batch.position.as_ref())?;
    for (index, observation) in batch.observations.iter().enumerate() {
        check_one(observation, &batch.sources).map_err(|fault| StoreError::Batch { index, fault })?;
    }
    Ok(())
}

fn check_one(observation: &Observation, sources: &[Source]) -> Result<(), BatchFault> {
    if observation.source >= sources.len() {
        return Err(BatchFault::Source);
    }
    if observation.time_first > observation.time_last {
        return Err(BatchFault::Reversed);
    }
    let Some(wire) = observation.rdata.as_wire() else { return Ok(()) };
    // Most data is an address, for which any bytes of the right length are valid: decoding it would take longer than storing
    // it.
    let whole = match observation.rrtype {
        RrType::A => wire.len() == 4,
        RrType::AAAA => wire.len() == 16,
        rrtype => Rdata::from_wire(rrtype, wire).as_ref() == Ok(&observation.rdata),
    };
    whole.then_some(()).ok_or(BatchFault::Rdata)
}

//! What an observation must be before an engine takes it in.
//!
//! [`check`] is the edge: behind it taking in cannot fail for what was given, and all of it reads back as it is.

use cof::{Batch, Observation, Rdata, RrType, Source};

use crate::limits::Limits;
use crate::{BatchFault, StoreError};

/// Refuses a batch that holds what cannot be an observation, or a source or input with too long a name.
///
/// # Errors
/// [`StoreError::Batch`] for the first that cannot, [`StoreError::TooLong`].
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
    // Most data is an address, of which every octet is data: asking the decoder would take longer than storing it.
    let whole = match observation.rrtype {
        RrType::A => wire.len() == 4,
        RrType::AAAA => wire.len() == 16,
        rrtype => Rdata::from_wire(rrtype, wire).as_ref() == Ok(&observation.rdata),
    };
    whole.then_some(()).ok_or(BatchFault::Rdata)
}

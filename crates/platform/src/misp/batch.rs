//! Sends the steps of a plan in batches: [`Misp::send`].
//!
//! A batch that the instance refuses is halved until the step is found that it does not take; that one is refused, and the others go on.

use serde_json::Value;
use workbench::push::Outcome;

use super::plan::Step;
use super::{Misp, Plan};
use crate::PlatformError;

/// The most steps of a batch: an instance needs some tens of milliseconds for each object.
const STEPS: usize = 100;
/// The most JSON of a batch, in bytes. A single step may be larger.
const BYTES: usize = 1 << 20;
/// After so many refusals one after the other, all others would be refused, too.
const MOST_REFUSALS: usize = 10;

/// What became of a row, by its key.
pub(crate) type Noted = (String, Outcome, Option<String>);

impl Plan {
    /// The steps in batches, as ranges.
    pub(crate) fn batches(&self) -> Vec<std::ops::Range<usize>> {
        let (mut batches, mut begin, mut octets) = (Vec::new(), 0, 0);
        for (at, step) in self.steps().iter().enumerate() {
            let size = step.body.to_string().len();
            if at > begin && (at - begin == STEPS || octets + size > BYTES) {
                batches.push(begin..at);
                (begin, octets) = (at, 0);
            }
            octets += size;
        }
        if begin < self.steps().len() {
            batches.push(begin..self.steps().len());
        }
        batches
    }
}

impl Misp {
    /// Sends some steps; returns what became of each. What was sent before an error is lost to the caller, who reads the event again.
    pub(crate) async fn send(
        &self,
        plan: &Plan,
        batch: std::ops::Range<usize>,
    ) -> Result<Vec<Noted>, PlatformError> {
        let steps = plan.steps().get(batch).unwrap_or_default();
        let (mut noted, mut refusals) = (Vec::new(), 0);
        // In their order: the part to send next is at the end.
        let mut parts: Vec<&[Step]> = vec![steps];
        while let Some(part) = parts.pop() {
            let Some(first) = part.first() else { continue };
            match self.send_some(plan.uuid(), part).await {
                Ok(()) => {
                    refusals = 0;
                    noted.extend(part.iter().map(|step| (step.key.clone(), step.outcome.done(), None)));
                }
                Err(error) if error.is_about_content() && part.len() > 1 => {
                    let (one, other) = part.split_at(part.len() / 2);
                    parts.extend([other, one]);
                }
                Err(error) if error.is_about_content() && refusals < MOST_REFUSALS => {
                    refusals += 1;
                    noted.push((first.key.clone(), Outcome::Refused, Some(error.to_string())));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(noted)
    }

    async fn send_some(&self, uuid: &str, steps: &[Step]) -> Result<(), PlatformError> {
        let bodies = |objects: bool| -> Vec<Value> {
            steps.iter().filter(|step| step.is_object == objects).map(|step| step.body.clone()).collect()
        };
        self.send_parts(uuid, bodies(false), bodies(true)).await
    }
}

//! Sends indicators in batches, and finds out what became of each.

use std::collections::VecDeque;

use super::plan::{State, is_met};
use super::wanted::Item;
use super::{Outcome, Push, PushError};
use crate::threatq::answer::Written;
use crate::threatq::body::{BATCH, Sent};
use crate::threatq::connection::pause;
use crate::threatq::error::ThreatqError;
use crate::threatq::names::WHITELISTED;

/// How often a batch is sent.
pub(super) const TRIES: u32 = 3;
/// How often batches are split in two in all, to find what is refused in them.
pub(super) const SPLITS: u32 = 200;

/// An indicator that is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) item: &'a Item,
    pub(super) is_new: bool,
}

/// A batch.
#[derive(Debug)]
struct Part<'a> {
    jobs: Vec<Job<'a>>,
    /// How often it was sent.
    tries: u32,
}

impl Push<'_> {
    /// Sends what is new or changes.
    pub(super) async fn send_all(&mut self, jobs: &[Job<'_>], indirect: &str) -> Result<(), PushError> {
        let parts = jobs.chunks(BATCH).map(<[_]>::to_vec);
        let mut queue: VecDeque<Part<'_>> = parts.map(|jobs| Part { jobs, tries: 0 }).collect();
        let mut splits = SPLITS;
        let mut is_first = true;
        while let Some(part) = queue.pop_front() {
            self.check_stop()?;
            if !is_first {
                tokio::time::sleep(self.terms.pause).await;
            }
            is_first = false;
            match self.send_part(&part, indirect).await {
                Ok(results) => self.settle(&part, results, indirect).await?,
                Err(error) => self.settle_failed(part, error, &mut queue, &mut splits).await?,
            }
            self.hand_on().await?;
        }
        Ok(())
    }

    async fn send_part(&self, part: &Part<'_>, indirect: &str) -> Result<Vec<Option<Written>>, ThreatqError> {
        let keys: Vec<_> = part.jobs.iter().map(|job| job.item.key()).collect();
        let sent: Vec<Sent<'_>> = part
            .jobs
            .iter()
            .zip(&keys)
            .map(|(job, (kind, value))| Sent {
                value,
                kind,
                status: self.status(job.item, indirect),
                description: "",
                attributes: job.item.attributes.iter().map(|(name, value)| (&**name, &**value)).collect(),
                related: Vec::new(),
                tlp: job.item.tlp,
            })
            .collect();
        self.connection.consume(&sent, &self.terms.source).await
    }

    /// The status that an indicator has there, or gets.
    pub(super) fn status<'a>(&'a self, item: &Item, indirect: &'a str) -> &'a str {
        let state = self.states.get(&item.thing);
        state.and_then(|state| state.status.as_deref()).unwrap_or(indirect)
    }

    async fn settle(
        &mut self,
        part: &Part<'_>,
        results: Vec<Option<Written>>,
        indirect: &str,
    ) -> Result<(), PushError> {
        let names = self.connection.names().await?;
        let mut unclear = Vec::new();
        for (job, written) in part.jobs.iter().zip(results) {
            match written {
                Some(Written { result: Ok(id), status, .. }) => {
                    let now = names.status_of(&status).unwrap_or(indirect).to_owned();
                    self.done(job, id, job.is_new.then_some(now));
                }
                Some(Written { result: Err(said), .. }) => {
                    self.tell(&job.item.thing, Outcome::Refused(said.to_string()));
                }
                None => unclear.push(*job),
            }
        }
        for job in self.still_missing(unclear).await? {
            let why = "ThreatQ's answer does not say what became of it".to_owned();
            self.tell(&job.item.thing, Outcome::Failed(why));
        }
        Ok(())
    }

    /// Notes that an indicator is there.
    fn done(&mut self, job: &Job<'_>, id: u64, status: Option<String>) {
        let state = self.states.entry(job.item.thing.clone()).or_default();
        state.id = Some(id);
        state.is_new |= job.is_new;
        let is_whitelisted = status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case(WHITELISTED));
        state.status = status.or(state.status.take());
        self.tell(&job.item.thing, if job.is_new { Outcome::Created } else { Outcome::Updated });
        if is_whitelisted && let Some(state) = self.states.get_mut(&job.item.thing) {
            // By a rule, on arrival.
            state.is_usable = false;
        }
    }

    /// Finds out which of the indicators are there as they should be, and returns the others.
    async fn still_missing<'b>(&mut self, jobs: Vec<Job<'b>>) -> Result<Vec<Job<'b>>, PushError> {
        if jobs.is_empty() {
            return Ok(jobs);
        }
        let items: Vec<&Item> = jobs.iter().map(|job| job.item).collect();
        let read = self.read(&items).await?;
        let mut missing = Vec::new();
        for job in jobs {
            match read.get(&job.item.thing) {
                Some(state @ State { id: Some(id), status, .. }) if is_met(job.item, state) => {
                    self.done(&job, *id, status.clone());
                }
                _ => missing.push(job),
            }
        }
        Ok(missing)
    }

    /// Decides what to do after a batch has failed.
    async fn settle_failed<'b>(
        &mut self,
        part: Part<'b>,
        error: ThreatqError,
        queue: &mut VecDeque<Part<'b>>,
        splits: &mut u32,
    ) -> Result<(), PushError> {
        let tries = part.tries + 1;
        let jobs = if error.may_have_acted() { self.still_missing(part.jobs).await? } else { part.jobs };
        if jobs.is_empty() {
            return Ok(());
        }
        if matches!(error, ThreatqError::TooLarge | ThreatqError::Refused { .. }) {
            if jobs.len() > 1 && *splits > 0 {
                *splits -= 1;
                let (one, other) = jobs.split_at(jobs.len() / 2);
                queue.push_front(Part { jobs: other.to_vec(), tries: 0 });
                queue.push_front(Part { jobs: one.to_vec(), tries: 0 });
            } else {
                for job in jobs {
                    self.tell(&job.item.thing, Outcome::Refused(error.to_string()));
                }
            }
            return Ok(());
        }
        if !error.is_passing() || tries >= TRIES {
            return Err(error.into());
        }
        let Some(wait) = pause(&error, tries) else { return Err(error.into()) };
        tokio::time::sleep(wait).await;
        queue.push_front(Part { jobs, tries });
        Ok(())
    }
}

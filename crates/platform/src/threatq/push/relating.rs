//! Makes relationships, and finds out which of them are there afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::sending::{SPLITS, TRIES};
use super::thing::Thing;
use super::wanted::Wanted;
use super::{Outcome, Pair, Push, PushError, Row};
use crate::threatq::body::{BATCH, Sent};
use crate::threatq::connection::pause;
use crate::threatq::error::ThreatqError;

/// The most relationships of one request: each may need an indicator of its own in it.
const PAIRS: usize = BATCH / 2;

/// Relationships that are made with one request.
struct Part {
    pairs: Vec<Pair>,
    /// How often it was sent.
    tries: u32,
}

impl Push<'_> {
    /// Makes the relationships that are missing.
    pub(super) async fn relate_all(
        &mut self,
        wanted: &Wanted,
        mut missing: Vec<Pair>,
        indirect: &str,
    ) -> Result<(), PushError> {
        // What was refused since then has no relationships.
        missing.retain(|pair| match self.unusable(pair) {
            Some(reason) => {
                self.tell_pair(pair, Outcome::Refused(reason));
                false
            }
            None => true,
        });
        let parts = missing.chunks(PAIRS).map(|pairs| Part { pairs: pairs.to_vec(), tries: 0 });
        let mut queue: VecDeque<Part> = parts.collect();
        let mut splits = SPLITS;
        while let Some(part) = queue.pop_front() {
            self.check_stop()?;
            tokio::time::sleep(self.terms.pause).await;
            match self.send_pairs(wanted, &part.pairs, indirect).await {
                Ok(reasons) => {
                    for pair in self.still_unrelated(part.pairs).await? {
                        let unknown = || Outcome::Failed("ThreatQ does not show it afterwards".to_owned());
                        let refused = reasons.get(&pair.0).cloned().map(Outcome::Refused);
                        self.tell_pair(&pair, refused.unwrap_or_else(unknown));
                    }
                }
                Err(error) => self.relating_failed(part, error, &mut queue, &mut splits).await?,
            }
            self.hand_on().await?;
        }
        Ok(())
    }

    /// Plans the relationships, and returns those that are to be made, by their first indicator.
    pub(super) async fn missing_pairs(
        &self,
        wanted: &Wanted,
        rows: &mut Vec<Row>,
    ) -> Result<Vec<Pair>, PushError> {
        let mut counts: HashMap<Thing, u64> = HashMap::new();
        let mut missing = Vec::new();
        let mut known: (Option<Thing>, BTreeSet<u64>) = (None, BTreeSet::new());
        for pair in wanted.pairs() {
            self.check_stop()?;
            let outcome = if let Some(reason) = self.unusable(pair) {
                Outcome::Refused(reason)
            } else {
                if known.0.as_ref() != Some(&pair.0) {
                    known = (Some(pair.0.clone()), self.related_to(&pair.0, &mut counts).await?);
                }
                self.outcome_of(pair, &known.1, &mut counts).await?
            };
            if outcome == Outcome::Created {
                missing.push(pair.clone());
            }
            let id = self.states.get(&pair.0).and_then(|state| state.id);
            rows.push(Row { thing: pair.0.clone(), related: Some(pair.1.clone()), outcome, id });
        }
        Ok(missing)
    }

    /// What is to become of a relationship, if its first indicator is related to these.
    async fn outcome_of(
        &self,
        pair: &Pair,
        known: &BTreeSet<u64>,
        counts: &mut HashMap<Thing, u64>,
    ) -> Result<Outcome, PushError> {
        let id = self.states.get(&pair.1).and_then(|state| state.id);
        if id.is_some_and(|id| known.contains(&id)) {
            return Ok(Outcome::Existing);
        }
        Ok(self.full(pair, counts).await?.map_or(Outcome::Created, Outcome::Refused))
    }

    /// Why two indicators cannot be related.
    fn unusable(&self, pair: &Pair) -> Option<String> {
        let is_usable = |end: &&Thing| self.states.get(*end).is_some_and(|state| state.is_usable);
        let end = [&pair.0, &pair.1].into_iter().find(|end| !is_usable(end))?;
        Some(format!("{end} is not there, or is not touched"))
    }

    /// The number of an indicator that others may be related to already.
    fn old_id(&self, thing: &Thing) -> Option<u64> {
        self.states.get(thing).filter(|state| !state.is_new).and_then(|state| state.id)
    }

    async fn related_to(
        &self,
        from: &Thing,
        counts: &mut HashMap<Thing, u64>,
    ) -> Result<BTreeSet<u64>, PushError> {
        let Some(id) = self.old_id(from) else { return Ok(BTreeSet::new()) };
        let related = self.connection.related(id, self.terms.most_relationships).await?;
        counts.entry(from.clone()).or_insert(related.total);
        Ok(related.ids)
    }

    /// Why no relationship more can be made between two indicators; if it can, it is counted.
    async fn full(&self, pair: &Pair, counts: &mut HashMap<Thing, u64>) -> Result<Option<String>, PushError> {
        let most = self.terms.most_relationships;
        for end in [&pair.0, &pair.1] {
            if !counts.contains_key(end) {
                let count = match self.old_id(end) {
                    Some(id) => self.connection.count_related(id, most).await?,
                    None => 0,
                };
                counts.insert(end.clone(), count);
            }
            let count = counts.get(end).copied().unwrap_or_default();
            if count >= most {
                let text = format!("{end} has {count} relationships there, and the ceiling is {most}");
                return Ok(Some(text));
            }
        }
        for end in [&pair.0, &pair.1] {
            *counts.entry(end.clone()).or_default() += 1;
        }
        Ok(None)
    }

    /// Sends relationships, and returns why the instance refuses some of the indicators that come first in them.
    async fn send_pairs(
        &self,
        wanted: &Wanted,
        pairs: &[Pair],
        indirect: &str,
    ) -> Result<HashMap<Thing, String>, ThreatqError> {
        let mut by_first: BTreeMap<&Thing, Vec<u64>> = BTreeMap::new();
        for (from, to) in pairs {
            let id = self.states.get(to).and_then(|state| state.id);
            by_first.entry(from).or_default().extend(id);
        }
        let items = by_first.iter().filter_map(|(from, related)| Some((wanted.item(from)?, related)));
        let items: Vec<_> = items.map(|(item, related)| (item, item.key(), related)).collect();
        let sent: Vec<Sent<'_>> = items
            .iter()
            .map(|(item, (kind, value), related)| Sent {
                value,
                kind,
                status: self.status(item, indirect),
                description: "",
                attributes: Vec::new(),
                related: (*related).clone(),
                tlp: item.tlp,
            })
            .collect();
        let results = self.connection.consume(&sent, &self.terms.source).await?;
        let refused = items.iter().zip(results).filter_map(|((item, ..), written)| {
            let said = written?.result.err()?;
            Some((item.thing.clone(), said.to_string()))
        });
        Ok(refused.collect())
    }

    /// Finds out which of the relationships are there, and returns the others.
    async fn still_unrelated(&mut self, pairs: Vec<Pair>) -> Result<Vec<Pair>, PushError> {
        let mut missing = Vec::new();
        let mut known: (Option<Thing>, BTreeSet<u64>) = (None, BTreeSet::new());
        for pair in pairs {
            if known.0.as_ref() != Some(&pair.0) {
                let id = self.states.get(&pair.0).and_then(|state| state.id);
                let related = match id {
                    Some(id) => self.connection.related(id, self.terms.most_relationships).await?.ids,
                    None => BTreeSet::new(),
                };
                known = (Some(pair.0.clone()), related);
            }
            let id = self.states.get(&pair.1).and_then(|state| state.id);
            if id.is_some_and(|id| known.1.contains(&id)) {
                self.tell_pair(&pair, Outcome::Created);
            } else {
                missing.push(pair);
            }
        }
        Ok(missing)
    }

    /// Decides what to do after a request has failed.
    async fn relating_failed(
        &mut self,
        part: Part,
        error: ThreatqError,
        queue: &mut VecDeque<Part>,
        splits: &mut u32,
    ) -> Result<(), PushError> {
        let tries = part.tries + 1;
        let pairs = if error.may_have_acted() { self.still_unrelated(part.pairs).await? } else { part.pairs };
        if pairs.is_empty() {
            return Ok(());
        }
        if matches!(error, ThreatqError::TooLarge | ThreatqError::Refused { .. }) {
            if pairs.len() > 1 && *splits > 0 {
                *splits -= 1;
                let (one, other) = pairs.split_at(pairs.len() / 2);
                queue.push_front(Part { pairs: other.to_vec(), tries: 0 });
                queue.push_front(Part { pairs: one.to_vec(), tries: 0 });
            } else {
                for pair in &pairs {
                    self.tell_pair(pair, Outcome::Refused(error.to_string()));
                }
            }
            return Ok(());
        }
        if !error.is_passing() || tries >= TRIES {
            return Err(error.into());
        }
        let Some(wait) = pause(&error, tries) else { return Err(error.into()) };
        tokio::time::sleep(wait).await;
        queue.push_front(Part { pairs, tries });
        Ok(())
    }
}

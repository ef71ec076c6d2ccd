//! Finds indicators in a ThreatQ, and sends some: at most 500 at once, each result compared by value.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::answer::{self, Found, Page, Written};
use super::body::{self, BATCH, Sent};
use super::connection::{Call, Connection};
use super::error::ThreatqError;

/// The most values of one query, so that the body stays small.
const ASKED: usize = 100;
/// The most indicators of a page.
pub const PAGE: u64 = 500;
/// The most relationships of an indicator that are read in one request.
const RELATED: u64 = 1_000;

/// A type and a value.
pub type Key = (String, String);

/// The indicators that an indicator is related to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// Their numbers, as far as they were read.
    pub ids: BTreeSet<u64>,
    /// How many there are: those that were read, or more if the instance says so.
    pub total: u64,
}

impl Connection {
    /// The indicators of these types and values, as far as the instance has them. Values are compared without regard to case.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn find(&self, wanted: &[Key]) -> Result<HashMap<Key, Found>, ThreatqError> {
        let names = self.names().await?;
        let mut all = HashMap::new();
        let mut parts: Vec<&[Key]> = wanted.chunks(ASKED).collect();
        while let Some(part) = parts.pop() {
            let asked: Vec<(&str, &str)> =
                part.iter().map(|(kind, value)| (kind.as_str(), value.as_str())).collect();
            let page = match self.query(&body::by_value(&asked), 0).await {
                Err(ThreatqError::TooLarge) if part.len() > 1 => {
                    parts.extend(<[_; 2]>::from(part.split_at(part.len() / 2)));
                    continue;
                }
                page => page?,
            };
            let by_key: HashMap<(String, String), &Key> =
                part.iter().map(|key| ((folded(&key.0), folded(&key.1)), key)).collect();
            for found in page.found {
                let kind = folded(names.type_of(&found.kind).unwrap_or_default());
                if let Some(key) = by_key.get(&(kind, folded(&found.value))) {
                    all.entry((*key).clone()).or_insert(found);
                }
            }
        }
        Ok(all)
    }

    /// The indicators of these types and statuses (of any if there are none), from this position on; at most [`PAGE`].
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn list(
        &self,
        types: &[String],
        statuses: &[String],
        offset: u64,
    ) -> Result<Page, ThreatqError> {
        self.query(&body::by_status(types, statuses), offset).await
    }

    async fn query(&self, body: &Value, offset: u64) -> Result<Page, ThreatqError> {
        let path = format!("/api/indicators/query?limit={PAGE}&offset={offset}&sort=id");
        answer::page(&self.call(Call::query(path, body)).await?)
    }

    /// An indicator with its sources, attributes, status and type.
    ///
    /// # Errors
    /// [`ThreatqError::Missing`] if it does not exist.
    pub async fn details(&self, id: u64) -> Result<Found, ThreatqError> {
        let path = format!("/api/indicators/{id}?with=attributes,sources,status,type");
        answer::one(&self.call(Call::get(path)).await?)
    }

    /// What an indicator is related to; at most `most` are read.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn related(&self, id: u64, most: u64) -> Result<Related, ThreatqError> {
        let mut related = Related::default();
        let mut offset = 0;
        loop {
            let path = format!("/api/indicators/{id}/indicators?limit={RELATED}&offset={offset}");
            let page = answer::page(&self.call(Call::get(path)).await?)?;
            let before = related.ids.len();
            related.ids.extend(page.found.iter().map(|found| found.id));
            offset += page.len();
            related.total = offset.max(page.total.unwrap_or(0));
            // An instance that repeats a page would never end.
            let is_new = related.ids.len() > before;
            if page.len() < RELATED || !is_new || offset >= most {
                return Ok(related);
            }
        }
    }

    /// How many relationships an indicator has; if the instance does not say, they are counted, at most `most`.
    ///
    /// # Errors
    /// [`ThreatqError`].
    pub async fn count_related(&self, id: u64, most: u64) -> Result<u64, ThreatqError> {
        let path = format!("/api/indicators/{id}/indicators?limit=1&offset=0");
        match answer::page(&self.call(Call::get(path)).await?)?.total {
            Some(total) => Ok(total),
            None => Ok(self.related(id, most).await?.total),
        }
    }

    /// Sends indicators, at most [`BATCH`] with their relationships. Returns the result for each, in their order; `None` if the answer
    /// does not name it.
    pub(super) async fn consume(
        &self,
        sent: &[Sent<'_>],
        source: &str,
    ) -> Result<Vec<Option<Written>>, ThreatqError> {
        debug_assert!(sent.len() <= BATCH);
        let body = body::consume(sent, source);
        let answer = self.call(Call::change("/api/indicators/consume", &body)).await?;
        let written = answer::written(&answer)?.into_iter();
        let by_value: HashMap<String, Written> = written.map(|one| (folded(&one.value), one)).collect();
        Ok(sent.iter().map(|one| by_value.get(&folded(one.value)).cloned()).collect())
    }
}

/// The same for spellings that differ in case alone.
fn folded(text: &str) -> String {
    text.trim().trim_end_matches('.').to_lowercase()
}

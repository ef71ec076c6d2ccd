//! What asking would cost, before anything is sent: [`Cost`].

use std::collections::HashSet;

use operation::{Indicator, Tlp};

use super::asking::{Asking, Freshness};
use super::held::{self, Held};
use super::keep;
use super::quota::Said;
use crate::{Error, Workbench, secret};

/// What asking an operation about some values would cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The package, as NAME@VERSION.
    pub package: String,
    /// The strictest level that the operation is asked about.
    pub max_tlp: Tlp,
    /// How many of the values its action accepts.
    pub values: u64,
    /// How many it does not accept.
    pub left_out: u64,
    /// The values that are held back.
    pub held: Vec<Held>,
    /// How many are answered from stored answers.
    pub stored: u64,
    /// How many requests are needed at least; an answer in several pages needs more.
    pub requests: u64,
    /// What the provider last said about its quota.
    pub quota: Option<Said>,
    /// Requests per second; 0 without a limit.
    pub rate: f64,
}

impl Cost {
    /// How long the requests take at least at the allowed rate, in whole seconds.
    pub fn seconds(&self) -> u64 {
        if self.rate <= 0.0 || self.requests < 2 {
            return 0;
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds are enough")]
        let seconds = ((self.requests - 1) as f64 / self.rate).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and saturates"
        )]
        let whole = seconds as u64;
        whole
    }

    /// Whether the quota does not suffice, as far as the provider said.
    pub fn exceeds_quota(&self) -> bool {
        let remaining = self.quota.and_then(|said| said.quota.remaining);
        remaining.is_some_and(|remaining| remaining < self.requests)
    }
}

impl Workbench {
    /// What asking an operation about these indicators would cost now.
    ///
    /// # Errors
    /// [`Error`] if the database or the key file cannot be read.
    pub fn cost(&self, asking: &Asking, indicators: &[Indicator]) -> Result<Cost, Error> {
        let Asking { package, provider, .. } = asking;
        let freshness = asking.usable();
        let accepted: Vec<Indicator> =
            indicators.iter().filter(|indicator| package.accepts(indicator)).cloned().collect();
        let held = match freshness {
            Freshness::Offline => Vec::new(),
            _ => self.held_back(package, &accepted)?,
        };
        let is_held: HashSet<&Indicator> = held.iter().map(|held| &held.indicator).collect();
        let login = secret::known_fingerprint(self.folder(), provider.login())?;
        let login = login.as_ref().map(<[u8; 32]>::as_slice);
        let asked: Vec<&Indicator> =
            accepted.iter().filter(|indicator| !is_held.contains(indicator)).collect();
        let at = i64::try_from(self.clock().seconds()).unwrap_or(i64::MAX);
        let (stored, max_tlp) = self.read(|database| {
            let mut stored = 0;
            for indicator in &asked {
                let question = provider.question(indicator);
                stored += u64::from(keep::cached(database, at, &question, login, freshness)?.is_some());
            }
            Ok((stored, held::max_tlp(database, package)?))
        })?;
        let count = |list: usize| u64::try_from(list).unwrap_or(u64::MAX);
        // The own database needs none.
        let sends = freshness != Freshness::Offline && provider.is_reusable();
        let requests = if sends { count(asked.len()).saturating_sub(stored) } else { 0 };
        Ok(Cost {
            package: package.to_string(),
            max_tlp,
            values: count(accepted.len()),
            left_out: count(indicators.len().saturating_sub(accepted.len())),
            held,
            stored,
            requests,
            quota: self.quota(provider)?,
            rate: provider.rate(),
        })
    }
}

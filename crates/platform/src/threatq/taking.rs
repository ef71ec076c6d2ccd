//! A pull: indicators of a ThreatQ become indicators of the threat library, and members of an investigation if one is chosen.
//!
//! An [`Order`] says what is pulled, and a [`Report`] what was done with it. Each page is stored when it has arrived, so what was read
//! stays if a pull ends early, and a pull that begins where it ended continues it. The audit trail has an entry for the beginning and one
//! for the end.
//!
//! Errors: [`TakingError`]; the report says how far the pull came.

use std::collections::BTreeMap;

use operation::{Indicator, IndicatorType, Tlp};
use serde_json::{Value, json};
use workbench::exchange::Step;
use workbench::investigation::Origin;
use workbench::library::{Offered, Status, Taken};
use workbench::{Desk, Error, Workbench};

use super::configured::Threatq;
use super::error::ThreatqError;
use super::names::Names;
use super::pull::{Part, Pull, Pulled, Selection};

/// How many indicators are named in a report.
const NAMED: usize = 100;
/// How many values that are left out are named, each with the reason.
const LEFT_OUT: usize = 20;
/// How many statuses that only the instance has are named.
const FOREIGN: usize = 100;
/// How much of a value that is left out is named, in characters.
const SHOWN: usize = 200;

/// The most indicators that one pull reads.
pub const MOST: u64 = 100_000;

/// What is pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The name of the integration, which becomes the source.
    pub platform: String,
    /// What is read.
    pub selection: Selection,
    /// The investigation that they become members of, too.
    pub into: Option<i64>,
    /// Whether nothing is changed.
    pub dry_run: bool,
}

/// What a pull did so far, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many indicators were read.
    pub read: u64,
    /// How many of them are new.
    pub new: u64,
    /// How many were known.
    pub known: u64,
    /// How many were removed from the library before, and stay so.
    pub removed: u64,
    /// How many became members of the investigation.
    pub joined: u64,
    /// How many entries are no indicators here.
    pub left_out: u64,
    /// Some of these, with the reason.
    pub reasons: Vec<(String, String)>,
    /// Statuses that only the instance has, with the number of indicators; new ones get the status Review.
    pub foreign: BTreeMap<String, u64>,
    /// The first indicators.
    pub named: Vec<Named>,
    /// How many there are on the instance, if it says so.
    pub total: Option<u64>,
    /// Where another pull continues.
    pub next: u64,
    /// Whether everything was read.
    pub is_complete: bool,
}

/// An indicator in a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The indicator.
    pub indicator: Indicator,
    /// Its status there.
    pub status: String,
    /// Its level there.
    pub tlp: Option<Tlp>,
    /// What became of it.
    pub taken: Taken,
}

/// Why a pull ended early.
#[derive(Debug, thiserror::Error)]
pub enum TakingError {
    /// Somebody stopped it.
    #[error("the pull was stopped")]
    Stopped,
    /// The ThreatQ, or the way to it.
    #[error(transparent)]
    Threatq(#[from] ThreatqError),
    /// The workbench.
    #[error(transparent)]
    Workbench(#[from] Error),
}

/// Receives the report after each page; returns whether the pull goes on.
pub type Watch<'a> = &'a mut (dyn FnMut(&Report) -> bool + Send);

/// The types of a ThreatQ that the library has, too, as far as the instance has them.
pub fn types(names: &Names) -> Vec<String> {
    let own = IndicatorType::ALL.into_iter().map(IndicatorType::name);
    own.filter(|name| names.type_id(name).is_ok()).map(str::to_owned).collect()
}

impl Order {
    /// Notes that the pull begins; returns its number.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub async fn begin(&self, desk: &Desk, actor: &str, place: &str) -> Result<i64, Error> {
        let Selection { types, statuses, offset, most } = &self.selection;
        let detail = json!({
            "place": place, "types": types, "statuses": statuses, "investigation": self.into, "offset": offset, "most": most,
        });
        self.note(desk, actor, Step::Begun, detail).await
    }

    /// Pulls. `number` is that of [`Self::begin`]; a dry run has none, and is not noted.
    ///
    /// # Errors
    /// [`TakingError`], beside the report of what was done until then.
    pub async fn carry_out(
        &self,
        desk: &Desk,
        actor: &str,
        threatq: &Threatq,
        number: Option<i64>,
        watch: Watch<'_>,
    ) -> (Report, Result<(), TakingError>) {
        let mut report = Report { next: self.selection.offset, ..Report::default() };
        let mut result = self.pages(desk, actor, threatq, &mut report, watch).await;
        if let Some(number) = number {
            let step = match &result {
                Ok(()) => Step::Ended,
                Err(TakingError::Stopped) => Step::Cancelled,
                Err(_) => Step::Failed,
            };
            let reason = result.as_ref().err().filter(|_| step == Step::Failed).map(ToString::to_string);
            let noted = self.note(desk, actor, step, report.detail(number, reason.as_deref())).await;
            if let (Ok(()), Err(error)) = (&result, noted) {
                result = Err(error.into());
            }
        }
        (report, result)
    }

    async fn pages(
        &self,
        desk: &Desk,
        actor: &str,
        threatq: &Threatq,
        report: &mut Report,
        watch: Watch<'_>,
    ) -> Result<(), TakingError> {
        let mut pull = Pull::new(threatq.connection(), self.selection.clone()).await?;
        while let Some(part) = pull.next().await? {
            let (order, before) = (self.clone(), report.clone());
            *report = if self.dry_run {
                desk.read(move |workbench| order.preview(workbench, part, before)).await?
            } else {
                desk.change(actor, move |workbench| order.store(workbench, part, before)).await?
            };
            if !watch(report) {
                return if report.is_complete { Ok(()) } else { Err(TakingError::Stopped) };
            }
        }
        Ok(())
    }

    /// What storing a part of what was read would do; returns the report with it.
    fn preview(&self, workbench: &Workbench, part: Part, mut report: Report) -> Result<Report, Error> {
        let taken = workbench.preview_offered(&report.offers(&part))?;
        let members = report.take(part, taken);
        if let Some(id) = self.into {
            report.joined += workbench.not_members(id, &members)?.len() as u64;
        }
        Ok(report)
    }

    /// Stores a part of what was read; returns the report with it.
    fn store(&self, workbench: &mut Workbench, part: Part, mut report: Report) -> Result<Report, Error> {
        let taken = workbench.take_over(&self.platform, &report.offers(&part))?;
        let members = report.take(part, taken);
        if let Some(id) = self.into {
            let members = workbench.not_members(id, &members)?;
            if !members.is_empty() {
                workbench.add_members(id, &members, &Origin::User)?;
            }
            report.joined += members.len() as u64;
        }
        Ok(report)
    }

    async fn note(&self, desk: &Desk, actor: &str, step: Step, detail: Value) -> Result<i64, Error> {
        let platform = self.platform.clone();
        desk.change(actor, move |workbench| workbench.note_pull(step, &platform, &detail)).await
    }
}

impl Report {
    /// The indicators of a part, with the status that they get here.
    fn offers(&mut self, part: &Part) -> Vec<Offered> {
        part.pulled.iter().map(|pulled| self.offer(pulled)).collect()
    }

    fn offer(&mut self, pulled: &Pulled) -> Offered {
        let status = Status::from_name(&pulled.status).unwrap_or_else(|| {
            if self.foreign.len() < FOREIGN || self.foreign.contains_key(&pulled.status) {
                *self.foreign.entry(pulled.status.clone()).or_default() += 1;
            }
            Status::Review
        });
        Offered { indicator: pulled.indicator.clone(), status, tlp: pulled.tlp }
    }

    /// Counts a part with what became of it; returns the indicators that can be members.
    fn take(&mut self, part: Part, taken: Vec<Taken>) -> Vec<Indicator> {
        self.leave_out(&part);
        self.read += part.pulled.len() as u64;
        (self.next, self.total, self.is_complete) = (part.next, part.total, part.is_last);
        let mut members = Vec::new();
        for (pulled, taken) in part.pulled.into_iter().zip(taken) {
            if taken != Taken::Removed {
                members.push(pulled.indicator.clone());
            }
            self.count(pulled, taken);
        }
        members
    }

    fn count(&mut self, pulled: Pulled, taken: Taken) {
        match taken {
            Taken::New => self.new += 1,
            Taken::Known => self.known += 1,
            Taken::Removed => self.removed += 1,
        }
        if self.named.len() < NAMED {
            let Pulled { indicator, status, tlp } = pulled;
            self.named.push(Named { indicator, status, tlp, taken });
        }
    }

    fn leave_out(&mut self, part: &Part) {
        let room = LEFT_OUT.saturating_sub(self.reasons.len());
        let shown =
            |(value, reason): &(String, String)| (client::printable(value.as_bytes(), SHOWN), reason.clone());
        self.reasons.extend(part.left_out.iter().take(room).map(shown));
        self.left_out += part.left_out.len() as u64 + part.unreadable;
    }

    fn detail(&self, number: i64, reason: Option<&str>) -> Value {
        let Self { read, new, known, removed, joined, left_out, next, .. } = self;
        json!({
            "pull": number, "read": read, "new": new, "known": known, "removed": removed, "joined": joined,
            "left_out": left_out, "next": next, "reason": reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;

    use super::*;

    fn part(values: &[(&str, &str)]) -> Part {
        let pulled = |(value, status): &(&str, &str)| Pulled {
            indicator: Indicator::parse(value).unwrap(),
            status: (*status).to_owned(),
            tlp: None,
        };
        Part {
            pulled: values.iter().map(pulled).collect(),
            left_out: vec![("\u{1b}x".repeat(300), "no name".to_owned())],
            unreadable: 2,
            next: 7,
            total: Some(9),
            is_last: false,
        }
    }

    #[test]
    fn a_part_is_stored_and_counted_and_a_dry_run_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let value = |text: &str| Indicator::parse(text).unwrap();
        workbench.add_indicators(&[value("known.example"), value("gone.example")], Status::Active).unwrap();
        workbench.remove_indicator(&value("gone.example")).unwrap();
        let selection = Selection { types: Vec::new(), statuses: Vec::new(), offset: 0, most: 10 };
        let order = Order { platform: "threatq".to_owned(), selection, into: None, dry_run: true };
        let values = [("known.example", "Active"), ("gone.example", "Active"), ("new.example", "Observed")];
        let dry = order.preview(&workbench, part(&values), Report::default()).unwrap();
        assert_eq!((dry.read, dry.new, dry.known, dry.removed, dry.left_out), (3, 1, 1, 1, 3));
        assert!(workbench.lookup(&value("new.example")).unwrap().is_none());
        assert_eq!((dry.foreign["Observed"], dry.next, dry.total), (1, 7, Some(9)));
        assert!(dry.reasons[0].0.chars().count() <= SHOWN + 1 && !dry.reasons[0].0.contains('\u{1b}'));
        let order = Order { dry_run: false, ..order };
        let done = order.store(&mut workbench, part(&values), Report::default()).unwrap();
        assert_eq!(done, dry);
        let entry = workbench.lookup(&value("new.example")).unwrap().unwrap();
        assert_eq!(entry.status, Status::Review);
        // The next part is added to the report, whose lists stay short.
        let next = order.store(&mut workbench, part(&values), done).unwrap();
        assert_eq!((next.read, next.new, next.known, next.named.len()), (6, 1, 3, 6));
    }
}

//! Takes over indicators that another platform has: [`Offered`].
//!
//! What is known here keeps its status, and its marking if that is stricter. What was removed here stays removed, because a platform
//! that still has it must not bring it back with every pull.

use operation::{Indicator, Tlp};

use super::entry::find;
use super::status::Status;
use crate::{Error, Workbench};

/// An indicator of another platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// The indicator.
    pub indicator: Indicator,
    /// The status that it gets here if it is new.
    pub status: Status,
    /// Its level there.
    pub tlp: Option<Tlp>,
}

/// What becomes of an offered indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is known; it may get another source, and a stricter marking.
    Known,
    /// It is new.
    New,
    /// It was removed here, and stays so.
    Removed,
}

impl Taken {
    /// Its word in outputs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::New => "new",
            Self::Removed => "removed",
        }
    }
}

impl Workbench {
    /// What [`Self::take_over`] would do now, for each indicator; changes nothing.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn preview_offered(&self, offered: &[Offered]) -> Result<Vec<Taken>, Error> {
        self.read(|database| {
            let one = |offered: &Offered| {
                Ok(match find(database, &offered.indicator)? {
                    None => Taken::New,
                    Some(place) if place.removed => Taken::Removed,
                    Some(_) => Taken::Known,
                })
            };
            offered.iter().map(one).collect()
        })
    }

    /// Adds indicators of another platform, which becomes their source, all or none of them.
    ///
    /// # Errors
    /// [`Error`], with nothing added.
    pub fn take_over(&mut self, platform: &str, offered: &[Offered]) -> Result<Vec<Taken>, Error> {
        self.change(|change| {
            let source = change.source(platform)?;
            let mut all = Vec::new();
            for Offered { indicator, status, tlp } in offered {
                let taken = match find(&change.transaction, indicator)? {
                    Some(place) if place.removed => Taken::Removed,
                    Some(_) => Taken::Known,
                    None => Taken::New,
                };
                if taken != Taken::Removed {
                    change.add_by_hand(indicator, *status, *tlp, source)?;
                }
                all.push(taken);
            }
            Ok(all)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn offered(value: &str, status: Status, tlp: Option<Tlp>) -> Offered {
        Offered { indicator: Indicator::parse(value).unwrap(), status, tlp }
    }

    #[tokio::test]
    async fn what_is_offered_changes_no_status_weakens_no_marking_and_brings_nothing_back() {
        let folder = tempfile::tempdir().unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_000));
        let mut workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
        let value = |text: &str| Indicator::parse(text).unwrap();
        workbench.add_marked(&[value("a.example")], Status::Review, Some(Tlp::Red)).unwrap();
        workbench.add_indicators(&[value("b.example"), value("gone.example")], Status::Active).unwrap();
        workbench.remove_indicator(&value("gone.example")).unwrap();
        let all = [
            offered("a.example", Status::Active, Some(Tlp::Green)),
            offered("b.example", Status::Whitelisted, Some(Tlp::Amber)),
            offered("gone.example", Status::Active, None),
            offered("new.example", Status::Expired, Some(Tlp::Green)),
        ];
        let wanted = [Taken::Known, Taken::Known, Taken::Removed, Taken::New];
        assert_eq!(workbench.preview_offered(&all).unwrap(), wanted);
        assert_eq!(workbench.take_over("ThreatQ", &all).unwrap(), wanted);
        let entry = |text: &str| workbench.lookup(&value(text)).unwrap().unwrap();
        let (a, b, new) = (entry("a.example"), entry("b.example"), entry("new.example"));
        assert_eq!(
            (a.status, a.tlp, a.sources),
            (Status::Review, Some(Tlp::Red), vec!["ann".into(), "ThreatQ".into()])
        );
        assert_eq!((b.status, b.tlp), (Status::Active, Some(Tlp::Amber)));
        assert_eq!(
            (new.status, new.tlp, new.sources),
            (Status::Expired, Some(Tlp::Green), vec!["ThreatQ".into()])
        );
        assert!(entry("gone.example").removed_at.is_some());
        let known = workbench.take_over("ThreatQ", &all).unwrap();
        assert_eq!(known, [Taken::Known, Taken::Known, Taken::Removed, Taken::Known]);
    }
}

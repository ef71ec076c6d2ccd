//! Times as people write them, and the time window that records are filtered by.

use cof::time::Stretch;
use cof::{Record, time};

use cof::time::Clock;

/// The period that a text stands for: a second, or a whole hour, day, month or year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its first second since the epoch.
    pub start: u64,
    /// Its last second since the epoch.
    pub end: u64,
}

/// The text is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a time: write a date (2017-06-09 or 20170609), a time (2017-06-09T08:07:17Z), seconds since 1970 with at most ten digits, or an age (90d, 12h, 3w, 2y)"
)]
pub struct MomentError(String);

/// A filter for records by their times. All bounds are inclusive; records without times always match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// Last seen at or after this.
    pub seen_after: Option<u64>,
    /// First seen at or before this.
    pub seen_before: Option<u64>,
}

impl Moment {
    /// Parses a date (the whole day, UTC), a time, seconds since the epoch, or an age. Digits alone are parsed by
    /// [`Stretch::of_digits`].
    ///
    /// # Errors
    /// [`MomentError`], which states what is accepted.
    pub fn parse(text: &str, clock: &Clock) -> Result<Self, MomentError> {
        let text = text.trim();
        let error = || MomentError(text.to_owned());
        if let Some(ago) = ago(text) {
            let at = clock.seconds().saturating_sub(ago);
            return Ok(Self { start: at, end: at });
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            let Stretch { start, end } = Stretch::of_digits(text, clock.seconds()).ok_or_else(error)?;
            return Ok(Self { start, end });
        }
        let start = time::parse_date(text).ok_or_else(error)?.seconds;
        let whole_day = !text.contains(':');
        Ok(Self { start, end: if whole_day { start + 86_399 } else { start } })
    }
}

impl Window {
    /// Whether a record was seen in this window.
    pub fn holds(&self, record: &Record) -> bool {
        let Some((first, last)) = record.span() else { return true };
        self.seen_after.is_none_or(|after| last >= after)
            && self.seen_before.is_none_or(|before| first <= before)
    }

    /// The intersection of two windows.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            seen_after: self.seen_after.max(other.seen_after),
            seen_before: match (self.seen_before, other.seen_before) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    /// Records that were seen at a moment: "where did it point then".
    pub fn at(moment: Moment) -> Self {
        Self { seen_after: Some(moment.start), seen_before: Some(moment.end) }
    }
}

fn ago(text: &str) -> Option<u64> {
    let unit = match text.chars().next_back()? {
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'y' => 31_557_600,
        _ => return None,
    };
    text.get(..text.len() - 1)?.parse::<u32>().ok().map(|count| u64::from(count) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn moments_read_as_people_write_them() {
        let clock = testkit::clock_from(Duration::from_secs(1_600_000_000));
        let read = |text| Moment::parse(text, &clock).map(|moment| (moment.start, moment.end));
        assert_eq!(read("2017-06-09"), Ok((1_496_966_400, 1_497_052_799)));
        assert_eq!(read("2017-06-09T08:07:17Z"), Ok((1_496_995_637, 1_496_995_637)));
        assert_eq!(read("2017-06-09 08:07:17"), Ok((1_496_995_637, 1_496_995_637)));
        assert_eq!(read("1496995637"), Ok((1_496_995_637, 1_496_995_637)));
        assert_eq!(read("1d"), Ok((1_599_913_600, 1_599_913_600)));
        assert_eq!(read("2017"), Ok((1_483_228_800, 1_514_764_799)));
        assert_eq!(read("202009"), Ok((1_598_918_400, 1_601_510_399)));
        assert_eq!(read("2020091311"), Ok((1_599_994_800, 1_599_998_399)));
        assert_eq!(read("20300913"), Ok((1_915_488_000, 1_915_574_399)));
        assert_eq!(read("20200913122640"), Ok((1_600_000_000, 1_600_000_000)));
        for bad in
            ["20301399", "1600000000000", "1600000000000000", "1600000000000000000", "20200913126640", "0000"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        for bad in ["", "yesterday", "d", "-1d", "2017-13-01", "99999999999999999999"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn windows_hold_what_overlaps_them() {
        let mut record = cof::Record::new(cof::Name::root(), cof::RrType::A, cof::Rdata::from_text(""));
        let at = |start, end| Window::at(Moment { start, end });
        assert!(at(1, 2).holds(&record), "a record without times is never hidden");
        (record.time_first, record.time_last) = (Some(10), Some(20));
        assert!(at(20, 30).holds(&record) && at(0, 10).holds(&record) && at(12, 13).holds(&record));
        assert!(!at(21, 30).holds(&record) && !at(0, 9).holds(&record));
        assert_eq!(at(5, 9).and(at(7, 12)), at(7, 9));
        assert_eq!(Window::default().and(at(7, 12)), at(7, 12));
    }
}

//! A stored time as pages show it: `2026-11-20 14:06` in UTC, with seconds in its title.

use std::borrow::Borrow;

use cof::time;

/// A time, in the parts that the macros of templates print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// In RFC 3339, for programs.
    pub(crate) iso: String,
    /// `2026-11-20`.
    pub(crate) day: String,
    /// `14:06`.
    pub(crate) minute: String,
    /// `2026-11-20 14:06:30`.
    pub(crate) full: String,
}

impl Stamp {
    /// Parses a date from a text, such as an attribute; `None` for other text.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Some(Self::of(i64::try_from(time::parse_date(text)?.seconds).ok()?))
    }

    /// Converts seconds since the epoch, as they are stored.
    pub(crate) fn of(seconds: impl Borrow<i64>) -> Self {
        let seconds = u64::try_from(*seconds.borrow()).unwrap_or_default();
        let full = time::readable(seconds);
        let (day, clock) = full.split_once(' ').unwrap_or((&full, ""));
        let minute = clock.get(..5).unwrap_or(clock);
        Self {
            iso: time::rfc3339(seconds),
            day: day.to_owned(),
            minute: minute.to_owned(),
            full: full.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_its_parts() {
        let stamp = Stamp::of(1_496_995_637);
        assert_eq!((stamp.day.as_str(), stamp.minute.as_str()), ("2017-06-09", "08:07"));
        assert_eq!(stamp.iso, "2017-06-09T08:07:17Z");
        assert_eq!(Stamp::of(-1).day, "1970-01-01");
        assert_eq!(Stamp::read("2017-06-09 08:07:17"), Some(stamp));
        assert_eq!(Stamp::read("some day"), None);
    }
}

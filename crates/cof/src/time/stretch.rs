//! Times that people and clients enter as filters, and the compact dates that providers write.
//!
//! [`Stretch`] is the meaning of digits without separators. A filter may be in the future or long ago, so the window of
//! plausible times is not used here. The rules assume that nobody means a second of 1970 by a date, or the year 52,000 by
//! milliseconds.

use jiff::civil::{Date, Time};
use jiff::{Span, tz};

/// The most digits of a number of seconds: up to the year 2286.
const SECONDS: usize = 10;
/// The years of dates in passive DNS and in filters.
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2199;
/// How far ahead the clock of another machine may be, in seconds.
const AHEAD: u64 = 86_400;

/// A period of time: a second, or a whole minute, hour, day, month or year, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first second since the epoch.
    pub start: u64,
    /// Its last second since the epoch.
    pub end: u64,
}

impl Stretch {
    /// The meaning of a text that consists only of digits, at this time in seconds since the epoch: a compact date from the
    /// year (`YYYY`) in steps of two digits up to the second (`YYYYMMDDhhmmss`), in UTC; any other up to ten digits, seconds
    /// since the epoch. Ten digits that can be both are a date and an hour only if the seconds are in the future.
    ///
    /// `None` for other texts, for days and times that do not exist, and for numbers that are too large for seconds:
    /// milliseconds, microseconds and nanoseconds are not guessed here, because a wrong guess would answer another query.
    pub fn of_digits(text: &str, now: u64) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        let compact = Self::compact(text);
        let is_small = text.trim_start_matches('0').len() <= SECONDS;
        let seconds = text.parse().ok().filter(|_| is_small).map(|start| Self { start, end: start });
        match text.len() {
            4 | 8 | 12 | 14 => compact,
            // A month that does not exist is not read as a second of 1970 either.
            6 => compact.or_else(|| seconds.filter(|_| !has_year(text))),
            10 => {
                let is_past = seconds.is_some_and(|seconds| seconds.start <= now.saturating_add(AHEAD));
                compact.filter(|_| !is_past).or(seconds)
            }
            _ => seconds,
        }
    }

    /// A year, followed by a month, a day, an hour, a minute and a second of two digits each, as far as they are given.
    pub(super) fn compact(digits: &str) -> Option<Self> {
        if digits.len() > 14 || !digits.len().is_multiple_of(2) || !has_year(digits) {
            return None;
        }
        let part = |at: usize, usual: i8| match digits.get(at..at + 2) {
            Some(part) => part.parse::<i8>().ok(),
            None => Some(usual),
        };
        let day = Date::new(digits.get(..4)?.parse().ok()?, part(4, 1)?, part(6, 1)?).ok()?;
        let time = Time::new(part(8, 0)?, part(10, 0)?, part(12, 0)?, 0).ok()?;
        let start = day.to_datetime(time);
        let length = match digits.len() {
            4 => Span::new().years(1),
            6 => Span::new().months(1),
            8 => Span::new().days(1),
            10 => Span::new().hours(1),
            12 => Span::new().minutes(1),
            _ => Span::new().seconds(1),
        };
        let second = |moment| {
            let timestamp = tz::Offset::UTC.to_timestamp(moment).ok()?;
            u64::try_from(timestamp.as_second()).ok()
        };
        Some(Self { start: second(start)?, end: second(start.checked_add(length).ok()?)?.checked_sub(1)? })
    }
}

/// Whether a text begins with a year.
fn has_year(digits: &str) -> bool {
    digits.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year| YEARS.contains(&year))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_790_000_000;

    fn read(text: &str) -> Option<(u64, u64)> {
        Stretch::of_digits(text, NOW).map(|stretch| (stretch.start, stretch.end))
    }

    #[test]
    fn digits_are_years_days_times_or_seconds() {
        for (text, start, end) in [
            ("2017", 1_483_228_800, 1_514_764_799),
            ("20300913", 1_915_488_000, 1_915_574_399),
            ("20200913122640", 1_600_000_000, 1_600_000_000),
            ("1600000000", 1_600_000_000, 1_600_000_000),
            ("202009", 1_598_918_400, 1_601_510_399),
            ("2020091311", 1_599_994_800, 1_599_998_399),
            ("202009131226", 1_599_999_960, 1_600_000_019),
            ("2147483647", 2_147_483_647, 2_147_483_647),
            ("604800", 604_800, 604_800),
            ("0", 0, 0),
            ("86400", 86_400, 86_400),
            ("4294967295", 4_294_967_295, 4_294_967_295),
            ("0001600000000", 1_600_000_000, 1_600_000_000),
        ] {
            assert_eq!(read(text), Some((start, end)), "{text}");
        }
    }

    #[test]
    fn what_would_never_match_is_no_time() {
        for none in [
            "",
            "yesterday",
            "-1",
            "+1",
            "1e9",
            "20301399",
            "20210229",
            "99999999",
            "20200913250000",
            "1600000000000",
            "1600000000000000",
            "1600000000000000000",
            "99999999999999999999",
            "1234",
            "9999",
            "202013",
            "197000",
            "202009132500",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn ten_digits_are_seconds_once_they_are_past() {
        let seconds = 2_020_091_311;
        let read = |now| Stretch::of_digits("2020091311", now).map(|stretch| stretch.start);
        assert_eq!(read(NOW), Some(1_599_994_800));
        assert_eq!(read(seconds), Some(seconds));
        assert_eq!(Stretch::of_digits("1600000000", 0).map(|stretch| stretch.start), Some(1_600_000_000));
    }

    proptest! {
        #[test]
        fn no_digits_panic_and_a_stretch_has_an_order(text in "[0-9]{0,22}") {
            if let Some(Stretch { start, end }) = Stretch::of_digits(&text, NOW) {
                prop_assert!(start <= end);
            }
        }
    }
}

//! Times as seconds since the epoch, UTC; dates are only used for people and for providers that send them.
//!
//! [`Window`] contains the times that a record can have. It determines the unit of a number: seconds, milliseconds,
//! microseconds and nanoseconds of the same moment differ by a factor of 1,000, and the window is narrower than that.

mod clock;
mod stretch;

pub use clock::Clock;
pub use stretch::Stretch;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// The latest time in pictures and tables: the start of the year 2200.
pub const LATEST_PLAUSIBLE: u64 = 7_258_118_400;
/// The start of the year 1985, before which no record was seen: the first domain names were registered in March of that year.
pub const EARLIEST_PLAUSIBLE: u64 = 473_385_600;
/// How far ahead the clock of another machine may be, in seconds: a day, so that a wrong time zone is accepted too.
const AHEAD: u64 = 86_400;

/// The times that a record can have: from [`EARLIEST_PLAUSIBLE`] to a day from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    earliest: u64,
    latest: u64,
}

/// The form in which a time was written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A date without separators, from `YYYYMMDD` to `YYYYMMDDhhmmss`, UTC.
    CompactDate,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second.
    Nanoseconds,
    /// Seconds, as the format requires.
    Seconds,
}

/// When something was first and last seen, in seconds since the epoch; `first` is never later than `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First seen.
    pub first: u64,
    /// Last seen.
    pub last: u64,
    /// Whether one of the two was implausible and was replaced by the other.
    pub repaired: bool,
}

impl Window {
    /// All times, for data that was checked before or is generated.
    pub const ANY: Self = Self { earliest: 0, latest: u64::MAX };

    /// The window at this time, in seconds since the epoch.
    pub const fn at(now: u64) -> Self {
        Self { earliest: EARLIEST_PLAUSIBLE, latest: now.saturating_add(AHEAD) }
    }

    /// Whether a time is in the window.
    pub const fn holds(self, seconds: u64) -> bool {
        self.earliest <= seconds && seconds <= self.latest
    }

    /// The time in a number, in seconds, and its unit; `None` if no unit makes it plausible.
    pub fn read(self, number: u64) -> Option<(u64, Unit)> {
        if self.holds(number) {
            return Some((number, Unit::Seconds));
        }
        let units = [
            (1_000, Unit::Milliseconds),
            (1_000_000, Unit::Microseconds),
            (1_000_000_000, Unit::Nanoseconds),
        ];
        let scaled = units.into_iter().map(|(divisor, unit)| (number / divisor, unit));
        let dates = compact_date(number).map(|seconds| (seconds, Unit::CompactDate));
        scaled.chain(dates).find(|(seconds, _)| self.holds(*seconds))
    }

    /// First and last seen in the form that a database stores, from seconds: a missing or implausible time is replaced by the
    /// other one, and the result is `None` if both are. Two plausible times in the wrong order are exchanged.
    pub fn span(self, first: Option<u64>, last: Option<u64>) -> Option<Span> {
        let holds = |time: &u64| self.holds(*time);
        let (kept_first, kept_last) = (first.filter(holds), last.filter(holds));
        let repaired = kept_first != first || kept_last != last;
        let (first, last) = (kept_first.or(kept_last)?, kept_last.or(kept_first)?);
        Some(Span { first: first.min(last), last: first.max(last), repaired })
    }
}

/// The day, hour, minute or second in eight to fourteen digits.
fn compact_date(number: u64) -> Option<u64> {
    let digits = number.to_string();
    let stretch = Stretch::compact(&digits).filter(|_| digits.len() >= 8)?;
    Some(stretch.start)
}

/// A date that was parsed from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Seconds since the epoch.
    pub seconds: u64,
    /// Whether the text had a time zone; otherwise UTC is assumed.
    pub zoned: bool,
}

/// Parses RFC 3339 and ISO 8601 dates, with a blank or a `T`, with or without a zone, or only a day. Dates before the epoch are
/// invalid.
pub fn parse_date(text: &str) -> Option<Date> {
    let text = text.trim();
    let (seconds, zoned) = if let Ok(timestamp) = text.parse::<Timestamp>() {
        (timestamp.as_second(), true)
    } else {
        let civil: DateTime = text.parse().ok()?;
        (jiff::tz::Offset::UTC.to_timestamp(civil).ok()?.as_second(), false)
    };
    u64::try_from(seconds).ok().map(|seconds| Date { seconds, zoned })
}

/// `2017-06-09 08:07:17` in UTC; the bare number if it is not a representable date.
pub fn readable(seconds: u64) -> String {
    format(seconds, "%Y-%m-%d %H:%M:%S")
}

/// `2017-06-09T08:07:17Z`; the bare number if it is not a representable date.
pub fn rfc3339(seconds: u64) -> String {
    format(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

fn format(seconds: u64, pattern: &str) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map_or_else(|| seconds.to_string(), |timestamp| timestamp.strftime(pattern).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_in_the_forms_that_providers_send() {
        for (text, zoned) in [
            ("2017-06-09T08:07:17Z", true),
            ("2017-06-09T10:07:17+02:00", true),
            ("2017-06-09 08:07:17+00:00", true),
            ("2017-06-09 08:07:17", false),
            ("2017-06-09T08:07:17.999", false),
        ] {
            assert_eq!(parse_date(text), Some(Date { seconds: 1_496_995_637, zoned }), "{text}");
        }
        assert_eq!(parse_date("2017-06-09").map(|d| d.seconds), Some(1_496_966_400));
        assert_eq!(parse_date("1960-01-01"), None);
        assert_eq!(parse_date("yesterday"), None);
    }

    const NOW: u64 = 1_790_000_000;

    #[test]
    fn a_number_tells_its_unit_by_the_window() {
        let window = Window::at(NOW);
        for (number, seconds, unit) in [
            (1_600_000_000, 1_600_000_000, Unit::Seconds),
            (1_600_000_000_123, 1_600_000_000, Unit::Milliseconds),
            (1_600_000_000_123_456, 1_600_000_000, Unit::Microseconds),
            (1_600_000_000_123_456_789, 1_600_000_000, Unit::Nanoseconds),
            (20_200_913, 1_599_955_200, Unit::CompactDate),
            (20_200_913_122_640, 1_600_000_000, Unit::CompactDate),
            (202_009_131_226, 1_599_999_960, Unit::CompactDate),
            (2_020_091_311, 1_599_994_800, Unit::CompactDate),
            (EARLIEST_PLAUSIBLE, EARLIEST_PLAUSIBLE, Unit::Seconds),
            (NOW + 86_400, NOW + 86_400, Unit::Seconds),
        ] {
            assert_eq!(window.read(number), Some((seconds, unit)), "{number}");
        }
        for number in [
            0,
            1,
            EARLIEST_PLAUSIBLE - 1,
            NOW + 86_401,
            4_102_444_800,
            253_402_300_799,
            20_201_313,
            20_200_913_250_000,
            29_991_231,
            u64::MAX,
        ] {
            assert_eq!(window.read(number), None, "{number}");
        }
    }

    #[test]
    fn one_bad_time_takes_the_others_value_and_two_are_none() {
        let window = Window::at(NOW);
        let span = |first, last, repaired| Some(Span { first, last, repaired });
        let (early, late) = (1_500_000_000, 1_600_000_000);
        assert_eq!(window.span(Some(early), Some(late)), span(early, late, false));
        assert_eq!(window.span(Some(late), Some(early)), span(early, late, false));
        assert_eq!(window.span(Some(early), Some(4_102_444_800)), span(early, early, true));
        assert_eq!(window.span(Some(0), Some(late)), span(late, late, true));
        assert_eq!(window.span(None, Some(late)), span(late, late, false));
        assert_eq!(window.span(Some(0), Some(u64::MAX)), None);
        assert_eq!(window.span(None, None), None);
    }

    #[test]
    fn times_print_in_utc_and_never_fail() {
        assert_eq!(readable(1_496_995_637), "2017-06-09 08:07:17");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(readable(u64::MAX), u64::MAX.to_string());
    }
}

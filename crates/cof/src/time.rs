//! Times: seconds since the epoch, UTC, as numbers; dates only for people and for providers that send them.

mod stretch;

pub use stretch::Stretch;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Times beyond this are not seconds: the start of the year 2200.
pub const LATEST_PLAUSIBLE: u64 = 7_258_118_400;
/// Times before this predate passive DNS (Weimer, 2005), and the DNS: the start of the year 1983.
pub const EARLIEST_PLAUSIBLE: u64 = 410_227_200;

/// A date read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Seconds since the epoch.
    pub seconds: u64,
    /// Whether the text named its time zone; UTC is assumed where it did not.
    pub zoned: bool,
}

/// Reads RFC 3339 and ISO 8601 dates, with a blank or a `T`, with or without a zone, or a day alone.
/// Dates before the epoch are none.
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

/// `2017-06-09 08:07:17`, UTC; the bare number when it is no date of this era.
pub fn readable(seconds: u64) -> String {
    format(seconds, "%Y-%m-%d %H:%M:%S")
}

/// `2017-06-09T08:07:17Z`; the bare number when it is no date of this era.
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

    #[test]
    fn times_print_in_utc_and_never_fail() {
        assert_eq!(readable(1_496_995_637), "2017-06-09 08:07:17");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(readable(u64::MAX), u64::MAX.to_string());
    }
}

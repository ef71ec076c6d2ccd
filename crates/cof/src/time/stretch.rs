//! Times that people and clients type to fence a question in.
//!
//! [`Stretch`] is what digits alone mean. A fence may lie in the future or long ago, so the window of plausible times does
//! not decide here; what decides is that nobody means the year 1970 by a date, or the year 52,000 by milliseconds.

use super::parse_date;

/// The digits that seconds have at most: up to the year 2286.
const SECONDS: usize = 10;
/// Dates of passive DNS and of fences.
const YEARS: std::ops::RangeInclusive<u64> = 1970..=2199;

/// A stretch of time: a second, or the whole of a day or a year, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first second since the epoch.
    pub start: u64,
    /// Its last second since the epoch.
    pub end: u64,
}

impl Stretch {
    /// What a text of nothing but digits means: four of them a year, eight a day (`YYYYMMDD`), fourteen a second
    /// (`YYYYMMDDhhmmss`), UTC; any others, up to ten, seconds since the epoch.
    ///
    /// `None` for other texts, for days and times that do not exist, and for what is too large for seconds: milliseconds,
    /// microseconds and nanoseconds are not guessed at here, where a wrong guess would answer another question.
    pub fn of_digits(text: &str) -> Option<Self> {
        if text.is_empty() || !text.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
        match text.len() {
            4 => {
                let year = text.parse().ok().filter(|year| YEARS.contains(year))?;
                let new_year = |year: u64| second(&format!("{year:04}-01-01"));
                Some(Self { start: new_year(year)?, end: new_year(year + 1)? - 1 })
            }
            8 => {
                let start = second(&format!("{}-{}-{}", part(0..4), part(4..6), part(6..8)))?;
                Some(Self { start, end: start + 86_399 })
            }
            14 => {
                let day = format!("{}-{}-{}", part(0..4), part(4..6), part(6..8));
                let start = second(&format!("{day}T{}:{}:{}", part(8..10), part(10..12), part(12..14)))?;
                Some(Self { start, end: start })
            }
            _ if text.trim_start_matches('0').len() <= SECONDS => {
                let start = text.parse().ok()?;
                Some(Self { start, end: start })
            }
            _ => None,
        }
    }
}

fn second(date: &str) -> Option<u64> {
    let year: u64 = date.get(..4)?.parse().ok()?;
    parse_date(date).filter(|_| YEARS.contains(&year)).map(|date| date.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<(u64, u64)> {
        Stretch::of_digits(text).map(|stretch| (stretch.start, stretch.end))
    }

    #[test]
    fn digits_are_years_days_times_or_seconds() {
        for (text, start, end) in [
            ("2017", 1_483_228_800, 1_514_764_799),
            ("20300913", 1_915_488_000, 1_915_574_399),
            ("20200913122640", 1_600_000_000, 1_600_000_000),
            ("1600000000", 1_600_000_000, 1_600_000_000),
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
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_digits_panic_and_a_stretch_has_an_order(text in "[0-9]{0,22}") {
            if let Some(Stretch { start, end }) = Stretch::of_digits(&text) {
                prop_assert!(start <= end);
            }
        }
    }
}

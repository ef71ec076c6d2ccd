//! Parses a token's rate and expiry as users write them: [`rate`] and [`expiry`], for the command line and the pages.
//!
//! Both return `None` for text that they cannot parse; each interface states what it accepts.

use cof::time::Clock;
use operation::Moment;

/// Requests per second: `10/s`, or `10`.
pub fn rate(text: &str) -> Option<u32> {
    let text = text.trim();
    text.strip_suffix("/s").unwrap_or(text).trim().parse().ok()
}

/// A date, a time, or a time from now (`90d`), in seconds since the epoch.
pub fn expiry(text: &str, clock: &Clock) -> Option<i64> {
    let moment = Moment::parse(text, clock).ok()?;
    let now = clock.seconds();
    // `Moment` reads "90d" as ninety days ago; a token expires ninety days from now.
    let is_relative =
        text.trim().ends_with(|last: char| last.is_ascii_alphabetic() && !matches!(last, 'Z' | 'z'));
    let at = if is_relative { now.saturating_add(now.saturating_sub(moment.start)) } else { moment.start };
    i64::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!((rate("10/s"), rate(" 10 ")), (Some(10), Some(10)));
        for wrong in ["", "/s", "10/m", "-1", "1.5", "99999999999"] {
            assert!(rate(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_token_expires_at_a_date_or_after_a_while() {
        let clock = Clock::telling(|| Duration::from_hours(500_000));
        let at = |text| expiry(text, &clock);
        assert_eq!(at("90d"), Some(1_800_000_000 + 90 * 86_400));
        assert_eq!(at("2030-01-01"), Some(1_893_456_000));
        assert_eq!(at("2030-01-01T00:00:01Z"), Some(1_893_456_001));
        assert_eq!(at("soon"), None);
    }
}

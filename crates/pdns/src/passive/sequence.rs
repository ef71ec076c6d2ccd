//! Numbered batches of sensors: the header `Sensor-Sequence`.
//!
//! ```text
//! Sensor-Sequence: 9f0c2f6b7a134c5d8e1f2a3b4c5d6e7f/42
//! ```
//!
//! A sensor gives its sequence a random name, and numbers its batches. The database stores the last number for each token and name,
//! together with the batch, and never forgets it: one entry for each sensor, however many batches it sends. Because entries are
//! permanent, [`Names`] bounds how many a token can begin.
//!
//! Errors: a header that cannot be read is a 400.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName};
use cof::Position;
use edge::gate::{Pass, Who};
use edge::problem::Problem;

const SEQUENCE: HeaderName = HeaderName::from_static("sensor-sequence");
/// The most records of a numbered body, which is stored as one batch.
pub(super) const MOST_RECORDS: usize = 10_000;
/// The longest number, in digits, so that every number fits into 63 bits.
const DIGITS: usize = 18;

/// How many names a token can begin in a day.
pub(super) const NAMES_PER_DAY: u32 = 100;
/// The length of a day, in seconds.
const DAY: u64 = 86_400;

/// How many names each token has begun today. It has no more entries than there are tokens.
#[derive(Debug, Default)]
pub struct Names(Mutex<HashMap<Box<str>, (u64, u32)>>);

impl Names {
    /// Counts a position whose name is new; returns whether its token may begin another one.
    pub(super) fn admit(&self, position: &Position, now: u64) -> bool {
        let token = position.input.rsplit_once('/').map_or("", |(token, _)| token);
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (day, names) = begun.entry(token.into()).or_default();
        if *day != now / DAY {
            (*day, *names) = (now / DAY, 0);
        }
        *names = names.saturating_add(1);
        *names <= NAMES_PER_DAY
    }
}

/// The position of a numbered batch; `None` if the body is none.
///
/// # Errors
/// The header is given twice, or with an `Idempotency-Key`, or cannot be read.
pub(super) fn of(headers: &HeaderMap, has_key: bool, pass: &Pass) -> Result<Option<Position>, Problem> {
    let mut given = headers.get_all(SEQUENCE).iter();
    let Some(value) = given.next() else { return Ok(None) };
    if has_key {
        let detail = "give either Sensor-Sequence or Idempotency-Key: both number the body";
        return Err(Problem::bad_request(detail));
    }
    let read = value.to_str().ok().and_then(parse).filter(|_| given.next().is_none());
    let (name, number) = read.ok_or_else(|| {
        let takes = "Sensor-Sequence: takes a name of 8 to 64 letters, digits and hyphens, a slash and a number from 1, once";
        Problem::bad_request(takes)
    })?;
    let Who::Token(entry) = &pass.who else { return Err(Problem::unauthorized()) };
    Ok(Some(Position::new(format!("sensor/{}/{name}", entry.token.id), number)))
}

fn parse(text: &str) -> Option<(&str, u64)> {
    let (name, digits) = text.split_once('/')?;
    let is_name = (8..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_number = digits.len() <= DIGITS
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_name && is_number)?;
    Some((name, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_a_name_and_a_number() {
        assert_eq!(parse("abcd-EFG1/1"), Some(("abcd-EFG1", 1)));
        assert_eq!(parse("abcdefgh/999999999999999999"), Some(("abcdefgh", 999_999_999_999_999_999)));
        for wrong in [
            "",
            "abcdefgh",
            "abcdefgh/",
            "/1",
            "abcdefg/1",
            "abcdefgh/0",
            "abcdefgh/01",
            "abcdefgh/-1",
            "abcdefgh/+1",
            "abcdefgh/1/2",
            "abcdefgh/1000000000000000000",
            "abcdef h/1",
            "abcdef_h/1",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse(&format!("{}/1", "a".repeat(65))), None);
    }

    #[test]
    fn a_token_begins_so_many_names_a_day() {
        let names = Names::default();
        let new = |token: &str, name: u32| Position::new(format!("sensor/{token}/{name}"), 1);
        let admitted = |token: &str, day: u64| {
            (0..NAMES_PER_DAY * 2).filter(|name| names.admit(&new(token, *name), day * DAY + 7)).count()
        };
        assert_eq!(
            [admitted("1", 5), admitted("1", 5), admitted("2", 5), admitted("1", 6)],
            [100, 0, 100, 100]
        );
    }
}

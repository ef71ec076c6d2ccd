//! Numbers in the forms that providers send: times and counts that may be fractions, dates, milliseconds, negative or huge.

use crate::Record;
use crate::record::{Field, NoteKind};
use crate::time::{self, Unit, Window};

/// The time in a number; notes a unit other than seconds, and a number that is not a plausible time in any unit, which is
/// unknown.
#[inline]
pub(super) fn plausible(number: u64, window: Window, field: Field, record: &mut Record) -> Option<u64> {
    if window.holds(number) {
        return Some(number);
    }
    let Some((seconds, unit)) = window.read(number) else {
        record.note(field, NoteKind::Implausible);
        return None;
    };
    record.note(
        field,
        match unit {
            Unit::CompactDate => NoteKind::CompactDate,
            Unit::Microseconds => NoteKind::Microseconds,
            Unit::Nanoseconds => NoteKind::Nanoseconds,
            Unit::Milliseconds | Unit::Seconds => NoteKind::Milliseconds,
        },
    );
    Some(seconds)
}

/// A value in place of a number.
pub(super) enum Number {
    Plain(u64),
    /// A date, in seconds.
    Date(u64),
}

pub(super) fn date(text: &str, field: Field, record: &mut Record) -> Option<Number> {
    let Some(date) = time::parse_date(text) else {
        record.note(field, NoteKind::Unreadable);
        return None;
    };
    record.note(field, NoteKind::FromDate);
    if !date.zoned {
        record.note(field, NoteKind::AssumedUtc);
    }
    Some(Number::Date(date.seconds))
}

/// Parses a JSON number as whole seconds or a count; the note states what was repaired.
#[inline]
pub(super) fn number(raw: &[u8]) -> (Option<u64>, Option<NoteKind>) {
    let digit = |sum: u64, octet: &u8| octet.is_ascii_digit().then(|| sum * 10 + u64::from(octet - b'0'));
    // Any number of nineteen digits fits.
    if (1..=19).contains(&raw.len())
        && let Some(number) = raw.iter().try_fold(0, digit)
    {
        return (Some(number), None);
    }
    let text = std::str::from_utf8(raw).unwrap_or_default();
    if let Ok(number) = text.parse() {
        return (Some(number), None);
    }
    match text.parse::<f64>() {
        _ if !raw.iter().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E')) => {
            (None, Some(NoteKind::Unreadable))
        }
        Err(_) => (None, Some(NoteKind::Unreadable)),
        Ok(float) if float < 0.0 => (None, Some(NoteKind::Negative)),
        #[expect(clippy::cast_precision_loss, reason = "the comparison is with the nearest float on purpose")]
        Ok(float) if float >= u64::MAX as f64 => (Some(u64::MAX), Some(NoteKind::Saturated)),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
        Ok(float) => (Some(float as u64), (float.fract() > 0.0).then_some(NoteKind::Floored)),
    }
}

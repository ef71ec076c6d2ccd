//! Times in logs: [`Moment`], from numbers and from dates in the usual forms.
//!
//! ```text
//! 1521911720.865716                  seconds
//! 2018-03-24T17:15:20.865716Z        with T or a blank, with or without a fraction
//! 2018-03-24T17:15:20.865716+0000    an offset with or without a colon, or hours alone
//! ```
//!
//! These forms are read without a general parser, because every line has one; the rest is left to [`cof::time::parse_date`].
//! A date without an offset is UTC.

use std::time::Duration;

use cof::time;

/// A time since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) seconds: u64,
    /// Millionths of a second, less than a million.
    pub(super) micros: u32,
}

impl Moment {
    /// From seconds in decimal digits, with or without a fraction.
    pub(super) fn of_digits(text: &[u8]) -> Option<Self> {
        let (seconds, rest) = number(text, 18)?;
        let (micros, rest) = fraction(rest)?;
        rest.is_empty().then_some(Self { seconds, micros })
    }

    /// From a number whose unit is told by its size.
    pub(super) fn of_number(number: f64, plausible: time::Window) -> Option<Self> {
        let whole = Duration::try_from_secs_f64(number).ok()?;
        if plausible.holds(whole.as_secs()) {
            // Doubles hold these times to a quarter of a microsecond.
            let rounded = whole + Duration::from_nanos(500);
            return Some(Self { seconds: rounded.as_secs(), micros: rounded.subsec_micros() });
        }
        let (seconds, _) = plausible.read(whole.as_secs())?;
        Some(Self { seconds, micros: 0 })
    }

    /// From a date.
    pub(super) fn of_date(text: &str) -> Option<Self> {
        usual(text.as_bytes()).or_else(|| {
            let date = time::parse_date(text)?;
            Some(Self { seconds: date.seconds, micros: 0 })
        })
    }

    /// Since the epoch, in millionths of a second.
    pub(super) fn as_micros(self) -> u64 {
        self.seconds.saturating_mul(1_000_000).saturating_add(u64::from(self.micros))
    }
}

fn usual(text: &[u8]) -> Option<Moment> {
    let (date, rest) = text.split_first_chunk::<19>()?;
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', _, _, b':', _, _, b':', _, _] = date else {
        return None;
    };
    let part = |from: usize, to: usize| whole(date.get(from..to)?);
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    // A leap second is the second after.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (micros, rest) = fraction(rest)?;
    let seconds = days_before(year, month, day)?.checked_mul(86_400)? + hour * 3_600 + minute * 60 + second;
    Some(Moment { seconds: at_offset(seconds, rest)?, micros })
}

/// The time of a date that was written with this offset.
fn at_offset(seconds: u64, offset: &[u8]) -> Option<u64> {
    let (is_ahead, digits) = match offset {
        [] | [b'Z' | b'z'] => return Some(seconds),
        [b'+', digits @ ..] => (true, digits),
        [b'-', digits @ ..] => (false, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => (whole(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (whole(&[*a, *b])?, whole(&[*c, *d])?),
        _ => return None,
    };
    let offset = (hours <= 23 && minutes <= 59).then_some(hours * 3_600 + minutes * 60)?;
    if is_ahead { seconds.checked_sub(offset) } else { seconds.checked_add(offset) }
}

/// Millionths of a second behind a point, if there is one, and what follows.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at_checked(len).filter(|(digits, _)| !digits.is_empty())?;
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0'));
    let micros = padded.take(6).fold(0, |micros, digit| micros * 10 + u32::from(digit - b'0'));
    Some((micros, rest))
}

/// The number at the start, of at least one digit and so many at most, and what follows.
fn number(text: &[u8], most: usize) -> Option<(u64, &[u8])> {
    let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at_checked(len).filter(|_| len <= most)?;
    Some((whole(digits)?, rest))
}

/// A number of at least one digit; the caller bounds their count.
fn whole(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from the epoch to a date; `None` before it.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    /// Days from the first day of the year 1 to the epoch.
    const EPOCH: u64 = 719_162;
    let past = year.checked_sub(1)?;
    let months: u64 = (1..month).map(|month| days_of(year, month)).sum();
    (past * 365 + past / 4 - past / 100 + past / 400 + months + day - 1).checked_sub(EPOCH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: Moment = Moment { seconds: 1_521_911_720, micros: 865_716 };

    #[test]
    fn the_usual_forms_are_read() {
        for text in [
            "2018-03-24T17:15:20.865716Z",
            "2018-03-24 17:15:20.865716",
            "2018-03-24T17:15:20.865716+0000",
            "2018-03-24T19:45:20.865716+02:30",
            "2018-03-24T10:15:20.865716999-07",
        ] {
            assert_eq!((usual(text.as_bytes()), Moment::of_date(text)), (Some(AT), Some(AT)), "{text}");
        }
        assert_eq!(Moment::of_date("2018-03-24T17:15:20Z"), Some(Moment { micros: 0, ..AT }));
        assert_eq!(Moment::of_date("2018-03-24T17:15:20.8Z"), Some(Moment { micros: 800_000, ..AT }));
        assert_eq!(Moment::of_date("2018-03-24").map(|at| at.seconds), Some(1_521_849_600));
        for text in [
            "2018-02-29T17:15:20Z",
            "2018-13-01T17:15:20Z",
            "2018-03-24T25:15:20Z",
            "2018-03-24T17:15:20.Z",
            "1960-03-24T17:15:20Z",
            "yesterday",
            "",
        ] {
            assert_eq!(Moment::of_date(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_any_unit() {
        assert_eq!(Moment::of_digits(b"1521911720.865716"), Some(AT));
        assert_eq!(Moment::of_digits(b"1521911720"), Some(Moment { micros: 0, ..AT }));
        for text in [&b""[..], b".5", b"1521911720.", b"-1", b"1521911720x", &[b'9'; 40]] {
            assert_eq!(Moment::of_digits(text), None);
        }
        let window = time::Window::at(1_800_000_000);
        assert_eq!(Moment::of_number(1_521_911_720.865_716, window), Some(AT));
        assert_eq!(Moment::of_number(1_521_911_720_865.0, window), Some(Moment { micros: 0, ..AT }));
        for number in [f64::NAN, f64::INFINITY, -1.0, 5.0, 1e300] {
            assert_eq!(Moment::of_number(number, window), None);
        }
    }

    proptest! {
        #[test]
        fn dates_are_read_as_another_library_reads_them(seconds in 473_385_600..7_258_118_400_u64) {
            let text = time::rfc3339(seconds);
            prop_assert_eq!(usual(text.as_bytes()), Some(Moment { seconds, micros: 0 }));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}", date in "[0-9T:. +Z-]{0,40}") {
            for text in [text, date] {
                let _ = Moment::of_date(&text);
                let _ = Moment::of_digits(text.as_bytes());
            }
        }
    }
}

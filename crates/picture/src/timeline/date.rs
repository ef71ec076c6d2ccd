//! The dates of the fields "Seen", "to" and "At this date": parsing, formatting, and error messages.
//!
//! A text means a period of time: a day alone means the whole day, and the same applies to an hour or a minute. Dates may be
//! compact, as in data formats: `YYYYMMDD`, `YYYYMMDDhh`, `YYYYMMDDhhmm` or `YYYYMMDDhhmmss`. [`Field`] is what a form shows
//! again: an invalid text unchanged, with a sentence about the error, and otherwise the date in the shortest form that means
//! the same second. Times are in UTC if no zone is given. Nothing here fails.

use std::borrow::Cow;

use cof::time::{LATEST_PLAUSIBLE, parse_date, readable};

/// A field of a form, with its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The text that was entered.
    pub text: String,
    /// What is wrong, and how to write it; `None` if the text is valid or empty.
    pub wrong: Option<&'static str>,
}

const DAY: u64 = 86_400;
const HOUR: u64 = 3_600;
const MINUTE: u64 = 60;

const NO_DATE: &str = "Not a date. Write it as 2020-05-31 or 2020-05-31 14:30.";
const NO_DAY: &str = "No such day or time. Write it as 2020-05-31 or 2020-05-31 14:30.";
const NOT_WHOLE: &str = "A part of the date is missing. Write it as 2020-05-31 or 2020-05-31 14:30.";
const OUTSIDE: &str = "Dates must be from 1970 to 2199. Write it as 2020-05-31 or 2020-05-31 14:30.";
const TURNED: &str = "This is before the first date, so neither is used. Enter a later one.";

/// The first and the last second that a text means.
///
/// # Errors
/// What is wrong with the text, and how to write it.
pub fn read(text: &str) -> Result<(u64, u64), &'static str> {
    let text = text.trim();
    let (text, length) = compact(text).unwrap_or_else(|| (text.into(), length(text)));
    let first = parse_date(&text).map(|date| date.seconds).filter(|second| *second < LATEST_PLAUSIBLE);
    let first = first.ok_or_else(|| why(&text))?;
    Ok((first, first + length - 1))
}

/// Converts a date without separators into one with separators, and returns how many seconds it stands for.
fn compact(text: &str) -> Option<(Cow<'_, str>, u64)> {
    let length = match text.len() {
        8 => DAY,
        10 => HOUR,
        12 => MINUTE,
        14 => 1,
        _ => return None,
    };
    let digits = format!("{text:0<14}");
    let part = |from, to| digits.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    Some((format!("{year}-{month}-{day} {hour}:{minute}:{second}").into(), length))
}

/// How many seconds a valid date stands for, by its smallest part. A zone is not such a part.
fn length(text: &str) -> u64 {
    let time = text.split_once([' ', 'T', 't']).map_or("", |(_, time)| time);
    let time = time.split(['Z', 'z', '+', '-', '[']).next().unwrap_or_default();
    match time.bytes().filter(u8::is_ascii_digit).count() {
        0 => DAY,
        1..=2 => HOUR,
        3..=4 => MINUTE,
        _ => 1,
    }
}

/// The first second of a window, in the form that [`read`] accepts.
pub(super) fn written_first(second: u64) -> String {
    if second.is_multiple_of(DAY) { shortened(second, 10) } else { by_minute(second, second) }
}

/// The last second of a window, in the form that [`read`] accepts.
pub(super) fn written_last(second: u64) -> String {
    if (second + 1).is_multiple_of(DAY) { shortened(second, 10) } else { by_minute(second, second + 1) }
}

/// The fields of a window, from the parameters `from` and `to`.
pub fn window(from: &str, to: &str) -> [Field; 2] {
    let (first, last) = (read(from), read(to));
    let turned = matches!((first, last), (Ok((first, _)), Ok((_, last))) if first > last);
    let first = Field::of(from, first.map(|(first, _)| written_first(first)));
    let last = Field::of(to, last.map(|(_, last)| written_last(last)));
    [first, Field { wrong: last.wrong.or(turned.then_some(TURNED)), ..last }]
}

/// The field of a day.
pub fn day(at: &str) -> Field {
    Field::of(at, read(at).map(|(first, _)| shortened(first, 10)))
}

impl Field {
    fn of(text: &str, read: Result<String, &'static str>) -> Self {
        match read {
            Ok(text) => Self { text, wrong: None },
            Err(_) if text.trim().is_empty() => Self::default(),
            Err(wrong) => Self { text: text.to_owned(), wrong: Some(wrong) },
        }
    }
}

/// To the minute, if the second is at the boundary of a minute.
fn by_minute(second: u64, bound: u64) -> String {
    shortened(second, if bound.is_multiple_of(MINUTE) { 16 } else { 19 })
}

fn shortened(second: u64, length: usize) -> String {
    let mut text = readable(second);
    text.truncate(length);
    text
}

/// What is wrong with a text that is not a valid date.
fn why(text: &str) -> &'static str {
    if text.parse::<jiff::civil::DateTime>().is_ok() || text.parse::<jiff::Timestamp>().is_ok() {
        return OUTSIDE;
    }
    let digits = |part: &str, least, most| {
        (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let day = text.split([' ', 'T', 't']).next().unwrap_or_default();
    match day.split('-').collect::<Vec<_>>().as_slice() {
        [year] if digits(year, 4, 4) || digits(year, 6, 6) => NOT_WHOLE,
        [year, month] if digits(year, 4, 4) && digits(month, 1, 2) => NOT_WHOLE,
        [year, month, day] if digits(year, 4, 4) && digits(month, 2, 2) && digits(day, 2, 2) => NO_DAY,
        _ => NO_DATE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_a_stretch_of_time() {
        let noon = 1_577_880_000;
        assert_eq!(read("2020-01-01"), Ok((noon - DAY / 2, noon + DAY / 2 - 1)));
        assert_eq!(read(" 2020-01-01 12:00 "), Ok((noon, noon + 59)));
        assert_eq!(read("2020-01-01T12:00"), Ok((noon, noon + 59)));
        for instant in ["2020-01-01 12:00:00", "2020-01-01T12:00:00Z", "2020-01-01T14:00:00+02:00"] {
            assert_eq!(read(instant), Ok((noon, noon)), "{instant}");
        }
        for minute in ["2020-01-01T12:00Z", "2020-01-01 14:00+02:00"] {
            assert_eq!(read(minute), Ok((noon, noon + 59)), "{minute}");
        }
    }

    #[test]
    fn compact_dates_are_read_to_the_part_that_they_name() {
        let noon = 1_577_880_000;
        assert_eq!(read("20200101"), read("2020-01-01"));
        assert_eq!(read(" 2020010112 "), Ok((noon, noon + HOUR - 1)));
        assert_eq!(read("202001011200"), Ok((noon, noon + 59)));
        assert_eq!(read("20200101120000"), Ok((noon, noon)));
        assert_eq!(read("20200101T120000Z"), Ok((noon, noon)));
        let texts = window("2020010112", "202001011259").map(|field| field.text);
        assert_eq!(texts, ["2020-01-01 12:00", "2020-01-01 12:59"]);
        assert_eq!(day("20200101120000").text, "2020-01-01");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, wrong) in [
            ("hello", NO_DATE),
            ("05.05.2020", NO_DATE),
            ("<b>", NO_DATE),
            ("2020-13-01", NO_DAY),
            ("2021-02-29", NO_DAY),
            ("2020-05-31 25:00", NO_DAY),
            ("2020-05", NOT_WHOLE),
            ("2020", NOT_WHOLE),
            ("202005", NOT_WHOLE),
            ("20200532", NO_DAY),
            ("2020053124", NO_DAY),
            ("20200531146099", NO_DAY),
            ("22000101", OUTSIDE),
            ("202005311", NO_DATE),
            ("2020053é", NO_DATE),
            ("1960-01-01", OUTSIDE),
            ("9999-01-01", OUTSIDE),
        ] {
            assert_eq!(read(text), Err(wrong), "{text}");
            assert_eq!(day(text), Field { text: text.to_owned(), wrong: Some(wrong) });
        }
        assert_eq!(day(""), Field::default());
        assert_eq!(day("2020-05-31 14:30").text, "2020-05-31");
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_wrong_at_its_end() {
        let [from, to] = window("2020-01-02", "2020-01-01");
        assert_eq!((from.wrong, to.wrong, to.text.as_str()), (None, Some(TURNED), "2020-01-01"));
        assert_eq!(window("2020-01-01", "2020-01-01").map(|field| field.wrong), [None, None]);
        assert_eq!(window("hello", "2020-01-01").map(|field| field.wrong), [Some(NO_DATE), None]);
        let texts = window("2020-01-01T00:30:00Z", "2020-01-01 00:45").map(|field| field.text);
        assert_eq!(texts, ["2020-01-01 00:30", "2020-01-01 00:45"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same_second(second in 0..LATEST_PLAUSIBLE, whole in prop::sample::select(vec![1, MINUTE, DAY])) {
            let first = second - second % whole;
            let last = (first + whole - 1).min(LATEST_PLAUSIBLE - 1);
            prop_assert_eq!(read(&written_first(first)).unwrap().0, first);
            prop_assert_eq!(read(&written_last(last)).unwrap().1, last);
        }
    }
}

//! Formats figures, dates and long texts for a page.
//!
//! Everything is limited in length: a shortened text ends in an ellipsis, and the table has the whole text.

use cof::time::readable;
use operation::shown;
pub use operation::shown::thousands;

/// `2017-06-09` in UTC; the bare number if it is not a representable date.
pub fn day(seconds: u64) -> String {
    let text = readable(seconds);
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// [`thousands`] of a length.
pub fn figure(number: usize) -> String {
    thousands(number as u64)
}

/// A number with its noun: `1 record`, `34 records`.
pub fn counted(number: usize, one: &str) -> String {
    shown::counted(number as u64, one)
}

/// The length of a time span in its largest fitting unit: `once`, `8 min`, `3 h`, `34 d`, `19 mo`, `7.2 y`.
pub fn length(seconds: u64) -> String {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 31_557_600;
    let rounded = |unit: u64| seconds / unit + u64::from(seconds % unit >= unit.div_ceil(2));
    match seconds {
        0 => "once".to_owned(),
        1..60 => format!("{seconds} s"),
        60..HOUR => format!("{} min", rounded(60)),
        _ if seconds < 2 * DAY => format!("{} h", rounded(HOUR)),
        _ if seconds < 60 * DAY => format!("{} d", rounded(DAY)),
        _ if seconds < 2 * YEAR => format!("{} mo", rounded(YEAR / 12)),
        _ => format!("{}.{} y", rounded(YEAR / 10) / 10, rounded(YEAR / 10) % 10),
    }
}

/// The text, shortened to at most `most` characters with an ellipsis.
pub fn cut(text: &str, most: usize) -> String {
    if text.char_indices().nth(most).is_none() {
        return text.to_owned();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    head + "…"
}

/// The end of the text, shortened to at most `most` characters with an ellipsis, because neighbouring addresses differ there.
pub fn cut_front(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let tail = text.chars().skip(count - most.saturating_sub(1));
    std::iter::once('…').chain(tail).collect()
}

/// The text without its middle if it is longer than `most` characters, because both ends of a name are informative.
pub fn without_middle(text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most {
        return text.to_owned();
    }
    let head = most / 2;
    let tail = most - head - 1;
    chars.iter().take(head).chain(&['…']).chain(chars.iter().skip(chars.len() - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_lengths_read_like_the_table() {
        assert_eq!(
            [0, 999, 1000, 60_583, 1_298_349].map(thousands),
            ["0", "999", "1,000", "60,583", "1,298,349"]
        );
        assert_eq!([0, 1, 34].map(|n| counted(n, "record")), ["0 records", "1 record", "34 records"]);
        let day = 86_400;
        for (seconds, text) in [
            (0, "once"),
            (59, "59 s"),
            (454, "8 min"),
            (9_785, "3 h"),
            (2 * day + 41_172, "2 d"),
            (34 * day, "34 d"),
            (319 * day, "10 mo"),
            (588 * day, "19 mo"),
            (836 * day, "2.3 y"),
            (2_557 * day, "7.0 y"),
        ] {
            assert_eq!(length(seconds), text, "{seconds}");
        }
        assert_eq!(super::day(1_496_995_637), "2017-06-09");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("12345", 5), "12345");
        assert_eq!(cut("123456", 5), "1234…");
        assert_eq!(cut("äöüäöü", 5), "äöüä…");
        assert_eq!((cut_front("12345", 5), cut_front("äöüäöü", 5)), ("12345".to_owned(), "…üäöü".to_owned()));
        assert_eq!(without_middle("abcdefghij", 10), "abcdefghij");
        assert_eq!(without_middle("abcdefghijk", 10), "abcde…hijk");
    }
}

//! The values that a command is given: from its arguments and from files, each once.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use operation::{Indicator, IndicatorError};

use crate::exit::Failure;

/// A line longer than this holds no value, in octets.
const MAX_LINE: u64 = 64 * 1024;

/// A value as it was given, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) indicator: Result<Indicator, IndicatorError>,
}

/// Reads all values, in order; the same indicator is asked about once however it is spelt.
pub(crate) fn read(arguments: &[String], files: &[PathBuf]) -> Result<Vec<Given>, Failure> {
    let mut texts = arguments.to_vec();
    for file in files {
        let doing = format!("reading values from {}", file.display());
        let reader: Box<dyn Read> = if file.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            Box::new(std::fs::File::open(file).map_err(|error| Failure::work(&doing, &error))?)
        };
        lines(BufReader::new(reader), &mut texts).map_err(|error| Failure::work(&doing, &error))?;
    }
    let mut known = HashSet::new();
    let given = texts.into_iter().map(|text| Given { indicator: Indicator::parse(&text), text });
    Ok(given
        .filter(|given| given.indicator.as_ref().map_or(true, |indicator| known.insert(indicator.clone())))
        .collect())
}

fn lines(mut reader: impl BufRead, out: &mut Vec<String>) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&line);
        let value = before_comment(text.trim_start_matches('\u{feff}')).trim();
        if !value.is_empty() {
            out.push(value.to_owned());
        }
    }
}

/// What stands before a comment. A URL may hold a `#`: only one that begins the line or follows a blank is meant so.
fn before_comment(text: &str) -> &str {
    let begins =
        |at: usize| text.get(..at).is_some_and(|head| head.is_empty() || head.ends_with([' ', '\t']));
    let end = text.match_indices('#').map(|(at, _)| at).find(|at| begins(*at));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_one_value_a_line() {
        let mut values = Vec::new();
        lines(
            &b"\xef\xbb\xbfa.example\r\n# no\n\n  b.example  # why\nhttp://c.example/x#y\nd.example"[..],
            &mut values,
        )
        .unwrap();
        assert_eq!(values, ["a.example", "b.example", "http://c.example/x#y", "d.example"]);
    }

    #[test]
    fn the_same_indicator_is_asked_about_once() {
        let given = read(&["A.example".into(), "hxxp://a[.]example/".into(), "b c".into()], &[]).unwrap();
        let texts: Vec<&str> = given.iter().map(|given| given.text.as_str()).collect();
        assert_eq!(texts, ["A.example", "b c"]);
    }
}

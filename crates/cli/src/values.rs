//! The values that a command is given: from its arguments and from files, each once.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use operation::{Indicator, IndicatorError};

use crate::exit::Failure;

/// A line longer than this holds no value, in octets.
const MAX_LINE: usize = 64 * 1024;
/// What a file of values looks like.
const ADVICE: &str = "give a text file with one value a line, # for comments; - is standard input";

/// A value as it was given, and what it is.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) indicator: Result<Indicator, IndicatorError>,
}

/// Values, each once: a list of millions that repeats itself costs what its different values cost.
#[derive(Default)]
struct EachOnce {
    given: Vec<Given>,
    indicators: HashSet<Indicator>,
    refused: HashSet<String>,
}

/// Reads all values, in order; the same indicator is asked about once however it is spelt.
pub(crate) fn read(arguments: &[String], files: &[PathBuf]) -> Result<Vec<Given>, Failure> {
    let mut values = EachOnce::default();
    for text in arguments {
        values.add(text);
    }
    for file in files {
        let name = if file.as_os_str() == "-" { "standard input".into() } else { file.display().to_string() };
        let failed = |error| Failure::work(&format!("reading values from {name}"), &error).hint(ADVICE);
        open(file).and_then(|reader| lines(BufReader::new(reader), &mut values)).map_err(failed)?;
    }
    Ok(values.given)
}

impl EachOnce {
    fn add(&mut self, text: &str) {
        let indicator = Indicator::parse(text);
        let is_new = match &indicator {
            Ok(indicator) => {
                !self.indicators.contains(indicator) && self.indicators.insert(indicator.clone())
            }
            Err(_) => !self.refused.contains(text) && self.refused.insert(text.to_owned()),
        };
        if is_new {
            self.given.push(Given { text: text.to_owned(), indicator });
        }
    }
}

fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    if file.as_os_str() == "-" { Ok(Box::new(io::stdin())) } else { Ok(Box::new(File::open(file)?)) }
}

/// Takes the values out of a text; what is no text holds none, and is not asked about piece by piece.
fn lines(mut reader: impl BufRead, values: &mut EachOnce) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let Some(what) = strangeness(&line) {
            let why = format!("line {number} {what}: this is no list of values");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let text = String::from_utf8_lossy(&line);
        let value = before_comment(text.trim_start_matches('\u{feff}')).trim();
        if !value.is_empty() {
            values.add(value);
        }
    }
    Ok(())
}

/// What shows that a line is none of a list.
fn strangeness(line: &[u8]) -> Option<String> {
    if line.len() > MAX_LINE {
        return Some(format!("is longer than {MAX_LINE} octets"));
    }
    line.contains(&0).then(|| "holds a NUL octet".to_owned())
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
        let mut values = EachOnce::default();
        lines(
            &b"\xef\xbb\xbfa.example\r\n# no\n\n  b.example  # why\nhttp://c.example/x#y\nd.example"[..],
            &mut values,
        )
        .unwrap();
        let values: Vec<&str> = values.given.iter().map(|given| given.text.as_str()).collect();
        assert_eq!(values, ["a.example", "b.example", "http://c.example/x#y", "d.example"]);
    }

    #[test]
    fn what_is_no_text_holds_no_values() {
        for (text, line) in
            [(vec![b'a'; MAX_LINE + 2], "line 1"), (b"a.example\nb\0c\nd.example".to_vec(), "line 2")]
        {
            let error = lines(&text[..], &mut EachOnce::default()).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }

    #[test]
    fn the_same_indicator_is_asked_about_once() {
        let given =
            read(&["A.example".into(), "hxxp://a[.]example/".into(), "b c".into(), "b c".into()], &[])
                .unwrap();
        let texts: Vec<&str> = given.iter().map(|given| given.text.as_str()).collect();
        assert_eq!(texts, ["A.example", "b c"]);
    }
}

//! The values of a command, from its arguments and from files, each once. An argument may contain several values, like a line.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub(crate) use operation::Given;
use operation::{Indicator, Line, Side};

use crate::exit::Failure;
use crate::terminal;

/// The longest line with values, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// Advice about files of values.
const ADVICE: &str = "give a text file with one or more values per line and # comments; - is standard input";

/// The values of a command.
pub(crate) struct Values {
    /// Values and refusals, in order.
    pub(crate) given: Vec<Given>,
    /// How many cells were skipped because they are remarks.
    pub(crate) skipped: usize,
}

/// Values, each once, so that a list of millions with repetitions only costs as much as its distinct values.
struct EachOnce {
    side: Side,
    given: Vec<Given>,
    skipped: usize,
    indicators: HashSet<Indicator>,
    refused: HashSet<String>,
}

/// Reads all values, in order; an indicator is only queried once, however it is written. `side` is the side of records on which
/// names are searched.
pub(crate) fn read(arguments: &[String], files: &[PathBuf], side: Side) -> Result<Values, Failure> {
    let mut values = EachOnce::new(side);
    for text in arguments {
        values.add(values.line(text));
    }
    for file in files {
        let name = if file.as_os_str() == "-" { "standard input".into() } else { file.display().to_string() };
        let failed = |error| Failure::work(&format!("reading values from {name}"), &error).hint(ADVICE);
        open(file).and_then(|reader| lines(BufReader::new(reader), &mut values)).map_err(failed)?;
    }
    Ok(Values { given: values.given, skipped: values.skipped })
}

impl Values {
    /// Prints to standard error how much was skipped.
    pub(crate) fn complain(&self) {
        if self.skipped > 0 {
            let cells = terminal::plural(self.skipped as u64, "cell");
            terminal::complain(&format!("skipped {cells} beside values, such as dates and words"));
        }
    }
}

impl EachOnce {
    fn new(side: Side) -> Self {
        let (indicators, refused) = (HashSet::new(), HashSet::new());
        Self { side, given: Vec::new(), skipped: 0, indicators, refused }
    }

    fn line(&self, text: &str) -> Line {
        match self.side {
            Side::Owner => Line::of(text),
            Side::Data => Line::in_data(text),
        }
    }

    fn add(&mut self, line: Line) {
        self.skipped += line.skipped;
        for given in line.given {
            let is_new = match &given.indicator {
                Ok(indicator) => {
                    !self.indicators.contains(indicator) && self.indicators.insert(indicator.clone())
                }
                Err(_) => !self.refused.contains(&given.text) && self.refused.insert(given.text.clone()),
            };
            if is_new {
                self.given.push(given);
            }
        }
    }
}

fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    if file.as_os_str() == "-" { Ok(Box::new(io::stdin())) } else { Ok(Box::new(File::open(file)?)) }
}

/// Extracts the values from a text; input that is not text is not searched for values.
fn lines(mut reader: impl BufRead, values: &mut EachOnce) -> io::Result<()> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let Some(what) = strangeness(&line) {
            let why = format!("line {number} {what}: this is not a list of values");
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}');
        values.add(Line::of_file_as(text, |text| values.line(text)));
    }
    Ok(())
}

/// What shows that a line does not belong to a list of values.
fn strangeness(line: &[u8]) -> Option<String> {
    if line.len() > MAX_LINE {
        return Some(format!("is longer than {MAX_LINE} bytes"));
    }
    line.contains(&0).then(|| "contains a NUL byte".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_values_and_comments() {
        let mut values = EachOnce::new(Side::Owner);
        lines(
            &b"\xef\xbb\xbfa.example\r\n# no\n\n  b.example  # why\nhttp://c.example/x#y\nd.example, e.example;2024-01-01"[..],
            &mut values,
        )
        .unwrap();
        let texts: Vec<&str> = values.given.iter().map(|given| given.text.as_str()).collect();
        assert_eq!(texts, ["a.example", "b.example", "http://c.example/x#y", "d.example", "e.example"]);
        assert_eq!(values.skipped, 1);
    }

    #[test]
    fn what_is_no_text_holds_no_values() {
        for (text, line) in
            [(vec![b'a'; MAX_LINE + 2], "line 1"), (b"a.example\nb\0c\nd.example".to_vec(), "line 2")]
        {
            let error = lines(&text[..], &mut EachOnce::new(Side::Owner)).unwrap_err().to_string();
            assert!(error.starts_with(line), "{error}");
        }
    }

    #[test]
    fn the_same_indicator_is_asked_about_once() {
        let given = read(
            &["A.example".into(), "hxxp://a[.]example/".into(), "b c".into(), "b c".into()],
            &[],
            Side::Owner,
        )
        .unwrap();
        let texts: Vec<&str> = given.given.iter().map(|given| given.text.as_str()).collect();
        assert_eq!(texts, ["A.example", "b c"]);
    }
}

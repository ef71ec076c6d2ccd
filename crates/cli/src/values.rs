//! The values that a command is given: from its arguments and from files, each once. An argument may hold several, as a line may.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub(crate) use operation::Given;
use operation::{Indicator, Line, Side};

use crate::exit::Failure;
use crate::terminal;

/// A line longer than this holds no value, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// What a file of values looks like.
const ADVICE: &str = "give a text file with one or more values per line and # comments; - is standard input";

/// What a command was given.
pub(crate) struct Values {
    /// Values and refusals, in order.
    pub(crate) given: Vec<Given>,
    /// How many cells of lines were passed over because they are remarks.
    pub(crate) skipped: usize,
}

/// Values, each once: a list of millions that repeats itself costs what its different values cost.
struct EachOnce {
    side: Side,
    given: Vec<Given>,
    skipped: usize,
    indicators: HashSet<Indicator>,
    refused: HashSet<String>,
}

/// Reads all values, in order; the same indicator is asked about once however it is spelt. The side is the one of a record on
/// which a name is looked for.
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
    /// Says on standard error how much was passed over.
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

/// Takes the values out of a text; what is no text holds none, and is not asked about piece by piece.
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

/// What shows that a line is none of a list.
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

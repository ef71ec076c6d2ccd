//! Logs with one entry per line: [`Lines`] finds the lines, and an [`Entry`] reads them.
//!
//! A line ends with LF or CRLF; the last one may lack its end. Blank lines and a byte order mark at the start are skipped, and lines
//! that begin with `#` are no entries but may say how to read them.
//!
//! Errors: a line longer than [`MOST_LINE`] is rejected and skipped to its end, of which at most [`MOST_LINE`] bytes are held at a
//! time. What an entry rejects costs that entry. A last line that cannot be read and lacks its end was cut off.

use super::{Decoder, Step};
use crate::out::Out;
use crate::tally::Reason;

/// The longest line, in bytes.
const MOST_LINE: usize = 1 << 20;

/// Reads the entries of one format.
pub(crate) trait Entry: Send {
    /// Reads a line that is not blank, without its line end.
    fn read(&mut self, line: &[u8], out: &mut Out<'_>);

    /// Reads the last line when it lacks its end. A format whose entries do not show where they end must not trust it.
    fn read_unended(&mut self, line: &[u8], out: &mut Out<'_>) {
        self.read(line, out);
    }

    /// The input is at its end.
    fn end(&mut self, _out: &mut Out<'_>) {}
}

/// Finds lines.
pub(crate) struct Lines<E> {
    entry: E,
    /// Whether the next line is the first.
    is_first: bool,
    /// Inside a line that is too long.
    skips: bool,
}

impl<E: Entry> Lines<E> {
    pub(crate) fn new(entry: E) -> Self {
        Self { entry, is_first: true, skips: false }
    }

    fn line(&mut self, line: &[u8], is_ended: bool, out: &mut Out<'_>) {
        let line = if self.is_first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        self.is_first = false;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            return;
        }
        if line.first() != Some(&b'#') {
            out.unit();
        }
        if is_ended {
            return self.entry.read(line, out);
        }
        self.entry.read_unended(line, out);
        if out.rejected == [Reason::Line] {
            out.rejected = vec![Reason::Cut];
        }
        out.tally.truncated |= out.rejected == [Reason::Cut];
    }
}

impl<E: Entry> Decoder for Lines<E> {
    fn step(&mut self, bytes: &[u8], ended: bool, out: &mut Out<'_>) -> Step {
        // One more than the longest line, for its end.
        let reach = bytes.get(..=MOST_LINE).unwrap_or(bytes);
        let end = memchr::memchr(b'\n', reach);
        // Long lines are skipped in blocks of one size, so that it does not matter in which pieces they come.
        let length = match end {
            Some(end) => end + 1,
            None if reach.len() > MOST_LINE => MOST_LINE,
            None if ended => reach.len(),
            None => return Step::More,
        };
        let is_long = end.is_none() && reach.len() > MOST_LINE;
        if is_long && !self.skips {
            out.unit();
            out.reject(Reason::LongLine);
        } else if !self.skips {
            let line = reach.get(..end.unwrap_or(length)).unwrap_or_default();
            self.line(line, end.is_some(), out);
        }
        self.skips = is_long || (self.skips && end.is_none());
        self.is_first = false;
        Step::Took(length as u64)
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.entry.end(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::testing;
    use crate::tally::Tally;

    /// Keeps the lines, and rejects those that begin with a question mark.
    #[derive(Default)]
    struct Kept(Vec<String>);

    impl Entry for Kept {
        fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
            if line.starts_with(b"?") {
                return out.reject(Reason::Line);
            }
            self.0.push(String::from_utf8(line.to_vec()).unwrap());
        }
    }

    /// Reads an input that comes in pieces of this size: its lines, what was rejected, and the tally.
    fn read(input: &[u8], size: usize) -> (Vec<String>, Vec<Reason>, Tally) {
        let (mut window, mut tally) = (testing::window(), Tally::default());
        let mut lines = Lines::new(Kept::default());
        let (mut rejected, mut at, mut there) = (Vec::new(), 0, 0);
        while at < input.len() {
            let mut out = Out {
                window: &mut window,
                tally: &mut tally,
                plausible: cof::time::Window::ANY,
                received: None,
                passes_over: false,
                offset: at as u64,
                rejected: Vec::new(),
            };
            let step = lines.step(&input[at..there.max(at + 1)], there >= input.len(), &mut out);
            rejected.append(&mut out.rejected);
            match step {
                Step::Took(length) => at += usize::try_from(length).unwrap(),
                Step::More => there = (there.max(at) + size).min(input.len()),
            }
        }
        (lines.entry.0, rejected, tally)
    }

    #[test]
    fn lines_are_found_with_either_end_and_blank_ones_are_skipped() {
        let input = b"\xef\xbb\xbfone\r\n\n  \n#two\nthree\r\n\r\nfour";
        for size in [1, 2, 7, 100] {
            let (lines, rejected, tally) = read(input, size);
            assert_eq!(lines, ["one", "#two", "three", "four"]);
            assert_eq!((rejected, tally.units, tally.truncated), (vec![], 3, false));
        }
    }

    #[test]
    fn a_last_line_that_cannot_be_read_was_cut_off_if_it_lacks_its_end() {
        let (lines, rejected, tally) = read(b"?one\ntwo\n?three", 4);
        assert_eq!((lines, rejected), (vec!["two".to_owned()], vec![Reason::Line, Reason::Cut]));
        assert!(tally.truncated);
        assert!(!read(b"two\n?three\n", 4).2.truncated);
    }

    #[test]
    fn a_long_line_costs_itself_alone() {
        let fits = "x".repeat(MOST_LINE);
        for more in [1, 2, MOST_LINE - 1, MOST_LINE, MOST_LINE + 1, 3 * MOST_LINE] {
            let input = format!("one\n{fits}{}\ntwo\n{fits}\n", "y".repeat(more));
            for size in [100_003, usize::MAX >> 1] {
                let (lines, rejected, tally) = read(input.as_bytes(), size);
                assert_eq!((lines.len(), &lines[..2]), (3, &["one".to_owned(), "two".to_owned()][..]));
                assert_eq!((rejected, tally.units), (vec![Reason::LongLine], 4), "{more} more");
            }
        }
        let (lines, rejected, _) = read(format!("one\n{fits}y").as_bytes(), 100_003);
        assert_eq!((lines.len(), rejected), (1, vec![Reason::LongLine]));
    }
}

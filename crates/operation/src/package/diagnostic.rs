//! An error in a manifest that shows the affected line.

use std::fmt;
use std::ops::Range;

/// What is wrong in a manifest, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    file: String,
    message: String,
    hint: Option<String>,
    place: Option<Place>,
}

/// A position in a text: counted from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    /// The text of the line.
    text: String,
    /// The length of the affected text, in characters.
    width: usize,
}

impl std::error::Error for ManifestError {}

impl ManifestError {
    /// An error about the part `span` of `source`, in bytes.
    pub(super) fn new(
        file: &str,
        source: &str,
        span: Option<Range<usize>>,
        message: impl Into<String>,
    ) -> Self {
        let place = span.map(|span| Place::of(source, &span));
        // The message may quote the manifest.
        let message = message.into().lines().map(printable).collect::<Vec<_>>().join("\n");
        Self { file: file.to_owned(), message, hint: None, place }
    }

    /// Adds what to do about it.
    #[must_use]
    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The affected line, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The fault, without the position.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Place {
    fn of(source: &str, span: &Range<usize>) -> Self {
        let before = source.get(..span.start).unwrap_or(source);
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let text = source.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let column = before.get(start..).map_or(0, |head| head.chars().count()) + 1;
        let meant = source
            .get(span.clone())
            .and_then(|meant| meant.lines().next())
            .map_or(0, |meant| meant.chars().count());
        // An untrusted manifest may contain anything; what is shown of it is printable and short.
        let text = printable(text).chars().take(200).collect();
        Self { line, column, text, width: meant.clamp(1, 200) }
    }
}

/// The text with a blank in place of every character that moves the cursor or changes the direction of writing.
fn printable(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if moves(c) { ' ' } else { c }).collect()
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(Place { line, column, text, width }) => {
                let margin = line.to_string().len();
                writeln!(f, "{}:{line}:{column}: {}", self.file, self.message)?;
                writeln!(f, "{:margin$} |", "")?;
                writeln!(f, "{line} | {text}")?;
                write!(f, "{:margin$} | {:pad$}{}", "", "", "^".repeat(*width), pad = column - 1)?;
            }
            None => write!(f, "{}: {}", self.file, self.message)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

//! Answers on standard output, one module a format.

mod csv;
mod json;
pub(crate) mod table;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Format;
use crate::exit::Failure;
use crate::query::Asked;

/// What stands before the first answer.
pub(crate) fn head(format: Format) -> Result<String, Failure> {
    match format {
        Format::Csv => csv::head(),
        Format::Cof | Format::Json | Format::Table => Ok(String::new()),
    }
}

/// One answer as it is printed; `cof` streams and does not come here.
pub(crate) fn render(format: Format, asked: &Asked) -> Result<String, Failure> {
    match format {
        Format::Csv => csv::render(asked),
        Format::Json => json::render(asked),
        Format::Table | Format::Cof => Ok(table::render(asked)),
    }
}

/// A progress bar on standard error for more than one value; nothing where nobody looks.
pub(crate) fn progress(values: usize) -> ProgressBar {
    if values < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} values, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(values as u64).with_style(style)
}

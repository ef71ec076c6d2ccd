//! Answers on standard output, one module a format.

mod csv;
mod json;
pub(crate) mod table;

use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Format;
use crate::exit::Failure;
use crate::query::Asked;

/// A way to print answers.
pub(crate) trait Output {
    /// Prints one answer.
    fn answer(&mut self, asked: &Asked) -> Result<(), Failure>;

    /// Prints what comes after the last one.
    fn finish(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// The output of a format; `cof` streams and does not come here.
pub(crate) fn new(format: Format) -> Box<dyn Output> {
    match format {
        Format::Csv => Box::new(csv::Csv::new()),
        Format::Json => Box::new(json::Json),
        Format::Table | Format::Cof => Box::new(table::Tables::new()),
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

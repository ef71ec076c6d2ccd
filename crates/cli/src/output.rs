//! Prints answers to standard output; tables are made here, the other formats in the workbench.

pub(crate) mod table;

use std::io::Write;

use context::Placing;
use indicatif::{ProgressBar, ProgressStyle};
use workbench::csv;
use workbench::json::answer;
use workbench::run::Shown;
use workbench::text::ascii;

use crate::args::Format;
use crate::asked::Asked;
use crate::exit::Failure;

/// The text before the first answer.
pub(crate) fn head(format: Format, placing: &Placing) -> Result<String, Failure> {
    match format {
        Format::Csv => Ok(csv::head(placing)?),
        Format::Cof | Format::Json | Format::Table => Ok(String::new()),
    }
}

/// One answer in its printed form; not used for `cof`, which is streamed.
pub(crate) fn render(format: Format, asked: &Asked) -> Result<String, Failure> {
    match format {
        Format::Csv => match &asked.outcome {
            Ok(shown) => Ok(csv::body(&shown.run, &shown.records, &shown.placing)?),
            Err(_) => Ok(String::new()),
        },
        Format::Json => json(asked),
        Format::Table | Format::Cof => Ok(table::render(asked)),
    }
}

fn json(asked: &Asked) -> Result<String, Failure> {
    let text = match &asked.outcome {
        Ok(shown) => answer::shown(shown),
        Err(why) => {
            let (indicator, operation) = (asked.indicator.as_ref(), asked.package.as_deref());
            answer::refused(&asked.value, indicator, operation, &why.to_string(), &why.hint())
        }
    };
    text.map(|text| ascii(text) + "\n").map_err(|error| Failure::work("writing JSON", &error))
}

/// Prints a stored answer as one JSON object on a line.
pub(crate) fn print_answer(shown: &Shown) -> Result<(), Failure> {
    let text = answer::shown(shown).map_err(|error| Failure::work("writing JSON", &error))?;
    print(&(ascii(text) + "\n"))
}

/// A progress bar on standard error for more than one value, if it is a terminal.
pub(crate) fn progress(values: usize) -> ProgressBar {
    if values < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} values, {per_sec}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(values as u64).with_style(style)
}

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes one JSON object on a line.
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(|error| Failure::work("writing JSON", &error))?;
    print(&(ascii(text) + "\n"))
}

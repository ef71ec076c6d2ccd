//! `backsight export`: prints a whole answer in the Common Output Format, page by page, in constant memory.
//!
//! Each page shows the database at one moment: records that are imported during an export may or may not be included, and
//! records that exist the whole time are included once.
//!
//! Observations of sensors and data of zone files are separate lines, each with its own times and count: a line can only have
//! one count, and an import of both restores the record.

use cof::Name;
use store::{Apart, Question, Store as _, Subject};

use crate::args::Arguments;
use crate::args::database::{ExportArgs, ExportFormat};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::{lookup, output};

pub(crate) fn run(command: &ExportArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let subject = match &command.question {
        Some(text) => lookup::subject(text)?,
        None => Subject::Suffix(Name::root()),
    };
    let ExportFormat::Cof = command.format;
    let database = database::open(arguments, config, Access::Read)?;
    let mut question = Question { apart: Apart::Kind, ..lookup::narrow(subject, &command.narrowed)? };
    loop {
        let page = database.lookup(&question).map_err(|error| Failure::work("exporting", &error))?;
        output::print(&lookup::lines(&page.records))?;
        if page.next.is_none() {
            return Ok(Exit::Done);
        }
        question.cursor = page.next;
    }
}

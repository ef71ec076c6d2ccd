//! `backsight export`: prints a whole answer in the Common Output Format, page by page, in constant memory.
//!
//! Each page shows the database at one moment: records that are imported during an export may or may not be included, and
//! records that exist the whole time are included once.
//!
//! Observations of sensors and data of zone files are separate lines, each with its own times and count: a line can only have
//! one count, and an import of both restores the record.

use cof::Name;
use pdns::inquiry::Inquiry;
use store::{Apart, Question, Store as _, Subject};

use crate::args::Arguments;
use crate::args::database::{ExportArgs, ExportFormat};
use crate::config::Config;
use crate::database::{self, Access};
use crate::exit::{Exit, Failure};
use crate::{lookup, output};

pub(crate) fn run(command: &ExportArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let inquiry = if let Some(text) = &command.question {
        lookup::inquiry(text, &command.narrowed)?
    } else {
        let mut everything = Inquiry::about(Subject::Suffix(Name::root()));
        lookup::narrow(&mut everything, &command.narrowed)?;
        everything
    };
    let question = inquiry.plain().ok_or_else(|| {
        Failure::Usage("export: takes a name, address, network or range, with types and times; use lookup for patterns and sources".to_owned())
    })?;
    let ExportFormat::Cof = command.format;
    let database = database::open(arguments, config, Access::Read)?;
    let mut question = Question { apart: Apart::Kind, ..question };
    loop {
        let page = database.lookup(&question).map_err(|error| Failure::work("exporting", &error))?;
        output::print(&lookup::lines(&page.records))?;
        if page.next.is_none() {
            return Ok(Exit::Done);
        }
        question.cursor = page.next;
    }
}

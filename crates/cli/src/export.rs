//! `backsight export`: all of an answer in the Common Output Format, page by page, in constant memory.
//!
//! Each page is one moment of the database; what is taken in while an export runs may or may not be in it, and what was
//! there all the time is, once.
//!
//! What sensors saw and what zone files say of a record are two lines, each with its own times and count: a line has one count
//! only, and an import of both gives back what was there.

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

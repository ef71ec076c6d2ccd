//! `investigation create` and `add`: members that are typed, or read from a report.
//!
//! A report is read as free text, and stored as the source of its members. Typed values are read as in the other commands. `preview`
//! shows what a report contains.

mod preview;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cof::time::Clock;
use operation::report::{self, MOST_BYTES, MOST_VALUES, Report};
use operation::{Indicator, Moment, Side, Tlp};
use workbench::investigation::{Joined, NewInvestigation, NewReport, Origin, Selection};
use workbench::json::indicator::Refused;
use workbench::json::{investigation as json, report as shape};

use super::{open, table};
use crate::args::investigation::{AddArgs, CreateArgs, ReportArgs};
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::values;
use crate::{kept, output, terminal};

/// What is given to become members.
struct Given {
    /// Typed indicators, each once.
    typed: Vec<Indicator>,
    /// Typed values that are none.
    refused: Vec<Refused>,
    /// How much else was typed, such as dates.
    skipped: usize,
    source: Option<Source>,
}

/// A report, and which of its values are taken.
struct Source {
    text: String,
    title: String,
    dated_at: Option<i64>,
    report: Report,
    selection: Selection,
}

pub(super) fn create(command: &CreateArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let given = Given::read(&command.values, &command.report)?;
    if let (true, Some(source)) = (command.report.dry_run, &given.source) {
        return source.preview(command.format);
    }
    let members = given.members()?;
    let new = NewInvestigation {
        name: command.name.clone(),
        tlp: command.tlp,
        report: given.source.as_ref().map(|source| source.stored(command.tlp)),
        members,
    };
    let mut workbench = kept::open(arguments)?;
    let created = workbench.create_with(&new, &given.typed)?;
    if command.format == View::Table {
        let name = terminal::printable(new.name.trim());
        output::print(&format!("Created {name} (investigation {}).\n", created.id))?;
    }
    given.print(created.id, &created.joined, command.format)
}

pub(super) fn add(command: &AddArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let given = Given::read(&command.values, &command.report)?;
    if let (true, Some(source)) = (command.report.dry_run, &given.source) {
        return source.preview(command.format);
    }
    let members = given.members()?;
    let (mut workbench, investigation) = open(&command.name, arguments)?;
    let id = investigation.id;
    let joined = match &given.source {
        None => workbench.add_members(id, &given.typed, &Origin::User)?,
        Some(source) => {
            let report = source.stored(investigation.tlp);
            workbench.add_report_members(id, &report, &members, &given.typed)?
        }
    };
    given.print(id, &joined, command.format)
}

impl Given {
    fn read(typed: &[String], report: &ReportArgs) -> Result<Self, Failure> {
        let source = report.file.as_deref().map(|file| Source::read(file, report)).transpose()?;
        let values = values::read(typed, &[], Side::Owner)?;
        values.complain();
        let mut given = Self { typed: Vec::new(), refused: Vec::new(), skipped: values.skipped, source };
        for values::Given { text, indicator } in values.given {
            match indicator {
                Ok(indicator) => given.typed.push(indicator),
                Err(error) => {
                    let (shown, reason) = (terminal::label(&text), error.to_string());
                    terminal::complain(&format!("{shown}: {}", terminal::printable(&reason)));
                    given.refused.push(Refused { text, reason });
                }
            }
        }
        Ok(given)
    }

    /// The indicators of the report that are taken.
    fn members(&self) -> Result<Vec<Indicator>, Failure> {
        self.source.as_ref().map_or_else(|| Ok(Vec::new()), Source::taken)
    }

    fn print(&self, id: i64, joined: &[Joined], format: View) -> Result<Exit, Failure> {
        match format {
            View::Json => output::print_json(&json::added(id, joined, &self.refused, self.skipped))?,
            View::Table => output::print(&table::joined(joined))?,
        }
        Ok(if self.refused.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

impl Source {
    fn read(file: &Path, arguments: &ReportArgs) -> Result<Self, Failure> {
        let is_stdin = file.as_os_str() == "-";
        let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
        let octets = octets(file, is_stdin)
            .map_err(|error| Failure::work(&format!("reading the report {name}"), &error))?;
        let refused = |error| Failure::Usage(format!("{name}: {error}"));
        let text = report::decode(&octets).map_err(refused)?.into_owned();
        let report = Report::read(&text).map_err(refused)?;
        complain_of_more(&name, &report);
        let date = arguments.date.as_ref().map(|date| Moment::parse(date, &Clock::system())).transpose();
        let date = date.map_err(|error| Failure::Usage(format!("--date: {error}")))?;
        let file_name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let title = if is_stdin { Some(name) } else { file_name };
        Ok(Self {
            text,
            title: arguments.title.clone().or(title).unwrap_or_default(),
            dated_at: date.and_then(|date| i64::try_from(date.start).ok()),
            report,
            selection: Selection {
                all: arguments.all,
                include: arguments.include.clone(),
                exclude: arguments.exclude.clone(),
            },
        })
    }

    fn stored(&self, tlp: Option<Tlp>) -> NewReport {
        NewReport { title: self.title.clone(), dated_at: self.dated_at, tlp, text: self.text.clone() }
    }

    /// Shows what would be taken.
    fn preview(&self, format: View) -> Result<Exit, Failure> {
        let taken = self.selection.of(&self.report)?;
        match format {
            View::Json => output::print_json(&shape::preview(&self.report, &taken))?,
            View::Table => output::print(&preview::table(&self.report, &self.text, &taken))?,
        }
        Ok(Exit::Done)
    }

    /// The indicators that are taken; what is left out is said.
    fn taken(&self) -> Result<Vec<Indicator>, Failure> {
        let taken = self.selection.of(&self.report)?;
        for line in preview::left_out(&self.report, &taken) {
            terminal::complain(&line);
        }
        Ok(self.selection.indicators(&self.report)?)
    }
}

/// A report can have more values than an investigation has members.
fn complain_of_more(name: &str, report: &Report) {
    let more = report.total.saturating_sub(report.found.len() as u64);
    if more > 0 {
        let (more, most) = (terminal::plural(more, "more value"), terminal::thousands(MOST_VALUES as u64));
        terminal::complain(&format!(
            "{name}: {more} left out: an investigation has at most {most}\n  hint: split the report, and create an investigation from each part"
        ));
    }
}

/// The content of a file; one octet more than a report may have shows that it is too long.
fn octets(file: &Path, is_stdin: bool) -> std::io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    let most = MOST_BYTES as u64 + 1;
    if is_stdin {
        std::io::stdin().lock().take(most).read_to_end(&mut octets)?;
    } else {
        File::open(file)?.take(most).read_to_end(&mut octets)?;
    }
    Ok(octets)
}

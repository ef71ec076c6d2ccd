//! `backsight audit`: who changed what, and when.

use std::fmt::Write as _;

use cof::time::Clock;
use operation::Moment;
use workbench::audit::{Filter, Page};
use workbench::json;

use crate::args::audit::AuditArgs;
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::output::{self, table};
use crate::{kept, terminal};

pub(crate) fn run(command: &AuditArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let moment = command.since.as_deref().map(|text| Moment::parse(text, &Clock::system()));
    let since = moment.transpose().map_err(|error| Failure::Usage(format!("--since: {error}")))?;
    let filter = Filter {
        since: since.map(|moment| i64::try_from(moment.start).unwrap_or(i64::MAX)),
        before: command.before,
        limit: usize::try_from(command.limit).ok(),
    };
    let workbench = kept::open(arguments)?;
    let checked = kept::quick_check(&workbench);
    let page = workbench.audit(&filter)?;
    match command.format {
        View::Json => output::print_json(&json::audit::page(&page))?,
        View::Table => output::print(&as_table(&page))?,
    }
    // The readable part is shown in any case.
    checked.map(|()| Exit::Done)
}

fn as_table(page: &Page) -> String {
    if page.entries.is_empty() {
        return "No matching entries.\n".to_owned();
    }
    let mut table = table::new_table(terminal::width());
    table.set_header(["When (UTC)", "Who", "What", "To what", "Detail"]);
    for entry in &page.entries {
        let cells = [&entry.actor, &entry.action, &entry.subject, &entry.in_words()];
        let cells = cells.map(|text| terminal::printable(text));
        table.add_row([kept::readable(entry.at)].into_iter().chain(cells));
    }
    let mut text = format!("{table}\n{} of {} entries", page.entries.len(), page.total);
    if let Some(next) = page.next {
        let _ = write!(text, "; continue with --before {next}");
    }
    text + "\n"
}

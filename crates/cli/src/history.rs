//! `backsight history`: the newest usable answers of all operations on a value, merged, with who said what.
//!
//! `table` formats the history for reading; JSON and CSV are made in the workbench.

mod table;

use cof::time::Clock;
use operation::{Filter, Indicator};
use workbench::history::{APART, Choice, Differing, History, ShownHistory};
use workbench::run::{Arrangement, Compared, Pick};
use workbench::{Workbench, csv, json, text};

use crate::args::history::HistoryArgs;
use crate::args::{Arguments, Format};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::placing::placing;
use crate::query::setup;
use crate::{kept, output, run, terminal};

pub(crate) fn run(command: &HistoryArgs, config: &Config, arguments: &Arguments) -> Result<Exit, Failure> {
    let choice = choice(command, config)?;
    let pick = command.add.as_deref().map(str::parse::<Pick>).transpose()?;
    let values = command.values.iter().map(|text| indicator(text)).collect::<Result<Vec<_>, _>>()?;
    let Some(mut workbench) = kept::open_existing(arguments)? else { return Err(nothing(&values)) };
    workbench.settle_runs()?;
    values.iter().try_fold(Exit::Done, |exit, value| {
        let history = workbench.history(value, usize::MAX)?;
        if history.parts.is_empty() {
            return Err(nothing(std::slice::from_ref(value)));
        }
        if command.undo {
            run::undo_all(&history.added(), &mut workbench, command.format == Format::Json)?;
            return Ok(exit);
        }
        let shown = shown(history, command, &choice, pick.as_ref(), &mut workbench)?;
        output::print(&text(&shown, command)?)?;
        complain(&shown);
        Ok(exit.max(if shown.history.is_complete() { Exit::Done } else { Exit::Incomplete }))
    })
}

fn indicator(text: &str) -> Result<Indicator, Failure> {
    Indicator::existing(text).map_err(|error| Failure::Usage(format!("{}: {error}", terminal::label(text))))
}

fn nothing(values: &[Indicator]) -> Failure {
    let value = values.first().map(ToString::to_string).unwrap_or_default();
    Failure::Work(format!("{value}: no operation has been run on it yet"))
        .hint(&format!("query it first: `backsight query {value} --all-operations`"))
}

fn choice(command: &HistoryArgs, config: &Config) -> Result<Choice, Failure> {
    let (rrtypes, window) = setup::wanted(&command.records, &Clock::system())?;
    let filter = Filter { rrtypes, window, ..Filter::default() };
    Ok(Choice {
        filter,
        placing: placing(&command.placing, config)?,
        differing: Differing { only_one: command.only_one, apart: command.apart },
        apart: command.apart.unwrap_or(APART),
        arrangement: Arrangement { sort: command.sort.into(), limit: command.limit },
    })
}

/// The history as it is shown, after findings were added if that was requested.
fn shown(
    history: History,
    command: &HistoryArgs,
    choice: &Choice,
    pick: Option<&Pick>,
    workbench: &mut Workbench,
) -> Result<ShownHistory, Failure> {
    let mut shown = ShownHistory::new(history, choice, workbench)?;
    if command.changes {
        shown.compared = match workbench.history_changes(&shown.history)? {
            None => Compared::WithNothing,
            Some(changes) => Compared::With(Box::new(changes)),
        };
    }
    if let Some(pick) = pick {
        let picked = workbench.picked(&shown, pick)?;
        shown.added = Some(if command.dry_run {
            workbench.preview_proposals(&shown.history, &picked)?
        } else {
            workbench.add_proposals(&shown.history, &picked)?
        });
    }
    Ok(shown)
}

fn text(shown: &ShownHistory, command: &HistoryArgs) -> Result<String, Failure> {
    Ok(match command.format {
        Format::Table => table::history(shown, command.dry_run),
        Format::Csv => csv::history(shown)?,
        Format::Cof => shown.as_cof(),
        Format::Json => {
            let text = json::history::shown(shown);
            text::ascii(text.map_err(|error| Failure::work("writing JSON", &error))?) + "\n"
        }
    })
}

/// Says on standard error which answers are missing or not complete.
fn complain(shown: &ShownHistory) {
    let value = &shown.history.indicator;
    for part in shown.history.parts.iter().filter(|part| !part.is_complete()) {
        terminal::complain(&format!(
            "{value}: {}: {}",
            terminal::printable(&part.latest.source),
            table::state(part)
        ));
    }
    let left_out = shown.matching - shown.places.len();
    if left_out > 0 {
        let more = terminal::plural(left_out as u64, "more record");
        terminal::complain(&format!("{value}: {more} not printed because of --limit"));
    }
    for warning in &shown.proposals.warnings {
        terminal::complain(&format!("{value}: {warning}"));
    }
}

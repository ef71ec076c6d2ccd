//! `backsight indicator`: changes the threat library by hand.
//!
//! `table` formats the output. A value that is not an indicator, or has another type than stated, is refused with its reason;
//! `add` still adds the others.

mod table;

use operation::{Indicator, IndicatorType, Marking, Side};
use workbench::json::indicator::{self as json, Refused};
use workbench::library::{Filter, Setting, Standing};

use crate::args::indicator::{
    AddArgs, IndicatorArgs, IndicatorCommand, ListArgs, NoteArgs, OrderBy, SetArgs, ValueArgs,
};
use crate::args::{Arguments, View};
use crate::exit::{Exit, Failure};
use crate::values::{self, Given};
use crate::{kept, output, terminal};

pub(crate) fn run(command: &IndicatorArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    match &command.command {
        IndicatorCommand::Add(command) => add(command, arguments),
        IndicatorCommand::List(command) => list(command, arguments),
        IndicatorCommand::Note(command) => note(command, arguments),
        IndicatorCommand::Remove(command) => remove(command, arguments),
        IndicatorCommand::Restore(command) => restore(command, arguments),
        IndicatorCommand::Set(command) => set(command, arguments),
        IndicatorCommand::Show(command) => show(command, arguments),
    }
}

fn add(command: &AddArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut refused = Vec::new();
    let mut indicators = Vec::new();
    let values = values::read(&command.values, &command.file, Side::Owner)?;
    values.complain();
    for given in values.given {
        match of_type(&given, command.kind) {
            Ok(indicator) => {
                if let Some(caution) = indicator.caution() {
                    terminal::complain(&format!("warning: {}", terminal::printable(&caution.to_string())));
                }
                indicators.push(indicator);
            }
            Err(reason) => {
                let text = terminal::printable(&given.text);
                terminal::complain(&format!("{text}: {}", terminal::printable(&reason)));
                refused.push(Refused { text: given.text, reason });
            }
        }
    }
    let added = kept::open(arguments)?.add_marked(&indicators, command.status, command.tlp)?;
    match command.format {
        View::Json => output::print_json(&json::added(&added, &refused, values.skipped))?,
        View::Table => output::print(&table::added(&added))?,
    }
    Ok(if refused.is_empty() { Exit::Done } else { Exit::Failed })
}

/// The given indicator, if it is one and has the required type.
fn of_type(given: &Given, wanted: Option<IndicatorType>) -> Result<Indicator, String> {
    let indicator = given.indicator.clone().map_err(|error| error.to_string())?;
    match wanted {
        Some(wanted) if wanted != indicator.kind() => {
            Err(format!("its type is {}, not {wanted}", indicator.kind()))
        }
        _ => Ok(indicator),
    }
}

fn list(command: &ListArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let filter = Filter {
        kind: command.kind,
        status: command.status,
        tlp: command.tlp,
        source: command.source.clone(),
        tag: command.tag.clone(),
        search: command.search.as_deref().map(str::parse).transpose()?,
        removed: command.removed,
        order: command.sort.map(OrderBy::order),
        after: command.after.as_deref().map(str::parse).transpose()?,
        limit: usize::try_from(command.limit).unwrap_or(usize::MAX),
    };
    let workbench = kept::open(arguments)?;
    let (page, counts) = (workbench.indicators(&filter)?, workbench.count_indicators(&filter)?);
    match command.format {
        View::Json => output::print_json(&json::page(&page, counts))?,
        View::Table => output::print(&table::page(&page, counts))?,
    }
    Ok(Exit::Done)
}

fn show(command: &ValueArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = one(&command.value)?;
    let details = kept::open(arguments)?.details(&indicator)?;
    let details = details.ok_or_else(|| Failure::Usage(format!("{indicator} is not in the library")))?;
    match command.format {
        View::Json => output::print_json(&json::details(&details))?,
        View::Table => output::print(&table::details(&details))?,
    }
    Ok(Exit::Done)
}

fn set(command: &SetArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = one(&command.value)?;
    let setting = Setting {
        status: command.status,
        tlp: command.tlp,
        tag: command.tag.clone(),
        untag: command.untag.clone(),
    };
    let done = kept::open(arguments)?.set_indicator(&indicator, &setting)?;
    match command.format {
        View::Json => output::print_json(&json::set(&indicator, done))?,
        View::Table => output::print(&changed(&indicator, &setting, &done))?,
    }
    Ok(Exit::Done)
}

/// What was set, a line for each.
fn changed(indicator: &Indicator, setting: &Setting, (before, after): &(Standing, Standing)) -> String {
    let status = setting.status.map(|_| match (before.status, after.status) {
        (before, after) if before == after => format!("{indicator} already has the status {after}\n"),
        (before, after) => format!("{indicator}: status changed from {before} to {after}\n"),
    });
    let [was, is] = [before.tlp, after.tlp].map(|tlp| Marking(tlp).word());
    let tlp = setting.tlp.map(|_| match (was, is) {
        (was, is) if was == is => format!("{indicator} already has the TLP {is}\n"),
        (was, is) => format!("{indicator}: TLP changed from {was} to {is}\n"),
    });
    let is_tagged = !(setting.tag.is_empty() && setting.untag.is_empty());
    let tags = is_tagged.then(|| match after.tags.as_slice() {
        [] => format!("{indicator} has no tags\n"),
        tags => format!("{indicator} has the tags {}\n", terminal::printable(&tags.join(", "))),
    });
    [status, tlp, tags].into_iter().flatten().collect()
}

fn note(command: &NoteArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = one(&command.value)?;
    kept::open(arguments)?.note(&indicator, &command.text)?;
    match command.format {
        View::Json => output::print_json(&json::noted(&indicator, &command.text))?,
        View::Table => output::print(&format!("Note added to {indicator}.\n"))?,
    }
    Ok(Exit::Done)
}

fn remove(command: &ValueArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = one(&command.value)?;
    let changed = kept::open(arguments)?.remove_indicator(&indicator)?;
    match command.format {
        View::Json => output::print_json(&json::presence(&indicator, true, changed))?,
        View::Table if changed => {
            let hint = "`backsight indicator restore` brings it back with all its data";
            output::print(&format!("Removed {indicator}; {hint}\n"))?;
        }
        View::Table => output::print(&format!("{indicator} is already removed\n"))?,
    }
    Ok(Exit::Done)
}

fn restore(command: &ValueArgs, arguments: &Arguments) -> Result<Exit, Failure> {
    let indicator = one(&command.value)?;
    let changed = kept::open(arguments)?.restore_indicator(&indicator)?;
    match command.format {
        View::Json => output::print_json(&json::presence(&indicator, false, changed))?,
        View::Table if changed => output::print(&format!("Restored {indicator} with all its data.\n"))?,
        View::Table => output::print(&format!("{indicator} is not removed\n"))?,
    }
    Ok(Exit::Done)
}

fn one(text: &str) -> Result<Indicator, Failure> {
    Indicator::existing(text)
        .map_err(|error| Failure::Usage(terminal::printable(&format!("{text}: {error}"))))
}

//! A history as text: one line per operation, then one row per record with a column for each operation.

use std::fmt::Write as _;

use cof::{Record, time};
use operation::shown::labelled;
use workbench::history::{Agreement, History, Part, ShownHistory, Silence};
use workbench::run::Compared;

use crate::kept;
use crate::output::table::{self, new_table, shorten};
use crate::terminal::{self, plural, printable};

/// The whole history.
pub(super) fn history(shown: &ShownHistory, dry_run: bool) -> String {
    let history = &shown.history;
    let mut text = headline(shown);
    let _ = writeln!(text, "\n{}", answers(history).trim_fmt());
    if !shown.places.is_empty() {
        let _ = writeln!(text, "\nRecords (times in UTC)\n{}", records(shown).trim_fmt());
    }
    text.push_str(&table::cautions_of(&printed(shown)));
    text.push_str(&changes(shown));
    text.push_str(&findings(shown, dry_run));
    text.push('\n');
    text
}

fn printed(shown: &ShownHistory) -> Vec<Record> {
    shown.places.iter().filter_map(|place| shown.history.records.get(*place)).cloned().collect()
}

fn headline(shown: &ShownHistory) -> String {
    let history = &shown.history;
    let answered = history.parts.iter().filter(|part| part.kept.is_some()).count();
    let least = if history.is_complete() { "" } else { "at least " };
    let all = plural(history.records.len() as u64, "record");
    let few = match shown.matching {
        matching if matching < history.records.len() => format!(", {matching} of them match"),
        _ => String::new(),
    };
    format!(
        "{} ({}): {least}{all} from {answered} of {}{few}\n",
        labelled(&history.indicator.to_string()),
        history.indicator.kind(),
        plural(history.parts.len() as u64, "operation"),
    )
}

fn answers(history: &History) -> comfy_table::Table {
    let mut table = new_table(terminal::width());
    table.set_header(["Operation", "Run", "Queried (UTC)", "Records", "Answer"]);
    for part in &history.parts {
        let run = part.run();
        table.add_row([
            name(part),
            run.map(|run| run.id.to_string()).unwrap_or_default(),
            run.map(|run| kept::readable(run.fetched.at)).unwrap_or_default(),
            run.map(|_| terminal::thousands(part.len() as u64)).unwrap_or_default(),
            state(part),
        ]);
    }
    table
}

/// The name of a part's column.
fn name(part: &Part) -> String {
    let by_data = if part.latest.filter().side == operation::Side::Data { " (by data)" } else { "" };
    format!("{}{by_data}", printable(&part.latest.source))
}

/// How complete and how new the answer of a part is.
pub(super) fn state(part: &Part) -> String {
    let failed = || {
        let why = part.latest.ending.reason.as_ref().map(|reason| format!(": {}", reason.text));
        format!("run {} {}{}", part.latest.id, part.latest.ending.state.word(), why.unwrap_or_default())
    };
    let text = match part.run() {
        None => format!("no answer; {}", failed()),
        Some(run) if part.is_older() => format!("{}, but {}", run.ending.state.word(), failed()),
        Some(run) => run.ending.state.word().to_owned(),
    };
    printable(&text)
}

fn records(shown: &ShownHistory) -> comfy_table::Table {
    let width = terminal::width();
    let mut table = new_table(width);
    let columns = ["Type", "Name", "Data", "First seen", "Last seen"].map(str::to_owned);
    let parts = shown.history.parts.iter().map(name);
    let agreement = (shown.history.parts.len() > 1).then(|| "Agreement".to_owned());
    let place = shown.placing.networks.is_configured().then(|| table::PLACE.to_owned());
    table.set_header(columns.into_iter().chain(parts).chain(agreement).chain(place));
    for place in &shown.places {
        if let Some(record) = shown.history.records.get(*place) {
            table.add_row(row(shown, *place, record));
        }
    }
    table
}

fn row(shown: &ShownHistory, place: usize, record: &Record) -> Vec<String> {
    let (first, last) = record.seen();
    let mut cells = vec![
        record.rrtype.to_string(),
        shorten(&labelled(&record.rrname.to_string())),
        shorten(&labelled(&record.rdata_text())),
        day(first),
        day(last),
    ];
    let history = &shown.history;
    cells.extend(history.said(place).zip(&history.parts).map(|(said, part)| cell(said, part, record)));
    if history.parts.len() > 1 {
        cells.push(agreement(shown.agreement(place), history));
    }
    if shown.placing.networks.is_configured() {
        cells.push(table::place(&shown.placing, record));
    }
    cells
}

/// What a part says about a record.
fn cell(said: Option<&Record>, part: &Part, record: &Record) -> String {
    let Some(said) = said else {
        return match part.silence(record) {
            Silence::NotSeen => "not seen".to_owned(),
            Silence::NotAmong(records) => format!("not among its {}", terminal::thousands(records)),
            Silence::NotSeenUpTo(at) => format!("not seen up to {}", day(u64::try_from(at).ok())),
            Silence::NotAsked => "not queried".to_owned(),
            Silence::Unknown => "no answer".to_owned(),
        };
    };
    let (first, last) = said.seen();
    let count = said.count.map(|count| format!(", {}", terminal::thousands(count))).unwrap_or_default();
    format!("{} to {}{count}", day(first), day(last))
}

fn agreement(agreement: Agreement, history: &History) -> String {
    match agreement {
        Agreement::Alone => String::new(),
        Agreement::Only(at) => {
            let so_far = if history.is_complete() { "" } else { " so far" };
            history.parts.get(at).map(|part| format!("only {}{so_far}", name(part))).unwrap_or_default()
        }
        Agreement::Apart(days) => format!("dates {days} d apart"),
        Agreement::Some { having, of } => format!("{having} of {of}"),
        Agreement::All => "all agree".to_owned(),
    }
}

fn day(seconds: Option<u64>) -> String {
    let text = seconds.map_or_else(|| "unknown".to_owned(), time::readable);
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn changes(shown: &ShownHistory) -> String {
    let changes = match &shown.compared {
        Compared::No => return String::new(),
        Compared::WithNothing => return "No earlier complete answers to compare with\n".to_owned(),
        Compared::With(changes) => changes,
    };
    let since: Vec<String> = changes
        .since
        .iter()
        .map(|run| {
            format!("{} UTC ({}, run {})", kept::readable(run.fetched.at), printable(&run.source), run.id)
        })
        .collect();
    let mut text = format!("Since {}: ", since.join(" and "));
    text.push_str(&table::change_lists(
        &changes.new,
        changes.gone.as_deref(),
        &changes.different,
        terminal::width(),
    ));
    if !changes.without.is_empty() {
        let _ = writeln!(
            text,
            "Not compared, without an earlier answer: {}",
            printable(&changes.without.join(", "))
        );
    }
    text
}

fn findings(shown: &ShownHistory, dry_run: bool) -> String {
    let value = &shown.history.indicator;
    if let Some(tally) = &shown.added {
        let what = if dry_run { "Would add:" } else { "Added:" };
        let undo =
            if dry_run { String::new() } else { format!("Undo with: backsight history {value} --undo\n") };
        return format!("{what}\n{}{undo}", table::added(tally));
    }
    match shown.proposals.list.len() {
        0 => String::new(),
        count => format!(
            "{}; preview what would be added: backsight history {value} --add all --dry-run\n",
            plural(count as u64, "finding")
        ),
    }
}

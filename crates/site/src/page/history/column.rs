//! What each answer says, as columns of the table.

use cof::Record;
use picture::timeline::words::{day, figure, thousands};
use workbench::history::{Agreement, History, Part, Silence};
use workbench::run::State;

use crate::page::records::row::{Agreed, Cell, Row};
use crate::page::records::table::PartColumn;

/// The shortest bar, in percent: a shorter one cannot be seen.
const SHORTEST: f64 = 0.8;

/// The column of a part.
pub(super) fn of(part: &Part) -> PartColumn {
    let (state, icon, class) = match part.run() {
        None => ("no answer".to_owned(), "bad", "bad"),
        Some(run) if part.is_older() => (format!("of {}", date(run.fetched.at)), "bad", "bad"),
        Some(run) => match run.ending.state {
            State::Complete => ("complete".to_owned(), "good", "ok"),
            State::Truncated => ("limited".to_owned(), "warn", "warn"),
            _ => ("incomplete".to_owned(), "warn", "warn"),
        },
    };
    PartColumn { label: name(part), state, icon, class }
}

/// The name of a part.
pub(super) fn name(part: &Part) -> String {
    let in_data = if part.latest.filter().side == operation::Side::Data { " (in data)" } else { "" };
    format!("{}{in_data}", part.latest.source)
}

/// The day of a stored time.
pub(super) fn date(seconds: i64) -> String {
    day(u64::try_from(seconds).unwrap_or_default())
}

/// Adds what the answers say to a row.
pub(super) fn fill(row: &mut Row, history: &History, agreement: Option<Agreement>, span: Option<(u64, u64)>) {
    let Some(record) = history.records.get(row.place) else { return };
    let parts = history.said(row.place).zip(&history.parts);
    row.said = parts.map(|(said, part)| cell(said, part, record, span)).collect();
    row.agreement = agreement.map(|agreement| agreed(agreement, history));
}

fn cell(said: Option<&Record>, part: &Part, record: &Record, span: Option<(u64, u64)>) -> Cell {
    let Some(said) = said else {
        let text = missing(part.silence(record));
        return Cell { label: name(part), bar: None, is_older: false, count: String::new(), text };
    };
    let dates = said.span();
    Cell {
        label: name(part),
        bar: dates.zip(span).map(|(dates, span)| bar(dates, span)),
        is_older: part.is_older(),
        count: said.count.map(thousands).unwrap_or_default(),
        text: dates.map_or_else(
            || "dates unknown".to_owned(),
            |(first, last)| format!("{} to {}", day(first), day(last)),
        ),
    }
}

/// What it means that an answer does not have a record.
fn missing(silence: Silence) -> String {
    match silence {
        Silence::NotSeen => "not seen".to_owned(),
        Silence::NotAmong(records) => format!("not among its {}", thousands(records)),
        Silence::NotSeenUpTo(at) => format!("not seen up to {}", date(at)),
        Silence::NotAsked => "not queried".to_owned(),
        Silence::Unknown => "no answer".to_owned(),
    }
}

/// Where a span begins within another one and how long it is, in percent.
fn bar((first, last): (u64, u64), (from, to): (u64, u64)) -> (String, String) {
    #[expect(clippy::cast_precision_loss, reason = "hundredths of a percent are drawn")]
    let percent = |seconds: u64| seconds as f64 * 100.0 / to.saturating_sub(from).max(1) as f64;
    let width = percent(last.saturating_sub(first)).max(SHORTEST);
    let start = percent(first.saturating_sub(from)).min(100.0 - width);
    (format!("{:.2}%", start.max(0.0)), format!("{width:.2}%"))
}

fn agreed(agreement: Agreement, history: &History) -> Agreed {
    let (text, class) = match agreement {
        Agreement::Alone => (String::new(), None),
        Agreement::Only(at) => {
            let so_far = if history.is_complete() { "" } else { " so far" };
            let part = history.parts.get(at).map(name).unwrap_or_default();
            (format!("Only {part}{so_far}"), Some("chip"))
        }
        Agreement::Apart(days) => (format!("Dates {} d apart", figure(clamped(days))), Some("chip warn")),
        Agreement::Some { having, of } => (format!("{having} of {of}"), None),
        Agreement::All => ("All agree".to_owned(), None),
    };
    Agreed { text, class }
}

fn clamped(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_within_the_axis_and_never_too_short_to_be_seen() {
        let bar = |dates, span| {
            let (start, width) = bar(dates, span);
            let number = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
            (number(&start), number(&width))
        };
        assert_eq!(super::bar((10, 20), (0, 100)), ("10.00%".to_owned(), "10.00%".to_owned()));
        for dates in [(0, 0), (100, 100), (0, 100), (99, 100), (50, 50)] {
            let (start, width) = bar(dates, (0, 100));
            assert!(
                width >= SHORTEST && start >= 0.0 && start + width <= 100.01,
                "{dates:?}: {start} {width}"
            );
        }
        assert_eq!(super::bar((7, 7), (7, 7)).0, "0.00%", "a history of one moment");
    }
}

//! The result of importing an input, and how it is reported.

mod table;

use std::fmt::Write as _;

use cof::{Digest, SafEnd};
use intake::batches::Fault;
use intake::forward::Figures;
use intake::{Format, LeftOut as Stretch, Reason};
use serde::Serialize;

use super::input::CHANGED;
use crate::args::database::Kind;
use crate::exit::Exit;
use crate::terminal::{self, plural};

/// How many rejected parts are shown.
const SHOWN: usize = 5;

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It reached the end of the input.
    Done,
    /// It ended earlier; the error states why.
    Failed,
    /// The input had been imported before.
    Known,
    /// It stopped at the first part that would have been rejected.
    Stopped,
}

/// The result of importing an input.
#[derive(Debug)]
pub(crate) struct Tally {
    name: String,
    pub(crate) state: State,
    /// The position where this import started, if it is not the start of the input.
    pub(super) resumed_at: Option<u64>,
    /// The counts of reading.
    counts: intake::Tally,
    /// Observations that are durable: a record with both kinds of times is two.
    pub(super) lasting: u64,
    /// Whether the whole input had been imported before, which was noticed at its end.
    counted_twice: bool,
    /// Whether there was no file, or no record in it: then the error is sufficient.
    useless: bool,
    format: Format,
    kind: Kind,
    error: Option<String>,
    /// The server that it was forwarded to, and what became of it there.
    forwarded: Option<(String, Figures)>,
}

#[derive(Serialize)]
pub(crate) struct Shape<'a> {
    input: &'a str,
    r#as: &'static str,
    format: &'static str,
    state: State,
    resumed_at: Option<u64>,
    records: u64,
    repaired_times: u64,
    turned: u64,
    sensors_dropped: u64,
    octets: u64,
    units: u64,
    messages: u64,
    observations: u64,
    left_out: Vec<LeftOut<'a>>,
    dropped: Vec<LeftOut<'a>>,
    truncated: bool,
    source_answer: Option<&'static str>,
    source_message: Option<&'a str>,
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forwarded: Option<Forwarded<'a>>,
}

/// What became of records that were forwarded: numbers of records.
#[derive(Serialize)]
struct Forwarded<'a> {
    to: &'a str,
    sent: u64,
    repeated: u64,
    rejected: u64,
    suppressed: u64,
    waiting: u64,
    dropped: u64,
    refused: u64,
    damaged: u64,
    lost: u64,
    trouble: Option<&'a str>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    reason: String,
    count: u64,
    offsets: &'a [u64],
}

impl Tally {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Done,
            resumed_at: None,
            counts: intake::Tally::default(),
            lasting: 0,
            counted_twice: false,
            useless: false,
            format: Format::Cof,
            kind: Kind::default(),
            error: None,
            forwarded: None,
        }
    }

    /// Sets what was read.
    pub(super) fn is_of(&mut self, format: Format, kind: Kind) {
        (self.format, self.kind) = (format, kind);
    }

    /// The result after reading, to the end or to a fault.
    pub(super) fn of(name: &str, counts: intake::Tally, fault: Option<Fault>) -> Self {
        let mut tally = Self { counts, ..Self::new(name) };
        match fault {
            None | Some(Fault::Unwanted) => {}
            Some(Fault::Changed) => tally.fail(format!("reading {name}: {CHANGED}")),
            Some(Fault::Foreign(foreign)) => tally.fail_as_foreign(&foreign.to_string()),
            Some(Fault::Other) => tally.fail(format!(
                "{name}: its first part differs from what the interrupted import read; nothing more was imported\n  hint: use --again to import it from the start"
            )),
            Some(Fault::Read(error)) => {
                tally.fail(format!("reading {name}: {error}; the records before that were imported"));
            }
            Some(Fault::Rejects(error)) => tally.fail(format!("writing the --rejects file: {error}")),
            Some(Fault::Strict(what)) => tally.stop(what),
            // Files have no size limit.
            Some(Fault::Expanded) => tally.fail(format!("{name}: too large when decompressed")),
        }
        tally
    }

    /// The result of a stream that was collected until somebody stopped it.
    pub(crate) fn of_stream(name: &str, format: Format, counts: intake::Tally, lasting: u64) -> Self {
        let kind = if format.is_of_sensors() { Kind::Observation } else { Kind::Report };
        // A stream has no end that could be missing.
        let counts = intake::Tally { truncated: false, ..counts };
        Self { counts, lasting, format, kind, ..Self::new(name) }
    }

    /// It was sent to another server instead of being stored.
    pub(crate) fn was_forwarded(&mut self, to: String, figures: Figures) {
        self.forwarded = Some((to, figures));
    }

    /// The result if the import could not be started.
    pub(super) fn failed(name: &str, error: String) -> Self {
        Self { state: State::Failed, useless: true, error: Some(error), ..Self::new(name) }
    }

    /// The result if the input was already imported: for reports nothing has to be done, for observations it must be confirmed.
    pub(super) fn known(name: &str, kind: Kind) -> Self {
        let error = (kind == Kind::Observation).then(|| {
            format!(
                "{name}: already imported; importing it again would count its records twice\n  hint: use --again to import it anyway"
            )
        });
        Self { state: State::Known, kind, error, ..Self::new(name) }
    }

    pub(crate) fn fail(&mut self, error: String) {
        self.state = State::Failed;
        self.error.get_or_insert(error);
    }

    /// Records that the input has no records, and its probable format.
    pub(super) fn fail_as_foreign(&mut self, looks_like: &str) {
        self.useless = true;
        self.fail(format!(
            "{}: no records found; it looks like {looks_like}\n  hint: known formats are {}",
            self.name,
            Format::list()
        ));
    }

    /// The digest and length of an input without a name that was imported to its end.
    pub(super) fn streamed(&self) -> Option<(Digest, u64)> {
        let digest = self.counts.digest.filter(|_| self.state == State::Done && self.counts.records > 0)?;
        Some((digest, self.counts.bytes))
    }

    /// Warns that the input had been imported before: a pipe is only identified at its end, when its records are already
    /// counted.
    pub(super) fn warn_of_known(&mut self) {
        self.counted_twice = true;
        self.error = Some(format!(
            "{}: the same records were imported before and are now counted twice\n  hint: import files by name; piped input can only be recognised at its end",
            self.name
        ));
    }

    /// What the source's own answer lacks, if its frames say so.
    fn missing_at_source(&self) -> Option<String> {
        let because = |message: &str| {
            if message.is_empty() { String::new() } else { format!(": {message}") }
        };
        match self.counts.source_answer.as_ref()? {
            SafEnd::Failed(message) => Some(format!("the source's answer failed{}", because(message))),
            SafEnd::Limited(message) => Some(format!("the source's answer was limited{}", because(message))),
            SafEnd::Missing => Some("the source's answer was cut off before its end".to_owned()),
            SafEnd::Succeeded => None,
        }
    }

    fn stop(&mut self, what: Option<Stretch>) {
        self.state = State::Stopped;
        let what = what.map_or_else(|| "the input ends inside a record".to_owned(), |what| what.to_string());
        self.error = Some(format!(
            "{}: {what}\n  hint: --strict stops the import here; the records before that were imported",
            self.name
        ));
    }

    /// The number of imported records.
    pub(crate) fn records(&self) -> u64 {
        self.counts.records
    }

    /// Why the import did not reach the end.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether anything was rejected.
    pub(crate) fn left_something_out(&self) -> bool {
        self.left_out() > 0 || self.counts.truncated
    }

    /// The number of rejected parts; an array without data is not one, because nothing is missing.
    fn left_out(&self) -> u64 {
        self.counts.left_out() - self.counts.count_of(Reason::WithoutData)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self.state {
            State::Done
                if self.counted_twice
                    || self.left_something_out()
                    || self.missing_at_source().is_some()
                    || self.forwarded.as_ref().is_some_and(|(_, figures)| figures.missing_records() > 0) =>
            {
                Exit::Incomplete
            }
            State::Done => Exit::Done,
            State::Known if self.error.is_none() => Exit::Done,
            State::Failed | State::Known | State::Stopped => Exit::Failed,
        }
    }

    /// One line: how much was imported, and how much was rejected.
    pub(crate) fn summary(&self) -> String {
        let counts = &self.counts;
        let timeless = counts.count_of(Reason::WithoutTime);
        let more = [
            (timeless, "skipped without a plausible time"),
            (counts.repaired_times, "with a repaired time"),
            (counts.turned, "with swapped rrname and rdata corrected"),
            (counts.sensors_dropped, "with a sensor_id that was dropped (--keep-sensors keeps it)"),
            (counts.count_of(Reason::WithoutData), "without data"),
        ];
        let mut text = format!("{}: {}", self.name, plural(counts.records, "record"));
        for (count, what) in more.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(text, ", {count} {what}");
        }
        let damaged = self.left_out() - timeless;
        if damaged > 0 {
            let _ = write!(text, ", skipped {}", plural(damaged, "unreadable section"));
        }
        if counts.truncated {
            text.push_str("; it ends inside a record");
        }
        if let Some(missing) = self.missing_at_source() {
            let _ = write!(text, "; {missing}");
        }
        text
    }

    /// The first rejected parts, each with its position.
    pub(crate) fn damages(&self) -> impl Iterator<Item = String> {
        self.counts.first.iter().take(SHOWN).map(|shown| format!("{}: {shown}", self.name))
    }

    /// The text for standard output.
    pub(crate) fn said(&self) -> String {
        if self.useless {
            return String::new();
        }
        if self.state == State::Known {
            return if self.error.is_some() {
                String::new()
            } else {
                format!(
                    "{}: already imported; use --again to import it anyway\n",
                    terminal::printable(&self.name)
                )
            };
        }
        if self.format.is_of_sensors() {
            return self.table().split('\n').map(terminal::printable).collect::<Vec<_>>().join("\n") + "\n";
        }
        let mut text = self.summary();
        if let Some(offset) = self.resumed_at {
            let _ = write!(text, ", resumed at offset {offset}");
        }
        for (reason, place) in self.counts.left_out.iter().filter(|(_, place)| !place.offsets.is_empty()) {
            let places: Vec<String> = place.offsets.iter().map(u64::to_string).collect();
            let more = if (places.len() as u64) < place.count { ", …" } else { "" };
            let _ = write!(text, "\n  {} x {reason}, at offset {}{more}", place.count, places.join(", "));
        }
        text.split('\n').map(terminal::printable).collect::<Vec<_>>().join("\n") + "\n"
    }

    /// The JSON shape that the command's help describes.
    pub(crate) fn shape(&self) -> Shape<'_> {
        let counts = &self.counts;
        let left_out = counts.left_out.iter().map(|(reason, place)| LeftOut {
            reason: reason.to_string(),
            count: place.count,
            offsets: &place.offsets,
        });
        let dropped = counts.dropped.iter().map(|(reason, place)| LeftOut {
            reason: reason.to_string(),
            count: place.count,
            offsets: &place.offsets,
        });
        Shape {
            input: &self.name,
            r#as: self.kind.word(),
            format: self.format.word(),
            state: self.state,
            resumed_at: self.resumed_at,
            records: counts.records,
            repaired_times: counts.repaired_times,
            turned: counts.turned,
            sensors_dropped: counts.sensors_dropped,
            octets: counts.bytes,
            units: counts.units,
            messages: counts.messages,
            observations: self.lasting,
            left_out: left_out.collect(),
            dropped: dropped.collect(),
            truncated: counts.truncated,
            source_answer: counts.source_answer.as_ref().map(|end| match end {
                SafEnd::Failed(_) => "failed",
                SafEnd::Limited(_) => "limited",
                SafEnd::Missing => "missing",
                SafEnd::Succeeded => "succeeded",
            }),
            source_message: match &counts.source_answer {
                Some(SafEnd::Failed(message) | SafEnd::Limited(message)) => Some(message),
                Some(SafEnd::Missing | SafEnd::Succeeded) | None => None,
            },
            error: self.error.as_deref(),
            forwarded: self.forwarded.as_ref().map(|(to, figures)| Forwarded::of(to, figures)),
        }
    }
}

impl<'a> Forwarded<'a> {
    fn of(to: &'a str, figures: &'a Figures) -> Self {
        Self {
            to,
            sent: figures.sent_records,
            repeated: figures.repeated_records,
            rejected: figures.rejected_records,
            suppressed: figures.suppressed_records,
            waiting: figures.waiting_records,
            dropped: figures.dropped_records,
            refused: figures.refused_records,
            damaged: figures.damaged_records,
            lost: figures.lost_records,
            trouble: figures.trouble(),
        }
    }
}

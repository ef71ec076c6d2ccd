//! What became of an input, and how it is said.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cof::{Damage, DamageKind, SafEnd};
use serde::Serialize;

use crate::database::args::Kind;
use crate::exit::Exit;
use crate::terminal::{self, plural};

/// How many places are told of each thing that is wrong.
const PLACES: usize = 10;
/// How many stretches are shown with what is wrong.
const SHOWN: usize = 5;
/// Of a record that has no time.
const TIMELESS: &str = "a record without a plausible time";
/// Of a record whose array of data is empty.
const WITHOUT_DATA: &str = "a record without data";

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// At the end of the input.
    Done,
    /// Before its end; the error says why.
    Failed,
    /// It had been imported before.
    Known,
    /// At the first thing that would have been left out.
    Stopped,
}

/// What became of an input.
#[derive(Debug)]
pub(crate) struct Tally {
    name: String,
    pub(crate) state: State,
    /// Where in it this import began, if not at the start.
    pub(super) resumed_at: Option<u64>,
    /// Records that were read and handed over.
    pub(super) records: u64,
    /// Observations that last: a record with both kinds of times is two.
    pub(super) lasting: u64,
    /// Octets that were read, unpacked.
    pub(super) octets: u64,
    left_out: BTreeMap<String, Place>,
    shown: Vec<String>,
    timeless: u64,
    /// Records with a time that had another unit than seconds, or was not plausible and has the other's value.
    pub(super) repaired_times: u64,
    pub(super) damages: u64,
    pub(super) without_data: u64,
    /// It ended inside a value.
    pub(super) truncated: bool,
    /// How the answer of another database ended that the input is made of, where its frames tell.
    pub(super) source_answer: Option<SafEnd>,
    /// There was no file, or no record in it: the error says all there is to say.
    useless: bool,
    error: Option<String>,
}

/// How often, and where first.
#[derive(Clone, Debug, Default)]
struct Place {
    count: u64,
    offsets: Vec<u64>,
}

#[derive(Serialize)]
pub(crate) struct Shape<'a> {
    input: &'a str,
    r#as: &'a str,
    state: State,
    resumed_at: Option<u64>,
    records: u64,
    repaired_times: u64,
    octets: u64,
    left_out: Vec<LeftOut<'a>>,
    truncated: bool,
    source_answer: Option<&'static str>,
    source_message: Option<&'a str>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    reason: &'a str,
    count: u64,
    offsets: &'a [u64],
}

impl Tally {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: State::Done,
            resumed_at: None,
            records: 0,
            lasting: 0,
            octets: 0,
            left_out: BTreeMap::new(),
            shown: Vec::new(),
            timeless: 0,
            repaired_times: 0,
            damages: 0,
            without_data: 0,
            truncated: false,
            source_answer: None,
            useless: false,
            error: None,
        }
    }

    /// Of what could not even be begun.
    pub(super) fn failed(name: &str, error: String) -> Self {
        Self { state: State::Failed, useless: true, error: Some(error), ..Self::new(name) }
    }

    /// Of what is in already: for reports nothing is to be done, of sightings it must be meant.
    pub(super) fn known(name: &str, kind: Kind) -> Self {
        let error = (kind == Kind::Observation).then(|| {
            format!(
                "{name}: imported already; once more would count all of it twice\n  hint: --again does it all the same"
            )
        });
        Self { state: State::Known, error, ..Self::new(name) }
    }

    pub(super) fn fail(&mut self, error: String) {
        self.state = State::Failed;
        self.error.get_or_insert(error);
    }

    /// It holds no record; what it looks like instead.
    pub(super) fn fail_as_foreign(&mut self, looks_like: &str) {
        self.useless = true;
        self.fail(format!(
            "{}: no record was found; it looks like {looks_like}\n  hint: {}",
            self.name,
            super::ADVICE
        ));
    }

    /// What the source's own answer lacks, where its frames say so.
    fn missing_at_source(&self) -> Option<String> {
        let because = |message: &str| {
            if message.is_empty() { String::new() } else { format!(": {message}") }
        };
        match self.source_answer.as_ref()? {
            SafEnd::Failed(message) => Some(format!("the source's answer failed{}", because(message))),
            SafEnd::Limited(message) => Some(format!("the source's answer was limited{}", because(message))),
            SafEnd::Missing => Some("the source's answer was cut off before its end".to_owned()),
            SafEnd::Succeeded => None,
        }
    }

    pub(super) fn stop(&mut self) {
        self.state = State::Stopped;
        let what = self.shown.last().map_or("the input ends inside a record", String::as_str);
        self.error = Some(format!(
            "{}: {what}\n  hint: --strict ends the import here; what came before it is in",
            self.name
        ));
    }

    pub(super) fn leave_out(&mut self, damage: &Damage) {
        self.damages += 1;
        self.truncated |= damage.kind == DamageKind::Truncated;
        self.count(&damage.kind.to_string(), damage.offset);
        if self.shown.len() < SHOWN {
            self.shown.push(damage.to_string());
        }
    }

    pub(super) fn timeless(&mut self, offset: u64) {
        self.timeless += 1;
        self.count(TIMELESS, offset);
        if self.shown.len() < SHOWN {
            self.shown.push(format!("at offset {offset}: {TIMELESS}"));
        }
    }

    fn count(&mut self, reason: &str, offset: u64) {
        if !self.left_out.contains_key(reason) {
            self.left_out.insert(reason.to_owned(), Place::default());
        }
        if let Some(place) = self.left_out.get_mut(reason) {
            place.count += 1;
            if place.offsets.len() < PLACES {
                place.offsets.push(offset);
            }
        }
    }

    /// How many records were taken.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Why it did not come to its end.
    pub(crate) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Whether there was anything that could not be taken.
    pub(crate) fn left_something_out(&self) -> bool {
        self.damages + self.timeless > 0 || self.truncated
    }

    pub(super) fn exit(&self) -> Exit {
        match self.state {
            State::Done if self.left_something_out() || self.missing_at_source().is_some() => {
                Exit::Incomplete
            }
            State::Done => Exit::Done,
            State::Known if self.error.is_none() => Exit::Done,
            State::Failed | State::Known | State::Stopped => Exit::Failed,
        }
    }

    /// One line: what was taken, and how much was not.
    pub(crate) fn summary(&self) -> String {
        let mut text = format!("{}: {}", self.name, plural(self.records, "record"));
        if self.timeless > 0 {
            let _ = write!(text, ", {} without a plausible time left out", self.timeless);
        }
        if self.repaired_times > 0 {
            let _ = write!(text, ", {} with a repaired time", self.repaired_times);
        }
        if self.without_data > 0 {
            let _ = write!(text, ", {} without data", self.without_data);
        }
        if self.damages > 0 {
            let _ = write!(text, ", {} left out", plural(self.damages, "damaged stretch"));
        }
        if self.truncated {
            text.push_str("; it ends inside a record");
        }
        if let Some(missing) = self.missing_at_source() {
            let _ = write!(text, "; {missing}");
        }
        text
    }

    /// The first stretches that are wrong, each with its place.
    pub(crate) fn damages(&self) -> impl Iterator<Item = String> {
        self.shown.iter().map(|shown| format!("{}: {shown}", self.name))
    }

    /// For standard output.
    pub(super) fn said(&self) -> String {
        if self.useless {
            return String::new();
        }
        if self.state == State::Known {
            return if self.error.is_some() {
                String::new()
            } else {
                format!(
                    "{}: imported already; --again imports it once more\n",
                    terminal::printable(&self.name)
                )
            };
        }
        let mut text = self.summary();
        if let Some(offset) = self.resumed_at {
            let _ = write!(text, ", from offset {offset} on, where it was interrupted");
        }
        for (reason, Place { count, offsets }) in &self.left_out {
            let places: Vec<String> = offsets.iter().map(u64::to_string).collect();
            let more = if (offsets.len() as u64) < *count { ", …" } else { "" };
            let _ = write!(text, "\n  {count} x {reason}, at offset {}{more}", places.join(", "));
        }
        text.split('\n').map(terminal::printable).collect::<Vec<_>>().join("\n") + "\n"
    }

    /// As the command's help describes it.
    pub(super) fn shape<'a>(&'a self, kind: &'a str) -> Shape<'a> {
        let without_data = LeftOut { reason: WITHOUT_DATA, count: self.without_data, offsets: &[] };
        let left_out = self.left_out.iter().map(|(reason, place)| LeftOut {
            reason,
            count: place.count,
            offsets: &place.offsets,
        });
        Shape {
            input: &self.name,
            r#as: kind,
            state: self.state,
            resumed_at: self.resumed_at,
            records: self.records,
            repaired_times: self.repaired_times,
            octets: self.octets,
            left_out: left_out.chain(Some(without_data).filter(|left| left.count > 0)).collect(),
            truncated: self.truncated,
            source_answer: self.source_answer.as_ref().map(|end| match end {
                SafEnd::Failed(_) => "failed",
                SafEnd::Limited(_) => "limited",
                SafEnd::Missing => "missing",
                SafEnd::Succeeded => "succeeded",
            }),
            source_message: match &self.source_answer {
                Some(SafEnd::Failed(message) | SafEnd::Limited(message)) => Some(message),
                Some(SafEnd::Missing | SafEnd::Succeeded) | None => None,
            },
            error: self.error.as_deref(),
        }
    }
}

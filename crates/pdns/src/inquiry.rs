//! A question to the database as people write it in one line: for the command `lookup`, the explorer's page and its API.
//!
//! | written | meaning |
//! | --- | --- |
//! | `www.example.com`, `*.example.com` | records of a name, or of all names at and below one |
//! | `192.0.2.1`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9` | records with these addresses |
//! | `rdata:ns1.example.com`, `rdata:*.example.com` | records with such a name in their data |
//! | `*harbor*`, `mail?.example.*` | records whose name or data is like this |
//! | `/^mail[0-9]/` | records whose name or data matches a regular expression |
//! | `name:` or `rdata:` before a pattern | only the name, or only the data |
//! | `exact:TEXT`, the rest of the line | records whose data is exactly this |
//! | `type:A,NS` | only these types |
//! | `after:T`, `before:T` | only what was seen at this time or later, or earlier |
//! | `first-after:T`, `first-before:T`, `last-after:T`, `last-before:T` | first or last seen then |
//! | `below:example.com` | only records of this name and of names below it |
//! | `in:192.0.2.0/24` | only records with an address in this network |
//! | `source:NAME` | only what this source saw; with quotation marks if the name has blanks |
//! | `by:source` | a row for each source |
//!
//! A value may be defanged, a URL, or have a port. [`Inquiry::parse`] reads a line, [`Inquiry::parts`] says how each word was
//! read, and [`Scan`] reads the rows from a store, slice by slice. A line that cannot be read is an [`InquiryError`], which says
//! what to write instead. Text is bounded by [`LONGEST`].

mod joined;
mod line;
mod scan;
mod subject;
mod words;

use std::net::IpAddr;

use cof::time::Clock;
use cof::{Name, Record, RrType, Target};
use operation::{Host, Indicator, MomentError};
use store::{Apart, Fences, Question, QuestionError, Subject};

pub use self::scan::{Row, Scan};

use crate::texts::{PatternError, Texts};

/// The longest line, in bytes.
pub const LONGEST: usize = 4 * 1024;

/// A question that was read.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// What is looked for.
    pub what: What,
    /// Only these types; all if it is empty.
    pub rrtypes: Vec<RrType>,
    /// Only rows within these times.
    pub fences: Fences,
    /// Only records of this name and of names below it.
    pub below: Option<Name>,
    /// Only records with an address in this network.
    pub network: Option<(IpAddr, u8)>,
    /// Only what this source saw, by its [label](Scan::sources).
    pub source: Option<String>,
    /// Whether each source has its own rows.
    pub by_source: bool,
    parts: Vec<Part>,
}

/// What an inquiry looks for.
#[derive(Clone, Debug)]
pub enum What {
    /// Records whose data, as it is printed, is exactly this text.
    Exact(String),
    /// Records that a pattern matches.
    Pattern(Side, Box<Texts>),
    /// What a store finds by itself.
    Subject(Subject),
}

/// The part of a record that a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The name or the data.
    Both,
    /// The data.
    Data,
    /// The name.
    Names,
}

/// A word of the line, and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is: `name`, `types`, `seen after`.
    pub label: &'static str,
    /// Its value as it was understood.
    pub value: String,
    /// The word as it is written in a line.
    written: String,
}

/// A line is not a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InquiryError {
    /// Two times exclude each other.
    #[error("{0}: no time is after the first and before the second")]
    Crossed(&'static str),
    /// A filter without a value.
    #[error("{0}: needs a value directly after the colon")]
    Empty(&'static str),
    /// The line is longer than [`LONGEST`].
    #[error("the question has {0} bytes, and the limit is {LONGEST}: use a shorter one")]
    Long(usize),
    /// Not a domain name.
    #[error("below:{0}: not a domain name; write it as in below:example.com")]
    Name(String),
    /// Not a network.
    #[error("in:{0}: not an address or a network; write it as in in:192.0.2.0/24")]
    Network(String),
    /// The pattern cannot be used.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// A name or address that cannot be read.
    #[error(transparent)]
    Subject(#[from] QuestionError),
    /// Not a time.
    #[error("{word}: {error}")]
    Time {
        /// The filter.
        word: &'static str,
        /// What is accepted.
        error: MomentError,
    },
    /// A filter that is given twice.
    #[error("{0}: given more than once")]
    Twice(&'static str),
    /// Not a list of types.
    #[error("type:{0}: takes up to 64 record types, such as A or NS,TXT")]
    Types(String),
    /// The value of `by:` is not `source`.
    #[error("by:{0}: takes source")]
    By(String),
}

impl Inquiry {
    /// Reads a line; times without a year and ages are relative to the clock.
    ///
    /// # Errors
    /// [`InquiryError`] for a line that no store can answer.
    pub fn parse(text: &str, clock: &Clock) -> Result<Self, InquiryError> {
        line::read(text, clock)
    }

    /// All records of a subject.
    pub fn about(subject: Subject) -> Self {
        Self {
            what: What::Subject(subject),
            rrtypes: Vec::new(),
            fences: Fences::default(),
            below: None,
            network: None,
            source: None,
            by_source: false,
            parts: Vec::new(),
        }
    }

    /// How each word of the line was read.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The line in its shortest form: the words in a fixed order, each separated by one blank.
    pub fn text(&self) -> String {
        words::joined(self.parts.iter().map(|part| part.written.as_str()))
    }

    /// The line without one of its words.
    pub fn without(&self, place: usize) -> String {
        let others = self.parts.iter().enumerate().filter(|(at, _)| *at != place);
        words::joined(others.map(|(_, part)| part.written.as_str()))
    }

    /// The line with a filter, in place of the one with the same word if there is one.
    pub fn with(&self, word: &'static str, value: &str) -> String {
        let filter = words::filter(word, value);
        let is_other = |part: &&Part| !part.is(word);
        let (last, others): (Vec<&Part>, Vec<&Part>) =
            self.parts.iter().filter(is_other).partition(|part| part.is(words::EXACT));
        let written = |part: &Part| part.written.clone();
        let all: Vec<String> =
            others.into_iter().map(written).chain([filter]).chain(last.into_iter().map(written)).collect();
        words::joined(all.iter().map(String::as_str))
    }

    /// The position of the filter with this word among the parts.
    pub fn place(&self, word: &str) -> Option<usize> {
        self.parts.iter().position(|part| part.is(word))
    }

    /// The query that a store answers by itself; `None` if rows have to be compared one by one.
    pub fn plain(&self) -> Option<Question> {
        let What::Subject(subject) = &self.what else { return None };
        let is_plain = self.below.is_none() && self.network.is_none() && self.source.is_none();
        let apart = if self.by_source { Apart::Source } else { Apart::Merged };
        let (rrtypes, fences) = (self.rrtypes.clone(), self.fences);
        is_plain.then(|| Question { rrtypes, fences, apart, ..Question::new(subject.clone()) })
    }

    /// The name or address that it is about, if it is about one, and whether the name is looked for in data.
    pub fn indicator(&self) -> Option<(Indicator, bool)> {
        let What::Subject(subject) = &self.what else { return None };
        let (host, in_data) = match subject {
            Subject::Address(address) => (Host::Address(*address), false),
            Subject::Name(name) => (Host::Name(name.clone()), false),
            Subject::RdataName(name) => (Host::Name(name.clone()), true),
            _ => return None,
        };
        let text = match &host {
            Host::Name(name) => format!("{name}."),
            Host::Address(address) => address.to_string(),
        };
        Some((Indicator::parse(&text).ok()?, in_data))
    }

    /// Whether it has to read the whole database.
    pub fn reads_everything(&self) -> bool {
        self.subject() == Subject::Suffix(Name::root())
    }

    /// What a store has to read: the smallest part that contains all matching records.
    fn subject(&self) -> Subject {
        let target = || {
            let (What::Exact(text), [rrtype]) = (&self.what, self.rrtypes.as_slice()) else { return None };
            let rdata = cof::Rdata::parse(*rrtype, text);
            rdata.target(*rrtype).map(|target| match target {
                Target::Address(address) => Subject::Address(address),
                Target::Name(name) => Subject::RdataName(name.to_name()),
            })
        };
        match &self.what {
            What::Subject(subject) if *subject != Subject::Suffix(Name::root()) => subject.clone(),
            _ => target()
                .or_else(|| self.network.map(|(address, length)| Subject::Network(address, length)))
                .or_else(|| self.below.clone().map(Subject::Suffix))
                .unwrap_or_else(|| Subject::Suffix(Name::root())),
        }
    }

    /// Whether a record that was read is one of those that are looked for; `scratch` saves an allocation per record.
    fn admits(&self, record: &Record, scratch: &mut String) -> bool {
        let is_below = self.below.as_ref().is_none_or(|name| record.rrname.is_within(name));
        is_below && self.is_in_network(record) && self.matches(record, scratch)
    }

    fn is_in_network(&self, record: &Record) -> bool {
        let Some(network) = self.network else { return true };
        let mut targets = record.rdata.targets(record.rrtype);
        targets.any(|target| matches!(target, Target::Address(address) if subject::holds(network, address)))
    }

    fn matches(&self, record: &Record, scratch: &mut String) -> bool {
        match &self.what {
            What::Subject(_) => true,
            What::Exact(text) => {
                scratch.clear();
                record.rdata.push_text(record.rrtype, scratch);
                scratch == text
            }
            What::Pattern(side, texts) => {
                let names = *side != Side::Data
                    && is_like(texts, scratch, |out| record.rrname.as_ref().push_text(out));
                names
                    || (*side != Side::Names
                        && is_like(texts, scratch, |out| record.rdata.push_text(record.rrtype, out)))
            }
        }
    }
}

/// Whether a printed text matches, with or without the final dot of a name.
fn is_like(texts: &Texts, scratch: &mut String, print: impl FnOnce(&mut String)) -> bool {
    scratch.clear();
    print(scratch);
    if texts.admit(scratch) {
        return true;
    }
    scratch.push('.');
    texts.admit(scratch)
}

impl Part {
    fn is(&self, word: &str) -> bool {
        self.written.strip_prefix(word).is_some_and(|rest| rest.starts_with(':'))
    }
}

#[cfg(test)]
mod tests;

//! The strict writer of the Common Output Format.
//!
//! Its output is accepted by every known client of the format: one object per line, pure ASCII, no blank lines, a final
//! newline, integers below 2^63, one record per object, in the draft's orientation. [`Dialect`] determines the kind of client.
//! Writing cannot fail.

use std::fmt::Write as _;

use crate::name::NameRef;
use crate::{Name, Record};

/// The largest integer that every client can read.
const MAX_INTEGER: u64 = i64::MAX as u64;

/// The kind of reader that a record is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// For `/pdns/query`: data as a string, and a type without mnemonic as a number, which is what CIRCL's clients read;
    /// `count` and `origin` are always present, 0 and empty if unknown, because some clients require them.
    Circl,
    /// For files: data as an array of one element, as the draft prefers, every type as a string; unknown members are left out.
    Draft,
}

/// Appends records to a text, one per line.
#[derive(Clone, Debug)]
pub struct Writer {
    dialect: Dialect,
    /// Presentation forms before they are quoted.
    scratch: String,
}

impl Writer {
    /// A writer for the dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, scratch: String::new() }
    }

    /// Appends one record and its newline.
    ///
    /// For [`Dialect::Circl`], `time_first` and `time_last` are always present, because its clients require them: a missing one
    /// is replaced by the other. For files, an unknown one is left out. If there are only zone times, they are used instead,
    /// and 0 if there are no times at all. Reversed times are put in order. Notes and unknown keys are not written.
    pub fn write(&mut self, record: &Record, out: &mut String) {
        out.push_str("{\"rrname\":");
        self.quote_name(record.rrname.as_ref(), out);
        out.push_str(",\"rrtype\":");
        match (self.dialect, record.rrtype.code(), record.rrtype.mnemonic()) {
            (Dialect::Circl, Some(code), None) => push_integer(u64::from(code), out),
            (_, _, Some(mnemonic)) => {
                out.push('"');
                out.push_str(mnemonic);
                out.push('"');
            }
            _ => {
                let _ = write!(out, "\"{}\"", record.rrtype);
            }
        }
        self.rdata(record, out);
        times(self.dialect, record, out);
        self.rest(record, out);
        out.push_str("}\n");
    }

    fn rdata(&mut self, record: &Record, out: &mut String) {
        let array = self.dialect == Dialect::Draft;
        out.push_str(if array { ",\"rdata\":[" } else { ",\"rdata\":" });
        self.quote_printable(out, |out| record.rdata.push_text(record.rrtype, out));
        if array {
            out.push(']');
        }
    }

    fn rest(&mut self, record: &Record, out: &mut String) {
        let insist = self.dialect == Dialect::Circl;
        if let Some(count) = record.count.or(insist.then_some(0)) {
            integer(",\"count\":", count, out);
        }
        if let Some(bailiwick) = &record.bailiwick {
            out.push_str(",\"bailiwick\":");
            self.quote_name(Name::as_ref(bailiwick), out);
        }
        if let Some(sensor) = &record.sensor_id {
            out.push_str(",\"sensor_id\":");
            quote(sensor, out);
        }
        if let Some(origin) = record.origin.as_deref().or(insist.then_some("")) {
            out.push_str(",\"origin\":");
            quote(origin, out);
        }
    }

    fn quote_name(&mut self, name: NameRef<'_>, out: &mut String) {
        self.quote_printable(out, |out| name.push_text(out));
    }

    /// Quotes the output of `print`, which is printable ASCII: usually nothing in it has to be escaped.
    fn quote_printable(&mut self, out: &mut String, print: impl FnOnce(&mut String)) {
        out.push('"');
        let start = out.len();
        print(out);
        let printed = out.get(start..).unwrap_or_default();
        if memchr::memchr2(b'"', b'\\', printed.as_bytes()).is_some() {
            self.scratch.clear();
            self.scratch.push_str(printed);
            out.truncate(start);
            self.scratch.chars().for_each(|character| quote_char(character, out));
        }
        out.push('"');
    }
}

fn times(dialect: Dialect, record: &Record, out: &mut String) {
    let (first, last) = match (dialect, record.seen()) {
        (_, (None, None)) => (Some(0), Some(0)),
        (Dialect::Circl, (first, last)) => (first.or(last), last.or(first)),
        (Dialect::Draft, seen) => seen,
    };
    let (zone_first, zone_last) = record.zone_times();
    for (key, time) in [
        (",\"time_first\":", first),
        (",\"time_last\":", last),
        (",\"zone_time_first\":", zone_first),
        (",\"zone_time_last\":", zone_last),
    ] {
        if let Some(time) = time {
            integer(key, time, out);
        }
    }
}

/// A member with a number; `key` includes its comma, quotes and colon.
fn integer(key: &str, value: u64, out: &mut String) {
    out.push_str(key);
    push_integer(value.min(MAX_INTEGER), out);
}

fn push_integer(value: u64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(value));
}

/// A JSON string in pure ASCII, without NUL and lone surrogates.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    if text.bytes().all(|b| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\') {
        out.push_str(text);
    } else {
        text.chars().for_each(|character| quote_char(character, out));
    }
    out.push('"');
}

fn quote_char(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        ' '..='~' => out.push(character),
        // dnsdbq aborts at an escaped NUL.
        '\0' => out.push_str("\\ufffd"),
        other => {
            for unit in other.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! Records in the form that DNSDB's clients read: the objects within the frames of [`super::frame`].
//!
//! The output is ASCII, with integers up to 2^63 - 1, names with their final dot, and keys in the same order as DNSDB. Writing
//! cannot fail.

use std::fmt::Write as _;

use cof::time::rfc3339;
use cof::{Name, Rdata, Record, RrType};

use super::figures::Figures;
use super::path::Version;

/// The largest integer that every client can read: dnsdbq aborts at a larger one.
const MAX_INTEGER: u64 = i64::MAX as u64;

/// Writes objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Objects {
    /// Whether times are dates instead of numbers.
    pub(super) human_times: bool,
    pub(super) version: Version,
}

impl Objects {
    /// Writes a record; with its bailiwick if it is known and requested.
    pub(super) fn record(self, record: &Record, bailiwick: bool, out: &mut String) {
        out.push('{');
        self.figures(&Figures::of(record), None, out);
        out.push_str(",\"rrname\":");
        push_name(&record.rrname, out);
        push_type(record.rrtype, out);
        if let Some(name) = record.bailiwick.as_ref().filter(|_| bailiwick) {
            out.push_str(",\"bailiwick\":");
            push_name(name, out);
        }
        // In version 1, the data of a name is an array, and a result of a search by data is a string.
        let array = bailiwick || self.version == Version::Two;
        out.push_str(if array { ",\"rdata\":[" } else { ",\"rdata\":" });
        push_quoted(out, |text| record.rdata.push_absolute(record.rrtype, text));
        out.push_str(if array { "]}" } else { "}" });
    }

    /// Writes a summary of everything that was found.
    pub(super) fn summary(self, figures: &Figures, out: &mut String) {
        out.push('{');
        self.figures(figures, Some(figures.records), out);
        out.push('}');
    }

    /// Writes a matching name, with counts and times if requested.
    pub(super) fn name(self, name: &Name, rrtype: RrType, figures: Option<&Figures>, out: &mut String) {
        out.push('{');
        if let Some(figures) = figures {
            self.figures(figures, None, out);
            out.push(',');
        }
        out.push_str("\"rrname\":");
        push_name(name, out);
        push_type(rrtype, out);
        out.push('}');
    }

    /// Writes matching data; with its bytes only if it has a wire format.
    pub(super) fn data(self, rdata: &Rdata, rrtype: RrType, figures: Option<&Figures>, out: &mut String) {
        out.push('{');
        if let Some(figures) = figures {
            self.figures(figures, None, out);
            out.push(',');
        }
        out.push_str("\"rdata\":");
        push_quoted(out, |text| rdata.push_absolute(rrtype, text));
        if let Some(wire) = rdata.as_wire() {
            out.push_str(",\"raw_rdata\":\"");
            for octet in wire {
                let _ = write!(out, "{octet:02X}");
            }
            out.push('"');
        }
        push_type(rrtype, out);
        out.push('}');
    }

    /// `time_*` are observations; zone times are written in addition, or alone if there are no observations.
    fn figures(self, figures: &Figures, results: Option<u64>, out: &mut String) {
        out.push_str("\"count\":");
        push_integer(figures.count, out);
        if let Some(results) = results {
            out.push_str(",\"num_results\":");
            push_integer(results, out);
        }
        for (first_key, last_key, span) in [
            (",\"time_first\":", ",\"time_last\":", figures.seen),
            (",\"zone_time_first\":", ",\"zone_time_last\":", figures.zone),
        ] {
            if let Some((first, last)) = span {
                out.push_str(first_key);
                self.time(first, out);
                out.push_str(last_key);
                self.time(last, out);
            }
        }
    }

    fn time(self, seconds: u64, out: &mut String) {
        if self.human_times {
            push_quoted(out, |text| text.push_str(&rfc3339(seconds)));
        } else {
            push_integer(seconds, out);
        }
    }
}

fn push_integer(value: u64, out: &mut String) {
    let _ = write!(out, "{}", value.min(MAX_INTEGER));
}

fn push_name(name: &Name, out: &mut String) {
    push_quoted(out, |text| push_absolute(name, text));
}

/// Appends a name in presentation format with its final dot.
pub(super) fn push_absolute(name: &Name, out: &mut String) {
    let start = out.len();
    name.as_ref().push_text(out);
    if out.get(start..) != Some(".") {
        out.push('.');
    }
}

fn push_type(rrtype: RrType, out: &mut String) {
    let _ = write!(out, ",\"rrtype\":\"{rrtype}\"");
}

/// Quotes what `print` appends, which is printable ASCII: only two of its characters need escaping.
fn push_quoted(out: &mut String, print: impl FnOnce(&mut String)) {
    out.push('"');
    let start = out.len();
    print(out);
    if out.get(start..).unwrap_or_default().contains(['"', '\\']) {
        let printed = out.split_off(start);
        for character in printed.chars() {
            if matches!(character, '"' | '\\') {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: Objects = Objects { human_times: false, version: Version::Two };
    const DATES: Objects = Objects { human_times: true, version: Version::Two };

    fn record(rrname: &str, rrtype: &str, rdata: &str) -> Record {
        let rrtype = RrType::parse(rrtype).unwrap();
        let record = Record::new(Name::parse(rrname).unwrap(), rrtype, Rdata::parse(rrtype, rdata));
        Record { time_first: Some(1), time_last: Some(2), count: Some(3), ..record }
    }

    fn written(objects: Objects, record: &Record) -> String {
        let mut out = String::new();
        objects.record(record, true, &mut out);
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(read.is_object() && out.is_ascii());
        out
    }

    #[test]
    fn records_are_written_as_the_engine_orders_them() {
        let mut row = record("WWW.example.com", "A", "192.0.2.1");
        row.bailiwick = Some(Name::parse("example.com").unwrap());
        assert_eq!(
            written(NUMBERS, &row),
            r#"{"count":3,"time_first":1,"time_last":2,"rrname":"www.example.com.","rrtype":"A","bailiwick":"example.com.","rdata":["192.0.2.1"]}"#
        );
        let mut plain = String::new();
        NUMBERS.record(&row, false, &mut plain);
        assert!(!plain.contains("bailiwick"));
        assert_eq!(
            written(DATES, &record(".", "TYPE65534", r"\# 3 c0a801")),
            r#"{"count":3,"time_first":"1970-01-01T00:00:01Z","time_last":"1970-01-01T00:00:02Z","rrname":".","rrtype":"TYPE65534","rdata":["\\# 3 c0a801"]}"#
        );
    }

    #[test]
    fn what_clients_die_of_is_not_written() {
        let mut row = record(r"a\000\.b.example", "TXT", r#""a \"b\" \000\195\188""#);
        row.count = Some(u64::MAX);
        row.time_last = Some(u64::MAX);
        assert_eq!(
            written(NUMBERS, &row),
            r#"{"count":9223372036854775807,"time_first":1,"time_last":9223372036854775807,"rrname":"a\\000\\.b.example.","rrtype":"TXT","rdata":["\"a \\\"b\\\" \\000\\195\\188\""]}"#
        );
        // Beyond the range of dates, the time is a number in quotes, so that the key keeps its type.
        assert!(written(DATES, &row).contains(r#""time_last":"18446744073709551615""#));
        row.count = None;
        assert!(written(NUMBERS, &row).starts_with(r#"{"count":0,"#));
    }

    #[test]
    fn zone_times_stand_instead_of_others_and_beside_them() {
        let mut row = record("a.example", "NS", "ns.example");
        row.zone_time_first = Some(5);
        row.zone_time_last = Some(6);
        assert!(
            written(NUMBERS, &row)
                .contains(r#""time_first":1,"time_last":2,"zone_time_first":5,"zone_time_last":6,"#)
        );
        row.time_first = None;
        row.time_last = None;
        assert!(
            written(NUMBERS, &row)
                .starts_with(r#"{"count":3,"zone_time_first":5,"zone_time_last":6,"rrname""#)
        );
    }

    #[test]
    fn summaries_names_and_data() {
        let (a, b) = (record("a.example", "MX", "10 mx.example"), record("a.example", "MX", "20 mx.example"));
        let mut figures = Figures::of(&a);
        figures.add(&Record { time_first: Some(0), count: None, ..b });
        let mut out = String::new();
        NUMBERS.summary(&figures, &mut out);
        assert_eq!(out, r#"{"count":3,"num_results":2,"time_first":0,"time_last":2}"#);
        out.clear();
        NUMBERS.name(&a.rrname, a.rrtype, Some(&figures), &mut out);
        assert_eq!(out, r#"{"count":3,"time_first":0,"time_last":2,"rrname":"a.example.","rrtype":"MX"}"#);
        out.clear();
        NUMBERS.data(&a.rdata, a.rrtype, None, &mut out);
        assert_eq!(
            out,
            r#"{"rdata":"10 mx.example.","raw_rdata":"000A026D78076578616D706C6500","rrtype":"MX"}"#
        );
        out.clear();
        NUMBERS.data(&Rdata::parse(RrType::A, "no address"), RrType::A, None, &mut out);
        assert_eq!(out, r#"{"rdata":"no address","rrtype":"A"}"#);
    }
}

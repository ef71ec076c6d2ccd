//! Finds passive-DNS records in the result of an operation, whose form is not specified: [`records_in`].
//!
//! An object is a record if it has `rrname`, `rrtype` and `rdata` (or `rrdata`), wherever it is. A text that contains such objects
//! is read, too, because operations pass on what a provider sent.

use cof::{Reader, Record};
use serde_json::Value;

/// How deep a result is read.
const DEPTH: usize = 64;
/// The most values of a result that are looked at.
const MOST_VALUES: usize = 1_000_000;
/// The most records that are read.
const MOST_RECORDS: usize = 20_000;

/// The records that were recognised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recognised {
    /// The records, in their order.
    pub records: Vec<Record>,
    /// How many objects look like records, but are none.
    pub damaged: u64,
    /// Whether there may be more, because a limit was reached.
    pub is_cut: bool,
}

/// The records in a result; `now`, in seconds since the epoch, says which times are plausible.
pub fn records_in(result: &Value, now: u64) -> Recognised {
    let mut search = Search { now, found: Recognised::default(), left: MOST_VALUES };
    search.look(result, DEPTH);
    search.found
}

struct Search {
    now: u64,
    found: Recognised,
    left: usize,
}

impl Search {
    fn look(&mut self, value: &Value, depth: usize) {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.checked_sub(1)) else {
            self.found.is_cut = true;
            return;
        };
        self.left = left;
        match value {
            Value::Array(items) => {
                for item in items {
                    self.look(item, depth);
                }
            }
            Value::Object(_) if is_record(value) => self.read(value.to_string().as_bytes()),
            Value::Object(members) => {
                for member in members.values() {
                    self.look(member, depth);
                }
            }
            Value::String(text) if text.contains("\"rrname\"") => self.read(text.as_bytes()),
            _ => {}
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let mut reader = Reader::new(self.now);
        reader.feed(bytes);
        reader.close();
        while let Some(item) = reader.next() {
            match item {
                _ if self.found.records.len() >= MOST_RECORDS => {
                    self.found.is_cut = true;
                    return;
                }
                Ok(record) => self.found.records.push(record),
                Err(_) => self.found.damaged += 1,
            }
        }
    }
}

fn is_record(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some_and(|member| !member.is_null());
    has("rrname") && has("rrtype") && (has("rdata") || has("rrdata"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn record() -> Value {
        json!({"count": 6, "origin": "https://www.circl.lu/pdns/", "rrname": "www.threatq.com", "rrtype": "A",
            "rdata": "104.196.175.197", "time_first": 1_496_995_637, "time_last": 1_499_951_111})
    }

    #[test]
    fn records_are_found_wherever_they_are() {
        let result = json!({
            "attributes": [{"name": "Resource Type", "value": "A"}],
            "response": {"deep": [[{"x": record()}]], "alias": {"rrname": "a.example", "rrtype": "NS",
                "rrdata": "ns1.a.example", "time_first": 1_496_995_637, "time_last": 1_496_995_637}},
            "raw": format!("{0}{0}", record()),
            "text": "no \"record\"",
        });
        let found = records_in(&result, NOW);
        assert_eq!(found.records.len(), 4, "{found:?}");
        assert_eq!((found.damaged, found.is_cut), (0, false));
        assert!(found.records.iter().any(|record| record.rrname.to_string() == "a.example"));
    }

    #[test]
    fn what_only_looks_like_a_record_is_counted() {
        let found = records_in(&json!([{"rrname": [], "rrtype": "A", "rdata": 5}]), NOW);
        assert_eq!((found.records.len(), found.damaged), (0, 1));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = records_in(&json!({"raw": format!("\"rrname\"{text}"), "o": {"rrname": text.clone(), "rrtype": text.clone(), "rdata": text}}), NOW);
        }
    }
}

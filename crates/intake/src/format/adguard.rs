//! `AdGuard` Home's query log (github.com/AdguardTeam/AdGuardHome).
//!
//! ```text
//! {"T":"2024-06-05T18:49:49.123456789+02:00","QH":"www.example","QT":"A","QC":"IN","CP":"","Upstream":"…","Answer":"AAGBgAAB…",
//!  "OrigAnswer":"…","IP":"10.1.2.3","Result":{"IsFiltered":true,"Reason":3},"Elapsed":1234567,"Cached":true}
//! ```
//!
//! `Answer` is the message that the client got, in base64, and `OrigAnswer` the one before a filter changed it. Reasons from 3 on are
//! filters and rewrites. `OrigAnswer` is read where there is one; of an entry that was filtered or rewritten without it, nothing is
//! taken.
//!
//! The log is always of the client's side, and nothing else can be logged, so there is no side to choose: it is taken whichever side
//! is collected elsewhere. The client (`IP`, `CID`, `ECS`) is not read.
//!
//! Errors: a line that is no such entry, and a message that cannot be read, are rejected.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::json::{self, Text};
use super::lines::Entry;
use super::message::{About, Responses};
use super::moment::Moment;
use crate::out::Out;
use crate::tally::{Dropped, Reason};

/// The first reason that means a filter or a rewrite.
const FILTERED: i64 = 3;

/// Reads entries.
#[derive(Default)]
pub(crate) struct AdGuard {
    responses: Responses,
    /// The message of the entry at hand.
    message: Vec<u8>,
}

#[derive(Deserialize)]
struct Logged<'a> {
    #[serde(borrow, rename = "T", alias = "Time")]
    time: Option<Text<'a>>,
    #[serde(borrow, rename = "Answer")]
    answer: Option<Text<'a>>,
    #[serde(borrow, rename = "OrigAnswer")]
    original: Option<Text<'a>>,
    #[serde(default, rename = "Result")]
    outcome: Outcome,
}

/// What the filters said.
#[derive(Default, Deserialize)]
struct Outcome {
    #[serde(default, rename = "IsFiltered")]
    is_filtered: bool,
    #[serde(default, rename = "Reason")]
    reason: i64,
}

impl Entry for AdGuard {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(logged) = json::object::<Logged<'_>>(line) else { return out.reject(Reason::Line) };
        let Some(time) = &logged.time else { return out.drop(Dropped::NotDns) };
        let message = match logged.message() {
            Ok(message) => message,
            Err(why) => return out.drop(why),
        };
        self.message.clear();
        if STANDARD.decode_vec(message, &mut self.message).is_err() {
            return out.reject(Reason::Message);
        }
        let time = Moment::of_date(time.as_str()).map(|at| at.seconds).or(out.received);
        let Some(time) = time else { return out.reject(Reason::WithoutTime) };
        self.responses.read(&self.message, &About { time, bailiwick: None, query: None }, out);
    }
}

impl Logged<'_> {
    /// The message as the server sent it.
    fn message(&self) -> Result<&str, Dropped> {
        let text = |field| Option::<&Text<'_>>::map(field, Text::as_str).filter(|text| !text.is_empty());
        if let Some(original) = text(self.original.as_ref()) {
            return Ok(original);
        }
        if self.outcome.is_filtered || self.outcome.reason >= FILTERED {
            return Err(Dropped::Rewritten);
        }
        text(self.answer.as_ref()).ok_or(Dropped::Empty)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::batches::Order;
    use crate::format::testing::{self, Found};
    use crate::format::{Format, Side};

    const AT: u64 = 1_521_911_720;

    fn encoded(name: &str, address: &[u8]) -> String {
        STANDARD.encode(testing::response(name, &[(name, 1, address)]))
    }

    fn entry(name: &str, more: &Value) -> Value {
        let mut entry = json!({"T": "2018-03-24T19:15:20.865716123+02:00", "QH": name, "QT": "A", "QC": "IN", "CP": "",
            "Upstream": "tls://dns.example:853", "Answer": encoded(name, &[185, 194, 93, 1]), "IP": "10.1.2.3", "CID": "kitchen",
            "Result": {}, "Elapsed": 1_234_567, "Cached": true});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    }

    fn found(entries: &[Value]) -> Found {
        let lines: String = entries.iter().map(|entry| entry.to_string() + "\n").collect();
        assert_eq!(Format::of(lines.as_bytes(), true), Some(Format::AdGuard));
        let order = Order { format: Format::AdGuard, ..testing::order() };
        let found = testing::read(lines.as_bytes(), &order);
        let client = testing::read(lines.as_bytes(), &Order { side: Side::Client, ..order });
        assert_eq!(found.rows, client.rows, "there is one side only");
        found
    }

    #[test]
    fn answers_are_read_from_the_messages() {
        let found =
            found(&[entry("a.example", &json!({})), entry("b.example", &json!({"Result": {"Reason": 1}}))]);
        let expected = ["a.example", "b.example"].map(|name| format!("{name} A 185.194.93.1 {AT} 1 -"));
        assert_eq!((&found.rows[..], found.tally.units, found.tally.messages), (&expected[..], 2, 2));
        assert!(!format!("{found:?}").contains("10.1.2.") && !format!("{found:?}").contains("kitchen"));
    }

    #[test]
    fn what_a_filter_changed_is_read_as_it_was_before() {
        let original = encoded("a.example", &[185, 194, 93, 9]);
        let filtered =
            json!({"IsFiltered": true, "Reason": 3, "Rules": [{"Text": "||a.example^", "FilterListID": 1}]});
        let found = found(&[
            entry("a.example", &json!({"Result": filtered, "OrigAnswer": original})),
            entry("b.example", &json!({"Result": filtered})),
            entry("c.example", &json!({"Result": {"Reason": 9, "IPList": ["10.0.0.1"]}})),
        ]);
        assert_eq!(found.rows, [format!("a.example A 185.194.93.9 {AT} 1 -")]);
        assert_eq!(found.dropped(), [(Dropped::Rewritten, 2)]);
    }

    #[test]
    fn bad_entries_cost_themselves_alone() {
        let found = found(&[
            entry("a.example", &json!({"Answer": "?"})),
            entry("b.example", &json!({"Answer": "AAAA"})),
            entry("c.example", &json!({"Answer": ""})),
            entry("d.example", &json!({"T": "now"})),
            entry("e.example", &json!({"Result": 7})),
            json!({"QH": "f.example"}),
            entry("g.example", &json!({})),
        ]);
        assert_eq!(found.rows, [format!("g.example A 185.194.93.1 {AT} 1 -")]);
        assert_eq!(found.rejected(), [(Reason::WithoutTime, 1), (Reason::Message, 2), (Reason::Line, 1)]);
        assert_eq!(found.dropped(), [(Dropped::Empty, 1), (Dropped::NotDns, 1)]);
    }

    proptest! {
        #[test]
        fn no_line_panics(message in proptest::collection::vec(any::<u8>(), 0..60), text in "\\PC{0,40}", cut in 0_usize..300) {
            let whole = entry("a.example", &json!({"Answer": STANDARD.encode(message)})).to_string();
            let cut = cut.min(whole.len());
            let input = format!("{whole}\n{text}\n{}", &whole[..cut]);
            let _ = testing::read(input.as_bytes(), &Order { format: Format::AdGuard, ..testing::order() });
        }
    }
}

//! The log of gopassivedns (github.com/Phillipmartin/gopassivedns), in JSON.
//!
//! ```text
//! {"query_id":1,"rcode":0,"q":"www.example","qtype":"A","a":"185.194.93.1","atype":"A","ttl":60,"dst":"…","src":"…",
//!  "tstamp":"2018-03-24 17:15:20.865716 +0000 UTC","truncated":false,…}
//! ```
//!
//! A response is as many lines as it has answers, and each has the name that was asked for instead of the owner. So a response with an
//! alias is dropped: none of its answers can be given an owner. Lines with the same id, time and question are one response; they are
//! held until another begins, at most [`MOST_HELD`] bytes of them. Only data that is whole in `a` is taken: addresses and names.
//!
//! Errors: a line that is no such object is rejected. The addresses of client and server are not read.

use cof::RrType;
use serde::Deserialize;

use super::answers::{Escapes, type_of};
use super::json::{self, Number, Text};
use super::lines::Entry;
use super::moment::Moment;
use super::spelling::Spelling;
use crate::out::Out;
use crate::sightings::{Part, Seen, Sighting};
use crate::tally::{Dropped, Reason};

/// The most bytes of one response that are held.
const MOST_HELD: usize = 1 << 20;
const CNAME: u16 = 5;

/// Reads lines.
#[derive(Default)]
pub(crate) struct GoPassiveDns {
    /// Id, time and question of the response at hand.
    response: Option<(u64, String, String)>,
    /// Its time, in seconds since the epoch.
    time: Option<u64>,
    has_alias: bool,
    answers: Vec<(u16, String)>,
    /// Bytes in `answers`.
    held: usize,
    owner: Spelling,
    data: Spelling,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(default)]
    query_id: u64,
    #[serde(borrow)]
    rcode: Option<Number<'a>>,
    #[serde(borrow)]
    q: Option<Text<'a>>,
    #[serde(borrow)]
    qtype: Option<Text<'a>>,
    #[serde(borrow)]
    a: Option<Text<'a>>,
    #[serde(borrow)]
    atype: Option<Text<'a>>,
    #[serde(borrow)]
    tstamp: Option<Text<'a>>,
    #[serde(default, rename = "truncated")]
    is_truncated: bool,
}

impl Entry for GoPassiveDns {
    fn read(&mut self, line: &[u8], out: &mut Out<'_>) {
        let Some(object) = json::object::<Object<'_>>(line) else { return out.reject(Reason::Line) };
        let (Some(question), Some(time)) = (&object.q, &object.tstamp) else {
            return out.drop(Dropped::NotDns);
        };
        let is_same = self.response.as_ref().is_some_and(|(id, known_time, known_question)| {
            *id == object.query_id && known_time == time.as_str() && known_question == question.as_str()
        });
        if !is_same || self.held > MOST_HELD {
            self.hand_over(out);
        }
        if !is_same {
            self.response = Some((object.query_id, time.as_str().to_owned(), question.as_str().to_owned()));
            self.time = time_of(time.as_str());
            self.has_alias = false;
        }
        if let Err(why) = self.hold(&object) {
            out.drop(why);
        }
    }

    fn end(&mut self, out: &mut Out<'_>) {
        self.hand_over(out);
    }
}

impl GoPassiveDns {
    fn hold(&mut self, object: &Object<'_>) -> Result<(), Dropped> {
        match object.rcode.as_ref().and_then(Number::whole) {
            Some(0) => {}
            Some(_) => return Err(Dropped::Rcode),
            None => return Err(Dropped::Query),
        }
        if object.is_truncated {
            return Err(Dropped::TruncatedResponse);
        }
        let code = |word: &Option<Text<'_>>| word.as_ref().and_then(|word| type_of(word.as_str()));
        let (Some(asked), Some(rrtype), Some(answer)) = (code(&object.qtype), code(&object.atype), &object.a)
        else {
            return Err(Dropped::Empty);
        };
        self.has_alias |= rrtype == CNAME && asked != CNAME;
        if rrtype != asked {
            return Err(Dropped::OffChain);
        }
        // A, NS, CNAME, PTR, AAAA.
        if !matches!(rrtype, 1 | 2 | 5 | 12 | 28) {
            return Err(Dropped::PartialData);
        }
        self.held += answer.as_str().len();
        self.answers.push((rrtype, answer.as_str().to_owned()));
        Ok(())
    }

    /// Hands over the answers of the response at hand.
    fn hand_over(&mut self, out: &mut Out<'_>) {
        let Some((_, _, question)) = &self.response else { return };
        if !self.answers.is_empty() && !self.has_alias {
            out.message();
        }
        self.held = 0;
        for (rrtype, answer) in self.answers.drain(..) {
            if self.has_alias {
                out.drop(Dropped::OffChain);
                continue;
            }
            let Some(time) = self.time.or(out.received) else {
                out.reject(Reason::WithoutTime);
                continue;
            };
            let Some(owner) = self.owner.of_log(question, Escapes::None) else {
                out.reject(Reason::Owner);
                continue;
            };
            let rrtype = RrType::Code(rrtype);
            let is_address = matches!(rrtype, RrType::A | RrType::AAAA);
            let data =
                if is_address { Some(answer.as_str()) } else { self.data.of_log(&answer, Escapes::None) };
            let Some(data) = data else {
                out.reject(Reason::Data);
                continue;
            };
            let (owner, rdata) = (Part::Text(owner), Part::Text(data));
            out.sight(&Sighting { owner, rrtype, rdata, bailiwick: None, seen: Seen::once(time) });
        }
    }
}

/// A time such as `2018-03-24 17:15:20.865716 +0000 UTC`, in seconds since the epoch.
fn time_of(text: &str) -> Option<u64> {
    let mut parts = text.split(' ');
    let (date, time, offset) = (parts.next()?, parts.next()?, parts.next().unwrap_or("Z"));
    Moment::of_date(&format!("{date}T{time}{offset}")).map(|at| at.seconds)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::batches::Order;
    use crate::format::Format;
    use crate::format::testing::{self, Found};

    const AT: u64 = 1_521_911_720;

    fn answer(id: u64, q: &str, qtype: &str, a: &str, atype: &str) -> Value {
        json!({"query_id": id, "rcode": 0, "q": q, "qtype": qtype, "a": a, "atype": atype, "ttl": 60, "dst": "10.1.2.4",
            "src": "10.1.2.3", "tstamp": "2018-03-24 18:15:20.865716 +0100 CET", "elapsed": 1_000, "sport": "40123", "level": "",
            "bytes": 100, "protocol": "udp", "truncated": false, "aa": false, "rd": true, "ra": true})
    }

    fn order() -> Order {
        Order { format: Format::GoPassiveDns, ..testing::order() }
    }

    fn found(lines: &[Value]) -> Found {
        let lines: String = lines.iter().map(|line| line.to_string() + "\n").collect();
        assert_eq!(Format::of(lines.as_bytes(), true), Some(Format::GoPassiveDns));
        let found = testing::read(lines.as_bytes(), &order());
        assert!(!format!("{found:?}").contains("10.1.2."), "an address of a client");
        found
    }

    #[test]
    fn answers_of_a_response_without_an_alias_are_taken() {
        let found = found(&[
            answer(1, "a.example", "A", "185.194.93.1", "A"),
            answer(1, "a.example", "A", "185.194.93.2", "A"),
            answer(2, "b.example", "CNAME", "c.example", "CNAME"),
            answer(3, "d e.example", "NS", "ns.example", "NS"),
        ]);
        let expected = [
            "a.example A 185.194.93.1",
            "a.example A 185.194.93.2",
            "b.example CNAME c.example",
            "d\\032e.example NS ns.example",
        ];
        assert_eq!(found.rows, expected.map(|row| format!("{row} {AT} 1 -")));
        assert_eq!((found.tally.units, found.tally.messages), (4, 3));
    }

    #[test]
    fn a_response_with_an_alias_is_dropped_in_any_order() {
        let alias = answer(1, "a.example", "A", "b.example", "CNAME");
        let address = answer(1, "a.example", "A", "185.194.93.1", "A");
        let other = answer(2, "a.example", "A", "185.194.93.2", "A");
        for lines in [[alias.clone(), address.clone(), other.clone()], [address, alias, other]] {
            let found = found(&lines);
            assert_eq!(found.rows, [format!("a.example A 185.194.93.2 {AT} 1 -")]);
            assert_eq!(found.dropped(), [(Dropped::OffChain, 2)]);
        }
    }

    #[test]
    fn what_is_no_answer_is_dropped_by_reason() {
        let good = answer(1, "a.example", "A", "185.194.93.1", "A");
        for (key, value, why) in [
            ("rcode", json!(3), Dropped::Rcode),
            ("rcode", json!(null), Dropped::Query),
            ("truncated", json!(true), Dropped::TruncatedResponse),
            ("atype", json!(""), Dropped::Empty),
            ("atype", json!("AAAA"), Dropped::OffChain),
        ] {
            let mut line = good.clone();
            line[key] = value;
            let found = found(&[line]);
            assert_eq!((&found.rows, found.dropped()), (&vec![], vec![(why, 1)]), "{key}");
        }
        let partial = answer(1, "a.example", "MX", "mail.example", "MX");
        assert_eq!(found(&[partial]).dropped(), [(Dropped::PartialData, 1)]);
        let mut without_time = good;
        without_time["tstamp"] = json!("now");
        assert_eq!(found(&[without_time]).rejected(), [(Reason::WithoutTime, 1)]);
    }

    #[test]
    fn a_response_at_the_end_of_a_file_counts_once() {
        let line = answer(1, "a.example", "A", "185.194.93.1", "A").to_string() + "\n";
        let named = Order { input: Some("key".into()), ..order() };
        assert_eq!(testing::read(line.as_bytes(), &named).rows.len(), 1);
        let reached = store::Reached { offset: line.len() as u64, digest: None, whole: true, expires: None };
        let again = Order { reached: Some(reached), ..named };
        assert_eq!(testing::read(line.as_bytes(), &again).rows.len(), 0);
    }

    #[test]
    fn what_is_held_of_a_response_is_bounded() {
        let name = format!("{}.example", "x".repeat(2_000));
        let line = answer(1, "a.example", "NS", &name, "NS").to_string() + "\n";
        let found = testing::read(line.repeat(1_000).as_bytes(), &order());
        assert_eq!(found.rejected(), [(Reason::Data, 1_000)]);
        assert!(found.tally.messages > 1);
    }

    proptest! {
        #[test]
        fn no_line_panics(q in "\\PC{0,20}", a in "\\PC{0,20}", atype in "(A|NS|CNAME|[A-Z]{0,3})", time in "[-0-9:. +Z]{0,30}", cut in 0_usize..300) {
            let mut line = answer(1, &q, "NS", &a, &atype);
            line["tstamp"] = json!(time);
            let text = line.to_string();
            let cut = (0..=cut.min(text.len())).rev().find(|cut| text.is_char_boundary(*cut)).unwrap();
            let input = format!("{text}\n{}\n{}", answer(1, &a, "NS", &q, "NS"), &text[..cut]);
            let _ = testing::read(input.as_bytes(), &order());
        }
    }
}

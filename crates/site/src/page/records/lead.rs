//! Where a name or an address in a row leads: [`Lead`].
//!
//! The value itself leads to the explorer, which shows what the own database has about it, and asks the providers too. Beside it is the
//! way that the page goes on by itself: a run on the value, or its history.

use cof::Record;
use operation::{Host, Indicator};
use picture::links::Links;

use crate::page::explorer_address;

/// Where a value leads.
pub(in crate::page) struct Lead {
    /// The value.
    pub(in crate::page) value: String,
    /// The explorer, asked about the value.
    pub(in crate::page) explore: String,
    /// A run on the value or its history, and what the link is called.
    pub(in crate::page) on: Option<(String, &'static str)>,
}

impl Lead {
    /// The lead of a record's name; `None` if it is no indicator, or the one that was asked.
    pub(in crate::page) fn of_owner(
        record: &Record,
        asked: Option<&Indicator>,
        links: &Links,
    ) -> Option<Self> {
        let owner = Indicator::of_owner(record).filter(|one| Some(one) != asked)?;
        Some(Self::new(&owner, explorer_address(&owner.as_typed()), links.pivot(&owner.to_string())))
    }

    /// The lead of what a record's data names: a name leads to the records that have it in their data.
    pub(in crate::page) fn of_data(
        record: &Record,
        asked: Option<&Indicator>,
        links: &Links,
    ) -> Option<Self> {
        let target = Indicator::of_target(&record.rdata, record.rrtype).filter(|one| Some(one) != asked)?;
        let value = target.as_typed();
        let explore = match target.host() {
            Host::Address(_) => explorer_address(&value),
            Host::Name(_) => explorer_address(&format!("rdata:{value}")),
        };
        Some(Self::new(&target, explore, links.pivot_from_data(&value)))
    }

    fn new(value: &Indicator, explore: String, on: String) -> Self {
        let word = match on.split('?').next() {
            Some("/run") => Some("Query"),
            Some("/history") => Some("History of"),
            // The page is the explorer itself.
            _ => None,
        };
        Self { value: value.to_string(), explore, on: word.map(|word| (on, word)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(rrtype: &str, rdata: &str) -> Record {
        let line = format!(r#"{{"rrname":"www.a.example","rrtype":"{rrtype}","rdata":"{rdata}"}}"#);
        let mut reader = cof::Reader::new(1_790_000_000);
        reader.feed(line.as_bytes());
        reader.close();
        reader.next().unwrap().unwrap()
    }

    /// Where a page leads on to.
    type On = Option<(String, &'static str)>;

    fn of(record: &Record, pivot: &str) -> [Option<(String, On)>; 2] {
        let links = Links::new("/runs/1", &[], pivot);
        [Lead::of_owner(record, None, &links), Lead::of_data(record, None, &links)]
            .map(|lead| lead.map(|lead| (lead.explore, lead.on)))
    }

    #[test]
    fn a_value_leads_to_the_explorer_and_on_from_the_page() {
        let on = |address: &str, word| Some((address.to_owned(), word));
        assert_eq!(
            of(&record("A", "192.0.2.1"), "/run?trail=1&value="),
            [
                Some((
                    "/explorer?q=www.a.example".to_owned(),
                    on("/run?trail=1&value=www.a.example", "Query")
                )),
                Some(("/explorer?q=192.0.2.1".to_owned(), on("/run?trail=1&value=192.0.2.1", "Query"))),
            ]
        );
        assert_eq!(
            of(&record("NS", "ns1.b.example"), "/history?value=")[1],
            Some((
                "/explorer?q=rdata%3Ans1.b.example".to_owned(),
                on("/history?value=ns1.b.example", "History of")
            ))
        );
        let [owner, data] = of(&record("TXT", "text"), "/explorer?q=");
        assert_eq!(owner, Some(("/explorer?q=www.a.example".to_owned(), None)));
        assert_eq!(data, None);
    }

    #[test]
    fn the_asked_value_leads_nowhere() {
        let asked = Indicator::parse("www.a.example").unwrap();
        let links = Links::new("/runs/1", &[], "/run?value=");
        assert!(Lead::of_owner(&record("A", "192.0.2.1"), Some(&asked), &links).is_none());
    }
}

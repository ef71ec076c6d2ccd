//! The filters of the library as its pages, its API and saved searches write them: [`Wish`], a query string.
//!
//! Pages take what they understand and ignore the rest, as addresses are typed and shared. [`Wish::checked`] refuses what a list would
//! ignore; it is for programs and for what is stored.

use edge::problem::Problem;
use operation::{IndicatorType, Marking};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use workbench::Error;
use workbench::library::{Filter, Order, Search, Status};

use crate::access::Fields;

/// Rows per page.
pub(crate) const PAGE: usize = 100;
/// The most indicators that are changed at once: as many as an investigation may have.
pub(crate) const MOST_CHOSEN: usize = workbench::investigation::MOST_MEMBERS;

/// The path of the library.
const PATH: &str = "/library";
/// The characters that are escaped in an address: all except the unreserved ones of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The filters, from an address or a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    pub(crate) q: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) status: String,
    /// A level of the Traffic Light Protocol, or `none`.
    pub(crate) tlp: String,
    pub(crate) tag: String,
    pub(crate) source: String,
    pub(crate) sort: String,
    pub(crate) removed: String,
    pub(crate) after: String,
    /// Whether the form to add indicators is open.
    pub(crate) add: String,
    /// The removal that can be undone, on the page that follows it.
    pub(crate) undo: String,
}

impl Wish {
    /// The filters in a submitted form.
    pub(crate) fn sent(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        Self {
            q: text("q"),
            kind: text("type"),
            status: text("status"),
            tlp: text("tlp"),
            tag: text("tag"),
            source: text("source"),
            sort: text("sort"),
            removed: text("removed"),
            ..Self::default()
        }
    }

    /// Reads a query string that is to be stored, and checks every part of it.
    ///
    /// # Errors
    /// A [`Problem`] that names the part which a list would ignore.
    pub(crate) fn checked(query: &str) -> Result<Self, Problem> {
        let wrong = |why: String| Problem::bad_request(format!("query: {why}"));
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|error| wrong(error.to_string()))?;
        let wish = Self::sent(&Fields(pairs.clone()));
        let known = wish.fields().map(|(name, _)| name);
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(wrong(format!("{name:?} is no filter: use {}", known.join(", "))));
        }
        for (name, is_known) in [
            ("type", IndicatorType::from_name(&wish.kind).is_some()),
            ("status", Status::from_name(&wish.status).is_some()),
            ("tlp", wish.tlp.parse::<Marking>().is_ok()),
            ("sort", wish.order().is_some()),
        ] {
            let value =
                wish.fields().into_iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
            if !is_known && !value.is_empty() {
                return Err(wrong(format!("{name} does not take {value:?}")));
            }
        }
        wish.filter().map_err(|error| wrong(error.to_string()))?;
        Ok(wish)
    }

    /// # Errors
    /// [`Error::Refused`] if no value can match the search.
    pub(crate) fn filter(&self) -> Result<Filter, Error> {
        let set = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(Filter {
            kind: IndicatorType::from_name(&self.kind),
            status: Status::from_name(&self.status),
            tlp: self.tlp.parse().ok(),
            tag: set(&self.tag),
            source: Some(self.source.clone()).filter(|source| !source.is_empty()),
            search: set(&self.q).as_deref().map(Search::parse).transpose()?,
            removed: !self.removed.is_empty(),
            order: self.order(),
            after: if self.after.is_empty() { None } else { self.after.parse().ok() },
            limit: PAGE,
        })
    }

    /// The filters, as forms and addresses name them.
    pub(crate) fn fields(&self) -> [(&'static str, &str); 8] {
        [
            ("q", &self.q),
            ("type", &self.kind),
            ("status", &self.status),
            ("tlp", &self.tlp),
            ("tag", &self.tag),
            ("source", &self.source),
            ("sort", &self.sort),
            ("removed", &self.removed),
        ]
    }

    pub(crate) fn order(&self) -> Option<Order> {
        Order::from_word(&self.sort)
    }

    /// The query string, without what is empty.
    pub(crate) fn query(&self) -> String {
        written(self.fields().into_iter())
    }

    /// The address of the list with some filters changed.
    pub(crate) fn address(&self, changes: &[(&str, &str)]) -> String {
        let now = self.fields().into_iter();
        let kept = now.filter(|(key, _)| !changes.iter().any(|(changed, _)| changed == key));
        let query = written(kept.chain(changes.iter().copied()));
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }
}

/// A query string of the pairs that are not empty.
pub(crate) fn written<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = pairs.filter(|(_, value)| !value.is_empty());
    let pairs = pairs.map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, ESCAPED)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_query_is_read_back_and_nothing_else_is_stored() {
        for (query, kept) in [
            ("", ""),
            ("status=Review&tag=parcel%20lures", "status=Review&tag=parcel%20lures"),
            ("tag=a+b&q=&sort=last-seen", "tag=a%20b&sort=last-seen"),
            (
                "q=*.example&type=IP+Address&tlp=none&removed=yes",
                "q=%2A.example&type=IP%20Address&tlp=none&removed=yes",
            ),
        ] {
            let wish = Wish::checked(query).unwrap();
            assert_eq!(wish.query(), kept, "{query}");
            assert_eq!(Wish::checked(kept).unwrap(), wish);
        }
        for (wrong, word) in [
            ("next=https%3A%2F%2Fevil.example", "is no filter"),
            ("status=Bad", "status does not take"),
            ("type=Hash", "type does not take"),
            ("tlp=blue", "tlp does not take"),
            ("sort=size", "sort does not take"),
            ("q=a*b", "only allowed at the beginning"),
            ("after=updated%3A1%3A1", "is no filter"),
            ("a b", "is no filter"),
        ] {
            let problem = Wish::checked(wrong).unwrap_err();
            assert!(problem.detail.contains(word), "{wrong}: {}", problem.detail);
        }
    }
}

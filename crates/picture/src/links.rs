//! The links of a picture: the same page with one change, or a run on another value.
//!
//! [`Links`] knows the page's path, the parameters of its query string, and the prefix of a pivot. It keeps every parameter
//! that it does not change, including those of other parts of the page. Values are untrusted: they are percent-encoded here,
//! and escaped for HTML by the template. Nothing here fails.

use std::net::IpAddr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Creates the links of a page.
#[derive(Clone, Debug)]
pub struct Links {
    path: String,
    parameters: Vec<(String, String)>,
    pivot: String,
    /// The same for records that have the value in their data, if the provider supports such queries.
    data_pivot: Option<String>,
}

/// All characters except the unreserved ones of RFC 3986, and the colon and comma, which are allowed in a query: addresses and
/// lists stay readable.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b',');

/// The message about the last change is shown once, so links do not repeat it.
const SAID: &str = "said";

impl Links {
    /// Links from `path`, which is trusted and already encoded, with the parameters of the page; `pivot` is the prefix of a run
    /// on another value, such as `/run?value=`.
    pub fn new(path: &str, parameters: &[(String, String)], pivot: &str) -> Self {
        let kept = parameters.iter().filter(|(name, _)| name != SAID).cloned();
        Self { path: path.to_owned(), parameters: kept.collect(), pivot: pivot.to_owned(), data_pivot: None }
    }

    /// Sets the prefix for values in the data of records, which leads to the records that have them in their data.
    #[must_use]
    pub fn with_data_pivot(mut self, pivot: Option<String>) -> Self {
        self.data_pivot = pivot;
        self
    }

    /// The page itself, without parameters: the target of a form.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// This page with parameters changed, or removed if the value is `None`; all others are kept.
    pub fn with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let names: Vec<&str> = changes.iter().map(|(name, _)| *name).collect();
        let kept = self.others(&names);
        let set = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let mut href = self.path.clone();
        for (at, (name, value)) in kept.chain(set).enumerate() {
            href.push(if at == 0 { '?' } else { '&' });
            href.extend(utf8_percent_encode(name, ENCODED));
            href.push('=');
            href.extend(utf8_percent_encode(value, ENCODED));
        }
        href
    }

    /// The parameters except these, which a form has to include.
    pub fn others<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let kept = self.parameters.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of a parameter of the page; empty if it is missing, and the last one if it is repeated.
    pub fn value(&self, name: &str) -> &str {
        self.parameters.iter().rfind(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A run on `value`. A single label gets the final dot that it needs.
    pub fn pivot(&self, value: &str) -> String {
        let dot = if value.contains(['.', ':']) { "" } else { "." };
        format!("{}{}{dot}", self.pivot, utf8_percent_encode(value, ENCODED))
    }

    /// A run on a value in the data of a record: for a name server, a query for what it serves, if the provider supports it. An
    /// address is always searched for in data.
    pub fn pivot_from_data(&self, value: &str) -> String {
        let is_name = value.parse::<IpAddr>().is_err();
        let prefix = self.data_pivot.as_ref().filter(|_| is_name).unwrap_or(&self.pivot);
        format!("{prefix}{}", utf8_percent_encode(value, ENCODED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(parameters: &[(&str, &str)]) -> Links {
        let parameters: Vec<_> = parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Links::new("/runs/412", &parameters, "/run?value=")
    }

    #[test]
    fn one_parameter_changes_and_the_others_stay() {
        let links = links(&[("at", "2022-06-01"), ("text", "a b&c=\"<"), ("at", "again")]);
        assert_eq!(links.with(&[("at", None)]), "/runs/412?text=a%20b%26c%3D%22%3C");
        assert_eq!(links.with(&[("at", Some("x"))]), "/runs/412?text=a%20b%26c%3D%22%3C&at=x");
        assert_eq!(links.with(&[("at", None), ("text", None)]), "/runs/412");
        assert_eq!(links.others(&["at"]).collect::<Vec<_>>(), [("text", "a b&c=\"<")]);
        assert_eq!((links.value("at"), links.value("none")), ("again", ""));
    }

    #[test]
    fn what_was_just_done_is_not_said_again() {
        let links = links(&[("said", "undone"), ("at", "2022-06-01")]);
        assert_eq!(links.with(&[]), "/runs/412?at=2022-06-01");
        assert_eq!(links.others(&[]).count(), 1);
    }

    #[test]
    fn a_name_in_data_is_asked_for_as_data_where_that_can_be_asked() {
        let links = links(&[]);
        assert_eq!(links.pivot_from_data("ns1.example"), "/run?value=ns1.example");
        let links = links.with_data_pivot(Some("/run?side=data&value=".to_owned()));
        assert_eq!(links.pivot_from_data("ns1.example"), "/run?side=data&value=ns1.example");
        assert_eq!(links.pivot_from_data("192.0.2.1"), "/run?value=192.0.2.1");
        assert_eq!(links.pivot("ns1.example"), "/run?value=ns1.example");
    }

    #[test]
    fn a_pivot_carries_any_value_whole() {
        let links = links(&[]);
        assert_eq!(links.pivot("com"), "/run?value=com.");
        assert_eq!(links.pivot("2001:db8::1"), "/run?value=2001:db8::1");
        assert_eq!(links.pivot(r#"a\"&b?#/%"#), "/run?value=a%5C%22%26b%3F%23%2F%25.");
    }
}

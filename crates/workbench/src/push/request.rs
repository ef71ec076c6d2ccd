//! What a push hands over, and how: [`Request`], and how it is stored.
//!
//! ```text
//! {"what": {"run": 7}, "rrtypes": ["A"], "seen_after": SECONDS or null, "seen_before": SECONDS or null,
//!  "only_added": false, "tlp": "GREEN" or null, "max_tlp": null, "options": {"event": "…"}}
//! ```
//! `what` is one of `{"run": ID}`, `{"history": VALUE}`, `{"investigation": ID}` and `{"library": {…}}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is handed over, and how. Texts are kept as they were written, and read when the push is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Request {
    /// What is handed over.
    pub what: What,
    /// Only records of these types.
    #[serde(default)]
    pub rrtypes: Vec<String>,
    /// Only records last seen at this time or later, in seconds since the epoch.
    #[serde(default)]
    pub seen_after: Option<u64>,
    /// Only records first seen at this time or earlier.
    #[serde(default)]
    pub seen_before: Option<u64>,
    /// Only records with findings that were added to the library.
    #[serde(default)]
    pub only_added: bool,
    /// Everything is marked at least with this level.
    #[serde(default)]
    pub tlp: Option<String>,
    /// Nothing that is marked stricter is sent, even if the platform may get it.
    #[serde(default)]
    pub max_tlp: Option<String>,
    /// What only one platform has, such as the event to send to.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The answer of the run with this number.
    Run(i64),
    /// What all operations answered about this value.
    History(String),
    /// The investigation with this number.
    Investigation(i64),
    /// A part of the threat library.
    Library(LibraryPart),
}

/// A part of the threat library; the whole of it if nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct LibraryPart {
    /// Only this type.
    #[serde(default)]
    pub r#type: Option<String>,
    /// Only this status.
    #[serde(default)]
    pub status: Option<String>,
    /// Only indicators with this source.
    #[serde(default)]
    pub source: Option<String>,
    /// Only indicators with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// Only indicators marked with this level, or `none`.
    #[serde(default)]
    pub marked: Option<String>,
    /// Only values that match this search.
    #[serde(default)]
    pub search: Option<String>,
}

impl Request {
    /// All that this source has.
    pub fn of(what: What) -> Self {
        Self {
            what,
            rrtypes: Vec::new(),
            seen_after: None,
            seen_before: None,
            only_added: false,
            tlp: None,
            max_tlp: None,
            options: BTreeMap::new(),
        }
    }

    /// The stored form.
    pub(super) fn written(&self) -> String {
        // It consists of texts and numbers, which always can be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the stored form; `None` if it is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        let part = LibraryPart { status: Some("Review".to_owned()), ..LibraryPart::default() };
        let library = Request {
            rrtypes: vec!["A".to_owned()],
            seen_after: Some(5),
            only_added: true,
            tlp: Some("GREEN".to_owned()),
            options: [("event".to_owned(), "x".to_owned())].into(),
            ..Request::of(What::Library(part))
        };
        for request in
            [Request::of(What::Run(7)), Request::of(What::History("a.example".to_owned())), library]
        {
            assert_eq!(Request::read(&request.written()), Some(request));
        }
        assert!(Request::of(What::Run(7)).written().starts_with(r#"{"what":{"run":7},"#));
        assert_eq!(Request::read("{}"), None);
    }
}

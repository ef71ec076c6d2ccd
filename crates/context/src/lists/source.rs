//! Reads the JSON of a warning list: [`read`].
//!
//! The format is MISP's: an object with `name`, `description`, `version`, `type`, `matching_attributes` and `list`; other members
//! are skipped. Sizes are bounded while reading, so that a hostile file does not fill the memory.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::ListError;
use crate::text::clean;

/// The largest file, in bytes: the largest list of the MISP project has 25 MB.
pub const MAX_BYTES: usize = 64 << 20;
/// The most entries of a list.
pub const MAX_ENTRIES: usize = 5_000_000;
/// The longest name and description, in characters.
const MAX_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 1_000;
/// The most kinds of attributes; MISP has fewer than 200.
const MAX_ATTRIBUTES: usize = 1_000;

/// The kinds of attributes, as MISP names them, that are names or addresses.
const OF_HOSTS: [&str; 12] = [
    "domain",
    "domain|ip",
    "hostname",
    "hostname|port",
    "ip-dst",
    "ip-dst|port",
    "ip-src",
    "ip-src|port",
    "passive-dns",
    "uri",
    "url",
    "dns-soa-email",
];

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Addresses and networks.
    Cidr,
    /// Names that stand for themselves and everything below them.
    Hostname,
    /// Regular expressions.
    Regex,
    /// Whole values. An entry with a leading dot, which no value has, stands for everything at and below the name after it.
    String,
    /// Parts of values.
    Substring,
}

/// A list as it was written.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) version: u64,
    pub(super) kind: Kind,
    /// Whether it is about names or addresses, and not only about hashes, telephone numbers and so on.
    pub(super) applies: bool,
    pub(super) entries: Vec<Cow<'a, str>>,
}

impl Kind {
    /// The word for it in the format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Cidr => "cidr",
            Self::Hostname => "hostname",
            Self::Regex => "regex",
            Self::String => "string",
            Self::Substring => "substring",
        }
    }

    fn of(word: &str) -> Option<Self> {
        let all = [Self::Cidr, Self::Hostname, Self::Regex, Self::String, Self::Substring];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

#[derive(Deserialize)]
struct Written<'a> {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default, deserialize_with = "version")]
    version: u64,
    r#type: String,
    #[serde(default)]
    matching_attributes: Vec<String>,
    #[serde(borrow)]
    list: Entries<'a>,
}

struct Entries<'a>(Vec<Cow<'a, str>>);

/// Reads a list.
///
/// # Errors
/// [`ListError`] of the user's kind.
pub(super) fn read(text: &[u8]) -> Result<Source<'_>, ListError> {
    if text.len() > MAX_BYTES {
        return Err(ListError::Large(format!(
            "the file has {} bytes, and {MAX_BYTES} are the limit; split the list into several with different names",
            text.len()
        )));
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let written: Written<'_> = serde_json::from_slice(text)?;
    let name = clean(&written.name, MAX_NAME);
    if name.is_empty() {
        return Err(ListError::Member("its name is empty; give it a name".to_owned()));
    }
    let kind = Kind::of(&written.r#type).ok_or_else(|| {
        let given = clean(&written.r#type, 40);
        ListError::Member(format!(
            "its type {given:?} is none of cidr, hostname, regex, string and substring"
        ))
    })?;
    let attributes = &written.matching_attributes;
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(ListError::Large(format!(
            "it has more than {MAX_ATTRIBUTES} matching attributes, which is the limit"
        )));
    }
    let is_of_hosts = |attribute: &String| OF_HOSTS.contains(&attribute.trim());
    Ok(Source {
        name,
        description: clean(&written.description, MAX_DESCRIPTION),
        version: written.version,
        kind,
        applies: attributes.is_empty() || attributes.iter().any(is_of_hosts),
        entries: written.list.0,
    })
}

/// A version is a number; some files write it as text.
fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Version {
        Number(u64),
        Text(String),
    }
    match Version::deserialize(deserializer)? {
        Version::Number(number) => Ok(number),
        Version::Text(text) => {
            text.trim().parse().map_err(|_| D::Error::custom("the version is not a whole number"))
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Collect).map(Self)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Vec<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Text(entry)) = seq.next_element::<Text<'de>>()? {
            if entries.len() == MAX_ENTRIES {
                return Err(A::Error::custom(format_args!(
                    "more than {MAX_ENTRIES} entries, which is the limit"
                )));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// A text that is borrowed from the file unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Borrow).map(Self)
    }
}

struct Borrow;

impl<'de> Visitor<'de> for Borrow {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_list_is_read_with_what_it_says_about_itself() {
        let text = r#"{"name": " Example\u202e list ", "description": "d", "version": "7", "type": "hostname",
            "matching_attributes": ["domain", "url"], "list": ["a.example", "b\u002eexample"], "more": {"x": [1]}}"#;
        let source = read(text.as_bytes()).unwrap();
        assert_eq!((source.name.as_str(), source.version, source.kind), ("Example list", 7, Kind::Hostname));
        assert!(source.applies);
        assert_eq!(source.entries, ["a.example", "b.example"]);
        let hashes =
            read(br#"{"name": "h", "type": "string", "matching_attributes": ["md5"], "list": []}"#).unwrap();
        assert!(!hashes.applies);
        assert!(read(br#"{"name": "h", "type": "cidr", "list": []}"#).unwrap().applies);
    }

    #[test]
    fn what_is_no_list_is_refused_with_the_reason() {
        assert!(error("no json").starts_with("not a warning list: expected ident"));
        assert!(error("{}").contains("missing field `name`"));
        assert!(error(r#"{"name": " ", "type": "cidr", "list": []}"#).contains("its name is empty"));
        assert!(error(r#"{"name": "n", "type": "ip", "list": []}"#).contains("\"ip\" is none of cidr"));
        assert!(error(r#"{"name": "n", "type": "cidr", "list": [1]}"#).contains("expected a text"));
        assert!(error(r#"{"name": "n", "type": "cidr", "list": {}}"#).contains("expected an array of texts"));
        assert!(error(r#"{"name": "n", "version": "x", "type": "cidr", "list": []}"#).contains("version"));
        assert!(error(&format!("{}1{}", "[".repeat(500), "]".repeat(500))).contains("not a warning list"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<Vec<u8>>()) {
            let _ = read(&text);
        }
    }
}

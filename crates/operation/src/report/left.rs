//! What a text has besides indicators: [`LeftOut`], one for each [`Kind`], and all of them in one [`sentence`].

use std::fmt;

use super::Place;
use crate::Other;
use crate::shown::thousands;

/// How many examples of a kind are kept.
const MOST_EXAMPLES: usize = 20;

/// The longest example, in characters: enough for every hash.
const LONGEST_EXAMPLE: usize = 160;

/// A kind of text that is no indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// An e-mail address. Its domain is not taken, because it usually belongs to a provider or to the recipient.
    Email,
    /// It looks like a name or an address but is not valid.
    Invalid,
    /// A network or range with too many addresses to be offered, or one that cannot be read.
    Network,
    /// A kind that every value is checked for.
    Other(Other),
    /// A sum of money.
    Price,
    /// The name of a program, such as ASP.NET.
    Program,
    /// A name whose top-level domain is neither delegated nor reserved.
    UnknownTop,
}

/// The values of a kind that were left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The kind.
    pub kind: Kind,
    /// How many different ones there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One value that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// As it is written, cut with an ellipsis if it is long.
    pub written: String,
    /// Where it is first.
    pub place: Place,
}

impl Kind {
    /// What one and what several of them are called in [`sentence`], where similar kinds are one.
    pub const fn nouns(self) -> (&'static str, &'static str) {
        match self {
            Self::Email => ("e-mail address", "e-mail addresses"),
            Self::Invalid => ("invalid name or address", "invalid names or addresses"),
            Self::Network => ("large network", "large networks"),
            Self::Other(other) => nouns_of(other),
            Self::Price => ("price", "prices"),
            Self::Program => ("name of a program", "names of programs"),
            Self::UnknownTop => {
                ("name with an unknown top-level domain", "names with an unknown top-level domain")
            }
        }
    }

    /// Why they are left out, if their name does not say it.
    pub const fn explanation(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("The domain of an e-mail address is not taken as an indicator."),
            Self::Network => Some(
                "A network of more than 256 addresses is not offered: enter its addresses, or a smaller one.",
            ),
            Self::UnknownTop => Some(
                "A name is only taken if its top-level domain is delegated or reserved, or if it is defanged or in a URL.",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// One of them, with the article, as in [`Other`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(other) => other.fmt(f),
            kind => {
                let (one, _) = kind.nouns();
                let article = if one.starts_with(['a', 'e', 'i']) { "an" } else { "a" };
                f.pad(&format!("{article} {one}"))
            }
        }
    }
}

impl LeftOut {
    pub(super) const fn new(kind: Kind) -> Self {
        Self { kind, count: 0, examples: Vec::new() }
    }

    /// Counts one more, and keeps it as an example if there is room. `place` is only asked for then.
    pub(super) fn add(&mut self, written: &str, place: impl FnOnce() -> Place) {
        self.count += 1;
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push(Example { written: cut(written), place: place() });
        }
    }
}

/// All that was left out, in one sentence: "3 hashes, 2 e-mail addresses and 1 price left out". `None` if it is nothing.
pub fn sentence(all: &[LeftOut]) -> Option<String> {
    let mut groups: Vec<((&str, &str), u64)> = Vec::new();
    for one in all.iter().filter(|one| one.count > 0) {
        let nouns = one.kind.nouns();
        match groups.iter_mut().find(|(group, _)| *group == nouns) {
            Some((_, count)) => *count += one.count,
            None => groups.push((nouns, one.count)),
        }
    }
    let named = |((one, several), count): &((&str, &str), u64)| {
        let number = thousands(*count);
        [number.as_str(), " ", if *count == 1 { one } else { several }].concat()
    };
    let parts: Vec<String> = groups.iter().map(named).collect();
    let (last, first) = parts.split_last()?;
    Some(if first.is_empty() {
        format!("{last} left out")
    } else {
        format!("{} and {last} left out", first.join(", "))
    })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const fn nouns_of(other: Other) -> (&'static str, &'static str) {
    match other {
        Other::AsNumber => ("AS number", "AS numbers"),
        Other::Attack => ("identifier of MITRE ATT&CK", "identifiers of MITRE ATT&CK"),
        Other::Bitcoin | Other::Ethereum => ("cryptocurrency address", "cryptocurrency addresses"),
        Other::Cve => ("identifier of a vulnerability", "identifiers of vulnerabilities"),
        Other::Date => ("date", "dates"),
        Other::FileName => ("file name", "file names"),
        Other::FilePath => ("file path", "file paths"),
        Other::Fingerprint | Other::Ja4 | Other::Jarm => ("fingerprint", "fingerprints"),
        Other::Guid => ("GUID", "GUIDs"),
        Other::Mac => ("MAC address", "MAC addresses"),
        Other::Md5
        | Other::Sha1
        | Other::Sha224
        | Other::Sha256
        | Other::Sha384
        | Other::Sha512
        | Other::Ssdeep
        | Other::Tlsh => ("hash", "hashes"),
        Other::Port => ("port", "ports"),
        Other::RegistryKey => ("registry key", "registry keys"),
        Other::SecurityId => ("security identifier", "security identifiers"),
        Other::Time => ("time of day", "times of day"),
        Other::Uri => ("URI without a host", "URIs without a host"),
        Other::UserAgent => ("user agent", "user agents"),
        Other::Version => ("version number", "version numbers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_kinds_are_one_in_the_sentence() {
        let said = |counts: &[(Kind, u64)]| {
            let all = counts.iter().map(|(kind, count)| LeftOut { count: *count, ..LeftOut::new(*kind) });
            sentence(&all.collect::<Vec<_>>())
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[(Kind::Price, 0)]), None);
        assert_eq!(said(&[(Kind::Price, 1)]).as_deref(), Some("1 price left out"));
        let mixed = [
            (Kind::Other(Other::Md5), 1),
            (Kind::Email, 2),
            (Kind::Other(Other::Sha256), 1_200),
            (Kind::Price, 1),
        ];
        assert_eq!(said(&mixed).as_deref(), Some("1,201 hashes, 2 e-mail addresses and 1 price left out"));
    }

    #[test]
    fn a_kind_has_its_article() {
        for (kind, text) in [
            (Kind::Email, "an e-mail address"),
            (Kind::Invalid, "an invalid name or address"),
            (Kind::Price, "a price"),
            (Kind::Other(Other::Sha1), "a SHA-1 hash"),
        ] {
            assert_eq!(kind.to_string(), text);
        }
    }

    #[test]
    fn examples_are_few_and_short() {
        let mut left = LeftOut::new(Kind::Email);
        for _ in 0..100 {
            left.add(&"ä".repeat(1_000), || Place { line: 1, column: 1, bytes: 0..1 });
        }
        assert_eq!((left.count, left.examples.len()), (100, MOST_EXAMPLES));
        assert_eq!(left.examples[0].written.chars().count(), LONGEST_EXAMPLE + 1);
    }
}

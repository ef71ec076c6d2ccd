//! A [`Handover`] in one of the kinds of documents: [`write`].

use crate::misp::Distribution;
use crate::{Handover, Refusal, flat, misp, stix};

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Records in the Common Output Format.
    Cof,
    /// A table for spreadsheets.
    Csv,
    /// One JSON object.
    Json,
    /// A MISP event.
    Misp,
    /// A bundle of STIX 2.1.
    Stix,
}

/// How a document is written; each applies to one kind of documents and is ignored by the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Who gets the event of MISP.
    pub distribution: Distribution,
    /// See [`stix::Style::related`].
    pub related: bool,
    /// Whether names and addresses in CSV are written so that no program takes them for links.
    pub defang: bool,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its text.
    pub text: String,
    /// How many records it cannot express.
    pub left_out: usize,
}

/// Writes a document.
///
/// # Errors
/// [`Refusal`] if the marking does not allow it.
pub fn write(handover: &Handover, format: Format, manner: Manner) -> Result<Written, Refusal> {
    let whole = |text| Ok(Written { text, left_out: 0 });
    match format {
        Format::Cof => whole(flat::cof(handover)),
        Format::Csv => whole(flat::csv(handover, manner.defang)),
        Format::Json => whole(flat::json(handover)),
        Format::Misp => whole(misp::event(handover, manner.distribution)?.to_json()),
        Format::Stix => {
            let bundle = stix::bundle(handover, stix::Style { related: manner.related });
            Ok(Written { text: bundle.to_json(), left_out: bundle.left_out })
        }
    }
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Stix, Self::Misp, Self::Csv, Self::Cof, Self::Json];

    /// Its word in options and addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cof => "cof",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Misp => "misp",
            Self::Stix => "stix",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// How the names of its files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Cof => "ndjson",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Misp => "misp.json",
            Self::Stix => "stix.json",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Cof => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Json | Self::Misp => "application/json",
            Self::Stix => "application/stix+json;version=2.1",
        }
    }
}

impl Handover {
    /// A name for a file, of letters, digits and hyphens, without its ending.
    pub fn file_name(&self) -> String {
        let mut name = String::new();
        for character in self.title.chars().take(80) {
            if character.is_ascii_alphanumeric() || character == '.' {
                name.push(character.to_ascii_lowercase());
            } else if !name.ends_with('-') {
                name.push('-');
            }
        }
        let name = name.trim_matches(['-', '.']);
        if name.is_empty() { "handover".to_owned() } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::matter;
    use crate::{Matter, Terms};

    #[test]
    fn every_kind_is_written_and_named() {
        let handover = Handover::new(matter(), &Terms::default()).unwrap();
        for format in Format::ALL {
            let written = write(&handover, format, Manner::default()).unwrap();
            assert!(written.text.ends_with('\n'), "{format:?}");
            assert_eq!(Format::from_word(format.word()), Some(format));
            assert!(!format.ending().is_empty() && format.media_type().contains('/'));
        }
        assert_eq!(Format::from_word("pdf"), None);
    }

    #[test]
    fn a_file_has_a_plain_name() {
        for (title, name) in [
            ("Campaign 7", "campaign-7"),
            ("Passive DNS of 2001:db8::1", "passive-dns-of-2001-db8-1"),
            ("../../etc/passwd\"\r\n", "etc-passwd"),
            ("\u{202e}…", "handover"),
        ] {
            let named = Matter { title: title.to_owned(), ..matter() };
            assert_eq!(Handover::new(named, &Terms::default()).unwrap().file_name(), name, "{title:?}");
        }
    }
}

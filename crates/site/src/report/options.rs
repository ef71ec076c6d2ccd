//! What a report contains: its [`Section`]s, and whether values are defanged.

use std::fmt;
use std::str::FromStr;

/// What a reader or a command wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether names, addresses and URLs are written so that nobody clicks them by mistake.
    pub defang: bool,
    /// The sections, in any order. Title, marking, summary and completeness are always there.
    pub sections: Vec<Section>,
}

/// A part of a report that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What was asked, by whom, and how complete each operation's answers are.
    Asked,
    /// The members with verdict, marking and status.
    Members,
    /// What the members share.
    Shared,
    /// The members over time.
    Timeline,
    /// What runs added to the library.
    Findings,
    /// What was left out, and why.
    LeftOut,
    /// The notes of users.
    Notes,
    /// The source reports.
    Sources,
}

/// A text that names no section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a section: write asked, members, shared, timeline, findings, left-out, notes or sources"
)]
pub struct SectionError(String);

impl Options {
    /// The options in the parameters of a page. Its form sends `chosen`, because a box that is not ticked is not sent; without it,
    /// what is missing is on. Unknown sections are ignored.
    pub(crate) fn of_page(pairs: &[(String, String)]) -> Self {
        let values = |wanted: &str| {
            let wanted = wanted.to_owned();
            pairs.iter().filter(move |(name, _)| *name == wanted).map(|(_, value)| value.as_str())
        };
        let is_chosen = values("chosen").next().is_some();
        let named: Vec<Section> =
            values("section").flat_map(|list| list.split(',')).filter_map(|word| word.parse().ok()).collect();
        Self {
            defang: if is_chosen {
                values("defang").next().is_some()
            } else {
                values("defang").all(|word| word != "false")
            },
            sections: if is_chosen || values("section").next().is_some() {
                named
            } else {
                Section::ALL.to_vec()
            },
        }
    }

    /// Sections separated by commas; all of them if there is no text.
    ///
    /// # Errors
    /// [`SectionError`] names a word that is no section.
    pub fn sections(list: Option<&str>) -> Result<Vec<Section>, SectionError> {
        list.map_or_else(|| Ok(Section::ALL.to_vec()), |list| list.split(',').map(str::parse).collect())
    }

    /// The parameters of an address with these options.
    pub(crate) fn query(&self) -> String {
        let words: Vec<&str> =
            Section::ALL.into_iter().filter(|section| self.has(*section)).map(Section::word).collect();
        format!("defang={}&section={}", self.defang, words.join(","))
    }

    /// Whether a section is wanted.
    pub(crate) fn has(&self, section: Section) -> bool {
        self.sections.contains(&section)
    }
}

impl Default for Options {
    /// Everything, defanged.
    fn default() -> Self {
        Self { defang: true, sections: Section::ALL.to_vec() }
    }
}

impl Section {
    /// All of them, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Asked,
        Self::Members,
        Self::Shared,
        Self::Timeline,
        Self::Findings,
        Self::LeftOut,
        Self::Notes,
        Self::Sources,
    ];

    /// Its word in addresses and options.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Members => "members",
            Self::Shared => "shared",
            Self::Timeline => "timeline",
            Self::Findings => "findings",
            Self::LeftOut => "left-out",
            Self::Notes => "notes",
            Self::Sources => "sources",
        }
    }

    /// Its name on pages.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Asked => "What was asked",
            Self::Members => "Members",
            Self::Shared => "Shared",
            Self::Timeline => "Timeline",
            Self::Findings => "Findings added",
            Self::LeftOut => "Left out",
            Self::Notes => "Notes",
            Self::Sources => "Sources",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Section {
    type Err = SectionError;

    fn from_str(text: &str) -> Result<Self, SectionError> {
        let word = text.trim();
        let found = Self::ALL.into_iter().find(|section| section.word().eq_ignore_ascii_case(word));
        found.ok_or_else(|| SectionError(word.chars().take(40).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_page(pairs: &[(&str, &str)]) -> Options {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Options::of_page(&pairs)
    }

    #[test]
    fn a_form_says_what_is_off_and_an_address_without_it_leaves_everything_on() {
        assert_eq!(of_page(&[]), Options::default());
        assert_eq!(of_page(&[("said", "edited"), ("section", "x")]).sections, []);
        let two = of_page(&[("chosen", "yes"), ("section", "notes"), ("section", "shared")]);
        assert_eq!(two, Options { defang: false, sections: vec![Section::Notes, Section::Shared] });
        assert_eq!(
            of_page(&[("chosen", "yes"), ("defang", "true")]),
            Options { defang: true, sections: vec![] }
        );
        assert!(!of_page(&[("defang", "false")]).defang);
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        for options in [
            Options::default(),
            Options { defang: false, sections: vec![Section::LeftOut] },
            Options { defang: true, sections: vec![] },
        ] {
            let query = options.query();
            let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&query).unwrap();
            assert_eq!(Options::of_page(&pairs), options, "{query}");
        }
    }

    #[test]
    fn a_section_is_a_word() {
        assert_eq!(
            Options::sections(Some("Members, left-out")),
            Ok(vec![Section::Members, Section::LeftOut])
        );
        assert_eq!(Options::sections(None).unwrap().len(), 8);
        let error = Options::sections(Some("members,nope")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"nope\" is not a section: write asked, members, shared, timeline, findings, left-out, notes or sources"
        );
        assert!(Section::ALL.iter().all(|section| section.to_string().parse() == Ok(*section)));
    }
}

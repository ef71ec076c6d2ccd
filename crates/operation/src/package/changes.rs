//! The change log of a package: the tables `[[changes]]` of its manifest.
//!
//! ```text
//! [[changes]]
//! version = "1.1.0"
//! date = "2026-11-29"                      # optional
//! text = ["Accepts IPv6 addresses.", "Page Size is new."]
//! ```
//!
//! One table per version, newest first; none is newer than the package. A manifest may come from a stranger, so all of it is bounded.

use semver::Version;
use serde::Deserialize;
use toml::Spanned;

use super::ManifestError;
use super::manifest::Source;

/// The most versions in a change log.
const VERSIONS: usize = 100;
/// The most changes of one version.
const CHANGES: usize = 50;
/// The longest description of a change, in characters.
const LENGTH: usize = 500;

/// What changed in one version of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version.
    pub version: Version,
    /// The day of its publication, as `2026-11-29`.
    pub date: Option<String>,
    /// Its changes, a sentence or two each.
    pub changes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileRelease {
    version: Spanned<String>,
    date: Option<Spanned<String>>,
    text: Spanned<Vec<Spanned<String>>>,
}

impl Source<'_> {
    /// The change log of a package of this version.
    pub(super) fn releases(
        &self,
        files: Vec<FileRelease>,
        package: &Version,
    ) -> Result<Vec<Release>, ManifestError> {
        let mut releases: Vec<Release> = Vec::new();
        for file in files {
            let span = file.version.span();
            let release = self.release(file)?;
            if releases.len() == VERSIONS {
                return Err(self.error(span, format!("a change log has at most {VERSIONS} versions")));
            }
            if release.version > *package {
                return Err(self.error(span, format!("newer than this package, which is {package}")));
            }
            if releases.last().is_some_and(|newer| newer.version <= release.version) {
                return Err(self.error(span, "versions are listed once, the newest first"));
            }
            releases.push(release);
        }
        Ok(releases)
    }

    fn release(&self, file: FileRelease) -> Result<Release, ManifestError> {
        if let Some(date) = &file.date
            && (date.get_ref().len() != "2026-11-29".len() || cof::time::parse_date(date.get_ref()).is_none())
        {
            return Err(self.error(date.span(), "a date is written as 2026-11-29"));
        }
        let (span, changes) = (file.text.span(), file.text.into_inner());
        if !(1..=CHANGES).contains(&changes.len()) {
            return Err(self.error(span, format!("a version has 1 to {CHANGES} changes")));
        }
        Ok(Release {
            version: self.version(&file.version)?,
            date: file.date.map(Spanned::into_inner),
            changes: changes.iter().map(|change| self.change(change)).collect::<Result<_, _>>()?,
        })
    }

    fn change(&self, change: &Spanned<String>) -> Result<String, ManifestError> {
        let text = change.get_ref().replace('\n', " ").trim().to_owned();
        if text.is_empty() || text.chars().count() > LENGTH || text.chars().any(char::is_control) {
            let message =
                format!("a change is a text of up to {LENGTH} characters without control characters");
            return Err(self.error(change.span(), message));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use crate::Package;

    const SOUND: &str = include_str!("../../packages/circl-passive-dns-1.2.0.toml");

    fn with(changes: &str) -> Result<Package, String> {
        Package::parse("test.toml", &format!("{SOUND}\n{changes}")).map_err(|error| error.to_string())
    }

    fn table(version: &str, rest: &str) -> String {
        format!("[[changes]]\nversion = \"{version}\"\n{rest}\n")
    }

    #[test]
    fn what_changed_since_a_version_is_known() {
        assert_eq!(Package::parse("test.toml", SOUND).unwrap().changes, []);
        let log = table("1.2.0", "date = \"2026-11-29\"\ntext = [\"A.\", \"\"\"\\\n  B,\nand C.\"\"\"]")
            + &table("1.1.0", "text = [\"D.\"]");
        let package = with(&log).unwrap();
        assert_eq!(package.changes[0].changes, ["A.", "B, and C."]);
        let since = |version: &str| -> Vec<String> {
            package
                .changes_since(&version.parse().unwrap())
                .map(|release| release.version.to_string())
                .collect()
        };
        assert_eq!(since("1.0.0"), ["1.2.0", "1.1.0"]);
        assert_eq!(since("1.1.0"), ["1.2.0"]);
        assert_eq!(since("1.2.0"), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_pointed_at() {
        let text = "text = [\"A.\"]";
        for (log, message) in [
            (table("1.3.0", text), "newer than this package, which is 1.2.0"),
            (table("1.1.0", text) + &table("1.2.0", text), "the newest first"),
            (table("1.1.0", text) + &table("1.1.0", text), "listed once"),
            (table("1.1", text), "not a semantic version"),
            (table("1.1.0", "text = []"), "1 to 50 changes"),
            (table("1.1.0", &format!("text = [{}]", "\"A.\", ".repeat(51))), "1 to 50 changes"),
            (table("1.1.0", &format!("text = [\"{}\"]", "a".repeat(501))), "up to 500 characters"),
            (table("1.1.0", "text = [\"a\\u001bb\"]"), "without control characters"),
            (table("1.1.0", "text = [\" \"]"), "up to 500 characters"),
            (table("1.1.0", &format!("date = \"29.11.2026\"\n{text}")), "2026-11-29"),
            (table("1.1.0", &format!("date = \"2026-13-29\"\n{text}")), "2026-11-29"),
            (table("1.1.0", &format!("author = \"A\"\n{text}")), "unknown field `author`"),
            ((0..101).rev().map(|n| table(&format!("0.{n}.0"), text)).collect(), "at most 100 versions"),
        ] {
            let shown = with(&log).unwrap_err();
            assert!(shown.contains(message) && shown.contains('^'), "{message}: {shown}");
        }
    }
}

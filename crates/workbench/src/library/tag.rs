//! Tags: words that users put on indicators, to find them again. [`Tag`] is a checked one.
//!
//! Two tags that differ in case alone are one; it is shown as it was first written. A tag that no indicator has any more is forgotten.
//! What adds or finds an indicator again leaves its tags as they are.
//!
//! Errors: [`TagError`] says what is wrong with a text. Limits are conflicts.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use crate::database::{Change, Problem};
use crate::text::printable;
use crate::{Error, Workbench};

/// The longest tag, in characters: it is a word or two beside a value.
const LONGEST: usize = 50;
/// The most tags of an indicator.
pub const MOST_TAGS: usize = 50;
/// The most tags in one list.
const MOST_NAMED: usize = 2 * MOST_TAGS;
/// The most different tags of a library: people choose them from a list.
const MOST_DIFFERENT: i64 = 10_000;
/// The most tags that are listed.
const MOST_LISTED: i64 = 500;

/// A tag as it was written, with single blanks: 1 to 50 printable characters and no comma, which separates tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

/// Why a text is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// It has a comma.
    #[error("a tag has no comma, because commas separate tags")]
    Comma,
    /// It has no characters but blanks.
    #[error("a tag needs at least one character")]
    Empty,
    /// A list has more than 100 different ones.
    #[error("at most {MOST_NAMED} tags can be named at once")]
    Many,
    /// It is longer than 50 characters.
    #[error("a tag has at most {LONGEST} characters")]
    Long,
    /// It has control characters or invisible ones.
    #[error("a tag can only have printable characters")]
    Unprintable,
}

impl Tag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which tags are compared.
    fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The tags in a text, which commas separate; nothing between two of them is no tag.
    ///
    /// # Errors
    /// [`TagError`] of the first that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, TagError> {
        Self::several(text.split(',').filter(|one| !one.trim().is_empty()))
    }

    /// The tags in texts, each once.
    ///
    /// # Errors
    /// [`TagError`] of the first that is none, or if there are more than 100.
    pub fn several<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Self>, TagError> {
        let mut tags: Vec<Self> = Vec::new();
        for text in texts {
            let tag: Self = text.parse()?;
            if tags.iter().any(|known| known.folded() == tag.folded()) {
                continue;
            }
            if tags.len() == MOST_NAMED {
                return Err(TagError::Many);
            }
            tags.push(tag);
        }
        Ok(tags)
    }
}

impl FromStr for Tag {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        // Blanks of other kinds are not printable, so only plain ones are merged.
        let text = text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            Err(TagError::Empty)
        } else if text.chars().count() > LONGEST {
            Err(TagError::Long)
        } else if text.contains(',') {
            Err(TagError::Comma)
        } else if printable(&text) != text {
            Err(TagError::Unprintable)
        } else {
            Ok(Self(text))
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Workbench {
    /// The tags that are in use, sorted; the first 500.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn tags(&self) -> Result<Vec<String>, Error> {
        self.read(|database| {
            let mut statement = database.prepare_cached("SELECT name FROM tags ORDER BY folded LIMIT ?")?;
            Ok(statement.query_map([MOST_LISTED], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }
}

/// The number of a tag that is in use; `None` for any other text.
pub(super) fn find_tag(database: &Connection, text: &str) -> Result<Option<i64>, Problem> {
    let Ok(tag) = text.parse::<Tag>() else { return Ok(None) };
    let mut statement = database.prepare_cached("SELECT id FROM tags WHERE folded = ?")?;
    Ok(statement.query_row([tag.folded()], |row| row.get(0)).optional()?)
}

/// The tags of an indicator, sorted.
pub(super) fn tags_of(database: &Connection, indicator: i64) -> Result<Vec<String>, Problem> {
    let sql = "SELECT t.name FROM indicator_tags g JOIN tags t ON t.id = g.tag WHERE g.indicator = ? ORDER BY t.folded";
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_map([indicator], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

impl Change<'_> {
    /// Puts tags on an indicator and takes others off; records what changed.
    pub(super) fn set_tags(&self, indicator: (i64, &str), tag: &[Tag], untag: &[Tag]) -> Result<(), Problem> {
        let (id, value) = indicator;
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for one in untag {
            if self.untag(id, one)? {
                removed.push(one.as_str());
            }
        }
        for one in tag {
            if self.tag(id, one)? {
                added.push(one.as_str());
            }
        }
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        let sql = "SELECT count(*) FROM indicator_tags WHERE indicator = ?";
        let count: i64 = self.transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        if usize::try_from(count).unwrap_or(usize::MAX) > MOST_TAGS && !added.is_empty() {
            let why =
                format!("{value} would have {count} tags, and {MOST_TAGS} are the most: take some off first");
            return Err(Problem::conflict(why));
        }
        self.touch(id)?;
        self.audit("indicator.tag", value, &json!({"added": added, "removed": removed}))
    }

    fn tag(&self, indicator: i64, tag: &Tag) -> Result<bool, Problem> {
        let row = match find_tag(&self.transaction, tag.as_str())? {
            Some(row) => row,
            None => self.insert_tag(tag)?,
        };
        let sql =
            "INSERT OR IGNORE INTO indicator_tags (indicator, tag, actor, added_at) VALUES (?, ?, ?, ?)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        Ok(statement.execute((indicator, row, self.actor, self.at))? > 0)
    }

    fn insert_tag(&self, tag: &Tag) -> Result<i64, Problem> {
        let count: i64 = self.transaction.query_row("SELECT count(*) FROM tags", [], |row| row.get(0))?;
        if count >= MOST_DIFFERENT {
            let why = format!("there are {count} different tags, which are the most: use one of them");
            return Err(Problem::conflict(why));
        }
        let mut statement =
            self.transaction.prepare_cached("INSERT INTO tags (name, folded) VALUES (?, ?)")?;
        Ok(statement.insert((tag.as_str(), tag.folded()))?)
    }

    fn untag(&self, indicator: i64, tag: &Tag) -> Result<bool, Problem> {
        let Some(row) = find_tag(&self.transaction, tag.as_str())? else { return Ok(false) };
        let sql = "DELETE FROM indicator_tags WHERE indicator = ? AND tag = ?";
        let gone = self.transaction.prepare_cached(sql)?.execute((indicator, row))? > 0;
        let sweep =
            "DELETE FROM tags WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM indicator_tags WHERE tag = ?1)";
        self.transaction.prepare_cached(sweep)?.execute([row])?;
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_short_printable_text() {
        for (text, tag) in [
            ("APT28", Ok("APT28")),
            ("  two   words ", Ok("two words")),
            ("misp-galaxy:threat-actor=\"Sofacy\"", Ok("misp-galaxy:threat-actor=\"Sofacy\"")),
            ("é", Ok("é")),
            ("", Err(TagError::Empty)),
            (" ", Err(TagError::Empty)),
            ("a,b", Err(TagError::Comma)),
            ("a\tb", Err(TagError::Unprintable)),
            ("a\u{202e}b", Err(TagError::Unprintable)),
            ("\u{1b}[2J", Err(TagError::Unprintable)),
        ] {
            assert_eq!(text.parse::<Tag>().as_ref().map(Tag::as_str), tag.as_ref().copied(), "{text:?}");
        }
        assert!("é".repeat(LONGEST).parse::<Tag>().is_ok());
        assert_eq!("é".repeat(LONGEST + 1).parse::<Tag>(), Err(TagError::Long));
        let list =
            |text| Tag::list(text).map(|tags| tags.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(list(" a, ,b b,"), Ok(vec!["a".to_owned(), "b b".to_owned()]));
        assert_eq!(list("a,\u{7}"), Err(TagError::Unprintable));
    }
}

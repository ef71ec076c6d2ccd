//! Saved searches: filters of the library that a user keeps under a name ([`SavedSearch`]).
//!
//! The filters are the query string of the page, which the pages and the API write and read; here they are text. Each user has their
//! own, and sees no others. Saving and deleting them is not in the audit trail: they are nobody else's business, and everybody who may
//! sign in can do it any number of times.
//!
//! Errors: [`Error::Refused`] is an error of the user.

use rusqlite::{Connection, Row};

use crate::database::{Change, Problem};
use crate::text::printable;
use crate::{Error, Workbench};

/// The most saved searches of a user: they are a list on a page.
pub const MOST_SEARCHES: usize = 50;
/// The longest name, in characters.
const LONGEST_NAME: usize = 60;
/// The longest query, in bytes: as long as addresses may be.
const LONGEST_QUERY: usize = 4_000;

/// Filters under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch {
    /// Its number, from 1, which is never given twice.
    pub id: i64,
    /// Its name, as it was chosen. No other search of the user has it, ignoring case.
    pub name: String,
    /// The filters, as a query string; empty for the whole library.
    pub query: String,
    /// When it was saved, in seconds since the epoch.
    pub created_at: i64,
}

impl Workbench {
    /// The saved searches of a user, by name.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn saved_searches(&self, user: i64) -> Result<Vec<SavedSearch>, Error> {
        self.read(|database| list(database, user))
    }

    /// Saves a search of a user; one with the same name is replaced.
    ///
    /// # Errors
    /// [`Error::Refused`] if the name or the query is invalid, or the user has too many.
    pub fn save_search(&mut self, user: i64, name: &str, query: &str) -> Result<SavedSearch, Error> {
        let name = checked_name(name)?;
        if query.len() > LONGEST_QUERY {
            return Err(Error::invalid(format!(
                "the filters of a search have at most {LONGEST_QUERY} bytes"
            )));
        }
        self.change(|change| {
            let sql = "INSERT INTO saved_searches (user, name, folded, query, created_at) VALUES (?1, ?2, ?3, ?4, ?5) \
                       ON CONFLICT (user, folded) DO UPDATE SET name = ?2, query = ?4, created_at = ?5";
            let row = (user, &name, name.to_lowercase(), query, change.at);
            change.transaction.prepare_cached(sql)?.execute(row)?;
            let all = list(&change.transaction, user)?;
            if all.len() > MOST_SEARCHES {
                let why = format!("you have {MOST_SEARCHES} saved searches, which are the most: delete one first");
                return Err(Problem::conflict(why));
            }
            let folded = name.to_lowercase();
            let saved = all.into_iter().find(|search| search.name.to_lowercase() == folded);
            let saved = saved.ok_or_else(|| Error::Bug("a saved search is not there".to_owned()))?;
            Ok(saved)
        })
    }

    /// Deletes a saved search of a user; returns it.
    ///
    /// # Errors
    /// [`Error::Refused`] if the user has none with this number.
    pub fn delete_search(&mut self, user: i64, id: i64) -> Result<SavedSearch, Error> {
        self.change(|change| change.delete_search(user, id))
    }
}

impl Change<'_> {
    fn delete_search(&self, user: i64, id: i64) -> Result<SavedSearch, Problem> {
        let found = list(&self.transaction, user)?.into_iter().find(|search| search.id == id);
        let search = found.ok_or_else(|| Problem::missing(format!("you have no saved search {id}")))?;
        self.transaction.prepare_cached("DELETE FROM saved_searches WHERE id = ?")?.execute([id])?;
        Ok(search)
    }
}

fn list(database: &Connection, user: i64) -> Result<Vec<SavedSearch>, Problem> {
    let sql = "SELECT id, name, query, created_at FROM saved_searches WHERE user = ? ORDER BY folded";
    let mut statement = database.prepare_cached(sql)?;
    Ok(statement.query_map([user], read)?.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<SavedSearch> {
    Ok(SavedSearch { id: row.get(0)?, name: row.get(1)?, query: row.get(2)?, created_at: row.get(3)? })
}

/// The name as it is stored: with single blanks.
fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = if name.is_empty() {
        "a saved search needs a name".to_owned()
    } else if name.chars().count() > LONGEST_NAME {
        format!("the name of a saved search has at most {LONGEST_NAME} characters")
    } else if printable(&name) != name {
        "the name of a saved search can only have printable characters".to_owned()
    } else {
        return Ok(name);
    };
    Err(Error::invalid(why))
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;

    use super::*;
    use crate::Kind;

    /// Two users, made without passwords, because hashing takes long.
    fn bench() -> (Workbench, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let users = "INSERT INTO users (id, name, folded, role, password, created_at) \
                     VALUES (1, 'ann', 'ann', 'Analyst', '', 1), (2, 'bob', 'bob', 'Analyst', '', 1)";
        workbench.change(|change| Ok(change.transaction.execute(users, [])?)).unwrap();
        (workbench, folder)
    }

    #[test]
    fn each_user_has_their_own_searches_under_their_names() {
        let (mut workbench, _folder) = bench();
        let first = workbench.save_search(1, " To  review ", "status=Review").unwrap();
        assert_eq!((first.name.as_str(), first.query.as_str()), ("To review", "status=Review"));
        workbench.save_search(1, "all", "").unwrap();
        workbench.save_search(2, "to review", "status=Active").unwrap();
        let replaced = workbench.save_search(1, "TO REVIEW", "status=Review&tag=x").unwrap();
        assert_eq!((replaced.id, replaced.query.as_str()), (first.id, "status=Review&tag=x"));
        let names = |workbench: &Workbench, user| -> Vec<String> {
            workbench.saved_searches(user).unwrap().into_iter().map(|search| search.name).collect()
        };
        assert_eq!(
            (names(&workbench, 1), names(&workbench, 2)),
            (vec!["all".to_owned(), "TO REVIEW".to_owned()], vec!["to review".to_owned()])
        );
        // Nobody deletes another user's.
        assert_eq!(workbench.delete_search(2, first.id).unwrap_err().kind(), Some(Kind::Missing));
        workbench.delete_search(1, first.id).unwrap();
        assert_eq!(names(&workbench, 1), ["all"]);
        assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
    }

    #[test]
    fn names_and_numbers_are_limited() {
        let (mut workbench, _folder) = bench();
        for name in ["", " ", "a\u{202e}b", "\u{1b}[2J", &"x".repeat(LONGEST_NAME + 1)] {
            let error = workbench.save_search(1, name, "").unwrap_err();
            assert_eq!(error.kind(), Some(Kind::Invalid), "{name:?}");
        }
        let long = "x".repeat(LONGEST_QUERY + 1);
        assert_eq!(workbench.save_search(1, "long", &long).unwrap_err().kind(), Some(Kind::Invalid));
        for number in 0..MOST_SEARCHES {
            workbench.save_search(1, &format!("search {number}"), "").unwrap();
        }
        assert_eq!(workbench.save_search(1, "one more", "").unwrap_err().kind(), Some(Kind::Conflict));
        workbench.save_search(1, "Search 7", "tag=x").unwrap();
        assert_eq!(workbench.saved_searches(1).unwrap().len(), MOST_SEARCHES);
    }

    #[test]
    fn the_audit_trail_does_not_grow_with_private_searches() {
        let (mut workbench, _folder) = bench();
        let entries =
            |workbench: &Workbench| workbench.audit(&crate::audit::Filter::default()).unwrap().total;
        let before = entries(&workbench);
        for round in 0..3 {
            let saved = workbench.save_search(1, "again", &format!("tag={round}")).unwrap();
            workbench.delete_search(1, saved.id).unwrap();
        }
        assert_eq!(entries(&workbench), before);
        assert_eq!(workbench.verify(&mut |_, _| ()).unwrap().faults, [""; 0]);
    }
}

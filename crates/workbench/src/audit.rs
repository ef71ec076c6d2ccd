//! The audit trail: who changed what, and when.
//!
//! `Change::audit` writes an entry (`database::trail`). [`Workbench::audit`] lists [`Entry`]s, newest first, one [`Page`] at a
//! time.
//!
//! The detail of an entry is a JSON object. It never contains a secret: an entry about a secret only names it.

use rusqlite::{Row, named_params};
use serde_json::Value;

use crate::{Error, Workbench};

/// One recorded change.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Grows with time; pages are addressed by it.
    pub id: i64,
    /// The time of the change, in seconds since the epoch.
    pub at: i64,
    /// Who made the change.
    pub actor: String,
    /// What was done: `integration.install`, `indicator.status` and the like.
    pub action: String,
    /// What the change was made to.
    pub subject: String,
    /// Further information, as a JSON object.
    pub detail: Value,
}

/// Which entries to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only entries at this time or later, in seconds since the epoch.
    pub since: Option<i64>,
    /// Only entries before the one with this id: the next page.
    pub before: Option<i64>,
    /// At most this many entries; `None` for all.
    pub limit: Option<usize>,
}

/// Entries, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The value of [`Filter::before`] for the next page; `None` at the end.
    pub next: Option<i64>,
    /// The number of all entries that match [`Filter::since`].
    pub total: u64,
}

impl Workbench {
    /// The entries that match a filter, newest first.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn audit(&self, filter: &Filter) -> Result<Page, Error> {
        // One entry more than requested shows whether there is a next page.
        let limit = filter.limit.and_then(|limit| i64::try_from(limit).ok());
        let since = filter.since.unwrap_or(i64::MIN);
        let mut page = self.read(|database| {
            let mut statement = database.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM audit WHERE at >= :since AND id < :before ORDER BY id DESC LIMIT :limit"
            ))?;
            let parameters = named_params! {
                ":since": since,
                ":before": filter.before.unwrap_or(i64::MAX),
                ":limit": limit.map_or(-1, |limit| limit.saturating_add(1)),
            };
            let entries = statement.query_map(parameters, entry)?.collect::<Result<Vec<_>, _>>()?;
            let count = "SELECT count(*) FROM audit WHERE at >= ?";
            let total: i64 = database.query_row(count, [since], |row| row.get(0))?;
            Ok(Page { entries, next: None, total: u64::try_from(total).unwrap_or_default() })
        })?;
        if let Some(limit) = filter.limit
            && page.entries.len() > limit
        {
            page.entries.truncate(limit);
            page.next = page.entries.last().map(|entry| entry.id).or(filter.before);
        }
        Ok(page)
    }
}

impl Page {
    /// The entry without the addresses from which users sign in and the names that were tried, for users who may not manage
    /// users.
    #[must_use]
    pub fn without_addresses(mut self) -> Self {
        self.entries.iter_mut().for_each(Entry::hide_address);
        self
    }
}

impl Entry {
    fn hide_address(&mut self) {
        if let Value::Object(members) = &mut self.detail {
            for private in ["address", "agent", "network"] {
                members.remove(private);
            }
        }
        if self.action == "user.sign-in-refused" {
            "not shown".clone_into(&mut self.subject);
        }
    }

    /// The detail as text: first the value that changed, then the other members that are informative, such as
    /// `from 1.0.0 to 1.1.0, kept host port`. It contains untrusted text.
    pub fn in_words(&self) -> String {
        let Value::Object(members) = &self.detail else { return short(&self.detail) };
        let text = |key: &str| self.detail.get(key).and_then(Value::as_str);
        let pair = [["before", "after"], ["from", "to"]]
            .into_iter()
            .find_map(|keys| Some((keys, text(keys[0])?, text(keys[1])?)));
        let became = pair.map(|(_, from, to)| format!("from {from} to {to}"));
        let rest = members.iter().filter(|(key, value)| {
            // Numbers of seconds are not readable for people.
            !(key.ends_with("_at")
                || pair.is_some_and(|(keys, ..)| keys.contains(&key.as_str()))
                || value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(serde_json::Map::is_empty))
        });
        let rest = rest.map(|(key, value)| format!("{key} {}", short(value)));
        became.into_iter().chain(rest).collect::<Vec<_>>().join(", ")
    }
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(list) => list.iter().map(short).collect::<Vec<_>>().join(" "),
        // A value that was set: the old and the new value.
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| match value {
                Value::Array(pair) => format!("{key}={}", pair.last().map(short).unwrap_or_default()),
                other => format!("{key}={}", short(other)),
            })
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

/// The columns that [`entry`] reads.
pub(crate) const COLUMNS: &str = "id, at, actor, action, subject, detail";

/// Reads [`COLUMNS`].
pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let detail: String = row.get(5)?;
    Ok(Entry {
        id: row.get(0)?,
        at: row.get(1)?,
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        // Text that does not parse was not written by this program; it is shown rather than lost.
        detail: serde_json::from_str(&detail).unwrap_or(Value::String(detail)),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cof::time::Clock;
    use serde_json::json;

    use super::*;
    use crate::database::{Change, Problem};

    #[tokio::test(start_paused = true)]
    async fn entries_come_newest_first_by_pages_and_since_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench =
            Workbench::open(folder.path(), testkit::clock_from(Duration::from_secs(1_000)), "ann").unwrap();
        for step in 0..5 {
            let write =
                |change: &Change<'_>| change.audit("test.step", &step.to_string(), &json!({"n": step}));
            workbench.change(write).unwrap();
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        let page = |filter: Filter| workbench.audit(&filter).unwrap();
        let subjects =
            |page: &Page| page.entries.iter().map(|entry| entry.subject.as_str()).collect::<String>();

        let all = page(Filter::default());
        assert_eq!((subjects(&all).as_str(), all.next, all.total), ("43210", None, 5));
        assert_eq!((all.entries[0].at, all.entries[0].actor.as_str()), (1_040, "ann"));
        assert_eq!(all.entries[0].detail, json!({"n": 4}));

        let first = page(Filter { limit: Some(2), ..Filter::default() });
        assert_eq!(subjects(&first), "43");
        let second = page(Filter { limit: Some(3), before: first.next, ..Filter::default() });
        assert_eq!((subjects(&second).as_str(), second.next), ("210", None));

        let late = page(Filter { since: Some(1_030), ..Filter::default() });
        assert_eq!((subjects(&late).as_str(), late.total), ("43", 2));
    }

    #[test]
    fn a_detail_is_read_in_words() {
        for (detail, words) in [
            (json!({}), ""),
            (json!({"before": "Active", "after": "Review"}), "from Active to Review"),
            (
                json!({"from": "1.0.0", "to": "1.1.0", "kept": ["host", "port"], "lost": [], "enabled": false}),
                "from 1.0.0 to 1.1.0, enabled no, kept host port",
            ),
            (json!({"from": null, "to": "1.1.0", "expires_at": 7}), "to 1.1.0"),
            (
                json!({"values": {"host": [null, "a.example"], "port": ["1", "2"]}}),
                "values host=a.example port=2",
            ),
            (json!({"run": 2, "indicators": {"known": 0, "new": 3}}), "indicators known=0 new=3, run 2"),
            (json!("written by nobody of ours"), "written by nobody of ours"),
        ] {
            let entry = Entry {
                id: 1,
                at: 0,
                actor: String::new(),
                action: String::new(),
                subject: String::new(),
                detail,
            };
            assert_eq!(entry.in_words(), words);
        }
    }

    #[tokio::test]
    async fn an_entry_goes_with_its_change() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let failed: Result<(), _> = workbench.change(|change| {
            change.audit("test.step", "x", &json!({}))?;
            Err(Problem::conflict("no"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "no");
        assert_eq!(workbench.audit(&Filter::default()).unwrap(), Page::default());
    }
}

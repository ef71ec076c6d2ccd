//! Indicators that meet a [`Condition`], which programs combine freely.
//!
//! Lists of people are made by [`Filter`](super::Filter), which is fast in every combination. A condition may have to look at every
//! indicator: callers limit how many selections run at once, and how large a condition is.

use std::fmt::Write as _;

use operation::{Indicator, IndicatorType, Tlp};
use rusqlite::ToSql;
use rusqlite::types::Value;

use crate::indicator_key::{sort_key, type_code};
use crate::library::entry::{COLUMNS, entry};
use crate::library::{Entry, Status};
use crate::{Error, Workbench};

/// What an indicator has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of these; none of them is no condition.
    All(Vec<Self>),
    /// At least one of these; none of them matches nothing.
    Any(Vec<Self>),
    /// Its value contains this text, ignoring case of ASCII letters.
    Contains(String),
    /// It has this number.
    Id(i64),
    /// It has this type.
    Kind(IndicatorType),
    /// At this time or later, in seconds since the epoch.
    Since(Stamp, i64),
    /// This source claims it.
    Source(String),
    /// It has this status.
    Status(Status),
    /// It has this tag, ignoring case.
    Tag(String),
    /// It has this marking.
    Tlp(Tlp),
    /// At this time or earlier, in seconds since the epoch.
    Until(Stamp, i64),
    /// It is this one.
    Value(Indicator),
}

/// A time of an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// When it was added.
    Created,
    /// When anything about it was last changed.
    Updated,
}

/// What a selection is sorted by; equal ones by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortedBy {
    /// When it was added.
    Created,
    /// Its number.
    #[default]
    Id,
    /// When anything about it was last changed.
    Updated,
    /// Its value: names by their labels from the right, then addresses.
    Value,
}

/// Which indicators are selected; removed ones never are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The condition.
    pub condition: Condition,
    /// The order.
    pub sorted_by: SortedBy,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Only numbers above this one; only for the order by number.
    pub after: Option<i64>,
    /// How many are skipped.
    pub offset: u64,
    /// At most this many.
    pub limit: usize,
}

/// A page of a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// How many meet the condition.
    pub total: u64,
    /// The page.
    pub entries: Vec<Entry>,
}

impl Workbench {
    /// The indicators that meet a condition, one page of them, and how many there are.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn select(&self, selection: &Selection) -> Result<Selected, Error> {
        let mut written = Written::default();
        written.condition(&selection.condition);
        let Written { sql, mut values } = written;
        self.read(|database| {
            let count = format!("SELECT count(*) FROM indicators i WHERE i.removed_at IS NULL AND {sql}");
            let total: i64 =
                database.prepare(&count)?.query_row(bound(&values).as_slice(), |row| row.get(0))?;
            let direction = if selection.descending { "DESC" } else { "ASC" };
            let column = selection.sorted_by.column();
            values.push(selection.after.unwrap_or(i64::MIN).into());
            values.push(i64::try_from(selection.limit).unwrap_or(i64::MAX).into());
            values.push(i64::try_from(selection.offset).unwrap_or(i64::MAX).into());
            let page = format!(
                "SELECT {COLUMNS} FROM indicators i WHERE i.removed_at IS NULL AND {sql} AND i.id > ? \
                 ORDER BY i.{column} {direction}, i.id {direction} LIMIT ? OFFSET ?"
            );
            let mut statement = database.prepare(&page)?;
            let mut rows = statement.query(bound(&values).as_slice())?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(entry(row)?.1);
            }
            Ok(Selected { total: u64::try_from(total).unwrap_or_default(), entries })
        })
    }
}

impl SortedBy {
    const fn column(self) -> &'static str {
        match self {
            Self::Created => "created_at",
            Self::Id => "id",
            Self::Updated => "updated_at",
            Self::Value => "sort_key",
        }
    }
}

impl Stamp {
    const fn column(self) -> &'static str {
        match self {
            Self::Created => "i.created_at",
            Self::Updated => "i.updated_at",
        }
    }
}

/// A condition as SQL, with the values of its parameters in order.
#[derive(Default)]
struct Written {
    sql: String,
    values: Vec<Value>,
}

impl Written {
    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::All(parts) => self.group(parts, " AND ", "1"),
            Condition::Any(parts) => self.group(parts, " OR ", "0"),
            Condition::Contains(text) => self.test("instr(i.value, ?) > 0", text.to_ascii_lowercase()),
            Condition::Id(id) => self.test("i.id = ?", *id),
            Condition::Kind(kind) => self.test("i.type = ?", i64::from(type_code(*kind))),
            Condition::Since(stamp, at) => {
                let _ = write!(self.sql, "{} >= ?", stamp.column());
                self.values.push((*at).into());
            }
            Condition::Source(name) => self.test(
                "i.id IN (SELECT c.indicator FROM indicator_claims c JOIN sources s ON s.id = c.source \
                 WHERE s.name = ?)",
                name.clone(),
            ),
            Condition::Status(status) => self.test("i.status = ?", status.code()),
            Condition::Tag(tag) => self.test(
                "i.id IN (SELECT g.indicator FROM indicator_tags g JOIN tags t ON t.id = g.tag WHERE t.folded = ?)",
                tag.to_lowercase(),
            ),
            Condition::Tlp(tlp) => self.test("i.tlp = ?", tlp.word().to_owned()),
            Condition::Until(stamp, at) => {
                let _ = write!(self.sql, "{} <= ?", stamp.column());
                self.values.push((*at).into());
            }
            Condition::Value(indicator) => self.test("i.sort_key = ?", sort_key(indicator)),
        }
    }

    fn test(&mut self, sql: &str, value: impl Into<Value>) {
        self.sql.push_str(sql);
        self.values.push(value.into());
    }

    fn group(&mut self, parts: &[Condition], between: &str, without: &str) {
        self.sql.push('(');
        if parts.is_empty() {
            self.sql.push_str(without);
        }
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                self.sql.push_str(between);
            }
            self.condition(part);
        }
        self.sql.push(')');
    }
}

fn bound(values: &[Value]) -> Vec<&dyn ToSql> {
    values.iter().map(|value| value as &dyn ToSql).collect()
}

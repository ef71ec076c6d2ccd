//! The rows of a push, and what became of them: [`Row`], [`Outcome`], [`Counts`]; and what was sent of an indicator: [`Sent`].

use operation::Indicator;
use rusqlite::{Connection, Row as Stored};

use super::Push;
use super::stored::{COLUMNS, push_of};
use crate::database::Problem;
use crate::library::stored_indicator;
use crate::{Error, Workbench};

/// The most pushes that an indicator is said to be in.
const MOST_SENT: usize = 20;

/// Something that a push consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Identifies it on the platform.
    pub key: String,
    /// What it is.
    pub kind: RowKind,
    /// What it is, for people.
    pub label: String,
    /// Which indicator it is, if it is one.
    pub indicator: Option<Indicator>,
    /// What is to be done, or was.
    pub outcome: Outcome,
    /// Why it is held back or refused.
    pub reason: Option<String>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// What the other rows belong to on the platform.
    Event,
    /// An indicator.
    Indicator,
    /// A record.
    Record,
    /// A relationship of the library.
    Relationship,
    /// A text that people wrote.
    Text,
}

/// What is to be done with a row, or what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The platform does not have it: it is to be created.
    Create,
    /// The platform has it in another form: it is to be updated.
    Update,
    /// It was created.
    Created,
    /// It was updated.
    Updated,
    /// The platform has it as it is.
    Unchanged,
    /// It is held back, and not sent.
    Held,
    /// The platform does not take it.
    Refused,
}

/// How many rows have each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// To be created.
    pub create: u64,
    /// To be updated.
    pub update: u64,
    /// Created.
    pub created: u64,
    /// Updated.
    pub updated: u64,
    /// Unchanged.
    pub unchanged: u64,
    /// Held back.
    pub held: u64,
    /// Refused.
    pub refused: u64,
}

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The row.
    pub row: Row,
    /// Its place in the push, for reading on.
    pub place: i64,
    /// When its outcome was determined, in seconds since the epoch.
    pub at: i64,
}

/// A push that an indicator is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The push.
    pub push: Push,
    /// What became of the indicator.
    pub outcome: Outcome,
    /// When.
    pub at: i64,
}

impl RowKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Event, Self::Indicator, Self::Record, Self::Relationship, Self::Text];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Indicator => "indicator",
            Self::Record => "record",
            Self::Relationship => "relationship",
            Self::Text => "text",
        }
    }
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Create,
        Self::Update,
        Self::Created,
        Self::Updated,
        Self::Unchanged,
        Self::Held,
        Self::Refused,
    ];

    /// Its word in outputs and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Held => "held",
            Self::Refused => "refused",
        }
    }

    /// The outcome with that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether it has still to be sent.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Create | Self::Update)
    }

    /// What it becomes when the platform has taken it.
    #[must_use]
    pub const fn done(self) -> Self {
        match self {
            Self::Create => Self::Created,
            Self::Update => Self::Updated,
            other => other,
        }
    }
}

impl Counts {
    /// Counts rows.
    pub fn of(rows: &[Row]) -> Self {
        let mut counts = Self::default();
        for row in rows {
            *counts.slot(row.outcome) += 1;
        }
        counts
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        let Self { create, update, created, updated, unchanged, held, refused } = self;
        create + update + created + updated + unchanged + held + refused
    }

    /// How many have still to be sent.
    pub fn left(&self) -> u64 {
        self.create + self.update
    }

    fn slot(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Create => &mut self.create,
            Outcome::Update => &mut self.update,
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Held => &mut self.held,
            Outcome::Refused => &mut self.refused,
        }
    }
}

impl Workbench {
    /// How many rows of a push have each outcome.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn push_counts(&self, id: i64) -> Result<Counts, Error> {
        self.read(|database| counts(database, id))
    }

    /// Rows of a push in their order, after that place, with that outcome if one is wanted; at most `limit`.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn push_rows(
        &self,
        id: i64,
        outcome: Option<Outcome>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Shown>, Error> {
        let sql = "SELECT key, kind, label, indicator, outcome, reason, place, at FROM push_rows \
                   WHERE push = ?1 AND (?2 IS NULL OR outcome = ?2) AND place > ?3 ORDER BY place LIMIT ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|database| {
            let mut statement = database.prepare_cached(sql)?;
            let mut rows = statement.query((id, outcome.map(Outcome::word), after.unwrap_or(-1), limit))?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(shown(row)?);
            }
            Ok(all)
        })
    }

    /// Where an indicator was sent: the newest pushes in which a platform got it or had it, at most twenty.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn sent(&self, indicator: &Indicator) -> Result<Vec<Sent>, Error> {
        let columns: Vec<String> = COLUMNS.split(", ").map(|column| ["p.", column].concat()).collect();
        let sql = format!(
            "SELECT {}, r.outcome, r.at FROM push_rows r JOIN pushes p ON p.id = r.push WHERE r.indicator = ? \
             AND r.outcome IN ('created', 'updated', 'unchanged') ORDER BY r.push DESC LIMIT {MOST_SENT}",
            columns.join(", ")
        );
        let width = columns.len();
        self.read(|database| {
            let mut statement = database.prepare_cached(&sql)?;
            let mut rows = statement.query([indicator.to_string()])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let outcome = stored_outcome(&row.get::<_, String>(width)?)?;
                all.push(Sent { push: push_of(row)?, outcome, at: row.get(width + 1)? });
            }
            Ok(all)
        })
    }
}

pub(super) fn counts(database: &Connection, id: i64) -> Result<Counts, Problem> {
    let sql = "SELECT outcome, count(*) FROM push_rows WHERE push = ? GROUP BY outcome";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let mut counts = Counts::default();
    while let Some(row) = rows.next()? {
        let count: i64 = row.get(1)?;
        *counts.slot(stored_outcome(&row.get::<_, String>(0)?)?) = u64::try_from(count).unwrap_or_default();
    }
    Ok(counts)
}

pub(super) fn stored_outcome(word: &str) -> Result<Outcome, Problem> {
    Outcome::from_word(word).ok_or_else(|| Problem::Stored(format!("the outcome {word:?} of a push")))
}

fn shown(row: &Stored<'_>) -> Result<Shown, Problem> {
    let (kind, indicator): (String, Option<String>) = (row.get(1)?, row.get(3)?);
    let found = RowKind::ALL.into_iter().find(|known| known.word() == kind);
    Ok(Shown {
        row: Row {
            key: row.get(0)?,
            kind: found.ok_or_else(|| Problem::Stored(format!("the kind {kind:?} of a row of a push")))?,
            label: row.get(2)?,
            indicator: indicator.as_deref().map(stored_indicator).transpose()?,
            outcome: stored_outcome(&row.get::<_, String>(4)?)?,
            reason: row.get(5)?,
        },
        place: row.get(6)?,
        at: row.get(7)?,
    })
}

//! What all operations know about the members of an investigation: [`Records`].
//!
//! Each member has the records of its [history](crate::history), and what each operation answered. A [`Stamp`] tells cheaply whether
//! the records are still those that were read.

use cof::Record;
use operation::Indicator;

use super::{list, members};
use crate::history::{History, Part};
use crate::run::{Run, State};
use crate::{Error, Workbench};

/// The most records of all members together; the pages and pictures of an investigation stay quick with them.
const MOST_RECORDS: usize = 300_000;

/// What is known about the members of an investigation.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// One element for each member, in the order of [`Workbench::members`].
    pub members: Vec<MemberRecords>,
    /// How many members have records that were left out, because there are too many in total.
    pub left_out: usize,
}

/// What is known about a member.
#[derive(Clone, Debug)]
pub struct MemberRecords {
    /// The member.
    pub indicator: Indicator,
    /// The merged records of the newest usable answers of all operations, each tuple once.
    pub records: Vec<Record>,
    /// What each operation answered, sorted by its name; empty if none was queried.
    pub answers: Vec<Answered>,
}

/// What an operation answered about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The newest run.
    pub latest: Run,
    /// The run of the newest usable answer; `None` if there is none.
    pub usable: Option<Run>,
}

/// Identifies the records of an investigation: as long as it is the same, they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([i64; 4]);

impl Workbench {
    /// What is known about the members of an investigation.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn member_records(&self, id: i64) -> Result<Records, Error> {
        let members = self.members(id)?;
        let (mut records, mut left) = (Records::default(), MOST_RECORDS);
        for member in members {
            let history = self.history(&member.indicator, left.max(1))?;
            let known = MemberRecords::of(history);
            if known.records.len() > left {
                records.left_out += 1;
                records.members.push(MemberRecords { records: Vec::new(), ..known });
                continue;
            }
            left -= known.records.len();
            records.members.push(known);
        }
        Ok(records)
    }

    /// Identifies what [`Self::member_records`] would return now.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn records_stamp(&self, id: i64) -> Result<Stamp, Error> {
        self.read(|database| {
            list::find(database, id)?;
            // Runs are never deleted, so their number and the sum of what has ended change with every start and end.
            let sql = "SELECT count(DISTINCT m.indicator), coalesce(sum(m.indicator), 0), count(r.id), count(r.ended_at) \
                       FROM members m JOIN indicators i ON i.id = m.indicator \
                       LEFT JOIN runs r ON r.indicator = i.value \
                       WHERE m.investigation = ? AND m.removed_at IS NULL";
            let mut statement = database.prepare_cached(sql)?;
            Ok(statement.query_row([id], |row| {
                Ok(Stamp([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
            })?)
        })
    }

    /// The indicators of the present members, in their order.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn member_indicators(&self, id: i64) -> Result<Vec<Indicator>, Error> {
        self.read(|database| {
            list::find(database, id)?;
            Ok(members::members(database, id)?.into_iter().map(|member| member.indicator).collect())
        })
    }
}

impl Records {
    /// The number of records of all members.
    pub fn len(&self) -> usize {
        self.members.iter().map(|member| member.records.len()).sum()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.members.iter().all(|member| member.records.is_empty())
    }
}

impl MemberRecords {
    fn of(history: History) -> Self {
        let answers = history.parts.iter().map(Answered::of).collect();
        Self { indicator: history.indicator, records: history.records, answers }
    }

    /// Whether every operation that was queried has answered, completely and in its newest run.
    pub fn is_complete(&self) -> bool {
        !self.answers.is_empty() && self.answers.iter().all(Answered::is_complete)
    }
}

impl Answered {
    fn of(part: &Part) -> Self {
        Self { latest: part.latest.clone(), usable: part.run().cloned() }
    }

    /// Whether the newest run has a complete answer.
    pub fn is_complete(&self) -> bool {
        self.latest.ending.state == State::Complete
            && self.usable.as_ref().is_some_and(|run| run.id == self.latest.id)
    }
}

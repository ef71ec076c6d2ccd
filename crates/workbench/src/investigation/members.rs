//! Members of investigations: who is one, since when, and what people think about it.

use std::collections::HashSet;

use operation::{Indicator, Tlp};
use rusqlite::{Connection, Row};
use serde_json::json;

use super::{MOST_MEMBERS, Member, Verdict, list};
use crate::database::{Change, Problem};
use crate::library::{Outcome, Status, find, stored_indicator, stored_status, stored_tlp};
use crate::{Error, Workbench};

/// The most members that one entry of the audit trail names.
const NAMED: usize = 20;

/// How an indicator became a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A user named it.
    User,
    /// It is in the source report with this number.
    Report(i64),
    /// It was found by following a shared resource, given by its id (`ns:ns1.example`).
    Followed(String),
}

/// What became of an indicator that was made a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The indicator.
    pub indicator: Indicator,
    /// What became of it in the library.
    pub library: Outcome,
    /// Its status in the library.
    pub status: Status,
    /// Whether it is a member only now.
    pub is_new: bool,
}

impl Workbench {
    /// The members of an investigation in the order in which they joined, then by value.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn members(&self, id: i64) -> Result<Vec<Member>, Error> {
        self.read(|database| {
            list::find(database, id)?;
            members(database, id)
        })
    }

    /// The investigations that have an indicator as a member, with its verdict there; the most recently changed first, at most 100.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
    pub fn memberships(&self, indicator: &Indicator) -> Result<Vec<(super::Investigation, Verdict)>, Error> {
        self.read(|database| {
            let Some(place) = find(database, indicator)? else { return Ok(Vec::new()) };
            let sql = "SELECT v.id, m.verdict FROM members m JOIN investigations v ON v.id = m.investigation \
                       WHERE m.indicator = ? AND m.removed_at IS NULL AND v.removed_at IS NULL \
                       ORDER BY v.updated_at DESC, v.id DESC LIMIT 100";
            let mut statement = database.prepare_cached(sql)?;
            let rows = statement.query_map([place.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let mut found = Vec::new();
            for row in rows {
                let (id, verdict): (i64, String) = row?;
                found.push((list::find(database, id)?, stored_verdict(&verdict)?));
            }
            Ok(found)
        })
    }

    /// Those of the indicators that are no members of an investigation, in their order.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn not_members(&self, id: i64, indicators: &[Indicator]) -> Result<Vec<Indicator>, Error> {
        let members: HashSet<Indicator> = self.member_indicators(id)?.into_iter().collect();
        Ok(indicators.iter().filter(|indicator| !members.contains(indicator)).cloned().collect())
    }

    /// Makes indicators members. They are added to the library with a claim of the current actor and at least the investigation's
    /// marking. A member that was removed is one again, with its verdict.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, it is removed, or has too many members then.
    pub fn add_members(
        &mut self,
        id: i64,
        indicators: &[Indicator],
        origin: &Origin,
    ) -> Result<Vec<Joined>, Error> {
        self.change(|change| {
            let investigation = change.present_investigation(id)?;
            change.join(id, indicators, investigation.tlp, origin)
        })
    }

    /// Removes members; returns how many there were. They stay in the library.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, or it is removed.
    pub fn remove_members(&mut self, id: i64, indicators: &[Indicator]) -> Result<usize, Error> {
        self.change(|change| {
            change.each_member(id, indicators, "investigation.remove-members", json!({}), |row| {
                let sql = "UPDATE members SET removed_at = ?1 WHERE investigation = ?2 AND indicator = ?3 \
                           AND removed_at IS NULL";
                Ok(change.transaction.prepare_cached(sql)?.execute((change.at, id, row))?)
            })
        })
    }

    /// Sets what people think about members; returns how many had another verdict.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, or it is removed.
    pub fn judge_members(
        &mut self,
        id: i64,
        indicators: &[Indicator],
        verdict: Verdict,
    ) -> Result<usize, Error> {
        self.change(|change| {
            let detail = json!({"verdict": verdict.word()});
            change.each_member(id, indicators, "investigation.verdict", detail, |row| {
                let sql = "UPDATE members SET verdict = ?1 WHERE investigation = ?2 AND indicator = ?3 \
                           AND removed_at IS NULL AND verdict <> ?1";
                Ok(change.transaction.prepare_cached(sql)?.execute((verdict.word(), id, row))?)
            })
        })
    }
}

impl Change<'_> {
    /// Makes indicators members of an investigation that is not removed.
    pub(crate) fn join(
        &self,
        id: i64,
        indicators: &[Indicator],
        tlp: Option<Tlp>,
        origin: &Origin,
    ) -> Result<Vec<Joined>, Problem> {
        let source = self.source(self.actor)?;
        let mut joined = Vec::with_capacity(indicators.len());
        for indicator in indicators {
            let adding = self.add_by_hand(indicator, Status::Active, tlp, source)?;
            let Some(place) = find(&self.transaction, indicator)? else { continue };
            let is_new = self.insert_member(id, place.id, origin)?;
            let (library, status) = (adding.outcome, adding.status);
            joined.push(Joined { indicator: indicator.clone(), library, status, is_new });
        }
        let count = list::find(&self.transaction, id)?.members;
        if count > MOST_MEMBERS as u64 {
            let why =
                format!("an investigation has at most {MOST_MEMBERS} members; this would make it {count}");
            return Err(Problem::conflict(why));
        }
        let new: Vec<&Indicator> =
            joined.iter().filter(|joined| joined.is_new).map(|joined| &joined.indicator).collect();
        self.note_members(id, &new, "investigation.add-members", json!({"origin": origin.stored()}))?;
        Ok(joined)
    }

    /// Whether the indicator is a member only now.
    fn insert_member(&self, id: i64, indicator: i64, origin: &Origin) -> Result<bool, Problem> {
        let report = if let Origin::Report(report) = origin { Some(report) } else { None };
        let sql = "INSERT INTO members (investigation, indicator, verdict, report, origin, actor, added_at) \
                   VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6) ON CONFLICT (investigation, indicator) DO UPDATE SET \
                   removed_at = NULL, report = ?3, origin = ?4, actor = ?5, added_at = ?6 WHERE removed_at IS NOT NULL";
        let row = (id, indicator, report, origin.stored(), self.actor, self.at);
        Ok(self.transaction.prepare_cached(sql)?.execute(row)? > 0)
    }

    /// Changes members one by one, and records those that were changed; returns how many that were. Indicators that are no members
    /// are left out.
    fn each_member(
        &self,
        id: i64,
        indicators: &[Indicator],
        action: &str,
        detail: serde_json::Value,
        change: impl Fn(i64) -> Result<usize, Problem>,
    ) -> Result<usize, Problem> {
        self.present_investigation(id)?;
        let mut changed = Vec::new();
        for indicator in indicators {
            let Some(place) = find(&self.transaction, indicator)? else { continue };
            if change(place.id)? > 0 {
                changed.push(indicator);
            }
        }
        self.note_members(id, &changed, action, detail)?;
        Ok(changed.len())
    }

    /// Records a change of members in the audit trail.
    fn note_members(
        &self,
        id: i64,
        members: &[&Indicator],
        action: &str,
        mut detail: serde_json::Value,
    ) -> Result<(), Problem> {
        if members.is_empty() {
            return Ok(());
        }
        self.touch_investigation(id)?;
        if let Some(detail) = detail.as_object_mut() {
            let named: Vec<String> = members.iter().take(NAMED).map(ToString::to_string).collect();
            detail.insert("count".to_owned(), members.len().into());
            detail.insert("members".to_owned(), named.into());
        }
        let name = list::find(&self.transaction, id)?.name;
        self.audit(action, &name, &detail)
    }
}

/// The members of an investigation.
pub(super) fn members(database: &Connection, id: i64) -> Result<Vec<Member>, Problem> {
    let sql = "SELECT i.value, i.status, i.tlp, i.removed_at IS NOT NULL, m.verdict, m.report, m.origin, m.actor, m.added_at, \
               (SELECT count(*) FROM investigation_notes n WHERE n.investigation = ?1 AND n.indicator = i.id) \
               FROM members m JOIN indicators i ON i.id = m.indicator \
               WHERE m.investigation = ?1 AND m.removed_at IS NULL ORDER BY m.added_at, i.sort_key";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    let mut members = Vec::new();
    while let Some(row) = rows.next()? {
        members.push(member(row)?);
    }
    Ok(members)
}

fn member(row: &Row<'_>) -> Result<Member, Problem> {
    let (value, verdict, origin): (String, String, String) = (row.get(0)?, row.get(4)?, row.get(6)?);
    let notes: i64 = row.get(9)?;
    Ok(Member {
        indicator: stored_indicator(&value)?,
        status: stored_status(row.get(1)?)?,
        tlp: stored_tlp(row.get(2)?)?,
        is_gone: row.get(3)?,
        verdict: stored_verdict(&verdict)?,
        origin: Origin::read(row.get(5)?, origin),
        actor: row.get(7)?,
        added_at: row.get(8)?,
        notes: u64::try_from(notes).unwrap_or_default(),
    })
}

fn stored_verdict(word: &str) -> Result<Verdict, Problem> {
    word.parse().map_err(|_| Problem::Stored(format!("the verdict {word:?}")))
}

impl Origin {
    fn stored(&self) -> &str {
        match self {
            Self::User | Self::Report(_) => "",
            Self::Followed(resource) => resource,
        }
    }

    fn read(report: Option<i64>, followed: String) -> Self {
        match report {
            Some(report) => Self::Report(report),
            None if followed.is_empty() => Self::User,
            None => Self::Followed(followed),
        }
    }
}

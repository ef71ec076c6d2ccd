//! What the runs about the members of an investigation added to the library, as it is now: [`Additions`].
//!
//! What was undone, or removed from the library since, is not among it. An indicator that several runs claim names all of them.

use std::collections::BTreeMap;

use operation::{Indicator, Tlp};
use rusqlite::Connection;

use super::list;
use crate::database::Problem;
use crate::indicator_key::sort_key;
use crate::library::{Status, stored_indicator, stored_status, stored_tlp};
use crate::{Error, Workbench};

/// The most runs whose additions are read, the newest ones.
const MOST_RUNS: i64 = 10_000;
/// The most indicators that are listed.
const MOST_INDICATORS: usize = 10_000;

/// What runs about members added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// The runs with findings in the library, the oldest first.
    pub runs: Vec<AddingRun>,
    /// The indicators that they claim, apart from those they are about; by value.
    pub indicators: Vec<Added>,
    /// How many claims are about indicators that are not listed, because there are too many.
    pub beyond: usize,
}

/// A run with findings in the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddingRun {
    /// Its number.
    pub id: i64,
    /// The package that made the query, as NAME@VERSION.
    pub package: String,
    /// The member that it is about.
    pub member: Indicator,
    /// When findings of it were last added, in seconds since the epoch.
    pub added_at: i64,
    /// How many attributes it claims.
    pub attributes: u64,
    /// How many relationships it claims.
    pub relationships: u64,
}

/// An indicator that runs claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The indicator.
    pub indicator: Indicator,
    /// Its status in the library.
    pub status: Status,
    /// Who may see it.
    pub tlp: Option<Tlp>,
    /// The numbers of the runs that claim it, in order.
    pub runs: Vec<i64>,
}

impl Workbench {
    /// What runs about the present members of an investigation added to the library.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation.
    pub fn member_additions(&self, id: i64) -> Result<Additions, Error> {
        self.read(|database| {
            list::find(database, id)?;
            let mut additions = Additions::default();
            let mut indicators: BTreeMap<Vec<u8>, Added> = BTreeMap::new();
            for (run, source) in adding_runs(database, id)? {
                additions.beyond += add_claims(database, &run, &source, &mut indicators)?;
                additions.runs.push(run);
            }
            additions.indicators = indicators.into_values().collect();
            Ok(additions)
        })
    }
}

/// The runs about members with findings in the library, each with its source; the oldest first.
fn adding_runs(database: &Connection, id: i64) -> Result<Vec<(AddingRun, String)>, Problem> {
    let sql = "SELECT r.id, r.package, r.indicator, r.added_at, r.source, \
               (SELECT count(*) FROM attribute_claims c WHERE c.run = r.id), \
               (SELECT count(*) FROM relationship_claims c WHERE c.run = r.id) \
               FROM members m JOIN indicators i ON i.id = m.indicator JOIN runs r ON r.indicator = i.value \
               WHERE m.investigation = ?1 AND m.removed_at IS NULL AND r.added_at IS NOT NULL \
               AND (r.undone_at IS NULL OR r.undone_at < r.added_at) ORDER BY r.id DESC LIMIT ?2";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query((id, MOST_RUNS))?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let member: String = row.get(2)?;
        let count = |at: usize| row.get(at).map(|count: i64| u64::try_from(count).unwrap_or_default());
        let run = AddingRun {
            id: row.get(0)?,
            package: row.get(1)?,
            member: stored_indicator(&member)?,
            added_at: row.get(3)?,
            attributes: count(5)?,
            relationships: count(6)?,
        };
        runs.push((run, row.get(4)?));
    }
    runs.reverse();
    Ok(runs)
}

/// Notes the indicators that a run claims; returns how many have no room. They are sorted as the library sorts values.
fn add_claims(
    database: &Connection,
    run: &AddingRun,
    source: &str,
    indicators: &mut BTreeMap<Vec<u8>, Added>,
) -> Result<usize, Problem> {
    let sql = "SELECT i.value, i.status, i.tlp FROM indicator_claims c JOIN indicators i ON i.id = c.indicator \
               WHERE c.source = (SELECT id FROM sources WHERE name = ?1) AND c.run = ?2 \
               AND i.removed_at IS NULL AND i.value <> ?3 ORDER BY i.sort_key";
    let mut statement = database.prepare_cached(sql)?;
    let mut rows = statement.query((source, run.id, run.member.to_string()))?;
    let mut beyond = 0;
    while let Some(row) = rows.next()? {
        let value: String = row.get(0)?;
        let indicator = stored_indicator(&value)?;
        let key = sort_key(&indicator);
        if let Some(known) = indicators.get_mut(&key) {
            known.runs.push(run.id);
        } else if indicators.len() < MOST_INDICATORS {
            let (status, tlp) = (stored_status(row.get(1)?)?, stored_tlp(row.get(2)?)?);
            indicators.insert(key, Added { indicator, status, tlp, runs: vec![run.id] });
        } else {
            beyond += 1;
        }
    }
    Ok(beyond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::investigation::NewInvestigation;
    use crate::run::Pick;
    use crate::run::tests::{HOST, Lab, host, line};

    fn values(additions: &Additions) -> Vec<String> {
        additions.indicators.iter().map(|one| one.indicator.to_string()).collect()
    }

    #[tokio::test]
    async fn what_a_run_about_a_member_added_is_listed_until_it_is_undone_or_removed() {
        let (one, two) = ("185.194.93.1", "185.194.93.2");
        let body = line(HOST, one, 1_500_000_200, 3) + &line(HOST, two, 1_500_000_300, 1);
        let lab = Lab::answering(body).await;
        let mut bench = lab.bench();
        let new =
            NewInvestigation { name: "x".to_owned(), members: vec![host()], ..NewInvestigation::default() };
        let id = bench.create_investigation(&new).unwrap().id;
        lab.ask(&lab.asking()).await;
        assert_eq!(bench.member_additions(id).unwrap(), Additions::default(), "nothing was added yet");

        bench.add_run(1, &Pick::All, false).unwrap();
        let added = bench.member_additions(id).unwrap();
        assert_eq!((values(&added), added.beyond), (vec![one.to_owned(), two.to_owned()], 0));
        assert!(added.indicators.iter().all(|added| added.runs == [1] && added.status == Status::Indirect));
        let [run] = &added.runs[..] else { panic!("{added:?}") };
        assert_eq!((run.id, &run.member, run.added_at), (1, &host(), 1_790_000_000));
        assert_eq!(run.relationships, 2);

        bench.remove_indicator(&Indicator::parse(two).unwrap()).unwrap();
        assert_eq!(values(&bench.member_additions(id).unwrap()), [one]);
        lab.pass(std::time::Duration::from_secs(5));
        bench.undo(1).unwrap();
        assert_eq!(bench.member_additions(id).unwrap(), Additions::default());
        assert!(bench.member_additions(99).is_err());
    }
}

//! Creates investigations: [`NewInvestigation`] with its report and first members, in one change.

use operation::{Indicator, Tlp};
use serde_json::json;

use super::members::{Joined, Origin};
use super::source_report::NewReport;
use super::{checked_name, list};
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// An investigation that is to be created.
#[derive(Clone, Debug, Default)]
pub struct NewInvestigation {
    /// Its name.
    pub name: String,
    /// Who may see it. New members get it, too; it never makes a marking less strict.
    pub tlp: Option<Tlp>,
    /// The report that the members come from.
    pub report: Option<NewReport>,
    /// Its first members.
    pub members: Vec<Indicator>,
}

/// An investigation that was created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its number.
    pub id: i64,
    /// What became of each member.
    pub joined: Vec<Joined>,
}

impl Workbench {
    /// Creates an investigation. Its members are added to the library with a claim of the current actor.
    ///
    /// # Errors
    /// [`Error::Refused`] if the name is invalid or taken, the report is too large, or there are too many members.
    pub fn create_investigation(&mut self, new: &NewInvestigation) -> Result<Created, Error> {
        self.create_with(new, &[])
    }

    /// The same with more members, which are not in the report.
    ///
    /// # Errors
    /// As [`Self::create_investigation`].
    pub fn create_with(&mut self, new: &NewInvestigation, typed: &[Indicator]) -> Result<Created, Error> {
        self.change(|change| change.create_investigation(new, typed))
    }
}

impl Change<'_> {
    /// Creates an investigation with its members; those that were typed are not in its report.
    pub(crate) fn create_investigation(
        &self,
        new: &NewInvestigation,
        typed: &[Indicator],
    ) -> Result<Created, Problem> {
        let name = checked_name(&new.name)?;
        let id = self.insert_investigation(&name, new.tlp)?;
        let detail = json!({"tlp": new.tlp.map(Tlp::word), "members": new.members.len() + typed.len()});
        self.audit("investigation.create", &name, &detail)?;
        let report = new.report.as_ref().map(|report| self.keep_report(id, report)).transpose()?;
        let origin = report.map_or(Origin::User, Origin::Report);
        let mut joined = self.join(id, &new.members, new.tlp, &origin)?;
        joined.extend(self.join(id, typed, new.tlp, &Origin::User)?);
        Ok(Created { id, joined })
    }

    fn insert_investigation(&self, name: &str, tlp: Option<Tlp>) -> Result<i64, Problem> {
        if let Some(taken) = list::numbered(&self.transaction, name)? {
            let why = format!("investigation {taken} is already called {name:?}: choose another name");
            return Err(Problem::conflict(why));
        }
        let sql = "INSERT INTO investigations (name, folded, status, tlp, summary, actor, created_at, updated_at) \
                   VALUES (?1, ?2, 'open', ?3, '', ?4, ?5, ?5)";
        let mut statement = self.transaction.prepare_cached(sql)?;
        statement.execute((name, name.to_lowercase(), tlp.map(Tlp::word), self.actor, self.at))?;
        Ok(self.transaction.last_insert_rowid())
    }
}

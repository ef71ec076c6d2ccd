//! What a new job is about: chosen members of an investigation, or all of them ([`Subjects`]).

use operation::Indicator;

use crate::{Error, Workbench};

/// The indicators that a new job is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subjects {
    /// The members, in the order of the investigation or of the choice.
    pub indicators: Vec<Indicator>,
    /// How many members are left out, because somebody removed them from the library.
    pub gone: usize,
}

impl Workbench {
    /// The chosen members; if none is chosen, all that are in the library.
    ///
    /// # Errors
    /// [`Error::Refused`] if there is no such investigation, or an indicator is not a member of it.
    pub fn job_subjects(&self, investigation: i64, chosen: &[Indicator]) -> Result<Subjects, Error> {
        if let Some(other) = self.not_members(investigation, chosen)?.first() {
            let name = self.investigation(investigation)?.name;
            return Err(Error::missing(format!("{other} is not a member of {name:?}")));
        }
        if !chosen.is_empty() {
            return Ok(Subjects { indicators: chosen.to_vec(), gone: 0 });
        }
        let members = self.members(investigation)?;
        let all = members.len();
        let present = members.into_iter().filter(|member| !member.is_gone);
        let indicators: Vec<Indicator> = present.map(|member| member.indicator).collect();
        Ok(Subjects { gone: all - indicators.len(), indicators })
    }
}

#[cfg(test)]
mod tests {
    use cof::time::Clock;

    use super::*;
    use crate::Kind;
    use crate::investigation::NewInvestigation;

    #[test]
    fn a_job_is_about_chosen_members_or_those_in_the_library() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbench = Workbench::open(folder.path(), Clock::system(), "ann").unwrap();
        let [a, b, c] = ["a.example", "b.example", "c.example"].map(|name| Indicator::parse(name).unwrap());
        let members = vec![a.clone(), b.clone()];
        let new = NewInvestigation { name: "x".to_owned(), members, ..NewInvestigation::default() };
        let id = workbench.create_investigation(&new).unwrap().id;
        workbench.remove_indicator(&a).unwrap();
        let all = workbench.job_subjects(id, &[]).unwrap();
        assert_eq!(all, Subjects { indicators: vec![b], gone: 1 });
        assert_eq!(workbench.job_subjects(id, std::slice::from_ref(&a)).unwrap().indicators, [a]);
        assert_eq!(workbench.job_subjects(id, &[c]).unwrap_err().kind(), Some(Kind::Missing));
        assert_eq!(workbench.job_subjects(id + 1, &[]).unwrap_err().kind(), Some(Kind::Missing));
    }
}

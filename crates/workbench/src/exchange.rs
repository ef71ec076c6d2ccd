//! What was exchanged with a platform besides pushes: pulls from it, and executions of its operations.
//!
//! Both are only in the audit trail, where [`Workbench::note_pull`] and [`Workbench::note_execution`] write them: a [`Step`] when they
//! begin, and another one when they end. The entry about the beginning has the number of the pull or execution.
//!
//! Errors: [`Error`] if the database cannot be changed.

use operation::Indicator;
use serde_json::Value;

use crate::database::{Change, Problem};
use crate::{Error, Workbench};

/// How far a pull or an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins.
    Begun,
    /// Somebody stopped it.
    Cancelled,
    /// It is complete.
    Ended,
    /// It ended early.
    Failed,
}

impl Step {
    const fn of_pull(self) -> &'static str {
        match self {
            Self::Begun => "pull.begin",
            Self::Cancelled => "pull.cancel",
            Self::Ended => "pull.end",
            Self::Failed => "pull.fail",
        }
    }

    const fn of_execution(self) -> &'static str {
        match self {
            Self::Begun => "execution.begin",
            // Nothing stops an execution.
            Self::Cancelled | Self::Ended => "execution.end",
            Self::Failed => "execution.fail",
        }
    }
}

impl Workbench {
    /// Notes a step of a pull from a platform; returns the number of the entry.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn note_pull(&mut self, step: Step, platform: &str, detail: &Value) -> Result<i64, Error> {
        self.change(|change| change.note(step.of_pull(), platform, detail))
    }

    /// Notes a step of an execution of an operation of a platform on an indicator; returns the number of the entry.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed.
    pub fn note_execution(
        &mut self,
        step: Step,
        indicator: &Indicator,
        detail: &Value,
    ) -> Result<i64, Error> {
        self.change(|change| change.note(step.of_execution(), &indicator.to_string(), detail))
    }
}

impl Change<'_> {
    fn note(&self, action: &str, subject: &str, detail: &Value) -> Result<i64, Problem> {
        self.audit(action, subject, detail)?;
        Ok(self.transaction.query_row("SELECT max(id) FROM audit", [], |row| row.get(0))?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::audit::Filter;
    use crate::library::Status;

    #[tokio::test]
    async fn both_are_in_the_trail_and_an_execution_also_in_that_of_its_indicator() {
        let folder = tempfile::tempdir().unwrap();
        let clock = testkit::clock_from(Duration::from_secs(1_000));
        let mut workbench = Workbench::open(folder.path(), clock, "ann").unwrap();
        let indicator = Indicator::parse("a.example").unwrap();
        workbench.add_indicators(std::slice::from_ref(&indicator), Status::Active).unwrap();
        let pull = workbench.note_pull(Step::Begun, "threatq", &json!({"place": "h:443"})).unwrap();
        let detail = json!({"platform": "threatq"});
        let execution = workbench.note_execution(Step::Failed, &indicator, &detail).unwrap();
        let entries = workbench.audit(&Filter::default()).unwrap().entries;
        let found: Vec<_> = entries.iter().map(|entry| (entry.id, entry.action.as_str())).collect();
        assert_eq!(&found[..2], [(execution, "execution.fail"), (pull, "pull.begin")]);
        let history = workbench.details(&indicator).unwrap().unwrap().history;
        assert!(history.iter().any(|entry| entry.action == "execution.fail"), "{history:?}");
    }
}

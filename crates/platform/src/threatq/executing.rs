//! An execution: an operation that is installed on a ThreatQ is executed on one of its indicators, exactly once.
//!
//! A [`Wanted`] names operation, action and indicator. [`Wanted::found`] looks for them there, which changes nothing, and refuses values
//! that are marked too strictly. [`Ready::carry_out`] executes; the audit trail has an entry before and one after it.
//!
//! Errors: [`ExecutingError`], which says whether the operation may have been executed.

use operation::{Indicator, Package};
use serde_json::{Value, json};
use workbench::exchange::Step;
use workbench::run::Held;
use workbench::{Desk, Error};

use super::configured::Threatq;
use super::error::ThreatqError;
use super::operations::{Action, Operation};
use super::records::{Recognised, records_in};

/// How many actions are named.
const NAMED: usize = 50;

/// What is to be executed on what.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The name of the integration of the instance.
    pub platform: String,
    /// Its package, which has the strictest level that the instance gets.
    pub package: Package,
    /// The title, name or number of the operation there.
    pub operation: String,
    /// The action; not needed if the operation has one.
    pub action: Option<String>,
    /// The indicator.
    pub indicator: Indicator,
}

/// An execution that can begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    /// The operation.
    pub operation: Operation,
    /// The action.
    pub action: Action,
    /// The indicator.
    pub indicator: Indicator,
    platform: String,
    /// The number of the indicator there.
    found: u64,
}

/// What an operation returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// The result, without secrets.
    pub result: Value,
    /// The passive-DNS records in it.
    pub recognised: Recognised,
}

/// Why nothing was executed, or what went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ExecutingError {
    /// The instance does not have the indicator.
    #[error("this ThreatQ does not have {0}")]
    Absent(Indicator),
    /// The operation has several actions, or not the one that was named.
    #[error("{title} has these actions: {}", names.join(", "))]
    Actions {
        /// The title of the operation.
        title: String,
        /// The names of its actions.
        names: Vec<String>,
    },
    /// The value is marked too strictly to be asked for there.
    #[error("{} is held back: it is marked {}, and {} gets values up to {}", .0.indicator, .0.tlp, .0.operation, .0.max_tlp)]
    Held(Held),
    /// There is no such operation.
    #[error("this ThreatQ has no operation {0:?}")]
    NoOperation(String),
    /// The ThreatQ, or the way to it.
    #[error(transparent)]
    Threatq(#[from] ThreatqError),
    /// It was executed, and what came could not be used or noted.
    #[error("it was executed, and then: {0}")]
    Unnoted(Error),
    /// The workbench, before anything was executed.
    #[error(transparent)]
    Workbench(#[from] Error),
}

impl ExecutingError {
    /// Whether the operation may have been executed.
    pub fn may_have_acted(&self) -> bool {
        match self {
            Self::Threatq(error) => error.may_have_acted(),
            Self::Unnoted(_) => true,
            _ => false,
        }
    }
}

impl Wanted {
    /// Looks for the operation and the indicator; nothing is changed there.
    ///
    /// # Errors
    /// [`ExecutingError`] if it cannot be executed.
    pub async fn found(self, desk: &Desk, threatq: &Threatq) -> Result<Ready, ExecutingError> {
        let (package, indicator) = (self.package.clone(), self.indicator.clone());
        let held = move |workbench: &workbench::Workbench| {
            workbench.held_back(&package, std::slice::from_ref(&indicator))
        };
        // A value that is marked too strictly is not even asked for there.
        if let Some(held) = desk.read(held).await?.into_iter().next() {
            return Err(ExecutingError::Held(held));
        }
        let connection = threatq.connection();
        let operation = operation(connection.operations().await?, &self.operation)?;
        let action = action(&operation, self.action.as_deref())?;
        let key = (self.indicator.kind().name().to_owned(), self.indicator.to_string());
        let found = connection.find(std::slice::from_ref(&key)).await?.remove(&key);
        let Some(found) = found else { return Err(ExecutingError::Absent(self.indicator)) };
        Ok(Ready { operation, action, indicator: self.indicator, platform: self.platform, found: found.id })
    }
}

impl Ready {
    /// Notes that the execution begins; returns its number.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be changed; nothing was executed then.
    pub async fn begin(&self, desk: &Desk, actor: &str, threatq: &Threatq) -> Result<i64, Error> {
        let detail = json!({
            "platform": self.platform, "place": threatq.way().budget_name(), "operation": client::printable(self.operation.title.as_bytes(), 256),
            "action": client::printable(self.action.name.as_bytes(), 256),
        });
        self.note(desk, actor, Step::Begun, detail).await
    }

    /// Executes, exactly once. `number` is that of [`Self::begin`].
    ///
    /// # Errors
    /// [`ExecutingError`]; see [`ExecutingError::may_have_acted`].
    pub async fn carry_out(
        &self,
        desk: &Desk,
        actor: &str,
        threatq: &Threatq,
        number: i64,
    ) -> Result<Executed, ExecutingError> {
        let result = threatq.connection().execute(self.operation.id, self.found, &self.action.name).await;
        let (step, detail, ended) = match result {
            Ok(result) => {
                let executed = searched(result, desk.clock().seconds()).await?;
                let records = executed.recognised.records.len();
                let detail = json!({"platform": self.platform, "execution": number, "records": records});
                (Step::Ended, detail, Ok(executed))
            }
            Err(error) => {
                let detail = json!({
                    "platform": self.platform, "execution": number, "reason": error.to_string(),
                    "may_have_acted": error.may_have_acted(),
                });
                (Step::Failed, detail, Err(error.into()))
            }
        };
        match self.note(desk, actor, step, detail).await {
            // Why it failed says more than that this could not be noted.
            Err(error) if ended.is_ok() => Err(ExecutingError::Unnoted(error)),
            _ => ended,
        }
    }

    async fn note(&self, desk: &Desk, actor: &str, step: Step, detail: Value) -> Result<i64, Error> {
        let indicator = self.indicator.clone();
        desk.change(actor, move |workbench| workbench.note_execution(step, &indicator, &detail)).await
    }
}

/// The result with the records in it. A large one is searched for a while.
async fn searched(result: Value, now: u64) -> Result<Executed, ExecutingError> {
    let search = move || Executed { recognised: records_in(&result, now), result };
    let searched = tokio::task::spawn_blocking(search).await;
    searched.map_err(|ended| ExecutingError::Unnoted(Error::Bug(format!("searching a result: {ended}"))))
}

fn operation(operations: Vec<Operation>, wanted: &str) -> Result<Operation, ExecutingError> {
    let wanted = wanted.trim();
    let is_it = |operation: &Operation| {
        [&operation.title, &operation.name].iter().any(|name| name.eq_ignore_ascii_case(wanted))
            || wanted.parse() == Ok(operation.id)
    };
    let shown = || client::printable(wanted.as_bytes(), 256);
    operations.into_iter().find(is_it).ok_or_else(|| ExecutingError::NoOperation(shown()))
}

fn action(operation: &Operation, wanted: Option<&str>) -> Result<Action, ExecutingError> {
    let actions = &operation.actions;
    let found = match wanted.map(str::trim) {
        Some(wanted) => actions.iter().find(|action| action.name.eq_ignore_ascii_case(wanted)),
        None => actions.first().filter(|_| actions.len() == 1),
    };
    let shown = |text: &str| client::printable(text.as_bytes(), 256);
    found.cloned().ok_or_else(|| ExecutingError::Actions {
        title: shown(&operation.title),
        names: actions.iter().take(NAMED).map(|action| shown(&action.name)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(actions: &[&str]) -> Operation {
        let action = |name: &&str| Action { name: (*name).to_owned(), types: Vec::new() };
        Operation {
            id: 3,
            name: "circl".to_owned(),
            title: "CIRCL Passive DNS".to_owned(),
            version: None,
            enabled: Some(true),
            actions: actions.iter().map(action).collect(),
        }
    }

    #[test]
    fn an_operation_is_found_by_title_name_or_number() {
        for wanted in [" circl passive dns ", "CIRCL", "3"] {
            assert_eq!(operation(vec![installed(&[])], wanted).unwrap().id, 3, "{wanted}");
        }
        let error = operation(vec![installed(&[])], "\u{1b}other").unwrap_err();
        assert!(matches!(&error, ExecutingError::NoOperation(name) if !name.contains('\u{1b}')), "{error}");
    }

    #[test]
    fn an_action_is_named_unless_there_is_one() {
        assert_eq!(action(&installed(&["Query"]), None).unwrap().name, "Query");
        assert_eq!(action(&installed(&["Query", "Other"]), Some("other")).unwrap().name, "Other");
        for (actions, wanted) in [(&["Query", "Other"][..], None), (&["Query"], Some("Third")), (&[], None)] {
            assert!(matches!(action(&installed(actions), wanted), Err(ExecutingError::Actions { .. })));
        }
    }
}

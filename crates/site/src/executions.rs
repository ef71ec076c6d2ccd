//! Executions of the operations that are installed on a ThreatQ, for pages and API.
//!
//! [`platform::threatq::executing`] does the work, as for the command. An execution goes on in the background, because it has effects
//! there and takes as long as the operation takes. What it returns is kept in memory, at most 1 MiB of it and 1,000 records.

use std::sync::Arc;

use edge::problem::Problem;
use operation::Indicator;
use platform::threatq::executing::{Executed, ExecutingError, Wanted};
use platform::threatq::operations::Operation;

use crate::executing::{Answer, Executing, State};
use crate::instances::{self, Instance};
use crate::site::{Shared, Site};

/// The operations of an instance.
///
/// # Errors
/// 409 if it cannot be asked.
pub(crate) async fn operations(instance: &Instance) -> Result<Vec<Operation>, Problem> {
    let operations = instance.threatq.connection().operations().await;
    operations.map_err(|error| instances::refused(&error))
}

/// Starts an execution in the background; returns its number.
///
/// # Errors
/// [`Problem`] if it was not started; nothing was executed then.
pub(crate) async fn begin(
    site: &Shared,
    actor: &str,
    instance: Instance,
    (operation, action): (String, Option<String>),
    indicator: Indicator,
) -> Result<i64, Problem> {
    let place = site.executions.place()?;
    let (platform, package) = (instance.name.clone(), instance.package.clone());
    let wanted = Wanted { platform: platform.clone(), package, operation, action, indicator };
    let ready = wanted.found(&site.desk, &instance.threatq).await.map_err(problem)?;
    let id = ready.begin(&site.desk, actor, &instance.threatq).await?;
    let ready = Arc::new(ready);
    let (actor, began_at) = (actor.to_owned(), now(site));
    let executing = Executing {
        id,
        actor: actor.clone(),
        platform,
        ready: Arc::clone(&ready),
        began_at,
        ended_at: None,
        state: State::Running,
    };
    site.executions.begin(id, executing);
    let site = Arc::clone(site);
    // In a task of its own, so that it ends even if nobody waits for the answer any more.
    tokio::spawn(async move {
        let state = state(ready.carry_out(&site.desk, &actor, &instance.threatq, id).await).await;
        let at = now(&site);
        site.executions.change(id, |one| (one.state, one.ended_at) = (state, Some(at)));
        drop(place);
    });
    Ok(id)
}

async fn state(result: Result<Executed, ExecutingError>) -> State {
    let executed = match result {
        Ok(executed) => executed,
        Err(error) => {
            let may_have_acted = error.may_have_acted();
            return State::Failed { reason: problem(error).detail, may_have_acted };
        }
    };
    // Writing a large result takes a while.
    match tokio::task::spawn_blocking(move || Answer::new(executed)).await {
        Ok(answer) => State::Done(Arc::new(answer)),
        Err(_) => State::Failed { reason: "its result cannot be shown".to_owned(), may_have_acted: true },
    }
}

fn problem(error: ExecutingError) -> Problem {
    match error {
        ExecutingError::Threatq(error) => instances::refused(&error),
        ExecutingError::Workbench(error) => error.into(),
        ExecutingError::Unnoted(error) => {
            let detail = format!("it was executed, and then: {}", Problem::from(error).detail);
            Problem::refused(detail)
        }
        ExecutingError::Absent(_) => Problem::refused(format!("{error}; push it there first")),
        ExecutingError::Actions { .. } | ExecutingError::NoOperation(_) => {
            Problem::bad_request(error.to_string())
        }
        ExecutingError::Held(_) => Problem::refused(error.to_string()),
    }
}

fn now(site: &Site) -> i64 {
    i64::try_from(site.desk.clock().seconds()).unwrap_or(i64::MAX)
}

//! The warning lists of the served data folder, for pages and API: read and changed on threads for blocking work, and every change
//! recorded in the audit trail.
//!
//! Compiling a list takes seconds and a hundred megabytes for the largest ones, so one is imported at a time.

use axum::http::StatusCode;
use context::ListError;
use context::lists::{About, ListErrorKind, Lists};
use context::weak::{Pivot, Reason, Rules};
use edge::problem::Problem;
use operation::Indicator;
use workbench::listing::ListChange;

use crate::site::Shared;

/// The lists by name, and what is wrong with those that cannot be read.
///
/// # Errors
/// [`Problem`] if the folder cannot be read.
pub(crate) async fn all(site: &Shared) -> Result<(Vec<About>, Vec<String>), Problem> {
    let (abouts, damaged) = with(site, |lists| lists.all()).await?.map_err(|error| problem(&error))?;
    Ok((abouts, damaged.iter().map(ToString::to_string).collect()))
}

/// The list that was removed last and can be restored.
///
/// # Errors
/// [`Problem`] if the folder cannot be read.
pub(crate) async fn removed(site: &Shared) -> Result<Option<About>, Problem> {
    with(site, |lists| lists.removed()).await?.map_err(|error| problem(&error))
}

/// Imports a list; returns it and the version that it replaced, or the problem with its text.
///
/// # Errors
/// [`Problem`] if the data folder cannot be used.
pub(crate) async fn import(
    site: &Shared,
    actor: &str,
    text: Vec<u8>,
) -> Result<Result<(About, Option<u64>), Problem>, Problem> {
    let _turn = site.importing.lock().await;
    let imported = match with(site, move |lists| lists.import(&text)).await? {
        Ok(imported) => imported,
        Err(error) if error.kind() == ListErrorKind::Disk => return Err(problem(&error)),
        Err(error) => return Ok(Err(problem(&error))),
    };
    note(site, actor, ListChange::Import, imported.about.clone()).await?;
    Ok(Ok((imported.about, imported.replaced)))
}

/// Removes a list.
///
/// # Errors
/// [`Problem`]; missing if there is no such list.
pub(crate) async fn remove(site: &Shared, actor: &str, name: &str) -> Result<(), Problem> {
    let name = name.to_owned();
    let removed = with(site, move |lists| lists.remove(&name)).await?.map_err(|error| problem(&error))?;
    note(site, actor, ListChange::Remove, removed).await
}

/// Restores the list that was removed last.
///
/// # Errors
/// [`Problem`]; missing if it is another one.
pub(crate) async fn restore(site: &Shared, actor: &str, name: &str) -> Result<(), Problem> {
    let name = name.to_owned();
    let restored = with(site, move |lists| lists.restore(&name)).await?.map_err(|error| problem(&error))?;
    note(site, actor, ListChange::Restore, restored).await
}

/// Enables or disables a list; returns whether that changed anything.
///
/// # Errors
/// [`Problem`]; missing if there is no such list.
pub(crate) async fn switch(site: &Shared, actor: &str, name: &str, enabled: bool) -> Result<bool, Problem> {
    let wanted = name.to_owned();
    let changed = with(site, move |lists| lists.set_enabled(&wanted, enabled))
        .await?
        .map_err(|error| problem(&error))?;
    if changed {
        let change = if enabled { ListChange::Enable } else { ListChange::Disable };
        if let Some(about) = all(site).await?.0.into_iter().find(|about| about.name == name) {
            note(site, actor, change, about).await?;
        }
    }
    Ok(changed)
}

/// What is known against a value.
///
/// # Errors
/// [`Problem`] if the lists cannot be read.
pub(crate) async fn reasons(
    site: &Shared,
    indicator: &Indicator,
    is_name_server: bool,
) -> Result<Vec<Reason>, Problem> {
    let (asked, indicator) = (site.clone(), indicator.clone());
    let find = move |_: Lists| {
        let pivot = Pivot { target: indicator.host().as_target(), is_name_server, names: None };
        asked.weak_rules().reasons(&pivot)
    };
    with(site, find).await
}

/// The rules for what says little.
///
/// # Errors
/// [`Problem`] if the server cannot do it now.
pub(crate) async fn rules(site: &Shared) -> Result<Rules, Problem> {
    // Lists that have changed are read from the disk.
    let asked = site.clone();
    with(site, move |_| asked.weak_rules()).await
}

/// The names of the lists that have a value; none if the lists cannot be read.
///
/// # Errors
/// [`Problem`] if the server cannot do it now.
pub(crate) async fn lists_with(site: &Shared, indicator: &Indicator) -> Result<Vec<String>, Problem> {
    let indicator = indicator.clone();
    let find = move |lists: Lists| {
        let hits = lists.now().unwrap_or_default().of(indicator.host().as_target());
        hits.into_iter().map(|hit| hit.about.name.clone()).collect()
    };
    with(site, find).await
}

async fn with<T: Send + 'static>(
    site: &Shared,
    work: impl FnOnce(Lists) -> T + Send + 'static,
) -> Result<T, Problem> {
    let lists = site.lists.clone();
    tokio::task::spawn_blocking(move || work(lists)).await.map_err(|_| Problem::internal())
}

async fn note(site: &Shared, actor: &str, change: ListChange, about: About) -> Result<(), Problem> {
    Ok(site.desk.change(actor, move |workbench| workbench.note_lists(change, &[about])).await?)
}

fn problem(error: &ListError) -> Problem {
    match error.kind() {
        ListErrorKind::User => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        ListErrorKind::Full => Problem::new(StatusCode::CONFLICT, error.to_string()),
        ListErrorKind::Missing => Problem::missing("there is no such list"),
        ListErrorKind::Disk => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

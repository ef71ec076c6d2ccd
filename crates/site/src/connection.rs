//! Tests the connection of an integration: one cheap query, with a result for each step.

use edge::problem::Problem;
use operation::Limits;
use operation::provider::{Checked, ConfigError, check};
use workbench::integration::Configured;
use workbench::run::{Asking, Wish};

use crate::site::Site;

/// Tests with what is stored; whether it is enabled does not matter.
///
/// # Errors
/// 409, when the settings are not enough to ask with.
pub(crate) async fn test(site: &Site, name: &str) -> Result<Checked, Problem> {
    let wanted = name.to_owned();
    let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
    let asking = asking(site, configured, Limits::CHECK, Wish::default(), "").await?;
    let asking = asking.map_err(|error| unset(&error))?;
    check(&asking.provider).await.map_err(|error| Problem::refused(error.to_string()))
}

/// What a run is made with. A CA file is read for it, which a slow file system may draw out, so a thread does it that may wait.
pub(crate) async fn asking(
    site: &Site,
    configured: Configured,
    limits: Limits,
    wish: Wish,
    actor: &str,
) -> Result<Result<Asking, ConfigError>, Problem> {
    let (folder, clock) = (site.desk.folder().to_owned(), site.desk.clock().clone());
    let actor = actor.to_owned();
    let make = move || {
        let Configured { package, settings, .. } = configured;
        Asking::new(package, &settings, limits, wish, &folder, clock, &actor)
    };
    tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal())
}

fn unset(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Settings(error) => Problem::refused(error.to_string()),
        ConfigError::Provider(error) => Problem::refused(format!("{error}; {}", error.hint())),
    }
}

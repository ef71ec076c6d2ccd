//! Tests the connection of an integration: one cheap query, with a result for each step.

use edge::problem::Problem;
use operation::Limits;
use operation::provider::{Checked, ConfigError, check};
use platform::Recipient;
use workbench::integration::Configured;
use workbench::run::{Asking, Said, Wish};

use crate::site::Site;

/// Tests with the stored settings, and keeps what the provider says about the quota; whether the integration is enabled does not matter.
///
/// # Errors
/// 409 if the settings are not sufficient for a query.
pub(crate) async fn test(site: &Site, name: &str) -> Result<(Checked, Option<Said>), Problem> {
    let wanted = name.to_owned();
    let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
    if configured.package.platform().is_some() {
        let recipient = recipient(site, configured).await?;
        return Ok((platform::check(&recipient).await, None));
    }
    let asking = asking(site, configured, Limits::CHECK, Wish::default(), "").await?;
    let asking = asking.map_err(|error| unset(&error))?;
    let checked = check(&asking.provider).await.map_err(|error| Problem::refused(error.to_string()))?;
    let provider = asking.provider;
    let said = site.desk.read(move |workbench| workbench.note_quota(&provider)).await?;
    Ok((checked, said))
}

/// How a run is made. A CA file may be read from a slow file system, so this is done on a thread that may block.
pub(crate) async fn asking(
    site: &Site,
    configured: Configured,
    limits: Limits,
    wish: Wish,
    actor: &str,
) -> Result<Result<Asking, ConfigError>, Problem> {
    let (folder, actor) = (site.data_folder(), actor.to_owned());
    let make = move || {
        let Configured { package, settings, .. } = configured;
        Asking::new(package, &settings, limits, wish, folder, &actor)
    };
    tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal())
}

/// A platform with its settings. A CA file may be read, so this is done on a thread that may block.
///
/// # Errors
/// 409 if the settings are not sufficient.
pub(crate) async fn recipient(site: &Site, configured: Configured) -> Result<Recipient, Problem> {
    let folder = site.data_folder();
    let make = move || {
        let Configured { package, settings, .. } = configured;
        Recipient::new(&package, &settings, &folder.path, folder.clock)
    };
    let recipient = tokio::task::spawn_blocking(make).await.map_err(|_| Problem::internal())?;
    recipient.map_err(|error| unset(&error))
}

fn unset(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Operation(_) | ConfigError::Platform(_) => Problem::refused(error.to_string()),
        ConfigError::Settings(error) => Problem::refused(error.to_string()),
        ConfigError::Provider(error) => Problem::refused(format!("{error}; {}", error.hint())),
    }
}

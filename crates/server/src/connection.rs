//! Trying whether an integration can ask: one cheap question, each step on the way reported apart (G-26).

use operation::Limits;
use operation::provider::{Checked, ConfigError, check};
use workbench::run::{Asking, Wish};

use crate::problem::Problem;
use crate::site::Site;

/// Tests with what is stored; whether it is enabled does not matter.
///
/// # Errors
/// 409, when the settings are not enough to ask with.
pub(crate) async fn test(site: &Site, name: &str) -> Result<Checked, Problem> {
    let wanted = name.to_owned();
    let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
    let (desk, wish) = (&site.desk, Wish::default());
    let asking = Asking::new(
        configured.package,
        &configured.settings,
        Limits::CHECK,
        wish,
        desk.folder(),
        desk.clock().clone(),
        "",
    );
    let asking = asking.map_err(|error| unset(&error))?;
    check(&asking.provider).await.map_err(|error| Problem::refused(error.to_string()))
}

fn unset(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Settings(error) => Problem::refused(error.to_string()),
        ConfigError::Provider(error) => Problem::refused(format!("{error}; {}", error.hint())),
    }
}

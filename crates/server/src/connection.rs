//! Trying whether an integration can ask: one cheap question, each step on the way reported apart (G-26).

use std::sync::Arc;

use operation::provider::{Checked, ConfigError, check};
use operation::{Budget, Config, Limits, Provider, Tcp};

use crate::problem::Problem;
use crate::site::Site;

/// Tests with what is stored; whether it is enabled does not matter.
///
/// # Errors
/// 409, when the settings are not enough to ask with.
pub(crate) async fn test(site: &Site, name: &str) -> Result<Checked, Problem> {
    let wanted = name.to_owned();
    let configured = site.desk.read(move |workbench| workbench.settings(&wanted)).await?;
    let clock = site.desk.clock().clone();
    let config = Config::new(&configured.package, &configured.settings, Limits::CHECK, &clock)
        .map_err(|error| unset(&error))?;
    let folder = site.desk.folder().join("budget");
    let budget = Budget::new(config.rate, &config.budget_name(), Some(&folder), clock.clone());
    // Jitter wants to differ between requests, nothing more.
    let seed = u64::try_from(clock.now().as_nanos() & u128::from(u64::MAX)).unwrap_or_default();
    let provider =
        Provider::new(config, Arc::new(Tcp), budget, clock, seed).map_err(|error| unset(&error.into()))?;
    check(&provider).await.map_err(|error| Problem::refused(error.to_string()))
}

fn unset(error: &ConfigError) -> Problem {
    match error {
        ConfigError::Settings(error) => Problem::refused(error.to_string()),
        ConfigError::Provider(error) => Problem::refused(format!("{error}; {}", error.hint())),
    }
}

//! A ThreatQ as its integration is configured: [`Threatq`].

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use client::Limits;
use cof::time::Clock;
use operation::provider::{self, ConfigError, ProxyEnvironment};
use operation::{Budget, Package, ProviderError, Secret, Settings, SettingsError, Tcp};

use super::connection::Connection;
use super::login::Login;
use super::push::{MOST_RELATIONSHIPS, Terms};

/// The name of the source of everything that is pushed, unless another one is set.
const SOURCE: &str = "CIRCL Passive DNS";
/// How many relationships an indicator may have there, unless something else is set.
const RELATIONSHIPS: u64 = 9_000;
/// The wait between two batches.
const PAUSE: Duration = Duration::from_secs(1);
/// The time that one request may take, if nothing is configured: an operation there may query a slow provider.
const USUAL: Duration = Duration::from_mins(5);

/// A ThreatQ.
#[derive(Debug)]
pub struct Threatq {
    way: provider::Connection,
    connection: Connection,
    source: String,
    most_relationships: u64,
}

impl Threatq {
    /// The instance of a package and its settings. `folder` is the data folder, where the rate is shared. A CA file is read, so it must
    /// not be called on threads that must not block.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings are not sufficient.
    pub fn new(
        package: &Package,
        settings: &Settings,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        settings.check_required(package)?;
        let login = login(package, settings)?;
        let way = provider::Connection::new(package, settings)?;
        let way = way.with_environment(&ProxyEnvironment::of_process())?;
        let total = settings.number(package, "timeout").map_or(USUAL, Duration::from_secs_f64);
        let limits = Limits { idle: total, total, ..Limits::USUAL };
        let client = way.client(limits, Arc::new(Tcp)).map_err(ProviderError::from)?;
        let rates = folder.join("budget");
        let budget = Budget::new(way.rate, &way.budget_name(), Some(&rates), clock.clone());
        let source = settings.text(package, "source").map(|source| source.trim().to_owned());
        Ok(Self {
            connection: Connection::new(client, way.address(""), login, budget, clock),
            way,
            source: source.filter(|source| !source.is_empty()).unwrap_or_else(|| SOURCE.to_owned()),
            most_relationships: ceiling(settings.number(package, "most_relationships")),
        })
    }

    /// How it is reached.
    pub fn way(&self) -> &provider::Connection {
        &self.way
    }

    /// The connection to it.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// How things are pushed to it.
    pub fn terms(&self, dry_run: bool) -> Terms {
        // The rate is the only pace that a machine of one's own needs.
        let pause = if self.way.is_loopback() { Duration::ZERO } else { PAUSE };
        Terms { source: self.source.clone(), most_relationships: self.most_relationships, pause, dry_run }
    }
}

/// Below what a ThreatQ silently stops at, whatever is set.
fn ceiling(set: Option<f64>) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the guard checks the range")]
    let set = set.filter(|set| (1.0..1e9).contains(set)).map(|set| set as u64);
    set.unwrap_or(RELATIONSHIPS).min(MOST_RELATIONSHIPS - 1)
}

/// The credentials of a client if its secret is set, or else a user with a password: the same order in which the check of secrets
/// for other destinations looks at them.
fn login(package: &Package, settings: &Settings) -> Result<Login, SettingsError> {
    let text = |key: &str| settings.text(package, key).unwrap_or_default();
    let secret = |key: &str| settings.secret(key).map(Secret::reveal).unwrap_or_default().to_owned();
    let login = if settings.secret("user_token").is_some() {
        Login::Client { id: text("client_id"), secret: secret("user_token") }
    } else if settings.secret("password").is_some() || !text("username").is_empty() {
        let (email, password) = (text("username"), secret("password"));
        Login::Password { client_id: text("client_id"), email, password }
    } else {
        let both = "Client Secret (user_token), or E-mail (username) and Password (password)";
        return Err(SettingsError::Missing(both.to_owned()));
    };
    login.check().map_err(|fault| SettingsError::Invalid {
        key: "client_id".to_owned(),
        label: "Login".to_owned(),
        why: fault.to_string(),
    })?;
    Ok(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        operation::package::find("threatq").unwrap()
    }

    fn login_of(set: &[(&str, &str)], secrets: &[(&str, &str)]) -> Result<Login, SettingsError> {
        let package = package();
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(&package, key, value).unwrap();
        }
        for (key, secret) in secrets {
            settings.set_secret(&package, key, Secret::new(secret)).unwrap();
        }
        login(&package, &settings)
    }

    #[test]
    fn the_secret_of_a_client_comes_before_a_password() {
        let (id, mail) = (("client_id", "abc"), ("username", "ann@x.example"));
        let both = login_of(&[id, mail], &[("user_token", "s"), ("password", "p")]).unwrap();
        assert_eq!(both, Login::Client { id: "abc".to_owned(), secret: "s".to_owned() });
        let user = login_of(&[id, mail], &[("password", "p")]).unwrap();
        assert!(matches!(user, Login::Password { .. }));
        for (set, secrets, part) in [
            (&[][..], &[][..], "not set: Client Secret (user_token)"),
            (&[id], &[], "not set: Client Secret"),
            (&[id, mail], &[], "the password is missing"),
            (&[], &[("user_token", "s")], "the client ID is missing"),
            (&[("client_id", "a:b")], &[("user_token", "s")], "colon"),
        ] {
            let error = login_of(set, secrets).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_ceiling_is_below_what_the_platform_takes() {
        let set = [None, Some(5.0), Some(10_000.0), Some(1e300), Some(-3.0)].map(ceiling);
        assert_eq!(set, [RELATIONSHIPS, 5, 9_999, RELATIONSHIPS, RELATIONSHIPS]);
    }
}

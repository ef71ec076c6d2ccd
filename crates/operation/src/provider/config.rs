//! Derives the destination and content of queries from settings.

use std::time::Duration;

use client::{ProxyEnvironment, without};
use cof::RrType;
use cof::time::Clock;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::connection::Connection;
use super::error::ProviderError;
use super::login::authorization;
use super::orientation::Orientation;
use super::own_database::OwnDatabaseConfig;
use crate::interface::{HttpInterface, Interface, NotFound};
use crate::parameter::rrtypes;
use crate::{Filter, Kind, Moment, Package, Settings, SettingsError, Side, Window};

/// The default host in the integration guide.
const GUIDE_HOST: &str = "global.cloud.circl.com";

/// The provider of a package, and how to query it.
#[derive(Clone, Debug)]
pub enum Config {
    /// A service that is queried over HTTP.
    Http(Box<HttpConfig>),
    /// The passive-DNS database of the data folder.
    OwnDatabase(OwnDatabaseConfig),
}

/// The address of a service, and how to query it.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// How the service is reached.
    pub connection: Connection,
    /// The package's, with what settings change.
    pub(super) interface: HttpInterface,
    /// The login, and the header that it is sent in.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) login_header: HeaderName,
    pub(super) active_query: bool,
    /// Only these types, or all if it is empty. One type is requested from the provider; several are filtered here.
    pub rrtypes: Vec<RrType>,
    /// Only records within this window. Providers have no such parameter, so it is applied here.
    pub window: Window,
    /// The side of records on which names are searched; the owner unless a run requests otherwise.
    pub side: Side,
    pub(super) page_size: Option<usize>,
    pub(super) orientation: Orientation,
    /// The limits of an answer.
    pub limits: Limits,
}

/// The limits of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The limits of connections, waits and bodies, for all pages of an answer together.
    pub client: client::Limits,
    /// The bytes of an answer after decompression, for all pages together.
    pub bytes: u64,
    /// Pages of an answer.
    pub pages: usize,
    /// Damaged parts of an answer.
    pub damages: u64,
    /// Attempts for one request.
    pub tries: u32,
}

impl Limits {
    /// For answers that are kept in memory.
    pub const HELD: Self =
        Self { client: client::Limits::USUAL, bytes: 256 << 20, pages: 1_000, damages: 10_000, tries: 3 };

    /// For answers that are streamed.
    pub const STREAMED: Self = Self {
        client: client::Limits {
            total: Duration::from_hours(24),
            pauses: Duration::from_hours(1),
            ..client::Limits::USUAL
        },
        bytes: 64 << 30,
        pages: 1_000_000,
        damages: 1_000_000,
        ..Self::HELD
    };
}

impl Config {
    /// Interprets the settings of a package.
    ///
    /// # Errors
    /// [`SettingsError`] for missing or inconsistent settings, and for a stored secret that was entered for another
    /// destination; [`ConfigError::Platform`] for a platform. The CA file is not read.
    pub fn new(
        package: &Package,
        settings: &Settings,
        limits: Limits,
        clock: &Clock,
    ) -> Result<Self, ConfigError> {
        settings.check_required(package)?;
        let Kind::Operation(operation) = &package.kind else {
            return Err(ConfigError::Platform(package.name.clone()));
        };
        Ok(match &operation.interface {
            Interface::Http(interface) => {
                Self::Http(Box::new(HttpConfig::new(package, interface, settings, limits, clock)?))
            }
            Interface::OwnDatabase => {
                Self::OwnDatabase(OwnDatabaseConfig::new(package, settings, limits, clock)?)
            }
        })
    }

    /// Uses the environment's proxy if none is configured, but never for this machine itself.
    ///
    /// # Errors
    /// [`ClientError::Proxy`](client::ClientError::Proxy) if a variable contains something that is not an HTTP proxy.
    pub fn with_environment(self, environment: &ProxyEnvironment) -> Result<Self, ProviderError> {
        Ok(match self {
            Self::Http(mut config) => {
                config.connection = config.connection.with_environment(environment)?;
                Self::Http(config)
            }
            Self::OwnDatabase(config) => Self::OwnDatabase(config),
        })
    }

    /// Narrows the query to these types (all configured ones if there are none), this time window within the configured one, and this
    /// side of records. Returns the filter for the records of its answers.
    pub fn narrow(&mut self, rrtypes: Vec<RrType>, window: Window, side: Side) -> Filter {
        match self {
            Self::Http(config) => {
                config.side = side;
                let filter = config.filter().and(rrtypes, window);
                config.rrtypes.clone_from(&filter.rrtypes);
                filter
            }
            Self::OwnDatabase(config) => {
                config.filter = Filter { side, ..config.filter.clone() }.and(rrtypes, window);
                config.filter.clone()
            }
        }
    }

    /// Warnings for the user before anything is sent.
    pub fn into_warnings(self) -> Vec<String> {
        match self {
            Self::Http(config) => config.connection.warnings,
            Self::OwnDatabase(_) => Vec::new(),
        }
    }
}

impl HttpConfig {
    fn new(
        package: &Package,
        known: &HttpInterface,
        settings: &Settings,
        limits: Limits,
        clock: &Clock,
    ) -> Result<Self, ConfigError> {
        let text = |key| settings.text(package, key);
        let connection = Connection::new(package, settings)?;
        let interface = interface(package, known, settings);
        let mut config = Self {
            connection,
            login_header: login_header(interface.token_header.as_deref())?,
            authorization: authorization(package, settings, interface.token_header.is_some())?,
            interface,
            active_query: settings.switch(package, "active_query").unwrap_or(false),
            rrtypes: rrtypes(&text("rrtype").unwrap_or_default()).map_err(|why| invalid("rrtype", &why))?,
            window: window(package, settings, clock)?,
            side: Side::Owner,
            page_size: whole(settings.number(package, "page_size")).map(usize::from).filter(|size| *size > 0),
            orientation: text("orientation")
                .and_then(|word| Orientation::from_word(&word))
                .unwrap_or_default(),
            limits: bounded(package, settings, limits),
        };
        config.warn();
        if settings.secret("user_token").is_some()
            && (text("username").is_some() || settings.secret("password").is_some())
        {
            config.connection.warnings.push(
                "User Token is set, and so is Username or Password: only the token is sent. Clear the values you do not need."
                    .to_owned(),
            );
        }
        Ok(config)
    }

    /// Replaces the logins that were sent in text that comes from outside.
    pub(super) fn without_logins(&self, text: String) -> String {
        let proxy = self.connection.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
        without(text, [self.authorization.as_ref(), proxy])
    }

    /// The configured filter for the records of its answers.
    fn filter(&self) -> Filter {
        Filter { rrtypes: self.rrtypes.clone(), window: self.window, side: self.side }
    }

    /// The name under which the provider's budget is stored.
    pub fn budget_name(&self) -> String {
        self.connection.budget_name()
    }

    /// How many records an answer of this provider has at most; `None` if it has no such limit.
    pub(super) fn most_records(&self) -> Option<u64> {
        self.interface.limit_parameter.as_ref().and(self.page_size).map(|most| most as u64)
    }

    /// The configured orientation.
    pub fn orientation(&self) -> Orientation {
        self.orientation
    }

    /// Whether the provider is this machine.
    pub fn is_loopback(&self) -> bool {
        self.connection.is_loopback()
    }

    fn warn(&mut self) {
        let warnings = &mut self.connection.warnings;
        if self.connection.host.eq_ignore_ascii_case(GUIDE_HOST) {
            // Credentials must not be sent to a host that is not the service's own.
            let text = "global.cloud.Circl.com, the default in the guide, is not a host of CIRCL and does not work: CIRCL's service is www.circl.lu. No login is sent to it.";
            warnings.insert(0, text.to_owned());
            self.authorization = None;
        }
        if self.active_query {
            let text = "Active Query is on: the service may resolve the value live, which can alert the owner of the name.";
            warnings.push(text.to_owned());
        }
    }
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The package is an operation.
    #[error("{0} is an operation: it is queried, and nothing can be sent to it")]
    Operation(String),
    /// The package is a platform.
    #[error("{0} is a platform: it takes what is handed over, and cannot be queried")]
    Platform(String),
    /// The provider cannot be reached with them.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// A setting is invalid or missing.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

pub(super) fn invalid(key: &str, why: &str) -> SettingsError {
    SettingsError::Invalid { key: key.to_owned(), label: "setting".to_owned(), why: why.to_owned() }
}

/// The package's interface with the settings that change it.
fn interface(package: &Package, known: &HttpInterface, settings: &Settings) -> HttpInterface {
    let text = |key: &str| settings.text(package, key);
    let word = text("not_found");
    HttpInterface {
        protocol: known.protocol,
        path: text("path").unwrap_or_else(|| known.path.clone()),
        circl_headers: settings.switch(package, "circl_headers").unwrap_or(known.circl_headers),
        limit_parameter: text("limit_parameter").or_else(|| known.limit_parameter.clone()),
        not_found: word.and_then(|word| NotFound::from_word(&word)).unwrap_or(known.not_found),
        token_header: text("token_header").or_else(|| known.token_header.clone()),
    }
}

fn login_header(name: Option<&str>) -> Result<HeaderName, SettingsError> {
    let name = name.map(HeaderName::try_from).transpose();
    let name = name.map_err(|_| invalid("token_header", "it is not the name of a header"))?;
    Ok(name.unwrap_or(AUTHORIZATION))
}

/// A whole number, which was checked when it was set.
pub(super) fn whole(number: Option<f64>) -> Option<u16> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the guard checks the range")]
    number.filter(|number| (0.0..=65_535.0).contains(number)).map(|number| number as u16)
}

/// Whether a package can be used with these settings; returns the warnings for its administrator.
///
/// # Errors
/// As [`Config::new`], for platforms too.
pub fn warnings(package: &Package, settings: &Settings, clock: &Clock) -> Result<Vec<String>, ConfigError> {
    if package.platform().is_some() {
        settings.check_required(package)?;
        return Ok(Connection::new(package, settings)?.warnings);
    }
    Ok(Config::new(package, settings, Limits::HELD, clock)?.into_warnings())
}

/// The limits with the configured timeout; the package's default only applies to answers in memory.
pub(super) fn bounded(package: &Package, settings: &Settings, limits: Limits) -> Limits {
    match settings.number(package, "timeout") {
        Some(seconds) if settings.is_set("timeout") || limits == Limits::HELD => {
            let total = Duration::from_secs_f64(seconds);
            Limits { client: client::Limits { total, ..limits.client }, ..limits }
        }
        _ => limits,
    }
}

pub(super) fn window(package: &Package, settings: &Settings, clock: &Clock) -> Result<Window, SettingsError> {
    let moment = |key: &str| {
        let text = settings.text(package, key);
        text.map(|text| Moment::parse(&text, clock).map_err(|error| invalid(key, &error.to_string())))
            .transpose()
    };
    Ok(Window {
        seen_after: moment("seen_after")?.map(|moment| moment.start),
        seen_before: moment("seen_before")?.map(|moment| moment.end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn config(version: &str, set: &[(&str, &str)], token: Option<&str>) -> Result<HttpConfig, ConfigError> {
        let package = crate::package::find(&format!("circl-passive-dns@{version}")).unwrap();
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(&package, key, value).unwrap();
        }
        if let Some(token) = token {
            settings.set_secret(&package, "user_token", Secret::new(token)).unwrap();
        }
        let clock = testkit::clock_from(Duration::from_secs(1_700_000_000));
        match Config::new(&package, &settings, Limits::HELD, &clock)? {
            Config::Http(config) => Ok(*config),
            Config::OwnDatabase(_) => panic!("CIRCL is a service"),
        }
    }

    #[test]
    fn ports_follow_the_scheme_and_rates_the_host() {
        let port = |set: &[(&str, &str)]| config("1.1.0", set, None).unwrap().connection.port;
        assert_eq!((port(&[]), port(&[("use_http", "on")]), port(&[("port", "8443")])), (443, 80, 8443));
        let rate =
            |version, set: &[(&str, &str)]| config(version, set, None).unwrap().connection.rate.to_string();
        assert_eq!((rate("1.1.0", &[]), rate("1.1.0", &[("host", "127.0.0.1")])), ("0.5".into(), "0".into()));
        assert_eq!(rate("1.1.0", &[("host", "127.0.0.1"), ("requests_per_second", "5")]), "5");
        assert_eq!(rate("1.1.0", &[("requests_per_second", "0")]), "0");
        assert_eq!((rate("1.0.0", &[]), rate("1.0.0", &[("host", "::1")])), ("0.5".into(), "0".into()));
    }

    #[test]
    fn the_guides_default_host_is_taken_with_a_warning_and_without_the_login() {
        let config = config("1.0.0", &[("host", "global.cloud.Circl.com")], Some("user:password")).unwrap();
        let warnings = &config.connection.warnings;
        assert!(warnings[0].contains("not a host of CIRCL"), "{warnings:?}");
        assert!(config.authorization.is_none());
    }

    #[test]
    fn what_is_risky_is_said() {
        let warnings = |set: &[(&str, &str)]| config("1.1.0", set, None).unwrap().connection.warnings.len();
        assert_eq!(warnings(&[]), 0);
        assert_eq!(warnings(&[("use_http", "on")]), 1);
        assert_eq!(warnings(&[("use_http", "on"), ("host", "127.0.0.1")]), 0);
        assert_eq!(warnings(&[("verify_ssl", "off"), ("active_query", "on")]), 2);
    }

    #[test]
    fn a_missing_host_is_named() {
        assert!(matches!(
            config("1.0.0", &[("host", "")], None),
            Err(ConfigError::Settings(SettingsError::Missing(_)))
        ));
    }
}

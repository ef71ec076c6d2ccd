//! Derives the destination and content of queries from settings.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use client::{Proxy, ProxyEnvironment, authority, without};
use cof::RrType;
use cof::time::Clock;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::error::ProviderError;
use super::login::authorization;
use super::orientation::Orientation;
use super::own_database::OwnDatabaseConfig;
use super::proxy::configured;
use super::proxy_login::check_proxy_login;
use crate::interface::{HttpInterface, Interface, NotFound};
use crate::parameter::rrtypes;
use crate::{Destination, Filter, Moment, Package, Settings, SettingsError, Side, Window};

/// The default host in the integration guide.
const GUIDE_HOST: &str = "global.cloud.circl.com";
/// The default rate in requests per second: CIRCL publishes no limit, and one request in two seconds is known to be accepted.
const DEFAULT_RATE: f64 = 0.5;

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
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that is on or off")]
pub struct HttpConfig {
    pub(super) http: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// The package's, with what settings change.
    pub(super) interface: HttpInterface,
    /// The login, and the header that it is sent in.
    pub(super) authorization: Option<HeaderValue>,
    pub(super) login_header: HeaderName,
    pub(super) verify: bool,
    /// Read when a provider is created from this, never while a lock or a transaction is held.
    pub(super) ca_file: Option<PathBuf>,
    pub(super) proxy: Option<Proxy>,
    /// Whether a proxy of the environment may be used: only if the setting is neither a proxy nor `none`.
    proxy_of_environment: bool,
    pub(super) active_query: bool,
    /// Only these types, or all if it is empty. One type is requested from the provider; several are filtered here.
    pub rrtypes: Vec<RrType>,
    /// Only records within this window. Providers have no such parameter, so it is applied here.
    pub window: Window,
    /// The side of records on which names are searched; the owner unless a run requests otherwise.
    pub side: Side,
    /// Requests per second; 0 for no limit.
    pub rate: f64,
    pub(super) page_size: Option<usize>,
    pub(super) orientation: Orientation,
    /// The limits of an answer.
    pub limits: Limits,
    /// Warnings for the user before anything is sent.
    pub warnings: Vec<String>,
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
    /// destination. The CA file is not read.
    pub fn new(
        package: &Package,
        settings: &Settings,
        limits: Limits,
        clock: &Clock,
    ) -> Result<Self, ConfigError> {
        settings.check_required(package)?;
        Ok(match &package.interface {
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
            Self::Http(config) => Self::Http(Box::new(config.with_environment(environment)?)),
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
            Self::Http(config) => config.warnings,
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
        check_proxy_login(package, settings)?;
        let text = |key| settings.text(package, key);
        // Every query is built here, so no secret bypasses this check.
        if let Some(fault) = settings.elsewhere(package)?.into_iter().next() {
            return Err(fault.into());
        }
        let Destination { http, verify, host, port, proxy } = Destination::of(package, settings)?;
        let interface = interface(package, known, settings);
        let mut config = Self {
            http,
            port,
            login_header: login_header(interface.token_header.as_deref())?,
            authorization: authorization(package, settings, interface.token_header.is_some())?,
            interface,
            verify,
            ca_file: text("ca_file").map(PathBuf::from),
            proxy: proxy.map(|place| configured(package, settings, place)).transpose()?,
            proxy_of_environment: text("proxy").is_none(),
            active_query: settings.switch(package, "active_query").unwrap_or(false),
            rrtypes: rrtypes(&text("rrtype").unwrap_or_default()).map_err(|why| invalid("rrtype", &why))?,
            window: window(package, settings, clock)?,
            side: Side::Owner,
            rate: rate(package, settings, &host),
            page_size: whole(settings.number(package, "page_size")).map(usize::from).filter(|size| *size > 0),
            orientation: text("orientation")
                .and_then(|word| Orientation::from_word(&word))
                .unwrap_or_default(),
            limits: bounded(package, settings, limits),
            warnings: Vec::new(),
            host,
        };
        config.warn();
        if text("proxy").is_some() && config.proxy.is_none() && text("proxy_user").is_some() {
            config.warnings.push(
                "Proxy is none: Proxy User and Proxy Password stay stored but are not sent.".to_owned(),
            );
        }
        if settings.secret("user_token").is_some()
            && (text("username").is_some() || settings.secret("password").is_some())
        {
            config.warnings.push(
                "User Token is set, and so is Username or Password: only the token is sent. Clear the values you do not need."
                    .to_owned(),
            );
        }
        Ok(config)
    }

    fn with_environment(mut self, environment: &ProxyEnvironment) -> Result<Self, ProviderError> {
        if self.proxy_of_environment && !self.is_loopback() {
            self.proxy = environment.proxy(self.http, &self.host, self.port)?;
        }
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| self.http && proxy.variable.is_some()) {
            self.warnings
                .push(format!("Use HTTP is on: the proxy {proxy} can read queries, login and answers."));
        }
        Ok(self)
    }

    /// Replaces the logins that were sent in text that comes from outside.
    pub(super) fn without_logins(&self, text: String) -> String {
        let proxy = self.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
        without(text, [self.authorization.as_ref(), proxy])
    }

    /// The configured filter for the records of its answers.
    fn filter(&self) -> Filter {
        Filter { rrtypes: self.rrtypes.clone(), window: self.window, side: self.side }
    }

    /// The name under which the provider's budget is stored.
    pub fn budget_name(&self) -> String {
        authority(&self.host, self.port)
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
        is_loopback(&self.host)
    }

    fn warn(&mut self) {
        let mut warn = |text: &str| self.warnings.push(text.to_owned());
        if self.host.eq_ignore_ascii_case(GUIDE_HOST) {
            // Credentials must not be sent to a host that is not the service's own.
            warn(
                "global.cloud.Circl.com, the default in the guide, is not a host of CIRCL and does not work: CIRCL's service is www.circl.lu. No login is sent to it.",
            );
            self.authorization = None;
        }
        if self.http && !is_loopback(&self.host) {
            warn("Use HTTP is on: queries, login and answers are sent in clear text.");
        }
        if !self.http && !self.verify {
            warn(
                "Verify SSL is off: anyone on the network path can read the login and impersonate the service.",
            );
        }
        if self.active_query {
            warn(
                "Active Query is on: the service may resolve the value live, which can alert the owner of the name.",
            );
        }
    }
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
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

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Requests per second: the setting, or the package's default, but no limit for this machine itself.
fn rate(package: &Package, settings: &Settings, host: &str) -> f64 {
    match settings.number(package, "requests_per_second") {
        Some(rate) if settings.is_set("requests_per_second") || !is_loopback(host) => rate,
        None if !is_loopback(host) => DEFAULT_RATE,
        _ => 0.0,
    }
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
        let of = |set: &[(&str, &str)]| config("1.1.0", set, None).unwrap();
        assert_eq!(
            (of(&[]).port, of(&[("use_http", "on")]).port, of(&[("port", "8443")]).port),
            (443, 80, 8443)
        );
        let rate = |version, set: &[(&str, &str)]| config(version, set, None).unwrap().rate.to_string();
        assert_eq!((rate("1.1.0", &[]), rate("1.1.0", &[("host", "127.0.0.1")])), ("0.5".into(), "0".into()));
        assert_eq!(rate("1.1.0", &[("host", "127.0.0.1"), ("requests_per_second", "5")]), "5");
        assert_eq!(rate("1.1.0", &[("requests_per_second", "0")]), "0");
        assert_eq!((rate("1.0.0", &[]), rate("1.0.0", &[("host", "::1")])), ("0.5".into(), "0".into()));
    }

    #[test]
    fn the_guides_default_host_is_taken_with_a_warning_and_without_the_login() {
        let config = config("1.0.0", &[("host", "global.cloud.Circl.com")], Some("user:password")).unwrap();
        assert!(config.warnings[0].contains("not a host of CIRCL"), "{:?}", config.warnings);
        assert!(config.authorization.is_none());
    }

    #[test]
    fn what_is_risky_is_said() {
        let warnings = |set: &[(&str, &str)]| config("1.1.0", set, None).unwrap().warnings.len();
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

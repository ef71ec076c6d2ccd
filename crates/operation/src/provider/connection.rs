//! How the service of a package is reached: [`Connection`].
//!
//! Providers and platforms are reached alike, so everything that decides where a login goes is here: host, port, TLS, proxy, and
//! the check that no stored secret is sent to another destination than the one that it was entered for.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use client::{Client, ClientError, Dial, Proxy, ProxyEnvironment, Target, Tls, authority};

use super::check::Standing;
use super::error::ProviderError;
use super::proxy::configured;
use super::proxy_login::check_proxy_login;
use crate::{Destination, Kind, Package, Settings, SettingsError};

/// The default rate in requests per second: CIRCL publishes no limit, and one request in two seconds is known to be accepted.
const DEFAULT_RATE: f64 = 0.5;

/// How a service is reached.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(super) http: bool,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) verify: bool,
    /// Read when a client is created from this, never while a lock or a transaction is held.
    ca_file: Option<PathBuf>,
    pub(super) proxy: Option<Proxy>,
    /// Whether a proxy of the environment may be used: only if the setting is neither a proxy nor `none`.
    proxy_of_environment: bool,
    /// Requests per second; 0 for no limit.
    pub rate: f64,
    /// Warnings for the user before anything is sent.
    pub warnings: Vec<String>,
}

impl Connection {
    /// Interprets the settings of a package. The CA file is not read.
    ///
    /// # Errors
    /// [`SettingsError`] for inconsistent settings, and for a stored secret that was entered for another destination.
    pub fn new(package: &Package, settings: &Settings) -> Result<Self, SettingsError> {
        check_proxy_login(package, settings)?;
        let text = |key| settings.text(package, key);
        // Every request is built from this, so no secret bypasses this check.
        if let Some(fault) = settings.elsewhere(package)?.into_iter().next() {
            return Err(fault);
        }
        let Destination { http, verify, host, port, proxy } = Destination::of(package, settings)?;
        let mut connection = Self {
            http,
            port,
            verify,
            ca_file: text("ca_file").map(PathBuf::from),
            proxy: proxy.map(|place| configured(package, settings, place)).transpose()?,
            proxy_of_environment: text("proxy").is_none(),
            rate: rate(package, settings, &host),
            warnings: Vec::new(),
            host,
        };
        connection.warn(package);
        if text("proxy").is_some() && connection.proxy.is_none() && text("proxy_user").is_some() {
            connection.warnings.push(
                "Proxy is none: Proxy User and Proxy Password stay stored but are not sent.".to_owned(),
            );
        }
        Ok(connection)
    }

    /// Uses the environment's proxy if none is configured, but never for this machine itself.
    ///
    /// # Errors
    /// [`ClientError::Proxy`] if a variable contains something that is not an HTTP proxy.
    pub fn with_environment(mut self, environment: &ProxyEnvironment) -> Result<Self, ProviderError> {
        if self.proxy_of_environment && !self.is_loopback() {
            self.proxy = environment.proxy(self.http, &self.host, self.port)?;
        }
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| self.http && proxy.variable.is_some()) {
            self.warnings
                .push(format!("Use HTTP is on: the proxy {proxy} can read queries, login and answers."));
        }
        Ok(self)
    }

    /// A client for it. It reads the CA file, so it must not be called on threads that must not block.
    ///
    /// # Errors
    /// [`ClientError::Tls`] if the CA file cannot be used.
    pub fn client(&self, limits: client::Limits, dial: Arc<dyn Dial>) -> Result<Client, ClientError> {
        let tls = Tls { ca_file: self.ca_file.clone(), certificate: None, verify: self.verify };
        let target = Target {
            host: self.host.clone(),
            port: self.port,
            tls: Some(tls).filter(|_| !self.http),
            proxy: self.proxy.clone(),
        };
        Client::new(target, limits, dial)
    }

    /// The address of a path.
    pub fn address(&self, path: &str) -> String {
        let scheme = if self.http { "http" } else { "https" };
        format!("{scheme}://{}{path}", authority(&self.host, self.port))
    }

    /// The name under which the budget of the service is stored.
    pub fn budget_name(&self) -> String {
        authority(&self.host, self.port)
    }

    /// Whether the service is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The proxy in use.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Whether plain HTTP is used.
    pub fn is_plain(&self) -> bool {
        self.http
    }

    /// How the name of the service was resolved.
    pub fn resolved(&self) -> Standing {
        if self.proxy.is_some() {
            return Standing::NotNeeded("done by the proxy");
        }
        match self.host.parse::<IpAddr>() {
            Ok(_) => Standing::NotNeeded("the host is an IP address"),
            Err(_) => Standing::Passed(format!("{} is known", self.host)),
        }
    }

    /// How the service was connected to.
    pub fn connected(&self) -> Standing {
        let to = authority(&self.host, self.port);
        Standing::Passed(match &self.proxy {
            Some(proxy) => format!("to {to} through the proxy {proxy}"),
            None => format!("to {to}"),
        })
    }

    /// How the connection was encrypted.
    pub fn encrypted(&self) -> Standing {
        match (self.http, self.verify) {
            (true, _) => Standing::NotNeeded("Use HTTP is on"),
            (false, true) => Standing::Passed(format!("the certificate is valid for {}", self.host)),
            (false, false) => {
                Standing::Passed("the certificate was not checked: Verify SSL is off".to_owned())
            }
        }
    }

    fn warn(&mut self, package: &Package) {
        let sent = match package.kind {
            Kind::Operation(_) => "queries",
            Kind::Platform(_) => "documents",
        };
        if self.http && !self.is_loopback() {
            let text = format!("Use HTTP is on: {sent}, login and answers are sent in clear text.");
            self.warnings.push(text);
        }
        if !self.http && !self.verify {
            let text = "Verify SSL is off: anyone on the network path can read the login and impersonate the service.";
            self.warnings.push(text.to_owned());
        }
    }
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

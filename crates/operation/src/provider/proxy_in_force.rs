//! The proxy in use, for display: without its login.

use std::fmt;

use client::{Found, ProxyEnvironment, authority};

use super::connection::is_loopback;
use crate::proxy_setting::{PROXY, PROXY_USER};
use crate::{Destination, Package, Settings};

/// The proxy in use, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyInForce {
    /// Queries use this proxy.
    Used {
        /// `http://host:port`, without user and password.
        address: String,
        /// What configures it.
        from: ProxySource,
        /// Whether a user and a password are sent to it.
        login: bool,
    },
    /// No proxy: the setting is `none`, the host is excluded, or (without a source) no proxy is configured.
    Unused(Option<ProxySource>),
    /// No query is possible, because the configured proxy cannot be used.
    Unusable {
        /// What configures it.
        from: ProxySource,
        /// What is wrong with it, without its address.
        why: String,
    },
}

/// What determines the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxySource {
    /// The parameter `proxy`.
    Setting,
    /// A variable of the environment.
    Variable(&'static str),
    /// The host is this machine, for which a proxy of the environment is never used.
    ThisMachine,
}

impl ProxySource {
    /// Its name in output for programs: `setting`, `this_machine`, or that of the variable.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Setting => "setting",
            Self::ThisMachine => "this_machine",
            Self::Variable(name) => name,
        }
    }
}

impl ProxyInForce {
    /// The effective proxy for settings and the environment.
    pub fn of(package: &Package, settings: &Settings, environment: &ProxyEnvironment) -> Self {
        let unusable = |from, why: String| Self::Unusable { from, why };
        let place = match Destination::of(package, settings) {
            Ok(place) => place,
            Err(fault) => return unusable(ProxySource::Setting, fault.to_string()),
        };
        if settings.text(package, PROXY).is_some() {
            let Some((host, port)) = place.proxy else { return Self::Unused(Some(ProxySource::Setting)) };
            let (address, from) = (format!("http://{}", authority(&host, port)), ProxySource::Setting);
            return Self::Used { address, from, login: settings.text(package, PROXY_USER).is_some() };
        }
        match environment.find(place.http, &place.host, place.port) {
            Found::Nothing => Self::Unused(None),
            _ if is_loopback(&place.host) => Self::Unused(Some(ProxySource::ThisMachine)),
            Found::Excluded(variable) => Self::Unused(Some(ProxySource::Variable(variable))),
            Found::Proxy(variable, Ok(proxy)) => Self::Used {
                address: format!("http://{}", authority(&proxy.host, proxy.port)),
                from: ProxySource::Variable(variable),
                login: proxy.login.is_some(),
            },
            Found::Proxy(variable, Err(why)) => unusable(ProxySource::Variable(variable), why),
        }
    }
}

/// As a part of a sentence, or after "Proxy: ".
impl fmt::Display for ProxyInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |from: &ProxySource| match from {
            ProxySource::Setting => "the setting Proxy".to_owned(),
            other => other.word().to_owned(),
        };
        match self {
            Self::Used { address, from, login } => {
                let login = if *login { ", with a login" } else { "" };
                write!(f, "{address}, from {}{login}", named(from))
            }
            Self::Unused(None) => f.write_str("none"),
            Self::Unused(Some(ProxySource::Setting)) => f.write_str("none (setting Proxy)"),
            Self::Unused(Some(ProxySource::ThisMachine)) => {
                f.write_str("none: services on this machine are not queried through the environment's proxy")
            }
            Self::Unused(Some(ProxySource::Variable(name))) => write!(f, "none: {name} excludes the host"),
            Self::Unusable { from, why } => {
                write!(f, "the one from {} cannot be used: {why}", named(from))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn shown(set: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        let package = crate::package::newest().unwrap();
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(&package, key, value).unwrap();
        }
        settings.set_secret(&package, "proxy_password", Secret::new("hunter2")).unwrap();
        let read = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let found = ProxyInForce::of(&package, &settings, &ProxyEnvironment::of(read));
        let (debug, shown) = (format!("{found:?}"), found.to_string());
        assert!(!debug.contains("hunter2") && !shown.contains("hunter2"), "{debug} {shown}");
        shown
    }

    #[test]
    fn the_proxy_is_named_with_its_source_and_without_its_login() {
        let https = [("HTTPS_PROXY", "http://u:hunter2@p.example:3128")];
        let http = [("http_proxy", "q.example")];
        let excluded = [https[0], ("no_proxy", "circl.lu")];
        let proxy = ("proxy", "http://r.example:3128");
        for (set, variables, said) in [
            (&[][..], &[][..], "none"),
            (&[], &https, "http://p.example:3128, from HTTPS_PROXY, with a login"),
            (&[], &http, "none"),
            (&[("use_http", "on")], &http, "http://q.example:1080, from http_proxy"),
            (&[proxy], &https, "http://r.example:3128, from the setting Proxy"),
            (
                &[proxy, ("proxy_user", "u")],
                &[],
                "http://r.example:3128, from the setting Proxy, with a login",
            ),
            (&[("proxy", "none")], &https, "none (setting Proxy)"),
            (&[], &excluded, "none: no_proxy excludes the host"),
            (
                &[("host", "127.0.0.1")],
                &https,
                "none: services on this machine are not queried through the environment's proxy",
            ),
            (&[("host", "127.0.0.1"), proxy], &https, "http://r.example:3128, from the setting Proxy"),
        ] {
            assert_eq!(shown(set, variables), said, "{set:?} {variables:?}");
        }
        let said = shown(&[], &[("ALL_PROXY", "socks5://u:hunter2@p:1")]);
        assert!(said.starts_with("the one from ALL_PROXY cannot be used: SOCKS"), "{said}");
    }
}

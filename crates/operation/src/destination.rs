//! Where questions and logins go, and what a stored secret is bound to.
//!
//! A secret is given for one [`Destination`]: scheme, verification of the certificate, host, port and configured proxy. When
//! any of them changes in a way that lets somebody else read the secret, be it by a setting, by the default of another
//! version of the package or for one run, the secret is not sent: [`SettingsError::Elsewhere`] says what changed.
//! [`Binding`] says what is known of a secret. A proxy of the environment is not part of it: it is reported, not bound.
//!
//! ```text
//! written  =  scheme "://" host-and-port [" unverified"] [" proxy=http://" host-and-port]
//! ```

use std::fmt;

use client::authority;

use crate::provider::{LoginPlace, proxy_setting};
use crate::{Package, Settings, SettingsError};

/// The secret that goes to the proxy and to nobody else.
pub(crate) const PROXY_PASSWORD: &str = "proxy_password";

/// Where questions and logins go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Plain HTTP, without TLS.
    pub(crate) http: bool,
    /// Whether the certificate is verified; of no meaning with plain HTTP.
    pub(crate) verify: bool,
    /// In small letters; empty where none is set.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The configured proxy.
    pub(crate) proxy: Option<(String, u16)>,
}

/// What a secret was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// For this run only, by somebody who sees where it goes.
    ThisRun,
    /// For this destination.
    To(Box<Destination>),
    /// Nobody knows: it was stored before there was a host, or before secrets were bound.
    Unknown,
}

impl Destination {
    /// Where settings of a package lead to.
    ///
    /// # Errors
    /// [`SettingsError::Invalid`] for a proxy that is none.
    pub fn of(package: &Package, settings: &Settings) -> Result<Self, SettingsError> {
        let http = settings.switch(package, "use_http").unwrap_or(false);
        let place = LoginPlace::of(&package.parameters);
        let proxy = settings.text(package, "proxy").map(|proxy| proxy_setting(&proxy, place)).transpose();
        let proxy = proxy.map_err(|why| SettingsError::Invalid {
            key: "proxy".to_owned(),
            label: "setting".to_owned(),
            why,
        })?;
        let host = settings.text(package, "host").unwrap_or_default();
        Ok(Self {
            http,
            verify: settings.switch(package, "verify_ssl").unwrap_or(true),
            host: host.to_ascii_lowercase(),
            port: port(settings.number(package, "port")).unwrap_or(if http { 80 } else { 443 }),
            proxy: proxy.flatten(),
        })
    }

    /// As it is kept beside a sealed secret; `None` where there is no host to bind it to.
    pub fn written(&self) -> Option<String> {
        if self.host.is_empty() {
            return None;
        }
        let scheme = if self.http { "http" } else { "https" };
        let mut text = format!("{scheme}://{}", authority(&self.host, self.port));
        if !self.verify {
            text.push_str(" unverified");
        }
        if let Some((host, port)) = &self.proxy {
            text.push_str(" proxy=http://");
            text.push_str(&authority(host, *port));
        }
        Some(text)
    }

    /// Reads what [`written`](Self::written) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (scheme, place) = words.next()?.split_once("://")?;
        let (host, port) = place_of(place)?;
        let http = match scheme {
            "http" => true,
            "https" => false,
            _ => return None,
        };
        let mut read = Self { http, verify: true, host, port, proxy: None };
        for word in words {
            match word.strip_prefix("proxy=http://") {
                Some(proxy) => read.proxy = Some(place_of(proxy)?),
                None if word == "unverified" => read.verify = false,
                None => return None,
            }
        }
        Some(read)
    }

    /// What changed since a secret was given for `given`, so that somebody else could read it here. To verify the
    /// certificate again, to go to TLS on the same port, or to leave a proxy out weakens nothing.
    fn weaker_than(&self, given: &Self, key: &str) -> Vec<String> {
        let mut changes = Vec::new();
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| given.proxy.as_ref() != Some(proxy)) {
            changes.push(format!("the proxy is now http://{}", authority(&proxy.0, proxy.1)));
        }
        if key == PROXY_PASSWORD {
            return changes;
        }
        if self.host.trim_end_matches('.') != given.host.trim_end_matches('.') {
            changes.push(format!("the host is now {}", self.host));
        }
        if self.port != given.port {
            changes.push(format!("the port is now {}", self.port));
        }
        if self.http && !given.http {
            changes.push("Use HTTP is now on, so that it would cross the network in clear text".to_owned());
        }
        if !self.http && !self.verify && !given.http && given.verify {
            changes.push("Verify SSL is now off, so that anyone on the way could read it".to_owned());
        }
        changes
    }
}

/// For people.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.http { "http" } else { "https" };
        write!(f, "{scheme}://{}", authority(&self.host, self.port))?;
        if !self.http && !self.verify {
            f.write_str(" without verification")?;
        }
        match &self.proxy {
            Some((host, port)) => write!(f, " through the proxy http://{}", authority(host, *port)),
            None => Ok(()),
        }
    }
}

impl Binding {
    /// What is kept beside a sealed secret.
    pub fn read(written: Option<&str>) -> Self {
        written.and_then(Destination::parse).map_or(Self::Unknown, |place| Self::To(Box::new(place)))
    }
}

impl Settings {
    /// The secrets that would be sent and were given for another destination than these settings lead to, each as a
    /// [`SettingsError::Elsewhere`].
    ///
    /// # Errors
    /// As [`Destination::of`].
    pub fn elsewhere(&self, package: &Package) -> Result<Vec<SettingsError>, SettingsError> {
        let now = Destination::of(package, self)?;
        // A token goes before a password, which is not sent then.
        let login = if self.secret("user_token").is_some() { "user_token" } else { "password" };
        let proxy = now.proxy.as_ref().map(|_| PROXY_PASSWORD);
        let sent = [Some(login), proxy].into_iter().flatten();
        let faults = sent.filter_map(|key| {
            let binding = self.binding(key)?;
            let (given_for, changes) = match binding {
                Binding::ThisRun => return None,
                Binding::To(given) => (format!("for {given}"), now.weaker_than(given, key)),
                Binding::Unknown => (
                    "before it was known where it would be sent".to_owned(),
                    vec![format!("it would now go to {now}")],
                ),
            };
            if changes.is_empty() {
                return None;
            }
            Some(SettingsError::Elsewhere {
                package: package.name.clone(),
                key: key.to_owned(),
                label: package.parameter(key).map_or_else(|| key.to_owned(), |known| known.label.clone()),
                given_for,
                changes: changes.join(", and "),
            })
        });
        Ok(faults.collect())
    }
}

/// A whole number that was checked when it was set.
fn port(number: Option<f64>) -> Option<u16> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the guard checks the range")]
    number.filter(|number| (0.0..=65_535.0).contains(number)).map(|number| number as u16)
}

fn place_of(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn settings(package: &Package, set: &[(&str, &str)]) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in set {
            settings.set(package, key, value).unwrap();
        }
        settings
    }

    /// What is said of a token that was given with the one and would be sent with the other.
    fn moved(given: &[(&str, &str)], now: &[(&str, &str)]) -> Vec<String> {
        let package = crate::package::newest().unwrap();
        let written = Destination::of(&package, &settings(&package, given)).unwrap().written().unwrap();
        let mut now = settings(&package, now);
        let (secret, binding) = (Secret::new("hunter2"), Binding::read(Some(&written)));
        now.set_bound_secret(&package, "user_token", secret, binding).unwrap();
        now.elsewhere(&package).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_lets_somebody_else_read_a_secret_asks_for_it_again() {
        for (given, now, part) in [
            (&[][..], &[("host", "evil.example")][..], "the host is now evil.example"),
            (&[], &[("port", "8443")], "the port is now 8443"),
            (&[], &[("use_http", "on")], "Use HTTP is now on"),
            (&[("port", "8443")], &[("port", "8443"), ("use_http", "on")], "Use HTTP is now on"),
            (&[], &[("verify_ssl", "off")], "Verify SSL is now off"),
            (&[], &[("proxy", "http://p:3128")], "the proxy is now http://p:3128"),
            (&[("proxy", "http://p:3128")], &[("proxy", "http://q:3128")], "the proxy is now http://q:3128"),
            (&[("use_http", "on")], &[], "the port is now 443"),
            (&[("host", "2001:db8::1")], &[("host", "2001:db8::2")], "2001:db8::2"),
        ] {
            let said = moved(given, now).join("");
            assert!(said.contains(part) && !said.contains("hunter2"), "{given:?} {now:?}: {said}");
        }
    }

    #[test]
    fn what_weakens_nothing_asks_for_nothing() {
        for (given, now) in [
            (&[][..], &[][..]),
            (&[], &[("host", "WWW.circl.lu."), ("timeout", "5"), ("port", "443")]),
            (&[("verify_ssl", "off")], &[]),
            (&[("port", "8443"), ("use_http", "on")], &[("port", "8443")]),
            (&[("port", "8443"), ("use_http", "on")], &[("port", "8443"), ("verify_ssl", "off")]),
            (&[("proxy", "http://p:3128")], &[]),
            (&[("proxy", "http://p:3128")], &[("proxy", "none")]),
        ] {
            assert_eq!(moved(given, now), Vec::<String>::new(), "{given:?} {now:?}");
        }
    }

    #[test]
    fn a_secret_for_one_run_goes_where_the_run_goes_and_one_of_unknown_origin_nowhere() {
        let package = crate::package::newest().unwrap();
        let mut now = settings(&package, &[("host", "evil.example")]);
        now.set_secret(&package, "user_token", Secret::new("x")).unwrap();
        assert!(now.elsewhere(&package).unwrap().is_empty());
        now.set_bound_secret(&package, "user_token", Secret::new("x"), Binding::read(None)).unwrap();
        assert!(now.elsewhere(&package).unwrap()[0].to_string().contains("evil.example"));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for set in [
            &[][..],
            &[("host", "::1"), ("port", "1"), ("use_http", "on")],
            &[("verify_ssl", "off"), ("proxy", "http://[::1]:3128")],
        ] {
            let package = crate::package::newest().unwrap();
            let place = Destination::of(&package, &settings(&package, set)).unwrap();
            assert_eq!(Destination::parse(&place.written().unwrap()), Some(place));
        }
        for wrong in
            ["", "ftp://a:1", "https://a", "https://:1", "https://a:1 other", "https://a:1 proxy=b:1"]
        {
            assert_eq!(Destination::parse(wrong), None, "{wrong}");
        }
    }
}

//! The destination of settings, and their secrets that were entered for another one.

use crate::destination::{Binding, Destination};
use crate::proxy_setting::{PROXY, PROXY_PASSWORD, proxy_setting};
use crate::{Package, Settings, SettingsError};

impl Destination {
    /// The destination of the settings of a package.
    ///
    /// # Errors
    /// [`SettingsError::Invalid`] for an invalid proxy.
    pub fn of(package: &Package, settings: &Settings) -> Result<Self, SettingsError> {
        let http = settings.switch(package, "use_http").unwrap_or(false);
        let place = package.proxy_login();
        let proxy = settings.text(package, PROXY).map(|proxy| proxy_setting(&proxy, place)).transpose();
        let proxy = proxy.map_err(|why| SettingsError::Invalid {
            key: PROXY.to_owned(),
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
}

impl Settings {
    /// The secrets that would be sent but were entered for another destination, each as a [`SettingsError::Elsewhere`].
    ///
    /// # Errors
    /// As [`Destination::of`].
    pub fn elsewhere(&self, package: &Package) -> Result<Vec<SettingsError>, SettingsError> {
        let now = Destination::of(package, self)?;
        // A token takes precedence over a password, which is not sent then.
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

/// A whole number, which was checked when it was set.
fn port(number: Option<f64>) -> Option<u16> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the guard checks the range")]
    number.filter(|number| (0.0..=65_535.0).contains(number)).map(|number| number as u16)
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

    /// The text about a token that was entered for one destination and would be sent to another.
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
}

//! The settings that an administrator gives to the parameters of a package.
//!
//! [`Settings`] hold checked values and secrets. Secrets are write-only: they are printed as `set`, and only leave as a header
//! or into an encrypted store. A value that is not accepted is a [`SettingsError`] that names the parameter.

mod elsewhere;

use std::collections::BTreeMap;
use std::fmt;

use crate::proxy_setting::PROXY_PASSWORD;
use client::MAX_PASSWORD;

use crate::{Binding, Package, Parameter, ParameterKind, Value};

/// A text that is printed as `set`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Checked values for the parameters of one package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<String, Value>,
    /// Each secret with the destination it was entered for.
    secrets: BTreeMap<String, (Secret, Binding)>,
}

/// Why a setting is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A stored secret was entered for another destination than the one it would be sent to.
    #[error(
        "{label} ({key}) was entered {given_for}; {changes}. It is not sent there: enter it again in the configuration of {package}, or clear it"
    )]
    Elsewhere {
        /// The name of the package.
        package: String,
        /// The key of the secret.
        key: String,
        /// Its label.
        label: String,
        /// The destination it was entered for, as in "for `https://www.circl.lu:443`".
        given_for: String,
        /// What is different now.
        changes: String,
    },
    /// The value is not valid for the parameter.
    #[error("{label} ({key}): {why}")]
    Invalid {
        /// Its key.
        key: String,
        /// Its label.
        label: String,
        /// What is wrong, and which values are valid.
        why: String,
    },
    /// Required values are not set.
    #[error("not set: {0}")]
    Missing(String),
    /// A plain value was given as a secret.
    #[error("{label} ({key}) is not a secret")]
    NotSecret {
        /// Its key.
        key: String,
        /// Its label.
        label: String,
    },
    /// A secret was given as a plain value.
    #[error("{key} is a secret and cannot be set as plain text")]
    Secret {
        /// Its key.
        key: String,
    },
    /// The package does not have this parameter.
    #[error("{package} has no parameter {key:?}; it has {known}")]
    Unknown {
        /// The package.
        package: String,
        /// The given key.
        key: String,
        /// The existing keys.
        known: String,
    },
}

impl SettingsError {
    /// What to do on the command line. Pages and the API only show the error, because they have no options.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Elsewhere { package, key, .. } => {
                let variable = Settings::variable(key);
                Some(format!(
                    "`backsight integration configure {package} --secret {key}` stores it for the new destination (with the \
                     changed settings in the same command), `--reset {key}` clears it, and {variable} in the environment gives it \
                     for one run"
                ))
            }
            Self::NotSecret { key, .. } => Some(format!("set it with `--set {key}=VALUE`")),
            Self::Secret { key } => {
                let variable = Settings::variable(key);
                Some(format!(
                    "put it into the environment variable {variable}, or enter it with `--secret {key}`"
                ))
            }
            Self::Invalid { .. } | Self::Missing(_) | Self::Unknown { .. } => None,
        }
    }
}

impl Secret {
    /// Creates a secret from a text without the blanks around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself, only for a request header and an encrypted store.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "not set" } else { "set" })
    }
}

impl Settings {
    /// The environment variable for a secret.
    pub fn variable(key: &str) -> String {
        format!("BACKSIGHT_SECRET_{}", key.to_ascii_uppercase())
    }

    /// Sets a plain value; an empty text removes the value, and a default as well.
    ///
    /// # Errors
    /// [`SettingsError`] if the package has no such parameter, it is a secret, or the value is not valid.
    pub fn set(&mut self, package: &Package, key: &str, text: &str) -> Result<(), SettingsError> {
        let parameter = find(package, key)?;
        if parameter.kind == ParameterKind::Secret {
            return Err(SettingsError::Secret { key: key.to_owned() });
        }
        let value =
            if text.trim().is_empty() { Ok(Value::Text(String::new())) } else { parameter.read(text) };
        let value = value.map_err(|why| SettingsError::Invalid {
            key: key.to_owned(),
            label: parameter.label.clone(),
            why,
        })?;
        self.values.insert(key.to_owned(), value);
        Ok(())
    }

    /// Sets a secret for this run, whatever its destination; an empty one removes it.
    ///
    /// # Errors
    /// [`SettingsError::Unknown`], and [`SettingsError::Invalid`] for control characters.
    pub fn set_secret(&mut self, package: &Package, key: &str, secret: Secret) -> Result<(), SettingsError> {
        self.set_bound_secret(package, key, secret, Binding::ThisRun)
    }

    /// Sets a secret that was entered for a destination.
    ///
    /// # Errors
    /// As [`set_secret`](Self::set_secret).
    pub fn set_bound_secret(
        &mut self,
        package: &Package,
        key: &str,
        secret: Secret,
        binding: Binding,
    ) -> Result<(), SettingsError> {
        let parameter = find(package, key)?;
        let invalid = |why: &str| SettingsError::Invalid {
            key: key.to_owned(),
            label: parameter.label.clone(),
            why: why.to_owned(),
        };
        if parameter.kind != ParameterKind::Secret {
            let label = parameter.label.clone();
            return Err(SettingsError::NotSecret { key: key.to_owned(), label });
        }
        let most = if key == PROXY_PASSWORD { MAX_PASSWORD } else { 4096 };
        if secret.reveal().len() > most || secret.reveal().chars().any(char::is_control) {
            return Err(invalid(&format!("a secret is one line of at most {most} bytes")));
        }
        self.secrets.insert(key.to_owned(), (secret, binding));
        Ok(())
    }

    /// Checks that every required parameter has a value.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] with the labels of those without a value.
    pub fn check_required(&self, package: &Package) -> Result<(), SettingsError> {
        let missing: Vec<String> = package
            .parameters
            .iter()
            .filter(|parameter| parameter.required && !self.has(parameter))
            .map(|parameter| format!("{} ({})", parameter.label, parameter.key))
            .collect();
        if missing.is_empty() { Ok(()) } else { Err(SettingsError::Missing(missing.join(", "))) }
    }

    fn has(&self, parameter: &Parameter) -> bool {
        match self.values.get(&parameter.key).or(parameter.default.as_ref()) {
            Some(Value::Text(text)) => !text.is_empty(),
            Some(_) => true,
            None => self.secret(&parameter.key).is_some(),
        }
    }

    /// Whether a value was set, and not left to its default.
    pub fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key) || self.secrets.contains_key(key)
    }

    /// The effective text, if it is not empty.
    pub fn text(&self, package: &Package, key: &str) -> Option<String> {
        match self.value(package, key)? {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The effective number.
    pub fn number(&self, package: &Package, key: &str) -> Option<f64> {
        match self.value(package, key)? {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether a switch is on.
    pub fn switch(&self, package: &Package, key: &str) -> Option<bool> {
        match self.value(package, key)? {
            Value::Switch(on) => Some(on),
            _ => None,
        }
    }

    /// The effective secret, if there is one.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        self.secrets.get(key).map(|(secret, _)| secret).filter(|secret| !secret.is_empty())
    }

    /// The destination that the effective secret was entered for.
    pub(crate) fn binding(&self, key: &str) -> Option<&Binding> {
        self.secrets.get(key).filter(|(secret, _)| !secret.is_empty()).map(|(_, binding)| binding)
    }

    fn value(&self, package: &Package, key: &str) -> Option<Value> {
        let default = || package.parameter(key).and_then(|parameter| parameter.default.clone());
        self.values.get(key).cloned().or_else(default)
    }
}

fn find<'a>(package: &'a Package, key: &str) -> Result<&'a Parameter, SettingsError> {
    package.parameter(key).ok_or_else(|| {
        let known: Vec<&str> = package.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
        SettingsError::Unknown { package: package.to_string(), key: key.to_owned(), known: known.join(", ") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package() -> Package {
        crate::package::newest().unwrap()
    }

    fn set(key: &str, text: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        settings.set(&package(), key, text).map(|()| settings).map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_are_names_and_addresses_and_nothing_more() {
        for (entered, kept) in [
            ("www.circl.lu", "www.circl.lu"),
            (" WWW.Circl.LU. ", "www.circl.lu"),
            ("global.cloud.Circl.com", "global.cloud.circl.com"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("2001:DB8::1", "2001:db8::1"),
        ] {
            assert_eq!(set("host", entered).unwrap().text(&package(), "host").as_deref(), Some(kept));
        }
        for (entered, part) in [
            ("https://www.circl.lu", "scheme"),
            ("www.circl.lu/pdns", "path"),
            ("me:pw@www.circl.lu", "user"),
            ("www.circl.lu:443", "port"),
            ("www.cir cl.lu", "characters"),
            ("www..lu", "empty label"),
            ("a\nb", "control"),
        ] {
            let error = set("host", entered).unwrap_err();
            assert!(error.contains(part), "{entered}: {error}");
        }
    }

    #[test]
    fn ports_are_whole_numbers_in_range() {
        // Only trimmed digits.
        assert_eq!(set("port", " 443 ").unwrap().number(&package(), "port"), Some(443.0));
        assert_eq!(set("port", "").unwrap().number(&package(), "port"), None);
        for bad in ["0", "65536", "0x1bb", "-1", "1e3", "4.5", "http", "NaN", "inf"] {
            assert!(set("port", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn switches_choices_and_lists_are_checked() {
        assert_eq!(set("use_http", "On").unwrap().switch(&package(), "use_http"), Some(true));
        assert!(set("use_http", "maybe").is_err());
        assert!(set("rrtype", "A, aaaa,TYPE65534").is_ok());
        assert!(set("rrtype", "A,<b>").is_err());
        assert!(set("seen_after", "90d").is_ok() && set("seen_after", "soon").is_err());
        assert!(set("proxy", "http://proxy.example:3128").is_ok() && set("proxy", "socks5://x:1").is_err());
        assert!(set("requests_per_second", "0").is_ok() && set("requests_per_second", "0.00001").is_err());
    }

    #[test]
    fn secrets_are_never_given_in_the_open_and_never_shown() {
        let mut settings = Settings::default();
        let error = settings.set(&package(), "user_token", "abc").unwrap_err();
        assert!(error.hint().is_some_and(|hint| hint.contains("BACKSIGHT_SECRET_USER_TOKEN")), "{error:?}");
        assert!(!format!("{error:?}{error}").contains("abc"), "{error}");
        settings.set_secret(&package(), "user_token", Secret::new("hunter2\n")).unwrap();
        assert_eq!(settings.secret("user_token").map(Secret::reveal), Some("hunter2"));
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(settings.set_secret(&package(), "user_token", Secret::new("a\nb")).is_err());
        assert!(settings.set_secret(&package(), "host", Secret::new("x")).is_err());
    }

    #[test]
    fn missing_and_unknown_are_named() {
        let settings = set("host", "").unwrap();
        assert_eq!(
            settings.check_required(&package()).unwrap_err().to_string(),
            "not set: Hostname/IP Address of the CIRCL server (host)"
        );
        assert_eq!(Settings::default().check_required(&package()), Ok(()));
        assert!(set("colour", "red").unwrap_err().contains("has no parameter \"colour\"; it has host, port"));
    }
}

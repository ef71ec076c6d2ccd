//! Parameters of a package, and the settings that an administrator gives them.
//!
//! A [`Parameter`] is declared by a package; [`Settings`] hold checked values and secrets. `SETTINGS` lists what
//! the `cof-http` protocol understands: a parameter's key picks one of them. Secrets are write-only: they print
//! as set, and leave only as an Authorization header.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use crate::{Clock, Moment, Package};

/// A setting of the `cof-http` protocol.
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    /// The type that a parameter for it must have.
    pub(crate) kind: &'static str,
}

/// Everything that `cof-http` can be told.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting { key: "host", kind: "text" },
    Setting { key: "port", kind: "number" },
    Setting { key: "username", kind: "text" },
    Setting { key: "password", kind: "secret" },
    Setting { key: "user_token", kind: "secret" },
    Setting { key: "use_http", kind: "switch" },
    Setting { key: "verify_ssl", kind: "switch" },
    Setting { key: "ca_file", kind: "text" },
    Setting { key: "proxy", kind: "text" },
    Setting { key: "active_query", kind: "switch" },
    Setting { key: "rrtype", kind: "text" },
    Setting { key: "seen_after", kind: "text" },
    Setting { key: "seen_before", kind: "text" },
    Setting { key: "requests_per_second", kind: "number" },
    Setting { key: "page_size", kind: "number" },
    Setting { key: "timeout", kind: "number" },
    Setting { key: "orientation", kind: "choice" },
];

/// One thing that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// What it is called on the command line and in files.
    pub key: String,
    /// What people see.
    pub label: String,
    /// What it is for.
    pub help: String,
    /// What it holds.
    pub kind: ParameterKind,
    /// What its value must look like.
    pub(crate) check: Check,
    /// What holds while nothing is set.
    pub default: Option<Value>,
    /// Whether the operation can run without it.
    pub required: bool,
}

/// What a parameter holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// One of a list.
    Choice(Vec<String>),
    /// A number, perhaps a fraction.
    Number,
    /// A text that is never shown again.
    Secret,
    /// On or off.
    Switch,
    /// A line of text.
    Text,
}

/// A checked value; secrets are not among them.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// On or off.
    Switch(bool),
    /// A text or a choice.
    Text(String),
}

/// What a value must look like beyond its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Any,
    File,
    Host,
    PageSize,
    Port,
    Proxy,
    Rate,
    RrTypes,
    Time,
    Timeout,
}

/// A text that prints as `set` and is overwritten by nothing but its owner.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Checked values for the parameters of one package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    values: BTreeMap<String, Value>,
    secrets: BTreeMap<String, Secret>,
}

/// Why a setting cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The value is not what the parameter holds.
    #[error("{label} ({key}): {why}")]
    Invalid {
        /// Its key.
        key: String,
        /// Its label.
        label: String,
        /// What is wrong, and what is accepted.
        why: String,
    },
    /// Required values are not set.
    #[error("not set: {0}")]
    Missing(String),
    /// A secret given in the open, or a plain value given as a secret.
    #[error("{key} is a secret: give it as {variable} in the environment, or with --secret {key}")]
    Secret {
        /// Its key.
        key: String,
        /// The environment variable that is read for it.
        variable: String,
    },
    /// The package has no such parameter.
    #[error("{package} has no parameter {key:?}; it has {known}")]
    Unknown {
        /// The package.
        package: String,
        /// What was given.
        key: String,
        /// The keys there are.
        known: String,
    },
}

impl ParameterKind {
    /// Its name in a manifest.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Choice(_) => "choice",
            Self::Number => "number",
            Self::Secret => "secret",
            Self::Switch => "switch",
            Self::Text => "text",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Number, Self::Secret, Self::Switch, Self::Text].into_iter().find(|kind| kind.name() == name)
    }
}

impl Parameter {
    /// Reads a value for this parameter; `Err` says what is wrong in words for people.
    pub(crate) fn read(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let value = match &self.kind {
            ParameterKind::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Value::Switch(true),
                "false" | "off" | "no" | "0" => Value::Switch(false),
                _ => return Err(format!("{text:?} is neither on nor off")),
            },
            ParameterKind::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                    Value::Number(number)
                }
                _ => return Err(format!("{text:?} is not a number")),
            },
            ParameterKind::Choice(choices) if !choices.iter().any(|choice| choice == text) => {
                return Err(format!("{text:?} is none of {}", choices.join(", ")));
            }
            ParameterKind::Text if text.len() > 4096 || text.chars().any(char::is_control) => {
                return Err("a line of at most 4096 octets without control characters".to_owned());
            }
            ParameterKind::Text if self.check == Check::Host => Value::Text(read_host(text)?),
            ParameterKind::Choice(_) | ParameterKind::Secret | ParameterKind::Text => {
                Value::Text(text.to_owned())
            }
        };
        self.check.check(&value)?;
        Ok(value)
    }
}

impl Check {
    const NAMED: [(&'static str, Self); 9] = [
        ("file", Self::File),
        ("host", Self::Host),
        ("page_size", Self::PageSize),
        ("port", Self::Port),
        ("proxy", Self::Proxy),
        ("rate", Self::Rate),
        ("rrtypes", Self::RrTypes),
        ("time", Self::Time),
        ("timeout", Self::Timeout),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
    }

    pub(crate) fn names() -> String {
        Self::NAMED.map(|(name, _)| name).join(", ")
    }

    fn check(self, value: &Value) -> Result<(), String> {
        let whole = |number: f64, range: std::ops::RangeInclusive<f64>| {
            number.fract() == 0.0 && range.contains(&number)
        };
        match (self, value) {
            (Self::Port, Value::Number(number)) if !whole(*number, 1.0..=65535.0) => {
                Err("a port is a whole number from 1 to 65535".to_owned())
            }
            (Self::PageSize, Value::Number(number)) if !whole(*number, 0.0..=10_000.0) => {
                Err("a page size is a whole number up to 10000; 0 asks for everything at once".to_owned())
            }
            (Self::Timeout, Value::Number(number)) if !(1.0..=86_400.0).contains(number) => {
                Err("from 1 to 86400 seconds".to_owned())
            }
            (Self::Rate, Value::Number(number))
                if *number > 10_000.0 || (*number > 0.0 && *number < 0.001) =>
            {
                Err("from 0.001 to 10000 requests a second, or 0 for no limit".to_owned())
            }
            (Self::RrTypes, Value::Text(text)) => rrtypes(text).map(|_| ()),
            (Self::Time, Value::Text(text)) if !text.is_empty() => {
                // Which moment it is does not matter here, only that it is one.
                Moment::parse(text, &Clock::system()).map(|_| ()).map_err(|error| error.to_string())
            }
            (Self::Proxy, Value::Text(text)) if !text.is_empty() => {
                crate::provider::proxy_address(text).map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// Reads record types separated by commas.
pub(crate) fn rrtypes(text: &str) -> Result<Vec<cof::RrType>, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|error| format!("{word:?}: {error}"))).collect()
}

/// Checks a host: a name or an address of either family, brackets or not; says which part is too much.
fn read_host(text: &str) -> Result<String, String> {
    let advice = "enter the host alone";
    if text.contains("://") {
        return Err(format!("without the scheme: {advice}, and use the switch Use HTTP for http"));
    }
    if text.contains('@') {
        return Err(format!("without user or password: {advice}, and the token under User Token"));
    }
    if text.contains('/') {
        return Err(format!("without a path: {advice}"));
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    if text.contains(':') {
        return Err(format!("without the port: {advice}, and the port under Communication Port"));
    }
    if text.is_empty() {
        return Ok(String::new());
    }
    match cof::Name::parse(text) {
        Ok(name)
            if name
                .labels()
                .flatten()
                .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(octet)) =>
        {
            Ok(name.to_string())
        }
        Ok(_) => Err(format!("{text:?} holds characters that no host name has")),
        Err(error) => Err(format!("{text:?} is no host name: {error}")),
    }
}

impl Secret {
    /// Takes a secret; blanks around it are never meant.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself: for a request's header and for an encrypted store, for nothing else.
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
    /// The environment variable that is read for a secret.
    pub fn variable(key: &str) -> String {
        format!("BACKSIGHT_SECRET_{}", key.to_ascii_uppercase())
    }

    /// Sets one plain value; an empty text clears it, and clears a default as well.
    ///
    /// # Errors
    /// [`SettingsError`], when the package has no such parameter, it is a secret, or the value will not do.
    pub fn set(&mut self, package: &Package, key: &str, text: &str) -> Result<(), SettingsError> {
        let parameter = find(package, key)?;
        if parameter.kind == ParameterKind::Secret {
            return Err(SettingsError::Secret { key: key.to_owned(), variable: Self::variable(key) });
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

    /// Sets a secret; an empty one clears it.
    ///
    /// # Errors
    /// [`SettingsError::Unknown`] and, for control characters, [`SettingsError::Invalid`].
    pub fn set_secret(&mut self, package: &Package, key: &str, secret: Secret) -> Result<(), SettingsError> {
        let parameter = find(package, key)?;
        let invalid = |why: &str| SettingsError::Invalid {
            key: key.to_owned(),
            label: parameter.label.clone(),
            why: why.to_owned(),
        };
        if parameter.kind != ParameterKind::Secret {
            return Err(invalid("is no secret: give it with --set"));
        }
        if secret.reveal().len() > 4096 || secret.reveal().chars().any(char::is_control) {
            return Err(invalid("a secret is one line of at most 4096 octets"));
        }
        self.secrets.insert(key.to_owned(), secret);
        Ok(())
    }

    /// Checks that every required parameter has a value.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] with the labels of those that have none.
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
            None => self.secrets.get(&parameter.key).is_some_and(|secret| !secret.is_empty()),
        }
    }

    /// Whether a value was set, rather than left to its default.
    pub fn is_set(&self, key: &str) -> bool {
        self.values.contains_key(key) || self.secrets.contains_key(key)
    }

    /// The text in force, if it is not empty.
    pub fn text(&self, package: &Package, key: &str) -> Option<String> {
        match self.value(package, key)? {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The number in force.
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

    /// The secret in force, if there is one.
    pub fn secret(&self, key: &str) -> Option<&Secret> {
        self.secrets.get(key).filter(|secret| !secret.is_empty())
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
        // G-30.
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
        // G-31: only trimmed digits.
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
        // G-32.
        let error = set("user_token", "abc").unwrap_err();
        assert!(error.contains("BACKSIGHT_SECRET_USER_TOKEN") && !error.contains("abc"), "{error}");
        let mut settings = Settings::default();
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

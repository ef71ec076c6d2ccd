//! Parameters of a package: what can be set, and which values are valid.
//!
//! A package declares its [`Parameter`]s. `Setting` lists what providers support: the key of a parameter
//! selects one of them. The values are in [`crate::Settings`].

use std::net::IpAddr;

use crate::Moment;
use crate::interface::{Authentication, check_base, check_path, check_token};
use client::proxy_user_fault;

use crate::proxy_setting::{LoginPlace, proxy_setting};
use cof::time::Clock;

/// A setting of a provider or a platform.
pub(crate) struct Setting {
    pub(crate) key: &'static str,
    /// The required kind of a parameter for it.
    pub(crate) kind: &'static str,
    /// The choices that it may offer, for a choice.
    pub(crate) choices: &'static [&'static str],
    /// Which of them have it.
    of: Of,
}

/// What a package is to this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Misp,
    OwnDatabase,
    /// A service that is queried over HTTP.
    Service,
    Threatq,
}

/// What has a setting.
#[derive(Clone, Copy)]
enum Of {
    All,
    /// Services that are queried over HTTP.
    Http,
    /// Everything that is queried.
    Operations,
    OwnDatabase,
    /// Everything that is reached over HTTP, platforms included.
    Remote,
    Threatq,
}

impl Setting {
    /// All settings that a package can have.
    pub(crate) fn all(owner: Owner) -> impl Iterator<Item = &'static Self> {
        SETTINGS.iter().filter(move |setting| match setting.of {
            Of::All => true,
            Of::Http => owner == Owner::Service,
            Of::Operations => matches!(owner, Owner::OwnDatabase | Owner::Service),
            Of::OwnDatabase => owner == Owner::OwnDatabase,
            Of::Remote => owner != Owner::OwnDatabase,
            Of::Threatq => owner == Owner::Threatq,
        })
    }

    const fn of(self, of: Of) -> Self {
        Self { of, ..self }
    }
}

const fn setting(key: &'static str, kind: &'static str) -> Setting {
    Setting { key, kind, choices: &[], of: Of::Http }
}

const fn choice(key: &'static str, choices: &'static [&'static str]) -> Setting {
    Setting { key, kind: "choice", choices, of: Of::Http }
}

const SETTINGS: &[Setting] = &[
    setting("host", "text").of(Of::Remote),
    setting("port", "number").of(Of::Remote),
    setting("username", "text").of(Of::Remote),
    setting("password", "secret").of(Of::Remote),
    setting("user_token", "secret").of(Of::Remote),
    setting("client_id", "text").of(Of::Threatq),
    setting("source", "text").of(Of::Threatq),
    setting("most_relationships", "number").of(Of::Threatq),
    setting("use_http", "switch").of(Of::Remote),
    setting("verify_ssl", "switch").of(Of::Remote),
    setting("ca_file", "text").of(Of::Remote),
    setting("proxy", "text").of(Of::Remote),
    setting("proxy_user", "text").of(Of::Remote),
    setting("proxy_password", "secret").of(Of::Remote),
    setting("active_query", "switch"),
    setting("related", "switch").of(Of::OwnDatabase),
    setting("rrtype", "text").of(Of::Operations),
    setting("seen_after", "text").of(Of::Operations),
    setting("seen_before", "text").of(Of::Operations),
    setting("requests_per_second", "number").of(Of::Remote),
    setting("page_size", "number").of(Of::Operations),
    setting("timeout", "number").of(Of::All),
    choice("orientation", &["auto", "draft", "swapped"]),
    setting("path", "text"),
    choice("authentication", &Authentication::WORDS),
    setting("token_header", "text"),
    setting("circl_headers", "switch"),
    setting("limit_parameter", "text"),
    choice("not_found", &["empty", "error"]),
];

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name on the command line and in files.
    pub key: String,
    /// The label shown to users.
    pub label: String,
    /// The explanation.
    pub help: String,
    /// The kind of its values.
    pub kind: ParameterKind,
    /// The check of its values.
    pub(crate) check: Check,
    /// The value that is used if none is set.
    pub default: Option<Value>,
    /// Whether the operation needs a value.
    pub required: bool,
}

/// The kind of values of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// One of these choices.
    Choice(Vec<String>),
    /// A number, possibly with a fraction.
    Number,
    /// A text that is never shown again.
    Secret,
    /// On or off.
    Switch,
    /// A line of text.
    Text,
}

/// A checked value; secrets are not included.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// On or off.
    Switch(bool),
    /// A text or a choice.
    Text(String),
}

/// A check of a value beyond its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Any,
    /// The path before `/lookup` of DNSDB's interface.
    BasePath,
    File,
    Host,
    PageSize,
    Path,
    Port,
    /// With the place where the login is entered, which must not be part of the address.
    Proxy(LoginPlace),
    ProxyUser,
    Rate,
    /// How many relationships an indicator may have.
    Relationships,
    RrTypes,
    Time,
    Timeout,
    /// The name of a header or of a parameter in an address.
    Token,
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
    /// Parses a value for this parameter; the error is a text for people.
    pub(crate) fn read(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let value = match &self.kind {
            ParameterKind::Switch => match text.to_ascii_lowercase().as_str() {
                "true" | "on" | "yes" | "1" => Value::Switch(true),
                "false" | "off" | "no" | "0" => Value::Switch(false),
                _ => return Err(format!("{text:?} must be on or off")),
            },
            ParameterKind::Number => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') => {
                    Value::Number(number)
                }
                _ => return Err(format!("{text:?} is not a number")),
            },
            ParameterKind::Choice(choices) if !choices.iter().any(|choice| choice == text) => {
                return Err(format!("{text:?} is not one of {}", choices.join(", ")));
            }
            ParameterKind::Text if text.len() > 4096 || text.chars().any(char::is_control) => {
                return Err("must be one line of at most 4096 bytes without control characters".to_owned());
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
    const NAMED: [(&'static str, Self); 14] = [
        ("base_path", Self::BasePath),
        ("file", Self::File),
        ("header", Self::Token),
        ("host", Self::Host),
        ("page_size", Self::PageSize),
        ("path", Self::Path),
        ("port", Self::Port),
        ("proxy", Self::Proxy(LoginPlace::Environment)),
        ("proxy_user", Self::ProxyUser),
        ("rate", Self::Rate),
        ("relationships", Self::Relationships),
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
                Err("must be a whole number from 1 to 65535".to_owned())
            }
            (Self::PageSize, Value::Number(number)) if !whole(*number, 0.0..=10_000.0) => {
                Err("must be a whole number up to 10000; 0 requests everything at once".to_owned())
            }
            (Self::Timeout, Value::Number(number)) if !(1.0..=86_400.0).contains(number) => {
                Err("must be from 1 to 86400 seconds".to_owned())
            }
            (Self::Rate, Value::Number(number))
                if *number > 10_000.0 || (*number > 0.0 && *number < 0.001) =>
            {
                Err("must be from 0.001 to 10000 requests per second, or 0 for no limit".to_owned())
            }
            (Self::Relationships, Value::Number(number)) if !whole(*number, 1.0..=9_999.0) => {
                Err("must be a whole number from 1 to 9999".to_owned())
            }
            (Self::BasePath, Value::Text(text)) if !text.is_empty() => {
                check_base(text).map_err(str::to_owned)
            }
            (Self::Path, Value::Text(text)) if !text.is_empty() => check_path(text).map_err(str::to_owned),
            (Self::Token, Value::Text(text)) if !text.is_empty() => check_token(text).map_err(str::to_owned),
            (Self::RrTypes, Value::Text(text)) => rrtypes(text).map(|_| ()),
            (Self::Time, Value::Text(text)) if !text.is_empty() => {
                // Only the form is checked, so the current time does not matter.
                Moment::parse(text, &Clock::system()).map(|_| ()).map_err(|error| error.to_string())
            }
            (Self::Proxy(place), Value::Text(text)) if !text.is_empty() => {
                proxy_setting(text, place).map(|_| ())
            }
            (Self::ProxyUser, Value::Text(text)) => {
                proxy_user_fault(text.as_bytes()).map_or(Ok(()), |why| Err(why.to_owned()))
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

/// Checks a host: a name or an address, with or without brackets; the error states which part is not allowed.
fn read_host(text: &str) -> Result<String, String> {
    let advice = "enter only the host";
    let bare = text.split_once("://").map(|(_, rest)| rest);
    let has_path = bare.unwrap_or(text).split_once('/').is_some_and(|(_, path)| !path.is_empty());
    let path = if has_path { ", the path under Path (path) if there is this parameter" } else { "" };
    if bare.is_some() {
        return Err(format!("without the scheme: {advice}{path}, and use the switch Use HTTP for http"));
    }
    if text.contains('@') {
        return Err(format!("without user or password: {advice}, and the token under User Token"));
    }
    if text.contains('/') {
        return Err(format!("without a path: {advice}{path}"));
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
        Ok(_) | Err(cof::NameError::Blank) => {
            Err(format!("{text:?} contains characters that are not allowed in a host name"))
        }
        Err(error) => Err(format!("{text:?} is not a host name: {error}")),
    }
}

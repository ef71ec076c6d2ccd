//! The sections `[[collect]]`: the collectors that `serve` runs, each with one source.
//!
//! Values are parsed as the options of `collect` are, when the configuration is read, so that a wrong one is reported with its source.
//! [`KEYS`] describes the keys.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use client::Address;
use cof::SourceKind;
use cof::time::Clock;
use intake::batches::Order;
use intake::collector::{Collector, Source};
use intake::live::Place;
use intake::{Format, Noise, PassiveDnsColumns, Side, WINDOW};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use store::Limits;

use super::{switch, wrong};
use crate::args::collect::mode;
use crate::args::forwarding::SPOOL;
use crate::terminal;

/// The most sections.
const MOST: usize = 64;
/// The longest name, in characters.
const NAME: usize = 32;
/// The permissions of a socket unless others are given.
const SOCKET_MODE: u32 = 0o660;

/// The keys, with their defaults and meanings.
pub(super) const KEYS: [(&str, &str, &str); 17] = [
    (
        "name",
        "required",
        "The name on the page Sensors, in messages and in metrics: up to 32 letters, digits and any of ._-; each section has its own.",
    ),
    (
        "dnstap_unix",
        "one of three",
        "Listen for dnstap on this Unix socket; one that a dead process left is replaced.",
    ),
    (
        "dnstap_tcp",
        "one of three",
        "Listen for dnstap on this address and port; whoever reaches it can send records.",
    ),
    (
        "file",
        "one of three",
        "Follow this log file, which may grow and rotate, as `backsight collect file --follow` does.",
    ),
    ("socket_mode", "`\"660\"`", "The permissions of the Unix socket, in octal digits."),
    ("input_format", "detected", "The format of the file: a word that `backsight import --help` lists."),
    (
        "to",
        "none",
        "Send the records to the Backsight server at this address, such as `https://pdns.example.org`, instead of storing them.",
    ),
    (
        "token_file",
        "needed for `to`",
        "A file with the token for that server, which only its owner (and group) can read.",
    ),
    ("ca_file", "none", "A PEM file with authorities that are trusted in addition to the system's."),
    (
        "spool_mib",
        "`1024`",
        "How much may wait in the data folder while that server is away, in MiB; after that, the oldest batches are dropped.",
    ),
    ("sensor", "none", "The sensor that makes these observations; its data is kept apart."),
    ("origin", "none", "The origin of all records: a URI."),
    (
        "client_side",
        "`false`",
        "Collect the responses that a resolver gave to its clients, instead of those it got from servers.",
    ),
    ("window", "`60`", "Merge equal records within so many seconds of capture time."),
    ("fold_doubles", "`false`", "Count messages that a mirrored capture has twice only once."),
    ("dns_ports", "`[53]`", "Ports from which DNS servers answer, in packet captures."),
    (
        "passivedns_fields",
        "`\"SMcsCQTAtn\"`",
        "The fields of passivedns lines, as given to its option -f; S, Q, T and A are needed.",
    ),
];

/// One section.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Collect {
    #[serde(deserialize_with = "name")]
    name: String,
    #[serde(default, deserialize_with = "path")]
    dnstap_unix: Option<PathBuf>,
    #[serde(default, deserialize_with = "address")]
    dnstap_tcp: Option<SocketAddr>,
    #[serde(default, deserialize_with = "path")]
    file: Option<PathBuf>,
    #[serde(default, deserialize_with = "permissions")]
    socket_mode: Option<u32>,
    #[serde(default, deserialize_with = "format")]
    input_format: Option<Format>,
    #[serde(default, deserialize_with = "server")]
    to: Option<Address>,
    #[serde(default, deserialize_with = "path")]
    token_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "path")]
    ca_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "mebibytes")]
    spool_mib: Option<u64>,
    #[serde(default, deserialize_with = "sensor")]
    sensor: Option<Arc<str>>,
    #[serde(default, deserialize_with = "origin")]
    origin: Option<Arc<str>>,
    #[serde(default, deserialize_with = "switch")]
    client_side: bool,
    #[serde(default = "usual_window", deserialize_with = "seconds")]
    window: u64,
    #[serde(default, deserialize_with = "switch")]
    fold_doubles: bool,
    #[serde(default)]
    dns_ports: Option<Vec<u16>>,
    #[serde(default, deserialize_with = "columns")]
    passivedns_fields: PassiveDnsColumns,
}

impl Collect {
    /// The collector of this section.
    pub(crate) fn collector(&self, noise: &Arc<Noise>) -> Collector {
        let clock = Clock::system();
        let usual = Order::new(SourceKind::Observation, clock.seconds());
        let order = Order {
            sensor: self.sensor.clone(),
            origin: self.origin.clone(),
            side: if self.client_side { Side::Client } else { Side::Server },
            window: self.window,
            fold_doubles: self.fold_doubles,
            ports: self.dns_ports.as_deref().map_or(usual.ports, Into::into),
            passivedns_columns: self.passivedns_fields.clone(),
            noise: Arc::clone(noise),
            ..Order::new(SourceKind::Observation, clock.seconds())
        };
        Collector::new(self.name.as_str(), self.source(), order, clock)
    }

    /// The server to which the records are sent, with the token file, if they are not stored here.
    pub(crate) fn forwards(&self) -> Option<(&Address, &Path)> {
        self.to.as_ref().zip(self.token_file.as_deref())
    }

    /// Authorities that are trusted in addition to the system's.
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// How much may wait, in MiB.
    pub(crate) fn spool_mib(&self) -> Option<u64> {
        self.spool_mib
    }

    fn source(&self) -> Source {
        match (&self.dnstap_unix, self.dnstap_tcp, &self.file) {
            (Some(path), ..) => {
                Source::Dnstap(Place::Unix(path.clone(), self.socket_mode.unwrap_or(SOCKET_MODE)))
            }
            (_, Some(address), _) => Source::Dnstap(Place::Tcp(address)),
            (_, _, file) => Source::File(file.clone().unwrap_or_default(), self.input_format),
        }
    }

    /// What is wrong with the keys of a section together: the key, if it is one, and why.
    fn wrong(&self) -> Option<(&'static str, &'static str)> {
        let sources =
            [self.dnstap_unix.is_some(), self.dnstap_tcp.is_some(), self.file.is_some()].map(usize::from);
        if sources.iter().sum::<usize>() != 1 {
            return Some(("", "give exactly one of dnstap_unix, dnstap_tcp and file"));
        }
        if self.socket_mode.is_some() && self.dnstap_unix.is_none() {
            return Some((".socket_mode", "is only for dnstap_unix"));
        }
        if self.input_format.is_some() && self.file.is_none() {
            return Some((".input_format", "is only for file"));
        }
        if self.to.is_some() && self.token_file.is_none() {
            return Some((".to", "needs token_file"));
        }
        if self.to.is_some() && self.name.starts_with('.') {
            return Some((".name", "begins with a dot, and is the name of a folder if there is to"));
        }
        let only_with_to = [
            (".token_file", self.token_file.is_some()),
            (".ca_file", self.ca_file.is_some()),
            (".spool_mib", self.spool_mib.is_some()),
        ];
        if let Some((key, _)) = only_with_to.iter().find(|(_, is_given)| *is_given && self.to.is_none()) {
            return Some((key, "is only for to"));
        }
        None
    }
}

/// Checks all sections together.
///
/// # Errors
/// The place of the first mistake, such as `collect[1].name`, and what it is.
pub(super) fn check(sections: &[Collect]) -> Result<(), (String, String)> {
    for (at, section) in sections.iter().enumerate() {
        if at >= MOST {
            return Err((format!("collect[{at}]"), format!("there are more than {MOST} sections")));
        }
        if let Some((key, why)) = section.wrong() {
            return Err((format!("collect[{at}]{key}"), why.to_owned()));
        }
        let earlier = sections.iter().take(at);
        if earlier.clone().any(|earlier| earlier.name == section.name) {
            return Err((
                format!("collect[{at}].name"),
                format!("{:?} is the name of two sections", section.name),
            ));
        }
        if earlier.clone().any(|earlier| earlier.source() == section.source()) {
            return Err((format!("collect[{at}]"), "an earlier section has the same source".to_owned()));
        }
    }
    Ok(())
}

fn usual_window() -> u64 {
    WINDOW
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.is_empty() || text.len() > NAME || !text.chars().all(is_plain) {
        return Err(D::Error::custom(format!(
            "{} is not a name of up to {NAME} letters, digits and any of ._-",
            terminal::label(&text)
        )));
    }
    Ok(text)
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    text(deserializer, usize::MAX).map(|text| Some(PathBuf::from(text)))
}

fn sensor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
    text(deserializer, Limits::USUAL.sensor).map(|text| Some(text.into()))
}

fn origin<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
    text(deserializer, Limits::USUAL.origin).map(|text| Some(text.into()))
}

fn text<'de, D: Deserializer<'de>>(deserializer: D, most: usize) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.len() {
        0 => Err(D::Error::custom("must not be empty")),
        len if len > most => Err(D::Error::custom(format!("the maximum is {most} bytes"))),
        _ => Ok(text),
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        D::Error::custom(format!(
            "{} is not an address with a port, such as 127.0.0.1:6000",
            terminal::label(&text)
        ))
    })
}

fn server<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Address>, D::Error> {
    // The text is not repeated, because it may have a password in it.
    Address::for_secrets(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn mebibytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    match number.filter(|number| SPOOL.contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong(&value, &format!("is not a number from {} to {}", SPOOL.start(), SPOOL.end()))),
    }
}

fn permissions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    mode(&text).map(Some).map_err(|why| D::Error::custom(format!("{}: {why}", terminal::label(&text))))
}

fn format<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Format>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Format::named(&text).map(Some).ok_or_else(|| {
        let known = Format::ALL.map(Format::word).join(", ");
        D::Error::custom(format!("{} is not one of {known}", terminal::label(&text)))
    })
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let number = value.as_integer().and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| wrong(&value, "is not a whole number"))
}

fn columns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PassiveDnsColumns, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|error| D::Error::custom(format!("{}: {error}", terminal::label(&text))))
}

//! What a package says about the interface of its service: [`Interface`].
//!
//! With [`Interface::OwnDatabase`], a package names no service: it reads the passive-DNS database of the data folder.
//! Services that answer in the Common Output Format differ in their paths, logins and headers, and in what they answer if there is
//! nothing. A package names these differences, or offers them as parameters; see the protocols of `provider`.

use crate::Tlp;

/// How a package's records are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    /// A service is queried over HTTP.
    Http(HttpInterface),
    /// The passive-DNS database of the data folder is read, without HTTP.
    OwnDatabase,
}

/// The interface of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpInterface {
    /// How it is queried.
    pub protocol: Protocol,
    /// The path of a query, with `{value}` in place of the value; for `dnsdb`, what comes before `/lookup`.
    pub path: String,
    /// Whether it knows CIRCL's headers for filters and pages.
    pub circl_headers: bool,
    /// The parameter in the address that limits the number of records, if it has one.
    pub limit_parameter: Option<String>,
    /// What it means with the status 404.
    pub not_found: NotFound,
    /// The header that takes the token, if it is not `Authorization`.
    pub token_header: Option<String>,
}

/// The protocol of a provider that is queried over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `cof`: an answer in the Common Output Format to a path that contains the value.
    Cof,
    /// `dnsdb`: version 2 of DNSDB's interface.
    Dnsdb,
}

/// What a service means with the status 404.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NotFound {
    /// It has no records.
    #[default]
    Empty,
    /// The path is wrong: it answers 200 if it has no records.
    Error,
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Authentication {
    /// A complete value unchanged, `user:password` as Basic, a bare token unchanged.
    #[default]
    Automatic,
    /// As `Basic`.
    Basic,
    /// As `Bearer`.
    Bearer,
    /// Unchanged.
    Token,
}

impl Authentication {
    /// The words for it in settings.
    pub(crate) const WORDS: [&'static str; 4] = ["automatic", "basic", "bearer", "token"];

    /// The way with that name.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "basic" => Self::Basic,
            "bearer" => Self::Bearer,
            "token" => Self::Token,
            _ => Self::Automatic,
        }
    }
}

impl Interface {
    /// The name in manifests of the interface without HTTP.
    pub const OWN_DATABASE: &'static str = "own-database";

    /// The name of its protocol in manifests.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Http(interface) => interface.protocol.word(),
            Self::OwnDatabase => Self::OWN_DATABASE,
        }
    }

    /// The strictest level of indicators that it is asked about, unless an integration says otherwise: a service sees what it is
    /// asked.
    pub const fn max_tlp(&self) -> Tlp {
        match self {
            Self::Http(_) => Tlp::Green,
            Self::OwnDatabase => Tlp::Red,
        }
    }
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 2] = [Self::Cof, Self::Dnsdb];

    /// Its name in manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cof => "cof",
            Self::Dnsdb => "dnsdb",
        }
    }

    /// The protocol of that name. `cof-http` is the earlier name of `cof`.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = if word == "cof-http" { "cof" } else { word };
        Self::ALL.into_iter().find(|protocol| protocol.word() == word)
    }
}

impl NotFound {
    /// Both meanings.
    pub const ALL: [Self; 2] = [Self::Empty, Self::Error];

    /// Its name in manifests and settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Error => "error",
        }
    }

    /// The meaning of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meaning| meaning.word() == word)
    }
}

/// Checks the path before `/lookup` of DNSDB's interface.
///
/// # Errors
/// What is wrong, as a text for people.
pub(crate) fn check_base(path: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let is_sound = path.starts_with('/') && !path.ends_with('/') && path.chars().all(plain);
    let why = "for dnsdb, a path must begin with / and not end with it, as in /dnsdb/v2";
    is_sound.then_some(()).ok_or(why)
}

/// Checks the path of a query.
///
/// # Errors
/// What is wrong, as a text for people.
pub(crate) fn check_path(path: &str) -> Result<(), &'static str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
    let is_sound = path.starts_with('/')
        && path.matches("{value}").count() == 1
        && path.replace("{value}", "").chars().all(plain);
    let why = "a path must begin with / and contain {value} once, without a query or other placeholders";
    is_sound.then_some(()).ok_or(why)
}

/// Checks the name of a header, or of a parameter in an address.
///
/// # Errors
/// What is wrong, as a text for people.
pub(crate) fn check_token(name: &str) -> Result<(), &'static str> {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
    let is_sound = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    is_sound.then_some(()).ok_or("must be up to 64 letters, digits, hyphens and underscores")
}

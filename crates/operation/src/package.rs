//! Integration packages: one TOML manifest each, parsed, checked and ready to use.
//!
//! A [`Package`] is a checked manifest. `manifest` defines the format of the file, `diagnostic` the error that points to a
//! line, `changes` the change log, `bundled` the packages in the binary, and `catalogue` those and the ones in a folder. A package
//! names things (parameters, actions, attributes) and selects from what this crate offers; it contains no request language and no
//! code.

mod bundled;
mod catalogue;
mod changes;
mod diagnostic;
mod manifest;

use std::fmt;

use semver::Version;

use crate::interface::Interface;
use crate::mapping::Mapping;
use crate::proxy_setting::LoginPlace;
use crate::{Indicator, IndicatorType, Parameter, ParameterKind, Tlp};

pub use bundled::{find, newest};
pub use catalogue::{Catalogue, Fault, Listed, Refused};
pub use changes::Release;
pub use diagnostic::ManifestError;
pub use manifest::MAX_BYTES;

/// An integration package.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Its identity, the same in all versions.
    pub name: String,
    /// The title shown to users.
    pub title: String,
    /// Its version.
    pub version: Version,
    /// The versions of Backsight that it works with.
    pub backsight: semver::VersionReq,
    /// The author.
    pub author: String,
    /// The description, in a sentence or two.
    pub description: String,
    /// What it is for.
    pub kind: Kind,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// What changed in its versions, newest first.
    pub changes: Vec<Release>,
    /// The text of the manifest.
    pub source: String,
}

/// What a package is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// It queries a provider.
    Operation(Operation),
    /// It takes what is handed over, and answers no queries.
    Platform(Platform),
}

/// How a provider is queried, and what its answers mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// How to query its service.
    pub interface: Interface,
    /// The actions it offers on an indicator; at least one.
    pub actions: Vec<Action>,
    /// How its answers become findings.
    pub mapping: Mapping,
}

/// A platform that takes what is handed over, by its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// The REST API of MISP.
    Misp,
    /// The REST API of ThreatQ.
    Threatq,
}

/// An action on an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, as shown to users.
    pub name: String,
    /// What it does.
    pub help: String,
    /// The types of indicators that it accepts.
    pub types: Vec<IndicatorType>,
}

/// There is no package with that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The manifest is invalid.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There is no package of that name in the catalogue.
    #[error("there is no package {name:?} in the catalogue; available: {known}")]
    Name {
        /// The requested name.
        name: String,
        /// The existing names.
        known: String,
    },
    /// The package exists, but not in that version.
    #[error("{name} has no version {version}; available: {known}")]
    Version {
        /// The package.
        name: String,
        /// The requested version.
        version: String,
        /// The existing versions.
        known: String,
    },
}

impl Package {
    /// Parses a manifest; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ManifestError`] with the line, if anything in it is unknown, missing, contradictory or needs a newer Backsight.
    pub fn parse(file: &str, source: &str) -> Result<Self, ManifestError> {
        manifest::read(file, source)
    }

    /// The parameter with that key.
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.key == key)
    }

    /// Whether its action accepts an indicator.
    pub fn accepts(&self, indicator: &Indicator) -> bool {
        self.actions().first().is_some_and(|action| action.types.contains(&indicator.kind()))
    }

    /// What an operation offers on an indicator; nothing for a platform.
    pub fn actions(&self) -> &[Action] {
        self.operation().map_or(&[], |operation| &operation.actions)
    }

    /// How its answers become findings; a platform has no answers.
    pub fn into_mapping(self) -> Mapping {
        match self.kind {
            Kind::Operation(operation) => operation.mapping,
            Kind::Platform(_) => Mapping::default(),
        }
    }

    /// What it is if it is an operation.
    pub fn operation(&self) -> Option<&Operation> {
        match &self.kind {
            Kind::Operation(operation) => Some(operation),
            Kind::Platform(_) => None,
        }
    }

    /// What it is if it is a platform.
    pub fn platform(&self) -> Option<Platform> {
        match &self.kind {
            Kind::Operation(_) => None,
            Kind::Platform(platform) => Some(*platform),
        }
    }

    /// Whether nothing is sent over a network.
    pub fn is_local(&self) -> bool {
        self.operation().is_some_and(|operation| operation.interface == Interface::OwnDatabase)
    }

    /// The parameters that must be set: required ones without a default.
    pub fn must_be_set(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.required && parameter.default.is_none())
    }

    /// The parameters whose values are secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.kind == ParameterKind::Secret)
    }

    /// The types of indicators that its actions accept, each once.
    pub fn types(&self) -> Vec<IndicatorType> {
        let mut types: Vec<IndicatorType> = Vec::new();
        for kind in self.actions().iter().flat_map(|action| &action.types) {
            if !types.contains(kind) {
                types.push(*kind);
            }
        }
        types
    }

    /// What changed after this version, newest first.
    pub fn changes_since(&self, version: &Version) -> impl Iterator<Item = &Release> {
        self.changes.iter().take_while(move |release| release.version > *version)
    }

    /// Where the login for the configured proxy is entered.
    pub(crate) fn proxy_login(&self) -> LoginPlace {
        LoginPlace::of(|key| self.parameter(key).is_some())
    }
}

impl Kind {
    /// The word for operations in manifests and outputs.
    pub const OPERATION: &'static str = "operation";
    /// The word for platforms.
    pub const PLATFORM: &'static str = "platform";

    /// Its word in manifests and outputs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Operation(_) => Self::OPERATION,
            Self::Platform(_) => Self::PLATFORM,
        }
    }

    /// The name of its protocol in manifests.
    pub const fn protocol(&self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.interface.word(),
            Self::Platform(platform) => platform.word(),
        }
    }

    /// The strictest level of indicators that are sent to it, unless an integration says otherwise.
    pub const fn max_tlp(&self) -> Tlp {
        match self {
            Self::Operation(operation) => operation.interface.max_tlp(),
            Self::Platform(_) => Tlp::Green,
        }
    }
}

impl Platform {
    /// All platforms.
    pub const ALL: [Self; 2] = [Self::Misp, Self::Threatq];

    /// Its protocol in manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Misp => "misp",
            Self::Threatq => "threatq",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Misp => "MISP",
            Self::Threatq => "ThreatQ",
        }
    }

    /// The platform with that protocol.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.word() == word)
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

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
use crate::{Indicator, IndicatorType, Parameter, ParameterKind};

pub use bundled::{find, newest};
pub use catalogue::{Catalogue, Fault, Listed, Refused};
pub use changes::Release;
pub use diagnostic::ManifestError;
pub use manifest::MAX_BYTES;

/// An integration package of the kind "operation".
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
    /// How to query its service.
    pub interface: Interface,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The actions it offers on an indicator; at least one.
    pub actions: Vec<Action>,
    /// How its answers become findings.
    pub mapping: Mapping,
    /// What changed in its versions, newest first.
    pub changes: Vec<Release>,
    /// The text of the manifest.
    pub source: String,
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
    #[error("there is no operation {name:?} in the catalogue; available: {known}")]
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
        self.actions.first().is_some_and(|action| action.types.contains(&indicator.kind()))
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
        for kind in self.actions.iter().flat_map(|action| &action.types) {
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

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

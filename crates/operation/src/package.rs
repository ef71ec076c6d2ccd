//! Integration packages: one TOML manifest each, read, checked and ready to use.
//!
//! [`Package`] is a checked manifest. `manifest` is the file's shape, `diagnostic` the error that points at its
//! line, `bundled` the packages that ship inside the binary. A package names things (parameters, actions,
//! attributes) and picks from what this crate offers; it holds no request language and no code.

mod bundled;
mod diagnostic;
mod manifest;

use std::fmt;

use semver::Version;

use crate::mapping::Mapping;
use crate::proxy_setting::LoginPlace;
use crate::{IndicatorType, Parameter};

pub use bundled::{all, find, newest};
pub use diagnostic::ManifestError;
pub use manifest::MAX_BYTES;

/// An integration package of kind operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Package {
    /// Its identity, the same in all versions.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// Its version.
    pub version: Version,
    /// The versions of Backsight that it works with.
    pub backsight: semver::VersionReq,
    /// Who made it.
    pub author: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// How to query its service.
    pub protocol: Protocol,
    /// The path of a query, with `{value}` in place of the value.
    pub path: String,
    /// What can be set.
    pub parameters: Vec<Parameter>,
    /// What it offers on an indicator; at least one.
    pub actions: Vec<Action>,
    /// What its answers become.
    pub mapping: Mapping,
    /// The text of the manifest.
    pub source: String,
}

/// The protocol of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `cof-http`: CIRCL's query interface, and every server that follows it.
    CofHttp,
}

/// What an operation offers on an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name, as shown to users.
    pub name: String,
    /// What it does.
    pub help: String,
    /// The types of indicator that it takes.
    pub types: Vec<IndicatorType>,
}

/// No package can be had by that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No bundled package of that name.
    #[error("there is no bundled operation {name:?}; available: {known}")]
    Name {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The name is known, that version of it is not.
    #[error("{name} has no version {version}; available: {known}")]
    Version {
        /// The package.
        name: String,
        /// What was asked for.
        version: String,
        /// The versions there are.
        known: String,
    },
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::CofHttp];

    /// Its word in manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CofHttp => "cof-http",
        }
    }

    /// The protocol of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.word() == word)
    }
}

impl Package {
    /// Reads a manifest; `file` is what errors call it.
    ///
    /// # Errors
    /// [`ManifestError`] with the line, when anything in it is unknown, missing, contradictory or meant for a
    /// newer Backsight.
    pub fn parse(file: &str, source: &str) -> Result<Self, ManifestError> {
        manifest::read(file, source)
    }

    /// The parameter with that key.
    pub fn parameter(&self, key: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.key == key)
    }

    /// Where the login for the configured proxy is given.
    pub(crate) fn proxy_login(&self) -> LoginPlace {
        LoginPlace::of(|key| self.parameter(key).is_some())
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

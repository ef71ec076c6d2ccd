//! A configured platform: [`Recipient`].

use std::path::Path;

use cof::time::Clock;
use operation::provider::ConfigError;
use operation::{Package, Platform, Settings};
use workbench::push::Request;

use crate::PlatformError;
use crate::misp::{self, Misp};
use crate::threatq::Threatq;

/// A platform that takes what is handed over.
#[derive(Debug)]
pub enum Recipient {
    /// A MISP instance.
    Misp(Box<Misp>),
    /// A ThreatQ.
    Threatq(Box<Threatq>),
}

impl Recipient {
    /// The platform of a package. `folder` is the data folder, where the rate is shared. A CA file is read, so it must not be called on
    /// threads that must not block.
    ///
    /// # Errors
    /// [`ConfigError`] if the settings are not sufficient, or the package is not a platform.
    pub fn new(
        package: &Package,
        settings: &Settings,
        folder: &Path,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        match package.platform() {
            Some(Platform::Misp) => Ok(Self::Misp(Box::new(Misp::new(package, settings, folder, clock)?))),
            Some(Platform::Threatq) => {
                Ok(Self::Threatq(Box::new(Threatq::new(package, settings, folder, clock)?)))
            }
            None => Err(ConfigError::Operation(package.name.clone())),
        }
    }

    /// Host and port.
    pub fn place(&self) -> String {
        match self {
            Self::Misp(misp) => misp.service.connection.budget_name(),
            Self::Threatq(threatq) => threatq.way().budget_name(),
        }
    }

    /// Warnings for the user before anything is sent.
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Misp(misp) => &misp.service.connection.warnings,
            Self::Threatq(threatq) => &threatq.way().warnings,
        }
    }

    /// Checks the options of a push before it is created.
    ///
    /// # Errors
    /// [`PlatformError::Option`] for the wrong one.
    pub fn check_options(&self, request: &Request) -> Result<(), PlatformError> {
        match self {
            Self::Misp(_) => misp::check_options(request),
            Self::Threatq(_) => match request.options.keys().next() {
                None => Ok(()),
                Some(other) => Err(PlatformError::Option(format!("ThreatQ has no option {other:?}"))),
            },
        }
    }
}

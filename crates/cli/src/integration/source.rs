//! Finds the package to install: one of the catalogue by name, or a manifest file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use operation::Package;
use operation::package::Catalogue;

use crate::config::Config;
use crate::exit::Failure;
use crate::terminal::printable;

/// The most bytes of a file that are read; a manifest is far smaller, and its parser says so.
const LARGEST: u64 = 1 << 20;

/// The bundled packages, and those of the configured folder.
pub(super) fn catalogue(config: &Config) -> Result<Catalogue, Failure> {
    let folder = Some(&config.integrations.catalogue).filter(|folder| !folder.is_empty());
    Catalogue::new(folder.map(Path::new))
        .map_err(|error| Failure::work("reading the bundled packages", &error))
}

/// A package of the catalogue.
pub(super) fn named<'a>(catalogue: &'a Catalogue, wanted: &str) -> Result<&'a Package, Failure> {
    catalogue.find(wanted).map_err(|error| {
        let refused = catalogue
            .refused
            .first()
            .map(|refused| format!("; {} was left out: {}", printable(&refused.file), refused.fault));
        Failure::Usage(format!("{error}{}", refused.unwrap_or_default()))
            .hint("`backsight integration catalogue` lists all; a package file must end in .toml")
    })
}

/// Finds a package of the catalogue, or reads a file.
pub(super) fn find(wanted: &Path, config: &Config) -> Result<Package, Failure> {
    let shown = printable(&wanted.display().to_string());
    let ending = wanted.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("toml") => read(wanted, &shown),
        Some("whl" | "zip" | "yaml" | "yml" | "gz") => {
            Err(Failure::Usage(format!("{shown}: not a Backsight package"))
                .hint("a package is one file ending in .toml; packages for ThreatQ cannot be installed here"))
        }
        _ if wanted.is_dir() => Err(Failure::Usage(format!("{shown} is a folder")).hint("give a file in it")),
        _ => named(&catalogue(config)?, &shown).cloned(),
    }
}

fn read(file: &Path, shown: &str) -> Result<Package, Failure> {
    let failed =
        |why: &dyn std::fmt::Display| Failure::Usage(format!("cannot read the package {shown}: {why}"));
    let mut octets = Vec::new();
    let opened = File::open(file).map_err(|error| failed(&error))?;
    opened.take(LARGEST).read_to_end(&mut octets).map_err(|error| failed(&error))?;
    let text = String::from_utf8(octets).map_err(|_| failed(&"it is not text; a package is TOML"))?;
    Package::parse(shown, &text).map_err(|error| Failure::usage(&error))
}

//! Finds the package to install: a bundled one by name, or a manifest file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use operation::{Package, package};

use crate::exit::Failure;
use crate::terminal::printable;

/// The most bytes of a file that are read; a manifest is far smaller, and its parser says so.
const LARGEST: u64 = 1 << 20;

/// Finds a bundled package, or reads a file.
pub(super) fn find(wanted: &Path) -> Result<Package, Failure> {
    let shown = printable(&wanted.display().to_string());
    let ending = wanted.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("toml") => read(wanted, &shown),
        Some("whl" | "zip" | "yaml" | "yml" | "gz") => {
            Err(Failure::Usage(format!("{shown}: not a Backsight package"))
                .hint("a package is one file ending in .toml; packages for ThreatQ cannot be installed here"))
        }
        _ if wanted.is_dir() => Err(Failure::Usage(format!("{shown} is a folder")).hint("give a file in it")),
        _ => package::find(&shown).map_err(|error| {
            Failure::usage(&error)
                .hint("give the name of a bundled operation, or a package file ending in .toml")
        }),
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

//! The packages that can be installed by name: those in the binary, and those in a folder.
//!
//! A name and a version mean one content: a file that claims those of a bundled package, or of another file, with other content is
//! refused. A file that cannot be used is listed with its [`Fault`], and affects no other. What is read of the folder is bounded.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::bundled;
use super::{MAX_BYTES, ManifestError, Package, PackageError};

/// The most files of a folder that are read.
const FILES: usize = 200;
/// The most entries of a folder that are looked at.
const ENTRIES: usize = 10_000;

/// The packages that can be installed by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// The packages: of each name the newest version first, and the bundled ones before those of files.
    pub packages: Vec<Listed>,
    /// What is in the folder but cannot be used, by file name.
    pub refused: Vec<Refused>,
}

/// A package of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The package.
    pub package: Package,
    /// The name of its file in the folder; `None` for a bundled package.
    pub file: Option<String>,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The name of the file, or the path of the folder.
    pub file: String,
    /// Why not.
    pub fault: Fault,
}

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is larger than any manifest.
    #[error("it is larger than {} KiB", MAX_BYTES >> 10)]
    Large,
    /// It is not a valid manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// There are too many files.
    #[error("the folder has more than {FILES} packages: the others are left out")]
    Many,
    /// It is not text.
    #[error("it is not text; a package is a TOML file")]
    Text,
    /// Its name and version are those of another content.
    #[error("{package} is {place} with other content: give this package another name or version")]
    Twice {
        /// The package, as NAME@VERSION.
        package: String,
        /// Where the other content is: `bundled`, or `in FILE`.
        place: String,
    },
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
}

impl Catalogue {
    /// The bundled packages, and those in a folder. It reads files and may block.
    ///
    /// # Errors
    /// [`ManifestError`] if the binary contains an invalid manifest, which a test prevents.
    pub fn new(folder: Option<&Path>) -> Result<Self, ManifestError> {
        let bundled = bundled::all()?.into_iter().rev().map(|package| Listed { package, file: None });
        let mut catalogue = Self { packages: bundled.collect(), refused: Vec::new() };
        if let Some(folder) = folder {
            catalogue.read(folder);
        }
        Ok(catalogue)
    }

    /// A package by `NAME` (the newest version) or `NAME@VERSION`.
    ///
    /// # Errors
    /// [`PackageError`], which lists the existing packages.
    pub fn find(&self, wanted: &str) -> Result<&Package, PackageError> {
        let (name, version) =
            wanted.split_once('@').map_or((wanted, None), |(name, version)| (name, Some(version)));
        let all = || self.packages.iter().map(|listed| &listed.package);
        let mut versions: Vec<&Package> = all().filter(|package| package.name == name).collect();
        versions.sort_by(|a, b| a.version.cmp(&b.version));
        let found = match version {
            None => versions.last(),
            Some(version) => versions.iter().find(|package| package.version.to_string() == version),
        };
        match (found, version) {
            (Some(package), _) => Ok(package),
            (None, Some(version)) if !versions.is_empty() => Err(PackageError::Version {
                name: name.to_owned(),
                version: version.to_owned(),
                known: versions.iter().map(|one| one.version.to_string()).collect::<Vec<_>>().join(", "),
            }),
            _ => {
                let mut names: Vec<&str> = all().map(|package| package.name.as_str()).collect();
                names.sort_unstable();
                names.dedup();
                Err(PackageError::Name { name: name.to_owned(), known: names.join(", ") })
            }
        }
    }

    /// Adds the packages of a folder.
    fn read(&mut self, folder: &Path) {
        let files = match files(folder) {
            Ok(files) => files,
            Err(error) => return self.refuse(folder.display().to_string(), unreadable(&error)),
        };
        let before = self.packages.len();
        for (at, path) in files.iter().enumerate() {
            if at == FILES {
                self.refuse(folder.display().to_string(), Fault::Many);
                break;
            }
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Err(fault) = self.add(path, &file) {
                self.refuse(file, fault);
            }
        }
        let added = self.packages.get_mut(before..).unwrap_or_default();
        added.sort_by(|Listed { package: a, .. }, Listed { package: b, .. }| {
            a.name.cmp(&b.name).then_with(|| b.version.cmp(&a.version))
        });
    }

    fn add(&mut self, path: &Path, file: &str) -> Result<(), Fault> {
        let package = Package::parse(file, &text(path)?)?;
        let same = |listed: &&Listed| {
            (&listed.package.name, &listed.package.version) == (&package.name, &package.version)
        };
        match self.packages.iter().find(same) {
            None => self.packages.push(Listed { package, file: Some(file.to_owned()) }),
            Some(other) if other.package.source == package.source => {}
            Some(other) => {
                let place =
                    other.file.as_ref().map_or_else(|| "bundled".to_owned(), |file| format!("in {file}"));
                return Err(Fault::Twice { package: package.to_string(), place });
            }
        }
        Ok(())
    }

    fn refuse(&mut self, file: String, fault: Fault) {
        self.refused.push(Refused { file, fault });
    }
}

/// The packages in a folder, by name.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)?.take(ENTRIES) {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The content of a file.
fn text(path: &Path) -> Result<String, Fault> {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path).map_err(|error| unreadable(&error))?.is_file() {
        return Err(Fault::Unreadable("not a file".to_owned()));
    }
    let mut octets = Vec::new();
    let opened = File::open(path).map_err(|error| unreadable(&error))?;
    opened.take(MAX_BYTES as u64 + 1).read_to_end(&mut octets).map_err(|error| unreadable(&error))?;
    if octets.len() > MAX_BYTES {
        return Err(Fault::Large);
    }
    String::from_utf8(octets).map_err(|_| Fault::Text)
}

fn unreadable(error: &io::Error) -> Fault {
    Fault::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package of that name and version.
    fn manifest(name: &str, version: &str) -> String {
        let cof = bundled::find("cof").unwrap().source;
        cof.replacen("name = \"cof\"", &format!("name = \"{name}\""), 1)
            .replace("version = \"1.0.0\"", &format!("version = \"{version}\""))
    }

    fn catalogue(files: &[(&str, &[u8])]) -> Catalogue {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        fs::create_dir(folder.path().join("folder.toml")).unwrap();
        Catalogue::new(Some(folder.path())).unwrap()
    }

    fn listed(catalogue: &Catalogue) -> Vec<String> {
        let of_files = catalogue.packages.iter().filter(|listed| listed.file.is_some());
        of_files.map(|listed| listed.package.to_string()).collect()
    }

    #[test]
    fn files_join_the_bundled_packages() {
        let (old, new) = (manifest("partner", "1.9.0"), manifest("partner", "1.10.0"));
        let cof = manifest("cof", "2.0.0");
        let catalogue = catalogue(&[
            ("a.toml", new.as_bytes()),
            ("b.TOML", old.as_bytes()),
            ("c.toml", cof.as_bytes()),
            ("again.toml", new.as_bytes()),
            ("notes.txt", b"not a package"),
        ]);
        assert_eq!(listed(&catalogue), ["cof@2.0.0", "partner@1.10.0", "partner@1.9.0"]);
        assert_eq!(catalogue.find("partner").unwrap().to_string(), "partner@1.10.0");
        assert_eq!(catalogue.find("partner@1.9.0").unwrap().source, old);
        assert_eq!(catalogue.find("cof").unwrap().to_string(), "cof@2.0.0");
        assert_eq!(catalogue.find("circl-passive-dns").unwrap().to_string(), "circl-passive-dns@1.2.0");
        let [refused] = &catalogue.refused[..] else { panic!("{:?}", catalogue.refused) };
        assert_eq!(
            (refused.file.as_str(), &refused.fault),
            ("folder.toml", &Fault::Unreadable("not a file".into()))
        );
        let error = catalogue.find("gopher").unwrap_err().to_string();
        assert!(error.ends_with("mnemonic-passive-dns, own-database, partner, threatq"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_listed_with_its_reason_and_affects_no_other() {
        let good = manifest("zebra", "1.0.0");
        let other = good.replace("Host", "Server");
        let bundled = bundled::find("circl-passive-dns@1.1.0").unwrap().source;
        let altered = bundled.replace("www.circl.lu", "pdns.example.org");
        let catalogue = catalogue(&[
            ("1.toml", altered.as_bytes()),
            ("2.toml", b"name = "),
            ("3.toml", b"\xff\xfe"),
            ("4.toml", &b" ".repeat(MAX_BYTES + 1)),
            ("7.toml", good.as_bytes()),
            ("8.toml", other.as_bytes()),
            ("9.toml", bundled.as_bytes()),
        ]);
        assert_eq!(listed(&catalogue), ["zebra@1.0.0"]);
        let reasons =
            catalogue.refused.iter().map(|refused| (refused.file.as_str(), refused.fault.to_string()));
        for ((file, reason), (wanted, part)) in reasons.zip([
            ("1.toml", "circl-passive-dns@1.1.0 is bundled with other content"),
            ("2.toml", "2.toml:1:"),
            ("3.toml", "not text"),
            ("4.toml", "larger than 256 KiB"),
            ("8.toml", "zebra@1.0.0 is in 7.toml with other content"),
            ("folder.toml", "not a file"),
        ]) {
            assert!(file == wanted && reason.contains(part), "{wanted}: {file}: {reason}");
        }
        assert_eq!(catalogue.refused.len(), 6);
        assert_eq!(catalogue.find("circl-passive-dns@1.1.0").unwrap().source, bundled);
    }

    #[test]
    fn a_folder_that_is_not_there_or_too_full_is_said() {
        let none = Catalogue::new(Some(Path::new("/no/such/folder"))).unwrap();
        assert!(matches!(&none.refused[..], [Refused { fault: Fault::Unreadable(_), .. }]));
        let many: Vec<(String, String)> =
            (0..=FILES).map(|n| (format!("{n:03}.toml"), manifest(&format!("a{n}"), "1.0.0"))).collect();
        let many: Vec<(&str, &[u8])> =
            many.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let full = catalogue(&many);
        assert_eq!((listed(&full).len(), &full.refused[0].fault), (FILES, &Fault::Many));
    }
}

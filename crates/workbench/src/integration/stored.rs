//! An integration as it is stored in the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cof::time::Clock;
use operation::provider::{ProxyEnvironment, ProxyInForce};
use operation::{
    Binding, Destination, Kind, ManifestError, Package, ParameterKind, Secret, Settings, SettingsError, Tlp,
};
use rusqlite::{Connection, Row};

use super::{Details, Setting, State, Summary, readable};
use crate::Error;
use crate::database::Problem;
use crate::library::stored_tlp;
use crate::secret::{self, Key, Place};

/// The rows of one integration, unchecked: the package's parameters determine their meaning.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) manifest: String,
    pub(super) enabled: bool,
    pub(super) installed_at: i64,
    pub(super) updated_at: i64,
    /// The strictest level that it is asked about; `None` for that of its protocol.
    pub(super) max_tlp: Option<Tlp>,
    pub(super) values: BTreeMap<String, String>,
    pub(super) sealed: BTreeMap<String, Sealed>,
}

/// A secret as it is stored in its table.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) bytes: Vec<u8>,
    /// The destination it may be sent to, in the form of [`Destination`]; `None` for none.
    pub(super) bound: Option<String>,
}

const COLUMNS: &str =
    "SELECT name, version, manifest, enabled, installed_at, updated_at, max_tlp FROM integrations";

impl Stored {
    /// All integrations, by name.
    pub(super) fn all(database: &Connection) -> Result<Vec<Self>, Problem> {
        let mut statement = database.prepare_cached(&format!("{COLUMNS} ORDER BY name"))?;
        let mut rows = statement.query([])?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            let mut stored = Self::row(row)?;
            stored.fill(database)?;
            all.push(stored);
        }
        Ok(all)
    }

    pub(super) fn find(database: &Connection, name: &str) -> Result<Option<Self>, Problem> {
        let mut statement = database.prepare_cached(&format!("{COLUMNS} WHERE name = ?"))?;
        let mut rows = statement.query([name])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut stored = Self::row(row)?;
        stored.fill(database)?;
        Ok(Some(stored))
    }

    /// The integration of that name, or an error that lists the existing ones.
    pub(super) fn need(database: &Connection, name: &str) -> Result<Self, Problem> {
        if let Some(stored) = Self::find(database, name)? {
            return Ok(stored);
        }
        let names: Vec<String> = Self::all(database)?.into_iter().map(|stored| stored.name).collect();
        let known = if names.is_empty() {
            "nothing is installed".to_owned()
        } else {
            format!("installed: {}", names.join(", "))
        };
        Err(Problem::missing(format!("{name:?} is not installed; {known}")))
    }

    fn row(row: &Row<'_>) -> Result<Self, Problem> {
        Ok(Self {
            name: row.get(0)?,
            version: row.get(1)?,
            manifest: row.get(2)?,
            enabled: row.get(3)?,
            installed_at: row.get(4)?,
            updated_at: row.get(5)?,
            max_tlp: stored_tlp(row.get(6)?)?,
            values: BTreeMap::new(),
            sealed: BTreeMap::new(),
        })
    }

    fn fill(&mut self, database: &Connection) -> Result<(), Problem> {
        let mut values = database.prepare_cached("SELECT key, value FROM settings WHERE integration = ?")?;
        let pairs = values.query_map([&self.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.values = pairs.collect::<Result<_, _>>()?;
        let mut secrets =
            database.prepare_cached("SELECT key, sealed, bound FROM secrets WHERE integration = ?")?;
        let pairs = secrets.query_map([&self.name], |row| {
            Ok((row.get(0)?, Sealed { bytes: row.get(1)?, bound: row.get(2)? }))
        })?;
        self.sealed = pairs.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// The installed package.
    pub(super) fn package(&self) -> Result<Package, ManifestError> {
        Package::parse(&format!("{}-{}.toml", self.name, self.version), &self.manifest)
    }

    /// The problem to report if a manifest is broken.
    pub(super) fn broken(&self, error: &ManifestError) -> Problem {
        let Self { name, version, .. } = self;
        Problem::conflict(format!(
            "{name}@{version} cannot be used: this version of Backsight cannot read its manifest\n{error}\ninstall another version, or remove it"
        ))
    }

    /// The settings, with a placeholder for every stored secret: enough to find what is missing, without a key.
    pub(super) fn sketch(&self, package: &Package) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in &self.values {
            // A value that the package no longer accepts counts as not set.
            let _ = settings.set(package, key, value);
        }
        for (key, sealed) in &self.sealed {
            let binding = Binding::read(sealed.bound.as_deref());
            let _ = settings.set_bound_secret(package, key, Secret::new("set"), binding);
        }
        settings
    }

    /// The destination that a secret entered now is bound to; `None` if it cannot be determined.
    pub(super) fn destination(&self, package: &Package) -> Option<String> {
        Destination::of(package, &self.sketch(package)).ok()?.written()
    }

    /// The place that one of its secrets is bound to.
    pub(super) fn place<'a>(&'a self, key: &'a str) -> Place<'a> {
        let bound = self.sealed.get(key).and_then(|sealed| sealed.bound.as_deref());
        Place { integration: &self.name, key, bound }
    }

    /// The settings, with decrypted secrets.
    pub(super) fn open(&self, package: &Package, keys: &[Key], folder: &Path) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        let faults = self.values.iter().filter_map(|(key, value)| settings.set(package, key, value).err());
        let faults: Vec<_> = faults.collect();
        if !faults.is_empty() {
            return Err(Error::Settings(faults));
        }
        for (key, sealed) in &self.sealed {
            let place = self.place(key);
            let secret =
                secret::open(keys, place, &sealed.bytes).map_err(|fault| fault.error(folder, place))?;
            settings
                .set_bound_secret(package, key, secret, Binding::read(place.bound))
                .map_err(|fault| Error::Settings(vec![fault]))?;
        }
        Ok(settings)
    }

    pub(super) fn summary(&self) -> Summary {
        let package = self.package();
        Summary {
            name: self.name.clone(),
            title: package.as_ref().map_or_else(|_| self.name.clone(), |package| package.title.clone()),
            version: self.version.clone(),
            kind: package.as_ref().map_or(Kind::OPERATION, |package| package.kind.word()),
            enabled: self.enabled,
            missing: package
                .as_ref()
                .map_or_else(|_| Vec::new(), |package| super::plan::missing(package, &self.sketch(package))),
            max_tlp: max_tlp(self.max_tlp, package.as_ref().ok().map(|package| &package.kind)),
            broken: package.err(),
            installed_at: self.installed_at,
            updated_at: self.updated_at,
        }
    }

    pub(super) fn details(&self, clock: &Clock) -> Details {
        let package = self.package().ok();
        let parameters =
            package.as_ref().map_or_else(|| self.bare_settings(), |package| self.settings(package));
        let warnings = package.as_ref().map(|package| {
            let settings = self.sketch(package);
            let elsewhere = settings.elsewhere(package).unwrap_or_default();
            if elsewhere.is_empty() {
                return super::check(package, &settings, clock).unwrap_or_default();
            }
            elsewhere.iter().map(ToString::to_string).collect()
        });
        let proxy = package
            .as_ref()
            .filter(|package| !package.is_local())
            .map(|package| ProxyInForce::of(package, &self.sketch(package), &ProxyEnvironment::of_process()));
        Details {
            summary: self.summary(),
            max_tlp_set: self.max_tlp,
            proxy,
            package,
            parameters,
            warnings: warnings.unwrap_or_default(),
            fingerprint: self.fingerprint(),
        }
    }

    /// Encrypted secrets contain a nonce, so a secret that is set again changes the fingerprint even if it is the same.
    fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let values = self.values.iter().map(|(key, value)| (key, value.as_bytes()));
        let sealed = self.sealed.iter().map(|(key, sealed)| (key, sealed.bytes.as_slice()));
        hasher.update(self.manifest.as_bytes());
        hasher.update(self.max_tlp.map_or("", Tlp::word).as_bytes());
        for (key, value) in values.chain(sealed) {
            for part in [key.as_bytes(), value] {
                hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    fn settings(&self, package: &Package) -> Vec<Setting> {
        let elsewhere = self.sketch(package).elsewhere(package).unwrap_or_default();
        let setting = |parameter: &operation::Parameter| Setting {
            key: parameter.key.clone(),
            label: parameter.label.clone(),
            help: parameter.help.clone(),
            kind: parameter.kind.clone(),
            required: parameter.required,
            default: parameter.default.as_ref().map(readable),
            state: self.state(package, &parameter.key, &elsewhere),
        };
        package.parameters.iter().map(setting).collect()
    }

    fn state(&self, package: &Package, key: &str, elsewhere: &[SettingsError]) -> State {
        if self.sealed.contains_key(key) {
            let is_it = |fault: &&SettingsError| matches!(fault, SettingsError::Elsewhere { key: of, .. } if of == key);
            let fault = elsewhere.iter().find(is_it);
            return fault.map_or(State::Secret, |fault| State::Elsewhere(fault.to_string()));
        }
        let Some(value) = self.values.get(key) else { return State::Unset };
        match Settings::default().set(package, key, value) {
            Ok(()) => State::Value(value.clone()),
            Err(error) => State::Wrong(value.clone(), error.to_string()),
        }
    }

    /// The stored settings when no package states their meaning.
    fn bare_settings(&self) -> Vec<Setting> {
        let keys: BTreeSet<&String> = self.values.keys().chain(self.sealed.keys()).collect();
        let setting = |key: &String| Setting {
            key: key.clone(),
            label: key.clone(),
            help: String::new(),
            kind: if self.sealed.contains_key(key) { ParameterKind::Secret } else { ParameterKind::Text },
            required: false,
            default: None,
            state: self.values.get(key).map_or(State::Secret, |value| State::Value(value.clone())),
        };
        keys.into_iter().map(setting).collect()
    }
}

/// The strictest level that is sent to an operation or a platform: what was set, or that of its protocol.
pub(crate) fn max_tlp(set: Option<Tlp>, kind: Option<&Kind>) -> Tlp {
    // With a manifest that cannot be read, nothing is ever sent.
    set.or_else(|| kind.map(Kind::max_tlp)).unwrap_or(Tlp::Clear)
}

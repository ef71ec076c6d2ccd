//! Setting values and secrets, and giving them to what runs.
//!
//! All of a change is checked before any of it is stored. Values are stored as they were entered, and mean what
//! the package makes of them when they are read; secrets are stored sealed.

use std::path::Path;

use operation::provider::check_proxy_login;
use operation::{Package, Secret, Settings, SettingsError};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::stored::{Sealed, Stored};
use super::{Details, check};
use crate::database::{Change, Problem};
use crate::secret::{self, Fault, Key, Place};
use crate::{Error, Workbench};

/// How often settings are read again when a rotation comes between the keys and the database.
const TRIES: usize = 5;
/// The setting that names a file.
const CA_FILE: &str = "ca_file";

/// What shall be set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Plain values by key; an empty one counts as none, also where there is a default.
    pub values: Vec<(String, String)>,
    /// Secrets by key; an empty one is forgotten.
    pub secrets: Vec<(String, Secret)>,
    /// Keys that go back to their defaults; secrets among them are forgotten.
    pub reset: Vec<String>,
}

/// What an operation runs with: a snapshot that later changes do not touch.
#[derive(Clone, Debug)]
pub struct Configured {
    /// What is installed.
    pub package: Package,
    /// What is set, secrets decrypted.
    pub settings: Settings,
    /// Whether it is on.
    pub enabled: bool,
}

impl Workbench {
    /// Sets values and secrets, all or none, and gives how things stand then.
    ///
    /// # Errors
    /// [`Error::Settings`] with everything that is wrong; [`Error::Refused`], when an enabled integration could not run any
    /// more; [`Error::Key`], when there are secrets to store and the key is not right.
    pub fn configure(&mut self, name: &str, changes: &Changes) -> Result<Details, Error> {
        let clock = self.clock().clone();
        check_files(changes.values.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            let package = stored.package().map_err(|error| stored.broken(&error))?;
            validate(&package, changes)?;
            store(change, &stored, &package, changes)?;
            let after = Stored::need(&change.transaction, name)?;
            let settings = after.sketch(&package);
            check_proxy_login(&package, &settings).map_err(|fault| Error::Settings(vec![fault]))?;
            if after.enabled {
                refuse_elsewhere(&package, &settings)?;
                check(&package, &settings, &clock).map_err(|why| {
                    Problem::conflict(format!(
                        "{name} is enabled and could not run with these settings: {why}"
                    ))
                })?;
            }
            Ok(after.details(&clock))
        })
    }

    /// The package and its settings, to run with; whether it is on is the caller's to ask.
    ///
    /// # Errors
    /// [`Error::Refused`] for what is not installed or broken; [`Error::Key`], when a secret does not open.
    pub fn settings(&self, name: &str) -> Result<Configured, Error> {
        for tries_left in (0..TRIES).rev() {
            let stored = self.read(|database| Stored::need(database, name))?;
            let package = self.read(|_| stored.package().map_err(|error| stored.broken(&error)))?;
            // Keys after the snapshot: a rotation in between has removed the one that the snapshot names.
            let keys = if stored.sealed.is_empty() { Vec::new() } else { secret::keys(self.folder())? };
            if tries_left > 0 && stored.lacks(&keys) {
                continue;
            }
            let settings = stored.open(&package, &keys, self.folder())?;
            return Ok(Configured { package, settings, enabled: stored.enabled });
        }
        Err(Error::Bug("the settings kept changing while they were read".to_owned()))
    }
}

impl Stored {
    /// Whether a secret names a key that is not among these.
    fn lacks(&self, keys: &[Key]) -> bool {
        let opened = |(key, sealed): (&String, &Sealed)| secret::open(keys, self.place(key), &sealed.bytes);
        self.sealed.iter().map(opened).any(|opened| opened == Err(Fault::Unknown))
    }
}

/// The keys for an integration's secrets, within a change; none are needed where there is no secret.
pub(super) fn keys_for(change: &Change<'_>, stored: &Stored) -> Result<Vec<Key>, Problem> {
    let key = if stored.sealed.is_empty() { None } else { secret::settle(change)? };
    Ok(key.into_iter().collect())
}

/// Looks at the files that are named, before any lock is held: a file system may keep its readers waiting.
pub(super) fn check_files<'a>(values: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), Error> {
    let files = values.filter(|(key, value)| *key == CA_FILE && !value.trim().is_empty());
    let faults: Vec<SettingsError> = files
        .filter_map(|(key, value)| {
            let fault = operation::provider::check_ca_file(Path::new(value.trim())).err()?;
            Some(SettingsError::Invalid {
                key: key.to_owned(),
                label: "CA File".to_owned(),
                why: fault.to_string(),
            })
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}

fn validate(package: &Package, changes: &Changes) -> Result<(), Error> {
    let mut settings = Settings::default();
    let mut faults: Vec<SettingsError> = Vec::new();
    for (key, value) in &changes.values {
        faults.extend(settings.set(package, key, value).err());
    }
    for (key, secret) in &changes.secrets {
        faults.extend(settings.set_secret(package, key, secret.clone()).err());
    }
    for key in &changes.reset {
        let unknown = package.parameter(key).is_none();
        // Setting it to nothing says what is wrong with the key.
        faults.extend(if unknown { settings.set(package, key, "").err() } else { None });
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}

/// Refuses settings with which a stored secret would be sent to where it was not given for.
pub(super) fn refuse_elsewhere(package: &Package, settings: &Settings) -> Result<(), Error> {
    let faults = settings.elsewhere(package).unwrap_or_else(|fault| vec![fault]);
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}

/// Binds the secrets of an earlier version to where they have been sent so far. Those of which that cannot be told, because
/// the manifest cannot be read or the key is not there, have to be given again.
pub(crate) fn bind_secrets(database: &Connection, folder: &Path) -> Result<(), Problem> {
    let keys = secret::keys(folder).unwrap_or_default();
    let sql = "UPDATE secrets SET sealed = ?, bound = ? WHERE integration = ? AND key = ?";
    for stored in Stored::all(database)? {
        let bound = stored.package().ok().and_then(|package| stored.destination(&package));
        let Some(bound) = bound.as_deref() else { continue };
        for (key, sealed) in &stored.sealed {
            let Ok(secret) = secret::open(&keys, stored.place(key), &sealed.bytes) else { continue };
            // The same key again, so that a rotation that a crash cut short can still be settled.
            let Some(under) = keys.iter().find(|known| known.has_sealed(&sealed.bytes)) else { continue };
            let place = Place { integration: &stored.name, key, bound: Some(bound) };
            database.execute(sql, (secret::seal(under, place, &secret)?, bound, &stored.name, key))?;
        }
    }
    Ok(())
}

fn store(change: &Change<'_>, stored: &Stored, package: &Package, changes: &Changes) -> Result<(), Problem> {
    let name = &stored.name;
    let delete = |table: &str, key: &str| {
        let sql = format!("DELETE FROM {table} WHERE integration = ? AND key = ?");
        change.transaction.execute(&sql, (name, key))
    };
    let mut done = Done::default();
    for key in &changes.reset {
        if delete("settings", key)? + delete("secrets", key)? > 0 {
            done.reset.push(key);
        }
    }
    for (key, value) in &changes.values {
        let value = value.trim();
        let sql = "INSERT INTO settings (integration, key, value) VALUES (?, ?, ?) \
                   ON CONFLICT (integration, key) DO UPDATE SET value = excluded.value WHERE value <> excluded.value";
        if change.transaction.execute(sql, (name, key, value))? > 0 {
            done.values.insert(key.clone(), json!([stored.values.get(key), value]));
        }
    }
    // Secrets are given for where the settings lead to that come with them.
    let bound = Stored::need(&change.transaction, name)?.destination(package);
    for (key, secret) in &changes.secrets {
        if secret.is_empty() {
            done.reset.extend((delete("secrets", key)? > 0).then_some(key.as_str()));
            continue;
        }
        let place = Place { integration: name, key, bound: bound.as_deref() };
        let sealed = secret::seal(&secret::current(change)?, place, secret)?;
        let sql = "INSERT OR REPLACE INTO secrets (integration, key, sealed, bound) VALUES (?, ?, ?, ?)";
        change.transaction.execute(sql, (name, key, sealed, place.bound))?;
        done.secrets.push(key);
    }
    done.write_down(change, name)
}

/// What a configuration really changed.
#[derive(Default)]
struct Done<'a> {
    /// Key to the old and the new value.
    values: Map<String, Value>,
    secrets: Vec<&'a str>,
    reset: Vec<&'a str>,
}

impl Done<'_> {
    fn write_down(self, change: &Change<'_>, name: &str) -> Result<(), Problem> {
        let Self { values, secrets, reset } = self;
        if values.is_empty() && secrets.is_empty() && reset.is_empty() {
            return Ok(());
        }
        let sql = "UPDATE integrations SET updated_at = ? WHERE name = ?";
        change.transaction.execute(sql, (change.at, name))?;
        let detail = json!({ "values": values, "secrets": secrets, "reset": reset });
        change.audit("integration.configure", name, &detail)
    }
}

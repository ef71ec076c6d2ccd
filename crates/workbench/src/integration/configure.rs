//! Sets values and secrets, and provides them to runs.
//!
//! A change is checked completely before any of it is stored. Values are stored as they were entered, and the package
//! interprets them when they are read; secrets are stored encrypted.

use std::path::Path;

use operation::provider::check_proxy_login;
use operation::{Marking, Package, Secret, Settings, SettingsError, Tlp};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::stored::{Sealed, Stored};
use super::{Details, check};
use crate::database::{Change, Problem};
use crate::secret::{self, Fault, Key, Place};
use crate::{Error, Workbench};

/// How often settings are read again if the key is rotated between reading the database and reading the keys.
const TRIES: usize = 5;
/// The setting that contains the path of a file.
const CA_FILE: &str = "ca_file";

/// The settings to change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Plain values by key; an empty value counts as no value, even if there is a default.
    pub values: Vec<(String, String)>,
    /// Secrets by key; an empty value removes the secret.
    pub secrets: Vec<(String, Secret)>,
    /// Keys that are reset to their defaults; secrets among them are removed.
    pub reset: Vec<String>,
    /// The strictest level that the operation is asked about; [`Marking`] without a level stands for that of its protocol.
    pub max_tlp: Option<Marking>,
}

/// What an operation runs with: a snapshot that later changes do not affect.
#[derive(Clone, Debug)]
pub struct Configured {
    /// The installed package.
    pub package: Package,
    /// The settings, with decrypted secrets.
    pub settings: Settings,
    /// Whether it is enabled.
    pub enabled: bool,
}

impl Workbench {
    /// Sets values and secrets, all or none of them, and returns the resulting state.
    ///
    /// # Errors
    /// [`Error::Settings`] with all faults; [`Error::Refused`] if an enabled integration could no longer run; [`Error::Key`] if
    /// there are secrets to store and the key is missing or wrong.
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

    /// The package and its settings for a run; the caller has to check whether it is enabled.
    ///
    /// # Errors
    /// [`Error::Refused`] if it is not installed or is broken; [`Error::Key`] if a secret cannot be decrypted.
    pub fn settings(&self, name: &str) -> Result<Configured, Error> {
        for tries_left in (0..TRIES).rev() {
            let stored = self.read(|database| Stored::need(database, name))?;
            let package = self.read(|_| stored.package().map_err(|error| stored.broken(&error)))?;
            // The keys are read after the snapshot: if the key was rotated in between, the key that the snapshot names is gone.
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

/// The keys for an integration's secrets, within a change; none are needed if there is no secret.
pub(super) fn keys_for(change: &Change<'_>, stored: &Stored) -> Result<Vec<Key>, Problem> {
    let key = if stored.sealed.is_empty() { None } else { secret::settle(change)? };
    Ok(key.into_iter().collect())
}

/// Checks the named files before any lock is held, because a file system may block for a long time.
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
        // Setting an empty value returns the fault of the key.
        faults.extend(if unknown { settings.set(package, key, "").err() } else { None });
    }
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}

/// Refuses settings with which a stored secret would be sent to another destination than the one it was set for.
pub(super) fn refuse_elsewhere(package: &Package, settings: &Settings) -> Result<(), Error> {
    let faults = settings.elsewhere(package).unwrap_or_else(|fault| vec![fault]);
    if faults.is_empty() { Ok(()) } else { Err(Error::Settings(faults)) }
}

/// Binds the secrets of an earlier version to the destinations they were sent to so far. If a destination cannot be determined,
/// because the manifest cannot be read or the key is missing, the secret has to be entered again.
pub(crate) fn bind_secrets(database: &Connection, folder: &Path) -> Result<(), Problem> {
    let keys = secret::keys(folder).unwrap_or_default();
    let sql = "UPDATE secrets SET sealed = ?, bound = ? WHERE integration = ? AND key = ?";
    for stored in Stored::all(database)? {
        let bound = stored.package().ok().and_then(|package| stored.destination(&package));
        let Some(bound) = bound.as_deref() else { continue };
        for (key, sealed) in &stored.sealed {
            let Ok(secret) = secret::open(&keys, stored.place(key), &sealed.bytes) else { continue };
            // The same key again, so that a rotation that a crash interrupted can still be completed.
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
    if let Some(Marking(tlp)) = changes.max_tlp.filter(|marking| marking.0 != stored.max_tlp) {
        let sql = "UPDATE integrations SET max_tlp = ? WHERE name = ?";
        change.transaction.execute(sql, (tlp.map(Tlp::word), name))?;
        let said = [stored.max_tlp, tlp].map(|tlp| tlp.map_or("default", Tlp::word));
        done.values.insert("max_tlp".to_owned(), json!(said));
    }
    // Secrets are bound to the destination that results from the settings set together with them.
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

/// The changes that a configuration actually made.
#[derive(Default)]
struct Done<'a> {
    /// The old and new value by key.
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

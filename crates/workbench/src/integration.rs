//! Installed integrations: what is installed, how it is set, and whether it is on.
//!
//! A [`Package`] is installed in two steps: [`Workbench::plan_install`] works out a [`Plan`] that can be shown, and
//! [`Workbench::install`] carries out what was confirmed and nothing else. [`Workbench::configure`] sets values and secrets
//! ([`Changes`]), all or none; [`Workbench::settings`] gives what an operation runs with ([`Configured`]).
//! [`Workbench::list`] and [`Workbench::show`] say how things stand, secrets only as set or not set.
//!
//! Every change is one transaction with its entry in the audit trail. What cannot be done is [`Error::Refused`] or, for
//! values, [`Error::Settings`]. A manifest that this version does not read is shown as broken and in nobody's way.

mod configure;
mod install;
mod plan;
mod stored;

use cof::time::Clock;
use operation::provider::{ProxyInForce, check_proxy_login};
use operation::{Limits, ManifestError, Package, ParameterKind, Settings, Value};
use serde_json::json;

use self::stored::Stored;
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

pub(crate) use self::configure::bind_secrets;
pub use self::configure::{Changes, Configured};
pub use self::plan::{Confirmed, Loss, LossReason, ParameterChange, Plan, Question, Relation, What};

/// The only kind of package there is.
pub const OPERATION: &str = "operation";

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its identity.
    pub name: String,
    /// What people call it; the name where the manifest is broken.
    pub title: String,
    /// The installed version.
    pub version: String,
    /// What kind of integration it is: [`OPERATION`].
    pub kind: &'static str,
    /// Whether it is on.
    pub enabled: bool,
    /// The required parameters that have no value, as "Label (key)".
    pub missing: Vec<String>,
    /// Why the manifest cannot be read by this version.
    pub broken: Option<ManifestError>,
    /// When it was first installed, in seconds since the epoch.
    pub installed_at: i64,
    /// When anything about it changed last.
    pub updated_at: i64,
}

/// Everything about one integration, without its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// Its line in the list.
    pub summary: Summary,
    /// What is installed; `None` where the manifest is broken.
    pub package: Option<Package>,
    /// Its parameters with what is set, in the manifest's order.
    pub parameters: Vec<Setting>,
    /// The proxy that this process would ask through, settings and its environment together; `None` where the manifest is
    /// broken.
    pub proxy: Option<ProxyInForce>,
    /// What an administrator should know about the settings.
    pub warnings: Vec<String>,
    /// Differs whenever the version or anything that is set does, secrets among it; says nothing of what they are.
    pub fingerprint: String,
}

/// A parameter and what is set for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The parameter's key.
    pub key: String,
    /// What people see.
    pub label: String,
    /// What it is for.
    pub help: String,
    /// What it holds.
    pub kind: ParameterKind,
    /// Whether the operation cannot run without it.
    pub required: bool,
    /// What holds while nothing is set.
    pub default: Option<String>,
    /// What is set.
    pub state: State,
}

/// What is set for a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing: the default holds, if there is one.
    Unset,
    /// This text.
    Value(String),
    /// This text, which the parameter does not take, and why.
    Wrong(String, String),
    /// A secret, which is never shown.
    Secret,
    /// A secret that was given for another destination, and why it is not sent.
    Elsewhere(String),
}

/// Which integrations are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only enabled ones, or only disabled ones.
    pub enabled: Option<bool>,
}

/// Integrations by name, and how many a filter left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// Those that were wanted.
    pub integrations: Vec<Summary>,
    /// How many others are installed.
    pub hidden: usize,
}

/// A readable value: a number without needless digits, `on` or `off`, or text.
pub fn readable(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Text(text) => text.clone(),
    }
}

impl Workbench {
    /// What is installed.
    ///
    /// # Errors
    /// [`Error`], when the database cannot be read.
    pub fn list(&self, filter: &Filter) -> Result<Listing, Error> {
        let all = self.read(Stored::all)?;
        let count = all.len();
        let wanted = |summary: &Summary| {
            filter.kind.as_deref().is_none_or(|kind| kind == summary.kind)
                && filter.enabled.is_none_or(|enabled| enabled == summary.enabled)
        };
        let integrations: Vec<Summary> = all.iter().map(Stored::summary).filter(wanted).collect();
        Ok(Listing { hidden: count - integrations.len(), integrations })
    }

    /// One of them, with its parameters.
    ///
    /// # Errors
    /// [`Error::Refused`], when none has that name.
    pub fn show(&self, name: &str) -> Result<Details, Error> {
        self.read(|database| Stored::need(database, name)).map(|stored| stored.details(self.clock()))
    }

    /// Turns it on; gives false where it was already.
    ///
    /// # Errors
    /// [`Error::Refused`] names the required parameters without a value, or what else does not go together;
    /// [`Error::Settings`] a secret that was given for another destination, or a CA file that cannot be used.
    pub fn enable(&mut self, name: &str) -> Result<bool, Error> {
        let clock = self.clock().clone();
        let values = self.read(|database| Stored::need(database, name))?.values;
        configure::check_files(values.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            let package = stored.package().map_err(|error| stored.broken(&error))?;
            // The secrets are opened: a key that does not fit shows here, not in the first run.
            let settings = stored.open(&package, &configure::keys_for(change, &stored)?, change.folder)?;
            configure::refuse_elsewhere(&package, &settings)?;
            check(&package, &settings, &clock)
                .map_err(|why| Problem::conflict(format!("{name} stays disabled: {why}")))?;
            switch(change, &stored, true)
        })
    }

    /// Turns it off; gives false where it was already.
    ///
    /// # Errors
    /// [`Error::Refused`], when none has that name.
    pub fn disable(&mut self, name: &str) -> Result<bool, Error> {
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            switch(change, &stored, false)
        })
    }

    /// Uninstalls it, with its values and secrets.
    ///
    /// # Errors
    /// [`Error::Refused`], when none has that name.
    pub fn remove(&mut self, name: &str) -> Result<(), Error> {
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            change.transaction.execute("DELETE FROM integrations WHERE name = ?", [name])?;
            let detail = json!({
                "version": stored.version,
                "enabled": stored.enabled,
                "values": stored.values.keys().collect::<Vec<_>>(),
                "secrets": stored.sealed.keys().collect::<Vec<_>>(),
            });
            change.audit("integration.remove", name, &detail)
        })
    }
}

fn switch(change: &Change<'_>, stored: &Stored, on: bool) -> Result<bool, Problem> {
    if stored.enabled == on {
        return Ok(false);
    }
    let sql = "UPDATE integrations SET enabled = ?, updated_at = ? WHERE name = ?";
    change.transaction.execute(sql, (on, change.at, &stored.name))?;
    let action = if on { "integration.enable" } else { "integration.disable" };
    change.audit(action, &stored.name, &json!({ "version": stored.version }))?;
    Ok(true)
}

/// Whether an operation can run with these settings; gives what its administrator should know.
fn check(package: &Package, settings: &Settings, clock: &Clock) -> Result<Vec<String>, String> {
    check_proxy_login(package, settings).map_err(|fault| fault.to_string())?;
    let missing = plan::missing(package, settings);
    if !missing.is_empty() {
        return Err(format!("not set: {}", missing.join(", ")));
    }
    match operation::Config::new(package, settings, Limits::HELD, clock) {
        Ok(config) => Ok(config.warnings),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests;

//! Installed integrations: the installed package, its settings, and whether it is enabled.
//!
//! A [`Package`] is installed in two steps: [`Workbench::plan_install`] computes a [`Plan`] that can be shown, and
//! [`Workbench::install`] carries out exactly the plan that was confirmed. [`Workbench::configure`] sets values and secrets
//! ([`Changes`]), all or none of them; [`Workbench::settings`] returns what an operation runs with ([`Configured`]).
//! [`Workbench::list`] and [`Workbench::show`] show the current state, with secrets only as set or not set.
//!
//! Every change is one transaction that includes its entry in the audit trail. A request that cannot be carried out is
//! [`Error::Refused`] or, for values, [`Error::Settings`]. A manifest that this version cannot read is shown as broken and does
//! not affect other integrations.

mod configure;
mod install;
mod plan;
mod stored;

use cof::time::Clock;
use operation::provider::{ProxyInForce, check_proxy_login};
use operation::{Kind, ManifestError, Package, ParameterKind, Settings, Tlp, Value};
use serde_json::json;

use self::stored::Stored;
use crate::database::{Change, Problem};
use crate::{Error, Workbench};

pub(crate) use self::configure::bind_secrets;
pub use self::configure::{Changes, Configured};
pub use self::plan::{Confirmed, Loss, LossReason, ParameterChange, Plan, Question, Relation, What};
pub(crate) use self::stored::max_tlp;

/// An entry of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its identity.
    pub name: String,
    /// The title shown to users; the name if the manifest is broken.
    pub title: String,
    /// The installed version.
    pub version: String,
    /// The kind of integration: [`Kind::OPERATION`] or [`Kind::PLATFORM`]; that of a broken manifest is unknown, and counts as an
    /// operation.
    pub kind: &'static str,
    /// Whether it is enabled.
    pub enabled: bool,
    /// The required parameters that have no value, as "Label (key)".
    pub missing: Vec<String>,
    /// The strictest level of indicators that are sent to it.
    pub max_tlp: Tlp,
    /// Why the manifest cannot be read by this version.
    pub broken: Option<ManifestError>,
    /// When it was first installed, in seconds since the epoch.
    pub installed_at: i64,
    /// When anything about it was last changed.
    pub updated_at: i64,
}

/// Everything about one integration, without its secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Details {
    /// Its entry in the list.
    pub summary: Summary,
    /// The installed package; `None` if the manifest is broken.
    pub package: Option<Package>,
    /// The level that was set for [`Summary::max_tlp`]; `None` if it is that of the protocol.
    pub max_tlp_set: Option<Tlp>,
    /// Its parameters with their settings, in the manifest's order.
    pub parameters: Vec<Setting>,
    /// The proxy that this process would use, from the settings and its environment; `None` if the manifest is broken, or names no
    /// service.
    pub proxy: Option<ProxyInForce>,
    /// What an administrator should know about the settings.
    pub warnings: Vec<String>,
    /// Changes whenever the version or any setting changes, including secrets; it reveals nothing about them.
    pub fingerprint: String,
}

/// A parameter and its setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The parameter's key.
    pub key: String,
    /// The label shown to users.
    pub label: String,
    /// The explanation of the parameter.
    pub help: String,
    /// The kind of its values.
    pub kind: ParameterKind,
    /// Whether the operation cannot run without it.
    pub required: bool,
    /// The value that is used while none is set.
    pub default: Option<String>,
    /// The current setting.
    pub state: State,
}

/// The setting of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// No value is set: the default is used, if there is one.
    Unset,
    /// This text is set.
    Value(String),
    /// This text is set, but the parameter does not accept it; the second text is the reason.
    Wrong(String, String),
    /// A secret is set; it is never shown.
    Secret,
    /// A secret was set for another destination; the text states why it is not sent.
    Elsewhere(String),
}

/// Which integrations to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this kind.
    pub kind: Option<String>,
    /// Only enabled ones, or only disabled ones.
    pub enabled: Option<bool>,
}

impl Filter {
    /// The enabled operations.
    pub fn operations() -> Self {
        Self { kind: Some(Kind::OPERATION.to_owned()), enabled: Some(true) }
    }

    /// The enabled platforms.
    pub fn platforms() -> Self {
        Self { kind: Some(Kind::PLATFORM.to_owned()), enabled: Some(true) }
    }
}

/// Integrations by name, and how many the filter left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// The integrations that match.
    pub integrations: Vec<Summary>,
    /// How many other integrations are installed.
    pub hidden: usize,
}

/// A readable form of a value: a number without unnecessary digits, `on` or `off`, or text.
pub fn readable(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Switch(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Text(text) => text.clone(),
    }
}

impl Workbench {
    /// The installed integrations.
    ///
    /// # Errors
    /// [`Error`] if the database cannot be read.
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

    /// One integration with its parameters.
    ///
    /// # Errors
    /// [`Error::Refused`] if none has that name.
    pub fn show(&self, name: &str) -> Result<Details, Error> {
        self.read(|database| Stored::need(database, name)).map(|stored| stored.details(self.clock()))
    }

    /// Enables it; returns false if it was already enabled.
    ///
    /// # Errors
    /// [`Error::Refused`] names the required parameters without a value, or another conflict; [`Error::Settings`] reports a
    /// secret that was set for another destination, or a CA file that cannot be used.
    pub fn enable(&mut self, name: &str) -> Result<bool, Error> {
        let clock = self.clock().clone();
        let values = self.read(|database| Stored::need(database, name))?.values;
        configure::check_files(values.iter().map(|(key, value)| (key.as_str(), value.as_str())))?;
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            let package = stored.package().map_err(|error| stored.broken(&error))?;
            // The secrets are decrypted, so that a wrong key is noticed here and not in the first run.
            let settings = stored.open(&package, &configure::keys_for(change, &stored)?, change.folder)?;
            configure::refuse_elsewhere(&package, &settings)?;
            check(&package, &settings, &clock)
                .map_err(|why| Problem::conflict(format!("{name} stays disabled: {why}")))?;
            switch(change, &stored, true)
        })
    }

    /// Disables it; returns false if it was already disabled.
    ///
    /// # Errors
    /// [`Error::Refused`] if none has that name.
    pub fn disable(&mut self, name: &str) -> Result<bool, Error> {
        self.change(|change| {
            let stored = Stored::need(&change.transaction, name)?;
            switch(change, &stored, false)
        })
    }

    /// Uninstalls it, with its values and secrets.
    ///
    /// # Errors
    /// [`Error::Refused`] if none has that name.
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

/// Whether an operation can run with these settings; returns the warnings for its administrator.
fn check(package: &Package, settings: &Settings, clock: &Clock) -> Result<Vec<String>, String> {
    check_proxy_login(package, settings).map_err(|fault| fault.to_string())?;
    let missing = plan::missing(package, settings);
    if !missing.is_empty() {
        return Err(format!("not set: {}", missing.join(", ")));
    }
    operation::provider::warnings(package, settings, clock).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;

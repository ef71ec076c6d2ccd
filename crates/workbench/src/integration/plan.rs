//! The effect of an installation, computed before anything is written.
//!
//! A value is kept if its key still exists with the same kind and accepts it; every other stored value is listed as lost. No
//! key is read and no secret is decrypted here: a kept secret stays encrypted.

use std::cmp::Ordering;

use operation::package::Release;
use operation::provider::check_proxy_login;
use operation::{Package, Parameter, ParameterKind, Settings, SettingsError};

use super::readable;
use super::stored::Stored;

/// What installing a package would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The package that would be installed.
    pub package: Package,
    /// How it relates to the installed version.
    pub relation: Relation,
    /// Why the installed manifest cannot be read, if so; its parameters cannot be compared then.
    pub broken: Option<String>,
    /// The changes of the parameters: in the new manifest's order, then the removed ones.
    pub parameters: Vec<ParameterChange>,
    /// Stored values that would be lost.
    pub lost: Vec<Loss>,
    /// The keys whose values stay.
    pub kept: Vec<String>,
    /// The required parameters that would have no value, as "Label (key)", and the secrets that would have to be entered again
    /// because the package has another destination.
    pub missing: Vec<String>,
    /// Whether the installed integration is enabled.
    pub enabled: bool,
    /// Whether the new version's defaults replace stored values, as in the integration guide.
    pub overwrite: bool,
}

/// How a package relates to the installed one of the same name. Versions are those of the installed package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same version with different content.
    Changed,
    /// An older version.
    Downgrade {
        /// The installed version.
        from: String,
    },
    /// No package of this name is installed.
    New,
    /// The same content, byte for byte.
    Same,
    /// A newer version.
    Upgrade {
        /// The installed version.
        from: String,
    },
}

/// A change of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterChange {
    /// Its key.
    pub key: String,
    /// Its label; the new one if the parameter stays.
    pub label: String,
    /// The kind of change.
    pub what: What,
}

/// The kind of change of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The parameter is new.
    Added {
        /// Whether the operation cannot run without it.
        required: bool,
    },
    /// The choices change.
    Choices {
        /// The old choices.
        from: Vec<String>,
        /// The new choices.
        to: Vec<String>,
    },
    /// The default changes.
    Default {
        /// The old default.
        from: Option<String>,
        /// The new one.
        to: Option<String>,
    },
    /// The parameter is removed.
    Removed,
    /// It becomes required (`true`) or optional (`false`).
    Required(bool),
    /// The kind of its values changes.
    Retyped {
        /// The old kind.
        from: &'static str,
        /// The new kind.
        to: &'static str,
    },
}

/// A stored value that would be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its key.
    pub key: String,
    /// The value; `None` for a secret, which is named but never shown.
    pub value: Option<String>,
    /// The reason.
    pub why: LossReason,
}

/// Why a stored value would be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// The new version does not accept it.
    Invalid(String),
    /// Overwriting was requested.
    Overwritten,
    /// The new version does not have this parameter.
    Removed,
    /// The parameter has another kind of values.
    Retyped,
}

/// What must be confirmed before a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A package of this name is already installed.
    Exists,
    /// The parameters change, or values would be lost.
    Parameters,
}

/// A plan that was confirmed.
#[derive(Clone, Debug)]
pub struct Confirmed(pub(super) Plan);

impl Plan {
    pub(super) fn new(package: Package, installed: Option<&Stored>, overwrite: bool) -> Self {
        let old = installed.map(Stored::package);
        let mut plan = Self {
            relation: installed.map_or(Relation::New, |stored| relation(&package, stored)),
            broken: old.as_ref().and_then(|old| old.as_ref().err()).map(ToString::to_string),
            parameters: Vec::new(),
            lost: Vec::new(),
            kept: Vec::new(),
            missing: Vec::new(),
            enabled: installed.is_some_and(|stored| stored.enabled),
            overwrite,
            package,
        };
        let old = old.and_then(Result::ok);
        if let Some(old) = &old {
            plan.parameters = changes(old, &plan.package);
        }
        let mut left = Settings::default();
        if let Some(stored) = installed {
            plan.sort(stored, old.as_ref());
            let mut staying = stored.clone();
            staying.values.retain(|key, _| plan.kept.contains(key));
            staying.sealed.retain(|key, _| plan.kept.contains(key));
            left = staying.sketch(&plan.package);
        }
        plan.missing = missing(&plan.package, &left);
        plan
    }

    /// Separates kept values from lost ones.
    fn sort(&mut self, stored: &Stored, old: Option<&Package>) {
        let values = stored.values.iter().map(|(key, value)| (key, Some(value.clone())));
        let secrets = stored.sealed.keys().map(|key| (key, None));
        for (key, value) in values.chain(secrets) {
            match self.loss(key, value.as_deref(), old) {
                Some(why) => self.lost.push(Loss { key: key.clone(), value, why }),
                None => self.kept.push(key.clone()),
            }
        }
    }

    /// Why a stored value (`None` for a secret) cannot be kept.
    fn loss(&self, key: &str, value: Option<&str>, old: Option<&Package>) -> Option<LossReason> {
        if self.overwrite {
            return Some(LossReason::Overwritten);
        }
        let Some(parameter) = self.package.parameter(key) else { return Some(LossReason::Removed) };
        let before = old.and_then(|old| old.parameter(key)).map(|parameter| parameter.kind.name());
        let is_secret = parameter.kind == ParameterKind::Secret;
        if before.is_some_and(|before| before != parameter.kind.name()) || is_secret != value.is_none() {
            return Some(LossReason::Retyped);
        }
        let taken = Settings::default().set(&self.package, key, value?);
        taken.err().map(|error| LossReason::Invalid(error.to_string()))
    }

    /// Whether the installation would change nothing.
    pub fn changes_nothing(&self) -> bool {
        self.relation == Relation::Same && self.lost.is_empty()
    }

    /// Whether an enabled integration would be disabled because a required value is missing.
    pub fn disables(&self) -> bool {
        self.enabled && !self.missing.is_empty()
    }

    /// What changed since the installed version, newest first; empty unless it is an upgrade.
    pub fn changes(&self) -> Vec<&Release> {
        let since = match &self.relation {
            Relation::Upgrade { from } => from.parse().ok(),
            Relation::Changed | Relation::Downgrade { .. } | Relation::New | Relation::Same => None,
        };
        since.map_or_else(Vec::new, |since| self.package.changes_since(&since).collect())
    }

    /// What must be confirmed, in this order; empty for a first installation or one that changes nothing.
    pub fn questions(&self) -> Vec<Question> {
        if self.relation == Relation::New || self.changes_nothing() {
            return Vec::new();
        }
        let parameters = !self.parameters.is_empty() || !self.lost.is_empty() || self.disables();
        let second = parameters.then_some(Question::Parameters);
        [Some(Question::Exists), second].into_iter().flatten().collect()
    }

    /// States that everything in the plan was seen and is intended.
    pub fn confirm(self) -> Confirmed {
        Confirmed(self)
    }
}

impl Relation {
    /// Its name in output for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Downgrade { .. } => "downgrade",
            Self::New => "new",
            Self::Same => "same",
            Self::Upgrade { .. } => "upgrade",
        }
    }

    /// The installed version, if it is a different one.
    pub fn from(&self) -> Option<&str> {
        match self {
            Self::Downgrade { from } | Self::Upgrade { from } => Some(from),
            Self::Changed | Self::New | Self::Same => None,
        }
    }
}

impl LossReason {
    /// Its name in output for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Overwritten => "overwritten",
            Self::Removed => "removed",
            Self::Retyped => "retyped",
        }
    }
}

fn relation(package: &Package, stored: &Stored) -> Relation {
    let from = stored.version.clone();
    // Only this program writes versions; one that cannot be parsed counts as the oldest.
    let order = stored.version.parse().map_or(Ordering::Greater, |installed| package.version.cmp(&installed));
    match order {
        Ordering::Greater => Relation::Upgrade { from },
        Ordering::Less => Relation::Downgrade { from },
        Ordering::Equal if package.source == stored.manifest => Relation::Same,
        Ordering::Equal => Relation::Changed,
    }
}

/// The required parameters without a value, as "Label (key)", and the secrets that have to be entered again.
pub(super) fn missing(package: &Package, settings: &Settings) -> Vec<String> {
    let has = |key: &str| {
        settings.text(package, key).is_some()
            || settings.number(package, key).is_some()
            || settings.switch(package, key).is_some()
            || settings.secret(key).is_some()
    };
    let lacking = package.parameters.iter().filter(|parameter| parameter.required && !has(&parameter.key));
    let again = settings.elsewhere(package).unwrap_or_default();
    let again = again.into_iter().filter_map(|fault| match fault {
        SettingsError::Elsewhere { key, label, .. } => {
            Some(format!("{label} ({key}) again, for its new destination"))
        }
        _ => None,
    });
    // Another version may not have a default for the proxy that a stored login was set for.
    let useless = check_proxy_login(package, settings).err().and_then(|fault| match fault {
        SettingsError::Invalid { key, label, .. } => {
            Some(format!("{label} ({key}), which belongs to the proxy login"))
        }
        _ => None,
    });
    lacking
        .map(|parameter| format!("{} ({})", parameter.label, parameter.key))
        .chain(again)
        .chain(useless)
        .collect()
}

/// The changes of the parameters of `old`.
fn changes(old: &Package, new: &Package) -> Vec<ParameterChange> {
    let change = |parameter: &Parameter, what| ParameterChange {
        key: parameter.key.clone(),
        label: parameter.label.clone(),
        what,
    };
    let mut all = Vec::new();
    for parameter in &new.parameters {
        let differences = match old.parameter(&parameter.key) {
            None => vec![What::Added { required: parameter.required }],
            Some(before) => differences(before, parameter),
        };
        all.extend(differences.into_iter().map(|what| change(parameter, what)));
    }
    let gone = old.parameters.iter().filter(|parameter| new.parameter(&parameter.key).is_none());
    all.extend(gone.map(|parameter| change(parameter, What::Removed)));
    all
}

fn differences(old: &Parameter, new: &Parameter) -> Vec<What> {
    let mut all = Vec::new();
    match (&old.kind, &new.kind) {
        (ParameterKind::Choice(from), ParameterKind::Choice(to)) if from != to => {
            all.push(What::Choices { from: from.clone(), to: to.clone() });
        }
        (from, to) if from.name() != to.name() => {
            all.push(What::Retyped { from: from.name(), to: to.name() });
        }
        _ => {}
    }
    let (from, to) = (old.default.as_ref().map(readable), new.default.as_ref().map(readable));
    if from != to {
        all.push(What::Default { from, to });
    }
    if old.required != new.required {
        all.push(What::Required(new.required));
    }
    all
}

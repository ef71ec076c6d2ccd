//! What an installation would do, worked out before anything is written.
//!
//! A value is kept where its key is still there, of the same kind, and takes it; everything else that is stored is
//! listed as lost. Nothing here reads a key or opens a secret: a kept one stays sealed as it is.

use std::cmp::Ordering;

use operation::provider::check_proxy_login;
use operation::{Package, Parameter, ParameterKind, Settings, SettingsError};

use super::readable;
use super::stored::Stored;

/// What installing a package would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What would be installed.
    pub package: Package,
    /// How it stands to what is installed.
    pub relation: Relation,
    /// Why what is installed cannot be read, where it cannot; its parameters cannot be compared then.
    pub broken: Option<String>,
    /// What becomes of the parameters, in the new manifest's order, those that go last.
    pub parameters: Vec<ParameterChange>,
    /// What is stored and would be gone.
    pub lost: Vec<Loss>,
    /// The keys whose values stay.
    pub kept: Vec<String>,
    /// The required parameters that would have no value, as "Label (key)", and the secrets that would have to be given
    /// again because the package leads elsewhere.
    pub missing: Vec<String>,
    /// Whether what is installed is on.
    pub enabled: bool,
    /// Whether stored values give way to the new version's defaults, as the guide has it.
    pub overwrite: bool,
}

/// How a package stands to the installed one of its name. Versions are the installed one's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same version with other content.
    Changed,
    /// An older version.
    Downgrade {
        /// What is installed.
        from: String,
    },
    /// None is installed.
    New,
    /// The same content, byte for byte.
    Same,
    /// A newer version.
    Upgrade {
        /// What is installed.
        from: String,
    },
}

/// One thing that changes about a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterChange {
    /// Its key.
    pub key: String,
    /// Its label, the new one where it stays.
    pub label: String,
    /// What changes.
    pub what: What,
}

/// What changes about a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added {
        /// Whether the operation cannot run without it.
        required: bool,
    },
    /// It offers other choices.
    Choices {
        /// Those it had.
        from: Vec<String>,
        /// Those it has.
        to: Vec<String>,
    },
    /// Another value holds while none is set.
    Default {
        /// The old default.
        from: Option<String>,
        /// The new one.
        to: Option<String>,
    },
    /// It goes.
    Removed,
    /// It becomes required, or optional.
    Required(bool),
    /// It holds another kind of value.
    Retyped {
        /// The kind it held.
        from: &'static str,
        /// The kind it holds.
        to: &'static str,
    },
}

/// A stored value that would be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its key.
    pub key: String,
    /// The value; `None` for a secret, which is named and never shown.
    pub value: Option<String>,
    /// Why.
    pub why: LossReason,
}

/// Why a stored value would be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossReason {
    /// The new version does not take it.
    Invalid(String),
    /// Overwriting was asked for.
    Overwritten,
    /// The new version does not have this parameter.
    Removed,
    /// The parameter holds another kind of value.
    Retyped,
}

/// What must be confirmed before a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// It is installed already.
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

    /// Tells what stays from what is lost.
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

    /// Why a stored value (`None` for a secret) cannot stay.
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

    /// Whether what is on now would be off, because a required value is missing.
    pub fn disables(&self) -> bool {
        self.enabled && !self.missing.is_empty()
    }

    /// What must be confirmed, in this order; nothing for a first installation or one that changes nothing.
    pub fn questions(&self) -> Vec<Question> {
        if self.relation == Relation::New || self.changes_nothing() {
            return Vec::new();
        }
        let parameters = !self.parameters.is_empty() || !self.lost.is_empty() || self.disables();
        let second = parameters.then_some(Question::Parameters);
        [Some(Question::Exists), second].into_iter().flatten().collect()
    }

    /// Says that everything in it was seen and is meant.
    pub fn confirm(self) -> Confirmed {
        Confirmed(self)
    }
}

impl Relation {
    /// Its name in programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Downgrade { .. } => "downgrade",
            Self::New => "new",
            Self::Same => "same",
            Self::Upgrade { .. } => "upgrade",
        }
    }

    /// The version that is installed, where it is another.
    pub fn from(&self) -> Option<&str> {
        match self {
            Self::Downgrade { from } | Self::Upgrade { from } => Some(from),
            Self::Changed | Self::New | Self::Same => None,
        }
    }
}

impl LossReason {
    /// Its name in programs.
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
    // Only we write versions; one that does not parse is older than any.
    let order = stored.version.parse().map_or(Ordering::Greater, |installed| package.version.cmp(&installed));
    match order {
        Ordering::Greater => Relation::Upgrade { from },
        Ordering::Less => Relation::Downgrade { from },
        Ordering::Equal if package.source == stored.manifest => Relation::Same,
        Ordering::Equal => Relation::Changed,
    }
}

/// The required parameters that have no value, as "Label (key)", and the secrets that have to be given again.
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
    // Another version may have no default for the proxy that a stored login was for.
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

/// What becomes of the parameters of `old`.
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

//! Integrations: lists, details, installations, switching, connection tests.

use operation::package::Release;
use operation::provider::{Checked, ProxyInForce, Standing, Step};
use operation::{Action, ParameterKind};
use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use super::cost::{ProviderQuota, quota};
use crate::integration::{Details, Listing, Loss, ParameterChange, Plan, Setting, State, Summary, What};
use crate::run::Said;

/// The installed integrations.
#[derive(Serialize, ToSchema)]
pub struct IntegrationList {
    /// The number of integrations that the filter hides.
    hidden: usize,
    /// The integrations.
    integrations: Vec<IntegrationSummary>,
}

/// An installed integration.
#[derive(Serialize, ToSchema)]
pub struct IntegrationSummary {
    /// Why its manifest cannot be read; null if it can.
    #[schema(required)]
    broken: Option<String>,
    /// Whether it is enabled.
    enabled: bool,
    /// When it was installed.
    #[schema(format = DateTime)]
    installed_at: String,
    /// The strictest level of the Traffic Light Protocol that is sent to it: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`.
    max_tlp: &'static str,
    /// The required parameters without a value, as "Label (key)".
    missing: Vec<String>,
    /// Its name.
    name: String,
    /// Its title.
    title: String,
    /// Its type: `operation` or `platform`.
    r#type: &'static str,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Its version.
    version: String,
}

/// An installed integration with its actions and parameters.
#[derive(Serialize, ToSchema)]
pub struct IntegrationDetails {
    /// What it does for which types of indicators.
    actions: Vec<IntegrationAction>,
    /// Its author; null if its manifest cannot be read.
    #[schema(required)]
    author: Option<String>,
    /// Why its manifest cannot be read; null if it can.
    #[schema(required)]
    broken: Option<String>,
    /// What changed in its versions, newest first.
    changes: Vec<PackageRelease>,
    /// Its description; null if its manifest cannot be read.
    #[schema(required)]
    description: Option<String>,
    /// Whether it is enabled.
    enabled: bool,
    /// When it was installed.
    #[schema(format = DateTime)]
    installed_at: String,
    /// The strictest level of the Traffic Light Protocol that is sent to it: `CLEAR`, `GREEN`, `AMBER`, `AMBER+STRICT` or `RED`.
    max_tlp: &'static str,
    /// Whether that level was set; otherwise it is the default of the protocol.
    max_tlp_set: bool,
    /// The required parameters without a value, as "Label (key)".
    missing: Vec<String>,
    /// Its name.
    name: String,
    /// Its parameters with their values.
    parameters: Vec<IntegrationParameter>,
    /// The proxy in force; null if the manifest cannot be read, or names no service.
    #[schema(required)]
    proxy: Option<IntegrationProxy>,
    /// Its title.
    title: String,
    /// Its type: `operation` or `platform`.
    r#type: &'static str,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Its version.
    version: String,
    /// What the user should know, such as a connection without TLS.
    warnings: Vec<String>,
}

/// What changed in one version of a package.
#[derive(Serialize, ToSchema)]
pub struct PackageRelease {
    /// Its changes.
    changes: Vec<String>,
    /// The day of its publication, as `2026-11-29`; null if it is unknown.
    #[schema(required)]
    date: Option<String>,
    /// The version.
    version: String,
}

/// An action of an integration.
#[derive(Serialize, ToSchema)]
pub struct IntegrationAction {
    /// Its name.
    name: String,
    /// The types of indicators that it takes.
    types: Vec<&'static str>,
}

/// A parameter of an integration.
#[derive(Serialize, ToSchema)]
pub struct IntegrationParameter {
    /// The possible values, if the type is choice; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    choices: Option<Vec<String>>,
    /// The value that is used if none is set.
    #[schema(required)]
    default: Option<String>,
    /// Explains it.
    help: String,
    /// Its key.
    key: String,
    /// Its label.
    label: String,
    /// Whether it must have a value.
    required: bool,
    /// Whether it has a value. Values of secrets are never shown.
    set: bool,
    /// `text`, `number`, `secret`, `switch` or `choice`.
    r#type: &'static str,
    /// Its value; null without one, and for secrets.
    #[schema(required)]
    value: Option<String>,
    /// Why the stored value is invalid; null if it is valid.
    #[schema(required)]
    wrong: Option<String>,
}

/// The proxy in force, without its login.
#[derive(Serialize, ToSchema)]
pub struct IntegrationProxy {
    /// `http://host:port`, without user and password; null unless it is used.
    #[schema(required)]
    address: Option<String>,
    /// What decides: `setting`, `this_machine`, or an environment variable; null if no proxy is configured.
    #[schema(required)]
    from: Option<&'static str>,
    /// Whether a user and a password are sent to it.
    login: bool,
    /// `used`, `unused` or `unusable`.
    state: &'static str,
    /// Why it is unusable; null otherwise.
    #[schema(required)]
    why: Option<String>,
}

/// An integration that was enabled or disabled.
#[derive(Serialize, ToSchema)]
pub struct IntegrationSwitched {
    /// Whether this changed anything.
    changed: bool,
    /// Whether it is enabled now.
    enabled: bool,
    /// Its name.
    name: String,
}

/// An integration that was removed.
#[derive(Serialize, ToSchema)]
pub struct IntegrationRemoved {
    /// Its name.
    name: String,
    /// Always true.
    removed: bool,
}

/// A test of the connection to a provider.
#[derive(Serialize, ToSchema)]
pub struct ConnectionTest {
    /// The name of the integration.
    name: String,
    /// Whether no step failed.
    passed: bool,
    /// What the provider said about the quota; null if it said nothing.
    #[schema(required)]
    quota: Option<ProviderQuota>,
    /// The steps, in order.
    steps: Vec<ConnectionStep>,
}

/// A step of a test.
#[derive(Serialize, ToSchema)]
pub struct ConnectionStep {
    /// What was found out.
    #[schema(required)]
    detail: Option<String>,
    /// What to do if it failed; null otherwise.
    #[schema(required)]
    hint: Option<&'static str>,
    /// `passed`, `failed`, `not_needed`, `not_reached` or `unknown`.
    standing: &'static str,
    /// `resolve`, `connect`, `tls`, `login` or `format`.
    step: &'static str,
}

/// What an installation changed, or would change.
#[derive(Serialize, ToSchema)]
pub struct InstallPlan {
    /// Whether it changes anything.
    changed: bool,
    /// What changed since the installed version, newest first; only for an upgrade.
    changes: Vec<PackageRelease>,
    /// Whether the integration is enabled afterwards.
    enabled: bool,
    /// The previous version, if it was another.
    #[schema(required)]
    from: Option<String>,
    /// The keys whose values stay.
    kept: Vec<String>,
    /// The values that are lost.
    lost: Vec<PlannedLoss>,
    /// The required parameters without a value, as "Label (key)".
    missing: Vec<String>,
    /// The name of the integration.
    name: String,
    /// The changes of its parameters.
    parameters: Vec<PlannedChange>,
    /// `new`, `same`, `changed` (the same version with different content), `upgrade` or `downgrade`.
    relation: &'static str,
    /// The version that is installed.
    version: String,
}

/// A parameter that an installation changes.
#[derive(Serialize, ToSchema)]
pub struct PlannedChange {
    /// `added`, `removed`, `retyped`, `default`, `required` or `choices`.
    change: &'static str,
    /// The state before; null if there is none.
    #[schema(required)]
    from: Option<ParameterState>,
    /// The key of the parameter.
    key: String,
    /// Its label.
    label: String,
    /// The state after; null if there is none.
    #[schema(required)]
    to: Option<ParameterState>,
}

/// What changes of a parameter: a default or type, the choices, or whether it is required.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ParameterState {
    /// The possible values.
    Choices(Vec<String>),
    /// Whether a value is required.
    Required(bool),
    /// A default or a type.
    Text(String),
}

/// A value that an installation loses.
#[derive(Serialize, ToSchema)]
pub struct PlannedLoss {
    /// The key of the parameter.
    key: String,
    /// Whether it is a secret.
    secret: bool,
    /// The value; null for a secret.
    #[schema(required)]
    value: Option<String>,
    /// `removed`, `retyped`, `invalid` or `overwritten`.
    why: &'static str,
}

/// The installed integrations.
pub fn listing(listing: &Listing) -> IntegrationList {
    IntegrationList {
        hidden: listing.hidden,
        integrations: listing.integrations.iter().map(summary).collect(),
    }
}

/// An integration that was enabled or disabled; `changed` is false if it already was.
pub fn switched(name: &str, on: bool, changed: bool) -> IntegrationSwitched {
    IntegrationSwitched { changed, enabled: on, name: name.to_owned() }
}

/// An integration that was uninstalled.
pub fn removed(name: &str) -> IntegrationRemoved {
    IntegrationRemoved { name: name.to_owned(), removed: true }
}

/// The result of a connection test.
pub fn checked(name: &str, checked: &Checked, said: Option<&Said>) -> ConnectionTest {
    let step = |(step, standing): &(Step, Standing)| ConnectionStep {
        detail: standing.detail(),
        hint: if let Standing::Failed(error) = standing { Some(error.hint()) } else { None },
        standing: standing.word(),
        step: step.word(),
    };
    ConnectionTest {
        name: name.to_owned(),
        passed: checked.failure().is_none(),
        quota: said.map(quota),
        steps: checked.steps.iter().map(step).collect(),
    }
}

fn summary(summary: &Summary) -> IntegrationSummary {
    IntegrationSummary {
        broken: summary.broken.as_ref().map(ToString::to_string),
        enabled: summary.enabled,
        installed_at: at(summary.installed_at),
        max_tlp: summary.max_tlp.word(),
        missing: summary.missing.clone(),
        name: summary.name.clone(),
        title: summary.title.clone(),
        r#type: summary.kind,
        updated_at: at(summary.updated_at),
        version: summary.version.clone(),
    }
}

/// One integration with its parameters.
pub fn details(details: &Details) -> IntegrationDetails {
    let package = details.package.as_ref();
    let actions = package.map_or(&[][..], operation::Package::actions);
    let IntegrationSummary {
        broken,
        enabled,
        installed_at,
        max_tlp,
        missing,
        name,
        title,
        r#type,
        updated_at,
        version,
    } = summary(&details.summary);
    IntegrationDetails {
        actions: actions.iter().map(action).collect(),
        author: package.map(|package| package.author.clone()),
        broken,
        changes: package.map_or_else(Vec::new, |package| package.changes.iter().map(release).collect()),
        description: package.map(|package| package.description.clone()),
        enabled,
        installed_at,
        max_tlp,
        max_tlp_set: details.max_tlp_set.is_some(),
        missing,
        name,
        parameters: details.parameters.iter().map(parameter).collect(),
        proxy: details.proxy.as_ref().map(proxy),
        title,
        r#type,
        updated_at,
        version,
        warnings: details.warnings.clone(),
    }
}

pub(super) fn release(release: &Release) -> PackageRelease {
    PackageRelease {
        changes: release.changes.clone(),
        date: release.date.clone(),
        version: release.version.to_string(),
    }
}

fn action(action: &Action) -> IntegrationAction {
    let types = action.types.iter().map(|kind| kind.name()).collect();
    IntegrationAction { name: action.name.clone(), types }
}

fn proxy(proxy: &ProxyInForce) -> IntegrationProxy {
    let (state, address, from, login, why) = match proxy {
        ProxyInForce::Used { address, from, login } => ("used", Some(address), Some(from), *login, None),
        ProxyInForce::Unused(from) => ("unused", None, from.as_ref(), false, None),
        ProxyInForce::Unusable { from, why } => ("unusable", None, Some(from), false, Some(why)),
    };
    IntegrationProxy {
        address: address.cloned(),
        from: from.map(|from| from.word()),
        login,
        state,
        why: why.cloned(),
    }
}

fn parameter(setting: &Setting) -> IntegrationParameter {
    let (value, wrong) = match &setting.state {
        State::Unset | State::Secret => (None, None),
        State::Elsewhere(why) => (None, Some(why)),
        State::Value(value) => (Some(value), None),
        State::Wrong(value, why) => (Some(value), Some(why)),
    };
    let choices =
        if let ParameterKind::Choice(choices) = &setting.kind { Some(choices.clone()) } else { None };
    IntegrationParameter {
        choices,
        default: setting.default.clone(),
        help: setting.help.clone(),
        key: setting.key.clone(),
        label: setting.label.clone(),
        required: setting.required,
        set: setting.state != State::Unset,
        r#type: setting.kind.name(),
        value: value.cloned(),
        wrong: wrong.cloned(),
    }
}

/// What an installation changed, or would change.
pub fn plan(plan: &Plan) -> InstallPlan {
    InstallPlan {
        changed: !plan.changes_nothing(),
        changes: plan.changes().into_iter().map(release).collect(),
        enabled: plan.enabled && !plan.disables(),
        from: plan.relation.from().map(str::to_owned),
        kept: plan.kept.clone(),
        lost: plan.lost.iter().map(loss).collect(),
        missing: plan.missing.clone(),
        name: plan.package.name.clone(),
        parameters: plan.parameters.iter().map(change).collect(),
        relation: plan.relation.word(),
        version: plan.package.version.to_string(),
    }
}

fn change(change: &ParameterChange) -> PlannedChange {
    use ParameterState::{Choices, Required, Text};

    let (word, from, to) = match &change.what {
        What::Added { .. } => ("added", None, None),
        What::Choices { from, to } => ("choices", Some(Choices(from.clone())), Some(Choices(to.clone()))),
        What::Default { from, to } => ("default", from.clone().map(Text), to.clone().map(Text)),
        What::Removed => ("removed", None, None),
        What::Required(required) => ("required", Some(Required(!required)), Some(Required(*required))),
        What::Retyped { from, to } => {
            ("retyped", Some(Text((*from).to_owned())), Some(Text((*to).to_owned())))
        }
    };
    PlannedChange { change: word, from, key: change.key.clone(), label: change.label.clone(), to }
}

fn loss(loss: &Loss) -> PlannedLoss {
    PlannedLoss {
        key: loss.key.clone(),
        secret: loss.value.is_none(),
        value: loss.value.clone(),
        why: loss.why.word(),
    }
}

//! Compares the parameters of the installed version with those of the new one, and shows what happens to each value.

use std::fmt::Write as _;

use operation::{Parameter, ParameterKind};
use workbench::integration::{Details, Plan, Setting, State, What, readable};

/// All parameters of both versions.
pub(super) struct Comparison {
    pub(super) from: String,
    pub(super) rows: Vec<Row>,
    /// The labels of the values that are lost in any case.
    pub(super) lost: Vec<String>,
    /// The labels of the values that are lost if the configuration is overwritten.
    pub(super) overwritten: Vec<String>,
    /// The parameters that would have no value then, if that disables the integration.
    pub(super) overwriting_disables: Vec<String>,
}

/// One parameter in both versions.
pub(super) struct Row {
    pub(super) label: String,
    /// Its kind and default in the installed version.
    pub(super) installed: Option<String>,
    pub(super) offered: Option<String>,
    /// The changes, each with the style class of its chip.
    pub(super) changes: Vec<(&'static str, String)>,
    pub(super) value: Fate,
}

/// What happens to a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No value is set; this default is used.
    Default(String),
    /// The value is kept.
    Kept(String),
    /// A secret is kept.
    KeptSecret,
    /// The value is lost; the second text is what is used instead.
    Lost(String, String),
    /// A secret is lost.
    LostSecret,
}

impl Comparison {
    pub(super) fn new(installed: &Details, plan: &Plan, overwriting: &Plan) -> Self {
        let before = |key: &str| installed.parameters.iter().find(|setting| setting.key == key);
        let label = |key: &String| before(key).map_or_else(|| key.clone(), |setting| setting.label.clone());
        let offered = plan.package.parameters.iter();
        let mut rows: Vec<Row> =
            offered.map(|parameter| Row::new(plan, before(&parameter.key), Some(parameter))).collect();
        let gone =
            installed.parameters.iter().filter(|setting| plan.package.parameter(&setting.key).is_none());
        rows.extend(gone.map(|setting| Row::new(plan, Some(setting), None)));
        Self {
            from: installed.summary.version.clone(),
            rows,
            lost: plan.lost.iter().map(|loss| label(&loss.key)).collect(),
            overwritten: overwriting.lost.iter().map(|loss| label(&loss.key)).collect(),
            overwriting_disables: if overwriting.disables() {
                overwriting.missing.clone()
            } else {
                Vec::new()
            },
        }
    }

    /// `5 parameters unchanged, 7 added.`
    pub(super) fn summary(&self) -> String {
        let count = |word: &str| {
            self.rows
                .iter()
                .filter(|row| row.changes.iter().any(|(_, change)| change.starts_with(word)))
                .count()
        };
        let same = self.rows.iter().filter(|row| row.changes.is_empty()).count();
        let plural = if same == 1 { "" } else { "s" };
        let mut text = format!("{same} parameter{plural} unchanged");
        for (word, said) in [
            ("Added", "added"),
            ("Removed", "removed"),
            ("Type changed", "with a different type"),
            ("New default", "with a new default"),
        ] {
            if count(word) > 0 {
                let _ = write!(text, ", {} {said}", count(word));
            }
        }
        text + "."
    }
}

impl Row {
    fn new(plan: &Plan, before: Option<&Setting>, after: Option<&Parameter>) -> Self {
        let key = after.map(|parameter| &parameter.key).or_else(|| before.map(|setting| &setting.key));
        let key = key.map(String::as_str).unwrap_or_default();
        let label = after.map(|parameter| &parameter.label).or_else(|| before.map(|setting| &setting.label));
        let changes = plan.parameters.iter().filter(|change| change.key == key);
        let default = |parameter: &Parameter| parameter.default.as_ref().map(readable);
        Self {
            label: label.cloned().unwrap_or_default(),
            installed: before.map(|setting| described(&setting.kind, setting.default.as_ref())),
            offered: after.map(|parameter| described(&parameter.kind, default(parameter).as_ref())),
            changes: changes.map(|change| chip(&change.what)).collect(),
            value: fate(plan, key, before, after.and_then(default)),
        }
    }
}

fn described(kind: &ParameterKind, default: Option<&String>) -> String {
    match default {
        Some(default) if !default.is_empty() => format!("{}, {default}", kind.name()),
        _ => kind.name().to_owned(),
    }
}

fn fate(plan: &Plan, key: &str, before: Option<&Setting>, default: Option<String>) -> Fate {
    let default = default.filter(|default| !default.is_empty());
    let default = default.map_or_else(|| "not set".to_owned(), |default| format!("default: {default}"));
    let gone = plan.lost.iter().find(|loss| loss.key == key);
    match (gone, before.map(|setting| &setting.state)) {
        (Some(loss), _) => loss.value.clone().map_or(Fate::LostSecret, |value| Fate::Lost(value, default)),
        (None, Some(State::Value(value) | State::Wrong(value, _))) => Fate::Kept(value.clone()),
        (None, Some(State::Elsewhere(_) | State::Secret)) => Fate::KeptSecret,
        (None, Some(State::Unset) | None) => Fate::Default(default),
    }
}

fn chip(what: &What) -> (&'static str, String) {
    match what {
        What::Added { required: false } => ("ok", "Added".to_owned()),
        What::Added { required: true } => ("warn", "Added, required".to_owned()),
        What::Choices { .. } => ("warn", "Different choices".to_owned()),
        What::Default { .. } => ("warn", "New default".to_owned()),
        What::Removed => ("bad", "Removed".to_owned()),
        What::Required(true) => ("warn", "Now required".to_owned()),
        What::Required(false) => ("ok", "Now optional".to_owned()),
        What::Retyped { .. } => ("warn", "Type changed".to_owned()),
    }
}

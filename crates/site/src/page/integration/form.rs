//! The form of the configuration: a field for each parameter, and the changes that a submitted form makes.

use operation::{Marking, ParameterKind, Secret, SettingsError, Tlp};
use workbench::integration::{Changes, Details, Setting, State};

use super::super::stale::{Differing, Side, Typed};
use crate::access::Fields;

/// The prefixes of field names before the parameter's key, so that parameters and other fields never conflict.
const VALUE: &str = "value.";
const CLEAR: &str = "clear.";
const PROXY: &str = "proxy";
/// The field with the strictest level that the operation is asked about, and its value for that of the protocol.
pub(super) const MAX_TLP: &str = "max_tlp";
pub(super) const DEFAULT: &str = "default";

/// A parameter as a field of the form.
pub(super) struct Field {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) required: bool,
    pub(super) kind: FieldKind,
    /// The value that is used if none is set.
    pub(super) default: Option<String>,
    /// What is wrong with the value.
    pub(super) wrong: Option<String>,
}

pub(super) enum FieldKind {
    /// The choices, and the chosen one.
    Choice(Vec<String>, String),
    Number(String),
    /// Whether a secret is stored; its value is never shown.
    Secret(bool),
    Switch(bool),
    Text(String),
}

impl Field {
    pub(super) fn of(setting: &Setting) -> Self {
        let (text, wrong) = match &setting.state {
            State::Unset | State::Secret => (None, None),
            State::Elsewhere(why) => (None, Some(why.clone())),
            State::Value(value) => (Some(value.clone()), None),
            State::Wrong(value, why) => (Some(value.clone()), Some(why.clone())),
        };
        let default = setting.default.clone().unwrap_or_default();
        let kind = match &setting.kind {
            ParameterKind::Choice(choices) => FieldKind::Choice(choices.clone(), text.unwrap_or(default)),
            ParameterKind::Number => FieldKind::Number(text.unwrap_or(default)),
            ParameterKind::Secret => {
                FieldKind::Secret(matches!(setting.state, State::Elsewhere(_) | State::Secret))
            }
            ParameterKind::Switch => FieldKind::Switch(is_on(&text.unwrap_or(default))),
            ParameterKind::Text => FieldKind::Text(text.unwrap_or(default)),
        };
        Self {
            key: setting.key.clone(),
            label: setting.label.clone(),
            help: setting.help.trim().to_owned(),
            required: setting.required,
            kind,
            default: setting.default.clone().filter(|default| !default.is_empty()),
            wrong,
        }
    }

    /// Fills in the submitted values; a secret is not sent back to the browser.
    pub(super) fn refill(&mut self, sent: &Fields) {
        let given = sent.text(&self.name()).to_owned();
        match &mut self.kind {
            // A proxy address with a login is refused; the login is a secret and is not sent back.
            FieldKind::Text(text) if self.key == PROXY => *text = without_login(&given),
            FieldKind::Choice(_, text) | FieldKind::Number(text) | FieldKind::Text(text) => *text = given,
            FieldKind::Switch(on) => *on = is_sent_on(sent, &format!("{VALUE}{}", self.key)),
            FieldKind::Secret(_) => {}
        }
    }

    pub(super) fn name(&self) -> String {
        format!("{VALUE}{}", self.key)
    }

    pub(super) fn clear(&self) -> String {
        format!("{CLEAR}{}", self.key)
    }

    /// Whether the value is a name, address or number, which is shown in a fixed-width font.
    pub(super) fn is_code(&self) -> bool {
        matches!(self.kind, FieldKind::Number(_) | FieldKind::Text(_))
    }
}

/// The changes that a form makes: unchanged values and defaults are left out.
pub(super) fn changes(details: &Details, sent: &Fields) -> Changes {
    let mut changes = Changes { max_tlp: max_tlp(details, sent), ..Changes::default() };
    for setting in &details.parameters {
        let (key, name) = (&setting.key, format!("{VALUE}{}", setting.key));
        match &setting.kind {
            ParameterKind::Secret => {
                if !sent.text(&format!("{CLEAR}{key}")).is_empty() {
                    changes.reset.push(key.clone());
                } else if !sent.text(&name).is_empty() {
                    changes.secrets.push((key.clone(), Secret::new(sent.text(&name))));
                }
            }
            ParameterKind::Switch => {
                let on = is_sent_on(sent, &name);
                if on != is_on(&current(setting)) {
                    changes.values.push((key.clone(), if on { "on" } else { "off" }.to_owned()));
                }
            }
            ParameterKind::Choice(_) | ParameterKind::Number | ParameterKind::Text => {
                let given = sent.text(&name).trim();
                if sent.has(&name) && given != current(setting).trim() {
                    changes.values.push((key.clone(), given.to_owned()));
                }
            }
        }
    }
    changes
}

/// The level that a form sets, if it is another one than before.
fn max_tlp(details: &Details, sent: &Fields) -> Option<Marking> {
    let wanted = match sent.text(MAX_TLP) {
        DEFAULT => Marking(None),
        word => word.parse::<Tlp>().ok()?.into(),
    };
    (wanted.0 != details.max_tlp_set).then_some(wanted)
}

/// Whether a form requests what is already stored.
pub(super) fn is_as_stored(details: &Details, sent: &Fields) -> bool {
    changes(details, sent) == Changes::default()
}

/// The fields of a form that differ from the stored values, and the secrets that it sets or clears.
pub(super) fn differing(details: &Details, sent: &Fields) -> (Vec<Differing>, Vec<Typed>) {
    let wanted = changes(details, sent);
    let setting = |key: &String| details.parameters.iter().find(|setting| setting.key == *key);
    let differing = wanted.values.iter().filter_map(|(key, mine)| {
        let setting = setting(key)?;
        let (mine, stored) = match setting.kind {
            ParameterKind::Switch => (switched(is_on(mine)), switched(is_on(&current(setting)))),
            _ if *key == PROXY => (Side::plain(&without_login(mine)), Side::plain(&current(setting))),
            _ => (Side::plain(mine), Side::plain(&current(setting))),
        };
        Some(Differing { label: setting.label.clone(), name: format!("{VALUE}{key}"), mine, stored })
    });
    let cleared = wanted.reset.iter().filter_map(|key| {
        let (mine, stored) = (
            Side { value: "yes".to_owned(), shown: "cleared".to_owned() },
            Side { value: String::new(), shown: "set".to_owned() },
        );
        Some(Differing { label: setting(key)?.label.clone(), name: format!("{CLEAR}{key}"), mine, stored })
    });
    let said = |tlp: Option<Tlp>| Side::plain(tlp.map_or(DEFAULT, Tlp::word));
    let level = wanted.max_tlp.map(|mine| Differing {
        label: "Maximum TLP".to_owned(),
        name: MAX_TLP.to_owned(),
        mine: said(mine.0),
        stored: said(details.max_tlp_set),
    });
    let typed = wanted.secrets.iter().filter_map(|(key, _)| {
        Some(Typed { label: setting(key)?.label.clone(), name: format!("{VALUE}{key}") })
    });
    (differing.chain(cleared).chain(level).collect(), typed.collect())
}

/// An address without the user and the password before the host.
fn without_login(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        None => address.to_owned(),
        Some((_, place)) if scheme.is_empty() => place.to_owned(),
        Some((_, place)) => format!("{scheme}://{place}"),
    }
}

/// A switch as a choice; off is the empty value.
fn switched(on: bool) -> Side {
    let (value, shown) = if on { ("on", "on") } else { ("", "off") };
    Side { value: value.to_owned(), shown: shown.to_owned() }
}

/// A ticked box sends "on", an unticked one sends nothing, and a choice of off sends an empty value.
fn is_sent_on(sent: &Fields, name: &str) -> bool {
    !sent.text(name).is_empty()
}

/// Shows an error at its field; returns whether there is such a field.
pub(super) fn place(fields: &mut [Field], fault: &SettingsError) -> bool {
    let (key, why) = match fault {
        SettingsError::Elsewhere { key, given_for, changes, .. } => {
            (key, format!("it was entered {given_for}; {changes}: enter it again for that, or clear it"))
        }
        SettingsError::Invalid { key, why, .. } => (key, why.clone()),
        _ => return false,
    };
    let Some(field) = fields.iter_mut().find(|field| field.key == *key) else { return false };
    field.wrong = Some(why);
    true
}

fn current(setting: &Setting) -> String {
    match &setting.state {
        State::Value(value) | State::Wrong(value, _) => value.clone(),
        State::Elsewhere(_) | State::Unset | State::Secret => setting.default.clone().unwrap_or_default(),
    }
}

/// Whether the text means on, with the same rule as for parameters.
fn is_on(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1")
}

//! The configuration's form: a field for each parameter, and what a filled-in form changes.

use operation::{ParameterKind, Secret, SettingsError};
use workbench::integration::{Changes, Details, Setting, State};

use super::super::stale::{Differing, Side, Typed};
use crate::access::Fields;

/// What fields are called, before the parameter's key: no parameter can take another field's name.
const VALUE: &str = "value.";
const CLEAR: &str = "clear.";
const PROXY: &str = "proxy";

/// A parameter as the form has it.
pub(super) struct Field {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) required: bool,
    pub(super) kind: FieldKind,
    /// What holds while nothing is set.
    pub(super) default: Option<String>,
    /// What is wrong with what stands in it.
    pub(super) wrong: Option<String>,
}

pub(super) enum FieldKind {
    /// The choices, and which is chosen.
    Choice(Vec<String>, String),
    Number(String),
    /// Whether one is stored. Never what.
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

    /// Puts back what was sent; a secret is not sent back to the browser.
    pub(super) fn refill(&mut self, sent: &Fields) {
        let given = sent.text(&self.name()).to_owned();
        match &mut self.kind {
            // A proxy's address with a login in it is refused; the login is a secret and is not sent back.
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

    /// Whether names, addresses and numbers stand in it, which are set in one width.
    pub(super) fn is_code(&self) -> bool {
        matches!(self.kind, FieldKind::Number(_) | FieldKind::Text(_))
    }
}

/// What a form changes: what is as it was, or as it would be by default, is left alone.
pub(super) fn changes(details: &Details, sent: &Fields) -> Changes {
    let mut changes = Changes::default();
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

/// Whether a form wants what is stored.
pub(super) fn is_as_stored(details: &Details, sent: &Fields) -> bool {
    changes(details, sent) == Changes::default()
}

/// The fields of a form whose values are not what is stored, and the secrets that were typed into it or are to be cleared.
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
    let typed = wanted.secrets.iter().filter_map(|(key, _)| {
        Some(Typed { label: setting(key)?.label.clone(), name: format!("{VALUE}{key}") })
    });
    (differing.chain(cleared).collect(), typed.collect())
}

/// An address without the user and the password before its host.
fn without_login(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").map_or(("", address), |(scheme, rest)| (scheme, rest));
    match rest.rsplit_once('@') {
        None => address.to_owned(),
        Some((_, place)) if scheme.is_empty() => place.to_owned(),
        Some((_, place)) => format!("{scheme}://{place}"),
    }
}

/// A switch as a field that is a choice has it: off is nothing.
fn switched(on: bool) -> Side {
    let (value, shown) = if on { ("on", "on") } else { ("", "off") };
    Side { value: value.to_owned(), shown: shown.to_owned() }
}

/// A box that is ticked says "on"; one that is not says nothing, and a choice of off says so with nothing in it.
fn is_sent_on(sent: &Fields, name: &str) -> bool {
    !sent.text(name).is_empty()
}

/// Puts a fault at its field; says whether there is one.
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

/// As parameters read switches.
fn is_on(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "on" | "true" | "yes" | "1")
}

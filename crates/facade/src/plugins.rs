//! Our enabled operations as plugins with actions.
//!
//! The number of a plugin is derived from its name, so that it stays the same. Values and secrets of settings are never part of an
//! answer.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use operation::{IndicatorType, Package, ParameterKind};
use serde_json::{Value, json};
use workbench::integration::{Details, Filter};
use workbench::{Error, Workbench};

use crate::caller::Caller;
use crate::kinds::id_of_kind;
use crate::read::{Asked, Named};
use crate::reply::{Fault, data, page};
use crate::shape::date;
use crate::state::Shared;

/// The most plugins of one answer.
const MOST: u64 = 1_000;

/// The parameters that every action takes: name, type, meaning.
pub(crate) const PARAMETERS: [(&str, &str, &str); 5] = [
    ("rrtype", "text", "Only records of these types, separated by commas: A,NS"),
    ("seen_after", "text", "Only records last seen at this time or later"),
    ("seen_before", "text", "Only records first seen at this time or earlier"),
    ("by_data", "checkbox", "Records with the indicator in their data instead of those it owns"),
    ("fresh", "checkbox", "Query the provider even if a stored answer is fresh enough"),
];

/// An enabled operation with its number.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    pub(crate) id: i64,
    pub(crate) package: Package,
    details: Details,
}

/// What to show besides the plugin itself.
#[derive(Clone, Copy, Debug)]
struct With {
    actions: bool,
    config: bool,
    /// Whether the parameters of actions are described.
    parameters: bool,
}

/// The enabled operations, with their actions if `with` has them.
pub(crate) async fn list(
    State(facade): State<Shared>,
    _: Caller,
    asked: Asked,
) -> Result<Json<Value>, Fault> {
    let (limit, offset) = asked.place(MOST, MOST)?;
    let sort = asked.text("sort").unwrap_or("id").to_owned();
    let with = With::of(&asked.list("with"), false);
    let mut plugins = facade.desk().read(enabled).await?;
    let (descending, key) = sort.strip_prefix('-').map_or((false, sort.as_str()), |key| (true, key));
    match key {
        "id" => plugins.sort_by_key(|plugin| plugin.id),
        "name" => plugins.sort_by(|one, other| one.package.name.cmp(&other.package.name)),
        "friendly_name" => plugins.sort_by(|one, other| one.package.title.cmp(&other.package.title)),
        _ => return Err(Fault::field("sort", "plugins are sorted by id, name or friendly_name")),
    }
    if descending {
        plugins.reverse();
    }
    let total = plugins.len() as u64;
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let shown = plugins.iter().skip(skipped).take(limit).map(|plugin| plugin.shape(with)).collect();
    Ok(page(total, shown, limit, offset))
}

/// One of them.
pub(crate) async fn show(
    State(facade): State<Shared>,
    _: Caller,
    Named(id): Named,
    asked: Asked,
) -> Result<Json<Value>, Fault> {
    let plugin = facade.desk().read(enabled).await?.into_iter().find(|plugin| plugin.is(&id));
    let plugin = plugin.ok_or_else(Plugin::unknown)?;
    Ok(data(&plugin.shape(With::of(&asked.list("with"), true))))
}

/// All enabled operations whose package this version can read, with their numbers.
pub(crate) fn enabled(workbench: &Workbench) -> Result<Vec<Plugin>, Error> {
    let (mut plugins, mut given) = (Vec::new(), BTreeSet::new());
    let mut summaries = workbench.list(&Filter::default())?.integrations;
    summaries.sort_by(|one, other| one.name.cmp(&other.name));
    for summary in summaries {
        let mut id = number(&summary.name);
        // Two names hardly ever have the same number.
        while !given.insert(id) {
            id += 1;
        }
        if !summary.enabled {
            continue;
        }
        let details = workbench.show(&summary.name)?;
        let package = details.package.clone().filter(|package| package.operation().is_some());
        if let Some(package) = package {
            plugins.push(Plugin { id, package, details });
        }
    }
    Ok(plugins)
}

/// The number of an operation, derived from its name: positive, of 31 bits, because clients may keep it in 32.
fn number(name: &str) -> i64 {
    let hash = blake3::hash(name.as_bytes());
    let head = hash.as_bytes().iter().take(4).fold(0_i64, |sum, octet| sum * 256 + i64::from(*octet));
    (head & 0x7fff_ffff).max(1)
}

impl With {
    fn of(words: &[&str], is_one: bool) -> Self {
        let has =
            |word: &str| words.iter().any(|known| *known == word || known.starts_with(&format!("{word}.")));
        Self {
            actions: is_one || has("action") || has("actions"),
            config: is_one || has("config"),
            parameters: is_one,
        }
    }
}

impl Plugin {
    /// Whether it has the number in this text.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.id.to_string() == id
    }

    pub(crate) fn unknown() -> Fault {
        Fault::missing("there is no enabled plugin with this id")
    }

    fn shape(&self, with: With) -> Value {
        let (package, summary) = (&self.package, &self.details.summary);
        let mut shape = json!({
            "id": self.id, "name": package.name, "friendly_name": package.title,
            "package_name": format!("{}@{}", package.name, summary.version),
            "description": package.description, "author": package.author, "version": summary.version,
            "required_threatq_version": null, "logo_path": null, "enabled": 1, "disable_proxy": 0,
            "object_type_id": package.types().first().map(|kind| id_of_kind(*kind)),
            "created_at": date(summary.installed_at), "updated_at": date(summary.updated_at), "deleted_at": null,
        });
        let Some(members) = shape.as_object_mut() else { return shape };
        if with.actions {
            let actions = package.actions().iter().map(|action| {
                let mut shape = json!({
                    "name": action.name, "description": action.help, "plugin_id": self.id,
                    "object_type": action.types.iter().map(|kind| accepted(*kind)).collect::<Vec<_>>(),
                });
                if let (true, Some(members)) = (with.parameters, shape.as_object_mut()) {
                    members.insert("parameters".to_owned(), parameters());
                }
                shape
            });
            members.insert("action".to_owned(), actions.collect());
        }
        if with.config {
            members.insert("config".to_owned(), self.config());
        }
        shape
    }

    /// The settings without their values.
    fn config(&self) -> Value {
        let of = |(at, setting): (usize, &workbench::integration::Setting)| {
            let (kind, options) = match &setting.kind {
                ParameterKind::Choice(choices) => ("select", json!(choices)),
                ParameterKind::Number => ("number", Value::Null),
                ParameterKind::Secret => ("password", Value::Null),
                ParameterKind::Switch => ("checkbox", Value::Null),
                ParameterKind::Text => ("text", Value::Null),
            };
            json!({
                "id": at + 1, "plugin_id": self.id, "key": setting.key, "label": setting.label, "type": kind,
                "mask": setting.kind == ParameterKind::Secret, "value": null, "options": options, "user_editable": 1,
            })
        };
        self.details.parameters.iter().enumerate().map(of).collect()
    }
}

/// A type that an action accepts.
fn accepted(kind: IndicatorType) -> Value {
    json!({ "object_type": "indicator", "object_type_id": id_of_kind(kind), "name": kind.name() })
}

/// What can be sent with an execution.
fn parameters() -> Value {
    let of =
        |(name, kind, help): &(&str, &str, &str)| json!({ "name": name, "type": kind, "description": help });
    PARAMETERS.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positive_and_stay() {
        assert_eq!(number("circl-passive-dns"), number("circl-passive-dns"));
        assert_ne!(number("circl-passive-dns"), number("own-database"));
        assert!(["", "a", "circl-passive-dns"].iter().all(|name| (1..=0x7fff_ffff).contains(&number(name))));
    }
}

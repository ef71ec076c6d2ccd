//! The layers of the configuration, merged into one table: defaults, file, environment, options.
//!
//! [`Layers`] stores which layer each value comes from, so that an invalid value is reported with its source. It does not know
//! the keys: those of the default file can be set, and [`Layers::read`] refuses all others.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue, Deserializer, Error};
use toml::{Table, Value};

use crate::exit::Failure;
use crate::terminal;

/// The source of a value.
#[derive(Debug)]
enum Source {
    Default,
    /// The file, at this byte offset.
    File(usize),
    Option(&'static str),
    Variable(String),
}

/// The layers added so far.
#[derive(Debug, Default)]
pub(super) struct Layers {
    table: Table,
    /// By section, by section and key, and by number in an array of sections: `query`, `query.format`, `collect[0].name`.
    sources: HashMap<String, Source>,
    /// Section, key and default, in the order of the default file.
    keys: Vec<(String, String, Value)>,
    /// The path of the file, and its text.
    file: (PathBuf, String),
}

impl Layers {
    /// The lowest layer.
    pub(super) fn of_defaults(text: &str) -> Result<Self, Failure> {
        let failed = |error: Error| Failure::work("the default configuration", &error);
        let (table, places) = parse(text).map_err(failed)?;
        let keys = places.iter().filter_map(|(path, _)| {
            let (section, key) = path.split_once('.')?;
            Some((section.to_owned(), key.to_owned(), table.get(section)?.get(key)?.clone()))
        });
        let keys = keys.collect();
        let sources = places.into_iter().map(|(path, _)| (path, Source::Default)).collect();
        Ok(Self { table, sources, keys, ..Self::default() })
    }

    /// Adds the values of a file.
    pub(super) fn add_file(&mut self, file: PathBuf, text: String) -> Result<(), Failure> {
        self.file = (file, text);
        let (table, places) = parse(&self.file.1).map_err(|error| {
            let place = self.place(error.span().map_or(0, |span| span.start));
            Failure::Usage(format!("configuration {place}: {}", error.message()))
        })?;
        for (section, value) in table {
            match (self.table.get_mut(&section), value) {
                (Some(Value::Table(known)), Value::Table(keys)) => known.extend(keys),
                (_, value) => drop(self.table.insert(section, value)),
            }
        }
        self.sources.extend(places.into_iter().map(|(path, place)| (path, Source::File(place))));
        Ok(())
    }

    /// Adds the environment: one variable per key; an empty one counts as not set.
    pub(super) fn add_environment(&mut self) -> Result<(), Failure> {
        for (section, key, default) in self.keys.clone() {
            let variable = format!("BACKSIGHT_{}_{}", section.to_uppercase(), key.to_uppercase());
            let Some(text) = terminal::environment(&variable)?.filter(|text| !text.is_empty()) else {
                continue;
            };
            // A value that is not of the default's type is refused as text when the table is read.
            let value = match default {
                Value::Boolean(_) => text.trim().parse().ok().map(Value::Boolean),
                Value::Integer(_) => text.trim().parse().ok().map(Value::Integer),
                _ => None,
            };
            self.set(&section, &key, value.unwrap_or(Value::String(text)), Source::Variable(variable));
        }
        Ok(())
    }

    /// Adds an option of the command.
    pub(super) fn add_option(&mut self, option: &'static str, section: &str, key: &str, value: Value) {
        self.set(section, key, value, Source::Option(option));
    }

    fn set(&mut self, section: &str, key: &str, value: Value, source: Source) {
        if let Some(Value::Table(keys)) = self.table.get_mut(section) {
            keys.insert(key.to_owned(), value);
            self.sources.insert(format!("{section}.{key}"), source);
        }
    }

    /// The merged and checked values.
    ///
    /// # Errors
    /// The first invalid value or unknown key, with its source.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_path_to_error::deserialize(self.table.clone()).map_err(|error| {
            let name = self.name(&error.path().to_string());
            Failure::Usage(format!("{name}: {}", error.inner().message()))
        })
    }

    /// A key with the source of its value, including the line.
    pub(super) fn name(&self, path: &str) -> String {
        // An element of a list is where the list is.
        let list = path.rsplit_once('[').map(|(list, _)| list);
        let known = list.filter(|_| !self.sources.contains_key(path)).unwrap_or(path);
        let source = match self.sources.get(known) {
            Some(Source::File(place)) => self.place(*place),
            _ => self.source(known),
        };
        format!("{path} ({source})")
    }

    /// Section, key, value and source, in the order of the default file.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&str, &str, &Value, String)> {
        self.keys.iter().filter_map(|(section, key, _)| {
            let value = self.table.get(section)?.get(key)?;
            Some((section.as_str(), key.as_str(), value, self.source(&format!("{section}.{key}"))))
        })
    }

    /// The keys, values and sources of each section of an array.
    pub(super) fn shown_sections(&self, name: &str) -> impl Iterator<Item = Vec<(&str, &Value, String)>> {
        let sections = self.table.get(name).and_then(Value::as_array).into_iter().flatten();
        sections.enumerate().map(move |(at, section)| {
            let keys = section.as_table().into_iter().flatten();
            keys.map(|(key, value)| (key.as_str(), value, self.source(&format!("{name}[{at}].{key}"))))
                .collect()
        })
    }

    /// The folder of the configuration file, if the value of this key is from it.
    pub(super) fn folder_of(&self, path: &str) -> Option<&Path> {
        let is_in_file = matches!(self.sources.get(path), Some(Source::File(_)));
        self.file.0.parent().filter(|_| is_in_file)
    }

    fn source(&self, path: &str) -> String {
        match self.sources.get(path) {
            Some(Source::Default) | None => "default".to_owned(),
            Some(Source::File(_)) => self.file.0.display().to_string(),
            Some(Source::Option(option)) => (*option).to_owned(),
            Some(Source::Variable(variable)) => variable.clone(),
        }
    }

    /// The file and line of a byte offset.
    fn place(&self, byte: usize) -> String {
        let before = self.file.1.get(..byte).unwrap_or_default();
        format!("{}:{}", self.file.0.display(), before.matches('\n').count() + 1)
    }
}

/// The content of a text, and the byte offsets of its sections and keys, in order.
fn parse(text: &str) -> Result<(Table, Vec<(String, usize)>), Error> {
    let document = DeTable::parse(text)?;
    let mut places = Vec::new();
    for (section, value) in document.get_ref() {
        places.push((section.get_ref().to_string(), section.span().start));
        match value.get_ref() {
            DeValue::Table(keys) => places.extend(places_of(section.get_ref(), keys)),
            DeValue::Array(sections) => {
                for (at, value) in sections.iter().enumerate() {
                    let name = format!("{}[{at}]", section.get_ref());
                    places.push((name.clone(), value.span().start));
                    if let DeValue::Table(keys) = value.get_ref() {
                        places.extend(places_of(&name, keys));
                    }
                }
            }
            _ => {}
        }
    }
    places.sort_by_key(|(_, place)| *place);
    Ok((Table::deserialize(Deserializer::from(document))?, places))
}

/// The byte offsets of the keys of a section.
fn places_of(section: &str, keys: &DeTable<'_>) -> Vec<(String, usize)> {
    keys.keys().map(|key| (format!("{section}.{}", key.get_ref()), key.span().start)).collect()
}

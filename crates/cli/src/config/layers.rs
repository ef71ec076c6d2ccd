//! The layers of the configuration, merged into one table: defaults, file, environment, options.
//!
//! [`Layers`] stores which layer each value comes from, so that an invalid value is reported with its source. It does not know
//! the keys: those of the default file can be set, and [`Layers::read`] refuses all others.

use std::collections::HashMap;
use std::path::PathBuf;

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
    /// By section, and by section and key: `query`, `query.format`.
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
        let source = match self.sources.get(path) {
            Some(Source::File(place)) => self.place(*place),
            _ => self.source(path),
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
        if let DeValue::Table(keys) = value.get_ref() {
            let key = |key: &toml::Spanned<_>| {
                (format!("{}.{}", section.get_ref(), key.get_ref()), key.span().start)
            };
            places.extend(keys.keys().map(key));
        }
    }
    places.sort_by_key(|(_, place)| *place);
    Ok((Table::deserialize(Deserializer::from(document))?, places))
}

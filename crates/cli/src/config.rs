//! Configuration: options override the environment, which overrides `backsight.toml`, which overrides the commented default
//! file.
//!
//! The default file is part of the binary and is the lowest layer, so its values are the actual defaults. The layers are merged
//! as tables ([`layers`]) and read once, into [`Config`]. An invalid value is reported with its key and its source: option,
//! variable, or file and line. Environment variables are `BACKSIGHT_<SECTION>_<KEY>`.

mod layers;
mod noise;
mod options;
mod reference;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etcetera::BaseStrategy;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use self::layers::Layers;
use crate::args::{AccessLog, Arguments, ConfigArgs, Format, Sort};
use crate::exit::{Exit, Failure};
use crate::terminal;

/// The lowest layer.
const DEFAULT: &str = include_str!("../default.toml");
/// The largest configuration file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The effective settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) query: Query,
    pub(crate) serve: Serve,
    pub(crate) database: Database,
    pub(crate) intake: noise::Intake,
    /// The source of each setting.
    #[serde(skip)]
    layers: Layers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    pub(crate) operation: String,
    #[serde(deserialize_with = "choice")]
    pub(crate) format: Format,
    #[serde(deserialize_with = "choice")]
    pub(crate) sort: Sort,
    #[serde(deserialize_with = "count")]
    pub(crate) max_records: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) concurrency: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) cache_hours: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Serve {
    pub(crate) listen: String,
    /// Empty means none.
    pub(crate) tls_cert: String,
    pub(crate) tls_key: String,
    #[serde(deserialize_with = "switch")]
    pub(crate) behind_proxy: bool,
    /// Empty means none; several are separated by commas.
    pub(crate) hostname: String,
    #[serde(deserialize_with = "switch")]
    pub(crate) strict_transport: bool,
    /// Empty means none.
    pub(crate) origin: String,
    /// Empty means none; several are separated by commas.
    pub(crate) cors: String,
    #[serde(deserialize_with = "choice")]
    pub(crate) access_log: AccessLog,
    #[serde(deserialize_with = "switch")]
    pub(crate) log_addresses: bool,
    #[serde(deserialize_with = "count")]
    pub(crate) connections: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) requests: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) token_requests: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) rows: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) answer_seconds: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) body_mebibytes: usize,
}

/// The resources of the passive-DNS database.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    #[serde(deserialize_with = "count")]
    pub(crate) cache_mib: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) memory_mib: usize,
    #[serde(deserialize_with = "count")]
    pub(crate) wait_seconds: usize,
    /// 0 keeps records for ever.
    #[serde(deserialize_with = "number")]
    pub(crate) keep_days: u32,
}

fn choice<'de, T: ValueEnum, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::from_str(&text, true).map_err(|_| {
        let known = T::value_variants().iter().filter_map(T::to_possible_value);
        let known: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
        D::Error::custom(format!("{text:?} is not one of {}", known.join(", ")))
    })
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
    number.filter(|number| *number > 0).ok_or_else(|| wrong(&value, "is not a whole number above 0"))
}

/// A number that may be 0, which means none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    let number = value.as_integer().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| wrong(&value, "is not a whole number"))
}

fn switch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let value = toml::Value::deserialize(deserializer)?;
    value.as_bool().ok_or_else(|| wrong(&value, "is neither true nor false"))
}

fn wrong<E: serde::de::Error>(value: &toml::Value, why: &str) -> E {
    E::custom(format!("{} {why}", terminal::label(&value.to_string())))
}

/// Loads the configuration of a command.
pub(crate) fn load(arguments: &Arguments) -> Result<Config, Failure> {
    let mut layers = Layers::of_defaults(DEFAULT)?;
    let file = given(arguments.config.as_ref(), "BACKSIGHT_CONFIG").or_else(|| {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(base.config_dir().join("backsight/backsight.toml")).filter(|file| file.exists())
    });
    if let Some(file) = file {
        let text = read(&file)?;
        layers.add_file(file, text)?;
    }
    layers.add_environment()?;
    for (option, section, key, value) in options::given(&arguments.command) {
        layers.add_option(option, section, key, value);
    }
    let config = layers.read()?;
    Ok(Config { layers, ..config })
}

impl Config {
    /// The name of a setting in a message, with its source: `serve.listen (--listen)`.
    pub(crate) fn name(&self, section: &str, key: &str) -> String {
        self.layers.name(&format!("{section}.{key}"))
    }
}

/// The data folder, if an option or variable sets it.
pub(crate) fn data_dir(arguments: &Arguments) -> Option<PathBuf> {
    let platform = || etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("backsight"));
    given(arguments.data_dir.as_ref(), "BACKSIGHT_DATA_DIR").or_else(platform)
}

/// A path from an option or a variable; an empty variable counts as not set.
fn given(flag: Option<&PathBuf>, variable: &str) -> Option<PathBuf> {
    let environment = || std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    flag.cloned().or_else(environment)
}

/// `backsight config`.
pub(crate) fn print(command: &ConfigArgs, config: &Config) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    if command.reference {
        out.write_all(reference::text().as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut section = "";
    for (in_section, key, value, source) in config.layers.shown() {
        if in_section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}[{in_section}]")?;
            section = in_section;
        }
        writeln!(out, "{key} = {value}  # {source}")?;
    }
    Ok(Exit::Done)
}

fn read(file: &Path) -> Result<String, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("configuration {}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if size > MAX_FILE {
        return Err(failed(&format!("larger than {MAX_FILE} bytes")));
    }
    std::fs::read_to_string(file).map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_file_has_every_setting_and_no_other() {
        let config: Config = Layers::of_defaults(DEFAULT).unwrap().read().unwrap();
        assert_eq!((config.query.format, config.serve.rows), (Format::Table, 10_000_000));
    }
}

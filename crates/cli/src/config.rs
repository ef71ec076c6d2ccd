//! Configuration: options override the environment, which overrides `backsight.toml`, which overrides the commented default
//! file.
//!
//! The default file is part of the binary and is the lowest layer, so its values are the actual defaults. The layers are merged
//! as tables ([`layers`]) and read once, into [`Config`]. An invalid value is reported with its key and its source: option,
//! variable, or file and line. Environment variables are `BACKSIGHT_<SECTION>_<KEY>`.

mod collect;
mod enrich;
mod handover;
mod layers;
mod noise;
mod options;
mod reference;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use cof::time::Clock;
use context::Networks;
use etcetera::BaseStrategy;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(crate) use self::collect::Collect;
pub(crate) use self::enrich::Enrich;
pub(crate) use self::handover::Handover;
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
    pub(crate) threatq: Threatq,
    pub(crate) database: Database,
    pub(crate) store: Store,
    pub(crate) integrations: Integrations,
    pub(crate) enrich: Enrich,
    pub(crate) handover: Handover,
    pub(crate) intake: noise::Intake,
    /// What `serve` collects.
    #[serde(default)]
    pub(crate) collect: Vec<Collect>,
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

/// The face with the shape of ThreatQ's API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Threatq {
    /// Empty means none.
    pub(crate) listen: String,
    /// Several are separated by commas.
    pub(crate) reader_tokens: String,
    pub(crate) analyst_tokens: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Integrations {
    /// A folder; empty means none.
    pub(crate) catalogue: String,
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

/// Where the passive-DNS database is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Store {
    /// Empty means the data folder.
    pub(crate) address: String,
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
    finish(layers)
}

/// Reads the merged layers.
fn finish(layers: Layers) -> Result<Config, Failure> {
    let config: Config = layers.read()?;
    collect::check(&config.collect)
        .map_err(|(place, why)| Failure::Usage(format!("{}: {why}", layers.name(&place))))?;
    Ok(Config { layers, ..config })
}

impl Config {
    /// The name of a setting in a message, with its source: `serve.listen (--listen)`.
    pub(crate) fn name(&self, section: &str, key: &str) -> String {
        self.layers.name(&format!("{section}.{key}"))
    }

    /// The files that say where addresses are.
    ///
    /// # Errors
    /// [`Failure`] for a file that cannot be used, with the name of the setting.
    pub(crate) fn networks(&self) -> Result<Networks, Failure> {
        let folder = self.layers.folder_of("enrich.mmdb");
        let paths = self
            .enrich
            .mmdb
            .iter()
            .map(|path| folder.map_or_else(|| path.clone(), |folder| folder.join(path)));
        Networks::open(paths.collect(), Clock::system())
            .map_err(|error| Failure::Usage(format!("{}: {error}", self.name("enrich", "mmdb"))))
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
    for section in config.layers.shown_sections("collect") {
        writeln!(out, "\n[[collect]]")?;
        for (key, value, source) in section {
            writeln!(out, "{key} = {value}  # {source}")?;
        }
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

    fn read(text: &str) -> Result<Config, String> {
        let mut layers = Layers::of_defaults(DEFAULT).unwrap();
        layers.add_file("b.toml".into(), text.to_owned()).map_err(|error| error.to_string())?;
        finish(layers).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_of_a_collector_is_described_and_no_other_is_known() {
        let values = [
            "\"a\"",
            "\"/run/tap\"",
            "\"127.0.0.1:6000\"",
            "\"/var/log/dns.log\"",
            "\"600\"",
            "\"zeek\"",
            "\"https://pdns.example.org\"",
            "\"/etc/backsight/token\"",
            "\"/etc/ca.pem\"",
            "16",
            "\"vienna-1\"",
            "\"https://a.example\"",
            "true",
            "30",
            "true",
            "[53, 5353]",
            "\"SQTA\"",
        ];
        for ((key, _, _), value) in collect::KEYS.into_iter().zip(values) {
            let source = match key {
                "dnstap_unix" | "dnstap_tcp" | "file" => "",
                "input_format" => "file = \"a\"\n",
                "to" => "file = \"a\"\ntoken_file = \"t\"\n",
                "token_file" => "file = \"a\"\nto = \"http://[::1]:8053\"\n",
                "ca_file" | "spool_mib" => "file = \"a\"\nto = \"https://h\"\ntoken_file = \"t\"\n",
                _ => "dnstap_unix = \"a\"\n",
            };
            let name = if key == "name" { "" } else { "name = \"n\"\n" };
            let text = format!("[[collect]]\n{name}{source}{key} = {value}\n");
            assert_eq!(read(&text).map(|config| config.collect.len()), Ok(1), "{text}");
        }
        let error = read("[[collect]]\nname = \"n\"\nfile = \"f\"\n\nsensors = 1\n").unwrap_err();
        assert!(error.starts_with("collect[0].sensors (b.toml:5): unknown field"), "{error}");
    }

    #[test]
    fn mistakes_of_collectors_are_reported_with_file_and_line() {
        let first = "[[collect]]\nname = \"n\"\nfile = \"f\"\n";
        for (text, said) in [
            ("[[collect]]\nname = \"n\"\n", "collect[0] (b.toml:1): give exactly one of"),
            ("[[collect]]\nfile = \"f\"\n", "collect[0] (b.toml:1): missing field `name`"),
            ("[[collect]]\nname = \"n m\"\nfile = \"f\"\n", "collect[0].name (b.toml:2): n m is not a name"),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\ndnstap_tcp = \"[::1]:1\"\n",
                "collect[0] (b.toml:1): give exactly",
            ),
            (
                "[[collect]]\nname = \"n\"\ndnstap_tcp = \"6000\"\n",
                "collect[0].dnstap_tcp (b.toml:3): 6000 is not an address",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\nsocket_mode = \"660\"\n",
                "collect[0].socket_mode (b.toml:4): is only for",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\ninput_format = \"csv\"\n",
                "collect[0].input_format (b.toml:4): csv is not one of",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\ndns_ports = [70000]\n",
                "collect[0].dns_ports[0] (b.toml:4):",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\nto = \"https://h\"\n",
                "collect[0].to (b.toml:4): needs token_file",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\nspool_mib = 20\n",
                "collect[0].spool_mib (b.toml:4): is only for to",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\nto = \"http://h\"\ntoken_file = \"t\"\n",
                "collect[0].to (b.toml:4): plain HTTP is only for this machine",
            ),
            (
                "[[collect]]\nname = \"n\"\nfile = \"f\"\nto = \"https://h\"\ntoken_file = \"t\"\nspool_mib = 1\n",
                "collect[0].spool_mib (b.toml:6): 1 is not a number from 16",
            ),
            (
                "[[collect]]\nname = \".n\"\nfile = \"f\"\nto = \"https://h\"\ntoken_file = \"t\"\n",
                "collect[0].name (b.toml:2): begins with a dot",
            ),
            ("[collect]\nname = \"n\"\n", "collect (b.toml:1):"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(said), "{text}: {error}");
        }
        let same = format!("{first}\n{first}");
        let error = read(&same).unwrap_err();
        assert!(error.starts_with("collect[1].name (b.toml:6): \"n\" is the name of two"), "{error}");
        let error = read(&same.replacen("\"n\"", "\"m\"", 1)).unwrap_err();
        assert!(
            error.starts_with("collect[1] (b.toml:5): an earlier section has the same source"),
            "{error}"
        );
        let section = |at| format!("[[collect]]\nname = \"n{at}\"\nfile = \"f{at}\"\n");
        let many: Vec<String> = (0..65).map(section).collect();
        assert!(read(&many.concat()).unwrap_err().contains("more than 64"));
    }
}

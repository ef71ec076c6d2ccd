//! Configuration: flags over environment over `backsight.toml` over the commented default file.
//!
//! The default file ships inside the binary and is the base layer, so what it says is what holds. An unknown key is
//! an error that names file and line. Environment variables are `BACKSIGHT_<SECTION>_<KEY>`.

mod reference;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etcetera::BaseStrategy;
use serde::Deserialize;

use crate::args::{AccessLog, Arguments, ConfigArgs, Format, Sort};
use crate::exit::{Exit, Failure};
use crate::terminal;

/// The base layer.
const DEFAULT: &str = include_str!("../default.toml");
/// The largest configuration file that is read, in octets.
const MAX_FILE: u64 = 1 << 20;

/// What is in force when no flag says otherwise.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) query: Query,
    pub(crate) serve: Serve,
    pub(crate) database: Database,
    /// Section, key, value and where it comes from, for printing.
    shown: Vec<(&'static str, &'static str, toml::Value, String)>,
}

#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) operation: String,
    pub(crate) format: Format,
    pub(crate) sort: Sort,
    pub(crate) max_records: usize,
    pub(crate) concurrency: usize,
    pub(crate) cache_hours: usize,
}

#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) listen: String,
    /// Empty is none.
    pub(crate) tls_cert: String,
    pub(crate) tls_key: String,
    pub(crate) behind_proxy: bool,
    /// Empty is none; several with commas.
    pub(crate) hostname: String,
    pub(crate) strict_transport: bool,
    /// Empty is none.
    pub(crate) origin: String,
    /// Empty is none; several with commas.
    pub(crate) cors: String,
    pub(crate) access_log: AccessLog,
    pub(crate) log_addresses: bool,
    pub(crate) connections: usize,
    pub(crate) requests: usize,
    pub(crate) token_requests: usize,
    pub(crate) rows: usize,
    pub(crate) answer_seconds: usize,
    pub(crate) body_mebibytes: usize,
}

/// What the passive-DNS database may use.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) cache_mib: usize,
    pub(crate) memory_mib: usize,
    pub(crate) wait_seconds: usize,
}

/// One layer: what a file says. Kept apart from [`Config`] so that a file may say little.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    #[serde(default)]
    query: QueryLayer,
    #[serde(default)]
    serve: ServeLayer,
    #[serde(default)]
    database: DatabaseLayer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryLayer {
    operation: Option<String>,
    format: Option<String>,
    sort: Option<String>,
    max_records: Option<i64>,
    concurrency: Option<i64>,
    cache_hours: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ServeLayer {
    listen: Option<String>,
    tls_cert: Option<String>,
    tls_key: Option<String>,
    behind_proxy: Option<bool>,
    hostname: Option<String>,
    strict_transport: Option<bool>,
    origin: Option<String>,
    cors: Option<String>,
    access_log: Option<String>,
    log_addresses: Option<bool>,
    connections: Option<i64>,
    requests: Option<i64>,
    token_requests: Option<i64>,
    rows: Option<i64>,
    answer_seconds: Option<i64>,
    body_mebibytes: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseLayer {
    cache_mib: Option<i64>,
    memory_mib: Option<i64>,
    wait_seconds: Option<i64>,
}

/// The layers of one run.
struct Layers {
    file: Option<(PathBuf, Layer)>,
    base: Layer,
    shown: Vec<(&'static str, &'static str, toml::Value, String)>,
}

/// Reads the layers.
pub(crate) fn load(arguments: &Arguments) -> Result<Config, Failure> {
    let file = match given(arguments.config.as_ref(), "BACKSIGHT_CONFIG") {
        Some(file) => Some(file),
        None => etcetera::choose_base_strategy()
            .ok()
            .map(|base| base.config_dir().join("backsight/backsight.toml"))
            .filter(|file| file.exists()),
    };
    let file = file.map(|file| read(&file).map(|layer| (file, layer))).transpose()?;
    let base = toml::from_str(DEFAULT).map_err(|error| Failure::work("the default configuration", &error))?;
    let mut layers = Layers { file, base, shown: Vec::new() };
    let query = Query {
        operation: layers.text("query", "operation", |layer| layer.query.operation.clone())?,
        format: layers.choice("query", "format", |layer| layer.query.format.clone())?,
        sort: layers.choice("query", "sort", |layer| layer.query.sort.clone())?,
        max_records: layers.count("query", "max_records", |layer| layer.query.max_records)?,
        concurrency: layers.count("query", "concurrency", |layer| layer.query.concurrency)?,
        cache_hours: layers.count("query", "cache_hours", |layer| layer.query.cache_hours)?,
    };
    let serve = layers.serve()?;
    let database = Database {
        cache_mib: layers.count("database", "cache_mib", |layer| layer.database.cache_mib)?,
        memory_mib: layers.count("database", "memory_mib", |layer| layer.database.memory_mib)?,
        wait_seconds: layers.count("database", "wait_seconds", |layer| layer.database.wait_seconds)?,
    };
    Ok(Config { query, serve, database, shown: layers.shown })
}

/// The folder for what Backsight keeps.
pub(crate) fn data_dir(arguments: &Arguments) -> Option<PathBuf> {
    let platform = || etcetera::choose_base_strategy().ok().map(|base| base.data_dir().join("backsight"));
    given(arguments.data_dir.as_ref(), "BACKSIGHT_DATA_DIR").or_else(platform)
}

/// A path by its flag, or by its variable; one that is set to nothing is not set.
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
    for (in_section, key, value, origin) in &config.shown {
        if *in_section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            writeln!(out, "{gap}[{in_section}]")?;
            section = in_section;
        }
        writeln!(out, "{key} = {value}  # {origin}")?;
    }
    Ok(Exit::Done)
}

fn read(file: &Path) -> Result<Layer, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("configuration {}: {error}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if size > MAX_FILE {
        return Err(failed(&format!("larger than {MAX_FILE} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Failure::Usage(format!("configuration {}:{line}: {}", file.display(), error.message()))
    })
}

impl Layers {
    fn serve(&mut self) -> Result<Serve, Failure> {
        Ok(Serve {
            listen: self.text("serve", "listen", |layer| layer.serve.listen.clone())?,
            tls_cert: self.text("serve", "tls_cert", |layer| layer.serve.tls_cert.clone())?,
            tls_key: self.text("serve", "tls_key", |layer| layer.serve.tls_key.clone())?,
            behind_proxy: self.switch("serve", "behind_proxy", |layer| layer.serve.behind_proxy)?,
            hostname: self.text("serve", "hostname", |layer| layer.serve.hostname.clone())?,
            strict_transport: self
                .switch("serve", "strict_transport", |layer| layer.serve.strict_transport)?,
            origin: self.text("serve", "origin", |layer| layer.serve.origin.clone())?,
            cors: self.text("serve", "cors", |layer| layer.serve.cors.clone())?,
            access_log: self.choice("serve", "access_log", |layer| layer.serve.access_log.clone())?,
            log_addresses: self.switch("serve", "log_addresses", |layer| layer.serve.log_addresses)?,
            connections: self.count("serve", "connections", |layer| layer.serve.connections)?,
            requests: self.count("serve", "requests", |layer| layer.serve.requests)?,
            token_requests: self.count("serve", "token_requests", |layer| layer.serve.token_requests)?,
            rows: self.count("serve", "rows", |layer| layer.serve.rows)?,
            answer_seconds: self.count("serve", "answer_seconds", |layer| layer.serve.answer_seconds)?,
            body_mebibytes: self.count("serve", "body_mebibytes", |layer| layer.serve.body_mebibytes)?,
        })
    }

    /// The highest layer's word on a key: environment, file, default.
    fn find(
        &mut self,
        section: &'static str,
        key: &'static str,
        pick: impl Fn(&Layer) -> Option<toml::Value>,
    ) -> Result<Option<(toml::Value, String)>, Failure> {
        let variable = format!("BACKSIGHT_{}_{}", section.to_uppercase(), key.to_uppercase());
        let environment = terminal::environment(&variable)?.filter(|text| !text.is_empty());
        let from_file = || {
            let (file, layer) = self.file.as_ref()?;
            Some((pick(layer)?, file.display().to_string()))
        };
        let found = match environment {
            Some(text) => Some((toml::Value::String(text), variable)),
            None => from_file().or_else(|| Some((pick(&self.base)?, "default".to_owned()))),
        };
        if let Some((value, origin)) = &found {
            self.shown.push((section, key, value.clone(), origin.clone()));
        }
        Ok(found)
    }

    fn text(
        &mut self,
        section: &'static str,
        key: &'static str,
        pick: impl Fn(&Layer) -> Option<String>,
    ) -> Result<String, Failure> {
        match self.find(section, key, |layer| pick(layer).map(toml::Value::String))? {
            Some((toml::Value::String(text), _)) => Ok(text),
            _ => Err(Failure::Work(format!("the default configuration lacks {section}.{key}"))),
        }
    }

    fn switch(
        &mut self,
        section: &'static str,
        key: &'static str,
        pick: impl Fn(&Layer) -> Option<bool>,
    ) -> Result<bool, Failure> {
        let switch = match self.find(section, key, |layer| pick(layer).map(toml::Value::Boolean))? {
            Some((toml::Value::Boolean(switch), _)) => Some(switch),
            Some((toml::Value::String(text), _)) => text.trim().parse().ok(),
            _ => None,
        };
        switch.ok_or_else(|| self.wrong("true or false is wanted"))
    }

    fn choice<T: ValueEnum>(
        &mut self,
        section: &'static str,
        key: &'static str,
        pick: impl Fn(&Layer) -> Option<String>,
    ) -> Result<T, Failure> {
        let text = self.text(section, key, pick)?;
        T::from_str(&text, true).map_err(|_| {
            let known: Vec<String> = T::value_variants()
                .iter()
                .filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned()))
                .collect();
            self.wrong(&format!("{text:?} is none of {}", known.join(", ")))
        })
    }

    fn count(
        &mut self,
        section: &'static str,
        key: &'static str,
        pick: impl Fn(&Layer) -> Option<i64>,
    ) -> Result<usize, Failure> {
        let number = match self.find(section, key, |layer| pick(layer).map(toml::Value::Integer))? {
            Some((toml::Value::Integer(number), _)) => usize::try_from(number).ok(),
            Some((toml::Value::String(text), _)) => text.trim().parse().ok(),
            _ => None,
        };
        number.filter(|number| *number > 0).ok_or_else(|| self.wrong("a whole number above 0 is wanted"))
    }

    /// An error about the value that was looked up last.
    fn wrong(&self, why: &str) -> Failure {
        match self.shown.last() {
            Some((section, key, _, origin)) => Failure::Usage(format!("{section}.{key} ({origin}): {why}")),
            None => Failure::Usage(why.to_owned()),
        }
    }
}

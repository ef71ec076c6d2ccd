//! Makes a [`Plan`] for each operation from the arguments: package, settings, secrets, provider.

use std::collections::HashSet;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cof::time;
use cof::time::Clock;
use operation::provider::ConfigError;
use operation::{IndicatorType, Kind, Limits, Moment, Package, ParameterKind, Secret, Settings, Window};
use workbench::integration::{Configured, Filter, Summary};
use workbench::run::{Arrangement, Asking, Batch, Freshness, Runs, Wish};
use workbench::{Desk, Workbench};

use super::{Place, Plan};
use crate::args::records::RecordArgs;
use crate::args::{Add, Arguments, Format, QueryArgs};
use crate::config::Config;
use crate::exit::Failure;
use crate::placing::placing;
use crate::{database, kept, terminal};

/// A plan for each operation, which share the runs and their batch.
pub(super) async fn plans(
    command: &QueryArgs,
    config: &Config,
    arguments: &Arguments,
    format: Format,
) -> Result<Vec<Plan>, Failure> {
    let choice = Choice { wanted: &config.query.operation, all: command.all_operations };
    let (kept, operations) = operations(&choice, arguments)?;
    let clock = Clock::system();
    // Secrets come last: none is asked for while another argument is invalid.
    let (rrtypes, window) = wanted(&command.records, &clock)?;
    let wish = Wish { rrtypes, window, side: command.side() };
    // A streamed answer is not kept in memory, so only an option limits it.
    let (limits, most) = match format {
        Format::Cof => (Limits::STREAMED, command.max_records.unwrap_or(usize::MAX)),
        Format::Csv | Format::Json | Format::Table => (Limits::HELD, config.query.max_records),
    };
    let placing = placing(&command.placing, config)?;
    let folder = database::data_folder(arguments, config, clock)?;
    let places = places(&operations, command.all_operations);
    let (mut askings, batch) = (Vec::new(), Batch::default());
    for Configured { package, settings, .. } in operations {
        let name = package.name.clone();
        let settings = match places.len() {
            1 => self::settings(&package, settings, command)?,
            _ => unchanged(&package, settings, "several operations are queried"),
        };
        let asking = Asking::new(package, &settings, limits, wish.clone(), folder.clone(), &kept::actor());
        let asking = match places.len() {
            1 => asking?,
            _ => asking.map_err(|error| Failure::from(error).within(&name))?,
        };
        askings.push(Asking { most, freshness: freshness(command, config), batch: batch.clone(), ..asking });
    }
    let runs = Runs::new(Desk::of(kept)).await?;
    let plan = |(asking, place)| Plan {
        runs: runs.clone(),
        asking,
        arrangement: Arrangement { sort: config.query.sort.into(), limit: command.limit },
        placing: placing.clone(),
        adds: command.add == Some(Add::All),
        compares: command.changes,
        place,
        held: Arc::default(),
    };
    Ok(askings.into_iter().zip(places).map(plan).collect())
}

/// The place of each operation. With all operations, one is silent about types that another accepts.
fn places(operations: &[Configured], all: bool) -> Vec<Place> {
    let types = |operation: &Configured| -> Vec<IndicatorType> {
        operation.package.actions().first().map(|action| action.types.clone()).unwrap_or_default()
    };
    let is_accepted = |kind: IndicatorType| operations.iter().any(|one| types(one).contains(&kind));
    let place = |(at, operation)| {
        let others = IndicatorType::ALL.into_iter().filter(|kind| !types(operation).contains(kind));
        // A type that no operation accepts is reported with the first one.
        let left_out = others.filter(|kind| all && (at > 0 || is_accepted(*kind)));
        Place { is_one_of_several: operations.len() > 1, is_first: at == 0, left_out: left_out.collect() }
    };
    operations.iter().enumerate().map(place).collect()
}

/// The stored settings. Secrets of the environment belong to a single operation: none is sent to the service of another one. They are
/// named, with the reason why they are not used.
pub(crate) fn unchanged(package: &Package, settings: Settings, why: &str) -> Settings {
    for key in crate::secret::unasked(package, &[]) {
        let variable = Settings::variable(&key);
        terminal::complain(&format!(
            "{}: {variable} is not used, because {why}; the stored secret is",
            package.name
        ));
    }
    settings
}

fn freshness(command: &QueryArgs, config: &Config) -> Freshness {
    if command.offline { Freshness::Offline } else { usable(command.fresh, config) }
}

/// How old stored answers may be, if something may be sent.
pub(crate) fn usable(fresh: bool, config: &Config) -> Freshness {
    if fresh {
        Freshness::Fresh
    } else {
        Freshness::Within(Duration::from_hours(config.query.cache_hours as u64))
    }
}

/// Which operations are queried.
pub(crate) struct Choice<'a> {
    /// Their names, separated by commas.
    pub(crate) wanted: &'a str,
    /// All that are enabled instead.
    pub(crate) all: bool,
}

/// The data folder, and its operations that are chosen.
fn operations(choice: &Choice<'_>, arguments: &Arguments) -> Result<(Workbench, Vec<Configured>), Failure> {
    let Some(kept) = kept::open_existing(arguments)? else { return Err(not_installed(choice.wanted, &[])) };
    let operations = chosen(choice, &kept)?;
    Ok((kept, operations))
}

/// The installed operations with their settings: those that are named, or all that are enabled.
pub(crate) fn chosen(choice: &Choice<'_>, kept: &Workbench) -> Result<Vec<Configured>, Failure> {
    let wanted = choice.wanted;
    let installed = kept.list(&Filter::default())?.integrations;
    let mut operations = Vec::new();
    if choice.all {
        for one in installed.iter().filter(|one| one.enabled && one.kind == Kind::OPERATION) {
            operations.push(kept.settings(&one.name)?);
        }
        if operations.is_empty() {
            let failure = Failure::Usage("no operation is enabled".to_owned());
            return Err(
                failure.hint("run `backsight integration list`, then `backsight integration enable NAME`")
            );
        }
    } else {
        let mut names: Vec<&str> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let mut met = HashSet::new();
        names.retain(|name| met.insert(name.split('@').next().unwrap_or_default().to_owned()));
        if names.is_empty() {
            return Err(not_installed(wanted, &installed));
        }
        for name in names {
            operations.push(operation(name, kept, &installed)?);
        }
    }
    Ok(operations)
}

/// An installed operation with its settings. One that is not installed or is disabled is refused, and the error states how to
/// change that.
fn operation(wanted: &str, kept: &Workbench, installed: &[Summary]) -> Result<Configured, Failure> {
    let (name, version) =
        wanted.split_once('@').map_or((wanted, None), |(name, version)| (name, Some(version)));
    let Some(one) = installed.iter().find(|one| one.name == name) else {
        return Err(not_installed(wanted, installed));
    };
    if one.kind != Kind::OPERATION {
        let failure = ConfigError::Platform(name.to_owned()).into();
        return Err(failure);
    }
    if let Some(version) = version.filter(|version| *version != one.version) {
        let why = format!("{name} is installed as version {}, not {}", one.version, terminal::label(version));
        let hint = format!("to replace it, run `backsight integration install {name}@{version}`");
        return Err(Failure::Usage(why).hint(&terminal::printable(&hint)));
    }
    if !one.enabled {
        let why = format!("{name} {} is installed but disabled", one.version);
        return Err(Failure::Usage(why).hint(&format!("run `backsight integration enable {name}`")));
    }
    Ok(kept.settings(name)?)
}

fn not_installed(wanted: &str, installed: &[Summary]) -> Failure {
    let name = |one: &Summary| {
        let state = if one.enabled { "" } else { " (disabled)" };
        format!("{} {}{state}", one.name, one.version)
    };
    let known = match installed {
        [] => "no operation is installed yet".to_owned(),
        installed => {
            format!("installed: {}", installed.iter().map(name).collect::<Vec<_>>().join(", "))
        }
    };
    let wanted = terminal::label(wanted);
    // A package file is installed by its path, and afterwards has a name.
    let name = wanted.split('@').next().filter(|name| !is_file(name)).unwrap_or("NAME");
    Failure::Usage(format!("the operation {wanted} is not installed; {known}")).hint(&format!(
        "install and enable it once: `backsight integration install {wanted}`, then `backsight integration enable {name}`"
    ))
}

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// The configured settings, overridden by those of this run.
fn settings(package: &Package, mut settings: Settings, command: &QueryArgs) -> Result<Settings, Failure> {
    for pair in &command.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("--set needs KEY=VALUE; {pair:?} has no =")))?;
        settings.set(package, key.trim(), value)?;
    }
    for parameter in package.secrets() {
        if let Some(secret) = terminal::environment(&Settings::variable(&parameter.key))? {
            set_secret(&mut settings, package, &parameter.key, &secret)?;
        }
    }
    typed_secrets(&mut settings, package, command)?;
    Ok(settings)
}

/// The secrets that `--secret` asks for.
fn typed_secrets(settings: &mut Settings, package: &Package, command: &QueryArgs) -> Result<(), Failure> {
    let stdin_is_taken = command.file.iter().any(|file| file.as_os_str() == "-");
    for key in &command.secret {
        // Checked before asking, so that no secret is typed unnecessarily.
        let parameter = package.parameter(key).filter(|parameter| parameter.kind == ParameterKind::Secret);
        let Some(parameter) = parameter else {
            set_secret(settings, package, key, "")?;
            continue;
        };
        if stdin_is_taken && !std::io::stdin().is_terminal() {
            let variable = Settings::variable(key);
            return Err(Failure::Usage(format!(
                "standard input already contains the values; set {key} in the environment as {variable}"
            )));
        }
        let secret = crate::secret::ask(&parameter.label)?;
        set_secret(settings, package, key, &secret)?;
    }
    Ok(())
}

fn set_secret(settings: &mut Settings, package: &Package, key: &str, secret: &str) -> Result<(), Failure> {
    Ok(settings.set_secret(package, key, Secret::new(secret))?)
}

/// The types and the time window of the records that are wanted.
pub(crate) fn wanted(records: &RecordArgs, clock: &Clock) -> Result<(Vec<cof::RrType>, Window), Failure> {
    let RecordArgs { rrtype, seen_after, seen_before, at } = records;
    Ok((rrtypes(rrtype.as_deref())?, window([at, seen_after, seen_before], clock)?))
}

/// The types in `--rrtype`. A word that is not a type would find nothing, and look like an answer.
pub(crate) fn rrtypes(text: Option<&str>) -> Result<Vec<cof::RrType>, Failure> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let failed = |word: &str, why: &dyn std::fmt::Display| {
        Failure::Usage(format!("--rrtype {word:?}: {why}")).hint("write types as in A,AAAA,TYPE65534")
    };
    let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return Err(failed(text, &"no record type given"));
    }
    let rrtype = |word: &str| match word.parse::<cof::RrType>() {
        Ok(rrtype) if rrtype.code().is_some() => Ok(rrtype),
        Ok(_) => Err(failed(word, &"unknown record type")),
        Err(error) => Err(failed(word, &error)),
    };
    words.into_iter().map(rrtype).collect()
}

/// The time window of `--at`, or of `--seen-after` and `--seen-before`.
fn window([at, seen_after, seen_before]: [&Option<String>; 3], clock: &Clock) -> Result<Window, Failure> {
    let moment = |flag: &str, text: &Option<String>| {
        let text = text.as_ref().map(|text| Moment::parse(text, clock));
        text.transpose().map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    if let Some(at) = moment("--at", at)? {
        return Ok(Window::at(at));
    }
    let seen_after = moment("--seen-after", seen_after)?.map(|moment| moment.start);
    let seen_before = moment("--seen-before", seen_before)?.map(|moment| moment.end);
    match (seen_after, seen_before) {
        // A record that was seen for years is last seen after one time and first seen before the other, even in this case.
        (Some(after), Some(before)) if after > before => Err(Failure::Usage(format!(
            "--seen-after {} is later than --seen-before {}",
            time::readable(after),
            time::readable(before)
        ))
        .hint("swap them; together they select the records seen in that period")),
        _ => Ok(Window { seen_after, seen_before }),
    }
}

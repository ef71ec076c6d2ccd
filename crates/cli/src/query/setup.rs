//! From arguments to a [`Plan`]: package, settings, secrets, provider.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use operation::provider::ConfigError;
use operation::{
    Budget, Clock, Filter, Limits, Moment, Package, ParameterKind, Provider, Secret, Settings, Tcp, Window,
    package,
};

use super::Plan;
use crate::args::{Arguments, Format, QueryArgs};
use crate::config::{self, Config};
use crate::exit::Failure;

pub(super) fn plan(
    command: &QueryArgs,
    config: &Config,
    arguments: &Arguments,
    format: Format,
) -> Result<Plan, Failure> {
    let package = package(command.operation.as_deref().unwrap_or(&config.query.operation))?;
    let settings = settings(&package, command)?;
    let clock = Clock::system();
    let streams = format == Format::Cof;
    let limits = if streams { Limits::STREAMED } else { Limits::HELD };
    let provider =
        operation::Config::new(&package, &settings, limits, &clock).map_err(|error| match error {
            ConfigError::Settings(error) => Failure::usage(&error),
            ConfigError::Provider(error) => Failure::Usage(format!("{error}\n  hint: {}", error.hint())),
        })?;
    let rrtypes = rrtypes(command.rrtype.as_deref())?;
    let filter = Filter::new(&provider, rrtypes, window(command, &clock)?);
    let folder = config::data_dir(arguments).map(|folder| folder.join("budget"));
    Ok(Plan {
        provider: Arc::new(connect(provider, folder.as_deref(), clock, &filter)?),
        package: Arc::new(package),
        filter,
        sort: command.sort.unwrap_or(config.query.sort),
        limit: command.limit,
        // What streams is not held: only a flag bounds it.
        max_records: command.max_records.unwrap_or(if streams {
            usize::MAX
        } else {
            config.query.max_records
        }),
    })
}

/// A provider over TCP that keeps to the budget shared by all processes.
pub(crate) fn connect(
    mut config: operation::Config,
    folder: Option<&Path>,
    clock: Clock,
    filter: &Filter,
) -> Result<Provider, Failure> {
    config.rrtypes.clone_from(&filter.rrtypes);
    let budget = Budget::new(config.rate, &config.budget_name(), folder, clock.clone());
    // Jitter wants to differ between processes, nothing more.
    let seed = u64::try_from(clock.now().as_nanos() & u128::from(u64::MAX)).unwrap_or_default()
        ^ u64::from(std::process::id());
    Provider::new(config, Arc::new(Tcp), budget, clock, seed)
        .map_err(|error| Failure::Usage(format!("{error}\n  hint: {}", error.hint())))
}

/// A bundled package by name, or a manifest by its file.
fn package(wanted: &str) -> Result<Package, Failure> {
    if !Path::new(wanted).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml")) {
        return package::find(wanted).map_err(|error| Failure::usage(&error));
    }
    let source = std::fs::read_to_string(wanted)
        .map_err(|error| Failure::Usage(format!("cannot read the package {wanted}: {error}")))?;
    Package::parse(wanted, &source).map_err(|error| Failure::usage(&error))
}

fn settings(package: &Package, command: &QueryArgs) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    for pair in &command.set {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Failure::Usage(format!("--set takes KEY=VALUE; {pair:?} has no =")))?;
        settings.set(package, key.trim(), value).map_err(|error| Failure::usage(&error))?;
    }
    let secrets = package.parameters.iter().filter(|parameter| parameter.kind == ParameterKind::Secret);
    for parameter in secrets {
        if let Ok(secret) = std::env::var(Settings::variable(&parameter.key)) {
            set_secret(&mut settings, package, &parameter.key, &secret)?;
        }
    }
    let stdin_is_taken = command.file.iter().any(|file| file.as_os_str() == "-");
    for key in &command.secret {
        // Checked before anything is asked: a secret typed for nothing is a secret given away.
        let parameter = package.parameter(key).filter(|parameter| parameter.kind == ParameterKind::Secret);
        let Some(parameter) = parameter else {
            set_secret(&mut settings, package, key, "")?;
            continue;
        };
        if stdin_is_taken && !std::io::stdin().is_terminal() {
            let variable = Settings::variable(key);
            return Err(Failure::Usage(format!(
                "standard input holds the values already; give {key} as {variable}"
            )));
        }
        let secret = crate::secret::ask(&parameter.label)?;
        set_secret(&mut settings, package, key, &secret)?;
    }
    Ok(settings)
}

fn set_secret(settings: &mut Settings, package: &Package, key: &str, secret: &str) -> Result<(), Failure> {
    settings.set_secret(package, key, Secret::new(secret)).map_err(|error| Failure::usage(&error))
}

fn rrtypes(text: Option<&str>) -> Result<Vec<cof::RrType>, Failure> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    words
        .map(|word| word.parse().map_err(|error| Failure::Usage(format!("--rrtype {word}: {error}"))))
        .collect()
}

fn window(command: &QueryArgs, clock: &Clock) -> Result<Window, Failure> {
    let moment = |flag: &str, text: &Option<String>| {
        let text = text.as_ref().map(|text| Moment::parse(text, clock));
        text.transpose().map_err(|error| Failure::Usage(format!("{flag}: {error}")))
    };
    if let Some(at) = moment("--at", &command.at)? {
        return Ok(Window::at(at));
    }
    Ok(Window {
        seen_after: moment("--seen-after", &command.seen_after)?.map(|moment| moment.start),
        seen_before: moment("--seen-before", &command.seen_before)?.map(|moment| moment.end),
    })
}

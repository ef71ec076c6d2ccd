//! Reads secrets: from the environment, from a prompt without echo, or from a line of standard input. Secrets are never on the
//! command line.

use std::io::{BufRead, IsTerminal};

use operation::{Package, Secret, Settings, SettingsError};

use crate::exit::Failure;
use crate::terminal;

/// The most bytes of a line of standard input that are read for a secret; no secret is that long.
const LONGEST: u64 = 64 * 1024;

/// Asks for a secret without showing it, or reads a line of standard input if there is no terminal.
pub(crate) fn ask(label: &str) -> Result<String, Failure> {
    let label = terminal::printable(label);
    let read = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{label}: "))
    } else {
        let mut line = String::new();
        std::io::Read::take(std::io::stdin().lock(), LONGEST).read_line(&mut line).map(|_| line)
    };
    let secret = read.map_err(|error| Failure::work("reading the secret", &error))?;
    if secret.trim().is_empty() {
        let failure = Failure::Usage(format!("{label}: no secret given"));
        return Err(failure.hint("type it, or pipe it in as one line"));
    }
    Ok(secret)
}

/// The secrets for these keys, each from the environment or a prompt. All keys are checked before the first prompt, so that no
/// secret is typed unnecessarily.
pub(crate) fn collect(package: &Package, keys: &[String]) -> Result<Vec<(String, Secret)>, Failure> {
    for key in keys {
        let refused = Settings::default().set_secret(package, key, Secret::new(""));
        refused.map_err(plain)?;
    }
    let one = |key: &String| {
        let variable = Settings::variable(key);
        let label = package.parameter(key).map_or(key.as_str(), |parameter| parameter.label.as_str());
        let secret = match terminal::environment(&variable)? {
            Some(secret) if secret.trim().is_empty() => {
                let empty = Failure::Usage(format!("{variable} is empty"));
                return Err(empty.hint(&format!("to delete the stored secret, use --reset {key}")));
            }
            Some(secret) => secret,
            None => ask(label)?,
        };
        Ok((key.clone(), Secret::new(&secret)))
    };
    keys.iter().map(one).collect()
}

/// The secret parameters whose variable is set although they were not requested.
pub(crate) fn unasked(package: &Package, keys: &[String]) -> Vec<String> {
    let secrets = package.secrets();
    let unasked = secrets.map(|parameter| &parameter.key).filter(|key| !keys.contains(key));
    unasked.filter(|key| std::env::var_os(Settings::variable(key)).is_some()).cloned().collect()
}

/// Here, a plain value is set with KEY=VALUE, not with --set.
fn plain(error: SettingsError) -> SettingsError {
    match error {
        SettingsError::NotSecret { key, label } => {
            let why = format!("it is not a secret: write {key}=VALUE");
            SettingsError::Invalid { key, label, why }
        }
        other => other,
    }
}

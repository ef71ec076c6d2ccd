//! The result of querying a value: [`Asked`], with the messages about it on standard error.

use std::borrow::Cow;

use operation::{Indicator, IndicatorError};
use workbench::Hint;
use workbench::run::{Held, Run, Shown};

use crate::exit::Exit;
use crate::{hint, terminal};

/// Further advice if the service refused the login.
const LOGIN: &str =
    "; to use another login for one query, use --secret user_token or BACKSIGHT_SECRET_USER_TOKEN";

/// A value and its result.
pub(crate) struct Asked {
    pub(crate) value: String,
    pub(crate) indicator: Option<Indicator>,
    /// The operation in words, if there are several.
    pub(crate) operation: Option<String>,
    /// The package that was to be asked, as NAME@VERSION; `None` if the value is none.
    pub(crate) package: Option<String>,
    pub(crate) outcome: Result<Box<Shown>, Refused>,
}

/// Why there is no run for a value.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is named before anything is sent.
    #[error("{0}")]
    Held(Held),
    #[error("{0}")]
    Kept(String),
    #[error("{0}")]
    Type(String),
    #[error(transparent)]
    Value(#[from] IndicatorError),
}

impl Refused {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Held(_) => return hint::words(&Hint::ChangeMarking),
            Self::Kept(_) => "omit --offline to query the service",
            Self::Type(_) => "use another --operation, or a newer version of this one",
            Self::Value(_) => "give a domain name, an IP address or a URL, defanged or not",
        })
    }
}

impl Asked {
    pub(crate) fn exit(&self) -> Exit {
        match &self.outcome {
            Ok(shown) => Exit::from(&shown.run.ending),
            Err(_) => Exit::Failed,
        }
    }

    /// Prints to standard error what is wrong with the answer, and what to do.
    pub(crate) fn complain(&self) {
        match &self.outcome {
            Ok(shown) => complain_shown(shown, self.operation.as_deref()),
            Err(refused) => complain_refused(&labelled(&self.value, self.operation.as_deref()), refused),
        }
    }
}

/// Prints to standard error what is wrong with an answer, and what to do.
pub(crate) fn complain_shown(shown: &Shown, operation: Option<&str>) {
    let value = labelled(&shown.indicator().to_string(), operation);
    complain(&value, &shown.run);
    if shown.left_out > 0 {
        let more = terminal::plural(shown.left_out as u64, "more record");
        terminal::complain(&format!("{value}: {more} not printed because of --limit"));
    }
    for warning in &shown.findings.warnings {
        terminal::complain(&format!("{value}: {warning}"));
    }
}

/// Prints to standard error why a run is not complete.
pub(crate) fn complain(value: &str, run: &Run) {
    if let Some(reason) = &run.ending.reason {
        let state = run.ending.state.word();
        // A run stores advice that applies everywhere; that a login can be given for a single run only applies here.
        let here = if reason.refused { LOGIN } else { "" };
        // Errors of a connection name the provider themselves.
        let by = Some(&run.provider).filter(|provider| !reason.text.contains(*provider));
        let by = by.map_or_else(String::new, |provider| format!(" ({})", terminal::printable(provider)));
        terminal::complain(&format!(
            "{value}: {state}: {}{by}\n  hint: {}{here}",
            reason.text,
            hint::words(&reason.hint)
        ));
    }
}

/// A value, with the operation if there are several.
fn labelled(value: &str, operation: Option<&str>) -> String {
    let value = terminal::label(value);
    operation.map_or_else(|| value.clone(), |operation| terminal::printable(&format!("{value}, {operation}")))
}

pub(crate) fn complain_refused(value: &str, refused: &Refused) {
    // It was named before.
    if matches!(refused, Refused::Held(_)) {
        return;
    }
    let why = terminal::printable(&refused.to_string());
    terminal::complain(&format!("{value}: not queried: {why}\n  hint: {}", refused.hint()));
}

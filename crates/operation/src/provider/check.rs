//! Checks whether a provider can be queried, step by step, with one cheap query.
//!
//! [`check`] queries a harmless name, reads at most the first record, and derives from the result which of the [`Step`]s work.
//! The own database is opened instead.
//! Nothing here fails: a fault is the [`Standing`] of its step.

use client::{ClientError, Stage};
use cof::{Damage, Record};

use super::ask::{HttpProvider, Outcome, Provider, Sink, Stop};
use super::config::Limits;
use super::error::ProviderError;
use super::own_database::OwnDatabaseProvider;
use super::quota::Quota;
use crate::{Indicator, IndicatorError};

/// The queried name: it is reserved for examples (RFC 2606), so the query reveals nothing.
const HARMLESS: &str = "example.com";

/// The steps to an answer, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The host name is resolved to an address.
    Resolve,
    /// A connection is established, through the proxy if there is one.
    Connect,
    /// TLS is established with the right host.
    Tls,
    /// The service accepts the login.
    Login,
    /// The answer is passive-DNS data, or that of the platform.
    Format,
}

/// The result of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works; the text states how.
    Passed(String),
    /// It failed; the error has a hint.
    Failed(ProviderError),
    /// There is nothing to do in this step, for this reason.
    NotNeeded(&'static str),
    /// An earlier step failed.
    NotReached,
    /// The failure of the service does not show whether this step works.
    Unknown,
}

/// The results of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Each step once.
    pub steps: [(Step, Standing); 5],
    /// What the provider says about the quota, if it says anything.
    pub quota: Option<Quota>,
}

impl Step {
    /// All steps, in order.
    pub const ALL: [Self; 5] = [Self::Resolve, Self::Connect, Self::Tls, Self::Login, Self::Format];

    /// Its name in output for programs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Format => "format",
        }
    }

    /// Its name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Resolve => "Name resolution",
            Self::Connect => "Connection",
            Self::Tls => "TLS",
            Self::Login => "Login",
            Self::Format => "Answer",
        }
    }

    /// The step that an error belongs to.
    pub fn of(error: &ProviderError) -> Self {
        match error.bare() {
            ProviderError::Client(error) => match error.bare() {
                ClientError::NameNotFound { .. } => Self::Resolve,
                ClientError::Connect { .. }
                | ClientError::ConnectTimeout { .. }
                | ClientError::Proxy { .. } => Self::Connect,
                ClientError::Tls { .. } => Self::Tls,
                _ => Self::Format,
            },
            ProviderError::Unauthorized
            | ProviderError::Forbidden
            | ProviderError::KeyExpired
            | ProviderError::KeyRefused => Self::Login,
            _ => Self::Format,
        }
    }
}

impl Standing {
    /// Its name in output for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "failed",
            Self::NotNeeded(_) => "not_needed",
            Self::NotReached => "not_reached",
            Self::Unknown => "unknown",
        }
    }

    /// How it works, or what is wrong, as a sentence; `None` for a step that was not reached.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Passed(how) => Some(how.clone()),
            Self::Failed(error) => Some(error.to_string()),
            Self::NotNeeded(why) => Some((*why).to_owned()),
            Self::NotReached => None,
            Self::Unknown => Some("the service failed without saying why".to_owned()),
        }
    }
}

impl Checked {
    /// The failure, if there is one.
    pub fn failure(&self) -> Option<&ProviderError> {
        self.steps.iter().find_map(|(_, standing)| match standing {
            Standing::Failed(error) => Some(error),
            _ => None,
        })
    }
}

impl Limits {
    /// For a connection test: one attempt, one page, short timeouts.
    pub const CHECK: Self = Self {
        client: client::Limits { total: std::time::Duration::from_secs(30), ..client::Limits::USUAL },
        pages: 1,
        tries: 1,
        ..Self::HELD
    };
}

/// Sends one cheap query, and asks for the quota where that costs nothing; preferably with a provider that has [`Limits::CHECK`].
///
/// # Errors
/// None in practice: the queried value is a valid name.
pub async fn check(provider: &Provider) -> Result<Checked, IndicatorError> {
    let service = match provider {
        Provider::Http(service) => service,
        Provider::OwnDatabase(database) => return Ok(check_database(database).await),
    };
    let value = Indicator::parse(HARMLESS)?;
    let mut sink = First::default();
    let outcome = provider.ask(&value, &mut sink).await;
    let asked = match outcome.reached {
        Stage::Heard => provider.ask_for_quota().await.and_then(Result::ok),
        _ => None,
    };
    let steps = Step::ALL.map(|step| (step, service.standing(step, &outcome, &sink)));
    Ok(Checked { steps, quota: asked.or_else(|| provider.quota()) })
}

/// Opens the database, and counts what it has.
async fn check_database(database: &OwnDatabaseProvider) -> Checked {
    let stats = database.stats().await;
    let standing = |step| match (step, &stats) {
        (Step::Resolve | Step::Tls | Step::Login, _) => {
            Standing::NotNeeded("the database is on this machine")
        }
        (Step::Connect, Ok(_)) => Standing::Passed("the database is open".to_owned()),
        (Step::Connect, Err(error)) => Standing::Failed(error.clone()),
        (Step::Format, Ok(stats)) => {
            let entries = if stats.entries == 1 { "entry" } else { "entries" };
            Standing::Passed(format!("{} {entries}, one for each record and source", stats.entries))
        }
        (Step::Format, Err(_)) => Standing::NotReached,
    };
    Checked { steps: Step::ALL.map(|step| (step, standing(step))), quota: None }
}

/// Accepts one record.
#[derive(Default)]
struct First {
    records: usize,
}

impl Sink for First {
    fn record(&mut self, _: Record) -> Result<(), Stop> {
        self.records += 1;
        Err(Stop::Gone)
    }

    fn damage(&mut self, _: Damage) {}
}

impl HttpProvider {
    fn standing(&self, step: Step, outcome: &Outcome, sink: &First) -> Standing {
        // A limit of the check itself is not a fault.
        let reason = outcome.completeness.reason.as_ref().filter(|error| !error.is_limit());
        // A query can fail before anything is sent, for example if the service asked us to wait.
        let stage = outcome.reached;
        let is_unsent = stage == Stage::Nowhere && reason.is_none_or(|error| Step::of(error) > Step::Connect);
        if let Some(error) = reason {
            let failed = Step::of(error);
            if failed == step {
                return Standing::Failed(error.clone());
            }
            if failed < step {
                return Standing::NotReached;
            }
        }
        match step {
            Step::Resolve | Step::Connect | Step::Login if is_unsent => Standing::NotReached,
            Step::Tls if stage < Stage::Open && !self.config.connection.http => Standing::NotReached,
            Step::Resolve => self.config.connection.resolved(),
            Step::Connect => self.config.connection.connected(),
            Step::Tls => self.config.connection.encrypted(),
            Step::Login => self.logged_in(reason, outcome),
            Step::Format if sink.records > 0 => Standing::Passed("passive DNS records".to_owned()),
            Step::Format => Standing::Passed("an empty answer, as for a value without records".to_owned()),
        }
    }

    /// The result for the login if it was not refused.
    fn logged_in(&self, reason: Option<&ProviderError>, outcome: &Outcome) -> Standing {
        // If the service asks to come back later, or sends any answer, it accepted the login.
        let is_in = outcome.bytes > 0
            || matches!(reason.map(ProviderError::bare), None | Some(ProviderError::RateLimited(_)));
        match (is_in, self.config.authorization.is_some()) {
            (true, true) => Standing::Passed("accepted".to_owned()),
            (true, false) => Standing::NotNeeded("none is set, and none was required"),
            (false, _) => Standing::Unknown,
        }
    }
}

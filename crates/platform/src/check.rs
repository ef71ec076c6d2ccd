//! Tests the connection to a platform, step by step: [`check`]. Nothing is changed there.

use operation::ProviderError;
use operation::provider::{Checked, Connection, Standing, Step};

use crate::threatq::ThreatqError;
use crate::{PlatformError, Recipient};

/// Asks for the version and the user. Nothing here fails: a fault is the [`Standing`] of its step.
pub async fn check(recipient: &Recipient) -> Checked {
    match recipient {
        Recipient::Misp(misp) => {
            let found = match misp.user().await {
                Ok(user) => misp.version().await.map(|version| (user.login(), format!("MISP {version}"))),
                Err(error) => Err(error),
            };
            steps(&misp.service.connection, &found)
        }
        Recipient::Threatq(threatq) => {
            let found = threatq.connection().check().await;
            let found = found.map(|()| ("accepted".to_owned(), "ThreatQ".to_owned()));
            steps(threatq.way(), &found.map_err(PlatformError::from))
        }
    }
}

/// The standing of each step, from what was found: who is logged in, and what answers.
fn steps(connection: &Connection, found: &Result<(String, String), PlatformError>) -> Checked {
    let (failed, error) = match found {
        Ok(_) => (None, None),
        Err(error) => {
            let error = as_provider(error);
            (Some(Step::of(&error)), Some(error))
        }
    };
    let standing = |step: Step| match (failed, &error) {
        (Some(failed), Some(error)) if failed == step => Standing::Failed(error.clone()),
        (Some(failed), _) if failed < step => Standing::NotReached,
        // A platform that answers nonsense has not shown that it took the login.
        (Some(Step::Format), _) if step == Step::Login => Standing::Unknown,
        _ => match step {
            Step::Resolve => connection.resolved(),
            Step::Connect => connection.connected(),
            Step::Tls => connection.encrypted(),
            Step::Login => {
                Standing::Passed(found.as_ref().map_or_else(|_| String::new(), |(who, _)| who.clone()))
            }
            Step::Format => {
                Standing::Passed(found.as_ref().map_or_else(|_| String::new(), |(_, what)| what.clone()))
            }
        },
    };
    Checked { steps: Step::ALL.map(|step| (step, standing(step))), quota: None }
}

/// The error in the terms of connection tests.
fn as_provider(error: &PlatformError) -> ProviderError {
    match error {
        PlatformError::Service(error) => error.clone(),
        PlatformError::Threatq(error) => of_threatq(error),
        PlatformError::NotAllowed(_) => ProviderError::Forbidden,
        other => ProviderError::BadQuestion(other.to_string()),
    }
}

/// The error of a ThreatQ in the same terms.
fn of_threatq(error: &ThreatqError) -> ProviderError {
    match error {
        ThreatqError::Client(error) => error.clone().into(),
        ThreatqError::Login(_) | ThreatqError::Unauthorised => ProviderError::Unauthorized,
        ThreatqError::Forbidden(_) => ProviderError::Forbidden,
        ThreatqError::Busy(wait) => ProviderError::RateLimited(*wait),
        ThreatqError::Broken(status) => ProviderError::ServiceFailed(status.to_string()),
        other => ProviderError::NotPlatform { platform: "ThreatQ", begins: other.to_string() },
    }
}

//! The log of a server on standard error: warnings always, requests if configured.
//!
//! `edge::watch` determines what is logged about a request. Times are in UTC.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, fmt, registry};

use crate::args::AccessLog;
use crate::exit::Failure;

/// Starts logging.
pub(super) fn begin(how: AccessLog) -> Result<(), Failure> {
    let requests = if how == AccessLog::Off { LevelFilter::OFF } else { LevelFilter::INFO };
    let told = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("server", LevelFilter::INFO)
        .with_target("access", requests);
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = match how {
        AccessLog::Json => layer.json().flatten_event(true).with_filter(told).boxed(),
        AccessLog::Off | AccessLog::Text => layer.with_filter(told).boxed(),
    };
    registry()
        .with(layer)
        .try_init()
        .map_err(|error| Failure::Work(format!("starting the access log: {error}")))
}

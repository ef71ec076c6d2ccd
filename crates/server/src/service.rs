//! The configuration of the service: [`Service`]. `assembly` builds its routes and runs it.

use std::sync::Arc;

use axum::http::HeaderValue;
use edge::credentials::CredentialError;
use edge::gate::{Gate, Tokens};
use edge::limits::Limits;
use edge::listen::{Tls, Workers};
use edge::metrics::Metrics;
use facade::Clients;
use intake::Noise;
use intake::collector::Collector;
use pdns::passive::PassiveDns;
use pdns::retention::Retention;
use pdns::rows::Rows;
use site::Site;
use store::Store;
use tokio::sync::Semaphore;

use crate::collecting::{Collectors, Tell};

/// For how many seconds browsers are told to use TLS by default: a year.
const TRANSPORT: u64 = 365 * 24 * 3600;

/// The text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an origin: use http:// or https:// and a host name in lower case, with an optional port and nothing after it"
)]
pub struct OriginError;

/// A store, the clients that may query it, and the workbench.
#[derive(Clone)]
pub struct Service {
    pub(crate) dns: PassiveDns,
    /// Whether the access log contains addresses.
    pub(crate) addresses: bool,
    /// Origins whose pages may query passive DNS.
    pub(crate) origins: Vec<HeaderValue>,
    /// Accepted host names, besides those of this machine.
    pub(crate) hosts: Vec<String>,
    /// For how many seconds browsers are told to use TLS, if this server itself uses it.
    pub(crate) transport: u64,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) site: Option<Site>,
    pub(crate) workers: Workers,
    pub(crate) collectors: Collectors,
    /// The tokens that may log in at the ThreatQ-shaped face.
    pub(crate) clients: Clients,
}

impl Service {
    /// Answers from this store; no client is admitted yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let limits = Limits::default();
        Self {
            dns: PassiveDns {
                rows: Rows::new(store, &limits),
                gate: Gate::new(&limits),
                metrics: Metrics::new(),
                limits,
                imports: Arc::new(Semaphore::new(limits.imports)),
                noise: Arc::default(),
                sequences: Arc::default(),
                retention: None,
            },
            addresses: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            transport: TRANSPORT,
            tls: None,
            site: None,
            workers: Workers::default(),
            collectors: Collectors::default(),
            clients: Clients::default(),
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dns.bound(limits);
        self
    }

    /// Serves connections on these threads; without them, on the runtime that runs the service.
    #[must_use]
    pub fn with_workers(mut self, workers: Workers) -> Self {
        self.workers = workers;
        self
    }

    /// Uses only TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Lets pages of this origin (`https://example.org`) query passive DNS, with their own token.
    ///
    /// # Errors
    /// [`OriginError`] for a text that no browser sends as an origin.
    pub fn with_cors(mut self, origin: &str) -> Result<Self, OriginError> {
        let (scheme, host) = origin.split_once("://").ok_or(OriginError)?;
        let plain =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-.:[]".contains(&octet);
        if !matches!(scheme, "http" | "https") || host.is_empty() || !host.bytes().all(plain) {
            return Err(OriginError);
        }
        self.origins.push(HeaderValue::from_str(origin).map_err(|_| OriginError)?);
        Ok(self)
    }

    /// Includes addresses with queried values in the access log.
    #[must_use]
    pub fn with_addresses_logged(mut self) -> Self {
        self.addresses = true;
        self
    }

    /// Lets every client read, with or without credentials.
    #[must_use]
    pub fn with_anonymous(mut self) -> Self {
        self.dns.gate.anonymous = true;
        self
    }

    /// Admits clients with one of these tokens.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<Tokens>) -> Self {
        self.dns.gate.tokens = Some(tokens);
        self
    }

    /// The `origin` of rows whose sources do not have a common one; a URI in the draft. Empty by default.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.dns.rows.origin = Some(origin.into());
        self
    }

    /// Allows this user to read.
    ///
    /// # Errors
    /// [`CredentialError`] for a name with a colon, and if they are empty or longer than 512 bytes together.
    pub fn with_user(mut self, name: &str, password: &str) -> Result<Self, CredentialError> {
        self.dns.gate.credentials.add_user(name, password)?;
        Ok(self)
    }

    /// Allows clients with this token to read.
    ///
    /// # Errors
    /// [`CredentialError`] if it is empty or longer than 512 bytes.
    pub fn with_token(mut self, token: &str) -> Result<Self, CredentialError> {
        self.dns.gate.credentials.add_token(token)?;
        Ok(self)
    }

    /// Also accepts this host name, with any port.
    #[must_use]
    pub fn with_host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// Tells browsers that use a configured name over our own TLS to use only TLS for this many seconds; 0 for never.
    #[must_use]
    pub fn with_strict_transport(mut self, seconds: u64) -> Self {
        self.transport = seconds;
        self
    }

    /// Does not keep this of the records that it receives.
    #[must_use]
    pub fn with_noise(mut self, noise: Arc<Noise>) -> Self {
        self.dns.noise = noise;
        self
    }

    /// Deletes records that were not seen for longer.
    #[must_use]
    pub fn with_retention(mut self, retention: Retention) -> Self {
        self.dns.retention = Some(Arc::new(retention));
        self
    }

    /// Also collects records into the store while it serves, and tells what happens.
    #[must_use]
    pub fn with_collectors(mut self, collectors: Vec<Collector>, tell: Tell) -> Self {
        self.collectors = Collectors { all: collectors, tell };
        self
    }

    /// Lets these tokens log in at the ThreatQ-shaped face, if it is served ([`run_beside`](crate::run_beside)).
    #[must_use]
    pub fn with_clients(mut self, clients: Clients) -> Self {
        self.clients = clients;
        self
    }

    /// Also serves pages and the API, which have their own accounts.
    #[must_use]
    pub fn with_site(mut self, site: Site) -> Self {
        self.hosts.extend(site.hosts.iter().cloned());
        self.site = Some(site);
        self
    }
}

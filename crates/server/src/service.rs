//! The service as it is set up: [`Service`]. `assembly` makes its routes and runs it.

use std::sync::Arc;

use axum::http::HeaderValue;
use edge::credentials::CredentialError;
use edge::gate::{Gate, Tokens};
use edge::limits::Limits;
use edge::listen::Tls;
use edge::metrics::Metrics;
use pdns::passive::PassiveDns;
use pdns::rows::Rows;
use site::Site;
use store::Store;
use tokio::sync::Semaphore;

/// For how many seconds browsers are told to use TLS, unless something else is said: a year.
const TRANSPORT: u64 = 365 * 24 * 3600;

/// The text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an origin: use http:// or https:// and a host name in lower case, with an optional port and nothing after it"
)]
pub struct OriginError;

/// A store with who may ask it.
#[derive(Clone)]
pub struct Service {
    pub(crate) dns: PassiveDns,
    /// Addresses stand in the access log.
    pub(crate) addresses: bool,
    /// Origins whose pages may ask for passive DNS.
    pub(crate) origins: Vec<HeaderValue>,
    /// Names by which we may be asked besides this machine's own.
    pub(crate) hosts: Vec<String>,
    /// For how many seconds browsers are told to use TLS, where it is ours.
    pub(crate) transport: u64,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) site: Option<Site>,
}

impl Service {
    /// Answers admitted clients from this store; nobody is admitted yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let limits = Limits::default();
        Self {
            dns: PassiveDns {
                rows: Rows::new(store, &limits),
                gate: Gate::new(&limits),
                metrics: Metrics::new(),
                limits,
                imports: Arc::new(Semaphore::new(limits.imports)),
            },
            addresses: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            transport: TRANSPORT,
            tls: None,
            site: None,
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.dns.bound(limits);
        self
    }

    /// Speaks TLS, and nothing else.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Lets pages of this origin (`https://example.org`) ask for passive DNS, with a token of their own.
    ///
    /// # Errors
    /// [`OriginError`] for what no browser says.
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

    /// Tells the access log what was asked.
    #[must_use]
    pub fn with_addresses_logged(mut self) -> Self {
        self.addresses = true;
        self
    }

    /// Lets everybody read, whatever they show or do not show.
    #[must_use]
    pub fn with_anonymous(mut self) -> Self {
        self.dns.gate.anonymous = true;
        self
    }

    /// Lets in who has one of these tokens.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<Tokens>) -> Self {
        self.dns.gate.tokens = Some(tokens);
        self
    }

    /// What `origin` says of rows whose sources do not agree on one; a URI by the draft. Empty unless set.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.dns.rows.origin = Some(origin.into());
        self
    }

    /// Allows this user to read.
    ///
    /// # Errors
    /// [`CredentialError`] for a name with a colon, for what is empty or longer than 512 octets together.
    pub fn with_user(mut self, name: &str, password: &str) -> Result<Self, CredentialError> {
        self.dns.gate.credentials.add_user(name, password)?;
        Ok(self)
    }

    /// Allows clients with this token to read.
    ///
    /// # Errors
    /// [`CredentialError`] for what is empty or longer than 512 octets.
    pub fn with_token(mut self, token: &str) -> Result<Self, CredentialError> {
        self.dns.gate.credentials.add_token(token)?;
        Ok(self)
    }

    /// Answers to this name too, with any port.
    #[must_use]
    pub fn with_host(mut self, name: &str) -> Self {
        self.hosts.push(name.to_owned());
        self
    }

    /// Tells browsers that come by a configured name over TLS of our own to use nothing else for so many seconds; 0 is not at all.
    #[must_use]
    pub fn with_strict_transport(mut self, seconds: u64) -> Self {
        self.transport = seconds;
        self
    }

    /// Serves pages and the API besides, which have sign-ins of their own.
    #[must_use]
    pub fn with_site(mut self, site: Site) -> Self {
        self.hosts.extend(site.hosts.iter().cloned());
        self.site = Some(site);
        self
    }
}

//! The service: its settings, its routes and its life.
//!
//! [`Service`] is what is served, [`run`] serves it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use cof::time::Clock;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower_http::cors::CorsLayer;

use crate::CredentialError;
use crate::answer::Rows;
use crate::dnsdb::{Budget, Dnsdb};
use crate::gate::{self, Gate, Hosts, Pass, Tokens};
use crate::limits::Limits;
use crate::listen::{self, Serving, Tls};
use crate::metrics::Metrics;
use crate::passive::Bringing;
use crate::problem::Problem;
use crate::reference;
use crate::request::Ask;
use crate::site::Site;
use crate::watch::{self, Watch};
use crate::{api, compress, health, passive};

/// Headers of ours that pages of other origins may send and read, where they may ask at all.
const ASKED: [HeaderName; 8] = [
    header::AUTHORIZATION,
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    HeaderName::from_static("dribble-filter-rrtype"),
    HeaderName::from_static("dribble-paginate-count"),
    HeaderName::from_static("dribble-paginate-cursor"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-api-key"),
];
const TOLD: [HeaderName; 7] = [
    HeaderName::from_static(operation::provider::ABILITIES),
    header::RETRY_AFTER,
    HeaderName::from_static("x-dribble-cursor"),
    HeaderName::from_static("x-dribble-errors"),
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-reset"),
];

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
    pub(crate) rows: Rows,
    pub(crate) gate: Gate,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    /// Places for bodies of records.
    pub(crate) imports: Arc<Semaphore>,
    /// Addresses stand in the access log.
    addresses: bool,
    /// Origins whose pages may ask for passive DNS.
    origins: Vec<HeaderValue>,
    /// Names by which we may be asked besides this machine's own.
    hosts: Vec<String>,
    /// For how many seconds browsers are told to use TLS, where it is ours.
    transport: u64,
    tls: Option<Arc<Tls>>,
    site: Option<Site>,
}

impl Service {
    /// Answers from this store whoever is let in, which is nobody yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let limits = Limits::default();
        Self {
            rows: Rows::new(store, &limits),
            gate: Gate::new(&limits),
            metrics: Metrics::new(),
            limits,
            imports: Arc::new(Semaphore::new(limits.imports)),
            addresses: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            transport: TRANSPORT,
            tls: None,
            site: None,
        }
    }

    /// Takes on so much at once.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.gate.bound(&limits);
        self.rows.bound(&limits);
        self.imports = Arc::new(Semaphore::new(limits.imports));
        self.limits = limits;
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
        self.gate.anonymous = true;
        self
    }

    /// Lets in who has one of these tokens.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Arc<Tokens>) -> Self {
        self.gate.tokens = Some(tokens);
        self
    }

    /// What `origin` says of rows whose sources do not agree on one; a URI by the draft. Empty unless set.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.rows.origin = Some(origin.into());
        self
    }

    /// Lets this user read.
    ///
    /// # Errors
    /// [`CredentialError`] for a name with a colon, for what is empty or longer than 512 octets together.
    pub fn with_user(mut self, name: &str, password: &str) -> Result<Self, CredentialError> {
        self.gate.credentials.add_user(name, password)?;
        Ok(self)
    }

    /// Lets whoever has this token read.
    ///
    /// # Errors
    /// [`CredentialError`] for what is empty or longer than 512 octets.
    pub fn with_token(mut self, token: &str) -> Result<Self, CredentialError> {
        self.gate.credentials.add_token(token)?;
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

    /// The same store by DNSDB's interface, to the same people.
    fn dnsdb(&self) -> Dnsdb {
        Dnsdb {
            rows: self.rows.clone(),
            gate: self.gate.clone(),
            clock: Clock::system(),
            budget: Budget::usual(),
        }
    }

    /// How files of records come in, within the same bounds as bodies.
    fn bringing(&self) -> Bringing {
        Bringing {
            store: Arc::clone(&self.rows.store),
            limits: self.limits,
            places: Arc::clone(&self.imports),
            metrics: self.metrics.clone(),
        }
    }

    fn router(mut self) -> Router {
        let hosts = Hosts::new(&self.hosts, self.tls.as_ref().map(|_| self.transport));
        let (site, rows) = (self.site.take(), self.rows.clone());
        let proxied = site.as_ref().is_some_and(|site| site.behind_proxy);
        let watch = Watch { metrics: self.metrics.clone(), addresses: self.addresses, proxied };
        let dnsdb = self.dnsdb().routes();
        let dnsdb = if self.origins.is_empty() { dnsdb } else { dnsdb.layer(self.cors()) };
        let bringing = self.bringing();
        let service = Arc::new(self);
        let dns = service.passive_dns().with_state(service).merge(reference::routes(site.is_none()));
        let dns = dns.layer(from_fn(gate::without_token)).merge(dnsdb);
        let all = match site {
            Some(site) => dns.merge(site.over(rows, bringing).router()),
            None => dns.fallback(async || Problem::not_found()),
        };
        all.layer(compress::layer())
            .layer(from_fn(compress::settle))
            .layer(from_fn_with_state(hosts, gate::check_host))
            .layer(from_fn_with_state(watch, watch::watch))
    }

    /// Everything but the workbench.
    fn passive_dns(&self) -> Router<Arc<Self>> {
        let (passive, _) = passive::routes(&self.gate).split_for_parts();
        let asked = Router::new()
            .route("/pdns/query/", get(query))
            .route("/pdns/query/{*value}", get(query))
            .route_layer(from_fn_with_state(self.gate.clone(), gate::read))
            .merge(passive)
            .route("/api/v1/openapi.json", get(api::document));
        // Before the rules for other origins, which answer OPTIONS.
        let asked = asked.method_not_allowed_fallback(async || Problem::method());
        let asked = if self.origins.is_empty() { asked } else { asked.layer(self.cors()) };
        asked
            .route("/healthz", get(health::alive))
            .route("/metrics", get(health::metrics))
            .route("/readyz", get(health::ready))
            .merge(nothing_else())
            .method_not_allowed_fallback(async || Problem::method())
    }

    fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(self.origins.clone())
            .allow_methods([Method::GET, Method::HEAD, Method::POST])
            .allow_headers(ASKED)
            .expose_headers(TOLD)
    }
}

/// What stands below or beside the interfaces for programs and is no part of them: a program is told so in JSON, never by a
/// page. What is below `/api` is `page::dress`'s to leave alone, because the API has a fallback of its own there.
fn nothing_else() -> Router<Arc<Service>> {
    let below = ["/pdns", "/metrics", "/healthz", "/readyz"];
    let nothing = axum::routing::any(async || Problem::not_found());
    below.iter().fold(Router::new(), |router, root| {
        let router = router.route(&format!("{root}/{{*rest}}"), nothing.clone());
        // With a slash, /pdns/ leads to its description.
        let router =
            if *root == "/pdns" { router } else { router.route(&format!("{root}/"), nothing.clone()) };
        if *root == "/pdns" { router.route(root, nothing.clone()) } else { router }
    })
}

async fn query(
    State(service): State<Arc<Service>>,
    Extension(pass): Extension<Pass>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    service.rows.of(pass.asker).answer(Ask::of(&uri, &headers)?).await
}

/// Serves until `shutdown` is ready, then takes no new connection and returns when the last request is answered,
/// or after 10 seconds. What is wrong with one connection ends that connection only.
pub async fn run(
    listener: TcpListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (ended, ending) = tokio::sync::watch::channel(false);
    let tokens = service.gate.tokens.clone();
    let keeping = tokens.map(|tokens| tokio::spawn(tokens.keep(ending)));
    let renewing = service.tls.clone().map(|tls| tokio::spawn(tls.keep()));
    let (limits, tls, metrics) = (service.limits, service.tls.clone(), service.metrics.clone());
    let router = service.router();
    listen::serve(listener, Serving { router, limits, tls, metrics }, shutdown).await;
    if let Some(renewing) = renewing {
        renewing.abort();
    }
    // What tokens used is written down last.
    let _ = ended.send(true);
    if let Some(keeping) = keeping {
        let _ = keeping.await;
    }
}

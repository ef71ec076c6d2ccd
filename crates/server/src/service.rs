//! The service: its settings, its routes and its life.
//!
//! [`Service`] is what is served, [`run`] serves it. Accepting never gives up: an error there is waited out.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};

use crate::CredentialError;
use crate::api;
use crate::answer::Rows;
use crate::gate::{self, Gate, Tokens};
use crate::limits::Limits;
use crate::passive;
use crate::problem::Problem;
use crate::request::Ask;
use crate::site::Site;

/// How long requests that have begun may take after [`run`] was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// A store with who may ask it.
#[derive(Clone)]
pub struct Service {
    pub(crate) rows: Rows,
    gate: Gate,
    pub(crate) limits: Limits,
    /// Places for bodies of records.
    pub(crate) imports: Arc<Semaphore>,
    site: Option<Site>,
}

impl Service {
    /// Answers from this store whoever is let in, which is nobody yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let limits = Limits::default();
        Self {
            rows: Rows { store, origin: None },
            gate: Gate::new(&limits),
            limits,
            imports: places(&limits),
            site: None,
        }
    }

    /// Takes on so much at once.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.gate.bound(&limits);
        self.imports = places(&limits);
        self.limits = limits;
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

    /// Serves pages and the API besides, which have sign-ins of their own.
    #[must_use]
    pub fn with_site(mut self, site: Site) -> Self {
        self.site = Some(site);
        self
    }

    fn router(mut self, bound: Option<SocketAddr>) -> Router {
        let site = self.site.take();
        let (passive, _) = passive::routes(&self.gate).split_for_parts();
        let dns = Router::new()
            .route("/pdns/query/", get(query))
            .route("/pdns/query/{*value}", get(query))
            .route_layer(from_fn_with_state(self.gate.clone(), gate::read))
            .merge(passive)
            .route("/api/v1/openapi.json", get(api::document))
            .route("/healthz", get(async || "ok"))
            .method_not_allowed_fallback(async || Problem::method())
            .with_state(Arc::new(self));
        match site {
            Some(site) => dns.merge(site.router(bound)),
            None => dns.fallback(async || Problem::not_found()),
        }
    }
}

fn places(limits: &Limits) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limits.imports))
}

async fn query(
    State(service): State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    service.rows.answer(Ask::of(&uri, &headers)?).await
}

/// Serves until `shutdown` is ready, then takes no new connection and returns when the last request is answered,
/// or after 10 seconds.
///
/// # Errors
/// What the listener says; an error of one connection ends that connection only.
pub async fn run(
    listener: TcpListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let signal = async move {
        shutdown.await;
        // Nobody listens only when this future is gone.
        let _ = stop.send(());
    };
    let (ended, ending) = watch::channel(false);
    let tokens = service.gate.tokens.clone();
    let keeping = tokens.map(|tokens| tokio::spawn(tokens.keep(ending)));
    // Answers are written in one piece: waiting for more to send would only delay them.
    let router = service.router(listener.local_addr().ok());
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(signal);
    let served = tokio::select! {
        served = serving.into_future() => served,
        () = overdue(stopped) => Ok(()),
    };
    // What tokens used is written down last.
    let _ = ended.send(true);
    if let Some(keeping) = keeping {
        let _ = keeping.await;
    }
    served
}

async fn overdue(stopped: oneshot::Receiver<()>) {
    let _ = stopped.await;
    tokio::time::sleep(DRAIN).await;
}

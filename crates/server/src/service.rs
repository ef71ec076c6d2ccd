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
use axum::response::Response;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use operation::Clock;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::CredentialError;
use crate::answer::Rows;
use crate::credentials::Credentials;
use crate::dnsdb::Dnsdb;
use crate::problem::Problem;
use crate::reference;
use crate::request::Ask;
use crate::site::Site;

/// How long requests that have begun may take after [`run`] was told to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// A store with who may ask it.
#[derive(Clone)]
pub struct Service {
    rows: Rows,
    credentials: Credentials,
    site: Option<Site>,
}

impl Service {
    /// Answers everyone from this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { rows: Rows { store, origin: None }, credentials: Credentials::default(), site: None }
    }

    /// What `origin` says of rows whose sources do not agree on one; a URI by the draft. Empty unless set.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<Arc<str>>) -> Self {
        self.rows.origin = Some(origin.into());
        self
    }

    /// Lets this user in; from the first credential on, nobody else.
    ///
    /// # Errors
    /// [`CredentialError`] for a name with a colon, for what is empty or longer than 512 octets together.
    pub fn with_user(mut self, name: &str, password: &str) -> Result<Self, CredentialError> {
        self.credentials.add_user(name, password)?;
        Ok(self)
    }

    /// Lets in whoever has this token; from the first credential on, nobody else.
    ///
    /// # Errors
    /// [`CredentialError`] for what is empty or longer than 512 octets.
    pub fn with_token(mut self, token: &str) -> Result<Self, CredentialError> {
        self.credentials.add_token(token)?;
        Ok(self)
    }

    /// Serves pages and the API besides, which have sign-ins of their own.
    #[must_use]
    pub fn with_site(mut self, site: Site) -> Self {
        self.site = Some(site);
        self
    }

    /// The same store by DNSDB's interface, to the same people.
    fn dnsdb(&self) -> Dnsdb {
        let (store, credentials) = (Arc::clone(&self.rows.store), self.credentials.clone());
        Dnsdb { store, credentials, clock: Clock::system() }
    }

    fn router(mut self, bound: Option<SocketAddr>) -> Router {
        let site = self.site.take();
        let dnsdb = self.dnsdb().routes();
        let dns = Router::new()
            .route("/pdns/query/", get(query))
            .route("/pdns/query/{*value}", get(query))
            .route("/healthz", get(async || "ok"))
            .method_not_allowed_fallback(async || Problem::method())
            .with_state(Arc::new(self))
            .merge(dnsdb)
            .merge(reference::routes(site.is_none()));
        match site {
            Some(site) => dns.merge(site.router(bound)),
            None => dns.fallback(async || Problem::not_found()),
        }
    }
}

async fn query(
    State(service): State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !service.credentials.admit(&headers) {
        return Err(Problem::unauthorized());
    }
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
    // Answers are written in one piece: waiting for more to send would only delay them.
    let router = service.router(listener.local_addr().ok());
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let serving = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(signal);
    tokio::select! {
        ended = serving.into_future() => ended,
        () = overdue(stopped) => Ok(()),
    }
}

async fn overdue(stopped: oneshot::Receiver<()>) {
    let _ = stopped.await;
    tokio::time::sleep(DRAIN).await;
}

//! Combines the routes and starts background work: [`run`].
//!
//! [`Service`] defines what is served; the constructors of routes start no background work.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderName, Method, header};
use axum::middleware::from_fn;
use axum::routing::get;
use cof::time::Clock;
use edge::front::Front;
use edge::gate::{self, Hosts};
use edge::listen::{self, Serving};
use edge::problem::Problem;
use edge::watch::Watch;
use facade::Facade;
use pdns::dnsdb::{Budget, Dnsdb};
use pdns::passive::PassiveDns;
use pdns::{health, passive};
use site::{Shared, Site, reference};
use tokio::net::TcpListener;
use tower_http::cors::CorsLayer;

use crate::collecting::Collectors;
use crate::service::Service;

/// Our headers that pages of other origins may send and read, if those origins are allowed.
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

/// Serves until `shutdown` is ready; then accepts no more connections, and returns when the last request is answered, or after
/// 10 seconds. An error of one connection only ends that connection.
pub async fn run(
    listener: TcpListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    run_beside(listener, None, service, shutdown).await;
}

/// Like [`run`]; on the second listener, if there is one, it also serves the workbench in the shape of ThreatQ's API, with the same
/// TLS, limits, host names and access log.
pub async fn run_beside(
    listener: TcpListener,
    facing: Option<TcpListener>,
    mut service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (ended, ending) = tokio::sync::watch::channel(false);
    let tokens = service.dns.gate.tokens.clone();
    let keeping = tokens.map(|tokens| tokio::spawn(tokens.keep(ending)));
    let retaining = service.dns.retention.clone().map(|retention| {
        tokio::spawn(retention.keep(Arc::clone(&service.dns.rows.store), service.dns.metrics.clone()))
    });
    let renewing = service.tls.clone().map(|tls| tokio::spawn(tls.keep()));
    let (limits, tls, metrics) = (service.dns.limits, service.tls.clone(), service.dns.metrics.clone());
    let collectors = std::mem::take(&mut service.collectors);
    let site = service.site.take().map(|site| beside(site, &service.dns, &collectors));
    if let Some(site) = &site {
        tokio::spawn(site::resume(Arc::clone(site)));
    }
    let jobs = site.clone().map(|site| tokio::spawn(site::take_over(site)));
    let (stop_facing, stopped) = tokio::sync::watch::channel(());
    let facing = facing.zip(site.clone()).map(|(listener, site)| {
        let serving = Serving {
            front: Arc::new(face(&service, site)),
            limits,
            tls: tls.clone(),
            metrics: metrics.clone(),
            workers: service.workers.clone(),
        };
        tokio::spawn(listen::serve(listener, serving, dropped(stopped)))
    });
    let pushes = site.clone().map(|site| tokio::spawn(site::take_over_pushes(site)));
    let front = Arc::new(routes(&service, site));
    let measured = collectors.clone();
    metrics.also(move || measured.measures());
    let collecting = collectors.start(&service.dns.rows.store);
    let shutdown = async {
        shutdown.await;
        drop(stop_facing);
        collecting.stop().await;
    };
    listen::serve(listener, Serving { front, limits, tls, metrics, workers: service.workers }, shutdown)
        .await;
    if let Some(facing) = facing {
        let _ = facing.await;
    }
    for task in [renewing, retaining, jobs, pushes].into_iter().flatten() {
        task.abort();
    }
    // The usage of tokens is written last.
    let _ = ended.send(true);
    if let Some(keeping) = keeping {
        let _ = keeping.await;
    }
}

/// The workbench next to a passive-DNS database.
fn beside(site: Site, dns: &PassiveDns, collectors: &Collectors) -> Shared {
    let site = site.beside_collectors(collectors.all.clone());
    Arc::new(site.over(dns.rows.clone(), dns.bringing(), dns.retention.clone()))
}

/// Ready when the other end is dropped.
async fn dropped(mut stopped: tokio::sync::watch::Receiver<()>) {
    while stopped.changed().await.is_ok() {}
}

/// The workbench in the shape of ThreatQ's API.
fn face(service: &Service, site: Shared) -> Front {
    let (hosts, watch) = before(service, site.behind_proxy);
    let facade = Facade::new(site, service.dns.gate.tokens.clone(), service.clients.clone());
    Front::new(facade::routes(facade), hosts, watch)
}

/// What stands before the routes of each listener.
fn before(service: &Service, proxied: bool) -> (Hosts, Watch) {
    let hosts = Hosts::new(&service.hosts, service.tls.as_ref().map(|_| service.transport));
    let watch = Watch { metrics: service.dns.metrics.clone(), addresses: service.addresses, proxied };
    (hosts, watch)
}

fn routes(service: &Service, site: Option<Shared>) -> Front {
    let (hosts, watch) = before(service, site.as_ref().is_some_and(|site| site.behind_proxy));
    let dnsdb = dnsdb(&service.dns).routes();
    let dnsdb = if service.origins.is_empty() { dnsdb } else { dnsdb.layer(cors(service)) };
    let dns = passive_dns(service)
        .with_state(Arc::new(service.dns.clone()))
        .merge(reference::routes(site.is_none()))
        .layer(from_fn(gate::without_token))
        .merge(queries(service).with_state(Arc::new(service.dns.clone())))
        .merge(dnsdb);
    let all = match site {
        Some(site) => dns.merge(site::routes(site)),
        None => dns.fallback(async || Problem::not_found()),
    };
    Front::new(all, hosts, watch)
}

/// DNSDB's interface on the same store, for the same clients.
fn dnsdb(dns: &PassiveDns) -> Dnsdb {
    Dnsdb { rows: dns.rows.clone(), gate: dns.gate.clone(), clock: Clock::system(), budget: Budget::usual() }
}

/// Queries by CIRCL's interface, the most frequent requests: their handler calls the gate itself.
fn queries(service: &Service) -> Router<Arc<PassiveDns>> {
    let queries = Router::new()
        .route("/pdns/query/", get(pdns::answer::query))
        .route("/pdns/query/{*value}", get(pdns::answer::query))
        // Added before the rules for other origins, which answer OPTIONS.
        .method_not_allowed_fallback(async || Problem::method());
    if service.origins.is_empty() { queries } else { queries.layer(cors(service)) }
}

/// Everything else except the workbench.
fn passive_dns(service: &Service) -> Router<Arc<PassiveDns>> {
    let gate = &service.dns.gate;
    let (passive, _) = passive::routes(gate).split_for_parts();
    let asked = Router::new().merge(passive).route("/api/v1/openapi.json", get(site::document));
    // Added before the rules for other origins, which answer OPTIONS.
    let asked = asked.method_not_allowed_fallback(async || Problem::method());
    let asked = if service.origins.is_empty() { asked } else { asked.layer(cors(service)) };
    asked
        .route("/healthz", get(health::alive))
        .route("/metrics", get(health::metrics))
        .route("/readyz", get(health::ready))
        .merge(nothing_else())
        .method_not_allowed_fallback(async || Problem::method())
}

fn cors(service: &Service) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(service.origins.clone())
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_headers(ASKED)
        .expose_headers(TOLD)
}

/// Addresses below or next to the interfaces for programs that do not exist: a program gets an answer in JSON, never a page.
/// Addresses below `/api` are left to the fallback of the API, and `page::dress` does not change them.
fn nothing_else() -> Router<Arc<PassiveDns>> {
    let below = ["/pdns", "/metrics", "/healthz", "/readyz"];
    let nothing = axum::routing::any(async || Problem::not_found());
    below.iter().fold(Router::new(), |router, root| {
        let router = router.route(&format!("{root}/{{*rest}}"), nothing.clone());
        // With a slash, /pdns/ redirects to the description of the interfaces.
        let router =
            if *root == "/pdns" { router } else { router.route(&format!("{root}/"), nothing.clone()) };
        if *root == "/pdns" { router.route(root, nothing.clone()) } else { router }
    })
}

//! What every request goes through, whatever its route: [`Front`].
//!
//! ```text
//! watch (count, log) ─> host name ─> content coding ─> router: the route is noted ─> compression ─> handler
//! ```
//!
//! These steps are plain calls around the router and not layers of it: each layer would clone everything below it and box a future
//! for every request, which took a third of a short lookup's time.

use std::convert::Infallible;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower_layer::Layer;
use tower_service::Service;

use crate::compress;
use crate::gate::Hosts;
use crate::watch::{Route, Watch};

/// All routes, and what stands before them.
#[derive(Clone)]
pub struct Front {
    router: Router,
    hosts: Hosts,
    watch: Watch,
}

impl Front {
    /// Puts everything before these routes.
    pub fn new(router: Router, hosts: Hosts, watch: Watch) -> Self {
        Self { router: router.layer((NoteRoute, compress::layer())), hosts, watch }
    }

    /// Responds to a request.
    pub(crate) async fn respond(&self, request: Request) -> Response {
        let routed = async |mut request: Request| {
            compress::settle(&mut request);
            match self.router.clone().call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        };
        let guarded = async |request| self.hosts.guard(request, routed).await;
        self.watch.run(request, guarded).await
    }
}

/// Notes the route for [`Watch`].
#[derive(Clone, Copy, Debug)]
struct NoteRoute;

#[derive(Clone, Copy, Debug)]
struct Noting<S>(S);

impl<S> Layer<S> for NoteRoute {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        Noting(inner)
    }
}

impl<S: Service<Request, Error = Infallible>> Service<Request> for Noting<S> {
    type Response = S::Response;
    type Error = Infallible;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        Route::note(&request);
        self.0.call(request)
    }
}

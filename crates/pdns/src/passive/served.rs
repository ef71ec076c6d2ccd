//! The served passive-DNS database, shared by all its interfaces: [`PassiveDns`].

use std::sync::Arc;

use ::intake::Noise;
use edge::gate::Gate;
use edge::limits::Limits;
use edge::metrics::Metrics;
use tokio::sync::Semaphore;

use super::file::Bringing;
use super::sequence::Names;
use crate::retention::Retention;
use crate::rows::Rows;

/// The rows of the store, the clients that may query them, the metrics, and the limits.
#[derive(Clone)]
pub struct PassiveDns {
    /// The store, and the origin that is added to its rows.
    pub rows: Rows,
    /// The clients that may query it.
    pub gate: Gate,
    /// Where requests and records are counted.
    pub metrics: Metrics,
    /// The limits of requests and bodies.
    pub limits: Limits,
    /// Places for bodies of records.
    pub imports: Arc<Semaphore>,
    /// What is not kept of bodies and files.
    pub noise: Arc<Noise>,
    /// The sequences of sensors that were begun lately.
    pub sequences: Arc<Names>,
    /// How long records are kept, if not for ever.
    pub retention: Option<Arc<Retention>>,
}

impl PassiveDns {
    /// Sets the limits.
    pub fn bound(&mut self, limits: Limits) {
        self.gate.bound(&limits);
        self.rows.bound(&limits);
        self.imports = Arc::new(Semaphore::new(limits.imports));
        self.limits = limits;
    }

    /// What importing a file needs, with the same limits as for bodies.
    pub fn bringing(&self) -> Bringing {
        Bringing {
            store: Arc::clone(&self.rows.store),
            limits: self.limits,
            places: Arc::clone(&self.imports),
            metrics: self.metrics.clone(),
            noise: Arc::clone(&self.noise),
        }
    }
}

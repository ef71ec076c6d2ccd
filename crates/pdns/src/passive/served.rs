//! The served passive-DNS database, shared by all its interfaces: [`PassiveDns`].

use std::sync::Arc;

use edge::gate::Gate;
use edge::limits::Limits;
use edge::metrics::Metrics;
use tokio::sync::Semaphore;

use super::file::Bringing;
use crate::rows::Rows;

/// Its rows, who may ask for them, what is counted, and within which limits.
#[derive(Clone)]
pub struct PassiveDns {
    /// The store, and what is written into its rows.
    pub rows: Rows,
    /// Who may ask.
    pub gate: Gate,
    /// Where requests and records are counted.
    pub metrics: Metrics,
    /// The limits of requests and bodies.
    pub limits: Limits,
    /// Places for bodies of records.
    pub imports: Arc<Semaphore>,
}

impl PassiveDns {
    /// Sets the limits.
    pub fn bound(&mut self, limits: Limits) {
        self.gate.bound(&limits);
        self.rows.bound(&limits);
        self.imports = Arc::new(Semaphore::new(limits.imports));
        self.limits = limits;
    }

    /// How files of records come in, within the same bounds as bodies.
    pub fn bringing(&self) -> Bringing {
        Bringing {
            store: Arc::clone(&self.rows.store),
            limits: self.limits,
            places: Arc::clone(&self.imports),
            metrics: self.metrics.clone(),
        }
    }
}

//! The passive-DNS database as it is served, for all interfaces to it: [`PassiveDns`].

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::file::Bringing;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::rows::Rows;

/// Its rows, who may ask for them, what is counted, and within which limits.
#[derive(Clone)]
pub(crate) struct PassiveDns {
    pub(crate) rows: Rows,
    pub(crate) gate: Gate,
    pub(crate) metrics: Metrics,
    pub(crate) limits: Limits,
    /// Places for bodies of records.
    pub(crate) imports: Arc<Semaphore>,
}

impl PassiveDns {
    /// Takes on so much at once.
    pub(crate) fn bound(&mut self, limits: Limits) {
        self.gate.bound(&limits);
        self.rows.bound(&limits);
        self.imports = Arc::new(Semaphore::new(limits.imports));
        self.limits = limits;
    }

    /// How files of records come in, within the same bounds as bodies.
    pub(crate) fn bringing(&self) -> Bringing {
        Bringing {
            store: Arc::clone(&self.rows.store),
            limits: self.limits,
            places: Arc::clone(&self.imports),
            metrics: self.metrics.clone(),
        }
    }
}

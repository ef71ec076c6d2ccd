//! The limits of a request: [`Limits`] are durations and factors, a [`Deadline`] is the time limit of one query.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::ClientError;

/// The limits of the requests of one query, and of their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// By what factor a compressed body may grow, beyond its first 4 MiB.
    pub expansion: u64,
    /// The time for name resolution, connection and TLS together.
    pub connect: Duration,
    /// The time until the headers arrive, and between two pieces of a body.
    pub idle: Duration,
    /// The total time of one query, not counting the wait for our own rate limit.
    pub total: Duration,
    /// All pauses of one query together: those that the service requests, and those before another attempt. They are part of
    /// `total`.
    pub pauses: Duration,
}

impl Limits {
    /// The limits of queries that somebody waits for.
    pub const USUAL: Self = Self {
        expansion: 200,
        connect: Duration::from_secs(10),
        idle: Duration::from_secs(30),
        total: Duration::from_mins(2),
        pauses: Duration::from_mins(1),
    };
}

/// The time by which one query must be complete. Only waiting for our own rate limit moves it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    total: Duration,
    /// How much longer this query may pause.
    pauses: Duration,
}

impl Deadline {
    /// The deadline of a query that starts now.
    pub fn new(limits: &Limits) -> Self {
        Self { at: Instant::now() + limits.total, total: limits.total, pauses: limits.pauses }
    }

    /// Moves the deadline by a wait that the service did not cause.
    pub fn extend(&mut self, wait: Duration) {
        self.at += wait;
    }

    /// Uses up pause time; returns false if the pause is longer than the remaining pause time or the remaining time.
    pub fn allow(&mut self, pause: Duration) -> bool {
        let allowed = pause <= self.pauses && Instant::now() + pause < self.at;
        if allowed {
            self.pauses -= pause;
        }
        allowed
    }

    /// Waits for a future, at most for `idle` and not beyond the deadline.
    pub(crate) async fn wait<T>(
        &self,
        idle: Duration,
        late: impl FnOnce(Duration) -> ClientError,
        future: impl Future<Output = T>,
    ) -> Result<T, ClientError> {
        let idle_ends = Instant::now() + idle;
        tokio::time::timeout_at(idle_ends.min(self.at), future)
            .await
            .map_err(|_| if self.at < idle_ends { ClientError::TotalTimeout(self.total) } else { late(idle) })
    }
}

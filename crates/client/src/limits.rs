//! What bounds a request: [`Limits`] are durations and factors, a [`Deadline`] is the end of one question.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::ClientError;

/// What bounds the requests of one question and their answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many times its size a compressed body may grow, beyond its first 4 MiB.
    pub expansion: u64,
    /// Name resolution, connection and TLS together.
    pub connect: Duration,
    /// Until the headers come, and between two pieces of a body.
    pub idle: Duration,
    /// One question in all, waiting for our own rate left out.
    pub total: Duration,
    /// All pauses of one question together: those that the service asks for, and those before another try. They are part of
    /// `total`.
    pub pauses: Duration,
}

impl Limits {
    /// For questions that somebody waits for.
    pub const USUAL: Self = Self {
        expansion: 200,
        connect: Duration::from_secs(10),
        idle: Duration::from_secs(30),
        total: Duration::from_mins(2),
        pauses: Duration::from_mins(1),
    };
}

/// When everything that belongs to one question must be over. Only waiting for our own rate moves it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    total: Duration,
    /// How long this question may still pause.
    pauses: Duration,
}

impl Deadline {
    /// The deadline of a question that begins now.
    pub fn new(limits: &Limits) -> Self {
        Self { at: Instant::now() + limits.total, total: limits.total, pauses: limits.pauses }
    }

    /// Moves the deadline by a wait that is not the service's doing.
    pub fn extend(&mut self, wait: Duration) {
        self.at += wait;
    }

    /// Takes a pause from what the question may still pause; false where it is longer than that or than the time left.
    pub fn allow(&mut self, pause: Duration) -> bool {
        let allowed = pause <= self.pauses && Instant::now() + pause < self.at;
        if allowed {
            self.pauses -= pause;
        }
        allowed
    }

    /// Waits for something, at most `idle` long and not beyond the deadline.
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

//! The limits of a server: [`Limits`]. Requests over a limit get 503 with Retry-After; others are unaffected.

use std::time::Duration;

/// The longest path with query, in bytes: a name escaped throughout has 1,020, a cursor 1,243 digits.
pub const MAX_URI: usize = 8 * 1024;

/// Limits on concurrent work and its duration. The defaults suit two cores and a community of partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections that are open. One costs about 20 KiB while it is idle.
    pub connections: usize,
    /// Passive-DNS requests that are being answered.
    pub requests: usize,
    /// The same, of one token.
    pub token_requests: usize,
    /// Bodies of records that are imported at the same time: each needs three threads and up to ten batches of memory.
    pub imports: usize,
    /// Lookups that may take long, each on a thread: pages of a thousand rows, filters, summaries. More of them wait, by turns of who asks.
    pub scans: usize,
    /// Rows of one answer; one that would be longer is cut off, never ended cleanly.
    pub rows: u64,
    /// How long a client may take for its request's head, from when we are ready for it, and for a TLS handshake.
    pub head: Duration,
    /// How long a connection may pass no bytes while an answer is sent or a body is received.
    pub idle: Duration,
    /// How long one answer may take from beginning to end; a body of records counts with it.
    pub answer: Duration,
    /// Octets of one body of records, as sent.
    pub body: u64,
    /// Octets of one body of records, decompressed.
    pub expanded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            requests: 512,
            token_requests: 32,
            imports: 4,
            scans: 8,
            rows: 10_000_000,
            head: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            answer: Duration::from_mins(10),
            body: 256 << 20,
            expanded: 2 << 30,
        }
    }
}

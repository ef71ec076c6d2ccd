//! The limits of a server: [`Limits`]. Requests over a limit get 503 with Retry-After; others are unaffected.

use std::time::Duration;

/// The longest path with query, in bytes: a completely escaped name has 1,020, a cursor up to 1,243 digits.
pub const MAX_URI: usize = 8 * 1024;

/// Limits on concurrent work and its duration. The defaults suit two cores and a community of partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open connections. An idle one takes about 20 KiB.
    pub connections: usize,
    /// Concurrent passive-DNS requests.
    pub requests: usize,
    /// Concurrent passive-DNS requests of one token.
    pub token_requests: usize,
    /// Bodies of records that are imported at the same time: each needs three threads and up to ten batches of memory, of
    /// large ones up to five.
    pub imports: usize,
    /// Concurrent lookups that may take long, each on a thread: pages of a thousand rows, filters, summaries. Others wait, in
    /// turns between clients.
    pub scans: usize,
    /// Rows of one response; a longer one is cut off, and never ended as if it were complete.
    pub rows: u64,
    /// How long a client may take to send the head of a request, and for a TLS handshake.
    pub head: Duration,
    /// How long a connection may transfer no bytes while a response is sent or a body is received.
    pub idle: Duration,
    /// How long one response may take in total, including the body of records of its request.
    pub answer: Duration,
    /// The size of one body of records as sent, in bytes.
    pub body: u64,
    /// The size of one body of records after decompression, in bytes.
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

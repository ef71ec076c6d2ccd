//! The server: passive DNS over HTTP, and the workbench as pages and as an API.
//!
//! ```text
//! /pdns/query, /dnsdb/v2, /api/v1/records, …    passive DNS: the crate `pdns`
//! /healthz, /readyz, /metrics                   monitoring: also `pdns`
//! /docs/pdns                                    a page that describes the interfaces; needs no credentials
//! /, /api/v1, /assets                           the workbench, if a [`Site`] is served: the crate `site`
//! ```
//!
//! On a listener of its own, [`run_beside`] also serves a face with the shape of ThreatQ's API: the crate `facade`. Neither listener
//! answers at the addresses of the other.
//!
//! HEAD works where GET does. Everything else is 404, or 405 for another method. Every error is problem details
//! (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`; in DNSDB's interface a line of text. Only a request
//! head that cannot be read gets a bare status: 400 if it is malformed, 408 if it arrives too slowly, 431 if it is too large. The
//! connection ends after it.
//!
//! [`run`] serves a [`Service`] on a listener until it is stopped, over the connections of the crate `edge`. `assembly`
//! combines the routes and starts background work. Accounts of the workbench and credentials of passive DNS are separate:
//! neither gives access to the other.

mod assembly;
mod collecting;
mod service;

pub use assembly::{run, run_beside};
pub use collecting::Tell;
pub use edge::credentials::CredentialError;
pub use edge::gate::Tokens;
pub use edge::limits::Limits;
pub use edge::listen::{Tls, TlsError, Workers};
pub use facade::Clients;
pub use pdns::retention::Retention;
pub use service::{OriginError, Service};
pub use site::{Site, report};

//! Providers: asks a remote passive-DNS service and streams what it answers.
//!
//! [`Provider`] is the long-lived configured thing; [`Provider::ask`] is one question, paged to the end, into a
//! [`Sink`]. Below it, in the order of the data: `config` and `login` (settings to what is sent), `proxy`, `proxy_login` and
//! `proxy_in_force` (through which proxy), `protocol` with a file for each protocol such as `cof_http` (what a question looks
//! like, and how its pages follow each other), `page` (one request, retried where that is worth it), `response` (what its
//! status means), `intake` (bytes to records), `completeness` (whether the answer is whole), `orientation` (which side is the owner).
//! Connections, TLS, bodies and the shared rate are the crate `client`. [`replay`] gives a kept answer once more.
//!
//! No redirect is followed, nothing is resolved but the provider's own host, every bound is in [`Limits`].
//! Every failure is its own [`ProviderError`], with a hint; what arrived before it is kept and marked incomplete.

mod ask;
mod check;
mod cof_http;
mod completeness;
mod config;
mod error;
mod intake;
mod login;
mod orientation;
mod page;
mod protocol;
mod proxy;
mod proxy_in_force;
mod proxy_login;
mod question;
mod replay;
mod response;

pub use ask::{Outcome, Provider, Sink, Stop};
pub use check::{Checked, Standing, Step, check};
// What is needed to make a provider, and what its errors are made of.
pub use client::{
    Budget, ClientError, Dial, DialError, Dialled, Io, ProxyEnvironment, Stage, Tcp, TlsFault, check_ca_file,
};
pub use cof_http::ABILITIES;
pub use completeness::{Completeness, State};
pub use config::{Config, ConfigError, Limits};
pub use error::ProviderError;
pub use orientation::{Orientation, orientation_of};
pub use proxy_in_force::{ProxyInForce, ProxySource};
pub use proxy_login::check_proxy_login;
pub use question::Side;
pub use replay::replay;
